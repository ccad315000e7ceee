use super::Outcome;
use super::ask::reachable;
use crate::settings::Settings;
use crate::terminal;
use reqwest::StatusCode;
use std::process::ExitCode;
use std::time::Duration;

/// How long the server may take to answer.
const LIMIT: Duration = Duration::from_secs(3);

/// A server that cannot serve requests.
#[derive(Debug, thiserror::Error)]
enum HealthError {
    #[error("no server answers at {server}")]
    NoServer {
        server: String,
        #[source]
        cause: reqwest::Error,
    },
    #[error("the server at {server} is not ready: {status}")]
    NotReady { server: String, status: StatusCode },
}

/// Asks the server that listens on `http.bind` whether it can serve requests.
pub(crate) async fn run(settings: &Settings) -> Outcome {
    let server = format!("http://{}", reachable(settings.http.bind));
    let status =
        ask(&server).await.map_err(|cause| HealthError::NoServer { server: server.clone(), cause })?;
    if !status.is_success() {
        return Err(HealthError::NotReady { server, status }.into());
    }
    terminal::line("The server is ready.");
    Ok(ExitCode::SUCCESS)
}

async fn ask(server: &str) -> reqwest::Result<StatusCode> {
    // It is this machine's own server; no proxy is on the way, and no certificates are needed.
    let client = reqwest::Client::builder().no_proxy().timeout(LIMIT).tls_certs_only([]).build()?;
    let response = client.get(format!("{server}/health/ready")).send().await?;
    Ok(response.status())
}
