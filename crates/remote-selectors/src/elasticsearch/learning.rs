//! Keeps the index in step with what is published.
//!
//! Each example question is a document. Its id is made of the skill, the version of its examples and its number, so
//! writing one twice changes nothing, whoever does it. A version is a number that counts up with each new set of
//! examples and a digest of them: `0000000003-5d41402abc4b2a76`. A new version is written whole and made visible before the
//! old one is deleted, votes count the oldest one found, and what breaks off half-way is taken back.

use super::index::Held;
use super::reply::Answers;
use super::{ElasticsearchSelector, key};
use crate::patience::patiently;
use crate::server::{Body, Call};
use crate::trouble::Trouble;
use async_trait::async_trait;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use square_kernel::SkillId;
use square_skills::ports::{Learner, LearningFailed};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

/// With how many questions accuracy is measured at most: a skill waits for it to be published.
const MEASURED: usize = 500;
/// How many searches go into one call then.
const SEARCHES: usize = 50;
/// How long such a call may take, and how long its answer may be.
const SEARCHES_LIMIT: Duration = Duration::from_secs(10);
const SEARCHES_BYTES: usize = 8 * 1024 * 1024;
/// Of how many skills at once the examples are deleted.
const FORGOTTEN: usize = 500;
/// The part of the progress that writing makes up; the rest is making visible and deleting.
const WRITING: f32 = 0.9;

impl ElasticsearchSelector {
    /// Has the index hold exactly these examples of a skill, of which it holds `held`.
    async fn put(
        &self,
        skill: SkillId,
        examples: &[String],
        held: &[Held],
        progress: &(dyn Fn(f32) + Send + Sync),
    ) -> Result<(), Trouble> {
        let (skill, digest) = (key(skill), digest(examples));
        let there = held.iter().find(|held| held.version.ends_with(&digest));
        let version = there.map_or_else(|| following(held, &digest), |held| held.version.clone());
        if there.is_none_or(|there| there.documents < examples.len()) {
            let documents = documents(&skill, &version, examples);
            #[expect(clippy::cast_precision_loss, reason = "examples of a skill are less than millions")]
            let share = |written: usize| progress(WRITING * written as f32 / examples.len() as f32);
            if let Err(trouble) = self.index.write(&documents, &share).await {
                if there.is_none() {
                    self.take_back(&skill, &version).await;
                }
                return Err(trouble);
            }
            self.index.refresh().await?;
        }
        if held.iter().any(|held| held.version != version) {
            let (of_skill, newest) =
                (json!({"term": {"skill": skill}}), json!({"term": {"version": version}}));
            self.index.delete(&json!({"bool": {"filter": [of_skill], "must_not": [newest]}})).await?;
        }
        progress(1.0);
        Ok(())
    }

    /// Deletes what was written of a version that cannot be finished. Should that fail too, the next learning does it.
    async fn take_back(&self, skill: &str, version: &str) {
        let filter = json!([{"term": {"skill": skill}}, {"term": {"version": version}}]);
        let deleted = async {
            self.index.refresh().await?;
            self.index.delete(&json!({"bool": {"filter": filter}})).await
        };
        if let Err(trouble) = deleted.await {
            tracing::warn!(skill, %trouble, "a part of new examples stays in the search index for now");
        }
    }

    async fn forget_all(&self, skills: &[&str]) -> Result<(), Trouble> {
        for skills in skills.chunks(FORGOTTEN) {
            self.index.delete(&json!({"bool": {"filter": [{"terms": {"skill": skills}}]}})).await?;
        }
        Ok(())
    }

    async fn learn_exactly(&self, skills: &[(SkillId, Arc<[String]>)]) -> Result<(), Trouble> {
        self.index.ensure().await?;
        self.index.refresh().await?;
        let mut held: BTreeMap<String, Vec<Held>> = BTreeMap::new();
        for version in self.index.versions(None).await? {
            held.entry(version.skill.clone()).or_default().push(version);
        }
        let mut failed = Ok(());
        for (skill, examples) in skills {
            let held = held.remove(&key(*skill)).unwrap_or_default();
            match self.put(*skill, examples, &held, &|_| ()).await {
                // Its examples are not to the server's liking; the others may be.
                Err(trouble) if trouble.is(400, "") => failed = Err(trouble),
                outcome => outcome?,
            }
        }
        self.forget_all(&held.keys().map(String::as_str).collect::<Vec<_>>()).await?;
        failed
    }

    async fn learn_one(
        &self,
        skill: SkillId,
        examples: &[String],
        progress: &(dyn Fn(f32) + Send + Sync),
    ) -> Result<(), Trouble> {
        self.index.ensure().await?;
        // What a learning that broke off has written may not be visible yet.
        self.index.refresh().await?;
        let held = self.index.versions(Some(&key(skill))).await?;
        self.put(skill, examples, &held, progress).await
    }

    /// For how many of `questions` the skill has the most votes among all.
    async fn first_for(&self, skill: SkillId, questions: &[&String]) -> Result<usize, Trouble> {
        let mut lines = String::new();
        for question in questions {
            let search = self.search(question, &[], SEARCHES_LIMIT);
            let _ = writeln!(lines, "{{}}\n{search}");
        }
        let path = self.index.path("_msearch");
        let answers: Answers = patiently(|| {
            self.index.server().json(Call {
                method: Method::POST,
                path: &path,
                query: &[],
                body: Body::JsonLines(lines.clone()),
                limit: SEARCHES_LIMIT,
                max_bytes: SEARCHES_BYTES,
            })
        })
        .await?;
        if answers.responses.len() != questions.len() {
            return Err(Trouble::Malformed("it does not answer each search".to_owned()));
        }
        let mut first = 0;
        for answer in answers.responses {
            let shares = self.count(answer.found()?, &[])?;
            first += usize::from(shares.first().is_some_and(|(best, _)| *best == skill));
        }
        Ok(first)
    }
}

/// The version after those that are there, for examples with this digest.
fn following(held: &[Held], digest: &str) -> String {
    let number = |held: &Held| held.version.split('-').next().and_then(|number| number.parse::<u64>().ok());
    let last = held.iter().filter_map(number).max().unwrap_or(0);
    format!("{:010}-{digest}", last + 1)
}

/// Tells sets of examples apart.
fn digest(examples: &[String]) -> String {
    let mut digest = Sha256::new();
    for example in examples {
        digest.update((example.len() as u64).to_le_bytes());
        digest.update(example);
    }
    digest.finalize()[..8].iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn documents(skill: &str, version: &str, examples: &[String]) -> Vec<(String, Value)> {
    let document = |(number, question): (usize, &String)| {
        let content =
            json!({"skill": skill, "version": version, "examples": examples.len(), "question": question});
        (format!("{skill}-{version}-{number}"), content)
    };
    examples.iter().enumerate().map(document).collect()
}

#[async_trait]
impl Learner for ElasticsearchSelector {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn is_outside(&self) -> bool {
        true
    }

    async fn learn_all(&self, skills: &[(SkillId, Arc<[String]>)]) -> Result<(), LearningFailed> {
        Ok(self.learn_exactly(skills).await?)
    }

    async fn learn(
        &self,
        skill: SkillId,
        examples: &[String],
        progress: &(dyn Fn(f32) + Send + Sync),
    ) -> Result<(), LearningFailed> {
        Ok(self.learn_one(skill, examples, progress).await?)
    }

    async fn forget(&self, skill: SkillId) -> Result<(), LearningFailed> {
        match self.forget_all(&[&key(skill)]).await {
            // There is no index, and so nothing to forget.
            Err(trouble) if trouble.is(404, "index_not_found_exception") => Ok(()),
            outcome => Ok(outcome?),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "questions to measure with are few")]
    async fn accuracy(&self, skill: SkillId, questions: &[String]) -> Result<f64, LearningFailed> {
        let step = questions.len().div_ceil(MEASURED).max(1);
        let asked: Vec<&String> = questions.iter().step_by(step).collect();
        let mut first = 0;
        for questions in asked.chunks(SEARCHES) {
            first += self.first_for(skill, questions).await?;
        }
        Ok(first as f64 / asked.len().max(1) as f64)
    }
}
