//! Whether those that the settings name can be reached, and take us.

mod database;
mod web;

use crate::mail::smtp_postman;
use crate::receivers::rabbitmq;
use crate::settings::{MailTransport, Settings};
use crate::terminal::{self, BAD, FAINT, GOOD, STRONG, styled};
use futures::future::{BoxFuture, join_all};
use square_kernel::SystemClock;
use std::sync::Arc;
use std::time::Duration;

/// How long each may take.
const LIMIT: Duration = Duration::from_secs(10);

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Found {
    /// It went well; what else there is to say.
    Well(String),
    /// It did not; why.
    Wrong(String),
    /// The settings do not ask for it.
    NotSetUp,
}

/// Whom, and the attempt to reach them.
type Attempt<'a> = (&'static str, BoxFuture<'a, Found>);

/// Tries all of them at the same time and shows a line for each, in their order; `false` when one did not go well.
pub(super) async fn all(settings: &Settings) -> bool {
    let mut attempts: Vec<Attempt<'_>> = vec![
        ("database", Box::pin(database::found(settings))),
        ("mail server", Box::pin(mail_server(settings))),
        ("RabbitMQ", Box::pin(broker(settings))),
    ];
    attempts.extend(web::attempts(settings));
    let (names, attempts): (Vec<_>, Vec<_>) = attempts.into_iter().unzip();
    let found = join_all(attempts.into_iter().map(within_limit)).await;
    names.into_iter().zip(&found).for_each(|(name, found)| terminal::line(line(name, found)));
    !found.iter().any(|found| matches!(found, Found::Wrong(_)))
}

async fn within_limit(attempt: BoxFuture<'_, Found>) -> Found {
    let late = || Found::Wrong(format!("no answer within {} s", LIMIT.as_secs()));
    tokio::time::timeout(LIMIT, attempt).await.unwrap_or_else(|_| late())
}

async fn mail_server(settings: &Settings) -> Found {
    if settings.mail.transport == MailTransport::File {
        return Found::NotSetUp;
    }
    match smtp_postman(settings, Arc::new(SystemClock)) {
        Ok(postman) => found(postman.try_out().await),
        Err(error) => Found::Wrong(error.to_string()),
    }
}

async fn broker(settings: &Settings) -> Found {
    if settings.rabbitmq.address.is_empty() {
        return Found::NotSetUp;
    }
    match rabbitmq(&settings.rabbitmq) {
        Ok(broker) => found(broker.try_out().await),
        Err(error) => Found::Wrong(error.to_string()),
    }
}

fn found(outcome: Result<(), String>) -> Found {
    outcome.map_or_else(Found::Wrong, |()| Found::Well(String::new()))
}

fn line(name: &str, found: &Found) -> String {
    let name = styled(STRONG, name);
    match found {
        Found::Well(more) if more.is_empty() => format!("{name}: {}", styled(GOOD, "ok")),
        Found::Well(more) => format!("{name}: {}, {more}", styled(GOOD, "ok")),
        Found::Wrong(why) => format!("{name}: {}: {why}", styled(BAD, "failed")),
        Found::NotSetUp => format!("{name}: {}", styled(FAINT, "not set up")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_does_not_answer_is_given_up() {
        let silent = Box::pin(std::future::pending());
        assert_eq!(within_limit(silent).await, Found::Wrong("no answer within 10 s".to_owned()));
    }
}
