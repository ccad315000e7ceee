//! A stand-in for the store, and the rules that every store has to keep.

pub mod contract;

use crate::model::{Bank, BankAccount, BankAccountId, BankCode, BankName, Company, CompanyId};
use crate::ports::{BankFilter, CompanyChange, CompanyStore, FOUND_AT_MOST, Written};
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::testing::lock;
use square_kernel::{Caller, Page, Slice, Unavailable, UserId};
use square_naming::{Matching, NameKey};
use std::sync::Mutex;

/// Companies in memory, and a few banks. Whoever asks is taken to be still signed in.
#[derive(Debug, Default)]
pub struct InMemoryCompanies(Mutex<Vec<Company>>);

/// Code, name, other names.
const BANKS: &[(u16, &str, &[&str])] = &[
    (1, "Banco do Brasil", &["BB"]),
    (33, "Santander", &["Banco Santander", "Santander Brasil"]),
    (104, "Caixa Econômica Federal", &["Caixa"]),
    (237, "Bradesco", &["Banco Bradesco"]),
    (341, "Itaú Unibanco", &["Itaú", "Banco Itaú"]),
];

fn bank(code: u16, name: &str) -> Bank {
    let code = BankCode::new(code).expect("three digits");
    Bank { code, name: BankName::parse(name).expect("a name") }
}

/// The bank with this code, as it stands among the banks of every store.
pub fn known_bank(code: &str) -> Bank {
    let code: BankCode = code.parse().expect("three digits");
    let mut banks = BANKS.iter().map(|&(code, name, _)| bank(code, name));
    banks.find(|bank| bank.code == code).expect("a known bank")
}

fn names() -> Vec<(NameKey, Bank)> {
    let named = |&(code, name, others): &(u16, &str, &'static [&'static str])| {
        let bank = bank(code, name);
        let names: Vec<&str> = std::iter::once(name).chain(others.iter().copied()).collect();
        names.into_iter().map(|name| (NameKey::of(name), bank.clone())).collect::<Vec<_>>()
    };
    BANKS.iter().flat_map(named).collect()
}

fn fits(key: &NameKey, keys: &[NameKey], matching: Matching) -> bool {
    keys.iter().any(|wanted| match matching {
        Matching::Exact => wanted == key,
        Matching::Resembling => wanted.resembles(key),
    })
}

/// The place of the first of `wanted` that is alike an account in `companies`.
fn taken(companies: &[Company], wanted: &[BankAccount]) -> Option<usize> {
    let there = || companies.iter().flat_map(|company| &company.accounts);
    wanted.iter().position(|account| there().any(|other| other.is_alike(account)))
}

impl Company {
    fn apply(&mut self, change: &CompanyChange) {
        let CompanyChange { name, phone, billing, accounts } = change.clone();
        self.name = name.unwrap_or_else(|| self.name.clone());
        self.phone = phone.unwrap_or_else(|| self.phone.clone());
        self.billing = billing.unwrap_or(self.billing);
        if let Some(wanted) = accounts {
            self.accounts.retain(|account| wanted.iter().any(|other| other.is_alike(account)));
            for account in wanted {
                if !self.accounts.iter().any(|other| other.is_alike(&account)) {
                    self.accounts.push(account);
                }
            }
        }
    }
}

#[async_trait]
impl CompanyStore for InMemoryCompanies {
    async fn banks(
        &self,
        filter: &BankFilter,
        page: Page<BankCode>,
    ) -> Result<Slice<Bank, BankCode>, Unavailable> {
        let named = |bank: &Bank| {
            filter.text.as_ref().is_none_or(|text| {
                names().iter().any(|(key, other)| other == bank && key.as_str().contains(text.as_str()))
            })
        };
        let mut banks: Vec<Bank> = BANKS.iter().map(|&(code, name, _)| bank(code, name)).collect();
        banks.retain(|bank| {
            filter.code.is_none_or(|code| bank.code == code)
                && page.after.is_none_or(|after| bank.code > after)
                && named(bank)
        });
        Ok(Slice::from_surplus(banks, page.limit, |bank| bank.code))
    }

    async fn banks_by_code(&self, codes: &[BankCode]) -> Result<Vec<Bank>, Unavailable> {
        let banks = BANKS.iter().map(|&(code, name, _)| bank(code, name));
        Ok(banks.filter(|bank| codes.contains(&bank.code)).collect())
    }

    async fn banks_named(
        &self,
        keys: &[NameKey],
        matching: Matching,
    ) -> Result<Vec<(NameKey, Bank)>, Unavailable> {
        let mut found = names();
        found.retain(|(key, _)| fits(key, keys, matching));
        found.sort_by_key(|(key, bank)| (key.clone(), bank.code));
        found.truncate(usize::from(FOUND_AT_MOST));
        Ok(found)
    }

    async fn insert(&self, company: &Company, _: Option<Caller>) -> Result<Written<()>, Unavailable> {
        let mut stored = lock(&self.0);
        if let Some(at) = taken(&stored, &company.accounts) {
            return Ok(Written::AccountTaken(at));
        }
        stored.push(company.clone());
        Ok(Written::Done(()))
    }

    async fn update(
        &self,
        id: CompanyId,
        change: &CompanyChange,
        _: Timestamp,
        _: Option<Caller>,
    ) -> Result<Written<Company>, Unavailable> {
        let mut stored = lock(&self.0);
        let Some(at) = stored.iter().position(|company| company.id == id) else { return Ok(Written::Gone) };
        let mut company = stored.remove(at);
        let taken = change.accounts.as_ref().and_then(|accounts| taken(&stored, accounts));
        if taken.is_none() {
            company.apply(change);
        }
        stored.insert(at, company.clone());
        Ok(taken.map_or(Written::Done(company), Written::AccountTaken))
    }

    async fn delete(
        &self,
        id: CompanyId,
        _: Timestamp,
        _: Option<Caller>,
    ) -> Result<Written<Company>, Unavailable> {
        let mut stored = lock(&self.0);
        let at = stored.iter().position(|company| company.id == id);
        Ok(at.map_or(Written::Gone, |at| Written::Done(stored.remove(at))))
    }

    async fn find(&self, id: CompanyId) -> Result<Option<Company>, Unavailable> {
        Ok(lock(&self.0).iter().find(|company| company.id == id).cloned())
    }

    async fn of_account(&self, id: BankAccountId) -> Result<Option<Company>, Unavailable> {
        let has = |company: &&Company| company.accounts.iter().any(|account| account.id == id);
        Ok(lock(&self.0).iter().find(has).cloned())
    }

    async fn list(
        &self,
        owner: Option<UserId>,
        page: Page<CompanyId>,
    ) -> Result<Slice<Company, CompanyId>, Unavailable> {
        let mut companies = lock(&self.0).clone();
        companies.retain(|company| {
            owner.is_none_or(|owner| company.owner == owner)
                && page.after.is_none_or(|after| company.id < after)
        });
        companies.sort_by_key(|company| std::cmp::Reverse(company.id));
        Ok(Slice::from_surplus(companies, page.limit, |company| company.id))
    }

    async fn named(
        &self,
        owner: UserId,
        keys: &[NameKey],
        matching: Matching,
    ) -> Result<Vec<Company>, Unavailable> {
        let mut companies = lock(&self.0).clone();
        companies.retain(|company| company.owner == owner && fits(&company.key(), keys, matching));
        companies.sort_by_key(|company| company.id);
        companies.truncate(usize::from(FOUND_AT_MOST));
        Ok(companies)
    }

    async fn add_account(
        &self,
        company: CompanyId,
        account: &BankAccount,
        most: usize,
        _: Timestamp,
        _: Option<Caller>,
    ) -> Result<Written<()>, Unavailable> {
        let mut stored = lock(&self.0);
        let taken = taken(&stored, std::slice::from_ref(account));
        let Some(company) = stored.iter_mut().find(|stored| stored.id == company) else {
            return Ok(Written::Gone);
        };
        if company.accounts.len() >= most {
            return Ok(Written::TooMany);
        }
        if let Some(at) = taken {
            return Ok(Written::AccountTaken(at));
        }
        company.accounts.push(account.clone());
        Ok(Written::Done(()))
    }

    async fn change_account(
        &self,
        account: &BankAccount,
        _: Timestamp,
        _: Option<Caller>,
    ) -> Result<Written<()>, Unavailable> {
        let mut stored = lock(&self.0);
        let there = || stored.iter().flat_map(|company| &company.accounts);
        if there().any(|other| other.id != account.id && other.is_alike(account)) {
            return Ok(Written::AccountTaken(0));
        }
        let mut there = stored.iter_mut().flat_map(|company| &mut company.accounts);
        let Some(found) = there.find(|other| other.id == account.id) else { return Ok(Written::Gone) };
        found.clone_from(account);
        Ok(Written::Done(()))
    }

    async fn remove_account(
        &self,
        id: BankAccountId,
        _: Timestamp,
        _: Option<Caller>,
    ) -> Result<Written<BankAccount>, Unavailable> {
        for company in &mut *lock(&self.0) {
            if let Some(at) = company.accounts.iter().position(|account| account.id == id) {
                return Ok(Written::Done(company.accounts.remove(at)));
            }
        }
        Ok(Written::Gone)
    }

    async fn fill_if_none_of(&self, owner: UserId, companies: &[Company]) -> Result<bool, Unavailable> {
        let mut stored = lock(&self.0);
        let accounts: Vec<BankAccount> =
            companies.iter().flat_map(|company| company.accounts.clone()).collect();
        let fills =
            stored.iter().all(|company| company.owner != owner) && taken(&stored, &accounts).is_none();
        if fills {
            stored.extend_from_slice(companies);
        }
        Ok(fills)
    }
}

#[cfg(test)]
mod tests {
    use super::InMemoryCompanies;
    use super::contract::Stage;
    use square_kernel::UserId;
    use square_kernel::testing::{ManualClock, SeededRandomness};
    use std::sync::Arc;

    fn stage() -> (Stage, ()) {
        let (clock, randomness) = (ManualClock::default(), SeededRandomness::default());
        let somebody = || UserId::new(&clock, &randomness);
        (Stage { store: Arc::new(InMemoryCompanies::default()), owner: somebody(), other: somebody() }, ())
    }

    crate::company_store_contract!(std::future::ready(stage()));
}
