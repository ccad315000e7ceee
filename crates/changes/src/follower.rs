use crate::change::Change;
use crate::ports::ChangeLog;
use square_kernel::Unavailable;
use std::sync::Arc;

/// How many changes are read at once.
const BATCH: u32 = 500;

/// What a look at the log of changes brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// Nothing new.
    None,
    /// These, in order. There may be more.
    Changes(Vec<Arc<Change>>),
    /// The log is not the one that was followed before (a backup was put in its place): whatever was derived from it
    /// has to be read anew.
    AllNew,
}

/// Follows the log of changes from the moment it is made.
pub struct Follower {
    log: Arc<dyn ChangeLog>,
    position: u64,
}

impl Follower {
    /// Follows from here on. Make it before reading what it is to keep up to date, so that nothing falls in between.
    pub async fn new(log: Arc<dyn ChangeLog>) -> Result<Self, Unavailable> {
        let position = log.head().await?;
        Ok(Self { log, position })
    }

    /// What has come since the last call.
    pub async fn next(&mut self) -> Result<News, Unavailable> {
        let head = self.log.head().await?;
        if head < self.position {
            self.position = head;
            return Ok(News::AllNew);
        }
        if head == self.position {
            return Ok(News::None);
        }
        let changes = self.log.after(self.position, BATCH).await?;
        let Some(last) = changes.last() else { return Ok(News::None) };
        self.position = last.number;
        Ok(News::Changes(changes.into_iter().map(Arc::new).collect()))
    }

    /// Returns when there may be something new; see [`ChangeLog::hint`].
    pub async fn hint(&self) {
        self.log.hint().await;
    }
}
