//! Calibration by leaving out: what the scores of questions look like that training has not seen, and of
//! questions that no skill fits.

use super::calibrate::{Calibration, Case};
use super::condense::Condenser;
use super::features::Extractor;
use super::knowledge::{Knowledge, number};
use super::model::{Model, NOBODY, Rivals};
use super::near::MANY;
use super::postings::{Compact, Evidence, Features, Postings};
use super::reading::Reading;
use super::sums::Sums;
use super::train::{LANES, Row, Task, rows_of, train};
use super::vocabulary::without_embedding;
use square_kernel::SkillId;
use square_routing::Embedding;

/// Into how many parts skills and examples are split; each part is left out once, if time allows.
const PARTS: usize = 4;
/// With fewer skills, leaving some out changes too much for those that stay.
const ENOUGH_SKILLS: usize = 8;
/// With fewer examples, so does holding some out.
const ENOUGH_EXAMPLES: usize = 5;
/// Sweeps are for precision that a calibration does not need.
const SWEEPS: usize = 5;
/// Rows times blocks of classes that may be trained on, all parts together.
const WORK: usize = 20_000;
/// Of very many skills some are enough.
const SOME: usize = 200;
/// The most questions scored for one part.
const SCORED: usize = 3000;

/// Questions that no skill fits count half as much as those that one fits; of that, what another skill's
/// examples give counts for the larger part, since questions from far afield are easy to tell.
const UNFIT: f64 = 0.35;
const UNFIT_FAR: f64 = 0.3;

/// Where a scored question comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// An example that was held out from a skill that stayed.
    Known,
    /// An example of a skill that was left out.
    LeftOut,
    /// A question that is nobody's.
    Nobody,
}

/// Fits the calibration on questions left out of training. `rows` belong to classes 0 to `classes` − 1. With
/// few skills, or few examples each, the start values stay.
///
/// The first `dims` of the features are the numbers of an embedding.
pub(crate) fn calibrate(rows: &[Row], (dims, features): (usize, usize), classes: usize) -> Calibration {
    if classes > MANY {
        let (some, classes) = some(rows, classes);
        return calibrate(&some, (dims, features), classes);
    }
    let mut sizes = vec![0; classes];
    for row in rows {
        sizes[row.class as usize] += 1;
    }
    if !can_calibrate(sizes.iter().skip(NOBODY + 1).copied()) {
        return Calibration::default();
    }
    let cost = rows.len() * classes.div_ceil(LANES);
    let parts = (WORK / cost.max(1)).clamp(1, PARTS);
    let mut cases = Vec::new();
    for part in 0..parts {
        cases.extend(Split::new(rows, &sizes, part).score((dims, features)));
    }
    Calibration::fit(&weighed(&cases))
}

/// Whether skills with so many examples each are enough to fit a calibration on what is left out.
pub(crate) fn can_calibrate(examples: impl Iterator<Item = usize>) -> bool {
    examples.filter(|&examples| examples >= ENOUGH_EXAMPLES).count() >= ENOUGH_SKILLS
}

/// The rows of some of the classes, renumbered, and how many classes: what probability a margin means shows in
/// these as well.
fn some(rows: &[Row], classes: usize) -> (Vec<Row>, usize) {
    let step = classes.div_ceil(SOME);
    let chosen = |row: &&Row| (row.class as usize).is_multiple_of(step);
    let renumbered = |row: &Row| Row { class: row.class / number(step), vector: row.vector.clone() };
    (rows.iter().filter(chosen).map(renumbered).collect(), classes.div_ceil(step))
}

impl Knowledge {
    /// Fits the calibration to questions that were not learnt from, with the skill that fits. `model` is what
    /// ranks them.
    pub(super) fn tune(&mut self, model: &Model, questions: &[(String, Option<SkillId>, Option<Embedding>)]) {
        let extractor = Extractor::new();
        let mut tuned = Vec::with_capacity(2 * questions.len());
        for (question, skill, embedding) in questions {
            let class = skill.and_then(|skill| self.class(Some(skill)));
            let origin = if class.is_some() { Origin::Known } else { Origin::LeftOut };
            let evidence = model.evidence(&Reading::new(&extractor, question, embedding.clone()));
            tuned.extend(cases(&evidence, number(class.unwrap_or(NOBODY)), origin));
        }
        self.calibration = self.calibration.tuned(&tuned);
    }
}

struct Split {
    trained_on: Vec<Row>,
    /// With the class that fits, as numbered in `trained_on`.
    asked: Vec<(Row, Origin)>,
    classes: usize,
}

impl Split {
    /// `sizes` are the numbers of rows of each class.
    fn new(rows: &[Row], sizes: &[usize], part: usize) -> Self {
        let left_out = |class: usize| class != NOBODY && class % PARTS == part;
        let mut numbers = vec![0_u32; sizes.len()];
        let mut stay = 0;
        for class in (0..sizes.len()).filter(|&class| !left_out(class)) {
            numbers[class] = stay;
            stay += 1;
        }
        let (mut trained_on, mut asked) = (Vec::new(), Vec::new());
        for (at, row) in rows.iter().enumerate() {
            let class = row.class as usize;
            let renumbered = Row { class: numbers[class], vector: row.vector.clone() };
            if left_out(class) {
                asked.push((renumbered, Origin::LeftOut));
            } else if at % PARTS == part && sizes[class] >= ENOUGH_EXAMPLES {
                let origin = if class == NOBODY { Origin::Nobody } else { Origin::Known };
                asked.push((renumbered, origin));
            } else {
                trained_on.push(renumbered);
            }
        }
        let step = asked.len().div_ceil(SCORED).max(1);
        let asked = asked.into_iter().step_by(step).collect();
        Self { trained_on, asked, classes: stay as usize }
    }

    fn score(&self, (dims, features): (usize, usize)) -> Vec<(Case, Origin)> {
        let rows = &self.trained_on;
        let condensed = Condenser::new(features).condense(rows, 0..number(rows.len()));
        let (mut sums, everyday) =
            (Sums::new(features), Features::of(&rows[rows_of(rows, NOBODY)], features));
        let (all, mut compact) = (condensed.all_lines(), Vec::with_capacity(self.classes));
        for first in (0..self.classes).step_by(LANES) {
            let tasks: Vec<_> = (first..self.classes.min(first + LANES)).map(Task::from_nothing).collect();
            for trained in train(&condensed, &all, &tasks, SWEEPS, &mut sums) {
                let own = &rows[rows_of(rows, compact.len())];
                compact.push(Compact::new(&trained, own, &everyday, (dims, usize::MAX)));
            }
        }
        let unchanged: Vec<_> = (0..number(features)).collect();
        let postings = Postings::new(&compact, &unchanged);
        let mut scored = Vec::with_capacity(2 * self.asked.len());
        for (row, origin) in &self.asked {
            let features = without_embedding(&row.vector, dims).len();
            let cases = cases(&postings.evidences(&row.vector, features), row.class, *origin);
            scored.extend(cases.map(|case| (case, *origin)));
        }
        scored
    }
}

/// The best skill and the next are what is decided about; the rest is far off.
fn cases(evidence: &[Evidence], class: u32, origin: Origin) -> impl Iterator<Item = Case> + use<> {
    let mut skills: Vec<_> = evidence.iter().copied().enumerate().skip(NOBODY + 1).collect();
    skills.sort_by(|(_, a), (_, b)| b.margin.total_cmp(&a.margin));
    let rivals = Rivals::new(
        evidence.get(NOBODY).map(|nobody| nobody.margin),
        skills.iter().map(|(_, evidence)| evidence.margin),
    );
    skills.truncate(2);
    skills.into_iter().map(move |(number, evidence)| Case {
        evidence,
        rival: rivals.of(evidence.margin),
        fits: origin == Origin::Known && number == class as usize,
        weight: 1.0,
    })
}

fn weighed(cases: &[(Case, Origin)]) -> Vec<Case> {
    let count = |origin| cases.iter().filter(|(_, of)| *of == origin).count() as f64;
    let (known, left_out, nobody) = (count(Origin::Known), count(Origin::LeftOut), count(Origin::Nobody));
    let weight = |origin| match origin {
        Origin::Known => 1.0,
        Origin::LeftOut => known * UNFIT * (1.0 - UNFIT_FAR) / left_out,
        Origin::Nobody => known * UNFIT * UNFIT_FAR / nobody,
    };
    cases.iter().map(|&(case, origin)| Case { weight: weight(origin), ..case }).collect()
}
