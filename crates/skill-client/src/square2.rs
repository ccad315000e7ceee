//! The protocol `square2`: `{"query", "skill_args", "num_results"}`, answered by
//! `{"predictions": [{"prediction_score", "prediction_output": {"output", "output_score"}}]}`.

use crate::failure::malformed;
use crate::reply::{array, as_text, json, number, object};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use square_skills::{ResultBody, ResultItem, SkillFailure, SkillRequest};

#[derive(Serialize)]
struct Call<'a> {
    query: &'a str,
    skill_args: &'a RawValue,
    num_results: u16,
}

/// The body of the call; a skill that gets no arguments gets an empty object.
pub(crate) fn query(request: &SkillRequest) -> Result<Vec<u8>, SkillFailure> {
    let internal = |_| SkillFailure::Internal;
    let skill_args = serde_json::from_str(request.skill_args.as_deref().unwrap_or("{}")).map_err(internal)?;
    let call = Call { query: &request.question, skill_args, num_results: request.max_results };
    serde_json::to_vec(&call).map_err(internal)
}

/// Reads a reply; only the first `max_results` predictions are looked at.
pub(crate) fn items(reply: &[u8], max_results: usize) -> Result<Vec<ResultItem>, SkillFailure> {
    let mut reply = object(json(reply)?, "the reply")?;
    let predictions = reply.remove("predictions").ok_or_else(|| malformed("it has no \"predictions\""))?;
    let predictions = array(predictions, "\"predictions\"")?;
    let numbered = predictions.into_iter().take(max_results).enumerate();
    numbered.map(|(index, prediction)| item(prediction, &format!("prediction {}", index + 1))).collect()
}

/// Reads one prediction; `what` names it. Its documents are not shown.
fn item(prediction: Value, what: &str) -> Result<ResultItem, SkillFailure> {
    let mut prediction = object(prediction, what)?;
    let score = number(prediction.get("prediction_score"), &format!("the score of {what}"))?;
    let output = prediction.remove("prediction_output");
    let output = output.ok_or_else(|| malformed(format!("{what} has no \"prediction_output\"")))?;
    let mut output = object(output, &format!("the output of {what}"))?;
    let output_score = number(output.get("output_score"), &format!("the output score of {what}"))?;
    let text = output.remove("output").ok_or_else(|| malformed(format!("{what} has no \"output\"")))?;
    Ok(ResultItem { body: ResultBody::PlainText(as_text(text)), score: score.or(output_score) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn predictions_are_read_as_texts_with_scores() {
        let reply = r#"{"predictions": [
            {"prediction_score": 0.75, "prediction_output": {"output": "Heat", "output_score": 0.5}, "prediction_documents": [{}]},
            {"prediction_output": {"output": 1995, "output_score": 0.5}},
            {"prediction_score": null, "prediction_output": {"output": "Ronin"}}
        ], "more": 1}"#;
        let wanted = [
            ResultItem { score: Some(0.75), ..ResultItem::text("Heat") },
            ResultItem { score: Some(0.5), ..ResultItem::text("1995") },
            ResultItem::text("Ronin"),
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
        ] {
            let fault = items(reply.as_bytes(), 10).unwrap_err();
            assert_eq!(fault, SkillFailure::Malformed(wanted.into()), "{reply}");
        }
    }
}
