use crate::{AnswerStream, QuestionId, Router, WatchError};
use jiff::{SignedDuration, Timestamp};
use square_kernel::{Asker, Secret, Unavailable};

/// How long a ticket is good.
const GOOD_FOR: SignedDuration = SignedDuration::from_mins(1);

/// What the hash is made for, so that it is good for nothing else.
const PURPOSE: &str = "question ticket 1";

/// Lets whoever holds it read the events of one question for a minute, and nothing else: for clients that can send no
/// token but in a URL, where none belongs. Nothing is stored; every instance knows one by the installation's key.
#[derive(Debug, Clone)]
pub struct Ticket {
    /// To be sent back as it is.
    pub text: Secret,
    /// When it stops being good.
    pub expires_at: Timestamp,
}

/// Why a ticket opens nothing.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TicketError {
    /// It is no ticket for this question, or its time is over.
    #[error("the ticket is not good for this question, or no longer")]
    Rejected,
    /// The question has been deleted since.
    #[error("there is no such question")]
    NotFound,
    /// The log cannot be read.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<WatchError> for TicketError {
    fn from(error: WatchError) -> Self {
        match error {
            WatchError::NotFound => Self::NotFound,
            WatchError::Unavailable(cause) => Self::Unavailable(cause),
        }
    }
}

impl Router {
    /// A ticket for a question that `asker` may read.
    pub async fn ticket(&self, asker: &Asker, id: QuestionId) -> Result<Ticket, WatchError> {
        self.find(asker, id).await?;
        let expires_at = self.parts.clock.now() + GOOD_FOR;
        let seconds = expires_at.as_second();
        let text = Secret::new(format!("{seconds:x}.{}", self.mac(id, seconds)));
        Ok(Ticket { text, expires_at })
    }

    /// Like [`Router::watch`], for who holds a ticket.
    pub async fn watch_by_ticket(
        &self,
        ticket: &str,
        id: QuestionId,
        after: u32,
    ) -> Result<AnswerStream, TicketError> {
        self.check_ticket(ticket, id)?;
        Ok(self.watch_if(|_| Ok(()), id, after).await?)
    }

    /// Whether `ticket` is good for this question now.
    fn check_ticket(&self, ticket: &str, id: QuestionId) -> Result<(), TicketError> {
        let (seconds, mac) = ticket.split_once('.').ok_or(TicketError::Rejected)?;
        let seconds = i64::from_str_radix(seconds, 16).map_err(|_| TicketError::Rejected)?;
        let mac = bytes(mac).ok_or(TicketError::Rejected)?;
        // Also one of before the key was replaced.
        let genuine = self.parts.keyed_hash.matches(PURPOSE, message(id, seconds).as_bytes(), &mac);
        let good = genuine && self.parts.clock.now().as_second() < seconds;
        if good { Ok(()) } else { Err(TicketError::Rejected) }
    }

    fn mac(&self, id: QuestionId, seconds: i64) -> String {
        let mac = self.parts.keyed_hash.hash(PURPOSE, message(id, seconds).as_bytes());
        let digit = |half: u8| char::from_digit(half.into(), 16).unwrap_or_default();
        mac.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
    }
}

/// What the hash is made of.
fn message(id: QuestionId, seconds: i64) -> String {
    format!("{id} {seconds}")
}

/// The bytes that hex digits stand for.
fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = hex.chars().map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
    let byte = |pair: &[u32]| u8::try_from(pair.first()? * 16 + pair.get(1)?).ok();
    digits.chunks(2).map(byte).collect()
}
