use crate::intake::Kind;
use crate::report::Report;
use crate::settings::{ReportSettings, SetupError};
use crate::worker::{Carried, Carrier};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use serde_json::{Map, Value, json};
use square_kernel::Secret;
use std::error::Error;
use std::time::Duration;
use url::Url;

const TOKEN: &str = "x-rollbar-access-token";
/// The seconds until Rollbar takes reports again, in its answer to too many.
const SECONDS_LEFT: &str = "x-rate-limit-remaining-seconds";
/// What Rollbar takes as a title.
const TITLE_LENGTH: usize = 255;

/// Posts reports to Rollbar's [item endpoint](https://docs.rollbar.com/reference/create-item).
pub(crate) struct Rollbar {
    http: Client,
    url: Url,
    token: Secret,
    token_header: HeaderValue,
    environment: String,
    server: String,
    code_version: String,
}

impl Rollbar {
    pub(crate) fn new(settings: &ReportSettings) -> Result<Self, SetupError> {
        let url = settings.item_url()?;
        let mut token_header =
            HeaderValue::from_str(settings.token.expose()).map_err(|_| SetupError::Token)?;
        token_header.set_sensitive(true);
        Ok(Self {
            http: client(&url, settings.time_limit).map_err(SetupError::Client)?,
            url,
            token: settings.token.clone(),
            token_header,
            environment: settings.environment.clone(),
            server: settings.server.clone(),
            code_version: settings.code_version.clone(),
        })
    }

    fn item(&self, report: &Report) -> Value {
        json!({
            "access_token": self.token.expose(),
            "data": {
                "environment": self.environment,
                "body": body(report),
                "level": report.level,
                "timestamp": report.at.as_second(),
                "code_version": self.code_version,
                "platform": std::env::consts::OS,
                "language": "rust",
                "context": report.fields.get("route").map_or(report.target, String::as_str),
                "server": { "host": self.server, "code_version": self.code_version },
                "custom": custom(report),
                "fingerprint": report.fingerprint,
                "title": report.message.chars().take(TITLE_LENGTH).collect::<String>(),
                "uuid": report.id,
                "notifier": { "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") },
            },
        })
    }
}

impl Carrier for Rollbar {
    async fn carry(&self, report: &Report) -> Carried {
        let request = self
            .http
            .post(self.url.clone())
            .header(TOKEN, self.token_header.clone())
            .header(CONTENT_TYPE, "application/json")
            .body(self.item(report).to_string());
        match request.send().await {
            Ok(answer) => judged(answer.status(), answer.headers()),
            Err(error) => Carried::Later { after: None, why: chain(&error.without_url()) },
        }
    }
}

fn client(url: &Url, time_limit: Duration) -> reqwest::Result<Client> {
    let builder = || {
        let builder = Client::builder()
            .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
            .timeout(time_limit)
            // The token goes to the address that the operator named, and nowhere else.
            .redirect(Policy::none())
            .referer(false);
        // A proxy is for the way out to the internet; whoever takes reports without TLS stands near.
        if url.scheme() == "http" { builder.no_proxy() } else { builder }
    };
    match builder().build() {
        Err(_) if url.scheme() == "http" => builder().tls_certs_only([]).build(),
        built => built,
    }
}

pub(crate) fn judged(status: StatusCode, headers: &HeaderMap) -> Carried {
    let why = || format!("the answer was {status}");
    match status {
        _ if status.is_success() => Carried::Delivered,
        StatusCode::TOO_MANY_REQUESTS => Carried::Later { after: seconds_left(headers), why: why() },
        StatusCode::REQUEST_TIMEOUT => Carried::Later { after: None, why: why() },
        _ if status.is_server_error() => Carried::Later { after: seconds_left(headers), why: why() },
        _ => Carried::Refused { why: why() },
    }
}

fn seconds_left(headers: &HeaderMap) -> Option<Duration> {
    let header = headers.get(RETRY_AFTER).or_else(|| headers.get(SECONDS_LEFT))?;
    header.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

/// A panic is shown as an exception with one frame, anything else as a message.
fn body(report: &Report) -> Value {
    match (report.kind, &report.place) {
        (Kind::Panic, Some((file, line))) => json!({
            "trace": {
                "frames": [{ "filename": file, "lineno": line }],
                "exception": { "class": "panic", "message": report.message },
            },
        }),
        _ => json!({ "message": { "body": report.message } }),
    }
}

fn custom(report: &Report) -> Value {
    let mut custom: Map<String, Value> =
        report.fields.iter().map(|(name, text)| ((*name).to_owned(), text.as_str().into())).collect();
    custom.insert("target".to_owned(), report.target.into());
    if let Some((file, line)) = &report.place {
        custom.insert("place".to_owned(), format!("{file}:{line}").into());
    }
    custom.insert("occurrences".to_owned(), report.occurrences.into());
    if report.dropped_before > 0 {
        custom.insert("dropped_before".to_owned(), report.dropped_before.into());
    }
    Value::Object(custom)
}

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
