use super::make::Made;
use super::{Provider, SocialError};
use crate::account::Account;
use crate::letter::Occasion;
use crate::limits::Counted;
use crate::mfa::Entry;
use crate::names::EmailAddress;
use crate::ports::identity::{Expected, Proof};
use crate::ports::{Consequences, LoginMethodId, NewLoginMethod, NewSocialLink};
use crate::service::{Accounts, later};
use crate::session_tokens::Device;
use crate::tokens::MailToken;
use square_kernel::{Identity, Secret, Unavailable, UserId};

/// So many letters that ask for one account's consent are good at a time.
const LETTERS: u32 = 3;

/// What somebody comes with from a provider.
#[derive(Debug, Clone)]
pub struct SocialRequest {
    /// From where.
    pub provider: Provider,
    /// What shows who they are there.
    pub proof: Proof,
    /// The state of [`Accounts::begin_social`], where the sign-in was begun there.
    pub state: Option<MailToken>,
    /// The nonce that the client itself asked for an ID token with, where it did.
    pub nonce: Option<Secret>,
}

/// What came of it.
#[derive(Debug, Clone)]
pub enum SocialOutcome {
    /// The identity is known.
    Entered(Entry),
    /// It was not, and has an account now.
    Created(Entry),
    /// It is a way to sign in to the account of whoever asked.
    Linked(Box<Account>),
    /// Whoever has the mailbox decides: a letter is on its way, or would be if there had not been several.
    LetterSent,
}

impl Accounts {
    /// Signs somebody in by what a provider says, or makes them an account; where somebody is signed in (`caller`), links the
    /// identity to their account, provided that its address is confirmed and they signed in within the last ten minutes.
    ///
    /// Whose address has an account already is not signed in to it but gets a letter. One may know that of one's own address,
    /// and whoever's address the provider does not vouch for gets the same answer, whether it has an account or not.
    pub async fn sign_in_socially(
        &self,
        request: &SocialRequest,
        caller: Option<&Identity>,
        device: &Device,
    ) -> Result<SocialOutcome, SocialError> {
        let provider = self.identity_provider(request.provider)?;
        self.count(Counted::SignInFromAddress, device).await?;
        if let Some(who) = caller {
            self.may_link(who).await?;
        }
        let expected = match &request.state {
            Some(state) => self.claim_state(request.provider, state, caller.map(|who| who.user)).await?,
            None if self.parts.policy.social_state_required => return Err(SocialError::StateMissing),
            None => Expected { verifier: None, nonce: request.nonce.clone() },
        };
        let identity = provider.identify(&request.proof, &expected).await?;
        let method = NewLoginMethod {
            id: LoginMethodId::new(&*self.parts.clock, &*self.parts.randomness),
            provider: request.provider,
            identity,
            at: self.now(),
        };
        match caller {
            Some(who) => self.link_own(who, &method, device).await.map(SocialOutcome::Linked),
            None => self.enter(method, device).await,
        }
    }

    /// Whether an identity may become a way in to the account of `who`: a stolen token must not become one of its own, nor what
    /// somebody links who does not have the mailbox.
    async fn may_link(&self, who: &Identity) -> Result<(), SocialError> {
        let account = self.parts.store.by_id(who.user).await?.ok_or(SocialError::Refused)?;
        account.confirmed()?;
        if self.signed_in_lately(who).await? { Ok(()) } else { Err(SocialError::ReauthenticationRequired) }
    }

    async fn enter(&self, method: NewLoginMethod, device: &Device) -> Result<SocialOutcome, SocialError> {
        if let Some(account) = self.recognised(&method).await? {
            return self.open_to(account, device).await.map(SocialOutcome::Entered);
        }
        let address = match &method.identity.email {
            Some(known) if !known.vouched => {
                self.ask_whoever_has(&known.address, &method).await?;
                return Ok(SocialOutcome::LetterSent);
            }
            Some(known) => Some(known.address.clone()),
            None if self.parts.policy.email_required => return Err(SocialError::AddressMissing),
            None => None,
        };
        let id = UserId::new(&*self.parts.clock, &*self.parts.randomness);
        match self.make_account(id, &method, address.clone(), None, device).await? {
            Made::Account(account) => self.open_to(*account, device).await.map(SocialOutcome::Created),
            Made::IdentityTaken => {
                // Somebody came with it at the same time.
                let account = self.recognised(&method).await?.ok_or(SocialError::Refused)?;
                self.open_to(account, device).await.map(SocialOutcome::Entered)
            }
            Made::EmailTaken => {
                if let Some(address) = address
                    && let Some(owner) = self.parts.store.by_email(&address).await?
                {
                    self.ask_owner(&owner, &address, &method).await?;
                }
                Ok(SocialOutcome::LetterSent)
            }
            Made::LinkNotGood => Err(Unavailable::new("a link that was not given is not good").into()),
        }
    }

    async fn recognised(&self, method: &NewLoginMethod) -> Result<Option<Account>, Unavailable> {
        self.parts.login_methods.recognise(method.provider, &method.identity, method.at).await
    }

    /// The last step, the same as after a password.
    pub(super) async fn open_to(&self, account: Account, device: &Device) -> Result<Entry, SocialError> {
        self.sign_in_proved(account, device).await?.ok_or(SocialError::Refused)
    }

    /// Asks the owner of an account whether the identity, whose provider vouches for the same address, may sign in to it.
    async fn ask_owner(
        &self,
        owner: &Account,
        address: &EmailAddress,
        method: &NewLoginMethod,
    ) -> Result<(), Unavailable> {
        if !owner.is_active() || !self.may_write_to(address, "social").await? {
            return Ok(());
        }
        let (token, link) = self.new_social_link(owner.id, true);
        let provider = method.provider.title().to_owned();
        let occasion = Occasion::LinkLoginMethod { user: owner.id, provider, token };
        let letter = Consequences::posted(&self.new_letter(address, &owner.username, occasion));
        self.parts.login_methods.hold(&link, method, LETTERS, &letter).await.map(drop)
    }

    /// Asks whoever has a mailbox whether they are who the provider does not vouch for. Where it belongs to an account, its
    /// owner is told how to sign in, and nothing can come of it: anybody may claim to have any address.
    async fn ask_whoever_has(
        &self,
        address: &EmailAddress,
        method: &NewLoginMethod,
    ) -> Result<(), Unavailable> {
        let owner = self.parts.store.by_email(address).await?;
        if !self.may_write_to(address, "social").await? {
            return Ok(());
        }
        if let Some(owner) = owner {
            let letter = self.new_letter(address, &owner.username, Occasion::AlreadyRegistered);
            return self.parts.store.record(&Consequences::posted(&letter)).await;
        }
        let user = UserId::new(&*self.parts.clock, &*self.parts.randomness);
        let (token, link) = self.new_social_link(user, false);
        let provider = method.provider.title().to_owned();
        let occasion = Occasion::ConfirmLoginMethod { user, provider, token };
        let letter = self.new_letter(address, &self.name_for(method)?, occasion);
        self.parts.login_methods.hold(&link, method, LETTERS, &Consequences::posted(&letter)).await.map(drop)
    }

    fn new_social_link(&self, user: UserId, exists: bool) -> (MailToken, NewSocialLink) {
        let token = MailToken::new(&*self.parts.randomness);
        let expires_at = later(self.now(), self.parts.policy.confirmation_lifetime);
        let link = NewSocialLink { digest: token.digest(), user, exists, expires_at };
        (token, link)
    }
}
