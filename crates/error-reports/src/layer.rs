use crate::fields::{Collector, Fields};
use crate::intake::{Intake, Kind, Occurrence};
use crate::panics::Panics;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

/// Those that sending a report may make log something: their errors would lead to further reports.
const SENDING: &[&str] = &[
    "square_error_reports",
    "reqwest",
    "hyper",
    "hyper_rustls",
    "hyper_util",
    "h2",
    "rustls",
    "rustls_platform_verifier",
];

/// Makes an occurrence of every event at the level ERROR, with the fields of the spans around it.
pub(crate) struct ReportLayer {
    pub(crate) intake: Intake,
    pub(crate) panics: Panics,
}

/// What the layer is shown: errors, and the spans that say in what they happened.
pub(crate) fn is_wanted(metadata: &Metadata<'_>) -> bool {
    let level = if metadata.is_span() { Level::INFO } else { Level::ERROR };
    *metadata.level() <= level && !is_sending(metadata.target())
}

fn is_sending(target: &str) -> bool {
    let name = target.split_once("::").map_or(target, |(name, _)| name);
    SENDING.contains(&name)
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for ReportLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut collector = Collector::of_span(attributes.metadata().name());
        attributes.record(&mut collector);
        if let Some(span) = context.span(id).filter(|_| !collector.fields.is_empty()) {
            span.extensions_mut().insert(collector.fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut collector = Collector::of_span(span.name());
        values.record(&mut collector);
        let mut extensions = span.extensions_mut();
        match extensions.get_mut::<Fields>() {
            Some(fields) => fields.extend(&collector.fields),
            None => extensions.insert(collector.fields),
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut collector = Collector::of_event();
        event.record(&mut collector);
        if collector.log_target.as_deref().is_some_and(is_sending) {
            return;
        }
        if tells_of_panic(&collector) && self.panics.was_one_lately() {
            return;
        }
        let mut fields = context.event_span(event).map(|span| fields_around(&span)).unwrap_or_default();
        fields.extend(&collector.fields);
        let metadata = event.metadata();
        self.intake.put(Occurrence {
            at: self.intake.now(),
            kind: Kind::Error,
            message: collector.message,
            target: metadata.target(),
            place: metadata.file().map(str::to_owned).zip(metadata.line()),
            fields,
        });
    }
}

/// The fields of a span and of those it lies in; inner ones win.
pub(crate) fn fields_around<S: for<'a> LookupSpan<'a>>(span: &SpanRef<'_, S>) -> Fields {
    let mut all = Fields::default();
    for span in span.scope().from_root() {
        if let Some(fields) = span.extensions().get::<Fields>() {
            all.extend(fields);
        }
    }
    all
}

/// Whether an event is what somebody logged who caught a panic. The hook has seen that panic before.
fn tells_of_panic(event: &Collector) -> bool {
    event.fields.get("panic").is_some()
        || event.message.contains("panicked")
        || event.fields.iter().any(|(_, text)| text.contains("panicked"))
}
