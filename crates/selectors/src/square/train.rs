//! Linear classifiers, one a class, each telling its class from all others.
//!
//! Squared hinge loss with an L2 penalty, solved by dual coordinate descent: Hsieh, Chang, Lin, Keerthi and
//! Sundararajan, "A Dual Coordinate Descent Method for Large-scale Linear SVM", ICML 2008 (the solver of
//! LIBLINEAR). The bias is the weight of a feature that is 1 in every row.

use super::vocabulary::{Item, Vector};

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
    /// By feature.
    pub(crate) weights: Vec<f32>,
    pub(crate) bias: f32,
    pub(crate) duals: Vec<Dual>,
}

/// The weights of one feature for `LANES` classifiers.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Lanes([f32; LANES]);

/// Trains the `count` (at most [`LANES`]) classifiers from class `first` on, side by side.
pub(crate) fn train_block(
    rows: &[Row],
    features: usize,
    (first, count): (usize, usize),
    sweeps: usize,
) -> Vec<Trained> {
    let mut weights = vec![Lanes([0.0; LANES]); features];
    let mut bias = [0.0; LANES];
    let mut duals = vec![Lanes([0.0; LANES]); rows.len()];
    let mut order = Order::new(0..rows.len());
    let mut pauses = vec![0_u8; rows.len()];
    for _ in 0..sweeps {
        for &row in order.shuffled() {
            if pauses[row] > 0 {
                pauses[row] -= 1;
                continue;
            }
            let Row { class, vector } = &rows[row];
            let mut margins = bias;
            for item in vector.iter() {
                let weights = &weights[item.feature as usize].0;
                for lane in 0..LANES {
                    margins[lane] += weights[lane] * item.value;
                }
            }
            let lane = (*class as usize).wrapping_sub(first);
            let curvature = 1.0 / curvature(vector);
            let steps = steps(&margins, lane, curvature, &mut duals[row].0);
            let largest = steps.iter().fold(0.0_f32, |largest, step| largest.max(step.abs()));
            if largest < SETTLED {
                pauses[row] = PAUSE;
            }
            if largest < SMALLEST_STEP {
                continue;
            }
            for item in vector.iter() {
                let weights = &mut weights[item.feature as usize].0;
                for lane in 0..LANES {
                    weights[lane] += steps[lane] * item.value;
                }
            }
            for lane in 0..LANES {
                bias[lane] += steps[lane];
            }
        }
    }
    let trained = |lane: usize| Trained {
        weights: weights.iter().map(|weights| weights.0[lane]).collect(),
        bias: bias[lane],
        duals: sparse(duals.iter().map(|duals| duals.0[lane])),
    };
    (0..count).map(trained).collect()
}

/// One step of each classifier on one row, which belongs to the class of lane `own`.
fn steps(margins: &[f32; LANES], own: usize, inverse: f32, duals: &mut [f32; LANES]) -> [f32; LANES] {
    let mut signs = [-1.0; LANES];
    if let Some(sign) = signs.get_mut(own) {
        *sign = 1.0;
    }
    let mut steps = [0.0; LANES];
    for lane in 0..LANES {
        let gradient = signs[lane] * margins[lane] - 1.0 + duals[lane] * DIAGONAL;
        let dual = (duals[lane] - gradient * inverse).max(0.0);
        steps[lane] = (dual - duals[lane]) * signs[lane];
        duals[lane] = dual;
    }
    steps
}

/// Trains the classifier of one class, starting from known dual variables.
///
/// The sweeps go over the rows that hold the boundary in place (`duals`) and over those in `fresh`; a row
/// whose dual variable is zero and that is well on its side is passed over until every fourth sweep
/// (LIBLINEAR's shrinking, in its simplest form).
pub(crate) fn train_one(
    rows: &[Row],
    features: usize,
    class: u32,
    duals: &[Dual],
    fresh: &[u32],
    sweeps: usize,
) -> Trained {
    const FAR: f32 = 0.2;
    let mut weights = vec![0.0; features];
    let mut bias = 0.0;
    let mut values = vec![0.0; rows.len()];
    let sign = |row: &Row| if row.class == class { 1.0 } else { -1.0 };
    for dual in duals {
        let row = &rows[dual.row as usize];
        values[dual.row as usize] = dual.value;
        add(&mut weights, &row.vector, dual.value * sign(row));
        bias += dual.value * sign(row);
    }
    let mut within: Vec<usize> =
        duals.iter().map(|dual| dual.row).chain(fresh.iter().copied()).map(|row| row as usize).collect();
    within.sort_unstable();
    within.dedup();
    let mut far = vec![false; rows.len()];
    let mut order = Order::new(within);
    for sweep in 0..sweeps {
        for &at in order.shuffled() {
            if far[at] && sweep % 4 != 0 {
                continue;
            }
            let row = &rows[at];
            let dot: f32 = row.vector.iter().map(|item| weights[item.feature as usize] * item.value).sum();
            let before = values[at];
            let gradient = sign(row) * (dot + bias) - 1.0 + before * DIAGONAL;
            let after = (before - gradient / curvature(&row.vector)).max(0.0);
            far[at] = after == 0.0 && gradient > FAR;
            if (after - before).abs() < SMALLEST_STEP {
                continue;
            }
            values[at] = after;
            add(&mut weights, &row.vector, (after - before) * sign(row));
            bias += (after - before) * sign(row);
        }
    }
    Trained { weights, bias, duals: sparse(values.into_iter()) }
}

fn add(weights: &mut [f32], vector: &[Item], times: f32) {
    for item in vector {
        weights[item.feature as usize] += item.value * times;
    }
}

/// The second derivative of the dual in one row's variable; 1 is the bias feature's square.
fn curvature(vector: &[Item]) -> f32 {
    vector.iter().map(|item| item.value * item.value).sum::<f32>() + 1.0 + DIAGONAL
}

fn sparse(duals: impl Iterator<Item = f32>) -> Vec<Dual> {
    let dual = |(row, value)| Dual { row: u32::try_from(row).unwrap_or(u32::MAX), value };
    duals.enumerate().filter(|&(_, value)| value > 0.0).map(dual).collect()
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
    use crate::square::features::Extractor;
    use crate::square::tests::examples;
    use crate::square::vocabulary::Vocabulary;

    fn rows(classes: u8) -> (Vec<Row>, usize) {
        let extractor = Extractor::new();
        let examples: Vec<_> = (0..classes).map(|n| examples(n).readings(&extractor)).collect();
        let vocabulary = Vocabulary::new(0, examples.iter().flatten().map(|reading| &reading.features[..]));
        let row = |class, reading| Row { class, vector: vocabulary.vector(reading) };
        let rows = (0..).zip(&examples);
        let rows = rows.flat_map(|(class, of)| of.iter().map(move |question| (class, question)));
        (rows.map(|(class, question)| row(class, question)).collect(), vocabulary.len())
    }

    fn margin(trained: &Trained, row: &Row) -> f32 {
        row.vector.iter().map(|item| trained.weights[item.feature as usize] * item.value).sum::<f32>()
            + trained.bias
    }

    #[test]
    fn each_classifier_tells_its_class_from_the_others() {
        let (rows, features) = rows(20);
        for first in [0, LANES] {
            let count = LANES.min(20 - first);
            let block = train_block(&rows, features, (first, count), SWEEPS);
            assert_eq!(block.len(), count);
            for (class, trained) in (first..).zip(&block) {
                let right = |row: &&Row| (margin(trained, row) > 0.0) == (row.class as usize == class);
                assert_eq!(rows.iter().filter(right).count(), rows.len(), "class {class}");
            }
        }
    }

    #[test]
    fn one_by_one_ends_where_side_by_side_ends() {
        let (rows, features) = rows(6);
        let block = train_block(&rows, features, (0, 6), 60);
        let all: Vec<u32> = (0..).take(rows.len()).collect();
        for (class, side_by_side) in (0..).zip(&block) {
            let alone = train_one(&rows, features, class, &[], &all, 60);
            let again = train_one(&rows, features, class, &alone.duals, &[], 1);
            for row in &rows {
                assert!((margin(&alone, row) - margin(side_by_side, row)).abs() < 0.05);
                assert!((margin(&alone, row) - margin(&again, row)).abs() < 0.02, "it stays where it is");
            }
        }
    }

    #[test]
    fn a_class_without_features_is_its_bias() {
        let empty = Row { class: 0, vector: Vector::default() };
        let trained = train_block(&[empty], 0, (0, 1), SWEEPS);
        assert!(trained[0].bias > 0.5);
    }
}
