use crate::audit::{Actor, AuditAction};
use crate::letter::Occasion;
use crate::ports::{Caller, LoginMethodId, Overtaken, Unlinking, WaysIn};
use crate::service::Accounts;
use crate::session_tokens::Device;
use square_kernel::{Identity, Secret, Unavailable, UserId};
use std::sync::Arc;

/// Why a way to sign in stays.
#[derive(Debug, thiserror::Error)]
pub enum UnlinkError {
    /// The account has no such way.
    #[error("This user doesn't have login method {0}")]
    Unknown(LoginMethodId),
    /// It asks for a sign-in of the last ten minutes.
    #[error("sign in again to do this")]
    ReauthenticationRequired,
    /// Nobody could sign in to the account any more.
    #[error("the last way to sign in cannot be deleted: set a password first")]
    LastWayIn,
    /// Whoever asks is signed in no more, or not as they were.
    #[error(transparent)]
    Overtaken(#[from] Overtaken),
    /// Something needed does not work.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Accounts {
    /// All ways to sign in to an account; `None` when it is gone.
    pub async fn ways_in(&self, user: UserId) -> Result<Option<WaysIn>, Unavailable> {
        self.parts.login_methods.ways_in(user).await
    }

    /// Takes a way to sign in away from its owner's account, and tells them by letter. They must have signed in within the last
    /// ten minutes. Their other sessions end, since one of them may have been opened that way. Gives what the device is to show at
    /// sign-ins.
    pub async fn unlink(
        &self,
        who: &Identity,
        method: LoginMethodId,
        device: &Device,
    ) -> Result<Vec<Secret>, UnlinkError> {
        if !self.signed_in_lately(who).await? {
            return Err(UnlinkError::ReauthenticationRequired);
        }
        let user = who.user;
        let unknown = || UnlinkError::Unknown(method);
        let account = self.parts.store.by_id(user).await?.ok_or_else(unknown)?;
        let ways = self.parts.login_methods.ways_in(user).await?.ok_or_else(unknown)?;
        let linked = ways.identities.iter().find(|linked| linked.id == method).ok_or_else(unknown)?;
        let occasion = Occasion::LoginMethodRemoved { provider: linked.provider.title().to_owned() };
        let letter = self.notice(&account, occasion).await?;
        let actor = Actor::user(user, device);
        let noted = self.method_noted(AuditAction::LoginMethodRemoved, actor, user, linked.provider);
        let (told, by, now) = (noted.with_letter(letter), Caller::from(who), self.now());
        let (store, revocations) = (Arc::clone(&self.parts.login_methods), Arc::clone(&self.revocations));
        let unlinked = self.to_the_end(async move {
            let unlinked = store.unlink(by, method, now, &told).await?;
            if let Ok(Unlinking::Removed(change)) = &unlinked {
                for session in &change.ended {
                    revocations.note(*session, now);
                }
            }
            Ok(unlinked)
        });
        match unlinked.await?? {
            Unlinking::Removed(change) => Ok(self.remembered(user, change.credentials, device)),
            Unlinking::LastWayIn => Err(UnlinkError::LastWayIn),
            Unlinking::Unknown => Err(unknown()),
        }
    }
}
