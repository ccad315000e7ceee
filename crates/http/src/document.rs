use crate::api::{beside, like_openai, under_base};
use actix_web::App;
use actix_web::dev::ResourceDef;
use bytes::Bytes;
use square_wire::ErrorBody;
use square_wire::openai::OpenAiErrorBody;
use utoipa::ToSchema;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    Components, ContentBuilder, Header, InfoBuilder, LicenseBuilder, OpenApi, PathItem, Ref, RefOr,
    ResponseBuilder,
};
use utoipa_actix_web::{AppExt, scope};

/// The name under which operations refer to the access token: `security(("token" = []))`.
const SCHEME: &str = "token";

/// The tag of the calls that are like OpenAI's, and what the names of their errors begin with.
const OPENAI_TAG: &str = "openai";
const OPENAI: &str = "OpenAi";

/// The other way to send it.
const OTHER_SCHEME: &str = "token_as_basic";

const DESCRIPTION: &str = "Square picks the skills that fit a question best and returns their answers, together or \
one by one as each skill answers.\n\nEvery error has the body `ErrorBody` (`OpenAiErrorBody` where the call is one of OpenAI's), and every response the header \
`X-Request-Id`. An access token is sent as `Authorization: Bearer <token>`, or with the word `Basic` in the place of `Bearer`; a \
token that is not good is answered by 401 everywhere.";

/// The OpenAPI document of the calls, where those of the API stand under `base_path`, and those that are like OpenAI's under
/// `openai_path`. `also` describes the calls of other transports, with full paths.
pub fn openapi(base_path: &str, openai_path: Option<&str>, also: OpenApi) -> OpenApi {
    let (_, mut document) = App::new()
        .into_utoipa_app()
        .configure(beside)
        .configure(|config| like_openai(config, openai_path))
        .service(scope(base_path).configure(under_base))
        .split_for_parts();
    document.merge(also);
    document.info = InfoBuilder::new()
        .title("Square")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .license(Some(LicenseBuilder::new().name("MIT OR Apache-2.0").build()))
        .build();
    let tag = |(name, description): (&str, &str)| {
        TagBuilder::new().name(name).description(Some(description)).build()
    };
    let tags = [
        ("questions", "Asking, and reading answers again."),
        (OPENAI_TAG, "Asking in the way of OpenAI's API, for its clients."),
        ("skills", "Answering services: registering, publishing, finding."),
        ("events", "The events service: what is on, when and where."),
        ("accounts", "Registering, signing in, one's own account."),
        ("companies", "Companies, their bank accounts, and banks."),
        ("administration", "Other people's accounts, roles, the audit log: for those who may."),
        ("casting", "Films, actors and who played whom: for those whose roles let them."),
        ("operations", "For those who run the server."),
    ];
    document.tags = Some(tags.map(tag).to_vec());
    let components = document.components.get_or_insert_default();
    add_shared_parts(components);
    for item in document.paths.paths.values_mut() {
        for (_, operation) in operations_mut(item) {
            leave_null_out(operation);
            add_other_scheme(operation);
            add_common_errors(operation);
            add_headers(operation);
        }
    }
    document
}

fn add_shared_parts(components: &mut Components) {
    let mut bearer = Http::new(HttpAuthScheme::Bearer);
    bearer.bearer_format = Some("JWT".to_owned());
    components.security_schemes.insert(SCHEME.to_owned(), RefOr::T(SecurityScheme::Http(bearer)));
    // Not the scheme `basic` of HTTP, by which clients would send a name and a password in base64.
    let description = "The word `Basic`, a space and the access token as it is: `Basic eyJ…`. For clients that cannot send `Bearer`.";
    let basic = ApiKey::Header(ApiKeyValue::with_description("Authorization", description));
    components.security_schemes.insert(OTHER_SCHEME.to_owned(), RefOr::T(SecurityScheme::ApiKey(basic)));
    add_errors::<ErrorBody>(components, "", "ErrorBody");
    add_errors::<OpenAiErrorBody>(components, OPENAI, "OpenAiErrorBody");
}

/// Adds the common errors with this body, under names that begin with `prefix`.
fn add_errors<Body: ToSchema>(components: &mut Components, prefix: &str, body: &str) {
    let mut referred = Vec::new();
    Body::schemas(&mut referred);
    components.schemas.extend(referred);
    components.schemas.insert(body.to_owned(), Body::schema());
    for (status, name, description) in COMMON_ERRORS {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(body))).build();
        let mut response =
            ResponseBuilder::new().description(description).content("application/json", content).build();
        response.headers.extend(headers_of(status));
        components.responses.insert(format!("{prefix}{name}"), RefOr::T(response));
    }
}

/// Errors whose meaning is the same everywhere: status, name among the components, description.
const COMMON_ERRORS: [(u16, &str, &str); 8] = [
    (
        400,
        "Malformed",
        "The request is malformed, or a value has the wrong type; `details` (`param` where the call is one of OpenAI's) names the field.",
    ),
    (401, "Unauthenticated", "No token where one is needed, or one that is not good."),
    (408, "TooSlow", "The body did not arrive in time."),
    (413, "TooLarge", "The body is too large."),
    (415, "UnsupportedMediaType", "The body is in another format than the one taken here."),
    (422, "Invalid", "Well-formed, but a value breaks a rule; `details` names the fields."),
    (500, "InternalError", "A defect of the server."),
    (503, "Unavailable", "Something the server needs does not work; try again after `Retry-After` seconds."),
];

fn add_common_errors(operation: &mut Operation) {
    let is_openai = operation.tags.iter().flatten().any(|tag| tag == OPENAI_TAG);
    let (has_body, takes_token) = (operation.request_body.is_some(), operation.security.is_some());
    let in_query = |parameter: &RefOr<Parameter>| {
        matches!(parameter, RefOr::T(Parameter { parameter_in: ParameterIn::Query, .. }))
    };
    let has_query = operation.parameters.iter().flatten().any(in_query);
    for (status, name, _) in COMMON_ERRORS {
        let applies = match status {
            408 | 413 | 415 => has_body,
            401 => takes_token,
            // There an invalid value is a 400, too.
            422 if is_openai => false,
            400 | 422 => has_body || has_query,
            _ => true,
        };
        if applies {
            let prefix = if is_openai { OPENAI } else { "" };
            let response = RefOr::Ref(Ref::from_response_name(format!("{prefix}{name}")));
            operation.responses.responses.entry(status.to_string()).or_insert(response);
        }
    }
}

/// A body that may be left out is described as one that may be `null`, which is not the same.
fn leave_null_out(operation: &mut Operation) {
    let Some(RefOr::T(body)) = &mut operation.request_body else { return };
    for content in body.content.values_mut().filter(|_| body.required.is_none()) {
        let RefOr::T(content) = content else { continue };
        if let Some(RefOr::T(Schema::OneOf(either))) = &content.schema {
            content.schema = either.items.iter().find(|item| matches!(item, RefOr::Ref(_))).cloned();
        }
    }
}

/// Whoever takes the token takes it either way.
fn add_other_scheme(operation: &mut Operation) {
    let (token, other) =
        [SCHEME, OTHER_SCHEME].map(|name| SecurityRequirement::new::<_, [&str; 0], &str>(name, [])).into();
    if let Some(security) = operation.security.as_mut().filter(|security| security.contains(&token)) {
        security.push(other);
    }
}

/// Adds what comes along with a status wherever it does.
fn add_headers(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        if let (Ok(status), RefOr::T(response)) = (status.parse(), response) {
            response.headers.extend(headers_of(status));
        }
    }
}

fn headers_of(status: u16) -> Option<(String, RefOr<Header>)> {
    let (name, schema, description) = match status {
        401 => ("WWW-Authenticate", Type::String, "`Bearer`."),
        429 | 503 => ("Retry-After", Type::Integer, "After how many seconds trying again makes sense."),
        _ => return None,
    };
    let schema = ObjectBuilder::new().schema_type(schema);
    let header = HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build();
    Some((name.to_owned(), RefOr::T(header)))
}

/// The operations of a path with their methods, in the order in which `Allow` names them.
fn operations_mut(item: &mut PathItem) -> Vec<(&'static str, &mut Operation)> {
    let slots = [
        ("GET", &mut item.get),
        ("POST", &mut item.post),
        ("PUT", &mut item.put),
        ("PATCH", &mut item.patch),
        ("DELETE", &mut item.delete),
    ];
    slots
        .into_iter()
        .filter_map(|(method, slot)| slot.as_mut().map(|operation| (method, operation)))
        .collect()
}

/// The document as it is served, and what it says about which path has which methods.
pub(crate) struct Documented {
    /// The document as JSON.
    pub(crate) json: Bytes,
    routes: Vec<(ResourceDef, String)>,
}

impl Documented {
    pub(crate) fn new(document: &OpenApi) -> Self {
        let mut paths = document.paths.paths.clone();
        let route = |(path, item): (&String, &mut PathItem)| {
            let mut methods: Vec<&str> = operations_mut(item).into_iter().map(|(method, _)| method).collect();
            if methods.contains(&"GET") {
                methods.push("HEAD");
            }
            (ResourceDef::new(path.as_str()), methods.join(", "))
        };
        let routes = paths.iter_mut().map(route).collect();
        // A document made of maps and strings always serialises.
        let json = document.to_json().unwrap_or_default();
        Self { json: json.into(), routes }
    }

    /// The methods of the path, as the header `Allow` lists them; `None` where there is no such path.
    pub(crate) fn methods(&self, path: &str) -> Option<&str> {
        self.routes.iter().find(|(route, _)| route.is_match(path)).map(|(_, methods)| methods.as_str())
    }
}
