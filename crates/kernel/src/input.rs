use crate::FieldError;
use jiff::civil::Date;

/// Parses one line of text that a client sent as `field`: trimmed, 1 to `max` characters, none of them a
/// control character.
pub fn parse_line(field: &'static str, text: &str, max: usize) -> Result<String, FieldError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(FieldError::new(field, "must not be empty"));
    }
    if text.chars().count() > max {
        return Err(FieldError::new(field, format!("must have at most {max} characters")));
    }
    if text.chars().any(char::is_control) {
        return Err(FieldError::new(field, "must not contain control characters"));
    }
    Ok(text.to_owned())
}

/// Parses a day that a client sent as `field`, written `YYYY-MM-DD` and in the calendar.
pub fn parse_date(field: &'static str, text: &str) -> Result<Date, FieldError> {
    let text = text.trim();
    let shape_is_right = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !shape_is_right {
        return Err(FieldError::new(field, "must be a date written YYYY-MM-DD"));
    }
    text.parse().map_err(|_| FieldError::new(field, "must be a date in the calendar"))
}

/// Declares a type for one line of text: trimmed, 1 to so many characters, none of them a control character.
/// Takes the type's name, the client's name of the field and the most characters.
#[macro_export]
macro_rules! line {
    ($(#[$doc:meta])* $name:ident, $field:literal, $max:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $name(std::sync::Arc<str>);

        impl $name {
            /// The longest, in characters.
            pub const MAX_CHARS: usize = $max;

            /// Parses what a client sent.
            pub fn parse(text: &str) -> Result<Self, $crate::FieldError> {
                $crate::parse_line($field, text, Self::MAX_CHARS).map(|line| Self(line.into()))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_line_is_trimmed_and_bounded() {
        assert_eq!(parse_line("title", "  Heat ", 4), Ok("Heat".to_owned()));
        for (wrong, message) in [
            ("  ", "must not be empty"),
            ("Heats", "must have at most 4 characters"),
            ("He\nt", "must not contain control characters"),
        ] {
            assert_eq!(parse_line("title", wrong, 4), Err(FieldError::new("title", message)));
        }
    }

    #[test]
    fn a_date_is_checked_against_the_calendar() {
        assert_eq!(parse_date("date", "2024-02-29"), Ok(date(2024, 2, 29)));
        for wrong in
            ["2023-02-29", "2023-13-01", "20231231", "2023-1-1", "2023-12-31T10:00", "31.12.2023", ""]
        {
            assert!(parse_date("date", wrong).is_err(), "{wrong}");
        }
    }
}
