//! Server-Sent Events (WHATWG HTML, section 9.2) out of a question's log.

use super::QUESTION_ID;
use crate::{HttpSettings, RequestId};
use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use bytes::Bytes;
use futures::Stream;
use serde::Serialize;
use square_routing::AnswerStream;
use square_wire::{EventFilter, EventView, Fault, StreamEvent};
use std::convert::Infallible;
use std::fmt::Write;
use std::time::Duration;

/// The events of a question on their way to one client.
///
/// The client is waited for: nothing is taken from the log before what was taken last is on its way, so one that does not read
/// holds no memory but that.
pub(super) struct Events {
    answers: AnswerStream,
    view: EventView,
    /// What is there from the beginning and has not gone out yet.
    opening: Vec<StreamEvent>,
    request: RequestId,
}

impl Events {
    /// Those that follow in `answers`.
    pub(super) fn of(answers: AnswerStream, filter: EventFilter, request: RequestId) -> Self {
        let (view, opening) = EventView::open(answers.record(), filter, answers.after());
        Self { answers, view, opening, request }
    }

    /// A response that goes on until the question is finished. Its first bytes go out at once.
    pub(super) fn respond(mut self, settings: &HttpSettings) -> HttpResponse {
        let question = self.answers.record().id;
        let mut first = format!("retry: {}\n\n", settings.reconnect_after.as_millis());
        for event in self.opening.drain(..) {
            write(&mut first, event.name(), Some(event.seq()), &event);
        }
        HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, "text/event-stream"))
            .insert_header((CACHE_CONTROL, "no-cache"))
            // Proxies that collect a response before they pass it on are told not to.
            .insert_header(("x-accel-buffering", "no"))
            .insert_header((QUESTION_ID, question.to_string()))
            .streaming(self.pieces(first, settings.heartbeat))
    }

    fn pieces(self, first: String, heartbeat: Duration) -> impl Stream<Item = Result<Bytes, Infallible>> {
        futures::stream::unfold((Some(first), Some(self)), move |(first, open)| async move {
            if let Some(first) = first {
                return Some((Ok(first.into()), (None, open)));
            }
            let mut open = open?;
            let piece = open.piece(heartbeat).await?;
            let goes_on = !piece.last;
            Some((Ok(piece.text), (None, goes_on.then_some(open))))
        })
    }

    /// What goes out next; `None` at the end. It is never empty, since an empty piece would end the response.
    async fn piece(&mut self, heartbeat: Duration) -> Option<Piece> {
        loop {
            let Ok(next) = tokio::time::timeout(heartbeat, self.answers.next()).await else {
                return Some(Piece { text: Bytes::from_static(b":\n\n"), last: false });
            };
            let mut text = String::new();
            match next {
                Ok(Some(entry)) => {
                    for event in self.view.show(&entry) {
                        write(&mut text, event.name(), Some(event.seq()), &event);
                    }
                    if !text.is_empty() {
                        return Some(Piece { text: text.into(), last: false });
                    }
                }
                Ok(None) => return None,
                // The status has gone out already; the client is told within the stream, and it ends.
                Err(error) => {
                    write(&mut text, "error", None, &Fault::from(&error).body(self.request.as_str()));
                    return Some(Piece { text: text.into(), last: true });
                }
            }
        }
    }
}

/// Some bytes of the response.
struct Piece {
    text: Bytes,
    last: bool,
}

fn write(text: &mut String, name: &str, id: Option<u32>, data: &impl Serialize) {
    // JSON has no line breaks outside of strings and escapes them there, so the data is one line. Writing to a text cannot fail.
    let data = serde_json::to_string(data).unwrap_or_default();
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    let _ = write!(text, "event: {name}\n{id}data: {data}\n\n");
}
