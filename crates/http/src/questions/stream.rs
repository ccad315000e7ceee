//! Server-Sent Events (WHATWG HTML, section 9.2) out of a question's log.

use super::QUESTION_ID;
use crate::RequestId;
use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use bytes::Bytes;
use futures::Stream;
use serde::Serialize;
use square_routing::{AnswerStream, QuestionId};
use square_wire::{Fault, StreamEvent};
use std::convert::Infallible;
use std::time::Duration;

/// After so long without an event a comment is sent, so that nobody on the way takes the line for dead.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// A response that goes on until the question is finished.
pub(super) fn respond(question: QuestionId, answers: AnswerStream, request: RequestId) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/event-stream"))
        .insert_header((CACHE_CONTROL, "no-cache"))
        // Proxies that collect a response before they pass it on are told not to.
        .insert_header(("x-accel-buffering", "no"))
        .insert_header((QUESTION_ID, question.to_string()))
        .streaming(events(question, answers, request))
}

fn events(
    question: QuestionId,
    answers: AnswerStream,
    request: RequestId,
) -> impl Stream<Item = Result<Bytes, Infallible>> {
    futures::stream::unfold(Some((answers, request)), move |open| async move {
        let (mut answers, request) = open?;
        let Ok(next) = tokio::time::timeout(HEARTBEAT, answers.next()).await else {
            return Some((Ok(Bytes::from_static(b":\n\n")), Some((answers, request))));
        };
        match next {
            Ok(Some(entry)) => {
                let event = StreamEvent::new(question, &entry);
                Some((Ok(written(event.name(), Some(entry.seq), &event)), Some((answers, request))))
            }
            Ok(None) => None,
            // The status has gone out already; the client is told within the stream, and it ends.
            Err(error) => {
                let body = Fault::from(&error).body(request.as_str());
                Some((Ok(written("error", None, &body)), None))
            }
        }
    })
}

fn written(name: &str, id: Option<u32>, data: &impl Serialize) -> Bytes {
    // JSON has no line breaks outside of strings and escapes them there, so the data is one line.
    let data = serde_json::to_string(data).unwrap_or_default();
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    format!("event: {name}\n{id}data: {data}\n\n").into()
}
