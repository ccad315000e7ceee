//! What providers say about people, as far as several say it alike.

use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use square_accounts::EmailAddress;
use square_accounts::ports::identity::{KnownAddress, ShownText};
use std::fmt;

/// An address, where there is one that letters can be sent to.
pub(crate) fn known_address(address: Option<&str>, vouched: bool) -> Option<KnownAddress> {
    let address = EmailAddress::parse(address?).ok()?;
    Some(KnownAddress { address, vouched })
}

/// Text that may be absent.
pub(crate) fn shown(text: Option<&str>) -> ShownText {
    ShownText::new(text.unwrap_or_default())
}

/// Whether it says "true": providers send a boolean or a text. Whatever else stands there says nothing, and an address that
/// nobody vouches for is the safe reading.
pub(crate) fn says_true<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    struct Truth;

    impl<'de> Visitor<'de> for Truth {
        type Value = bool;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a truth value")
        }

        fn visit_bool<E>(self, value: bool) -> Result<bool, E> {
            Ok(value)
        }

        fn visit_str<E>(self, text: &str) -> Result<bool, E> {
            Ok(text == "true")
        }

        fn visit_i64<E>(self, _: i64) -> Result<bool, E> {
            Ok(false)
        }

        fn visit_u64<E>(self, _: u64) -> Result<bool, E> {
            Ok(false)
        }

        fn visit_f64<E>(self, _: f64) -> Result<bool, E> {
            Ok(false)
        }

        fn visit_unit<E>(self) -> Result<bool, E> {
            Ok(false)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<bool, A::Error> {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            Ok(false)
        }

        fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<bool, A::Error> {
            while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok(false)
        }
    }

    deserializer.deserialize_any(Truth)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Says {
        #[serde(default, deserialize_with = "says_true")]
        verified: bool,
    }

    #[test]
    fn only_what_says_true_is_true() {
        for (json, wanted) in [
            (r#"{"verified": true}"#, true),
            (r#"{"verified": "true"}"#, true),
            (r#"{"verified": false}"#, false),
            (r#"{"verified": "false"}"#, false),
            (r#"{"verified": "TRUE"}"#, false),
            (r#"{"verified": 1}"#, false),
            (r#"{"verified": -1}"#, false),
            (r#"{"verified": 1.0}"#, false),
            (r#"{"verified": null}"#, false),
            (r#"{"verified": [true]}"#, false),
            (r#"{"verified": {"verified": true}}"#, false),
            ("{}", false),
        ] {
            assert_eq!(serde_json::from_str::<Says>(json).unwrap().verified, wanted, "{json}");
        }
    }

    #[test]
    fn an_address_that_is_none_is_left_out() {
        for text in [None, Some(""), Some("no address"), Some("a@b")] {
            assert_eq!(known_address(text, true), None);
        }
        let known = known_address(Some("Ada@Example.org"), false).unwrap();
        assert_eq!((known.address.as_str(), known.vouched), ("ada@example.org", false));
    }
}
