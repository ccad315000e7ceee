//! The protocol `square`: `{"question", "options": {"maxResults"}}`, answered by an array of results.

use crate::failure::malformed;
use crate::html::Sanitiser;
use crate::reply::{Object, array, as_text, json, number, object};
use serde::Serialize;
use serde_json::Value;
use square_skills::{ResultBody, ResultItem, SkillFailure, SkillRequest};

#[derive(Serialize)]
struct Call<'a> {
    question: &'a str,
    options: Options,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Options {
    max_results: u16,
}

/// The body of the call.
pub(crate) fn query(request: &SkillRequest) -> Result<Vec<u8>, SkillFailure> {
    let options = Options { max_results: request.max_results };
    serde_json::to_vec(&Call { question: &request.question, options }).map_err(|_| SkillFailure::Internal)
}

/// Reads a reply; only the first `max_results` results are looked at.
pub(crate) fn items(reply: &[u8], max_results: usize) -> Result<Vec<ResultItem>, SkillFailure> {
    let results = array(json(reply)?, "the reply")?;
    let mut sanitiser = Sanitiser::default();
    let numbered = results.into_iter().take(max_results).enumerate();
    numbered.map(|(index, result)| item(result, &format!("result {}", index + 1), &mut sanitiser)).collect()
}

/// Reads one result; `what` names it.
fn item(result: Value, what: &str, sanitiser: &mut Sanitiser) -> Result<ResultItem, SkillFailure> {
    let mut result = object(result, what)?;
    let score = number(result.get("score"), &format!("the score of {what}"))?;
    let kind = result.remove("type");
    let body = match kind.as_ref().and_then(Value::as_str) {
        Some("plain_text") => ResultBody::PlainText(text(&mut result, "text", what)?),
        Some("key_value") => ResultBody::KeyValue(pairs(&mut result, what)?),
        Some("raw_html") => {
            let html = text(&mut result, "html", what)?;
            let safe = sanitiser.clean(&html);
            ResultBody::RawHtml(safe.ok_or_else(|| malformed(format!("the HTML of {what} is too complex")))?)
        }
        Some(_) => return Err(malformed(format!("{what} has an unknown type"))),
        None => return Err(malformed(format!("{what} has no type"))),
    };
    Ok(ResultItem { body, score, documents: Vec::new() })
}

/// The content of a result, which some skills put under another name than the one of its type.
fn content(result: &mut Object, name: &str, what: &str) -> Result<Value, SkillFailure> {
    let names = [name, "result", "value", "raw_html"];
    let found = names.into_iter().find_map(|name| result.remove(name));
    found.ok_or_else(|| malformed(format!("{what} has no \"{name}\"")))
}

fn text(result: &mut Object, name: &str, what: &str) -> Result<String, SkillFailure> {
    match content(result, name, what)? {
        Value::String(text) => Ok(text),
        _ => Err(malformed(format!("\"{name}\" of {what} is not a text"))),
    }
}

fn pairs(result: &mut Object, what: &str) -> Result<Vec<(String, String)>, SkillFailure> {
    let pairs = array(content(result, "key_values", what)?, &format!("\"key_values\" of {what}"))?;
    let numbered = pairs.into_iter().enumerate();
    let pairs = numbered.map(|(index, pair)| {
        let pair = match pair {
            Value::Array(pair) => <[Value; 2]>::try_from(pair).ok(),
            _ => None,
        };
        let [key, value] =
            pair.ok_or_else(|| malformed(format!("entry {} of {what} is not a pair", index + 1)))?;
        Ok((as_text(key), as_text(value)))
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(reply: &str) -> String {
        match items(reply.as_bytes(), 10) {
            Err(SkillFailure::Malformed(text)) => text,
            other => panic!("{reply}: {other:?}"),
        }
    }

    #[test]
    fn all_types_are_read() {
        let reply = r#"[
            {"type": "plain_text", "text": "Al Pacino", "score": 0.5},
            {"type": "key_value", "key_values": [["Film", "Heat"], ["Year", 1995], ["Seen", true], ["Note", null]]},
            {"type": "raw_html", "html": "<b onclick=\"x()\">Heat</b><script>x()</script>", "score": 3},
            {"type": "plain_text", "result": "Robert De Niro", "score": null, "more": {}}
        ]"#;
        let pairs = [("Film", "Heat"), ("Year", "1995"), ("Seen", "true"), ("Note", "")];
        let wanted = [
            ResultItem { score: Some(0.5), ..ResultItem::text("Al Pacino") },
            ResultItem::pairs(pairs),
            ResultItem {
                body: ResultBody::RawHtml("<b>Heat</b>".into()),
                score: Some(3.0),
                documents: Vec::new(),
            },
            ResultItem::text("Robert De Niro"),
        ];
        assert_eq!(items(reply.as_bytes(), 10).unwrap(), wanted);
        assert_eq!(items(reply.as_bytes(), 2).unwrap(), wanted[..2]);
        assert_eq!(items(b"[]", 2).unwrap(), []);
    }

    #[test]
    fn faults_are_told_by_their_place_and_never_by_what_was_received() {
        for (reply, wanted) in [
            ("", "it is empty"),
            ("  ", "it is empty"),
            ("[{\"type\"", "it ends in the middle of the JSON"),
            ("<html>secret", "it is not JSON at line 1, column 1"),
            ("[\n secret]", "it is not JSON at line 2, column 2"),
            ("[] secret", "it is not JSON at line 1, column 4"),
            ("\"secret\"", "the reply is not an array"),
            ("{\"secret\": 1}", "the reply is not an array"),
            ("[1]", "result 1 is not an object"),
            ("[{}]", "result 1 has no type"),
            ("[{\"type\": 1}]", "result 1 has no type"),
            (r#"[{"type": "secret"}]"#, "result 1 has an unknown type"),
            (r#"[{"type": "plain_text"}]"#, "result 1 has no \"text\""),
            (r#"[{"type": "plain_text", "text": 1}]"#, "\"text\" of result 1 is not a text"),
            (
                r#"[{"type": "plain_text", "text": "a"}, {"type": "plain_text", "text": "b", "score": "secret"}]"#,
                "the score of result 2 is not a number",
            ),
            (r#"[{"type": "key_value"}]"#, "result 1 has no \"key_values\""),
            (r#"[{"type": "key_value", "key_values": {}}]"#, "\"key_values\" of result 1 is not an array"),
            (
                r#"[{"type": "key_value", "key_values": [["a", "b"], ["a", "b", "c"]]}]"#,
                "entry 2 of result 1 is not a pair",
            ),
            (r#"[{"type": "raw_html"}]"#, "result 1 has no \"html\""),
        ] {
            assert_eq!(fault(reply), wanted, "{reply}");
        }
    }

    #[test]
    fn nesting_without_end_is_a_fault() {
        let deep = |depth| fault(&"[".repeat(depth));
        assert!(deep(5_000).starts_with("it is not JSON at line 1"));
        assert_eq!(deep(500_000), "it holds too many values");
    }
}
