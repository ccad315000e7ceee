use square_kernel::{FieldError, Secret};

/// A password as somebody typed it: 8 to 1024 bytes, nothing else asked of it.
#[derive(Debug, Clone)]
pub struct Password(Secret);

impl Password {
    /// The fewest bytes.
    pub const MIN_BYTES: usize = 8;
    /// The most bytes.
    pub const MAX_BYTES: usize = 1024;

    /// Parses a password that is to be set, sent as `field`.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, FieldError> {
        match text.len() {
            0..Self::MIN_BYTES => Err(FieldError::new(field, "must have at least 8 characters")),
            Self::MIN_BYTES..=Self::MAX_BYTES => Ok(Self(Secret::new(text))),
            _ => Err(FieldError::new(field, "must have at most 1024 bytes")),
        }
    }

    /// The plain text, for the hasher.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// What a hasher made of a password: its own format, never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Takes a hasher's output, new or as stored.
    pub fn new(hash: impl Into<String>) -> Self {
        Self(hash.into())
    }

    /// The text to store or to verify against.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}
