use crate::ports::Overtaken;
use square_kernel::{Asker, Identity, Invalid, Unavailable};

/// Why an administrator's call did nothing.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// Nobody has signed in.
    #[error("sign in to do this")]
    SignInRequired,
    /// Somebody has who may not do this.
    #[error("this takes the permission {0}")]
    NotAllowed(&'static str),
    /// There is no such account.
    #[error("there is no such account")]
    NotFound,
    /// It is the caller's own account.
    #[error("nobody suspends or deletes their own account here")]
    Oneself,
    /// Nobody would be left to manage accounts.
    #[error("this is the last administrator; make another one first")]
    LastAdministrator,
    /// Who asks is signed in no more, or may do other things by now.
    #[error(transparent)]
    Overtaken(#[from] Overtaken),
    /// Something that was sent breaks its rules.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Something needed does not work.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Who asks, if they hold `permission`. What everybody may is not enough: whatever is done here has somebody who did it.
pub(super) fn permitted<'a>(asker: &'a Asker, permission: &'static str) -> Result<&'a Identity, AdminError> {
    let identity = asker.identity.as_ref().ok_or(AdminError::SignInRequired)?;
    if asker.may(permission) {
        return Ok(identity);
    }
    tracing::warn!(user = %identity.user, permission, "somebody asked for what they may not");
    Err(AdminError::NotAllowed(permission))
}
