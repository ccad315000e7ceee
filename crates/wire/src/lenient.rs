//! Values that clients write in more than one way.

use serde::de::{Deserializer, Error, Unexpected, Visitor};
use std::fmt;

const EXPECTED: &str = "a whole number";

/// Reads a whole number or `null`; some clients send the text of their input fields, so `"3"` counts as 3.
pub(crate) fn whole_number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    from.deserialize_any(WholeNumber)
}

struct WholeNumber;

impl Visitor<'_> for WholeNumber {
    type Value = Option<i64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        // What is too large stays too large: the range is checked by whoever knows it.
        Ok(Some(i64::try_from(number).unwrap_or(i64::MAX)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        text.trim().parse().map(Some).map_err(|_| E::invalid_value(Unexpected::Str(text), &EXPECTED))
    }
}
