use crate::api::State;
use crate::device_token;
use actix_web::dev::Payload;
use actix_web::http::header::USER_AGENT;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use square_accounts::Device;
use std::convert::Infallible;
use std::future::{Ready, ready};

/// Where the request comes from: the connection tells, or a proxy that is trusted.
pub(crate) struct Client(pub(crate) Device);

impl FromRequest for Client {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let state = request.app_data::<Data<State>>();
        let address = state.and_then(|state| state.services.settings.proxies.client(request));
        let agent = request.headers().get(USER_AGENT).and_then(|agent| agent.to_str().ok());
        ready(Ok(Self(Device {
            address: address.map(|address| address.to_string()),
            agent: agent.map(str::to_owned),
            tokens: device_token::sent(request.headers()),
        })))
    }
}
