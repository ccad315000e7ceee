//! What is learnt from: examples, vectors, dual variables; and how it changes when a skill comes or goes.

use super::calibrate::Calibration;
use super::examples::Examples;
use super::features::{Extractor, Feature};
use super::holdout::calibrate;
use super::model::{Model, NOBODY};
use super::postings::{Compact, Postings};
use super::train::{Dual, LANES, Row, SWEEPS, Trained, train_block, train_one};
use super::vocabulary::Vocabulary;
use square_kernel::SkillId;
use std::collections::{BTreeMap, BTreeSet};

/// Everyday questions about nothing in particular. They stand for all that is nobody's: function words and
/// turns of phrase cannot make a question fit, also when there is one skill only and no other to compare with.
const BACKGROUND: &str = include_str!("background.txt");

/// Rows times blocks of classes up to which learning anew is so quick (some 0.1 s) that nothing else is worth
/// its small loss.
const CHEAP: usize = 1000;

/// A row that is not a class's own and whose margin is below this does not disturb its classifier: the
/// penalty begins at -1, and so near to it is small.
const CLEAR: f32 = -0.8;

/// Sweeps for knowledge so large (by rows times blocks of classes) that each takes a while: after seven the
/// rest gains a tenth of a point.
const LARGE: usize = 20_000;
const SWEEPS_WHEN_LARGE: usize = 7;

/// All classifiers with what is needed to change them. Class 0 is nobody's, class n is the nth skill's.
pub(crate) struct Knowledge {
    vocabulary: Vocabulary,
    skills: Vec<SkillId>,
    rows: Vec<Row>,
    duals: Vec<Vec<Dual>>,
    compact: Vec<Compact>,
    calibration: Calibration,
    /// How many rows there were when the vocabulary was made and the calibration fitted.
    rows_at_start: usize,
}

impl Knowledge {
    /// Learns from nothing. The same examples give the same knowledge, whatever came before.
    pub(crate) fn new(examples: &BTreeMap<SkillId, Examples>, progress: &dyn Fn(f32)) -> Self {
        let extractor = Extractor::new();
        let background: Vec<_> = BACKGROUND.lines().map(|line| extractor.features(line)).collect();
        let all = background.iter().chain(examples.values().flat_map(Examples::questions)).map(Vec::as_slice);
        let vocabulary = Vocabulary::new(all);
        let mut knowledge = Self {
            vocabulary,
            skills: examples.keys().copied().collect(),
            rows: Vec::new(),
            duals: Vec::new(),
            compact: Vec::new(),
            calibration: Calibration::default(),
            rows_at_start: 0,
        };
        knowledge.add_rows(NOBODY, &background);
        for (class, examples) in (NOBODY + 1..).zip(examples.values()) {
            knowledge.add_rows(class, examples.questions());
        }
        knowledge.rows_at_start = knowledge.rows.len();
        knowledge.train_all(progress);
        knowledge.calibration = calibrate(&knowledge.rows, knowledge.vocabulary.len(), knowledge.classes());
        knowledge
    }

    /// Whether learning all anew with `examples` more is as good as quick.
    pub(crate) fn starts_anew_for(&self, examples: usize) -> bool {
        let rows = self.rows.len() + examples;
        let cheap = rows * (self.classes() + 1).div_ceil(LANES) <= CHEAP;
        // By then the weights of features, which are frozen, are out of date.
        cheap || rows > 2 * self.rows_at_start
    }

    /// Takes in one more skill: trains its classifier, then lets the others look once at the rows that hold
    /// their boundary in place and at the new ones. (At the new ones alone is not enough: all of them push the
    /// same way and the boundary runs off.) Those to whom the new rows are plainly not theirs need not look.
    pub(crate) fn learn(&mut self, examples: &Examples, progress: &dyn Fn(f32)) {
        let mut disturbed = self.drop_rows(examples.skill()).unwrap_or_default();
        for features in examples.questions() {
            self.vocabulary.extend(features);
        }
        let (class, first_row) = (self.classes(), self.rows.len());
        self.add_rows(class, examples.questions());
        self.skills.push(examples.skill());
        disturbed.extend(self.near(&self.rows[first_row..]));
        let rows: Vec<u32> = (0..number(self.rows.len())).collect();
        let trained = self.train(class, &[], &rows, SWEEPS);
        self.compact.push(Compact::new(&trained, number(class), &self.rows));
        self.duals.push(trained.duals);
        progress(0.3);
        self.look_again(&disturbed, &rows[first_row..], progress);
    }

    /// Forgets one skill; the classifiers whose boundary its examples held in place look once more at what
    /// holds it now.
    pub(crate) fn forget(&mut self, skill: SkillId) {
        if let Some(disturbed) = self.drop_rows(skill) {
            self.look_again(&disturbed, &[], &|_| ());
        }
    }

    /// For questions.
    pub(crate) fn model(&self) -> Model {
        let postings = Postings::new(self.vocabulary.len(), &self.compact);
        Model::new(self.vocabulary.clone(), postings, self.calibration, &self.skills)
    }

    fn classes(&self) -> usize {
        NOBODY + 1 + self.skills.len()
    }

    fn add_rows(&mut self, class: usize, examples: &[Vec<Feature>]) {
        let row =
            |features: &Vec<Feature>| Row { class: number(class), vector: self.vocabulary.vector(features) };
        let rows: Vec<_> = examples.iter().map(row).collect();
        self.rows.extend(rows);
    }

    fn train_all(&mut self, progress: &dyn Fn(f32)) {
        let classes = self.classes();
        let large = self.rows.len() * classes.div_ceil(LANES) > LARGE;
        let sweeps = if large { SWEEPS_WHEN_LARGE } else { SWEEPS };
        for first in (0..classes).step_by(LANES) {
            let count = LANES.min(classes - first);
            for trained in train_block(&self.rows, self.vocabulary.len(), (first, count), sweeps) {
                let class = number(self.compact.len());
                self.compact.push(Compact::new(&trained, class, &self.rows));
                self.duals.push(trained.duals);
            }
            progress((first + count) as f32 / classes as f32 * 0.8);
        }
    }

    fn train(&self, class: usize, duals: &[Dual], fresh: &[u32], sweeps: usize) -> Trained {
        train_one(&self.rows, self.vocabulary.len(), number(class), duals, fresh, sweeps)
    }

    /// The classes of which any of `rows`, not theirs, is not well clear.
    fn near(&self, rows: &[Row]) -> BTreeSet<usize> {
        let postings = Postings::new(self.vocabulary.len(), &self.compact);
        let near = |row: &Row| {
            let evidence = postings.evidence(&row.vector);
            (0..evidence.len()).filter(move |&class| evidence[class].margin > CLEAR)
        };
        rows.iter().flat_map(near).collect()
    }

    /// One sweep of each of these classifiers.
    fn look_again(&mut self, classes: &BTreeSet<usize>, fresh: &[u32], progress: &dyn Fn(f32)) {
        for (done, &class) in classes.iter().enumerate() {
            let trained = self.train(class, &self.duals[class], fresh, 1);
            self.compact[class] = Compact::new(&trained, number(class), &self.rows);
            self.duals[class] = trained.duals;
            progress(0.3 + 0.6 * done as f32 / classes.len() as f32);
        }
    }

    /// Drops the classifier and the examples of `skill`. The classes (as numbered from then on) whose
    /// boundary one of them held in place; `None` when the skill was not known.
    fn drop_rows(&mut self, skill: SkillId) -> Option<BTreeSet<usize>> {
        let at = self.skills.iter().position(|known| *known == skill)?;
        let gone = NOBODY + 1 + at;
        self.skills.remove(at);
        self.duals.remove(gone);
        self.compact.remove(gone);
        let stays = |row: &Row| row.class as usize != gone;
        let mut kept = 0..;
        let places: Vec<Option<u32>> =
            self.rows.iter().map(|row| if stays(row) { kept.next() } else { None }).collect();
        self.rows.retain(stays);
        for row in self.rows.iter_mut().filter(|row| row.class as usize > gone) {
            row.class -= 1;
        }
        let moved = |dual: &Dual| Some(Dual { row: places[dual.row as usize]?, ..*dual });
        let mut disturbed = BTreeSet::new();
        for (class, duals) in self.duals.iter_mut().enumerate() {
            let before = duals.len();
            *duals = duals.iter().filter_map(moved).collect();
            if duals.len() < before {
                disturbed.insert(class);
            }
        }
        Some(disturbed)
    }
}

/// Rows and classes are counted in 32 bits; memory ends long before.
fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::square::tests::{asked, examples, skill};

    fn knowledge(skills: std::ops::Range<u8>) -> Knowledge {
        Knowledge::new(&skills.map(|n| (skill(n), examples(n))).collect(), &|_| ())
    }

    /// The scores of the first eight skills for a question about each of them.
    fn scores(knowledge: &Knowledge) -> Vec<Vec<f32>> {
        let (model, candidates): (_, Vec<_>) = (knowledge.model(), (0..8).map(skill).collect());
        let scores = |question: String| {
            let mut scores = model.rank(&question, &candidates);
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
        one_more.learn(&examples(7), &|_| ());
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
        assert!(forgotten.model().rank(&asked(8), &[skill(8)]).is_empty());
    }

    #[test]
    fn learning_again_replaces() {
        let mut knowledge = knowledge(0..8);
        let (rows, classes) = (knowledge.rows.len(), knowledge.classes());
        knowledge.learn(&examples(3), &|_| ());
        assert_eq!((knowledge.rows.len(), knowledge.classes()), (rows, classes));
        let best = knowledge.model().rank(&asked(3), &(0..8).map(skill).collect::<Vec<_>>())[0];
        assert_eq!(best.candidate, 3);
    }

    #[test]
    fn enough_skills_are_calibrated_from_what_is_left_out() {
        assert_eq!(knowledge(0..7).calibration, Calibration::default());
        assert_ne!(knowledge(0..8).calibration, Calibration::default());
    }

    #[test]
    fn everyday_questions_are_all_different() {
        let lines: std::collections::BTreeSet<_> = BACKGROUND.lines().collect();
        assert_eq!(lines.len(), BACKGROUND.lines().count());
        assert!(!lines.contains(""));
    }
}
