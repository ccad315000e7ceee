use square_kernel::SkillId;
use std::collections::BTreeMap;

/// How much the vote of a nearest question counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Votes {
    /// All alike.
    Uniform,
    /// As much as it is near, by its BM25 score.
    ByScore,
}

/// An example question that was found.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Hit {
    pub(super) skill: SkillId,
    /// Of the skill's examples; see [`super::learning`].
    pub(super) version: String,
    /// How many examples that version has.
    pub(super) examples: u32,
    pub(super) score: f64,
}

/// What one skill has got.
#[derive(Default)]
struct Poll {
    weight: f64,
    examples: u32,
}

/// The share of the votes that each skill has, best first.
///
/// While a skill's examples are replaced, old and new ones are found together. Only the oldest found are counted, so no vote mixes
/// them.
pub(super) fn shares(hits: &[Hit], k: u32, votes: Votes) -> Vec<(SkillId, f64)> {
    let mut oldest: BTreeMap<SkillId, &str> = BTreeMap::new();
    for hit in hits {
        let version = oldest.entry(hit.skill).or_insert(&hit.version);
        *version = (*version).min(&hit.version);
    }
    let counted: Vec<&Hit> = hits.iter().filter(|hit| oldest[&hit.skill] == hit.version).collect();
    let mut polls: BTreeMap<SkillId, Poll> = BTreeMap::new();
    for hit in &counted {
        let vote = match votes {
            Votes::Uniform => 1.0,
            Votes::ByScore => hit.score,
        };
        let poll = polls.entry(hit.skill).or_default();
        poll.examples = hit.examples.max(1);
        poll.weight += vote / f64::from(poll.examples);
    }
    let all: f64 = polls.values().map(|poll| poll.weight).sum();
    if all <= 0.0 {
        return Vec::new();
    }
    let found = f64::from(u32::try_from(counted.len()).unwrap_or(u32::MAX));
    let share = |poll: &Poll| {
        let could_vote = f64::from(poll.examples.min(k));
        poll.weight / all * (found / could_vote).min(1.0)
    };
    let mut shares: Vec<_> = polls.iter().map(|(skill, poll)| (*skill, share(poll))).collect();
    shares.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skill(number: u128) -> SkillId {
        square_kernel::uuid::Uuid::from_u128(number).into()
    }

    fn hits(of: u128, examples: u32, scores: &[f64]) -> Vec<Hit> {
        let version = "0000000001-a".to_owned();
        let hit = |&score| Hit { skill: skill(of), version: version.clone(), examples, score };
        scores.iter().map(hit).collect()
    }

    fn rounded(hits: &[Hit], votes: Votes) -> Vec<(u128, f64)> {
        let shares = shares(hits, 50, votes);
        shares
            .iter()
            .map(|(skill, share)| (skill.uuid().as_u128(), (share * 1000.0).round() / 1000.0))
            .collect()
    }

    #[test]
    fn votes_are_weighed_by_the_number_of_examples_and_by_nearness() {
        let hits = [hits(1, 2, &[6.0, 2.0]), hits(2, 4, &[2.0, 2.0])].concat();
        assert_eq!(rounded(&hits, Votes::Uniform), [(1, 0.667), (2, 0.333)]);
        assert_eq!(rounded(&hits, Votes::ByScore), [(1, 0.8), (2, 0.2)]);
    }

    #[test]
    fn a_single_far_fetched_hit_is_not_certainty() {
        assert_eq!(rounded(&hits(1, 100, &[0.1]), Votes::ByScore), [(1, 0.02)]);
        assert_eq!(rounded(&hits(1, 10, &[0.1]), Votes::Uniform), [(1, 0.1)]);
        assert_eq!(rounded(&hits(1, 1, &[0.1]), Votes::Uniform), [(1, 1.0)]);
    }

    #[test]
    fn nothing_found_is_no_vote() {
        assert_eq!(rounded(&[], Votes::Uniform), []);
        assert_eq!(rounded(&hits(1, 5, &[0.0]), Votes::ByScore), []);
    }

    #[test]
    fn of_two_versions_only_the_older_one_is_counted() {
        let old = hits(1, 4, &[1.0, 1.0]);
        let mut new = hits(1, 400, &[9.0, 9.0, 9.0]);
        for hit in &mut new {
            hit.version = "0000000002-0".to_owned();
        }
        let mixed = [new, old.clone(), hits(2, 4, &[1.0, 1.0])].concat();
        let clean = [old, hits(2, 4, &[1.0, 1.0])].concat();
        assert_eq!(rounded(&mixed, Votes::ByScore), rounded(&clean, Votes::ByScore));
    }
}
