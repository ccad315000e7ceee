use crate::training::{TrainingId, TrainingProgress, TrainingState};
use square_kernel::SkillId;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// How far the newest training of each skill is, for those who watch. Only trainings of this process; a
/// finished one stays until the skill's next, so that who comes late still sees how it ended.
#[derive(Default)]
pub(crate) struct ProgressBoard(Mutex<HashMap<SkillId, watch::Sender<TrainingProgress>>>);

impl ProgressBoard {
    /// A training waits or starts; what was shown of an earlier one of the skill ends as failed.
    pub(crate) fn begin(&self, skill: SkillId, id: TrainingId) {
        let mut board = self.lock();
        if board.get(&skill).is_some_and(|sender| sender.borrow().id == id) {
            return;
        }
        if let Some(earlier) = board.insert(skill, running(id)) {
            break_off(&earlier, "a newer training took its place");
        }
    }

    /// A training that waited in the store is started. Most were shown when they began; the one of an earlier
    /// process was not. One that waits or runs stays: it has taken the place of this one meanwhile.
    pub(crate) fn take_up(&self, skill: SkillId, id: TrainingId) {
        let mut board = self.lock();
        if board.get(&skill).is_none_or(|shown| shown.borrow().state != TrainingState::Running) {
            board.insert(skill, running(id));
        }
    }

    /// Another instance has begun a training. Where an earlier one of the skill is shown it ends as failed, and the new one is shown.
    pub(crate) fn supersede(&self, skill: SkillId, newest: TrainingId) {
        if self.lock().contains_key(&skill) {
            self.begin(skill, newest);
        }
    }

    /// It is this far, 0 to 1; never goes back.
    pub(crate) fn advance(&self, skill: SkillId, id: TrainingId, done: f32) {
        self.update(skill, id, |progress| {
            let further = done > progress.done;
            if further {
                progress.done = done.min(1.0);
            }
            further
        });
    }

    /// It ended.
    pub(crate) fn end(&self, skill: SkillId, id: TrainingId, state: &TrainingState) {
        self.update(skill, id, |progress| {
            progress.done = 1.0;
            progress.state = state.clone();
            true
        });
    }

    /// Whatever training of the skill is shown will not be finished any more.
    pub(crate) fn drop_skill(&self, skill: SkillId, reason: &str) {
        if let Some(sender) = self.lock().remove(&skill) {
            break_off(&sender, reason);
        }
    }

    /// How far this training is; 0 when nothing is known of it.
    pub(crate) fn done(&self, skill: SkillId, id: TrainingId) -> f32 {
        self.lock().get(&skill).map_or(0.0, |sender| {
            let progress = sender.borrow();
            if progress.id == id { progress.done } else { 0.0 }
        })
    }

    pub(crate) fn watch(&self, skill: SkillId) -> Option<watch::Receiver<TrainingProgress>> {
        self.lock().get(&skill).map(watch::Sender::subscribe)
    }

    fn update(&self, skill: SkillId, id: TrainingId, update: impl FnOnce(&mut TrainingProgress) -> bool) {
        if let Some(sender) = self.lock().get(&skill) {
            sender.send_if_modified(|progress| progress.id == id && update(progress));
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SkillId, watch::Sender<TrainingProgress>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn running(id: TrainingId) -> watch::Sender<TrainingProgress> {
    watch::Sender::new(TrainingProgress { id, done: 0.0, state: TrainingState::Running })
}

fn break_off(sender: &watch::Sender<TrainingProgress>, reason: &str) {
    sender.send_if_modified(|progress| {
        let under_way = progress.state == TrainingState::Running;
        if under_way {
            progress.state = TrainingState::Failed { reason: reason.to_owned() };
        }
        under_way
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use square_kernel::testing::{ManualClock, SeededRandomness};

    #[test]
    fn a_worker_that_comes_late_does_not_displace_a_newer_training() {
        let (clock, randomness) = (ManualClock::default(), SeededRandomness::default());
        let skill = SkillId::new(&clock, &randomness);
        let [older, newer, latest] = [(); 3].map(|()| TrainingId::new(&clock, &randomness));
        let board = ProgressBoard::default();
        board.begin(skill, older);
        // The worker has just been told to work off the older one when a newer one takes its place.
        board.begin(skill, newer);
        let watching = board.watch(skill).unwrap();
        board.take_up(skill, older);
        assert_eq!((watching.borrow().id, &watching.borrow().state), (newer, &TrainingState::Running));
        assert_eq!(board.watch(skill).unwrap().borrow().id, newer);

        board.end(skill, newer, &TrainingState::Failed { reason: "for a test".into() });
        board.take_up(skill, latest);
        assert_eq!(board.watch(skill).unwrap().borrow().id, latest);
    }
}
