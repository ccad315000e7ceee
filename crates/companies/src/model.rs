use crate::billing::DeclaredBilling;
use jiff::Timestamp;
use square_kernel::{FieldError, UserId};
use square_naming::NameKey;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

square_kernel::id!(
    /// A company.
    CompanyId
);
square_kernel::id!(
    /// A bank account of a company.
    BankAccountId
);

square_kernel::line!(
    /// The name of a company: 1 to 80 characters.
    CompanyName,
    "company_name",
    80
);
square_kernel::line!(
    /// The name of a bank: 1 to 80 characters.
    BankName,
    "name",
    80
);

/// A telephone number: 1 to 15 digits, as E.164 has them at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phone(Arc<str>);

impl Phone {
    /// The longest, in digits.
    pub const MAX_DIGITS: usize = 15;

    /// Parses what a client sent as `phone`.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let text = text.trim();
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        match text.len() {
            0 => Err(FieldError::new("phone", "must not be empty")),
            _ if !digits => Err(FieldError::new("phone", "must have digits only")),
            1..=Self::MAX_DIGITS => Ok(Self(text.into())),
            _ => Err(FieldError::new("phone", "must have at most 15 digits")),
        }
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What banks write accounts with, in capitals: an `x` that stands for a check digit is an `X`.
fn account_part(field: &'static str, text: &str) -> Result<Arc<str>, FieldError> {
    let text = text.trim();
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '/');
    match text.chars().count() {
        0 => Err(FieldError::new(field, "must not be empty")),
        11.. => Err(FieldError::new(field, "must have at most 10 characters")),
        _ if !text.chars().all(known) => {
            Err(FieldError::new(field, "must have digits, letters and the signs - . / only"))
        }
        _ => Ok(text.to_ascii_uppercase().into()),
    }
}

macro_rules! account_part {
    ($(#[$doc:meta])* $name:ident, $field:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Parses what a client sent.
            pub fn parse(text: &str) -> Result<Self, FieldError> {
                account_part($field, text).map(Self)
            }

            /// The text, letters in capitals.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}

account_part!(
    /// The branch of a bank where an account is: 1 to 10 digits, letters and the signs `-`, `.`, `/`.
    Agency,
    "agency"
);
account_part!(
    /// The number of an account at its agency, written like an [`Agency`].
    AccountNumber,
    "account_number"
);

/// The number of a bank in the Brazilian clearing of cheques and transfers (COMPE): three digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BankCode(u16);

impl BankCode {
    /// The code of this number; `None` where it has more than three digits.
    pub fn new(number: u16) -> Option<Self> {
        (number <= 999).then_some(Self(number))
    }
}

impl FromStr for BankCode {
    type Err = FieldError;

    fn from_str(text: &str) -> Result<Self, FieldError> {
        let plain = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = plain.then(|| text.parse().ok()).flatten();
        number.map(Self).ok_or(FieldError::new("code", "must have three digits"))
    }
}

impl fmt::Display for BankCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03}", self.0)
    }
}

/// A bank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bank {
    /// Its code, which no other bank has.
    pub code: BankCode,
    /// Its name.
    pub name: BankName,
}

/// An account at a bank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankAccount {
    /// Its identifier.
    pub id: BankAccountId,
    /// The branch.
    pub agency: Agency,
    /// Its number there.
    pub number: AccountNumber,
    /// The bank.
    pub bank: Bank,
}

impl BankAccount {
    /// Whether both are the same account: alike in agency, number and bank. There is never a second one, whosever it is.
    pub fn is_alike(&self, other: &Self) -> bool {
        (&self.agency, &self.number, self.bank.code) == (&other.agency, &other.number, other.bank.code)
    }
}

/// A company with its accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    /// Its identifier.
    pub id: CompanyId,
    /// Who entered it.
    pub owner: UserId,
    /// Its name. Several companies may have the same.
    pub name: CompanyName,
    /// Its telephone number.
    pub phone: Phone,
    /// What it has declared as billing.
    pub billing: DeclaredBilling,
    /// Its accounts, the oldest first.
    pub accounts: Vec<BankAccount>,
    /// When it was entered.
    pub created_at: Timestamp,
}

impl Company {
    /// How many accounts a company may be entered with.
    pub const ACCOUNTS_AT_FIRST: usize = 3;
    /// How many accounts it may ever have.
    pub const MOST_ACCOUNTS: usize = 50;

    /// What it is looked up by.
    pub fn key(&self) -> NameKey {
        NameKey::of(self.name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_has_digits_only() {
        assert_eq!(
            Phone::parse(" 551155550100 ").map(|phone| phone.as_str().to_owned()),
            Ok("551155550100".to_owned())
        );
        assert!(Phone::parse(&"1".repeat(15)).is_ok());
        for (wrong, message) in [
            ("", "must not be empty"),
            ("+551155550100", "must have digits only"),
            ("55 11", "must have digits only"),
            ("١٢٣", "must have digits only"),
            ("1234567890123456", "must have at most 15 digits"),
        ] {
            assert_eq!(Phone::parse(wrong), Err(FieldError::new("phone", message)), "{wrong}");
        }
    }

    #[test]
    fn accounts_are_compared_in_capitals() {
        assert_eq!(AccountNumber::parse(" 12345-x "), AccountNumber::parse("12345-X"));
        for (wrong, message) in [
            (" ", "must not be empty"),
            ("12345678901", "must have at most 10 characters"),
            ("12 34", "must have digits, letters and the signs - . / only"),
            ("１２", "must have digits, letters and the signs - . / only"),
        ] {
            assert_eq!(Agency::parse(wrong), Err(FieldError::new("agency", message)), "{wrong}");
        }
    }

    #[test]
    fn a_code_has_three_digits() {
        assert_eq!("001".parse().map(|code: BankCode| code.to_string()), Ok("001".to_owned()));
        assert_eq!(BankCode::new(33).map(|code| code.to_string()), Some("033".to_owned()));
        assert_eq!(BankCode::new(1000), None);
        for wrong in ["", "1", "01", "0001", "1a1", "-01", "+01", "００１"] {
            assert_eq!(
                wrong.parse::<BankCode>(),
                Err(FieldError::new("code", "must have three digits")),
                "{wrong}"
            );
        }
    }
}
