//! A model server that scores all skills it was trained for.

mod scores;

use crate::server::{Body, Call, Server};
use crate::setup::{SetupError, address, time_limit};
use crate::trouble::Trouble;
use async_trait::async_trait;
use futures::future::try_join_all;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde::Deserialize;
use serde_json::Value;
use square_kernel::SkillId;
use square_routing::{Candidate, Ranking, Score, Selector, SelectorUnavailable};
use square_skills::ports::{Learner, LearningFailed};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// The longest answer taken. A score is some 60 bytes.
const ANSWER_BYTES: usize = 4 * 1024 * 1024;
/// How long a call may take that changes nothing and that no question waits for.
const LIMIT: Duration = Duration::from_secs(10);
/// Every so manieth example is given to the server to measure with.
const HELD_OUT: usize = 10;
/// With how many questions accuracy is measured at most, and how many are asked at once.
const MEASURED: usize = 200;
const AT_ONCE: usize = 4;
/// What is asked to see which skills the server knows.
const ANY_QUESTION: &str = "What can you do?";

/// Where the model server is.
#[derive(Debug, Clone)]
pub struct TransformerSettings {
    /// Its address, below which `api/scores` and the other calls lie.
    pub url: String,
    /// How long scoring a question may take.
    pub time_limit: Duration,
    /// How long a training may take.
    pub training_limit: Duration,
}

/// Ranks by the scores of a model server.
///
/// It answers `GET api/scores?question=` with a score from 0 to 1 for each skill it was trained for,
/// `POST api/train?id=` (multipart, files `train_file` and `dev_file`, one question a line) and
/// `POST api/unpublish?id=` with `{"success": true}`, or `false` and a `msg`, when that is done, and `GET api/ping`.
pub struct TransformerSelector {
    server: Server,
    limit: Duration,
    training_limit: Duration,
}

/// What the server says to a training.
#[derive(Deserialize)]
struct Outcome {
    success: Option<bool>,
    #[serde(alias = "error")]
    msg: Option<String>,
}

impl TransformerSelector {
    /// The name under which clients ask for it.
    pub const NAME: &'static str = "Transformer";
    /// Below this score a skill does not fit.
    pub const THRESHOLD: f32 = 0.5;
    /// A skill is asked beside the best one when its score is at least half as high.
    pub const SHARE_OF_BEST: f32 = 0.5;

    /// Checks the settings. Nothing is asked of the server yet.
    pub fn new(settings: &TransformerSettings) -> Result<Self, SetupError> {
        let url = address("selectors.transformer.url", &settings.url)?;
        let limit = time_limit("selectors.transformer.timeout_ms", settings.time_limit)?;
        let training_limit = settings.training_limit;
        if training_limit.is_zero() || training_limit > Duration::from_hours(1) {
            return Err(SetupError::new("selectors.transformer.training_timeout_s", "must be 1 to 3600"));
        }
        Ok(Self { server: Server::new("selectors.transformer.url", url, None)?, limit, training_limit })
    }

    async fn scores(&self, question: &str, limit: Duration) -> Result<HashMap<SkillId, f32>, Trouble> {
        let answer: Value = self
            .server
            .json(Call {
                method: Method::GET,
                path: "api/scores",
                query: &[("question", question)],
                body: Body::Nothing,
                limit,
                max_bytes: ANSWER_BYTES,
            })
            .await?;
        scores::read(answer)
    }

    async fn ranked(&self, question: &str, candidates: &[Candidate]) -> Result<Vec<Score>, Trouble> {
        let known = self.scores(question, self.limit).await?;
        if known.is_empty() && !candidates.is_empty() {
            return Err(Trouble::Refused("it knows no skill".to_owned()));
        }
        let score = |(candidate, skill)| known.get(skill).map(|&score| Score { candidate, score });
        let mut scores: Vec<Score> = candidates.iter().enumerate().filter_map(score).collect();
        scores.sort_by(|a, b| b.score.total_cmp(&a.score));
        Ok(scores)
    }

    async fn told(&self, path: &str, skill: SkillId, body: Body, limit: Duration) -> Result<(), Trouble> {
        let id = skill.to_string();
        let query = [("id", id.as_str())];
        let call = Call { method: Method::POST, path, query: &query, body, limit, max_bytes: ANSWER_BYTES };
        let outcome: Outcome = self.server.json(call).await?;
        if outcome.success == Some(false) {
            return Err(Trouble::Refused(readable(&outcome.msg.unwrap_or_default())));
        }
        Ok(())
    }

    async fn train(&self, skill: SkillId, examples: &[String]) -> Result<(), Trouble> {
        let (train, dev) = files(examples);
        let form = Form::new()
            .part("train_file", Part::text(train).file_name("train.txt"))
            .part("dev_file", Part::text(dev).file_name("dev.txt"));
        self.told("api/train", skill, Body::Form(form), self.training_limit).await
    }

    async fn unpublish(&self, skill: SkillId) -> Result<(), Trouble> {
        self.told("api/unpublish", skill, Body::Nothing, LIMIT).await
    }

    async fn ping(&self) -> Result<(), Trouble> {
        let (method, body) = (Method::GET, Body::Nothing);
        let ping = Call { method, path: "api/ping", query: &[], body, limit: LIMIT, max_bytes: ANSWER_BYTES };
        self.server.bytes(ping).await.map(drop)
    }

    /// Trains what the server does not know and unpublishes what it should not. Which examples it knows a skill by it
    /// does not tell, so a skill that it knows is left as it is.
    async fn make_up(&self, skills: &[(SkillId, Arc<[String]>)]) -> Result<(), Trouble> {
        self.ping().await?;
        let mut known: BTreeSet<SkillId> = self.scores(ANY_QUESTION, LIMIT).await?.into_keys().collect();
        for (skill, examples) in skills {
            if known.remove(skill) {
                continue;
            }
            match self.train(*skill, examples).await {
                // It would have the others wait for it for ever.
                Err(Trouble::Refused(reason)) => {
                    tracing::warn!(%skill, reason, "a model server refuses a skill");
                }
                outcome => outcome?,
            }
        }
        for skill in known {
            self.unpublish(skill).await?;
        }
        Ok(())
    }

    async fn is_first(&self, skill: SkillId, question: &str) -> Result<bool, Trouble> {
        let known = self.scores(question, LIMIT).await?;
        let best = known.iter().max_by(|(_, a), (_, b)| a.total_cmp(b));
        Ok(best.is_some_and(|(best, _)| *best == skill))
    }
}

/// A file to learn from and one to measure with, neither of them empty.
fn files(examples: &[String]) -> (String, String) {
    let lines = |held_out: bool| -> Vec<&str> {
        let chosen = examples.iter().enumerate().filter(|(place, _)| (place % HELD_OUT == 0) == held_out);
        chosen.map(|(_, example)| example.as_str()).collect()
    };
    let (mut train, dev) = (lines(false), lines(true));
    if examples.len() < 2 * HELD_OUT {
        // Too few to do without any.
        train = examples.iter().map(String::as_str).collect();
    }
    (train.join("\n"), dev.join("\n"))
}

/// What a server says, as far as an owner should read it: one line of some length.
fn readable(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let text: String = line.chars().filter(|c| !c.is_control()).take(200).collect();
    if text.is_empty() { "it does not say why".to_owned() } else { text }
}

#[async_trait]
impl Selector for TransformerSelector {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn description(&self) -> &'static str {
        "Asks the skills that a model server scores highest."
    }

    async fn rank(&self, question: &str, candidates: &[Candidate]) -> Result<Ranking, SelectorUnavailable> {
        let scores = self.ranked(question, candidates).await?;
        Ok(Ranking { scores, threshold: Self::THRESHOLD, share_of_best: Self::SHARE_OF_BEST })
    }
}

#[async_trait]
impl Learner for TransformerSelector {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn is_outside(&self) -> bool {
        true
    }

    async fn learn_all(&self, skills: &[(SkillId, Arc<[String]>)]) -> Result<(), LearningFailed> {
        Ok(self.make_up(skills).await?)
    }

    async fn learn(
        &self,
        skill: SkillId,
        examples: &[String],
        _progress: &(dyn Fn(f32) + Send + Sync),
    ) -> Result<(), LearningFailed> {
        Ok(self.train(skill, examples).await?)
    }

    async fn forget(&self, skill: SkillId) -> Result<(), LearningFailed> {
        match self.unpublish(skill).await {
            Err(trouble) if trouble.is(404, "") => Ok(()),
            outcome => Ok(outcome?),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "questions to measure with are few")]
    async fn accuracy(&self, skill: SkillId, questions: &[String]) -> Result<f64, LearningFailed> {
        let step = questions.len().div_ceil(MEASURED).max(1);
        let asked: Vec<&String> = questions.iter().step_by(step).collect();
        let mut firsts = Vec::with_capacity(asked.len());
        for questions in asked.chunks(AT_ONCE) {
            firsts
                .extend(try_join_all(questions.iter().map(|question| self.is_first(skill, question))).await?);
        }
        Ok(firsts.iter().filter(|first| **first).count() as f64 / firsts.len().max(1) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_file_is_empty_and_few_examples_are_all_learnt_from() {
        let numbered = |count: usize| (0..count).map(|number| number.to_string()).collect::<Vec<_>>();
        assert_eq!(files(&numbered(1)), ("0".to_owned(), "0".to_owned()));
        assert_eq!(files(&numbered(3)), ("0\n1\n2".to_owned(), "0".to_owned()));
        let (train, dev) = files(&numbered(30));
        assert_eq!(dev, "0\n10\n20");
        assert_eq!(train.lines().count(), 27);
    }

    #[test]
    fn of_what_a_server_says_one_clean_line_is_told() {
        assert_eq!(readable("out of memory\n  File \"x.py\""), "out of memory");
        assert_eq!(readable("\u{1b}[1mno"), "[1mno");
        assert_eq!(readable(""), "it does not say why");
        assert_eq!(readable(&"x".repeat(500)).len(), 200);
    }
}
