use crate::assembly::{Square, or_cores};
use crate::settings::{Environment, Settings, SettingsError};
use crate::terminal::{self, FAINT, STRONG, styled};
use crate::{background, demo};
use actix_web::HttpServer;
use actix_web::dev::{Server, ServerHandle};
use futures::FutureExt;
use square_http::{CorsOrigins, HttpApi, HttpSettings, Services};
use square_websocket::{Limits, Origins, WebSocketServices, WebSocketSettings};
use std::error::Error;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// An address that cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address} (http.bind)")]
struct BindError {
    address: SocketAddr,
    #[source]
    cause: io::Error,
}

/// How long sockets may take to say goodbye.
const SOCKETS_CLOSE_WITHIN: Duration = Duration::from_secs(2);

/// Runs the server until SIGTERM or Ctrl-C.
pub(crate) async fn run(
    mut settings: Settings,
    environment: Environment,
    with_demo: bool,
) -> Result<ExitCode, Box<dyn Error>> {
    let begun = Instant::now();
    if with_demo {
        prepare_demo(&mut settings, environment)?;
    }
    // The address is taken before the database is touched: a second server started by mistake changes nothing.
    let (listener, address) = bind(settings.http.bind)?;
    if settings.http.public_url.is_empty() {
        settings.http.public_url = format!("http://{address}");
    }
    let square = Arc::new(Square::assemble(&settings).await?);
    square.load().await?;
    if with_demo {
        demo::add(&square).await?;
    }
    let stop = CancellationToken::new();
    let interval = Duration::from_secs(settings.skills.health_interval_s);
    let tasks = background::start(&square, interval, &stop);
    let (closing, sockets) = (CancellationToken::new(), TaskTracker::new());
    let server = listen(&square, &settings, listener, &closing, &sockets)?;
    let limit = Duration::from_secs(settings.http.shutdown_timeout_s);
    let signals = Signals::listen()?;
    actix_web::rt::spawn(end_in_order(signals, server.handle(), square.clone(), closing, sockets, limit));
    announce(&settings, with_demo, begun);
    server.await?;
    stop.cancel();
    tasks.wait().await;
    square.log.flush().await?;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

fn bind(wanted: SocketAddr) -> Result<(TcpListener, SocketAddr), BindError> {
    let fault = |cause| BindError { address: wanted, cause };
    let listener = TcpListener::bind(wanted).map_err(fault)?;
    let address = listener.local_addr().map_err(fault)?;
    Ok((listener, address))
}

/// A demo has a user whose password everybody knows, so it stays at home.
fn prepare_demo(settings: &mut Settings, environment: Environment) -> Result<(), SettingsError> {
    if environment == Environment::Production {
        return Err(SettingsError("a demo cannot be served in production (APP_ENV)".to_owned()));
    }
    settings.skills.allow_private_networks = true;
    demo::ANONYMOUS_ROLE.clone_into(&mut settings.accounts.anonymous_role);
    Ok(())
}

fn listen(
    square: &Arc<Square>,
    settings: &Settings,
    listener: TcpListener,
    closing: &CancellationToken,
    sockets: &TaskTracker,
) -> io::Result<Server> {
    let http = &settings.http;
    let api = HttpApi::new(http_services(square, settings));
    let web_socket = square_websocket::configure(WebSocketServices {
        accounts: square.accounts.clone(),
        skills: square.skills.clone(),
        router: square.router.clone(),
        settings: web_socket_settings(settings),
        shutdown: closing.clone(),
        sockets: sockets.clone(),
    });
    let server = HttpServer::new(move || api.app(&|config| web_socket.clone()(config)))
        .workers(or_cores(http.workers))
        .client_request_timeout(Duration::from_millis(http.head_timeout_ms))
        .client_disconnect_timeout(Duration::from_secs(5))
        .keep_alive(Duration::from_secs(75))
        .tcp_nodelay(true)
        .shutdown_timeout(http.shutdown_timeout_s)
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
}

fn any_origin(settings: &Settings) -> bool {
    settings.http.cors_origins.iter().any(|origin| origin == "*")
}

fn http_services(square: &Arc<Square>, settings: &Settings) -> Services {
    let origins = &settings.http.cors_origins;
    let database = square.database.clone();
    Services {
        accounts: square.accounts.clone(),
        skills: square.skills.clone(),
        router: square.router.clone(),
        readiness: Arc::new(move || {
            let database = database.clone();
            async move { database.is_ready().await }.boxed()
        }),
        settings: HttpSettings {
            base_path: settings.http.base_path.clone(),
            cors_origins: if any_origin(settings) {
                CorsOrigins::Any
            } else {
                CorsOrigins::Only(origins.clone())
            },
            json_limit: settings.http.max_body_bytes,
            body_time_limit: Duration::from_millis(settings.http.body_timeout_ms),
            questions_need_account: settings.questions.account_required,
            ..HttpSettings::default()
        },
    }
}

fn web_socket_settings(settings: &Settings) -> WebSocketSettings {
    let origins = &settings.http.cors_origins;
    WebSocketSettings {
        base_path: settings.http.base_path.clone(),
        origins: if any_origin(settings) { Origins::Any } else { Origins::Only(origins.clone()) },
        questions_need_account: settings.questions.account_required,
        limits: Limits { message: settings.http.max_body_bytes, ..Limits::default() },
    }
}

/// What asks the server to end. Listened to from the moment it is made.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    #[cfg(not(unix))]
    fn listen() -> io::Result<Self> {
        Ok(Self {})
    }

    /// Returns at the first one.
    #[cfg(unix)]
    async fn any(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Returns at the first one.
    #[cfg(not(unix))]
    async fn any(self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}

/// Waits for a signal and then ends the server in order: no new connections; questions under way may finish, up
/// to the limit; then sockets are closed with 1001.
async fn end_in_order(
    signals: Signals,
    server: ServerHandle,
    square: Arc<Square>,
    closing: CancellationToken,
    sockets: TaskTracker,
    limit: Duration,
) {
    signals.any().await;
    tracing::info!("stopping");
    server.pause().await;
    if tokio::time::timeout(limit, square.router.idle()).await.is_err() {
        tracing::warn!("questions were still under way at the end of http.shutdown_timeout_s");
    }
    closing.cancel();
    sockets.close();
    if tokio::time::timeout(SOCKETS_CLOSE_WITHIN, sockets.wait()).await.is_err() {
        tracing::warn!("sockets did not close in time");
    }
    server.stop(true).await;
}

fn announce(settings: &Settings, with_demo: bool, begun: Instant) {
    let url = &settings.http.public_url;
    let base = &settings.http.base_path;
    terminal::note(format_args!(
        "{} is ready after {} ms.",
        styled(STRONG, "Square"),
        begun.elapsed().as_millis()
    ));
    terminal::note(format_args!("  Console   {url}/"));
    terminal::note(format_args!("  API docs  {url}/apidocs"));
    if with_demo {
        terminal::note(format_args!("  Sign in   {} / {}", demo::USERNAME, demo::PASSWORD));
        let body = r#"{"question": "Which actors played in Heat?"}"#;
        let curl = format!("curl {url}{base}/question --json '{body}'");
        terminal::note(format_args!("  Try       {}", styled(FAINT, curl)));
        terminal::note(format_args!(
            "            {}",
            styled(FAINT, "square ask \"Which actors played in Heat?\"")
        ));
    }
}
