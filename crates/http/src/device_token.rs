//! How a device shows that somebody signed in from it before, and is told what to show: a cookie for browsers, a header for others.

use crate::settings::HttpSettings;
use actix_web::HttpResponse;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use square_kernel::Secret;

/// The cookie's name.
const COOKIE: &str = "square_device";

/// The header, both ways. Its value is the cookie's.
pub(crate) const HEADER: &str = "x-device-token";

/// Stands between the tokens of several accounts.
const SEPARATOR: char = '.';

/// More is not read.
const MOST: usize = 8;

/// As long as browsers keep a cookie at most, in seconds.
const MAX_AGE: u32 = 400 * 24 * 3600;

/// The tokens that came with a request: of the header, or of the cookie where there is none.
pub(crate) fn sent(headers: &HeaderMap) -> Vec<Secret> {
    let header = headers.get(HEADER).and_then(|value| value.to_str().ok());
    let Some(value) = header.or_else(|| cookie(headers)) else { return Vec::new() };
    value.split(SEPARATOR).take(MOST).map(|token| Secret::new(token.trim())).collect()
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(header::COOKIE).filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value)
}

/// Adds to a reply what the device is to show from now on, if anything.
pub(crate) fn give(tokens: &[Secret], settings: &HttpSettings, response: &mut HttpResponse) {
    if tokens.is_empty() {
        return;
    }
    let value = tokens.iter().map(Secret::expose).collect::<Vec<_>>().join(&SEPARATOR.to_string());
    let path = if settings.base_path.is_empty() { "/" } else { &settings.base_path };
    let secure = if settings.secure_cookies { "; Secure" } else { "" };
    let cookie = format!("{COOKIE}={value}; Path={path}; Max-Age={MAX_AGE}; HttpOnly; SameSite=Lax{secure}");
    for (name, value) in [(header::SET_COOKIE, cookie), (HeaderName::from_static(HEADER), value)] {
        // Tokens are base64url, so both always are header values.
        if let Ok(mut value) = HeaderValue::from_str(&value) {
            value.set_sensitive(true);
            response.headers_mut().append(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn read(lines: &[(&str, &str)]) -> Vec<String> {
        let request = lines.iter().fold(TestRequest::default(), |request, line| request.append_header(*line));
        sent(request.to_http_request().headers()).iter().map(|token| token.expose().to_owned()).collect()
    }

    #[test]
    fn tokens_come_in_the_cookie_or_in_the_header() {
        assert_eq!(read(&[]), Vec::<String>::new());
        assert_eq!(read(&[("Cookie", "a=b; square_device=one.two; c")]), ["one", "two"]);
        assert_eq!(read(&[("Cookie", "x"), ("Cookie", "square_device=one")]), ["one"]);
        assert_eq!(read(&[("X-Device-Token", "three"), ("Cookie", "square_device=one")]), ["three"]);
        assert_eq!(read(&[("X-Device-Token", &["a"; 99].join("."))]).len(), 8);
        assert_eq!(read(&[("Cookie", "not_square_device=one; SQUARE_DEVICE=two")]), Vec::<String>::new());
    }

    #[test]
    fn the_cookie_is_for_the_server_alone() {
        let given = |settings: &HttpSettings| {
            let mut response = HttpResponse::Ok().finish();
            give(&[Secret::new("one"), Secret::new("two")], settings, &mut response);
            let text = |name| response.headers().get(name).unwrap().to_str().unwrap().to_owned();
            (text("set-cookie"), text(HEADER))
        };
        let settings = HttpSettings::default();
        let (cookie, header) = given(&settings);
        assert_eq!(cookie, "square_device=one.two; Path=/api; Max-Age=34560000; HttpOnly; SameSite=Lax");
        assert_eq!(header, "one.two");
        let behind_tls = HttpSettings { secure_cookies: true, base_path: String::new(), ..settings };
        let (cookie, _) = given(&behind_tls);
        assert!(cookie.contains("; Path=/;") && cookie.ends_with("; Secure"), "{cookie}");
        let mut response = HttpResponse::Ok().finish();
        give(&[], &behind_tls, &mut response);
        assert!(response.headers().is_empty());
    }
}
