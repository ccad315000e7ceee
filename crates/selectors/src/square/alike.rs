//! Everyday words that mean much the same, or are of one kind.

use rust_stemmers::{Algorithm, Stemmer};
use std::collections::HashMap;
use std::sync::LazyLock;

/// A group of words a line, written by hand: what people say to services of whatever sort. A word may stand in
/// several groups. With a handful of examples a skill knows few of the words that its questions are put in; here it
/// is told of some others.
pub(crate) const ALIKE: &str = include_str!("alike.txt");

/// The groups of each word, by its stem.
static GROUPS: LazyLock<HashMap<String, Vec<u8>>> = LazyLock::new(|| {
    let stemmer = Stemmer::create(Algorithm::English);
    let mut groups = HashMap::<String, Vec<u8>>::new();
    for (group, line) in (0..=u8::MAX).zip(ALIKE.lines()) {
        for word in line.split(' ') {
            let of = groups.entry(stemmer.stem(word).into_owned()).or_default();
            if of.last() != Some(&group) {
                of.push(group);
            }
        }
    }
    groups
});

/// The groups that a word with this stem stands in.
pub(crate) fn groups(stem: &str) -> &'static [u8] {
    GROUPS.get(stem).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_one_group_share_it_in_every_form() {
        let stemmer = Stemmer::create(Algorithm::English);
        let of = |word: &str| groups(&stemmer.stem(word)).to_vec();
        assert_eq!(of("removed"), of("deleting"));
        assert!(!of("remove").is_empty());
        assert!(of("charges").len() > 1, "a word may stand in several");
        assert!(of("zebra").is_empty());
    }

    #[test]
    fn groups_are_of_two_words_and_more_and_all_are_numbered() {
        assert!(ALIKE.lines().count() <= usize::from(u8::MAX) + 1);
        for line in ALIKE.lines() {
            let mut words: Vec<_> = line.split(' ').collect();
            assert!(words.len() > 1 && words.iter().all(|word| !word.is_empty()), "{line:?}");
            let count = words.len();
            words.sort_unstable();
            words.dedup();
            assert_eq!(words.len(), count, "{line:?}");
        }
    }
}
