use crate::change::{Change, ChangeId};
use crate::ports::ChangeLog;
use square_kernel::Unavailable;
use std::sync::Arc;

/// How many changes are read at once.
const BATCH: u32 = 500;

/// What a look at the log of changes brought. It is told once: whoever cannot make use of it at the moment keeps
/// it and tries again before looking further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// Nothing new.
    None,
    /// These, in order. There may be more.
    Changes(Vec<Arc<Change>>),
    /// The log does not go on where it was left: a backup was put in its place, or it was not looked at for so long
    /// that changes were forgotten unseen. Whatever was derived from it has to be read anew.
    AllNew,
}

/// Follows the log of changes from the moment it is made.
pub struct Follower {
    log: Arc<dyn ChangeLog>,
    last: Last,
}

/// The last change that was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Last {
    /// 0 when there never was one.
    number: u64,
    /// Tells it from the change that bears its number after a backup was put in place. `None` when there is no such row.
    id: Option<ChangeId>,
}

impl Follower {
    /// Follows from here on. Make it before reading what it is to keep up to date, so that nothing falls in between.
    pub async fn new(log: Arc<dyn ChangeLog>) -> Result<Self, Unavailable> {
        let last = newest(&*log).await?;
        Ok(Self { log, last })
    }

    /// What has come since the last call.
    pub async fn next(&mut self) -> Result<News, Unavailable> {
        let mut changes = self.log.after(self.last.number.saturating_sub(1), BATCH).await?;
        if !self.goes_on(&changes).await? {
            self.last = newest(&*self.log).await?;
            return Ok(News::AllNew);
        }
        changes.retain(|change| change.number > self.last.number);
        let Some(newest) = changes.last() else { return Ok(News::None) };
        self.last = Last { number: newest.number, id: Some(newest.id) };
        Ok(News::Changes(changes.into_iter().map(Arc::new).collect()))
    }

    /// Returns when there may be something new; see [`ChangeLog::hint`].
    pub async fn hint(&self) {
        self.log.hint().await;
    }

    /// Whether `changes`, the log from the last seen change on, begin with that one, or where it was forgotten with
    /// the one behind it.
    async fn goes_on(&self, changes: &[Change]) -> Result<bool, Unavailable> {
        let last = self.last;
        Ok(match changes.first() {
            Some(first) if first.number == last.number => last.id.is_none_or(|id| id == first.id),
            Some(first) => first.number == last.number + 1,
            None => self.log.head().await? == last.number,
        })
    }
}

async fn newest(log: &dyn ChangeLog) -> Result<Last, Unavailable> {
    let head = log.head().await?;
    let change = log.after(head.saturating_sub(1), 1).await?.pop();
    Ok(change.map_or(Last { number: head, id: None }, |it| Last { number: it.number, id: Some(it.id) }))
}

#[cfg(test)]
mod tests {
    use super::{BATCH, Follower, News};
    use crate::change::{Action, Channel};
    use crate::testing::{Draft, MemoryChanges};
    use square_kernel::Clock;
    use square_kernel::testing::ManualClock;
    use std::sync::Arc;
    use uuid::Uuid;

    fn record(changes: &MemoryChanges, count: u32) {
        for number in 0..count {
            let entity = Uuid::from_u128(number.into());
            changes.record(Draft::of(Channel::Skill, Action::Update, entity));
        }
    }

    async fn following(changes: &Arc<MemoryChanges>) -> Follower {
        Follower::new(changes.clone()).await.unwrap()
    }

    /// The numbers of what came; `None` when all is new.
    async fn next(follower: &mut Follower) -> Option<Vec<u64>> {
        match follower.next().await.unwrap() {
            News::None => Some(Vec::new()),
            News::Changes(changes) => Some(changes.iter().map(|change| change.number).collect()),
            News::AllNew => None,
        }
    }

    async fn forget_all(changes: &MemoryChanges) {
        use crate::ports::ChangeLog;
        let later = ManualClock::default().now() + jiff::SignedDuration::from_secs(1);
        while changes.forget(later, 100).await.unwrap() > 0 {}
    }

    #[tokio::test]
    async fn what_comes_after_the_beginning_comes_once() {
        let changes = Arc::new(MemoryChanges::default());
        record(&changes, 2);
        let mut follower = following(&changes).await;
        assert_eq!(next(&mut follower).await, Some(vec![]));
        record(&changes, 2);
        assert_eq!(next(&mut follower).await, Some(vec![3, 4]));
        assert_eq!(next(&mut follower).await, Some(vec![]));
        record(&changes, 1);
        assert_eq!(next(&mut follower).await, Some(vec![5]));
    }

    #[tokio::test]
    async fn an_empty_log_is_followed_from_its_first_change() {
        let changes = Arc::new(MemoryChanges::default());
        let mut follower = following(&changes).await;
        assert_eq!(next(&mut follower).await, Some(vec![]));
        record(&changes, 1);
        assert_eq!(next(&mut follower).await, Some(vec![1]));
    }

    #[tokio::test]
    async fn more_than_a_batch_comes_in_several() {
        let changes = Arc::new(MemoryChanges::default());
        let mut follower = following(&changes).await;
        let count = 2 * BATCH + 7;
        record(&changes, count);
        let mut seen = Vec::new();
        let mut looks = 0;
        while seen.len() < count as usize {
            let numbers = next(&mut follower).await.unwrap();
            assert!(!numbers.is_empty() && numbers.len() <= BATCH as usize);
            seen.extend(numbers);
            looks += 1;
        }
        assert_eq!(seen, (1..=u64::from(count)).collect::<Vec<_>>());
        assert_eq!(looks, 3);
        assert_eq!(next(&mut follower).await, Some(vec![]));
    }

    #[tokio::test]
    async fn a_backup_in_the_place_of_the_log_makes_all_new() {
        let changes = Arc::new(MemoryChanges::default());
        record(&changes, 3);
        let backup = changes.backup();
        record(&changes, 3);
        let mut follower = following(&changes).await;
        // It may have grown up to where it was, or beyond, before anybody looks.
        for grown in [0, 1, 3, 5] {
            changes.restore(backup.clone());
            record(&changes, grown);
            assert_eq!(next(&mut follower).await, None, "{grown}");
            assert_eq!(next(&mut follower).await, Some(vec![]));
            record(&changes, 1);
            assert_eq!(next(&mut follower).await, Some(vec![3 + u64::from(grown) + 1]));
        }
    }

    #[tokio::test]
    async fn an_empty_database_in_the_place_of_the_log_makes_all_new() {
        let changes = Arc::new(MemoryChanges::default());
        let empty = changes.backup();
        record(&changes, 3);
        let mut follower = following(&changes).await;
        changes.restore(empty);
        assert_eq!(next(&mut follower).await, None);
        assert_eq!(next(&mut follower).await, Some(vec![]));
        record(&changes, 1);
        assert_eq!(next(&mut follower).await, Some(vec![1]));
    }

    #[tokio::test]
    async fn a_backup_that_knows_what_was_seen_goes_on() {
        let changes = Arc::new(MemoryChanges::default());
        record(&changes, 2);
        let mut follower = following(&changes).await;
        let backup = changes.backup();
        record(&changes, 2);
        changes.restore(backup);
        record(&changes, 1);
        assert_eq!(next(&mut follower).await, Some(vec![3]));
    }

    #[tokio::test]
    async fn changes_forgotten_unseen_make_all_new() {
        let changes = Arc::new(MemoryChanges::default());
        record(&changes, 2);
        let mut follower = following(&changes).await;
        record(&changes, 3);
        forget_all(&changes).await;
        assert_eq!(next(&mut follower).await, None);
        assert_eq!(next(&mut follower).await, Some(vec![]));
    }

    #[tokio::test]
    async fn a_change_forgotten_after_it_was_seen_is_not_missed() {
        let changes = Arc::new(MemoryChanges::default());
        record(&changes, 2);
        let mut follower = following(&changes).await;
        record(&changes, 1);
        forget_all(&changes).await;
        assert_eq!(next(&mut follower).await, Some(vec![3]));
    }

    #[tokio::test]
    async fn an_outage_loses_nothing() {
        let changes = Arc::new(MemoryChanges::default());
        let mut follower = following(&changes).await;
        record(&changes, 2);
        changes.break_down();
        assert!(follower.next().await.is_err());
        changes.repair();
        assert_eq!(next(&mut follower).await, Some(vec![1, 2]));
    }
}
