//! The viewer of the OpenAPI document, out of the binary.

use actix_web::dev::HttpServiceFactory;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, LOCATION};
use actix_web::middleware::DefaultHeaders;
use actix_web::{HttpResponse, get, web};
use utoipa_swagger_ui::{Config, SwaggerUi};

/// The viewer sets styles on elements, so those are allowed; scripts only from here.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// The viewer's files refer to one another, so its address has to end with a slash.
#[get("/apidocs")]
pub(crate) async fn redirect() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((LOCATION, "/apidocs/")).finish()
}

pub(crate) fn viewer() -> impl HttpServiceFactory + 'static {
    let viewer = SwaggerUi::new("/{_:.*}").config(Config::from("/openapi.json"));
    web::scope("/apidocs").wrap(DefaultHeaders::new().add((CONTENT_SECURITY_POLICY, POLICY))).service(viewer)
}
