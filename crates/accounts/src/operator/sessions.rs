use super::OperatorError;
use crate::audit::{Actor, AuditAction};
use crate::ports::{LoginName, SessionRecord};
use crate::service::Accounts;
use square_kernel::{Page, SessionId, Slice};
use std::sync::Arc;
use uuid::Uuid;

impl Accounts {
    /// The live sessions of an account, newest first.
    pub async fn sessions_of(
        &self,
        login: &LoginName,
        page: Page<SessionId>,
    ) -> Result<Slice<SessionRecord, SessionId>, OperatorError> {
        let account = self.named(login).await?;
        Ok(self.parts.session_list.live(account.id, self.now(), page).await?)
    }

    /// Ends all sessions of an account; tells how many it were.
    pub async fn sign_out_everywhere(
        &self,
        login: &LoginName,
        actor: &Actor,
    ) -> Result<usize, OperatorError> {
        let (user, now) = (self.named(login).await?.id, self.now());
        let noted = self.noted(AuditAction::SessionEnded, actor.clone(), user);
        let (list, revocations) = (Arc::clone(&self.parts.session_list), Arc::clone(&self.revocations));
        let none_kept = SessionId::from(Uuid::nil());
        let ended = self.to_the_end(async move {
            let ended = list.end_others(user, none_kept, now, &noted).await?;
            for session in &ended {
                revocations.note(*session, now);
            }
            Ok(ended.len())
        });
        Ok(ended.await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestAccounts;

    #[tokio::test]
    async fn sessions_are_listed_and_ended_all_at_once() {
        let test = TestAccounts::default();
        test.register("ada").await;
        test.register("bob").await;
        let (one, two, bob) =
            (test.sign_in("ada").await, test.sign_in("ada").await, test.sign_in("bob").await);
        let ada = LoginName::Username("ada".to_owned());
        let live = test.accounts.sessions_of(&ada, Page::default()).await.unwrap().items;
        let mut ids: Vec<_> = live.iter().map(|session| session.id).collect();
        ids.sort_unstable();
        let mut expected = [one.session, two.session];
        expected.sort_unstable();
        assert_eq!(ids, expected);

        assert_eq!(test.accounts.sign_out_everywhere(&ada, &Actor::default()).await.unwrap(), 2);
        for signed_in in [&one, &two] {
            assert!(test.accounts.authenticate(signed_in.tokens.access.expose()).is_err());
        }
        assert!(test.accounts.authenticate(bob.tokens.access.expose()).is_ok());
        assert_eq!(test.accounts.sign_out_everywhere(&ada, &Actor::default()).await.unwrap(), 0);
    }
}
