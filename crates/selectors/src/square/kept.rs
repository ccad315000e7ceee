//! What was learnt as bytes, and back.
//!
//! All but the vectors of the examples, which are read off these again before something changes. Numbers are
//! little-endian or LEB128; a SHA-256 of all that precedes it comes last. Not a format for other programs: what
//! another version of this one wrote is refused, and learnt anew.

use super::alike::ALIKE;
use super::calibrate::Calibration;
use super::examples::Examples;
use super::features::Extractor;
use super::knowledge::{Knowledge, number};
use super::model::NOBODY;
use super::postings::{Compact, Entry};
use super::reading::{BACKGROUND, Nobodys};
use super::train::Dual;
use super::vocabulary::Vocabulary;
use sha2::{Digest, Sha256};
use square_kernel::{SkillId, uuid::Uuid};
use std::collections::{BTreeMap, HashSet};

/// Changes with whatever makes what was learnt before of no use: the form of the bytes, how training is done.
const FORMAT: u32 = 3;
/// Its features show whether these are still read off as before.
const PROBE: &str = "Why can't I see the 3 new cards I've ordered, or what's shown of them?";

impl Knowledge {
    /// What [`Knowledge::from_bytes`] reads.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut to = Writer(Vec::new());
        to.0.extend(mark());
        let (hashes, weights, novel) = self.vocabulary.parts();
        to.number(self.vocabulary.dims());
        to.number(hashes.len());
        for hash in hashes {
            to.0.extend(hash.to_le_bytes());
        }
        for &weight in weights {
            to.float(weight);
        }
        to.float(novel);
        for number in self.calibration.numbers() {
            to.0.extend(number.to_le_bytes());
        }
        to.number(self.rows_at_start);
        to.number(self.skills.len());
        for skill in &self.skills {
            to.0.extend(skill.uuid().as_bytes());
        }
        for (compact, duals) in self.compact.iter().zip(&self.duals) {
            to.compact(compact);
            to.duals(duals);
        }
        let digest = Sha256::digest(&to.0);
        to.0.extend(digest);
        to.0
    }

    /// `None` when it was not made from `examples` with their embeddings, by this version of the program, or is damaged. The
    /// rows are missing until [`Knowledge::read_again`].
    pub(super) fn from_bytes(
        bytes: &[u8],
        examples: &BTreeMap<SkillId, Examples>,
        nobodys: &Nobodys,
    ) -> Option<Self> {
        let (content, digest) = bytes.split_last_chunk::<32>()?;
        if Sha256::digest(content)[..] != digest[..] {
            return None;
        }
        let mut from = Reader(content.strip_prefix(&mark()[..])?);
        let dims = from.length(4)?;
        let features = from.length(8)?;
        let hashes = from.many(features, |from| from.array().map(u32::from_le_bytes))?;
        let weights = from.many(features, Reader::float)?;
        let vocabulary = Vocabulary::from_parts(dims, &hashes, &weights, from.float()?)?;
        let numbers = from.many(Calibration::COUNT, |from| from.array().map(f64::from_le_bytes))?;
        let calibration = Calibration::from_numbers(&numbers)?;
        let rows_at_start = from.number()?;
        let count = from.length(16)?;
        let skills = from.many(count, |from| Some(SkillId::from(Uuid::from_bytes(from.array()?))))?;
        let distinct: HashSet<_> = skills.iter().collect();
        if distinct.len() != examples.len() || !skills.iter().all(|skill| examples.contains_key(skill)) {
            return None;
        }
        if !examples.values().all(|examples| examples.dims() == dims) {
            return None;
        }
        let rows = nobodys.texts().len() + examples.values().map(Examples::len).sum::<usize>();
        let (mut compact, mut duals) = (Vec::new(), Vec::new());
        for _ in NOBODY..=NOBODY + skills.len() {
            compact.push(from.compact((dims, vocabulary.len()))?);
            duals.push(from.duals(rows)?);
        }
        let whole = from.0.is_empty();
        whole.then_some(Self {
            vocabulary,
            skills,
            rows: Vec::new(),
            duals,
            compact,
            telling: Vec::new(),
            calibration,
            rows_at_start,
        })
    }

    /// Reads the rows off the examples, if they are missing.
    pub(super) fn read_again(&mut self, examples: &BTreeMap<SkillId, Examples>, nobodys: &Nobodys) {
        if !self.rows.is_empty() {
            return;
        }
        let extractor = Extractor::new();
        self.add_rows(NOBODY, &nobodys.readings(&extractor));
        for (class, skill) in (NOBODY + 1..).zip(self.skills.clone()) {
            if let Some(examples) = examples.get(&skill) {
                self.add_rows(class, &examples.readings(&extractor));
            }
        }
    }
}

/// What the bytes begin with: all in this program that they depend on.
fn mark() -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(FORMAT.to_le_bytes());
    digest.update(BACKGROUND);
    digest.update(ALIKE);
    for feature in Extractor::new().features(PROBE) {
        digest.update([feature.block]);
        digest.update(feature.hash.to_le_bytes());
        digest.update(feature.count.to_le_bytes());
    }
    digest.finalize().into()
}

struct Writer(Vec<u8>);

impl Writer {
    fn float(&mut self, number: f32) {
        self.0.extend(number.to_le_bytes());
    }

    fn number(&mut self, mut number: usize) {
        while number > 0x7F {
            self.0.push(0x80 | u8::try_from(number & 0x7F).unwrap_or(0));
            number >>= 7;
        }
        self.0.push(u8::try_from(number).unwrap_or(0));
    }

    fn compact(&mut self, compact: &Compact) {
        for number in [compact.scale, compact.bias, compact.experience] {
            self.float(number);
        }
        for &weight in &compact.dense {
            self.float(weight);
        }
        self.number(compact.entries.len());
        let mut next = 0;
        for entry in &compact.entries {
            self.number((entry.feature - next) as usize * 2 + usize::from(entry.seen));
            self.0.push(entry.weight.cast_unsigned());
            next = entry.feature;
        }
    }

    fn duals(&mut self, duals: &[Dual]) {
        self.number(duals.len());
        let mut next = 0;
        for dual in duals {
            self.number((dual.row - next) as usize);
            self.float(dual.value);
            next = dual.row;
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    fn float(&mut self) -> Option<f32> {
        self.array().map(f32::from_le_bytes).filter(|number| number.is_finite())
    }

    fn number(&mut self) -> Option<usize> {
        let mut number = 0_usize;
        for shift in (0..usize::BITS).step_by(7) {
            let [byte] = self.array()?;
            number |= usize::from(byte & 0x7F).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// How many things follow that take `bytes` each at least: never more than there can be.
    fn length(&mut self, bytes: usize) -> Option<usize> {
        self.number().filter(|&length| length <= self.0.len() / bytes)
    }

    fn many<T>(&mut self, count: usize, mut one: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        (0..count).map(|_| one(self)).collect()
    }

    fn compact(&mut self, (dims, features): (usize, usize)) -> Option<Compact> {
        let (scale, bias, experience) = (self.float()?, self.float()?, self.float()?);
        let dense = self.many(dims, Self::float)?;
        let count = self.length(2)?;
        let mut feature = 0;
        let entries = self.many(count, |from| {
            let step = from.number()?;
            feature =
                usize::checked_add(feature, step / 2).filter(|feature| (dims..features).contains(feature))?;
            let [weight] = from.array()?;
            Some(Entry { feature: number(feature), weight: weight.cast_signed(), seen: step % 2 == 1 })
        })?;
        Some(Compact { dense, entries, scale, bias, experience })
    }

    fn duals(&mut self, rows: usize) -> Option<Vec<Dual>> {
        let count = self.length(5)?;
        let mut row = 0;
        self.many(count, |from| {
            let step = from.number()?;
            row = usize::checked_add(row, step).filter(|&row| row < rows)?;
            Some(Dual { row: number(row), value: from.float()? })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::square::tests::{asked, examples, skill};
    use proptest::prelude::*;

    fn known(skills: u8) -> BTreeMap<SkillId, Examples> {
        (0..skills).map(|n| (skill(n), examples(n))).collect()
    }

    fn from_bytes(bytes: &[u8], examples: &BTreeMap<SkillId, Examples>) -> Option<Knowledge> {
        Knowledge::from_bytes(bytes, examples, &Nobodys::default())
    }

    #[test]
    fn what_comes_back_ranks_alike_and_learns_alike() {
        let mut before = Knowledge::new(&known(9), &Nobodys::default(), &|_| ());
        before.forget(skill(8));
        let mut back = from_bytes(&before.to_bytes(), &known(8)).unwrap();
        assert_eq!(before.to_bytes(), back.to_bytes());
        let candidates: Vec<_> = (0..10).map(skill).collect();
        let ranked = |knowledge: &Knowledge| {
            (0..10).map(|n| knowledge.model(0).rank(&asked(n), None, &candidates)).collect()
        };
        let (expected, got): (Vec<_>, Vec<_>) = (ranked(&before), ranked(&back));
        assert_eq!(expected, got);
        back.read_again(&known(8), &Nobodys::default());
        for knowledge in [&mut before, &mut back] {
            let model = knowledge.model(0);
            knowledge.learn(&examples(9), &model, &|_| ());
        }
        assert_eq!(before.to_bytes(), back.to_bytes());
    }

    #[test]
    fn what_was_made_from_other_skills_is_refused() {
        let bytes = Knowledge::new(&known(3), &Nobodys::default(), &|_| ()).to_bytes();
        assert!(from_bytes(&bytes, &known(3)).is_some());
        assert!(from_bytes(&bytes, &known(2)).is_none());
        assert!(from_bytes(&bytes, &known(4)).is_none());
        let fewer = Examples::new(skill(2), &["where is my thing".to_owned()]).unwrap();
        let mut changed = known(2);
        changed.insert(skill(2), fewer);
        assert!(from_bytes(&bytes, &changed).is_none(), "rows that do not exist");
    }

    /// With a digest that is right, so that everything else is looked at.
    fn sealed(mut content: Vec<u8>) -> Vec<u8> {
        let digest = Sha256::digest(&content);
        content.extend(digest);
        content
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn numbers_come_back(numbers: Vec<usize>) {
            let mut to = Writer(Vec::new());
            for &number in &numbers {
                to.number(number);
            }
            let mut from = Reader(&to.0);
            prop_assert_eq!(from.many(numbers.len(), Reader::number), Some(numbers));
            prop_assert!(from.0.is_empty());
        }

        #[test]
        fn damaged_bytes_are_refused_and_never_break_anything(
            place: prop::sample::Index,
            bit in 0..8_u8,
            cut: prop::sample::Index,
        ) {
            let examples = known(2);
            let bytes = Knowledge::new(&examples, &Nobodys::default(), &|_| ()).to_bytes();
            let mut damaged = bytes.clone();
            damaged[place.index(bytes.len())] ^= 1 << bit;
            prop_assert!(from_bytes(&damaged, &examples).is_none());
            prop_assert!(from_bytes(&bytes[..cut.index(bytes.len())], &examples).is_none());
            // Whatever the content says, what comes of it can be asked.
            damaged.truncate(bytes.len() - 32);
            if let Some(knowledge) = from_bytes(&sealed(damaged), &examples) {
                knowledge.model(0).rank(&asked(0), None, &[skill(0), skill(1)]);
            }
        }
    }
}
