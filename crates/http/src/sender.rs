//! Whether a browser sends a request from a page of ours or from one of another site.
//!
//! Only browsers can be made to send what their user does not mean, and only they have cookies to lose. So what counts is
//! what browsers add to requests and scripts cannot change; a program that adds neither header speaks for itself. The
//! rules are those of `CrossOriginProtection` in Go's `net/http`.

use crate::settings::HttpSettings;
use actix_web::http::header::{self, HeaderMap};

/// Who has a request sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sender {
    /// A page of this server, whoever uses the browser, or a program that is none.
    Own,
    /// A page from elsewhere whose scripts may call ([`HttpSettings::cors_origins`]). They read replies; the browser keeps
    /// nothing of them.
    Guest,
    /// Any other page.
    Stranger,
}

impl Sender {
    pub(crate) fn of(headers: &HeaderMap, settings: &HttpSettings) -> Self {
        let origin = headers.get(header::ORIGIN).map(header::HeaderValue::as_bytes);
        let is_own = match (headers.get("sec-fetch-site"), origin) {
            (Some(site), _) => ["same-origin", "none"].iter().any(|own| site == own),
            (None, Some(origin)) => is_here(origin, headers, settings),
            (None, None) => true,
        };
        if is_own {
            Self::Own
        } else if settings.cors_origins.allow(origin.unwrap_or_default()) {
            Self::Guest
        } else {
            Self::Stranger
        }
    }
}

/// Whether an origin is this server, for browsers that do not say so themselves: old ones, and all where there is no TLS.
fn is_here(origin: &[u8], headers: &HeaderMap, settings: &HttpSettings) -> bool {
    let Ok(origin) = std::str::from_utf8(origin) else { return false };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    settings.public_origin.as_deref() == Some(origin)
        || authority.zip(host).is_some_and(|(authority, host)| authority.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::Sender::{self, Guest, Own, Stranger};
    use crate::settings::HttpSettings;
    use actix_web::test::TestRequest;
    use square_wire::Origins;

    fn sender(settings: &HttpSettings, lines: &[(&str, &str)]) -> Sender {
        let request = TestRequest::default().insert_header(("Host", "square.example:8443"));
        let request = lines.iter().fold(request, |request, line| request.insert_header(*line));
        Sender::of(request.to_http_request().headers(), settings)
    }

    fn listed() -> HttpSettings {
        let origins = Origins::Only(vec!["https://app.example".to_owned()]);
        let public_origin = Some("https://public.example".to_owned());
        HttpSettings { cors_origins: origins, public_origin, ..HttpSettings::default() }
    }

    #[test]
    fn programs_and_pages_of_ours_are_at_home() {
        for lines in [
            &[][..],
            &[("Sec-Fetch-Site", "same-origin"), ("Origin", "https://square.example")],
            &[("Sec-Fetch-Site", "none")],
            &[("Origin", "https://public.example")],
            &[("Origin", "http://SQUARE.example:8443")],
        ] {
            assert_eq!(sender(&listed(), lines), Own, "{lines:?}");
        }
    }

    #[test]
    fn pages_from_elsewhere_are_guests_where_their_scripts_may_call() {
        let (anywhere, listed) = (HttpSettings::default(), listed());
        for site in ["cross-site", "same-site", "anything"] {
            let of = |settings, origin| sender(settings, &[("Sec-Fetch-Site", site), ("Origin", origin)]);
            assert_eq!(of(&listed, "https://app.example"), Guest, "{site}");
            assert_eq!(of(&listed, "https://evil.example"), Stranger, "{site}");
            assert_eq!(of(&anywhere, "https://evil.example"), Guest, "{site}");
            // The browser knows better than a name that two sites share.
            assert_eq!(of(&listed, "https://public.example"), Stranger, "{site}");
            assert_eq!(sender(&listed, &[("Sec-Fetch-Site", site)]), Stranger, "{site}");
        }
        for origin in
            ["https://evil.example", "null", "", "https://square.example", "https://square.example:8443.evil"]
        {
            assert_eq!(sender(&listed, &[("Origin", origin)]), Stranger, "{origin}");
            assert_eq!(sender(&anywhere, &[("Origin", origin)]), Guest, "{origin}");
        }
        assert_eq!(sender(&listed, &[("Origin", "https://app.example")]), Guest);
    }
}
