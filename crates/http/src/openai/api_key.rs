use crate::Failure;
use crate::api::State;
use crate::extract::{asker, whereabouts};
use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use square_kernel::Asker;
use square_wire::{Fault, access_token};
use std::future::{Ready, ready};

/// What clients send who have no key, since they insist on sending one.
const NO_KEY: &str = "none";

/// Who makes the request. The key is an access token; the word `none` in its place is taken for no token at all, here and nowhere
/// else. Any other key that is not good is refused.
pub(super) struct ApiKey(pub(super) Asker);

impl FromRequest for ApiKey {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        if !says_none(request) {
            return ready(asker(request).map(Self));
        }
        let state = request.app_data::<Data<State>>().ok_or_else(|| Failure(Fault::internal()));
        let anonymous = |state: &Data<State>| state.services.accounts.anonymous().at(whereabouts(request));
        ready(state.map(anonymous).map(Self))
    }
}

fn says_none(request: &HttpRequest) -> bool {
    let header = request.headers().get(AUTHORIZATION);
    let key = header.and_then(|value| access_token(value.as_bytes()).ok());
    key.is_some_and(|key| key.eq_ignore_ascii_case(NO_KEY))
}
