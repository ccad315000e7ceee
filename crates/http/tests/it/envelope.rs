use crate::app::TestApp;
use actix_web::http::Method;
use actix_web::web;
use insta::assert_snapshot;
use square_kernel::testing::lock;
use square_wire::Origins;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;

async fn panics() -> &'static str {
    panic!("the secret is 42")
}

#[actix_web::test]
async fn a_panic_is_a_plain_500() {
    let app = TestApp::new();
    let extra = |config: &mut web::ServiceConfig| {
        config.route("/api/panic", web::get().to(panics));
    };
    assert_snapshot!(app.get("/api/panic").send_with(&extra).await, @r#"
    500
    {
      "code": "internal_error",
      "error": 500,
      "message": "something went wrong on this server",
      "msg": "something went wrong on this server",
      "request_id": "test",
      "success": false
    }
    "#);
    assert_eq!(app.get("/api/skills").send().await.status, 200);
}

#[actix_web::test]
async fn scripts_of_other_sites_can_read_that_of_a_panic() {
    let extra = |config: &mut web::ServiceConfig| {
        config.route("/api/panic", web::get().to(panics));
    };
    let only = || {
        let origins = Origins::Only(vec!["https://app.example".to_owned()]);
        TestApp::with(|settings| settings.cors_origins = origins)
    };
    for (app, origin, allowed) in [
        (TestApp::new(), "https://other.example", Some("*")),
        (only(), "https://app.example", Some("https://app.example")),
        (only(), "https://other.example", None),
    ] {
        let reply = app.get("/api/panic").header("Origin", origin).send_with(&extra).await;
        assert_eq!((reply.status, reply.header("Access-Control-Allow-Origin")), (500, allowed), "{origin}");
    }
}

#[actix_web::test]
async fn other_transports_add_routes_under_the_base_path() {
    let app = TestApp::new();
    let extra = |config: &mut web::ServiceConfig| {
        config.route("/api/ws", web::get().to(|_: square_http::Caller| async { "a socket" }));
    };
    assert_eq!(app.get("/api/ws").send_with(&extra).await.text(), "a socket");
    let head =
        |upgrade: &str| app.call(Method::HEAD, "/api/ws").header(upgrade, "websocket").send_with(&extra);
    assert_eq!((head("X-Other").await.status, head("Upgrade").await.status), (200, 404));
    assert_eq!(app.get("/api/ws").header("Authorization", "Bearer x").send_with(&extra).await.status, 401);
}

#[actix_web::test]
async fn a_sane_request_id_is_kept_and_any_other_replaced() {
    let app = TestApp::new();
    let sent = |id: &str| app.get("/health/live").header("X-Request-Id", id).send();
    assert_eq!(sent("a-Z.0_9").await.header("X-Request-Id"), Some("a-Z.0_9"));
    for insane in ["", "a b", "ä", "<script>", &"x".repeat(65)] {
        let reply = sent(insane).await;
        assert_eq!(reply.header("X-Request-Id").unwrap().len(), 36, "{insane}");
    }
    let reply = app.get("/nowhere").header("X-Request-Id", "mine").send().await;
    assert_eq!(
        (reply.header("X-Request-Id"), reply.json()["request_id"].as_str()),
        (Some("mine"), Some("mine"))
    );
}

#[actix_web::test]
async fn every_reply_has_the_security_headers() {
    let app = TestApp::new();
    for path in ["/api/skills", "/nowhere", "/", "/apidocs/", "/verify/a/b"] {
        let reply = app.get(path).send().await;
        assert_eq!(reply.header("X-Content-Type-Options"), Some("nosniff"), "{path}");
        assert_eq!(reply.header("Referrer-Policy"), Some("no-referrer"), "{path}");
        let policy = reply.header("Content-Security-Policy").unwrap();
        assert!(
            policy.contains("frame-ancestors 'none'") && !policy.contains("script-src 'unsafe"),
            "{path}"
        );
    }
}

#[actix_web::test]
async fn head_is_answered_like_get() {
    let app = TestApp::new();
    assert_eq!(app.call(Method::HEAD, "/api/skills").send().await.status, 200);
    assert_eq!(app.call(Method::HEAD, "/api/login").send().await.status, 405);
}

#[actix_web::test]
async fn scripts_of_other_sites_may_call_where_the_settings_let_them() {
    let preflight = |app: TestApp, origin: &'static str| async move {
        let call = app.call(Method::OPTIONS, "/api/question").header("Origin", origin);
        let call = call.header("Access-Control-Request-Method", "POST");
        let reply = call.header("Access-Control-Request-Headers", "authorization,content-type").send().await;
        (reply.status, reply.header("Access-Control-Allow-Origin").map(str::to_owned))
    };
    let any = preflight(TestApp::new(), "https://other.example").await;
    assert_eq!(any, (200, Some("*".to_owned())));
    let only = || {
        let origins = Origins::Only(vec!["https://app.example".to_owned()]);
        TestApp::with(|settings| settings.cors_origins = origins)
    };
    let allowed = preflight(only(), "https://app.example").await;
    assert_eq!(allowed, (200, Some("https://app.example".to_owned())));
    let refused = preflight(only(), "https://other.example").await;
    assert_eq!(refused, (400, None));
    let error = TestApp::new().get("/nowhere").header("Origin", "https://other.example").send().await;
    assert_eq!(error.header("Access-Control-Allow-Origin"), Some("*"));
}

#[actix_web::test]
async fn credentials_are_allowed_at_the_one_path_whose_clients_send_them() {
    let extra = |config: &mut web::ServiceConfig| {
        config.route("/socket.io/", web::get().to(|| async { "0{}" }));
    };
    let any = || TestApp::with(|settings| settings.credentialed_path = Some("/socket.io".to_owned()));
    let only = || {
        TestApp::with(|settings| {
            settings.credentialed_path = Some("/socket.io".to_owned());
            settings.cors_origins = Origins::Only(vec!["https://app.example".to_owned()]);
        })
    };
    let (app, other) = ("https://app.example", "https://other.example");
    for (server, path, origin, named, credentials) in [
        (any(), "/socket.io/", other, Some(other), Some("true")),
        (any(), "/socket.io/unknown", other, Some(other), Some("true")),
        (any(), "/socket.iox", other, Some("*"), None),
        (any(), "/api/skills", other, Some("*"), None),
        (only(), "/socket.io/", app, Some(app), Some("true")),
        (only(), "/socket.io/", other, None, None),
        (TestApp::new(), "/socket.io/", other, Some("*"), None),
    ] {
        let preflight = server.call(Method::OPTIONS, path).header("Access-Control-Request-Method", "POST");
        for call in [server.get(path), preflight.header("Access-Control-Request-Headers", "content-type")] {
            let reply = call.header("Origin", origin).send_with(&extra).await;
            let told = (
                reply.header("Access-Control-Allow-Origin"),
                reply.header("Access-Control-Allow-Credentials"),
            );
            assert_eq!(told, (named, credentials), "{path} for {origin}: {reply}");
            assert!(
                credentials.is_none() || reply.header("Vary").is_some_and(|vary| vary.contains("Origin"))
            );
        }
    }
}

#[actix_web::test]
async fn health_tells_whether_requests_can_be_served() {
    let app = TestApp::new();
    assert_snapshot!(app.get("/health/ready").send().await, @r#"
    200
    {
      "status": "ok"
    }
    "#);
    *lock(&app.broken) = true;
    assert_snapshot!(app.get("/health/ready").send().await, @r#"
    503
    {
      "code": "unavailable",
      "error": 503,
      "message": "temporarily unavailable, please try again",
      "msg": "temporarily unavailable, please try again",
      "request_id": "test",
      "success": false
    }
    "#);
    assert_eq!(app.get("/health/live").send().await.status, 200);
}

/// What one thread logs.
#[derive(Clone)]
struct Captured {
    thread: ThreadId,
    lines: Arc<Mutex<Vec<u8>>>,
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if std::thread::current().id() == self.thread {
            lock(&self.lines).write(bytes)
        } else {
            Ok(bytes.len())
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[actix_web::test]
async fn a_request_is_one_line_in_the_log_without_its_secrets() {
    let app = TestApp::new();
    let captured = Captured { thread: std::thread::current().id(), lines: Arc::default() };
    let writer = captured.clone();
    let subscriber =
        tracing_subscriber::fmt().with_ansi(false).without_time().with_writer(move || writer.clone());
    // For all threads: what one without a subscriber logs first would be switched off for every other.
    tracing::subscriber::set_global_default(subscriber.finish()).unwrap();
    let call = app.call(Method::POST, "/api/verify/t0ken/dXNlcg?key=qu3ry");
    call.header("Authorization", "Bearer s3cret").send().await;
    app.get("/api/n0where").send().await;
    let log = String::from_utf8(lock(&captured.lines).clone()).unwrap();
    assert_eq!(log.lines().count(), 2, "{log}");
    assert!(log.contains("route=\"/api/verify/{token}/{uidb64}\"") && log.contains("status=400"), "{log}");
    assert!(
        log.contains("request_id=test") && log.contains("method=POST") && log.contains("took_us="),
        "{log}"
    );
    for secret in ["t0ken", "dXNlcg", "qu3ry", "s3cret", "n0where"] {
        assert!(!log.contains(secret), "{log}");
    }
}
