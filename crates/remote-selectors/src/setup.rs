use std::time::Duration;
use url::Url;

/// A setting that no selector can work with. The text is one sentence that names it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key} {reason}")]
pub struct SetupError {
    /// The setting, such as `selectors.elasticsearch.url`.
    pub key: &'static str,
    /// What is wrong, phrased to follow the name.
    pub reason: &'static str,
}

impl SetupError {
    pub(crate) const fn new(key: &'static str, reason: &'static str) -> Self {
        Self { key, reason }
    }
}

/// Parses the address of a server, below which its calls lie.
pub(crate) fn address(key: &'static str, text: &str) -> Result<Url, SetupError> {
    let wrong = |reason| SetupError::new(key, reason);
    let url = Url::parse(text).map_err(|_| wrong("must be an address such as http://host:9200"))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(wrong("must begin with http:// or https:// and name a host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("must not hold a name or a password, which have settings of their own"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("must end with its path"));
    }
    Ok(url)
}

/// Checks how long a question may wait for a selector.
pub(crate) fn time_limit(key: &'static str, limit: Duration) -> Result<Duration, SetupError> {
    if limit.is_zero() || limit > Duration::from_mins(1) {
        return Err(SetupError::new(key, "must be 1 to 60000"));
    }
    Ok(limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_place_and_nothing_else() {
        let fault = |text| address("x.url", text).map(String::from).map_err(|error| error.to_string());
        assert_eq!(fault("http://es.example:9200/a"), Ok("http://es.example:9200/a".to_owned()));
        assert!(fault("es.example").unwrap_err().starts_with("x.url must be an address"));
        assert!(fault("ftp://es.example").unwrap_err().contains("http"));
        assert!(fault("http://ann:pw@es.example").unwrap_err().contains("password"));
        assert!(fault("http://es.example/?q=1").unwrap_err().contains("path"));
    }
}
