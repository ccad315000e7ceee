use super::{ExampleKey, ExampleText, NewProposal, ProposalId, Proposals};
use square_kernel::{SkillId, Unavailable};

impl Proposals {
    /// What is to be proposed to a skill's owner where somebody found a question well answered by it. `None` where it would be of
    /// no use: the skill is not published, the question is an example already, or is none that could be one.
    pub async fn proposed_by(
        &self,
        skill: SkillId,
        question: &str,
    ) -> Result<Option<NewProposal>, Unavailable> {
        let Some(text) = ExampleText::of(question) else { return Ok(None) };
        let parts = &self.shared.parts;
        let Some(examples) = parts.store.examples_of_published(skill).await? else { return Ok(None) };
        let key = text.key();
        if examples.iter().any(|example| ExampleKey::of(example) == key) {
            return Ok(None);
        }
        let id = ProposalId::new(&*parts.clock, &*parts.randomness);
        Ok(Some(NewProposal { id, skill, key, policy: self.policy, at: parts.clock.now() }))
    }
}
