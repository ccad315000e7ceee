use crate::SetupError;
use std::fmt;
use url::Url;

/// Where Pusher's HTTP API, or another's that is like it, can be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PusherServer(Url);

impl PusherServer {
    /// Pusher's own servers in a cluster, such as `eu`.
    pub fn cluster(name: &str) -> Result<Self, SetupError> {
        let wrong = || SetupError::new("pusher.cluster", "must be the name of a Pusher cluster, such as eu");
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err(wrong());
        }
        Url::parse(&format!("https://api-{name}.pusher.com")).map(Self).map_err(|_| wrong())
    }

    /// A server of one's own: `host`, `host:port`, or a whole URL with scheme (`https` where none is given) and
    /// perhaps a path, which a proxy in front of the server takes away: it is not signed.
    pub fn at(place: &str) -> Result<Self, SetupError> {
        let url = if place.contains("://") { place.to_owned() } else { format!("https://{place}") };
        let wrong = || SetupError::new("pusher.host", "must be a host, host:port or an http or https URL");
        let url = Url::parse(&url).map_err(|_| wrong())?;
        let bare = url.username().is_empty() && url.password().is_none();
        if !matches!(url.scheme(), "http" | "https") || !bare || url.query().or(url.fragment()).is_some() {
            return Err(wrong());
        }
        Ok(Self(url))
    }

    /// The address of `path` with `query`, below the server's own path.
    pub(super) fn url(&self, path: &str, query: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{}{path}", self.0.path().trim_end_matches('/')));
        url.set_query(Some(query));
        url
    }
}

/// For texts.
impl fmt::Display for PusherServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_is_a_host_of_pusher() {
        let url = PusherServer::cluster("eu").unwrap().url("/apps/3/batch_events", "a=b");
        assert_eq!(url.as_str(), "https://api-eu.pusher.com/apps/3/batch_events?a=b");
        for wrong in ["", "eu.example.org/", "e u", "eu@x"] {
            assert!(PusherServer::cluster(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn another_server_is_a_host_or_a_url() {
        for (place, expected) in [
            ("push.example", "https://push.example/apps"),
            ("push.example:6001", "https://push.example:6001/apps"),
            ("http://127.0.0.1:6001", "http://127.0.0.1:6001/apps"),
            ("http://[::1]:6001/", "http://[::1]:6001/apps"),
            ("https://push.example/base/", "https://push.example/base/apps"),
        ] {
            let url = PusherServer::at(place).unwrap().url("/apps", "");
            assert_eq!(url.as_str().trim_end_matches('?'), expected);
        }
        for wrong in ["", "ftp://x", "http://", "https://key:secret@x", "https://x?a=b", "https://x#y"] {
            assert!(PusherServer::at(wrong).is_err(), "{wrong:?}");
        }
    }
}
