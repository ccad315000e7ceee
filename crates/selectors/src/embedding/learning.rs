use super::{Behind, EmbeddingSelector, Memory};
use crate::square::{Examples, Lesson, Rounded, State};
use async_trait::async_trait;
use square_kernel::SkillId;
use square_routing::{Embedding, EmbeddingFailed, Waiting};
use square_skills::ports::{Learner, LearningFailed};
use square_skills::{ExamplesVersion, KeptModel, Measured};
use std::collections::BTreeSet;
use std::sync::Arc;

/// How many texts are embedded before they are remembered: what fails then loses no more than this.
pub(super) const AT_ONCE: usize = 256;

impl EmbeddingSelector {
    /// Embeds what is not remembered and learns all from nothing.
    pub(super) async fn start_anew(
        &self,
        lesson: Lesson,
        progress: &(dyn Fn(f32) + Send + Sync),
    ) -> Result<(), LearningFailed> {
        if self.behind().outdated {
            self.memory().clear();
        }
        let mut questions: Vec<String> = lesson.questions().cloned().collect();
        questions.extend(self.nobodys().await?);
        // What was embedded before is of no use if embeddings turn out to be of another length now; then all are made once more.
        for _ in 0..2 {
            self.remember(&questions, &|done| progress(0.3 * done)).await?;
            let mut embedded = lesson.clone();
            let nobodys = self.nobodys().await?;
            let ready = {
                let memory = self.memory();
                embedded.embed(|texts| memory.of(texts)).and_then(|()| memory.of(&nobodys))
            };
            if let Some(nobodys) = ready {
                let change = move |state: &mut State, progress: &dyn Fn(f32)| {
                    state.nobodys().embed(nobodys);
                    state.learn_all(embedded, progress);
                    Ok(())
                };
                self.square.change(&|done| progress(0.3 + 0.7 * done), change).await?;
                self.behind().outdated = false;
                return Ok(());
            }
        }
        Err(LearningFailed("its embeddings change in length while they are learnt from".to_owned()))
    }

    /// Embeds what is not remembered and takes in one skill more.
    async fn learn_one(
        &self,
        mut examples: Examples,
        version: ExamplesVersion,
        progress: &(dyn Fn(f32) + Send + Sync),
    ) -> Result<(), LearningFailed> {
        let mut questions = examples.questions().to_vec();
        let nobodys = self.nobodys().await?;
        questions.extend(nobodys.iter().cloned());
        self.remember(&questions, &|done| progress(0.3 * done)).await?;
        let (dims, own, nobodys) = {
            let memory = self.memory();
            (memory.dims(), memory.of(examples.questions()), memory.of(&nobodys))
        };
        let fits = self.square.model().is_none_or(|model| Some(model.dims()) == dims);
        let (true, Some(own), Some(nobodys)) = (fits, own, nobodys) else {
            // The others were learnt from embeddings of another length.
            let mut lesson = self.square.look(|state| state.lesson().clone()).await?;
            lesson.put(examples, version);
            return self.start_anew(lesson, progress).await;
        };
        examples.embed(own);
        let change = move |state: &mut State, progress: &dyn Fn(f32)| {
            state.nobodys().embed(nobodys);
            state.learn(examples, version, progress);
            Ok(())
        };
        self.square.change(&|done| progress(0.3 + 0.7 * done), change).await
    }

    /// Embeds those of `texts` that are not remembered.
    async fn remember(
        &self,
        texts: &[String],
        progress: &(dyn Fn(f32) + Send + Sync),
    ) -> Result<(), LearningFailed> {
        let missing = self.memory().missing(texts);
        let mut done = 0;
        for texts in missing.chunks(AT_ONCE) {
            let embeddings = self.embed(texts).await?;
            self.memory().put(texts, &embeddings);
            done += texts.len();
            progress(done as f32 / missing.len() as f32);
        }
        Ok(())
    }

    pub(super) async fn embed(&self, texts: &[String]) -> Result<Vec<Embedding>, LearningFailed> {
        let failed = |EmbeddingFailed(reason)| LearningFailed(reason);
        let embeddings = self.embedder.embed(texts, Waiting::Learner).await.map_err(failed)?;
        if embeddings.len() != texts.len() {
            return Err(LearningFailed("not every text got its embedding".to_owned()));
        }
        Ok(embeddings)
    }

    /// The questions that are nobody's.
    async fn nobodys(&self) -> Result<Vec<String>, LearningFailed> {
        self.square.look(|state| state.nobodys_texts().to_vec()).await
    }
}

#[async_trait]
impl Learner for EmbeddingSelector {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn is_outside(&self) -> bool {
        self.embedder.is_outside()
    }

    fn is_shared(&self) -> bool {
        false
    }

    async fn learn_all(&self, skills: &[(SkillId, Arc<[String]>)]) -> Result<(), LearningFailed> {
        let in_step = {
            let behind = self.behind();
            !behind.all && !behind.outdated && behind.skills.is_empty()
        };
        let version = Lesson::new(skills).version();
        if in_step && self.square.look(move |state| state.lesson().version() == version).await? {
            return Ok(());
        }
        self.train(skills, &|_| ()).await
    }

    async fn learn(
        &self,
        skill: SkillId,
        examples: &[String],
        progress: &(dyn Fn(f32) + Send + Sync),
    ) -> Result<(), LearningFailed> {
        let nothing = || LearningFailed("none of the example questions has a word in it".to_owned());
        let lesson = Examples::new(skill, examples).ok_or_else(nothing)?;
        let learnt = self.learn_one(lesson, ExamplesVersion::of_skill(examples), progress).await;
        self.note(skill, learnt.is_ok());
        learnt?;
        self.square.nearest.put(skill, examples);
        progress(1.0);
        Ok(())
    }

    async fn forget(&self, skill: SkillId) -> Result<(), LearningFailed> {
        self.square.forget(skill).await?;
        self.note(skill, true);
        Ok(())
    }

    async fn keep(&self) -> Result<Option<KeptModel>, LearningFailed> {
        let kept = self.square.look(|state| {
            let texts: Vec<String> =
                state.lesson().questions().chain(state.nobodys_texts()).cloned().collect();
            state.keep().map(|kept| (kept, texts))
        });
        let Some((kept, texts)) = kept.await? else { return Ok(None) };
        let mut memory = self.memory();
        memory.keep_only(&texts);
        let mut bytes = memory.to_bytes(self.embedder.version());
        bytes.extend_from_slice(&kept.bytes);
        Ok(Some(KeptModel { version: kept.version, bytes: bytes.into() }))
    }

    async fn take_up(&self, skills: &[(SkillId, Arc<[String]>)], kept: &KeptModel) -> bool {
        let Some((memory, model)) = Memory::from_bytes(&kept.bytes, self.embedder.version()) else {
            return false;
        };
        let model: Arc<[u8]> = model.into();
        let Ok(nobodys) = self.nobodys().await else { return false };
        let mut lesson = Lesson::new(skills);
        let nobodys: Option<Vec<Rounded>> = {
            // Whether or not the rest is of use.
            let mut known = self.memory();
            *known = memory;
            lesson.embed(|texts| known.of(texts)).and_then(|()| known.of(&nobodys))
        };
        let Some(nobodys) = nobodys else { return false };
        let version = kept.version;
        let change = move |state: &mut State, _: &dyn Fn(f32)| {
            state.nobodys().embed(nobodys);
            if state.take_up(lesson, version, &model) {
                Ok(())
            } else {
                Err(LearningFailed("what was kept is of no use".to_owned()))
            }
        };
        if self.square.change(&|_| (), change).await.is_err() {
            return false;
        }
        self.square.nearest.replace_all(skills);
        *self.behind() = Behind { all: false, outdated: false, skills: BTreeSet::new() };
        true
    }

    fn scratch(&self) -> Option<Arc<dyn Learner>> {
        Some(Arc::new(Self::new(Arc::clone(&self.embedder))))
    }

    async fn accuracy(&self, skill: SkillId, questions: &[String]) -> Result<f64, LearningFailed> {
        self.measure(skill, questions).await.map(|measured| measured.top1)
    }

    async fn measure(&self, skill: SkillId, questions: &[String]) -> Result<Measured, LearningFailed> {
        // Many at a time; one by one they are remembered then.
        self.embed(questions).await?;
        let embedder = Arc::clone(&self.embedder);
        let frozen = move |square| {
            let frozen = Self::of(square, embedder);
            frozen.behind().all = false;
            frozen
        };
        self.square.measure_by(skill, questions, frozen).await
    }
}
