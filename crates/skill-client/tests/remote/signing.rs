use crate::{client, request, settings, skill};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use square_kernel::testing::TransparentSealer;
use square_kernel::{Sealed, Sealer};
use square_scripted_server::Stub;
use square_skills::{Protocol, RegisteredSkill, Skill};
use std::sync::Arc;

const KEY: &[u8; 24] = b"24 bytes known to both o";

fn signed(url: &str) -> Arc<dyn Skill> {
    let mut skill = skill(url, Protocol::Square, None);
    skill.signing = Some(TransparentSealer.seal(RegisteredSkill::SIGNING_PURPOSE, KEY));
    client(settings()).connect_remote(&skill)
}

/// Whether a skill that holds the key would believe this request.
fn is_believed(request: &str) -> bool {
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let header = |name: &str| {
        head.lines().find_map(|line| line.strip_prefix(&format!("{name}: "))).unwrap_or_default()
    };
    let (id, timestamp) = (header("webhook-id"), header("webhook-timestamp"));
    let Some(signature) = header("webhook-signature").strip_prefix("v1,") else { return false };
    let key = hmac::Key::new(hmac::HMAC_SHA256, KEY);
    let said = STANDARD.decode(signature).unwrap();
    timestamp == "1767225600"
        && hmac::verify(&key, format!("{id}.{timestamp}.{body}").as_bytes(), &said).is_ok()
}

#[tokio::test]
async fn questions_and_pings_are_signed_so_that_the_skill_can_tell_who_calls() {
    let stub = Stub::answering("application/json", "[]").await;
    let skill = signed(&stub.url());
    skill.answer(&request()).await.unwrap();
    skill.ping().await.unwrap();
    let requests = stub.requests();
    assert_eq!(requests.len(), 2);
    for request in &requests {
        assert!(is_believed(request), "{request}");
    }
    assert!(!is_believed(&requests[0].replace("Heat", "Ronin")));
}

#[tokio::test]
async fn a_skill_whose_key_cannot_be_opened_is_called_without_a_signature() {
    let stub = Stub::answering("application/json", "[]").await;
    let mut skill = skill(&stub.url(), Protocol::Square, None);
    skill.signing = Some(Sealed(b"of another installation".to_vec()));
    client(settings()).connect_remote(&skill).answer(&request()).await.unwrap();
    assert!(!stub.requests()[0].contains("webhook-"));
}

#[tokio::test]
async fn a_skill_without_a_key_gets_no_signature() {
    let stub = Stub::answering("application/json", "[]").await;
    client(settings())
        .connect_remote(&skill(&stub.url(), Protocol::Square, None))
        .answer(&request())
        .await
        .unwrap();
    assert!(!stub.requests()[0].contains("webhook-"));
}
