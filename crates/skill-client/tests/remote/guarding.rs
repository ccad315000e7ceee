use crate::{ask, client, client_with, connect, request, settings, skill};
use async_trait::async_trait;
use square_scripted_server::{Script, Stub};
use square_skill_client::{Names, SkillClientSettings};
use square_skills::ports::{AddressGuard, SkillProber};
use square_skills::{Protocol, SkillFailure, SkillUrl};
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

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

/// A name that is public when it is looked at for the first time and leads home ever after.
#[derive(Default)]
struct Rebinding {
    asked: AtomicUsize,
}

#[async_trait]
impl Names for Rebinding {
    async fn lookup(&self, _name: &str) -> io::Result<Vec<IpAddr>> {
        let first = self.asked.fetch_add(1, Ordering::SeqCst) == 0;
        Ok(vec![if first { [1, 1, 1, 1].into() } else { [127, 0, 0, 1].into() }])
    }
}

#[tokio::test]
async fn a_name_that_changes_its_meaning_after_the_check_leads_nowhere() {
    let stub = Stub::answering("application/json", "[]").await;
    let names = Arc::new(Rebinding::default());
    let client = client_with(guarded(), names.clone());
    let url = format!("http://rebinding.example:{}", stub.address.port());
    assert_eq!(client.check(&SkillUrl::parse(&url).unwrap()).await, Ok(()));
    let skill = client.connect_remote(&skill(&url, Protocol::Square, None));
    for _ in 0..3 {
        assert_eq!(skill.answer(&request()).await, Err(SkillFailure::AddressNotAllowed));
        assert_eq!(skill.ping().await, Err(SkillFailure::AddressNotAllowed));
    }
    assert_eq!((stub.connections(), names.asked.load(Ordering::SeqCst)), (0, 7));
}

/// Every name leads home.
struct Home;

#[async_trait]
impl Names for Home {
    async fn lookup(&self, _name: &str) -> io::Result<Vec<IpAddr>> {
        Ok(vec![[127, 0, 0, 1].into()])
    }
}

#[tokio::test]
async fn hosts_and_networks_that_are_allowed_are_called() {
    let stub = Stub::answering("application/json", "[]").await;
    let ask = async |settings: SkillClientSettings, host: &str| {
        let client = client_with(settings, Arc::new(Home));
        let url = format!("http://{host}:{}", stub.address.port());
        let registered = client.check(&SkillUrl::parse(&url).unwrap()).await.is_ok();
        let answer = client.connect_remote(&skill(&url, Protocol::Square, None)).answer(&request()).await;
        (registered, answer)
    };
    let hosts = SkillClientSettings { allowed_hosts: vec!["films.internal".into()], ..guarded() };
    assert_eq!(ask(hosts.clone(), "films.internal").await, (true, Ok(Vec::new())));
    let refused = (false, Err(SkillFailure::AddressNotAllowed));
    assert_eq!(ask(hosts.clone(), "other.internal").await, refused);
    assert_eq!(ask(hosts, "127.0.0.1").await, refused);
    let networks =
        |text: &str| SkillClientSettings { allowed_networks: vec![text.parse().unwrap()], ..guarded() };
    assert_eq!(ask(networks("127.0.0.0/8"), "127.0.0.1").await, (true, Ok(Vec::new())));
    assert_eq!(ask(networks("127.0.0.1"), "other.internal").await, (true, Ok(Vec::new())));
    assert_eq!(ask(networks("10.0.0.0/8"), "127.0.0.1").await, refused);
}

#[tokio::test]
async fn probing_and_checking_are_guarded_too() {
    let stub = Stub::answering("application/json", "[]").await;
    for host in ["127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]"] {
        let url = format!("http://{host}:{}", stub.address.port());
        assert_eq!(client(guarded()).detect(&SkillUrl::parse(&url).unwrap(), None).await, None, "{host}");
        let report = client(guarded()).inspect(&skill(&url, Protocol::A2a, None)).await;
        let messages: Vec<_> = report.steps.iter().map(|step| step.message.as_str()).collect();
        assert_eq!(messages, ["The address must not lead into a private network."], "{host}");
    }
    assert_eq!(stub.connections(), 0);
}
