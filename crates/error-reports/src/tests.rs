mod layer;
mod rollbar;
mod scrub;
mod worker;

use crate::fields::Fields;
use crate::intake::{Kind, Occurrence};
use jiff::Timestamp;

/// An error with this message.
fn error(message: &str) -> Occurrence {
    Occurrence {
        at: Timestamp::UNIX_EPOCH,
        kind: Kind::Error,
        message: message.to_owned(),
        target: "square_tests",
        place: Some(("crates/tests/src/lib.rs".to_owned(), 7)),
        fields: Fields::default(),
    }
}
