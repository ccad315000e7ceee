use crate::Outcome;
use crate::client::{Connection, block_on};
use crate::message::{post_json, request};
use crate::options::Options;
use crate::report::{Aim, Round, Row, Unit};
use crate::server::{Binary, Server};
use crate::world::{ACCOUNT, Owner, question};
use square_scripted_server::{Script, Stub};

/// How many streams are open at once.
const STREAMS: usize = 2000;
/// How many servers are measured, each anew: what a process has once taken it keeps.
const ROUNDS: u32 = 3;

/// What an open stream of a question's events takes of the server's memory, against a connection that is merely open.
pub(crate) fn streams(binary: &Binary, options: &Options) -> Outcome<Row> {
    let mut rounds = Vec::new();
    for number in 1..=ROUNDS.min(options.rounds) {
        anstream::eprintln!("streams: round {number}, {STREAMS} at once");
        rounds.push(Round { limit: per_connection(binary, false)?, server: per_connection(binary, true)? });
    }
    let name = format!("memory of an open event stream, {STREAMS} at once (limit: an idle connection)");
    Ok(Row::new(name, Unit::Kilobytes, Aim::None, rounds))
}

/// Kilobytes (1000 bytes) for each connection.
fn per_connection(binary: &Binary, streaming: bool) -> Outcome<f64> {
    let server = Server::start(binary, vec![("APP_ENV", "test".to_owned())], Some(&ACCOUNT))?;
    block_on(async {
        let silent = Stub::start(Script::AfterModels(Box::new(Script::SendAndHang(Vec::new())))).await;
        let path = unanswered_question(&server, &silent.url()).await?;
        let path = if streaming { path } else { "/health/live".to_owned() };
        let message = request("GET", &path, &[], b"");
        // What the first ones bring into memory is not theirs alone.
        let mut connections = open(&server, &message, STREAMS / 10).await?;
        let before = server.process().footprint()?;
        connections.extend(open(&server, &message, STREAMS).await?);
        let after = server.process().footprint()?;
        #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
        let kilobytes = (after.megabytes - before.megabytes) * 1e3 / STREAMS as f64;
        Ok(kilobytes)
    })
}

/// Where the events of a question are that nobody answers for a minute.
async fn unanswered_question(server: &Server, skill: &str) -> Outcome<String> {
    let mut owner = Owner::sign_in(Connection::open(server.address).await?).await?;
    let skill = owner.publish(0, "square", skill).await?;
    owner.wait_until_published(1).await?;
    let ask =
        post_json("/api/question?deadline_ms=60000", &[("prefer", "respond-async")], &question(&[skill]));
    let reply = Connection::open(server.address).await?.send(&ask).await?.json()?;
    let id = reply["question_id"].as_str().ok_or_else(|| format!("asking gave no id: {reply}"))?;
    Ok(format!("/api/question/{id}/events?events=all"))
}

/// Opens connections and has each of them answered, be it by the beginning of a stream.
async fn open(server: &Server, message: &[u8], number: usize) -> Outcome<Vec<Connection>> {
    let mut connections = Vec::new();
    for _ in 0..number {
        let mut connection = Connection::open(server.address).await?;
        connection.begin(message).await?;
        connections.push(connection);
    }
    Ok(connections)
}
