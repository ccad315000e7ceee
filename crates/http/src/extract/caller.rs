use crate::Failure;
use crate::api::State;
use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use square_accounts::Accounts;
use square_kernel::{Asker, Identity, Whereabouts};
use square_wire::{Fault, access_token};
use std::future::{Ready, ready};

/// Who makes the request: whoever holds the token that was sent, or anybody where none was. A token that was
/// sent and is not good is refused, also by calls that need none: the client believes to be signed in.
#[derive(Debug, Clone)]
pub struct Caller(pub Asker);

impl FromRequest for Caller {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(asker(request).map(Self))
    }
}

/// Somebody signed in.
#[derive(Debug, Clone)]
pub(crate) struct SignedIn {
    pub(crate) asker: Asker,
    pub(crate) identity: Identity,
}

impl FromRequest for SignedIn {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let signed_in = |asker: Asker| match asker.identity.clone() {
            Some(identity) => Ok(Self { asker, identity }),
            None => Err(Failure(Fault::sign_in_required())),
        };
        ready(asker(request).and_then(signed_in))
    }
}

/// Whoever holds the token that was sent, or anybody where none was; and where they are.
pub(crate) fn asker(request: &HttpRequest) -> Result<Asker, Failure> {
    Ok(holder(request)?.at(whereabouts(request)))
}

/// Where the request comes from.
pub(crate) fn whereabouts(request: &HttpRequest) -> Whereabouts {
    request.extensions().get().copied().unwrap_or_default()
}

fn holder(request: &HttpRequest) -> Result<Asker, Failure> {
    let Some(state) = request.app_data::<Data<State>>() else { return Err(Failure(Fault::internal())) };
    let accounts: &Accounts = &state.services.accounts;
    let Some(value) = request.headers().get(AUTHORIZATION) else { return Ok(accounts.anonymous()) };
    let token = access_token(value.as_bytes()).map_err(Failure)?;
    Ok(accounts.authenticate(token)?)
}
