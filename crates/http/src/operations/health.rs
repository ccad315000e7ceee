use crate::Failure;
use crate::api::State;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// That all is well.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`.
    #[schema(example = "ok")]
    status: String,
}

/// Whether the process runs
#[utoipa::path(tag = "operations", responses((status = 200, description = "It does.", body = Health)))]
#[get("/health/live")]
pub(crate) async fn live() -> HttpResponse {
    well()
}

/// Whether requests can be served
#[utoipa::path(tag = "operations", responses((status = 200, description = "They can.", body = Health)))]
#[get("/health/ready")]
pub(crate) async fn ready(state: Data<State>) -> Result<HttpResponse, Failure> {
    (state.services.readiness)().await?;
    Ok(well())
}

fn well() -> HttpResponse {
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(Health { status: "ok".to_owned() })
}
