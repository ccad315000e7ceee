use crate::names::EmailAddress;
use crate::session_tokens::Device;
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::Unavailable;

square_kernel::id!(
    /// That somebody asked for a letter.
    LetterRequestId
);

/// What can be caused by whoever knows an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestedLetter {
    /// One more link that confirms the address.
    Confirmation,
    /// That somebody tried to register with the address.
    AlreadyRegistered,
    /// A link that sets a new password.
    PasswordReset,
}

impl RequestedLetter {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Confirmation, Self::AlreadyRegistered, Self::PasswordReset];

    /// Its name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Confirmation => "confirmation",
            Self::AlreadyRegistered => "already_registered",
            Self::PasswordReset => "password_reset",
        }
    }
}

/// That somebody asked for a letter to a mailbox, whether it is anybody's or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterRequest {
    /// Its identifier.
    pub id: LetterRequestId,
    /// Which letter.
    pub letter: RequestedLetter,
    /// To which mailbox.
    pub to: EmailAddress,
    /// Who asked; without tokens.
    pub device: Device,
    /// When.
    pub at: Timestamp,
}

/// Keeps what was asked for until somebody has seen to it. Each method is one transaction.
///
/// It stands between a request and all that depends on whether an address is known, so that neither the reply nor its time can.
#[async_trait]
pub trait LetterRequests: Send + Sync {
    /// Stores one. MUST NOT look at accounts.
    async fn ask(&self, request: &LetterRequest) -> Result<(), Unavailable>;

    /// Takes the oldest one that is due at `now` and hides it from others until `lease_until`. Of any number of concurrent calls, each MUST
    /// go to one only.
    async fn take_request(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Option<LetterRequest>, Unavailable>;

    /// Deletes one that was seen to.
    async fn answered(&self, id: LetterRequestId) -> Result<(), Unavailable>;
}
