//! The protocol `square2`: `{"query", "skill_args", "num_results", …}`, answered by
//! `{"predictions": [{"prediction_score", "prediction_output": {"output", "output_score"}, "prediction_documents"}]}`.
//!
//! What is read is read liberally: skills of all ages leave out scores and documents, and some name an output, its
//! score or a document by itself, without the object that should be around it.

use crate::failure::malformed;
use crate::reply::{Object, array, as_text, json, number, object};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use square_kernel::SkillId;
use square_skills::{Document, ResultBody, ResultItem, SkillFailure, SkillRequest};
use url::Url;

/// How many documents of one prediction are kept.
const MAX_DOCUMENTS: usize = 20;

#[derive(Serialize)]
struct Call<'a> {
    query: &'a str,
    skill: Skill,
    skill_args: &'a RawValue,
    /// Nobody's: who asks is not passed on.
    user_id: &'a str,
    explain_kwargs: Empty,
    model_kwargs: Empty,
    num_results: u16,
}

#[derive(Serialize)]
struct Skill {
    id: String,
}

#[derive(Serialize)]
struct Empty {}

/// The body of the call; a skill that gets no arguments gets an empty object.
pub(crate) fn query(skill: SkillId, request: &SkillRequest) -> Result<Vec<u8>, SkillFailure> {
    let internal = |_| SkillFailure::Internal;
    let skill_args = serde_json::from_str(request.skill_args.as_deref().unwrap_or("{}")).map_err(internal)?;
    let call = Call {
        query: &request.question,
        skill: Skill { id: skill.to_string() },
        skill_args,
        user_id: "",
        explain_kwargs: Empty {},
        model_kwargs: Empty {},
        num_results: request.max_results,
    };
    serde_json::to_vec(&call).map_err(internal)
}

/// Whether a reply is one of this protocol.
pub(crate) fn is_reply(reply: &Value) -> bool {
    reply.get("predictions").is_some_and(Value::is_array)
}

/// Reads a reply; only the first `max_results` predictions are looked at.
pub(crate) fn items(reply: &[u8], max_results: usize) -> Result<Vec<ResultItem>, SkillFailure> {
    let mut reply = object(json(reply)?, "the reply")?;
    let predictions = reply.remove("predictions").ok_or_else(|| malformed("it has no \"predictions\""))?;
    let predictions = array(predictions, "\"predictions\"")?;
    let numbered = predictions.into_iter().take(max_results).enumerate();
    numbered.map(|(index, prediction)| item(prediction, &format!("prediction {}", index + 1))).collect()
}

/// Reads one prediction; `what` names it.
fn item(prediction: Value, what: &str) -> Result<ResultItem, SkillFailure> {
    let mut prediction = object(prediction, what)?;
    let score = number(prediction.get("prediction_score"), &format!("the score of {what}"))?;
    let output = prediction.remove("prediction_output");
    let output = output.ok_or_else(|| malformed(format!("{what} has no \"prediction_output\"")))?;
    let (text, output_score) = match output {
        Value::Object(mut output) => {
            let score = number(output.get("output_score"), &format!("the output score of {what}"))?;
            let text =
                output.remove("output").ok_or_else(|| malformed(format!("{what} has no \"output\"")))?;
            (text, score)
        }
        Value::String(text) => (Value::String(text), None),
        _ => return Err(malformed(format!("the output of {what} is not an object"))),
    };
    let documents = documents(prediction.remove("prediction_documents"), what)?;
    Ok(ResultItem { body: ResultBody::PlainText(as_text(text)), score: score.or(output_score), documents })
}

fn documents(documents: Option<Value>, what: &str) -> Result<Vec<Document>, SkillFailure> {
    let documents = match documents {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(documents) => array(documents, &format!("\"prediction_documents\" of {what}"))?,
    };
    let numbered = documents.into_iter().take(MAX_DOCUMENTS).enumerate();
    numbered.map(|(index, one)| document(one, &format!("document {} of {what}", index + 1))).collect()
}

fn document(document: Value, what: &str) -> Result<Document, SkillFailure> {
    let mut document = match document {
        Value::String(text) => return Ok(Document { text, ..Document::default() }),
        other => object(other, what)?,
    };
    let score = number(document.get("document_score"), &format!("the score of {what}"))?;
    let text = ["document", "text"].into_iter().find_map(|name| document.remove(name));
    let text = as_text(text.ok_or_else(|| malformed(format!("{what} has no \"document\"")))?);
    Ok(Document {
        text,
        url: filled(&mut document, "url").filter(|url| is_link(url)),
        source: filled(&mut document, "source"),
        id: filled(&mut document, "document_id"),
        score,
    })
}

/// A field that says something: absent ones are written as empty texts as often as left out.
fn filled(document: &mut Object, name: &str) -> Option<String> {
    document.remove(name).map(as_text).filter(|text| !text.trim().is_empty())
}

/// Whether a client may make a link of it: other schemes can act.
fn is_link(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn predictions_are_read_as_texts_with_scores_and_documents() {
        let reply = r#"{"predictions": [
            {"prediction_score": 0.75, "prediction_output": {"output": "Heat", "output_score": 0.5}, "prediction_documents": [
                {"index": "wiki", "document_id": "7", "document": "Heat is a film.", "span": [0, 4],
                 "url": "https://a.example/heat", "source": "Wikipedia", "document_score": 12.5},
                {"document": "Ronin", "document_id": "", "url": "javascript:x()", "source": null},
                "Just text"
            ]},
            {"prediction_output": {"output": 1995, "output_score": 0.5}, "prediction_documents": null},
            {"prediction_score": null, "prediction_output": {"output": "Ronin"}},
            {"prediction_output": "Bare"}
        ], "more": 1}"#;
        let documents = vec![
            Document {
                text: "Heat is a film.".into(),
                url: Some("https://a.example/heat".into()),
                source: Some("Wikipedia".into()),
                id: Some("7".into()),
                score: Some(12.5),
            },
            Document { text: "Ronin".into(), ..Document::default() },
            Document { text: "Just text".into(), ..Document::default() },
        ];
        let wanted = [
            ResultItem { score: Some(0.75), documents, ..ResultItem::text("Heat") },
            ResultItem { score: Some(0.5), ..ResultItem::text("1995") },
            ResultItem::text("Ronin"),
            ResultItem::text("Bare"),
        ];
        assert_eq!(items(reply.as_bytes(), 10).unwrap(), wanted);
        assert_eq!(items(reply.as_bytes(), 1).unwrap(), wanted[..1]);
    }

    #[test]
    fn faults_are_told_by_their_place() {
        for (reply, wanted) in [
            ("[]", "the reply is not an object"),
            ("{}", "it has no \"predictions\""),
            (r#"{"predictions": {}}"#, "\"predictions\" is not an array"),
            (r#"{"predictions": [1]}"#, "prediction 1 is not an object"),
            (r#"{"predictions": [{}]}"#, "prediction 1 has no \"prediction_output\""),
            (r#"{"predictions": [{"prediction_output": 1}]}"#, "the output of prediction 1 is not an object"),
            (r#"{"predictions": [{"prediction_output": {}}]}"#, "prediction 1 has no \"output\""),
            (r#"{"predictions": [{"prediction_score": "x"}]}"#, "the score of prediction 1 is not a number"),
            (
                r#"{"predictions": [{"prediction_output": "a", "prediction_documents": {}}]}"#,
                "\"prediction_documents\" of prediction 1 is not an array",
            ),
            (
                r#"{"predictions": [{"prediction_output": "a", "prediction_documents": [{}]}]}"#,
                "document 1 of prediction 1 has no \"document\"",
            ),
        ] {
            let fault = items(reply.as_bytes(), 10).unwrap_err();
            assert_eq!(fault, SkillFailure::Malformed(wanted.into()), "{reply}");
        }
    }
}
