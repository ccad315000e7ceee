use square_kernel::FieldError;
use std::fmt;
use std::sync::Arc;
use unicode_normalization::UnicodeNormalization;
use unicode_security::MixedScript;
use unicode_security::confusable_detection::skeleton;

/// A person's public name: 3 to 30 characters out of letters, digits, `.`, `_` and `-`, beginning and ending
/// with a letter or digit, normalised by NFKC. Names that differ only in case are the same name.
///
/// One rule keeps names from passing for others ([`Self::choose`]): a new name is of one script (UTS #39, section 5.1), and
/// unless it is plain ASCII it does not look like something that is (its skeleton, section 4, is not ASCII).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Username(Arc<str>);

impl Username {
    /// Parses what a client sent as `username`, to look it up.
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

    /// Parses a name that somebody wants to have: besides, it must not look like another one.
    pub fn choose(text: &str) -> Result<Self, FieldError> {
        let name = Self::parse(text)?;
        match disguise(&name.0) {
            Some(message) => Err(FieldError::new("username", message)),
            None => Ok(name),
        }
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

/// Why a name may pass for another one, where it may.
pub(crate) fn disguise(name: &str) -> Option<&'static str> {
    if !name.is_single_script() {
        return Some("must not mix alphabets");
    }
    let looks_plain = !name.is_ascii() && skeleton(name).all(|c| c.is_ascii());
    looks_plain.then_some("must not look like a name in another alphabet")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_of_one_alphabet_and_looks_like_no_other() {
        for good in ["ada", "Ada-99", "zoë", "løve", "Дмитрий", "李小龍", "ひらがな漢字", "Ελένη", "a.b_c"]
        {
            assert!(Username::choose(good).is_ok(), "{good}");
        }
        for (mixed, why) in [
            ("аdmin", "must not mix alphabets"),
            ("adminа", "must not mix alphabets"),
            ("αlpha", "must not mix alphabets"),
            ("сосо", "must not look like a name in another alphabet"),
            ("admın", "must not look like a name in another alphabet"),
        ] {
            assert_eq!(Username::choose(mixed).unwrap_err().message, why, "{mixed}");
            assert!(Username::parse(mixed).is_ok(), "{mixed} can be looked up");
        }
    }

    #[test]
    fn what_is_written_in_several_ways_is_one_name() {
        for (written, key) in
            [("ＡＤＡ", "ada"), ("ﬁona", "fiona"), ("ADA", "ada"), ("zoe\u{308}", "zoë"), (" ada ", "ada")]
        {
            assert_eq!(Username::choose(written).unwrap().key(), key, "{written}");
        }
    }

    #[test]
    fn an_address_holds_nothing_that_could_end_it_in_a_letter_or_a_header() {
        assert_eq!(EmailAddress::parse(" Ada+1@Example.org ").unwrap().as_str(), "ada+1@example.org");
        for wrong in [
            "ada@example.org\r\nBcc: eve@example.org",
            "ada@example.org\nDATA",
            "ada\0@example.org",
            "ada@example.org,eve@example.org",
            "ada@example.org;eve@example.org",
            "ada <ada@example.org>",
            "<ada@example.org>",
            "\"ada\"@example.org",
            "ada@@example.org",
            "ada@eve@example.org",
            "ada lovelace@example.org",
            "ada@example",
            "@example.org",
            "ada@",
        ] {
            assert!(EmailAddress::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn invisible_and_controlling_characters_are_no_part_of_a_name() {
        for wrong in ["a\u{200b}da", "a\u{202e}da", "a\0da", "a da", "ada\n99", "a\u{ad}da", "ada\u{fe0f}9"] {
            assert!(Username::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
