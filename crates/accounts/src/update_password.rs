use crate::audit::{Actor, AuditAction};
use crate::owner::OwnerError;
use crate::password::Password;
use crate::service::Accounts;
use crate::session_tokens::Device;
use square_kernel::{Identity, Invalid, Secret, Unavailable};
use std::sync::Arc;

/// Why the password is as it was.
#[derive(Debug, thiserror::Error)]
pub enum UpdatePasswordError {
    /// The account has none. A link that sets one can be asked for, as by whoever forgot theirs.
    #[error("the account has no password yet; ask for a link that sets one")]
    NoPassword,
    /// The new one will not do.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The existing one was not given.
    #[error(transparent)]
    Owner(#[from] OwnerError),
    /// Something needed does not work.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Accounts {
    /// Sets a new password and ends all sessions but the one that `who` is in.
    pub async fn update_password(
        &self,
        who: &Identity,
        existing: &Secret,
        new: &Password,
        device: &Device,
    ) -> Result<(), UpdatePasswordError> {
        let (account, old) = match self.prove_owner(who, Some(existing)).await {
            Ok((_, hash)) if !hash.is_set() => return Err(UpdatePasswordError::NoPassword),
            Err(OwnerError::ReauthenticationRequired) => return Err(UpdatePasswordError::NoPassword),
            proved => proved?,
        };
        if new.expose() == existing.expose() {
            return Err(Invalid::field("new_password", "must be another one").into());
        }
        account.refuse_as_password("new_password", new).map_err(Invalid::from)?;
        let hash = self.parts.hasher.hash(new).await?;
        let actor = Actor::user(account.id, device);
        let told = self.told_of_password(&account, AuditAction::PasswordChanged, actor);
        let (store, now) = (Arc::clone(&self.parts.credentials), self.now());
        let (user, kept) = (account.id, who.session);
        let changing = async move { store.change_password(user, kept, &old, &hash, now, &told).await };
        let changed = self.ending_sessions(now, changing).await?;
        // It was changed meanwhile, so what was given is right no more.
        changed.then_some(()).ok_or(UpdatePasswordError::Owner(OwnerError::WrongPassword))
    }
}
