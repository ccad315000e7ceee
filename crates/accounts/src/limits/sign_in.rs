//! What counts at sign-in.

use super::Counted;
use crate::audit::{Actor, AuditAction, AuditEntry};
use crate::ports::{AccountStore, Consequences, LoginName};
use crate::service::Accounts;
use crate::session_tokens::Device;
use jiff::Timestamp;
use square_kernel::{Unavailable, UserId};
use square_limits::ports::Limits;
use square_limits::{Charge, LimitError};
use std::sync::Arc;
use tracing::Instrument;
use uuid::Uuid;

impl Accounts {
    /// Counts an attempt to sign in before anything is known of the account that `login` names, if there is one; gives what
    /// [`Self::give_back`] takes when it succeeds.
    ///
    /// A device that signed in before has a budget of its own, and once that is spent it counts as a stranger's.
    pub(crate) async fn admit_attempt(
        &self,
        login: &LoginName,
        device: &Device,
    ) -> Result<Option<Charge>, LimitError> {
        if let Some(token) = self.device_of(login, device).await? {
            let own = self.charge(Counted::SignInFromDevice, &token.message());
            match self.spend_budgets([own]).await {
                Err(LimitError::TooMany(_)) => {}
                spent => return spent.map(|()| own),
            }
        }
        let name = self.charge_name(Counted::SignInToName, login);
        let address = self.charge_address(Counted::SignInFromAddress, device);
        let spent = self.spend_budgets([name, address]).await;
        if let Err(LimitError::TooMany(_)) = spent {
            self.note_limit(login, device);
        }
        spent.map(|()| name)
    }

    /// Puts back what a success does not count. Where that fails somebody has one attempt less for a while.
    pub(crate) async fn give_back(&self, charge: Option<Charge>) {
        let Some(charge) = charge else { return };
        if let Err(error) = self.parts.limits.give_back(&[charge], self.now()).await {
            tracing::warn!(cause = error.chain(), "a successful sign-in counts as an attempt");
        }
    }

    /// Has the audit log say that somebody gave a wrong password.
    ///
    /// Behind the reply: for a name without an account there is nothing to say, and the time it takes must not tell.
    pub(crate) fn note_failure(&self, user: UserId, device: &Device) {
        let noted = self.noted(AuditAction::SignInFailed, Actor::stranger(device), user);
        let charge = self.charge(Counted::NotedFailure, user.uuid().as_bytes());
        let notebook = self.notebook();
        let work = async move { notebook.note(charge, &noted).await };
        tokio::spawn(in_the_background(work).in_current_span());
    }

    /// Has the audit log say that no more attempts are taken, where the name has an account; behind the reply, too.
    fn note_limit(&self, login: &LoginName, device: &Device) {
        let charge = self.charge_name(Counted::NotedLimit, login);
        let (notebook, login) = (self.notebook(), login.clone());
        // Whom it concerns is looked up behind the reply.
        let blank = self.entry(AuditAction::AttemptsLimited, Actor::stranger(device), Uuid::nil().into());
        let work = async move {
            if !notebook.may(charge).await? {
                return Ok(());
            }
            let Some((account, _)) = notebook.store.credentials(&login).await? else { return Ok(()) };
            let entry = AuditEntry { user: Some(account.id), ..blank };
            notebook.store.record(&Consequences::noted(entry)).await
        };
        tokio::spawn(in_the_background(work).in_current_span());
    }

    fn notebook(&self) -> Notebook {
        let (store, limits) = (Arc::clone(&self.parts.store), Arc::clone(&self.parts.limits));
        Notebook { store, limits, now: self.now() }
    }
}

async fn in_the_background(work: impl Future<Output = Result<(), Unavailable>>) {
    if let Err(error) = work.await {
        tracing::warn!(cause = error.chain(), "the audit log lacks an entry");
    }
}

/// Writes what strangers cause, within bounds.
struct Notebook {
    store: Arc<dyn AccountStore>,
    limits: Arc<dyn Limits>,
    now: Timestamp,
}

impl Notebook {
    async fn may(&self, charge: Option<Charge>) -> Result<bool, Unavailable> {
        let charges: Vec<Charge> = charge.into_iter().collect();
        Ok(self.limits.spend(&charges, self.now).await?.is_ok())
    }

    async fn note(&self, charge: Option<Charge>, noted: &Consequences) -> Result<(), Unavailable> {
        if self.may(charge).await? { self.store.record(noted).await } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::LimitPolicy;
    use crate::session_tokens::SignedIn;
    use crate::sign_in::SignInError;
    use crate::testing::{TestAccounts, signed_in};
    use async_trait::async_trait;
    use jiff::SignedDuration;
    use square_kernel::Secret;
    use square_limits::{Quota, TooMany};

    const WRONG: &str = "wrong horse";

    fn limited(change: impl FnOnce(&mut LimitPolicy)) -> TestAccounts {
        TestAccounts::with(|parts| change(&mut parts.policy.limits))
    }

    /// Three attempts a name, two a device.
    fn per_name() -> TestAccounts {
        limited(|limits| {
            limits.sign_ins_per_name = Quota::per_hour(3);
            limits.sign_ins_per_device = Quota::per_hour(2);
        })
    }

    fn name(name: &str) -> LoginName {
        LoginName::Username(name.to_owned())
    }

    fn at(address: &str) -> Device {
        Device { address: Some(address.to_owned()), ..Device::default() }
    }

    impl TestAccounts {
        async fn attempt(
            &self,
            login: &LoginName,
            password: &str,
            device: &Device,
        ) -> Result<SignedIn, SignInError> {
            let entry = self.accounts.sign_in(login, &Secret::new(password), device).await;
            // What is noted behind the reply is written before the next attempt.
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
            entry.map(signed_in)
        }

        async fn fail(&self, login: &LoginName, device: &Device, times: usize) {
            for _ in 0..times {
                let refused = self.attempt(login, WRONG, device).await;
                assert!(matches!(refused, Err(SignInError::WrongCredentials)));
            }
        }

        async fn assert_limited(&self, login: &LoginName, device: &Device, wait: SignedDuration) {
            let hashes = self.hasher.verified().len();
            let refused = self.attempt(login, TestAccounts::PASSWORD, device).await;
            let Err(SignInError::TooMany(TooMany { retry_after })) = refused else {
                unreachable!("not limited: {refused:?}")
            };
            assert_eq!((retry_after, self.hasher.verified().len()), (wait, hashes), "it cost no hash");
        }

        fn notes(&self, action: AuditAction) -> usize {
            self.store.audit().iter().filter(|entry| entry.action == action).count()
        }
    }

    #[tokio::test]
    async fn known_and_unknown_names_are_limited_alike_and_time_helps() {
        let test = per_name();
        test.register("ada").await;
        let logins = [
            name("ada"),
            name("nobody"),
            LoginName::Email(TestAccounts::email("ada")),
            LoginName::Email(TestAccounts::email("nobody")),
        ];
        for login in &logins {
            test.fail(login, &Device::default(), 3).await;
            test.assert_limited(login, &Device::default(), SignedDuration::from_mins(20)).await;
        }
        test.clock.advance(SignedDuration::from_mins(20));
        for login in &logins {
            test.fail(login, &Device::default(), 1).await;
            test.assert_limited(login, &Device::default(), SignedDuration::from_mins(20)).await;
        }
    }

    #[tokio::test]
    async fn a_success_does_not_count() {
        let test = per_name();
        test.register("ada").await;
        for _ in 0..10 {
            assert!(test.attempt(&name("ada"), TestAccounts::PASSWORD, &Device::default()).await.is_ok());
        }
        test.fail(&name("ada"), &Device::default(), 3).await;
    }

    #[tokio::test]
    async fn whoever_spends_the_names_budget_does_not_lock_out_its_owner() {
        let test = per_name();
        test.register("ada").await;
        let first = test.attempt(&name("ada"), TestAccounts::PASSWORD, &Device::default()).await.unwrap();
        let own = Device { tokens: first.device_tokens, ..Device::default() };
        test.fail(&name("ada"), &at("203.0.113.9"), 3).await;
        let wait = SignedDuration::from_mins(20);
        test.assert_limited(&name("ada"), &Device::default(), wait).await;
        for login in [name("ada"), LoginName::Email(TestAccounts::email("ada"))] {
            test.fail(&login, &own, 1).await;
            let again = test.attempt(&login, TestAccounts::PASSWORD, &own).await.unwrap();
            assert_eq!(again.device_tokens, own.tokens, "the device keeps what it has");
        }
        // Both names spend from the device's one budget, and then it is a stranger's.
        test.assert_limited(&name("ada"), &own, wait).await;
        test.clock.advance(SignedDuration::from_mins(30));
        assert!(test.attempt(&name("ada"), TestAccounts::PASSWORD, &own).await.is_ok());
    }

    #[tokio::test]
    async fn what_a_device_showed_before_the_password_changed_shows_nothing_any_more() {
        let test = per_name();
        test.register("ada").await;
        let (here, there) = (
            test.attempt(&name("ada"), TestAccounts::PASSWORD, &Device::default()).await.unwrap(),
            test.attempt(&name("ada"), TestAccounts::PASSWORD, &Device::default()).await.unwrap(),
        );
        let who = test.caller(&here);
        let before = Device { tokens: here.device_tokens, ..Device::default() };
        let (existing, new) = (Secret::new(TestAccounts::PASSWORD), "brand new horse");
        let password = crate::Password::parse("new_password", new).unwrap();
        let tokens = test.accounts.update_password(&who, &existing, &password, &before).await.unwrap();
        assert_ne!(tokens, before.tokens);
        test.fail(&name("ada"), &at("203.0.113.9"), 3).await;
        let wait = SignedDuration::from_mins(20);
        for stale in [before, Device { tokens: there.device_tokens, ..Device::default() }] {
            test.assert_limited(&name("ada"), &stale, wait).await;
        }
        let own = Device { tokens, ..Device::default() };
        assert!(test.attempt(&name("ada"), new, &own).await.is_ok(), "the one that changed it is known");
    }

    #[tokio::test]
    async fn whoever_resets_their_password_is_not_locked_out_by_strangers() {
        let test = per_name();
        test.register("ada").await;
        test.fail(&name("ada"), &at("203.0.113.9"), 3).await;
        test.forget_password("ada").await;
        let token = test.store.mailed_token().unwrap();
        let new = crate::Password::parse("password", "brand new horse").unwrap();
        let tokens = test.accounts.reset_password(&token, None, &new, &Device::default()).await.unwrap();
        let own = Device { tokens, ..Device::default() };
        assert!(test.attempt(&name("ada"), "brand new horse", &own).await.is_ok());
        let refused = test.attempt(&name("ada"), "brand new horse", &Device::default()).await;
        assert!(matches!(refused, Err(SignInError::TooMany(_))));
    }

    #[tokio::test]
    async fn a_device_of_somebody_else_is_a_stranger() {
        let test = per_name();
        test.register("ada").await;
        test.register("eve").await;
        let eve = test.attempt(&name("eve"), TestAccounts::PASSWORD, &Device::default()).await.unwrap();
        let own = Device { tokens: eve.device_tokens, ..Device::default() };
        test.fail(&name("ada"), &own, 3).await;
        test.assert_limited(&name("ada"), &own, SignedDuration::from_mins(20)).await;
        assert!(test.attempt(&name("eve"), TestAccounts::PASSWORD, &own).await.is_ok());
    }

    #[tokio::test]
    async fn an_address_is_limited_whatever_names_it_tries() {
        let test = limited(|limits| limits.sign_ins_per_address = Quota::per_hour(4));
        test.register("ada").await;
        let wait = SignedDuration::from_mins(15);
        test.fail(&name("ada"), &at("192.0.2.1"), 3).await;
        test.fail(&name("nobody"), &at("::ffff:192.0.2.1"), 1).await;
        test.assert_limited(&name("somebody"), &at("192.0.2.1"), wait).await;
        assert!(test.attempt(&name("ada"), TestAccounts::PASSWORD, &at("192.0.2.2")).await.is_ok());
        for host in ["2001:db8::1", "2001:db8::2", "2001:db8::ffff:1", "2001:db8:0:0:1::"] {
            test.fail(&name("nobody"), &at(host), 1).await;
        }
        test.assert_limited(&name("ada"), &at("2001:db8::5"), wait).await;
        test.fail(&name("ada"), &at("2001:db8:0:1::1"), 1).await;
    }

    #[tokio::test]
    async fn failures_in_an_account_are_noted_and_their_number_is_bounded() {
        let test = TestAccounts::default();
        let ada = test.register("ada").await;
        test.fail(&name("nobody"), &Device::default(), 2).await;
        assert_eq!(test.notes(AuditAction::SignInFailed), 0);
        test.fail(&name("ada"), &at("203.0.113.9"), 30).await;
        assert_eq!(test.notes(AuditAction::SignInFailed), 20);
        let noted = test.store.audit();
        let entry = noted.iter().find(|entry| entry.action == AuditAction::SignInFailed).unwrap();
        assert_eq!((entry.user, entry.actor.user), (Some(ada.id), None));
        assert_eq!(entry.actor.device, at("203.0.113.9"));
    }

    #[tokio::test]
    async fn a_limit_that_holds_is_noted_once_an_hour_where_there_is_an_account() {
        let test = per_name();
        test.register("ada").await;
        for login in [name("ada"), name("nobody")] {
            test.fail(&login, &Device::default(), 3).await;
            for _ in 0..5 {
                test.assert_limited(&login, &Device::default(), SignedDuration::from_mins(20)).await;
            }
        }
        assert_eq!(test.notes(AuditAction::AttemptsLimited), 1);
    }

    struct Broken;

    #[async_trait]
    impl Limits for Broken {
        async fn spend(&self, _: &[Charge], _: Timestamp) -> Result<Result<(), TooMany>, Unavailable> {
            Err(Unavailable::new("the disk is full"))
        }

        async fn give_back(&self, _: &[Charge], _: Timestamp) -> Result<(), Unavailable> {
            Err(Unavailable::new("the disk is full"))
        }

        async fn forget_full(&self, _: Timestamp, _: u32) -> Result<u32, Unavailable> {
            Err(Unavailable::new("the disk is full"))
        }
    }

    #[tokio::test]
    async fn where_nothing_can_be_counted_nobody_passes() {
        let test = TestAccounts::with(|parts| {
            parts.policy.limits.sign_ins_per_name = Quota::per_hour(3);
            parts.policy.limits.letters_per_mailbox = Quota::per_hour(3);
            parts.policy.limits.links_per_address = Quota::per_hour(3);
            parts.limits = Arc::new(Broken);
        });
        let refused = test.attempt(&name("ada"), TestAccounts::PASSWORD, &Device::default()).await;
        assert!(matches!(refused, Err(SignInError::Unavailable(_))));
        assert!(test.hasher.verified().is_empty());
        let email = TestAccounts::email("ada");
        let asked = test.accounts.resend_confirmation(&email, &Device::default()).await;
        assert!(matches!(asked, Err(LimitError::Unavailable(_))));
        let token = crate::tokens::MailToken::received("token");
        let confirmed = test.accounts.confirm(&token, None, &Device::default()).await;
        assert!(matches!(confirmed, Err(crate::ConfirmError::Unavailable(_))));
        assert!(test.accounts.forget_limits().await.is_err());
    }
}
