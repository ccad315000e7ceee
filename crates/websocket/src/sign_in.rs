use square_accounts::Accounts;
use square_changes::Change;
use square_kernel::{Asker, Identity, Secret, Whereabouts};
use square_wire::Fault;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

/// Who the client of one socket is. Cheap to clone; what one clone takes, all go by.
#[derive(Clone)]
pub(crate) struct SignIn {
    accounts: Arc<Accounts>,
    held: Arc<RwLock<Option<Held>>>,
    whereabouts: Whereabouts,
}

/// The access token that counts.
struct Held {
    token: Secret,
    /// What it said when it was taken. Whether it still counts is another question.
    asker: Asker,
}

impl SignIn {
    /// Anybody at a place, as long as no token is taken.
    pub(crate) fn nobody(accounts: Arc<Accounts>, whereabouts: Whereabouts) -> Self {
        Self { accounts, held: Arc::default(), whereabouts }
    }

    /// Takes a token in place of the one before. One that is refused changes nothing.
    pub(crate) fn take(&self, token: &str) -> Result<Identity, Fault> {
        let asker = self.accounts.authenticate(token).map_err(|rejected| Fault::from(&rejected))?;
        let identity = asker.identity.clone().ok_or_else(Fault::sign_in_required)?;
        let held = Held { token: Secret::new(token), asker };
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Some(held);
        Ok(identity)
    }

    /// Who the client is at this moment: a session may have ended since the last message.
    pub(crate) fn asker(&self) -> Result<Asker, Fault> {
        let asker = match &*self.held() {
            None => self.accounts.anonymous(),
            Some(held) => {
                let asker = self.accounts.authenticate(held.token.expose());
                asker.map_err(|rejected| Fault::from(&rejected))?
            }
        };
        Ok(asker.at(self.whereabouts))
    }

    /// Whether the client may be told of `change` at this moment. Whose sign-in is over is told what anybody is told.
    pub(crate) fn may_be_told_of(&self, change: &Change) -> bool {
        if change.visible_to(&self.accounts.anonymous()) {
            return true;
        }
        // What a token says never changes, and checking it costs far more than reading it: a change of one person
        // is not to have every open socket check its signature.
        let held = self.held();
        held.as_ref().is_some_and(|held| {
            change.visible_to(&held.asker)
                && self
                    .accounts
                    .authenticate(held.token.expose())
                    .is_ok_and(|asker| change.visible_to(&asker))
        })
    }

    fn held(&self) -> RwLockReadGuard<'_, Option<Held>> {
        self.held.read().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::SignIn;
    use jiff::Timestamp;
    use square_accounts::AccessClaims;
    use square_accounts::ports::{TokenRejected, TokenSigner};
    use square_accounts::testing::{FakeSigner, TestAccounts};
    use square_changes::testing::{Draft, MemoryChanges};
    use square_changes::{Action, Audience, Change, Channel};
    use square_kernel::uuid::Uuid;
    use square_kernel::{Secret, Unavailable, Whereabouts};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Counts how often a signature is checked.
    #[derive(Default)]
    struct CountingSigner {
        signer: FakeSigner,
        checked: AtomicUsize,
    }

    impl TokenSigner for CountingSigner {
        fn sign(&self, claims: &AccessClaims) -> Result<Secret, Unavailable> {
            self.signer.sign(claims)
        }

        fn verify(&self, token: &str, now: Timestamp) -> Result<AccessClaims, TokenRejected> {
            self.checked.fetch_add(1, Ordering::Relaxed);
            self.signer.verify(token, now)
        }

        fn jwks(&self) -> Arc<str> {
            self.signer.jwks()
        }
    }

    fn change(audience: Audience) -> Change {
        let draft = Draft::of(Channel::Skill, Action::Update, Uuid::from_u128(1));
        MemoryChanges::default().record(Draft { audience, ..draft })
    }

    #[tokio::test]
    async fn a_signature_is_checked_only_for_what_its_holder_could_see_and_anybody_could_not() {
        let signer = Arc::new(CountingSigner::default());
        let test = TestAccounts::with(|parts| parts.signer = signer.clone());
        let ada = test.register("ada").await.id;
        let token = test.sign_in("ada").await.tokens.access;
        let sign_in = SignIn::nobody(test.accounts.clone(), Whereabouts::default());
        sign_in.take(token.expose()).unwrap();

        let everybody = Audience { everybody: true, ..Audience::default() };
        let owned_by = |owner| Audience { owner: Some(owner), ..Audience::default() };
        let mut told = Vec::new();
        for audience in [everybody, owned_by(Uuid::nil().into()), owned_by(ada)] {
            let before = signer.checked.load(Ordering::Relaxed);
            let may = sign_in.may_be_told_of(&change(audience));
            told.push((may, signer.checked.load(Ordering::Relaxed) - before));
        }
        assert_eq!(told, [(true, 0), (false, 0), (true, 1)]);
    }

    #[tokio::test]
    async fn what_everybody_may_see_counts_for_those_who_signed_in_before_it_was_granted() {
        let test = TestAccounts::default();
        test.register("ada").await;
        let token = test.sign_in("ada").await.tokens.access;
        let sign_in = SignIn::nobody(test.accounts.clone(), Whereabouts::default());
        sign_in.take(token.expose()).unwrap();
        let permission = Some("get:movies".to_owned());
        let change = change(Audience { permission, ..Audience::default() });
        assert!(!sign_in.may_be_told_of(&change));
        test.store.set_role("anonymous", &["get:movies"]);
        test.accounts.load().await.unwrap();
        assert!(sign_in.may_be_told_of(&change));
        test.store.set_role("anonymous", &[]);
        test.accounts.load().await.unwrap();
        assert!(!sign_in.may_be_told_of(&change));
    }
}
