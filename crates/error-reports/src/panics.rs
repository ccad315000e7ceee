use crate::fields::{Fields, clipped};
use crate::intake::{Intake, Kind, Occurrence};
use crate::layer::fields_around;
use std::panic::{self, PanicHookInfo};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use tracing_subscriber::registry::{LookupSpan, Registry};

/// How long after a panic an event that speaks of one is taken for its echo.
const ECHO: Duration = Duration::from_mins(1);

/// When the hook saw the last panic.
#[derive(Debug, Clone, Default)]
pub(crate) struct Panics(Arc<Mutex<Option<Instant>>>);

impl Panics {
    pub(crate) fn was_one_lately(&self) -> bool {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.is_some_and(|last| last.elapsed() < ECHO)
    }

    pub(crate) fn note(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }
}

/// Has every panic of this process reported, after the hook that was there before has done its work.
pub(crate) fn watch(intake: Intake, panics: Panics) {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        before(info);
        panics.note();
        intake.put(occurrence(info, &intake));
    }));
}

fn occurrence(info: &PanicHookInfo<'_>, intake: &Intake) -> Occurrence {
    let mut fields = fields_here();
    if let Some(name) = std::thread::current().name() {
        fields.set("thread", clipped(format_args!("{name}")));
    }
    Occurrence {
        at: intake.now(),
        kind: Kind::Panic,
        message: clipped(format_args!("{}", info.payload_as_str().unwrap_or("a panic without a message"))),
        target: "",
        place: info.location().map(|at| (at.file().to_owned(), at.line())),
        fields,
    }
}

/// The fields of the span in which this thread is, and of those around it.
fn fields_here() -> Fields {
    tracing::dispatcher::get_default(|dispatch| {
        let current = dispatch.current_span();
        let span = dispatch.downcast_ref::<Registry>().zip(current.id());
        span.and_then(|(registry, id)| registry.span(id)).map(|span| fields_around(&span)).unwrap_or_default()
    })
}
