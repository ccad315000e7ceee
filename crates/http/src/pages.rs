//! Pages for people: the console, and what a mailed link opens. All of it comes out of the binary.

use crate::api::State;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get};
use bytes::Bytes;
use utoipa_actix_web::service_config::ServiceConfig;

/// Scripts and styles only from files of this server. Frames are for answers in HTML, which are shown in
/// frames that may do nothing.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src 'self' data:; frame-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// Files that the pages refer to: name, media type, content.
const ASSETS: [(&str, &str, &[u8]); 7] = [
    ("square.css", "text/css; charset=utf-8", include_bytes!("../assets/square.css")),
    ("console.js", "text/javascript; charset=utf-8", include_bytes!("../assets/console.js")),
    ("verify.js", "text/javascript; charset=utf-8", include_bytes!("../assets/verify.js")),
    ("link_social.js", "text/javascript; charset=utf-8", include_bytes!("../assets/link_social.js")),
    ("reset_password.js", "text/javascript; charset=utf-8", include_bytes!("../assets/reset_password.js")),
    ("change_email.js", "text/javascript; charset=utf-8", include_bytes!("../assets/change_email.js")),
    ("square.svg", "image/svg+xml", include_bytes!("../assets/square.svg")),
];

pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(console).service(verify_page).service(link_social_page);
    config.service(reset_password_page).service(change_email_page).service(asset);
}

/// The pages, told where the API is.
pub(crate) struct Pages {
    console: Bytes,
    verify: Bytes,
    link_social: Bytes,
    reset_password: Bytes,
    change_email: Bytes,
}

impl Pages {
    pub(crate) fn new(base_path: &str) -> Self {
        let page = |html: &str| html.replace("{base_path}", &escaped(base_path)).into();
        Self {
            console: page(include_str!("../assets/console.html")),
            verify: page(include_str!("../assets/verify.html")),
            link_social: page(include_str!("../assets/link_social.html")),
            reset_password: page(include_str!("../assets/reset_password.html")),
            change_email: page(include_str!("../assets/change_email.html")),
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

/// The console: a page to ask questions on
#[utoipa::path(tag = "operations", responses(
    (status = 200, description = "The page.", body = String, content_type = "text/html"),
))]
#[get("/")]
pub(crate) async fn console(state: Data<State>) -> HttpResponse {
    page(state.pages.console.clone())
}

/// What a mailed link opens
///
/// A page that asks for one click. Opening it changes nothing, since programs open links in letters too.
#[utoipa::path(tag = "operations", params(
    ("token" = String, Path, description = "The token of the mailed link."),
    ("uidb64" = String, Path, description = "The account's id, base64url."),
), responses(
    (status = 200, description = "The page.", body = String, content_type = "text/html"),
))]
#[get("/verify/{token}/{uidb64}")]
pub(crate) async fn verify_page(state: Data<State>) -> HttpResponse {
    page(state.pages.verify.clone())
}

/// What the link of a letter about signing in by a provider opens
///
/// A page that asks for one click. Opening it changes nothing.
#[utoipa::path(tag = "operations", params(
    ("token" = String, Path, description = "The token of the mailed link."),
    ("uidb64" = String, Path, description = "The account's id, base64url."),
), responses(
    (status = 200, description = "The page.", body = String, content_type = "text/html"),
))]
#[get("/link_social/{token}/{uidb64}")]
pub(crate) async fn link_social_page(state: Data<State>) -> HttpResponse {
    page(state.pages.link_social.clone())
}

/// What the link of a letter about a forgotten password opens
///
/// A page that asks for the new password. Opening it changes nothing.
#[utoipa::path(tag = "operations", params(
    ("token" = String, Path, description = "The token of the mailed link."),
    ("uidb64" = String, Path, description = "The account's id, base64url."),
), responses(
    (status = 200, description = "The page.", body = String, content_type = "text/html"),
))]
#[get("/reset_password/{token}/{uidb64}")]
pub(crate) async fn reset_password_page(state: Data<State>) -> HttpResponse {
    page(state.pages.reset_password.clone())
}

/// What the link of a letter to a new address opens
///
/// A page that asks for one click. Opening it changes nothing.
#[utoipa::path(tag = "operations", params(
    ("token" = String, Path, description = "The token of the mailed link."),
    ("uidb64" = String, Path, description = "The account's id, base64url."),
), responses(
    (status = 200, description = "The page.", body = String, content_type = "text/html"),
))]
#[get("/change_email/{token}/{uidb64}")]
pub(crate) async fn change_email_page(state: Data<State>) -> HttpResponse {
    page(state.pages.change_email.clone())
}

/// A file that a page refers to
#[utoipa::path(tag = "operations", params(("name" = String, Path, description = "The file.")), responses(
    (status = 200, description = "The file.", body = String, content_type = "text/css"),
    (status = 404, description = "There is no such file.", body = square_wire::ErrorBody),
))]
#[get("/assets/{name}")]
pub(crate) async fn asset(name: Path<String>) -> Result<HttpResponse, crate::Failure> {
    let found = ASSETS.iter().find(|(file, ..)| *file == name.as_str());
    let (_, media_type, content) = found.ok_or_else(|| crate::Failure(square_wire::Fault::no_such_path()))?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, *media_type))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .body(Bytes::from_static(content)))
}

fn page(html: Bytes) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        // The address of a page may hold the secret of a mailed link.
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .body(html)
}
