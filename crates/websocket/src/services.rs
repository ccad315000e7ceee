use crate::upgrade::upgrade;
use actix_web::guard;
use actix_web::web::{self, ServiceConfig};
use square_accounts::Accounts;
use square_changes::Subscribers;
use square_routing::Router;
use square_skills::Skills;
use square_wire::Origins;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What sockets call, and what ends them.
#[derive(Clone)]
pub struct WebSocketServices {
    /// The use cases on accounts.
    pub accounts: Arc<Accounts>,
    /// The use cases on skills.
    pub skills: Arc<Skills>,
    /// The use cases on questions.
    pub router: Arc<Router>,
    /// Where clients hear of changes.
    pub subscribers: Subscribers,
    /// What the operator chose.
    pub settings: WebSocketSettings,
    /// Once cancelled, every socket is closed with 1001 and no new one is taken.
    pub shutdown: CancellationToken,
    /// The sockets that are open: close the tracker and wait on it to see the last one go.
    pub sockets: TaskTracker,
}

/// What the operator chooses about sockets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebSocketSettings {
    /// What stands before `/ws`: empty, or with a leading and without a trailing `/`.
    pub base_path: String,
    /// Where scripts of other sites may connect from.
    pub origins: Origins,
    /// How much one socket may take up.
    pub limits: Limits,
}

/// How much one socket may take up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The largest message but for `train`, in bytes.
    pub message: usize,
    /// The largest `train` message, in bytes.
    pub train_message: usize,
    /// How many questions, trainings and the like may be under way on one socket.
    pub under_way: usize,
    /// How many subscriptions to changes one socket may have.
    pub subscriptions: usize,
    /// How often the server pings.
    pub ping_every: Duration,
    /// How long a client may be silent, pongs included, before it counts as gone.
    pub silence: Duration,
    /// How long a client may leave what was sent to it unread.
    pub unread: Duration,
}

impl Default for WebSocketSettings {
    fn default() -> Self {
        Self { base_path: "/api".to_owned(), origins: Origins::Any, limits: Limits::default() }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message: 1024 * 1024,
            train_message: 11 * 1024 * 1024,
            under_way: 32,
            subscriptions: 16,
            ping_every: Duration::from_secs(20),
            silence: Duration::from_mins(1),
            unread: Duration::from_secs(30),
        }
    }
}

/// Adds `GET {base}/ws`, with its full path: to be called before a scope at the base path is added. What comes
/// there by another method is left to the application.
pub fn configure(services: WebSocketServices) -> impl FnOnce(&mut ServiceConfig) + Clone {
    let path = path(&services.settings.base_path);
    let services = Arc::new(services);
    move |config| {
        let take = move |request, body| std::future::ready(upgrade(&services, &request, body));
        config.service(web::resource(path).guard(guard::Get()).to(take));
    }
}

/// Where clients connect to.
pub(crate) fn path(base_path: &str) -> String {
    format!("{base_path}/ws")
}
