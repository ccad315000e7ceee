use crate::Fault;
use crate::lenient::whole_number;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use square_kernel::{FieldError, Invalid};
use square_routing::{
    Deadline, MaxResults, MaxSkills, Question, QuestionText, Selection, SelectorRef, SkillRef,
};
use std::sync::Arc;
use utoipa::ToSchema;

/// A question in either of the two forms that clients send. Unknown keys are passed over.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum QuestionRequest {
    /// `question` with `options`.
    Nested(NestedQuestion),
    /// `query` with everything else beside it.
    Flat(FlatQuestion),
}

/// A question with its options in an object of their own. `question` alone is enough.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"question": "Which actors played in Heat?", "options": {"maxQuerriedSkills": 3}}))]
pub struct NestedQuestion {
    /// What is asked, 1 to 4000 characters.
    pub question: Option<String>,
    /// How it is to be answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub options: Option<QuestionOptions>,
}

/// How a question is to be answered; each option has a default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuestionOptions {
    /// The selector's name, one of `GET /selectors`; the default one where it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    /// Only these skills, in this order of preference. Every published skill where it is missing or empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selected_skills: Option<Vec<SkillChoice>>,
    /// How many skills are asked at most, 1 to 50; 3 where it is missing.
    #[serde(default, deserialize_with = "whole_number", skip_serializing_if = "Option::is_none")]
    pub max_querried_skills: Option<i64>,
    /// How many results each skill may give, 1 to 100; 10 where it is missing.
    #[serde(default, deserialize_with = "whole_number", skip_serializing_if = "Option::is_none")]
    pub max_results_per_skill: Option<i64>,
}

/// A question with its options beside it. `query` alone is enough.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"query": "Which actors played in Heat?", "num_results": 5}))]
pub struct FlatQuestion {
    /// What is asked, 1 to 4000 characters.
    pub query: Option<String>,
    /// Only these skills, in this order of preference. Every published skill where it is missing or empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skills: Option<Vec<SkillChoice>>,
    /// An object that is handed to the skills: at most 16384 bytes of JSON, at most 16 objects and arrays within one another.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub skill_args: Option<Map<String, Value>>,
    /// The selector's name, one of `GET /selectors`; the default one where it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meta_qa_skill_selector: Option<String>,
    /// How many skills are asked at most, 1 to 50; 3 where it is missing.
    #[serde(default, deserialize_with = "whole_number", skip_serializing_if = "Option::is_none")]
    pub num_selected_skills: Option<i64>,
    /// How many results each skill may give, 1 to 100; 10 where it is missing.
    #[serde(default, deserialize_with = "whole_number", skip_serializing_if = "Option::is_none")]
    pub num_results: Option<i64>,
    /// Taken for compatibility and passed over: who asks is told by the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub user_id: Option<Value>,
}

/// A skill as a client names it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged, expecting = "a skill's id, its name, or an object with one of them")]
pub enum SkillChoice {
    /// Its id or its name.
    Text(String),
    /// A skill object, of which the id counts, or the name where there is no id.
    Object {
        /// Its id.
        id: Option<String>,
        /// Its name, in any case.
        name: Option<String>,
    },
}

impl QuestionRequest {
    /// Asks `question`, all else left to the server.
    pub fn new(question: impl Into<String>) -> Self {
        Self::Nested(NestedQuestion { question: Some(question.into()), options: None })
    }

    /// Reads a JSON body. It is in the flat form when it has `query` and no `question`; what is `null` is not
    /// there. A value of the wrong
    /// type is a fault that names its field, such as `options.maxQuerriedSkills`.
    pub fn read(body: Value) -> Result<Self, Fault> {
        if !body.is_object() {
            return Err(Fault::malformed("the question must be a JSON object"));
        }
        let has = |key| body.get(key).is_some_and(|value: &Value| !value.is_null());
        let flat = has("query") && !has("question");
        if flat { read(body).map(Self::Flat) } else { read(body).map(Self::Nested) }
    }

    /// The question it stands for, to be answered within `deadline_ms` milliseconds (10 000 where `None`).
    /// All fields that break a rule are named at once.
    pub fn question(self, deadline_ms: Option<i64>) -> Result<Question, Invalid> {
        match self {
            Self::Nested(nested) => {
                let options = nested.options.unwrap_or_default();
                let names = Names {
                    text: "question",
                    selector: "options.selector",
                    skills: "options.selectedSkills",
                    max_skills: "options.maxQuerriedSkills",
                    max_results: "options.maxResultsPerSkill",
                };
                Parts {
                    text: nested.question,
                    selector: options.selector,
                    skills: options.selected_skills,
                    max_skills: options.max_querried_skills,
                    max_results: options.max_results_per_skill,
                    skill_args: None,
                }
                .question(&names, deadline_ms)
            }
            Self::Flat(flat) => {
                let names = Names {
                    text: "query",
                    selector: "meta_qa_skill_selector",
                    skills: "skills",
                    max_skills: "num_selected_skills",
                    max_results: "num_results",
                };
                Parts {
                    text: flat.query,
                    selector: flat.meta_qa_skill_selector,
                    skills: flat.skills,
                    max_skills: flat.num_selected_skills,
                    max_results: flat.num_results,
                    skill_args: flat.skill_args,
                }
                .question(&names, deadline_ms)
            }
        }
    }
}

pub(crate) fn read<T: DeserializeOwned>(body: Value) -> Result<T, Fault> {
    serde_path_to_error::deserialize(body)
        .map_err(|error| Fault::wrong_type(&error.path().to_string(), &error.inner().to_string()))
}

/// What the fields are called in the form that was sent.
struct Names {
    text: &'static str,
    selector: &'static str,
    skills: &'static str,
    max_skills: &'static str,
    max_results: &'static str,
}

struct Parts {
    text: Option<String>,
    selector: Option<String>,
    skills: Option<Vec<SkillChoice>>,
    max_skills: Option<i64>,
    max_results: Option<i64>,
    skill_args: Option<Map<String, Value>>,
}

impl Parts {
    fn question(self, names: &Names, deadline_ms: Option<i64>) -> Result<Question, Invalid> {
        let mut invalid = Invalid::default();
        let text = invalid.collect(QuestionText::parse(names.text, &self.text.unwrap_or_default()));
        let skills = invalid.collect(selection(names.skills, self.skills.unwrap_or_default()));
        let max_skills =
            self.max_skills.map_or(Ok(MaxSkills::default()), |n| MaxSkills::parse(names.max_skills, n));
        let max_skills = invalid.collect(max_skills);
        let max_results =
            self.max_results.map_or(Ok(MaxResults::default()), |n| MaxResults::parse(names.max_results, n));
        let max_results = invalid.collect(max_results);
        let deadline = invalid.collect(deadline_ms.map_or(Ok(Deadline::default()), Deadline::parse));
        let skill_args = invalid.collect(self.skill_args.map(skill_args).transpose());
        match (text, skills, max_skills, max_results, deadline, skill_args) {
            (
                Some(text),
                Some(selection),
                Some(max_skills),
                Some(max_results),
                Some(deadline),
                Some(skill_args),
            ) => Ok(Question {
                text,
                selector: self
                    .selector
                    .filter(|name| !name.trim().is_empty())
                    .map(|name| SelectorRef { field: names.selector, name }),
                selection,
                max_skills,
                max_results,
                skill_args,
                deadline,
                unattended: false,
            }),
            _ => Err(invalid),
        }
    }
}

/// How large what is handed to skills may be, in bytes of JSON. Each skill that is asked gets it.
const MOST_ARGS: usize = 16 * 1024;
/// How many objects and arrays may stand within one another in it: a skill's parser may take a call of its own for each.
const DEEPEST_ARGS: usize = 16;

fn skill_args(args: Map<String, Value>) -> Result<Arc<str>, FieldError> {
    let fault = |message: String| Err(FieldError::new("skill_args", message));
    let args = Value::Object(args);
    if !is_within(&args, DEEPEST_ARGS) {
        return fault(format!("must have at most {DEEPEST_ARGS} objects and arrays within one another"));
    }
    let text = args.to_string();
    if text.len() > MOST_ARGS {
        return fault(format!("must have at most {MOST_ARGS} bytes"));
    }
    Ok(text.into())
}

/// Whether a value has at most `depth` objects and arrays within one another. Parsing has bounded how many there can be.
fn is_within(value: &Value, depth: usize) -> bool {
    let deeper = |value: &Value| is_within(value, depth - 1);
    match value {
        Value::Object(members) => depth > 0 && members.values().all(deeper),
        Value::Array(items) => depth > 0 && items.iter().all(deeper),
        _ => true,
    }
}

fn selection(field: &'static str, skills: Vec<SkillChoice>) -> Result<Selection, FieldError> {
    if skills.is_empty() {
        return Ok(Selection::Published);
    }
    let skills = skills.into_iter().map(SkillChoice::into_ref).collect::<Option<Vec<_>>>();
    let skills =
        skills.ok_or_else(|| FieldError::new(field, "must consist of skills with an id or a name"))?;
    Ok(Selection::Only { field, skills })
}

impl SkillChoice {
    pub(crate) fn into_ref(self) -> Option<SkillRef> {
        let text = match self {
            Self::Text(text) => text,
            Self::Object { id, name } => id.or(name)?,
        };
        let by_name = || (!text.trim().is_empty()).then(|| SkillRef::Name(text.trim().to_owned()));
        text.parse().map(SkillRef::Id).ok().or_else(by_name)
    }
}
