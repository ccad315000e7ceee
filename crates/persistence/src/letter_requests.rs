use crate::Stores;
use crate::columns::{Key, Moment};
use crate::connection::DbConnection;
use crate::schema::limits::letter_requests;
use async_trait::async_trait;
use diesel::prelude::*;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use square_accounts::ports::{LetterRequest, LetterRequestId, LetterRequests, RequestedLetter};
use square_accounts::{Device, EmailAddress};
use square_kernel::{SealBroken, Sealed, Unavailable};
use std::error::Error;

/// What requests are sealed for: they hold addresses of people of whom nothing else is known.
pub(crate) const PURPOSE: &str = "letter-request";

/// For so long a request is kept whose key nobody knows.
const WITHOUT_KEY: SignedDuration = SignedDuration::from_hours(24);

#[async_trait]
impl LetterRequests for Stores {
    async fn ask(&self, request: &LetterRequest) -> Result<(), Unavailable> {
        let content = Content {
            to: request.to.as_str().to_owned(),
            address: request.device.address.clone(),
            agent: request.device.agent.clone(),
        };
        let json = serde_json::to_vec(&content).map_err(Unavailable::new)?;
        let row = RequestRow {
            id: Key(request.id.uuid()),
            letter: request.letter.as_str().to_owned(),
            content: self.sealer.seal(PURPOSE, &json).0,
            asked_at: request.at.into(),
            due_at: request.at.into(),
        };
        let insert = move |connection: &mut DbConnection| {
            diesel::insert_into(letter_requests::table).values(&row).execute(connection).map(drop)
        };
        self.database.write(insert).await
    }

    async fn take_request(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Option<LetterRequest>, Unavailable> {
        let (now, lease_until) = (Moment::from(now), Moment::from(lease_until));
        loop {
            // Hardly ever is there anything, so those who write are not disturbed.
            if self.database.read(move |connection| oldest(connection, now)).await?.is_none() {
                return Ok(None);
            }
            let take = move |connection: &mut DbConnection| {
                let Some(row) = oldest(connection, now)? else { return Ok(None) };
                let due = letter_requests::table.find(row.id).filter(letter_requests::due_at.le(now));
                let taken = diesel::update(due).set(letter_requests::due_at.eq(lease_until));
                Ok(if taken.execute(connection)? == 1 { Some(row) } else { None })
            };
            // Where another one was faster there may be one more.
            let Some(row) = self.database.write(take).await? else { continue };
            let (id, waits_until) = (row.id.0.into(), waits_until(row.asked_at.at));
            let read = self.read_request(row).map_err(|error| (is_unknown_key(&*error), error.to_string()));
            match read {
                Ok(request) => return Ok(Some(request)),
                // Whoever knows the key takes it when the lease is over, be it this instance with other settings.
                Err((true, error)) if now.at < waits_until => {
                    tracing::error!(request = %id, error, "a request for a letter waits for its key");
                }
                Err((_, error)) => {
                    // One that nobody can read must not stand in the way of all that come after it.
                    tracing::error!(request = %id, error, "a request for a letter cannot be read and is dropped");
                    self.answered(id).await?;
                }
            }
        }
    }

    async fn answered(&self, id: LetterRequestId) -> Result<(), Unavailable> {
        let request = letter_requests::table.find(Key(id.uuid()));
        self.database.write(move |connection| diesel::delete(request).execute(connection).map(drop)).await
    }
}

/// Until when a request waits for its key.
fn waits_until(asked_at: Timestamp) -> Timestamp {
    asked_at.checked_add(WITHOUT_KEY).unwrap_or(Timestamp::MAX)
}

fn is_unknown_key(error: &(dyn Error + 'static)) -> bool {
    matches!(error.downcast_ref(), Some(SealBroken::UnknownKey(_)))
}

fn oldest(connection: &mut DbConnection, now: Moment) -> QueryResult<Option<RequestRow>> {
    let due = letter_requests::table.filter(letter_requests::due_at.le(now));
    due.order((letter_requests::asked_at, letter_requests::id)).first(connection).optional()
}

impl Stores {
    fn read_request(&self, row: RequestRow) -> Result<LetterRequest, Box<dyn Error>> {
        let json = self.sealer.open(PURPOSE, &Sealed(row.content))?;
        let content: Content = serde_json::from_slice(&json)?;
        let letter = RequestedLetter::ALL.into_iter().find(|letter| letter.as_str() == row.letter);
        Ok(LetterRequest {
            id: row.id.0.into(),
            letter: letter.ok_or("nobody knows this letter")?,
            to: EmailAddress::parse(&content.to)?,
            device: Device { address: content.address, agent: content.agent, ..Device::default() },
            at: row.asked_at.at,
        })
    }
}

/// The form that is sealed, as JSON.
#[derive(Serialize, Deserialize)]
struct Content {
    to: String,
    address: Option<String>,
    agent: Option<String>,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = letter_requests, treat_none_as_default_value = false)]
struct RequestRow {
    id: Key,
    letter: String,
    content: Vec<u8>,
    asked_at: Moment,
    due_at: Moment,
}
