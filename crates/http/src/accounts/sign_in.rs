use super::{Entered, entered};
use crate::Failure;
use crate::api::State;
use crate::extract::{Entrance, Json};
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use serde::Deserialize;
use square_accounts::ports::LoginName;
use square_accounts::{EmailAddress, Username};
use square_kernel::{FieldError, Invalid, Secret};
use square_wire::ErrorBody;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"username": "ada", "password": "correct horse"}))]
pub(crate) struct Login {
    /// The public name, or the address.
    username: Option<String>,
    /// The address, where no name is given.
    email: Option<String>,
    /// The password.
    #[schema(value_type = String, format = Password, min_length = 1)]
    password: Option<String>,
}

/// Sign in
///
/// Where the account has a second factor, the reply asks for it instead of giving tokens.
///
/// The cookie `square_device` (over TLS `__Host-square_device`) and the header `X-Device-Token` of the reply hold the same; sent with
/// further sign-ins, either way, they show that this device signed in before. It then has attempts of its own, which nobody else can use
/// up, and no letter tells of a new device. A page from elsewhere gets the header alone.
#[utoipa::path(tag = "accounts", request_body = Login, responses(
    (status = 200, description = "Signed in, or asked for the second factor.", body = Entered),
    (status = 401, description = "The name or the password is wrong.", body = ErrorBody),
    (status = 403, description = "A browser sent it from a page of a site that may not call (`origin_not_allowed`).", body = ErrorBody),
    (status = 429, description = "Too many attempts, with this name (known or not) or from this address.", body = ErrorBody),
))]
#[post("/login")]
pub(crate) async fn login(
    state: Data<State>,
    Json(body): Json<Login>,
    entrance: Entrance,
) -> Result<HttpResponse, Failure> {
    let (name, password) = body.parse()?;
    let entry = state.services.accounts.sign_in(&name, &password, &entrance.device).await?;
    Ok(entered(&state, &entrance, "Signed in.", &entry))
}

impl Login {
    fn parse(self) -> Result<(LoginName, Secret), Invalid> {
        let mut invalid = Invalid::default();
        let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let name = match given(self.username).or(given(self.email)) {
            Some(text) => Some(login_name(&text)),
            None => invalid.collect(Err(FieldError::new("username", "must not be empty"))),
        };
        let password = match self.password.filter(|password| !password.is_empty()) {
            Some(password) => Some(Secret::new(password)),
            None => invalid.collect(Err(FieldError::new("password", "must not be empty"))),
        };
        match (name, password) {
            (Some(name), Some(password)) => Ok((name, password)),
            _ => Err(invalid),
        }
    }
}

/// What could not be registered names no account, and is looked up all the same: so the reply comes as late
/// as for a wrong password.
fn login_name(text: &str) -> LoginName {
    match (EmailAddress::parse(text), Username::parse(text)) {
        (Ok(email), _) => LoginName::Email(email),
        (_, Ok(name)) => LoginName::Username(name.key()),
        _ => LoginName::Username(String::new()),
    }
}
