use square_wire::ErrorBody;
use utoipa::IntoResponses;

/// How every call fails by which somebody comes in with a provider's proof.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it is the description of responses, not one of them")]
pub(super) enum SocialErrors {
    /// `state` is unknown, used, expired or another sign-in's.
    #[response(status = 400)]
    StateNotGood(ErrorBody),
    /// The provider does not confirm what was sent, or the account is suspended, or the access token is not good.
    #[response(status = 401)]
    NotConfirmed(ErrorBody),
    /// Linking takes a fresh sign-in (`reauthentication_required`) and a confirmed address (`address_not_confirmed`), or a browser
    /// sent it from a page of a site that may not call (`origin_not_allowed`).
    #[response(status = 403)]
    NotAllowed(ErrorBody),
    /// The provider is not set up on this server (`provider_not_set_up`).
    #[response(status = 404)]
    NotSetUp(ErrorBody),
    /// The identity belongs to another account.
    #[response(status = 409)]
    Taken(ErrorBody),
    /// A field breaks a rule, or the provider tells no address (`address_missing`).
    #[response(status = 422)]
    Invalid(ErrorBody),
    /// Too many attempts from this address.
    #[response(status = 429)]
    TooMany(ErrorBody),
}
