//! A server that plays Rollbar.

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::Value;
use std::collections::VecDeque;
use std::net::TcpListener;
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

/// What the stand-in does with a request.
#[derive(Clone, Copy)]
pub(crate) enum Answer {
    Status(StatusCode),
    Never,
}

/// A request as it came.
pub(crate) struct Received {
    pub(crate) path: String,
    pub(crate) token: String,
    pub(crate) body: Value,
}

impl Received {
    /// A value of the item, by its JSON pointer.
    pub(crate) fn at(&self, pointer: &str) -> &Value {
        self.body.pointer(pointer).unwrap_or(&Value::Null)
    }
}

struct Play {
    script: Mutex<VecDeque<Answer>>,
    received: mpsc::Sender<Received>,
}

pub(crate) struct StandIn {
    pub(crate) url: String,
    received: mpsc::Receiver<Received>,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl StandIn {
    /// Answers as the script says, one answer a request, and 200 when it has ended.
    pub(crate) fn start(script: &[Answer]) -> Self {
        let (out, received) = mpsc::channel();
        let play = Data::new(Play { script: Mutex::new(script.iter().copied().collect()), received: out });
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let url = format!("http://{}", listener.local_addr().expect("it has an address"));
        let (handle, started) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let app = move || App::new().app_data(play.clone()).default_service(web::to(take));
                let server = HttpServer::new(app)
                    .workers(1)
                    .disable_signals()
                    .listen(listener)
                    .expect("the stand-in runs")
                    .run();
                handle.send(server.handle()).expect("the stand-in runs");
                server.await.expect("the stand-in runs");
            });
        });
        Self { url, received, handle: started.recv().expect("the stand-in runs"), thread: Some(thread) }
    }

    /// The next request; waits for it.
    pub(crate) fn next(&self) -> Received {
        self.received.recv_timeout(Duration::from_mins(1)).expect("a request comes")
    }

    /// The requests that came and were not asked for yet.
    pub(crate) fn rest(&self) -> Vec<Received> {
        self.received.try_iter().collect()
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

async fn take(request: HttpRequest, body: Bytes, play: Data<Play>) -> HttpResponse {
    let token = request.headers().get("x-rollbar-access-token");
    let received = Received {
        path: request.path().to_owned(),
        token: token.map(|token| token.to_str().expect("it is text").to_owned()).unwrap_or_default(),
        body: serde_json::from_slice(&body).expect("it is JSON"),
    };
    play.received.send(received).ok();
    let answer = play
        .script
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .pop_front()
        .unwrap_or(Answer::Status(StatusCode::OK));
    match answer {
        Answer::Status(status) => HttpResponse::build(status).finish(),
        Answer::Never => std::future::pending().await,
    }
}
