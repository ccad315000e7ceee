use square_skills::CheckStage;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How far one exchange with a skill has come: who checks a skill learns from it where it stopped.
#[derive(Debug, Default)]
pub(crate) struct Trail(AtomicUsize);

impl Trail {
    /// A new exchange begins.
    pub(crate) fn begin(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// This stage, and so all before it, is passed.
    pub(crate) fn passed(&self, stage: CheckStage) {
        let count = CheckStage::ALL.iter().take_while(|one| **one <= stage).count();
        self.0.fetch_max(count, Ordering::Relaxed);
    }

    /// The first stage that is not passed.
    pub(crate) fn next(&self) -> Option<CheckStage> {
        CheckStage::ALL.get(self.0.load(Ordering::Relaxed)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_next_follows_the_furthest_stage_of_the_last_exchange() {
        let trail = Trail::default();
        assert_eq!(trail.next(), Some(CheckStage::Address));
        trail.passed(CheckStage::Status);
        trail.passed(CheckStage::Connect);
        assert_eq!(trail.next(), Some(CheckStage::ContentType));
        trail.passed(CheckStage::Shape);
        assert_eq!(trail.next(), None);
        trail.begin();
        assert_eq!(trail.next(), Some(CheckStage::Address));
    }
}
