//! What is read off a text: features, and the embedding where there is one.

use super::features::{Extractor, Feature};
use square_routing::Embedding;
use std::sync::Arc;

/// A text as it is learnt from and ranked by.
pub(crate) struct Reading {
    pub(crate) features: Vec<Feature>,
    pub(crate) embedding: Option<Embedding>,
}

impl Reading {
    /// Reads the features off `text`.
    pub(crate) fn new(extractor: &Extractor, text: &str, embedding: Option<Embedding>) -> Self {
        Self { features: extractor.features(text), embedding }
    }
}

/// An embedding in a quarter of its size, as those of examples are kept: a byte for each number, with one scale. What this
/// takes from an embedding is far below what two ways of saying the same differ by.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rounded {
    pub(crate) scale: f32,
    pub(crate) numbers: Arc<[i8]>,
}

impl Rounded {
    pub(crate) fn new(embedding: &[f32]) -> Self {
        let largest = embedding.iter().fold(0.0_f32, |largest, number| largest.max(number.abs()));
        let scale = if largest > 0.0 { largest / f32::from(i8::MAX) } else { 1.0 };
        #[expect(clippy::cast_possible_truncation, reason = "`scale` brings it to -127..=127")]
        let rounded = |number: &f32| (number / scale).round() as i8;
        Self { scale, numbers: embedding.iter().map(rounded).collect() }
    }

    pub(crate) fn embedding(&self) -> Embedding {
        self.numbers.iter().map(|&number| f32::from(number) * self.scale).collect()
    }
}

/// Questions that are nobody's, in no matter what order: everyday ones, and others that are known to be.
pub(crate) struct Nobodys {
    texts: Vec<String>,
    /// One for each, or none.
    embeddings: Vec<Rounded>,
}

/// Everyday questions about nothing in particular. They stand for all that is nobody's: function words and
/// turns of phrase cannot make a question fit, also when there is one skill only and no other to compare with.
pub(crate) const BACKGROUND: &str = include_str!("background.txt");

impl Default for Nobodys {
    fn default() -> Self {
        Self::new(&[])
    }
}

impl Nobodys {
    /// The everyday ones and `strangers`.
    pub(crate) fn new(strangers: &[String]) -> Self {
        let texts = BACKGROUND.lines().chain(strangers.iter().map(String::as_str));
        Self { texts: texts.map(str::to_owned).collect(), embeddings: Vec::new() }
    }

    pub(crate) fn texts(&self) -> &[String] {
        &self.texts
    }

    /// Takes one embedding for each text.
    pub(crate) fn embed(&mut self, embeddings: Vec<Rounded>) {
        self.embeddings = embeddings;
    }

    pub(crate) fn readings(&self, extractor: &Extractor) -> Vec<Reading> {
        readings(extractor, &self.texts, &self.embeddings)
    }
}

/// Reads each of `texts`, which have an embedding each, or none.
pub(crate) fn readings(extractor: &Extractor, texts: &[String], embeddings: &[Rounded]) -> Vec<Reading> {
    let embedding = |place: usize| embeddings.get(place).map(Rounded::embedding);
    texts.iter().enumerate().map(|(place, text)| Reading::new(extractor, text, embedding(place))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_moves_each_number_by_a_fraction_of_the_largest() {
        let numbers: Vec<f32> = (0..50_u8).map(|n| (f32::from(n) * 0.7).sin() / 3.0).collect();
        let back = Rounded::new(&numbers).embedding();
        assert!(numbers.iter().zip(back.iter()).all(|(a, b)| (a - b).abs() < 0.5 / 3.0 / 127.0 + 1e-6));
        assert_eq!(Rounded::new(&[0.0; 3]).embedding().to_vec(), [0.0; 3]);
    }

    #[test]
    fn everyday_questions_are_all_different() {
        let mut lines: Vec<_> = BACKGROUND.lines().collect();
        let count = lines.len();
        lines.sort_unstable();
        lines.dedup();
        assert_eq!(lines.len(), count);
        assert!(!lines.contains(&""));
    }
}
