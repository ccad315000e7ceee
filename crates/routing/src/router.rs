use crate::fair_use::{FairUse, UnderWay};
use crate::follow::FollowedQuestions;
use crate::hedge::Hedging;
use crate::live::LiveQuestions;
use crate::{QuestionLog, Selector};
use jiff::SignedDuration;
use square_kernel::{Clock, KeyedHash, Randomness};
use square_limits::Meter;
use square_skills::SkillDirectory;
use std::sync::Arc;
use std::time::Duration;

/// What the operator chooses about questions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouterPolicy {
    /// How long a question goes on that nobody watches any more.
    pub grace: Duration,
    /// How long questions are kept; for good where it is missing.
    pub questions_kept: Option<SignedDuration>,
    /// How long the pieces are kept in which answers came; the whole answers stay.
    pub deltas_kept: SignedDuration,
    /// How much askers may ask.
    pub fair_use: FairUse,
}

impl Default for RouterPolicy {
    fn default() -> Self {
        Self {
            grace: Duration::from_secs(30),
            questions_kept: None,
            deltas_kept: SignedDuration::from_hours(24),
            fair_use: FairUse::UNLIMITED,
        }
    }
}

/// What a [`Router`] is made of.
pub struct RouterParts {
    /// Which skills exist.
    pub directory: Arc<SkillDirectory>,
    /// The selectors, the default one first; at least one.
    pub selectors: Vec<Arc<dyn Selector>>,
    /// Who ranks where a selector cannot; one that needs nothing from outside. Without it such questions are refused.
    pub fallback: Option<Arc<dyn Selector>>,
    /// Where questions and answers are kept.
    pub log: Arc<dyn QuestionLog>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// For identifiers.
    pub randomness: Arc<dyn Randomness>,
    /// Counts who asks how often.
    pub meter: Arc<Meter>,
    /// For tickets, and for naming those who ask where they are counted.
    pub keyed_hash: Arc<dyn KeyedHash>,
    /// What the operator chose.
    pub policy: RouterPolicy,
}

/// Routes questions. One per process; its use cases stand in files of their own.
pub struct Router {
    pub(crate) parts: RouterParts,
    pub(crate) live: Arc<LiveQuestions>,
    pub(crate) followed: Arc<FollowedQuestions>,
    pub(crate) hedging: Arc<Hedging>,
    pub(crate) under_way: Arc<UnderWay>,
}

/// A selector, for people who choose one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectorInfo {
    /// Its name, as `options.selector` takes it.
    pub name: String,
    /// What it does.
    pub description: String,
}

impl Router {
    /// Puts the parts together.
    pub fn new(parts: RouterParts) -> Self {
        Self {
            parts,
            live: Arc::default(),
            followed: Arc::default(),
            hedging: Arc::default(),
            under_way: Arc::default(),
        }
    }

    /// The selectors, the default one first.
    pub fn selectors(&self) -> Vec<SelectorInfo> {
        let info = |selector: &Arc<dyn Selector>| SelectorInfo {
            name: selector.name().to_owned(),
            description: selector.description().to_owned(),
        };
        self.parts.selectors.iter().map(info).collect()
    }

    /// Returns once no question is under way: for an orderly end of the process.
    pub async fn idle(&self) {
        self.live.empty().await;
    }
}
