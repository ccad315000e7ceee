//! From features to vectors: which features are known and how much each says.

use super::features::{BLOCKS, Feature, HASHED};
use std::sync::Arc;

/// One number of a sparse vector.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Item {
    /// The feature's number in the vocabulary.
    pub(crate) feature: u32,
    pub(crate) value: f32,
}

/// A question as a sparse vector: known features, each once. Of length one when all features are known.
pub(crate) type Vector = Arc<[Item]>;

/// How much each block of features weighs beside the others.
const SHARES: [f32; BLOCKS] = [1.0, 1.0, 0.5];

/// The features seen so far, numbered, with their weights.
///
/// The weight is the square root of the inverse document frequency. It is frozen until the vocabulary is
/// made anew: were it to follow each added example, every vector made before would be out of date.
#[derive(Clone)]
pub(crate) struct Vocabulary {
    /// By hash: the feature's number plus one, 0 where it was never seen.
    numbers: Box<[u32]>,
    /// By number.
    weights: Vec<f32>,
    /// The weight of a feature not seen before.
    novel: f32,
}

impl Vocabulary {
    /// Counts in how many of `texts` each feature stands.
    pub(crate) fn new<'a>(texts: impl Iterator<Item = &'a [Feature]>) -> Self {
        let mut vocabulary =
            Self { numbers: vec![0; HASHED as usize].into_boxed_slice(), weights: Vec::new(), novel: 0.0 };
        let mut total = 0.0;
        for features in texts {
            total += 1.0;
            vocabulary.extend(features);
            for feature in features {
                vocabulary.weights[vocabulary.numbers[feature.hash as usize] as usize - 1] += 1.0;
            }
        }
        let weight = |texts: f32| (((1.0 + total) / (1.0 + texts)).ln() + 1.0).sqrt();
        vocabulary.weights.iter_mut().for_each(|texts| *texts = weight(*texts));
        vocabulary.novel = weight(0.0);
        vocabulary
    }

    /// How many features are known.
    pub(crate) fn len(&self) -> usize {
        self.weights.len()
    }

    /// Takes in features not seen before.
    pub(crate) fn extend(&mut self, features: &[Feature]) {
        for feature in features {
            let number = &mut self.numbers[feature.hash as usize];
            if *number == 0 {
                self.weights.push(self.novel);
                *number = u32::try_from(self.weights.len()).unwrap_or(0);
            }
        }
    }

    /// (1 + ln tf) · idf^½, scaled to length one within each block, then over all. Features never seen are
    /// left out but count for the length, so a question that is mostly unknown gets small numbers.
    pub(crate) fn vector(&self, features: &[Feature]) -> Vector {
        let mut squares = [0.0_f32; BLOCKS];
        let mut known = Vec::with_capacity(features.len());
        for feature in features {
            let number = self.numbers[feature.hash as usize].checked_sub(1);
            let weight = number.map_or(self.novel, |number| self.weights[number as usize]);
            let value = weight * frequency(feature.count);
            let block = usize::from(feature.block);
            squares[block] += value * value;
            known.extend(number.map(|number| (block, Item { feature: number, value })));
        }
        let scales = scales(squares);
        let in_scale = |(block, item): (usize, Item)| Item { value: item.value * scales[block], ..item };
        known.into_iter().map(in_scale).collect()
    }
}

/// 1 + ln tf.
fn frequency(count: u16) -> f32 {
    if count == 1 { 1.0 } else { 1.0 + f32::from(count).ln() }
}

/// What each block is multiplied by, given the sums of squares within the blocks.
fn scales(squares: [f32; BLOCKS]) -> [f32; BLOCKS] {
    let present = (0..BLOCKS).filter(|&block| squares[block] > 0.0);
    let length = present.map(|block| SHARES[block] * SHARES[block]).sum::<f32>().sqrt();
    std::array::from_fn(|block| match squares[block] {
        0.0 => 0.0,
        square => SHARES[block] / (square.sqrt() * length),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::square::features::Extractor;

    fn length(vector: &[Item]) -> f32 {
        vector.iter().map(|item| item.value * item.value).sum::<f32>().sqrt()
    }

    #[test]
    fn known_questions_have_length_one_and_unknown_ones_nothing() {
        let extractor = Extractor::new();
        let known = extractor.features("which actors played in heat, heat or heat?");
        let vocabulary = Vocabulary::new([&known[..]].into_iter());
        assert!((length(&vocabulary.vector(&known)) - 1.0).abs() < 1e-5);
        assert!(vocabulary.vector(&extractor.features("zzz")).is_empty());
        assert!(vocabulary.vector(&[]).is_empty());
        let half = length(&vocabulary.vector(&extractor.features("heat zzz")));
        assert!((0.3..0.9).contains(&half), "{half}");
    }

    #[test]
    fn what_stands_everywhere_says_less() {
        let extractor = Extractor::new();
        let texts = ["the cat", "the dog", "the bird"].map(|text| extractor.features(text));
        let vocabulary = Vocabulary::new(texts.iter().map(|features| &features[..]));
        let weight = |text: &str| {
            let features = extractor.features(text);
            vocabulary.weights[vocabulary.numbers[features[0].hash as usize] as usize - 1]
        };
        assert!(weight("the") < weight("cat"));
    }
}
