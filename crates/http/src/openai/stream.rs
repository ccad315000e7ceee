use super::html::{holds_html, worked_on};
use super::outcome;
use crate::sse::{EventForm, Events, SIGN_OF_LIFE};
use crate::{Failure, HttpSettings};
use actix_web::HttpResponse;
use square_routing::{AnswerStream, LogEntry};
use square_wire::Fault;
use square_wire::openai::{ChatStream, ChatStreamEvent, ChatStreamOpening};
use std::fmt::Write;
use std::sync::Arc;

/// A response with the answers of `answers` in chunks; it goes on until as many as are wanted are there, or no more will come.
pub(super) fn stream(
    answers: AnswerStream,
    opening: ChatStreamOpening,
    settings: &HttpSettings,
) -> HttpResponse {
    let chunks = Chunks(Some(ChatStream::new(answers.record().clone(), opening)));
    // Proxies and clients see at once that there is a response.
    let first = String::from_utf8_lossy(SIGN_OF_LIFE).into_owned();
    Events::of(answers, chunks).respond(first, settings)
}

/// Events that are data alone. The stream is away only while it is worked on aside.
struct Chunks(Option<ChatStream>);

impl EventForm for Chunks {
    async fn write(&mut self, entry: &Arc<LogEntry>, text: &mut String) {
        let Some(mut stream) = self.0.take() else { return };
        let (html, entry) = (outcome(entry).is_some_and(holds_html), Arc::clone(entry));
        match worked_on(html, move || (stream.show(&entry), stream)).await {
            Ok((events, stream)) => {
                for event in &events {
                    write(text, event);
                }
                self.0 = Some(stream);
            }
            Err(Failure(fault)) => self.write_fault(&fault, text),
        }
    }

    fn write_fault(&mut self, fault: &Fault, text: &mut String) {
        write(text, &ChatStreamEvent::Error(fault.openai_body()));
    }

    fn is_over(&self) -> bool {
        self.0.as_ref().is_none_or(ChatStream::is_over)
    }
}

fn write(text: &mut String, event: &ChatStreamEvent) {
    // JSON is one line. Writing to a text cannot fail.
    let _ = write!(text, "data: {}\n\n", event.data());
}
