use crate::ports::Connector;
use crate::{DeltaSink, RegisteredSkill, ResultItem, Skill, SkillFailure, SkillRequest, Unheard};
use async_trait::async_trait;
use square_kernel::testing::lock;
use std::collections::HashMap;
use std::future::pending;
use std::sync::{Arc, Mutex};
use tokio::sync::{mpsc, oneshot};

/// A skill that answers what a test says, when the test says it.
#[derive(Debug)]
pub struct ScriptedSkill {
    asked: Option<mpsc::UnboundedSender<Asked>>,
    always: Result<Vec<ResultItem>, SkillFailure>,
    ping: Mutex<Option<Result<(), SkillFailure>>>,
}

/// The test's end of a [`ScriptedSkill`]. Once it is dropped, questions hang.
#[derive(Debug)]
pub struct SkillScript {
    asked: mpsc::UnboundedReceiver<Asked>,
}

/// A question that waits for its answer. Dropped unanswered, it hangs.
#[derive(Debug)]
pub struct Asked {
    /// What the skill was asked.
    pub request: SkillRequest,
    pieces: mpsc::UnboundedSender<String>,
    reply: oneshot::Sender<Result<Vec<ResultItem>, SkillFailure>>,
}

impl ScriptedSkill {
    /// A skill whose answers come from the script.
    pub fn new() -> (Arc<Self>, SkillScript) {
        let (sender, asked) = mpsc::unbounded_channel();
        (Arc::new(Self { asked: Some(sender), ..Self::silent() }), SkillScript { asked })
    }

    /// A skill that gives this answer to everything, at once.
    pub fn always(answer: Result<Vec<ResultItem>, SkillFailure>) -> Arc<Self> {
        Arc::new(Self { always: answer, ..Self::silent() })
    }

    /// Sets what pings come to: an outcome, or `None` for hanging. At first they succeed.
    pub fn set_ping(&self, outcome: Option<Result<(), SkillFailure>>) {
        *lock(&self.ping) = outcome;
    }

    fn silent() -> Self {
        Self { asked: None, always: Ok(Vec::new()), ping: Mutex::new(Some(Ok(()))) }
    }
}

impl SkillScript {
    /// The next question, once it is asked.
    pub async fn asked(&mut self) -> Asked {
        self.asked.recv().await.expect("the skill is gone")
    }

    /// The next question, when one was asked already.
    pub fn already_asked(&mut self) -> Option<Asked> {
        self.asked.try_recv().ok()
    }
}

impl Asked {
    /// Has the answer grow by a piece.
    pub fn grow(&self, piece: &str) {
        drop(self.pieces.send(piece.to_owned()));
    }

    /// Answers. Nothing happens when nobody waits any more.
    pub fn answer(self, answer: Result<Vec<ResultItem>, SkillFailure>) {
        drop(self.reply.send(answer));
    }

    /// Answers with one text.
    pub fn say(self, text: &str) {
        self.answer(Ok(vec![ResultItem::text(text)]));
    }

    /// Returns once the asker has stopped waiting.
    pub async fn given_up(&mut self) {
        self.reply.closed().await;
    }
}

#[async_trait]
impl Skill for ScriptedSkill {
    async fn answer(&self, request: &SkillRequest) -> Result<Vec<ResultItem>, SkillFailure> {
        self.answer_in_parts(request, &Unheard).await
    }

    async fn answer_in_parts(
        &self,
        request: &SkillRequest,
        deltas: &dyn DeltaSink,
    ) -> Result<Vec<ResultItem>, SkillFailure> {
        let Some(script) = &self.asked else { return self.always.clone() };
        let (reply, answer) = oneshot::channel();
        let (pieces, mut grown) = mpsc::unbounded_channel();
        if script.send(Asked { request: request.clone(), pieces, reply }).is_err() {
            return pending().await;
        }
        // What was said before the answer is told before it; the end of the pieces is the answer, or its being dropped.
        while let Some(piece) = grown.recv().await {
            deltas.grown(&piece);
        }
        match answer.await {
            Ok(answer) => answer,
            Err(_) => pending().await,
        }
    }

    async fn ping(&self) -> Result<(), SkillFailure> {
        let outcome = lock(&self.ping).clone();
        match outcome {
            Some(outcome) => outcome,
            None => pending().await,
        }
    }
}

/// Connects skills by their URL to what a test put there, all others to one that cannot be reached.
#[derive(Default)]
pub struct ScriptedConnector {
    by_url: Mutex<HashMap<String, Arc<dyn Skill>>>,
}

impl ScriptedConnector {
    /// Has `skill` answer at `url`, which is `builtin:name` for a part of this process. Skills that are
    /// connected already keep what they have.
    pub fn put(&self, url: &str, skill: Arc<dyn Skill>) {
        lock(&self.by_url).insert(url.to_owned(), skill);
    }
}

impl Connector for ScriptedConnector {
    fn connect(&self, skill: &RegisteredSkill) -> Arc<dyn Skill> {
        let known = lock(&self.by_url).get(&skill.address.url()).cloned();
        known.unwrap_or_else(|| {
            let unreachable = ScriptedSkill::always(Err(SkillFailure::Unreachable));
            unreachable.set_ping(Some(Err(SkillFailure::Unreachable)));
            unreachable
        })
    }
}
