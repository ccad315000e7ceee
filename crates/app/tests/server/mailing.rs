//! Accounts and their letters belong together, whatever happens to the server or the mail server.

use crate::letters;
use crate::process::{Server, square};
use crate::waiting::within;
use aws_lc_rs::rand;
use diesel::dsl::sql;
use diesel::sql_types::BigInt;
use diesel::{Connection, RunQueryDsl, SqliteConnection};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

/// How often the server is killed; `SQUARE_TEST_KILLS` says otherwise.
const KILLS: usize = 10;

fn registration(name: &str) -> Value {
    json!({"username": name, "email": format!("{name}@example.org"), "password": "correct horse battery"})
}

/// How many accounts there are, and how many letters, sent or not.
fn counts(folder: &Path) -> (i64, i64) {
    let path = folder.join("data/square.db");
    let mut connection =
        SqliteConnection::establish(path.to_str().expect("it is UTF-8")).expect("it can be opened");
    let mut count = |table: &str| {
        sql::<BigInt>(&format!("SELECT count(*) FROM {table}"))
            .get_result(&mut connection)
            .expect("it can be counted")
    };
    (count("accounts"), count("letters"))
}

#[tokio::test(flavor = "multi_thread")]
async fn no_moment_of_death_parts_an_account_from_its_letter() {
    let folder = tempfile::tempdir().unwrap();
    let kills = std::env::var("SQUARE_TEST_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let mut acknowledged = BTreeSet::new();
    for round in 0..kills {
        let server = Server::start(folder.path(), &[]);
        let mut calls = JoinSet::new();
        for number in 0..8 {
            let client = server.clone();
            calls.spawn(async move {
                let mut made = Vec::new();
                for further in 0.. {
                    let name = format!("user-{round}-{number}-{further}");
                    let call = client.call_with(Method::POST, "/api/register", &registration(&name)).await;
                    match call {
                        Ok(reply) if reply.status == 201 => made.push(format!("{name}@example.org")),
                        Ok(reply) => panic!("{}: {}", reply.status, reply.body),
                        Err(_) => break,
                    }
                }
                made
            });
        }
        let mut random = [0; 1];
        rand::fill(&mut random).unwrap();
        tokio::time::sleep(Duration::from_millis(random[0].into())).await;
        server.kill();
        while let Some(made) = calls.join_next().await {
            acknowledged.extend(made.unwrap());
        }
    }
    assert!(!acknowledged.is_empty(), "nobody registered in time");

    let (accounts, letters) = counts(folder.path());
    assert_eq!(accounts, letters, "no account without its letter, no letter without its account");
    assert!(accounts >= acknowledged.len().try_into().unwrap(), "what was said to be made is there");

    // What a process took that was killed comes later; most is there soon.
    let server = Server::start(folder.path(), &[]);
    let taken = i64::try_from(8 * kills).unwrap();
    let written = || -> Vec<String> { letters::of(&folder).into_iter().map(|letter| letter.to).collect() };
    let most = async || (i64::try_from(written().len()).unwrap() >= letters - taken).then_some(());
    within(Duration::from_mins(1), "the letters leave", most).await;
    assert_eq!(server.terminate().await, Some(0));
    let (all, distinct) = (written(), written().into_iter().collect::<BTreeSet<_>>());
    assert_eq!(all.len(), distinct.len(), "each once");
}

/// Takes every letter and tells whom it was for.
pub(crate) async fn postbox(listener: TcpListener, told: UnboundedSender<String>) {
    while let Ok((stream, _)) = listener.accept().await {
        let told = told.clone();
        tokio::spawn(async move { drop(converse(stream, told).await) });
    }
}

/// The receiving side of SMTP (RFC 5321), as far as it takes to be handed letters.
async fn converse(stream: TcpStream, told: UnboundedSender<String>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 ready\r\n").await?;
    let (mut to, mut in_letter) = (String::new(), false);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let line = line.trim_end();
        let reply = match line.split([' ', ':']).next().unwrap_or_default() {
            "." if in_letter => {
                in_letter = false;
                drop(told.send(to.clone()));
                "250 taken"
            }
            _ if in_letter => continue,
            "DATA" => {
                in_letter = true;
                "354 go ahead"
            }
            "RCPT" => {
                to = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                "250 fine"
            }
            "QUIT" => "221 bye",
            _ => "250 fine",
        };
        stream.write_all(format!("{reply}\r\n").as_bytes()).await?;
    }
}

async fn arrived(letters: &mut UnboundedReceiver<String>, number: usize) -> Vec<String> {
    let mut all = Vec::new();
    while all.len() < number {
        let next = tokio::time::timeout(Duration::from_mins(1), letters.recv()).await;
        all.push(
            next.unwrap_or_else(|_| panic!("only {} of {number} arrived", all.len())).expect("a letter"),
        );
    }
    all.sort_unstable();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_are_written_while_the_mail_server_takes_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let mail = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut command = square(folder.path(), ["serve"]);
    command.env("SQUARE__MAIL__TRANSPORT", "smtp").env("SQUARE__MAIL__SMTP__SECURITY", "none");
    command.env("SQUARE__MAIL__SMTP__PORT", mail.local_addr().unwrap().port().to_string());
    // Longer than is waited for below.
    command.env("SQUARE__MAIL__SMTP__TIMEOUT_MS", "300000");
    let server = Server::of(command);
    server.post("/api/register", &registration("ada")).await;
    // It never says a word, so this letter is under way from now on.
    let _silent = mail.accept().await.unwrap();
    server.post("/api/resend_confirmation", &json!({"email": "ada@example.org"})).await;
    let written = async || (counts(folder.path()).1 == 2).then_some(());
    within(Duration::from_secs(30), "the letter that was asked for is written", written).await;
    server.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_that_is_away_delays_letters_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    // Nobody listens there until later.
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mut command = square(folder.path(), ["serve"]);
    command.env("SQUARE__MAIL__TRANSPORT", "smtp").env("SQUARE__MAIL__SMTP__SECURITY", "none");
    command.env("SQUARE__MAIL__SMTP__PORT", address.port().to_string());
    let server = Server::of(command);
    let names: Vec<_> = (0..20).map(|number| format!("user-{number}")).collect();
    for name in &names {
        server.post("/api/register", &registration(name)).await;
    }

    let (told, mut letters) = unbounded_channel();
    tokio::spawn(postbox(TcpListener::bind(address).await.unwrap(), told));
    let mut expected: Vec<_> = names.iter().map(|name| format!("{name}@example.org")).collect();
    expected.sort_unstable();
    assert_eq!(arrived(&mut letters, names.len()).await, expected);
    assert_eq!(server.call(Method::GET, "/health/ready").await.unwrap().status, 200);
    assert_eq!(server.terminate().await, Some(0));
    assert!(letters.try_recv().is_err(), "each once");
}
