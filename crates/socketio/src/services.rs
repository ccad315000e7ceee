use crate::places::{Most, Places};
use crate::session;
use crate::transport::Transport;
use actix_web::web::{self, ServiceConfig};
use socketioxide::{ParserConfig, SocketIo};
use square_accounts::Accounts;
use square_routing::Router;
use square_skills::Skills;
use square_wire::Origins;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// `train` has two; no other event has any.
const MOST_ATTACHMENTS: usize = 2;

/// What sockets call, and what ends them.
#[derive(Clone)]
pub struct SocketIoServices {
    /// The use cases on accounts.
    pub accounts: Arc<Accounts>,
    /// The use cases on skills.
    pub skills: Arc<Skills>,
    /// The use cases on questions.
    pub router: Arc<Router>,
    /// What the operator chose.
    pub settings: SocketIoSettings,
    /// Once cancelled, every socket is closed and no new one is taken.
    pub shutdown: CancellationToken,
    /// What is still open: close the tracker and wait on it to see the last socket told.
    pub sockets: TaskTracker,
}

/// What the operator chooses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocketIoSettings {
    /// Where clients connect to, as their option `path` says it: with a leading and without a trailing `/`.
    pub path: String,
    /// Where scripts of other sites may connect from.
    pub origins: Origins,
    /// How many sessions may be open.
    pub most_sessions: usize,
    /// How many of them may be of one address.
    pub most_sessions_per_address: usize,
    /// How much sockets may take up.
    pub limits: Limits,
}

/// How much one socket may take up, and all of them where it says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The largest message, attachments included, in bytes.
    pub message: usize,
    /// How many bytes of messages that are not whole yet may lie here, beside a small share that each session has for itself.
    pub unfinished: usize,
    /// How many of them may be of one address.
    pub unfinished_per_address: usize,
    /// How many questions, trainings and the like may be under way on one socket.
    pub under_way: usize,
    /// How many packets wait to be taken by the client.
    pub waiting: usize,
    /// How long a client may leave what waits for it untaken.
    pub unread: Duration,
    /// How long a client of version 3 and later may take to connect to the namespace.
    pub connect: Duration,
    /// How long the body of a polling request may take.
    pub body: Duration,
}

impl Default for SocketIoSettings {
    fn default() -> Self {
        Self {
            path: "/socket.io".to_owned(),
            origins: Origins::Any,
            most_sessions: 10_000,
            most_sessions_per_address: 1_000,
            limits: Limits::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // `train` has two files of 5 MiB, which polling clients send in base64.
            message: 15 * 1024 * 1024,
            unfinished: 256 * 1024 * 1024,
            // Two of the largest at once.
            unfinished_per_address: 32 * 1024 * 1024,
            under_way: 32,
            waiting: 16,
            unread: Duration::from_secs(30),
            // Clients do it with their second request.
            connect: Duration::from_secs(20),
            body: Duration::from_secs(30),
        }
    }
}

/// The Socket.IO side of a server. Cheap to clone; what one clone takes in, all know.
#[derive(Clone)]
pub struct SocketIoServer {
    transport: Arc<Transport>,
}

impl SocketIoServer {
    /// Makes what all workers share. Must be called within a tokio runtime.
    pub fn new(services: SocketIoServices) -> Self {
        let limits = &services.settings.limits;
        let (engine, io) = SocketIo::builder()
            .req_path(services.settings.path.clone())
            .connect_timeout(limits.connect)
            .max_buffer_size(limits.waiting)
            .max_payload(u64::try_from(limits.message).unwrap_or(u64::MAX))
            .ws_max_message_size(limits.message)
            .ws_max_frame_size(limits.message)
            .with_parser(
                ParserConfig::common()
                    .max_incoming_binary_buf_size(limits.message)
                    .max_incoming_binaries(MOST_ATTACHMENTS),
            )
            .build_svc();
        let settings = &services.settings;
        let places = Places::new(Most {
            sessions: settings.most_sessions,
            sessions_per_place: settings.most_sessions_per_address,
            bytes: settings.limits.unfinished,
            bytes_per_place: settings.limits.unfinished_per_address,
        });
        let services = Arc::new(services);
        session::register(&io, &services);
        services.sockets.spawn({
            let shutdown = services.shutdown.clone();
            async move {
                shutdown.cancelled().await;
                io.close().await;
            }
        });
        Self { transport: Arc::new(Transport { services, engine, places }) }
    }

    /// Adds it to an application, at its full path.
    pub fn configure(&self, config: &mut ServiceConfig) {
        let path = self.transport.services.settings.path.clone();
        let transport = Arc::clone(&self.transport);
        let take = move |request, body| {
            let transport = Arc::clone(&transport);
            async move { transport.take(request, body).await }
        };
        config.service(web::resource([path.clone(), format!("{path}/")]).to(take));
    }
}
