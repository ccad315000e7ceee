use super::memory::may_be_the_same;
use super::{EmbeddingSelector, Memory, Standing};
use crate::square::{Examples, Lesson, State};
use async_trait::async_trait;
use square_kernel::SkillId;
use square_routing::{Embedding, EmbeddingFailed, Waiting};
use square_skills::ports::{Learner, LearningFailed};
use square_skills::{ExamplesVersion, KeptModel, Measured};
use std::sync::Arc;

/// How many texts are embedded before they are remembered: what fails then loses no more than this.
pub(super) const AT_ONCE: usize = 256;

impl EmbeddingSelector {
    /// Embeds what is not remembered and learns all from nothing.
    pub(super) async fn start_anew(
        &self,
        mut lesson: Lesson,
        progress: &(dyn Fn(f32) + Send + Sync),
    ) -> Result<(), LearningFailed> {
        let nobodys = Arc::clone(&self.nobodys);
        let gather = move |_: &State, _: &mut Memory| {
            let texts: Vec<String> = lesson.questions().chain(&*nobodys).cloned().collect();
            (lesson, texts)
        };
        let texts;
        (lesson, texts) = self.look(gather).await?;
        self.remember(texts, &|done| progress(0.3 * done)).await?;
        let nobodys = Arc::clone(&self.nobodys);
        let change = move |state: &mut State, memory: &mut Memory, progress: &dyn Fn(f32)| {
            lesson.embed(|texts| memory.of(texts)).ok_or_else(unsettled)?;
            state.nobodys().embed(memory.of(&nobodys).ok_or_else(unsettled)?);
            state.learn_all(lesson, progress);
            Ok(())
        };
        self.change(&|done| progress(0.3 + 0.7 * done), change).await?;
        self.standing().outdated = false;
        Ok(())
    }

    /// Embeds what is not remembered and takes in one skill more.
    async fn learn_one(
        &self,
        mut examples: Examples,
        version: ExamplesVersion,
        progress: &(dyn Fn(f32) + Send + Sync),
    ) -> Result<(), LearningFailed> {
        let texts = examples.questions().iter().chain(&*self.nobodys).cloned().collect();
        self.remember(texts, &|done| progress(0.3 * done)).await?;
        let dims = self.look(|_, memory| memory.dims()).await?;
        if self.square.model().is_some_and(|model| Some(model.dims()) != dims) {
            // The others were learnt from embeddings of another length.
            let put = move |state: &State, _: &mut Memory| {
                let mut lesson = state.lesson().clone();
                lesson.put(examples, version);
                lesson
            };
            let lesson = self.look(put).await?;
            return self.start_anew(lesson, progress).await;
        }
        let nobodys = Arc::clone(&self.nobodys);
        let change = move |state: &mut State, memory: &mut Memory, progress: &dyn Fn(f32)| {
            examples.embed(memory.of(examples.questions()).ok_or_else(unsettled)?);
            state.nobodys().embed(memory.of(&nobodys).ok_or_else(unsettled)?);
            state.learn(examples, version, progress);
            Ok(())
        };
        self.change(&|done| progress(0.3 + 0.7 * done), change).await
    }

    /// Embeds those of `texts` that are not remembered.
    async fn remember(
        &self,
        texts: Vec<String>,
        progress: &(dyn Fn(f32) + Send + Sync),
    ) -> Result<(), LearningFailed> {
        let texts: Arc<[String]> = texts.into();
        // What was embedded before is of no use if embeddings turn out to be of another length now; then all are made once more.
        let mut rounds = 0..2;
        loop {
            let all = Arc::clone(&texts);
            let missing = self.look(move |_, memory| memory.missing(&all)).await?;
            if missing.is_empty() {
                return Ok(());
            }
            rounds.next().ok_or_else(unsettled)?;
            let mut done = 0;
            for texts in missing.chunks(AT_ONCE) {
                let (embeddings, texts) = (self.embed(texts).await?, texts.to_vec());
                done += texts.len();
                self.look(move |_, memory| memory.put(&texts, &embeddings)).await?;
                progress(done as f32 / missing.len() as f32);
            }
        }
    }

    pub(super) async fn embed(&self, texts: &[String]) -> Result<Vec<Embedding>, LearningFailed> {
        let embeddings = self.embedder.embed(texts, Waiting::Learner).await.map_err(failed)?;
        if embeddings.len() != texts.len() {
            return Err(LearningFailed("not every text got its embedding".to_owned()));
        }
        Ok(embeddings)
    }

    /// Notes whether embeddings are made by another model now than those that are remembered, by what is made of one of these
    /// texts now. Those are forgotten then.
    async fn compare(&self) -> Result<(), LearningFailed> {
        let Some(text) = self.nobodys.first().cloned() else { return Ok(()) };
        let asked = [text.clone()];
        let Some(remembered) = self.look(move |_, memory| memory.of(&asked)).await? else { return Ok(()) };
        let now = match self.embedder.embed_anew(&text).await {
            Ok(now) => now,
            Err(error) if self.standing().outdated => return Err(failed(error)),
            // It may be the same as ever, and what is known is of use.
            Err(_) => return Ok(()),
        };
        if !remembered.iter().all(|remembered| may_be_the_same(&remembered.embedding(), &now)) {
            self.standing().outdated = true;
            self.look(|_, memory| memory.clear()).await?;
        }
        Ok(())
    }

    /// Forgets embeddings that nothing is learnt from any more, unless there are still some to be gathered.
    pub(super) async fn prune(&self) -> Result<(), LearningFailed> {
        if !self.standing().is_in_step() {
            return Ok(());
        }
        let nobodys = Arc::clone(&self.nobodys);
        let prune = move |state: &State, memory: &mut Memory| {
            let texts = || state.lesson().questions().chain(&*nobodys);
            if memory.len() > texts().count() {
                memory.keep_only(texts());
            }
        };
        self.look(prune).await
    }
}

/// Has a skill count as one that could not be learnt unless it was: whoever waits for that may cease to.
struct Attempt<'a> {
    selector: &'a EmbeddingSelector,
    skill: SkillId,
    learnt: bool,
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        self.selector.note(self.skill, self.learnt);
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
        self.compare().await?;
        let in_step = self.standing().is_in_step();
        let published = skills.to_vec();
        let knows_them = move |state: &State, _: &mut Memory| {
            let versions =
                published.iter().map(|(skill, examples)| (*skill, ExamplesVersion::of_skill(examples)));
            state.lesson().version() == ExamplesVersion::of_all(versions)
        };
        if in_step && self.look(knows_them).await? {
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
        let questions = examples.to_vec();
        let read = move |_: &State, _: &mut Memory| {
            Examples::new(skill, &questions).map(|examples| (examples, ExamplesVersion::of_skill(&questions)))
        };
        let nothing = || LearningFailed("none of the example questions has a word in it".to_owned());
        let mut attempt = Attempt { selector: self, skill, learnt: false };
        let (examples, version) = self.look(read).await?.ok_or_else(nothing)?;
        self.learn_one(examples, version, progress).await?;
        attempt.learnt = true;
        drop(attempt);
        self.prune().await?;
        progress(1.0);
        Ok(())
    }

    async fn forget(&self, skill: SkillId) -> Result<(), LearningFailed> {
        self.square.forget(skill).await?;
        {
            let mut standing = self.standing();
            standing.behind.remove(&skill);
            standing.known.remove(&skill);
        }
        self.prune().await
    }

    async fn keep(&self) -> Result<Option<KeptModel>, LearningFailed> {
        let (nobodys, version) = (Arc::clone(&self.nobodys), self.embedder.version());
        let keep = move |state: &State, memory: &mut Memory| {
            let kept = state.keep()?;
            let mut bytes = memory.to_bytes(version, state.lesson().questions().chain(&*nobodys));
            bytes.extend_from_slice(&kept.bytes);
            Some(KeptModel { version: kept.version, bytes: bytes.into() })
        };
        self.look(keep).await
    }

    async fn take_up(&self, skills: &[(SkillId, Arc<[String]>)], kept: &KeptModel) -> bool {
        let (published, kept) = (skills.to_vec(), kept.clone());
        let (nobodys, version) = (Arc::clone(&self.nobodys), self.embedder.version());
        let change = move |state: &mut State, memory: &mut Memory, _: &dyn Fn(f32)| {
            let useless = || LearningFailed("what was kept is of no use".to_owned());
            let (known, model) = Memory::from_bytes(&kept.bytes, version).ok_or_else(useless)?;
            // Whether or not the rest is of use.
            *memory = known;
            let mut lesson = Lesson::new(&published);
            lesson.embed(|texts| memory.of(texts)).ok_or_else(useless)?;
            state.nobodys().embed(memory.of(&nobodys).ok_or_else(useless)?);
            if state.take_up(lesson, kept.version, model) { Ok(()) } else { Err(useless()) }
        };
        if self.change(&|_| (), change).await.is_err() {
            return false;
        }
        let known = skills.iter().map(|(skill, _)| *skill).collect();
        *self.standing() = Standing { known, ..Standing::default() };
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
        let (embedder, nobodys) = (Arc::clone(&self.embedder), Arc::clone(&self.nobodys));
        let frozen = move |square| {
            let frozen = Self::of(square, embedder, nobodys);
            frozen.standing().nothing = false;
            frozen
        };
        self.square.measure_by(skill, questions, frozen).await
    }
}

fn failed(EmbeddingFailed(reason): EmbeddingFailed) -> LearningFailed {
    LearningFailed(reason)
}

fn unsettled() -> LearningFailed {
    LearningFailed("its embeddings change in length while they are learnt from".to_owned())
}
