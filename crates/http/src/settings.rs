use crate::proxies::Proxies;
use square_wire::Origins;
use std::time::Duration;

/// What the operator chooses about HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpSettings {
    /// What stands before the path of every call: empty, or with a leading and without a trailing `/`.
    pub base_path: String,
    /// What stands before the calls that are like OpenAI's, in the same way; `None` leaves them out. `base_path` is not to be under it.
    pub openai_path: Option<String>,
    /// Where scripts of other sites may call from.
    pub cors_origins: Origins,
    /// Where another transport stands whose clients send credentials from other sites and are to read the answers all the same. Nothing
    /// that browsers send along by themselves may count there.
    pub credentialed_path: Option<String>,
    /// The most bytes that a JSON body may have.
    pub json_limit: usize,
    /// How long a client may take to send a JSON body.
    pub body_time_limit: Duration,
    /// How long a client may take to send example files.
    pub upload_time_limit: Duration,
    /// Who is believed when they say where a request comes from.
    pub proxies: Proxies,
    /// What browsers call this server, as they write it in `Origin`; `None` where it is not known.
    pub public_origin: Option<String>,
    /// How long the list of public signing keys may be kept by others: for less than a key is listed before it signs.
    pub jwks_kept: Duration,
    /// After so long without an event a comment is sent, so that nobody on the way takes the line for dead.
    pub heartbeat: Duration,
    /// How long browsers are told to wait before they connect again.
    pub reconnect_after: Duration,
}

impl HttpSettings {
    /// Whether errors of this path have the form of OpenAI's.
    pub(crate) fn is_openai(&self, path: &str) -> bool {
        let rest = self.openai_path.as_ref().and_then(|openai| path.strip_prefix(openai.as_str()));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Whether browsers come over TLS, so that cookies need not go over anything else.
    pub(crate) fn is_secure(&self) -> bool {
        self.public_origin.as_ref().is_some_and(|origin| origin.starts_with("https://"))
    }
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            base_path: "/api".to_owned(),
            openai_path: Some("/v1".to_owned()),
            cors_origins: Origins::Any,
            credentialed_path: None,
            json_limit: 1024 * 1024,
            body_time_limit: Duration::from_secs(10),
            upload_time_limit: Duration::from_mins(2),
            proxies: Proxies::default(),
            public_origin: None,
            jwks_kept: Duration::from_mins(5),
            heartbeat: Duration::from_secs(15),
            reconnect_after: Duration::from_secs(1),
        }
    }
}
