use crate::TrainingSet;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use square_kernel::SkillId;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use unicode_normalization::UnicodeNormalization;

square_kernel::id!(
    /// A question that is proposed as an example of a skill.
    ProposalId
);

/// A question as it can become an example: one line without blanks at either end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExampleText(Arc<str>);

impl ExampleText {
    /// The question with every run of blanks and line breaks as one blank; `None` where it is longer than examples may be,
    /// empty, or has other control characters.
    pub fn of(question: &str) -> Option<Self> {
        let line = question.split_whitespace().collect::<Vec<_>>().join(" ");
        let fits = (1..=TrainingSet::MAX_LINE_CHARS).contains(&line.chars().count());
        (fits && !line.contains(char::is_control)).then(|| Self(line.into()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form under which it is compared.
    pub fn key(&self) -> ExampleKey {
        ExampleKey::of(&self.0)
    }
}

/// Equal for questions that differ in nothing but letters' case, blanks, how their characters are encoded (Unicode's NFKC)
/// and the punctuation that they end with. A digest (SHA-256), so that it says little where the question is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExampleKey(pub [u8; 32]);

impl ExampleKey {
    /// That of a question.
    pub fn of(question: &str) -> Self {
        // Most are plain, and many are looked through at once.
        let folded = if question.is_ascii() {
            question.to_ascii_lowercase()
        } else {
            question.nfkc().collect::<String>().to_lowercase()
        };
        let line = folded.split_whitespace().collect::<Vec<_>>().join(" ");
        let bare = line.trim_end_matches(['?', '!', '.', '…', ' ']);
        Self(Sha256::digest(if bare.is_empty() { &line } else { bare }).into())
    }
}

/// How a proposal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProposalState {
    /// Its owner has not decided.
    Proposed,
    /// The owner has accepted it; it is tried out.
    Checking,
    /// It is one of the skill's examples.
    Taken,
    /// Accuracy would have fallen with it, or it could not be tried. It can be accepted again.
    Declined,
    /// The owner does not want it. It is not proposed again, but can still be accepted.
    Dismissed,
}

impl ProposalState {
    /// All there are.
    pub const ALL: [Self; 5] = [Self::Proposed, Self::Checking, Self::Taken, Self::Declined, Self::Dismissed];

    /// Its name in JSON and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Checking => "checking",
            Self::Taken => "taken",
            Self::Declined => "declined",
            Self::Dismissed => "dismissed",
        }
    }

    /// Whether it counts as waiting for the owner.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Proposed | Self::Checking | Self::Declined)
    }
}

impl FromStr for ProposalState {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(())
    }
}

/// How many of the held-out questions of all skills a selector sends to the right skill, without an example and with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// How many were asked.
    pub held_out: u32,
    /// How many went right without it.
    pub before: u32,
    /// How many went right with it.
    pub after: u32,
}

/// What a trial showed, by the selector's name.
pub type Compared = BTreeMap<String, Figures>;

/// What came of trying a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckResult {
    /// Why it was declined, in words; `None` where it was taken.
    pub declined: Option<String>,
    /// What was measured; empty where nothing was.
    pub compared: Compared,
}

impl CheckResult {
    /// Judges by what was measured: no selector may get worse.
    pub(super) fn of(compared: Compared) -> Self {
        let worse = compared.iter().find(|(_, figures)| figures.after < figures.before);
        let declined = worse.map(|(selector, Figures { held_out, before, after })| {
            format!(
                "accuracy would fall: {selector} sends {after} of the {held_out} held-out questions to the right skill with it, \
                 and {before} without it"
            )
        });
        Self { declined, compared }
    }

    /// Nothing could be measured.
    pub(super) fn untried(reason: impl Into<String>) -> Self {
        Self { declined: Some(reason.into()), compared: Compared::new() }
    }
}

/// A question that askers found well answered by a skill, for its owner. Who they are it does not tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Its identifier.
    pub id: ProposalId,
    /// Whose example it may become.
    pub skill: SkillId,
    /// The question, as the first of those had it who propose it.
    pub text: ExampleText,
    /// How many questions propose it.
    pub questions: u32,
    /// How it stands.
    pub state: ProposalState,
    /// What came of trying it last; `None` where it was not tried since it was accepted last.
    pub check: Option<CheckResult>,
    /// When it was proposed first.
    pub proposed_at: Timestamp,
    /// When it came to stand as it does.
    pub changed_at: Timestamp,
}

/// How many proposals are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProposalPolicy {
    /// So many of one skill may wait for its owner.
    pub per_skill: u32,
    /// So many of one skill may be one asker's, those dismissed included.
    pub per_asker: u32,
}

impl Default for ProposalPolicy {
    fn default() -> Self {
        Self { per_skill: 200, per_asker: 20 }
    }
}

/// A question that is to be proposed, unless it is already, or is an example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProposal {
    /// The identifier that it gets where it is new.
    pub id: ProposalId,
    /// Whose example it may become.
    pub skill: SkillId,
    /// What is proposed.
    pub key: ExampleKey,
    /// Beyond these it is not kept.
    pub policy: ProposalPolicy,
    /// When.
    pub at: Timestamp,
}

/// What askers say of a skill's answers, for its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ratings {
    /// How many answers helped.
    pub helpful: u64,
    /// How many did not.
    pub not_helpful: u64,
    /// How many proposals wait for the owner.
    pub proposed: u64,
}

impl fmt::Display for ProposalState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_becomes_one_line_or_nothing() {
        let of = |text: &str| ExampleText::of(text).map(|text| text.as_str().to_owned());
        assert_eq!(of("  Who\n played\t in  Heat? "), Some("Who played in Heat?".to_owned()));
        assert_eq!(of(" \n "), None);
        assert_eq!(of("a\0b"), None);
        assert!(of(&"é".repeat(TrainingSet::MAX_LINE_CHARS)).is_some());
        assert_eq!(of(&"é".repeat(TrainingSet::MAX_LINE_CHARS + 1)), None);
    }

    #[test]
    fn what_differs_in_nothing_that_counts_is_one_question() {
        let key = ExampleKey::of;
        for same in ["who played in HEAT", " Who  played\nin Heat?! ", "Ｗho played in Heat…"] {
            assert_eq!(key(same), key("Who played in Heat?"), "{same}");
        }
        assert_eq!(key("ÉTÉ?"), key("e\u{301}te\u{301}"));
        assert_ne!(key("What is C++?"), key("What is C?"));
        assert_ne!(key("?"), key("!"));
    }

    #[test]
    fn whoever_gets_worse_is_named_with_both_figures() {
        let figures = |before, after| Figures { held_out: 9, before, after };
        let compared =
            |square, other| Compared::from([("Square".to_owned(), square), ("Other".to_owned(), other)]);
        assert_eq!(CheckResult::of(compared(figures(7, 7), figures(3, 4))).declined, None);
        assert_eq!(
            CheckResult::of(compared(figures(7, 6), figures(3, 4))).declined.unwrap(),
            "accuracy would fall: Square sends 6 of the 9 held-out questions to the right skill with it, and 7 without it"
        );
    }
}
