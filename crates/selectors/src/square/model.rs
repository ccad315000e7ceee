//! What has been learnt, as questions are routed by it. Never changes once made; swapped whole.

use super::calibrate::{Calibration, probability};
use super::features::Extractor;
use super::postings::{Evidence, Postings, length};
use super::reading::Reading;
use super::vocabulary::Lookup;
use square_kernel::SkillId;
use square_routing::{Embedding, Score};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// The class of questions that are nobody's. It is the one rival that a skill always has.
pub(crate) const NOBODY: usize = 0;

/// Scores questions.
pub(crate) struct Model {
    extractor: Extractor,
    lookup: Lookup,
    postings: Postings,
    calibration: Calibration,
    /// How many examples of skills it was made from.
    examples: usize,
    classes: HashMap<SkillId, usize, BuildHasherDefault<LastBytes>>,
}

impl Model {
    /// `skills` are the classes from 1 on, in order.
    pub(crate) fn new(
        lookup: Lookup,
        postings: Postings,
        calibration: Calibration,
        skills: &[SkillId],
        examples: usize,
    ) -> Self {
        let classes = skills.iter().zip(NOBODY + 1..).map(|(&skill, class)| (skill, class)).collect();
        Self { extractor: Extractor::new(), lookup, postings, calibration, examples, classes }
    }

    /// Those of `candidates` that are known, best first, each once; equally good ones in the order given; the best
    /// [`RANKED`] of them. The others take no part, also not as rivals. An embedding counts if it has as many numbers as
    /// those learnt from.
    pub(crate) fn rank(
        &self,
        question: &str,
        embedding: Option<Embedding>,
        candidates: &[SkillId],
    ) -> Vec<Score> {
        let reading = Reading::new(&self.extractor, question, embedding);
        let vector = self.lookup.vector(&reading);
        let signs = self.postings.signs(&vector);
        let mut taken = vec![false; signs.len()];
        let class = |(candidate, skill): (usize, &SkillId)| {
            let class = *self.classes.get(skill)?;
            (!std::mem::replace(&mut taken[class], true)).then_some((candidate, class))
        };
        let known: Vec<_> = candidates.iter().enumerate().filter_map(class).collect();
        let margins = known.iter().map(|(_, class)| signs[*class].margin);
        let rivals = Rivals::new(signs.first().map(|nobody| nobody.margin), margins);
        let length = length(reading.features.len());
        let fit = |&(candidate, class): &(usize, usize)| {
            let evidence = self.postings.evidence(class, signs[class], length);
            // A question of which nothing is known fits nowhere, whatever the biases say.
            let nothing = vector.is_empty();
            let fit = self.calibration.fit_of(&evidence, rivals.of(evidence.margin));
            (if nothing { f64::NEG_INFINITY } else { fit }, candidate)
        };
        let fits = best(known.iter().map(fit).collect());
        fits.into_iter().map(|(fit, candidate)| Score { candidate, score: probability(fit) }).collect()
    }

    /// What speaks for each class, given what was read off a question.
    pub(crate) fn evidence(&self, reading: &Reading) -> Vec<Evidence> {
        self.postings.evidences(&self.lookup.vector(reading), reading.features.len())
    }

    /// How many numbers the embeddings had that it was made from; 0 where there were none.
    pub(crate) fn dims(&self) -> usize {
        self.lookup.dims()
    }

    /// The memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.lookup.bytes() + self.postings.bytes() + self.classes.len() * size_of::<(SkillId, usize)>()
    }

    /// How many examples it was made from.
    pub(crate) fn examples(&self) -> usize {
        self.examples
    }

    /// All known skills.
    pub(crate) fn skills(&self) -> Vec<SkillId> {
        let mut skills: Vec<_> = self.classes.keys().copied().collect();
        skills.sort_unstable();
        skills
    }
}

/// How many skills are ranked at most: so many are never asked or told of.
pub(crate) const RANKED: usize = 1000;

/// The best [`RANKED`], best first; equally good ones by the number beside.
fn best(mut fits: Vec<(f64, usize)>) -> Vec<(f64, usize)> {
    let order = |a: &(f64, usize), b: &(f64, usize)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
    if fits.len() > RANKED {
        fits.select_nth_unstable_by(RANKED, order);
        fits.truncate(RANKED);
    }
    fits.sort_unstable_by(order);
    fits
}

/// Takes the last bytes of an identifier for its hash: they are random already. Ten thousand candidates are looked
/// up for a question.
#[derive(Default)]
struct LastBytes(u64);

impl Hasher for LastBytes {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(last) = bytes.last_chunk() {
            // Keys that are small numbers, as in tests, differ in the lowest bits only; the table looks at the highest.
            self.0 = u64::from_be_bytes(*last).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The two largest margins, so that each class finds the largest one that is not its own.
#[derive(Clone, Copy)]
pub(crate) struct Rivals {
    best: f32,
    second: f32,
}

impl Rivals {
    /// Among `margins` and that of the questions that are nobody's.
    pub(crate) fn new(nobody: Option<f32>, margins: impl Iterator<Item = f32>) -> Self {
        let start = Self { best: nobody.unwrap_or(-1.0), second: -1.0 };
        margins.fold(start, |Self { best, second }, margin| match margin {
            margin if margin > best => Self { best: margin, second: best },
            margin => Self { best, second: second.max(margin) },
        })
    }

    /// The largest margin besides this one.
    pub(crate) fn of(self, margin: f32) -> f32 {
        if margin >= self.best { self.second } else { self.best }
    }
}
