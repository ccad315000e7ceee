//! What the tests share: sample changes and a broker that does as a test says.

pub(crate) mod broker;

use jiff::Timestamp;
use square_changes::ports::{Outcome, Refusal};
use square_changes::{Action, Audience, Change, ChangeId, Channel};
use uuid::Uuid;

/// The `number`th change: all are updates of the same skill.
pub(crate) fn change(number: u64) -> Change {
    Change {
        number,
        id: ChangeId::from(Uuid::from_u128(u128::from(number))),
        channel: Channel::Skill,
        action: Action::Update,
        entity: Uuid::from_u128(0xABC),
        audience: Audience { everybody: true, ..Audience::default() },
        at: Timestamp::constant(1_767_225_600, 250_000_000),
    }
}

/// The first so many changes.
pub(crate) fn changes(count: u64) -> Vec<Change> {
    (1..=count).map(change).collect()
}

pub(crate) fn taken(delivered: usize) -> Outcome {
    Outcome { delivered, refusal: None }
}

pub(crate) fn put_off(delivered: usize, reason: impl Into<String>) -> Outcome {
    Outcome { delivered, refusal: Some(Refusal::Temporary(reason.into())) }
}

pub(crate) fn refused(delivered: usize, reason: impl Into<String>) -> Outcome {
    Outcome { delivered, refusal: Some(Refusal::Permanent(reason.into())) }
}
