//! The protocol `a2a`: `Agent2Agent` 1.0 and 0.3 over JSON-RPC. The agent's card says which of the two it speaks and where;
//! a question is one message, answered by a message or by a task that is done.

mod card;

pub(crate) use card::{CARD, is_card};

use crate::failure::malformed;
use crate::reply::{Object, as_text, object, read};
use crate::trail::Trail;
use crate::transport::{Call, Transport};
use card::{Endpoint, Version, endpoint};
use serde_json::{Value, json as value};
use square_kernel::{Clock, Randomness, new_uuid};
use square_skills::{CheckStage, ResultItem, SkillFailure, SkillRequest};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use url::Url;

/// How long a card is believed.
const CARD_KEPT: Duration = Duration::from_mins(10);

/// An agent.
pub(crate) struct Agent {
    /// Where its card may stand, the likeliest place first.
    cards: Vec<Url>,
    known: Mutex<Option<(Instant, Endpoint)>>,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
}

impl Agent {
    pub(crate) fn new(cards: Vec<Url>, clock: Arc<dyn Clock>, randomness: Arc<dyn Randomness>) -> Self {
        Self { cards, known: Mutex::default(), clock, randomness }
    }

    pub(crate) async fn answer(
        &self,
        transport: &Transport,
        request: &SkillRequest,
        trail: &Trail,
    ) -> Result<Vec<ResultItem>, SkillFailure> {
        let answer = self.ask(transport, request, trail).await;
        if answer.is_err() {
            // It may have moved or learnt another version.
            *self.known.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        answer
    }

    /// Whether its card can be had.
    pub(crate) async fn ping(&self, transport: &Transport) -> Result<(), SkillFailure> {
        self.card(transport, &Trail::default()).await.map(drop)
    }

    async fn ask(
        &self,
        transport: &Transport,
        request: &SkillRequest,
        trail: &Trail,
    ) -> Result<Vec<ResultItem>, SkillFailure> {
        let endpoint = self.endpoint(transport, trail).await?;
        if !transport.shows_all(&endpoint.url) {
            return Err(malformed(
                "the agent's card names an address that is not below the one registered, where its secret is not shown",
            ));
        }
        let id = new_uuid(&*self.clock, &*self.randomness).to_string();
        let call = Call::post(&endpoint.url, message(endpoint.version, &id, &request.question));
        let call = match endpoint.version {
            Version::V1 => call.with_header("a2a-version", "1.0"),
            Version::V0 => call,
        };
        let reply = read(transport.json(call, trail).await?).await?;
        trail.passed(CheckStage::Json);
        let items = items(reply, usize::from(request.max_results))?;
        trail.passed(CheckStage::Shape);
        Ok(items)
    }

    async fn endpoint(&self, transport: &Transport, trail: &Trail) -> Result<Endpoint, SkillFailure> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((read_at, endpoint)) = known
            && read_at.elapsed() < CARD_KEPT
        {
            return Ok(endpoint);
        }
        let (place, card) = self.card(transport, trail).await?;
        let endpoint = endpoint(&place, &card)?;
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), endpoint.clone()));
        Ok(endpoint)
    }

    /// The card and where it stands.
    async fn card(&self, transport: &Transport, trail: &Trail) -> Result<(Url, Object), SkillFailure> {
        let mut missing = SkillFailure::Internal;
        for place in &self.cards {
            match transport.json(Call::get(place), trail).await {
                Ok(card) => {
                    let card = object(read(card).await?, "the agent's card")?;
                    trail.passed(CheckStage::Json);
                    return Ok((place.clone(), card));
                }
                Err(failure @ SkillFailure::Status(404)) => missing = failure,
                Err(failure) => return Err(failure),
            }
        }
        Err(missing)
    }
}

/// The call that asks `question` and waits for the answer.
fn message(version: Version, id: &str, question: &str) -> Vec<u8> {
    let call = match version {
        Version::V1 => value!({
            "jsonrpc": "2.0",
            "id": id,
            "method": "SendMessage",
            "params": {
                "message": {"messageId": id, "role": "ROLE_USER", "parts": [{"text": question}]},
                "configuration": {"acceptedOutputModes": ["text/plain", "application/json"]},
            },
        }),
        Version::V0 => value!({
            "jsonrpc": "2.0",
            "id": id,
            "method": "message/send",
            "params": {
                "message": {
                    "kind": "message",
                    "messageId": id,
                    "role": "user",
                    "parts": [{"kind": "text", "text": question}],
                },
                "configuration": {"acceptedOutputModes": ["text/plain", "application/json"], "blocking": true},
            },
        }),
    };
    call.to_string().into_bytes()
}

/// Reads a reply of either version.
fn items(reply: Value, max_results: usize) -> Result<Vec<ResultItem>, SkillFailure> {
    let mut reply = object(reply, "the reply")?;
    if let Some(error) = reply.get("error").filter(|error| !error.is_null()) {
        let code = error.get("code").and_then(Value::as_i64);
        let code = code.map_or_else(String::new, |code| format!(" {code}"));
        return Err(SkillFailure::Reported(format!("JSON-RPC error{code}")));
    }
    let result = reply.remove("result").ok_or_else(|| malformed("the reply has no \"result\""))?;
    let mut result = object(result, "\"result\" of the reply")?;
    // Version 1.0 puts the message or task into an object, version 0.3 does not.
    let answer = ["task", "message"].into_iter().find_map(|name| result.remove(name));
    let answer = answer.map_or(Ok(result), |answer| object(answer, "\"result\" of the reply"))?;
    let mut texts = match (answer.get("parts"), answer.get("status")) {
        (Some(parts), None) => parts_of(parts, "the agent's message")?,
        (_, Some(status)) => task(&answer, status)?,
        (None, None) => return Err(malformed("\"result\" of the reply is neither a message nor a task")),
    };
    texts.truncate(max_results);
    Ok(texts.into_iter().map(ResultItem::text).collect())
}

/// What a task came to: its artifacts, or else what it says of its state.
fn task(task: &Object, status: &Value) -> Result<Vec<String>, SkillFailure> {
    let state = status.get("state").and_then(Value::as_str);
    let state = state.ok_or_else(|| malformed("the agent's task has no state"))?;
    let state = state.strip_prefix("TASK_STATE_").unwrap_or(state).to_ascii_lowercase().replace('_', "-");
    match state.as_str() {
        // An agent that needs to know more says what.
        "completed" | "input-required" => {}
        "failed" | "rejected" | "canceled" | "auth-required" => {
            return Err(SkillFailure::Reported(format!("the agent's task is {state}")));
        }
        "submitted" | "working" => {
            return Err(malformed("the agent answered before its task was done"));
        }
        _ => return Err(malformed("the agent's task has an unknown state")),
    }
    let artifacts = task.get("artifacts").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut texts = Vec::new();
    for artifact in artifacts {
        if let Some(parts) = artifact.get("parts") {
            texts.extend(parts_of(parts, "an artifact of the agent's task")?);
        }
    }
    if let (true, Some(parts)) = (texts.is_empty(), status.get("message").and_then(|one| one.get("parts"))) {
        texts = parts_of(parts, "the agent's message")?;
    }
    Ok(texts)
}

/// The parts that say something: texts as they are, data as JSON. Files are left out.
fn parts_of(parts: &Value, what: &str) -> Result<Vec<String>, SkillFailure> {
    let Value::Array(parts) = parts else {
        return Err(malformed(format!("\"parts\" of {what} is not an array")));
    };
    let said = parts.iter().filter_map(|part| part.get("text").or_else(|| part.get("data")));
    Ok(said.map(|said| as_text(said.clone())).filter(|text| !text.trim().is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "each result is made for one call")]
    fn read(result: Value) -> Result<Vec<ResultItem>, SkillFailure> {
        items(value!({"jsonrpc": "2.0", "id": 1, "result": result}), 2)
    }

    #[test]
    fn messages_and_finished_tasks_of_both_versions_are_read() {
        let heat = Ok(vec![ResultItem::text("Heat")]);
        for result in [
            value!({"message": {"role": "ROLE_AGENT", "parts": [{"text": "Heat"}]}}),
            value!({"kind": "message", "role": "agent", "parts": [{"kind": "text", "text": "Heat"}]}),
            value!({"task": {"status": {"state": "TASK_STATE_COMPLETED"}, "artifacts": [{"parts": [{"text": "Heat"}]}]}}),
            value!({"kind": "task", "status": {"state": "completed"}, "artifacts": [{"parts": [{"kind": "text", "text": "Heat"}]}]}),
            value!({"status": {"state": "input-required", "message": {"parts": [{"kind": "text", "text": "Heat"}]}}}),
        ] {
            assert_eq!(read(result.clone()), heat, "{result}");
        }
        let data = value!({"message": {"parts": [{"data": {"year": 1995}}, {"url": "https://x"}, {"text": " "}, {"text": "b"}, {"text": "c"}]}});
        assert_eq!(read(data), Ok(vec![ResultItem::text(r#"{"year":1995}"#), ResultItem::text("b")]));
    }

    #[test]
    fn what_is_no_answer_is_told() {
        for (result, wanted) in [
            (value!({}), malformed("\"result\" of the reply is neither a message nor a task")),
            (value!(1), malformed("\"result\" of the reply is not an object")),
            (
                value!({"message": {"parts": {}}}),
                malformed("\"parts\" of the agent's message is not an array"),
            ),
            (value!({"task": {"status": {}}}), malformed("the agent's task has no state")),
            (
                value!({"task": {"status": {"state": "secret"}}}),
                malformed("the agent's task has an unknown state"),
            ),
            (
                value!({"status": {"state": "working"}}),
                malformed("the agent answered before its task was done"),
            ),
            (
                value!({"task": {"status": {"state": "TASK_STATE_AUTH_REQUIRED"}}}),
                SkillFailure::Reported("the agent's task is auth-required".into()),
            ),
        ] {
            assert_eq!(read(result.clone()), Err(wanted), "{result}");
        }
        let error = items(value!({"error": {"code": -32601, "message": "secret"}}), 2);
        assert_eq!(error, Err(SkillFailure::Reported("JSON-RPC error -32601".into())));
        assert_eq!(items(value!({"id": 1}), 2), Err(malformed("the reply has no \"result\"")));
    }
}
