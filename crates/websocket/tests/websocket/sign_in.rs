//! Who a socket belongs to.

use crate::support::{TestServer, in_time};
use serde_json::{Value, json};
use square_routing::{FairUse, RouterPolicy};
use square_websocket::WebSocketSettings;
use square_wire::Origins;

#[actix_web::test]
async fn a_token_comes_in_a_message() {
    let server = TestServer::start();
    let mut skill = server.skill(1, "Weather").await;
    let (ada, token) = server.sign_in("ada").await;
    let mut client = server.connect().await;
    let reply = client.ask(json!({"type": "auth", "ref": "a", "token": token})).await;
    let expected =
        json!({"type": "auth", "ref": "a", "ok": true, "user_id": ada.to_string(), "username": "ada"});
    assert_eq!(reply, expected);
    client.send(json!({"type": "query", "question": "Rain?"})).await;
    assert_eq!(skill.asked().await.request.asker.user(), Some(ada));
}

#[actix_web::test]
async fn a_token_comes_in_the_header_of_the_upgrade() {
    let server = TestServer::start();
    let mut skill = server.skill(1, "Weather").await;
    let (ada, token) = server.sign_in("ada").await;
    for scheme in ["Bearer", "bearer", "Basic"] {
        let header = format!("{scheme} {token}");
        let (mut client, _) = server.connect_with(&[("authorization", &header)]).await.unwrap();
        client.send(json!({"type": "query", "question": "Rain?"})).await;
        assert_eq!(skill.asked().await.request.asker.user(), Some(ada), "{scheme}");
    }
}

#[actix_web::test]
async fn a_bad_header_is_refused_before_the_upgrade() {
    let server = TestServer::start();
    for header in ["Bearer nonsense", "Digest x", "nonsense"] {
        let refused = server.connect_with(&[("authorization", header)]).await.err().unwrap();
        assert_eq!(refused.status(), 401, "{header}");
        let body: Value = serde_json::from_slice(refused.body().as_ref().unwrap()).unwrap();
        assert_eq!(body["code"], "invalid_token", "{header}");
    }
}

#[actix_web::test]
async fn signing_out_bites_on_the_next_message() {
    let server = TestServer::start();
    let mut skill = server.skill(1, "Weather").await;
    let (_, token) = server.sign_in("ada").await;
    let mut client = server.connect().await;
    client.ask(json!({"type": "auth", "token": token.clone()})).await;
    let accounts = &server.services.accounts;
    let identity = accounts.authenticate(&token).unwrap().identity.unwrap();
    accounts.sign_out(&identity, &square_accounts::Device::default()).await.unwrap();
    for message in [
        json!({"type": "query", "question": "Rain?"}),
        json!({"type": "resume", "question_id": "01932c07-1c2b-7d3e-8f4a-5b6c7d8e9fa0"}),
        json!({"type": "cancel", "ref": "x"}),
        json!({"type": "train", "id": "x", "train_file": "q", "dev_file": "q"}),
        json!({"type": "unpublish", "id": "x"}),
    ] {
        let error = client.ask(message.clone()).await;
        assert_eq!((&error["error"], &error["code"]), (&json!(401), &json!("token_expired")), "{message}");
    }
    assert!(skill.already_asked().is_none());
    // Another sign-in makes the socket good again.
    let (bob, token) = server.sign_in("bob").await;
    client.ask(json!({"type": "auth", "token": token})).await;
    client.send(json!({"type": "query", "question": "Rain?"})).await;
    assert_eq!(skill.asked().await.request.asker.user(), Some(bob));
}

#[actix_web::test]
async fn a_token_that_is_refused_leaves_the_socket_as_it_was() {
    let server = TestServer::start();
    let mut skill = server.skill(1, "Weather").await;
    let (ada, token) = server.sign_in("ada").await;
    let mut client = server.connect().await;
    client.ask(json!({"type": "auth", "token": token})).await;
    let error = client.ask(json!({"type": "auth", "token": "nonsense"})).await;
    assert_eq!((&error["error"], &error["code"]), (&json!(401), &json!("invalid_token")));
    client.send(json!({"type": "query", "question": "Rain?"})).await;
    assert_eq!(skill.asked().await.request.asker.user(), Some(ada));
}

#[actix_web::test]
async fn asking_may_need_an_account() {
    let fair_use = FairUse { account_required: true, ..FairUse::UNLIMITED };
    let server = TestServer::with_policy(RouterPolicy { fair_use, ..RouterPolicy::default() });
    let mut skill = server.skill(1, "Weather").await;
    let mut client = server.connect().await;
    let query = json!({"type": "query", "question": "Rain?"});
    let error = client.ask(query.clone()).await;
    assert_eq!((&error["error"], &error["code"]), (&json!(401), &json!("authentication_required")));
    assert!(skill.already_asked().is_none());
    let (_, token) = server.sign_in("ada").await;
    client.ask(json!({"type": "auth", "token": token})).await;
    client.send(query).await;
    in_time(skill.asked()).await;
}

#[actix_web::test]
async fn only_listed_origins_may_connect() {
    let origins = Origins::Only(vec!["https://app.example".to_owned()]);
    let server = TestServer::with(WebSocketSettings { origins, ..Default::default() }, Vec::new());
    assert!(server.connect_with(&[]).await.is_ok());
    assert!(server.connect_with(&[("origin", "https://app.example")]).await.is_ok());
    for origin in ["https://evil.example", "https://app.example.evil.example", "null"] {
        let refused = server.connect_with(&[("origin", origin)]).await.err().unwrap();
        assert_eq!(refused.status(), 403, "{origin}");
    }
}
