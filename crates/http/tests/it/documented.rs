//! Holds each reply that a test gets against the OpenAPI document, so that the document says what calls really answer.

use serde_json::Value;
use std::sync::LazyLock;
use utoipa::openapi::OpenApi;

/// Stands for whatever base path an application has.
const BASE: &str = "/base";

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    serde_json::to_value(square_http::openapi(BASE, Some("/v1"), OpenApi::default())).unwrap()
});

/// Fails where the document has the call, but not with this status or media type.
pub(crate) fn check(base_path: &str, method: &str, path: &str, status: u16, media_type: Option<&str>) {
    let method = if method == "HEAD" { "GET" } else { method };
    let under_base = path.strip_prefix(base_path).map(|rest| format!("{BASE}{rest}"));
    let found = under_base.and_then(|path| operation(method, &path)).or_else(|| operation(method, path));
    let Some((pattern, operation)) = found else { return };
    let call = format!("{method} {pattern}: {status}");
    let response = &operation["responses"][status.to_string()];
    let response = match response["$ref"].as_str() {
        Some(reference) => DOCUMENT.pointer(reference.trim_start_matches('#')).unwrap(),
        None => response,
    };
    assert!(response.is_object(), "{call} is not documented");
    // A page has several kinds of files.
    let Some(media_type) = media_type.filter(|_| pattern != "/assets/{name}") else { return };
    let media_type = media_type.split(';').next().unwrap();
    assert!(response["content"].get(media_type).is_some(), "{call}: {media_type} is not documented");
}

/// The operation of a path; where several fit, the one with the fewest parameters.
fn operation(method: &str, path: &str) -> Option<(&'static str, &'static Value)> {
    let fits = |pattern: &str| {
        let (mut wanted, mut found) = (pattern.split('/'), path.split('/'));
        loop {
            match (wanted.next(), found.next()) {
                (None, None) => return true,
                (Some(wanted), Some(found)) if wanted == found => {}
                (Some(wanted), Some(found)) if wanted.starts_with('{') && !found.is_empty() => {}
                _ => return false,
            }
        }
    };
    let paths = DOCUMENT["paths"].as_object().unwrap().iter();
    let fitting = paths.filter(|(pattern, _)| fits(pattern));
    let (pattern, item) = fitting.min_by_key(|(pattern, _)| pattern.matches('{').count())?;
    Some((pattern, item.get(method.to_lowercase())?))
}
