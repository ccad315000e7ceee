//! Skills that answer at once, with next to no work of their own.

use crate::Outcome;
use crate::message::Head;
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

/// What each of them answers.
const ANSWER: &str =
    r#"[{"type": "plain_text", "text": "The answer that was asked for, in one short sentence."}]"#;

/// What a skill does with a question.
#[derive(Clone, Default)]
struct Manner {
    /// How long it thinks.
    pause: Duration,
    /// Where it tells when it hands over the last byte of its answer.
    stamps: Option<UnboundedSender<Instant>>,
}

/// Starts skills that answer at once, each on a port of its own, and gives their addresses.
pub(crate) fn instant(number: usize) -> Outcome<Vec<String>> {
    start(number, &Manner::default())
}

/// Starts a skill that thinks for a moment. It tells when it hands over the last byte of each answer: just
/// before, so that a time measured from there is never too short.
pub(crate) fn thoughtful(pause: Duration) -> Outcome<(String, UnboundedReceiver<Instant>)> {
    let (sender, stamps) = mpsc::unbounded_channel();
    let url = start(1, &Manner { pause, stamps: Some(sender) })?.remove(0);
    Ok((url, stamps))
}

/// One thread for all: it lives as long as the process.
fn start(number: usize, manner: &Manner) -> Outcome<Vec<String>> {
    let mut urls = Vec::new();
    let mut listeners = Vec::new();
    for _ in 0..number {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        urls.push(format!("http://{}", listener.local_addr()?));
        listeners.push(listener);
    }
    let manner = manner.clone();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    thread::spawn(move || {
        let accept = listeners.into_iter().map(|listener| accept(listener, manner.clone()));
        runtime.block_on(futures::future::join_all(accept))
    });
    Ok(urls)
}

async fn accept(listener: TcpListener, manner: Manner) -> Outcome<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        let manner = manner.clone();
        tokio::spawn(async move { serve(stream, &manner).await });
    }
}

/// Answers until the other end has enough.
async fn serve(mut stream: TcpStream, manner: &Manner) -> Outcome<()> {
    stream.set_nodelay(true)?;
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{ANSWER}",
        ANSWER.len()
    );
    let mut received = Vec::with_capacity(4096);
    while stream.read_buf(&mut received).await? > 0 {
        let Some(head) = Head::read(&received).filter(|head| head.complete(&received)) else { continue };
        received.clear();
        if head.first_line.starts_with("POST") {
            answer_question(&mut stream, &answer, manner).await?;
        } else {
            stream.write_all(answer.as_bytes()).await?;
        }
    }
    Ok(())
}

async fn answer_question(stream: &mut TcpStream, answer: &str, manner: &Manner) -> Outcome<()> {
    if !manner.pause.is_zero() {
        tokio::time::sleep(manner.pause).await;
    }
    if let Some(stamps) = &manner.stamps {
        stamps.send(Instant::now())?;
    }
    Ok(stream.write_all(answer.as_bytes()).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{Connection, block_on};
    use crate::message::request;

    #[test]
    fn a_thoughtful_skill_stamps_its_answers_and_nothing_else() {
        let (url, mut stamps) = thoughtful(Duration::ZERO).unwrap();
        let address = url.trim_start_matches("http://").parse().unwrap();
        block_on(async {
            let mut connection = Connection::open(address).await?;
            connection.send(&request("GET", "/ping", &[], b"")).await?.json()?;
            assert!(stamps.try_recv().is_err());
            let answer = connection.send(&request("POST", "/query", &[], b"{}")).await?.json()?;
            assert_eq!(answer[0]["type"], "plain_text");
            assert!(stamps.try_recv().is_ok());
            Ok(())
        })
        .unwrap();
    }
}
