//! Errors as clients see them: the one place where statuses are named.

mod admin;
mod casting;
mod companies;
mod credentials;
mod events;
mod feedback;
mod limits;
mod mfa;
mod openai;
mod social;

use crate::{Detail, ErrorBody};
use square_accounts::ports::TokenRejected;
use square_accounts::{ConfirmError, RefreshError, RegisterError, SignInError, SignupError};
use square_kernel::{FieldError, Invalid, Unavailable};
use square_routing::{AskError, HistoryError, TicketError, WatchError};
use square_skills::{CheckError, EditError, OwnerError};
use std::borrow::Cow;

/// After how many seconds a client may try again when something this server needs does not work.
const RETRY_AFTER_SECONDS: u32 = 5;

/// An error as a client sees it, however it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Fault {
    /// The HTTP status.
    pub status: u16,
    /// A stable word for programs.
    pub code: &'static str,
    /// A sentence for people.
    pub message: Cow<'static, str>,
    /// The fields at fault, where fields are.
    pub details: Vec<FieldError>,
    /// After how many seconds trying again makes sense, where it does.
    pub retry_after: Option<u32>,
}

impl Fault {
    fn new(status: u16, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, message: message.into(), details: Vec::new(), retry_after: None }
    }

    /// The JSON body, for the request with this id.
    pub fn body(&self, request_id: &str) -> ErrorBody {
        let detail = |error: &FieldError| Detail {
            field: error.field.clone().into_owned(),
            message: error.message.clone().into_owned(),
        };
        ErrorBody {
            success: false,
            error: self.status,
            code: self.code.to_owned(),
            message: self.message.clone().into_owned(),
            msg: self.message.clone().into_owned(),
            details: self.details.iter().map(detail).collect(),
            request_id: request_id.to_owned(),
        }
    }

    /// What came in is not what its format says.
    pub fn malformed(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(400, "malformed_request", message)
    }

    /// The value of `field` (`.` or nothing for the whole body) has the wrong type. `message` is the parser's,
    /// which may end in a position.
    pub fn wrong_type(field: &str, message: &str) -> Self {
        let message = message.split(" at line ").next().unwrap_or(message);
        let message = match message.rsplit_once("expected ") {
            // The parser's own names mean nothing to the client.
            Some((found, wanted)) if wanted.starts_with("struct ") => format!("{found}expected an object"),
            Some((found, "i64" | "u32")) => format!("{found}expected a whole number"),
            _ => message.to_owned(),
        };
        if matches!(field, "" | "." | "?") {
            return Self::malformed(message);
        }
        let details = vec![FieldError::new(field.to_owned(), message.clone())];
        Self { details, ..Self::malformed(format!("{field}: {message}")) }
    }

    /// No token was sent where one is needed.
    pub fn sign_in_required() -> Self {
        Self::new(401, "authentication_required", "sign in to do this")
    }

    /// The `Authorization` header does not hold a token.
    pub fn bad_authorization() -> Self {
        Self::new(401, "invalid_token", "the Authorization header must be: Bearer <access token>")
    }

    /// There is no such thing, or the asker may not know of it.
    pub fn not_found(what: &'static str) -> Self {
        Self::new(404, "not_found", format!("there is no such {what}"))
    }

    /// Somebody else has this name already.
    fn taken(field: &'static str) -> Self {
        let details = vec![FieldError::new(field, "is taken")];
        Self { details, ..Self::new(409, "already_exists", format!("{field} is taken")) }
    }

    /// A client has so many of these under way that no more are taken; `what` in the plural.
    pub fn too_many(what: &'static str, limit: usize) -> Self {
        let message = format!("at most {limit} {what} may be under way at once");
        Self { retry_after: Some(1), ..Self::new(429, "too_many_requests", message) }
    }

    /// A name that a client gives to something under way stands for something else that still is.
    pub fn in_use(field: &'static str) -> Self {
        let details = vec![FieldError::new(field, "is in use")];
        Self { details, ..Self::new(409, "in_use", format!("{field} is in use")) }
    }

    /// Scripts of this site may not call.
    pub fn origin_not_allowed() -> Self {
        Self::new(403, "origin_not_allowed", "calls from this origin are not allowed")
    }

    /// A path that leads nowhere.
    pub fn no_such_path() -> Self {
        Self::new(404, "not_found", "there is nothing at this path")
    }

    /// The path exists, but not for this method.
    pub fn method_not_allowed(method: &str) -> Self {
        Self::new(405, "method_not_allowed", format!("{method} is not allowed here"))
    }

    /// The client took too long to send its request.
    pub fn too_slow() -> Self {
        Self::new(408, "request_timeout", "the request did not arrive in time")
    }

    /// More bytes than are taken.
    pub fn too_large(what: &'static str, limit: usize) -> Self {
        Self::new(413, "payload_too_large", format!("{what} must have at most {limit} bytes"))
    }

    /// The body's format is another than the one that is read here.
    pub fn unsupported_media_type(expected: &'static str) -> Self {
        Self::new(415, "unsupported_media_type", format!("the body must be {expected}"))
    }

    /// A file that must be sent along is not there.
    pub fn file_missing(field: &'static str) -> Self {
        let details = vec![FieldError::new(field, "is missing")];
        Self { details, ..Self::new(404, "file_missing", format!("{field} is missing")) }
    }

    /// A file that was sent along cannot be used.
    pub fn unusable_files(invalid: Invalid) -> Self {
        let message = invalid.to_string();
        Self { details: invalid.0, ..Self::malformed(message) }
    }

    /// A defect of this server.
    pub fn internal() -> Self {
        Self::new(500, "internal_error", "something went wrong on this server")
    }

    /// The client failed to keep to the transport's rules, with this status.
    pub fn transport(status: u16, message: impl Into<Cow<'static, str>>) -> Self {
        let code = match status {
            400 => "malformed_request",
            404 => "not_found",
            405 => "method_not_allowed",
            408 => "request_timeout",
            413 => "payload_too_large",
            415 => "unsupported_media_type",
            503 => "unavailable",
            _ if status < 500 => "bad_request",
            _ => "internal_error",
        };
        let retry_after = (status == 503).then_some(RETRY_AFTER_SECONDS);
        Self { retry_after, ..Self::new(status, code, message) }
    }
}

impl From<&Unavailable> for Fault {
    /// Writes the cause to the log, since the client is not told.
    fn from(error: &Unavailable) -> Self {
        tracing::error!(cause = %error.chain(), "temporarily unavailable");
        Self {
            retry_after: Some(RETRY_AFTER_SECONDS),
            ..Self::new(503, "unavailable", "temporarily unavailable, please try again")
        }
    }
}

impl From<&Invalid> for Fault {
    fn from(invalid: &Invalid) -> Self {
        let details = invalid.0.clone();
        Self { details, ..Self::new(422, "validation_failed", invalid.to_string()) }
    }
}

impl From<&TokenRejected> for Fault {
    fn from(rejected: &TokenRejected) -> Self {
        let code = match rejected {
            TokenRejected::Expired => "token_expired",
            TokenRejected::Invalid => "invalid_token",
        };
        Self::new(401, code, rejected.to_string())
    }
}

impl From<&AskError> for Fault {
    fn from(error: &AskError) -> Self {
        match error {
            AskError::SignInRequired => Self::sign_in_required(),
            AskError::TooMany(too_many) => {
                Self::limited("too_many_questions", error.to_string(), too_many.retry_after)
            }
            AskError::TooManyAtOnce(limit) => {
                Self::too_many("questions", usize::try_from(*limit).unwrap_or(usize::MAX))
            }
            AskError::Invalid(invalid) => Self::from(invalid),
            AskError::Selector(cause) => {
                tracing::error!(%cause, "the selector cannot rank");
                Self {
                    retry_after: Some(RETRY_AFTER_SECONDS),
                    ..Self::new(503, "selector_unavailable", "the selector is unavailable, please try again")
                }
            }
            AskError::Unavailable(error) => Self::from(error),
        }
    }
}

impl From<&TicketError> for Fault {
    fn from(error: &TicketError) -> Self {
        match error {
            TicketError::Rejected => Self::new(401, "invalid_ticket", error.to_string()),
            TicketError::NotFound => Self::not_found("question"),
            TicketError::Unavailable(error) => Self::from(error),
        }
    }
}

impl From<&WatchError> for Fault {
    fn from(error: &WatchError) -> Self {
        match error {
            WatchError::NotFound => Self::not_found("question"),
            WatchError::Unavailable(error) => Self::from(error),
        }
    }
}

impl From<&HistoryError> for Fault {
    fn from(error: &HistoryError) -> Self {
        match error {
            HistoryError::SignInRequired => Self::sign_in_required(),
            HistoryError::Unavailable(error) => Self::from(error),
        }
    }
}

impl From<&RegisterError> for Fault {
    fn from(error: &RegisterError) -> Self {
        match error {
            RegisterError::Invalid(invalid) => Self::from(invalid),
            RegisterError::UsernameTaken => Self::taken("username"),
            RegisterError::TooMany(error) => Self::from(error),
            RegisterError::Unavailable(error) => Self::from(error),
        }
    }
}

impl From<&SignupError> for Fault {
    fn from(error: &SignupError) -> Self {
        match error {
            SignupError::Invalid(invalid) => Self::from(invalid),
            SignupError::TooMany(error) => Self::from(error),
            SignupError::Unavailable(error) => Self::from(error),
        }
    }
}

impl From<&ConfirmError> for Fault {
    fn from(error: &ConfirmError) -> Self {
        match error {
            ConfirmError::Rejected => Self::new(400, "invalid_link", error.to_string()),
            ConfirmError::TooMany(error) => Self::from(error),
            ConfirmError::Unavailable(error) => Self::from(error),
        }
    }
}

impl From<&SignInError> for Fault {
    fn from(error: &SignInError) -> Self {
        match error {
            SignInError::WrongCredentials => Self::new(401, "wrong_credentials", error.to_string()),
            SignInError::TooMany(error) => Self::from(error),
            SignInError::Unavailable(error) => Self::from(error),
        }
    }
}

impl From<&RefreshError> for Fault {
    fn from(error: &RefreshError) -> Self {
        match error {
            RefreshError::Rejected => Self::new(401, "invalid_refresh_token", error.to_string()),
            RefreshError::TooMany(error) => Self::from(error),
            RefreshError::Unavailable(error) => Self::from(error),
        }
    }
}

impl From<&square_skills::RegisterError> for Fault {
    fn from(error: &square_skills::RegisterError) -> Self {
        use square_skills::RegisterError as Error;
        match error {
            Error::SignInRequired => Self::sign_in_required(),
            Error::NotConfirmed => Self::address_not_confirmed(error.to_string()),
            Error::Invalid(invalid) => Self::from(invalid),
            Error::NameTaken => Self::taken("name"),
            Error::TooManySkills(_) => Self::new(409, "too_many_skills", error.to_string()),
            Error::Limited(error) => Self::from(error),
            Error::Overtaken(error) => Self::from(error),
            Error::Unavailable(error) => Self::from(error),
        }
    }
}

impl From<&EditError> for Fault {
    fn from(error: &EditError) -> Self {
        match error {
            EditError::SignInRequired => Self::sign_in_required(),
            EditError::NotFound => Self::not_found("skill"),
            EditError::NotOwner => Self::new(403, "not_owner", error.to_string()),
            EditError::Invalid(invalid) => Self::from(invalid),
            EditError::NameTaken => Self::taken("name"),
            EditError::Limited(error) => Self::from(error),
            EditError::Overtaken(error) => Self::from(error),
            EditError::Unavailable(error) => Self::from(error),
        }
    }
}

impl From<&CheckError> for Fault {
    fn from(error: &CheckError) -> Self {
        match error {
            CheckError::Owner(error) => Self::from(error),
            CheckError::Limited(error) => Self::from(error),
        }
    }
}

impl From<&OwnerError> for Fault {
    fn from(error: &OwnerError) -> Self {
        match error {
            OwnerError::SignInRequired => Self::sign_in_required(),
            OwnerError::NotFound => Self::not_found("skill"),
            OwnerError::NotOwner => Self::new(403, "not_owner", error.to_string()),
            OwnerError::Overtaken(error) => Self::from(error),
            OwnerError::Unavailable(error) => Self::from(error),
        }
    }
}
