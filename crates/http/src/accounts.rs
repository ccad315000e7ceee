//! The calls on accounts.

mod admin;
mod change_email;
mod confirm;
mod delete_account;
mod edit_profile;
mod export;
mod forgot_password;
mod me;
mod mfa;
mod refresh;
mod register;
mod resend_confirmation;
mod reset_password;
mod sessions;
mod sign_in;
mod sign_out;
mod signup;
mod social;
mod update_password;
mod verify;

use crate::api::State;
use crate::device_token;
use crate::extract::Entrance;
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
        .service(sessions::sessions)
        .service(sessions::end_session)
        .service(sessions::end_other_sessions)
        .service(me::me)
        .service(edit_profile::edit_profile)
        .service(delete_account::delete_account)
        .service(export::export)
        .service(forgot_password::forgot_password)
        .service(forgot_password::request_reset_password)
        .service(reset_password::reset_password)
        .service(reset_password::validate_new_password)
        .service(update_password::update_password)
        .service(change_email::change_email)
        .service(change_email::confirm_new_email)
        .configure(social::routes)
        .configure(admin::routes)
        .configure(mfa::routes);
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
    pub(crate) fn new(message: &str) -> Self {
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
    /// Whether the account has roles that count only once it has a second factor; left out where it has not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    mfa_setup_required: bool,
}

/// What signing in gives: a session, or the question for the second factor.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Entered {
    /// Signed in.
    Session(Box<Session>),
    /// The account has a second factor.
    SecondFactor(SecondFactorRequired),
}

/// That the second factor is asked for.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct SecondFactorRequired {
    /// Always `true`.
    success: bool,
    /// Always `true`.
    mfa_required: bool,
    /// To be sent to `login_mfa` or `verify_recovery_code` within five minutes.
    mfa_token: String,
}

impl Entered {
    fn new(message: &str, entry: &square_accounts::Entry) -> Self {
        match entry {
            square_accounts::Entry::SignedIn(signed_in) => {
                Self::Session(Box::new(Session::new(message, signed_in)))
            }
            square_accounts::Entry::Challenge(challenge) => {
                Self::SecondFactor(SecondFactorRequired::new(challenge))
            }
        }
    }
}

impl SecondFactorRequired {
    fn new(challenge: &square_accounts::MfaChallenge) -> Self {
        Self { success: true, mfa_required: true, mfa_token: challenge.token.expose().to_owned() }
    }
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
            mfa_setup_required: signed_in.mfa_missing,
        }
    }
}

/// The reply to somebody who has just come in, with what their device is to show next time.
fn entered(
    state: &State,
    entrance: &Entrance,
    message: &str,
    entry: &square_accounts::Entry,
) -> HttpResponse {
    match entry {
        square_accounts::Entry::SignedIn(signed_in) => opened(state, entrance, message, signed_in),
        square_accounts::Entry::Challenge(_) => private(StatusCode::OK, Entered::new(message, entry)),
    }
}

/// The same for somebody of whom no more is asked.
fn opened(
    state: &State,
    entrance: &Entrance,
    message: &str,
    signed_in: &square_accounts::SignedIn,
) -> HttpResponse {
    let mut response = private(StatusCode::OK, Session::new(message, signed_in));
    device_token::give(&signed_in.device_tokens, entrance, &state.services.settings, &mut response);
    response
}

/// A reply that no cache may keep, since it is for one person only.
pub(crate) fn private(status: StatusCode, body: impl Serialize) -> HttpResponse {
    HttpResponse::build(status).insert_header((CACHE_CONTROL, "no-store")).json(body)
}
