use super::{Done, DoneFor, private};
use crate::Failure;
use crate::api::State;
use crate::extract::{Client, Json};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use serde::Deserialize;
use square_accounts::{EmailAddress, NewRegistration, Password, Username};
use square_kernel::Invalid;
use square_wire::{ErrorBody, User};
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"username": "ada", "email": "ada@example.org", "password": "correct horse"}))]
pub(crate) struct Registration {
    /// The public name: 3 to 30 letters, digits, `.`, `_` and `-`.
    #[schema(value_type = String, min_length = 3, max_length = 30)]
    username: Option<String>,
    /// The address; may be left out only where the server does not ask for one.
    #[schema(format = "email", max_length = 254)]
    email: Option<String>,
    /// 8 to 1024 bytes.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 1024)]
    password: Option<String>,
}

/// Make an account
///
/// A letter with a link that confirms the address is sent. The reply is the same when the address has an
/// account already; its owner is told by letter.
#[utoipa::path(tag = "accounts", request_body = Registration, responses(
    (status = 201, description = "The account is made.", body = DoneFor),
    (status = 409, description = "The name is taken.", body = ErrorBody),
    (status = 429, description = "Too many attempts from this address.", body = ErrorBody),
))]
#[post("/register")]
pub(crate) async fn register(
    state: Data<State>,
    Json(body): Json<Registration>,
    Client(device): Client,
) -> Result<HttpResponse, Failure> {
    let account = state.services.accounts.register(body.parse()?, &device).await?;
    let message = match account.email {
        Some(_) => "The account is made. Please follow the link in the letter that was sent to you.",
        None => "The account is made.",
    };
    Ok(private(StatusCode::CREATED, DoneFor { done: Done::new(message), user: User::from(&account) }))
}

impl Registration {
    fn parse(self) -> Result<NewRegistration, Invalid> {
        let mut invalid = Invalid::default();
        let username = invalid.collect(Username::choose(&self.username.unwrap_or_default()));
        let email = self.email.filter(|email| !email.trim().is_empty());
        let email = invalid.collect(email.as_deref().map(EmailAddress::parse).transpose());
        let password = invalid.collect(Password::parse("password", &self.password.unwrap_or_default()));
        match (username, email, password) {
            (Some(username), Some(email), Some(password)) => {
                Ok(NewRegistration { username, email, password })
            }
            _ => Err(invalid),
        }
    }
}
