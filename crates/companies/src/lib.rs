//! The built-in companies service: companies, their bank accounts, and the banks of Brazil by their codes.
//!
//! - [`Company`] with its [`BankAccount`]s is what somebody owns; [`Bank`]s are there for everybody.
//! - [`Companies`] has the use cases. A company is seen by its owner, and by whoever holds a permission that says so; to anybody
//!   else there is no such company.
//! - [`ports::CompanyStore`] keeps them.
//! - [`CompaniesSkill`] answers questions ("Which bank is 001?"), those about companies only to their owner.
//! - [`seed()`] gives somebody [`sample_data()`], [`example_questions()`] writes what the skill is trained with.
//!
//! Amounts are exact: [`DeclaredBilling`] counts cents, and is read and written as decimal digits.

mod answering;
mod billing;
mod create;
mod draft;
mod edit;
mod error;
mod example_questions;
mod intent;
mod list;
mod list_banks;
mod model;
pub mod ports;
mod remove;
mod replies;
mod sample_data;
mod seed;
mod service;
mod show;

mod add_account;
mod change_account;
mod remove_account;

#[cfg(feature = "testing")]
pub mod testing;

pub use answering::CompaniesSkill;
pub use billing::DeclaredBilling;
pub use draft::{AccountDraft, CompanyDraft};
pub use error::CompanyError;
pub use example_questions::example_questions;
pub use model::{
    AccountNumber, Agency, Bank, BankAccount, BankAccountId, BankCode, BankName, Company, CompanyId,
    CompanyName, Phone,
};
pub use sample_data::sample_data;
pub use seed::seed;
pub use service::Companies;
