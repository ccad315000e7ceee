//! Classifiers in the form in which questions are scored: small, and only what a question touches is read.

use super::model::NOBODY;
use super::train::{Row, Trained};
use super::vocabulary::Item;

/// Weights below this many 127ths of the largest are dropped.
const SMALLEST: f32 = 1.5;

/// A class as questions are scored by it: eight-bit weights with one scale.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Compact {
    entries: Vec<Entry>,
    scale: f32,
    bias: f32,
    experience: f32,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Entry {
    feature: u32,
    weight: i8,
    /// Whether the feature stands in an example of the class and in no everyday question.
    seen: bool,
}

impl Compact {
    /// Rounds what was trained for `class`; `rows` are the examples of all classes.
    pub(crate) fn new(trained: &Trained, class: u32, rows: &[Row]) -> Self {
        let mut seen = vec![false; trained.weights.len()];
        let mut examples = 0.0_f32;
        for row in rows.iter().filter(|row| row.class == class) {
            row.vector.iter().for_each(|item| seen[item.feature as usize] = true);
            examples += 1.0;
        }
        for row in rows.iter().filter(|row| row.class as usize == NOBODY) {
            row.vector.iter().for_each(|item| seen[item.feature as usize] = false);
        }
        let largest = trained.weights.iter().fold(0.0_f32, |largest, weight| largest.max(weight.abs()));
        let scale = if largest > 0.0 { largest / f32::from(i8::MAX) } else { 1.0 };
        let smallest = scale * SMALLEST;
        let entry = |(feature, (&weight, seen)): (usize, (&f32, bool))| {
            let large = weight.abs() >= smallest;
            if !large && !seen {
                return None;
            }
            #[expect(clippy::cast_possible_truncation, reason = "`scale` brings it to -127..=127")]
            let weight = if large { (weight / scale).round() as i8 } else { 0 };
            Some(Entry { feature: u32::try_from(feature).unwrap_or(u32::MAX), weight, seen })
        };
        let entries = trained.weights.iter().zip(seen).enumerate().filter_map(entry).collect();
        Self { entries, scale, bias: trained.bias, experience: examples.max(1.0).ln() }
    }
}

/// What speaks for a class, given a question.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Evidence {
    /// The classifier's output: about 1 for its own examples, -1 for others'.
    pub(crate) margin: f32,
    /// The share, 0 to 1, of the question (by squared weight) that stands in examples of the class and is not
    /// everyday talk.
    pub(crate) coverage: f32,
    /// The logarithm of the number of examples. With few of them even the right questions have low margins.
    pub(crate) experience: f32,
}

/// For each feature the classes that say something about it.
pub(crate) struct Postings {
    /// Where the postings of a feature begin; one more than there are features.
    starts: Vec<u32>,
    /// Class in the upper 23 bits, then a bit for `seen`, then the weight.
    entries: Vec<u32>,
    /// By class.
    classes: Vec<Line>,
}

/// From sums of rounded weights to a margin.
struct Line {
    scale: f32,
    bias: f32,
    experience: f32,
}

impl Postings {
    /// Of classes 0, 1, 2, …
    pub(crate) fn new(features: usize, classes: &[Compact]) -> Self {
        let mut starts = vec![0_u32; features + 1];
        for entry in classes.iter().flat_map(|class| &class.entries) {
            starts[entry.feature as usize + 1] += 1;
        }
        for feature in 0..features {
            starts[feature + 1] += starts[feature];
        }
        let mut next = starts.clone();
        let mut entries = vec![0; starts[features] as usize];
        for (class, compact) in (0_u32..).zip(classes) {
            for entry in &compact.entries {
                let place = &mut next[entry.feature as usize];
                let weight = u32::from(entry.weight.cast_unsigned());
                entries[*place as usize] = class << 9 | u32::from(entry.seen) << 8 | weight;
                *place += 1;
            }
        }
        let line = |&Compact { scale, bias, experience, .. }: &Compact| Line { scale, bias, experience };
        Self { starts, entries, classes: classes.iter().map(line).collect() }
    }

    /// What speaks for each class.
    pub(crate) fn evidence(&self, vector: &[Item]) -> Vec<Evidence> {
        let mut evidence = vec![Evidence::default(); self.classes.len()];
        for item in vector {
            let feature = item.feature as usize;
            let postings = self.starts[feature] as usize..self.starts[feature + 1] as usize;
            for &entry in &self.entries[postings] {
                let evidence = &mut evidence[(entry >> 9) as usize];
                let [weight, seen, ..] = entry.to_le_bytes();
                evidence.margin += item.value * f32::from(weight.cast_signed());
                evidence.coverage += item.value * item.value * f32::from(seen & 1);
            }
        }
        for (evidence, line) in evidence.iter_mut().zip(&self.classes) {
            evidence.margin = evidence.margin * line.scale + line.bias;
            evidence.experience = line.experience;
        }
        evidence
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_as_the_weights_do_but_for_rounding() {
        let row = |class, features: &[u32]| {
            let vector = features.iter().map(|&feature| Item { feature, value: 0.5 }).collect();
            Row { class, vector }
        };
        let rows = [row(0, &[0]), row(1, &[0, 1, 2, 4]), row(1, &[2])];
        let nobody = Trained { weights: vec![0.0; 5], bias: -0.25, duals: Vec::new() };
        let trained = Trained { weights: vec![1.0, -0.5, 0.003, 0.25, 0.0], bias: 0.1, duals: Vec::new() };
        let postings = Postings::new(5, &[Compact::new(&nobody, 0, &rows), Compact::new(&trained, 1, &rows)]);
        let question: Vec<_> = (0..4).map(|feature| Item { feature, value: 0.5 }).collect();
        let [nobody, known] = postings.evidence(&question)[..] else { panic!("two classes") };
        assert_eq!(nobody, Evidence { margin: -0.25, coverage: 0.0, experience: 0.0 });
        assert!((known.margin - (0.1 + 0.5 - 0.25 + 0.125)).abs() < 0.01, "{known:?}");
        // Feature 0 is everyday talk and 3 in no example.
        assert!((known.coverage - 0.5).abs() < 1e-6, "{known:?}");
        assert!((known.experience - 2.0_f32.ln()).abs() < 1e-6, "{known:?}");
    }
}
