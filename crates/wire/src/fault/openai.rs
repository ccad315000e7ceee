//! What errors look like where calls are like OpenAI's, and those that only such calls have.

use super::Fault;
use crate::openai::{FailedSkill, OpenAiError, OpenAiErrorBody};
use square_kernel::{FieldError, Invalid};

/// The code of a skill that took too long.
const TIMED_OUT: &str = "timed_out";

impl Fault {
    /// Parameters that break a rule. Clients of OpenAI know a 400 for it, and no 422.
    pub fn unusable_parameters(invalid: &Invalid) -> Self {
        let details = invalid.0.clone();
        Self { details, ..Self::new(400, "invalid_value", invalid.to_string()) }
    }

    /// No published skill is called so.
    pub fn model_not_found(model: &str) -> Self {
        let model: String = model.chars().take(50).collect();
        let details = vec![FieldError::new("model", "is neither square nor a published skill")];
        let message = format!("there is no published skill called {model}");
        Self { details, ..Self::new(404, "model_not_found", message) }
    }

    /// Skills were asked, and none has answered.
    pub fn skills_failed(failed: &[FailedSkill]) -> Self {
        let reasons: Vec<String> =
            failed.iter().map(|skill| format!("{} ({})", skill.name, skill.error)).collect();
        let message = format!("no skill has answered: {}", reasons.join(", "));
        if failed.iter().all(|skill| skill.error_code == TIMED_OUT) {
            return Self::new(504, "skills_timed_out", message);
        }
        Self::new(502, "skills_failed", message)
    }

    /// The JSON body that clients of OpenAI read.
    pub fn openai_body(&self) -> OpenAiErrorBody {
        let kind = match self.status {
            401 => "authentication_error",
            403 => "permission_error",
            429 => "rate_limit_error",
            ..500 => "invalid_request_error",
            _ => "server_error",
        };
        OpenAiErrorBody {
            error: OpenAiError {
                message: self.message.clone().into_owned(),
                kind: kind.to_owned(),
                param: self.details.first().map(|detail| detail.field.clone().into_owned()),
                code: self.code.to_owned(),
            },
        }
    }
}
