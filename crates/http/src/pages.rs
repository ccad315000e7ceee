//! Pages for people: the console, and what a mailed link opens. All of it comes out of the binary.

mod mailed_link;

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
const ASSETS: [(&str, &str, &[u8]); 4] = [
    ("square.css", "text/css; charset=utf-8", include_bytes!("../assets/square.css")),
    ("console.js", "text/javascript; charset=utf-8", include_bytes!("../assets/console.js")),
    ("mailed_link.js", "text/javascript; charset=utf-8", include_bytes!("../assets/mailed_link.js")),
    ("square.svg", "image/svg+xml", include_bytes!("../assets/square.svg")),
];

pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(console).configure(mailed_link::routes).service(asset);
}

/// The pages, told where the API is.
pub(crate) struct Pages {
    console: Bytes,
    links: mailed_link::Pages,
}

impl Pages {
    pub(crate) fn new(base_path: &str) -> Self {
        let page = filled(include_str!("../assets/console.html"), &[("base_path", base_path)]);
        Self { console: page.into(), links: mailed_link::Pages::new(base_path) }
    }
}

/// A template with texts in the places that are named for them.
fn filled(template: &str, texts: &[(&str, &str)]) -> String {
    texts
        .iter()
        .fold(template.to_owned(), |page, (name, text)| page.replace(&format!("{{{name}}}"), &escaped(text)))
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
