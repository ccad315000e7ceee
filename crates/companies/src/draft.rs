//! What somebody says of a company or an account, before it is known to be right.

use crate::billing::DeclaredBilling;
use crate::model::{AccountNumber, Agency, BankCode, CompanyName, Phone};
use square_kernel::{FieldError, Invalid};

/// What somebody says of a company; `None` is what they leave out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompanyDraft {
    /// Its name.
    pub company_name: Option<String>,
    /// Its telephone number.
    pub phone: Option<String>,
    /// What it declares as billing, in decimal digits.
    pub declared_billing: Option<String>,
    /// Its accounts.
    pub bank_accounts: Option<Vec<AccountDraft>>,
}

/// What somebody says of an account; `None` is what they leave out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountDraft {
    /// The branch.
    pub agency: Option<String>,
    /// Its number there.
    pub account_number: Option<String>,
    /// The bank, by its code.
    pub bank_code: Option<String>,
}

/// An account whose texts are right. Whether there is such a bank is not known yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReadAccount {
    pub(crate) agency: Agency,
    pub(crate) number: AccountNumber,
    pub(crate) bank: BankCode,
}

/// What could be read of a draft; `None` where it was left out or is at fault.
#[derive(Debug, Default)]
pub(crate) struct Read {
    pub(crate) name: Option<CompanyName>,
    pub(crate) phone: Option<Phone>,
    pub(crate) billing: Option<DeclaredBilling>,
    pub(crate) accounts: Option<Vec<ReadAccount>>,
    /// The codes that were read, each with the name of its field.
    pub(crate) codes: Vec<(String, BankCode)>,
    /// All that is at fault so far.
    pub(crate) invalid: Invalid,
}

impl CompanyDraft {
    /// Has what was left out stand for an empty text, which breaks a rule.
    pub(crate) fn whole(self) -> Self {
        Self {
            company_name: Some(self.company_name.unwrap_or_default()),
            phone: Some(self.phone.unwrap_or_default()),
            declared_billing: Some(self.declared_billing.unwrap_or_default()),
            bank_accounts: self.bank_accounts,
        }
    }

    /// Reads all fields, with at most `most` accounts.
    pub(crate) fn read(&self, most: usize) -> Read {
        let mut invalid = Invalid::default();
        let name = self.company_name.as_deref().map(CompanyName::parse).transpose();
        let name = invalid.collect(name).flatten();
        let phone = self.phone.as_deref().map(Phone::parse).transpose();
        let phone = invalid.collect(phone).flatten();
        let billing = self.declared_billing.as_deref().map(DeclaredBilling::parse).transpose();
        let billing = invalid.collect(billing).flatten();
        let mut read = Read { name, phone, billing, invalid, ..Read::default() };
        match &self.bank_accounts {
            Some(drafts) if drafts.len() > most => {
                let message = format!("must have at most {most} entries");
                read.invalid.0.push(FieldError::new("bank_accounts", message));
            }
            Some(drafts) => {
                let mut accounts = Vec::new();
                for (at, draft) in drafts.iter().enumerate() {
                    accounts.extend(read.account(draft, &format!("bank_accounts[{at}].")));
                }
                read.accounts = Some(accounts);
            }
            None => {}
        }
        read
    }
}

impl AccountDraft {
    /// Reads all fields.
    pub(crate) fn read(&self) -> Read {
        let mut read = Read::default();
        read.accounts = read.account(self, "").map(|account| vec![account]);
        read
    }
}

impl Read {
    /// Reads an account whose fields stand under `place`.
    fn account(&mut self, draft: &AccountDraft, place: &str) -> Option<ReadAccount> {
        let text = |text: &Option<String>| text.as_deref().unwrap_or_default().to_owned();
        let there = |error: FieldError| FieldError::new(format!("{place}{}", error.field), error.message);
        let agency = Agency::parse(&text(&draft.agency)).map_err(there);
        let agency = self.invalid.collect(agency);
        let number = AccountNumber::parse(&text(&draft.account_number)).map_err(there);
        let number = self.invalid.collect(number);
        let field = format!("{place}bank.code");
        let bank = text(&draft.bank_code).trim().parse::<BankCode>();
        let bank = self.invalid.collect(bank.map_err(|error| FieldError::new(field.clone(), error.message)));
        self.codes.extend(bank.map(|bank| (field, bank)));
        Some(ReadAccount { agency: agency?, number: number?, bank: bank? })
    }
}
