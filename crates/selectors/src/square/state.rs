//! What is known, for whoever changes it.

use super::examples::Examples;
use super::knowledge::Knowledge;
use super::model::Model;
use super::reading::{Nobodys, Rounded};
use square_kernel::SkillId;
use square_routing::Embedding;
use square_skills::{ExamplesVersion, KeptModel};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What some skills are to be learnt from.
#[derive(Default, Clone)]
pub(crate) struct Lesson {
    examples: BTreeMap<SkillId, Examples>,
    /// Of all that was to be learnt, also where no example has a word in it.
    versions: BTreeMap<SkillId, ExamplesVersion>,
}

impl Lesson {
    pub(crate) fn new(skills: &[(SkillId, Arc<[String]>)]) -> Self {
        let mut lesson = Self::default();
        for (skill, questions) in skills {
            lesson.versions.insert(*skill, ExamplesVersion::of_skill(questions));
            if let Some(examples) = Examples::new(*skill, questions) {
                lesson.examples.insert(*skill, examples);
            }
        }
        lesson
    }

    /// Puts in a skill, in the place of what it was to be learnt from before.
    pub(crate) fn put(&mut self, examples: Examples, version: ExamplesVersion) {
        self.versions.insert(examples.skill(), version);
        self.examples.insert(examples.skill(), examples);
    }

    fn remove(&mut self, skill: SkillId) -> Option<Examples> {
        self.versions.remove(&skill);
        self.examples.remove(&skill)
    }

    /// All questions to learn from.
    pub(crate) fn questions(&self) -> impl Iterator<Item = &String> {
        self.examples.values().flat_map(Examples::questions)
    }

    /// Gives every question its embedding; `None` where one is missing.
    pub(crate) fn embed(
        &mut self,
        mut embeddings: impl FnMut(&[String]) -> Option<Vec<Rounded>>,
    ) -> Option<()> {
        self.examples.values_mut().try_for_each(|examples| {
            let embedded = embeddings(examples.questions())?;
            examples.embed(embedded);
            Some(())
        })
    }

    /// That of all examples together.
    pub(crate) fn version(&self) -> ExamplesVersion {
        ExamplesVersion::of_all(self.versions.iter().map(|(skill, version)| (*skill, *version)))
    }
}

#[derive(Default)]
pub(crate) struct State {
    nobodys: Nobodys,
    lesson: Lesson,
    /// `None` before the first skill, and after a change that broke off; then it is made anew from `lesson`.
    knowledge: Option<Knowledge>,
    /// What questions are ranked by; belongs to `knowledge`.
    model: Option<Arc<Model>>,
}

impl State {
    /// `strangers` are nobody's questions, beside the everyday ones.
    pub(crate) fn with_strangers(strangers: &[String]) -> Self {
        Self { nobodys: Nobodys::new(strangers), ..Self::default() }
    }

    pub(super) fn model(&self) -> Option<Arc<Model>> {
        self.model.clone()
    }

    /// What it knows was learnt from.
    pub(crate) fn lesson(&self) -> &Lesson {
        &self.lesson
    }

    /// The questions that are nobody's, to be changed.
    pub(crate) fn nobodys(&mut self) -> &mut Nobodys {
        &mut self.nobodys
    }

    pub(crate) fn learn_all(&mut self, lesson: Lesson, progress: &dyn Fn(f32)) {
        self.lesson = lesson;
        let wordless = self.lesson.versions.keys().filter(|skill| !self.lesson.examples.contains_key(skill));
        for skill in wordless {
            tracing::warn!(%skill, "no example question has a word in it; the skill is left out");
        }
        self.start_anew(progress);
    }

    pub(crate) fn learn(&mut self, examples: Examples, version: ExamplesVersion, progress: &dyn Fn(f32)) {
        let skill = examples.skill();
        let before = self.changing(examples.len());
        self.lesson.put(examples, version);
        let Some((mut knowledge, model)) = before else { return self.start_anew(progress) };
        knowledge.learn(&self.lesson.examples[&skill], &model, progress);
        self.put(knowledge);
    }

    pub(crate) fn forget(&mut self, skill: SkillId) {
        if !self.lesson.examples.contains_key(&skill) {
            self.lesson.versions.remove(&skill);
            return;
        }
        let before = self.changing(0);
        self.lesson.remove(skill);
        let Some((mut knowledge, _)) = before else { return self.start_anew(&|_| ()) };
        knowledge.forget(skill);
        self.put(knowledge);
    }

    /// Fits probabilities to questions that were not learnt from.
    pub(crate) fn tune(&mut self, questions: &[(String, Option<SkillId>, Option<Embedding>)]) {
        if let Some((mut knowledge, model)) = self.knowledge.take().zip(self.model.take()) {
            knowledge.tune(&model, questions);
            self.put(knowledge);
        }
    }

    pub(crate) fn keep(&self) -> Option<KeptModel> {
        let bytes = self.knowledge.as_ref()?.to_bytes();
        Some(KeptModel { version: self.lesson.version(), bytes: bytes.into() })
    }

    /// Whether `bytes`, kept with `version`, were of use. If not, nothing has changed.
    pub(crate) fn take_up(&mut self, lesson: Lesson, version: ExamplesVersion, bytes: &[u8]) -> bool {
        if lesson.version() != version {
            return false;
        }
        let Some(knowledge) = Knowledge::from_bytes(bytes, &lesson.examples, &self.nobodys) else {
            return false;
        };
        self.lesson = lesson;
        self.put(knowledge);
        true
    }

    /// Takes what is known to have it changed for `examples` more; `None` where it is better made anew.
    fn changing(&mut self, examples: usize) -> Option<(Knowledge, Arc<Model>)> {
        let (mut knowledge, model) = self.knowledge.take().zip(self.model.take())?;
        knowledge.read_again(&self.lesson.examples, &self.nobodys);
        (!knowledge.starts_anew_for(examples)).then_some((knowledge, model))
    }

    fn start_anew(&mut self, progress: &dyn Fn(f32)) {
        (self.knowledge, self.model) = (None, None);
        if !self.lesson.examples.is_empty() {
            self.put(Knowledge::new(&self.lesson.examples, &self.nobodys, progress));
        }
    }

    fn put(&mut self, knowledge: Knowledge) {
        let examples = self.lesson.examples.values().map(Examples::len).sum();
        self.model = Some(Arc::new(knowledge.model(examples)));
        self.knowledge = Some(knowledge);
    }
}
