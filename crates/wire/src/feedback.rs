use serde::{Deserialize, Serialize};
use square_kernel::SkillId;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// What the asker of a question said of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Verdict {
    /// `helpful` or `not_helpful`.
    #[schema(example = "helpful")]
    pub rating: String,
    /// What else there was to say.
    pub comment: Option<String>,
    /// When it was given last, RFC 3339.
    #[schema(format = DateTime)]
    pub given_at: String,
}

impl From<&square_routing::Verdict> for Verdict {
    fn from(verdict: &square_routing::Verdict) -> Self {
        Self {
            rating: verdict.rating.as_str().to_owned(),
            comment: verdict.comment.as_ref().map(|comment| comment.as_str().to_owned()),
            given_at: verdict.given_at.to_string(),
        }
    }
}

/// How often askers found a skill's answers helpful.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ratings {
    /// The skill.
    pub skill_id: Uuid,
    /// How many answers helped.
    pub helpful: u64,
    /// How many did not.
    pub not_helpful: u64,
    /// How many proposed example questions wait for you.
    pub proposed: u64,
}

impl Ratings {
    /// Those of one skill.
    pub fn new(skill: SkillId, ratings: square_skills::Ratings) -> Self {
        let square_skills::Ratings { helpful, not_helpful, proposed } = ratings;
        Self { skill_id: skill.uuid(), helpful, not_helpful, proposed }
    }
}

/// A question that askers found well answered by a skill, and that can become one of its examples. Who they are is not told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Proposal {
    /// Its identifier.
    pub proposal_id: Uuid,
    /// Whose example it may become.
    pub skill_id: Uuid,
    /// The question.
    #[schema(example = "Which actors played in Heat?")]
    pub question: String,
    /// How many questions like it were found well answered.
    pub questions: u32,
    /// `proposed`, `checking` (accepted, and being tried), `taken`, `declined` or `dismissed`.
    #[schema(example = "proposed")]
    pub state: String,
    /// Why it was declined, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declined: Option<String>,
    /// What trying it showed, by the selector's name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub measured: BTreeMap<String, TrialFigures>,
    /// When it was proposed first, RFC 3339.
    #[schema(format = DateTime)]
    pub proposed_at: String,
    /// When it came to this state, RFC 3339.
    #[schema(format = DateTime)]
    pub changed_at: String,
}

/// How many held-out questions of all skills a selector sends to the right one, without an example and with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TrialFigures {
    /// How many were asked.
    pub held_out: u32,
    /// How many went right without it.
    pub before: u32,
    /// How many went right with it.
    pub after: u32,
}

impl From<&square_skills::Proposal> for Proposal {
    fn from(proposal: &square_skills::Proposal) -> Self {
        let check = proposal.check.as_ref();
        let measured = check.iter().flat_map(|check| &check.compared);
        Self {
            proposal_id: proposal.id.uuid(),
            skill_id: proposal.skill.uuid(),
            question: proposal.text.as_str().to_owned(),
            questions: proposal.questions,
            state: proposal.state.as_str().to_owned(),
            declined: check.and_then(|check| check.declined.clone()),
            measured: measured.map(|(selector, of)| (selector.clone(), TrialFigures::from(*of))).collect(),
            proposed_at: proposal.proposed_at.to_string(),
            changed_at: proposal.changed_at.to_string(),
        }
    }
}

impl From<square_skills::Figures> for TrialFigures {
    fn from(figures: square_skills::Figures) -> Self {
        let square_skills::Figures { held_out, before, after } = figures;
        Self { held_out, before, after }
    }
}
