use actix_web::dev::Payload;
use actix_web::web::Path;
use actix_web::{FromRequest, HttpRequest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use square_accounts::MailToken;
use square_kernel::UserId;
use std::convert::Infallible;
use std::future::{Ready, ready};
use utoipa::IntoParams;

/// Both parts of a mailed link, `{token}` and `{uidb64}` of the path.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct MailedLink {
    /// The token of the mailed link.
    #[param(value_type = String)]
    pub(crate) token: MailToken,
    /// The account's id, base64url.
    #[param(rename = "uidb64", value_type = String)]
    pub(crate) user: Option<UserId>,
}

impl FromRequest for MailedLink {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        // What cannot be read names nothing.
        let path = Path::<(String, String)>::from_request(request, payload).into_inner();
        let (token, uidb64) = path.map(Path::into_inner).unwrap_or_default();
        ready(Ok(Self { token: MailToken::received(&token), user: user(&uidb64) }))
    }
}

/// The account that a link names; `None` where it names none.
fn user(uidb64: &str) -> Option<UserId> {
    let text = URL_SAFE_NO_PAD.decode(uidb64.trim_end_matches('=')).ok()?;
    std::str::from_utf8(&text).ok()?.parse().ok()
}
