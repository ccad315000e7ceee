use crate::Measured;
use jiff::Timestamp;
use square_kernel::{Invalid, SkillId};
use std::collections::BTreeMap;
use std::sync::Arc;

square_kernel::id!(
    /// One run of publishing a skill through training.
    TrainingId
);

/// Example questions of a skill: some to learn from, some to measure what was learnt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrainingSet {
    /// To learn from, at least one.
    pub train: Arc<[String]>,
    /// Held out, to measure accuracy with, at least one.
    pub dev: Arc<[String]>,
}

impl TrainingSet {
    /// The largest file taken, 5 MiB.
    pub const MAX_FILE_BYTES: usize = 5 * 1024 * 1024;
    /// The longest example question, in characters.
    pub const MAX_LINE_CHARS: usize = 1000;

    /// Parses two files, each UTF-8 text with one example question a line; empty lines are passed over, and as in
    /// questions there may be no control characters.
    pub fn parse(train_file: &str, dev_file: &str) -> Result<Self, Invalid> {
        let mut invalid = Invalid::default();
        let train = invalid.collect(lines("train_file", train_file));
        let dev = invalid.collect(lines("dev_file", dev_file));
        match (train, dev) {
            (Some(train), Some(dev)) => Ok(Self { train, dev }),
            _ => Err(invalid),
        }
    }
}

fn lines(field: &'static str, text: &str) -> Result<Arc<[String]>, square_kernel::FieldError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut questions = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.chars().count() > TrainingSet::MAX_LINE_CHARS {
            let message =
                format!("has more than {} characters in line {}", TrainingSet::MAX_LINE_CHARS, number + 1);
            return Err(square_kernel::FieldError::new(field, message));
        }
        if line.chars().any(|c| c.is_control() && c != '\t') {
            let message = format!("has a control character in line {}", number + 1);
            return Err(square_kernel::FieldError::new(field, message));
        }
        if !line.is_empty() {
            questions.push(line.to_owned());
        }
    }
    if questions.is_empty() {
        return Err(square_kernel::FieldError::new(field, "must have at least one example question"));
    }
    Ok(questions.into())
}

/// How well the held-out questions are routed, by selector name.
pub type Accuracy = BTreeMap<String, Measured>;

/// Why a selector that is kept outside has not learnt the skill, or could not be measured; by selector name. It learns later.
pub type Failures = BTreeMap<String, String>;

/// How a training stands.
#[derive(Debug, Clone, PartialEq)]
pub enum TrainingState {
    /// Waiting or under way.
    Running,
    /// The skill was published with it.
    Published {
        /// What was measured on the held-out questions.
        accuracy: Accuracy,
        /// Which selectors outside failed meanwhile; none of those that were measured.
        failures: Failures,
    },
    /// It came to nothing; the skill is as it was before.
    Failed {
        /// Why, for the owner.
        reason: String,
    },
}

/// The newest training of a skill, as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingRecord {
    /// The run.
    pub id: TrainingId,
    /// Whose.
    pub skill: SkillId,
    /// How it stands.
    pub state: TrainingState,
    /// How many questions there are to learn from.
    pub train_examples: u32,
    /// How many are held out.
    pub dev_examples: u32,
    /// When the owner asked for it.
    pub started_at: Timestamp,
    /// When it was published or failed.
    pub finished_at: Option<Timestamp>,
}

/// How far a training under way is, for those who watch.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingProgress {
    /// The run.
    pub id: TrainingId,
    /// 0 to 1.
    pub done: f32,
    /// How it stands.
    pub state: TrainingState,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_line_by_line() {
        let set = TrainingSet::parse("\u{feff}Who?\r\n\r\n  What? \n", "Where?").unwrap();
        assert_eq!(set.train[..], ["Who?", "What?"]);
        assert_eq!(set.dev[..], ["Where?"]);
    }

    #[test]
    fn what_no_question_may_hold_no_example_may_hold() {
        for wrong in ["a\0b", "a\rb", "\u{1b}[1m", "a\u{7f}", "a\u{85}b"] {
            let invalid = TrainingSet::parse(&format!("Who?\n{wrong}\n"), "What\tis it?").unwrap_err();
            let told: Vec<_> = invalid.0.iter().map(ToString::to_string).collect();
            assert_eq!(told, ["train_file has a control character in line 2"], "{wrong:?}");
        }
    }

    #[test]
    fn both_files_are_told_of_at_once() {
        let long = format!("Who?\n{}", "x".repeat(TrainingSet::MAX_LINE_CHARS + 1));
        let invalid = TrainingSet::parse(&long, " \n").unwrap_err();
        let told: Vec<_> = invalid.0.iter().map(ToString::to_string).collect();
        let lines = "train_file has more than 1000 characters in line 2";
        assert_eq!(told, [lines, "dev_file must have at least one example question"]);
    }
}
