use crate::Stores;
use crate::columns::{Key, Moment, corrupt, count, from_counter};
use crate::schema::accounts::letters;
use async_trait::async_trait;
use diesel::dsl::min;
use diesel::prelude::*;
use jiff::Timestamp;
use square_accounts::LetterId;
use square_accounts::ports::{Backlog, LetterShelf, ShelvedLetter};
use square_kernel::Unavailable;

#[async_trait]
impl LetterShelf for Stores {
    async fn backlog(&self) -> Result<Backlog, Unavailable> {
        self.database
            .read(|connection| {
                let waiting = letters::table.filter(letters::due_at.is_not_null());
                let oldest: Option<Moment> = waiting.select(min(letters::created_at)).first(connection)?;
                Ok(Backlog {
                    waiting: from_counter("letters", waiting.count().get_result(connection)?)?,
                    oldest: oldest.map(|oldest| oldest.at),
                    set_aside: from_counter("letters", shelved().count().get_result(connection)?)?,
                })
            })
            .await
    }

    async fn shelved(&self, at_most: u32) -> Result<Vec<ShelvedLetter>, Unavailable> {
        self.database
            .read(move |connection| {
                let columns = (
                    letters::id,
                    letters::occasion,
                    letters::attempts,
                    letters::created_at,
                    letters::set_aside_at.assume_not_null(),
                    letters::reason,
                );
                let rows: Vec<ShelvedRow> = shelved()
                    .order((letters::set_aside_at, letters::id))
                    .limit(at_most.into())
                    .select(columns)
                    .load(connection)?;
                rows.into_iter().map(ShelvedRow::letter).collect()
            })
            .await
    }

    async fn replay_letters(&self, which: Option<LetterId>, at: Timestamp) -> Result<u32, Unavailable> {
        let again = (
            letters::due_at.eq(Moment::from(at)),
            letters::set_aside_at.eq(None::<Moment>),
            letters::attempts.eq(0),
        );
        self.database
            .write(move |connection| {
                let replayed = match which {
                    Some(id) => {
                        let one = shelved().filter(letters::id.eq(Key(id.uuid())));
                        diesel::update(one).set(again).execute(connection)
                    }
                    None => diesel::update(shelved()).set(again).execute(connection),
                };
                replayed.map(count)
            })
            .await
    }

    async fn discard_letters(&self, which: Option<LetterId>) -> Result<u32, Unavailable> {
        self.database
            .write(move |connection| {
                let discarded = match which {
                    Some(id) => {
                        let one = shelved().filter(letters::id.eq(Key(id.uuid())));
                        diesel::delete(one).execute(connection)
                    }
                    None => diesel::delete(shelved()).execute(connection),
                };
                discarded.map(count)
            })
            .await
    }
}

/// Those that were given up, and not sent by another one at that very time.
#[diesel::dsl::auto_type]
fn shelved() -> _ {
    letters::table.filter(letters::set_aside_at.is_not_null()).filter(letters::sent_at.is_null())
}

#[derive(Queryable)]
struct ShelvedRow {
    id: Key,
    occasion: String,
    attempts: i64,
    created_at: Moment,
    set_aside_at: Moment,
    reason: Option<String>,
}

impl ShelvedRow {
    fn letter(self) -> QueryResult<ShelvedLetter> {
        Ok(ShelvedLetter {
            id: self.id.0.into(),
            occasion: self.occasion,
            attempts: u32::try_from(self.attempts).map_err(|error| corrupt("letters.attempts", error))?,
            caused_at: self.created_at.at,
            set_aside_at: self.set_aside_at.at,
            reason: self.reason.unwrap_or_default(),
        })
    }
}
