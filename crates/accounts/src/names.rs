use square_kernel::FieldError;
use std::fmt;
use std::sync::Arc;
use unicode_normalization::UnicodeNormalization;

/// A person's public name: 3 to 30 characters out of letters, digits, `.`, `_` and `-`, beginning and ending
/// with a letter or digit, normalised by NFKC. Names that differ only in case are the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Username(Arc<str>);

impl Username {
    /// Parses what a client sent as `username`.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let fault = |message: &'static str| Err(FieldError::new("username", message));
        let name: String = text.trim().nfkc().collect();
        match name.chars().count() {
            0 => return fault("must not be empty"),
            1 | 2 => return fault("must have at least 3 characters"),
            3..=30 => {}
            _ => return fault("must have at most 30 characters"),
        }
        if !name.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-')) {
            return fault("must consist of letters, digits, '.', '_' and '-'");
        }
        let edge = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        if !edge(name.chars().next()) || !edge(name.chars().next_back()) {
            return fault("must begin and end with a letter or digit");
        }
        Ok(Self(name.into()))
    }

    /// The name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name, shared.
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }

    /// The form under which names are compared and kept unique.
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An e-mail address, kept in lower case: at most 254 characters, one `@` with up to 64 characters before it
/// and a dotted domain after it, no blanks, quotes or control characters.
///
/// Whether it exists is for the confirmation letter to find out, so the syntax check is deliberately plain.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress(Arc<str>);

impl EmailAddress {
    /// Parses what a client sent as `email`.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let fault = |message: &'static str| Err(FieldError::new("email", message));
        let address = text.trim().to_lowercase();
        if address.is_empty() {
            return fault("must not be empty");
        }
        if address.chars().count() > 254 {
            return fault("must have at most 254 characters");
        }
        let Some((local, domain)) = address.rsplit_once('@') else {
            return fault("must be an e-mail address");
        };
        let local_ok = (1..=64).contains(&local.len())
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..")
            && local.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"@\"(),:;<>[\\]".contains(c));
        let label_ok = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        };
        let domain_ok = domain.contains('.') && domain.split('.').all(label_ok);
        if local_ok && domain_ok { Ok(Self(address.into())) } else { fault("must be an e-mail address") }
    }

    /// The address in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(…)")
    }
}

/// A first or last name: up to 80 characters without control characters; may be empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PersonName(Arc<str>);

impl PersonName {
    /// Parses what a client sent as `field`.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, FieldError> {
        let text = text.trim();
        if text.chars().count() > 80 {
            return Err(FieldError::new(field, "must have at most 80 characters"));
        }
        if text.chars().any(char::is_control) {
            return Err(FieldError::new(field, "must not contain control characters"));
        }
        Ok(Self(text.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
