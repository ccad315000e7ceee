use crate::wording::fold;
use std::ops::RangeInclusive;

/// How a key is to be compared with stored ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matching {
    /// The same key.
    Exact,
    /// A key that differs by one typo ([`NameKey::resembles`]).
    Resembling,
}

/// The form under which names are compared: lower case, without accents and punctuation, one blank between
/// words, without an article in front. `The Fillmore`, `fillmore` and `FILLMORE!` have one key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameKey(String);

impl NameKey {
    /// Shorter keys are taken as they stand: one letter more or less makes another word of them.
    const SHORTEST_WITH_TYPO: usize = 4;

    /// How many characters of a word are searched.
    pub const WORD_CHARS: usize = 40;

    /// The key of a name. A name without a letter or digit is its own key.
    pub fn of(name: &str) -> Self {
        let folded = fold(name);
        let words: Vec<&str> = folded.split_whitespace().collect();
        if words.is_empty() { Self(name.trim().to_lowercase()) } else { Self::from_words(&words) }
    }

    /// The key of a row of words that are folded already.
    pub(crate) fn from_words(words: &[&str]) -> Self {
        match words {
            ["the" | "a" | "an", rest @ ..] if !rest.is_empty() => Self(rest.join(" ")),
            words => Self(words.join(" ")),
        }
    }

    /// Takes a key back from a store that keeps keys.
    pub fn from_stored(key: String) -> Self {
        Self(key)
    }

    /// The key's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its words, each once, those longer than [`NameKey::WORD_CHARS`] cut: what a search for the beginnings of words looks through.
    pub fn words(&self) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        for word in self.0.split_whitespace() {
            let word: String = word.chars().take(Self::WORD_CHARS).collect();
            if !words.contains(&word) {
                words.push(word);
            }
        }
        words
    }

    /// Its length in characters.
    pub fn length(&self) -> usize {
        self.0.chars().count()
    }

    /// The text back to front, for an index over the ends of keys.
    pub fn reversed(&self) -> String {
        self.0.chars().rev().collect()
    }

    /// Whether both are the same but for one typo at most: a character too many, missing or wrong, or two
    /// neighbours swapped (optimal string alignment distance, Boytsov 2011). Keys of less than four
    /// characters resemble only themselves.
    pub fn resembles(&self, other: &Self) -> bool {
        if self == other {
            return true;
        }
        let (own, others) = (self.length(), other.length());
        own.min(others) >= Self::SHORTEST_WITH_TYPO
            && own.abs_diff(others) <= 1
            && strsim::osa_distance(&self.0, &other.0) <= 1
    }

    /// Where to look for keys that resemble this one; `None` when it is too short for typos.
    pub fn probes(&self) -> Option<Probes> {
        let length = self.length();
        if length < Self::SHORTEST_WITH_TYPO {
            return None;
        }
        let half = (length - 1) / 2;
        let head = self.0.chars().take(half).collect();
        let tail_reversed = self.0.chars().rev().take(half).collect();
        Some(Probes { lengths: length - 1..=length + 1, head, tail_reversed })
    }
}

/// Index look-ups that together find every key with one typo, and some more.
///
/// A typo touches at most two neighbouring characters. It therefore leaves the first or the last (n − 1) / 2
/// characters of a key of n as they are: whatever resembles the key has one of `lengths` and begins with
/// `head`, or has one of `lengths` and, read back to front, begins with `tail_reversed`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probes {
    /// Lengths in characters.
    pub lengths: RangeInclusive<usize>,
    /// What the key begins with.
    pub head: String,
    /// What the reversed key begins with.
    pub tail_reversed: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_have_one_key() {
        for (name, key) in [
            ("The Fillmore", "fillmore"),
            ("  FILLMORE! ", "fillmore"),
            ("Amélie", "amelie"),
            ("Schindler’s List", "schindlers list"),
            ("L.A. Confidential", "la confidential"),
            ("Spider-Man", "spider man"),
            ("Pride & Prejudice", "pride and prejudice"),
            ("The", "the"),
            ("!!!", "!!!"),
        ] {
            assert_eq!(NameKey::of(name).as_str(), key, "{name}");
        }
    }

    #[test]
    fn words_are_given_once_and_cut() {
        assert_eq!(
            NameKey::of("The Good, the Bad & the Ugly").words(),
            ["good", "the", "bad", "and", "ugly"]
        );
        assert_eq!(NameKey::of(&"é".repeat(50)).words(), ["e".repeat(NameKey::WORD_CHARS)]);
        assert_eq!(NameKey::of("! ?").words(), ["!", "?"]);
    }

    #[test]
    fn one_typo_is_a_resemblance_and_two_are_none() {
        let heat = NameKey::of("Heat");
        for alike in ["heat", "heet", "haet", "heats", "hheat", "cheat"] {
            assert!(heat.resembles(&NameKey::of(alike)), "{alike}");
        }
        for other in ["hat", "that", "haeet", "heated", "what"] {
            assert!(!heat.resembles(&NameKey::of(other)), "{other}");
        }
        assert!(!NameKey::of("her").resembles(&NameKey::of("hex")));
    }

    #[test]
    fn the_probes_of_a_key_find_every_key_with_a_typo() {
        for name in ["heat", "alien", "al pacino", "the godfather", "vincent hanna"] {
            let key = NameKey::of(name);
            for typo in typos(key.as_str()) {
                let Some(probes) = typo.probes() else { continue };
                let found = probes.lengths.contains(&key.length())
                    && (key.as_str().starts_with(&probes.head)
                        || key.reversed().starts_with(&probes.tail_reversed));
                assert!(found || !typo.resembles(&key), "{typo:?} does not find {key:?}");
            }
        }
    }

    fn typos(key: &str) -> Vec<NameKey> {
        let chars: Vec<char> = key.chars().collect();
        let mut typos = Vec::new();
        for at in 0..=chars.len() {
            let mut longer = chars.clone();
            longer.insert(at, 'x');
            typos.push(longer);
            if at < chars.len() {
                let mut wrong = chars.clone();
                wrong[at] = 'x';
                typos.push(wrong);
                let mut shorter = chars.clone();
                shorter.remove(at);
                typos.push(shorter);
            }
            if at + 1 < chars.len() {
                let mut swapped = chars.clone();
                swapped.swap(at, at + 1);
                typos.push(swapped);
            }
        }
        typos.into_iter().map(|chars| NameKey(chars.into_iter().collect())).collect()
    }
}
