use crate::FieldError;

/// What is looked for in texts: 1 to 200 characters; letters' case does not matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchText(String);

impl SearchText {
    /// The longest, in characters.
    pub const MAX_CHARS: usize = 200;

    /// Parses what a client sent as `field`.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, FieldError> {
        let text = text.trim();
        match text.chars().count() {
            0 => Err(FieldError::new(field, "must not be empty")),
            1..=Self::MAX_CHARS => Ok(Self(text.to_lowercase())),
            _ => Err(FieldError::new(field, format!("must have at most {} characters", Self::MAX_CHARS))),
        }
    }

    /// Whether it stands anywhere in a text.
    pub fn is_in(&self, text: &str) -> bool {
        text.to_lowercase().contains(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_goes_by_letters_in_any_case() {
        let search = SearchText::parse("text", " HÉAT ").unwrap();
        assert!(search.is_in("Who played in héat?"));
        assert!(!search.is_in("Who played in heat?"));
        assert_eq!(SearchText::parse("text", " ").unwrap_err().to_string(), "text must not be empty");
        assert!(SearchText::parse("text", &"é".repeat(200)).is_ok());
        let long = SearchText::parse("text", &"é".repeat(201)).unwrap_err();
        assert_eq!(long.to_string(), "text must have at most 200 characters");
    }
}
