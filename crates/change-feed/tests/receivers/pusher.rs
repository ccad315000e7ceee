//! Changes to a server that speaks Pusher's HTTP API and answers as the test says.

use crate::support::broker::SHORT;
use crate::support::{change, changes, put_off, refused, taken};
use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use aws_lc_rs::hmac;
use md5::{Digest, Md5};
use serde::Deserialize;
use square_change_feed::{Pusher, PusherServer, PusherSettings};
use square_changes::ports::{Receiver, Refusal};
use square_kernel::testing::{ManualClock, lock};
use square_kernel::{Clock, Secret};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const KEY: &str = "278d425bdf160c739803";
const SECRET: &str = "7ad3773142a6692b25b8";

/// One event, as the server got it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Event {
    channel: String,
    name: String,
    data: String,
}

#[derive(Debug, Deserialize)]
struct Batch {
    batch: Vec<Event>,
}

/// What the server says to a batch: a status, or nothing at all.
type Answer = fn(&[Event]) -> Option<u16>;

/// The batches that came, in order, with the path of each.
type Batches = Arc<Mutex<Vec<(String, Vec<Event>)>>>;

struct Server {
    port: u16,
    batches: Batches,
    clock: Arc<ManualClock>,
}

impl Server {
    fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let batches = Batches::default();
        let clock = Arc::new(ManualClock::default());
        let (seen, time) = (Arc::clone(&batches), Arc::clone(&clock));
        let server = HttpServer::new(move || {
            let (seen, time) = (Arc::clone(&seen), Arc::clone(&time));
            App::new().default_service(web::to(move |request: HttpRequest, body: web::Bytes| {
                let (seen, time) = (Arc::clone(&seen), Arc::clone(&time));
                async move { receive(&request, &body, answer, &seen, &*time).await }
            }))
        });
        let server = server.workers(1).disable_signals().listen(listener).unwrap().run();
        actix_web::rt::spawn(server);
        Self { port, batches, clock }
    }

    fn settings(&self) -> PusherSettings {
        let server = PusherServer::at(&format!("http://127.0.0.1:{}", self.port)).unwrap();
        PusherSettings::new(server, "3", KEY, Secret::new(SECRET))
    }

    fn pusher(&self) -> Pusher {
        self.pusher_with(self.settings())
    }

    fn pusher_with(&self, settings: PusherSettings) -> Pusher {
        Pusher::new(settings, Arc::clone(&self.clock) as Arc<dyn Clock>).unwrap()
    }

    fn says(&self, what: &str) -> String {
        format!("Pusher at http://127.0.0.1:{} {what}", self.port)
    }

    /// How many events each request brought.
    fn sizes(&self) -> Vec<usize> {
        lock(&self.batches).iter().map(|(_, events)| events.len()).collect()
    }
}

async fn receive(
    request: &HttpRequest,
    body: &[u8],
    answer: Answer,
    seen: &Batches,
    clock: &dyn Clock,
) -> HttpResponse {
    if !is_signed(request, body, clock) {
        return HttpResponse::Unauthorized().finish();
    }
    let Batch { batch } = serde_json::from_slice(body).unwrap();
    lock(seen).push((request.path().to_owned(), batch.clone()));
    let Some(status) = answer(&batch) else { return std::future::pending().await };
    let mut response = HttpResponse::build(StatusCode::from_u16(status).unwrap());
    if (300..400).contains(&status) {
        response.insert_header((LOCATION, "/elsewhere"));
    }
    response.body(format!("{{\"words\": \"{SECRET}\"}}"))
}

/// Checks a request as Pusher's documentation has it: every parameter but the signature, sorted by name, is signed
/// together with method and path, and one of them is the body's digest.
fn is_signed(request: &HttpRequest, body: &[u8], clock: &dyn Clock) -> bool {
    let query = web::Query::<BTreeMap<String, String>>::from_query(request.query_string());
    let mut parameters = query.unwrap().into_inner();
    let Some(signature) = parameters.remove("auth_signature") else { return false };
    let pairs: Vec<String> = parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
    // What a proxy in front would have taken away.
    let path = request.path().strip_prefix("/push").unwrap_or(request.path());
    let signed = format!("{}\n{path}\n{}", request.method(), pairs.join("&"));
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    signature == hex(hmac::sign(&key, signed.as_bytes()).as_ref())
        && parameters.remove("body_md5") == Some(hex(&Md5::digest(body)))
        && parameters.remove("auth_key").as_deref() == Some(KEY)
        && parameters.remove("auth_version").as_deref() == Some("1.0")
        && parameters.remove("auth_timestamp") == Some(clock.now().as_second().to_string())
        && parameters.is_empty()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// Whether the second change is among the events.
fn has_second(events: &[Event]) -> bool {
    events.iter().any(|event| event.data.contains("000000000002\""))
}

#[actix_web::test]
async fn changes_arrive_signed_and_in_order() {
    let server = Server::start(|_| Some(200));
    let outcome = server.pusher().deliver(&changes(2)).await;
    assert_eq!(outcome, taken(2));
    let event = |number: u32| Event {
        channel: "skill".to_owned(),
        name: "update".to_owned(),
        data: format!(
            "{{\"id\":\"00000000-0000-0000-0000-00000000000{number}\",\"channel\":\"skill\",\
             \"event\":\"update\",\"entity_id\":\"00000000000000000000000000000abc\",\
             \"at\":\"2026-01-01T00:00:00.25Z\"}}"
        ),
    };
    let expected = ("/apps/3/batch_events".to_owned(), vec![event(1), event(2)]);
    assert_eq!(*lock(&server.batches), [expected]);
}

#[actix_web::test]
async fn at_most_ten_go_in_a_request() {
    let server = Server::start(|_| Some(200));
    let pusher = server.pusher();
    assert_eq!(pusher.batch(), 10);
    assert_eq!(pusher.deliver(&changes(25)).await, taken(25));
    assert_eq!(server.sizes(), [10, 10, 5]);
}

#[actix_web::test]
async fn nothing_to_tell_asks_nobody() {
    let server = Server::start(|_| Some(500));
    assert_eq!(server.pusher().deliver(&[]).await, taken(0));
    assert_eq!(server.sizes(), [0; 0]);
}

#[actix_web::test]
async fn one_event_that_is_refused_is_found_among_the_others() {
    for status in [400, 413, 422] {
        let answer: Answer = match status {
            400 => |events| Some(if has_second(events) { 400 } else { 200 }),
            413 => |events| Some(if has_second(events) { 413 } else { 200 }),
            _ => |events| Some(if has_second(events) { 422 } else { 200 }),
        };
        let server = Server::start(answer);
        let pusher = server.pusher();
        let text = server.says(&format!("refused the event with status {status}"));
        assert_eq!(pusher.deliver(&changes(4)).await, refused(1, text));
        assert_eq!(server.sizes(), [4, 1, 1]);
        assert_eq!(pusher.deliver(&changes(4)[2..]).await, taken(2));
    }
}

#[actix_web::test]
async fn a_batch_that_is_too_large_goes_one_by_one() {
    let server = Server::start(|events| Some(if events.len() > 1 { 413 } else { 200 }));
    assert_eq!(server.pusher().deliver(&changes(3)).await, taken(3));
    assert_eq!(server.sizes(), [3, 1, 1, 1]);
}

#[actix_web::test]
async fn trouble_while_going_one_by_one_ends_the_count() {
    let server = Server::start(|events| match events.len() {
        1 if has_second(events) => Some(503),
        1 => Some(200),
        _ => Some(400),
    });
    let outcome = server.pusher().deliver(&changes(3)).await;
    assert_eq!(outcome, put_off(1, server.says("is in trouble (status 503)")));
}

#[actix_web::test]
async fn other_refusals_put_changes_off_and_say_why() {
    for (answer, what) in [
        ((|_| Some(307)) as Answer, "sends us elsewhere; its address must be the final one (status 307)"),
        (
            |_| Some(401),
            "does not accept our signature; check the key, the secret and this machine's clock (status 401)",
        ),
        (|_| Some(403), "does not let the app in; it may be disabled or over its quota (status 403)"),
        (|_| Some(404), "knows no such app; check the app's id and the server's address (status 404)"),
        (|_| Some(418), "answered something unexpected (status 418)"),
        (|_| Some(429), "asks us to slow down (status 429)"),
        (|_| Some(500), "is in trouble (status 500)"),
    ] {
        let server = Server::start(answer);
        assert_eq!(server.pusher().deliver(&changes(3)).await, put_off(0, server.says(what)));
        assert_eq!(server.sizes(), [3], "neither repeated nor followed elsewhere");
    }
}

#[actix_web::test]
async fn a_wrong_secret_is_noticed() {
    let server = Server::start(|_| Some(200));
    let pusher = server.pusher_with(PusherSettings { secret: Secret::new("wrong"), ..server.settings() });
    let Some(Refusal::Temporary(reason)) = pusher.deliver(&changes(1)).await.refusal else {
        panic!("the signature was taken");
    };
    assert!(reason.contains("status 401"), "{reason}");
}

#[actix_web::test]
async fn a_server_that_says_nothing_is_waited_for_no_longer_than_the_limit() {
    let server = Server::start(|_| None);
    let pusher = server.pusher_with(PusherSettings { timeout: SHORT, ..server.settings() });
    let outcome = pusher.deliver(&changes(1)).await;
    assert_eq!(outcome, put_off(0, server.says("did not answer within 200ms")));
}

#[actix_web::test]
async fn the_limit_holds_for_all_requests_together() {
    let server = Server::start(|events| match events.len() {
        1 if has_second(events) => None,
        1 => Some(200),
        _ => Some(400),
    });
    let pusher = server.pusher_with(PusherSettings { timeout: Duration::from_secs(1), ..server.settings() });
    let outcome = pusher.deliver(&changes(3)).await;
    assert_eq!(outcome, put_off(1, server.says("did not answer within 1s")));
}

#[actix_web::test]
async fn a_port_where_nobody_listens_puts_changes_off_without_showing_the_signature() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
    drop(listener);
    let settings = PusherSettings::new(PusherServer::at(&place).unwrap(), "3", KEY, Secret::new(SECRET));
    let pusher = Pusher::new(settings, Arc::new(ManualClock::default())).unwrap();
    let Some(Refusal::Temporary(reason)) = pusher.deliver(&[change(1)]).await.refusal else {
        panic!("there was somebody");
    };
    assert!(reason.starts_with(&format!("Pusher at {place} cannot be reached: ")), "{reason}");
    assert!(!reason.contains("auth_"), "{reason}");
}

#[actix_web::test]
async fn a_path_in_front_of_the_server_is_not_signed() {
    let server = Server::start(|_| Some(200));
    let place = format!("http://127.0.0.1:{}/push/", server.port);
    let settings = PusherSettings { server: PusherServer::at(&place).unwrap(), ..server.settings() };
    assert_eq!(server.pusher_with(settings).deliver(&changes(1)).await, taken(1));
    assert_eq!(lock(&server.batches)[0].0, "/push/apps/3/batch_events");
}

#[test]
fn settings_that_cannot_work_are_refused_by_name() {
    let refused = |change: fn(&mut PusherSettings)| {
        let server = PusherServer::cluster("eu").unwrap();
        let mut settings = PusherSettings::new(server, "3", KEY, Secret::new(SECRET));
        change(&mut settings);
        let made = Pusher::new(settings, Arc::new(ManualClock::default()));
        made.err().expect("the settings were accepted").to_string()
    };
    insta::assert_snapshot!(refused(|s| s.app_id = "3/4".to_owned()), @"pusher.app_id must be the id of a Pusher app");
    insta::assert_snapshot!(refused(|s| s.app_id = String::new()), @"pusher.app_id must be the id of a Pusher app");
    insta::assert_snapshot!(refused(|s| s.key = "a&b=c".to_owned()), @"pusher.key must be the key of a Pusher app");
    insta::assert_snapshot!(refused(|s| s.secret = Secret::new("")), @"pusher.secret must not be empty");
    insta::assert_snapshot!(refused(|s| s.timeout = Duration::ZERO), @"pusher.timeout_ms must be 1 to 3600000");
}

#[test]
fn the_secret_is_not_shown() {
    let server = PusherServer::cluster("eu").unwrap();
    let settings = PusherSettings::new(server, "3", KEY, Secret::new(SECRET));
    assert!(!format!("{settings:?}").contains(SECRET));
}
