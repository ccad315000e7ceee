//! Which scripts of other sites may read what is answered.

use crate::api::State;
use crate::{RequestId, device_token};
use actix_cors::Cors;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::web::Data;
use square_wire::Origins;

/// The middleware for all paths.
pub(crate) fn cors(origins: &Origins) -> Cors {
    let cors = match origins {
        Origins::Any => Cors::default().allow_any_origin().send_wildcard(),
        Origins::Only(origins) => {
            origins.iter().fold(Cors::default(), |cors, origin| cors.allowed_origin(origin))
        }
    };
    let exposed = [
        RequestId::HEADER,
        "x-question-id",
        "x-fallback-from",
        "x-total-count",
        "link",
        "location",
        "preference-applied",
        "retry-after",
        device_token::HEADER,
    ];
    // What clients of OpenAI in browsers send along.
    let of_openai = ["openai-organization", "openai-project", "openai-beta"];
    let of_its_clients = [
        "x-stainless-arch",
        "x-stainless-async",
        "x-stainless-custom-poll-interval",
        "x-stainless-helper-method",
        "x-stainless-lang",
        "x-stainless-os",
        "x-stainless-package-version",
        "x-stainless-poll-helper",
        "x-stainless-retry-count",
        "x-stainless-runtime",
        "x-stainless-runtime-version",
        "x-stainless-timeout",
    ];
    cors.allowed_methods(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
        .allowed_headers([header::AUTHORIZATION, header::CONTENT_TYPE, header::ACCEPT])
        .allowed_headers([RequestId::HEADER, "last-event-id", "prefer", device_token::HEADER])
        .allowed_headers(of_openai)
        .allowed_headers(of_its_clients)
        .expose_headers(exposed)
        .max_age(600)
}

/// The origin of a request to the path whose clients send credentials whether or not anybody looks at them, which browsers let no wildcard
/// answer; `None` for all other requests.
pub(crate) fn credentialed_origin(request: &ServiceRequest) -> Option<HeaderValue> {
    let settings = &request.app_data::<Data<State>>()?.services.settings;
    let path = settings.credentialed_path.as_ref()?;
    let rest = request.path().strip_prefix(path.as_str())?;
    let is_there = rest.is_empty() || rest.starts_with('/');
    is_there.then(|| request.headers().get(header::ORIGIN).cloned()).flatten()
}

/// Lets scripts of this origin read the response although they sent credentials, where they may read it at all. No cookie and nothing else
/// that browsers add by themselves counts at that path, so what they read is what anybody could.
pub(crate) fn allow_credentials(headers: &mut HeaderMap, origin: HeaderValue) {
    if !headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
        return;
    }
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
}
