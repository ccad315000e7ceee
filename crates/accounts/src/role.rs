use square_kernel::FieldError;
use std::fmt;

/// The name of a role: 1 to 50 lower-case letters, digits, `_` and `-`, beginning with a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleName(String);

impl RoleName {
    /// Parses what somebody wrote as `field`.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, FieldError> {
        if is_word(text, 50) {
            return Ok(Self(text.to_owned()));
        }
        let rule =
            "must be named by 1 to 50 lower-case letters, digits, '_' and '-', beginning with a letter";
        Err(FieldError::new(field, rule))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a role can allow: a verb and a thing, such as `get:movies`, each like the name of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermissionName(String);

impl PermissionName {
    /// Parses what somebody wrote as `permission`.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        match text.split_once(':') {
            Some((verb, thing)) if is_word(verb, 20) && is_word(thing, 50) => Ok(Self(text.to_owned())),
            _ => Err(FieldError::new("permission", "must be written verb:thing, such as get:movies")),
        }
    }

    /// The text, `verb:thing`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PermissionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_word(text: &str, at_most: usize) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.len() <= at_most
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_words() {
        for good in ["a", "casting_assistant", "ab-2", &"x".repeat(50)] {
            assert_eq!(RoleName::parse("role", good).unwrap().as_str(), good);
        }
        for wrong in ["", "_a", "2a", "Admin", "a b", "ä", "a:b", &"x".repeat(51)] {
            assert_eq!(RoleName::parse("role", wrong).unwrap_err().field, "role", "{wrong:?}");
        }
    }

    #[test]
    fn a_permission_is_a_verb_and_a_thing() {
        for good in ["get:movies", "post:casting-roles"] {
            assert_eq!(PermissionName::parse(good).unwrap().as_str(), good);
        }
        for wrong in ["", "get", ":", "get:", ":movies", "get:movies:all", "GET:movies", "get: movies"] {
            assert!(PermissionName::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
