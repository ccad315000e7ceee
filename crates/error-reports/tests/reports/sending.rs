use crate::stand_in::{Answer, StandIn};
use crate::{LONG, log_of, settings, start};
use actix_web::http::StatusCode;
use serde_json::json;
use square_error_reports::{ErrorReports, SetupError};
use square_kernel::Secret;
use square_kernel::testing::{ManualClock, SeededRandomness};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tracing::dispatcher::with_default;
use tracing::{error, info_span};

#[test]
fn an_error_becomes_an_item_as_rollbar_documents_it() {
    let rollbar = StandIn::start(&[]);
    let reports = start(&settings(&rollbar.url));
    with_default(&log_of(&reports), || {
        let request = info_span!("request", request_id = "r-1", method = "GET", route = "/api/skills");
        request.in_scope(|| error!(cause = %"no reply to anna@example.org", username = "anna", "lost"));
    });
    let received = rollbar.next();
    assert_eq!((received.path.as_str(), received.token.as_str()), ("/api/1/item/", "the-token"));
    let mut item = received.body;
    let data = &mut item["data"];
    assert_eq!(data["uuid"].take().as_str().unwrap().len(), 36);
    assert_eq!(data["fingerprint"].take().as_str().unwrap().len(), 40);
    let place = data["custom"]["place"].take();
    assert!(place.as_str().unwrap().starts_with(concat!(file!(), ":")), "{place}");
    let expected = json!({
        "access_token": "the-token",
        "data": {
            "environment": "test",
            "body": { "message": { "body": "lost" } },
            "level": "error",
            "timestamp": 1_767_225_600,
            "code_version": "1.2.3",
            "platform": std::env::consts::OS,
            "language": "rust",
            "context": "/api/skills",
            "server": { "host": "node-1", "code_version": "1.2.3" },
            "custom": {
                "request_id": "r-1",
                "method": "GET",
                "route": "/api/skills",
                "cause": "no reply to [e-mail]",
                "target": module_path!(),
                "place": null,
                "occurrences": 1,
            },
            "fingerprint": null,
            "title": "lost",
            "uuid": null,
            "notifier": { "name": "square-error-reports", "version": env!("CARGO_PKG_VERSION") },
        },
    });
    assert_eq!(item, expected);
}

#[test]
fn what_waits_is_handed_over_at_the_end() {
    let rollbar = StandIn::start(&[]);
    let reports = start(&settings(&rollbar.url));
    with_default(&log_of(&reports), || (0..10).for_each(|number| error!("attempt {number} failed")));
    drop(reports);
    let told: Vec<_> =
        rollbar.rest().iter().map(|item| item.at("/data/custom/occurrences").as_u64()).collect();
    assert_eq!(told, [Some(1), Some(9)]);
}

#[test]
fn an_answer_of_later_leads_to_the_same_item_again() {
    let statuses =
        [StatusCode::TOO_MANY_REQUESTS, StatusCode::INTERNAL_SERVER_ERROR, StatusCode::BAD_GATEWAY];
    for status in statuses {
        let rollbar = StandIn::start(&[Answer::Status(status)]);
        let reports = start(&settings(&rollbar.url));
        with_default(&log_of(&reports), || error!("lost"));
        let first = rollbar.next();
        drop(reports);
        let again = rollbar.rest();
        assert_eq!(again.len(), 1, "{status}");
        assert_eq!(again[0].body, first.body, "{status}");
    }
}

#[test]
fn what_is_refused_is_not_sent_again() {
    let rollbar = StandIn::start(&[Answer::Status(StatusCode::UNAUTHORIZED)]);
    let reports = start(&settings(&rollbar.url));
    with_default(&log_of(&reports), || error!("lost"));
    rollbar.next();
    drop(reports);
    assert!(rollbar.rest().is_empty());
}

#[test]
fn a_server_that_never_answers_holds_up_nobody() {
    let rollbar = StandIn::start(&[Answer::Never]);
    let mut settings = settings(&rollbar.url);
    settings.flush_within = Duration::from_millis(10);
    let reports = start(&settings);
    let begun = Instant::now();
    with_default(&log_of(&reports), || {
        error!("lost");
        rollbar.next();
        (0..10_000).for_each(|_| error!("lost again"));
    });
    drop(reports);
    assert!(begun.elapsed() < LONG);
}

#[test]
fn a_server_that_is_slow_is_given_up_within_the_limit() {
    let rollbar = StandIn::start(&[Answer::Never]);
    let mut settings = settings(&rollbar.url);
    settings.time_limit = Duration::from_millis(50);
    let reports = start(&settings);
    with_default(&log_of(&reports), || error!("lost"));
    let first = rollbar.next();
    drop(reports);
    let again = rollbar.rest();
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].at("/data/uuid"), first.at("/data/uuid"));
}

#[test]
fn a_server_that_is_not_there_holds_up_nobody() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let reports = start(&settings(&format!("http://{nobody}")));
    let begun = Instant::now();
    with_default(&log_of(&reports), || error!("lost"));
    drop(reports);
    assert!(begun.elapsed() < LONG);
}

#[test]
fn what_is_logged_after_the_end_harms_nobody() {
    let rollbar = StandIn::start(&[]);
    let reports = start(&settings(&rollbar.url));
    let log = log_of(&reports);
    drop(reports);
    with_default(&log, || error!("too late"));
    assert!(rollbar.rest().is_empty());
}

#[test]
fn settings_that_cannot_work_are_found_at_the_start() {
    let start = |settings| {
        ErrorReports::start(
            &settings,
            Arc::new(ManualClock::default()),
            Arc::new(SeededRandomness::default()),
        )
    };
    assert!(matches!(start(settings("rollbar")), Err(SetupError::Endpoint)));
    let mut settings = settings("http://127.0.0.1:1");
    settings.token = Secret::new("two\nlines");
    assert!(matches!(start(settings), Err(SetupError::Token)));
}

#[test]
fn a_reporter_shows_nothing_of_itself() {
    let rollbar = StandIn::start(&[]);
    assert_eq!(format!("{:?}", start(&settings(&rollbar.url))), "ErrorReports { .. }");
}
