//! What stands outside the base path, for those who run the server and for programs that read it.

mod docs;
mod health;
mod jwks;
mod openapi;

use utoipa_actix_web::service_config::ServiceConfig;

pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(health::live)
        .service(health::ready)
        .service(jwks::jwks)
        .service(openapi::openapi_json)
        .map(|config| config.service(docs::redirect).service(docs::viewer()));
}
