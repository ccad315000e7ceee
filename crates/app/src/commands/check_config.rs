mod attempts;

use super::{Outcome, runtime};
use crate::cli::CheckConfig;
use crate::mail;
use crate::receivers::receivers;
use crate::selectors::selectors;
use crate::settings::{AskerLimits, Environment, SecretSetting, Settings};
use crate::telemetry;
use crate::terminal::{self, GOOD, STRONG, styled};
use square_kernel::SystemClock;
use std::process::ExitCode;
use std::sync::Arc;

/// Checks what reading the settings does not, and shows the ones that matter most. Then, unless told otherwise, tries out what they name.
pub(crate) fn run(command: &CheckConfig, environment: Environment, settings: &Settings) -> Outcome {
    telemetry::check(settings, environment)?;
    let runtime = runtime()?;
    let outcome = runtime.block_on(check(command, environment, settings));
    // An attempt that was given up may still be at it, on a thread of its own.
    runtime.shutdown_background();
    outcome
}

async fn check(command: &CheckConfig, environment: Environment, settings: &Settings) -> Outcome {
    receivers(settings, &(Arc::new(SystemClock) as _))?;
    mail::postman(settings, Arc::new(SystemClock))?;
    selectors(settings)?;
    for (name, value) in rows(environment, settings) {
        terminal::line(format_args!("{} = {value}", styled(STRONG, name)));
    }
    terminal::line(styled(GOOD, "The settings are sound."));
    let fine = command.offline || attempts::all(settings).await;
    Ok(if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// 0 among the settings stands for no limit.
fn at_most(number: u32) -> String {
    if number > 0 { number.to_string() } else { "no limit".to_owned() }
}

fn asker_limits(limits: &AskerLimits) -> String {
    let rate = match limits.per_minute {
        0 => at_most(0),
        number => format!("{number} a minute, {} of them at once", limits.burst),
    };
    let under_way = at_most(limits.at_once);
    format!("{rate}; under way: {under_way}; skills: {}", limits.max_skills)
}

fn rows(environment: Environment, settings: &Settings) -> Vec<(&'static str, String)> {
    let Settings { http, database, auth, passwords, rabbitmq, pusher, rollbar, .. } = settings;
    let own = |secret| is_set(secret, "made on first start, kept under the data folder");
    let mut rows = vec![
        ("environment", environment.name().to_owned()),
        ("http.bind", http.bind.to_string()),
        ("http.base_path", format!("{:?}", http.base_path)),
        ("database.url", without_password(&database.url)),
        ("database.read_connections", database.read_connections.to_string()),
        ("database.write_connections", database.write_connections.to_string()),
        ("data.folder", settings.data.folder.display().to_string()),
        ("auth.secret_key", own(&auth.secret_key)),
        ("auth.secret_key_previous", auth.secret_key_previous.get().len().to_string()),
        ("auth.algorithm", format!("{:?}", auth.algorithm)),
        ("passwords.salt", own(&passwords.salt)),
        ("passwords.salt_previous", passwords.salt_previous.get().len().to_string()),
        ("passwords.cost", passwords.cost.to_string()),
        ("mail.transport", format!("{:?}", settings.mail.transport).to_lowercase()),
        ("skills.allow_private_networks", settings.skills.allow_private_networks.to_string()),
        ("skills.max_calls_per_minute", at_most(settings.skills.max_calls_per_minute)),
        ("skills.max_calls_per_minute_to_host", at_most(settings.skills.max_calls_per_minute_to_host)),
        ("skills.max_per_owner", at_most(settings.skills.max_per_owner)),
        ("questions.account_required", settings.questions.account_required.to_string()),
        ("questions.limits.signed_in", asker_limits(&settings.questions.limits.signed_in)),
        ("questions.limits.anonymous", asker_limits(&settings.questions.limits.anonymous)),
        ("selectors.elasticsearch.url", in_use(&settings.selectors.elasticsearch.url)),
        ("selectors.transformer.url", in_use(&settings.selectors.transformer.url)),
        ("selectors.embedding.folder", in_use(&settings.selectors.embedding.folder)),
        ("selectors.embedding.url", in_use(&settings.selectors.embedding.url)),
        ("rabbitmq.address", in_use(&rabbitmq.address)),
    ];
    if !rabbitmq.address.is_empty() {
        rows.extend([
            ("rabbitmq.user", rabbitmq.user.clone()),
            ("rabbitmq.password", is_set(&rabbitmq.password, "not set")),
            ("rabbitmq.vhost", rabbitmq.vhost.clone()),
            ("rabbitmq.exchange", rabbitmq.exchange.clone()),
        ]);
    }
    rows.push(("pusher.app_id", in_use(&pusher.app_id)));
    if !pusher.app_id.is_empty() {
        rows.push(match pusher.host.as_str() {
            "" => ("pusher.cluster", pusher.cluster.clone()),
            host => ("pusher.host", host.to_owned()),
        });
        rows.push(("pusher.secret", is_set(&pusher.secret, "not set")));
    }
    rows.push(("rollbar.token", is_set(&rollbar.token, "not in use")));
    if rollbar.token.get().is_some() {
        rows.push(("rollbar.endpoint", rollbar.endpoint.clone()));
        rows.push(("rollbar.server", rollbar.server.clone()));
    }
    rows
}

/// Whether a secret is set, or what it means that it is not.
fn is_set(secret: &SecretSetting, otherwise: &str) -> String {
    if secret.get().is_some() { "set" } else { otherwise }.to_owned()
}

fn in_use(value: &str) -> String {
    if value.is_empty() { "not in use" } else { value }.to_owned()
}

/// A database URL with `…` in the place of its password.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let place = match rest.rsplit_once('@') {
        Some((login, place)) => format!("{}:…@{place}", login.split(':').next().unwrap_or_default()),
        None => rest.to_owned(),
    };
    let Some((place, query)) = place.split_once('?') else { return format!("{scheme}://{place}") };
    let shown = |pair| match str::split_once(pair, '=') {
        Some((name, _)) if name.eq_ignore_ascii_case("password") => "password=…",
        _ => pair,
    };
    let query: Vec<&str> = query.split('&').map(shown).collect();
    format!("{scheme}://{place}?{}", query.join("&"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn passwords_are_not_shown() {
        for (url, shown) in [
            ("postgres://me:p@ss@db/x", "postgres://me:…@db/x"),
            ("postgres://me:pass@db/x?sslmode=require", "postgres://me:…@db/x?sslmode=require"),
            ("postgres://db/x?user=me&password=pass&a", "postgres://db/x?user=me&password=…&a"),
            ("sqlite:data/square.db", "sqlite:data/square.db"),
        ] {
            assert_eq!(super::without_password(url), shown);
        }
    }
}
