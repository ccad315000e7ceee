use crate::draft::{Read, ReadAccount};
use crate::error::CompanyError;
use crate::model::{BankAccount, BankAccountId, BankCode, Company, CompanyId};
use crate::ports::{CompanyChange, CompanyStore, Written};
use square_kernel::{Asker, Caller, Clock, FieldError, Overtaken, Randomness};
use std::sync::Arc;

/// Seeing all companies.
pub(crate) const LOOK: &str = "get:companies";
/// Changing the companies of others.
pub(crate) const CHANGE: &str = "patch:companies";
/// Removing the companies of others.
pub(crate) const REMOVE: &str = "delete:companies";

/// The use cases on companies, their accounts and banks.
pub struct Companies {
    pub(crate) store: Arc<dyn CompanyStore>,
    pub(crate) clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
}

impl Companies {
    /// The use cases over these ports.
    pub fn new(store: Arc<dyn CompanyStore>, clock: Arc<dyn Clock>, randomness: Arc<dyn Randomness>) -> Self {
        Self { store, clock, randomness }
    }

    pub(crate) fn new_company_id(&self) -> CompanyId {
        CompanyId::new(&*self.clock, &*self.randomness)
    }

    /// Identifiers that sort as the accounts were named, though they are of one moment.
    fn new_account_ids(&self, count: usize) -> Vec<BankAccountId> {
        let new = |_| BankAccountId::new(&*self.clock, &*self.randomness);
        let mut ids: Vec<BankAccountId> = (0..count).map(new).collect();
        ids.sort_unstable();
        ids
    }

    /// A company that the asker owns, or holds `permission` for.
    pub(crate) async fn visible(
        &self,
        asker: &Asker,
        id: CompanyId,
        permission: &str,
    ) -> Result<Company, CompanyError> {
        asker.user().ok_or(CompanyError::SignInRequired)?;
        let company = self.store.find(id).await?;
        company.filter(|company| may(asker, company, permission)).ok_or(CompanyError::NotFound)
    }

    /// An account of a company that the asker owns, or holds `permission` for.
    pub(crate) async fn visible_account(
        &self,
        asker: &Asker,
        id: BankAccountId,
        permission: &str,
    ) -> Result<(), CompanyError> {
        asker.user().ok_or(CompanyError::SignInRequired)?;
        let company = self.store.of_account(id).await?;
        let visible = company.is_some_and(|company| may(asker, &company, permission));
        visible.then_some(()).ok_or(CompanyError::AccountNotFound)
    }

    /// What was read, where all of it is right and all banks are known. The accounts get new identifiers.
    pub(crate) async fn checked(&self, read: Read) -> Result<CompanyChange, CompanyError> {
        let Read { name, phone, billing, accounts, codes, mut invalid } = read;
        let wanted: Vec<BankCode> = codes.iter().map(|(_, code)| *code).collect();
        let banks = if wanted.is_empty() { Vec::new() } else { self.store.banks_by_code(&wanted).await? };
        for (field, code) in codes {
            if banks.iter().all(|bank| bank.code != code) {
                invalid.0.push(FieldError::new(field, "is not the code of a bank that is known here"));
            }
        }
        invalid.into_result()?;
        let account = |(account, id): (&ReadAccount, BankAccountId)| {
            let bank = banks.iter().find(|bank| bank.code == account.bank)?.clone();
            let (agency, number) = (account.agency.clone(), account.number.clone());
            Some(BankAccount { id, agency, number, bank })
        };
        let accounts: Option<Vec<BankAccount>> = accounts.map(|accounts| {
            accounts.iter().zip(self.new_account_ids(accounts.len())).filter_map(account).collect()
        });
        for (at, account) in accounts.iter().flatten().enumerate() {
            if accounts.iter().flatten().take(at).any(|earlier| earlier.is_alike(account)) {
                return Err(CompanyError::AccountTaken(place(at)));
            }
        }
        Ok(CompanyChange { name, phone, billing, accounts })
    }
}

/// The field of the account at a place among others.
pub(crate) fn place(at: usize) -> String {
    format!("bank_accounts[{at}]")
}

/// The field that stands for an account which was sent alone.
pub(crate) fn alone(_: usize) -> String {
    "account_number".to_owned()
}

pub(crate) fn may(asker: &Asker, company: &Company, permission: &str) -> bool {
    asker.is(company.owner) || asker.may(permission)
}

/// Who asks, for stores that look again.
pub(crate) fn caller(asker: &Asker) -> Option<Caller> {
    asker.identity.as_ref().map(Caller::from)
}

impl<T> Written<T> {
    /// What was stored. `gone` says what is not there any more, `field` which one an account was sent as.
    pub(crate) fn done(self, gone: CompanyError, field: fn(usize) -> String) -> Result<T, CompanyError> {
        match self {
            Self::Done(stored) => Ok(stored),
            Self::AccountTaken(at) => Err(CompanyError::AccountTaken(field(at))),
            Self::TooMany => Err(CompanyError::TooManyAccounts),
            Self::Gone => Err(gone),
            Self::Overtaken => Err(Overtaken.into()),
        }
    }
}
