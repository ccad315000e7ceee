//! What is learnt from: vectors, dual variables; and how it changes when a skill comes or goes.

use super::calibrate::Calibration;
use super::condense::{Condensed, Condenser};
use super::examples::Examples;
use super::features::Extractor;
use super::holdout::{calibrate, can_calibrate};
use super::model::{Model, NOBODY};
use super::near::{MANY, Neighbours, Telling, telling};
use super::postings::{Compact, Features, Postings};
use super::reading::{Nobodys, Reading};
use super::sums::Sums;
use super::train::{Dual, LANES, Row, SWEEPS, Task, Trained, rows_of, train};
use super::vocabulary::Vocabulary;
use square_kernel::SkillId;
use std::collections::{BTreeMap, BTreeSet};

/// Rows times blocks of classes up to which learning anew is so quick (some 0.1 s) that nothing else is worth
/// its small loss.
const CHEAP: usize = 1000;

/// A row that is not a class's own and whose margin is below this does not disturb its classifier: the
/// penalty begins at -1, and so near to it is small.
const CLEAR: f32 = -0.8;

/// Among [`MANY`] classes, so many of the disturbed ones look again, those that are disturbed most.
const DISTURBED: usize = 200;

/// Sweeps for knowledge so large (by rows times blocks of classes) that each takes a while: after seven the
/// rest gains a tenth of a point.
const LARGE: usize = 20_000;
const SWEEPS_WHEN_LARGE: usize = 7;

/// How many weights a class has at most where there are [`MANY`]: that bounds memory, and the time of a question.
const WEIGHTS_AMONG_MANY: usize = 1000;

/// All classifiers with what is needed to change them. Class 0 is nobody's, class n is the nth skill's.
pub(crate) struct Knowledge {
    pub(super) vocabulary: Vocabulary,
    pub(super) skills: Vec<SkillId>,
    /// Those of one class after those of the other.
    pub(super) rows: Vec<Row>,
    pub(super) duals: Vec<Vec<Dual>>,
    pub(super) compact: Vec<Compact>,
    /// Of the first classes, or of all; looked at where there are [`MANY`].
    pub(super) telling: Vec<Telling>,
    pub(super) calibration: Calibration,
    /// How many rows there were when the vocabulary was made and the calibration fitted.
    pub(super) rows_at_start: usize,
}

impl Knowledge {
    /// Learns from nothing. The same examples give the same knowledge, whatever came before.
    pub(crate) fn new(
        examples: &BTreeMap<SkillId, Examples>,
        nobodys: &Nobodys,
        progress: &dyn Fn(f32),
    ) -> Self {
        let extractor = Extractor::new();
        let mut classes = vec![nobodys.readings(&extractor)];
        classes.extend(examples.values().map(|examples| examples.readings(&extractor)));
        let dims = examples.values().next().map_or(0, Examples::dims);
        let mut knowledge = Self {
            vocabulary: Vocabulary::new(dims, classes.iter().flatten().map(|reading| &reading.features[..])),
            skills: examples.keys().copied().collect(),
            rows: Vec::new(),
            duals: Vec::new(),
            compact: Vec::new(),
            telling: Vec::new(),
            calibration: Calibration::default(),
            rows_at_start: 0,
        };
        for (class, examples) in classes.iter().enumerate() {
            knowledge.add_rows(class, examples);
        }
        drop(classes);
        knowledge.rows_at_start = knowledge.rows.len();
        if knowledge.is_many() {
            knowledge.train_from_nearest(progress);
        } else {
            knowledge.train_all(progress);
        }
        knowledge.calibration = calibrate(&knowledge.rows, knowledge.features(), knowledge.classes());
        knowledge
    }

    /// Whether learning all anew with `examples` more is as good as quick.
    pub(crate) fn starts_anew_for(&self, examples: usize) -> bool {
        let rows = self.rows.len() + examples;
        let cheap = rows * (self.classes() + 1).div_ceil(LANES) <= CHEAP;
        // By then the weights of features, which are frozen, are out of date.
        cheap || rows > 2 * self.rows_at_start || self.can_calibrate_with(examples)
    }

    /// Whether the probabilities are still those for few skills, and there are enough to fit them with one of so many examples more.
    fn can_calibrate_with(&self, examples: usize) -> bool {
        let skills = NOBODY + 1..self.classes();
        let known = skills.map(|class| rows_of(&self.rows, class).len());
        self.calibration == Calibration::default() && can_calibrate(known.chain([examples]))
    }

    /// Takes in one more skill: trains its classifier, then lets the others look once at the rows that hold
    /// their boundary in place and at the new ones. (At the new ones alone is not enough: all of them push the
    /// same way and the boundary runs off.) Those to whom the new rows are plainly not theirs need not look.
    /// `model` is what questions are ranked by so far.
    pub(crate) fn learn(&mut self, examples: &Examples, model: &Model, progress: &dyn Fn(f32)) {
        let extractor = Extractor::new();
        let readings = examples.readings(&extractor);
        let near = self.near(&readings, model);
        let mut disturbed: BTreeSet<_> = self.drop_rows(examples.skill()).unwrap_or_default();
        for reading in &readings {
            self.vocabulary.extend(&reading.features);
        }
        let class = self.classes();
        self.add_rows(class, &readings);
        self.skills.push(examples.skill());
        disturbed.extend(near.iter().filter_map(|skill| self.class(*skill)));
        disturbed.remove(&class);
        let mut desk = self.desk();
        let rows = self.told_from(class, &mut desk.condenser);
        progress(0.1);
        let task = Task::from_nothing(class);
        for trained in train(&rows, &rows.all_lines(), &[task], SWEEPS, &mut desk.sums) {
            self.push(trained, &desk.everyday);
        }
        progress(0.3);
        // Among few skills one is told from all rows, and all are what the others look at as well.
        let rows = (!self.is_many()).then_some(rows);
        self.look_again(&disturbed, Some(class), rows, &mut desk, progress);
    }

    /// Forgets one skill; the classifiers whose boundary its examples held in place look once more at what
    /// holds it now.
    pub(crate) fn forget(&mut self, skill: SkillId) {
        if let Some(disturbed) = self.drop_rows(skill) {
            let mut desk = self.desk();
            self.look_again(&disturbed, None, None, &mut desk, &|_| ());
        }
    }

    /// For questions; made from so many examples.
    pub(crate) fn model(&self, examples: usize) -> Model {
        let (lookup, renumbered) = self.vocabulary.lookup();
        Model::new(
            lookup,
            Postings::new(&self.compact, &renumbered),
            self.calibration,
            &self.skills,
            examples,
        )
    }

    pub(super) fn classes(&self) -> usize {
        NOBODY + 1 + self.skills.len()
    }

    /// The class of a skill, or of nobody (`None`), if it is known.
    pub(super) fn class(&self, skill: Option<SkillId>) -> Option<usize> {
        let Some(skill) = skill else { return Some(NOBODY) };
        self.skills.iter().position(|known| *known == skill).map(|at| NOBODY + 1 + at)
    }

    fn is_many(&self) -> bool {
        self.classes() > MANY
    }

    /// How many numbers an embedding has, and how many features there are together with these.
    fn features(&self) -> (usize, usize) {
        (self.vocabulary.dims(), self.vocabulary.len())
    }

    pub(super) fn add_rows(&mut self, class: usize, examples: &[Reading]) {
        let row = |reading| Row { class: number(class), vector: self.vocabulary.vector(reading) };
        let rows: Vec<_> = examples.iter().map(row).collect();
        self.rows.extend(rows);
    }

    fn desk(&self) -> Desk {
        let features = self.vocabulary.len();
        let nobodys = &self.rows[rows_of(&self.rows, NOBODY)];
        Desk {
            condenser: Condenser::new(features),
            sums: Sums::new(features),
            everyday: Features::of(nobodys, features),
        }
    }

    fn train_all(&mut self, progress: &dyn Fn(f32)) {
        let classes = self.classes();
        let large = self.rows.len() * classes.div_ceil(LANES) > LARGE;
        let sweeps = if large { SWEEPS_WHEN_LARGE } else { SWEEPS };
        let mut desk = self.desk();
        let rows = desk.condenser.condense(&self.rows, 0..number(self.rows.len()));
        let all = rows.all_lines();
        for first in (0..classes).step_by(LANES) {
            let until = classes.min(first + LANES);
            let tasks: Vec<_> = (first..until).map(Task::from_nothing).collect();
            for trained in train(&rows, &all, &tasks, sweeps, &mut desk.sums) {
                self.push(trained, &desk.everyday);
            }
            progress(until as f32 / classes as f32 * 0.8);
        }
    }

    fn train_from_nearest(&mut self, progress: &dyn Fn(f32)) {
        let classes = self.classes();
        self.tell();
        let telling = std::mem::take(&mut self.telling);
        let neighbours = Neighbours::new(&telling, self.vocabulary.len());
        let mut desk = self.desk();
        let rows = desk.condenser.condense(&self.rows, 0..number(self.rows.len()));
        for class in 0..classes {
            let within = neighbours.rows(class, &self.rows);
            let task = Task::from_nothing(class);
            for trained in train(&rows, &within, &[task], SWEEPS_WHEN_LARGE, &mut desk.sums) {
                self.push(trained, &desk.everyday);
            }
            progress(class as f32 / classes as f32 * 0.9);
        }
        self.telling = telling;
    }

    /// Finds out what tells of each class, where that is not known.
    fn tell(&mut self) {
        let dims = self.vocabulary.dims();
        for class in self.telling.len()..self.classes() {
            self.telling.push(telling(&self.rows[rows_of(&self.rows, class)], dims));
        }
    }

    /// The rows that a new class is told from.
    fn told_from(&mut self, class: usize, condenser: &mut Condenser) -> Condensed {
        if self.is_many() {
            self.tell();
            let within = Neighbours::new(&self.telling, self.vocabulary.len()).rows(class, &self.rows);
            condenser.condense(&self.rows, within.into_iter())
        } else {
            condenser.condense(&self.rows, 0..number(self.rows.len()))
        }
    }

    /// Puts in the classifier of one more class.
    fn push(&mut self, trained: Trained, everyday: &Features) {
        self.compact.push(self.compact(&trained, self.compact.len(), everyday));
        self.duals.push(trained.duals);
    }

    fn compact(&self, trained: &Trained, class: usize, everyday: &Features) -> Compact {
        let most = if self.is_many() { WEIGHTS_AMONG_MANY } else { usize::MAX };
        let own = &self.rows[rows_of(&self.rows, class)];
        Compact::new(trained, own, everyday, (self.vocabulary.dims(), most))
    }

    /// The classes to which any of these questions is not plainly somebody else's: by skill, `None` for nobody's.
    fn near(&self, questions: &[Reading], model: &Model) -> Vec<Option<SkillId>> {
        let mut largest = vec![f32::MIN; self.classes()];
        for reading in questions {
            for (largest, evidence) in largest.iter_mut().zip(model.evidence(reading)) {
                *largest = largest.max(evidence.margin);
            }
        }
        let mut near: Vec<_> = (0..largest.len()).filter(|&class| largest[class] > CLEAR).collect();
        if self.is_many() && near.len() > DISTURBED {
            near.sort_by(|a, b| largest[*b].total_cmp(&largest[*a]));
            near.truncate(DISTURBED);
        }
        near.into_iter().map(|class| class.checked_sub(NOBODY + 1).map(|at| self.skills[at])).collect()
    }

    /// One sweep of each of these classifiers over the rows that hold it in place and over those of the class `fresh`. `rows`
    /// are all rows, where they are condensed already.
    fn look_again(
        &mut self,
        classes: &BTreeSet<usize>,
        fresh: Option<usize>,
        rows: Option<Condensed>,
        desk: &mut Desk,
        progress: &dyn Fn(f32),
    ) {
        let classes: Vec<_> = classes.iter().copied().collect();
        let rows = rows.unwrap_or_else(|| {
            let within = self.holding(&classes, fresh);
            desk.condenser.condense(&self.rows, within.iter().copied())
        });
        for (done, some) in (1..).zip(classes.chunks(LANES)) {
            let task = |&class: &usize| Task { class: number(class), duals: &self.duals[class] };
            let tasks: Vec<_> = some.iter().map(task).collect();
            let lines = rows.lines_of(&self.holding(some, fresh));
            let trained = train(&rows, &lines, &tasks, 1, &mut desk.sums);
            for (&class, trained) in some.iter().zip(trained) {
                self.compact[class] = self.compact(&trained, class, &desk.everyday);
                self.duals[class] = trained.duals;
            }
            progress(0.3 + 0.6 * (done * LANES) as f32 / classes.len().max(done * LANES) as f32);
        }
    }

    /// The rows that hold the boundary of one of `classes` in place, theirs, and those of `fresh`; in order.
    fn holding(&self, classes: &[usize], fresh: Option<usize>) -> Vec<u32> {
        let mut holds = vec![false; self.rows.len()];
        for &class in classes {
            self.duals[class].iter().for_each(|dual| holds[dual.row as usize] = true);
        }
        for class in classes.iter().copied().chain(fresh) {
            holds[rows_of(&self.rows, class)].fill(true);
        }
        (0..).zip(holds).filter(|(_, holds)| *holds).map(|(row, _)| row).collect()
    }

    /// Drops the classifier and the examples of `skill`. The classes (as numbered from then on) whose
    /// boundary one of them held in place; `None` when the skill was not known.
    fn drop_rows(&mut self, skill: SkillId) -> Option<BTreeSet<usize>> {
        let gone = self.class(Some(skill))?;
        self.skills.remove(gone - NOBODY - 1);
        self.duals.remove(gone);
        self.compact.remove(gone);
        if gone < self.telling.len() {
            self.telling.remove(gone);
        }
        let rows = rows_of(&self.rows, gone);
        let (from, to) = (number(rows.start), number(rows.end));
        self.rows.drain(rows);
        for row in self.rows.iter_mut().filter(|row| row.class as usize > gone) {
            row.class -= 1;
        }
        let mut disturbed = BTreeSet::new();
        for (class, duals) in self.duals.iter_mut().enumerate() {
            let before = duals.len();
            duals.retain(|dual| !(from..to).contains(&dual.row));
            duals.iter_mut().filter(|dual| dual.row >= to).for_each(|dual| dual.row -= to - from);
            if duals.len() < before {
                disturbed.insert(class);
            }
        }
        Some(disturbed)
    }
}

/// What training works with, for all classes.
struct Desk {
    condenser: Condenser,
    sums: Sums,
    /// What stands in questions that are nobody's.
    everyday: Features,
}

/// Rows and classes are counted in 32 bits; memory ends long before.
pub(crate) fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::square::tests::{asked, examples, skill};

    fn knowledge(skills: std::ops::Range<u8>) -> Knowledge {
        Knowledge::new(&skills.map(|n| (skill(n), examples(n))).collect(), &Nobodys::default(), &|_| ())
    }

    fn learn(knowledge: &mut Knowledge, n: u8) {
        let model = knowledge.model(0);
        knowledge.learn(&examples(n), &model, &|_| ());
    }

    /// The scores of the first eight skills for a question about each of them.
    fn scores(knowledge: &Knowledge) -> Vec<Vec<f32>> {
        let (model, candidates): (_, Vec<_>) = (knowledge.model(0), (0..8).map(skill).collect());
        let scores = |question: String| {
            let mut scores = model.rank(&question, None, &candidates);
            scores.sort_by_key(|score| score.candidate);
            scores.iter().map(|score| score.score).collect()
        };
        (0..8).map(|n| scores(asked(n))).collect()
    }

    fn largest_difference(a: &[Vec<f32>], b: &[Vec<f32>]) -> f32 {
        assert_eq!(a.len(), b.len());
        a.iter().flatten().zip(b.iter().flatten()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn publishing_one_more_is_like_learning_all_anew() {
        let mut one_more = knowledge(0..7);
        // The calibration is frozen in the one case and fitted in the other; that is not what is compared.
        one_more.calibration = Calibration::default();
        learn(&mut one_more, 7);
        let mut anew = knowledge(0..8);
        anew.calibration = Calibration::default();
        let difference = largest_difference(&scores(&one_more), &scores(&anew));
        assert!(difference < 0.15, "{difference}");
    }

    #[test]
    fn forgetting_is_like_never_having_known() {
        let (mut forgotten, mut never) = (knowledge(0..9), knowledge(0..8));
        (forgotten.calibration, never.calibration) = Default::default();
        forgotten.forget(skill(8));
        let difference = largest_difference(&scores(&forgotten), &scores(&never));
        assert!(difference < 0.15, "{difference}");
        assert!(forgotten.model(0).rank(&asked(8), None, &[skill(8)]).is_empty());
    }

    #[test]
    fn learning_again_replaces() {
        let mut knowledge = knowledge(0..8);
        let (rows, classes) = (knowledge.rows.len(), knowledge.classes());
        learn(&mut knowledge, 3);
        assert_eq!((knowledge.rows.len(), knowledge.classes()), (rows, classes));
        let best = knowledge.model(0).rank(&asked(3), None, &(0..8).map(skill).collect::<Vec<_>>())[0];
        assert_eq!(best.candidate, 3);
    }

    #[test]
    fn rows_stay_in_the_order_of_their_classes() {
        let mut knowledge = knowledge(0..8);
        knowledge.forget(skill(3));
        learn(&mut knowledge, 5);
        learn(&mut knowledge, 9);
        assert!(knowledge.rows.is_sorted_by_key(|row| row.class));
        for class in 0..knowledge.classes() {
            assert!(!rows_of(&knowledge.rows, class).is_empty(), "{class}");
        }
        let rows = number(knowledge.rows.len());
        assert!(knowledge.duals.iter().flatten().all(|dual| dual.row < rows));
    }

    #[test]
    fn enough_skills_are_calibrated_from_what_is_left_out() {
        assert_eq!(knowledge(0..7).calibration, Calibration::default());
        assert_ne!(knowledge(0..8).calibration, Calibration::default());
    }

    #[test]
    fn once_there_are_enough_skills_all_is_learnt_anew_for_the_probabilities() {
        let many: Vec<_> = (0..1000).map(|n| format!("what about number {n}")).collect();
        let first = Examples::new(skill(100), &many).unwrap();
        let mut knowledge = Knowledge::new(&[(skill(100), first)].into(), &Nobodys::default(), &|_| ());
        (0..5).for_each(|n| learn(&mut knowledge, n));
        assert!(!knowledge.starts_anew_for(18), "these are seven");
        learn(&mut knowledge, 5);
        assert!(knowledge.starts_anew_for(18));
        assert!(!knowledge.starts_anew_for(1), "of one example nothing can be left out");
        knowledge.calibration = Calibration::from_numbers(&[1.0; Calibration::COUNT]).unwrap();
        assert!(!knowledge.starts_anew_for(18), "it was fitted");
    }

    #[test]
    fn strangers_are_told_from_skills() {
        let (without, question) = (knowledge(0..2), asked(1));
        let skills = (0..2).map(|n| (skill(n), examples(n))).collect();
        let with = Knowledge::new(&skills, &Nobodys::new(std::slice::from_ref(&question)), &|_| ());
        let score = |knowledge: &Knowledge| knowledge.model(0).rank(&question, None, &[skill(1)])[0].score;
        assert!(score(&with) < score(&without));
    }
}
