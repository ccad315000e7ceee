use crate::Failure;
use crate::api::State;
use crate::device_token;
use crate::settings::HttpSettings;
use actix_web::dev::Payload;
use actix_web::http::header::USER_AGENT;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use square_accounts::Device;
use square_wire::Fault;
use std::future::{Ready, ready};

/// Where the request comes from: the connection tells, or a proxy that is trusted.
pub(crate) struct Client(pub(crate) Device);

impl FromRequest for Client {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let state = request.app_data::<Data<State>>().ok_or_else(|| Failure(Fault::internal()));
        ready(state.map(|state| Self(device(request, &state.services.settings))))
    }
}

pub(super) fn device(request: &HttpRequest, settings: &HttpSettings) -> Device {
    let agent = request.headers().get(USER_AGENT).and_then(|agent| agent.to_str().ok());
    Device {
        address: settings.proxies.client(request).map(|address| address.to_string()),
        agent: agent.map(str::to_owned),
        tokens: device_token::sent(request.headers(), settings),
    }
}
