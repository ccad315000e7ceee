use crate::app::TestApp;
use actix_web::http::Method;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

#[actix_web::test]
async fn the_console_brings_everything_it_needs() {
    let app = TestApp::with(|settings| settings.base_path = "/v1".to_owned());
    let page = app.get("/").send().await;
    assert_eq!(page.header("Content-Type"), Some("text/html; charset=utf-8"));
    assert!(page.text().contains(r#"<meta name="square-base" content="/v1">"#), "{page}");
    assert!(page.text().contains(r#"href="/apidocs/""#));
    assert!(!page.text().contains("http://") && !page.text().contains("https://"), "a foreign address");
    let refers = |text: &str, before: &str| {
        let parts = text.split(before).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
        parts.collect::<Vec<_>>()
    };
    let assets = refers(page.text(), "=\"/assets/");
    assert_eq!(assets.len(), 4, "{assets:?}");
    for asset in assets {
        let file = app.get(&format!("/assets/{asset}")).send().await;
        assert!(file.status == 200 && !file.body.is_empty(), "{asset}");
    }
}

const LINKS: [&str; 4] = ["verify", "link_social", "reset_password", "change_email"];

#[actix_web::test]
async fn scripts_come_from_here_only() {
    let app = TestApp::new();
    for path in LINKS.map(|link| format!("/{link}/a/b")).into_iter().chain(["/".to_owned()]) {
        let page = app.get(&path).send().await;
        assert!(page.header("Content-Security-Policy").unwrap().contains("script-src 'self';"), "{path}");
        assert!(!page.text().contains("<script>") && !page.text().contains("style="), "{path}");
    }
}

#[actix_web::test]
async fn every_page_of_a_link_says_what_it_does_how_it_ends_and_how_to_get_another() {
    let app = TestApp::with(|settings| settings.base_path = "/v2".to_owned());
    for link in LINKS {
        let page = app.get(&format!("/{link}/a/b")).send().await;
        let text = page.text();
        for part in [r#"content="/v2""#, "<h1>", "<button>", "data-done=\"", "data-used=\"", "id=\"again\""] {
            assert!(text.contains(part), "{link}: {part}");
        }
        // Nothing is left to be filled in.
        assert!(!text.contains(['{', '}']), "{link}: {text}");
        let labels = text.matches("<label for=").count();
        assert_eq!(labels, text.matches("<input ").count(), "{link}: each field has a label");
        if let Some((_, call)) = text.split_once("data-call=\"") {
            let call = call.split('"').next().unwrap();
            let body = serde_json::json!({"email": "nobody@example.org"});
            assert_eq!(app.post(&format!("/v2{call}"), body).send().await.status, 200, "{link}: {call}");
        }
    }
}

#[actix_web::test]
async fn opening_the_mailed_link_changes_nothing() {
    let app = TestApp::new();
    app.person("ada").await;
    let token = app.people.store.mailed_token().unwrap();
    let page = app.get(&format!("/verify/{}/x", token.expose())).send().await;
    assert!(page.status == 200 && page.text().contains("<button"), "{page}");
    let body = serde_json::json!({"token": token.expose()});
    assert_eq!(app.post("/api/confirmEmail", body).send().await.status, 200);
}

#[actix_web::test]
async fn the_pages_of_other_links_change_nothing_either_and_keep_their_address_to_themselves() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    for (page, ask) in [("change_email", "/api/change_email"), ("reset_password", "/api/forgot_password")] {
        let email = "new@example.org";
        let body = serde_json::json!({"email": email, "password": "correct horse"});
        assert_eq!(app.post(ask, body).by(&ada).send().await.status, 200, "{page}");
        app.people.answer_letter_requests().await;
        let token = app.people.store.mailed_token().unwrap();
        let user = URL_SAFE_NO_PAD.encode(ada.id.to_string());
        let link = format!("/{page}/{}/{user}", token.expose());
        for _ in 0..2 {
            let opened = app.get(&link).send().await;
            assert!(opened.status == 200 && opened.text().contains("<button"), "{opened}");
            assert_eq!(opened.header("Referrer-Policy"), Some("no-referrer"));
            assert!(!opened.text().contains(token.expose()));
        }
        let body = serde_json::json!({"password": "brand new horse"});
        let used = app.post(&format!("/api{link}"), body).send().await;
        assert_eq!(used.status, 200, "{page}: {used}");
    }
}

#[actix_web::test]
async fn a_new_password_is_masked_and_may_be_pasted_or_made_up_by_a_program() {
    let app = TestApp::new();
    let page = app.get("/reset_password/a/b").send().await;
    let text = page.text();
    assert_eq!(text.matches("type=\"password\"").count(), 2, "{page}");
    assert_eq!(text.matches("<input").count() - text.matches("type=\"email\"").count(), 2, "{page}");
    assert_eq!(page.text().matches("autocomplete=\"new-password\"").count(), 2, "{page}");
    let script = app.get("/assets/mailed_link.js").send().await;
    assert!(!script.text().contains("paste"), "{script}");
}

#[actix_web::test]
async fn page_and_call_share_a_path_where_the_base_is_empty() {
    let app = TestApp::with(|settings| settings.base_path = String::new());
    assert_eq!(app.get("/verify/a/b").send().await.status, 200);
    assert_eq!(app.call(Method::POST, "/verify/a/b").send().await.status, 400);
    assert_eq!(app.get("/skills").send().await.text(), "[]");
    assert_eq!(app.get("/").send().await.status, 200);
    assert_eq!(app.get("/nowhere").send().await.status, 404);
    let reply = app.call(Method::DELETE, "/skills").send().await;
    assert_eq!((reply.status, reply.header("Allow")), (405, Some("GET, HEAD")));
}
