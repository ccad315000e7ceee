//! What to tell a skill from, where there are too many skills to tell each from all others.

use super::train::{Row, rows_of};
use super::vocabulary::without_embedding;
use std::collections::HashMap;

/// With more classes than this, each is told only from those that are like it and from some of the rest. That
/// costs a third of a point of accuracy and makes the time grow with the number of skills and not with its square.
pub(crate) const MANY: usize = 500;

/// How many of the most similar classes are told apart in full.
const ALIKE: usize = 40;
/// How many rows of the other classes stand for the rest.
const OTHERS: usize = 1000;
/// By how many of its features a class is compared: those that weigh most in it.
const TELLING: usize = 100;

/// The features that weigh most in a class, with a length of one.
pub(crate) type Telling = Vec<(u32, f32)>;

/// Which classes are alike, by what tells of each.
pub(crate) struct Neighbours<'a> {
    /// By feature, the classes of which it tells.
    classes: Vec<Vec<(u32, f32)>>,
    /// By class.
    telling: &'a [Telling],
}

impl<'a> Neighbours<'a> {
    /// Of classes 0, 1, 2, … with features 0 to `features` − 1.
    pub(crate) fn new(telling: &'a [Telling], features: usize) -> Self {
        let mut classes = vec![Vec::new(); features];
        for (class, telling) in (0..).zip(telling) {
            for &(feature, weight) in telling {
                classes[feature as usize].push((class, weight));
            }
        }
        Self { classes, telling }
    }

    /// The rows that `class` is told from and its own, in order. The first class takes part in any case.
    pub(crate) fn rows(&self, class: usize, rows: &[Row]) -> Vec<u32> {
        let step = rows.len().div_ceil(OTHERS).max(1);
        // Each class sees other ones of the rest.
        let mut taken: Vec<_> = (class % step..rows.len()).step_by(step).collect();
        let chosen = self.alike(class).into_iter().chain([0, class]);
        taken.extend(chosen.flat_map(|class| rows_of(rows, class)));
        taken.sort_unstable();
        taken.dedup();
        taken.into_iter().map(|place| u32::try_from(place).unwrap_or(u32::MAX)).collect()
    }

    fn alike(&self, class: usize) -> Vec<usize> {
        let mut likeness = vec![0.0; self.telling.len()];
        for &(feature, weight) in &self.telling[class] {
            for &(other, its) in &self.classes[feature as usize] {
                likeness[other as usize] += weight * its;
            }
        }
        let mut others: Vec<_> =
            (0..likeness.len()).filter(|&other| other != class && likeness[other] > 0.0).collect();
        let by_likeness = |a: &usize, b: &usize| likeness[*b].total_cmp(&likeness[*a]).then(a.cmp(b));
        if others.len() > ALIKE {
            others.select_nth_unstable_by(ALIKE, by_likeness);
            others.truncate(ALIKE);
        }
        others
    }
}

/// What tells of the class with these rows. The first `dims` of the features are not looked at: all classes have them.
pub(crate) fn telling(rows: &[Row], dims: usize) -> Telling {
    let mut sums = HashMap::with_capacity(4096);
    for item in rows.iter().flat_map(|row| without_embedding(&row.vector, dims)) {
        *sums.entry(item.feature).or_insert(0.0) += item.value;
    }
    let mut sums: Vec<(u32, f32)> = sums.into_iter().collect();
    sums.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    sums.truncate(TELLING);
    let length = sums.iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt();
    for (_, weight) in &mut sums {
        *weight /= length.max(f32::MIN_POSITIVE);
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::square::vocabulary::Item;

    #[test]
    fn a_class_is_told_from_itself_the_first_its_likes_and_some_others() {
        // Each class shares feature n/2 with its neighbour, and has one of its own.
        let row = |class: u32, own: u32| {
            let features = [class / 2, 5000 + own];
            let vector = features.map(|feature| Item { feature, value: 0.7 });
            Row { class, vector: vector.into() }
        };
        let rows: Vec<_> =
            (0..1500).flat_map(|class| [row(class, 2 * class), row(class, 2 * class + 1)]).collect();
        let telling: Vec<_> = (0..1500).map(|class| telling(&rows[rows_of(&rows, class)], 0)).collect();
        let neighbours = Neighbours::new(&telling, 10_000);
        assert_eq!(neighbours.alike(701), [700]);
        let taken = neighbours.rows(701, &rows);
        assert!(taken.is_sorted() && taken.len() <= OTHERS + 2 * (ALIKE + 2), "{}", taken.len());
        for class in [0, 700, 701] {
            assert!(taken.contains(&(2 * class)) && taken.contains(&(2 * class + 1)), "{class}");
        }
        assert!(taken.len() > OTHERS - 2, "{}", taken.len());
        assert_eq!(taken, neighbours.rows(701, &rows), "the same in every run");
    }
}
