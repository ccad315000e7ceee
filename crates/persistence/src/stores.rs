use crate::Database;
use square_kernel::Sealer;
use std::sync::Arc;

/// All store ports over one database. Cheap to clone.
#[derive(Clone)]
pub struct Stores {
    pub(crate) database: Database,
    pub(crate) sealer: Arc<dyn Sealer>,
}

impl Stores {
    /// Stores in `database`; what must be kept secret there is sealed by `sealer`.
    pub fn new(database: Database, sealer: Arc<dyn Sealer>) -> Self {
        Self { database, sealer }
    }
}
