//! Rows in fewer numbers, for training: the same classifiers come out.
//!
//! Most features of a set of short questions stand in one question only, and of the others many stand in exactly the
//! same questions, as the parts of a rare word do.
//!
//! - What a feature of one row alone adds to that row's margin follows from the row's dual variable: the weight is
//!   `sign · dual · value`, so all of them together add `sign · dual · Σ value²`.
//! - `k` features with the same values in the same rows have the same weight, so they are one feature with `√k` times the
//!   value, and each has `1/√k` of its weight.
//!
//! What is left is half of the numbers and a fraction of the features, and so much less memory to go to and fro in.

use super::sums::Sums;
use super::train::Row;
use super::vocabulary::Item;
use std::ops::Range;

/// Some rows, condensed.
pub(crate) struct Condensed {
    pub(crate) lines: Vec<Line>,
    /// Of all lines, one after the other; `feature` is the number of a column.
    items: Vec<Item>,
    /// Of all lines, as they were: what stands in one line alone.
    alone: Vec<Item>,
    columns: Vec<Column>,
    /// The features of all columns, one after the other.
    members: Vec<u32>,
}

/// A row.
pub(crate) struct Line {
    /// Which it was.
    pub(crate) row: u32,
    pub(crate) class: u32,
    items: Range<usize>,
    alone: Range<usize>,
    /// The squares of what stands in this line alone, added up.
    pub(crate) own: f32,
    /// The squares of all its values, added up.
    pub(crate) square: f32,
}

/// Features that stand in the same rows with the same values.
struct Column {
    members: Range<usize>,
    /// √k
    root: f32,
}

impl Condensed {
    /// How many columns there are.
    pub(crate) fn columns(&self) -> usize {
        self.columns.len()
    }

    /// Where those of `rows` are that were condensed. Both are in order.
    pub(crate) fn lines_of(&self, rows: &[u32]) -> Vec<u32> {
        let mut lines = (0..).zip(&self.lines);
        rows.iter().filter_map(|row| lines.find(|(_, line)| line.row == *row).map(|(at, _)| at)).collect()
    }

    /// Where all rows are.
    pub(crate) fn all_lines(&self) -> Vec<u32> {
        (0..).take(self.lines.len()).collect()
    }

    /// The values of a line that others share.
    pub(crate) fn shared(&self, line: &Line) -> &[Item] {
        &self.items[line.items.clone()]
    }

    /// What a weight of a column means for each of its features.
    pub(crate) fn weight(&self, column: usize, weight: f32) -> f32 {
        weight / self.columns[column].root
    }

    /// Adds a weight to each feature of a column.
    pub(crate) fn add_column(&self, column: usize, weight: f32, to: &mut Sums) {
        for &feature in &self.members[self.columns[column].members.clone()] {
            to.add(feature, weight);
        }
    }

    /// Adds what a line's dual variable, with its sign, means for the features that stand in it alone.
    pub(crate) fn add_alone(&self, line: &Line, dual: f32, to: &mut Sums) {
        for item in &self.alone[line.alone.clone()] {
            to.add(item.feature, dual * item.value);
        }
    }
}

/// Condenses rows; keeps what it needs for that from one time to the next.
pub(crate) struct Condenser {
    /// By feature; as at the beginning when nothing is being condensed.
    tallies: Vec<Tally>,
    /// The features with another tally.
    touched: Vec<u32>,
}

#[derive(Clone, Copy, Default)]
struct Tally {
    /// Of the rows and values in which the feature stands.
    digest: u64,
    count: u32,
    place: Place,
}

#[derive(Clone, Copy, Default)]
enum Place {
    /// In one row only.
    #[default]
    Alone,
    /// The first of a column.
    Column(u32),
    /// Another one of a column.
    Member,
}

impl Condenser {
    /// For rows with features 0 to `features` − 1.
    pub(crate) fn new(features: usize) -> Self {
        Self { tallies: vec![Tally::default(); features], touched: Vec::new() }
    }

    /// Condenses those of `rows` that are in `within`.
    pub(crate) fn condense(&mut self, rows: &[Row], within: impl Iterator<Item = u32> + Clone) -> Condensed {
        for row in within.clone() {
            self.count(row, &rows[row as usize].vector);
        }
        let (columns, members) = self.columns();
        let mut condensed =
            Condensed { lines: Vec::new(), items: Vec::new(), alone: Vec::new(), columns, members };
        for row in within {
            self.line(row, &rows[row as usize], &mut condensed);
        }
        for feature in self.touched.drain(..) {
            self.tallies[feature as usize] = Tally::default();
        }
        condensed
    }

    fn count(&mut self, row: u32, vector: &[Item]) {
        for item in vector {
            let tally = &mut self.tallies[item.feature as usize];
            if tally.count == 0 {
                self.touched.push(item.feature);
            }
            tally.count += 1;
            let seen = u64::from(row) << 32 | u64::from(item.value.to_bits());
            // Multiplication carries to the left only, rotation brings it back.
            tally.digest = (tally.digest.rotate_left(29) ^ seen).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        }
    }

    /// Gives each feature its place. What stands in most rows comes first: what is used most then lies together.
    fn columns(&mut self) -> (Vec<Column>, Vec<u32>) {
        let key = |feature: &u32| {
            let Tally { digest, count, .. } = self.tallies[*feature as usize];
            (count > 1).then_some((std::cmp::Reverse(count), digest, *feature))
        };
        let mut keys: Vec<_> = self.touched.iter().filter_map(key).collect();
        keys.sort_unstable();
        let mut columns = Vec::new();
        let mut from = 0;
        for alike in keys.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            columns.push(Column { members: from..from + alike.len(), root: (alike.len() as f32).sqrt() });
            from += alike.len();
        }
        let shared: Vec<_> = keys.into_iter().map(|(_, _, feature)| feature).collect();
        for (number, column) in (0..).zip(&columns) {
            for (at, &feature) in shared[column.members.clone()].iter().enumerate() {
                self.tallies[feature as usize].place =
                    if at == 0 { Place::Column(number) } else { Place::Member };
            }
        }
        (columns, shared)
    }

    fn line(&self, row: u32, of: &Row, to: &mut Condensed) {
        let (items, alone) = (to.items.len(), to.alone.len());
        for item in of.vector.iter() {
            match self.tallies[item.feature as usize].place {
                Place::Alone => to.alone.push(*item),
                Place::Column(column) => {
                    let value = item.value * to.columns[column as usize].root;
                    to.items.push(Item { feature: column, value });
                }
                Place::Member => {}
            }
        }
        let square = |items: &[Item]| items.iter().map(|item| item.value * item.value).sum::<f32>();
        let own = square(&to.alone[alone..]);
        to.lines.push(Line {
            row,
            class: of.class,
            own,
            square: own + square(&to.items[items..]),
            items: items..to.items.len(),
            alone: alone..to.alone.len(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(items: &[(u32, f32)]) -> Row {
        Row { class: 0, vector: items.iter().map(|&(feature, value)| Item { feature, value }).collect() }
    }

    /// What a line holds, as (features of the column, value), and what it holds alone.
    fn line(condensed: &Condensed, line: usize) -> (Vec<(Vec<u32>, f32)>, Vec<u32>) {
        let line = &condensed.lines[line];
        let column = |item: &Item| {
            let members = condensed.columns[item.feature as usize].members.clone();
            (condensed.members[members].to_vec(), item.value)
        };
        let alone = &condensed.alone[line.alone.clone()];
        (condensed.shared(line).iter().map(column).collect(), alone.iter().map(|item| item.feature).collect())
    }

    #[test]
    fn features_alike_become_one_and_those_of_one_row_none() {
        // 1 and 2 are alike; 3 stands in the same rows with other values, 4 in other rows.
        let rows = [
            row(&[(0, 0.3), (1, 0.5), (2, 0.5), (3, 0.1), (4, 0.2)]),
            row(&[(1, 0.4), (2, 0.4), (3, 0.3)]),
            row(&[(4, 0.2), (5, 0.1), (6, 0.1)]),
        ];
        let mut condenser = Condenser::new(8);
        for _ in 0..2 {
            let condensed = condenser.condense(&rows, 0..3);
            assert_eq!(condensed.columns(), 3);
            let (mut first, alone) = line(&condensed, 0);
            first.sort_by(|a, b| a.0.cmp(&b.0));
            assert_eq!(first, [(vec![1, 2], 0.5 * 2.0_f32.sqrt()), (vec![3], 0.1), (vec![4], 0.2)]);
            assert_eq!(alone, [0]);
            assert_eq!(line(&condensed, 2), (vec![(vec![4], 0.2)], vec![5, 6]));
            assert!((condensed.lines[2].own - 0.02).abs() < 1e-6);
            assert!((condensed.lines[0].square - 0.64).abs() < 1e-6);
            // Of some of the rows others are alone.
            let some = condenser.condense(&rows, [0, 2].into_iter());
            assert_eq!(line(&some, 0), (vec![(vec![4], 0.2)], vec![0, 1, 2, 3]));
            assert_eq!(some.lines[1].row, 2);
        }
    }

    #[test]
    fn weights_come_back_to_features() {
        let rows = [row(&[(0, 0.3), (1, 0.5), (2, 0.5)]), row(&[(1, 0.4), (2, 0.4)])];
        let condensed = Condenser::new(3).condense(&rows, 0..2);
        let mut sums = Sums::new(3);
        condensed.add_column(0, condensed.weight(0, 2.0), &mut sums);
        condensed.add_alone(&condensed.lines[0], -0.5, &mut sums);
        let weights = sums.take();
        assert_eq!(weights.iter().map(|(feature, _)| *feature).collect::<Vec<_>>(), [0, 1, 2]);
        assert!((weights[0].1 + 0.15).abs() < 1e-6);
        assert!((weights[1].1 - 2.0_f32.sqrt()).abs() < 1e-6);
        // The same margin as by the condensed line.
        let item = condensed.shared(&condensed.lines[1])[0];
        assert!((item.value * 2.0 - (weights[1].1 + weights[2].1) * 0.4).abs() < 1e-6);
    }
}
