use super::reply::{LetterSent, SocialReply};
use super::{come, request, secret};
use crate::Failure;
use crate::api::State;
use crate::extract::{Caller, Entrance, Json};
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use serde::Deserialize;
use square_accounts::Provider;
use square_accounts::ports::identity::Proof;
use square_kernel::Invalid;
use square_wire::ErrorBody;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"code": "4/P7q7W91a-oMsCeLvIaQm6bTrgtp7"}))]
pub(crate) struct LinkedinCode {
    /// The authorization code that LinkedIn sent the browser back with.
    #[schema(value_type = String, min_length = 1, max_length = 16384)]
    code: Option<String>,
    /// The state of `authorize`, where the sign-in was begun there.
    state: Option<String>,
}

/// Sign in by LinkedIn
///
/// Takes the code that a browser brings back. Whoever is known signs in; whoever is not gets an account; with an access token the identity is linked to its account
/// instead. Where the address has an account already, or LinkedIn does not vouch for it, nobody is signed in: a letter asks
/// whoever has the mailbox.
#[utoipa::path(tag = "accounts", request_body = LinkedinCode, security((), ("token" = [])), responses(
    (status = 200, description = "Signed in, the account made, or linked; or the second factor is asked for.", body = SocialReply),
    (status = 202, description = "A letter asks whoever has the mailbox.", body = LetterSent),
    (status = 400, description = "`state` is unknown, used, expired or another sign-in's.", body = ErrorBody),
    (status = 401, description = "LinkedIn does not confirm what was sent, or the account is suspended, or the access token is not good.", body = ErrorBody),
    (status = 403, description = "Linking takes a fresh sign-in (`reauthentication_required`) and a confirmed address (`address_not_confirmed`), or a browser sent it from a page of a site that may not call (`origin_not_allowed`).", body = ErrorBody),
    (status = 404, description = "LinkedIn is not set up on this server (`provider_not_set_up`).", body = ErrorBody),
    (status = 409, description = "The identity belongs to another account.", body = ErrorBody),
    (status = 422, description = "A field breaks a rule, or LinkedIn tells no address (`address_missing`).", body = ErrorBody),
    (status = 429, description = "Too many attempts from this address.", body = ErrorBody),
))]
#[post("/social/linkedin")]
pub(crate) async fn sign_in_by_linkedin(
    state: Data<State>,
    caller: Caller,
    Json(body): Json<LinkedinCode>,
    entrance: Entrance,
) -> Result<HttpResponse, Failure> {
    let code = secret("code", body.code).map_err(Invalid::from)?;
    let request = request(Provider::Linkedin, Proof::Code(code), body.state, None);
    come(&state, request, &caller.0, &entrance).await
}
