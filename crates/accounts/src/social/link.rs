use super::SocialError;
use crate::account::Account;
use crate::audit::{Actor, AuditAction};
use crate::letter::Occasion;
use crate::ports::{Caller, Consequences, LinkedBy, Linking, NewLoginMethod};
use crate::service::Accounts;
use crate::session_tokens::Device;
use square_kernel::{Identity, UserId};

impl Accounts {
    /// Makes an identity a way to sign in to the account of whoever is signed in, and tells them by letter.
    pub(super) async fn link_own(
        &self,
        who: &Identity,
        method: &NewLoginMethod,
        device: &Device,
    ) -> Result<Box<Account>, SocialError> {
        let user = who.user;
        let account = self.parts.store.by_id(user).await?.ok_or(SocialError::Refused)?;
        let occasion = Occasion::LoginMethodAdded { provider: method.provider.title().to_owned() };
        let letter = self.notice(&account, occasion).await?;
        let actor = Actor::user(user, device);
        let noted = self.method_noted(AuditAction::LoginMethodAdded, actor, user, method.provider);
        // What the provider said took its time.
        let by = LinkedBy::Owner(Caller::from(who));
        match self.parts.login_methods.link(user, method, by, &noted.with_letter(letter)).await?? {
            Linking::Linked { account, .. } | Linking::Known(account) => {
                Ok(Box::new(self.as_it_counts(*account).await?))
            }
            Linking::Elsewhere => Err(SocialError::TakenElsewhere),
            Linking::LinkNotGood => Err(SocialError::Refused),
        }
    }

    /// What the audit log will say of a way to sign in.
    pub(super) fn method_noted(
        &self,
        action: AuditAction,
        actor: Actor,
        user: UserId,
        provider: super::Provider,
    ) -> Consequences {
        let mut entry = self.entry(action, actor, user);
        entry.detail = Some(provider.as_str().to_owned());
        Consequences::noted(entry)
    }
}
