use crate::assembly::{Square, or_cores};
use crate::settings::{Environment, ProxyHeader, Settings, SettingsError};
use crate::signals::Signals;
use crate::terminal::{self, FAINT, STRONG, styled};
use crate::{background, demo};
use actix_web::HttpServer;
use actix_web::dev::{Server, ServerHandle};
use actix_web::web::ServiceConfig;
use futures::FutureExt;
#[cfg(target_os = "linux")]
use socket2::SockRef;
use square_companies::Companies;
use square_http::{ForwardedHeader, HttpApi, HttpSettings, Proxies, Services};
use square_socketio::{SocketIoServer, SocketIoServices, SocketIoSettings};
use square_websocket::{Limits, WebSocketServices, WebSocketSettings};
use square_wire::Origins;
use std::error::Error;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use utoipa::openapi::OpenApi;

/// An address that cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address} (http.bind)")]
struct BindError {
    address: SocketAddr,
    #[source]
    cause: io::Error,
}

/// How long a connection is kept while its client takes nothing of what is sent to it.
#[cfg(target_os = "linux")]
const UNREAD: Duration = Duration::from_secs(30);
/// How long a connection that is to be closed stays, so that a client still sending reads the answer first.
/// WebSocket clients see the end of the connection only after that, so it is short.
const LINGER: Duration = Duration::from_secs(1);
/// How long sockets may take to say goodbye.
const SOCKETS_CLOSE_WITHIN: Duration = Duration::from_secs(2);

/// How long the last answers may take to be stored, and background tasks to end the step they are at.
const LOG_IS_SAFE_WITHIN: Duration = Duration::from_secs(10);
const TASKS_END_WITHIN: Duration = Duration::from_secs(10);

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
    let follower = square.load().await?;
    if with_demo {
        demo::add(&square).await?;
    }
    let stop = CancellationToken::new();
    let interval = Duration::from_secs(settings.skills.health_interval_s);
    let tasks = background::start(&square, follower, interval, &stop);
    let (closing, sockets) = (CancellationToken::new(), TaskTracker::new());
    let server = listen(&square, &settings, listener, &closing, &sockets)?;
    let limit = Duration::from_secs(settings.http.shutdown_timeout_s);
    let signals = Signals::listen()?;
    actix_web::rt::spawn(end_in_order(signals, server.handle(), square.clone(), closing, sockets, limit));
    announce(&settings, with_demo, begun);
    server.await?;
    // Before this instance leaves: from then on others end what it left open.
    match tokio::time::timeout(LOG_IS_SAFE_WITHIN, square.log.flush()).await {
        Ok(Ok(())) => {}
        // What clients have seen is stored: nothing is shown before.
        Ok(Err(error)) => tracing::warn!(cause = error.chain(), "the last answers may not be stored"),
        Err(_) => tracing::warn!("the last answers may not be stored: the database does not answer"),
    }
    stop.cancel();
    if tokio::time::timeout(TASKS_END_WITHIN, tasks.wait()).await.is_err() {
        tracing::warn!("background tasks did not end in time");
    }
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

fn bind(wanted: SocketAddr) -> Result<(TcpListener, SocketAddr), BindError> {
    let fault = |cause| BindError { address: wanted, cause };
    let listener = TcpListener::bind(wanted).map_err(fault)?;
    // Accepted connections inherit it. It alone ends a response that nobody reads any more.
    #[cfg(target_os = "linux")]
    SockRef::from(&listener).set_tcp_user_timeout(Some(UNREAD)).map_err(fault)?;
    let address = listener.local_addr().map_err(fault)?;
    Ok((listener, address))
}

/// A demo has a user whose password everybody knows, so it is not for production.
fn prepare_demo(settings: &mut Settings, environment: Environment) -> Result<(), SettingsError> {
    if environment == Environment::Production {
        return Err(SettingsError("a demo cannot be served in production (APP_ENV)".to_owned()));
    }
    settings.skills.allow_private_networks = true;
    demo::ANONYMOUS_ROLE.clone_into(&mut settings.accounts.anonymous_role);
    Ok(())
}

/// The OpenAPI document of all that is served.
pub(crate) fn openapi(base_path: &str, openai_path: Option<&str>) -> OpenApi {
    square_http::openapi(base_path, openai_path, square_websocket::openapi(base_path))
}

fn listen(
    square: &Arc<Square>,
    settings: &Settings,
    listener: TcpListener,
    closing: &CancellationToken,
    sockets: &TaskTracker,
) -> io::Result<Server> {
    let http = &settings.http;
    let api = HttpApi::new(http_services(square, settings), square_websocket::openapi(&http.base_path));
    let web_socket = square_websocket::configure(WebSocketServices {
        accounts: square.accounts.clone(),
        skills: square.skills.clone(),
        router: square.router.clone(),
        subscribers: square.subscribers.clone(),
        settings: web_socket_settings(settings),
        shutdown: closing.clone(),
        sockets: sockets.clone(),
    });
    let socket_io = settings
        .socketio
        .enabled
        .then(|| SocketIoServer::new(socket_io_services(square, settings, closing, sockets)));
    let routes = move |config: &mut ServiceConfig| {
        web_socket.clone()(config);
        if let Some(socket_io) = &socket_io {
            socket_io.configure(config);
        }
    };
    let server = HttpServer::new(move || api.app(&routes))
        .workers(or_cores(http.workers))
        .client_request_timeout(Duration::from_millis(http.head_timeout_ms))
        .client_disconnect_timeout(LINGER)
        .keep_alive(Duration::from_secs(75))
        .tcp_nodelay(true)
        .shutdown_timeout(http.shutdown_timeout_s)
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
}

pub(crate) fn http_services(square: &Arc<Square>, settings: &Settings) -> Services {
    let database = square.database.clone();
    Services {
        accounts: square.accounts.clone(),
        skills: square.skills.clone(),
        casting: square.casting.clone(),
        events: square.events.clone(),
        companies: Arc::new(Companies::new(
            square.stores.clone(),
            square.clock.clone(),
            square.randomness.clone(),
        )),
        proposals: square.proposals.clone(),
        router: square.router.clone(),
        feedback: square.feedback.clone(),
        readiness: Arc::new(move || {
            let database = database.clone();
            async move { database.is_ready().await }.boxed()
        }),
        settings: HttpSettings {
            base_path: settings.http.base_path.clone(),
            openai_path: settings.openai.path_in_use(),
            cors_origins: Origins::listed(&settings.http.cors_origins),
            // Clients of version 2 send credentials; its sockets know people by their tokens alone.
            credentialed_path: settings.socketio.enabled.then(|| settings.socketio.path.clone()),
            json_limit: settings.http.max_body_bytes,
            body_time_limit: Duration::from_millis(settings.http.body_timeout_ms),
            jwks_kept: jwks_kept(settings.auth.signing_key_lead_s),
            heartbeat: Duration::from_secs(settings.questions.heartbeat_s),
            proxies: proxies(settings),
            public_origin: settings.http.public_origin(),
            ..HttpSettings::default()
        },
    }
}

/// Half the time for which a key is listed before it signs, so that whoever keeps the list has the key by then; five minutes at most.
fn jwks_kept(lead_s: u32) -> Duration {
    Duration::from_secs((lead_s / 2).min(300).into())
}

fn proxies(settings: &Settings) -> Proxies {
    Proxies {
        // All of them parse, or the settings would not have been taken.
        trusted: settings.http.trusted_proxies.iter().filter_map(|network| network.parse().ok()).collect(),
        header: match settings.http.proxy_header {
            ProxyHeader::XForwardedFor => ForwardedHeader::XForwardedFor,
            ProxyHeader::Forwarded => ForwardedHeader::Forwarded,
        },
    }
}

fn web_socket_settings(settings: &Settings) -> WebSocketSettings {
    WebSocketSettings {
        base_path: settings.http.base_path.clone(),
        origins: Origins::listed(&settings.http.cors_origins),
        limits: Limits { message: settings.http.max_body_bytes, ..Limits::default() },
    }
}

fn socket_io_services(
    square: &Arc<Square>,
    settings: &Settings,
    closing: &CancellationToken,
    sockets: &TaskTracker,
) -> SocketIoServices {
    SocketIoServices {
        accounts: square.accounts.clone(),
        skills: square.skills.clone(),
        router: square.router.clone(),
        settings: SocketIoSettings {
            path: settings.socketio.path.clone(),
            origins: Origins::listed(&settings.http.cors_origins),
            most_sessions: settings.socketio.most_sessions,
            most_sessions_per_address: settings.socketio.most_sessions_per_address,
            ..SocketIoSettings::default()
        },
        shutdown: closing.clone(),
        sockets: sockets.clone(),
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::net::TcpStream;

    #[test]
    fn whoever_keeps_the_list_of_keys_knows_a_key_before_it_signs() {
        for (lead_s, kept_s) in [(2, 1), (3, 1), (60, 30), (600, 300), (604_800, 300)] {
            assert_eq!(jwks_kept(lead_s), Duration::from_secs(kept_s));
        }
    }

    #[test]
    fn every_way_in_is_documented() {
        let document = openapi("/x/y", Some("/z"));
        for path in ["/x/y/question", "/x/y/ws", "/z/chat/completions", "/health/live"] {
            assert!(document.paths.paths.contains_key(path), "{path}");
        }
    }

    #[test]
    fn a_connection_whose_client_does_not_read_ends() {
        let (listener, address) = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let _client = TcpStream::connect(address).unwrap();
        let (accepted, _) = listener.accept().unwrap();
        assert_eq!(SockRef::from(&accepted).tcp_user_timeout().unwrap(), Some(UNREAD));
    }
}
