use crate::account::Account;
use crate::names::{EmailAddress, PersonName, Username};
use crate::password::Password;
use crate::service::Accounts;
use square_kernel::{Randomness, Unavailable};

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
    /// Something needed does not work.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Accounts {
    /// Makes an account whose name is derived from its address and has the address confirmed by letter.
    ///
    /// Where the address has an account already the result is the same, as in [`Self::register`].
    pub async fn signup(&self, new: NewSignup) -> Result<Account, SignupError> {
        // First of all, so that a known and an unknown address cost the same time.
        let hash = self.parts.hasher.hash(&new.password).await?;
        for digits in DIGITS {
            let Some(username) = derived(&new.email, digits, &*self.parts.randomness) else { continue };
            let mut account = self.new_account(username, Some(new.email.clone()), hash.clone());
            account.first_name = new.first_name.clone();
            account.last_name = new.last_name.clone();
            if let Some(account) = self.enrol(&account).await? {
                return Ok(account);
            }
        }
        Err(Unavailable::new("every derived username is taken").into())
    }
}

/// How many random digits follow the name, from try to try. The last ones are as good as never taken.
const DIGITS: [usize; 7] = [0, 2, 3, 4, 6, 9, 9];

/// A name out of the part of the address before `@` (and before `+`, which often holds a private label),
/// with so many random digits behind. `None` when that makes no username, as with too few characters.
fn derived(email: &EmailAddress, digits: usize, randomness: &dyn Randomness) -> Option<Username> {
    let local = email.as_str().split(['@', '+']).next().unwrap_or_default();
    let kept: String = local
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-'))
        .take(30 - digits)
        .collect();
    let mut name = kept.trim_matches(['.', '_', '-']).to_owned();
    if name.is_empty() {
        "user".clone_into(&mut name);
    }
    let mut random = [0; 9];
    randomness.fill(&mut random);
    name.extend(random.iter().take(digits).map(|byte| char::from(b'0' + byte % 10)));
    Username::parse(&name).ok()
}
