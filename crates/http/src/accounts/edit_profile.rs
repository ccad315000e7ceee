use super::private;
use crate::Failure;
use crate::api::State;
use crate::extract::{Client, Json, SignedIn};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, patch};
use serde::Deserialize;
use square_accounts::ports::TokenRejected;
use square_accounts::{Account, EmailAddress, PersonName, ProfilePatch};
use square_kernel::{FieldError, Invalid};
use square_wire::{ErrorBody, User};
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"first_name": "Ada", "last_name": "Lovelace"}))]
pub(crate) struct Profile {
    /// First name, at most 80 characters; may be empty.
    #[schema(max_length = 80)]
    first_name: Option<String>,
    /// Last name, at most 80 characters; may be empty.
    #[schema(max_length = 80)]
    last_name: Option<String>,
    /// Cannot be changed; may be sent as it is.
    username: Option<String>,
    /// Is changed by `change_email`; may be sent as it is.
    email: Option<String>,
}

/// Change one's names
///
/// What is left out stays. Access tokens show the names from the next refresh on.
#[utoipa::path(tag = "accounts", security(("token" = [])), request_body = Profile, responses(
    (status = 200, description = "The account as it is now.", body = User),
    (status = 422, description = "A name keeps no rules, or something else was to be changed.", body = ErrorBody),
    (status = 429, description = "They were changed often of late.", body = ErrorBody),
))]
#[patch("/me")]
pub(crate) async fn edit_profile(
    state: Data<State>,
    caller: SignedIn,
    Json(body): Json<Profile>,
    Client(device): Client,
) -> Result<HttpResponse, Failure> {
    let accounts = &state.services.accounts;
    let account = accounts.profile(caller.identity.user).await?;
    // Its token may outlive an account by a moment.
    let patch = body.parse(&account.ok_or(TokenRejected::Invalid)?)?;
    let account = accounts.edit_profile(&caller.identity, patch, &device).await?;
    Ok(private(StatusCode::OK, User::from(&account)))
}

impl Profile {
    fn parse(self, account: &Account) -> Result<ProfilePatch, Invalid> {
        let mut invalid = Invalid::default();
        let mut name = |field, text: Option<String>| {
            text.and_then(|text| invalid.collect(PersonName::parse(field, &text)))
        };
        let first_name = name("first_name", self.first_name);
        let last_name = name("last_name", self.last_name);
        if self.username.is_some_and(|name| name != account.username.as_str()) {
            invalid.0.push(FieldError::new("username", "cannot be changed"));
        }
        let email = account.email.as_ref().map(EmailAddress::as_str);
        if self.email.is_some_and(|text| Some(text.trim().to_lowercase().as_str()) != email) {
            invalid.0.push(FieldError::new("email", "is changed by change_email"));
        }
        if invalid.0.is_empty() { Ok(ProfilePatch { first_name, last_name }) } else { Err(invalid) }
    }
}
