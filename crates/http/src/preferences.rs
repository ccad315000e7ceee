//! What clients prefer (RFC 7240).

use actix_web::http::header::HeaderMap;
use std::time::Duration;

/// The longest that a client is waited with.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Whether the client prefers not to wait (section 4.1).
pub(crate) fn respond_async(headers: &HeaderMap) -> bool {
    preferences(headers).any(|(name, _)| name.eq_ignore_ascii_case("respond-async"))
}

/// How long the client is ready to wait (section 4.3), at most half a minute; `None` where it does not say.
pub(crate) fn wait(headers: &HeaderMap) -> Option<Duration> {
    let (_, seconds) = preferences(headers).find(|(name, _)| name.eq_ignore_ascii_case("wait"))?;
    Some(Duration::from_secs(seconds.trim_matches('"').parse().ok()?).min(LONGEST_WAIT))
}

/// Names and values.
fn preferences(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let preferences = headers.get_all("prefer").filter_map(|value| value.to_str().ok());
    preferences.flat_map(|value| value.split(',')).map(|preference| {
        let preference = preference.split(';').next().unwrap_or_default();
        let (name, value) = preference.split_once('=').unwrap_or((preference, ""));
        (name.trim(), value.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::{respond_async, wait};
    use actix_web::test::TestRequest;
    use std::time::Duration;

    #[test]
    fn it_is_one_of_several_preferences() {
        let prefers = |values: &[&str]| {
            let request = values
                .iter()
                .fold(TestRequest::default(), |request, value| request.append_header(("Prefer", *value)));
            respond_async(request.to_http_request().headers())
        };
        assert!(prefers(&["respond-async"]));
        assert!(prefers(&["wait=10, Respond-Async; x=y"]));
        assert!(prefers(&["return=minimal", "respond-async"]));
        assert!(!prefers(&[]));
        assert!(!prefers(&["respond-asynchronously", "wait=\"respond-async\""]));
    }

    #[test]
    fn waiting_is_bounded() {
        let waits = |value: &'static str| {
            let request = TestRequest::default().append_header(("Prefer", value)).to_http_request();
            wait(request.headers()).map(|wait| wait.as_secs())
        };
        assert_eq!(waits("respond-async, Wait = 10; x=y"), Some(10));
        assert_eq!(waits("wait=\"5\""), Some(5));
        assert_eq!(waits("wait=99999"), Some(Duration::from_secs(30).as_secs()));
        for none in ["", "wait", "wait=-1", "wait=soon", "waiting=3"] {
            assert_eq!(waits(none), None, "{none}");
        }
    }
}
