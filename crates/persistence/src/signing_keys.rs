use crate::Stores;
use crate::changes::{Changes, Record};
use crate::columns::{Moment, count};
use crate::connection::DbConnection;
use crate::schema::accounts::signing_keys;
use crate::transaction::savepoint;
use async_trait::async_trait;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use jiff::Timestamp;
use square_accounts::ports::{SigningKeyStore, StoredSigningKey};
use square_changes::{Action, Channel};
use square_kernel::{Sealed, Unavailable};
use uuid::Uuid;

/// The number of the first key.
const FIRST: i64 = 1;

#[async_trait]
impl SigningKeyStore for Stores {
    async fn all(&self) -> Result<Vec<StoredSigningKey>, Unavailable> {
        let rows = self.database.read(|connection| {
            signing_keys::table.order(signing_keys::number.desc()).load::<SigningKeyRow>(connection)
        });
        let key = |row: SigningKeyRow| StoredSigningKey {
            id: row.kid,
            private: Sealed(row.private),
            created_at: row.created_at.at,
            signs_from: row.signs_at.at,
        };
        Ok(rows.await?.into_iter().map(key).collect())
    }

    async fn add_first(&self, key: &StoredSigningKey) -> Result<(), Unavailable> {
        let row = SigningKeyRow::new(key, FIRST);
        self.database
            .write(move |connection| {
                if signing_keys::table.count().get_result::<i64>(connection)? > 0 {
                    return Ok(());
                }
                let insert = diesel::insert_into(signing_keys::table).values(&row);
                match savepoint(connection, |connection| insert.execute(connection)) {
                    // Another instance, starting at the same time, was faster.
                    Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(()),
                    outcome => outcome.map(drop),
                }
            })
            .await
    }

    async fn add_next(&self, key: &StoredSigningKey, expected: &str) -> Result<bool, Unavailable> {
        let (key, expected) = (key.clone(), expected.to_owned());
        self.database.change(move |connection, changes| add(connection, changes, &key, &expected)).await
    }

    async fn replace_all(&self, key: &StoredSigningKey, expected: &str) -> Result<Option<u32>, Unavailable> {
        let (key, expected) = (key.clone(), expected.to_owned());
        self.database
            .change(move |connection, changes| {
                if !add(connection, changes, &key, &expected)? {
                    return Ok(None);
                }
                let others = signing_keys::table.filter(signing_keys::kid.ne(&key.id));
                let gone = diesel::delete(others).execute(connection)?;
                changes.add(told(Action::Delete, key.created_at));
                Ok(Some(count(gone)))
            })
            .await
    }

    async fn retire(&self, ids: &[String], at: Timestamp) -> Result<u32, Unavailable> {
        let ids = ids.to_vec();
        self.database
            .change(move |connection, changes| {
                let Some((newest, _)) = newest(connection)? else { return Ok(0) };
                let ids = ids.iter().map(String::as_str).filter(|id| *id != newest);
                let these = signing_keys::table.filter(signing_keys::kid.eq_any(ids));
                let retired = diesel::delete(these).execute(connection)?;
                if retired > 0 {
                    changes.add(told(Action::Delete, at));
                }
                Ok(count(retired))
            })
            .await
    }
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = signing_keys, treat_none_as_default_value = false)]
struct SigningKeyRow {
    kid: String,
    number: i64,
    private: Vec<u8>,
    created_at: Moment,
    signs_at: Moment,
}

impl SigningKeyRow {
    fn new(key: &StoredSigningKey, number: i64) -> Self {
        Self {
            kid: key.id.clone(),
            number,
            private: key.private.0.clone(),
            created_at: key.created_at.into(),
            signs_at: key.signs_from.into(),
        }
    }
}

/// Stores a key that comes after the one called `expected`; whether that is the newest still.
fn add(
    connection: &mut DbConnection,
    changes: &mut Changes,
    key: &StoredSigningKey,
    expected: &str,
) -> QueryResult<bool> {
    let Some((id, number)) = newest(connection)?.filter(|(id, _)| id == expected) else {
        return Ok(false);
    };
    // Changes nothing, but it is not taken away before this one is there.
    let held = signing_keys::table.find(&id);
    if diesel::update(held).set(signing_keys::number.eq(number)).execute(connection)? == 0 {
        return Ok(false);
    }
    let row = SigningKeyRow::new(key, number + 1);
    let insert = diesel::insert_into(signing_keys::table).values(&row);
    match savepoint(connection, |connection| insert.execute(connection)) {
        // Another instance was faster.
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => return Ok(false),
        outcome => outcome?,
    };
    changes.add(told(Action::Create, key.created_at));
    Ok(true)
}

/// Name and number of the newest key.
fn newest(connection: &mut DbConnection) -> QueryResult<Option<(String, i64)>> {
    let columns = (signing_keys::kid, signing_keys::number);
    signing_keys::table.order(signing_keys::number.desc()).select(columns).first(connection).optional()
}

fn told(action: Action, at: Timestamp) -> Record {
    Record::internal(Channel::SigningKey, action, Uuid::nil(), at)
}
