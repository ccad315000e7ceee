use crate::account::Account;
use crate::limits::{Counted, limited};
use crate::names::{EmailAddress, PersonName, Username, disguise};
use crate::password::Password;
use crate::service::Accounts;
use crate::session_tokens::Device;
use square_kernel::{Invalid, Randomness, Unavailable};
use square_limits::TooMany;

/// What somebody signs up with who does not choose a name.
#[derive(Debug, Clone)]
pub struct NewSignup {
    /// First name.
    pub first_name: PersonName,
    /// Last name.
    pub last_name: PersonName,
    /// The address.
    pub email: EmailAddress,
    /// The password.
    pub password: Password,
}

/// Why there is no account.
#[derive(Debug, thiserror::Error)]
pub enum SignupError {
    /// The password is the address.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// It was tried too often.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// Something needed does not work.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

limited!(SignupError);

impl Accounts {
    /// Makes an account whose name is derived from its address and has the address confirmed by letter.
    ///
    /// Where the address has an account already the result is the same, as in [`Self::register`].
    pub async fn signup(&self, new: NewSignup, device: &Device) -> Result<Account, SignupError> {
        new.password.is_none_of("password", [new.email.as_str()]).map_err(Invalid::from)?;
        self.count(Counted::RegistrationFromAddress, device).await?;
        // Ahead of all that depends on the address, so that a known and an unknown address cost the same time.
        let hash = self.parts.hasher.hash(&new.password).await?;
        for digits in DIGITS {
            let Some(username) = derived(new.email.as_str(), digits, &*self.parts.randomness) else {
                continue;
            };
            let mut account = self.new_account(username, Some(new.email.clone()), hash.clone());
            account.first_name = new.first_name.clone();
            account.last_name = new.last_name.clone();
            if let Some(account) = self.enrol(&account, device).await? {
                return Ok(account);
            }
        }
        Err(Unavailable::new("every derived username is taken").into())
    }
}

/// How many random digits follow the name, from try to try. The last ones are as good as never taken.
pub(crate) const DIGITS: [usize; 7] = [0, 2, 3, 4, 6, 9, 9];

/// A name out of the part of an address before `@` (and before `+`, which often holds a private label), or out of a name from
/// elsewhere, with so many random digits behind. `None` when that makes no username, as with too few characters.
pub(crate) fn derived(text: &str, digits: usize, randomness: &dyn Randomness) -> Option<Username> {
    let local = text.split(['@', '+']).next().unwrap_or_default();
    let kept: String = local
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-'))
        .take(30 - digits)
        .collect();
    let mut name = kept.trim_matches(['.', '_', '-']).to_owned();
    if name.is_empty() || disguise(&name).is_some() {
        "user".clone_into(&mut name);
    }
    let mut random = [0; 9];
    randomness.fill(&mut random);
    name.extend(random.iter().take(digits).map(|byte| char::from(b'0' + byte % 10)));
    Username::choose(&name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::letter::Occasion;
    use crate::testing::TestAccounts;
    use jiff::SignedDuration;
    use square_kernel::testing::SeededRandomness;
    use std::sync::Arc;

    fn signup(email: &str) -> NewSignup {
        NewSignup {
            first_name: PersonName::parse("first_name", "Ada").unwrap(),
            last_name: PersonName::parse("last_name", "Lovelace").unwrap(),
            email: EmailAddress::parse(email).unwrap(),
            password: Password::parse("password", TestAccounts::PASSWORD).unwrap(),
        }
    }

    #[test]
    fn a_name_is_derived_from_what_stands_before_the_address_sign() {
        let long = format!("{}@example.org", "x".repeat(64));
        for (email, bare) in [
            ("Ada.Lovelace@example.org", Some("ada.lovelace")),
            ("ada+square@example.org", Some("ada")),
            ("_ada_#@example.org", Some("ada")),
            ("jo@example.org", None),
            ("+@example.org", Some("user")),
            ("\u{430}dmin@example.org", Some("user")),
            (&long, Some(&*"x".repeat(30))),
        ] {
            let email = EmailAddress::parse(email).unwrap();
            let name = derived(email.as_str(), 0, &SeededRandomness::default());
            assert_eq!(name.as_ref().map(Username::as_str), bare, "{email:?}");
            for digits in [2, 9] {
                let name = derived(email.as_str(), digits, &SeededRandomness::default()).unwrap();
                let (_, tail) = name.as_str().split_at(name.as_str().len() - digits);
                assert!(tail.chars().all(|c| c.is_ascii_digit()), "{name}");
            }
        }
    }

    #[tokio::test]
    async fn the_account_has_the_names_given_and_one_that_is_free() {
        let test = TestAccounts::default();
        let first = test.accounts.signup(signup("ada@example.org"), &Device::default()).await.unwrap();
        assert_eq!((first.username.as_str(), &*first.display_name()), ("ada", "Ada Lovelace"));
        let second = test.accounts.signup(signup("ada@example.com"), &Device::default()).await.unwrap();
        assert!(second.username.as_str().starts_with("ada"));
        assert_ne!(second.username, first.username);
        assert!(
            test.accounts
                .confirm(&test.store.mailed_token().unwrap(), Some(second.id), &Device::default())
                .await
                .is_ok()
        );
    }

    #[tokio::test]
    async fn a_known_address_gets_the_same_answer_and_its_owner_a_letter() {
        let test = TestAccounts::default();
        let first = test.accounts.signup(signup("ada@example.org"), &Device::default()).await.unwrap();
        let again = test.accounts.signup(signup("ada@example.org"), &Device::default()).await.unwrap();
        assert_eq!(Account { id: first.id, username: first.username.clone(), ..again }, first);
        test.answer_letter_requests().await;
        let letters = test.store.letters();
        assert_eq!(letters.len(), 2);
        assert!(matches!(letters[1].occasion, Occasion::AlreadyRegistered));
    }

    #[tokio::test]
    async fn the_search_for_a_free_name_ends() {
        struct Zeros;
        impl Randomness for Zeros {
            fn fill(&self, bytes: &mut [u8]) {
                bytes.fill(0);
            }
        }
        let test = TestAccounts::with(|parts| parts.randomness = Arc::new(Zeros));
        let mut names = Vec::new();
        let failed = loop {
            // Identifiers differ by time alone here.
            test.clock.advance(SignedDuration::from_secs(1));
            match test
                .accounts
                .signup(signup(&format!("ada@example{}.org", names.len())), &Device::default())
                .await
            {
                Ok(account) => names.push(account.username.to_string()),
                Err(failed) => break failed,
            }
        };
        assert!(matches!(failed, SignupError::Unavailable(_)));
        assert_eq!(names, ["ada", "ada00", "ada000", "ada0000", "ada000000", "ada000000000"]);
    }
}
