use crate::account::NotConfirmed;
use crate::limits::limited;
use crate::ports::Overtaken;
use crate::ports::identity::IdentityError;
use square_kernel::Unavailable;
use square_limits::TooMany;

/// Why nobody is signed in by a provider, and nothing linked.
#[derive(Debug, thiserror::Error)]
pub enum SocialError {
    /// The operator has not set the provider up.
    #[error("signing in by this provider is not set up on this server")]
    NotSetUp,
    /// The state is unknown, used, expired, another provider's or another person's.
    #[error("the state is not good, or not any more: begin anew")]
    BadState,
    /// The operator wants every sign-in begun at this server.
    #[error("signing in by a provider has to be begun at this server, and its state sent along")]
    StateMissing,
    /// What was sent as proof shows nothing; the text says why.
    #[error("{0}")]
    Rejected(&'static str),
    /// The provider tells no address, and an account needs one.
    #[error("the provider does not tell an e-mail address")]
    AddressMissing,
    /// The identity is a way to sign in to another account.
    #[error("this identity belongs to another account")]
    TakenElsewhere,
    /// Linking asks for a sign-in of the last ten minutes: what is linked is a lasting way in.
    #[error("sign in again to do this")]
    ReauthenticationRequired,
    /// Linking asks for a confirmed address: who made the account need not have the mailbox.
    #[error(transparent)]
    NotConfirmed(#[from] NotConfirmed),
    /// Whoever links is signed in no more, or not as they were.
    #[error(transparent)]
    Overtaken(#[from] Overtaken),
    /// The account is suspended or gone.
    #[error("this account cannot be signed in to")]
    Refused,
    /// It was tried too often.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// Something needed does not work.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

limited!(SocialError);

impl From<IdentityError> for SocialError {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::Rejected(reason) => Self::Rejected(reason),
            IdentityError::Unavailable(error) => Self::Unavailable(error),
        }
    }
}
