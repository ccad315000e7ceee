use crate::github::settings;
use crate::stub::{Script, Stub, reply};
use crate::{client, code, identify, impatient, trouble};
use square_identity_providers::{Github, ProviderClient};
use square_kernel::testing::ManualClock;
use std::sync::Arc;

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";

/// What is told of a provider that does this, whatever it is asked.
async fn told(client: ProviderClient, script: Script) -> String {
    let stub = Stub::start(move |_| script.clone()).await;
    let told = trouble(
        identify(
            &Github::new(client, settings(&stub), Arc::new(ManualClock::default())),
            &code("secret-code"),
        )
        .await,
    );
    assert!(!told.contains("secret") && !told.contains("127.0.0.1"), "{told}");
    told
}

#[tokio::test]
async fn a_slow_provider_runs_out_of_time() {
    for part in ["", "HTTP/1.1 200 OK\r\ncontent-ty", &format!("{HEAD}content-length: 10\r\n\r\n{{")] {
        let script = Script::SendAndHang(part.into());
        assert_eq!(told(impatient(), script).await, "an identity provider did not answer in time");
    }
}

#[tokio::test]
async fn a_huge_answer_is_not_read_to_its_end() {
    let announced = Script::SendAndHang(format!("{HEAD}content-length: 65537\r\n\r\n").into());
    let endless = Script::SendEndlessly(format!("{HEAD}content-length: 99999999\r\n\r\n").into());
    let chunked =
        Script::SendEndlessly(format!("{HEAD}transfer-encoding: chunked\r\n\r\nFFFFFFF\r\n").into());
    let until_closed = Script::SendEndlessly(format!("{HEAD}connection: close\r\n\r\n").into());
    for script in [announced, endless, chunked, until_closed] {
        assert_eq!(told(client(), script).await, "an identity provider sent more than 65536 bytes");
    }
}

#[tokio::test]
async fn half_an_answer_and_none_are_trouble() {
    for bytes in [
        String::new(),
        "SSH-2.0-secret\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\ncontent-".to_owned(),
        format!("{HEAD}content-length: 100\r\n\r\n{{\"access_token\": \"secret"),
        format!("{HEAD}transfer-encoding: chunked\r\n\r\n5\r\n{{\"ac"),
    ] {
        told(client(), Script::SendAndClose(bytes.into())).await;
    }
    let half =
        Script::SendAndClose(format!("{HEAD}connection: close\r\n\r\n{{\"access_token\": \"secret").into());
    assert!(told(client(), half).await.starts_with("an identity provider's answer is unusable at line 1"));
}

#[tokio::test]
async fn nobody_there_is_trouble() {
    let stub = Stub::start(|_| reply(200, "{}")).await;
    let github = Github::new(client(), settings(&stub), Arc::new(ManualClock::default()));
    drop(stub);
    tokio::task::yield_now().await;
    let told = trouble(identify(&github, &code("secret-code")).await);
    assert!(!told.contains("secret"), "{told}");
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let target = Stub::start(|_| reply(200, "{}")).await;
    let headers = format!("location: {}\r\n", target.url("/login/oauth/access_token"));
    for status in [301, 302, 307, 308] {
        let script = Script::Reply { status, headers: headers.clone(), body: String::new() };
        assert_eq!(told(client(), script).await, format!("the token endpoint answered with status {status}"));
    }
    assert!(target.calls().is_empty());
}
