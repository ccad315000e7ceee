use super::view;
use crate::Failure;
use crate::api::State;
use crate::extract::{Caller, Paging, Query};
use actix_web::http::header::{CONTENT_TYPE, HeaderValue, LINK};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use arc_swap::ArcSwapOption;
use bytes::Bytes;
use square_kernel::{Asker, SkillId, Slice};
use square_skills::Skills;
use square_wire::Skill;
use std::sync::Arc;

/// What anybody sees of the skills, as JSON, kept until a skill changes.
#[derive(Default)]
pub(crate) struct SkillsPage(ArcSwapOption<(u64, Bytes)>);

impl SkillsPage {
    /// The list, serialised anew only when a skill has changed.
    fn get(&self, skills: &Skills, anybody: &Asker) -> Bytes {
        // Read before the list: a change in between is then served under the older number, and soon again.
        let revision = skills.revision();
        if let Some(kept) = self.0.load().as_deref()
            && kept.0 == revision
        {
            return kept.1.clone();
        }
        let list: Vec<Skill> = skills.list(anybody).iter().map(|listed| view(listed)).collect();
        // A list of structs always serialises.
        let bytes = Bytes::from(serde_json::to_vec(&list).unwrap_or_default());
        self.0.store(Some(Arc::new((revision, bytes.clone()))));
        bytes
    }
}

/// All skills
///
/// Published ones, and with a token one's own too, oldest first. The list is whole unless `limit` is given;
/// then the header `Link` names the next page and `X-Total-Count` tells how many there are.
#[utoipa::path(tag = "skills", params(Paging), security((), ("token" = [])), responses(
    (status = 200, description = "The skills.", body = [Skill], headers(
        ("Link" = String, description = "The next page, `rel=\"next\"`, where there is one."),
        ("X-Total-Count" = u64, description = "How many skills there are, where `limit` is given."),
    )),
))]
#[get("/skills")]
pub(crate) async fn list_skills(
    request: HttpRequest,
    state: Data<State>,
    Caller(asker): Caller,
    Query(paging): Query<Paging>,
) -> Result<HttpResponse, Failure> {
    let skills = &state.services.skills;
    if !paging.is_empty() {
        return page(
            &request,
            &skills.list(&asker).iter().map(|listed| view(listed)).collect::<Vec<_>>(),
            &paging,
        );
    }
    if asker.user().is_some() {
        let list: Vec<Skill> = skills.list(&asker).iter().map(|listed| view(listed)).collect();
        return Ok(HttpResponse::Ok().json(list));
    }
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, HeaderValue::from_static("application/json")));
    Ok(response.body(state.skills_page.get(skills, &asker)))
}

fn page(request: &HttpRequest, skills: &[Skill], paging: &Paging) -> Result<HttpResponse, Failure> {
    let page = paging.page::<SkillId>()?;
    let rows = skills.iter().filter(|skill| page.after.is_none_or(|after| skill.id > after.uuid()));
    let rows = rows.take(usize::from(page.limit.get()) + 1).cloned().collect();
    let slice: Slice<Skill, SkillId> = Slice::from_surplus(rows, page.limit, |skill| skill.id.into());
    let mut response = HttpResponse::Ok();
    response.insert_header(("x-total-count", skills.len()));
    if let Some(next) = slice.next {
        let link = format!("<{}?limit={}&cursor={next}>; rel=\"next\"", request.path(), page.limit.get());
        response.insert_header((LINK, link));
    }
    Ok(response.json(slice.items))
}
