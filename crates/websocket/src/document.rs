use crate::protocol::SUBPROTOCOL;
use crate::services::path;
use square_wire::ErrorBody;
use utoipa::ToSchema;
use utoipa::openapi::path::{HttpMethod, Operation, OperationBuilder, PathItem};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{ContentBuilder, OpenApi, PathsBuilder, Ref, Response, ResponseBuilder};

/// What there is to say of the protocol, for people.
const PROTOCOL: &str = include_str!("../protocol.md");

/// What [`configure`](crate::configure) adds, as an OpenAPI document of one path. It refers to the schema
/// `ErrorBody` and to the security scheme `token`, which the document that it is merged into has to hold.
pub fn openapi(base_path: &str) -> OpenApi {
    let item = PathItem::new(HttpMethod::Get, operation());
    let mut document = OpenApi::default();
    document.paths = PathsBuilder::new().path(path(base_path), item).build();
    document
}

fn operation() -> Operation {
    let anybody = SecurityRequirement::default();
    let somebody = SecurityRequirement::new("token", Vec::<String>::new());
    OperationBuilder::new()
        .operation_id(Some("web_socket"))
        .tag("questions")
        .summary(Some("Ask over a WebSocket"))
        .description(Some(format!("Subprotocol `{SUBPROTOCOL}`. {PROTOCOL}")))
        .securities(Some([anybody, somebody]))
        .response("101", Response::new("The connection is a WebSocket from now on."))
        .response("400", error("The request does not ask for a WebSocket of version 13."))
        .response("401", error("The token of the header `Authorization` is not good."))
        .response("403", error("Scripts of this origin may not connect."))
        .build()
}

fn error(description: &str) -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(ErrorBody::name()))).build();
    ResponseBuilder::new().description(description).content("application/json", content).build()
}
