use serde::de::{Deserializer, Error, Unexpected, Visitor};
use serde_json::json;
use std::fmt;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};

const EXPECTED: &str = "six digits as a number or a string";

/// Reads a one-time code or `null`. As a number it has lost the zeros that it began with.
pub(super) fn otp<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    from.deserialize_any(Otp)
}

/// How the OpenAPI document describes what [`otp`] reads.
pub(super) fn schema() -> Schema {
    let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[0-9]{6}$"));
    let number = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).maximum(Some(999_999));
    let either = OneOfBuilder::new().item(text).item(number);
    let description = "What the authenticator app shows, as a string or a number of six digits.";
    either.description(Some(description)).examples([json!("123456"), json!(123_456)]).into()
}

struct Otp;

impl Visitor<'_> for Otp {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(format!("{number:06}")))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Err(E::invalid_value(Unexpected::Signed(number), &EXPECTED))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(text.to_owned()))
    }
}
