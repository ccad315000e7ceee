use crate::Database;
use crate::connection::DbConnection;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use jiff::{SignedDuration, Timestamp};
use square_kernel::{Clock, SystemClock, Unavailable};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Differences below this, in microseconds, are not worth following: measuring is not more exact on a busy machine.
const INEXACT: i64 = 20_000;

/// The time of day as the database's machine has it, so that several instances agree on it whatever their own clocks
/// say: how old a token is, when a letter is due again.
///
/// Between two measurements it goes on with this machine's clock. On SQLite it is this machine's clock.
#[derive(Debug, Default)]
pub struct DatabaseClock {
    /// What has to be added to this machine's clock, in microseconds.
    ahead: AtomicI64,
}

impl DatabaseClock {
    /// This machine's clock until it is set.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Asks the database for the time. Half of the time that takes is the error at most. Call it now and then.
    pub async fn set(&self, database: &Database) -> Result<(), Unavailable> {
        let measured = database.read(|connection| {
            let before = Timestamp::now();
            let Some(theirs) = time_of_day(connection)? else { return Ok(0) };
            let after = Timestamp::now();
            let middle = before.as_microsecond().midpoint(after.as_microsecond());
            Ok(theirs - middle)
        });
        let ahead = measured.await?;
        if (ahead - self.ahead.load(Ordering::Relaxed)).abs() >= INEXACT {
            self.ahead.store(ahead, Ordering::Relaxed);
        }
        Ok(())
    }
}

impl Clock for DatabaseClock {
    fn now(&self) -> Timestamp {
        let now = SystemClock.now();
        let ahead = SignedDuration::from_micros(self.ahead.load(Ordering::Relaxed));
        now.checked_add(ahead).unwrap_or(now)
    }
}

/// Microseconds since 1970 on the database's machine; `None` where that is this one.
fn time_of_day(connection: &mut DbConnection) -> QueryResult<Option<i64>> {
    let expression = match connection {
        DbConnection::Sqlite(_) => None,
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(_) => Some("(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::bigint"),
        #[cfg(feature = "mysql")]
        DbConnection::Mysql(_) => Some("CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS SIGNED)"),
    };
    let ask = |expression| diesel::select(sql::<BigInt>(expression)).get_result(connection);
    expression.map(ask).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::TestDatabase;

    #[tokio::test]
    async fn a_clock_that_is_wrong_is_set_right() {
        let test = TestDatabase::new().await;
        let minute = SignedDuration::from_mins(1);
        for wrong in [minute, -minute] {
            let clock = DatabaseClock { ahead: AtomicI64::new(i64::try_from(wrong.as_micros()).unwrap()) };
            assert!(clock.now().duration_since(Timestamp::now()).abs() > SignedDuration::from_secs(59));
            clock.set(&test.database).await.unwrap();
            // The tests' databases run on the tests' machine.
            assert!(clock.now().duration_since(Timestamp::now()).abs() < SignedDuration::from_secs(5));
        }
    }
}
