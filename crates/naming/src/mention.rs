use crate::key::{Matching, NameKey};
use crate::wording::{Phrase, Vocabulary, Wording};
use std::collections::HashMap;
use std::ops::Range;

/// A name found in a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention<T> {
    /// Which words.
    pub at: Range<usize>,
    /// Whether it was written as it is stored, rather than with a typo.
    pub exact: bool,
    /// What it names.
    pub means: T,
}

/// The most mentions that one look-up gives: a common name, said over and over, stands for a lot of things at
/// a lot of places.
const MENTIONS_AT_MOST: usize = 500;

/// Lays what a store found over the phrases it was asked for; of very many mentions the first are given.
pub fn mentions_of<T: Clone>(
    phrases: &[Phrase],
    matching: Matching,
    found: impl IntoIterator<Item = (NameKey, T)>,
) -> Vec<Mention<T>> {
    let mut by_key: HashMap<&NameKey, Vec<&Phrase>> = HashMap::new();
    for phrase in phrases {
        by_key.entry(&phrase.key).or_default().push(phrase);
    }
    let mut mentions = Vec::new();
    for (key, means) in found {
        let alike: Vec<&Phrase> = match matching {
            Matching::Exact => by_key.get(&key).cloned().unwrap_or_default(),
            Matching::Resembling => phrases.iter().filter(|phrase| phrase.key.resembles(&key)).collect(),
        };
        mentions.extend(alike.into_iter().map(|phrase| Mention {
            at: phrase.at.clone(),
            exact: phrase.key == key,
            means: means.clone(),
        }));
        if mentions.len() >= MENTIONS_AT_MOST {
            mentions.truncate(MENTIONS_AT_MOST);
            break;
        }
    }
    mentions
}

/// Decides between names that overlap: the one of more words wins, then the one without a typo, then the one
/// that comes first. Several things of the same name all stay. A name made of `vocabulary` alone (a film
/// called "Who") stays only when there is no other.
pub fn settle<T>(wording: &Wording, vocabulary: &Vocabulary, mut found: Vec<Mention<T>>) -> Vec<Mention<T>> {
    let is_plain = |mention: &Mention<T>| wording.is_all_vocabulary(&mention.at, vocabulary);
    if found.iter().any(|mention| !is_plain(mention)) {
        found.retain(|mention| !is_plain(mention));
    }
    found.sort_by_key(|mention| (std::cmp::Reverse(mention.at.len()), !mention.exact, mention.at.start));
    let mut settled: Vec<Mention<T>> = Vec::new();
    for mention in found {
        let same = |other: &Mention<T>| other.at == mention.at && other.exact == mention.exact;
        let apart = |other: &Mention<T>| other.at.end <= mention.at.start || mention.at.end <= other.at.start;
        if settled.iter().all(|other| same(other) || apart(other)) {
            settled.push(mention);
        }
    }
    settled.sort_by_key(|mention| mention.at.start);
    settled
}

/// The most different things of one kind that a question is answered about: each costs look-ups of its own.
const MEANT_AT_MOST: usize = 10;

/// The first few different ones of what a question names, each once.
pub fn few<T: PartialEq>(named: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut few: Vec<T> = Vec::new();
    for one in named {
        if few.len() == MEANT_AT_MOST {
            break;
        }
        if !few.contains(&one) {
            few.push(one);
        }
    }
    few
}

#[cfg(test)]
mod tests {
    use super::*;

    const VOCABULARY: &Vocabulary = &["who", "played", "in", "the", "her"];

    fn names(question: &str, stored: &[&'static str]) -> Vec<&'static str> {
        let wording = Wording::of(question);
        let stored = || stored.iter().map(|&name| (NameKey::of(name), name));
        let mut found = mentions_of(&wording.phrases(), Matching::Exact, stored());
        let doubtful = wording.doubtful(&found, VOCABULARY);
        found.extend(mentions_of(&doubtful, Matching::Resembling, stored()));
        settle(&wording, VOCABULARY, found).into_iter().map(|mention| mention.means).collect()
    }

    #[test]
    fn the_longest_name_wins() {
        let stored = ["Heat", "In the Heat of the Night", "The Night"];
        assert_eq!(names("who played in in the heat of the night", &stored), ["In the Heat of the Night"]);
        assert_eq!(names("who played in in the heat of the nihgt", &stored), ["In the Heat of the Night"]);
        assert_eq!(names("who played in heat", &stored), ["Heat"]);
    }

    #[test]
    fn names_are_found_beside_one_another_and_with_typos() {
        let stored = ["Heat", "Al Pacino"];
        assert_eq!(names("Was AL PACHINO in Haet", &stored), ["Al Pacino", "Heat"]);
        assert_eq!(names("What is Al Pacino’s part in Heat?", &stored), ["Al Pacino", "Heat"]);
    }

    #[test]
    fn a_typo_is_not_seen_where_the_name_is_written_right() {
        assert_eq!(names("who played in cheat", &["Heat", "Cheat"]), ["Cheat"]);
    }

    #[test]
    fn many_things_of_one_name_that_is_repeated_stay_bounded() {
        let wording = Wording::of(&"nurse ".repeat(Wording::MAX_WORDS));
        let stored = || (0..200).map(|number| (NameKey::of("Nurse"), number));
        for matching in [Matching::Exact, Matching::Resembling] {
            assert_eq!(mentions_of(&wording.phrases(), matching, stored()).len(), MENTIONS_AT_MOST);
        }
        let once = mentions_of(&Wording::of("Nurse").phrases(), Matching::Exact, stored());
        assert_eq!(settle(&Wording::of("Nurse"), VOCABULARY, once).len(), 200);
    }

    #[test]
    fn a_name_of_plain_words_counts_only_when_it_is_alone() {
        assert_eq!(names("who played her in heat", &["Heat", "Her"]), ["Heat"]);
        assert_eq!(names("who played in her", &["Heat", "Her"]), ["Her"]);
    }
}
