use actix_web::http::header::HeaderMap;

/// Whether the client prefers not to wait (RFC 7240, section 4.1).
pub(super) fn respond_async(headers: &HeaderMap) -> bool {
    let preferences = headers.get_all("prefer").filter_map(|value| value.to_str().ok());
    preferences.flat_map(|value| value.split(',')).any(|preference| {
        let name = preference.split([';', '=']).next().unwrap_or_default();
        name.trim().eq_ignore_ascii_case("respond-async")
    })
}

#[cfg(test)]
mod tests {
    use super::respond_async;
    use actix_web::test::TestRequest;

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
}
