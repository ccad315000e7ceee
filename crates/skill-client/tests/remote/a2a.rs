use crate::{client, request, settings, skill};
use serde_json::{Value, json};
use square_kernel::Sealer;
use square_kernel::testing::TransparentSealer;
use square_scripted_server::{Stub, reply};
use square_skills::{Protocol, RegisteredSkill, ResultItem, Skill, SkillFailure};
use std::sync::Arc;

const CARD: &str = "/.well-known/agent-card.json";

fn ok(body: &Value) -> Vec<u8> {
    reply("200 OK", "application/json", &body.to_string())
}

/// An agent whose card stands at `place`.
async fn agent(place: &'static str, card: Value, answer: Value) -> Stub {
    Stub::routing(move |request| match request.split_once(' ') {
        Some(("GET", path)) if path == place => ok(&card),
        Some(("POST", "/rpc")) => ok(&answer),
        _ => reply("404 Not Found", "text/plain", ""),
    })
    .await
}

fn asked(stub: &Stub, path: &str) -> Arc<dyn Skill> {
    client(settings()).connect_remote(&skill(&format!("{}{path}", stub.url()), Protocol::A2a, None))
}

fn body(request: &str) -> Value {
    serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[tokio::test]
async fn an_agent_of_version_1_is_asked_where_its_card_says() {
    let card = json!({"name": "Films", "supportedInterfaces": [
        {"url": "/rpc", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}
    ]});
    let answer = json!({"jsonrpc": "2.0", "id": 1, "result": {"task": {
        "id": "t", "status": {"state": "TASK_STATE_COMPLETED"}, "artifacts": [{"parts": [{"text": "Al Pacino"}]}]
    }}});
    let stub = agent(CARD, card, answer).await;
    let skill = asked(&stub, "");
    for _ in 0..2 {
        assert_eq!(skill.answer(&request()).await, Ok(vec![ResultItem::text("Al Pacino")]));
    }
    let requests = stub.requests();
    // The card is read once.
    assert_eq!(requests.len(), 3);
    assert!(requests[1].contains("\r\na2a-version: 1.0\r\n"), "{}", requests[1]);
    let call = body(&requests[1]);
    assert_eq!(call["method"], "SendMessage");
    let message = &call["params"]["message"];
    assert_eq!(
        (&message["role"], &message["parts"]),
        (&json!("ROLE_USER"), &json!([{"text": "Who played in \"Heat\"?"}]))
    );
    assert_ne!(message["messageId"], body(&requests[2])["params"]["message"]["messageId"]);
}

#[tokio::test]
async fn an_agent_of_version_0_3_is_asked_in_its_own_words() {
    let card =
        json!({"name": "Films", "protocolVersion": "0.3.0", "url": "/rpc", "preferredTransport": "JSONRPC"});
    let answer = json!({"jsonrpc": "2.0", "id": 1, "result": {
        "kind": "message", "messageId": "m", "role": "agent", "parts": [{"kind": "text", "text": "Al Pacino"}]
    }});
    // At the root of the host, as the specification has it, while the agent is registered with a path.
    let stub = agent(CARD, card, answer).await;
    assert_eq!(asked(&stub, "/films").answer(&request()).await, Ok(vec![ResultItem::text("Al Pacino")]));
    let requests = stub.requests();
    assert!(requests[0].starts_with("GET /films/.well-known/agent-card.json "), "{}", requests[0]);
    let call = body(&requests[2]);
    assert_eq!(call["method"], "message/send");
    assert_eq!(call["params"]["configuration"]["blocking"], true);
    assert_eq!(call["params"]["message"]["parts"][0]["kind"], "text");
}

#[tokio::test]
async fn a_card_that_leads_elsewhere_is_not_followed() {
    let target = Stub::answering("application/json", "{}").await;
    let card = json!({"url": format!("{}/rpc", target.url())});
    let stub = agent(CARD, card, json!({})).await;
    let wanted = "the agent's card names an address at another host than the one registered";
    assert_eq!(asked(&stub, "").answer(&request()).await, Err(SkillFailure::Malformed(wanted.into())));
    assert_eq!(target.connections(), 0);
}

#[tokio::test]
async fn a_secret_is_shown_below_the_address_that_it_was_given_for_and_nowhere_else() {
    let answer = json!({"jsonrpc": "2.0", "id": 1, "result": {
        "kind": "message", "messageId": "m", "role": "agent", "parts": [{"kind": "text", "text": "Al Pacino"}]
    }});
    let agent = async |endpoint: &str| {
        let card = json!({"name": "Films", "protocolVersion": "0.3.0", "url": endpoint});
        let answer = answer.clone();
        let stub = Stub::routing(move |request| match request {
            "GET /.well-known/agent-card.json" => ok(&card),
            "POST /rpc" | "POST /films/rpc" => ok(&answer),
            _ => reply("404 Not Found", "text/plain", ""),
        });
        stub.await
    };
    let shown = |stub: &Stub| -> Vec<(String, bool)> {
        let line = |request: &String| request.lines().next().unwrap().replace(" HTTP/1.1", "");
        let has = |request: &String| {
            let head = request.to_lowercase();
            assert_eq!(
                head.contains("authorization: bearer open-sesame"),
                head.contains("webhook-signature")
            );
            head.contains("open-sesame")
        };
        stub.requests().iter().map(|request| (line(request), has(request))).collect()
    };
    let asked = |stub: &Stub, path: &str| {
        let url = format!("{}{path}", stub.url());
        let signing = TransparentSealer.seal(RegisteredSkill::SIGNING_PURPOSE, &[7; 24]);
        let skill = skill(&url, Protocol::A2a, Some("open-sesame"));
        client(settings()).connect_remote(&RegisteredSkill { signing: Some(signing), ..skill })
    };
    let called = |line: &str, shown: bool| (line.to_owned(), shown);

    let below = agent("/films/rpc").await;
    assert!(asked(&below, "/films").answer(&request()).await.is_ok());
    assert_eq!(
        shown(&below),
        [
            called("GET /films/.well-known/agent-card.json", true),
            called("GET /.well-known/agent-card.json", false),
            called("POST /films/rpc", true),
        ]
    );
    let beside = agent("/rpc").await;
    let wanted = "the agent's card names an address that is not below the one registered, where its secret is not shown";
    assert_eq!(
        asked(&beside, "/films").answer(&request()).await,
        Err(SkillFailure::Malformed(wanted.into()))
    );
    assert!(shown(&beside).iter().all(|(line, _)| line.starts_with("GET ")), "nothing was asked");
    let whole = agent("/rpc").await;
    assert!(asked(&whole, "").answer(&request()).await.is_ok(), "the whole host is the skill's");
    assert!(shown(&whole).iter().all(|(_, shown)| *shown));
}

#[tokio::test]
async fn an_agent_without_a_card_is_not_there() {
    let stub = agent("/nowhere", json!({}), json!({})).await;
    assert_eq!(asked(&stub, "").answer(&request()).await, Err(SkillFailure::Status(404)));
    assert_eq!(asked(&stub, "").ping().await, Err(SkillFailure::Status(404)));
}

#[tokio::test]
async fn a_card_is_read_anew_after_a_failure() {
    let stub =
        agent(CARD, json!({"url": "/rpc"}), json!({"error": {"code": -32001, "message": "secret"}})).await;
    let skill = asked(&stub, "");
    for _ in 0..2 {
        let wanted = SkillFailure::Reported("JSON-RPC error -32001".into());
        assert_eq!(skill.answer(&request()).await, Err(wanted));
    }
    assert_eq!(stub.requests().len(), 4);
    skill.ping().await.unwrap();
}
