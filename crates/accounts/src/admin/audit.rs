use super::error::{AdminError, permitted};
use crate::audit::{Actor, AuditEntry};
use crate::ports::{AuditFilter, AuditPosition};
use crate::service::{Accounts, earlier, in_batches};
use crate::session_tokens::Device;
use square_kernel::{Asker, Identity, Page, Slice, Unavailable};

impl Accounts {
    /// One page of the audit log, newest first.
    pub async fn audit(
        &self,
        asker: &Asker,
        filter: &AuditFilter,
        page: Page<AuditPosition>,
    ) -> Result<Slice<AuditEntry, AuditPosition>, AdminError> {
        permitted(asker, "get:audit")?;
        Ok(self.entries(filter, page).await?)
    }

    /// One page of what the audit log says of `who`: what was done by them, and what was done to their account. From where others did
    /// it is not told, since that is about these.
    pub async fn own_audit(
        &self,
        who: &Identity,
        filter: &AuditFilter,
        page: Page<AuditPosition>,
    ) -> Result<Slice<AuditEntry, AuditPosition>, Unavailable> {
        let filter = AuditFilter { user: Some(who.user), ..filter.clone() };
        let slice = self.entries(&filter, page).await?;
        let items = slice.items.into_iter().map(|entry| entry.told_to(who)).collect();
        Ok(Slice { items, ..slice })
    }

    /// Deletes entries of the audit log that have been kept long enough; tells how many.
    pub async fn forget_audit(&self) -> Result<u32, Unavailable> {
        let before = earlier(self.now(), self.parts.policy.audit_kept);
        in_batches(|at_most| self.parts.audit.forget_entries(before, at_most)).await
    }

    /// Deletes one-time secrets that are good no more; tells how many.
    pub async fn forget_secrets(&self) -> Result<u32, Unavailable> {
        let before = self.now();
        in_batches(|at_most| self.parts.secrets.forget_expired_secrets(before, at_most)).await
    }

    async fn entries(
        &self,
        filter: &AuditFilter,
        page: Page<AuditPosition>,
    ) -> Result<Slice<AuditEntry, AuditPosition>, Unavailable> {
        let surplus = u32::from(page.limit.get()) + 1;
        let rows = self.parts.audit.entries(filter, page.after, surplus).await?;
        Ok(Slice::from_surplus(rows, page.limit, |entry| AuditPosition { at: entry.at, id: entry.id }))
    }
}

impl AuditEntry {
    /// Without what is nobody's business but that of another person who did it. From where a stranger tried to get in, the owner
    /// is to know.
    fn told_to(self, who: &Identity) -> Self {
        match self.actor.user {
            Some(other) if other != who.user => {
                let actor = Actor { device: Device::default(), ..self.actor };
                Self { actor, ..self }
            }
            _ => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::AuditAction;
    use crate::ports::{AccountStore, Consequences};
    use crate::testing::TestAccounts;
    use jiff::SignedDuration;
    use square_kernel::Limit;

    fn from(address: &str) -> Device {
        Device { address: Some(address.to_owned()), ..Device::default() }
    }

    #[tokio::test]
    async fn everybody_reads_what_was_done_to_them_and_not_from_where_others_did_it() {
        let test = TestAccounts::default();
        let (admin, ada) = (test.admin("root").await, test.asker("ada").await);
        let who = ada.identity.clone().unwrap();
        let stranger = Actor::stranger(&from("192.0.2.66"));
        let failed = test.accounts.entry(AuditAction::SignInFailed, stranger, who.user);
        test.store.record(&Consequences::noted(failed)).await.unwrap();
        let patch = crate::UserPatch { standing: None, roles: Some(Vec::new()) };
        test.accounts.change_user(&admin, who.user, &patch, &from("192.0.2.1")).await.unwrap();
        test.register("bob").await;

        let own =
            test.accounts.own_audit(&who, &AuditFilter::default(), Page::default()).await.unwrap().items;
        let told = |action| {
            let entry = own.iter().find(|entry| entry.action == action).unwrap();
            (entry.actor.user, entry.actor.device.address.as_deref())
        };
        assert_eq!(told(AuditAction::RoleRevoked), (admin.user(), None));
        assert_eq!(told(AuditAction::SignInFailed), (None, Some("192.0.2.66")));
        assert!(own.iter().all(|entry| entry.user == Some(who.user)));

        // Nobody reads another one's by asking for them.
        let filter = AuditFilter { user: admin.user(), ..AuditFilter::default() };
        let asked = test.accounts.own_audit(&who, &filter, Page::default()).await.unwrap();
        assert_eq!(asked.items, own);
    }

    #[tokio::test]
    async fn administrators_read_everything_page_by_page() {
        let test = TestAccounts::default();
        let admin = test.admin("root").await;
        test.register("ada").await;
        let (mut seen, mut page) = (Vec::new(), Page { limit: Limit::new(1).unwrap(), after: None });
        loop {
            let slice = test.accounts.audit(&admin, &AuditFilter::default(), page).await.unwrap();
            seen.extend(slice.items);
            page.after = slice.next;
            if page.after.is_none() {
                break;
            }
        }
        let mut all = test.store.audit();
        all.sort_by_key(|entry| std::cmp::Reverse((entry.at, entry.id)));
        assert_eq!(seen, all);

        let ada = test.asker("bob").await;
        let refused = test.accounts.audit(&ada, &AuditFilter::default(), Page::default()).await;
        assert!(matches!(refused, Err(AdminError::NotAllowed("get:audit"))));
    }

    #[tokio::test]
    async fn what_was_kept_long_enough_is_forgotten() {
        let test = TestAccounts::default();
        test.register("ada").await;
        test.clock.advance(TestAccounts::policy().audit_kept);
        test.register("bob").await;
        assert_eq!((test.accounts.forget_audit().await.unwrap(), test.store.audit().len()), (0, 2));
        test.clock.advance(SignedDuration::from_secs(1));
        assert_eq!((test.accounts.forget_audit().await.unwrap(), test.store.audit().len()), (1, 1));
    }

    #[tokio::test]
    async fn secrets_are_forgotten_once_they_have_expired() {
        let test = TestAccounts::default();
        test.register("ada").await;
        test.clock.advance(TestAccounts::policy().confirmation_lifetime);
        assert_eq!(test.accounts.forget_secrets().await.unwrap(), 0);
        test.clock.advance(SignedDuration::from_secs(1));
        assert_eq!(test.accounts.forget_secrets().await.unwrap(), 1);
    }
}
