use crate::Example;
use async_trait::async_trait;
use square_kernel::SkillId;

/// A skill that could be asked, as a selector sees it. Selectors know skills by what they learnt of them.
pub type Candidate = SkillId;

/// How well one candidate fits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// Its place in the list of candidates that was ranked.
    pub candidate: usize,
    /// The estimated probability that it fits, 0 to 1. MUST be a number.
    pub score: f32,
}

/// The candidates of a question, best first.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranking {
    /// In falling order of score, each candidate at most once.
    pub scores: Vec<Score>,
    /// A candidate below this score does not fit.
    pub threshold: f32,
    /// A candidate is asked beside the best one only when its score is at least this share of the best's.
    pub share_of_best: f32,
}

/// The selector cannot rank at the moment. The cause, in words that follow "the selector is unavailable:", is shown with the
/// question where another one ranks in its place, so nothing internal stands in it.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the selector is unavailable: {0}")]
pub struct SelectorUnavailable(pub String);

/// Says which skills fit a question.
#[async_trait]
pub trait Selector: Send + Sync {
    /// Its name, unique, as clients write it.
    fn name(&self) -> &str;

    /// What it does, for people.
    fn description(&self) -> &str;

    /// Whether a person's own unpublished skills may be among the candidates when named in the question.
    fn asks_unpublished(&self) -> bool {
        false
    }

    /// Ranks `candidates`. One of which nothing is known has score 0 or is left out.
    async fn rank(&self, question: &str, candidates: &[Candidate]) -> Result<Ranking, SelectorUnavailable>;

    /// For each of `skills`, in their order, the example questions that are most like the question, the most alike first,
    /// so that people see why it was ranked as it was. None where nothing is known. Cheap: it is asked for with every question.
    async fn nearest_examples(&self, _question: &str, _skills: &[Candidate]) -> Vec<Vec<Example>> {
        Vec::new()
    }
}
