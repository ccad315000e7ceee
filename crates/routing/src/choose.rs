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

/// Why these skills are asked: the routing decision, kept with the question.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The selector that ranked.
    pub selector: String,
    /// The one that should have, where it could not.
    pub fallback_from: Option<FallbackFrom>,
    /// The skills to ask, best first. Empty when none fits.
    pub chosen: Vec<Chosen>,
    /// The best one that did not fit, when none is asked.
    pub nearest: Option<Chosen>,
}

/// Picks from a ranking: the best, then the next while it is no worse than the ranking's share of the best,
/// `max` at most. Named skills are asked however badly they fit.
pub(crate) fn pick(ranking: &Ranking, max: usize, named: bool) -> &[Score] {
    let scores = &ranking.scores;
    if named {
        return &scores[..scores.len().min(max)];
    }
    let Some(best) = scores.first() else { return &[] };
    let least = ranking.threshold.max(best.score * ranking.share_of_best);
    let fitting = scores.iter().take(max).take_while(|score| score.score >= least).count();
    &scores[..fitting]
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
