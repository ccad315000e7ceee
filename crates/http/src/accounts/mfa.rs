//! The calls on the second factor.

mod begin_otp;
mod otp;
mod qr_image;
mod recovery_codes;
mod sign_in_by_otp;
mod sign_in_by_recovery_code;
mod switch_mfa;
mod verify_otp;

use square_accounts::ports::LoginName;
use square_accounts::{EmailAddress, Username};
use square_kernel::{FieldError, Invalid, Secret};
use utoipa_actix_web::service_config::ServiceConfig;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(sign_in_by_otp::login_mfa)
        .service(sign_in_by_recovery_code::verify_recovery_code)
        .service(begin_otp::qrcode)
        .service(verify_otp::verify_otp)
        .service(switch_mfa::setup_mfa)
        .service(recovery_codes::recovery_codes)
        .service(recovery_codes::renew_recovery_codes);
}

/// Who answers a challenge: by address, or by name where the account has none.
fn name_of(email: Option<String>, username: Option<String>) -> Result<LoginName, FieldError> {
    let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    match (given(email), given(username)) {
        (Some(email), _) => EmailAddress::parse(&email).map(LoginName::Email),
        (None, Some(name)) => Username::parse(&name).map(|name| LoginName::Username(name.key())),
        (None, None) => Err(FieldError::new("email", "must not be empty")),
    }
}

/// The token that came instead of a session.
fn mfa_token(text: Option<String>) -> Result<Secret, FieldError> {
    let text = text.filter(|text| !text.is_empty());
    text.map(Secret::new).ok_or_else(|| FieldError::new("mfa_token", "must not be empty"))
}

/// All of it, or every field that is at fault.
fn all<A, B, C>(
    a: Result<A, FieldError>,
    b: Result<B, FieldError>,
    c: Result<C, FieldError>,
) -> Result<(A, B, C), Invalid> {
    let mut invalid = Invalid::default();
    match (invalid.collect(a), invalid.collect(b), invalid.collect(c)) {
        (Some(a), Some(b), Some(c)) => Ok((a, b, c)),
        _ => Err(invalid),
    }
}
