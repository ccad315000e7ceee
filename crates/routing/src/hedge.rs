//! When one more skill is asked because one is slower than it usually is ("hedged requests", Dean and Barroso, "The Tail at
//! Scale", 2013).

use crate::live::lock;
use square_kernel::SkillId;
use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

/// How many answers of each skill are remembered.
const REMEMBERED: usize = 50;
/// Of how many skills. Beyond that all is forgotten and learnt anew, so that skills which are gone take no room.
const MOST_SKILLS: usize = 10_000;
/// Of fewer answers nobody can tell what is usual.
const LEAST: usize = 20;
/// How many questions bring one more skill at most, on average: one of so many.
const QUESTIONS_PER_HEDGE: u32 = 20;
/// How many may be saved up.
const MOST_SAVED: u32 = 10;
/// What is quicker than this is quick enough.
const QUICK: Duration = Duration::from_millis(50);

/// How long skills usually take, and how often one more may be asked.
#[derive(Default)]
pub(crate) struct Hedging {
    took: Mutex<HashMap<SkillId, VecDeque<Duration>>>,
    /// In questions; [`QUESTIONS_PER_HEDGE`] of them allow one skill more.
    saved: Mutex<u32>,
}

impl Hedging {
    /// A question was asked.
    pub(crate) fn question_asked(&self) {
        let mut saved = lock(&self.saved);
        *saved = (*saved + 1).min(MOST_SAVED * QUESTIONS_PER_HEDGE);
    }

    /// Whether one more skill may be asked; then it counts as asked.
    pub(crate) fn take(&self) -> bool {
        let mut saved = lock(&self.saved);
        let left = saved.checked_sub(QUESTIONS_PER_HEDGE);
        *saved = left.unwrap_or(*saved);
        left.is_some()
    }

    /// A skill has answered.
    pub(crate) fn answered(&self, skill: SkillId, took: Duration) {
        let mut all = lock(&self.took);
        if all.len() >= MOST_SKILLS && !all.contains_key(&skill) {
            all.clear();
        }
        let of_skill = all.entry(skill).or_default();
        if of_skill.len() == REMEMBERED {
            of_skill.pop_front();
        }
        of_skill.push_back(took);
    }

    /// How long a skill takes at most for 95 of 100 questions, where that is known.
    pub(crate) fn usual(&self, skill: SkillId) -> Option<Duration> {
        let mut took: Vec<Duration> = lock(&self.took).get(&skill)?.iter().copied().collect();
        if took.len() < LEAST {
            return None;
        }
        let rank = (took.len() * 95).div_ceil(100) - 1;
        let (_, usual, _) = took.select_nth_unstable(rank);
        Some(QUICK.max(*usual))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use square_kernel::uuid::Uuid;

    fn skill(number: u128) -> SkillId {
        Uuid::from_u128(number).into()
    }

    #[test]
    fn the_usual_time_is_that_of_95_of_100_answers() {
        let hedging = Hedging::default();
        for millis in 1..LEAST as u64 {
            hedging.answered(skill(1), Duration::from_millis(millis * 100));
            assert_eq!(hedging.usual(skill(1)), None);
        }
        hedging.answered(skill(1), Duration::from_mins(1));
        assert_eq!(hedging.usual(skill(1)), Some(Duration::from_millis(1900)));
        for _ in 0..REMEMBERED {
            hedging.answered(skill(1), Duration::from_millis(70));
        }
        assert_eq!(hedging.usual(skill(1)), Some(Duration::from_millis(70)));
        for _ in 0..REMEMBERED {
            hedging.answered(skill(1), Duration::from_millis(1));
        }
        assert_eq!(hedging.usual(skill(1)), Some(QUICK));
        for number in 2..=MOST_SKILLS as u128 + 1 {
            hedging.answered(skill(number), QUICK);
        }
        assert_eq!(hedging.usual(skill(1)), None);
    }

    #[test]
    fn one_of_twenty_questions_brings_one_more_skill() {
        let hedging = Hedging::default();
        let mut taken = 0;
        for _ in 0..1000 {
            hedging.question_asked();
            taken += u32::from(hedging.take());
        }
        assert_eq!(taken, 1000 / QUESTIONS_PER_HEDGE);
        for _ in 0..100_000 {
            hedging.question_asked();
        }
        assert_eq!((0..1000).filter(|_| hedging.take()).count(), MOST_SAVED as usize);
    }
}
