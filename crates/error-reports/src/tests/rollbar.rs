use crate::rollbar::judged;
use crate::settings::{ReportSettings, SetupError};
use crate::worker::Carried;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use square_kernel::Secret;
use std::time::Duration;

fn later(seconds: Option<u64>, status: &str) -> Carried {
    Carried::Later { after: seconds.map(Duration::from_secs), why: format!("the answer was {status}") }
}

fn answer(status: u16, header: &[(&'static str, &'static str)]) -> Carried {
    let pair = |(name, value): &(&'static str, &'static str)| {
        (HeaderName::from_static(name), HeaderValue::from_static(value))
    };
    let headers: HeaderMap = header.iter().map(pair).collect();
    judged(StatusCode::from_u16(status).unwrap(), &headers)
}

#[test]
fn an_answer_says_whether_to_come_again() {
    assert_eq!(answer(200, &[]), Carried::Delivered);
    assert_eq!(answer(500, &[]), later(None, "500 Internal Server Error"));
    assert_eq!(answer(503, &[("retry-after", "7")]), later(Some(7), "503 Service Unavailable"));
    assert_eq!(answer(429, &[("retry-after", "30")]), later(Some(30), "429 Too Many Requests"));
    let header = [("x-rate-limit-remaining-seconds", "40")];
    assert_eq!(answer(429, &header), later(Some(40), "429 Too Many Requests"));
    assert_eq!(answer(429, &[("retry-after", "soon")]), later(None, "429 Too Many Requests"));
    for refused in [301, 400, 401, 403, 404, 413, 422] {
        assert!(matches!(answer(refused, &[]), Carried::Refused { .. }), "{refused}");
    }
}

fn settings(endpoint: &str) -> ReportSettings {
    ReportSettings {
        token: Secret::new("the-token"),
        endpoint: endpoint.to_owned(),
        environment: "test".to_owned(),
        server: "here".to_owned(),
        code_version: "1.2.3".to_owned(),
        time_limit: Duration::from_secs(1),
        flush_within: Duration::from_secs(1),
    }
}

#[test]
fn an_endpoint_is_a_plain_web_address() {
    for (endpoint, url) in [
        ("https://api.rollbar.com", "https://api.rollbar.com/api/1/item/"),
        ("https://api.rollbar.com/", "https://api.rollbar.com/api/1/item/"),
        ("http://127.0.0.1:9/errors", "http://127.0.0.1:9/errors/api/1/item/"),
    ] {
        assert_eq!(settings(endpoint).item_url().unwrap().as_str(), url);
    }
    for bad in
        ["", "api.rollbar.com", "ftp://x.org", "https://a:b@x.org", "https://x.org?a", "https://x.org#a"]
    {
        assert!(matches!(settings(bad).item_url(), Err(SetupError::Endpoint)), "{bad}");
    }
}

#[test]
fn the_token_is_silent() {
    assert!(!format!("{:?}", settings("https://x.org")).contains("the-token"));
}
