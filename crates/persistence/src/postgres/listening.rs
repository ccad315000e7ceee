//! How the instances on one PostgreSQL database tell one another that something changed: by `NOTIFY`, which is heard once
//! the transaction that sends it is committed.

use super::{PostgresConnection, PostgresServer};
use crate::network::root_cause;
use diesel::QueryResult;
use diesel::connection::SimpleConnection;
use futures::{Stream, StreamExt};
use std::future::Future;
use std::pin::pin;
use std::time::Duration;
use tokio::time::{sleep, timeout};
use tokio_postgres::{AsyncMessage, Client, Error};

/// The name under which changes are told, as SQL: one for each schema, since several installations may share a
/// database, and short, since names of schemas may be longer than those of channels.
pub(crate) const CHANNEL: &str =
    "'square_changes_' || left(encode(sha256(convert_to(current_schema(), 'UTF8')), 'hex'), 32)";

/// How long to wait before the first attempt to connect anew; twice as long before each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// How often the server is asked whether it is still there. A connection that was cut off without a word is as silent
/// as one on which nothing happens.
const CHECK: Duration = Duration::from_secs(20);

/// Tells all instances, once the transaction is committed, that something changed.
pub(crate) fn notify(connection: &mut PostgresConnection) -> QueryResult<()> {
    connection.batch_execute(&format!("SELECT pg_notify({CHANNEL}, '')"))
}

/// Calls `heard` for whatever is told and, for what it may have missed, each time that it begins to listen. Never
/// returns: a connection that breaks is replaced.
pub(crate) async fn listen(server: PostgresServer, heard: impl Fn() + Send + Sync) {
    let mut listener = Listener { server, heard, deaf: false };
    let mut pause = FIRST_PAUSE;
    loop {
        let reason = listener.listen().await;
        if !listener.deaf {
            tracing::warn!(reason, "it takes a while now until changes made by other instances are noticed");
            (listener.deaf, pause) = (true, FIRST_PAUSE);
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

struct Listener<H> {
    server: PostgresServer,
    heard: H,
    /// Whether the log was told that nothing is heard.
    deaf: bool,
}

impl<H: Fn() + Send + Sync> Listener<H> {
    /// Listens on one connection for as long as that goes well; says what went wrong.
    async fn listen(&mut self) -> String {
        let limit = self.server.limits.connect;
        let config = self.server.listening();
        let connected = within(limit, config.connect(self.server.tls.clone())).await;
        let (client, mut connection) = match connected {
            Ok(connected) => connected,
            Err(reason) => return reason,
        };
        let mut messages = futures::stream::poll_fn(move |cx| connection.poll_message(cx));
        let begin = format!("DO $$ BEGIN EXECUTE format('LISTEN %I', {CHANNEL}); END $$");
        let mut talk = self.heed(&mut messages, ask(limit, &client, &begin)).await;
        if talk.is_ok() {
            self.begun();
        }
        loop {
            if let Err(reason) = talk {
                return reason;
            }
            let check = async {
                sleep(CHECK).await;
                ask(limit, &client, "SELECT 1").await
            };
            talk = self.heed(&mut messages, check).await;
        }
    }

    fn begun(&mut self) {
        if self.deaf {
            tracing::info!("changes made by other instances are noticed at once again");
        }
        self.deaf = false;
        (self.heard)();
    }

    /// Minds what comes in while `talk` goes on; without that, it gets no answer.
    async fn heed(
        &self,
        messages: &mut (impl Stream<Item = Result<AsyncMessage, Error>> + Unpin),
        talk: impl Future<Output = Result<(), String>>,
    ) -> Result<(), String> {
        let mut talk = pin!(talk);
        loop {
            tokio::select! {
                done = &mut talk => return done,
                message = messages.next() => match message {
                    Some(Ok(AsyncMessage::Notification(_))) => (self.heard)(),
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(root_cause(&error)),
                    None => return Err("the server ended the connection".to_owned()),
                },
            }
        }
    }
}

async fn ask(limit: Duration, client: &Client, statement: &str) -> Result<(), String> {
    within(limit, client.batch_execute(statement)).await
}

async fn within<T>(limit: Duration, call: impl Future<Output = Result<T, Error>>) -> Result<T, String> {
    match timeout(limit, call).await {
        Ok(answer) => answer.map_err(|error| root_cause(&error)),
        Err(_) => Err("the server did not answer in time".to_owned()),
    }
}
