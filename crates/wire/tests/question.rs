//! Both forms of a question, read from JSON.

use serde_json::{Value, json};
use square_kernel::SkillId;
use square_routing::{Question, Selection, SkillRef};
use square_wire::{Fault, QuestionRequest};

const ID: &str = "01932c07-1c2b-7d3e-8f4a-5b6c7d8e9fa0";

fn read(body: Value) -> Result<Question, Fault> {
    QuestionRequest::read(body)?.question(None).map_err(|invalid| Fault::from(&invalid))
}

/// Status and fields at fault, each with its message.
fn refusal(body: Value) -> String {
    let fault = read(body).expect_err("the body is bad");
    let details: Vec<String> = fault.details.iter().map(ToString::to_string).collect();
    format!("{} {}", fault.status, details.join("; "))
}

#[test]
fn a_question_alone_is_enough() {
    for body in [
        json!({"question": " Who? "}),
        json!({"query": "Who?"}),
        json!({"query": "Who?", "question": null}),
        json!({"query": null, "question": "Who?"}),
        json!({"question": "Who?", "options": null}),
    ] {
        let question = read(body).unwrap();
        assert_eq!(question.text.as_str(), "Who?");
        assert_eq!(question.selection, Selection::Published);
        assert_eq!((question.max_skills.get(), question.max_results.get()), (3, 10));
        assert_eq!(question.deadline.get().as_millis(), 10_000);
        assert_eq!((question.selector, question.skill_args), (None, None));
    }
}

#[test]
fn numbers_may_be_sent_as_text() {
    let question = read(json!({"question": "Who?", "options": {
        "selector": "Base", "maxQuerriedSkills": "5", "maxResultsPerSkill": 7, "colour": "blue",
    }}))
    .unwrap();
    assert_eq!((question.max_skills.get(), question.max_results.get()), (5, 7));
    assert_eq!(question.selector.map(|selector| selector.name).as_deref(), Some("Base"));
}

#[test]
fn skills_are_named_by_object_id_or_name() {
    let question = read(json!({"question": "Who?", "options": {
        "selectedSkills": [{"id": ID, "name": "A", "url": "http://a"}, ID.replace('-', ""), "Weather", {"name": "Films"}],
    }}))
    .unwrap();
    let id: SkillId = ID.parse().unwrap();
    let named = |name: &str| SkillRef::Name(name.to_owned());
    let skills = vec![SkillRef::Id(id), SkillRef::Id(id), named("Weather"), named("Films")];
    assert_eq!(question.selection, Selection::Only { field: "options.selectedSkills", skills });
}

#[test]
fn the_flat_form_has_everything_beside_the_query() {
    let question = read(json!({
        "query": "Who?", "skills": ["Films"], "skill_args": {"depth": 2}, "meta_qa_skill_selector": "Base",
        "num_selected_skills": 2, "num_results": "4", "user_id": 17,
    }))
    .unwrap();
    assert_eq!(question.skill_args.as_deref(), Some(r#"{"depth":2}"#));
    assert_eq!((question.max_skills.get(), question.max_results.get()), (2, 4));
    assert!(matches!(question.selection, Selection::Only { field: "skills", .. }));
}

#[test]
fn wrong_types_name_their_field() {
    insta::assert_snapshot!(refusal(json!({"question": 5})), @"400 question invalid type: integer `5`, expected a string");
    insta::assert_snapshot!(refusal(json!({"question": "Who?", "options": {"maxQuerriedSkills": "many"}})), @r#"400 options.maxQuerriedSkills invalid value: string "many", expected a whole number"#);
    insta::assert_snapshot!(refusal(json!({"question": "Who?", "options": {"maxResultsPerSkill": 1.5}})), @"400 options.maxResultsPerSkill invalid type: floating point `1.5`, expected a whole number");
    insta::assert_snapshot!(refusal(json!({"question": "Who?", "options": {"selectedSkills": ["A", 5]}})), @"400 options.selectedSkills[1] a skill's id, its name, or an object with one of them");
    insta::assert_snapshot!(refusal(json!({"question": "Who?", "options": []})), @"400 options invalid length 0, expected an object");
    insta::assert_snapshot!(refusal(json!({"query": "Who?", "skill_args": []})), @"400 skill_args invalid type: sequence, expected a map");
    insta::assert_snapshot!(refusal(json!("Who?")), @"400");
}

#[test]
fn all_fields_that_break_a_rule_are_named_at_once() {
    insta::assert_snapshot!(
        refusal(json!({"question": " ", "options": {"maxQuerriedSkills": 51, "maxResultsPerSkill": 0, "selectedSkills": [""]}})),
        @"422 question must not be empty; options.selectedSkills must consist of skills with an id or a name; options.maxQuerriedSkills must be between 1 and 50; options.maxResultsPerSkill must be between 1 and 100"
    );
    insta::assert_snapshot!(refusal(json!({"query": "x".repeat(4001), "num_results": u64::MAX})), @"422 query must have at most 4000 characters; num_results must be between 1 and 100");
    insta::assert_snapshot!(refusal(json!({})), @"422 question must not be empty");
}

#[test]
fn what_a_client_sends_is_what_is_read() {
    let sent = serde_json::to_value(QuestionRequest::new("Who?")).unwrap();
    assert_eq!(QuestionRequest::read(sent).unwrap(), QuestionRequest::new("Who?"));
}

#[test]
fn what_is_handed_to_skills_has_bounds() {
    let args = |args: Value| json!({"query": "Who?", "skill_args": args});
    let nested = |depth: usize| (1..depth).fold(json!({}), |inner, _| json!({"a": [7], "b": inner}));
    let text = |length: usize| json!({"a": "x".repeat(length)});
    // `{"a":""}` takes eight bytes.
    for fine in [json!({}), nested(16), text(16 * 1024 - 8)] {
        assert_eq!(read(args(fine.clone())).unwrap().skill_args.as_deref(), Some(&*fine.to_string()));
    }
    let deep = "422 skill_args must have at most 16 objects and arrays within one another";
    assert_eq!(refusal(args(nested(17))), deep);
    let arrays = (0..16).fold(json!(1), |inner, _| json!([inner]));
    assert_eq!(refusal(args(json!({"a": arrays}))), deep);
    assert_eq!(refusal(args(text(16 * 1024 - 7))), "422 skill_args must have at most 16384 bytes");
    let both = json!({"query": " ", "skill_args": text(20_000)});
    assert_eq!(refusal(both), "422 query must not be empty; skill_args must have at most 16384 bytes");
}
