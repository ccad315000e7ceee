use crate::SetupError;
use lapin::uri::{AMQPAuthority, AMQPQueryString, AMQPScheme, AMQPUri, AMQPUserInfo};
use square_kernel::Secret;
use std::fmt;
use url::{Host, Url};

/// Where a broker is, which virtual host of it is meant, and who we are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerAddress {
    secure: bool,
    host: String,
    port: u16,
    user: String,
    password: Secret,
    virtual_host: String,
}

impl BrokerAddress {
    /// A broker at `place`, which is `host`, `host:port` or either behind `amqp://` or, for TLS, `amqps://`.
    /// User, password and virtual host are taken as they are: nothing in them is escaped.
    pub fn new(
        place: &str,
        user: impl Into<String>,
        password: Secret,
        virtual_host: impl Into<String>,
    ) -> Result<Self, SetupError> {
        let url = if place.contains("://") { place.to_owned() } else { format!("amqp://{place}") };
        let wrong = || {
            SetupError::new(
                "rabbitmq.address",
                "must be a host, host:port, or amqp:// or amqps:// before them",
            )
        };
        let url = Url::parse(&url).map_err(|_| wrong())?;
        let bare = matches!(url.path(), "" | "/") && url.username().is_empty() && url.password().is_none();
        if !bare || url.query().is_some() || url.fragment().is_some() {
            return Err(wrong());
        }
        let (secure, host, port) = place_of(&url).ok_or_else(wrong)?;
        Self { secure, host, port, user: user.into(), password, virtual_host: virtual_host.into() }.checked()
    }

    /// A broker given by one URL, `amqp[s]://user:password@host:port/vhost`, whose parts are percent-encoded. What is
    /// left out is `guest`, `guest`, the usual port and the virtual host `/`.
    pub fn parse(url: &str) -> Result<Self, SetupError> {
        // The reasons of parsers repeat the text, and with it the password.
        let wrong = || SetupError::new("rabbitmq.address", "must be an AMQP URL");
        let parts: AMQPUri = url.parse().map_err(|_| wrong())?;
        let (secure, host, port) = Url::parse(url).ok().as_ref().and_then(place_of).ok_or_else(wrong)?;
        let AMQPUserInfo { username, password } = parts.authority.userinfo;
        let virtual_host = parts.vhost;
        Self { secure, host, port, user: username, password: Secret::new(password), virtual_host }.checked()
    }

    fn checked(self) -> Result<Self, SetupError> {
        if self.user.is_empty() {
            return Err(SetupError::new("rabbitmq.user", "must not be empty"));
        }
        if self.virtual_host.len() > 255 {
            return Err(SetupError::new("rabbitmq.vhost", "must be a name of at most 255 bytes"));
        }
        Ok(self)
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn user(&self) -> &str {
        &self.user
    }

    pub(super) fn virtual_host(&self) -> &str {
        &self.virtual_host
    }

    pub(super) fn is_secure(&self) -> bool {
        self.secure
    }

    /// In the form in which lapin takes it.
    pub(super) fn uri(&self, heartbeat_seconds: u16) -> AMQPUri {
        AMQPUri {
            scheme: if self.secure { AMQPScheme::AMQPS } else { AMQPScheme::AMQP },
            authority: AMQPAuthority {
                userinfo: AMQPUserInfo {
                    username: self.user.clone(),
                    password: self.password.expose().to_owned(),
                },
                host: self.host.clone(),
                port: self.port,
            },
            vhost: self.virtual_host.clone(),
            query: AMQPQueryString { heartbeat: Some(heartbeat_seconds), ..AMQPQueryString::default() },
        }
    }
}

/// Host and port, for texts.
impl fmt::Display for BrokerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// Whether TLS is asked for, the host without brackets, and the port.
fn place_of(url: &Url) -> Option<(bool, String, u16)> {
    let (secure, usual_port) = match url.scheme() {
        "amqp" => (false, 5672),
        "amqps" => (true, 5671),
        _ => return None,
    };
    let host = match url.host()? {
        Host::Domain(name) => name.to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    };
    Some((secure, host, url.port().unwrap_or(usual_port))).filter(|(_, host, _)| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Result<(bool, String), SetupError> {
        let address = BrokerAddress::new(text, "square", Secret::new("secret"), "/")?;
        Ok((address.is_secure(), address.to_string()))
    }

    #[test]
    fn a_place_may_leave_out_scheme_and_port() {
        for (text, secure, shown) in [
            ("mq", false, "mq:5672"),
            ("mq.example:5673", false, "mq.example:5673"),
            ("amqp://mq/", false, "mq:5672"),
            ("amqps://mq", true, "mq:5671"),
            ("amqps://10.0.0.1:443", true, "10.0.0.1:443"),
            ("[::1]:5672", false, "[::1]:5672"),
        ] {
            assert_eq!(place(text), Ok((secure, shown.to_owned())), "{text}");
        }
        for wrong in ["", "http://mq", "mq:port", "a b", "user@mq", "mq/vhost", "mq?heartbeat=0", "::1"] {
            assert!(place(wrong).is_err(), "{wrong:?} was taken");
        }
    }

    #[test]
    fn parts_go_to_the_broker_as_they_were_given() {
        let address = BrokerAddress::new("mq", "us/er", Secret::new("p@ss:w/ör%d"), "/a b").unwrap();
        let uri = address.uri(20);
        assert_eq!(uri.authority.userinfo.username, "us/er");
        assert_eq!(uri.authority.userinfo.password, "p@ss:w/ör%d");
        assert_eq!(uri.vhost, "/a b");
        assert_eq!(BrokerAddress::parse("amqp://us%2fer:p%40ss%3Aw%2F%C3%B6r%25d@mq/%2Fa%20b"), Ok(address));
    }

    #[test]
    fn a_url_that_leaves_everything_out_means_the_usual() {
        let usual = BrokerAddress::new("mq:5672", "guest", Secret::new("guest"), "/");
        assert_eq!(BrokerAddress::parse("amqp://mq"), usual);
        assert_eq!(BrokerAddress::parse("amqps://[::1]/x").unwrap().to_string(), "[::1]:5671");
    }

    #[test]
    fn a_wrong_url_is_refused_without_repeating_it() {
        for wrong in ["amqp:", "http://u:s3cret@mq", "amqp://u:s3cret@mq:port/", "amqp://u:s3cret@/x", "mq"] {
            let error = BrokerAddress::parse(wrong).unwrap_err();
            assert_eq!(error.to_string(), "rabbitmq.address must be an AMQP URL", "{wrong}");
        }
    }

    #[test]
    fn the_password_is_not_shown() {
        let address = BrokerAddress::new("mq", "square", Secret::new("s3cret"), "/").unwrap();
        assert!(!format!("{address:?} {address}").contains("s3cret"));
    }
}
