use crate::account::Account;
use crate::limits::limited;
use crate::mfa::Entry;
use crate::pace::{LOOKED_UP, Pace};
use crate::password::{Password, PasswordHash};
use crate::ports::{LoginName, PasswordCheck};
use crate::service::Accounts;
use crate::session_tokens::Device;
use square_kernel::{Secret, Unavailable};
use square_limits::TooMany;

/// Why nobody is signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// There is no such account, or it has another password, or it is suspended: which, is not told.
    #[error("the name or the password is wrong")]
    WrongCredentials,
    /// It was tried too often, whether there is such an account or not.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// Something needed does not work.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

limited!(SignInError);

impl Accounts {
    /// Checks a password and opens a session, or asks for the second factor where there is one. A name without an account takes as long as a wrong password.
    pub async fn sign_in(
        &self,
        login: &LoginName,
        password: &Secret,
        device: &Device,
    ) -> Result<Entry, SignInError> {
        // First of all, so that who is refused costs no hash and learns nothing by the time it takes.
        let charge = self.admit_attempt(login, device).await?;
        let pace = Pace::begin();
        let found = self.parts.store.credentials(login).await?;
        pace.until(LOOKED_UP).await;
        let (account, hash) = match found {
            Some((account, hash)) if hash.is_set() => (Some(account), hash),
            _ => (None, self.parts.hasher.decoy()),
        };
        let check = self.parts.hasher.verify(password, &hash).await?;
        let Some(account) = account else { return Err(SignInError::WrongCredentials) };
        let PasswordCheck::Right { outdated } = check else {
            self.note_failure(account.id, device);
            return Err(SignInError::WrongCredentials);
        };
        if !account.is_active() {
            return Err(SignInError::WrongCredentials);
        }
        self.give_back(charge).await;
        if outdated {
            self.upgrade(&account, password, &hash).await;
        }
        // Whoever changed the password meanwhile has counted the account's credentials up, so this comes too late.
        self.sign_in_proved(account, device).await?.ok_or(SignInError::WrongCredentials)
    }

    /// Hashes the password anew by the present settings. A failure costs nothing but the next attempt.
    async fn upgrade(&self, account: &Account, password: &Secret, old: &PasswordHash) {
        // One that was set under looser rules stays as it is.
        let Ok(password) = Password::parse("password", password.expose()) else { return };
        let upgraded = match self.parts.hasher.hash(&password).await {
            Ok(new) => self.parts.store.upgrade_hash(account.id, old, &new).await.map(drop),
            Err(error) => Err(error),
        };
        if let Err(error) = upgraded {
            tracing::warn!(user = %account.id, cause = error.chain(), "an outdated password hash stays");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::{AccountStore, Consequences, CredentialStore, PasswordHasher, Rotation, SessionStore};
    use crate::testing::watched::{MockCalls, watched};
    use crate::testing::{FastHasher, MemoryAccounts, TestAccounts, signed_in};
    use crate::tokens::MailToken;
    use async_trait::async_trait;
    use square_kernel::Page;
    use square_kernel::testing::SeededRandomness;
    use std::sync::Arc;

    #[tokio::test]
    async fn name_in_any_case_and_address_both_sign_in() {
        let test = TestAccounts::default();
        let account = test.register("Ada").await;
        for login in [LoginName::Username("ada".to_owned()), LoginName::Email(TestAccounts::email("ada"))] {
            let password = Secret::new(TestAccounts::PASSWORD);
            let signed_in =
                signed_in(test.accounts.sign_in(&login, &password, &Device::default()).await.unwrap());
            assert_eq!(signed_in.account, account);
            let asker = test.accounts.authenticate(signed_in.tokens.access.expose()).unwrap();
            assert_eq!(asker.identity.unwrap().session, signed_in.session);
        }
    }

    #[tokio::test]
    async fn wrong_unknown_and_suspended_are_one_answer_after_the_same_work() {
        let test = TestAccounts::default();
        test.register("ada").await;
        test.register("bob").await;
        test.accounts
            .set_suspended(&LoginName::Username("bob".to_owned()), true, &crate::Actor::default())
            .await
            .unwrap();
        for (name, password) in
            [("ada", "wrong horse"), ("nobody", "wrong horse"), ("bob", TestAccounts::PASSWORD)]
        {
            let refused = test.try_sign_in(name, password).await;
            assert!(matches!(refused, Err(SignInError::WrongCredentials)), "{name}");
        }
        let own = FastHasher::current(TestAccounts::PASSWORD);
        assert_eq!(test.hasher.verified(), [own.clone(), test.hasher.decoy(), own]);
    }

    #[tokio::test]
    async fn a_broken_store_is_not_a_wrong_password() {
        let test = TestAccounts::default();
        test.register("ada").await;
        for (working, broken) in [(&[][..], "credentials"), (&["credentials", "verify"], "open")] {
            let mut calls = MockCalls::new();
            calls.allow(working);
            calls.fail(broken);
            let failed = watched(&test, calls).try_sign_in("ada", TestAccounts::PASSWORD).await;
            assert!(matches!(failed, Err(SignInError::Unavailable(_))), "{broken}");
        }
    }

    async fn with_an_outdated_hash() -> TestAccounts {
        let test = TestAccounts::default();
        let account = test.register("ada").await;
        let current = FastHasher::current(TestAccounts::PASSWORD);
        let outdated = FastHasher::outdated(TestAccounts::PASSWORD);
        assert!(test.store.upgrade_hash(account.id, &current, &outdated).await.unwrap());
        test
    }

    async fn stored_hash(test: &TestAccounts) -> PasswordHash {
        let login = LoginName::Username("ada".to_owned());
        test.store.credentials(&login).await.unwrap().unwrap().1
    }

    #[tokio::test]
    async fn an_outdated_hash_is_made_anew_by_the_right_password_only() {
        let test = with_an_outdated_hash().await;
        assert!(test.try_sign_in("ada", "wrong horse").await.is_err());
        assert_eq!(stored_hash(&test).await, FastHasher::outdated(TestAccounts::PASSWORD));
        test.sign_in("ada").await;
        assert_eq!(stored_hash(&test).await, FastHasher::current(TestAccounts::PASSWORD));
    }

    #[tokio::test]
    async fn who_cannot_be_upgraded_is_signed_in_all_the_same() {
        for (working, broken) in [(&[][..], "hash"), (&["hash"], "upgrade_hash")] {
            let test = with_an_outdated_hash().await;
            let mut calls = MockCalls::new();
            calls.allow(&["credentials", "verify", "open"]);
            calls.allow(working);
            calls.fail(broken);
            watched(&test, calls).sign_in("ada").await;
            assert_eq!(stored_hash(&test).await, FastHasher::outdated(TestAccounts::PASSWORD));
        }
    }

    /// Takes so long to check a password that its owner can set another one meanwhile.
    struct Slow(Arc<MemoryAccounts>);

    #[async_trait]
    impl PasswordHasher for Slow {
        async fn hash(&self, password: &Password) -> Result<PasswordHash, Unavailable> {
            FastHasher::default().hash(password).await
        }

        async fn verify(&self, typed: &Secret, hash: &PasswordHash) -> Result<PasswordCheck, Unavailable> {
            let (account, old) = self.0.credentials(&LoginName::Username("ada".to_owned())).await?.unwrap();
            let (new, at) = (FastHasher::current("brand new horse"), account.created_at);
            if old != new {
                let changed = self.0.change_password(account.id, None, &old, &new, at, Consequences::none());
                changed.await?.expect("nobody in particular does it");
            }
            FastHasher::default().verify(typed, hash).await
        }

        fn decoy(&self) -> PasswordHash {
            FastHasher::default().decoy()
        }
    }

    #[tokio::test]
    async fn whoever_signs_in_while_the_password_is_changed_does_not_stay() {
        let store = Arc::new(MemoryAccounts::default());
        let test = TestAccounts::with(|parts| {
            parts.store = store.clone();
            parts.credentials = store.clone();
            parts.sessions = store.clone();
            parts.session_list = store.clone();
            parts.hasher = Arc::new(Slow(store.clone()));
        });
        let account = test.register("ada").await;
        let refused = test.try_sign_in("ada", TestAccounts::PASSWORD).await;
        assert!(matches!(refused, Err(SignInError::WrongCredentials)));
        let sessions = store.all_sessions(account.id, Page::default()).await.unwrap();
        assert!(sessions.items.iter().all(|session| session.ended_at.is_some()));
        test.try_sign_in("ada", "brand new horse").await.unwrap();
    }

    #[tokio::test]
    async fn where_it_came_from_is_kept_within_bounds() {
        let test = TestAccounts::default();
        test.register("ada").await;
        let device = Device {
            address: Some("192.0.2.7".to_owned()),
            agent: Some("ü".repeat(201)),
            ..Device::default()
        };
        let login = LoginName::Username("ada".to_owned());
        let password = Secret::new(TestAccounts::PASSWORD);
        let session = signed_in(test.accounts.sign_in(&login, &password, &device).await.unwrap()).session;
        let now = test.accounts.now();
        let Rotation::Rotated(record) = test.store.rotate(session, 0, now, now).await.unwrap() else {
            unreachable!("not rotated")
        };
        assert_eq!((record.address, record.agent), (device.address, Some("ü".repeat(200))));
    }

    #[tokio::test]
    async fn no_secret_shows_in_what_may_be_logged() {
        let test = TestAccounts::default();
        test.register("ada").await;
        let signed_in = test.sign_in("ada").await;
        let shown = format!("{signed_in:?} {:?}", MailToken::new(&SeededRandomness::default()));
        assert!(!shown.contains(signed_in.tokens.refresh.expose()));
        assert!(!shown.contains(signed_in.tokens.access.expose()));
        assert!(!shown.contains(MailToken::new(&SeededRandomness::default()).expose()));
        assert!(!shown.contains("ada@"));
    }
}
