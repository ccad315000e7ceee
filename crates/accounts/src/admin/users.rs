use super::error::{AdminError, permitted};
use crate::account::Account;
use crate::ports::UserFilter;
use crate::service::Accounts;
use square_kernel::{Asker, FieldError, Page, Slice, Unavailable, UserId, parse_line};
use unicode_normalization::UnicodeNormalization;

/// The permission to look at other people's accounts.
const LOOK: &str = "get:users";

/// The longest text that is searched for, in characters: an address has no more.
const LONGEST_PART: usize = 254;

impl UserFilter {
    /// Parses what somebody wrote as `search`, in the form in which names and addresses are kept.
    pub fn part(text: &str) -> Result<String, FieldError> {
        let text = parse_line("search", text, LONGEST_PART)?;
        Ok(text.nfkc().collect::<String>().to_lowercase())
    }
}

impl Accounts {
    /// One page of the accounts that match, newest first.
    pub async fn users(
        &self,
        asker: &Asker,
        filter: &UserFilter,
        page: Page<UserId>,
    ) -> Result<Slice<Account, UserId>, AdminError> {
        permitted(asker, LOOK)?;
        let mut slice = self.all_users(filter, page).await?;
        for account in &mut slice.items {
            *account = self.as_it_counts(account.clone()).await?;
        }
        Ok(slice)
    }

    /// The same for the operator, who may.
    pub async fn all_users(
        &self,
        filter: &UserFilter,
        page: Page<UserId>,
    ) -> Result<Slice<Account, UserId>, Unavailable> {
        self.parts.administration.users(filter, page).await
    }

    /// One account.
    pub async fn user(&self, asker: &Asker, user: UserId) -> Result<Account, AdminError> {
        permitted(asker, LOOK)?;
        let account = self.parts.store.by_id(user).await?.ok_or(AdminError::NotFound)?;
        Ok(self.as_it_counts(account).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestAccounts;
    use jiff::SignedDuration;
    use square_kernel::Permissions;

    #[tokio::test]
    async fn accounts_are_shown_to_those_who_may_look() {
        let test = TestAccounts::default();
        let admin = test.admin("root").await;
        test.clock.advance(SignedDuration::from_secs(1));
        let ada = test.register("ada").await;
        let all = test.accounts.users(&admin, &UserFilter::default(), Page::default()).await.unwrap();
        assert_eq!((all.items.len(), &all.items[0], all.next), (2, &ada, None));
        assert_eq!(test.accounts.user(&admin, ada.id).await.unwrap(), ada);
        let nobody = UserId::new(&*test.clock, &*test.accounts.parts.randomness);
        assert!(matches!(test.accounts.user(&admin, nobody).await, Err(AdminError::NotFound)));
    }

    #[test]
    fn what_is_searched_for_has_the_form_of_what_is_kept() {
        assert_eq!(UserFilter::part(" Zo\u{65}\u{308}\u{ff21} ").unwrap(), "zoëa");
        for wrong in ["", " ", "a\0b", &"x".repeat(255)] {
            assert_eq!(UserFilter::part(wrong).unwrap_err().field, "search", "{wrong:?}");
        }
    }

    #[tokio::test]
    async fn others_see_nothing_of_accounts_not_even_their_own_here() {
        let test = TestAccounts::default();
        let ada = test.asker("ada").await;
        let id = ada.user().unwrap();
        assert!(matches!(test.accounts.user(&ada, id).await, Err(AdminError::NotAllowed("get:users"))));
        let all = test.accounts.users(&ada, &UserFilter::default(), Page::default()).await;
        assert!(matches!(all, Err(AdminError::NotAllowed("get:users"))));

        let generous = Asker::anonymous(Permissions::from_iter(["get:users"]));
        assert!(matches!(test.accounts.user(&generous, id).await, Err(AdminError::SignInRequired)));
    }
}
