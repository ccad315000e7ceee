use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The body of every error of the calls that are like OpenAI's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OpenAiErrorBody {
    /// What went wrong.
    pub error: OpenAiError,
}

/// What went wrong, in the words of OpenAI's API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OpenAiError {
    /// A sentence for people.
    #[schema(example = "there is no published skill called weather")]
    pub message: String,
    /// The kind: `invalid_request_error`, `authentication_error`, `permission_error`, `rate_limit_error` or `server_error`.
    #[serde(rename = "type")]
    #[schema(example = "invalid_request_error")]
    pub kind: String,
    /// The first parameter at fault, where one is.
    #[schema(example = "model")]
    pub param: Option<String>,
    /// A stable word for programs.
    #[schema(example = "model_not_found")]
    pub code: String,
}
