use async_trait::async_trait;
use square_kernel::Asker;
use square_skills::{DeltaSink, ResultItem, Skill, SkillFailure, SkillRequest};
use std::sync::Mutex;

pub(crate) fn request() -> SkillRequest {
    SkillRequest { question: "Who?".into(), max_results: 3, asker: Asker::default(), skill_args: None }
}

#[expect(clippy::unnecessary_wraps, reason = "it is compared with what a skill answers")]
pub(crate) fn good() -> Result<Vec<ResultItem>, SkillFailure> {
    Ok(vec![ResultItem::text("Al Pacino")])
}

/// A skill that tells its answer in two parts.
pub(crate) struct InParts;

#[async_trait]
impl Skill for InParts {
    async fn answer(&self, _request: &SkillRequest) -> Result<Vec<ResultItem>, SkillFailure> {
        good()
    }

    async fn answer_in_parts(
        &self,
        _request: &SkillRequest,
        deltas: &dyn DeltaSink,
    ) -> Result<Vec<ResultItem>, SkillFailure> {
        deltas.grown("Al ");
        deltas.grown("Pacino");
        good()
    }
}

#[derive(Default)]
pub(crate) struct Heard(Mutex<Vec<String>>);

impl Heard {
    pub(crate) fn pieces(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl DeltaSink for Heard {
    fn grown(&self, piece: &str) {
        self.0.lock().unwrap().push(piece.to_owned());
    }
}
