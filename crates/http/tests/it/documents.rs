use crate::app::{TestApp, also};
use actix_web::http::Method;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use utoipa::openapi::OpenApi;

/// Every operation of the document: method and path, with what is said of it.
fn documented(base_path: &str) -> BTreeMap<(String, String), Value> {
    let document =
        serde_json::to_value(square_http::openapi(base_path, Some("/v1"), OpenApi::default())).unwrap();
    let mut operations = BTreeMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations.insert((method.to_uppercase(), path.clone()), operation.clone());
        }
    }
    operations
}

/// Every route that a handler is marked with, in the sources: method and path.
fn written() -> BTreeSet<(String, String)> {
    let mut routes = BTreeSet::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            for line in std::fs::read_to_string(&path).unwrap().lines() {
                let Some((method, rest)) = line.strip_prefix("#[").and_then(|line| line.split_once("(\""))
                else {
                    continue;
                };
                if ["get", "post", "put", "patch", "delete"].contains(&method) {
                    routes.insert((method.to_uppercase(), rest.trim_end_matches("\")]").to_owned()));
                }
            }
        }
    }
    routes
}

#[test]
fn every_route_is_documented() {
    let plain = |(method, path): (String, String)| (method, path.trim_start_matches("/v1").to_owned());
    let documented: BTreeSet<(String, String)> = documented("").into_keys().map(plain).collect();
    let mut written = written();
    assert!(written.remove(&("GET".to_owned(), "/apidocs".to_owned())), "the way to the viewer");
    assert_eq!(written, documented);
}

#[actix_web::test]
async fn every_documented_route_exists() {
    let app = TestApp::new();
    for (method, path) in documented("/api").into_keys() {
        let method: Method = method.parse().unwrap();
        let reply = app.call(method.clone(), &path).send().await;
        let missing = reply.status == 405 || reply.text().contains("there is nothing at this path");
        // There is no file called `{name}`, but there is a route to files.
        assert!(!missing || path == "/assets/{name}", "{method} {path}: {reply}");
    }
}

#[test]
fn every_operation_says_what_it_does_and_what_can_go_wrong() {
    let mut ids = BTreeSet::new();
    for ((method, path), operation) in documented("/api") {
        let name = format!("{method} {path}");
        assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{name}");
        assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{name}: its id is taken");
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.contains_key("500") && responses.contains_key("503"), "{name}");
        if operation.get("requestBody").is_some() {
            // Clients of OpenAI know no 422.
            let invalid = if path.starts_with("/v1/") { "400" } else { "422" };
            assert!(
                ["400", "413", "415", invalid].iter().all(|status| responses.contains_key(*status)),
                "{name}"
            );
        }
        if operation.get("security").is_some() {
            assert!(responses.contains_key("401"), "{name}");
        }
        if path.contains("{id}") {
            assert!(responses.contains_key("404"), "{name}");
        }
    }
}

/// What a `$ref` leads to; anything else is itself.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let reference = value["$ref"].as_str().map(|reference| reference.trim_start_matches('#'));
    reference.map_or(value, |reference| document.pointer(reference).unwrap())
}

#[test]
fn whoever_is_told_to_come_back_later_is_told_when() {
    let document =
        serde_json::to_value(square_http::openapi("/api", Some("/v1"), OpenApi::default())).unwrap();
    for ((method, path), operation) in documented("/api") {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let headers = &resolved(&document, response)["headers"];
            let wanted = ["429", "503"].contains(&status.as_str());
            assert_eq!(headers.get("Retry-After").is_some(), wanted, "{method} {path} {status}");
        }
    }
}

#[test]
fn every_field_and_parameter_is_described() {
    fn walk(document: &Value, name: &str, schema: &Value) {
        for part in ["allOf", "oneOf", "anyOf"].iter().filter_map(|part| schema[part].as_array()).flatten() {
            walk(document, name, part);
        }
        for (field, property) in schema["properties"].as_object().into_iter().flatten() {
            let name = format!("{name}.{field}");
            let is_described =
                |schema: &Value| schema["description"].as_str().is_some_and(|text| !text.is_empty());
            let referred = |schema: &Value| is_described(resolved(document, schema));
            let either = property["oneOf"].as_array().is_some_and(|parts| parts.iter().any(referred));
            // What tells forms apart says all by its one value.
            let is_tag = property["enum"].as_array().is_some_and(|values| values.len() == 1);
            let fine = is_described(property) || referred(property) || either || is_tag;
            assert!(fine, "{name} is not described");
            walk(document, &name, property);
        }
    }
    let document =
        serde_json::to_value(square_http::openapi("/api", Some("/v1"), OpenApi::default())).unwrap();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        walk(&document, name, schema);
    }
    for ((method, path), operation) in documented("/api") {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["description"].is_string(), "{method} {path}: {parameter}");
        }
    }
}

#[test]
fn the_token_may_be_sent_under_both_names_wherever_it_is_taken() {
    let (bearer, basic) = (serde_json::json!({"token": []}), serde_json::json!({"token_as_basic": []}));
    let mut takers = 0;
    for ((method, path), operation) in documented("/api") {
        let Some(security) = operation["security"].as_array() else { continue };
        assert_eq!(security.contains(&bearer), security.contains(&basic), "{method} {path}");
        takers += usize::from(security.contains(&bearer));
    }
    assert!(takers > 30, "{takers}");
}

#[test]
fn what_is_taken_in_two_forms_is_said_to_be() {
    let document =
        serde_json::to_value(square_http::openapi("/api", Some("/v1"), OpenApi::default())).unwrap();
    let types = |schema: &str, field: &str| {
        let field = &document["components"]["schemas"][schema]["properties"][field];
        let types = field["oneOf"].as_array().unwrap_or_else(|| panic!("{schema}.{field}"));
        types.iter().map(|part| part["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for schema in ["LoginMfa", "OtpToVerify", "MfaSwitch"] {
        assert_eq!(types(schema, "otp"), ["string", "integer"], "{schema}");
    }
    assert_eq!(types("UserChange", "active"), ["boolean", "integer", "null"]);
    let required = |schema: &str| document["components"]["schemas"][schema]["required"].clone();
    assert_eq!(required("LoginMfa"), serde_json::json!(["otp", "mfa_token"]));
    assert_eq!(required("MfaSwitch"), serde_json::json!(["mfa_enabled"]));
    let farewell = &document["paths"]["/api/me"]["delete"]["requestBody"];
    assert_ne!(farewell["required"], true, "a body may be left out: {farewell}");
    let schema = &farewell["content"]["application/json"]["schema"];
    assert_eq!(schema["$ref"], "#/components/schemas/Farewell", "but is not null: {farewell}");
    let image =
        &document["paths"]["/api/qrcode"]["post"]["responses"]["200"]["content"]["image/png"]["schema"];
    assert_eq!((&image["type"], &image["format"]), (&"string".into(), &"binary".into()), "{image}");
}

#[test]
fn every_reference_leads_somewhere() {
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(map) => {
                found.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned));
                map.values().for_each(|value| references(value, found));
            }
            Value::Array(list) => list.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let document = serde_json::to_value(square_http::openapi("/api", Some("/v1"), also())).unwrap();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 10);
    for reference in found {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
    }
}

#[actix_web::test]
async fn calls_of_other_transports_are_documented_like_all() {
    let document = serde_json::to_value(square_http::openapi("/api", Some("/v1"), also())).unwrap();
    let other = &document["paths"]["/api/other"]["get"];
    assert_eq!(other["responses"]["500"]["$ref"], "#/components/responses/InternalError");
    let reply = TestApp::new().call(Method::DELETE, "/api/other").send().await;
    assert_eq!((reply.status, reply.header("Allow")), (405, Some("GET, HEAD")));
}

#[actix_web::test]
async fn the_document_and_its_viewer_come_out_of_the_binary() {
    let app = TestApp::new();
    let document = app.get("/openapi.json").send().await.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    assert_eq!(document, serde_json::to_value(square_http::openapi("/api", Some("/v1"), also())).unwrap());
    let viewer = app.get("/apidocs/").send().await;
    assert!(viewer.text().contains("swagger-ui"), "{viewer}");
    let start = app.get("/apidocs/swagger-initializer.js").send().await;
    assert!(start.text().contains("/openapi.json"), "{start}");
    assert_eq!(app.get("/apidocs").send().await.header("Location"), Some("/apidocs/"));
}

#[actix_web::test]
async fn the_signing_keys_are_public() {
    let reply = TestApp::new().get("/.well-known/jwks.json").send().await;
    assert_eq!(reply.header("Content-Type"), Some("application/jwk-set+json"));
    assert_eq!(reply.text(), r#"{"keys":[]}"#);
    assert_eq!(reply.header("Cache-Control"), Some("public, max-age=300"));
    let briefly = TestApp::with(|settings| settings.jwks_kept = std::time::Duration::from_secs(1));
    let reply = briefly.get("/.well-known/jwks.json").send().await;
    assert_eq!(reply.header("Cache-Control"), Some("public, max-age=1"));
}
