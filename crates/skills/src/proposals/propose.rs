use super::{ExampleText, NewProposal, ProposalId, Proposals};
use square_kernel::{SkillId, UserId};
use square_limits::{Charge, LimitError, LimitKey, Quota};

/// How often one account may find answers helpful within an hour. Not the operator's choice: whether a question is an example already is found out
/// by reading all examples of the skill.
const PER_HOUR: u32 = 60;

impl Proposals {
    /// What is to be proposed to a skill's owner where `asker` found a question well answered by it. `None` where the question is none that
    /// could be an example; whether it is one already, and the skill published, the store finds out.
    pub async fn proposed_by(
        &self,
        asker: UserId,
        skill: SkillId,
        question: &str,
    ) -> Result<Option<NewProposal>, LimitError> {
        let Some(text) = ExampleText::of(question) else { return Ok(None) };
        let (parts, at) = (&self.shared.parts, self.shared.parts.clock.now());
        let key = parts.keyed_hash.hash("limit-proposals-by-account", asker.uuid().as_bytes());
        let charge = Quota::per_hour(PER_HOUR).map(|quota| Charge { key: LimitKey(key), quota });
        parts.limits.spend_all([charge], at).await?;
        let id = ProposalId::new(&*parts.clock, &*parts.randomness);
        Ok(Some(NewProposal { id, skill, key: text.key(), policy: self.policy, at }))
    }
}
