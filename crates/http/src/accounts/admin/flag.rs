use serde::de::{Deserializer, Error, Unexpected, Visitor};
use serde_json::json;
use std::fmt;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};

const EXPECTED: &str = "true, false, 1 or 0";

/// Reads yes or no, as `true` and `false` or as the 1 and 0 in which accounts are shown; `null` is neither.
pub(super) fn flag<'de, D: Deserializer<'de>>(from: D) -> Result<Option<bool>, D::Error> {
    from.deserialize_any(Flag)
}

/// How the OpenAPI document describes what [`flag`] reads.
pub(super) fn schema() -> Schema {
    let word = ObjectBuilder::new().schema_type(Type::Boolean);
    let number = ObjectBuilder::new().schema_type(Type::Integer).enum_values(Some([0, 1]));
    let either =
        OneOfBuilder::new().item(word).item(number).item(ObjectBuilder::new().schema_type(Type::Null));
    let description =
        "Whether the account may be used: `true` or 1, `false` or 0. Suspending it ends its sessions.";
    either.description(Some(description)).examples([json!(1), json!(false)]).into()
}

/// The same in a query string.
pub(super) fn read(text: &str) -> Option<bool> {
    match text {
        "1" | "true" => Some(true),
        "0" | "false" => Some(false),
        _ => None,
    }
}

struct Flag;

impl Visitor<'_> for Flag {
    type Value = Option<bool>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Some(flag))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        match number {
            0 => Ok(Some(false)),
            1 => Ok(Some(true)),
            _ => Err(E::invalid_value(Unexpected::Unsigned(number), &EXPECTED)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::{Value, json};

    #[derive(Deserialize)]
    struct Body {
        #[serde(default, deserialize_with = "flag")]
        active: Option<bool>,
    }

    fn active(value: &Value) -> Result<Option<bool>, String> {
        let body: Result<Body, _> = serde_json::from_value(json!({ "active": value }));
        body.map(|body| body.active).map_err(|error| error.to_string())
    }

    #[test]
    fn both_spellings_are_read_and_nothing_else() {
        for (value, read) in [(json!(true), true), (json!(1), true), (json!(false), false), (json!(0), false)]
        {
            assert_eq!(active(&value), Ok(Some(read)));
        }
        assert_eq!(active(&Value::Null), Ok(None));
        for wrong in [json!(2), json!(-1), json!(1.0), json!("1"), json!([]), json!({})] {
            assert!(active(&wrong).unwrap_err().contains(EXPECTED), "{wrong}");
        }
    }
}
