use crate::Stores;
use crate::accounts::count_credentials;
use crate::changes::Record;
use crate::columns::{Key, Moment, corrupt, count};
use crate::connection::DbConnection;
use crate::consequences::ConsequenceRows;
use crate::rows::insert_all;
use crate::schema::accounts::{accounts, ended_sessions, sessions};
use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use jiff::Timestamp;
use square_accounts::ports::{Caller, Consequences, CredentialChange, Rotation, SessionRecord, SessionStore};
use square_changes::{Action, Channel};
use square_kernel::{KeyId, SessionId, Unavailable};

#[async_trait]
impl SessionStore for Stores {
    async fn open(
        &self,
        session: &SessionRecord,
        credentials: u32,
        consequences: &Consequences,
    ) -> Result<bool, Unavailable> {
        let rows = ConsequenceRows::sealed(consequences, &*self.sealer)?;
        let row = SessionRow::new(session, self.sealer.current());
        self.database
            .write(move |connection| {
                // Changes nothing, but holds the account until this transaction ends: where writers run side by
                // side, whatever ends the account's sessions comes before this one, and is seen, or finds it.
                let account = accounts::table
                    .find(row.user_id)
                    .filter(accounts::suspended.eq(false))
                    .filter(accounts::credentials.eq(i64::from(credentials)));
                let passed = accounts::mfa_enabled_at.is_null().or(row.second_factor.into_sql::<Bool>());
                if diesel::update(account.filter(passed))
                    .set(accounts::suspended.eq(false))
                    .execute(connection)?
                    == 0
                {
                    return Ok(false);
                }
                diesel::insert_into(sessions::table).values(&row).execute(connection)?;
                rows.insert(connection)?;
                Ok(true)
            })
            .await
    }

    async fn session(&self, session: SessionId) -> Result<Option<SessionRecord>, Unavailable> {
        self.database
            .read(move |connection| {
                let row: Option<SessionRow> =
                    sessions::table.find(Key(session.uuid())).first(connection).optional()?;
                row.map(SessionRow::record).transpose()
            })
            .await
    }

    async fn rotate(
        &self,
        session: SessionId,
        from: u32,
        at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<Rotation, Unavailable> {
        let at = Moment::from(at);
        let key = self.sealer.current().to_string();
        self.database
            .write(move |connection| {
                let session = sessions::table.find(Key(session.uuid()));
                // Nobody changes that one.
                let ends_at: Option<Option<Moment>> =
                    session.select(sessions::ends_at).first(connection).optional()?;
                let ends_at = ends_at.flatten().map_or(Timestamp::MAX, |ends| ends.at);
                let expires_at = Moment::from(expires_at.min(ends_at));
                let current = session
                    .filter(sessions::generation.eq(i64::from(from)))
                    .filter(sessions::ended_at.is_null())
                    .filter(sessions::expires_at.gt(at));
                let rotated = diesel::update(current)
                    .set((
                        sessions::generation.eq(i64::from(from) + 1),
                        sessions::rotated_at.eq(at),
                        sessions::expires_at.eq(expires_at),
                        sessions::under_key.eq(&key),
                    ))
                    .execute(connection)?;
                let row: Option<SessionRow> = session.first(connection).optional()?;
                Ok(match row {
                    Some(row) if rotated == 1 => Rotation::Rotated(row.record()?),
                    Some(row) => Rotation::Stale(row.record()?),
                    None => Rotation::Unknown,
                })
            })
            .await
    }

    async fn end(
        &self,
        session: SessionId,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<bool, Unavailable> {
        let rows = ConsequenceRows::sealed(consequences, &*self.sealer)?;
        let at = Moment::from(at);
        self.database
            .change(move |connection, changes| {
                let live = sessions::table.find(Key(session.uuid())).filter(sessions::ended_at.is_null());
                if diesel::update(live).set(sessions::ended_at.eq(at)).execute(connection)? == 0 {
                    return Ok(false);
                }
                rows.insert(connection)?;
                changes.add(ended(session, at.at));
                Ok(true)
            })
            .await
    }

    async fn ended_since(&self, since: Timestamp) -> Result<Vec<(SessionId, Timestamp)>, Unavailable> {
        let since = Moment::from(since);
        let rows = self.database.read(move |connection| {
            let mut ended: Vec<(Key, Moment)> = sessions::table
                .filter(sessions::ended_at.ge(since))
                .select((sessions::id, sessions::ended_at.assume_not_null()))
                .order(sessions::ended_at)
                .load(connection)?;
            let of_deleted = ended_sessions::table.filter(ended_sessions::ended_at.ge(since));
            let columns = (ended_sessions::id, ended_sessions::ended_at);
            ended.extend(of_deleted.select(columns).load::<(Key, Moment)>(connection)?);
            Ok(ended)
        });
        Ok(rows.await?.into_iter().map(|(id, ended)| (id.0.into(), ended.at)).collect())
    }

    async fn forget_expired(&self, before: Timestamp, at_most: u32) -> Result<u32, Unavailable> {
        let before = Moment::from(before);
        self.database
            .write(move |connection| {
                // Not every database deletes with a limit.
                let expired = sessions::table.filter(sessions::expires_at.lt(before));
                let ids: Vec<Key> = expired.select(sessions::id).limit(at_most.into()).load(connection)?;
                let these = expired.filter(sessions::id.eq_any(ids.iter().map(Key::bytes)));
                let forgotten = diesel::delete(these).execute(connection).map(count)?;
                let expired = ended_sessions::table.filter(ended_sessions::expires_at.lt(before));
                let rest = i64::from(at_most.saturating_sub(forgotten));
                let ids: Vec<Key> = expired.select(ended_sessions::id).limit(rest).load(connection)?;
                let these = expired.filter(ended_sessions::id.eq_any(ids.iter().map(Key::bytes)));
                diesel::delete(these).execute(connection).map(|more| forgotten + count(more))
            })
            .await
    }
}

/// Keeps of the sessions of an account that is about to go, all of which have ended, what tokens are refused by.
pub(crate) fn keep_the_end_of(connection: &mut DbConnection, user: Key) -> QueryResult<()> {
    let own = sessions::table.filter(sessions::user_id.eq(user)).filter(sessions::ended_at.is_not_null());
    let columns = (sessions::id, sessions::ended_at.assume_not_null(), sessions::expires_at);
    let rows: Vec<EndedRow> = own.select(columns).load(connection)?;
    insert_all!(connection, ended_sessions::table, rows)
}

/// Ends all sessions of an account that is locked, and gives those that had not ended yet.
pub(crate) fn end_all(connection: &mut DbConnection, user: Key, at: Moment) -> QueryResult<Vec<SessionId>> {
    let live = sessions::table.filter(sessions::user_id.eq(user)).filter(sessions::ended_at.is_null());
    // Changes nothing, but nobody else ends one of them between the look and the write.
    diesel::update(live).set(sessions::generation.eq(sessions::generation)).execute(connection)?;
    let ids: Vec<Key> = live.select(sessions::id).order(sessions::id).load(connection)?;
    diesel::update(live).set(sessions::ended_at.eq(at)).execute(connection)?;
    Ok(ids.into_iter().map(|id| id.0.into()).collect())
}

/// Holds the account and the session of whoever asks for a change; whether that is live and they may do what they might when they asked.
pub(crate) fn is_current(connection: &mut DbConnection, by: Caller) -> QueryResult<bool> {
    let user = Key(by.user.uuid());
    let as_asked = accounts::table
        .find(user)
        .filter(accounts::rights.eq(i64::from(by.rights)))
        .filter(accounts::suspended.eq(false));
    // Both change nothing, but whoever changes rights or ends sessions comes before this, and is seen, or waits.
    if diesel::update(as_asked).set(accounts::suspended.eq(false)).execute(connection)? == 0 {
        return Ok(false);
    }
    let live = sessions::table
        .find(Key(by.session.uuid()))
        .filter(sessions::user_id.eq(user))
        .filter(sessions::ended_at.is_null());
    let held = diesel::update(live).set(sessions::generation.eq(sessions::generation)).execute(connection)?;
    Ok(held == 1)
}

/// The same, where anybody in particular asks; the operator is not looked at.
pub(crate) fn is_still(connection: &mut DbConnection, by: Option<Caller>) -> QueryResult<bool> {
    by.map_or(Ok(true), |by| is_current(connection, by))
}

/// Ends all sessions of an account that is locked but the one that somebody calls in, and counts its credentials up.
pub(crate) fn shut_out_others(
    connection: &mut DbConnection,
    user: Key,
    by: Option<Caller>,
    at: Moment,
) -> QueryResult<CredentialChange> {
    let ended = match by {
        Some(by) => end_others(connection, user, Key(by.session.uuid()), at)?,
        None => end_all(connection, user, at)?,
    };
    let credentials = count_credentials(connection, user)?;
    Ok(CredentialChange { ended, credentials })
}

/// Ends all sessions of an account that is locked but one.
pub(crate) fn end_others(
    connection: &mut DbConnection,
    user: Key,
    kept: Key,
    at: Moment,
) -> QueryResult<Vec<SessionId>> {
    let live = sessions::table.filter(sessions::user_id.eq(user)).filter(sessions::ended_at.is_null());
    let others = live.filter(sessions::id.ne(kept));
    diesel::update(others).set(sessions::generation.eq(sessions::generation)).execute(connection)?;
    let ids: Vec<Key> = others.select(sessions::id).order(sessions::id).load(connection)?;
    diesel::update(others).set(sessions::ended_at.eq(at)).execute(connection)?;
    Ok(ids.into_iter().map(|id| id.0.into()).collect())
}

/// The change that the end of a session is.
pub(crate) fn ended(session: SessionId, at: Timestamp) -> Record {
    Record::internal(Channel::Session, Action::Delete, session.uuid(), at)
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = ended_sessions)]
struct EndedRow {
    id: Key,
    ended_at: Moment,
    expires_at: Moment,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = sessions, treat_none_as_default_value = false)]
pub(crate) struct SessionRow {
    id: Key,
    user_id: Key,
    generation: i64,
    rotated_at: Moment,
    created_at: Moment,
    expires_at: Moment,
    ended_at: Option<Moment>,
    address: Option<String>,
    agent: Option<String>,
    second_factor: bool,
    ends_at: Option<Moment>,
    under_key: Option<String>,
}

impl SessionRow {
    /// One whose refresh token is made under `key`.
    fn new(session: &SessionRecord, key: KeyId) -> Self {
        Self {
            id: Key(session.id.uuid()),
            user_id: Key(session.user.uuid()),
            generation: session.generation.into(),
            rotated_at: session.rotated_at.into(),
            created_at: session.created_at.into(),
            expires_at: session.expires_at.into(),
            ended_at: session.ended_at.map(Moment::from),
            address: session.address.clone(),
            agent: session.agent.clone(),
            second_factor: session.second_factor,
            ends_at: session.ends_at.map(Moment::from),
            under_key: Some(key.to_string()),
        }
    }

    pub(crate) fn record(self) -> QueryResult<SessionRecord> {
        let generation = u32::try_from(self.generation).map_err(|e| corrupt("sessions.generation", e))?;
        Ok(SessionRecord {
            id: self.id.0.into(),
            user: self.user_id.0.into(),
            generation,
            rotated_at: self.rotated_at.at,
            created_at: self.created_at.at,
            expires_at: self.expires_at.at,
            ends_at: self.ends_at.map(|ends| ends.at),
            ended_at: self.ended_at.map(|ended| ended.at),
            second_factor: self.second_factor,
            address: self.address,
            agent: self.agent,
        })
    }
}
