use crate::api::State;
use crate::failure::refuse;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use square_wire::Fault;

/// Answers what no route has answered: 405 with the methods that the path has, else 404.
pub(crate) async fn unrouted(request: HttpRequest, state: Data<State>) -> HttpResponse {
    match state.documented.methods(request.path()) {
        Some(methods) => refuse(Fault::method_not_allowed(request.method().as_str()))
            .insert_header((header::ALLOW, methods))
            .finish(),
        None => refuse(Fault::no_such_path()).finish(),
    }
}
