use crate::Stores;
use crate::columns::{Key, Moment, corrupt, count};
use crate::connection::DbConnection;
use crate::consequences::ConsequenceRows;
use crate::schema::accounts::one_time_secrets;
use async_trait::async_trait;
use diesel::prelude::*;
use jiff::Timestamp;
use square_accounts::TokenDigest;
use square_accounts::ports::{Consequences, HeldSecret, NewSecret, OneTimeSecrets, Purpose};
use square_kernel::{Sealed, Sealer, Secret, Unavailable, UserId};

/// What payloads are sealed for.
pub(crate) const PAYLOAD: &str = "one-time-secret";

#[async_trait]
impl OneTimeSecrets for Stores {
    async fn issue(
        &self,
        secret: &NewSecret,
        at_most: u32,
        consequences: &Consequences,
    ) -> Result<bool, Unavailable> {
        let row = SecretRow::sealed(secret, &*self.sealer);
        let rows = ConsequenceRows::sealed(consequences, &*self.sealer)?;
        self.database
            .write(move |connection| {
                if let Some(user) = row.user_id {
                    // Nobody else gives this account a secret from here on.
                    if !crate::accounts::lock(connection, user)? {
                        return Ok(false);
                    }
                    let own = of(user, row.purpose);
                    diesel::delete(own.filter(one_time_secrets::expires_at.le(row.created_at)))
                        .execute(connection)?;
                    if own.count().get_result::<i64>(connection)? >= i64::from(at_most) {
                        return Ok(false);
                    }
                }
                row.insert(connection)?;
                rows.insert(connection)?;
                Ok(true)
            })
            .await
    }

    async fn look(
        &self,
        digest: &TokenDigest,
        purpose: Purpose,
        at: Timestamp,
    ) -> Result<Option<HeldSecret>, Unavailable> {
        let (digest, at) = (*digest, Moment::from(at));
        let found = self.database.read(move |connection| good(connection, &digest, purpose, at)).await?;
        found.map(|stored| stored.open(&*self.sealer)).transpose()
    }

    async fn newest_secret(
        &self,
        user: UserId,
        purpose: Purpose,
        at: Timestamp,
    ) -> Result<Option<HeldSecret>, Unavailable> {
        let (user, at) = (Key(user.uuid()), Moment::from(at));
        let found = self.database.read(move |connection| {
            let good = of(user, purpose.as_str()).filter(one_time_secrets::expires_at.gt(at));
            let newest = good.order((one_time_secrets::created_at.desc(), one_time_secrets::digest));
            let columns =
                (one_time_secrets::user_id, one_time_secrets::payload, one_time_secrets::attempts_left);
            newest.select(columns).first::<StoredSecret>(connection).optional()
        });
        found.await?.map(|stored| stored.open(&*self.sealer)).transpose()
    }

    async fn attempt(
        &self,
        digest: &TokenDigest,
        purpose: Purpose,
        at: Timestamp,
    ) -> Result<Option<HeldSecret>, Unavailable> {
        let (digest, at) = (*digest, Moment::from(at));
        let attempted = self.database.write(move |connection| {
            let left = one_time_secrets::table
                .filter(one_time_secrets::digest.eq(digest.0.as_slice()))
                .filter(one_time_secrets::purpose.eq(purpose.as_str()))
                .filter(one_time_secrets::expires_at.gt(at))
                .filter(one_time_secrets::attempts_left.gt(0));
            let used = diesel::update(left)
                .set(one_time_secrets::attempts_left.eq(one_time_secrets::attempts_left - 1))
                .execute(connection)?;
            if used == 0 { Ok(None) } else { good(connection, &digest, purpose, at) }
        });
        attempted.await?.map(|stored| stored.open(&*self.sealer)).transpose()
    }

    async fn spend(
        &self,
        digest: &TokenDigest,
        purpose: Purpose,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<Option<HeldSecret>, Unavailable> {
        let (digest, at) = (*digest, Moment::from(at));
        let rows = ConsequenceRows::sealed(consequences, &*self.sealer)?;
        let spent = self.database.write(move |connection| {
            let Some(held) = good(connection, &digest, purpose, at)? else { return Ok(None) };
            if !claim(connection, &digest, purpose, at)? {
                return Ok(None);
            }
            rows.insert(connection)?;
            Ok(Some(held))
        });
        spent.await?.map(|stored| stored.open(&*self.sealer)).transpose()
    }

    async fn forget_expired_secrets(&self, before: Timestamp, at_most: u32) -> Result<u32, Unavailable> {
        let before = Moment::from(before);
        self.database
            .write(move |connection| {
                // Not every database deletes with a limit.
                let expired = one_time_secrets::table.filter(one_time_secrets::expires_at.lt(before));
                let digests: Vec<Vec<u8>> =
                    expired.select(one_time_secrets::digest).limit(at_most.into()).load(connection)?;
                let these = one_time_secrets::table.filter(one_time_secrets::digest.eq_any(digests));
                diesel::delete(these).execute(connection).map(count)
            })
            .await
    }
}

/// Spends a secret: `false` when it is unknown, spent, expired or for something else. Of any number of transactions one gets
/// `true`, since only one deletes the row.
pub(crate) fn claim(
    connection: &mut DbConnection,
    digest: &TokenDigest,
    purpose: Purpose,
    at: Moment,
) -> QueryResult<bool> {
    let good = one_time_secrets::table
        .filter(one_time_secrets::digest.eq(digest.0.as_slice()))
        .filter(one_time_secrets::purpose.eq(purpose.as_str()))
        .filter(one_time_secrets::expires_at.gt(at));
    Ok(diesel::delete(good).execute(connection)? == 1)
}

/// Whose a secret is, also one that has expired.
pub(crate) fn owner(
    connection: &mut DbConnection,
    digest: &TokenDigest,
    purpose: Purpose,
) -> QueryResult<Option<Key>> {
    let one = one_time_secrets::table
        .filter(one_time_secrets::digest.eq(digest.0.as_slice()))
        .filter(one_time_secrets::purpose.eq(purpose.as_str()));
    Ok(one.select(one_time_secrets::user_id).first(connection).optional()?.flatten())
}

/// Deletes all secrets of an account for one purpose.
pub(crate) fn drop_all(connection: &mut DbConnection, user: Key, purpose: Purpose) -> QueryResult<()> {
    diesel::delete(of(user, purpose.as_str())).execute(connection).map(drop)
}

/// How many secrets of an account for one purpose are good at `at`; those that are good no more are deleted.
pub(crate) fn count_good(
    connection: &mut DbConnection,
    user: Key,
    purpose: Purpose,
    at: Moment,
) -> QueryResult<i64> {
    let own = of(user, purpose.as_str());
    diesel::delete(own.filter(one_time_secrets::expires_at.le(at))).execute(connection)?;
    own.count().get_result(connection)
}

#[diesel::dsl::auto_type]
fn of(user: Key, purpose: &'static str) -> _ {
    one_time_secrets::table
        .filter(one_time_secrets::user_id.eq(user))
        .filter(one_time_secrets::purpose.eq(purpose))
}

fn good(
    connection: &mut DbConnection,
    digest: &TokenDigest,
    purpose: Purpose,
    at: Moment,
) -> QueryResult<Option<StoredSecret>> {
    let one = one_time_secrets::table
        .filter(one_time_secrets::digest.eq(digest.0.as_slice()))
        .filter(one_time_secrets::purpose.eq(purpose.as_str()))
        .filter(one_time_secrets::expires_at.gt(at));
    let columns = (one_time_secrets::user_id, one_time_secrets::payload, one_time_secrets::attempts_left);
    one.select(columns).first(connection).optional()
}

#[derive(Queryable)]
struct StoredSecret {
    user: Option<Key>,
    payload: Option<Vec<u8>>,
    attempts_left: i64,
}

impl StoredSecret {
    fn open(self, sealer: &dyn Sealer) -> Result<HeldSecret, Unavailable> {
        let open = |sealed| -> Result<Secret, Unavailable> {
            let plain = sealer.open(PAYLOAD, &Sealed(sealed)).map_err(Unavailable::new)?;
            std::str::from_utf8(&plain).map(Secret::new).map_err(Unavailable::new)
        };
        Ok(HeldSecret {
            user: self.user.map(|user| UserId::from(user.0)),
            payload: self.payload.map(open).transpose()?,
            attempts_left: u32::try_from(self.attempts_left)
                .map_err(|error| Unavailable::new(corrupt("one_time_secrets.attempts_left", error)))?,
        })
    }
}

#[derive(Insertable)]
#[diesel(table_name = one_time_secrets, treat_none_as_default_value = false)]
pub(crate) struct SecretRow {
    digest: Vec<u8>,
    purpose: &'static str,
    user_id: Option<Key>,
    payload: Option<Vec<u8>>,
    attempts_left: i64,
    created_at: Moment,
    expires_at: Moment,
}

impl SecretRow {
    pub(crate) fn sealed(new: &NewSecret, sealer: &dyn Sealer) -> Self {
        let seal = |payload: &Secret| sealer.seal(PAYLOAD, payload.expose().as_bytes()).0;
        Self {
            digest: new.digest.0.to_vec(),
            purpose: new.purpose.as_str(),
            user_id: new.user.map(|user| Key(user.uuid())),
            payload: new.payload.as_ref().map(seal),
            attempts_left: new.attempts.into(),
            created_at: new.created_at.into(),
            expires_at: new.expires_at.into(),
        }
    }

    pub(crate) fn insert(&self, connection: &mut DbConnection) -> QueryResult<()> {
        diesel::insert_into(one_time_secrets::table).values(self).execute(connection).map(drop)
    }
}
