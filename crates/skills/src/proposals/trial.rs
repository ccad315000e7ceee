use super::{Compared, Figures};
use crate::ports::{Learner, LearningFailed};
use crate::service::Shared;
use square_kernel::SkillId;
use std::sync::Arc;

/// At most so many held-out questions are asked in a trial, evenly from all skills: enough to see one in a thousand go wrong, and a
/// second of work.
const HELD_OUT: usize = 5000;

/// Copies of what the learners of this process know, on which examples of one skill are tried. Questions go on being routed by
/// the learners themselves.
pub(super) struct Trial {
    skill: SkillId,
    /// What is learnt of the skill so far.
    examples: Vec<String>,
    held_out: Vec<(SkillId, Vec<String>)>,
    copies: Vec<Copy>,
    /// Whether the copies have learnt something since that was not adopted.
    strayed: bool,
}

struct Copy {
    learner: Arc<dyn Learner>,
    /// How many of the held-out questions it sends to the right skill with the examples so far.
    right: u32,
}

/// What there is to learn and to measure with.
pub(super) struct Material {
    pub(super) published: Vec<(SkillId, Arc<[String]>)>,
    pub(super) held_out: Vec<(SkillId, Arc<[String]>)>,
}

impl Trial {
    /// Measures how things are without any addition.
    pub(super) async fn begin(
        shared: &Shared,
        skill: SkillId,
        examples: &[String],
        material: Material,
    ) -> Result<Self, LearningFailed> {
        let mut trial = Self {
            skill,
            examples: examples.to_vec(),
            held_out: sampled(&material.held_out),
            copies: Vec::new(),
            strayed: false,
        };
        for learner in &shared.inside {
            let Some(copy) = learner.scratch() else { continue };
            know_the_same(&**learner, &*copy, &material.published).await?;
            // By the way that additions will be learnt: it may differ a little from learning all at once.
            let right = trial.right(&*copy, &trial.examples).await?;
            trial.copies.push(Copy { learner: copy, right });
        }
        if trial.copies.is_empty() {
            return Err(LearningFailed("there is no selector to try it with".to_owned()));
        }
        Ok(trial)
    }

    /// How often questions go right with `additions`, and how often without.
    pub(super) async fn compare(&mut self, additions: &[String]) -> Result<Compared, LearningFailed> {
        if self.strayed {
            self.find_back().await?;
        }
        self.strayed = true;
        let examples = [self.examples.as_slice(), additions].concat();
        let held_out = count(self.held_out.iter().map(|(_, questions)| questions.len()).sum());
        let mut compared = Compared::new();
        for copy in &self.copies {
            let after = self.right(&*copy.learner, &examples).await?;
            let figures = Figures { held_out, before: copy.right, after };
            compared.insert(copy.learner.name().to_owned(), figures);
        }
        Ok(compared)
    }

    /// Goes on from `additions`, which were compared just now.
    pub(super) fn adopt(&mut self, additions: Vec<String>, compared: &Compared) {
        self.examples.extend(additions);
        self.strayed = false;
        for copy in &mut self.copies {
            if let Some(figures) = compared.get(copy.learner.name()) {
                copy.right = figures.after;
            }
        }
    }

    /// Has the copies know the examples so far and nothing else, and measures them anew: what was learnt in between may leave traces.
    async fn find_back(&mut self) -> Result<(), LearningFailed> {
        let mut found = Vec::with_capacity(self.copies.len());
        for copy in &self.copies {
            found.push(self.right(&*copy.learner, &self.examples).await?);
        }
        for (copy, right) in self.copies.iter_mut().zip(found) {
            copy.right = right;
        }
        Ok(())
    }

    /// How many held-out questions go right once `examples` are learnt.
    async fn right(&self, copy: &dyn Learner, examples: &[String]) -> Result<u32, LearningFailed> {
        copy.learn(self.skill, examples, &|_| ()).await?;
        let mut right = 0;
        for (skill, questions) in &self.held_out {
            right += hits(copy.accuracy(*skill, questions).await?, questions.len());
        }
        Ok(right)
    }
}

/// Has `copy` know what `learner` does.
async fn know_the_same(
    learner: &dyn Learner,
    copy: &dyn Learner,
    published: &[(SkillId, Arc<[String]>)],
) -> Result<(), LearningFailed> {
    if let Some(kept) = learner.keep().await?
        && copy.take_up(published, &kept).await
    {
        return Ok(());
    }
    copy.learn_all(published).await
}

/// At most [`HELD_OUT`] questions, from every skill its share of them, but one at least.
fn sampled(held_out: &[(SkillId, Arc<[String]>)]) -> Vec<(SkillId, Vec<String>)> {
    let all: usize = held_out.iter().map(|(_, questions)| questions.len()).sum();
    let step = all.div_ceil(HELD_OUT).max(1);
    let sample = |questions: &[String]| questions.iter().step_by(step).cloned().collect();
    held_out.iter().map(|(skill, questions)| (*skill, sample(questions))).collect()
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of some thousand questions, 0 to 1, becomes their number again"
)]
fn hits(share: f64, questions: usize) -> u32 {
    (share * questions as f64).round() as u32
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
