use crate::{Ranking, Score};
use square_kernel::SkillId;

/// A skill that is asked, as it was when the question was routed.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// The skill.
    pub skill: SkillId,
    /// Its name at that time.
    pub name: String,
    /// Its description at that time.
    pub description: String,
    /// The probability that it fits, 0 to 1.
    pub score: f32,
}

/// A selector in whose place another one ranked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FallbackFrom {
    /// Its name.
    pub selector: String,
    /// Why it could not rank, in words for people.
    pub reason: String,
}

/// An example question of a skill that is like the question that was asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// What it says.
    pub text: String,
    /// How alike the two are, 0 to 1.
    pub similarity: f32,
}

/// Why a skill is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exclusion {
    /// It fits too badly, by itself or beside the best one.
    Score,
    /// As many as were asked for fit better.
    Maximum,
    /// The selector knows nothing of it.
    Unranked,
    /// It is not published, and the selector asks published ones only.
    Unpublished,
    /// There is none by that name or id, or the asker may not know of it.
    NotAllowed,
    /// It failed so often of late that it is left alone for a while.
    BreakerOpen,
    /// It was asked as often as it may be for now.
    RateLimited,
}

impl Exclusion {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Score,
        Self::Maximum,
        Self::Unranked,
        Self::Unpublished,
        Self::NotAllowed,
        Self::BreakerOpen,
        Self::RateLimited,
    ];

    /// Its name in JSON and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Score => "score",
            Self::Maximum => "maximum",
            Self::Unranked => "unranked",
            Self::Unpublished => "unpublished",
            Self::NotAllowed => "not_allowed",
            Self::BreakerOpen => "breaker_open",
            Self::RateLimited => "rate_limited",
        }
    }
}

/// A skill that is not asked.
#[derive(Debug, Clone, PartialEq)]
pub struct LeftOut {
    /// The skill; `None` where the asker named something that leads to none.
    pub skill: Option<SkillId>,
    /// Its name at that time, or what the asker called it.
    pub name: String,
    /// The probability that it fits, where the selector was asked.
    pub score: Option<f32>,
    /// Why.
    pub reason: Exclusion,
    /// Its example questions that are most like the question, the most alike first.
    pub examples: Vec<Example>,
}

/// Why these skills are asked: the routing decision, kept with the question.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Choice {
    /// The selector that ranked.
    pub selector: String,
    /// The one that should have, where it could not.
    pub fallback_from: Option<FallbackFrom>,
    /// The skills to ask, best first. Empty when none fits.
    pub chosen: Vec<Chosen>,
    /// The best one when none is asked: one that does not fit, or that fits and was asked as often as it may be.
    pub nearest: Option<Chosen>,
    /// For each of `chosen` its example questions that are most like the question, the most alike first.
    pub examples: Vec<Vec<Example>>,
    /// The score that a skill needed to be asked.
    pub least_score: f32,
    /// How many skills there were to choose from.
    pub candidates: u32,
    /// The first of those that are not asked: those that could not be asked at all, then by falling score.
    pub left_out: Vec<LeftOut>,
}

impl Choice {
    /// The best skill that fits where none is asked, since all that do were asked as often as they may be.
    pub fn fits_later(&self) -> Option<&Chosen> {
        self.nearest.as_ref().filter(|nearest| nearest.score >= self.least_score)
    }
}

/// Picks from a ranking: the best, then the next while it is no worse than the ranking's share of the best,
/// `max` at most. Named skills are asked however badly they fit.
pub(crate) fn pick(ranking: &Ranking, max: usize, named: bool) -> &[Score] {
    let least = least_score(ranking, named);
    let fitting = ranking.scores.iter().take(max).take_while(|score| score.score >= least).count();
    &ranking.scores[..fitting]
}

/// The score that a candidate needs.
pub(crate) fn least_score(ranking: &Ranking, named: bool) -> f32 {
    if named {
        return 0.0;
    }
    let best = ranking.scores.first().map_or(0.0, |best| best.score);
    ranking.threshold.max(best * ranking.share_of_best)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranking(scores: &[f32]) -> Ranking {
        let scores =
            scores.iter().enumerate().map(|(candidate, &score)| Score { candidate, score }).collect();
        Ranking { scores, threshold: 0.3, share_of_best: 0.5 }
    }

    #[test]
    fn stops_below_the_threshold_the_share_of_the_best_and_the_maximum() {
        assert_eq!(pick(&ranking(&[0.9, 0.5, 0.4]), 3, false).len(), 2);
        assert_eq!(pick(&ranking(&[0.5, 0.29]), 3, false).len(), 1);
        assert_eq!(pick(&ranking(&[0.9, 0.9, 0.9]), 2, false).len(), 2);
        assert_eq!(pick(&ranking(&[0.29]), 3, false).len(), 0);
        assert_eq!(pick(&ranking(&[]), 3, false).len(), 0);
    }

    #[test]
    fn named_skills_are_asked_however_badly_they_fit() {
        assert_eq!(pick(&ranking(&[0.1, 0.0, 0.0]), 2, true).len(), 2);
    }
}
