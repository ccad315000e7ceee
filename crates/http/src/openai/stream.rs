use crate::HttpSettings;
use crate::sse::{EventForm, Events, SIGN_OF_LIFE};
use actix_web::HttpResponse;
use square_routing::{AnswerStream, LogEntry};
use square_wire::Fault;
use square_wire::openai::{ChatStream, ChatStreamEvent, ChatStreamOpening};
use std::fmt::Write;

/// A response with the answers of `answers` in chunks; it goes on until as many as are wanted are there, or no more will come.
pub(super) fn stream(
    answers: AnswerStream,
    opening: ChatStreamOpening,
    settings: &HttpSettings,
) -> HttpResponse {
    let chunks = Chunks(ChatStream::new(answers.record().clone(), opening));
    // Proxies and clients see at once that there is a response.
    let first = String::from_utf8_lossy(SIGN_OF_LIFE).into_owned();
    Events::of(answers, chunks).respond(first, settings)
}

/// Events that are data alone.
struct Chunks(ChatStream);

impl EventForm for Chunks {
    fn write(&mut self, entry: &LogEntry, text: &mut String) {
        for event in self.0.show(entry) {
            write(text, &event);
        }
    }

    fn write_fault(&mut self, fault: &Fault, text: &mut String) {
        write(text, &ChatStreamEvent::Error(fault.openai_body()));
    }

    fn is_over(&self) -> bool {
        self.0.is_over()
    }
}

fn write(text: &mut String, event: &ChatStreamEvent) {
    // JSON is one line. Writing to a text cannot fail.
    let _ = write!(text, "data: {}\n\n", event.data());
}
