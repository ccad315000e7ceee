use std::borrow::Cow;
use std::error::Error;
use std::sync::Arc;

/// Something this process needs (a database, a disk, a broker) does not work at the moment.
///
/// Opaque on purpose: nobody who catches it can do more than tell the caller to try again. The cause is
/// kept for the log.
#[derive(Debug, Clone, thiserror::Error)]
#[error("temporarily unavailable")]
pub struct Unavailable {
    #[source]
    cause: Arc<dyn Error + Send + Sync>,
}

impl Unavailable {
    /// Wraps what went wrong, for the log.
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { cause: Arc::from(cause.into()) }
    }

    /// What went wrong, with its own causes, on one line. For logs only, never for a client.
    pub fn chain(&self) -> String {
        let mut text = self.cause.to_string();
        let mut next = self.cause.source();
        while let Some(cause) = next {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            next = cause.source();
        }
        text
    }
}

/// One field of the input that cannot be accepted, and why in words for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {message}")]
pub struct FieldError {
    /// The field's name as the client wrote it.
    pub field: Cow<'static, str>,
    /// What is wrong, phrased to follow the field's name: "must not be empty".
    pub message: Cow<'static, str>,
}

impl FieldError {
    /// `field` is wrong because of `message`.
    pub fn new(field: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

/// Well-formed input that breaks a rule; all fields at fault are listed at once.
#[derive(Debug, Clone, PartialEq, Eq, Default, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct Invalid(pub Vec<FieldError>);

impl Invalid {
    /// Input in which one field is at fault.
    pub fn field(field: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        Self(vec![FieldError::new(field, message)])
    }

    /// Keeps the error of `parsed`, if it is one, and hands the value on: so that one pass over the input
    /// finds every field at fault.
    pub fn collect<T>(&mut self, parsed: Result<T, FieldError>) -> Option<T> {
        parsed.map_err(|error| self.0.push(error)).ok()
    }

    /// `Ok` when nothing was collected.
    pub fn into_result(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl From<FieldError> for Invalid {
    fn from(error: FieldError) -> Self {
        Self(vec![error])
    }
}
