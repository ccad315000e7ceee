use crate::fields::Fields;
use crate::intake::{Intake, Kind, Occurrence};
use crate::layer::{ReportLayer, is_wanted};
use crate::panics::Panics;
use square_kernel::Clock;
use square_kernel::testing::ManualClock;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tracing::level_filters::LevelFilter;
use tracing::{error, error_span, info_span, warn};
use tracing_subscriber::filter::FilterFn;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{Registry, fmt};

/// What this crate logs itself is not noted.
const ELSEWHERE: &str = "square_tests";

struct Listening {
    occurrences: mpsc::Receiver<Occurrence>,
    panics: Panics,
    _guard: tracing::subscriber::DefaultGuard,
}

/// Listens to what this thread logs, beside a log that shows nothing.
fn listen() -> Listening {
    let (intake, occurrences) = Intake::new(16, Arc::new(ManualClock::default()));
    let panics = Panics::default();
    let layer = ReportLayer { intake, panics: panics.clone() }.with_filter(FilterFn::new(is_wanted));
    let log = fmt::layer().with_writer(std::io::sink).with_filter(LevelFilter::OFF);
    let guard = Registry::default().with(log).with(layer).set_default();
    Listening { occurrences, panics, _guard: guard }
}

impl Listening {
    fn next(&mut self) -> Option<Occurrence> {
        self.occurrences.try_recv().ok()
    }
}

fn pairs(fields: &Fields) -> Vec<(&str, &str)> {
    fields.iter().collect()
}

#[test]
fn an_error_is_noted_with_the_fields_on_the_list() {
    let mut listening = listen();
    error!(target: ELSEWHERE, skill = "casting", status = 500, username = "anna", error = %"broken pipe", "no {}", "answer");
    let noted = listening.next().unwrap();
    assert_eq!(noted.message, "no answer");
    assert_eq!(pairs(&noted.fields), [("skill", "casting"), ("status", "500"), ("error", "broken pipe")]);
    assert_eq!(noted.kind, Kind::Error);
    assert_eq!(noted.target, ELSEWHERE);
    assert_eq!(noted.place.unwrap().0, file!());
    assert_eq!(noted.at, ManualClock::default().now());
}

#[test]
fn the_spans_around_say_in_which_request_it_happened() {
    let mut listening = listen();
    let request = info_span!(target: ELSEWHERE, "request", request_id = %"r-1", method = "POST", token = "x", status = 1);
    request.in_scope(|| {
        let question = info_span!(target: ELSEWHERE, "question", id = %"q-1", route = tracing::field::Empty);
        question.record("route", "/question");
        let inner = question.in_scope(|| error_span!(target: ELSEWHERE, "unlisted", id = 7));
        inner.in_scope(|| error!(target: ELSEWHERE, status = 2, "lost"));
    });
    let noted = listening.next().unwrap();
    assert_eq!(
        pairs(&noted.fields),
        [
            ("request_id", "r-1"),
            ("method", "POST"),
            ("status", "2"),
            ("question", "q-1"),
            ("route", "/question"),
        ]
    );
}

#[test]
fn a_field_recorded_on_a_bare_span_is_kept() {
    let mut listening = listen();
    let span = info_span!(target: ELSEWHERE, "request", request_id = tracing::field::Empty);
    span.record("request_id", "late");
    error!(target: ELSEWHERE, parent: &span, "lost");
    assert_eq!(pairs(&listening.next().unwrap().fields), [("request_id", "late")]);
}

#[test]
fn only_errors_are_noted_and_none_of_those_who_send() {
    let mut listening = listen();
    warn!(target: ELSEWHERE, "a warning");
    error!(target: "square_error_reports::worker", "ours");
    error!(target: "reqwest::connect", "a sender's");
    error!(target: "hyper_util::client", "a sender's");
    error!(target: "log", { log.target = "rustls::conn" }, "a sender's, by way of the log crate");
    assert!(listening.next().is_none());
    error!(target: "hyperactive", "another's");
    error!(target: "log", { log.target = "diesel" }, "another's");
    assert_eq!(listening.next().unwrap().message, "another's");
    assert_eq!(listening.next().unwrap().message, "another's");
}

#[tokio::test(start_paused = true)]
async fn the_echo_of_a_panic_is_not_noted() {
    let mut listening = listen();
    let log_echoes = || {
        error!(target: ELSEWHERE, panic = "boom", "a handler failed");
        error!(target: ELSEWHERE, "the skill panicked");
        error!(target: ELSEWHERE, error = %"task 7 panicked", "learning broke off");
    };
    let noted = |listening: &mut Listening| std::iter::from_fn(|| listening.next()).count();

    log_echoes();
    assert_eq!(noted(&mut listening), 3, "no panic was seen");
    listening.panics.note();
    log_echoes();
    error!(target: ELSEWHERE, "something else");
    assert_eq!(noted(&mut listening), 1);
    tokio::time::advance(Duration::from_secs(61)).await;
    log_echoes();
    assert_eq!(noted(&mut listening), 3, "that panic was long ago");
}

#[test]
fn long_texts_are_cut_between_words() {
    let mut listening = listen();
    error!(target: ELSEWHERE, "{} anna@example.org and more", "x".repeat(2_040));
    error!(target: ELSEWHERE, cause = "y".repeat(3_000), "a word too long");
    let text = listening.next().unwrap().message;
    assert_eq!(text, format!("{}…", "x".repeat(2_040)));
    assert_eq!(listening.next().unwrap().fields.get("cause"), Some("…"));
}

#[test]
fn a_report_has_room_for_twenty_fields() {
    let mut fields = Fields::default();
    let names: Vec<&'static str> = (0..30).map(|n| &*n.to_string().leak()).collect();
    for name in &names {
        fields.set(name, "x".to_owned());
    }
    assert_eq!(fields.iter().count(), 20);
    fields.set(names[0], "y".to_owned());
    assert_eq!(fields.get("0"), Some("y"));
}
