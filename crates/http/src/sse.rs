//! Server-Sent Events (WHATWG HTML, section 9.2) out of a question's log.

use crate::HttpSettings;
use crate::questions::QUESTION_ID;
use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use bytes::Bytes;
use futures::Stream;
use square_routing::{AnswerStream, LogEntry};
use square_wire::Fault;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

/// What entries of the log go out as.
pub(crate) trait EventForm {
    /// Writes the events that an entry becomes, if any.
    async fn write(&mut self, entry: &Arc<LogEntry>, text: &mut String);

    /// Writes that the log cannot be read, which ends the stream: the status has gone out already.
    fn write_fault(&mut self, fault: &Fault, text: &mut String);

    /// Whether the last event has been written, whatever may follow in the log.
    fn is_over(&self) -> bool {
        false
    }
}

/// The events of a question on their way to one client.
///
/// The client is waited for: nothing is taken from the log before what was taken last is on its way, so one that does not read
/// holds no memory but that.
pub(crate) struct Events<F> {
    answers: AnswerStream,
    form: F,
}

impl<F: EventForm + 'static> Events<F> {
    /// Those that follow in `answers`.
    pub(crate) fn of(answers: AnswerStream, form: F) -> Self {
        Self { answers, form }
    }

    /// A response that goes on until the question is finished. Its first bytes, `first`, go out at once.
    pub(crate) fn respond(self, first: String, settings: &HttpSettings) -> HttpResponse {
        let question = self.answers.record().id;
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
                return Some(Piece { text: Bytes::from_static(SIGN_OF_LIFE), last: false });
            };
            let mut text = String::new();
            match next {
                Ok(Some(entry)) => {
                    self.form.write(&entry, &mut text).await;
                    if !text.is_empty() {
                        return Some(Piece { text: text.into(), last: self.form.is_over() });
                    }
                }
                Ok(None) => return None,
                Err(error) => {
                    self.form.write_fault(&Fault::from(&error), &mut text);
                    return Some(Piece { text: text.into(), last: true });
                }
            }
        }
    }
}

/// A comment.
pub(crate) const SIGN_OF_LIFE: &[u8] = b":\n\n";

/// Some bytes of the response.
struct Piece {
    text: Bytes,
    last: bool,
}
