use super::SocialError;
use super::make::Made;
use crate::audit::{Actor, AuditAction};
use crate::limits::{Counted, limited};
use crate::mfa::Entry;
use crate::ports::{HeldSocialLink, LinkedBy, Linking, NewLoginMethod};
use crate::service::Accounts;
use crate::session_tokens::Device;
use crate::tokens::MailToken;
use square_kernel::{Unavailable, UserId};
use square_limits::TooMany;

/// Why a mailed link signed nobody in.
#[derive(Debug, thiserror::Error)]
pub enum SocialLinkError {
    /// The link is unknown, used, expired or another account's, or was mailed to an address that the account has no more; or its
    /// account is suspended.
    #[error("the link is not good, or not any more")]
    Rejected,
    /// The identity has become a way to sign in to another account meanwhile.
    #[error("this identity belongs to another account")]
    TakenElsewhere,
    /// The address has got an account meanwhile; whoever has the mailbox may know.
    #[error("the address has an account: sign in to it")]
    AddressTaken,
    /// It was tried too often.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// Something needed does not work.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

limited!(SocialLinkError);

impl Accounts {
    /// Uses the link of a letter: makes the identity it stands for a way to sign in, to the account that there is or to a new
    /// one, and signs in.
    ///
    /// Where the account's address was not confirmed before, whoever made it may have known nothing but the address. The one
    /// who has the mailbox takes it over: password, other ways to sign in and sessions end.
    pub async fn confirm_social_link(
        &self,
        token: &MailToken,
        user: UserId,
        device: &Device,
    ) -> Result<Entry, SocialLinkError> {
        self.count(Counted::LinkFromAddress, device).await?;
        let held = self.parts.login_methods.held(&token.digest(), self.now()).await?;
        let held = held.filter(|held| held.user == user).ok_or(SocialLinkError::Rejected)?;
        let account = if held.exists {
            self.link_mailed(token, held, device).await?
        } else {
            self.make_mailed(token, held, device).await?
        };
        match self.open_to(account, device).await {
            Ok(entry) => Ok(entry),
            Err(SocialError::Unavailable(error)) => Err(error.into()),
            Err(_) => Err(SocialLinkError::Rejected),
        }
    }

    async fn link_mailed(
        &self,
        token: &MailToken,
        held: HeldSocialLink,
        device: &Device,
    ) -> Result<crate::Account, SocialLinkError> {
        let (user, method) = (held.user, NewLoginMethod { at: self.now(), ..held.method });
        let before = self.parts.store.by_id(user).await?.ok_or(SocialLinkError::Rejected)?;
        // It was mailed to this address. Whoever changes it drops such links; one that was on its way just then comes to the old mailbox
        // all the same.
        let mailbox = method.identity.email.as_ref().map(|known| &known.address);
        if mailbox.is_none() || mailbox != before.email.as_ref() {
            return Err(SocialLinkError::Rejected);
        }
        let actor = Actor::stranger(device);
        let mut noted =
            self.method_noted(AuditAction::LoginMethodAdded, actor.clone(), user, method.provider);
        if before.confirmed_at.is_none() {
            noted.audit.push(self.entry(AuditAction::AddressConfirmed, actor, user));
        }
        let digest = token.digest();
        let linked = self.parts.login_methods.link(user, &method, LinkedBy::Mailbox(&digest), &noted).await?;
        match linked.unwrap_or(Linking::LinkNotGood) {
            Linking::Linked { account, ended } => {
                for session in ended {
                    self.revocations.note(session, method.at);
                }
                Ok(*account)
            }
            Linking::Known(account) => Ok(*account),
            Linking::Elsewhere => Err(SocialLinkError::TakenElsewhere),
            Linking::LinkNotGood => Err(SocialLinkError::Rejected),
        }
    }

    async fn make_mailed(
        &self,
        token: &MailToken,
        held: HeldSocialLink,
        device: &Device,
    ) -> Result<crate::Account, SocialLinkError> {
        let method = NewLoginMethod { at: self.now(), ..held.method };
        let address = method.identity.email.as_ref().map(|email| email.address.clone());
        match self.make_account(held.user, &method, address, Some(&token.digest()), device).await? {
            Made::Account(account) => Ok(*account),
            Made::LinkNotGood => Err(SocialLinkError::Rejected),
            Made::IdentityTaken => Err(SocialLinkError::TakenElsewhere),
            Made::EmailTaken => Err(SocialLinkError::AddressTaken),
        }
    }
}
