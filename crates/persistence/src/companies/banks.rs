//! Banks, which migrations have stored.

use crate::administration::{ESCAPE, containing};
use crate::columns::corrupt;
use crate::connection::DbConnection;
use crate::names::{Wanted, is_meant, rows_named};
use crate::schema::companies::{bank_names, banks};
use diesel::dsl::exists;
use diesel::prelude::*;
use square_companies::ports::{BankFilter, FOUND_AT_MOST};
use square_companies::{Bank, BankCode, BankName};
use square_kernel::Page;
use square_naming::NameKey;

/// Code and name.
pub(super) type BankRow = (String, String);

pub(super) fn bank((code, name): BankRow) -> QueryResult<Bank> {
    Ok(Bank {
        code: code.parse().map_err(|e| corrupt("banks.code", e))?,
        name: BankName::parse(&name).map_err(|e| corrupt("banks.name", e))?,
    })
}

/// One more than the page has, where there are more.
pub(super) fn list(
    connection: &mut DbConnection,
    filter: &BankFilter,
    page: Page<BankCode>,
) -> QueryResult<Vec<Bank>> {
    let surplus = i64::from(page.limit.get()) + 1;
    let mut wanted = banks::table.order(banks::code).limit(surplus).into_boxed();
    if let Some(code) = filter.code {
        wanted = wanted.filter(banks::code.eq(code.to_string()));
    }
    if let Some(text) = &filter.text {
        let own = bank_names::table.filter(bank_names::code.eq(banks::code));
        let has = bank_names::name_key.like(containing(text.as_str())).escape(ESCAPE);
        wanted = wanted.filter(exists(own.filter(has)));
    }
    if let Some(after) = page.after {
        wanted = wanted.filter(banks::code.gt(after.to_string()));
    }
    wanted.load::<BankRow>(connection)?.into_iter().map(bank).collect()
}

pub(super) fn by_code(connection: &mut DbConnection, codes: &[String]) -> QueryResult<Vec<Bank>> {
    let rows: Vec<BankRow> =
        banks::table.filter(banks::code.eq_any(codes)).order(banks::code).load(connection)?;
    rows.into_iter().map(bank).collect()
}

pub(super) fn named(connection: &mut DbConnection, wanted: &Wanted) -> QueryResult<Vec<(NameKey, Bank)>> {
    let rows: Vec<(Option<&NameKey>, (String, BankRow))> = rows_named!(
        connection,
        wanted,
        bank_names::table
            .inner_join(banks::table)
            .select((bank_names::name_key, (banks::code, banks::name)))
            .order((bank_names::name_key, bank_names::code)),
        bank_names::name_key,
        bank_names::name_key_reversed,
        bank_names::name_key_length,
        i64::from(FOUND_AT_MOST)
    );
    let meant = rows.into_iter().filter(|(wanted, (key, _))| is_meant(*wanted, key));
    let mut meant: Vec<(String, BankRow)> = meant.map(|(_, row)| row).collect();
    meant.sort_unstable();
    meant.dedup();
    meant.truncate(FOUND_AT_MOST.into());
    meant.into_iter().map(|(key, row)| Ok((NameKey::from_stored(key), bank(row)?))).collect()
}
