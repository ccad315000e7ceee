//! The calls on accounts.

mod confirm;
mod me;
mod refresh;
mod register;
mod resend_confirmation;
mod sign_in;
mod sign_out;
mod signup;
mod verify;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::CACHE_CONTROL;
use serde::{Deserialize, Serialize};
use square_wire::User;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(register::register)
        .service(signup::signup)
        .service(confirm::confirm_email)
        .service(verify::verify)
        .service(resend_confirmation::resend_confirmation)
        .service(sign_in::login)
        .service(refresh::refresh)
        .service(sign_out::logout)
        .service(me::me);
}

/// That it worked, in words.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct Done {
    /// Always `true`.
    success: bool,
    /// A sentence for people.
    message: String,
    /// The same sentence, for clients that read it here.
    msg: String,
}

impl Done {
    fn new(message: &str) -> Self {
        Self { success: true, message: message.to_owned(), msg: message.to_owned() }
    }
}

/// That it worked, and the account.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct DoneFor {
    #[serde(flatten)]
    done: Done,
    user: User,
}

/// The tokens of a session.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct Session {
    #[serde(flatten)]
    done: Done,
    /// The access token.
    token: String,
    /// The access token again.
    access_token: String,
    /// To get the next pair of tokens with; good once.
    refresh_token: String,
    /// When the access token expires, Unix seconds.
    expires_in: i64,
    /// Whose session it is; with the access token once more.
    user: User,
}

impl Session {
    fn new(message: &str, signed_in: &square_accounts::SignedIn) -> Self {
        let tokens = &signed_in.tokens;
        let access = tokens.access.expose().to_owned();
        Self {
            done: Done::new(message),
            token: access.clone(),
            access_token: access,
            refresh_token: tokens.refresh.expose().to_owned(),
            expires_in: tokens.expires_at.as_second(),
            user: User::signed_in(&signed_in.account, tokens),
        }
    }
}

/// A reply that no cache may keep, since it is for one person only.
fn private(status: StatusCode, body: impl Serialize) -> HttpResponse {
    HttpResponse::build(status).insert_header((CACHE_CONTROL, "no-store")).json(body)
}
