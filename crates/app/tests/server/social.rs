use crate::process::{Server, square};
use crate::waiting::within;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Method, Url};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// GitHub on this machine, as far as signing in by it goes.
struct Github {
    url: String,
    /// The bodies that codes were exchanged with.
    exchanges: Arc<Mutex<Vec<String>>>,
}

impl Github {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let url = format!("http://{}", listener.local_addr().expect("has an address"));
        let exchanges = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&exchanges);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, Arc::clone(&seen)));
            }
        });
        Self { url, exchanges }
    }

    /// A server at which people sign in by it.
    fn server(&self, folder: &Path) -> Server {
        let mut command = square(folder, ["serve"]);
        command
            .env("GITHUB_CLIENT_ID", "Iv1.square")
            .env("GITHUB_OAUTH_CLIENT_SECRET", "app-secret")
            .env("SQUARE__SOCIAL__GITHUB__AUTHORIZE_URL", format!("{}/authorize", self.url))
            .env("SQUARE__SOCIAL__GITHUB__TOKEN_URL", format!("{}/token", self.url))
            .env("SQUARE__SOCIAL__GITHUB__API_URL", &self.url);
        Server::of(command)
    }

    fn last_exchange(&self) -> String {
        self.exchanges
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .last()
            .expect("a code was exchanged")
            .clone()
    }
}

async fn serve(mut socket: TcpStream, exchanges: Arc<Mutex<Vec<String>>>) {
    let mut request = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        match socket.read(&mut chunk).await {
            Ok(0) | Err(_) => return,
            Ok(count) => request.extend_from_slice(&chunk[..count]),
        }
        let text = String::from_utf8_lossy(&request).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length =
            head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() < length.unwrap_or(0) {
            continue;
        }
        let reply = if head.starts_with("POST /token ") {
            exchanges.lock().unwrap_or_else(PoisonError::into_inner).push(body.to_owned());
            json!({"access_token": "gho_SecretToken", "token_type": "bearer", "scope": "user:email"})
        } else if head.starts_with("GET /user/emails") {
            json!([{"email": "ada@example.org", "primary": true, "verified": true}])
        } else {
            json!({"id": 1, "login": "ada", "name": "Ada Lovelace"})
        };
        let reply = reply.to_string();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            reply.len()
        );
        if socket.write_all((head + &reply).as_bytes()).await.is_err() {
            return;
        }
        request.clear();
    }
}

fn parameter(url: &str, name: &str) -> String {
    let url = Url::parse(url).expect("an address");
    let found = url.query_pairs().find(|(key, _)| key == name);
    found.map(|(_, value)| value.into_owned()).expect("it is there")
}

#[tokio::test]
async fn somebody_signs_in_by_github_from_the_first_address_to_the_session() {
    let folder = tempfile::tempdir().unwrap();
    let github = Github::start().await;
    let mut server = github.server(folder.path());
    let begun = server.get("/api/social/github/authorize").await;
    let url = begun["url"].as_str().unwrap();
    assert_eq!(parameter(url, "client_id"), "Iv1.square");
    assert_eq!(json!(parameter(url, "state")), begun["state"]);

    let body = json!({"code": "good-code", "state": begun["state"]});
    let made = server.post("/api/social/github", &body).await;
    assert_eq!(
        (&made["auth"]["outcome"], &made["user"]["email"]),
        (&json!("created"), &json!("ada@example.org"))
    );
    let exchange = github.last_exchange();
    let sent = |name: &str| parameter(&format!("http://a/?{exchange}"), name);
    assert_eq!((sent("code"), sent("client_secret")), ("good-code".to_owned(), "app-secret".to_owned()));
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, sent("code_verifier").as_bytes()));
    assert_eq!(parameter(url, "code_challenge"), challenge, "the code is bound to who began");
    let again = server.call_with(Method::POST, "/api/social/github", &body).await.unwrap();
    assert_eq!((again.status, &again.body["code"]), (400, &json!("invalid_state")));

    server.sign_in_by(made["auth"]["access_token"].as_str().unwrap().to_owned());
    let methods = server.get("/api/social").await;
    let profile = &methods["login_methods"][0]["profile"];
    assert_eq!((&profile["user_name"], &profile["access_token"]), (&json!("ada"), &json!("gho_SecretToken")));
    assert_eq!(methods["login_methods"].as_array().map(Vec::len), Some(1));
    let off = server.call_with(Method::POST, "/api/social/google", &json!({"idtoken": "x"})).await.unwrap();
    assert_eq!((off.status, &off.body["code"]), (404, &json!("provider_not_set_up")));

    let said = server.said();
    for secret in ["gho_SecretToken", "good-code", "app-secret"] {
        assert!(!said.contains(secret), "the log holds {secret}");
    }
    for file in ["square.db", "square.db-wal"] {
        let bytes = std::fs::read(folder.path().join("data").join(file)).unwrap_or_default();
        assert!(!bytes.windows(15).any(|window| window == b"gho_SecretToken"), "{file}");
    }
}

#[tokio::test]
async fn an_address_that_has_an_account_is_asked_by_letter() {
    let folder = tempfile::tempdir().unwrap();
    let github = Github::start().await;
    let server = github.server(folder.path());
    let ada = json!({"username": "countess", "email": "ada@example.org", "password": "correct horse"});
    let registered = server.post("/api/register", &ada).await;
    let code = json!({"code": "good-code"});
    let asked = server.call_with(Method::POST, "/api/social/github", &code).await.unwrap();
    assert_eq!((asked.status, &asked.body["confirmation_required"]), (202, &json!(true)));
    let link = letter_with(folder.path(), "/link_social/").await;
    let linked = server.post(&format!("/api{link}"), &Value::Null).await;
    assert_eq!(linked["user"]["id"], registered["user"]["id"]);
    assert_eq!(linked["user"]["verified"], json!(1));
    let known = server.post("/api/social/github", &code).await;
    assert_eq!(
        (&known["auth"]["outcome"], &known["user"]["username"]),
        (&json!("signed_in"), &json!("countess"))
    );
    let password = json!({"username": "countess", "password": "correct horse"});
    let refused = server.call_with(Method::POST, "/api/login", &password).await.unwrap();
    assert_eq!(
        refused.status, 401,
        "whoever registered before the address was confirmed may have been anybody"
    );
}

/// The path of the link in the first letter that leads to `page`.
async fn letter_with(folder: &Path, page: &str) -> String {
    let mail = folder.join("data/mail");
    let looked = within(Duration::from_secs(30), "a letter", async || {
        let files = std::fs::read_dir(&mail).into_iter().flatten().flatten();
        let mut letters = files.filter_map(|file| std::fs::read_to_string(file.path()).ok());
        letters.find_map(|letter| path_in(&letter, page))
    });
    looked.await
}

fn path_in(letter: &str, page: &str) -> Option<String> {
    // Lines are broken and "=" is written out (quoted-printable, RFC 2045).
    let text = letter.replace("=\r\n", "").replace("=3D", "=");
    let (_, rest) = text.split_once(page)?;
    let end = rest.find(|c: char| c.is_whitespace() || "\"<".contains(c))?;
    Some(format!("{page}{}", &rest[..end]))
}
