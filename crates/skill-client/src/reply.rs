use crate::failure::malformed;
use serde_json::Value;
use serde_json::error::Category;
use square_skills::SkillFailure;

/// An object of a reply.
pub(crate) type Object = serde_json::Map<String, Value>;

/// Reads a body as JSON. `serde_json`'s own messages quote the input, so only the place is told.
pub(crate) fn json(body: &[u8]) -> Result<Value, SkillFailure> {
    serde_json::from_slice(body).map_err(|error| match error.classify() {
        Category::Eof if body.iter().all(u8::is_ascii_whitespace) => malformed("it is empty"),
        Category::Eof => malformed("it ends in the middle of the JSON"),
        _ => malformed(format!("it is not JSON at line {}, column {}", error.line(), error.column())),
    })
}

/// The value as an object; `what` names it.
pub(crate) fn object(value: Value, what: &str) -> Result<Object, SkillFailure> {
    match value {
        Value::Object(object) => Ok(object),
        _ => Err(malformed(format!("{what} is not an object"))),
    }
}

/// The value as an array; `what` names it.
pub(crate) fn array(value: Value, what: &str) -> Result<Vec<Value>, SkillFailure> {
    match value {
        Value::Array(array) => Ok(array),
        _ => Err(malformed(format!("{what} is not an array"))),
    }
}

/// A number that may be absent or null.
pub(crate) fn number(value: Option<&Value>, what: &str) -> Result<Option<f64>, SkillFailure> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_f64() {
            Some(number) if number.is_finite() => Ok(Some(number)),
            _ => Err(malformed(format!("{what} is not a number"))),
        },
    }
}

/// A value as people read it: text as it is, nothing for null, everything else as JSON.
pub(crate) fn as_text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
