use crate::ExamplesVersion;
use crate::ports::Learner;
use crate::service::Shared;
use square_kernel::{SkillId, Unavailable};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long what was learnt last may stay unkept while more is being learnt: all of it is written each time, and
/// losing it costs a start no more than learning anew.
const PAUSE: Duration = Duration::from_secs(30);

/// Whether the learners know something that is not kept.
#[derive(Default)]
pub(crate) struct Keeping {
    pub(crate) due: bool,
    last: Option<Instant>,
}

impl Shared {
    /// Has a learner know exactly these skills: from what was kept, if that was made from just these examples,
    /// otherwise by learning. A learner that fails is logged: it knows nothing then, the others do.
    pub(crate) async fn take_up_or_learn(
        &self,
        learner: &dyn Learner,
        skills: &[(SkillId, Arc<[String]>)],
        version: ExamplesVersion,
    ) -> Result<(), Unavailable> {
        let models = &self.parts.models;
        if models.kept_version(learner.name()).await? == Some(version)
            && let Some(kept) = models.kept_model(learner.name()).await?
            && kept.version == version
            && learner.take_up(skills, &kept).await
        {
            return Ok(());
        }
        self.learnt();
        if let Err(error) = learner.learn_all(skills).await {
            tracing::error!(selector = learner.name(), %error, "a selector learnt nothing at start");
        }
        Ok(())
    }

    /// Some learner knows something new.
    pub(crate) fn learnt(&self) {
        self.keeping().due = true;
    }

    /// Keeps what the learners know, for the next start of any instance; not too often.
    pub(crate) async fn keep_models(&self) -> Result<(), Unavailable> {
        {
            let mut keeping = self.keeping();
            if !keeping.due || keeping.last.is_some_and(|last| last.elapsed() < PAUSE) {
                return Ok(());
            }
            *keeping = Keeping { due: false, last: Some(Instant::now()) };
        }
        for learner in &self.parts.learners {
            if let Err(error) = self.keep_model(&**learner).await {
                self.learnt();
                return Err(error);
            }
        }
        Ok(())
    }

    async fn keep_model(&self, learner: &dyn Learner) -> Result<(), Unavailable> {
        let name = learner.name();
        match learner.keep().await {
            Ok(Some(model)) => {
                // Another instance may have kept the same. Examples of the same version do not make it so: what an earlier version of
                // this program kept of them cannot be taken up.
                if self.parts.models.kept_model(name).await?.as_ref() == Some(&model) {
                    return Ok(());
                }
                self.parts.models.keep_model(name, &model, self.parts.clock.now()).await
            }
            Ok(None) => Ok(()),
            Err(error) => {
                tracing::error!(selector = name, %error, "what a selector learnt cannot be kept");
                Ok(())
            }
        }
    }
}
