//! What changes of companies have in common.

use super::rows::{AccountRow, CompanyRow, company};
use crate::Stores;
use crate::changes::Record;
use crate::columns::Key;
use crate::connection::DbConnection;
use crate::schema::companies::{bank_accounts, companies};
use crate::sessions;
use crate::transaction::savepoint;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use jiff::Timestamp;
use square_changes::{Action, Audience, Channel};
use square_companies::ports::Written;
use square_companies::{BankAccount, Company};
use square_kernel::{Caller, Unavailable};
use std::cell::Cell;

/// Which company is meant.
#[derive(Debug, Clone, Copy)]
pub(super) enum Which {
    Itself(Key),
    OfAccount(Key),
}

impl Which {
    pub(super) fn id(self, connection: &mut DbConnection) -> QueryResult<Option<Key>> {
        match self {
            Self::Itself(id) => Ok(Some(id)),
            Self::OfAccount(account) => {
                let company = bank_accounts::table.find(account).select(bank_accounts::company_id);
                company.first(connection).optional()
            }
        }
    }
}

impl Stores {
    /// Has `work` change a company, which is held meanwhile and given as it was; gives it as it is then.
    pub(super) async fn changed<T: Send + 'static>(
        &self,
        which: Which,
        at: Timestamp,
        by: Option<Caller>,
        work: impl Fn(&mut DbConnection, &Company) -> QueryResult<Written<T>> + Send + 'static,
    ) -> Result<Written<(Company, T)>, Unavailable> {
        self.database
            .change(move |connection, changes| {
                if !sessions::is_still(connection, by)? {
                    return Ok(Written::Overtaken);
                }
                let Some(before) = hold(connection, which)? else { return Ok(Written::Gone) };
                let written = work(connection, &before)?;
                let Some(after) = company(connection, Key(before.id.uuid()))? else {
                    return Ok(Written::Gone);
                };
                if after != before {
                    changes.add(record(Action::Update, &after, at));
                }
                Ok(written.map(|value| (after, value)))
            })
            .await
    }
}

/// Has others that change the company or its accounts wait for the end of this transaction; gives it as it stays until then.
pub(super) fn hold(connection: &mut DbConnection, which: Which) -> QueryResult<Option<Company>> {
    let Some(id) = which.id(connection)? else { return Ok(None) };
    let itself = companies::phone.eq(companies::phone);
    diesel::update(companies::table.find(id)).set(itself).execute(connection)?;
    company(connection, id)
}

/// Runs `work`, which says in the cell the place of the account that it stores. Where there is one alike, nothing of `work` is left:
/// the only other unique columns are identifiers, which are random.
pub(super) fn unless_taken(
    connection: &mut DbConnection,
    work: impl FnOnce(&mut DbConnection, &Cell<usize>) -> QueryResult<()>,
) -> QueryResult<Written<()>> {
    let at = Cell::new(0);
    match savepoint(connection, |connection| work(connection, &at)) {
        Ok(()) => Ok(Written::Done(())),
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
            Ok(Written::AccountTaken(at.get()))
        }
        Err(error) => Err(error),
    }
}

pub(super) fn insert(
    connection: &mut DbConnection,
    company: &Company,
    place: &Cell<usize>,
) -> QueryResult<()> {
    let row = CompanyRow::from(company);
    diesel::insert_into(companies::table).values(&row).execute(connection)?;
    for (at, account) in company.accounts.iter().enumerate() {
        place.set(at);
        insert_account(connection, row.id, account)?;
    }
    Ok(())
}

pub(super) fn insert_account(
    connection: &mut DbConnection,
    company: Key,
    account: &BankAccount,
) -> QueryResult<()> {
    let row = AccountRow::from(company, account);
    diesel::insert_into(bank_accounts::table).values(&row).execute(connection).map(drop)
}

/// Removes what is not among `wanted`, and stores what is there alone.
pub(super) fn replace_accounts(
    connection: &mut DbConnection,
    company: &Company,
    wanted: &[BankAccount],
    place: &Cell<usize>,
) -> QueryResult<()> {
    let among = |accounts: &[BankAccount], account: &BankAccount| {
        accounts.iter().any(|other| other.is_alike(account))
    };
    for gone in company.accounts.iter().filter(|account| !among(wanted, account)) {
        diesel::delete(bank_accounts::table.find(Key(gone.id.uuid()))).execute(connection)?;
    }
    for (at, account) in wanted.iter().enumerate().filter(|(_, account)| !among(&company.accounts, account)) {
        place.set(at);
        insert_account(connection, Key(company.id.uuid()), account)?;
    }
    Ok(())
}

pub(super) fn record(action: Action, company: &Company, at: Timestamp) -> Record {
    of_owner(action, Key(company.id.uuid()), Key(company.owner.uuid()), at)
}

/// What only the owner may be told of.
pub(super) fn of_owner(action: Action, id: Key, owner: Key, at: Timestamp) -> Record {
    let audience = Audience { owner: Some(owner.0.into()), ..Audience::default() };
    Record { channel: Channel::Company, action, entity: id.0, audience, at }
}
