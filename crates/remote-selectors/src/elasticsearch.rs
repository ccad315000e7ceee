//! The example questions nearest to a question, as a search server finds them, vote for their skills.
//!
//! [`index`] is the index and the calls that change it, [`learning`] keeps it in step with what is published,
//! [`reply`] reads what is found, [`votes`] counts.

mod index;
mod learning;
mod reply;
mod votes;

use crate::server::{Body, Call, Server};
use crate::setup::{SetupError, address, time_limit};
use crate::trouble::Trouble;
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use index::Index;
use reply::Found;
use reqwest::Method;
use reqwest::header::HeaderValue;
use serde_json::{Value, json};
use square_kernel::{Secret, SkillId};
use square_routing::{Candidate, Ranking, Score, Selector, SelectorUnavailable};
use std::collections::{HashMap, HashSet};
use std::time::Duration;
pub use votes::Votes;
use votes::{Hit, shares};

/// The longest answer to a search. Each hit has a few short fields.
const ANSWER_BYTES: usize = 1024 * 1024;
/// How much of a question is searched for, in characters: every word is a clause, of which servers take some 1000.
const SEARCHED_CHARS: usize = 1000;
/// With more candidates than this the search is not narrowed to them, but what it finds is.
const FILTERED_CANDIDATES: usize = 1000;

/// Where the search server is, and how nearest questions vote.
#[derive(Debug, Clone)]
pub struct ElasticsearchSettings {
    /// Its address.
    pub url: String,
    /// The index, which is made where it is missing.
    pub index: String,
    /// How to sign in.
    pub access: Access,
    /// How many nearest example questions vote.
    pub k: u32,
    /// How much each vote counts.
    pub votes: Votes,
    /// How long a search may take.
    pub time_limit: Duration,
}

/// How to sign in at a server.
#[derive(Debug, Clone)]
pub enum Access {
    /// Not at all.
    Open,
    /// By name and password.
    Password {
        /// The name.
        username: String,
        /// The password.
        password: Secret,
    },
    /// By an API key, encoded as the server gives it out.
    ApiKey(Secret),
}

/// Has the `k` example questions that are nearest by BM25 vote for their skills.
///
/// A vote counts as much as the question is near, or all alike; either is divided by the number of the skill's
/// example questions, so that many examples alone win nothing. A skill's score is its share of all votes. Where the
/// search finds fewer questions than could have voted for a skill, those that are missing vote for nobody. So a score
/// is never above 1, all scores together are not either, and it says how much of what is near belongs to the skill; it is no calibrated
/// probability.
pub struct ElasticsearchSelector {
    index: Index,
    k: u32,
    votes: Votes,
    limit: Duration,
}

impl ElasticsearchSelector {
    /// The name under which clients ask for it.
    pub const NAME: &'static str = "Elasticsearch";
    /// Below this share of the votes a skill does not fit.
    pub const THRESHOLD: f32 = 0.15;
    /// A skill is asked beside the best one when it has at least half as many votes.
    pub const SHARE_OF_BEST: f32 = 0.5;

    /// Checks the settings. Nothing is asked of the server yet.
    pub fn new(settings: ElasticsearchSettings) -> Result<Self, SetupError> {
        let wrong = |key, reason| Err(SetupError::new(key, reason));
        let url = address("selectors.elasticsearch.url", &settings.url)?;
        if !is_index(&settings.index) {
            let rule = "must be lower-case letters, digits, -, _ and ., not begin with a sign and have at most 255 characters";
            return wrong("selectors.elasticsearch.index", rule);
        }
        if !(1..=1000).contains(&settings.k) {
            return wrong("selectors.elasticsearch.k", "must be 1 to 1000");
        }
        let limit = time_limit("selectors.elasticsearch.timeout_ms", settings.time_limit)?;
        let server = Server::new("selectors.elasticsearch.url", url, authorization(&settings.access)?)?;
        let index = Index::new(server, settings.index);
        Ok(Self { index, k: settings.k, votes: settings.votes, limit })
    }

    /// The search for the questions nearest to `question`, among those of `skills` where there are some.
    fn search(&self, question: &str, skills: &[SkillId], limit: Duration) -> Value {
        let question: String = question.chars().take(SEARCHED_CHARS).collect();
        let mut query = json!({"must": [{"match": {"question": question}}]});
        if !skills.is_empty() {
            let skills: Vec<String> = skills.iter().map(|skill| key(*skill)).collect();
            query["filter"] = json!([{"terms": {"skill": skills}}]);
        }
        json!({
            "size": self.k,
            "timeout": format!("{}ms", limit.as_millis()),
            "track_total_hits": false,
            "_source": ["skill", "version", "examples"],
            "query": {"bool": query},
        })
    }

    async fn shares(&self, question: &str, candidates: &[Candidate]) -> Result<Vec<(SkillId, f64)>, Trouble> {
        let narrowed = if candidates.len() <= FILTERED_CANDIDATES { candidates } else { &[] };
        let found: Found = self
            .index
            .server()
            .json(Call {
                method: Method::POST,
                path: &self.index.path("_search"),
                query: &[("allow_partial_search_results", "false")],
                body: Body::Json(self.search(question, narrowed, self.limit).to_string()),
                limit: self.limit,
                max_bytes: ANSWER_BYTES,
            })
            .await?;
        self.count(found, candidates)
    }

    /// The shares of `candidates`, or of all skills where there are none, best first.
    fn count(&self, found: Found, candidates: &[Candidate]) -> Result<Vec<(SkillId, f64)>, Trouble> {
        let mut hits: Vec<Hit> = found.hits()?;
        if !candidates.is_empty() {
            let candidates: HashSet<&SkillId> = candidates.iter().collect();
            hits.retain(|hit| candidates.contains(&hit.skill));
        }
        Ok(shares(&hits, self.k, self.votes))
    }
}

/// A skill as it stands in the index.
fn key(skill: SkillId) -> String {
    skill.uuid().simple().to_string()
}

fn is_index(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
    (1..=255).contains(&name.len()) && name.bytes().all(plain) && !name.starts_with(['-', '_', '.'])
}

fn authorization(access: &Access) -> Result<Option<HeaderValue>, SetupError> {
    let (key, text) = match access {
        Access::Open => return Ok(None),
        Access::Password { username, password } => {
            let pair = format!("{username}:{}", password.expose());
            ("selectors.elasticsearch.password", format!("Basic {}", BASE64.encode(pair)))
        }
        Access::ApiKey(secret) => ("selectors.elasticsearch.api_key", format!("ApiKey {}", secret.expose())),
    };
    let mut value = HeaderValue::try_from(text)
        .map_err(|_| SetupError::new(key, "must not hold line breaks or the like"))?;
    value.set_sensitive(true);
    Ok(Some(value))
}

#[async_trait]
impl Selector for ElasticsearchSelector {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn description(&self) -> &'static str {
        "Asks the skills that the nearest example questions in a search server vote for."
    }

    async fn rank(&self, question: &str, candidates: &[Candidate]) -> Result<Ranking, SelectorUnavailable> {
        let places: HashMap<SkillId, usize> =
            candidates.iter().enumerate().map(|(place, skill)| (*skill, place)).collect();
        let shares = if places.is_empty() { Vec::new() } else { self.shares(question, candidates).await? };
        #[expect(clippy::cast_possible_truncation, reason = "a share needs no more digits")]
        let score = |(skill, share): (SkillId, f64)| {
            places.get(&skill).map(|&candidate| Score { candidate, score: share as f32 })
        };
        Ok(Ranking {
            scores: shares.into_iter().filter_map(score).collect(),
            threshold: Self::THRESHOLD,
            share_of_best: Self::SHARE_OF_BEST,
        })
    }
}
