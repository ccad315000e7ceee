use crate::service::{OwnerError, Skills};
use crate::{ResultItem, SkillAddress};
use square_kernel::{Asker, SkillId};
use square_limits::LimitError;

/// What a check of a remote skill looks at, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CheckStage {
    /// Its host is known and lies where this server may go.
    Address,
    /// It takes connections.
    Connect,
    /// Over https: its certificate is good.
    Tls,
    /// It answers, with a status of 2xx.
    Status,
    /// It says that its answer is of the kind that the protocol has.
    ContentType,
    /// Its answer comes whole, in time and within the limits.
    Body,
    /// Its answer is JSON.
    Json,
    /// Its answer has the fields of the protocol.
    Shape,
}

impl CheckStage {
    /// All of them, in order.
    pub const ALL: [Self; 8] = [
        Self::Address,
        Self::Connect,
        Self::Tls,
        Self::Status,
        Self::ContentType,
        Self::Body,
        Self::Json,
        Self::Shape,
    ];

    /// Its name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Status => "status",
            Self::ContentType => "content_type",
            Self::Body => "body",
            Self::Json => "json",
            Self::Shape => "shape",
        }
    }
}

/// What one step of a check came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckStep {
    /// What was looked at.
    pub stage: CheckStage,
    /// Whether it is as it should be.
    pub passed: bool,
    /// What was found, for the skill's owner.
    pub message: String,
}

/// How a check went: the steps up to the first that failed, and what the skill answered where none did.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CheckReport {
    /// In order.
    pub steps: Vec<CheckStep>,
    /// The skill's answer.
    pub results: Vec<ResultItem>,
}

impl CheckReport {
    /// Whether the skill could answer questions as it is.
    pub fn passed(&self) -> bool {
        self.steps.iter().all(|step| step.passed)
    }
}

/// Why a skill was not checked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CheckError {
    /// The asker may not have it checked.
    #[error(transparent)]
    Owner(#[from] OwnerError),
    /// The asker, or whoever owns skills at its host, had too many checked of late.
    #[error(transparent)]
    Limited(#[from] LimitError),
}

impl Skills {
    /// Asks one's own skill a question of no matter, past everything that protects it, and tells how that went. There is
    /// nothing to check of a part of this process.
    pub async fn check(&self, asker: &Asker, id: SkillId) -> Result<CheckReport, CheckError> {
        let listed = self.shared.owned(asker, id).await?;
        Ok(match &listed.skill.address {
            SkillAddress::Remote { url, .. } => {
                self.shared.count_probe(listed.skill.owner, url).await?;
                self.shared.parts.prober.inspect(&listed.skill).await
            }
            SkillAddress::Builtin(_) => CheckReport::default(),
        })
    }
}
