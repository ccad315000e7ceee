use crate::trouble::Trouble;
use serde_json::Value;
use square_kernel::{SkillId, parse_uuid};
use std::collections::HashMap;

/// Reads scores in any of the forms that model servers send: pairs `[["id", 0.9], …]`, an object
/// `{"id": 0.9, …}`, or objects `[{"id": "id", "score": 0.9}, …]` (`skill_id` will do too); each also as `scores` of an object.
///
/// What has another server's kind of id is no skill of ours and is passed over. A score that is no number from 0 to 1 makes all
/// of them worthless.
pub(super) fn read(answer: Value) -> Result<HashMap<SkillId, f32>, Trouble> {
    match answer {
        Value::Object(mut object) => match object.remove("scores") {
            Some(scores @ (Value::Object(_) | Value::Array(_))) => read(scores),
            Some(score) => Err(Trouble::Malformed(format!("its scores are {}", kind(&score)))),
            None => object.iter().filter_map(|(id, score)| scored(id, score)).collect(),
        },
        Value::Array(items) => items.iter().filter_map(pair).collect(),
        other => Err(Trouble::Malformed(format!("its scores are {}", kind(&other)))),
    }
}

type Scored = Result<(SkillId, f32), Trouble>;

/// `None` where the id is no skill's of ours.
fn pair(item: &Value) -> Option<Scored> {
    let (id, score) = match item {
        Value::Array(pair) => (pair.first(), pair.get(1)),
        Value::Object(object) => (object.get("id").or_else(|| object.get("skill_id")), object.get("score")),
        _ => (None, None),
    };
    match (id, score) {
        (Some(Value::String(id)), Some(score)) => scored(id, score),
        (Some(Value::Number(_)), Some(_)) => None,
        _ => Some(Err(Trouble::Malformed("one of its scores is of no skill".to_owned()))),
    }
}

fn scored(id: &str, score: &Value) -> Option<Scored> {
    let id = parse_uuid(id).ok()?;
    #[expect(clippy::cast_possible_truncation, reason = "a score needs no more digits")]
    let fine = score.as_f64().filter(|score| (0.0..=1.0).contains(score)).map(|score| score as f32);
    Some(fine.map_or_else(
        || Err(Trouble::Malformed("one of its scores is no number from 0 to 1".to_owned())),
        |score| Ok((id.into(), score)),
    ))
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "missing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "one number",
        Value::String(_) => "a text",
        Value::Array(_) | Value::Object(_) => "not there",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const A: &str = "00000000-0000-0000-0000-00000000000a";
    const B: &str = "0000000000000000000000000000000b";

    fn told(answer: Value) -> Result<Vec<(u128, f32)>, String> {
        let scores = read(answer).map_err(|trouble| trouble.to_string())?;
        let mut scores: Vec<_> = scores.into_iter().map(|(id, score)| (id.uuid().as_u128(), score)).collect();
        scores.sort_by_key(|(id, _)| *id);
        Ok(scores)
    }

    #[test]
    fn scores_come_in_several_forms() {
        for answer in [
            json!([[A, 0.5], [B, 1]]),
            json!({A: 0.5, B: 1}),
            json!([{"id": A, "score": 0.5}, {"skill_id": B, "score": 1.0}]),
            json!({"scores": [[A, 0.5], [B, 1.0]]}),
            json!([[A, 0.5], [B, 1.0], ["another's", 0.3], [17, 0.9]]),
        ] {
            assert_eq!(told(answer.clone()), Ok(vec![(10, 0.5), (11, 1.0)]), "{answer}");
        }
        assert_eq!(told(json!([])), Ok(vec![]));
    }

    #[test]
    fn what_is_no_score_is_told_in_words() {
        for (answer, said) in [
            (json!([[A, 1.5]]), "no number from 0 to 1"),
            (json!([[A, -0.1]]), "no number from 0 to 1"),
            (json!({A: "high"}), "no number from 0 to 1"),
            (json!([[A]]), "of no skill"),
            (json!(["a"]), "of no skill"),
            (json!(null), "missing"),
            (json!({"scores": 3}), "one number"),
        ] {
            let error = told(answer.clone()).unwrap_err();
            assert!(error.contains(said), "{answer}: {error}");
        }
    }
}
