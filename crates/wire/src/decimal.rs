use serde::de::{Deserialize, Deserializer, Error, Unexpected};
use serde_json::value::RawValue;

/// A decimal number as the client wrote it, digit by digit, whether as a JSON number or as a text.
///
/// It is read from the text of the JSON itself and never becomes a float. So it reads from text only, not from a
/// [`serde_json::Value`], in which numbers are floats already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal(pub String);

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        const EXPECTED: &str = "a decimal number, or a text with one";
        let raw = Box::<RawValue>::deserialize(from)?;
        let wrong = |found| Err(D::Error::invalid_type(found, &EXPECTED));
        match raw.get().as_bytes().first() {
            Some(b'"') => serde_json::from_str(raw.get()).map(Self).map_err(D::Error::custom),
            Some(b'-' | b'0'..=b'9') => Ok(Self(raw.get().to_owned())),
            Some(b'[') => wrong(Unexpected::Seq),
            Some(b'{') => wrong(Unexpected::Map),
            Some(b't') => wrong(Unexpected::Bool(true)),
            Some(b'f') => wrong(Unexpected::Bool(false)),
            _ => wrong(Unexpected::Unit),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Deserialize as Derive;
    use square_companies::DeclaredBilling;

    #[derive(Debug, Derive)]
    struct Body {
        amount: Option<Decimal>,
    }

    fn read(json: &str) -> Result<Option<String>, String> {
        let body: Result<Body, _> =
            serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(json));
        body.map(|body| body.amount.map(|amount| amount.0)).map_err(|error| error.to_string())
    }

    #[test]
    fn numbers_and_texts_come_as_they_are_written() {
        for (json, text) in [
            (r#"{"amount": 1234.50}"#, "1234.50"),
            (r#"{"amount": 0.10000000000000000000000001}"#, "0.10000000000000000000000001"),
            (r#"{"amount": 9007199254740993}"#, "9007199254740993"),
            (r#"{"amount": -1e+3}"#, "-1e+3"),
            (r#"{"amount": "1234.50"}"#, "1234.50"),
            (r#"{"amount": "\u0031"}"#, "1"),
            (r#"{"amount": ""}"#, ""),
        ] {
            assert_eq!(read(json), Ok(Some(text.to_owned())), "{json}");
        }
        assert_eq!(read(r#"{"amount": null}"#), Ok(None));
        assert_eq!(read("{}"), Ok(None));
        for json in [r#"{"amount": true}"#, r#"{"amount": [1]}"#, r#"{"amount": {"a": 1}}"#] {
            let error = read(json).unwrap_err();
            assert!(error.starts_with("amount: invalid type: "), "{error}");
            assert!(error.contains("expected a decimal number, or a text with one"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn amounts_survive_json_in_both_forms(cents in 0..=DeclaredBilling::MAX.cents()) {
            let billing = DeclaredBilling::from_cents(cents).unwrap();
            for json in [format!(r#"{{"amount": {billing}}}"#), format!(r#"{{"amount": "{billing}"}}"#)] {
                let text = read(&json).unwrap().unwrap();
                prop_assert_eq!(DeclaredBilling::parse(&text), Ok(billing));
                // What goes out comes back.
                let sent = serde_json::to_string(&serde_json::json!({"amount": billing.to_string()})).unwrap();
                prop_assert_eq!(read(&sent).unwrap(), Some(billing.to_string()));
            }
        }
    }
}
