use super::votes::Hit;
use crate::trouble::{Trouble, word};
use serde::Deserialize;
use square_kernel::SkillId;
use square_kernel::uuid::Uuid;

/// The answer to a search.
#[derive(Debug, Deserialize)]
pub(super) struct Found {
    #[serde(default)]
    timed_out: bool,
    #[serde(rename = "_shards")]
    shards: Shards,
    hits: Hits,
}

#[derive(Debug, Deserialize)]
struct Shards {
    failed: u32,
}

#[derive(Debug, Deserialize)]
struct Hits {
    hits: Vec<Document>,
}

#[derive(Debug, Deserialize)]
struct Document {
    #[serde(rename = "_score")]
    score: Option<f64>,
    #[serde(rename = "_source")]
    source: Source,
}

#[derive(Debug, Deserialize)]
struct Source {
    skill: String,
    version: String,
    examples: u32,
}

/// One answer of several searches in one call.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Either {
    Found(Found),
    Failed { status: u16, error: Error },
}

#[derive(Debug, Deserialize)]
pub(super) struct Error {
    #[serde(rename = "type")]
    pub(super) kind: String,
}

/// The answers of several searches in one call, in their order.
#[derive(Debug, Deserialize)]
pub(super) struct Answers {
    pub(super) responses: Vec<Either>,
}

impl Found {
    /// What was found; an answer from some of the shards or from the time that there was is none.
    pub(super) fn hits(self) -> Result<Vec<Hit>, Trouble> {
        if self.timed_out || self.shards.failed > 0 {
            return Err(Trouble::Partial);
        }
        self.hits.hits.into_iter().map(Document::hit).collect()
    }
}

impl Document {
    fn hit(self) -> Result<Hit, Trouble> {
        let malformed = |what: &str| Trouble::Malformed(format!("a hit {what}"));
        let skill: Uuid = self.source.skill.parse().map_err(|_| malformed("is of no skill"))?;
        let score = self.score.filter(|score| score.is_finite() && *score >= 0.0);
        Ok(Hit {
            skill: SkillId::from(skill),
            version: self.source.version,
            examples: self.source.examples,
            score: score.ok_or_else(|| malformed("has no score"))?,
        })
    }
}

impl Either {
    pub(super) fn found(self) -> Result<Found, Trouble> {
        match self {
            Self::Found(found) => Ok(found),
            Self::Failed { status, error } => {
                Err(Trouble::Status { status, kind: word(&error.kind), retry_after: None })
            }
        }
    }
}
