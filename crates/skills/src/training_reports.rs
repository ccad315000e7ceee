use crate::service::Skills;
use crate::training::{TrainingId, TrainingProgress, TrainingRecord, TrainingState};
use tokio::sync::watch;

/// How one training goes, report by report, to its end. Reports that nobody asks for in time are passed over; the last
/// one always comes.
pub struct TrainingReports {
    id: TrainingId,
    watch: Option<watch::Receiver<TrainingProgress>>,
    begun: bool,
    over: bool,
}

impl Skills {
    /// Follows a training that was just begun. Does not check who asks.
    pub fn follow_training(&self, training: &TrainingRecord) -> TrainingReports {
        TrainingReports {
            id: training.id,
            watch: self.watch_training(training.skill),
            begun: false,
            over: false,
        }
    }
}

impl TrainingReports {
    /// The next report, at once the first time; `None` after the one whose state is not `Running`. Cancel-safe.
    pub async fn next(&mut self) -> Option<TrainingProgress> {
        if self.over {
            return None;
        }
        let progress = self.newest().await;
        self.begun = true;
        self.over = progress.state != TrainingState::Running;
        Some(progress)
    }

    async fn newest(&mut self) -> TrainingProgress {
        let Some(watch) = &mut self.watch else { return self.failed("the skill was unpublished") };
        if self.begun && watch.changed().await.is_err() {
            return self.failed("the skill is gone");
        }
        let progress = watch.borrow_and_update().clone();
        if progress.id == self.id { progress } else { self.failed("a newer training took its place") }
    }

    fn failed(&self, reason: &str) -> TrainingProgress {
        TrainingProgress {
            id: self.id,
            done: 1.0,
            state: TrainingState::Failed { reason: reason.to_owned() },
        }
    }
}
