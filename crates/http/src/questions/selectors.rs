use crate::Failure;
use crate::api::State;
use crate::extract::{Caller, Paging, Query};
use actix_web::http::header::LINK;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use square_wire::SelectorDescription;

/// The selectors that questions can ask for
///
/// The default one first. The list is whole unless `limit` is given; then the header `Link` names the next
/// page and `X-Total-Count` tells how many there are.
#[utoipa::path(tag = "questions", params(Paging), security((), ("token" = [])), responses(
    (status = 200, description = "The selectors.", body = [SelectorDescription], headers(
        ("Link" = String, description = "The next page, `rel=\"next\"`, where there is one."),
        ("X-Total-Count" = u64, description = "How many selectors there are, where `limit` is given."),
    )),
))]
#[get("/selectors")]
pub(crate) async fn selectors(
    request: HttpRequest,
    state: Data<State>,
    _: Caller,
    Query(paging): Query<Paging>,
) -> Result<HttpResponse, Failure> {
    let all: Vec<SelectorDescription> = state
        .services
        .router
        .selectors()
        .into_iter()
        .map(|selector| SelectorDescription { name: selector.name, description: selector.description })
        .collect();
    let mut response = HttpResponse::Ok();
    if paging.is_empty() {
        return Ok(response.json(all));
    }
    // The list never changes while the server runs, so a place in it is as good a cursor as any.
    let page = paging.page::<usize>()?;
    let begin = page.after.unwrap_or(0).min(all.len());
    let end = all.len().min(begin + usize::from(page.limit.get()));
    response.insert_header(("x-total-count", all.len()));
    if end < all.len() {
        let link = format!("<{}?limit={}&cursor={end}>; rel=\"next\"", request.path(), page.limit.get());
        response.insert_header((LINK, link));
    }
    Ok(response.json(&all[begin..end]))
}
