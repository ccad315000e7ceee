use crate::failure::malformed;
use serde_json::Value;
use serde_json::error::Category;
use square_skills::SkillFailure;

/// An object of a reply.
pub(crate) type Object = serde_json::Map<String, Value>;

/// How many objects a reply may hold. One of a few bytes takes hundreds of them in memory, so a limit to the length of a
/// reply says little.
const MAX_OBJECTS: usize = 10_000;
/// How many values it may hold, each of which takes some 30 bytes.
const MAX_VALUES: usize = 100_000;

/// Replies up to this many bytes without HTML are worked on where they come in; others would hold up the questions that share the
/// thread, and go to a thread for such work.
const ON_THE_SPOT: usize = 32 * 1024;

/// What `work` makes of a reply.
pub(crate) async fn worked_on<T: Send + 'static>(
    reply: Vec<u8>,
    work: impl FnOnce(&[u8]) -> T + Send + 'static,
) -> Result<T, SkillFailure> {
    if reply.len() <= ON_THE_SPOT && !may_hold_html(&reply) {
        return Ok(work(&reply));
    }
    tokio::task::spawn_blocking(move || work(&reply)).await.map_err(|_| SkillFailure::Internal)
}

/// Whether there is a `<`, which JSON may also write `\\u003c`.
fn may_hold_html(reply: &[u8]) -> bool {
    reply.contains(&b'<') || reply.windows(5).any(|window| window == b"\\u003")
}

/// Reads a reply as JSON, see [`json`].
pub(crate) async fn read(reply: Vec<u8>) -> Result<Value, SkillFailure> {
    worked_on(reply, json).await?
}

/// Reads a body as JSON. `serde_json`'s own messages quote the input, so only the place is told.
pub(crate) fn json(body: &[u8]) -> Result<Value, SkillFailure> {
    let (objects, values) = count(body);
    if objects > MAX_OBJECTS || values > MAX_VALUES {
        return Err(malformed("it holds too many values"));
    }
    serde_json::from_slice(body).map_err(|error| match error.classify() {
        Category::Eof if body.iter().all(u8::is_ascii_whitespace) => malformed("it is empty"),
        Category::Eof => malformed("it ends in the middle of the JSON"),
        _ => malformed(format!("it is not JSON at line {}, column {}", error.line(), error.column())),
    })
}

/// How many objects and how many values there are, at most and about.
fn count(body: &[u8]) -> (usize, usize) {
    let (mut objects, mut values) = (0, 1);
    let (mut in_text, mut escaped) = (false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'{' => objects += 1,
            b',' | b'[' | b':' => values += 1,
            _ => {}
        }
    }
    (objects, values)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_that_would_take_much_more_memory_than_they_are_long_are_refused() {
        let too_many = || Err(malformed("it holds too many values"));
        let list = |item: &str, count: usize| format!("[{}]", vec![item; count].join(","));
        assert!(json(list(r#"{"a":1}"#, MAX_OBJECTS).as_bytes()).is_ok());
        assert_eq!(json(list(r#"{"a":1}"#, MAX_OBJECTS + 1).as_bytes()), too_many());
        assert!(json(list("0", MAX_VALUES - 1).as_bytes()).is_ok());
        assert_eq!(json(list("0", MAX_VALUES).as_bytes()), too_many());
    }

    #[tokio::test]
    async fn what_may_take_long_is_worked_on_aside() {
        let here = std::thread::current().id();
        let there = async |reply: &str| {
            let worked_on = worked_on(reply.as_bytes().to_vec(), |_| std::thread::current().id());
            worked_on.await.unwrap() != here
        };
        assert!(!there(r#"{"a": "b"}"#).await);
        for reply in [&"1".repeat(ON_THE_SPOT + 1), r#"{"a": "<b>"}"#, r#"{"a": "\u003cb"}"#] {
            assert!(there(reply).await, "{}", &reply[..10]);
        }
        let panicked: Result<(), _> = worked_on(vec![b'<'], |_| panic!("it breaks")).await;
        assert_eq!(panicked, Err(SkillFailure::Internal));
    }

    #[test]
    fn what_stands_in_texts_does_not_count() {
        let text = format!(r#"{{"a\\\"b": "{}"}}"#, r#"{,[:\""#.repeat(MAX_VALUES));
        assert_eq!(count(text.as_bytes()), (1, 2));
        assert!(json(text.as_bytes()).is_ok());
    }
}
