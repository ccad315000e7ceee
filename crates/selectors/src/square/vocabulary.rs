//! From features to vectors: which features are known and how much each says.

use super::features::{BLOCKS, Feature, HASHED};
use super::reading::Reading;
use std::sync::Arc;

/// One number of a sparse vector.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Item {
    /// The feature's number in the vocabulary.
    pub(crate) feature: u32,
    pub(crate) value: f32,
}

/// A question as a sparse vector: the numbers of its embedding, if it has one, then known features, each once. Without the
/// former it is of length one when all features are known.
pub(crate) type Vector = Arc<[Item]>;

/// The features alone; the embedding had `dims` numbers, if there was one.
pub(crate) fn without_embedding(vector: &[Item], dims: usize) -> &[Item] {
    let at = vector.partition_point(|item| (item.feature as usize) < dims);
    &vector[at..]
}

/// How much each block of features weighs beside the others.
const SHARES: [f32; BLOCKS] = [1.0, 1.0, 1.0, 0.5];

/// How much an embedding weighs beside all features together: as much.
const EMBEDDING_SHARE: f32 = 1.0;

/// The features seen so far, numbered, with their weights.
///
/// The weight is the square root of the inverse document frequency. It is frozen until the vocabulary is
/// made anew: were it to follow each added example, every vector made before would be out of date.
#[derive(Clone)]
pub(crate) struct Vocabulary {
    /// So many features, the first ones, are the numbers of an embedding and have no hash.
    dims: usize,
    /// By hash: the feature's number plus one, 0 where it was never seen.
    numbers: Box<[u32]>,
    /// By number.
    weights: Vec<f32>,
    /// The weight of a feature not seen before.
    novel: f32,
}

impl Vocabulary {
    /// Counts in how many of `texts` each feature stands. Embeddings have `dims` numbers; 0 where there are none.
    pub(crate) fn new<'a>(dims: usize, texts: impl Iterator<Item = &'a [Feature]>) -> Self {
        let numbers = vec![0; HASHED as usize].into_boxed_slice();
        let mut vocabulary = Self { dims, numbers, weights: vec![1.0; dims], novel: 0.0 };
        let mut total = 0.0;
        for features in texts {
            total += 1.0;
            vocabulary.extend(features);
            for feature in features {
                vocabulary.weights[vocabulary.numbers[feature.hash as usize] as usize - 1] += 1.0;
            }
        }
        let weight = |texts: f32| (((1.0 + total) / (1.0 + texts)).ln() + 1.0).sqrt();
        vocabulary.weights[dims..].iter_mut().for_each(|texts| *texts = weight(*texts));
        vocabulary.novel = weight(0.0);
        vocabulary
    }

    /// The hashes of the features that have one, by number, their weights, and the weight of a feature not seen before.
    pub(crate) fn parts(&self) -> (Vec<u32>, &[f32], f32) {
        let weights = &self.weights[self.dims..];
        let mut hashes = vec![0; weights.len()];
        for (hash, number) in (0..).zip(self.numbers.iter()) {
            if let Some(number) = number.checked_sub(1) {
                hashes[number as usize - self.dims] = hash;
            }
        }
        (hashes, weights, self.novel)
    }

    /// What has these parts; `None` when nothing can.
    pub(crate) fn from_parts(dims: usize, hashes: &[u32], weights: &[f32], novel: f32) -> Option<Self> {
        let mut numbers = vec![0; HASHED as usize].into_boxed_slice();
        for (number, hash) in (u32::try_from(dims).ok()? + 1..).zip(hashes) {
            let place = numbers.get_mut(*hash as usize).filter(|place| **place == 0)?;
            *place = number;
        }
        let weights = [&vec![1.0; dims], weights].concat();
        (dims + hashes.len() == weights.len()).then_some(Self { dims, numbers, weights, novel })
    }

    /// How many numbers an embedding has.
    pub(crate) fn dims(&self) -> usize {
        self.dims
    }

    /// How many features are known, the numbers of an embedding among them.
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

    /// The vector of a text.
    pub(crate) fn vector(&self, reading: &Reading) -> Vector {
        let number = |feature: &Feature| self.numbers[feature.hash as usize].checked_sub(1);
        vector(reading, self.dims, &self.weights, self.novel, number).into()
    }

    /// The same for many questions: smaller, and it takes in nothing any more. Gives also the new number of each
    /// feature.
    pub(crate) fn lookup(&self) -> (Lookup, Vec<u32>) {
        let mut bits = vec![0_u64; HASHED as usize / 64];
        let known = |hash: &usize| self.numbers[*hash] > 0;
        for hash in (0..HASHED as usize).filter(known) {
            bits[hash / 64] |= 1 << (hash % 64);
        }
        let mut before = u32::try_from(self.dims).unwrap_or(u32::MAX);
        let rank = |bits: &u64| {
            before += bits.count_ones();
            before - bits.count_ones()
        };
        let ranks = bits.iter().map(rank).collect();
        let (dims, weights) = (self.dims, vec![1.0; self.weights.len()]);
        let mut lookup = Lookup { dims, bits, ranks, weights, novel: self.novel };
        let mut renumbered: Vec<u32> = (0..).take(self.weights.len()).collect();
        for hash in (0..HASHED as usize).filter(known) {
            let number = self.numbers[hash] as usize - 1;
            if let Some(new) = lookup.number(hash) {
                lookup.weights[new as usize] = self.weights[number];
                renumbered[number] = new;
            }
        }
        (lookup, renumbered)
    }
}

/// A [`Vocabulary`] that is complete: features are numbered in the order of their hashes, so that a bit for each
/// hash says which are known, and the number of bits before it which number it has. It lies in a fast part of
/// memory where the table of all hashes does not.
pub(crate) struct Lookup {
    dims: usize,
    /// By hash, whether the feature is known.
    bits: Vec<u64>,
    /// How many are known before each 64 of them, the numbers of an embedding among them.
    ranks: Vec<u32>,
    /// By number.
    weights: Vec<f32>,
    novel: f32,
}

impl Lookup {
    /// The vector of a text, as the vocabulary gives it but for the numbers of the features.
    pub(crate) fn vector(&self, reading: &Reading) -> Vec<Item> {
        vector(reading, self.dims, &self.weights, self.novel, |feature| self.number(feature.hash as usize))
    }

    /// How many numbers an embedding has.
    pub(crate) fn dims(&self) -> usize {
        self.dims
    }

    /// The memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.bits) + size_of_val(&*self.ranks) + size_of_val(&*self.weights)
    }

    fn number(&self, hash: usize) -> Option<u32> {
        let (word, bit) = (self.bits[hash / 64], 1 << (hash % 64));
        (word & bit != 0).then(|| self.ranks[hash / 64] + (word & (bit - 1)).count_ones())
    }
}

/// (1 + ln tf) · idf^½, scaled to length one within each block, then over all. Features never seen (without a
/// `number`) are left out but count for the length, so a question that is mostly unknown gets small numbers. The embedding
/// stands in front, if it has `dims` numbers.
fn vector(
    reading: &Reading,
    dims: usize,
    weights: &[f32],
    novel: f32,
    number: impl Fn(&Feature) -> Option<u32>,
) -> Vec<Item> {
    // Nothing is known of a text whose embedding is all zeros.
    let is_one =
        |embedding: &&[f32]| embedding.len() == dims && embedding.iter().any(|number| *number != 0.0);
    let embedding = reading.embedding.as_deref().filter(is_one).unwrap_or(&[]);
    let mut squares = [0.0_f32; BLOCKS];
    let mut known = Vec::with_capacity(embedding.len() + reading.features.len());
    let item = |(feature, number): (u32, &f32)| Item { feature, value: number * EMBEDDING_SHARE };
    known.extend((0..).zip(embedding).map(item));
    let mut start = known.len();
    // The features of a block stand together.
    let mut ends = [start; BLOCKS];
    for feature in &reading.features {
        let number = number(feature);
        let weight = number.map_or(novel, |number| weights[number as usize]);
        let value = weight * frequency(feature.count);
        let block = usize::from(feature.block);
        squares[block] += value * value;
        known.extend(number.map(|number| Item { feature: number, value }));
        ends[block] = known.len();
    }
    for (end, scale) in ends.into_iter().zip(scales(squares)) {
        known[start.min(end)..end].iter_mut().for_each(|item| item.value *= scale);
        start = start.max(end);
    }
    known
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
        let read = |text| Reading::new(&extractor, text, None);
        let known = read("which actors played in heat, heat or heat?");
        let vocabulary = Vocabulary::new(0, [&known.features[..]].into_iter());
        assert!((length(&vocabulary.vector(&known)) - 1.0).abs() < 1e-5);
        assert!(vocabulary.vector(&read("zzz")).is_empty());
        assert!(vocabulary.vector(&read("")).is_empty());
        let half = length(&vocabulary.vector(&read("heat zzz")));
        assert!((0.3..0.9).contains(&half), "{half}");
    }

    #[test]
    fn the_lookup_gives_the_same_vectors_under_other_numbers() {
        let extractor = Extractor::new();
        let known = extractor.features("which actors played in heat, and when was it released?");
        for dims in [0, 2] {
            let vocabulary = Vocabulary::new(dims, [&known[..]].into_iter());
            let (lookup, renumbered) = vocabulary.lookup();
            for text in ["which actors", "heat zzz heat", "what else was released", "zzz", ""] {
                let reading = Reading::new(&extractor, text, Some([0.6, 0.8].into()));
                let expected = vocabulary.vector(&reading);
                let expected: Vec<_> = expected
                    .iter()
                    .map(|item| Item { feature: renumbered[item.feature as usize], ..*item })
                    .collect();
                assert_eq!(lookup.vector(&reading), expected, "{text}");
            }
        }
    }

    #[test]
    fn an_embedding_stands_in_front_and_leaves_the_features_as_they_are() {
        let extractor = Extractor::new();
        let known = extractor.features("which actors played in heat?");
        let (with, without) =
            (Vocabulary::new(2, [&known[..]].into_iter()), Vocabulary::new(0, [&known[..]].into_iter()));
        let read =
            |embedding: Option<&[f32]>| Reading::new(&extractor, "which actors?", embedding.map(Into::into));
        let vector = with.vector(&read(Some(&[0.6, -0.8])));
        let features: Vec<_> = vector[..2].iter().map(|item| item.feature).collect();
        assert_eq!(features, [0, 1]);
        assert!((length(&vector[..2]) - EMBEDDING_SHARE).abs() < 1e-5);
        let values = |vector: &[Item]| vector.iter().map(|item| item.value).collect::<Vec<_>>();
        let plain = values(&without.vector(&read(None)));
        assert_eq!(values(without_embedding(&vector, 2)), plain);
        for other in [None, Some(&[1.0_f32][..])] {
            assert_eq!(values(&with.vector(&read(other))), plain, "one of another length is left out");
        }
        let (hashes, weights, novel) = with.parts();
        let back = Vocabulary::from_parts(2, &hashes, weights, novel).unwrap();
        assert_eq!(back.vector(&read(Some(&[0.6, -0.8]))), vector);
    }

    #[test]
    fn what_stands_everywhere_says_less() {
        let extractor = Extractor::new();
        let texts = ["the cat", "the dog", "the bird"].map(|text| extractor.features(text));
        let vocabulary = Vocabulary::new(0, texts.iter().map(|features| &features[..]));
        let weight = |text: &str| {
            let features = extractor.features(text);
            vocabulary.weights[vocabulary.numbers[features[0].hash as usize] as usize - 1]
        };
        assert!(weight("the") < weight("cat"));
    }
}
