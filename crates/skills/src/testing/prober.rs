use crate::ports::SkillProber;
use crate::{CheckReport, CheckStage, CheckStep, Protocol, RegisteredSkill, SkillUrl};
use async_trait::async_trait;
use square_kernel::Secret;
use square_kernel::testing::lock;
use std::collections::HashMap;
use std::sync::Mutex;

/// Knows of addresses what a test says, and notes which it was asked about.
#[derive(Debug, Default)]
pub struct ScriptedProber {
    protocols: Mutex<HashMap<String, Protocol>>,
    probed: Mutex<Vec<(String, Option<Secret>)>>,
}

impl ScriptedProber {
    /// Has this protocol found at this address.
    pub fn put(&self, url: &str, protocol: Protocol) {
        lock(&self.protocols).insert(url.to_owned(), protocol);
    }

    /// Which addresses were probed, with which secret.
    pub fn probed(&self) -> Vec<(String, Option<Secret>)> {
        lock(&self.probed).clone()
    }
}

#[async_trait]
impl SkillProber for ScriptedProber {
    async fn detect(&self, url: &SkillUrl, secret: Option<&Secret>) -> Option<Protocol> {
        lock(&self.probed).push((url.as_str().to_owned(), secret.cloned()));
        lock(&self.protocols).get(url.as_str()).copied()
    }

    /// A skill that is known passes; another is not reached.
    async fn inspect(&self, skill: &RegisteredSkill) -> CheckReport {
        let step = |stage, passed, message: &str| CheckStep { stage, passed, message: message.to_owned() };
        let mut steps = vec![step(CheckStage::Address, true, "the address may be called")];
        if !lock(&self.protocols).contains_key(&skill.address.url()) {
            steps.push(step(CheckStage::Connect, false, "the skill could not be reached"));
        }
        CheckReport { steps, results: Vec::new() }
    }
}
