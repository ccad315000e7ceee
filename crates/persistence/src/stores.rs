use crate::Database;
use crate::news::Heard;
use square_kernel::Sealer;
use std::sync::Arc;

/// All store ports over one database. Cheap to clone.
///
/// Each clone remembers which word of changes it has passed on ([`hint`](square_changes::ports::ChangeLog::hint)).
/// Give everybody who waits for changes a clone of their own, and nobody misses any.
#[derive(Clone)]
pub struct Stores {
    pub(crate) database: Database,
    pub(crate) sealer: Arc<dyn Sealer>,
    pub(crate) heard: Heard,
}

impl Stores {
    /// Stores in `database`; what must be kept secret there is sealed by `sealer`.
    pub fn new(database: Database, sealer: Arc<dyn Sealer>) -> Self {
        Self { database, sealer, heard: Heard::default() }
    }
}
