use crate::Failure;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use square_casting::{ActorId, MovieId, RoleId};
use square_companies::{BankAccountId, CompanyId};
use square_events::EventId;
use square_kernel::{SessionId, SkillId, UserId};
use square_routing::QuestionId;
use square_skills::ProposalId;
use square_wire::Fault;
use std::future::{Ready, ready};
use std::str::FromStr;

/// The `{id}` of the path. Text that is no identifier names nothing, so it is answered like an unknown one.
pub(crate) struct Id<T>(pub(crate) T);

/// Identifiers that stand in paths.
pub(crate) trait Named: FromStr {
    /// What is identified.
    const WHAT: &'static str;
}

impl Named for SkillId {
    const WHAT: &'static str = "skill";
}

impl Named for SessionId {
    const WHAT: &'static str = "session";
}

impl Named for UserId {
    const WHAT: &'static str = "account";
}

impl Named for QuestionId {
    const WHAT: &'static str = "question";
}

impl Named for EventId {
    const WHAT: &'static str = "event";
}

impl Named for ProposalId {
    const WHAT: &'static str = "proposal";
}

impl Named for MovieId {
    const WHAT: &'static str = "movie";
}

impl Named for ActorId {
    const WHAT: &'static str = "actor";
}

impl Named for RoleId {
    const WHAT: &'static str = "role";
}

impl Named for CompanyId {
    const WHAT: &'static str = "company";
}

impl Named for BankAccountId {
    const WHAT: &'static str = "bank account";
}

/// What stands in the path under `{id}`: the parameter that is called as what it identifies, such as `{skill}`.
pub(crate) struct Under<T>(pub(crate) T);

impl<T: Named> FromRequest for Under<T> {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(named(request, T::WHAT).map(Self))
    }
}

impl<T: Named> FromRequest for Id<T> {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(named(request, "id").map(Self))
    }
}

fn named<T: Named>(request: &HttpRequest, parameter: &str) -> Result<T, Failure> {
    let id = request.match_info().get(parameter).and_then(|id| id.parse().ok());
    id.ok_or_else(|| Failure(Fault::not_found(T::WHAT)))
}
