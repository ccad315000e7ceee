use crate::sse::{EventForm, Events};
use crate::{HttpSettings, RequestId};
use actix_web::HttpResponse;
use serde::Serialize;
use square_routing::{AnswerStream, LogEntry};
use square_wire::{EventFilter, EventView, Fault};
use std::fmt::Write;
use std::sync::Arc;

/// A response with the events of a question that follow in `answers`; it goes on until the question is finished.
pub(super) fn stream(
    answers: AnswerStream,
    filter: EventFilter,
    request: RequestId,
    settings: &HttpSettings,
) -> HttpResponse {
    let (view, opening) = EventView::open(answers.record(), filter, answers.after());
    let mut first = format!("retry: {}\n\n", settings.reconnect_after.as_millis());
    for event in opening {
        write(&mut first, event.name(), Some(event.seq()), &event);
    }
    Events::of(answers, Named { view, request }).respond(first, settings)
}

/// Events with a name and a number each.
struct Named {
    view: EventView,
    request: RequestId,
}

impl EventForm for Named {
    async fn write(&mut self, entry: &Arc<LogEntry>, text: &mut String) {
        for event in self.view.show(entry) {
            write(text, event.name(), Some(event.seq()), &event);
        }
    }

    fn write_fault(&mut self, fault: &Fault, text: &mut String) {
        write(text, "error", None, &fault.body(self.request.as_str()));
    }
}

fn write(text: &mut String, name: &str, id: Option<u32>, data: &impl Serialize) {
    // JSON has no line breaks outside of strings and escapes them there, so the data is one line. Writing to a text cannot fail.
    let data = serde_json::to_string(data).unwrap_or_default();
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    let _ = write!(text, "event: {name}\n{id}data: {data}\n\n");
}
