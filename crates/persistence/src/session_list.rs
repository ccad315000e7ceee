use crate::Stores;
use crate::accounts::lock;
use crate::columns::{Key, Moment};
use crate::consequences::ConsequenceRows;
use crate::schema::accounts::sessions;
use crate::sessions::{SessionRow, ended};
use async_trait::async_trait;
use diesel::prelude::*;
use jiff::Timestamp;
use square_accounts::ports::{Consequences, SessionList, SessionRecord};
use square_kernel::{Page, SessionId, Slice, Unavailable, UserId};

#[async_trait]
impl SessionList for Stores {
    async fn live(
        &self,
        user: UserId,
        at: Timestamp,
        page: Page<SessionId>,
    ) -> Result<Slice<SessionRecord, SessionId>, Unavailable> {
        let (user, at) = (Key(user.uuid()), Moment::from(at));
        let rows = self.database.read(move |connection| {
            let mut live = sessions::table
                .filter(sessions::user_id.eq(user))
                .filter(sessions::ended_at.is_null())
                .filter(sessions::expires_at.gt(at))
                .order(sessions::id.desc())
                .limit(i64::from(page.limit.get()) + 1)
                .into_boxed();
            if let Some(after) = page.after {
                live = live.filter(sessions::id.lt(Key(after.uuid())));
            }
            let rows: Vec<SessionRow> = live.load(connection)?;
            rows.into_iter().map(SessionRow::record).collect::<QueryResult<Vec<_>>>()
        });
        Ok(Slice::from_surplus(rows.await?, page.limit, |record| record.id))
    }

    async fn newest(&self, user: UserId, at_most: u32) -> Result<Vec<SessionRecord>, Unavailable> {
        let user = Key(user.uuid());
        self.database
            .read(move |connection| {
                let own = sessions::table.filter(sessions::user_id.eq(user));
                let rows: Vec<SessionRow> =
                    own.order(sessions::id.desc()).limit(at_most.into()).load(connection)?;
                rows.into_iter().map(SessionRow::record).collect()
            })
            .await
    }

    async fn end_own(
        &self,
        user: UserId,
        session: SessionId,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<bool, Unavailable> {
        let (user, at) = (Key(user.uuid()), Moment::from(at));
        let rows = ConsequenceRows::sealed(consequences, &*self.sealer)?;
        self.database
            .change(move |connection, changes| {
                let live = sessions::table
                    .find(Key(session.uuid()))
                    .filter(sessions::user_id.eq(user))
                    .filter(sessions::ended_at.is_null())
                    .filter(sessions::expires_at.gt(at));
                if diesel::update(live).set(sessions::ended_at.eq(at)).execute(connection)? == 0 {
                    return Ok(false);
                }
                rows.insert(connection)?;
                changes.add(ended(session, at.at));
                Ok(true)
            })
            .await
    }

    async fn end_others(
        &self,
        user: UserId,
        kept: SessionId,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<Vec<SessionId>, Unavailable> {
        let (user, kept, at) = (Key(user.uuid()), Key(kept.uuid()), Moment::from(at));
        let rows = ConsequenceRows::sealed(consequences, &*self.sealer)?;
        self.database
            .change(move |connection, changes| {
                // Nobody opens a session of this account, or ends several of them, from here on.
                if !lock(connection, user)? {
                    return Ok(Vec::new());
                }
                let others = sessions::table
                    .filter(sessions::user_id.eq(user))
                    .filter(sessions::id.ne(kept))
                    .filter(sessions::ended_at.is_null());
                // Changes nothing, but nobody ends one of them alone between the look and the write.
                diesel::update(others)
                    .set(sessions::generation.eq(sessions::generation))
                    .execute(connection)?;
                let ids: Vec<Key> = others.select(sessions::id).order(sessions::id).load(connection)?;
                if ids.is_empty() {
                    return Ok(Vec::new());
                }
                diesel::update(others).set(sessions::ended_at.eq(at)).execute(connection)?;
                rows.insert(connection)?;
                let ids: Vec<SessionId> = ids.into_iter().map(|id| id.0.into()).collect();
                for id in &ids {
                    changes.add(ended(*id, at.at));
                }
                Ok(ids)
            })
            .await
    }
}
