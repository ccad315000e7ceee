use crate::stub::{Script, Stub};
use crate::{ask, client, connect, settings};
use square_skill_client::SkillClientSettings;
use square_skills::ports::AddressGuard;
use square_skills::{SkillFailure, SkillUrl};

fn guarded() -> SkillClientSettings {
    SkillClientSettings { allow_private_networks: false, ..settings() }
}

#[tokio::test]
async fn private_addresses_are_not_called_by_number_or_by_name() {
    let stub = Stub::answering("application/json", "[]").await;
    let port = stub.address.port();
    for host in [
        "127.0.0.1",
        "127.0.0.1.",
        "localhost",
        "LOCALHOST",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "%31%32%37.0.0.1",
        "１２７.0.0.1",
        "127。0。0。1",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:0:0:1]",
        "0.0.0.0",
        "0",
    ] {
        let url = format!("http://{host}:{port}");
        assert_eq!(ask(guarded(), &url).await, Err(SkillFailure::AddressNotAllowed), "{host}");
        let ping = connect(guarded(), &url).ping().await;
        assert_eq!(ping, Err(SkillFailure::AddressNotAllowed), "{host}");
    }
    // Whether this name is known at all differs between resolvers.
    assert!(ask(guarded(), &format!("http://localhost.:{port}")).await.is_err());
    assert_eq!(stub.connections(), 0);
    assert_eq!(ask(settings(), &format!("http://localhost:{port}")).await, Ok(Vec::new()));
    assert_eq!(stub.connections(), 1);
}

#[tokio::test]
async fn private_addresses_are_refused_at_registration() {
    let guard = client(guarded());
    for url in [
        "http://127.0.0.1",
        "http://localhost:8080/a",
        "http://169.254.169.254/latest",
        "https://192.168.1.1",
        "http://0x7f000001",
        "http://[::1]",
        "http://[fd00:ec2::254]",
    ] {
        let refused = guard.check(&SkillUrl::parse(url).unwrap()).await.unwrap_err();
        assert_eq!(refused.to_string(), "url must not lead into a private network", "{url}");
    }
    for url in ["http://1.1.1.1", "https://[2606:4700::1111]:8443/a"] {
        assert_eq!(guard.check(&SkillUrl::parse(url).unwrap()).await, Ok(()), "{url}");
    }
}

#[tokio::test]
async fn settings_lift_it() {
    let guard = client(settings());
    for url in ["http://127.0.0.1", "http://localhost", "http://[::1]"] {
        assert_eq!(guard.check(&SkillUrl::parse(url).unwrap()).await, Ok(()), "{url}");
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let target = Stub::answering("application/json", "[]").await;
    let location =
        format!("HTTP/1.1 307 Temporary Redirect\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n", target.url());
    let stub = Stub::start(Script::Send(location.into_bytes())).await;
    assert_eq!(ask(settings(), &stub.url()).await, Err(SkillFailure::Status(307)));
    assert_eq!(target.connections(), 0);
}
