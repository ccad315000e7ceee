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

/// Lays what a store found over the phrases it was asked for.
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
        let mut mention = |phrase: &Phrase, exact| {
            mentions.push(Mention { at: phrase.at.clone(), exact, means: means.clone() });
        };
        match matching {
            Matching::Exact => {
                by_key.get(&key).into_iter().flatten().for_each(|phrase| mention(phrase, true));
            }
            Matching::Resembling => {
                let alike = phrases.iter().filter(|phrase| phrase.key.resembles(&key));
                alike.for_each(|phrase| mention(phrase, phrase.key == key));
            }
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
    fn a_name_of_plain_words_counts_only_when_it_is_alone() {
        assert_eq!(names("who played her in heat", &["Heat", "Her"]), ["Heat"]);
        assert_eq!(names("who played in her", &["Heat", "Her"]), ["Her"]);
    }
}
