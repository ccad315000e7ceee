use crate::Outcome;
use futures::StreamExt;
use reqwest::header::ACCEPT;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Whom to ask, and what for.
pub(super) struct Asked {
    /// The ids of the good skills, which every question goes to.
    pub(super) good: Vec<String>,
    /// The ids of the bad ones.
    pub(super) bad: Vec<String>,
    client: Client,
    url: String,
}

/// How one question ended.
pub(super) struct Answered {
    whole: Duration,
    /// When the last good answer came, where answers were streamed.
    good: Option<Duration>,
}

/// How all of them ended.
#[derive(Default)]
pub(super) struct Outcomes {
    pub(super) whole: Vec<Duration>,
    pub(super) good: Vec<Duration>,
    pub(super) short: Vec<String>,
}

impl Outcomes {
    pub(super) fn note(&mut self, outcome: Outcome<Answered>) {
        match outcome {
            Ok(answered) => {
                self.whole.push(answered.whole);
                self.good.extend(answered.good);
            }
            Err(error) => self.short.push(error.to_string()),
        }
    }
}

impl Asked {
    pub(super) fn new(server: SocketAddr, deadline: Duration) -> Self {
        let url = format!("http://{server}/api/question?deadline_ms={}", deadline.as_millis());
        // What nobody uses is given up, so that the server is left with what is its own.
        let client = Client::builder().pool_idle_timeout(Duration::from_secs(2)).build().unwrap_or_default();
        Self { good: Vec::new(), bad: Vec::new(), client, url }
    }

    /// Asks question number `number`, with `bad` bad skills whose turn it is. An error where a good answer is missing.
    pub(super) async fn ask(&self, number: usize, bad: usize) -> Outcome<Answered> {
        let turn = (0..bad).map(|place| &self.bad[(number * bad + place) % self.bad.len()]);
        let skills: Vec<_> = turn.chain(&self.good).collect();
        let options =
            json!({"selector": "Base", "selectedSkills": skills, "maxQuerriedSkills": skills.len()});
        let question = json!({"question": format!("What is the answer to {number}?"), "options": options});
        let request = self.client.post(&self.url).json(&question);
        if number.is_multiple_of(2) { self.whole(request).await } else { self.streamed(request).await }
    }

    async fn whole(&self, request: RequestBuilder) -> Outcome<Answered> {
        let begun = Instant::now();
        let reply = request.send().await?.error_for_status()?.bytes().await?;
        let whole = begun.elapsed();
        let answers: Vec<Value> = serde_json::from_slice(&reply)?;
        self.all_good(&answers)?;
        Ok(Answered { whole, good: None })
    }

    async fn streamed(&self, request: RequestBuilder) -> Outcome<Answered> {
        let begun = Instant::now();
        let reply = request.header(ACCEPT, "text/event-stream").send().await?.error_for_status()?;
        let (mut pieces, mut received) = (reply.bytes_stream(), Vec::new());
        let (mut answers, mut good) = (Vec::new(), None);
        while let Some(piece) = pieces.next().await {
            received.extend_from_slice(&piece?);
            while let Some(event) = next_event(&mut received) {
                answers.extend(answer(&event)?);
            }
            if good.is_none() && self.all_good(&answers).is_ok() {
                good = Some(begun.elapsed());
            }
        }
        let whole = begun.elapsed();
        self.all_good(&answers)?;
        Ok(Answered { whole, good })
    }

    fn all_good(&self, answers: &[Value]) -> Outcome<()> {
        let answered: HashSet<&str> = answers
            .iter()
            .filter(|answer| answer["results"].as_array().is_some_and(|results| !results.is_empty()))
            .filter_map(|answer| answer["skill_id"].as_str())
            .collect();
        let missing = self.good.iter().filter(|good| !answered.contains(good.as_str())).count();
        if missing == 0 {
            return Ok(());
        }
        Err(format!("{missing} good answers are missing of {}", Value::from(answers.to_vec())).into())
    }
}

/// Takes the first event that is whole.
fn next_event(received: &mut Vec<u8>) -> Option<String> {
    let end = received.windows(2).position(|bytes| bytes == b"\n\n")? + 2;
    let event = received.drain(..end).collect();
    String::from_utf8(event).ok()
}

/// What an event says of a skill's answer.
fn answer(event: &str) -> Outcome<Option<Value>> {
    if !event.lines().any(|line| line == "event: skill_result") {
        return Ok(None);
    }
    let data = event.lines().find_map(|line| line.strip_prefix("data: ")).ok_or("an event has no data")?;
    Ok(Some(serde_json::from_str(data)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked() -> Asked {
        let mut asked = Asked::new("127.0.0.1:1".parse().unwrap(), Duration::from_secs(1));
        asked.good = vec!["a".into(), "b".into()];
        asked
    }

    #[test]
    fn an_answer_with_an_error_or_without_results_is_missing() {
        let good = |id: &str| json!({"skill_id": id, "results": [{"type": "plain_text", "text": "x"}]});
        assert!(asked().all_good(&[good("b"), good("a")]).is_ok());
        assert!(asked().all_good(&[good("a"), json!({"skill_id": "b", "error": "late"})]).is_err());
        assert!(asked().all_good(&[good("a"), json!({"skill_id": "b", "results": []})]).is_err());
    }

    #[test]
    fn events_are_taken_one_by_one_and_halves_are_left() {
        let mut received =
            b": hello\n\nid: 4\nevent: skill_result\ndata: {\"skill_id\": \"a\"}\n\nid: 5\nev".to_vec();
        assert_eq!(answer(&next_event(&mut received).unwrap()).unwrap(), None);
        assert_eq!(answer(&next_event(&mut received).unwrap()).unwrap().unwrap()["skill_id"], "a");
        assert_eq!((next_event(&mut received), &received[..]), (None, &b"id: 5\nev"[..]));
    }
}
