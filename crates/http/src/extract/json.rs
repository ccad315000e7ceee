use crate::Failure;
use crate::api::State;
use crate::extract::read_body;
use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures::future::{FutureExt, LocalBoxFuture, TryFutureExt};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;
use square_wire::Fault;

/// A JSON object as the body. A value of the wrong type is refused by the name of its field; whether values
/// are there and keep the rules is for the handler to say, of all fields at once.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = Failure;
    type Future = LocalBoxFuture<'static, Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        read(request, payload, parse).map_ok(Self).boxed_local()
    }
}

/// The same where numbers count to the last digit: what is read is read from the text, since JSON values have made floats of
/// numbers.
pub(crate) struct ExactJson<T>(pub(crate) T);

impl<T: DeserializeOwned + 'static> FromRequest for ExactJson<T> {
    type Error = Failure;
    type Future = LocalBoxFuture<'static, Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        read(request, payload, parse_exactly).map_ok(Self).boxed_local()
    }
}

fn read<T: 'static>(
    request: &HttpRequest,
    payload: &mut Payload,
    parse: fn(&[u8]) -> Result<T, Fault>,
) -> LocalBoxFuture<'static, Result<T, Failure>> {
    let (request, payload) = (request.clone(), payload.take());
    async move {
        if !is_json(&request) {
            return Err(Failure(Fault::unsupported_media_type("application/json")));
        }
        let state = request.app_data::<Data<State>>().ok_or_else(|| Failure(Fault::internal()))?;
        let settings = &state.services.settings;
        let body = read_body(&request, payload, settings.json_limit, settings.body_time_limit).await?;
        parse(&body).map_err(Failure)
    }
    .boxed_local()
}

/// The same where a body may be left out, which counts as an object without fields.
pub(crate) struct OptionalJson<T>(pub(crate) T);

impl<T: DeserializeOwned + Default + 'static> FromRequest for OptionalJson<T> {
    type Error = Failure;
    type Future = LocalBoxFuture<'static, Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let headers = request.headers();
        let none = !headers.contains_key(CONTENT_TYPE) && !headers.contains_key(TRANSFER_ENCODING);
        let empty = headers.get(CONTENT_LENGTH).is_none_or(|length| length == "0");
        if none && empty {
            return async { Ok(Self(T::default())) }.boxed_local();
        }
        Json::from_request(request, payload).map_ok(|Json(body)| Self(body)).boxed_local()
    }
}

fn is_json(request: &HttpRequest) -> bool {
    let mime = request.mime_type().ok().flatten();
    mime.is_some_and(|mime| mime.subtype() == "json" || mime.suffix().is_some_and(|suffix| suffix == "json"))
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Fault> {
    let value: Value = serde_json::from_slice(body).map_err(|error| no_json(&error))?;
    if !value.is_object() {
        return Err(no_object());
    }
    serde_path_to_error::deserialize(value)
        .map_err(|error| Fault::wrong_type(&error.path().to_string(), &error.inner().to_string()))
}

fn parse_exactly<T: DeserializeOwned>(body: &[u8]) -> Result<T, Fault> {
    // Looked through first, so that what is no JSON at all is not called a wrong type.
    let text: &RawValue = serde_json::from_slice(body).map_err(|error| no_json(&error))?;
    if !text.get().starts_with('{') {
        return Err(no_object());
    }
    serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(text.get()))
        .map_err(|error| Fault::wrong_type(&error.path().to_string(), &error.inner().to_string()))
}

fn no_json(error: &serde_json::Error) -> Fault {
    Fault::malformed(format!("the body is not valid JSON: {error}"))
}

fn no_object() -> Fault {
    Fault::malformed("the body must be a JSON object")
}
