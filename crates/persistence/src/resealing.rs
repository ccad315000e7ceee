//! Sealing anew, under the current key, what was sealed under another one.
//!
//! Beside live instances: a value is replaced only while it is still the one that was opened, in transactions of a few rows each.
//! Killed, nothing is lost, and what is done is done; another run goes on with the rest.

mod columns;

use crate::Stores;
use crate::connection::DbConnection;
use columns::{
    Content, LetterContents, LetterRequests, OneTimeSecrets, OtpSecrets, ProviderTokens, RecoveryCodes,
    SealedColumn, SigningKeys, SkillSecrets, SkillSigningKeys,
};
use diesel::QueryResult;
use square_kernel::{KeyId, KeyedHash, Sealed, Sealer, Unavailable};
use std::collections::BTreeMap;
use std::sync::Arc;

/// So many rows are looked at in one transaction.
const BATCH: i64 = 200;

/// How many values of one kind name one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedValues {
    /// The kind: "letters", for example.
    pub what: &'static str,
    /// The key, known or not; `None` where they name none, and so cannot have been sealed by this program.
    pub key: Option<KeyId>,
    /// How many.
    pub values: u64,
}

/// How far sealing anew has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResealProgress {
    /// What is looked at now.
    pub what: &'static str,
    /// Values looked at so far.
    pub done: u64,
    /// Values there were in all at the beginning.
    pub total: u64,
}

/// What sealing anew has done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Values that are under the current key now and were not before.
    pub renewed: u64,
    /// Values that do not open, by kind: they are left as they are.
    pub unreadable: BTreeMap<&'static str, u64>,
}

/// Does `$work` for each column of sealed values.
macro_rules! for_each_column {
    ($column:ident => $work:expr) => {{
        {
            type $column = SigningKeys;
            $work
        }
        {
            type $column = SkillSecrets;
            $work
        }
        {
            type $column = SkillSigningKeys;
            $work
        }
        {
            type $column = OtpSecrets;
            $work
        }
        {
            type $column = RecoveryCodes;
            $work
        }
        {
            type $column = ProviderTokens;
            $work
        }
        {
            type $column = OneTimeSecrets;
            $work
        }
        {
            type $column = LetterRequests;
            $work
        }
        {
            type $column = LetterContents;
            $work
        }
    }};
}

impl Stores {
    /// How many values are sealed under which key.
    pub async fn sealed_values(&self) -> Result<Vec<SealedValues>, Unavailable> {
        let mut counts = BTreeMap::new();
        for_each_column!(Column => self.count::<Column>(&mut counts).await?);
        let values = |((what, key), values)| SealedValues { what, key, values };
        Ok(counts.into_iter().map(values).collect())
    }

    /// Seals everything anew that is not sealed under the current key, and computes from sealed copies what is looked up by a keyed hash.
    /// `tell` hears how far it has come. What instances that run with another key write meanwhile stays under theirs.
    pub async fn reseal(
        &self,
        keyed_hash: &Arc<dyn KeyedHash>,
        mut tell: impl FnMut(ResealProgress),
    ) -> Result<Resealed, Unavailable> {
        let total = self.sealed_values().await?.iter().map(|counted| counted.values).sum();
        let (mut done, mut resealed) = (0, Resealed::default());
        for_each_column!(Column => {
            let mut after = None;
            loop {
                tell(ResealProgress { what: Column::WHAT, done, total });
                let batch = self.reseal_batch::<Column>(after, keyed_hash).await?;
                done += batch.seen;
                resealed.renewed += batch.renewed;
                if batch.unreadable > 0 {
                    *resealed.unreadable.entry(Column::WHAT).or_default() += batch.unreadable;
                }
                after = batch.last;
                if after.is_none() {
                    break;
                }
            }
        });
        tell(ResealProgress { what: "", done: total, total });
        Ok(resealed)
    }

    async fn count<C: SealedColumn>(
        &self,
        counts: &mut BTreeMap<(&'static str, Option<KeyId>), u64>,
    ) -> Result<(), Unavailable> {
        let mut after = None;
        loop {
            let from = after.clone();
            let rows = self.database.read(move |connection| C::page(connection, from.as_ref(), BATCH));
            let rows = rows.await?;
            for row in &rows {
                *counts.entry((C::WHAT, self.sealer.key_of(&row.sealed))).or_default() += 1;
            }
            match rows.into_iter().last() {
                Some(last) => after = Some(last.key),
                None => return Ok(()),
            }
        }
    }

    async fn reseal_batch<C: SealedColumn>(
        &self,
        after: Option<C::Key>,
        keyed_hash: &Arc<dyn KeyedHash>,
    ) -> Result<Batch<C::Key>, Unavailable> {
        let (sealer, keyed_hash) = (Arc::clone(&self.sealer), Arc::clone(keyed_hash));
        let batch = self.database.write(move |connection| {
            let rows = C::page(connection, after.as_ref(), BATCH)?;
            let mut batch = Batch { seen: 0, renewed: 0, unreadable: 0, last: None };
            for row in rows {
                match renew::<C>(connection, &row, &*sealer, &*keyed_hash)? {
                    Outcome::Current | Outcome::Overtaken => {}
                    Outcome::Renewed => batch.renewed += 1,
                    Outcome::Unreadable => batch.unreadable += 1,
                }
                batch.seen += 1;
                batch.last = Some(row.key);
            }
            Ok(batch)
        });
        batch.await
    }
}

struct Batch<K> {
    seen: u64,
    renewed: u64,
    unreadable: u64,
    /// The key of the last row; `None` behind the last one of all.
    last: Option<K>,
}

enum Outcome {
    /// It is under the current key.
    Current,
    /// It was not, and is now.
    Renewed,
    /// Somebody else has written it meanwhile.
    Overtaken,
    /// It does not open.
    Unreadable,
}

fn renew<C: SealedColumn>(
    connection: &mut DbConnection,
    row: &Content<C>,
    sealer: &dyn Sealer,
    keyed_hash: &dyn KeyedHash,
) -> QueryResult<Outcome> {
    let renewed = match sealer.renewed(&C::purpose(&row.owner), &row.sealed) {
        Ok(None) => return Ok(Outcome::Current),
        Ok(Some(renewed)) => renewed,
        Err(error) => {
            tracing::error!(kind = C::WHAT, %error, "a sealed value cannot be sealed anew and stays as it is");
            return Ok(Outcome::Unreadable);
        }
    };
    let put = C::put(connection, row, &renewed, sealer, keyed_hash)?;
    Ok(if put { Outcome::Renewed } else { Outcome::Overtaken })
}
