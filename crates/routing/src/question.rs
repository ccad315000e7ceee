use square_kernel::{FieldError, SkillId};
use std::sync::Arc;
use std::time::Duration;

square_kernel::id!(
    /// One question asked. Whoever holds the id of a question that nobody signed in for may read it.
    QuestionId
);

/// What is asked: 1 to 4000 characters that are not all blank, no control characters but line breaks and tabs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuestionText(Arc<str>);

impl QuestionText {
    /// The longest question, in characters.
    pub const MAX_CHARS: usize = 4000;

    /// Parses what a client sent as `field`.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, FieldError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(FieldError::new(field, "must not be empty"));
        }
        if text.chars().count() > Self::MAX_CHARS {
            let message = format!("must have at most {} characters", Self::MAX_CHARS);
            return Err(FieldError::new(field, message));
        }
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            return Err(FieldError::new(field, "must not contain control characters"));
        }
        Ok(Self(text.into()))
    }

    /// The text, shared.
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! bounded {
    ($(#[$doc:meta])* $name:ident, $max:literal, $default:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name(u16);

        impl $name {
            /// The most that may be asked for.
            pub const MAX: u16 = $max;
            /// The least.
            pub const ONE: Self = Self(1);

            /// Parses what a client sent as `field`.
            pub fn parse(field: &'static str, number: i64) -> Result<Self, FieldError> {
                match u16::try_from(number) {
                    Ok(number @ 1..=$max) => Ok(Self(number)),
                    _ => Err(FieldError::new(field, concat!("must be between 1 and ", $max))),
                }
            }

            /// The number.
            pub const fn get(self) -> u16 {
                self.0
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self($default)
            }
        }
    };
}

bounded!(
    /// How many skills are asked at most: 1 to 50, 3 unless told otherwise.
    MaxSkills,
    50,
    3
);
bounded!(
    /// How many result items a skill may answer with: 1 to 100, 10 unless told otherwise.
    MaxResults,
    100,
    10
);

/// How long a question may take: 1 ms to 60 s, 10 s unless told otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline(Duration);

impl Deadline {
    /// The longest, in milliseconds.
    pub const MAX_MS: u64 = 60_000;
    /// The longest.
    pub const LONGEST: Self = Self(Duration::from_millis(Self::MAX_MS));

    /// Parses what a client sent as `deadline_ms`.
    pub fn parse(millis: i64) -> Result<Self, FieldError> {
        match u64::try_from(millis) {
            Ok(millis @ 1..=Self::MAX_MS) => Ok(Self(Duration::from_millis(millis))),
            _ => Err(FieldError::new("deadline_ms", "must be between 1 and 60000")),
        }
    }

    /// Counted from the moment the question was taken.
    pub const fn get(self) -> Duration {
        self.0
    }
}

impl Default for Deadline {
    fn default() -> Self {
        Self(Duration::from_secs(10))
    }
}

/// A skill as a client names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SkillRef {
    /// By its id.
    Id(SkillId),
    /// By its name, in any case.
    Name(String),
}

/// A selector as a client names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectorRef {
    /// The client's name for the field, for error messages.
    pub field: &'static str,
    /// The selector's name, in any case.
    pub name: String,
}

/// Which skills a question may go to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Selection {
    /// Every published one; which of them fit is the selector's to say.
    #[default]
    Published,
    /// Only these, in this order of preference. Whoever names skills wants them asked: how well they fit
    /// orders them, but leaves none out.
    Only {
        /// The client's name for the list, for error messages.
        field: &'static str,
        /// The skills.
        skills: Vec<SkillRef>,
    },
}

/// A question with everything that was asked along with it.
#[derive(Debug, Clone)]
pub struct Question {
    /// What is asked.
    pub text: QuestionText,
    /// Who chooses the skills; the default selector where none is named.
    pub selector: Option<SelectorRef>,
    /// Which skills may be asked.
    pub selection: Selection,
    /// How many at most.
    pub max_skills: MaxSkills,
    /// How many items each may answer with.
    pub max_results: MaxResults,
    /// A JSON object for the skills, as text.
    pub skill_args: Option<Arc<str>>,
    /// How long it may take.
    pub deadline: Deadline,
    /// Whether it goes on when nobody watches it.
    pub unattended: bool,
}

impl Question {
    /// A question with the defaults for all else.
    pub fn new(text: QuestionText) -> Self {
        Self {
            text,
            selector: None,
            selection: Selection::default(),
            max_skills: MaxSkills::default(),
            max_results: MaxResults::default(),
            skill_args: None,
            deadline: Deadline::default(),
            unattended: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_text_of_some_length() {
        let fault = |text: &str| QuestionText::parse("query", text).map_err(|error| error.to_string());
        assert_eq!(fault("  Who?\nWhen?\t ").unwrap().as_str(), "Who?\nWhen?");
        assert_eq!(fault(" \n "), Err("query must not be empty".to_owned()));
        assert_eq!(fault("Who\0?"), Err("query must not contain control characters".to_owned()));
        assert!(fault(&"é".repeat(4000)).is_ok());
        assert_eq!(fault(&"é".repeat(4001)), Err("query must have at most 4000 characters".to_owned()));
    }
}
