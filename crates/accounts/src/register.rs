use crate::account::{Account, LoginMethod, Standing};
use crate::audit::{Actor, AuditAction};
use crate::letter::Occasion;
use crate::limits::{Counted, limited};
use crate::names::{EmailAddress, PersonName, Username};
use crate::pace::{Pace, STORED};
use crate::password::{Password, PasswordHash};
use crate::ports::{Consequences, NewAccount, Registration, RequestedLetter};
use crate::service::Accounts;
use crate::session_tokens::Device;
use square_kernel::{Invalid, Permissions, Unavailable, UserId};
use square_limits::TooMany;

/// The role that every account starts with.
pub(crate) const FIRST_ROLE: &str = "user";

/// What somebody registers with.
#[derive(Debug, Clone)]
pub struct NewRegistration {
    /// The name to be known by.
    pub username: Username,
    /// The address; may be left out where the policy does not ask for one.
    pub email: Option<EmailAddress>,
    /// The password.
    pub password: Password,
}

/// Why there is no account.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The address is missing, or the password is one of the other fields.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Somebody else has the name; names are public, so this may be told.
    #[error("the username is taken")]
    UsernameTaken,
    /// It was tried too often.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// Something needed does not work.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

limited!(RegisterError);

impl Accounts {
    /// Makes an account and has its address confirmed by letter.
    ///
    /// Where the address has an account already the result is the same, save that nobody can sign in to the
    /// account returned; the address' owner is told by letter. An account without an address counts as confirmed.
    pub async fn register(&self, new: NewRegistration, device: &Device) -> Result<Account, RegisterError> {
        if new.email.is_none() && self.parts.policy.email_required {
            return Err(Invalid::field("email", "must not be empty").into());
        }
        let names = [Some(new.username.as_str()), new.email.as_ref().map(EmailAddress::as_str)];
        new.password.is_none_of("password", names.into_iter().flatten()).map_err(Invalid::from)?;
        self.count(Counted::RegistrationFromAddress, device).await?;
        // First of all, so that a known and an unknown address cost the same time.
        let hash = self.parts.hasher.hash(&new.password).await?;
        let account = self.new_account(new.username, new.email, hash);
        self.enrol(&account, device).await?.ok_or(RegisterError::UsernameTaken)
    }

    /// An account about to be made, with the first role and empty names.
    pub(crate) fn new_account(
        &self,
        username: Username,
        email: Option<EmailAddress>,
        password: PasswordHash,
    ) -> NewAccount {
        let now = self.now();
        NewAccount {
            id: UserId::new(&*self.parts.clock, &*self.parts.randomness),
            username,
            confirmed_at: email.is_none().then_some(now),
            email,
            first_name: PersonName::default(),
            last_name: PersonName::default(),
            password,
            login_method: LoginMethod::Signup,
            roles: vec![FIRST_ROLE.to_owned()],
            created_at: now,
        }
    }

    /// Stores an account with the letter that goes to its address. `None` when the name is taken.
    pub(crate) async fn enrol(
        &self,
        new: &NewAccount,
        device: &Device,
    ) -> Result<Option<Account>, Unavailable> {
        // Asked for known and unknown addresses alike, so that both cost the same time.
        let permissions = self.parts.store.permissions_of(FIRST_ROLE).await?;
        let may_write = match &new.email {
            Some(email) => self.may_write_to(email, "register").await?,
            None => false,
        };
        // Where it got many of late, who registers in earnest asks for the letter.
        let to = new.email.as_ref().filter(|_| may_write);
        let link = to.map(|to| self.new_confirmation(new.id, &new.username, to));
        let (confirmation, letter) = link.unzip();
        let consequences = self.noted(AuditAction::Registered, Actor::stranger(device), new.id);
        let consequences = consequences.with_letter(letter);
        let pace = Pace::begin();
        let account = match self.parts.store.register(new, confirmation.as_ref(), &consequences).await? {
            Registration::Created(account) => *account,
            Registration::UsernameTaken => return Ok(None),
            Registration::EmailTaken => {
                if may_write && let Some(email) = &new.email {
                    // Whose it is is looked up behind the reply. What is stored here takes the place of what a new account stores.
                    self.request_letter(RequestedLetter::AlreadyRegistered, email, device).await?;
                }
                new.as_account(permissions.iter().map(String::as_str).collect())
            }
        };
        pace.until(STORED).await;
        Ok(Some(account))
    }

    /// Tells the owner of an address that somebody registered with it.
    pub(crate) async fn tell_of_registration(&self, email: &EmailAddress) -> Result<(), Unavailable> {
        let Some(owner) = self.parts.store.by_email(email).await? else { return Ok(()) };
        let letter = self.new_letter(email, &owner.username, Occasion::AlreadyRegistered);
        self.parts.store.record(&Consequences::default().with_letter(Some(letter))).await
    }
}

impl NewAccount {
    /// The account that this becomes, where its roles allow `permissions`.
    pub(crate) fn as_account(&self, permissions: Permissions) -> Account {
        let mut roles = self.roles.clone();
        roles.sort_unstable();
        roles.dedup();
        Account {
            id: self.id,
            username: self.username.clone(),
            email: self.email.clone(),
            first_name: self.first_name.clone(),
            last_name: self.last_name.clone(),
            standing: Standing::Active,
            confirmed_at: self.confirmed_at,
            unproved_until: None,
            login_method: self.login_method,
            mfa_enabled_at: None,
            roles: roles.into(),
            permissions,
            rights: 0,
            credentials: 0,
            created_at: self.created_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::AccountStore;
    use crate::testing::TestAccounts;
    use crate::testing::watched::{MockCalls, watched};

    #[tokio::test]
    async fn an_account_is_made_and_its_address_gets_a_link() {
        let test = TestAccounts::default();
        let account = test.register("Ada").await;
        assert_eq!(test.store.by_id(account.id).await.unwrap(), Some(account.clone()));
        assert_eq!((account.confirmed_at, &*account.roles), (None, &["user".to_owned()][..]));

        let [letter] = &test.store.letters()[..] else { unreachable!("one letter") };
        assert_eq!((&letter.to, &letter.username), (&TestAccounts::email("ada"), &account.username));
        assert!(matches!(letter.occasion, Occasion::ConfirmAddress { user, .. } if user == account.id));
        let token = test.store.mailed_token().unwrap();
        assert!(test.accounts.confirm(&token, Some(account.id), &Device::default()).await.is_ok());
    }

    #[tokio::test]
    async fn a_known_address_gets_the_same_answer_and_its_owner_a_letter() {
        let test = TestAccounts::default();
        test.store.set_role("user", &["post:skills"]);
        let fresh = test.register("ada").await;
        let mut again = TestAccounts::registration("Mallory");
        again.email = Some(TestAccounts::email("ada"));
        let pretended = test.accounts.register(again, &Device::default()).await.unwrap();

        let differing =
            |account: &Account| Account { id: fresh.id, username: fresh.username.clone(), ..account.clone() };
        assert_eq!(differing(&pretended), fresh, "nothing but what was sent tells the two apart");
        assert_eq!((pretended.username.as_str(), pretended.id == fresh.id), ("Mallory", false));

        test.answer_letter_requests().await;
        assert_eq!(test.store.by_id(pretended.id).await.unwrap(), None);
        assert!(test.try_sign_in("mallory", TestAccounts::PASSWORD).await.is_err());
        let letters = test.store.letters();
        let [_, letter] = &letters[..] else { unreachable!("two letters") };
        assert!(matches!(letter.occasion, Occasion::AlreadyRegistered));
        assert_eq!((&letter.to, letter.username.as_str()), (&TestAccounts::email("ada"), "ada"));
    }

    #[tokio::test]
    async fn a_known_and_an_unknown_address_cost_the_same_work() {
        let test = TestAccounts::default();
        test.register("ada").await;
        for (name, address) in [("eve", "ada"), ("bob", "bob")] {
            let mut calls = MockCalls::new();
            calls.allow(&["hash", "permissions_of", "register"]);
            let mut new = TestAccounts::registration(name);
            new.email = Some(TestAccounts::email(address));
            assert!(watched(&test, calls).accounts.register(new, &Device::default()).await.is_ok());
        }
    }

    #[tokio::test]
    async fn a_taken_name_is_told_and_the_address_hears_nothing() {
        let test = TestAccounts::default();
        test.register("ada").await;
        for address in ["ada", "other"] {
            let mut again = TestAccounts::registration("ADA");
            again.email = Some(TestAccounts::email(address));
            let refused = test.accounts.register(again, &Device::default()).await;
            assert!(matches!(refused, Err(RegisterError::UsernameTaken)));
        }
        assert_eq!(test.store.letters().len(), 1);
    }

    #[tokio::test]
    async fn ones_own_name_and_address_are_no_password() {
        let test = watched(&TestAccounts::default(), MockCalls::new());
        for own in ["AdaLovelace", "adalovelace@example.org"] {
            let mut new = TestAccounts::registration("AdaLovelace");
            new.password = Password::parse("password", own).unwrap();
            let refused = test.accounts.register(new, &Device::default()).await;
            let Err(RegisterError::Invalid(invalid)) = refused else { unreachable!("not refused") };
            assert_eq!(invalid.0[0].field, "password");
        }
    }

    #[tokio::test]
    async fn a_missing_address_is_refused_before_any_work() {
        let test = watched(&TestAccounts::default(), MockCalls::new());
        let addressless = NewRegistration { email: None, ..TestAccounts::registration("ada") };
        let Err(RegisterError::Invalid(invalid)) =
            test.accounts.register(addressless, &Device::default()).await
        else {
            unreachable!("not refused")
        };
        assert_eq!(invalid.0[0].field, "email");
    }

    #[tokio::test]
    async fn without_an_address_one_counts_as_confirmed_where_none_is_asked_for() {
        let test = TestAccounts::with(|parts| parts.policy.email_required = false);
        let addressless = NewRegistration { email: None, ..TestAccounts::registration("ada") };
        let account = test.accounts.register(addressless, &Device::default()).await.unwrap();
        assert!(account.confirmed_at.is_some());
        assert!(test.store.letters().is_empty());
        assert_eq!(test.register("bob").await.confirmed_at, None, "an address that is given is confirmed");
    }

    #[tokio::test]
    async fn the_password_is_hashed_before_the_store_is_asked_anything() {
        let mut calls = MockCalls::new();
        calls.fail("hash");
        let test = watched(&TestAccounts::default(), calls);
        let refused = test.accounts.register(TestAccounts::registration("ada"), &Device::default()).await;
        assert!(matches!(refused, Err(RegisterError::Unavailable(_))));
    }
}
