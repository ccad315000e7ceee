use square_skill_client::SkillClient;
use square_skills::ports::Connector;
use square_skills::{
    BuiltinName, RegisteredSkill, ResultItem, Skill, SkillAddress, SkillFailure, SkillRequest,
};
use std::collections::HashMap;
use std::sync::Arc;

/// Connects remote skills through the client and built-in ones through the parts of this process.
pub(crate) struct Connections {
    pub(crate) client: Arc<SkillClient>,
    pub(crate) builtin: HashMap<BuiltinName, Arc<dyn Skill>>,
}

impl Connector for Connections {
    fn connect(&self, skill: &RegisteredSkill) -> Arc<dyn Skill> {
        match &skill.address {
            SkillAddress::Remote { .. } => self.client.connect(skill),
            SkillAddress::Builtin(name) => match self.builtin.get(name) {
                Some(builtin) => Arc::clone(builtin),
                None => Arc::new(Missing),
            },
        }
    }
}

/// Stands for a built-in skill that this version does not have.
struct Missing;

#[async_trait::async_trait]
impl Skill for Missing {
    async fn answer(&self, _request: &SkillRequest) -> Result<Vec<ResultItem>, SkillFailure> {
        Err(SkillFailure::Unreachable)
    }

    async fn ping(&self) -> Result<(), SkillFailure> {
        Err(SkillFailure::Unreachable)
    }
}
