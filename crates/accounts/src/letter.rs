use crate::names::{EmailAddress, Username};
use crate::tokens::MailToken;
use square_kernel::UserId;

square_kernel::id!(
    /// A letter that waits to be sent or was sent.
    LetterId
);

/// A letter to be written and sent: whom to, and on what occasion.
///
/// It may carry a secret (the token in a link), so stores keep it sealed and forget it once it has left.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Where it goes.
    pub to: EmailAddress,
    /// The addressee's public name.
    pub username: Username,
    /// What it is about.
    pub occasion: Occasion,
}

/// What a letter is about; each has its template.
#[derive(Debug, Clone)]
pub enum Occasion {
    /// Somebody registered with the address; the link confirms it.
    ConfirmAddress {
        /// The account, which the link names.
        user: UserId,
        /// The secret of the link.
        token: MailToken,
    },
    /// Somebody tried to register with an address that has an account.
    AlreadyRegistered,
}

impl Occasion {
    /// Its name: the template's file name and the word in logs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ConfirmAddress { .. } => "confirm_address",
            Self::AlreadyRegistered => "already_registered",
        }
    }
}

/// A letter taken from the queue to be sent now.
#[derive(Debug, Clone)]
pub struct ClaimedLetter {
    /// Its identifier, which receivers can tell a repeat by.
    pub id: LetterId,
    /// The letter.
    pub letter: Letter,
    /// How often it was tried before.
    pub attempts: u32,
}
