use actix_web::dev::Payload;
use actix_web::http::header::USER_AGENT;
use actix_web::{FromRequest, HttpRequest};
use square_accounts::Device;
use std::convert::Infallible;
use std::future::{Ready, ready};

/// Where the request comes from, as the connection tells; headers of proxies are not believed.
pub(crate) struct Client(pub(crate) Device);

impl FromRequest for Client {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let address = request.peer_addr().map(|address| address.ip().to_string());
        let agent = request.headers().get(USER_AGENT).and_then(|agent| agent.to_str().ok());
        ready(Ok(Self(Device { address, agent: agent.map(str::to_owned) })))
    }
}
