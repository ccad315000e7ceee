//! The embeddings of what is learnt from, by text.

use crate::square::Rounded;
use sha2::{Digest, Sha256};
use square_routing::{EmbedderVersion, Embedding};
use std::collections::{BTreeMap, BTreeSet};

/// Changes with the form of the bytes.
const FORMAT: u32 = 1;

/// A text, in short: the first half of its SHA-256.
type Key = [u8; 16];

/// Embeddings, all of one length.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Memory {
    dims: usize,
    known: BTreeMap<Key, Rounded>,
}

impl Memory {
    /// How many numbers an embedding has; `None` where nothing is known.
    pub(super) fn dims(&self) -> Option<usize> {
        (!self.known.is_empty()).then_some(self.dims)
    }

    pub(super) fn clear(&mut self) {
        self.known.clear();
    }

    /// Those of `texts` that are not known, each once.
    pub(super) fn missing(&self, texts: &[String]) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let is_missing = |text: &&String| {
            let key = key(text);
            !self.known.contains_key(&key) && seen.insert(key)
        };
        texts.iter().filter(is_missing).cloned().collect()
    }

    /// Remembers these. If they are of another length than before, what was known before is forgotten.
    pub(super) fn put(&mut self, texts: &[String], embeddings: &[Embedding]) {
        for (text, embedding) in texts.iter().zip(embeddings) {
            if embedding.len() != self.dims {
                self.known.clear();
                self.dims = embedding.len();
            }
            self.known.insert(key(text), Rounded::new(embedding));
        }
    }

    /// One for each text; `None` where one is not known.
    pub(super) fn of(&self, texts: &[String]) -> Option<Vec<Rounded>> {
        texts.iter().map(|text| self.known.get(&key(text)).cloned()).collect()
    }

    /// How many texts are known.
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// Forgets all others.
    pub(super) fn keep_only<'a>(&mut self, texts: impl Iterator<Item = &'a String>) {
        let keys: BTreeSet<_> = texts.map(|text| key(text)).collect();
        self.known.retain(|key, _| keys.contains(key));
    }

    /// What [`Memory::from_bytes`] reads, of those of `texts` that are known: a SHA-256 of what follows, whose embeddings they
    /// are, how many of how many numbers, then each.
    pub(super) fn to_bytes<'a>(
        &self,
        version: EmbedderVersion,
        texts: impl Iterator<Item = &'a String>,
    ) -> Vec<u8> {
        let known: BTreeMap<_, _> = texts.filter_map(|text| self.known.get_key_value(&key(text))).collect();
        let mut content = Vec::with_capacity(HEAD + known.len() * (ITEM + self.dims));
        content.extend(mark(version));
        for number in [known.len(), self.dims] {
            content.extend(u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
        }
        for (key, Rounded { scale, numbers }) in known {
            content.extend(key);
            content.extend(scale.to_le_bytes());
            content.extend(numbers.iter().map(|number| number.cast_unsigned()));
        }
        let mut bytes = Sha256::digest(&content).to_vec();
        bytes.extend(content);
        bytes
    }

    /// What the bytes begin with, and the rest of them. `None` when it is damaged, or another embedder's.
    pub(super) fn from_bytes(bytes: &[u8], version: EmbedderVersion) -> Option<(Self, &[u8])> {
        let (digest, content) = bytes.split_at_checked(32)?;
        let rest = content.strip_prefix(&mark(version)[..])?;
        let (count, rest) = rest.split_first_chunk()?;
        let (dims, rest) = rest.split_first_chunk()?;
        let [count, dims] = [count, dims].map(|number| u32::from_le_bytes(*number) as usize);
        let (items, model) = rest.split_at_checked(count.checked_mul(ITEM + dims)?)?;
        if Sha256::digest(&content[..HEAD + items.len()])[..] != *digest {
            return None;
        }
        let item = |item: &[u8]| {
            let (key, rest) = item.split_first_chunk()?;
            let (scale, numbers) = rest.split_first_chunk()?;
            let scale = Some(f32::from_le_bytes(*scale)).filter(|scale| scale.is_finite())?;
            let numbers = numbers.iter().map(|number| number.cast_signed()).collect();
            Some((*key, Rounded { scale, numbers }))
        };
        let known = items.chunks_exact(ITEM + dims).map(item).collect::<Option<_>>()?;
        Some((Self { dims, known }, model))
    }
}

/// Bytes before the embeddings, and those of each beside its numbers.
const HEAD: usize = 32 + 4 + 4;
const ITEM: usize = size_of::<Key>() + 4;

fn key(text: &str) -> Key {
    let digest: [u8; 32] = Sha256::digest(text).into();
    std::array::from_fn(|place| digest[place])
}

/// Whether both may be what one model makes of one text: rounding, and doing the same sums elsewhere, move an embedding far less.
pub(super) fn may_be_the_same(one: &[f32], other: &[f32]) -> bool {
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let lengths = (product(one, one) * product(other, other)).sqrt();
    one.len() == other.len() && product(one, other) >= 0.98 * lengths
}

fn mark(EmbedderVersion(version): EmbedderVersion) -> [u8; 32] {
    Sha256::new().chain_update(FORMAT.to_le_bytes()).chain_update(version).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERSION: EmbedderVersion = EmbedderVersion([7; 32]);

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.to_owned()).collect()
    }

    fn memory() -> Memory {
        let mut memory = Memory::default();
        memory.put(&texts(&["heat", "rain"]), &[[0.6, 0.8].into(), [1.0, 0.0].into()]);
        memory
    }

    #[test]
    fn a_text_is_missing_once_until_it_is_known() {
        let memory = memory();
        assert_eq!(memory.missing(&texts(&["snow", "heat", "snow", "Heat"])), ["snow", "Heat"]);
        let rain = memory.of(&texts(&["rain"])).unwrap().remove(0);
        assert_eq!(rain.embedding().to_vec(), [1.0, 0.0]);
        assert!(memory.of(&texts(&["rain", "snow"])).is_none());
        assert_eq!((memory.dims(), Memory::default().dims()), (Some(2), None));
    }

    #[test]
    fn another_length_makes_the_rest_useless() {
        let mut memory = memory();
        memory.put(&texts(&["snow"]), &[[1.0, 0.0, 0.0].into()]);
        assert_eq!((memory.dims(), memory.missing(&texts(&["heat", "snow"]))), (Some(3), texts(&["heat"])));
    }

    #[test]
    fn what_is_not_needed_any_more_is_forgotten() {
        let mut memory = memory();
        memory.keep_only(texts(&["rain", "snow"]).iter());
        assert_eq!((memory.missing(&texts(&["rain", "heat"])), memory.len()), (texts(&["heat"]), 1));
    }

    #[test]
    fn bytes_come_back_for_the_same_embedder_and_undamaged_alone() {
        let mut bytes = memory().to_bytes(VERSION, texts(&["heat", "rain", "snow"]).iter());
        let own = bytes.len();
        bytes.extend(b"the model");
        let (back, rest) = Memory::from_bytes(&bytes, VERSION).unwrap();
        assert_eq!((back, rest), (memory(), &b"the model"[..]));
        assert!(Memory::from_bytes(&bytes, EmbedderVersion([8; 32])).is_none());
        for place in 0..own {
            let mut damaged = bytes.clone();
            damaged[place] ^= 1;
            assert!(Memory::from_bytes(&damaged, VERSION).is_none(), "{place}");
            assert!(Memory::from_bytes(&bytes[..place], VERSION).is_none(), "{place}");
        }
        let bytes = memory().to_bytes(VERSION, texts(&["rain"]).iter());
        let (back, _) = Memory::from_bytes(&bytes, VERSION).unwrap();
        assert_eq!(back.missing(&texts(&["heat", "rain"])), ["heat"], "what is not asked for is not kept");
    }

    #[test]
    fn rounding_makes_no_other_model() {
        let numbers: Vec<f32> = (0..50_u8).map(|n| (f32::from(n) * 0.7).sin()).collect();
        assert!(may_be_the_same(&numbers, &Rounded::new(&numbers).embedding()));
        assert!(!may_be_the_same(&[1.0, 0.0], &[0.97, 0.25]));
        assert!(!may_be_the_same(&[1.0], &[1.0, 0.0]));
        assert!(may_be_the_same(&[0.0, 0.0], &[1.0, 0.0]), "one that says nothing tells nothing");
    }
}
