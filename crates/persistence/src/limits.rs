mod pool;

use crate::Stores;
use crate::columns::{Moment, count};
use crate::connection::DbConnection;
use crate::schema::limits::limits;
use async_trait::async_trait;
use diesel::prelude::*;
use jiff::Timestamp;
use square_kernel::Unavailable;
use square_limits::ports::Limits;
use square_limits::{Charge, TooMany};

#[async_trait]
impl Limits for Stores {
    async fn spend(&self, charges: &[Charge], now: Timestamp) -> Result<Result<(), TooMany>, Unavailable> {
        if charges.is_empty() {
            return Ok(Ok(()));
        }
        let charges = in_order(charges);
        self.database
            .write(move |connection| {
                let held = hold(connection, &charges)?;
                let spent: Vec<_> = charges
                    .iter()
                    .zip(&held)
                    .map(|(charge, full_at)| charge.quota.spend(full_at.unwrap_or(now), now))
                    .collect();
                if let Some(retry_after) = spent.iter().filter_map(|spent| spent.err()).max() {
                    return Ok(Err(TooMany { retry_after }));
                }
                for ((charge, held), full_at) in charges.iter().zip(held).zip(spent.into_iter().flatten()) {
                    if held.is_some() {
                        set(connection, charge, full_at)?;
                    } else {
                        // Where another one was faster, this transaction begins anew and finds the row.
                        let row = (limits::digest.eq(&charge.key.0[..]), full_at_is(full_at));
                        diesel::insert_into(limits::table).values(row).execute(connection)?;
                    }
                }
                Ok(Ok(()))
            })
            .await
    }

    async fn give_back(&self, charges: &[Charge], now: Timestamp) -> Result<(), Unavailable> {
        if charges.is_empty() {
            return Ok(());
        }
        let charges = in_order(charges);
        self.database
            .write(move |connection| {
                let held = hold(connection, &charges)?;
                for (charge, full_at) in charges.iter().zip(held) {
                    if let Some(full_at) = full_at {
                        set(connection, charge, charge.quota.give_back(full_at, now))?;
                    }
                }
                Ok(())
            })
            .await
    }

    async fn forget_full(&self, now: Timestamp, at_most: u32) -> Result<u32, Unavailable> {
        let now = Moment::from(now);
        self.database
            .write(move |connection| {
                // Not every database deletes with a limit. Who is spent from meanwhile is not full any more.
                let full = limits::table.filter(limits::full_at.le(now));
                let digests: Vec<Vec<u8>> =
                    full.select(limits::digest).limit(at_most.into()).load(connection)?;
                let these = full.filter(limits::digest.eq_any(digests.iter().map(Vec::as_slice)));
                diesel::delete(these).execute(connection).map(count)
            })
            .await
    }
}

/// In the order in which everybody holds budgets, so that nobody waits for somebody who waits for them.
fn in_order(charges: &[Charge]) -> Vec<Charge> {
    let mut charges = charges.to_vec();
    charges.sort_unstable_by_key(|charge| charge.key);
    charges
}

/// When each budget is full again, as far as it is known; from here on nobody else spends from those that are.
fn hold(connection: &mut DbConnection, charges: &[Charge]) -> QueryResult<Vec<Option<Timestamp>>> {
    let hold = |charge: &Charge| {
        let budget = limits::table.find(&charge.key.0[..]);
        let held = diesel::update(budget).set(limits::full_at.eq(limits::full_at));
        if held.execute(connection)? == 0 {
            return Ok(None);
        }
        let full_at: Moment = budget.select(limits::full_at).first(connection)?;
        Ok(Some(full_at.at))
    };
    charges.iter().map(hold).collect()
}

fn set(connection: &mut DbConnection, charge: &Charge, full_at: Timestamp) -> QueryResult<()> {
    let budget = limits::table.find(&charge.key.0[..]);
    diesel::update(budget).set(full_at_is(full_at)).execute(connection).map(drop)
}

fn full_at_is(full_at: Timestamp) -> diesel::dsl::Eq<limits::full_at, Moment> {
    limits::full_at.eq(Moment::from(full_at))
}
