use crate::key::NameKey;
use crate::mention::Mention;
use std::ops::Range;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Words that belong to the asking rather than to a name ("who", "played", "movie"). They are not taken for
/// misspelt names.
pub type Vocabulary = [&'static str];

/// A question as a row of words.
#[derive(Debug, Clone)]
pub struct Wording {
    words: Vec<Word>,
    tokens: Vec<String>,
}

#[derive(Debug, Clone)]
struct Word {
    folded: String,
    /// The piece of the question, between blanks, that it stands in.
    token: usize,
}

/// Some words in a row that could be a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    /// Which words.
    pub at: Range<usize>,
    /// What the name is looked up by.
    pub key: NameKey,
}

impl Wording {
    /// Words beyond this one are not looked at, which bounds the work of a question.
    pub const MAX_WORDS: usize = 48;
    /// The most words a name may have to be found.
    pub const MAX_PHRASE: usize = 14;
    /// The most phrases that are looked up with a typo allowed.
    pub const MAX_DOUBTFUL: usize = 100;
    /// The longest key that is looked up, in bytes; those of names are far shorter.
    const MAX_KEY: usize = 1000;
    /// The most characters of an unknown name that are quoted back.
    const MAX_QUOTED: usize = 80;

    /// Cuts a question into words.
    pub fn of(question: &str) -> Self {
        let (mut words, mut tokens) = (Vec::new(), Vec::new());
        for token in question.split_whitespace() {
            for folded in fold(token).split_whitespace() {
                words.push(Word { folded: folded.to_owned(), token: tokens.len() });
            }
            tokens.push(token.to_owned());
            if words.len() >= Self::MAX_WORDS {
                words.truncate(Self::MAX_WORDS);
                break;
            }
        }
        Self { words, tokens }
    }

    /// The words in lower case, without accents and punctuation.
    pub fn words(&self) -> Vec<&str> {
        self.words.iter().map(|word| word.folded.as_str()).collect()
    }

    /// Where `cue`, one or more words, stands in the question.
    pub fn position(&self, cue: &str) -> Option<usize> {
        let cue: Vec<&str> = cue.split(' ').collect();
        self.words.windows(cue.len()).position(|words| words.iter().map(|word| &word.folded).eq(&cue))
    }

    /// Whether any of `cues` stands in the question.
    pub fn has_any(&self, cues: &[&str]) -> bool {
        cues.iter().any(|cue| self.position(cue).is_some())
    }

    /// Everything in the question that could be a name.
    pub fn phrases(&self) -> Vec<Phrase> {
        let words = self.words();
        let mut phrases = Vec::new();
        for start in 0..words.len() {
            for end in start + 1..=words.len().min(start + Self::MAX_PHRASE) {
                let key = NameKey::from_words(&words[start..end]);
                if key.as_str().len() > Self::MAX_KEY {
                    break;
                }
                phrases.push(Phrase { at: start..end, key });
            }
        }
        phrases
    }

    /// The phrases worth a second look, with a typo allowed: those with a word that is in none of the names
    /// `found` and not in the vocabulary. Of too many those of few words are kept: most names are short.
    pub fn doubtful<T>(&self, found: &[Mention<T>], vocabulary: &Vocabulary) -> Vec<Phrase> {
        let unexplained: Vec<bool> = self.unexplained(found, vocabulary);
        let worth = |phrase: &Phrase| unexplained[phrase.at.clone()].contains(&true);
        let typo_allowed = |phrase: &Phrase| phrase.key.probes().is_some();
        let mut phrases = self.phrases();
        phrases.retain(|phrase| worth(phrase) && typo_allowed(phrase));
        phrases.sort_by_key(|phrase| phrase.at.len());
        phrases.truncate(Self::MAX_DOUBTFUL);
        phrases
    }

    /// What was probably meant as a name and is none of those `found`: the first stretch of the question,
    /// as it was written, that begins and ends with a word outside the vocabulary.
    pub fn unknown<T>(&self, found: &[Mention<T>], vocabulary: &Vocabulary) -> Option<String> {
        let unexplained = self.unexplained(found, vocabulary);
        let start = unexplained.iter().position(|&word| word)?;
        let stop = found.iter().map(|mention| mention.at.start).filter(|&at| at > start).min();
        let stop = stop.unwrap_or(self.words.len());
        let end = (start..stop).rev().find(|&at| unexplained[at])?;
        let tokens = &self.tokens[self.words[start].token..=self.words[end].token];
        let text = tokens.join(" ");
        let edge = |c: char| !c.is_alphanumeric();
        Some(text.trim_matches(edge).chars().take(Self::MAX_QUOTED).collect())
    }

    /// Whether all words of a phrase are in the vocabulary.
    pub(crate) fn is_all_vocabulary(&self, at: &Range<usize>, vocabulary: &Vocabulary) -> bool {
        self.words[at.clone()].iter().all(|word| vocabulary.contains(&word.folded.as_str()))
    }

    fn unexplained<T>(&self, found: &[Mention<T>], vocabulary: &Vocabulary) -> Vec<bool> {
        let mut unexplained: Vec<bool> =
            self.words.iter().map(|word| !vocabulary.contains(&word.folded.as_str())).collect();
        for mention in found {
            unexplained[mention.at.clone()].fill(false);
        }
        unexplained
    }
}

/// Lower case, accents off, apostrophes and full stops gone, `&` spelt out, anything else but letters and
/// digits a blank.
pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.nfkd().filter(|&c| !is_combining_mark(c)) {
        match c {
            '\'' | '’' | '‘' | 'ʼ' | '`' | '.' => {}
            '&' => folded.push_str(" and "),
            c if c.is_alphanumeric() => folded.extend(c.to_lowercase()),
            _ => folded.push(' '),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    const VOCABULARY: &Vocabulary = &["who", "played", "in", "of", "the"];

    fn none() -> Vec<Mention<()>> {
        Vec::new()
    }

    #[test]
    fn a_phrase_is_every_row_of_words() {
        let keys: Vec<String> = Wording::of("In the Heat?")
            .phrases()
            .iter()
            .map(|phrase| phrase.key.as_str().to_owned())
            .collect();
        assert_eq!(keys, ["in", "in the", "in the heat", "the", "heat", "heat"]);
    }

    #[test]
    fn cues_are_found_as_whole_words() {
        let wording = Wording::of("What's ON at the Fillmore?");
        assert_eq!(wording.position("on at"), Some(1));
        assert!(wording.has_any(&["nowhere", "whats"]));
        assert!(!wording.has_any(&["fill", "hats"]));
    }

    #[test]
    fn an_unknown_name_is_quoted_as_it_was_written() {
        let unknown = |question: &str| Wording::of(question).unknown(&none(), VOCABULARY);
        assert_eq!(unknown("Who played in the Gates of Zorn?"), Some("Gates of Zorn".into()));
        assert_eq!(unknown("who played in O’Neill's?"), Some("O’Neill's".into()));
        assert_eq!(unknown("who played in the?"), None);
    }

    #[test]
    fn only_phrases_with_an_unexplained_word_are_doubtful() {
        let wording = Wording::of("Who played Hanna in Heet?");
        let found = [Mention { at: 2..3, exact: true, means: () }];
        let doubtful = wording.doubtful(&found, VOCABULARY);
        assert!(doubtful.iter().all(|phrase| phrase.at.contains(&4)));
        assert!(doubtful.iter().any(|phrase| phrase.key == NameKey::of("heet")));
        assert_eq!(Wording::of("Who played in the").doubtful(&none(), VOCABULARY), []);
    }

    #[test]
    fn a_very_long_question_is_cut() {
        let wording = Wording::of(&"word ".repeat(5000));
        assert_eq!(wording.words().len(), Wording::MAX_WORDS);
        assert_eq!(wording.doubtful(&none(), VOCABULARY).len(), Wording::MAX_DOUBTFUL);
    }

    #[test]
    fn a_name_at_the_end_of_a_long_question_is_looked_at() {
        let words: Vec<String> = (0..Wording::MAX_WORDS - 2).map(|number| format!("word{number}")).collect();
        let wording = Wording::of(&format!("{} Al Pachino", words.join(" ")));
        let doubtful = wording.doubtful(&none(), VOCABULARY);
        assert!(doubtful.iter().any(|phrase| phrase.key == NameKey::of("al pachino")));
    }

    #[test]
    fn what_is_too_long_for_a_name_is_not_looked_up() {
        let wording = Wording::of(&format!("{} Heat", "x".repeat(4000)));
        let keys: Vec<NameKey> = wording.phrases().into_iter().map(|phrase| phrase.key).collect();
        assert_eq!(keys, [NameKey::of("Heat")]);
    }
}
