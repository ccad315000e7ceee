use super::reply::{LetterSent, SocialReply};
use super::responses::SocialErrors;
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
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"code": "4/P7q7W91a-oMsCeLvIaQm6bTrgtp7"}))]
pub(crate) struct GithubCode {
    /// The authorization code that GitHub sent the browser back with.
    #[schema(value_type = String, min_length = 1, max_length = 16384)]
    code: Option<String>,
    /// The state of `authorize`, where the sign-in was begun there.
    state: Option<String>,
}

/// Sign in by GitHub
///
/// Takes the code that a browser brings back. Whoever is known signs in; whoever is not gets an account; with an access token the identity is linked to its account
/// instead. Where the address has an account already, or GitHub does not vouch for it, nobody is signed in: a letter asks
/// whoever has the mailbox.
#[utoipa::path(tag = "accounts", request_body = GithubCode, security((), ("token" = [])), responses(
    (status = 200, description = "Signed in, the account made, or linked; or the second factor is asked for.", body = SocialReply),
    (status = 202, description = "A letter asks whoever has the mailbox.", body = LetterSent),
    SocialErrors,
))]
#[post("/social/github")]
pub(crate) async fn sign_in_by_github(
    state: Data<State>,
    caller: Caller,
    Json(body): Json<GithubCode>,
    entrance: Entrance,
) -> Result<HttpResponse, Failure> {
    let code = secret("code", body.code).map_err(Invalid::from)?;
    let request = request(Provider::Github, Proof::Code(code), body.state, None);
    come(&state, request, &caller.0, &entrance).await
}
