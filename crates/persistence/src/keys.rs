//! Which keys things were made under, for the operator who wants to drop one.

use crate::Stores;
use crate::columns::{Moment, from_counter};
use crate::schema::accounts::sessions;
use crate::schema::changes::instances;
use diesel::dsl::{count_star, max, sql};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use jiff::Timestamp;
use square_kernel::Unavailable;
use std::time::Duration;

/// How long instances are watched: each that is alive counts up within this time.
const WATCHING: Duration = Duration::from_secs(3);

/// Sessions whose refresh tokens were made under one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedUnder {
    /// The id of the key; `None` for those of earlier versions, which did not note it.
    pub key: Option<String>,
    /// How many of them are not over.
    pub sessions: u64,
    /// When the last one is over if none is refreshed.
    pub until: Timestamp,
}

/// Accounts whose password hashes begin alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordMark {
    /// The first nine characters; who hashes passwords knows what they say.
    pub beginning: String,
    /// How many accounts have one.
    pub accounts: u64,
}

impl Stores {
    /// Under which keys the refresh tokens were made that are good at `now`.
    pub async fn sessions_by_key(&self, now: Timestamp) -> Result<Vec<IssuedUnder>, Unavailable> {
        let now = Moment::from(now);
        self.database
            .read(move |connection| {
                let rows: Vec<(Option<String>, i64, Option<Moment>)> = sessions::table
                    .filter(sessions::ended_at.is_null())
                    .filter(sessions::expires_at.gt(now))
                    .group_by(sessions::under_key)
                    .select((sessions::under_key, count_star(), max(sessions::expires_at)))
                    .order(sessions::under_key)
                    .load(connection)?;
                let issued = |(key, sessions, until): (_, _, Option<Moment>)| {
                    let sessions = from_counter("sessions", sessions)?;
                    Ok(IssuedUnder { key, sessions, until: until.map_or(now.at, |until| until.at) })
                };
                rows.into_iter().map(issued).collect()
            })
            .await
    }

    /// How password hashes begin.
    pub async fn password_marks(&self) -> Result<Vec<PasswordMark>, Unavailable> {
        let look = "SELECT SUBSTR(password_hash, 1, 9), COUNT(*) FROM accounts WHERE password_hash <> '' GROUP BY 1 ORDER BY 1";
        self.database
            .read(move |connection| {
                let rows: Vec<(String, i64)> = sql::<(Text, BigInt)>(look).load(connection)?;
                let mark = |(beginning, accounts)| {
                    Ok(PasswordMark { beginning, accounts: from_counter("accounts", accounts)? })
                };
                rows.into_iter().map(mark).collect()
            })
            .await
    }

    /// How many servers run on this database whose current key is another than this one's. One that was killed may be on the list, so
    /// this takes three seconds where there is any.
    pub async fn instances_under_other_keys(&self) -> Result<usize, Unavailable> {
        let before = self.others().await?;
        if before.is_empty() {
            return Ok(0);
        }
        tokio::time::sleep(WATCHING).await;
        let after = self.others().await?;
        Ok(after.iter().filter(|other| !before.contains(other)).count())
    }

    async fn others(&self) -> Result<Vec<(Vec<u8>, i64)>, Unavailable> {
        let key = self.sealer.current().to_string();
        self.database
            .read(move |connection| {
                let another = instances::under_key.is_null().or(instances::under_key.ne(&key));
                let columns = (instances::id, instances::beats);
                instances::table.filter(another.assume_not_null()).select(columns).load(connection)
            })
            .await
    }
}
