use super::Outcome;
use crate::cli::Ask;
use crate::settings::Settings;
use crate::terminal::{self, BAD, FAINT, GOOD, STRONG, styled};
use futures::StreamExt;
use serde_json::json;
use square_wire::{AnswerBody, ErrorBody, FinishedEvent, ResultBody, SkillResultEvent, StreamEvent};
use std::process::ExitCode;
use std::time::Duration;

/// A server that cannot be asked, or that refuses to answer.
#[derive(Debug, thiserror::Error)]
enum AskError {
    #[error("no server answers at {server}; start one with `square serve --demo`")]
    NoServer {
        server: String,
        #[source]
        cause: reqwest::Error,
    },
    #[error("the server refused the question: {0}")]
    Refused(String),
    #[error("the server's answer broke off")]
    BrokeOff(#[source] Option<reqwest::Error>),
    #[error("the server's answer cannot be read")]
    Unreadable(#[source] serde_json::Error),
}

/// Asks over Server-Sent Events and prints each answer as it arrives. Fails when no skill answered.
pub(crate) async fn run(ask: &Ask, settings: &Settings) -> Outcome {
    let response = send(ask, settings).await?;
    let mut events = Events::of(response);
    let mut answered = 0;
    loop {
        match events.next().await? {
            StreamEvent::SkillResult(result) => {
                answered += usize::from(matches!(result.answer.answer, AnswerBody::Results { .. }));
                show_result(&result, ask.json)?;
            }
            StreamEvent::Finished(finished) => {
                show_end(&finished, answered, ask.json)?;
                return Ok(if answered > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE });
            }
            // Nobody asked for any other.
            _ => {}
        }
    }
}

async fn send(ask: &Ask, settings: &Settings) -> Result<reqwest::Response, AskError> {
    let server = ask
        .server
        .clone()
        .unwrap_or_else(|| format!("http://{}{}", reachable(settings.http.bind), settings.http.base_path));
    let body = json!({
        "question": ask.question.join(" "),
        "options": {
            "selector": ask.selector,
            "selectedSkills": ask.skills,
            "maxQuerriedSkills": ask.max_skills,
        },
    });
    let no_server = |cause| AskError::NoServer { server: server.clone(), cause };
    let client =
        reqwest::Client::builder().connect_timeout(Duration::from_secs(5)).build().map_err(no_server)?;
    let mut request = client
        .post(format!("{}/question?deadline_ms={}", server.trim_end_matches('/'), ask.deadline_ms))
        .header("Accept", "text/event-stream")
        .json(&body);
    if let Some(token) = &ask.token {
        request = request.bearer_auth(token);
    }
    let response = request.send().await.map_err(no_server)?;
    if response.status().is_success() {
        return Ok(response);
    }
    let status = response.status();
    let refusal = response.json::<ErrorBody>().await;
    Err(AskError::Refused(refusal.map_or_else(|_| status.to_string(), |body| explained(&body))))
}

/// An address to bind to as an address to connect to.
pub(super) fn reachable(bind: std::net::SocketAddr) -> String {
    if bind.ip().is_unspecified() { format!("127.0.0.1:{}", bind.port()) } else { bind.to_string() }
}

fn explained(body: &ErrorBody) -> String {
    let details = body.details.iter().map(|detail| format!("{} {}", detail.field, detail.message));
    let details: Vec<String> = details.collect();
    if details.is_empty() { body.message.clone() } else { details.join("; ") }
}

/// Reads a stream of events as the HTML standard lays it down (section 9.2.6), as far as this server uses it.
struct Events {
    chunks: futures::stream::BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    buffer: Vec<u8>,
}

impl Events {
    fn of(response: reqwest::Response) -> Self {
        Self { chunks: response.bytes_stream().boxed(), buffer: Vec::new() }
    }

    /// The next event that carries data; comments are passed over.
    async fn next(&mut self) -> Result<StreamEvent, AskError> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\n\n") {
                let block: Vec<u8> = self.buffer.drain(..end + 2).collect();
                let block = String::from_utf8_lossy(&block);
                let data: Vec<&str> = block.lines().filter_map(|line| line.strip_prefix("data:")).collect();
                if !data.is_empty() {
                    return serde_json::from_str(data.join("\n").trim()).map_err(AskError::Unreadable);
                }
                continue;
            }
            match self.chunks.next().await {
                Some(Ok(chunk)) => self.buffer.extend_from_slice(&chunk),
                Some(Err(cause)) => return Err(AskError::BrokeOff(Some(cause))),
                None => return Err(AskError::BrokeOff(None)),
            }
        }
    }
}

fn show_result(result: &SkillResultEvent, as_json: bool) -> Result<(), serde_json::Error> {
    if as_json {
        terminal::line(serde_json::to_string(result)?);
        return Ok(());
    }
    let answer = &result.answer;
    let facts = format!("{:.0} %, {} ms", answer.score * 100.0, result.took_ms);
    terminal::line(format_args!("{} {}", styled(STRONG, plain(&answer.name)), styled(FAINT, facts)));
    match &answer.answer {
        AnswerBody::Error { error, .. } => terminal::line(format_args!("  {}", styled(BAD, plain(error)))),
        AnswerBody::Results { results } if results.is_empty() => {
            terminal::line(format_args!("  {}", styled(FAINT, "no results")));
        }
        AnswerBody::Results { results } => results.iter().for_each(|item| show_item(&item.body)),
    }
    Ok(())
}

fn show_item(body: &ResultBody) {
    match body {
        ResultBody::PlainText { text } => {
            plain(text).lines().for_each(|line| terminal::line(format_args!("  {line}")));
        }
        ResultBody::KeyValue { key_values } => {
            let pairs = key_values.iter().map(|(key, value)| {
                format!("{} {}", styled(FAINT, format!("{}:", plain(key))), plain(value))
            });
            terminal::line(format_args!("  • {}", pairs.collect::<Vec<_>>().join("  ")));
        }
        ResultBody::RawHtml { html } => terminal::line(format_args!("  {}", plain(html))),
    }
}

/// Skills are strangers: what they send must not steer the terminal.
fn plain(text: &str) -> String {
    text.chars().filter(|c| *c == '\n' || *c == '\t' || !c.is_control()).collect()
}

fn show_end(finished: &FinishedEvent, answered: usize, as_json: bool) -> Result<(), serde_json::Error> {
    if as_json {
        terminal::line(serde_json::to_string(finished)?);
        return Ok(());
    }
    let skills = match answered {
        0 => styled(BAD, "No skill answered"),
        1 => styled(GOOD, "1 skill answered"),
        more => styled(GOOD, format!("{more} skills answered")),
    };
    let id = styled(FAINT, format!("question {}", finished.question_id));
    terminal::note(format_args!("{skills} in {} ms. {id}", finished.took_ms));
    Ok(())
}
