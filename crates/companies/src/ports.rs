//! What this crate needs from outside.

use crate::billing::DeclaredBilling;
use crate::model::{
    Bank, BankAccount, BankAccountId, BankCode, BankName, Company, CompanyId, CompanyName, Phone,
};
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::{Caller, FieldError, Page, Slice, Unavailable, UserId, parse_line};
use square_naming::{Matching, NameKey};

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written<T> {
    /// It is stored.
    Done(T),
    /// There is an account alike the one at this place of those that were to be stored; nothing was stored.
    AccountTaken(usize),
    /// The company has as many accounts as it may have; nothing was stored.
    TooMany,
    /// There is no such company or account any more; nothing was stored.
    Gone,
    /// Who asks is signed in no more, or not as they were; nothing was stored.
    Overtaken,
}

impl<T> Written<T> {
    /// The same of another value.
    pub fn map<U>(self, with: impl FnOnce(T) -> U) -> Written<U> {
        match self {
            Self::Done(value) => Written::Done(with(value)),
            Self::AccountTaken(at) => Written::AccountTaken(at),
            Self::TooMany => Written::TooMany,
            Self::Gone => Written::Gone,
            Self::Overtaken => Written::Overtaken,
        }
    }
}

/// What is to change about a company; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompanyChange {
    /// Its name.
    pub name: Option<CompanyName>,
    /// Its telephone number.
    pub phone: Option<Phone>,
    /// What it declares as billing.
    pub billing: Option<DeclaredBilling>,
    /// Its accounts. Those that it has already ([`BankAccount::is_alike`]) stay as they are; the others are new.
    pub accounts: Option<Vec<BankAccount>>,
}

/// Which banks are wanted; what is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BankFilter {
    /// That with this code.
    pub code: Option<BankCode>,
    /// Those of which a name has this in it.
    pub text: Option<NameKey>,
}

impl BankFilter {
    /// Parses what a client sent as `text`: a part of a name, at most 80 characters.
    pub fn part(text: &str) -> Result<NameKey, FieldError> {
        parse_line("text", text, BankName::MAX_CHARS).map(|text| NameKey::of(&text))
    }
}

/// Keeps companies, their accounts, and the banks. Each method is one transaction.
///
/// Of accounts that are alike ([`BankAccount::is_alike`]) there MUST never be two, whosever they are, also when they are stored at
/// once. Where a method takes `by`, it MUST store nothing and say `Overtaken` where that is somebody who does not hold any more what
/// they asked with, as it is when the change is stored.
#[async_trait]
pub trait CompanyStore: Send + Sync {
    /// Banks by code, behind the one that `page` names.
    async fn banks(
        &self,
        filter: &BankFilter,
        page: Page<BankCode>,
    ) -> Result<Slice<Bank, BankCode>, Unavailable>;

    /// Those of `codes` that are banks, each once, by code.
    async fn banks_by_code(&self, codes: &[BankCode]) -> Result<Vec<Bank>, Unavailable>;

    /// Banks of which a name has one of `keys` or, with [`Matching::Resembling`], one that resembles one of them
    /// ([`NameKey::resembles`]): the key of that name with its bank, by key, then code; at most [`FOUND_AT_MOST`]. A bank may be
    /// known by several names.
    async fn banks_named(
        &self,
        keys: &[NameKey],
        matching: Matching,
    ) -> Result<Vec<(NameKey, Bank)>, Unavailable>;

    /// Stores a company with its accounts.
    async fn insert(&self, company: &Company, by: Option<Caller>) -> Result<Written<()>, Unavailable>;

    /// Changes a company, and gives it as it is then. What changes nothing is no change that others are told of.
    async fn update(
        &self,
        id: CompanyId,
        change: &CompanyChange,
        at: Timestamp,
        by: Option<Caller>,
    ) -> Result<Written<Company>, Unavailable>;

    /// Removes a company with its accounts, and gives it as it was.
    async fn delete(
        &self,
        id: CompanyId,
        at: Timestamp,
        by: Option<Caller>,
    ) -> Result<Written<Company>, Unavailable>;

    /// The company, where there is one.
    async fn find(&self, id: CompanyId) -> Result<Option<Company>, Unavailable>;

    /// The company that has this account, where there is one.
    async fn of_account(&self, id: BankAccountId) -> Result<Option<Company>, Unavailable>;

    /// The companies of `owner`, or all where that is `None`, newest first (by id), behind the one that `page` names.
    async fn list(
        &self,
        owner: Option<UserId>,
        page: Page<CompanyId>,
    ) -> Result<Slice<Company, CompanyId>, Unavailable>;

    /// Companies of `owner` whose key ([`Company::key`]) is one of `keys` or, with [`Matching::Resembling`], resembles one of
    /// them, the oldest first; at most [`FOUND_AT_MOST`].
    async fn named(
        &self,
        owner: UserId,
        keys: &[NameKey],
        matching: Matching,
    ) -> Result<Vec<Company>, Unavailable>;

    /// Gives a company one more account, where it has less than `most` of them.
    async fn add_account(
        &self,
        company: CompanyId,
        account: &BankAccount,
        most: usize,
        at: Timestamp,
        by: Option<Caller>,
    ) -> Result<Written<()>, Unavailable>;

    /// Puts `account` in the place of the one with its identifier.
    async fn change_account(
        &self,
        account: &BankAccount,
        at: Timestamp,
        by: Option<Caller>,
    ) -> Result<Written<()>, Unavailable>;

    /// Removes an account, and gives it as it was.
    async fn remove_account(
        &self,
        id: BankAccountId,
        at: Timestamp,
        by: Option<Caller>,
    ) -> Result<Written<BankAccount>, Unavailable>;

    /// Stores all of `companies`, which belong to `owner`, or nothing and returns `false` where they have a company already or an
    /// account is taken. Of several calls at once one MUST find the owner without one.
    async fn fill_if_none_of(&self, owner: UserId, companies: &[Company]) -> Result<bool, Unavailable>;
}

/// The most banks or companies a look-up by name gives.
pub const FOUND_AT_MOST: u16 = 200;
