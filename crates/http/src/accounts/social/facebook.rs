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
use square_kernel::{FieldError, Invalid, Secret};
use utoipa::ToSchema;

/// What Facebook's own script gives a client. Only the token and whose it is are read; everything else is asked of Facebook.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"accessToken": "EAAGm0PX4ZCpsBAK…", "userID": "10158812345678901"}))]
pub(crate) struct FacebookToken {
    /// The access token.
    #[schema(value_type = String, min_length = 1, max_length = 16384)]
    access_token: Option<String>,
    /// Whose it is.
    #[serde(rename = "userID")]
    #[schema(value_type = String, pattern = "^[0-9]{1,64}$")]
    user_id: Option<String>,
    /// The state of `authorize`, where the sign-in was begun there.
    state: Option<String>,
}

/// Sign in by Facebook
///
/// Takes an access token and asks Facebook whether it gave it, for this application and this person, and whether it is good. Facebook
/// vouches for no address, so whoever is new confirms theirs by letter. Whoever is known signs in; whoever is not gets an account; with an access token the identity is linked to its account
/// instead. Where the address has an account already, or Facebook does not vouch for it, nobody is signed in: a letter asks
/// whoever has the mailbox.
#[utoipa::path(tag = "accounts", request_body = FacebookToken, security((), ("token" = [])), responses(
    (status = 200, description = "Signed in, the account made, or linked; or the second factor is asked for.", body = SocialReply),
    (status = 202, description = "A letter asks whoever has the mailbox.", body = LetterSent),
    SocialErrors,
))]
#[post("/social/facebook")]
pub(crate) async fn sign_in_by_facebook(
    state: Data<State>,
    caller: Caller,
    Json(body): Json<FacebookToken>,
    entrance: Entrance,
) -> Result<HttpResponse, Failure> {
    let (token, subject) = parse(body.access_token, body.user_id)?;
    let request = request(Provider::Facebook, Proof::AccessToken { token, subject }, body.state, None);
    come(&state, request, &caller.0, &entrance).await
}

fn parse(token: Option<String>, user: Option<String>) -> Result<(Secret, String), Invalid> {
    let mut invalid = Invalid::default();
    let token = invalid.collect(secret("accessToken", token));
    let user = match user.unwrap_or_default() {
        id if (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit()) => Some(id),
        _ => invalid.collect(Err(FieldError::new("userID", "must be the identifier of a person, in digits"))),
    };
    match (token, user) {
        (Some(token), Some(user)) => Ok((token, user)),
        _ => Err(invalid),
    }
}
