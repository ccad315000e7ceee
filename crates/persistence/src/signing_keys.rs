use crate::Stores;
use crate::columns::Moment;
use crate::schema::accounts::signing_keys;
use crate::transaction::savepoint;
use async_trait::async_trait;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use square_accounts::ports::{SigningKeyStore, StoredSigningKey};
use square_kernel::{Sealed, Unavailable};

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
        };
        Ok(rows.await?.into_iter().map(key).collect())
    }

    async fn add_first(&self, key: &StoredSigningKey) -> Result<(), Unavailable> {
        let row = SigningKeyRow {
            kid: key.id.clone(),
            number: FIRST,
            private: key.private.0.clone(),
            created_at: key.created_at.into(),
        };
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
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = signing_keys, treat_none_as_default_value = false)]
struct SigningKeyRow {
    kid: String,
    number: i64,
    private: Vec<u8>,
    created_at: Moment,
}
