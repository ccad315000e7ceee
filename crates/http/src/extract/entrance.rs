use crate::Failure;
use crate::api::State;
use crate::extract::device::device;
use crate::sender::Sender;
use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use square_accounts::Device;
use square_wire::Fault;
use std::future::{Ready, ready};

/// From where somebody is about to sign in. A page that may not call signs nobody in, also by requests that browsers send
/// without asking first, such as those of a form.
pub(crate) struct Entrance {
    pub(crate) device: Device,
    /// Whether the browser may be given a cookie: not for a page from elsewhere, which could have it keep one of somebody
    /// else in the place of its own.
    pub(crate) may_keep: bool,
}

impl FromRequest for Entrance {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(entrance(request))
    }
}

fn entrance(request: &HttpRequest) -> Result<Entrance, Failure> {
    let state = request.app_data::<Data<State>>().ok_or_else(|| Failure(Fault::internal()))?;
    let settings = &state.services.settings;
    let may_keep = match Sender::of(request.headers(), settings) {
        Sender::Own => true,
        Sender::Guest => false,
        Sender::Stranger => return Err(Failure(Fault::origin_not_allowed())),
    };
    Ok(Entrance { device: device(request, settings), may_keep })
}
