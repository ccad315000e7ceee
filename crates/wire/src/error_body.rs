use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The body of every error, whoever raises it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorBody {
    /// Always `false`.
    #[schema(example = false)]
    pub success: bool,
    /// The HTTP status again.
    #[schema(example = 422)]
    pub error: u16,
    /// A stable word for programs.
    #[schema(example = "validation_failed")]
    pub code: String,
    /// A sentence for people.
    #[schema(example = "email must not be empty")]
    pub message: String,
    /// The same sentence, for clients that read it here.
    #[schema(example = "email must not be empty")]
    pub msg: String,
    /// The fields at fault, where fields are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Detail>,
    /// Names the request in the server's log.
    #[schema(example = "01932c07-1c2b-7d3e-8f4a-5b6c7d8e9fa0")]
    pub request_id: String,
}

/// One field at fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Detail {
    /// The field's name as the client wrote it, with the way to it: `options.selector`.
    #[schema(example = "email")]
    pub field: String,
    /// What is wrong with it, phrased to follow the name.
    #[schema(example = "must not be empty")]
    pub message: String,
}
