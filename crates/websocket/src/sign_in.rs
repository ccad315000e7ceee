use square_accounts::Accounts;
use square_changes::Change;
use square_kernel::{Asker, Identity, Secret};
use square_wire::Fault;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

/// Who the client of one socket is. Cheap to clone; what one clone takes, all go by.
#[derive(Clone)]
pub(crate) struct SignIn {
    accounts: Arc<Accounts>,
    held: Arc<RwLock<Option<Held>>>,
}

/// The access token that counts.
struct Held {
    token: Secret,
    /// What it said when it was taken. Whether it still counts is another question.
    asker: Asker,
}

impl SignIn {
    /// Anybody, as long as no token is taken.
    pub(crate) fn nobody(accounts: Arc<Accounts>) -> Self {
        Self { accounts, held: Arc::default() }
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
        match &*self.held() {
            None => Ok(self.accounts.anonymous()),
            Some(held) => {
                let asker = self.accounts.authenticate(held.token.expose());
                asker.map_err(|rejected| Fault::from(&rejected))
            }
        }
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
