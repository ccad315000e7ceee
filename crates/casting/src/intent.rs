use crate::model::{Actor, Credit, Movie};
use square_naming::{Mention, Vocabulary, Wording};
use std::ops::Range;

/// What a name in a question stands for.
#[derive(Debug, Clone)]
pub(crate) enum Subject {
    Movie(Movie),
    Actor(Actor),
    Character(Credit),
}

/// What somebody wants to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Intent {
    /// Who played in a film.
    Cast,
    /// Whom an actor played in a film.
    Part,
    /// Who played a character.
    Portrayal,
    /// Which films an actor was in.
    Films,
    /// How old an actor is.
    Age,
    /// When a film came out.
    Release,
    /// Which films came out in a year.
    FilmsOfYear,
}

/// What a question was understood as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// What it asks, about names that are known.
    Asks(Intent),
    /// What it asks, about names that are not known.
    OfUnknown(Intent),
    /// Something else.
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Movie,
    Actor,
    Character,
    Year,
}

struct Rule {
    intent: Intent,
    /// All of these must be mentioned, each in another place.
    about: &'static [Kind],
    /// One of these must stand in the question; none means that the names alone suffice.
    cues: &'static [&'static str],
}

use Kind::{Actor as A, Character as C, Movie as M, Year as Y};

/// The first rule that fits decides.
#[rustfmt::skip]
const RULES: &[Rule] = &[
    Rule { intent: Intent::Age, about: &[A], cues: AGE },
    Rule { intent: Intent::Portrayal, about: &[C, M], cues: &[] },
    Rule { intent: Intent::Cast, about: &[M], cues: &[
        "who played in", "who plays in", "who acted in", "who acts in", "who starred in", "who stars in",
        "who is in", "who was in", "who were in", "whos in", "who appeared in", "who appears in", "who is starring in",
        "cast", "actors", "actresses", "starring", "stars of",
    ] },
    Rule { intent: Intent::Part, about: &[A, M], cues: &[] },
    Rule { intent: Intent::Films, about: &[A, Y], cues: &["films", "movies", "film", "movie"] },
    Rule { intent: Intent::FilmsOfYear, about: &[Y], cues: &["films", "movies"] },
    Rule { intent: Intent::Release, about: &[M], cues: &[
        "when", "release", "released", "come out", "came out", "what year", "which year", "premiere", "how old",
    ] },
    Rule { intent: Intent::Portrayal, about: &[C], cues: &[
        "who played", "who plays", "who portrayed", "who portrays", "who acted", "played by", "who was", "who is",
        "which actor", "what actor", "which actress", "what actress", "the part of", "the role of",
    ] },
    Rule { intent: Intent::Films, about: &[A], cues: &[
        "films", "movies", "film", "movie", "filmography", "been in", "was in", "appeared in", "appear in",
        "play in", "played in", "act in", "star in", "starred in",
    ] },
    Rule { intent: Intent::Cast, about: &[M], cues: &[] },
    Rule { intent: Intent::Films, about: &[A], cues: &[] },
    Rule { intent: Intent::Portrayal, about: &[C], cues: &[] },
    Rule { intent: Intent::FilmsOfYear, about: &[Y], cues: &["film", "movie", "came out", "released", "release"] },
];

const AGE: &[&str] = &["how old", "age", "years old"];

/// The words of the cues and those that stand around names.
#[rustfmt::skip]
pub(crate) const VOCABULARY: &Vocabulary = &[
    "a", "about", "acted", "acting", "actor", "actors", "actress", "actresses", "acts", "act", "age", "all", "also", "am", "an",
    "and", "any", "appear", "appeared", "appears", "are", "as", "at", "be", "been", "between", "by", "came", "can", "cast", "casting",
    "character", "come", "could", "date", "did", "do", "does", "else", "ever", "exactly", "film", "filmography", "films",
    "find", "first", "for", "from", "get", "give", "had", "has", "have", "he", "her", "here", "him", "his", "how", "i", "in",
    "is", "it", "its", "know", "list", "many", "me", "movie", "movies", "name", "names", "of", "old", "on", "or", "out", "part",
    "people", "person", "picture", "play", "played", "playing", "plays", "please", "portrayed", "portrays", "premiere", "release",
    "released", "role", "roles", "same", "say", "she", "show", "some", "star", "starred", "starring", "stars", "tell", "than",
    "that", "the", "their", "them", "there", "they", "this", "to", "until", "us", "was", "we", "were", "what", "whats", "when", "where",
    "which", "who", "whom", "whos", "whose", "why", "with", "would", "year", "years", "you", "your",
];

/// Understands a question by its cues and the names found in it.
pub(crate) fn read(wording: &Wording, mentions: &[Mention<Subject>]) -> Reading {
    let years = years_in(wording, mentions);
    // A single name alone is enough to tell something, but not beside words that nobody here understands:
    // "Who directed Heat?" asks for something else.
    let bare = wording.unknown(mentions, VOCABULARY).is_none();
    let cued = |rule: &Rule| match rule.cues {
        [] => bare || rule.about.len() > 1,
        cues => wording.has_any(cues),
    };
    let fits = |rule: &&Rule| cued(rule) && all_mentioned(rule.about, mentions, &years);
    // "How old is" asks about a person, whatever else the words may name.
    let age_of_nobody = wording.has_any(AGE) && !mentions.iter().any(|mention| is(mention, A));
    if age_of_nobody && !mentions.iter().any(|mention| is(mention, M)) {
        return Reading::OfUnknown(Intent::Age);
    }
    if let Some(rule) = RULES.iter().find(fits) {
        return Reading::Asks(rule.intent);
    }
    let hinted = RULES.iter().find(|rule| !rule.about.contains(&Y) && wording.has_any(rule.cues));
    hinted.map_or(Reading::Other, |rule| Reading::OfUnknown(rule.intent))
}

/// The years that a question mentions, other than in a longer title.
pub(crate) fn years_of(wording: &Wording, mentions: &[Mention<Subject>]) -> Vec<i16> {
    years_in(wording, mentions).into_iter().map(|(_, year)| year).collect()
}

fn years_in(wording: &Wording, mentions: &[Mention<Subject>]) -> Vec<(Range<usize>, i16)> {
    let words = wording.words();
    let in_title =
        |at: usize| mentions.iter().any(|mention| mention.at.len() > 1 && mention.at.contains(&at));
    let year = |(at, word): (usize, &&str)| {
        let year = word.parse().ok().filter(|year| (1880..=2100).contains(year))?;
        (!in_title(at)).then_some((at..at + 1, year))
    };
    words.iter().enumerate().filter_map(year).collect()
}

fn is(mention: &Mention<Subject>, kind: Kind) -> bool {
    match mention.means {
        Subject::Movie(_) => kind == M,
        Subject::Actor(_) => kind == A,
        Subject::Character(_) => kind == C,
    }
}

fn all_mentioned(kinds: &[Kind], mentions: &[Mention<Subject>], years: &[(Range<usize>, i16)]) -> bool {
    let places = |kind: Kind| -> Vec<&Range<usize>> {
        match kind {
            Y => years.iter().map(|(at, _)| at).collect(),
            kind => mentions.iter().filter(|mention| is(mention, kind)).map(|mention| &mention.at).collect(),
        }
    };
    match kinds {
        [one] => !places(*one).is_empty(),
        [one, other] => {
            let others = places(*other);
            places(*one).iter().any(|at| others.iter().any(|elsewhere| at != elsewhere))
        }
        _ => false,
    }
}
