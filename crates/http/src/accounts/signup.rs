use super::{Done, private};
use crate::Failure;
use crate::api::State;
use crate::extract::{Client, Json};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use serde::Deserialize;
use square_accounts::{EmailAddress, LoginMethod, NewSignup, Password, PersonName};
use square_kernel::{FieldError, Invalid};
use square_wire::ErrorBody;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({
    "login_method": "signup", "first_name": "Ada", "last_name": "Lovelace",
    "email": "ada@example.org", "password": "correct horse"
}))]
pub(crate) struct SignupRequest {
    /// `signup`, the one way there is.
    login_method: Option<String>,
    /// First name, at most 80 characters.
    #[schema(max_length = 80)]
    first_name: Option<String>,
    /// Last name, at most 80 characters.
    #[schema(max_length = 80)]
    last_name: Option<String>,
    /// The address, from which the public name is derived.
    #[schema(value_type = String, format = "email", max_length = 254)]
    email: Option<String>,
    /// 8 to 1024 bytes.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 1024)]
    password: Option<String>,
}

/// Make an account without choosing a name
///
/// A letter with a link that confirms the address is sent. The reply is the same when the address has an
/// account already; its owner is told by letter.
#[utoipa::path(tag = "accounts", request_body = SignupRequest, responses(
    (status = 201, description = "The account is made.", body = Done),
    (status = 429, description = "Too many attempts from this address.", body = ErrorBody),
))]
#[post("/signup")]
pub(crate) async fn signup(
    state: Data<State>,
    Json(body): Json<SignupRequest>,
    Client(device): Client,
) -> Result<HttpResponse, Failure> {
    state.services.accounts.signup(body.parse()?, &device).await?;
    let message = "The account is made. Please follow the link in the letter that was sent to you.";
    Ok(private(StatusCode::CREATED, Done::new(message)))
}

impl SignupRequest {
    fn parse(self) -> Result<NewSignup, Invalid> {
        let mut invalid = Invalid::default();
        invalid.collect(login_method(self.login_method.as_deref()));
        let first_name = PersonName::parse("first_name", &self.first_name.unwrap_or_default());
        let first_name = invalid.collect(first_name);
        let last_name = invalid.collect(PersonName::parse("last_name", &self.last_name.unwrap_or_default()));
        let email = invalid.collect(EmailAddress::parse(&self.email.unwrap_or_default()));
        let password = invalid.collect(Password::parse("password", &self.password.unwrap_or_default()));
        match (first_name, last_name, email, password) {
            (Some(first_name), Some(last_name), Some(email), Some(password)) if invalid.0.is_empty() => {
                Ok(NewSignup { first_name, last_name, email, password })
            }
            _ => Err(invalid),
        }
    }
}

fn login_method(text: Option<&str>) -> Result<(), FieldError> {
    match text {
        None => Ok(()),
        Some(text) if text == LoginMethod::Signup.as_str() => Ok(()),
        Some(_) => Err(FieldError::new("login_method", "must be signup")),
    }
}
