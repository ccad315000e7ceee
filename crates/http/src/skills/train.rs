use super::training_files;
use crate::Failure;
use crate::api::State;
use crate::extract::{Id, SignedIn};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, post};
use serde::{Deserialize, Serialize};
use square_kernel::SkillId;
use square_wire::ErrorBody;
use utoipa::ToSchema;

/// What comes of asking for a training.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct TrainingStarted {
    /// A sentence for people.
    #[schema(example = "Started training for the skill")]
    msg: String,
}

/// The two files, as a form.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read as a stream; stands here for the document")]
pub(crate) struct TrainingForm {
    /// Example questions to learn from: UTF-8, one a line, at most 5 MiB.
    #[schema(format = Binary, content_media_type = "text/plain")]
    train_file: String,
    /// Held-out questions to measure with: UTF-8, one a line, at most 5 MiB.
    #[schema(format = Binary, content_media_type = "text/plain")]
    dev_file: String,
}

/// Train and publish a skill
///
/// The skill is trained in the background and then published; `training` tells how far it is.
#[utoipa::path(
    tag = "skills",
    params(("id" = Uuid, Path, description = "The skill.")),
    request_body(content = TrainingForm, content_type = "multipart/form-data"),
    security(("token" = [])),
    responses(
        (status = 200, description = "The training has begun.", body = TrainingStarted),
        (status = 403, description = "The skill is somebody else's.", body = ErrorBody),
        (status = 404, description = "The skill is unknown or not yours to see, or a file is missing.", body = ErrorBody),
    )
)]
#[post("/skill/{id}/train")]
pub(crate) async fn train_skill(
    state: Data<State>,
    caller: SignedIn,
    Id(id): Id<SkillId>,
    request: HttpRequest,
    form: Payload,
) -> Result<HttpResponse, Failure> {
    let skills = &state.services.skills;
    // Asked first, so that nobody sends megabytes for nothing.
    skills.may_train(&caller.asker, id).await?;
    let time = state.services.settings.upload_time_limit;
    let examples = training_files::read(&request, form.into_inner(), time).await?;
    skills.train(&caller.asker, id, examples).await?;
    Ok(HttpResponse::Ok().json(TrainingStarted { msg: "Started training for the skill".to_owned() }))
}
