//! How a device shows that somebody signed in from it before, and is told what to show: a cookie for browsers, a header for others.

use crate::extract::Entrance;
use crate::settings::HttpSettings;
use actix_web::HttpResponse;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use square_kernel::Secret;

/// The cookie's name where clients come over TLS. Browsers take a name that begins so only for the host itself, over TLS and for all
/// paths: no neighbour under the same domain can put another one in its place.
const HOST_COOKIE: &str = "__Host-square_device";

/// Its name elsewhere.
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
pub(crate) fn sent(headers: &HeaderMap, settings: &HttpSettings) -> Vec<Secret> {
    let header = headers.get(HEADER).and_then(|value| value.to_str().ok());
    let Some(value) = header.or_else(|| cookie(headers, name(settings))) else { return Vec::new() };
    value.split(SEPARATOR).take(MOST).map(|token| Secret::new(token.trim())).collect()
}

fn name(settings: &HttpSettings) -> &'static str {
    if settings.is_secure() { HOST_COOKIE } else { COOKIE }
}

fn cookie<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == wanted).map(|(_, value)| value)
}

/// Adds to a reply what the device is to show from now on, if anything.
pub(crate) fn give(
    tokens: &[Secret],
    entrance: &Entrance,
    settings: &HttpSettings,
    response: &mut HttpResponse,
) {
    if tokens.is_empty() {
        return;
    }
    let value = tokens.iter().map(Secret::expose).collect::<Vec<_>>().join(&SEPARATOR.to_string());
    let cookie = entrance.may_keep.then(|| (header::SET_COOKIE, set_cookie(&value, settings)));
    for (name, value) in cookie.into_iter().chain([(HeaderName::from_static(HEADER), value)]) {
        // Tokens are base64url, so both always are header values.
        if let Ok(mut value) = HeaderValue::from_str(&value) {
            value.set_sensitive(true);
            response.headers_mut().append(name, value);
        }
    }
}

fn set_cookie(value: &str, settings: &HttpSettings) -> String {
    let (path, secure) = match settings.base_path.as_str() {
        _ if settings.is_secure() => ("/", "; Secure"),
        "" => ("/", ""),
        base_path => (base_path, ""),
    };
    let name = name(settings);
    format!("{name}={value}; Path={path}; Max-Age={MAX_AGE}; HttpOnly; SameSite=Lax{secure}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;
    use square_accounts::Device;

    fn behind_tls() -> HttpSettings {
        let public_origin = Some("https://square.example".to_owned());
        HttpSettings { public_origin, ..HttpSettings::default() }
    }

    fn read(settings: &HttpSettings, lines: &[(&str, &str)]) -> Vec<String> {
        let request = lines.iter().fold(TestRequest::default(), |request, line| request.append_header(*line));
        let tokens = sent(request.to_http_request().headers(), settings);
        tokens.iter().map(|token| token.expose().to_owned()).collect()
    }

    #[test]
    fn tokens_come_in_the_cookie_or_in_the_header() {
        let read = |lines: &[(&str, &str)]| read(&HttpSettings::default(), lines);
        assert_eq!(read(&[]), Vec::<String>::new());
        assert_eq!(read(&[("Cookie", "a=b; square_device=one.two; c")]), ["one", "two"]);
        assert_eq!(read(&[("Cookie", "x"), ("Cookie", "square_device=one")]), ["one"]);
        assert_eq!(read(&[("X-Device-Token", "three"), ("Cookie", "square_device=one")]), ["three"]);
        assert_eq!(read(&[("X-Device-Token", &["a"; 99].join("."))]).len(), 8);
        assert_eq!(read(&[("Cookie", "not_square_device=one; SQUARE_DEVICE=two")]), Vec::<String>::new());
    }

    #[test]
    fn a_cookie_that_a_neighbour_may_have_set_is_not_read_where_clients_come_over_tls() {
        let lines = [("Cookie", "square_device=planted; __Host-square_device=own")];
        assert_eq!(read(&behind_tls(), &lines), ["own"]);
        assert_eq!(read(&behind_tls(), &[("Cookie", "square_device=planted")]), Vec::<String>::new());
    }

    fn given(tokens: &[&str], may_keep: bool, settings: &HttpSettings) -> [Option<String>; 2] {
        let tokens: Vec<Secret> = tokens.iter().map(|token| Secret::new(*token)).collect();
        let mut response = HttpResponse::Ok().finish();
        give(&tokens, &Entrance { device: Device::default(), may_keep }, settings, &mut response);
        let text = |name| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        ["set-cookie", HEADER].map(text)
    }

    #[test]
    fn the_cookie_is_for_the_server_alone() {
        let [cookie, header] = given(&["one", "two"], true, &HttpSettings::default());
        let attributes = "Max-Age=34560000; HttpOnly; SameSite=Lax";
        assert_eq!(cookie.unwrap(), format!("square_device=one.two; Path=/api; {attributes}"));
        assert_eq!(header.unwrap(), "one.two");
        let at_the_root = HttpSettings { base_path: String::new(), ..HttpSettings::default() };
        let [cookie, _] = given(&["one"], true, &at_the_root);
        assert_eq!(cookie.unwrap(), format!("square_device=one; Path=/; {attributes}"));
        let [cookie, _] = given(&["one"], true, &behind_tls());
        assert_eq!(cookie.unwrap(), format!("__Host-square_device=one; Path=/; {attributes}; Secure"));
        assert_eq!(given(&[], true, &behind_tls()), [None, None]);
    }

    #[test]
    fn a_browser_keeps_nothing_for_a_page_from_elsewhere() {
        assert_eq!(given(&["one"], false, &behind_tls()), [None, Some("one".to_owned())]);
    }
}
