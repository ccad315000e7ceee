//! What is known, for whoever changes it.

use super::examples::Examples;
use super::knowledge::Knowledge;
use super::model::Model;
use square_kernel::SkillId;
use square_skills::{ExamplesVersion, KeptModel};
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Default)]
pub(super) struct State {
    /// Questions that are nobody's, beside the everyday ones.
    strangers: Vec<String>,
    examples: BTreeMap<SkillId, Examples>,
    /// Of all that was to be learnt, also where no example has a word in it.
    versions: BTreeMap<SkillId, ExamplesVersion>,
    /// `None` before the first skill, and after a change that broke off; then it is made anew from `examples`.
    knowledge: Option<Knowledge>,
    /// What questions are ranked by; belongs to `knowledge`.
    model: Option<Arc<Model>>,
}

impl State {
    pub(super) fn with_strangers(strangers: &[String]) -> Self {
        Self { strangers: strangers.to_vec(), ..Self::default() }
    }

    pub(super) fn model(&self) -> Option<Arc<Model>> {
        self.model.clone()
    }

    pub(super) fn learn_all(&mut self, skills: &[(SkillId, Arc<[String]>)], progress: &dyn Fn(f32)) {
        (self.examples, self.versions) = taken_in(skills);
        for (skill, _) in skills.iter().filter(|(skill, _)| !self.examples.contains_key(skill)) {
            tracing::warn!(%skill, "no example question has a word in it; the skill is left out");
        }
        self.start_anew(progress);
    }

    pub(super) fn learn(&mut self, examples: Examples, version: ExamplesVersion, progress: &dyn Fn(f32)) {
        let skill = examples.skill();
        let before = self.changing(examples.len());
        self.versions.insert(skill, version);
        self.examples.insert(skill, examples);
        let Some((mut knowledge, model)) = before else { return self.start_anew(progress) };
        knowledge.learn(&self.examples[&skill], &model, progress);
        self.put(knowledge);
    }

    pub(super) fn forget(&mut self, skill: SkillId) {
        self.versions.remove(&skill);
        if !self.examples.contains_key(&skill) {
            return;
        }
        let before = self.changing(0);
        self.examples.remove(&skill);
        let Some((mut knowledge, _)) = before else { return self.start_anew(&|_| ()) };
        knowledge.forget(skill);
        self.put(knowledge);
    }

    /// Fits probabilities to questions that were not learnt from.
    pub(super) fn tune(&mut self, questions: &[(String, Option<SkillId>)]) {
        if let Some((mut knowledge, model)) = self.knowledge.take().zip(self.model.take()) {
            knowledge.tune(&model, questions);
            self.put(knowledge);
        }
    }

    pub(super) fn keep(&self) -> Option<KeptModel> {
        let bytes = self.knowledge.as_ref()?.to_bytes();
        Some(KeptModel { version: self.version(), bytes: bytes.into() })
    }

    /// Whether `kept` was of use. If not, nothing has changed.
    pub(super) fn take_up(&mut self, skills: &[(SkillId, Arc<[String]>)], kept: &KeptModel) -> bool {
        let (examples, versions) = taken_in(skills);
        if ExamplesVersion::of_all(versions.iter().map(|(skill, version)| (*skill, *version))) != kept.version
        {
            return false;
        }
        let Some(knowledge) = Knowledge::from_bytes(&kept.bytes, &examples) else { return false };
        (self.examples, self.versions) = (examples, versions);
        self.put(knowledge);
        true
    }

    fn version(&self) -> ExamplesVersion {
        ExamplesVersion::of_all(self.versions.iter().map(|(skill, version)| (*skill, *version)))
    }

    /// Takes what is known to have it changed for `examples` more; `None` where it is better made anew.
    fn changing(&mut self, examples: usize) -> Option<(Knowledge, Arc<Model>)> {
        let (mut knowledge, model) = self.knowledge.take().zip(self.model.take())?;
        knowledge.read_again(&self.examples, &self.strangers);
        (!knowledge.starts_anew_for(examples)).then_some((knowledge, model))
    }

    fn start_anew(&mut self, progress: &dyn Fn(f32)) {
        (self.knowledge, self.model) = (None, None);
        if !self.examples.is_empty() {
            self.put(Knowledge::new(&self.examples, &self.strangers, progress));
        }
    }

    fn put(&mut self, knowledge: Knowledge) {
        let examples = self.examples.values().map(Examples::len).sum();
        self.model = Some(Arc::new(knowledge.model(examples)));
        self.knowledge = Some(knowledge);
    }
}

fn taken_in(
    skills: &[(SkillId, Arc<[String]>)],
) -> (BTreeMap<SkillId, Examples>, BTreeMap<SkillId, ExamplesVersion>) {
    let examples =
        skills.iter().filter_map(|(skill, questions)| Some((*skill, Examples::new(*skill, questions)?)));
    let versions = skills.iter().map(|(skill, questions)| (*skill, ExamplesVersion::of_skill(questions)));
    (examples.collect(), versions.collect())
}
