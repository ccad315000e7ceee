//! A server on the loopback interface over fakes, and a client that talks to it.

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer};
use futures::{SinkExt, StreamExt};
use serde_json::Value;
use square_accounts::testing::TestAccounts;
use square_changes::testing::{Draft, MemoryChanges};
use square_changes::{Change, Subscribers};
use square_kernel::testing::{ManualClock, PlainHash, SeededRandomness, TransparentSealer};
use square_kernel::uuid::Uuid;
use square_kernel::{Clock, SkillId, UserId};
use square_limits::Meter;
use square_limits::testing::MemoryLimits;
use square_routing::testing::{MemoryLog, ScriptedSelector};
use square_routing::{Router, RouterParts, RouterPolicy, Selector};
use square_skills::ports::{Learner, SkillStore};
use square_skills::testing::{
    MemoryModels, MemorySkills, RefusingGuard, ScriptedConnector, ScriptedProber, ScriptedSkill, SkillScript,
};
use square_skills::{
    ProbePolicy, Protocol, RegisteredSkill, SkillAddress, SkillDescription, SkillDirectory, SkillName,
    SkillUrl, Skills, SkillsParts,
};
use square_websocket::{WebSocketServices, WebSocketSettings, configure};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::Response;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A test that hangs is wrong; this ends it.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct TestServer {
    pub(crate) accounts: TestAccounts,
    pub(crate) store: Arc<MemorySkills>,
    pub(crate) services: WebSocketServices,
    pub(crate) log: Arc<MemoryLog>,
    changes: MemoryChanges,
    connector: Arc<ScriptedConnector>,
    clock: Arc<ManualClock>,
    port: u16,
    server: ServerHandle,
}

impl TestServer {
    pub(crate) fn start() -> Self {
        Self::with(WebSocketSettings::default(), Vec::new())
    }

    pub(crate) fn with(settings: WebSocketSettings, learners: Vec<Arc<dyn Learner>>) -> Self {
        Self::of(settings, learners, RouterPolicy::default())
    }

    /// One whose operator chose otherwise about questions.
    pub(crate) fn with_policy(policy: RouterPolicy) -> Self {
        Self::of(WebSocketSettings::default(), Vec::new(), policy)
    }

    fn of(settings: WebSocketSettings, learners: Vec<Arc<dyn Learner>>, policy: RouterPolicy) -> Self {
        let accounts = TestAccounts::default();
        let clock = Arc::new(ManualClock::default());
        let randomness = Arc::new(SeededRandomness::default());
        let (store, connector) = (Arc::new(MemorySkills::new()), Arc::new(ScriptedConnector::default()));
        let directory = Arc::new(SkillDirectory::new(connector.clone()));
        let skills = Skills::new(SkillsParts {
            store: store.clone(),
            models: Arc::new(MemoryModels::default()),
            directory: directory.clone(),
            guard: Arc::new(RefusingGuard::default()),
            prober: Arc::new(ScriptedProber::default()),
            learners,
            sealer: Arc::new(TransparentSealer),
            limits: Arc::new(MemoryLimits::default()),
            keyed_hash: Arc::new(PlainHash),
            probing: ProbePolicy::default(),
            most_per_owner: None,
            clock: clock.clone(),
            randomness: randomness.clone(),
        });
        let scores = (1..10).map(|number| (skill_id(number), 0.9));
        let selector: Arc<dyn Selector> = Arc::new(ScriptedSelector::new("Square", scores));
        let log = Arc::new(MemoryLog::default());
        let router = Router::new(RouterParts {
            directory,
            selectors: vec![selector],
            fallback: None,
            log: log.clone(),
            clock: clock.clone(),
            randomness,
            meter: Arc::new(Meter::new(clock.clone())),
            keyed_hash: Arc::new(PlainHash),
            policy,
        });
        let services = WebSocketServices {
            accounts: accounts.accounts.clone(),
            skills: Arc::new(skills),
            router: Arc::new(router),
            subscribers: Subscribers::default(),
            settings,
            shutdown: CancellationToken::new(),
            sockets: TaskTracker::new(),
        };
        let configured = configure(services.clone());
        let server = HttpServer::new(move || App::new().configure(configured.clone()))
            .workers(1)
            .disable_signals()
            .bind(("127.0.0.1", 0))
            .unwrap();
        let port = server.addrs()[0].port();
        let running = server.run();
        let server = running.handle();
        actix_web::rt::spawn(running);
        let changes = MemoryChanges::default();
        Self { accounts, store, services, log, changes, connector, clock, port, server }
    }

    /// A published skill whose answers come from the test.
    pub(crate) async fn skill(&self, number: u8, name: &str) -> SkillScript {
        let (skill, script) = ScriptedSkill::new();
        self.connector.put(&url(number), skill);
        self.register(number, name, Uuid::nil().into(), true).await;
        script
    }

    pub(crate) async fn register(&self, number: u8, name: &str, owner: UserId, published: bool) {
        let at = self.clock.now();
        let skill = RegisteredSkill {
            id: skill_id(number),
            owner,
            name: SkillName::parse(name).unwrap(),
            description: SkillDescription::parse(&format!("Knows {name}.")).unwrap(),
            address: SkillAddress::Remote {
                url: SkillUrl::parse(&url(number)).unwrap(),
                protocol: Protocol::Square,
            },
            secret: None,
            signing: None,
            model: None,
            published,
            samples: Arc::default(),
            created_at: at,
            updated_at: at,
        };
        self.store.let_own(owner);
        self.store.insert(&skill, None, None).await.unwrap();
        self.services.skills.load().await.unwrap();
    }

    /// Registers and signs in; the account and its access token.
    pub(crate) async fn sign_in(&self, name: &str) -> (UserId, String) {
        let account = self.accounts.register(name).await;
        let signed_in = self.accounts.sign_in(name).await;
        (account.id, signed_in.tokens.access.expose().to_owned())
    }

    /// What happens once a change is stored.
    pub(crate) fn publish(&self, draft: Draft) -> Arc<Change> {
        let change = Arc::new(self.changes.record(draft));
        self.services.subscribers.publish(&change);
        change
    }

    pub(crate) async fn connect(&self) -> Client {
        self.connect_with(&[]).await.unwrap_or_else(|refused| panic!("refused: {refused:?}")).0
    }

    /// Connects with these headers; what came back, or the response by which the server refused.
    pub(crate) async fn connect_with(
        &self,
        headers: &[(&'static str, &str)],
    ) -> Result<(Client, Response<Option<Vec<u8>>>), Box<Response<Option<Vec<u8>>>>> {
        let mut request = format!("ws://127.0.0.1:{}/api/ws", self.port).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match connect_async(request).await {
            Ok((stream, response)) => Ok((Client { stream }, response)),
            Err(Error::Http(response)) => Err(response),
            Err(error) => panic!("no connection: {error}"),
        }
    }

    /// Returns once every socket is closed.
    pub(crate) async fn deserted(&self) {
        self.services.sockets.close();
        in_time(self.services.sockets.wait()).await;
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        drop(self.server.stop(false));
    }
}

pub(crate) struct Client {
    pub(crate) stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Client {
    pub(crate) async fn send(&mut self, message: Value) {
        self.stream.send(Message::text(message.to_string())).await.unwrap();
    }

    pub(crate) async fn send_raw(&mut self, message: Message) {
        self.stream.send(message).await.unwrap();
    }

    /// The next message of the protocol.
    pub(crate) async fn next(&mut self) -> Value {
        in_time(async {
            loop {
                match self.next_raw().await {
                    Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                    Message::Ping(_) | Message::Pong(_) => {}
                    other => panic!("not a message: {other:?}"),
                }
            }
        })
        .await
    }

    /// The next message of the transport.
    pub(crate) async fn next_raw(&mut self) -> Message {
        in_time(async { self.stream.next().await.expect("the socket is closed").unwrap() }).await
    }

    /// Sends and gives the next message.
    pub(crate) async fn ask(&mut self, message: Value) -> Value {
        self.send(message).await;
        self.next().await
    }

    /// The code that the server closes with, all before it passed over; `None` without a close frame.
    pub(crate) async fn closed(&mut self) -> Option<u16> {
        in_time(async {
            loop {
                match self.stream.next().await {
                    Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code.into()),
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return None,
                }
            }
        })
        .await
    }
}

pub(crate) fn skill_id(number: u8) -> SkillId {
    Uuid::from_u128(number.into()).into()
}

/// What of an event tells one from another.
pub(crate) fn brief(event: &Value) -> String {
    let text = |field: &str| event[field].as_str().unwrap_or_default();
    let said = event["results"][0]["text"].as_str().unwrap_or_default();
    [
        text("ref"),
        text("type"),
        &event["seq"].to_string(),
        text("name"),
        said,
        text("error_code"),
        text("ending"),
    ]
    .iter()
    .filter(|part| !part.is_empty())
    .copied()
    .collect::<Vec<_>>()
    .join(" ")
}

pub(crate) async fn in_time<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("nothing happened")
}

fn url(number: u8) -> String {
    format!("https://skill-{number}.example")
}
