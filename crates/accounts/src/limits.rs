//! How often things may be tried. Budgets are kept by [`Limits`](square_limits::ports::Limits), so they hold for all instances together;
//! which there are and how large is the operator's choice.

mod sign_in;

use crate::names::EmailAddress;
use crate::ports::LoginName;
use crate::service::{Accounts, in_batches};
use crate::session_tokens::Device;
use square_kernel::{Unavailable, Whereabouts};
use square_limits::{Charge, LimitError, LimitKey, Quota};
use std::net::IpAddr;

/// How often what may be tried; `None` for as often as one likes. An address stands for all that share it, be it one person or a whole
/// company.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LimitPolicy {
    /// Signing in to one name, whether it has an account or not; a success does not count.
    pub sign_ins_per_name: Option<Quota>,
    /// Signing in to one account from one device that did so before. It has this budget of its own.
    pub sign_ins_per_device: Option<Quota>,
    /// Signing in from one address, to whatever names.
    pub sign_ins_per_address: Option<Quota>,
    /// Registering and signing up from one address.
    pub registrations_per_address: Option<Quota>,
    /// Asking for letters from one address.
    pub letters_per_address: Option<Quota>,
    /// Letters of one kind to one mailbox that strangers ask for, or cause while nobody has confirmed it. What exceeds it is not sent, and
    /// nobody is told.
    pub letters_per_mailbox: Option<Quota>,
    /// Using mailed links and codes from one address.
    pub links_per_address: Option<Quota>,
    /// Getting new tokens from one address.
    pub refreshes_per_address: Option<Quota>,
}

/// What is counted. Each kind has budgets of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counted {
    SignInToName,
    SignInFromDevice,
    SignInFromAddress,
    RegistrationFromAddress,
    LetterFromAddress,
    LetterToMailbox,
    LinkFromAddress,
    RefreshFromAddress,
    /// Passwords that somebody signed in gives in order to show that the account is theirs.
    OwnPassword,
    /// Handing out all that is stored about one account.
    Export,
    /// Changing the names in one account.
    ProfileChange,
    /// Making new recovery codes for one account.
    NewRecoveryCodes,
    /// Entries of the audit log that strangers cause in one account.
    NotedFailure,
    /// Entries that tell of one name's limit.
    NotedLimit,
}

impl Counted {
    /// Budgets go by this name: changing it fills them all.
    const fn purpose(self) -> &'static str {
        match self {
            Self::SignInToName => "limit-sign-in-to-name",
            Self::SignInFromDevice => "limit-sign-in-from-device",
            Self::SignInFromAddress => "limit-sign-in-from-address",
            Self::RegistrationFromAddress => "limit-registration-from-address",
            Self::LetterFromAddress => "limit-letter-from-address",
            Self::LetterToMailbox => "limit-letter-to-mailbox",
            Self::LinkFromAddress => "limit-link-from-address",
            Self::RefreshFromAddress => "limit-refresh-from-address",
            Self::OwnPassword => "limit-own-password",
            Self::Export => "limit-export",
            Self::ProfileChange => "limit-profile-change",
            Self::NewRecoveryCodes => "limit-new-recovery-codes",
            Self::NotedFailure => "limit-noted-failure",
            Self::NotedLimit => "limit-noted-limit",
        }
    }
}

impl LimitPolicy {
    fn quota(&self, counted: Counted) -> Option<Quota> {
        match counted {
            Counted::SignInToName => self.sign_ins_per_name,
            Counted::SignInFromDevice => self.sign_ins_per_device,
            Counted::SignInFromAddress => self.sign_ins_per_address,
            Counted::RegistrationFromAddress => self.registrations_per_address,
            Counted::LetterFromAddress => self.letters_per_address,
            Counted::LetterToMailbox => self.letters_per_mailbox,
            Counted::LinkFromAddress => self.links_per_address,
            Counted::RefreshFromAddress => self.refreshes_per_address,
            // Not the operator's choice: a session must not try passwords, keep the database busy or fill the log, nor a stranger the
            // latter.
            Counted::OwnPassword | Counted::NotedFailure => Quota::per_hour(20),
            Counted::Export | Counted::NewRecoveryCodes => Quota::per_hour(10),
            Counted::ProfileChange => Quota::per_hour(60),
            Counted::NotedLimit => Quota::per_hour(1),
        }
    }
}

impl Accounts {
    /// One unit of the budget for `counted` that belongs to `subject`; `None` where the operator sets no limit.
    pub(crate) fn charge(&self, counted: Counted, subject: &[u8]) -> Option<Charge> {
        let quota = self.parts.policy.limits.quota(counted)?;
        Some(Charge { key: LimitKey(self.parts.keyed_hash.hash(counted.purpose(), subject)), quota })
    }

    /// One unit of the budget that belongs to the address of a device.
    pub(crate) fn charge_address(&self, counted: Counted, device: &Device) -> Option<Charge> {
        self.charge(counted, whereabouts(device).as_bytes())
    }

    /// One unit of the budget that belongs to a name at sign-in. A name and an address of one account have a budget each: if
    /// they shared one, it would tell that they belong together.
    pub(crate) fn charge_name(&self, counted: Counted, login: &LoginName) -> Option<Charge> {
        // No name holds an @ and every address does.
        self.charge(
            counted,
            match login {
                LoginName::Username(key) => key.as_bytes(),
                LoginName::Email(email) => email.as_str().as_bytes(),
            },
        )
    }

    /// Spends all of `charges` or, where one is refused, none.
    pub(crate) async fn spend_budgets(
        &self,
        charges: impl IntoIterator<Item = Option<Charge>> + Send,
    ) -> Result<(), LimitError> {
        self.parts.limits.spend_all(charges, self.now()).await
    }

    /// Counts one attempt from the address of a device.
    pub(crate) async fn count(&self, counted: Counted, device: &Device) -> Result<(), LimitError> {
        self.spend_budgets([self.charge_address(counted, device)]).await
    }

    /// Whether a stranger may have one more letter on this occasion sent to a mailbox. Each occasion has a budget of its own: who
    /// asks for letters of one kind keeps nobody from getting those of another.
    pub(crate) async fn may_write_to(
        &self,
        mailbox: &EmailAddress,
        occasion: &'static str,
    ) -> Result<bool, Unavailable> {
        // An address holds no blank, so no two pairs run together.
        let key = format!("{occasion} {}", mailbox.as_str());
        let charge = self.charge(Counted::LetterToMailbox, key.as_bytes());
        match self.spend_budgets([charge]).await {
            Ok(()) => Ok(true),
            Err(LimitError::TooMany(_)) => Ok(false),
            Err(LimitError::Unavailable(error)) => Err(error),
        }
    }

    /// Deletes what is known of budgets that are full again; tells how many.
    pub async fn forget_limits(&self) -> Result<u32, Unavailable> {
        in_batches(|at_most| self.parts.limits.forget_full(self.now(), at_most)).await
    }
}

/// What counts as one address. Those of whom nothing is known share one budget.
pub(crate) fn whereabouts(device: &Device) -> Whereabouts {
    device.address.as_ref().and_then(|address| address.parse::<IpAddr>().ok()).into()
}

/// Makes the errors of a use case out of those of counting.
macro_rules! limited {
    ($($error:ident),+) => {
        $(impl From<::square_limits::LimitError> for $error {
            fn from(error: ::square_limits::LimitError) -> Self {
                match error {
                    ::square_limits::LimitError::TooMany(too_many) => Self::TooMany(too_many),
                    ::square_limits::LimitError::Unavailable(error) => Self::Unavailable(error),
                }
            }
        })+
    };
}
pub(crate) use limited;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::confirm::ConfirmError;
    use crate::refresh::RefreshError;
    use crate::register::RegisterError;
    use crate::signup::{NewSignup, SignupError};
    use crate::testing::TestAccounts;
    use crate::tokens::MailToken;
    use crate::{Occasion, PersonName};
    use jiff::SignedDuration;
    use square_kernel::Secret;

    fn one_an_hour(change: impl FnOnce(&mut LimitPolicy, Option<Quota>)) -> TestAccounts {
        TestAccounts::with(|parts| change(&mut parts.policy.limits, Quota::per_hour(1)))
    }

    fn elsewhere() -> Device {
        Device { address: Some("192.0.2.9".to_owned()), ..Device::default() }
    }

    #[tokio::test]
    async fn registering_and_signing_up_share_an_addresses_budget_and_cost_no_hash_beyond_it() {
        let test = one_an_hour(|limits, quota| limits.registrations_per_address = quota);
        test.register("ada").await;
        let again = test.accounts.register(TestAccounts::registration("bob"), &Device::default()).await;
        assert!(matches!(again, Err(RegisterError::TooMany(_))));
        let registration = TestAccounts::registration("cyd");
        let signup = NewSignup {
            first_name: PersonName::default(),
            last_name: PersonName::default(),
            email: TestAccounts::email("cyd"),
            password: registration.password.clone(),
        };
        let signed_up = test.accounts.signup(signup, &Device::default()).await;
        assert!(matches!(signed_up, Err(SignupError::TooMany(_))));
        assert!(test.accounts.register(registration, &elsewhere()).await.is_ok());
    }

    #[tokio::test]
    async fn links_and_refreshing_are_limited_per_address() {
        let test = one_an_hour(|limits, quota| {
            limits.links_per_address = quota;
            limits.refreshes_per_address = quota;
        });
        let confirm =
            async |device: &Device| test.accounts.confirm(&MailToken::received("guess"), None, device).await;
        assert!(matches!(confirm(&Device::default()).await, Err(ConfirmError::Rejected)));
        assert!(matches!(confirm(&Device::default()).await, Err(ConfirmError::TooMany(_))));
        assert!(matches!(confirm(&elsewhere()).await, Err(ConfirmError::Rejected)));
        let refresh =
            async |device: &Device| test.accounts.refresh(&Secret::new("guess"), device).await.unwrap_err();
        assert!(matches!(refresh(&Device::default()).await, RefreshError::Rejected));
        assert!(matches!(refresh(&Device::default()).await, RefreshError::TooMany(_)));
        assert!(matches!(refresh(&elsewhere()).await, RefreshError::Rejected));
    }

    #[tokio::test]
    async fn who_asks_for_many_letters_is_told_and_too_many_for_one_mailbox_are_not() {
        let test = one_an_hour(|limits, quota| limits.letters_per_mailbox = quota);
        test.register("ada").await;
        for name in ["ada", "nobody"] {
            for _ in 0..3 {
                test.resend(name).await;
            }
        }
        assert_eq!(test.store.letters().len(), 2, "one of the registration, one that was asked for");
        test.forget_password("ada").await;
        test.forget_password("ada").await;
        assert_eq!(test.store.letters().len(), 3, "those of another kind are counted by themselves");
        test.clock.advance(SignedDuration::from_hours(1));
        test.resend("ada").await;
        assert_eq!(test.store.letters().len(), 4);

        let test = one_an_hour(|limits, quota| limits.letters_per_address = quota);
        test.resend("ada").await;
        let email = TestAccounts::email("nobody");
        let again = test.accounts.resend_confirmation(&email, &Device::default()).await;
        assert!(matches!(again, Err(LimitError::TooMany(_))));
        assert!(test.accounts.resend_confirmation(&email, &elsewhere()).await.is_ok());
    }

    #[tokio::test]
    async fn whose_address_others_register_with_is_told_so_a_few_times() {
        let test = TestAccounts::with(|parts| {
            parts.policy.limits.letters_per_mailbox = Quota::per_hour(3);
        });
        test.register("ada").await;
        for name in ["eve", "mallory", "trudy"] {
            let mut again = TestAccounts::registration(name);
            again.email = Some(TestAccounts::email("ada"));
            assert!(test.accounts.register(again, &Device::default()).await.is_ok());
        }
        test.answer_letter_requests().await;
        let told = test.store.letters().into_iter();
        assert_eq!(told.filter(|letter| matches!(letter.occasion, Occasion::AlreadyRegistered)).count(), 2);
    }

    #[tokio::test]
    async fn a_new_account_gets_its_letter_however_many_its_mailbox_got() {
        let test = one_an_hour(|limits, quota| limits.letters_per_mailbox = quota);
        test.resend("ada").await;
        test.register("ada").await;
        assert_eq!(test.store.letters().len(), 1);
    }

    #[tokio::test]
    async fn budgets_that_are_full_are_forgotten() {
        let test = one_an_hour(|limits, quota| limits.letters_per_address = quota);
        test.resend("ada").await;
        assert_eq!(test.accounts.forget_limits().await.unwrap(), 0);
        test.clock.advance(SignedDuration::from_hours(1));
        assert_eq!(test.accounts.forget_limits().await.unwrap(), 1);
    }
}
