use square_kernel::Secret;
use std::io;
use std::time::Duration;
use url::Url;

/// Where reports go and what stands in each.
#[derive(Debug, Clone)]
pub struct ReportSettings {
    /// A project's access token with the scope `post_server_item`.
    pub token: Secret,
    /// The server, without the path: `https://api.rollbar.com`.
    pub endpoint: String,
    /// What tells this installation from others: `production`.
    pub environment: String,
    /// The name of this machine or instance.
    pub server: String,
    /// The version of the program.
    pub code_version: String,
    /// How long one report may take to be handed over, connecting included.
    pub time_limit: Duration,
    /// How long dropping [`ErrorReports`](crate::ErrorReports) may wait for reports not yet handed over.
    pub flush_within: Duration,
}

impl ReportSettings {
    /// The address to which items are posted.
    pub(crate) fn item_url(&self) -> Result<Url, SetupError> {
        let url = Url::parse(&self.endpoint).map_err(|_| SetupError::Endpoint)?;
        let plain = matches!(url.scheme(), "https" | "http")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        let base = url.as_str().trim_end_matches('/');
        if plain { Url::parse(&format!("{base}/api/1/item/")).ok() } else { None }.ok_or(SetupError::Endpoint)
    }
}

/// Why reports cannot be sent at all.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The endpoint is no plain web address.
    #[error("must be an http or https URL without user, query and fragment")]
    Endpoint,
    /// No HTTP client can be made.
    #[error("no HTTP client can be made")]
    Client(#[source] reqwest::Error),
    /// The token cannot be sent in a header.
    #[error("the access token holds characters that no token has")]
    Token,
    /// The thread that sends cannot be started.
    #[error("the thread that sends reports cannot be started")]
    Thread(#[source] io::Error),
}
