use crate::audit::AuditRow;
use crate::connection::DbConnection;
use crate::letters::LetterRow;
use diesel::QueryResult;
use square_accounts::ports::Consequences;
use square_kernel::{Sealer, Unavailable};

/// What is stored with a change, ready for its transaction.
pub(crate) struct ConsequenceRows {
    letters: Vec<LetterRow>,
    audit: Vec<AuditRow>,
}

impl ConsequenceRows {
    /// Seals what must be sealed. Costs time, so it is done ahead of the transaction.
    pub(crate) fn sealed(consequences: &Consequences, sealer: &dyn Sealer) -> Result<Self, Unavailable> {
        let letters = consequences.letters.iter().map(|letter| LetterRow::sealed(letter, sealer));
        let audit = consequences.audit.iter().map(AuditRow::from);
        Ok(Self { letters: letters.collect::<Result<_, _>>()?, audit: audit.collect() })
    }

    /// Stores all of it.
    pub(crate) fn insert(&self, connection: &mut DbConnection) -> QueryResult<()> {
        self.letters.iter().try_for_each(|letter| letter.insert(connection))?;
        self.audit.iter().try_for_each(|entry| entry.insert(connection))
    }
}
