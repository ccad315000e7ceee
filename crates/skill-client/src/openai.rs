//! The protocol `openai`: `POST {url}/chat/completions` with `"stream": true`, answered by a stream of events, each with a
//! piece of the text; a whole answer at once is taken too.

use crate::failure::{malformed, of_body};
use crate::reply::{Object, array, json, object, read};
use crate::sse::Events;
use crate::trail::Trail;
use crate::transport::{Call, EVENT_STREAM, JSON, Reply, Transport};
use serde_json::{Value, json as value};
use square_skills::{CheckStage, DeltaSink, ResultItem, SkillFailure, SkillModel, SkillRequest};
use std::sync::{Arc, Mutex, PoisonError};
use url::Url;

/// What marks the end of a stream.
const DONE: &str = "[DONE]";

/// A server of chat completions.
pub(crate) struct OpenAi {
    completions: Url,
    models: Url,
    /// The model its owner chose, or the one that was found.
    model: Mutex<Option<Arc<str>>>,
}

impl OpenAi {
    pub(crate) fn new(completions: Url, models: Url, model: Option<&SkillModel>) -> Self {
        let model = Mutex::new(model.map(|model| model.as_str().into()));
        Self { completions, models, model }
    }

    pub(crate) async fn answer(
        &self,
        transport: &Transport,
        request: &SkillRequest,
        deltas: &dyn DeltaSink,
        trail: &Trail,
    ) -> Result<Vec<ResultItem>, SkillFailure> {
        let model = self.model(transport, trail).await?;
        let body = value!({
            "model": &*model,
            "messages": [{"role": "user", "content": &*request.question}],
            "stream": true,
        });
        let call = Call::post(&self.completions, body.to_string().into_bytes());
        let reply =
            transport.send(call.accepting("text/event-stream, application/json;q=0.5"), trail).await?;
        let text = if reply.is(EVENT_STREAM) {
            streamed(reply, deltas, trail).await?
        } else {
            reply.expect_json(trail)?;
            let reply = read(reply.whole(trail).await?).await?;
            trail.passed(CheckStage::Json);
            let text = completion(reply)?;
            if !text.is_empty() {
                deltas.grown(&text);
            }
            text
        };
        trail.passed(CheckStage::Shape);
        Ok(if text.trim().is_empty() { Vec::new() } else { vec![ResultItem::text(text)] })
    }

    /// Whether its list of models can be had; one without such a list is there too.
    pub(crate) async fn ping(&self, transport: &Transport) -> Result<(), SkillFailure> {
        match transport.send(Call::get(&self.models), &Trail::default()).await {
            Ok(_) | Err(SkillFailure::Status(404 | 405)) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    /// The model to ask: its owner's choice or else the first that is offered.
    async fn model(&self, transport: &Transport, trail: &Trail) -> Result<Arc<str>, SkillFailure> {
        if let Some(model) = &*self.known() {
            return Ok(Arc::clone(model));
        }
        let found = match transport.json(Call::get(&self.models).accepting(JSON), trail).await {
            // A server of one model may neither list nor look at it.
            Err(SkillFailure::Status(404 | 405)) => return Ok("default".into()),
            reply => first_model(&read(reply?).await?),
        };
        let found = found.ok_or_else(|| malformed("its list of models names none"))?;
        *self.known() = Some(Arc::clone(&found));
        Ok(found)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Option<Arc<str>>> {
        self.model.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether this is a list of models.
pub(crate) fn is_list_of_models(reply: &Value) -> bool {
    first_model(reply).is_some()
}

fn first_model(reply: &Value) -> Option<Arc<str>> {
    reply.get("data")?.as_array()?.first()?.get("id")?.as_str().map(Arc::from)
}

async fn streamed(mut reply: Reply, deltas: &dyn DeltaSink, trail: &Trail) -> Result<String, SkillFailure> {
    trail.passed(CheckStage::ContentType);
    let mut events = Events::default();
    let mut answer = Streamed::default();
    while let Some(piece) = reply.piece().await? {
        for data in events.push(&piece)? {
            if answer.take(&data, deltas)? {
                return Ok(answer.text);
            }
        }
    }
    if let Some(data) = events.finish()?
        && answer.take(&data, deltas)?
    {
        return Ok(answer.text);
    }
    // A stream that was cut off must not pass for a whole answer.
    if answer.ended { Ok(answer.text) } else { Err(of_body()) }
}

/// A streamed answer as far as it has come.
#[derive(Default)]
struct Streamed {
    text: String,
    /// Whether its text is said to have ended; other things may still come.
    ended: bool,
}

impl Streamed {
    /// Takes the data of one event; whether nothing more will come.
    fn take(&mut self, data: &str, deltas: &dyn DeltaSink) -> Result<bool, SkillFailure> {
        if data.trim() == DONE {
            return Ok(true);
        }
        let mut chunk = object(json(data.as_bytes())?, "a piece of its stream")?;
        refuse_error(&chunk)?;
        let Some(choice) = first_choice(&mut chunk, "a piece of its stream")? else { return Ok(false) };
        self.ended |= choice.get("finish_reason").is_some_and(|reason| !reason.is_null());
        let piece = choice.get("delta").map(text_of).transpose()?.unwrap_or_default();
        if !piece.is_empty() {
            deltas.grown(&piece);
            self.text.push_str(&piece);
        }
        Ok(false)
    }
}

/// The text of a whole answer.
fn completion(reply: Value) -> Result<String, SkillFailure> {
    let mut reply = object(reply, "the reply")?;
    refuse_error(&reply)?;
    let choice = first_choice(&mut reply, "the reply")?;
    let choice = choice.ok_or_else(|| malformed("\"choices\" of the reply is empty"))?;
    let message = choice.get("message");
    text_of(message.ok_or_else(|| malformed("the first choice of the reply has no \"message\""))?)
}

/// Some report errors with a status of 200.
fn refuse_error(reply: &Object) -> Result<(), SkillFailure> {
    match reply.get("error") {
        None | Some(Value::Null) => Ok(()),
        Some(_) => Err(SkillFailure::Reported("its answer is an error".into())),
    }
}

fn first_choice(reply: &mut Object, what: &str) -> Result<Option<Object>, SkillFailure> {
    let choices = reply.remove("choices").ok_or_else(|| malformed(format!("{what} has no \"choices\"")))?;
    let first = array(choices, &format!("\"choices\" of {what}"))?.into_iter().next();
    first.map(|choice| object(choice, &format!("the first choice of {what}"))).transpose()
}

/// What a message or a delta says: a text, or an array of parts of which some are texts. A refusal is an answer too.
fn text_of(message: &Value) -> Result<String, SkillFailure> {
    let content = [message.get("content"), message.get("refusal")];
    match content.into_iter().flatten().find(|content| !content.is_null()) {
        None => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Array(parts)) => {
            Ok(parts.iter().filter_map(|part| part.get("text").and_then(Value::as_str)).collect())
        }
        Some(_) => Err(malformed("\"content\" of its message is not a text")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use square_skills::Unheard;

    fn whole(reply: &str) -> Result<String, SkillFailure> {
        completion(json(reply.as_bytes())?)
    }

    #[test]
    fn whole_answers_are_read() {
        for (reply, wanted) in [
            (r#"{"choices": [{"message": {"content": "Heat"}}]}"#, "Heat"),
            (
                r#"{"choices": [{"message": {"content": [{"type": "text", "text": "He"}, {"text": "at"}]}}]}"#,
                "Heat",
            ),
            (r#"{"choices": [{"message": {"content": null, "refusal": "No."}}], "error": null}"#, "No."),
            (r#"{"choices": [{"message": {"tool_calls": []}}]}"#, ""),
        ] {
            assert_eq!(whole(reply).as_deref(), Ok(wanted), "{reply}");
        }
    }

    #[test]
    fn faults_are_told_by_their_place() {
        for (reply, wanted) in [
            ("[]", "the reply is not an object"),
            ("{}", "the reply has no \"choices\""),
            (r#"{"choices": 1}"#, "\"choices\" of the reply is not an array"),
            (r#"{"choices": []}"#, "\"choices\" of the reply is empty"),
            (r#"{"choices": ["secret"]}"#, "the first choice of the reply is not an object"),
            (r#"{"choices": [{}]}"#, "the first choice of the reply has no \"message\""),
            (r#"{"choices": [{"message": {"content": 7}}]}"#, "\"content\" of its message is not a text"),
        ] {
            assert_eq!(whole(reply), Err(malformed(wanted)), "{reply}");
        }
        let error = whole(r#"{"error": {"message": "secret"}}"#);
        assert_eq!(error, Err(SkillFailure::Reported("its answer is an error".into())));
    }

    #[test]
    fn pieces_without_text_add_nothing() {
        let mut answer = Streamed::default();
        for data in [
            r#"{"choices": [{"delta": {"role": "assistant", "content": ""}}]}"#,
            r#"{"choices": [{"delta": {"content": "Heat"}, "finish_reason": null}]}"#,
            r#"{"choices": [{"delta": {}, "finish_reason": "stop"}]}"#,
            r#"{"choices": [], "usage": {}}"#,
        ] {
            assert_eq!(answer.take(data, &Unheard), Ok(false));
        }
        assert_eq!(answer.take(" [DONE] ", &Unheard), Ok(true));
        assert_eq!((answer.text.as_str(), answer.ended), ("Heat", true));
    }
}
