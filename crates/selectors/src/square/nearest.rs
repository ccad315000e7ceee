//! Which example questions of a skill are most like a question, for people who want to know why it was chosen.
//!
//! Apart from what ranks: likeness is the cosine between the stems that the two have, those weighing more that few of the
//! skill's examples have (Salton and Buckley 1988, "Term-weighting approaches"). Only examples that share a stem are looked
//! at, so that it costs next to nothing beside the ranking.

use rust_stemmers::{Algorithm, Stemmer};
use square_kernel::SkillId;
use square_routing::Example;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The most example questions of a skill that are compared.
const MAX_EXAMPLES: usize = 500;

/// The most words of a question that are compared.
const MAX_WORDS: usize = 64;

/// How many are told.
const NEAREST: usize = 3;

/// The example questions of every skill that was learnt.
#[derive(Default)]
pub(crate) struct NearestExamples {
    skills: RwLock<HashMap<SkillId, Arc<Examples>>>,
}

impl NearestExamples {
    /// Knows exactly these skills from now on.
    pub(crate) fn replace_all(&self, skills: &[(SkillId, Arc<[String]>)]) {
        let known = skills.iter().map(|(skill, questions)| (*skill, Arc::new(Examples::new(questions))));
        let known = known.collect();
        *self.write() = known;
    }

    /// Knows this skill by these questions from now on.
    pub(crate) fn put(&self, skill: SkillId, questions: &[String]) {
        let examples = Arc::new(Examples::new(questions));
        self.write().insert(skill, examples);
    }

    /// Knows this skill no longer.
    pub(crate) fn remove(&self, skill: SkillId) {
        self.write().remove(&skill);
    }

    /// For each of `skills` its examples that are most like `question`, the most alike first; none that have nothing in
    /// common with it.
    pub(crate) fn of(&self, question: &str, skills: &[SkillId]) -> Vec<Vec<Example>> {
        let known: Vec<Option<Arc<Examples>>> = {
            let all = self.read();
            skills.iter().map(|skill| all.get(skill).cloned()).collect()
        };
        let stems = stems(&Stemmer::create(Algorithm::English), question);
        known
            .iter()
            .map(|examples| examples.as_ref().map_or_else(Vec::new, |of| of.nearest(&stems)))
            .collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<SkillId, Arc<Examples>>> {
        self.skills.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<SkillId, Arc<Examples>>> {
        self.skills.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The example questions of one skill, to be found by their stems.
struct Examples {
    texts: Vec<String>,
    stems: HashMap<u64, Stem>,
    /// What a stem weighs that none of them has.
    unknown: f32,
}

/// A stem, and where it stands.
struct Stem {
    weight: f32,
    /// The examples that have it, each with the share that it has of the example's length.
    examples: Vec<(usize, f32)>,
}

impl Examples {
    fn new(questions: &[String]) -> Self {
        let step = questions.len().div_ceil(MAX_EXAMPLES).max(1);
        let mut seen = HashSet::new();
        let distinct = questions.iter().step_by(step).map(|question| question.trim());
        let texts: Vec<String> =
            distinct.filter(|question| seen.insert(question.to_lowercase())).map(str::to_owned).collect();
        let stemmer = Stemmer::create(Algorithm::English);
        let of_each: Vec<HashSet<u64>> = texts.iter().map(|text| stems(&stemmer, text)).collect();
        let mut counts: HashMap<u64, usize> = HashMap::new();
        for stem in of_each.iter().flatten() {
            *counts.entry(*stem).or_default() += 1;
        }
        let weight = |count: usize| (1.0 + texts.len() as f32 / count.max(1) as f32).ln();
        let mut stems: HashMap<u64, Stem> = counts
            .into_iter()
            .map(|(stem, count)| (stem, Stem { weight: weight(count), examples: Vec::new() }))
            .collect();
        for (index, of_one) in of_each.iter().enumerate() {
            let length = of_one.iter().map(|stem| stems[stem].weight.powi(2)).sum::<f32>().sqrt();
            for stem in of_one {
                if let Some(stem) = stems.get_mut(stem) {
                    stem.examples.push((index, stem.weight / length));
                }
            }
        }
        let unknown = weight(1);
        Self { texts, stems, unknown }
    }

    fn nearest(&self, question: &HashSet<u64>) -> Vec<Example> {
        let mut shared = vec![0.0_f32; self.texts.len()];
        let mut length = 0.0_f32;
        for stem in question {
            let Some(stem) = self.stems.get(stem) else {
                length += self.unknown.powi(2);
                continue;
            };
            length += stem.weight.powi(2);
            for (example, share) in &stem.examples {
                shared[*example] += stem.weight * share;
            }
        }
        let mut found: Vec<(usize, f32)> =
            shared.into_iter().enumerate().filter(|(_, shared)| *shared > 0.0).collect();
        found.sort_by(|a, b| b.1.total_cmp(&a.1));
        let length = length.sqrt();
        let example = |(index, shared): &(usize, f32)| Example {
            text: self.texts[*index].clone(),
            similarity: (shared / length).min(1.0),
        };
        found.iter().take(NEAREST).map(example).collect()
    }
}

/// The stems of a text's words, as numbers.
fn stems(stemmer: &Stemmer, text: &str) -> HashSet<u64> {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.take(MAX_WORDS).map(|word| number(&stemmer.stem(word))).collect()
}

/// FNV-1a: the same in every process, and good enough for words.
fn number(word: &str) -> u64 {
    word.bytes()
        .fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use square_kernel::uuid::Uuid;

    fn skill(number: u128) -> SkillId {
        Uuid::from_u128(number).into()
    }

    fn questions(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn known() -> NearestExamples {
        let known = NearestExamples::default();
        let weather =
            ["Will it rain tomorrow?", "Will it snow?", "will it snow?", "How warm will it be in Paris?"];
        known.put(skill(1), &questions(&weather));
        known.put(skill(2), &questions(&["Who directed Heat?", "Which films did she direct?"]));
        known
    }

    fn texts(found: &[Example]) -> Vec<&str> {
        found.iter().map(|example| example.text.as_str()).collect()
    }

    #[test]
    fn the_most_alike_come_first_and_nothing_that_has_nothing_in_common() {
        let known = known();
        let found = known.of("Is it raining in Paris?", &[skill(2), skill(1), skill(3)]);
        assert_eq!(texts(&found[0]), [""; 0]);
        assert_eq!(texts(&found[1])[2], "Will it snow?", "it shares no more than a word that all have");
        assert!(found[1].is_sorted_by(|a, b| a.similarity >= b.similarity));
        assert!(found[1].iter().all(|example| example.similarity > 0.0 && example.similarity < 1.0));
        assert_eq!(found[2], []);
        let films = known.of("the director of Heat", &[skill(2)]);
        assert_eq!(texts(&films[0])[0], "Who directed Heat?");
    }

    #[test]
    fn the_same_question_is_as_like_as_can_be_and_stands_there_once() {
        let found = known().of("WILL IT SNOW", &[skill(1)]).remove(0);
        assert_eq!(found.iter().filter(|example| example.text.to_lowercase() == "will it snow?").count(), 1);
        assert!((found[0].similarity - 1.0).abs() < 1e-5, "{found:?}");
    }

    #[test]
    fn what_is_forgotten_or_replaced_is_not_told_of() {
        let known = known();
        known.remove(skill(1));
        known.put(skill(2), &questions(&["Where is Heat shown?"]));
        let found = known.of("Who directed Heat, and will it snow?", &[skill(1), skill(2)]);
        assert_eq!((found[0].len(), texts(&found[1])), (0, vec!["Where is Heat shown?"]));
        known.replace_all(&[(skill(3), questions(&["Will it snow?"]).into())]);
        let found = known.of("Will it snow?", &[skill(2), skill(3)]);
        assert_eq!((found[0].len(), found[1].len()), (0, 1));
    }

    #[test]
    fn questions_without_a_word_are_like_nothing() {
        let known = known();
        known.put(skill(4), &questions(&["?!", ""]));
        assert!(known.of("?!", &[skill(1), skill(4)]).iter().all(Vec::is_empty));
    }
}
