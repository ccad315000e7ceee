//! The panic hook belongs to the whole process, so these tests take turns.

use crate::stand_in::StandIn;
use crate::{log_of, settings, start};
use serde_json::json;
use square_kernel::testing::lock;
use std::panic::{self, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tracing::dispatcher::with_default;
use tracing::{error, info_span};

static TURN: Mutex<()> = Mutex::new(());

#[test]
fn a_panic_is_reported_once_with_its_request() {
    let _turn = lock(&TURN);
    let rollbar = StandIn::start(&[]);
    let reports = start(&settings(&rollbar.url));
    reports.report_panics();
    with_default(&log_of(&reports), || {
        info_span!("request", request_id = "r-1").in_scope(|| {
            let panic = catch_unwind(|| panic!("no room for {}", "anna@example.org")).unwrap_err();
            error!(panic = panic.downcast_ref::<String>(), "a handler panicked");
        });
    });
    drop(reports);
    let received = rollbar.rest();
    assert_eq!(received.len(), 1);
    let item = &received[0];
    let frame = item.at("/data/body/trace/frames/0");
    assert_eq!(frame["filename"], file!());
    assert!(frame["lineno"].is_u64());
    let exception = json!({ "class": "panic", "message": "no room for [e-mail]" });
    assert_eq!(*item.at("/data/body/trace/exception"), exception);
    assert_eq!(*item.at("/data/level"), "critical");
    assert_eq!(*item.at("/data/custom/request_id"), "r-1");
    assert_eq!(*item.at("/data/custom/thread"), "panics::a_panic_is_reported_once_with_its_request");
}

#[test]
fn a_panic_of_a_thread_without_a_log_is_reported() {
    let _turn = lock(&TURN);
    let rollbar = StandIn::start(&[]);
    let reports = start(&settings(&rollbar.url));
    reports.report_panics();
    assert!(std::thread::spawn(|| panic::panic_any(7)).join().is_err());
    drop(reports);
    let received = rollbar.rest();
    assert_eq!(*received[0].at("/data/body/trace/exception/message"), "a panic without a message");
}

#[test]
fn the_hook_that_was_there_still_runs() {
    let _turn = lock(&TURN);
    let ran = Arc::new(AtomicBool::new(false));
    let hook = ran.clone();
    panic::set_hook(Box::new(move |_| hook.store(true, Ordering::Relaxed)));
    let rollbar = StandIn::start(&[]);
    let reports = start(&settings(&rollbar.url));
    reports.report_panics();
    assert!(catch_unwind(|| panic!("boom")).is_err());
    drop(panic::take_hook());
    assert!(ran.load(Ordering::Relaxed));
    assert_eq!(*rollbar.next().at("/data/title"), "boom");
}
