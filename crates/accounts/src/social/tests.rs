use super::{Provider, SocialError, SocialLinkError, SocialOutcome, SocialRequest, UnlinkError};
use crate::account::{Account, LoginMethod};
use crate::audit::{Actor, AuditAction};
use crate::letter::{Letter, Occasion};
use crate::mfa::Entry;
use crate::ports::identity::{Challenge, Expected, ExternalIdentity, IdentityError, IdentityProvider, Proof};
use crate::ports::{
    AccountStore, Consequences, LoginMethodId, LoginMethodStore, LoginName, NewLoginMethod, NewSocialLink,
    SessionList,
};
use crate::session_tokens::SecondFactor;
use crate::session_tokens::{Device, SignedIn};
use crate::sign_in::SignInError;
use crate::testing::{FakeProvider, MemoryAccounts, TestAccounts, signed_in};
use crate::tokens::{MailToken, base64_url};
use async_trait::async_trait;
use jiff::SignedDuration;
use sha2::{Digest, Sha256};
use square_kernel::{Identity, Secret, UserId};
use square_limits::Quota;
use std::sync::Arc;

fn request(provider: Provider, proof: &str) -> SocialRequest {
    SocialRequest { provider, proof: Proof::Code(Secret::new(proof)), state: None, nonce: None }
}

fn with_state(provider: Provider, proof: &str, state: &Secret) -> SocialRequest {
    SocialRequest { state: Some(MailToken::received(state.expose())), ..request(provider, proof) }
}

impl TestAccounts {
    /// Has GitHub know `name`, whose code is their name.
    fn at_github(&self, name: &str, vouched: bool) -> ExternalIdentity {
        let identity = FakeProvider::identity(name, vouched);
        self.provider(Provider::Github).know(name, identity.clone());
        identity
    }

    async fn come(&self, request: &SocialRequest) -> Result<SocialOutcome, SocialError> {
        self.accounts.sign_in_socially(request, None, &Device::default()).await
    }

    /// Comes with the code of `name`.
    async fn by_github(&self, name: &str) -> Result<SocialOutcome, SocialError> {
        self.come(&request(Provider::Github, name)).await
    }

    /// Links to an account whose address is confirmed now.
    async fn link_github(&self, user: UserId, name: &str) -> Result<SocialOutcome, SocialError> {
        self.vouch_for(user).await;
        let request = request(Provider::Github, name);
        self.accounts.sign_in_socially(&request, Some(&self.fresh(user).await), &Device::default()).await
    }

    /// The account's owner, who has just signed in.
    async fn fresh(&self, user: UserId) -> Identity {
        let account = self.store.by_id(user).await.unwrap().unwrap();
        let device = Device::default();
        let opened = self.accounts.open_session(account, &device, SecondFactor::NotAsked).await;
        let signed_in = opened.unwrap().unwrap();
        self.caller(&signed_in)
    }

    async fn follow(&self, token: &MailToken, user: UserId) -> Result<Entry, SocialLinkError> {
        self.accounts.confirm_social_link(token, user, &Device::default()).await
    }

    /// Whom the link in the newest letter names, and its secret.
    fn newest_link(&self) -> (UserId, MailToken) {
        match self.newest_letter().occasion {
            Occasion::LinkLoginMethod { user, token, .. }
            | Occasion::ConfirmLoginMethod { user, token, .. } => (user, token),
            other => unreachable!("no link: {other:?}"),
        }
    }

    fn newest_letter(&self) -> Letter {
        self.store.letters().pop().expect("a letter")
    }

    async fn confirmed(&self, name: &str) -> Account {
        self.register(name).await;
        let token = self.store.mailed_token().unwrap();
        self.accounts.confirm(&token, None, &Device::default()).await.unwrap()
    }

    fn authenticates(&self, signed_in: &SignedIn) -> bool {
        self.accounts.authenticate(signed_in.tokens.access.expose()).is_ok()
    }
}

fn entered(outcome: Result<SocialOutcome, SocialError>) -> SignedIn {
    match outcome {
        Ok(SocialOutcome::Entered(entry)) => signed_in(entry),
        other => unreachable!("not entered: {other:?}"),
    }
}

fn created(outcome: Result<SocialOutcome, SocialError>) -> SignedIn {
    match outcome {
        Ok(SocialOutcome::Created(entry)) => signed_in(entry),
        other => unreachable!("not created: {other:?}"),
    }
}

fn letter_sent(outcome: &Result<SocialOutcome, SocialError>) -> bool {
    matches!(outcome, Ok(SocialOutcome::LetterSent))
}

#[tokio::test]
async fn an_unknown_identity_gets_an_account_and_a_known_one_is_signed_in_to_it() {
    let test = TestAccounts::default();
    test.at_github("ada", true);
    let first = created(test.by_github("ada").await);
    let account = &first.account;
    assert_eq!(account.login_method, LoginMethod::Social(Provider::Github));
    assert_eq!((account.username.as_str(), &*account.display_name()), ("ada", "ada Lovelace"));
    assert_eq!(
        (account.email.clone(), account.confirmed_at),
        (Some(TestAccounts::email("ada")), Some(test.accounts.now()))
    );
    assert!(test.authenticates(&first));
    let again = entered(test.by_github("ada").await);
    assert_eq!((&again.account, again.session == first.session), (account, false));
    assert!(test.store.letters().is_empty());
    let noted: Vec<_> = test.store.audit().iter().map(|entry| (entry.action, entry.detail.clone())).collect();
    let github = Some("github".to_owned());
    assert_eq!(
        noted,
        [(AuditAction::Registered, github), (AuditAction::SignedIn, None), (AuditAction::SignedIn, None)]
    );
}

#[tokio::test]
async fn no_password_signs_in_to_such_an_account_and_none_is_told_apart() {
    let test = TestAccounts::default();
    test.at_github("ada", true);
    created(test.by_github("ada").await);
    for password in ["", "wrong horse", TestAccounts::PASSWORD] {
        let refused = test.try_sign_in("ada", password).await;
        assert!(matches!(refused, Err(SignInError::WrongCredentials)));
    }
    assert!(
        test.hasher.verified().iter().all(|hash| *hash == crate::ports::PasswordHasher::decoy(&*test.hasher)),
        "the time is that of a real one"
    );
}

#[tokio::test]
async fn a_taken_name_is_followed_by_digits() {
    let test = TestAccounts::default();
    let taken = crate::NewRegistration {
        email: Some(TestAccounts::email("other")),
        ..TestAccounts::registration("ada")
    };
    test.accounts.register(taken, &Device::default()).await.unwrap();
    test.at_github("ada", true);
    let account = created(test.by_github("ada").await).account;
    let name = account.username.as_str();
    assert!(name.starts_with("ada") && name.len() > 3, "{name}");
}

#[tokio::test]
async fn an_address_that_has_an_account_leads_to_a_letter_and_to_nothing_else() {
    let test = TestAccounts::default();
    let ada = test.confirmed("ada").await;
    test.at_github("ada", true);
    assert!(letter_sent(&test.by_github("ada").await));
    let letter = test.newest_letter();
    assert_eq!((&letter.to, &letter.username), (&TestAccounts::email("ada"), &ada.username));
    let Occasion::LinkLoginMethod { user, provider, .. } = &letter.occasion else {
        unreachable!("another letter")
    };
    assert_eq!((*user, provider.as_str()), (ada.id, "GitHub"));
    assert!(letter_sent(&test.by_github("ada").await), "asking alone does not help");
    assert!(test.accounts.ways_in(ada.id).await.unwrap().unwrap().identities.is_empty());
}

#[tokio::test]
async fn whoever_has_the_mailbox_links_by_the_letter_and_is_signed_in() {
    let test = TestAccounts::default();
    let (ada, bob) = (test.confirmed("ada").await, test.confirmed("bob").await);
    test.at_github("ada", true);
    assert!(letter_sent(&test.by_github("ada").await));
    let (user, token) = test.newest_link();
    for (token, user) in [(&token, bob.id), (&MailToken::received("junk"), ada.id)] {
        assert!(matches!(test.follow(token, user).await, Err(SocialLinkError::Rejected)));
    }
    let signed_in = signed_in(test.follow(&token, user).await.unwrap());
    assert_eq!(signed_in.account, ada);
    assert!(matches!(test.follow(&token, user).await, Err(SocialLinkError::Rejected)));
    assert_eq!(entered(test.by_github("ada").await).account, ada);
    test.sign_in("ada").await;
    let added =
        test.store.audit().into_iter().find(|entry| entry.action == AuditAction::LoginMethodAdded).unwrap();
    assert_eq!((added.user, added.actor.user, added.detail.as_deref()), (Some(ada.id), None, Some("github")));
}

#[tokio::test]
async fn a_link_expires_and_other_links_are_none_of_these() {
    let test = TestAccounts::default();
    let ada = test.register("ada").await;
    let confirming = test.store.mailed_token().unwrap();
    assert!(matches!(test.follow(&confirming, ada.id).await, Err(SocialLinkError::Rejected)));
    test.at_github("ada", true);
    assert!(letter_sent(&test.by_github("ada").await));
    let (_, token) = test.newest_link();
    assert!(test.accounts.confirm(&token, Some(ada.id), &Device::default()).await.is_err());
    test.clock.advance(TestAccounts::policy().confirmation_lifetime);
    assert!(matches!(test.follow(&token, ada.id).await, Err(SocialLinkError::Rejected)));
}

#[tokio::test]
async fn who_registered_with_somebody_elses_address_loses_the_account_to_its_owner() {
    let test = TestAccounts::default();
    let mallory = test.register("ada").await;
    let (session, confirming) = (test.sign_in("ada").await, test.store.mailed_token().unwrap());
    // As was possible once.
    test.link(mallory.id, Provider::Google).await;
    test.at_github("ada", true);
    assert!(letter_sent(&test.by_github("ada").await));
    let (user, token) = test.newest_link();
    let owner = signed_in(test.follow(&token, user).await.unwrap());
    assert_eq!((owner.account.id, owner.account.confirmed_at), (mallory.id, Some(test.accounts.now())));
    assert!(!test.authenticates(&session) && test.authenticates(&owner));
    assert!(test.accounts.refresh(&session.tokens.refresh, &Device::default()).await.is_err());
    assert!(test.try_sign_in("ada", TestAccounts::PASSWORD).await.is_err());
    assert!(test.accounts.confirm(&confirming, None, &Device::default()).await.is_err());
    let ways = test.accounts.ways_in(mallory.id).await.unwrap().unwrap();
    let left: Vec<_> = ways.identities.iter().map(|linked| linked.provider).collect();
    assert_eq!((ways.password, left), (false, vec![Provider::Github]));
    assert!(test.store.audit().iter().any(|entry| entry.action == AuditAction::AddressConfirmed));
}

#[tokio::test]
async fn nobody_links_before_the_address_is_confirmed() {
    let test = TestAccounts::default();
    let mallory = test.register("ada").await;
    let link = test.store.mailed_token().unwrap();
    test.at_github("mallory", true);
    let who = test.fresh(mallory.id).await;
    let come = async || {
        let request = request(Provider::Github, "mallory");
        test.accounts.sign_in_socially(&request, Some(&who), &Device::default()).await
    };
    assert!(matches!(come().await, Err(SocialError::NotConfirmed(_))));
    assert!(test.provider(Provider::Github).expected().is_empty(), "the provider is not asked");
    test.accounts.confirm(&link, None, &Device::default()).await.unwrap();
    assert!(matches!(come().await, Ok(SocialOutcome::Linked(_))));
}

/// Ends the session of whoever links, while the provider is asked.
struct SlowProvider(Arc<FakeProvider>, Arc<MemoryAccounts>);

#[async_trait]
impl IdentityProvider for SlowProvider {
    fn provider(&self) -> Provider {
        self.0.provider()
    }

    fn authorize_url(&self, challenge: &Challenge) -> String {
        self.0.authorize_url(challenge)
    }

    async fn identify(&self, proof: &Proof, expected: &Expected) -> Result<ExternalIdentity, IdentityError> {
        let ada = self.1.by_email(&TestAccounts::email("ada")).await?.unwrap();
        self.1.end_others(ada.id, ada.id.uuid().into(), ada.created_at, Consequences::none()).await?;
        self.0.identify(proof, expected).await
    }
}

#[tokio::test]
async fn whoever_is_signed_out_while_the_provider_is_asked_links_nothing() {
    let test = TestAccounts::default();
    let ada = test.confirmed("ada").await;
    test.at_github("mallory", true);
    let github = test.providers.iter().find(|fake| fake.provider() == Provider::Github).unwrap().clone();
    let slow = test.with_providers(vec![Arc::new(SlowProvider(github, test.store.clone()))]);
    let who = slow.fresh(ada.id).await;
    let request = request(Provider::Github, "mallory");
    let late = slow.accounts.sign_in_socially(&request, Some(&who), &Device::default()).await;
    assert!(matches!(late, Err(SocialError::Overtaken(_))), "{late:?}");
    assert!(test.accounts.ways_in(ada.id).await.unwrap().unwrap().identities.is_empty());
}

#[tokio::test]
async fn a_letter_to_an_address_that_the_account_has_no_more_links_nothing() {
    let test = TestAccounts::default();
    let ada = test.confirmed("ada").await;
    let identity = test.at_github("old", true);
    // One that was written to the old address while that was changed.
    let token = MailToken::new(&*test.accounts.parts.randomness);
    let expires_at = test.accounts.now() + SignedDuration::from_hours(1);
    let link = NewSocialLink { digest: token.digest(), user: ada.id, exists: true, expires_at };
    let method = NewLoginMethod {
        id: LoginMethodId::new(&*test.clock, &*test.accounts.parts.randomness),
        provider: Provider::Github,
        identity,
        at: test.accounts.now(),
    };
    assert!(test.store.hold(&link, &method, 9, Consequences::none()).await.unwrap());
    assert!(matches!(test.follow(&token, ada.id).await, Err(SocialLinkError::Rejected)));
    assert!(test.accounts.ways_in(ada.id).await.unwrap().unwrap().identities.is_empty());
}

#[tokio::test]
async fn taking_a_way_in_away_ends_the_other_sessions_at_once() {
    let test = TestAccounts::default();
    let ada = test.confirmed("ada").await;
    test.at_github("ada", true);
    test.link_github(ada.id, "ada").await.unwrap();
    // Somebody came that way, and somebody else is coming.
    let there = entered(test.by_github("ada").await);
    let coming = test.store.by_id(ada.id).await.unwrap().unwrap();
    let here = test.sign_in("ada").await;
    let method = test.accounts.ways_in(ada.id).await.unwrap().unwrap().identities[0].id;
    let tokens = test.accounts.unlink(&test.caller(&here), method, &Device::default()).await.unwrap();
    assert!(test.authenticates(&here) && !test.authenticates(&there));
    assert!(test.accounts.sign_in_proved(coming, &Device::default()).await.unwrap().is_none());
    assert!(!tokens.is_empty() && tokens != here.device_tokens);
    let elsewhere = test.restarted();
    elsewhere.accounts.load().await.unwrap();
    assert!(elsewhere.authenticates(&here) && !elsewhere.authenticates(&there));
}

#[tokio::test]
async fn an_address_nobody_vouches_for_gets_one_answer_whether_it_has_an_account_or_not() {
    let test = TestAccounts::default();
    let ada = test.confirmed("ada").await;
    test.at_github("ada", false);
    test.at_github("bob", false);
    assert!(letter_sent(&test.by_github("ada").await));
    let letter = test.newest_letter();
    assert_eq!((&letter.to, &letter.occasion), (&TestAccounts::email("ada"), &Occasion::AlreadyRegistered));
    assert!(letter_sent(&test.by_github("bob").await));
    assert_eq!(test.newest_letter().to, TestAccounts::email("bob"));

    let (user, token) = test.newest_link();
    assert_ne!(user, ada.id);
    let bob = signed_in(test.follow(&token, user).await.unwrap());
    assert_eq!((bob.account.id, bob.account.email.clone()), (user, Some(TestAccounts::email("bob"))));
    assert!(bob.account.confirmed_at.is_some());
    assert_eq!(entered(test.by_github("bob").await).account, bob.account);
    assert!(matches!(test.follow(&token, user).await, Err(SocialLinkError::Rejected)));
}

#[tokio::test]
async fn what_was_free_when_the_letter_left_may_be_taken_when_it_is_opened() {
    let test = TestAccounts::default();
    for name in ["ada", "bob"] {
        test.at_github(name, false);
        assert!(letter_sent(&test.by_github(name).await));
    }
    let (bob, token) = test.newest_link();
    test.register("bob").await;
    assert!(matches!(test.follow(&token, bob).await, Err(SocialLinkError::AddressTaken)));

    let eve = test.register("eve").await;
    test.link_github(eve.id, "ada").await.unwrap();
    let ada =
        test.store.letters().into_iter().find(|letter| letter.to == TestAccounts::email("ada")).unwrap();
    let Occasion::ConfirmLoginMethod { user, token, .. } = ada.occasion else {
        unreachable!("another letter")
    };
    assert!(matches!(test.follow(&token, user).await, Err(SocialLinkError::TakenElsewhere)));
}

#[tokio::test]
async fn without_an_address_there_is_an_account_only_where_none_is_asked_for() {
    let nameless = || ExternalIdentity { email: None, ..FakeProvider::identity("ada", true) };
    let test = TestAccounts::default();
    test.provider(Provider::Github).know("ada", nameless());
    assert!(matches!(test.by_github("ada").await, Err(SocialError::AddressMissing)));
    let test = TestAccounts::with(|parts| parts.policy.email_required = false);
    test.provider(Provider::Github).know("ada", nameless());
    assert_eq!(created(test.by_github("ada").await).account.email, None);
}

#[tokio::test]
async fn who_is_signed_in_links_to_their_own_account_whatever_the_address() {
    let test = TestAccounts::default();
    let (ada, bob) = (test.confirmed("ada").await, test.confirmed("bob").await);
    test.at_github("bob", true);
    for _ in 0..2 {
        let Ok(SocialOutcome::Linked(account)) = test.link_github(ada.id, "bob").await else {
            unreachable!("not linked")
        };
        assert_eq!(*account, ada);
    }
    let letters: Vec<_> =
        test.store.letters().into_iter().filter(|letter| letter.occasion.token().is_none()).collect();
    let [letter] = &letters[..] else { unreachable!("one letter") };
    assert_eq!(letter.to, TestAccounts::email("ada"));
    assert_eq!(letter.occasion, Occasion::LoginMethodAdded { provider: "GitHub".to_owned() });
    assert_eq!(entered(test.by_github("bob").await).account, ada, "the identity counts, not the address");
    assert!(matches!(test.link_github(bob.id, "bob").await, Err(SocialError::TakenElsewhere)));
}

#[tokio::test]
async fn a_known_identity_is_known_whatever_address_it_has_later() {
    let test = TestAccounts::default();
    let mut identity = test.at_github("ada", true);
    let ada = created(test.by_github("ada").await).account;
    test.confirmed("bob").await;
    identity.email = FakeProvider::identity("bob", true).email;
    test.provider(Provider::Github).know("ada", identity);
    assert_eq!(entered(test.by_github("ada").await).account, ada);
}

#[tokio::test]
async fn a_state_binds_a_proof_to_the_sign_in_that_was_begun() {
    let test = TestAccounts::default();
    test.at_github("ada", true);
    let github = test.provider(Provider::Github);
    let begun = test.accounts.begin_social(Provider::Github, None, &Device::default()).await.unwrap();
    assert!(begun.url.contains(&format!("state={}&", begun.state.expose())));
    created(test.come(&with_state(Provider::Github, "ada", &begun.state)).await);
    let [expected] = &github.expected()[..] else { unreachable!("asked once") };
    let (verifier, nonce) = (expected.verifier.clone().unwrap(), expected.nonce.clone().unwrap());
    assert!((43..=128).contains(&verifier.expose().len()), "RFC 7636, section 4.1");
    let challenge = base64_url(&Sha256::digest(verifier.expose()));
    assert!(begun.url.ends_with(&format!("challenge={challenge}&nonce={}", nonce.expose())));

    let again = test.come(&with_state(Provider::Github, "ada", &begun.state)).await;
    assert!(matches!(again, Err(SocialError::BadState)));
    assert_eq!(github.expected().len(), 1, "the provider is not asked");
}

#[tokio::test]
async fn no_state_is_good_for_another_provider_or_person_or_time() {
    let test = TestAccounts::default();
    let (ada, bob) = (test.confirmed("ada").await, test.confirmed("bob").await);
    test.at_github("ada", true);
    let begin = async |caller| {
        test.accounts.begin_social(Provider::Github, caller, &Device::default()).await.unwrap().state
    };
    let come = async |request: SocialRequest, caller| {
        let who = match caller {
            Some(user) => Some(test.fresh(user).await),
            None => None,
        };
        let came = test.accounts.sign_in_socially(&request, who.as_ref(), &Device::default()).await;
        matches!(came, Err(SocialError::BadState))
    };
    let github = |state: &Secret| with_state(Provider::Github, "ada", state);
    assert!(come(with_state(Provider::Google, "ada", &begin(None).await), None).await);
    for (begun_by, comes) in [(None, Some(ada.id)), (Some(ada.id), None), (Some(ada.id), Some(bob.id))] {
        assert!(come(github(&begin(begun_by).await), comes).await, "{begun_by:?} {comes:?}");
    }
    assert!(come(github(&Secret::new("junk")), None).await);
    let late = begin(None).await;
    test.clock.advance(SignedDuration::from_mins(10));
    assert!(come(github(&late), None).await);
    assert!(!come(github(&begin(Some(ada.id)).await), Some(ada.id)).await);
}

#[tokio::test]
async fn of_many_who_come_with_one_state_one_is_heard() {
    let test = Arc::new(TestAccounts::default());
    test.at_github("ada", true);
    let state = test.accounts.begin_social(Provider::Github, None, &Device::default()).await.unwrap().state;
    let coming: Vec<_> = (0..32)
        .map(|_| {
            let (test, request) = (test.clone(), with_state(Provider::Github, "ada", &state));
            tokio::spawn(async move { test.come(&request).await.is_ok() })
        })
        .collect();
    let mut heard = 0;
    for coming in coming {
        heard += u32::from(coming.await.unwrap());
    }
    assert_eq!(heard, 1);
}

#[tokio::test]
async fn the_operator_may_want_every_sign_in_begun_here() {
    let test = TestAccounts::with(|parts| parts.policy.social_state_required = true);
    test.at_github("ada", true);
    assert!(matches!(test.by_github("ada").await, Err(SocialError::StateMissing)));
    let state = test.accounts.begin_social(Provider::Github, None, &Device::default()).await.unwrap().state;
    created(test.come(&with_state(Provider::Github, "ada", &state)).await);
}

#[tokio::test]
async fn a_nonce_of_the_clients_own_is_handed_on() {
    let test = TestAccounts::default();
    test.provider(Provider::Google).know("ada", FakeProvider::identity("ada", true));
    let request = SocialRequest { nonce: Some(Secret::new("mine")), ..request(Provider::Google, "ada") };
    created(test.come(&request).await);
    let expected = test.provider(Provider::Google).expected();
    assert_eq!((expected[0].nonce.clone(), expected[0].verifier.clone()), (Some(Secret::new("mine")), None));
}

#[tokio::test]
async fn what_the_provider_rejects_or_cannot_tell_signs_nobody_in() {
    let test = TestAccounts::default();
    assert!(matches!(test.by_github("nobody").await, Err(SocialError::Rejected("the proof is not good"))));
    assert!(matches!(test.by_github(FakeProvider::AWAY).await, Err(SocialError::Unavailable(_))));
    let test = TestAccounts::with(|parts| parts.identity_providers.clear());
    assert!(matches!(test.by_github("ada").await, Err(SocialError::NotSetUp)));
    let begun = test.accounts.begin_social(Provider::Github, None, &Device::default()).await;
    assert!(matches!(begun, Err(SocialError::NotSetUp)));
}

#[tokio::test]
async fn a_suspended_account_is_not_signed_in_to() {
    let test = TestAccounts::default();
    test.at_github("ada", true);
    created(test.by_github("ada").await);
    let ada = LoginName::Username("ada".to_owned());
    test.accounts.set_suspended(&ada, true, &Actor::default()).await.unwrap();
    assert!(matches!(test.by_github("ada").await, Err(SocialError::Refused)));

    test.provider(Provider::Google).know("ada", FakeProvider::identity("ada", true));
    assert!(letter_sent(&test.come(&request(Provider::Google, "ada")).await));
    assert!(test.store.letters().is_empty());
}

#[tokio::test]
async fn the_second_factor_is_asked_for_here_too() {
    let test = TestAccounts::default();
    let ada = test.confirmed("ada").await;
    test.at_github("ada", true);
    test.link_github(ada.id, "ada").await.unwrap();
    test.with_mfa("ada").await;
    let entry = test.by_github("ada").await;
    assert!(matches!(entry, Ok(SocialOutcome::Entered(Entry::Challenge(_)))), "{entry:?}");

    test.provider(Provider::Google).know("ada", FakeProvider::identity("ada", true));
    assert!(letter_sent(&test.come(&request(Provider::Google, "ada")).await));
    let (user, token) = test.newest_link();
    assert!(matches!(test.follow(&token, user).await, Ok(Entry::Challenge(_))));
}

#[tokio::test]
async fn nobody_can_flood_a_mailbox() {
    let test = TestAccounts::default();
    test.confirmed("ada").await;
    test.at_github("ada", true);
    let before = test.store.letters().len();
    for _ in 0..9 {
        assert!(letter_sent(&test.by_github("ada").await));
    }
    assert_eq!(test.store.letters().len() - before, 3);

    let test = TestAccounts::with(|parts| parts.policy.limits.letters_per_mailbox = Quota::per_hour(1));
    test.at_github("bob", false);
    for _ in 0..9 {
        assert!(letter_sent(&test.by_github("bob").await));
    }
    assert_eq!(test.store.letters().len(), 1);
}

#[tokio::test]
async fn a_way_in_can_be_taken_away_unless_it_is_the_last_one() {
    let test = TestAccounts::default();
    let bob = test.confirmed("bob").await;
    test.at_github("ada", true);
    let ada = created(test.by_github("ada").await).account;
    let unlink = async |user, method| {
        let who = test.fresh(user).await;
        test.accounts.unlink(&who, method, &Device::default()).await
    };
    let ways = test.accounts.ways_in(ada.id).await.unwrap().unwrap();
    let [github] = &ways.identities[..] else { unreachable!("one way in") };
    assert_eq!((ways.password, github.provider, github.user_name.as_str()), (false, Provider::Github, "ada"));
    assert!(matches!(unlink(ada.id, github.id).await, Err(UnlinkError::LastWayIn)));
    let unknown = unlink(bob.id, github.id).await.unwrap_err();
    assert_eq!(unknown.to_string(), format!("This user doesn't have login method {}", github.id));

    test.provider(Provider::Google).know("ada", FakeProvider::identity("ada", true));
    let request = request(Provider::Google, "ada");
    let who = test.fresh(ada.id).await;
    test.accounts.sign_in_socially(&request, Some(&who), &Device::default()).await.unwrap();

    test.clock.advance(SignedDuration::from_mins(10) + SignedDuration::from_secs(1));
    let late = test.accounts.unlink(&who, github.id, &Device::default()).await;
    assert!(matches!(late, Err(UnlinkError::ReauthenticationRequired)));
    let late = test.accounts.sign_in_socially(&request, Some(&who), &Device::default()).await;
    assert!(matches!(late, Err(SocialError::ReauthenticationRequired)));
    unlink(ada.id, github.id).await.unwrap();
    assert!(letter_sent(&test.by_github("ada").await), "it is nobody's now, and the address has an account");
    let removed = Occasion::LoginMethodRemoved { provider: "GitHub".to_owned() };
    assert!(test.store.letters().iter().any(|letter| letter.occasion == removed));
    let noted =
        test.store.audit().into_iter().find(|entry| entry.action == AuditAction::LoginMethodRemoved).unwrap();
    assert_eq!((noted.actor.user, noted.detail.as_deref()), (Some(ada.id), Some("github")));
    assert!(test.store.by_id(ada.id).await.unwrap().is_some());
}

#[tokio::test]
async fn of_many_who_come_with_one_identity_all_get_the_same_account() {
    let test = Arc::new(TestAccounts::default());
    test.at_github("ada", true);
    let coming: Vec<_> = (0..32)
        .map(|_| {
            let test = test.clone();
            tokio::spawn(async move {
                match test.by_github("ada").await {
                    Ok(SocialOutcome::Entered(entry) | SocialOutcome::Created(entry)) => {
                        signed_in(entry).account.id
                    }
                    other => unreachable!("not signed in: {other:?}"),
                }
            })
        })
        .collect();
    let mut accounts = Vec::new();
    for coming in coming {
        accounts.push(coming.await.unwrap());
    }
    accounts.dedup();
    assert_eq!(accounts.len(), 1);
}
