use super::MemoryAccounts;
use super::memory::State;
use super::memory_secrets::StoredSecret;
use crate::account::Account;
use crate::password::PasswordHash;
use crate::ports::identity::ExternalIdentity;
use crate::ports::{
    Asked, Caller, Consequences, CredentialChange, HeldSocialLink, LinkedBy, LinkedIdentity, Linking,
    LoginMethodId, LoginMethodStore, NewAccount, NewLoginMethod, NewSecret, NewSocialLink, Overtaken,
    Purpose, SocialRegistration, Unlinking, WaysIn,
};
use crate::social::Provider;
use crate::tokens::TokenDigest;
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::{SessionId, Unavailable, UserId};

/// A way to sign in.
pub(super) struct StoredMethod {
    pub(super) user: UserId,
    method: NewLoginMethod,
}

impl StoredMethod {
    pub(super) fn since(&self) -> Timestamp {
        self.method.at
    }
}

impl State {
    fn method_of(&mut self, provider: Provider, identity: &ExternalIdentity) -> Option<&mut StoredMethod> {
        self.login_methods.iter_mut().find(|known| {
            known.method.provider == provider && known.method.identity.subject == identity.subject
        })
    }

    fn whole(&self, user: UserId) -> Option<Account> {
        self.find(|account| account.id == user).map(|(account, _)| self.read(account))
    }

    /// Whether a link is good, where one is given.
    fn allows(&mut self, link: Option<&TokenDigest>, user: UserId, at: Timestamp) -> bool {
        let Some(digest) = link else { return true };
        let good = self.good_secret(digest, Purpose::LinkSocial, at).is_some();
        good && self.social_links.get(digest).is_some_and(|held| held.user == user)
    }

    /// What the account had before its address was confirmed goes.
    pub(super) fn take_over(&mut self, user: UserId, at: Timestamp) -> Vec<SessionId> {
        let Some((account, hash)) = self.get_mut(user) else { return Vec::new() };
        if account.confirmed_at.is_some() {
            return Vec::new();
        }
        (account.confirmed_at, account.unproved_until) = (Some(at), Some(at));
        *hash = PasswordHash::none();
        self.count_credentials(user);
        self.forget_second_factor(user);
        self.login_methods.retain(|known| known.user != user);
        self.secrets.retain(|_, known| known.0.user != Some(user));
        let live =
            self.sessions.values_mut().filter(|session| session.user == user && session.ended_at.is_none());
        live.map(|session| {
            session.ended_at = Some(at);
            session.id
        })
        .collect()
    }
}

#[async_trait]
impl LoginMethodStore for MemoryAccounts {
    async fn recognise(
        &self,
        provider: Provider,
        identity: &ExternalIdentity,
        _at: Timestamp,
    ) -> Result<Option<Account>, Unavailable> {
        let mut state = self.state();
        let Some(known) = state.method_of(provider, identity) else { return Ok(None) };
        known.method.identity = identity.clone();
        let user = known.user;
        Ok(state.whole(user))
    }

    async fn register_by(
        &self,
        method: &NewLoginMethod,
        new: &NewAccount,
        link: Option<&TokenDigest>,
        consequences: &Consequences,
    ) -> Result<SocialRegistration, Unavailable> {
        let mut state = self.state();
        if !state.allows(link, new.id, new.created_at) {
            return Ok(SocialRegistration::LinkNotGood);
        }
        if state.method_of(method.provider, &method.identity).is_some() {
            return Ok(SocialRegistration::IdentityTaken);
        }
        if state.find(|account| account.username.key() == new.username.key()).is_some() {
            return Ok(SocialRegistration::UsernameTaken);
        }
        if new.email.is_some() && state.find(|account| account.email == new.email).is_some() {
            return Ok(SocialRegistration::EmailTaken);
        }
        if let Some(digest) = link {
            state.secrets.remove(digest);
        }
        let account = new.as_account(state.permissions(&new.roles));
        state.accounts.push((account.clone(), new.password.clone()));
        state.login_methods.push(StoredMethod { user: new.id, method: method.clone() });
        state.follow(consequences);
        Ok(SocialRegistration::Created(Box::new(account)))
    }

    async fn link(
        &self,
        user: UserId,
        method: &NewLoginMethod,
        by: LinkedBy<'_>,
        consequences: &Consequences,
    ) -> Asked<Linking> {
        let mut state = self.state();
        let link = match by {
            LinkedBy::Mailbox(digest) => Some(digest),
            LinkedBy::Owner(by) if state.is_current(by) && by.user == user => None,
            LinkedBy::Owner(_) => return Ok(Err(Overtaken)),
        };
        if state.get_mut(user).is_none() || !state.allows(link, user, method.at) {
            return Ok(Ok(Linking::LinkNotGood));
        }
        let owner = state.method_of(method.provider, &method.identity).map(|known| known.user);
        if owner.is_some_and(|owner| owner != user) {
            return Ok(Ok(Linking::Elsewhere));
        }
        let mut ended = Vec::new();
        if let Some(digest) = link {
            state.secrets.remove(digest);
            ended = state.take_over(user, method.at);
        }
        let known = state.method_of(method.provider, &method.identity).map(|known| {
            known.method.identity = method.identity.clone();
        });
        if known.is_none() {
            state.login_methods.push(StoredMethod { user, method: method.clone() });
            state.follow(consequences);
        }
        let account = Box::new(state.whole(user).ok_or_else(|| Unavailable::new("the account is gone"))?);
        Ok(Ok(if known.is_some() { Linking::Known(account) } else { Linking::Linked { account, ended } }))
    }

    async fn hold(
        &self,
        link: &NewSocialLink,
        method: &NewLoginMethod,
        at_most: u32,
        consequences: &Consequences,
    ) -> Result<bool, Unavailable> {
        let mut state = self.state();
        if link.exists
            && (state.get_mut(link.user).is_none()
                || state.good_secrets(link.user, Purpose::LinkSocial, method.at) >= at_most as usize)
        {
            return Ok(false);
        }
        let secret = NewSecret {
            digest: link.digest,
            purpose: Purpose::LinkSocial,
            user: link.exists.then_some(link.user),
            payload: None,
            attempts: 1,
            created_at: method.at,
            expires_at: link.expires_at,
        };
        state.secrets.insert(link.digest, StoredSecret(secret));
        let held = HeldSocialLink { user: link.user, exists: link.exists, method: method.clone() };
        state.social_links.insert(link.digest, held);
        state.follow(consequences);
        Ok(true)
    }

    async fn held(&self, digest: &TokenDigest, at: Timestamp) -> Result<Option<HeldSocialLink>, Unavailable> {
        let mut state = self.state();
        if state.good_secret(digest, Purpose::LinkSocial, at).is_none() {
            return Ok(None);
        }
        Ok(state.social_links.get(digest).cloned())
    }

    async fn ways_in(&self, user: UserId) -> Result<Option<WaysIn>, Unavailable> {
        let state = self.state();
        let Some((_, hash)) = state.find(|account| account.id == user) else { return Ok(None) };
        let own = state.login_methods.iter().filter(|known| known.user == user);
        let mut identities: Vec<_> = own.map(|known| linked(&known.method)).collect();
        identities.sort_by_key(|linked| (linked.created_at, linked.id));
        Ok(Some(WaysIn { password: hash.is_set(), identities }))
    }

    async fn unlink(
        &self,
        by: Caller,
        method: LoginMethodId,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Asked<Unlinking> {
        let mut state = self.state();
        if !state.is_current(by) {
            return Ok(Err(Overtaken));
        }
        let user = by.user;
        let own = |known: &StoredMethod| known.user == user;
        let Some(place) =
            state.login_methods.iter().position(|known| own(known) && known.method.id == method)
        else {
            return Ok(Ok(Unlinking::Unknown));
        };
        let password = state.get_mut(user).is_some_and(|(_, hash)| hash.is_set());
        if !password && state.login_methods.iter().filter(|known| own(known)).count() == 1 {
            return Ok(Ok(Unlinking::LastWayIn));
        }
        state.login_methods.remove(place);
        state.follow(consequences);
        let ended = state.end_all_but(user, Some(by.session), at);
        let credentials = state.count_credentials(user);
        Ok(Ok(Unlinking::Removed(CredentialChange { ended, credentials })))
    }
}

fn linked(method: &NewLoginMethod) -> LinkedIdentity {
    let identity = &method.identity;
    LinkedIdentity {
        id: method.id,
        provider: method.provider,
        subject: identity.subject.clone(),
        email: identity.email.as_ref().map(|email| email.address.clone()),
        name: identity.name.clone(),
        user_name: identity.user_name.clone(),
        grant: identity.grant.clone(),
        created_at: method.at,
    }
}
