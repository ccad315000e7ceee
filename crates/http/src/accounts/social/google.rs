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
#[schema(example = json!({"idtoken": "eyJhbGciOiJSUzI1NiIs…", "nonce": "n-0S6_WzA2Mj"}))]
pub(crate) struct GoogleIdToken {
    /// The ID token that Google gave the client.
    #[schema(value_type = String, min_length = 1, max_length = 16384)]
    idtoken: Option<String>,
    /// The nonce that the client asked for it with, where it did; not needed with `state`.
    nonce: Option<String>,
    /// The state of `authorize`, where the sign-in was begun there.
    state: Option<String>,
}

/// Sign in by Google
///
/// Takes an ID token: signature, issuer, audience, times and, where there is one, the nonce are checked against Google's keys. Whoever is known signs in; whoever is not gets an account; with an access token the identity is linked to its account
/// instead. Where the address has an account already, or Google does not vouch for it, nobody is signed in: a letter asks
/// whoever has the mailbox.
#[utoipa::path(tag = "accounts", request_body = GoogleIdToken, security((), ("token" = [])), responses(
    (status = 200, description = "Signed in, the account made, or linked; or the second factor is asked for.", body = SocialReply),
    (status = 202, description = "A letter asks whoever has the mailbox.", body = LetterSent),
    SocialErrors,
))]
#[post("/social/google")]
pub(crate) async fn sign_in_by_google(
    state: Data<State>,
    caller: Caller,
    Json(body): Json<GoogleIdToken>,
    entrance: Entrance,
) -> Result<HttpResponse, Failure> {
    let token = secret("idtoken", body.idtoken).map_err(Invalid::from)?;
    let request = request(Provider::Google, Proof::IdToken(token), body.state, body.nonce);
    come(&state, request, &caller.0, &entrance).await
}
