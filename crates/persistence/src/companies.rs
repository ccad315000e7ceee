mod banks;
mod rows;
mod writing;

use crate::Stores;
use crate::changes::Changes;
use crate::columns::Key;
use crate::connection::DbConnection;
use crate::counters;
use crate::names::{Wanted, is_meant, rows_named};
use crate::schema::companies::{bank_accounts, companies};
use crate::sessions;
use async_trait::async_trait;
use diesel::prelude::*;
use jiff::Timestamp;
use rows::{CompanyRow, company, with_accounts};
use square_changes::Action;
use square_companies::ports::{BankFilter, CompanyChange, CompanyStore, FOUND_AT_MOST, Written};
use square_companies::{Bank, BankAccount, BankAccountId, BankCode, Company, CompanyId};
use square_kernel::{Caller, Page, Slice, Unavailable, UserId};
use square_naming::{Matching, NameKey};
use writing::{Which, hold, insert, insert_account, of_owner, record, replace_accounts, unless_taken};

#[async_trait]
impl CompanyStore for Stores {
    async fn banks(
        &self,
        filter: &BankFilter,
        page: Page<BankCode>,
    ) -> Result<Slice<Bank, BankCode>, Unavailable> {
        let filter = filter.clone();
        let rows = self.database.read(move |connection| banks::list(connection, &filter, page));
        Ok(Slice::from_surplus(rows.await?, page.limit, |bank| bank.code))
    }

    async fn banks_by_code(&self, codes: &[BankCode]) -> Result<Vec<Bank>, Unavailable> {
        let codes: Vec<String> = codes.iter().map(ToString::to_string).collect();
        self.database.read(move |connection| banks::by_code(connection, &codes)).await
    }

    async fn banks_named(
        &self,
        keys: &[NameKey],
        matching: Matching,
    ) -> Result<Vec<(NameKey, Bank)>, Unavailable> {
        let wanted = Wanted::new(keys, matching);
        self.database.read(move |connection| banks::named(connection, &wanted)).await
    }

    async fn insert(&self, company: &Company, by: Option<Caller>) -> Result<Written<()>, Unavailable> {
        let new = company.clone();
        self.database
            .change(move |connection, changes| {
                if !sessions::is_still(connection, by)? {
                    return Ok(Written::Overtaken);
                }
                let stored = unless_taken(connection, |connection, at| insert(connection, &new, at))?;
                if let Written::Done(()) = stored {
                    changes.add(record(Action::Create, &new, new.created_at));
                }
                Ok(stored)
            })
            .await
    }

    async fn update(
        &self,
        id: CompanyId,
        change: &CompanyChange,
        at: Timestamp,
        by: Option<Caller>,
    ) -> Result<Written<Company>, Unavailable> {
        let (id, change) = (Key(id.uuid()), change.clone());
        let updated = self.changed(Which::Itself(id), at, by, move |connection, company| {
            let mut changed = company.clone();
            changed.name = change.name.clone().unwrap_or(changed.name);
            changed.phone = change.phone.clone().unwrap_or(changed.phone);
            changed.billing = change.billing.unwrap_or(changed.billing);
            unless_taken(connection, |connection, place| {
                CompanyRow::from(&changed).rewrite(connection)?;
                let Some(wanted) = &change.accounts else { return Ok(()) };
                replace_accounts(connection, company, wanted, place)
            })
        });
        Ok(updated.await?.map(|(company, ())| company))
    }

    async fn delete(
        &self,
        id: CompanyId,
        at: Timestamp,
        by: Option<Caller>,
    ) -> Result<Written<Company>, Unavailable> {
        let id = Key(id.uuid());
        self.database
            .change(move |connection, changes| {
                if !sessions::is_still(connection, by)? {
                    return Ok(Written::Overtaken);
                }
                let Some(company) = hold(connection, Which::Itself(id))? else { return Ok(Written::Gone) };
                diesel::delete(companies::table.find(id)).execute(connection)?;
                changes.add(record(Action::Delete, &company, at));
                Ok(Written::Done(company))
            })
            .await
    }

    async fn find(&self, id: CompanyId) -> Result<Option<Company>, Unavailable> {
        self.database.read(move |connection| company(connection, Key(id.uuid()))).await
    }

    async fn of_account(&self, id: BankAccountId) -> Result<Option<Company>, Unavailable> {
        self.database
            .read(move |connection| match Which::OfAccount(Key(id.uuid())).id(connection)? {
                Some(id) => company(connection, id),
                None => Ok(None),
            })
            .await
    }

    async fn list(
        &self,
        owner: Option<UserId>,
        page: Page<CompanyId>,
    ) -> Result<Slice<Company, CompanyId>, Unavailable> {
        let rows = self.database.read(move |connection| {
            let surplus = i64::from(page.limit.get()) + 1;
            let mut wanted = companies::table.order(companies::id.desc()).limit(surplus).into_boxed();
            if let Some(owner) = owner {
                wanted = wanted.filter(companies::owner_id.eq(Key(owner.uuid())));
            }
            if let Some(after) = page.after {
                wanted = wanted.filter(companies::id.lt(Key(after.uuid())));
            }
            let rows = wanted.load(connection)?;
            with_accounts(connection, rows)
        });
        Ok(Slice::from_surplus(rows.await?, page.limit, |company| company.id))
    }

    async fn named(
        &self,
        owner: UserId,
        keys: &[NameKey],
        matching: Matching,
    ) -> Result<Vec<Company>, Unavailable> {
        let (owner, wanted) = (Key(owner.uuid()), Wanted::new(keys, matching));
        self.database
            .read(move |connection| {
                let rows: Vec<(Option<&NameKey>, CompanyRow)> = rows_named!(
                    connection,
                    &wanted,
                    companies::table.filter(companies::owner_id.eq(owner)).order(companies::id),
                    companies::company_name_key,
                    companies::company_name_key_reversed,
                    companies::company_name_key_length,
                    i64::from(FOUND_AT_MOST)
                );
                let meant = rows.into_iter().filter(|(key, row)| is_meant(*key, &row.company_name_key));
                let mut rows: Vec<CompanyRow> = meant.map(|(_, row)| row).collect();
                rows.sort_by_key(|row| row.id.0);
                rows.dedup_by_key(|row| row.id.0);
                rows.truncate(FOUND_AT_MOST.into());
                with_accounts(connection, rows)
            })
            .await
    }

    async fn add_account(
        &self,
        company: CompanyId,
        account: &BankAccount,
        most: usize,
        at: Timestamp,
        by: Option<Caller>,
    ) -> Result<Written<()>, Unavailable> {
        let (id, account) = (Key(company.uuid()), account.clone());
        let added = self.changed(Which::Itself(id), at, by, move |connection, company| {
            if company.accounts.len() >= most {
                return Ok(Written::TooMany);
            }
            unless_taken(connection, |connection, _| insert_account(connection, id, &account))
        });
        Ok(added.await?.map(|_| ()))
    }

    async fn change_account(
        &self,
        account: &BankAccount,
        at: Timestamp,
        by: Option<Caller>,
    ) -> Result<Written<()>, Unavailable> {
        let (id, new) = (Key(account.id.uuid()), account.clone());
        let changed = self.changed(Which::OfAccount(id), at, by, move |connection, company| {
            // It may have been removed meanwhile.
            if company.accounts.iter().all(|account| account.id != new.id) {
                return Ok(Written::Gone);
            }
            let bank = new.bank.code.to_string();
            let change = (
                bank_accounts::bank_code.eq(&bank),
                bank_accounts::agency.eq(new.agency.as_str()),
                bank_accounts::account_number.eq(new.number.as_str()),
            );
            let update = diesel::update(bank_accounts::table.find(id)).set(change);
            unless_taken(connection, |connection, _| update.execute(connection).map(drop))
        });
        Ok(changed.await?.map(|_| ()))
    }

    async fn remove_account(
        &self,
        id: BankAccountId,
        at: Timestamp,
        by: Option<Caller>,
    ) -> Result<Written<BankAccount>, Unavailable> {
        let id = Key(id.uuid());
        let deleted = self.changed(Which::OfAccount(id), at, by, move |connection, company| {
            let mut accounts = company.accounts.iter();
            let Some(account) = accounts.find(|account| Key(account.id.uuid()) == id) else {
                return Ok(Written::Gone);
            };
            diesel::delete(bank_accounts::table.find(id)).execute(connection)?;
            Ok(Written::Done(account.clone()))
        });
        Ok(deleted.await?.map(|(_, account)| account))
    }

    async fn fill_if_none_of(&self, owner: UserId, companies: &[Company]) -> Result<bool, Unavailable> {
        let (owner, companies) = (Key(owner.uuid()), companies.to_vec());
        self.database
            .change(move |connection, changes| {
                // One at a time, so that the next one finds what this one stored.
                counters::count_up(connection, counters::FILLINGS, 1)?;
                let own = companies::table.filter(companies::owner_id.eq(owner)).select(companies::id);
                if own.first::<Key>(connection).optional()?.is_some() {
                    return Ok(false);
                }
                let stored = unless_taken(connection, |connection, at| {
                    companies.iter().try_for_each(|company| insert(connection, company, at))
                })?;
                if stored != Written::Done(()) {
                    return Ok(false);
                }
                for company in &companies {
                    changes.add(record(Action::Create, company, company.created_at));
                }
                Ok(true)
            })
            .await
    }
}

/// Removes all companies of an account that is locked, with their bank accounts.
pub(crate) fn remove_all_of(
    connection: &mut DbConnection,
    owner: Key,
    at: Timestamp,
    changes: &mut Changes,
) -> QueryResult<()> {
    let own = companies::table.filter(companies::owner_id.eq(owner));
    for id in own.select(companies::id).order(companies::id).load::<Key>(connection)? {
        changes.add(of_owner(Action::Delete, id, owner, at));
    }
    diesel::delete(own).execute(connection).map(drop)
}
