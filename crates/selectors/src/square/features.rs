//! A question as a bag of hashed features.

use super::alike::groups;
use super::words::{MAX_WORDS, words};
use rust_stemmers::{Algorithm, Stemmer};

/// Features are hashed into this many numbers. Two features that meet in one number share a weight, which
/// with some hundred thousand of them costs next to nothing (Weinberger et al. 2009, "Feature hashing").
pub(crate) const HASHED: u32 = 1 << 20;

/// How many kinds ("blocks") of features there are. Each is scaled to length one by itself before they are
/// put together.
pub(crate) const BLOCKS: usize = 4;

/// Words, their stems, and neighbouring words.
const WORDS: u32 = 0;
/// Runs of 2 to 5 characters inside a word, its beginning and end marked.
const GRAMS: u32 = 1;
/// Any two stems of the question, in whatever order; a group of words that are alike in the place of its members.
const PAIRS: u32 = 2;
/// The groups of words that are alike of which one stands in the question.
const GROUPS: u32 = 3;

/// A feature of a question and how often it stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Feature {
    /// Below [`BLOCKS`].
    pub(crate) block: u8,
    /// Below [`HASHED`].
    pub(crate) hash: u32,
    /// At least 1.
    pub(crate) count: u16,
}

// Bounds on the work for one question, beside those on its words.
const MAX_GRAMS: usize = 4096;
const MAX_PAIRED: usize = 24;

/// The most features that any text can have.
pub(crate) const MAX_FEATURES: usize = 3 * MAX_WORDS + MAX_GRAMS + MAX_PAIRED * (MAX_PAIRED - 1) / 2;

/// Reads features off texts.
pub(crate) struct Extractor {
    stemmer: Stemmer,
}

impl Extractor {
    pub(crate) fn new() -> Self {
        Self { stemmer: Stemmer::create(Algorithm::English) }
    }

    /// The features of `text`, each once, at most [`MAX_FEATURES`].
    pub(crate) fn features(&self, text: &str) -> Vec<Feature> {
        let mut keys = Keys(Vec::with_capacity(512));
        let mut before = None;
        let stems = words(text).iter().map(|word| self.word(word, &mut before, &mut keys)).collect();
        pairs(stems, &mut keys);
        keys.counted()
    }

    /// Adds what one word gives, and returns what stands for it in pairs.
    fn word(&self, word: &str, before: &mut Option<u64>, keys: &mut Keys) -> u64 {
        let whole = hash(1, word.chars());
        keys.push(WORDS, whole);
        if let Some(before) = before.replace(whole) {
            keys.push(WORDS, mix(before.rotate_left(17) ^ whole));
        }
        grams(word, keys);
        let stem = self.stemmer.stem(word);
        let hashed = hash(2, stem.chars());
        keys.push(WORDS, hashed);
        let groups = groups(&stem);
        for &group in groups {
            keys.push(GROUPS, of_group(group));
        }
        groups.first().map_or(hashed, |&group| of_group(group))
    }
}

fn of_group(group: u8) -> u64 {
    mix(u64::from(group) + 1)
}

fn grams(word: &str, keys: &mut Keys) {
    const LONGEST: usize = 5;
    let mut marked = Vec::with_capacity(word.len() + 2);
    marked.push('\u{2}');
    marked.extend(word.chars());
    marked.push('\u{3}');
    for start in 0..marked.len() - 1 {
        let mut state = 3;
        for (at, &c) in marked[start..].iter().take(LONGEST).enumerate() {
            state = step(state, c);
            if at > 0 {
                keys.push(GRAMS, mix(state));
            }
        }
    }
}

fn pairs(mut stems: Vec<u64>, keys: &mut Keys) {
    stems.truncate(MAX_PAIRED);
    stems.sort_unstable();
    stems.dedup();
    for (at, first) in stems.iter().enumerate() {
        for second in &stems[at + 1..] {
            keys.push(PAIRS, mix(first.rotate_left(29) ^ second));
        }
    }
}

/// Block and hash in one number, so that sorting brings equal features together.
struct Keys(Vec<u32>);

impl Keys {
    fn push(&mut self, block: u32, hash: u64) {
        // The top bits of the last multiplication are the well mixed ones.
        #[expect(clippy::cast_possible_truncation, reason = "20 bits are left")]
        let hash = (hash >> (u64::BITS - HASHED.ilog2())) as u32;
        if self.0.len() < MAX_FEATURES {
            self.0.push(block << HASHED.ilog2() | hash);
        }
    }

    fn counted(mut self) -> Vec<Feature> {
        self.0.sort_unstable();
        let runs = self.0.chunk_by(|a, b| a == b);
        let feature = |run: &[u32]| Feature {
            block: u8::try_from(run[0] / HASHED).unwrap_or(0),
            hash: run[0] % HASHED,
            count: u16::try_from(run.len()).unwrap_or(u16::MAX),
        };
        runs.map(feature).collect()
    }
}

fn hash(seed: u64, chars: impl Iterator<Item = char>) -> u64 {
    mix(chars.fold(seed, step))
}

fn step(state: u64, c: char) -> u64 {
    (state.rotate_left(5) ^ u64::from(c)).wrapping_mul(0x517C_C1B7_2722_0A95)
}

/// The finalizer of `SplitMix64` (Steele et al. 2014).
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_punctuation_and_blanks_make_no_difference() {
        let extractor = Extractor::new();
        assert_eq!(
            extractor.features("Which ACTORS played in Heat?"),
            extractor.features("  which actors,\nplayed in \"heat\"!")
        );
        assert_ne!(extractor.features("Heat"), extractor.features("Hear"));
    }

    #[test]
    fn each_feature_stands_once_with_its_count() {
        let features = Extractor::new().features("no no no");
        let word = features.iter().filter(|feature| u32::from(feature.block) == WORDS);
        // The word three times, its stem three times, and twice beside itself.
        let mut counts: Vec<_> = word.map(|feature| feature.count).collect();
        counts.sort_unstable();
        assert_eq!(counts, [2, 3, 3]);
    }

    #[test]
    fn every_script_and_emoji_give_features() {
        for text in ["где мой заказ", "注文はどこですか", "सलाम", "🎸", "é", "e\u{301}"]
        {
            assert!(!Extractor::new().features(text).is_empty(), "{text}");
        }
        for text in ["", " \t\u{0}\u{7f}", "?!…—«»", "\u{200b}\u{3000}"] {
            assert!(Extractor::new().features(text).is_empty(), "{text:?}");
        }
    }

    #[test]
    fn the_number_of_features_is_bounded() {
        let long: String =
            (0..100_000_u32).filter_map(|n| char::from_u32(97 + n.wrapping_mul(n) % 26)).collect();
        let many = (0..10_000).map(|n| n.to_string()).collect::<Vec<_>>().join(" ");
        let mixed = (0..1000).map(|n| format!("abcdefghijklmnopqrstuvwxyz{n}")).collect::<Vec<_>>().join(" ");
        for text in [long, many, mixed] {
            assert!(Extractor::new().features(&text).len() <= MAX_FEATURES);
        }
    }
}
