use crate::ports::CastingRecords;
use square_kernel::{Clock, Randomness};
use std::sync::Arc;

/// The use cases on films, actors and who played whom, one file each. What an asker may not do or see is refused before anything is looked
/// up ([`CastingError`](crate::CastingError)).
pub struct Casting {
    pub(crate) records: Arc<dyn CastingRecords>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) randomness: Arc<dyn Randomness>,
}

impl Casting {
    /// Over these records.
    pub fn new(
        records: Arc<dyn CastingRecords>,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
    ) -> Self {
        Self { records, clock, randomness }
    }
}
