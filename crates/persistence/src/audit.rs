use crate::Stores;
use crate::columns::{Key, Moment, corrupt, count};
use crate::connection::DbConnection;
use crate::schema::accounts::audit_log;
use async_trait::async_trait;
use diesel::prelude::*;
use jiff::Timestamp;
use square_accounts::ports::{AuditFilter, AuditLog, AuditPosition};
use square_accounts::{Actor, AuditEntry, Device};
use square_kernel::Unavailable;

#[async_trait]
impl AuditLog for Stores {
    async fn entries(
        &self,
        filter: &AuditFilter,
        after: Option<AuditPosition>,
        at_most: u32,
    ) -> Result<Vec<AuditEntry>, Unavailable> {
        let filter = filter.clone();
        let rows = self.database.read(move |connection| {
            let mut query = audit_log::table.into_boxed();
            if let Some(user) = filter.user {
                let user = Key(user.uuid());
                query = query.filter(audit_log::user_id.eq(user).or(audit_log::actor_id.eq(user)));
            }
            if let Some(action) = filter.action {
                query = query.filter(audit_log::action.eq(action.as_str()));
            }
            if let Some(from) = filter.from {
                query = query.filter(audit_log::happened_at.ge(Moment::from(from)));
            }
            if let Some(until) = filter.until {
                query = query.filter(audit_log::happened_at.lt(Moment::from(until)));
            }
            if let Some(after) = after {
                let (at, id) = (Moment::from(after.at), Key(after.id.uuid()));
                let earlier = audit_log::happened_at.lt(at);
                query = query.filter(earlier.or(audit_log::happened_at.eq(at).and(audit_log::id.lt(id))));
            }
            query
                .order((audit_log::happened_at.desc(), audit_log::id.desc()))
                .limit(at_most.into())
                .load::<AuditRow>(connection)?
                .into_iter()
                .map(AuditRow::entry)
                .collect()
        });
        rows.await
    }

    async fn forget_entries(&self, before: Timestamp, at_most: u32) -> Result<u32, Unavailable> {
        let before = Moment::from(before);
        self.database
            .write(move |connection| {
                // Not every database deletes with a limit.
                let old = audit_log::table.filter(audit_log::happened_at.lt(before));
                let ids: Vec<Key> = old.select(audit_log::id).limit(at_most.into()).load(connection)?;
                let these = audit_log::table.filter(audit_log::id.eq_any(ids.iter().map(Key::bytes)));
                diesel::delete(these).execute(connection).map(count)
            })
            .await
    }
}

/// Erases from where the owner of an account did something. What others did to it they did from somewhere of theirs.
pub(crate) fn forget_whereabouts(connection: &mut DbConnection, user: Key) -> QueryResult<()> {
    let nowhere = (audit_log::address.eq(None::<String>), audit_log::agent.eq(None::<String>));
    // Two statements, since each finds its rows by an index.
    diesel::update(audit_log::table.filter(audit_log::actor_id.eq(user)))
        .set(nowhere.clone())
        .execute(connection)?;
    let by_strangers =
        audit_log::table.filter(audit_log::user_id.eq(user)).filter(audit_log::actor_id.is_null());
    diesel::update(by_strangers).set(nowhere).execute(connection).map(drop)
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = audit_log, treat_none_as_default_value = false)]
pub(crate) struct AuditRow {
    id: Key,
    happened_at: Moment,
    action: String,
    actor_id: Option<Key>,
    user_id: Option<Key>,
    address: Option<String>,
    agent: Option<String>,
    detail: Option<String>,
}

impl From<&AuditEntry> for AuditRow {
    fn from(entry: &AuditEntry) -> Self {
        let device = &entry.actor.device;
        Self {
            id: Key(entry.id.uuid()),
            happened_at: entry.at.into(),
            action: entry.action.as_str().to_owned(),
            actor_id: entry.actor.user.map(|user| Key(user.uuid())),
            user_id: entry.user.map(|user| Key(user.uuid())),
            address: device.address.clone(),
            agent: device.agent.clone(),
            detail: entry.detail.clone(),
        }
    }
}

impl AuditRow {
    pub(crate) fn insert(&self, connection: &mut DbConnection) -> QueryResult<()> {
        diesel::insert_into(audit_log::table).values(self).execute(connection).map(drop)
    }

    fn entry(self) -> QueryResult<AuditEntry> {
        let unknown = |()| corrupt("audit_log.action", format!("unknown word {:?}", self.action));
        Ok(AuditEntry {
            id: self.id.0.into(),
            at: self.happened_at.at,
            action: self.action.parse().map_err(unknown)?,
            actor: Actor {
                user: self.actor_id.map(|actor| actor.0.into()),
                device: Device { address: self.address, agent: self.agent, ..Device::default() },
            },
            user: self.user_id.map(|user| user.0.into()),
            detail: self.detail,
        })
    }
}
