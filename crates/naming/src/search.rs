use crate::key::NameKey;

/// What a list of names is searched by: words, each of which one of a name's words must begin with. Case, accents, punctuation and an
/// article in front do not matter, as for [`NameKey`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameSearch(Vec<String>);

impl NameSearch {
    /// The most words.
    pub const MAX_WORDS: usize = 10;

    /// The words of `text`; `None` where there is none or there are more than [`NameSearch::MAX_WORDS`].
    pub fn of(text: &str) -> Option<Self> {
        let words = NameKey::of(text).words();
        (1..=Self::MAX_WORDS).contains(&words.len()).then_some(Self(words))
    }

    /// The beginnings that are looked for.
    pub fn words(&self) -> &[String] {
        &self.0
    }

    /// Whether a name is found.
    pub fn finds(&self, name: &NameKey) -> bool {
        let words = name.words();
        self.0.iter().all(|beginning| words.iter().any(|word| word.starts_with(beginning.as_str())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_must_begin_one_of_the_name() {
        let found = |text: &str, name: &str| NameSearch::of(text).unwrap().finds(&NameKey::of(name));
        for text in ["godfather", "GOD", "part god", "the god", "göd", "ii", "The Godfather, Part II"] {
            assert!(found(text, "The Godfather Part II"), "{text}");
        }
        for text in ["father", "godfather iii", "godfathers"] {
            assert!(!found(text, "The Godfather Part II"), "{text}");
        }
        let long = "x".repeat(NameKey::WORD_CHARS + 9);
        assert!(found(&long, &long));
    }

    #[test]
    fn of_nothing_and_of_too_much_there_is_no_search() {
        for text in ["", "  "] {
            assert_eq!(NameSearch::of(text), None);
        }
        let words =
            |count: usize| (0..count).map(|number| format!("w{number}")).collect::<Vec<_>>().join(" ");
        assert!(NameSearch::of(&words(NameSearch::MAX_WORDS)).is_some());
        assert_eq!(NameSearch::of(&words(NameSearch::MAX_WORDS + 1)), None);
    }
}
