//! Every call of the OpenAPI document, with whatever a client may come up with in each field of its body and each part of its
//! path. Nothing may break, and who sends nonsense is told which field it stands in.

use crate::app::{Person, Reply, TestApp};
use actix_web::http::Method;
use serde_json::{Value, json};

/// A call with a JSON body, as it is documented.
struct Documented {
    method: Method,
    path: String,
    schema: Value,
    /// A body that has the right form, as far as the document tells.
    body: Value,
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).expect("it is defined"),
        None => schema,
    }
}

fn calls(document: &Value) -> Vec<Documented> {
    let mut calls = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            if schema.is_null() {
                continue;
            }
            let schema = resolved(document, schema).clone();
            let body = if schema["example"].is_object() { schema["example"].clone() } else { json!({}) };
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
            calls.push(Documented { method, path: path.clone(), schema, body });
        }
    }
    calls
}

/// Whether a field of this schema takes such a value, as far as its type goes.
fn takes(document: &Value, schema: &Value, value: &Value) -> bool {
    let schema = resolved(document, schema);
    let alternatives = schema["oneOf"].as_array().or(schema["anyOf"].as_array());
    if let Some(alternatives) = alternatives {
        return alternatives.iter().any(|alternative| takes(document, alternative, value));
    }
    let takes = |name: &str| match name {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        _ => true,
    };
    match &schema["type"] {
        Value::String(name) => takes(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(takes),
        _ => true,
    }
}

/// What is put into each field in turn.
fn nonsense() -> Vec<Value> {
    vec![
        Value::Null,
        json!(true),
        json!(5),
        json!(-1),
        json!(1.5e300),
        json!([]),
        json!([[]]),
        json!({}),
        json!(""),
        json!(" \t\n"),
        json!("a\u{0}b\u{7}c\u{1b}[2J"),
        json!("\u{202e}nimda\u{200b}"),
        json!("x".repeat(5000)),
        json!("\u{1f469}\u{200d}\u{1f469}".repeat(300)),
        json!("' OR 1=1 --"),
        json!("../../etc/passwd\r\nSet-Cookie: a=b"),
    ]
}

/// An administrator who has just signed in.
async fn administrator(app: &TestApp) -> Person {
    app.person("root").await;
    let root = square_accounts::ports::LoginName::Username("root".to_owned());
    let operator = square_accounts::Actor::default();
    app.people.accounts.grant_role(&root, "admin", &operator).await.expect("there is such a role");
    app.people.clock.advance(square_kernel::jiff::SignedDuration::from_secs(1));
    let signed_in = app.people.sign_in("root").await;
    Person { id: signed_in.account.id, token: signed_in.tokens.access.expose().to_owned() }
}

fn filled(path: &str, part: &str) -> String {
    let parts = path.split('/').map(|piece| if piece.starts_with('{') { part } else { piece });
    parts.collect::<Vec<_>>().join("/")
}

fn is_error_body(reply: &Reply) -> bool {
    let body = reply.json();
    let own =
        body["success"] == json!(false) && body["error"] == json!(reply.status) && body["code"].is_string();
    own || (body["error"]["type"].is_string() && body["error"]["code"].is_string())
}

/// The field that a reply says is at fault.
fn named(reply: &Reply) -> Option<String> {
    let body = reply.json();
    let field = body["details"][0]["field"].as_str().or(body["error"]["param"].as_str());
    field.map(str::to_owned)
}

#[actix_web::test]
async fn no_value_in_any_field_breaks_a_call_and_wrong_types_name_theirs() {
    let app = TestApp::new();
    let document = app.get("/openapi.json").send().await.json();
    let calls = calls(&document);
    assert!(calls.len() > 15, "only {} calls take JSON", calls.len());
    for call in calls {
        let app = TestApp::new();
        let root = administrator(&app).await;
        let path = filled(&call.path, "01932c07-1c2b-7d3e-8f4a-5b6c7d8e9fa0");
        let fields: Vec<_> = call.schema["properties"].as_object().into_iter().flatten().collect();
        for (field, schema) in fields {
            for value in nonsense() {
                let mut body = call.body.clone();
                body[field] = value.clone();
                let reply = app.call(call.method.clone(), &path).json(&body).by(&root).send().await;
                let told = || format!("{} {path} {field}={value:.80}\n{reply}", call.method);
                assert!(reply.status < 500, "{}", told());
                assert!(reply.status < 400 || is_error_body(&reply), "{}", told());
                if !takes(&document, schema, &value) && reply.status == 400 {
                    assert!(
                        named(&reply).is_some_and(|named| named.starts_with(field.as_str())),
                        "{}",
                        told()
                    );
                }
            }
            let mut body = call.body.clone();
            body.as_object_mut().expect("an object").remove(field);
            let reply = app.call(call.method.clone(), &path).json(&body).by(&root).send().await;
            assert!(reply.status < 500, "{} {path} without {field}\n{reply}", call.method);
        }
    }
}

#[actix_web::test]
async fn no_path_breaks_a_call() {
    let app = TestApp::new();
    let document = app.get("/openapi.json").send().await.json();
    let root = administrator(&app).await;
    let long = "x".repeat(3000);
    for (path, item) in document["paths"].as_object().expect("paths") {
        if !path.contains('{') {
            continue;
        }
        for method in item.as_object().expect("operations").keys() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
            for part in ["x", "%00", "%ff%fe", "..%2f..%2f", "-1", "%F0%9F%A6%80", "' OR 1=1", &long] {
                let part = part.replace(' ', "%20").replace('\'', "%27");
                let call = app.call(method.clone(), &filled(path, &part)).by(&root).json(&json!({}));
                let reply = call.send().await;
                assert!(reply.status < 500, "{method} {path} with {part:.40}\n{reply}");
            }
        }
    }
}
