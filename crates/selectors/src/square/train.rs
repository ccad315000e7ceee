//! Linear classifiers, one a class, each telling its class from all others.
//!
//! Squared hinge loss with an L2 penalty, solved by dual coordinate descent: Hsieh, Chang, Lin, Keerthi and
//! Sundararajan, "A Dual Coordinate Descent Method for Large-scale Linear SVM", ICML 2008 (the solver of
//! LIBLINEAR). The bias is the weight of a feature that is 1 in every row.

use super::condense::{Condensed, Line};
use super::knowledge::number;
use super::sums::Sums;
use super::vocabulary::Vector;

/// How many classifiers are trained side by side: their weights for one feature fill a cache line, and the
/// inner loops become vector instructions.
pub(crate) const LANES: usize = 16;

/// Sweeps over all rows after which nothing is gained any more.
pub(crate) const SWEEPS: usize = 10;

/// What an error costs against large weights, C = 2, as the solver needs it: 1 / 2C.
const DIAGONAL: f32 = 0.25;

/// A sparse matrix stays sparse: an update smaller than this is not worth making.
const SMALLEST_STEP: f32 = 1e-5;

/// A row that moves no classifier by more than this has settled and is passed over for some sweeps: with
/// LIBLINEAR this is shrinking, here it must hold for all classifiers at once.
const SETTLED: f32 = 0.02;
const PAUSE: u8 = 3;

/// The share of the largest weight below which another says nothing.
pub(crate) const NEGLIGIBLE: f32 = 1.5 / 127.0;

/// An example question and whose it is.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) class: u32,
    pub(crate) vector: Vector,
}

/// Where the rows of a class are. Rows stand in the order of their classes.
pub(crate) fn rows_of(rows: &[Row], class: usize) -> std::ops::Range<usize> {
    let from = rows.partition_point(|row| (row.class as usize) < class);
    from..rows.partition_point(|row| row.class as usize <= class)
}

/// A dual variable that is not zero: how much a row holds the classifier's boundary in place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Dual {
    pub(crate) row: u32,
    pub(crate) value: f32,
}

/// A classifier as it comes out of training.
pub(crate) struct Trained {
    /// By feature, in order. What stands in the class's own examples is among them, the rest may be left out where it is
    /// [`NEGLIGIBLE`] beside the largest.
    pub(crate) weights: Vec<(u32, f32)>,
    pub(crate) bias: f32,
    pub(crate) duals: Vec<Dual>,
}

/// A classifier to be trained.
#[derive(Clone, Copy)]
pub(crate) struct Task<'a> {
    /// Of which class.
    pub(crate) class: u32,
    /// Where to start from, in the order of rows: nothing, or what came out before.
    pub(crate) duals: &'a [Dual],
}

impl Task<'static> {
    /// The classifier of a class, from the beginning.
    pub(crate) fn from_nothing(class: usize) -> Self {
        Self { class: number(class), duals: &[] }
    }
}

/// One number for each of `L` classifiers.
trait Lanes<const L: usize>: Copy {
    const ZERO: Self;
    fn numbers(&mut self) -> &mut [f32; L];
}

/// Fills a cache line.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Block([f32; LANES]);

impl Lanes<LANES> for Block {
    const ZERO: Self = Self([0.0; LANES]);

    fn numbers(&mut self) -> &mut [f32; LANES] {
        &mut self.0
    }
}

impl Lanes<1> for [f32; 1] {
    const ZERO: Self = [0.0];

    fn numbers(&mut self) -> &mut [f32; 1] {
        self
    }
}

/// Trains classifiers, at most [`LANES`] of them side by side, in the order of `tasks`.
///
/// The sweeps go over those of `rows` that are in `lines`, in order. Among them MUST be the rows that hold the boundary of
/// one of `tasks` in place from the start, and the examples of its class. `sums` is to work with, for as many features as
/// there are.
pub(crate) fn train(
    rows: &Condensed,
    lines: &[u32],
    tasks: &[Task<'_>],
    sweeps: usize,
    sums: &mut Sums,
) -> Vec<Trained> {
    match tasks {
        [_] => Trainer::<1, [f32; 1]>::new(rows, lines, tasks).trained(sweeps, sums),
        _ => Trainer::<LANES, Block>::new(rows, lines, tasks).trained(sweeps, sums),
    }
}

struct Trainer<'a, const L: usize, N> {
    rows: &'a Condensed,
    lines: Vec<&'a Line>,
    tasks: &'a [Task<'a>],
    /// By column.
    weights: Vec<N>,
    bias: [f32; L],
    /// By place in `lines`.
    duals: Vec<N>,
    /// By place in `lines`: the lane of the classifier whose class it belongs to, `L` if there is none.
    own: Vec<usize>,
}

impl<'a, const L: usize, N: Lanes<L>> Trainer<'a, L, N> {
    fn new(rows: &'a Condensed, lines: &[u32], tasks: &'a [Task<'a>]) -> Self {
        let lines: Vec<_> = lines.iter().map(|&line| &rows.lines[line as usize]).collect();
        let lane = |line: &&Line| tasks.iter().position(|task| task.class == line.class).unwrap_or(L);
        let mut trainer = Self {
            rows,
            tasks,
            weights: vec![N::ZERO; rows.columns()],
            bias: [0.0; L],
            duals: vec![N::ZERO; lines.len()],
            own: lines.iter().map(lane).collect(),
            lines,
        };
        for (lane, task) in tasks.iter().enumerate() {
            // Both are in the order of rows.
            let mut lines = trainer.lines.iter().zip(&mut trainer.duals);
            for dual in task.duals {
                if let Some((_, duals)) = lines.find(|(line, _)| line.row == dual.row) {
                    duals.numbers()[lane] = dual.value;
                }
            }
        }
        for line in 0..trainer.lines.len() {
            let (duals, signs) = (*trainer.duals[line].numbers(), trainer.signs(line));
            if duals.iter().any(|dual| *dual > 0.0) {
                trainer.add(line, &std::array::from_fn(|lane| duals[lane] * signs[lane]));
            }
        }
        trainer
    }

    fn trained(mut self, sweeps: usize, sums: &mut Sums) -> Vec<Trained> {
        let mut order = Order::new(0..self.lines.len());
        let mut pauses = vec![0_u8; self.lines.len()];
        for _ in 0..sweeps {
            for &line in order.shuffled() {
                if pauses[line] > 0 {
                    pauses[line] -= 1;
                } else if self.step(line) < SETTLED {
                    pauses[line] = PAUSE;
                }
            }
        }
        (0..self.tasks.len()).map(|lane| self.classifier(lane, sums)).collect()
    }

    fn signs(&self, line: usize) -> [f32; L] {
        let mut signs = [-1.0; L];
        if let Some(sign) = signs.get_mut(self.own[line]) {
            *sign = 1.0;
        }
        signs
    }

    /// One step of each classifier on one line; the largest one taken.
    fn step(&mut self, at: usize) -> f32 {
        let line = self.lines[at];
        let mut margins = self.bias;
        for item in self.rows.shared(line) {
            let weights = self.weights[item.feature as usize].numbers();
            for lane in 0..L {
                margins[lane] += weights[lane] * item.value;
            }
        }
        // The second derivative of the dual in one line's variable; 1 is the bias feature's square.
        let inverse = 1.0 / (line.square + 1.0 + DIAGONAL);
        let signs = self.signs(at);
        let duals = self.duals[at].numbers();
        let steps: [f32; L] = std::array::from_fn(|lane| {
            let gradient = signs[lane] * margins[lane] - 1.0 + duals[lane] * (line.own + DIAGONAL);
            let before = duals[lane];
            duals[lane] = (before - gradient * inverse).max(0.0);
            (duals[lane] - before) * signs[lane]
        });
        let largest = steps.iter().fold(0.0_f32, |largest, step| largest.max(step.abs()));
        if largest >= SMALLEST_STEP {
            self.add(at, &steps);
        }
        largest
    }

    fn add(&mut self, line: usize, steps: &[f32; L]) {
        for item in self.rows.shared(self.lines[line]) {
            let weights = self.weights[item.feature as usize].numbers();
            for lane in 0..L {
                weights[lane] += steps[lane] * item.value;
            }
        }
        self.bias.iter_mut().zip(steps).for_each(|(bias, step)| *bias += step);
    }

    fn classifier(&mut self, lane: usize, sums: &mut Sums) -> Trained {
        let weights = self.weights.iter_mut().enumerate();
        let weights: Vec<_> =
            weights.map(|(column, weights)| self.rows.weight(column, weights.numbers()[lane])).collect();
        let negligible = weights.iter().fold(0.0_f32, |most, weight| most.max(weight.abs())) * NEGLIGIBLE;
        for (column, weight) in weights.into_iter().enumerate() {
            if weight.abs() >= negligible {
                self.rows.add_column(column, weight, sums);
            }
        }
        let mut duals = Vec::new();
        for (at, line) in self.lines.iter().enumerate() {
            let (value, own) = (self.duals[at].numbers()[lane], self.own[at] == lane);
            if value > 0.0 {
                duals.push(Dual { row: line.row, value });
            }
            if value > 0.0 || own {
                self.rows.add_alone(line, if own { value } else { -value }, sums);
            }
            if own {
                let shared = self.rows.shared(line).iter();
                shared.for_each(|item| self.rows.add_column(item.feature as usize, 0.0, sums));
            }
        }
        Trained { weights: sums.take(), bias: self.bias[lane], duals }
    }
}

/// Rows in an order that is new for each sweep, yet the same in every run.
struct Order {
    rows: Vec<usize>,
    state: u64,
}

impl Order {
    fn new(rows: impl IntoIterator<Item = usize>) -> Self {
        Self { rows: rows.into_iter().collect(), state: 0x9E37_79B9_7F4A_7C15 }
    }

    /// The shuffle of Fisher and Yates with the xorshift generator of Marsaglia (2003).
    fn shuffled(&mut self) -> &[usize] {
        for last in (1..self.rows.len()).rev() {
            self.state ^= self.state << 13;
            self.state ^= self.state >> 7;
            self.state ^= self.state << 17;
            #[expect(clippy::cast_possible_truncation, reason = "the remainder is below `last`")]
            self.rows.swap(last, (self.state % (last as u64 + 1)) as usize);
        }
        &self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::square::condense::Condenser;
    use crate::square::features::Extractor;
    use crate::square::tests::examples;
    use crate::square::vocabulary::{Item, Vocabulary};
    use std::collections::HashMap;

    fn rows(classes: u8) -> (Vec<Row>, usize) {
        let extractor = Extractor::new();
        let examples: Vec<_> = (0..classes).map(|n| examples(n).readings(&extractor)).collect();
        let vocabulary = Vocabulary::new(0, examples.iter().flatten().map(|reading| &reading.features[..]));
        let row = |class, reading| Row { class, vector: vocabulary.vector(reading) };
        let rows = (0..).zip(&examples);
        let rows = rows.flat_map(|(class, of)| of.iter().map(move |question| (class, question)));
        (rows.map(|(class, question)| row(class, question)).collect(), vocabulary.len())
    }

    fn condensed(rows: &[Row], features: usize) -> Condensed {
        Condenser::new(features).condense(rows, 0..number(rows.len()))
    }

    fn margin(trained: &Trained, row: &Row) -> f32 {
        let weights: HashMap<u32, f32> = trained.weights.iter().copied().collect();
        let product = |item: &Item| weights.get(&item.feature).unwrap_or(&0.0) * item.value;
        row.vector.iter().map(product).sum::<f32>() + trained.bias
    }

    #[test]
    fn each_classifier_tells_its_class_from_the_others() {
        let (rows, features) = rows(20);
        let condensed = condensed(&rows, features);
        for (first, until) in [(0, LANES), (LANES, 20)] {
            let tasks: Vec<_> = (first..until).map(Task::from_nothing).collect();
            let block = train(&condensed, &condensed.all_lines(), &tasks, SWEEPS, &mut Sums::new(features));
            assert_eq!(block.len(), until - first);
            for (class, trained) in (first..).zip(&block) {
                let right = |row: &&Row| (margin(trained, row) > 0.0) == (row.class as usize == class);
                assert_eq!(rows.iter().filter(right).count(), rows.len(), "class {class}");
                assert!(trained.weights.is_sorted_by_key(|(feature, _)| *feature));
            }
        }
    }

    #[test]
    fn one_by_one_ends_where_side_by_side_ends() {
        let (rows, features) = rows(6);
        let (condensed, mut sums) = (condensed(&rows, features), Sums::new(features));
        let tasks: Vec<_> = (0..6).map(Task::from_nothing).collect();
        let all = condensed.all_lines();
        let block = train(&condensed, &all, &tasks, 60, &mut sums);
        for (task, side_by_side) in tasks.iter().zip(&block) {
            let alone = train(&condensed, &all, &[*task], 60, &mut sums).remove(0);
            let from = Task { duals: &alone.duals, ..*task };
            let again = train(&condensed, &all, &[from], 1, &mut sums).remove(0);
            for row in &rows {
                assert!((margin(&alone, row) - margin(side_by_side, row)).abs() < 0.05);
                assert!((margin(&alone, row) - margin(&again, row)).abs() < 0.05, "it stays where it is");
            }
        }
    }

    #[test]
    fn weights_are_what_the_dual_variables_say() {
        let (rows, features) = rows(4);
        let condensed = condensed(&rows, features);
        let trained = train(
            &condensed,
            &condensed.all_lines(),
            &[Task::from_nothing(2)],
            SWEEPS,
            &mut Sums::new(features),
        );
        let mut expected = vec![0.0; features];
        for dual in &trained[0].duals {
            let row = &rows[dual.row as usize];
            let signed = if row.class == 2 { dual.value } else { -dual.value };
            row.vector.iter().for_each(|item| expected[item.feature as usize] += signed * item.value);
        }
        let largest = expected.iter().fold(0.0_f32, |largest, weight| largest.max(weight.abs()));
        let negligible = largest * NEGLIGIBLE * 1.001;
        for &(feature, weight) in &trained[0].weights {
            let expected = std::mem::take(&mut expected[feature as usize]);
            // Of an own feature that hardly weighs anything it is enough that it is named.
            assert!((weight - expected).abs() < 1e-4 || (weight == 0.0 && expected.abs() <= negligible));
        }
        assert!(expected.iter().all(|weight| weight.abs() <= negligible));
    }

    #[test]
    fn a_class_without_features_is_its_bias() {
        let empty = Row { class: 0, vector: Vector::default() };
        let condensed = condensed(&[empty], 0);
        let trained = train(&condensed, &[0], &[Task::from_nothing(0)], SWEEPS, &mut Sums::new(0));
        assert!(trained[0].bias > 0.5);
    }
}
