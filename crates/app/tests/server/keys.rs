//! Secrets and signing keys are replaced, and nobody notices.

use crate::letters;
use crate::process::{Server, complaint, square};
use crate::secrecy::{app_secret, code, scanned};
use crate::waiting::within;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const ANN: &str = "ann@example.org";
const PASSWORD: &str = "correct horse battery";
const A: &str = "Xh3vQ8Lw2Rt6Yp9Zk4Nm7Bc1Df5Gj0Aa";
const B: &str = "Bq7wE2rT9yU4iO1pL6kJ3hG8fD5sA0zX";
/// So long as any step of these tests may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is started has these secrets.
#[derive(Clone, Copy)]
struct Secrets {
    key: &'static str,
    previous: &'static str,
    salt: &'static str,
    previous_salt: &'static str,
}

const OLD: Secrets = Secrets { key: A, previous: "", salt: "salt A", previous_salt: "" };
const BOTH: Secrets = Secrets { key: B, previous: A, salt: "salt B", previous_salt: "salt A" };
const NEW: Secrets = Secrets { key: B, previous: "", salt: "salt B", previous_salt: "" };

fn command(folder: &Path, secrets: Secrets, arguments: &[&str]) -> Command {
    let mut command = square(folder, arguments);
    command.env("SECRET_KEY", secrets.key).env("SECRET_KEY_PREVIOUS", secrets.previous);
    command.env("SECURITY_PASSWORD_SALT", secrets.salt);
    command.env("SECURITY_PASSWORD_SALT_PREVIOUS", secrets.previous_salt);
    command
}

/// The exit code of a command, and what it says.
fn keys(folder: &Path, secrets: Secrets, arguments: &[&str]) -> (Option<i32>, String) {
    let output = command(folder, secrets, &[&["keys"], arguments].concat()).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!said.contains(A) && !said.contains(B), "no secret is shown: {said}");
    (output.status.code(), said + &complaint(&output))
}

/// A skill that remembers how it was asked.
async fn remembering_skill() -> (String, Arc<Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let url = format!("http://{}", listener.local_addr().expect("has an address"));
    let heard = Arc::new(Mutex::new(String::new()));
    let all = heard.clone();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let all = all.clone();
            tokio::spawn(async move {
                let mut chunk = [0; 4096];
                while let Ok(length @ 1..) = socket.read(&mut chunk).await {
                    all.lock().expect("nobody panicked").push_str(&String::from_utf8_lossy(&chunk[..length]));
                    let body = r#"[{"type":"plain_text","text":"yes"}]"#;
                    let header = format!(
                        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                        body.len()
                    );
                    if socket.write_all((header + body).as_bytes()).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    (url, heard)
}

/// What somebody's app knows, and what they have written down.
struct Factor {
    app: Vec<u8>,
    codes: Vec<String>,
}

impl Factor {
    /// Switches one on for whoever holds a token.
    async fn on(server: &Server, access: &str) -> Self {
        let caller = server.by(access);
        let (_, app) = app_secret(&scanned(server, access).await);
        // Each code is later than the one before, so that one is left that can be used at once.
        let verified =
            within(PATIENCE, "the code before is taken, if its time is not just over", async || {
                let proof = json!({"otp": code(&app, -1)});
                let reply =
                    caller.call_with(Method::POST, "/api/verify_otp", &proof).await.expect("an answer");
                (reply.status == 200).then_some(reply.body)
            });
        let verified = verified.await;
        let codes = verified["data"]["codes"].as_array().expect("codes");
        let codes = codes.iter().map(|code| code.as_str().expect("a code").to_owned()).collect();
        caller.post("/api/setup_mfa", &json!({"mfa_enabled": true, "otp": code(&app, 0)})).await;
        Self { app, codes }
    }
}

/// Somebody with a second factor, a session and a skill that wants to see a secret; and somebody else with a second factor.
struct Ann {
    folder: TempDir,
    factor: Factor,
    bob: Factor,
    refresh: String,
    device: String,
    skill: String,
    heard: Arc<Mutex<String>>,
}

/// A server whose letters go where `mail` says.
fn serve(folder: &Path, secrets: Secrets, mail: &str) -> Server {
    let mut command = command(folder, secrets, &["serve"]);
    // Nobody listens there, so letters wait.
    command.env("SQUARE__MAIL__TRANSPORT", mail).env("SQUARE__MAIL__SMTP__PORT", "1");
    Server::of(command)
}

impl Ann {
    async fn enrol() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["ann", "bob"] {
            let email = format!("{name}@example.org");
            let create = ["user", "create", name, "--email", &email, "--password-stdin"];
            let mut made = command(folder.path(), OLD, &create);
            let mut made = made.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("square starts");
            made.stdin.take().expect("it is piped").write_all(PASSWORD.as_bytes()).expect("it is read");
            assert!(made.wait().expect("it ends").success());
        }

        let (url, heard) = remembering_skill().await;
        let server = serve(folder.path(), OLD, "smtp");
        let login = json!({"username": "ann", "password": PASSWORD});
        let reply = server.request(Method::POST, "/api/login").json(&login).send().await.expect("an answer");
        let device = reply.headers()["x-device-token"].to_str().expect("text").to_owned();
        let session: Value = reply.json().await.expect("JSON");
        let access = text(&session, "access_token");
        let ann = server.by(&access);
        let factor = Factor::on(&server, &access).await;
        let of_bob = server.post("/api/login", &json!({"username": "bob", "password": PASSWORD})).await;
        let of_bob = text(&of_bob, "access_token");
        let bob = Factor::on(&server, &of_bob).await;
        // Or a session of his would never be refreshed.
        server.by(&of_bob).post("/api/logout", &json!({})).await;
        let skill = json!({"name": "secretive", "url": url, "secret": "bearer-of-the-skill"});
        let skill = text(&ann.post("/api/skill", &skill).await, "id");
        ann.post("/api/forgot_password", &json!({"email": ANN})).await;
        assert_eq!(server.terminate().await, Some(0));
        let refresh = text(&session, "refresh_token");
        Self { folder, factor, bob, refresh, device, skill, heard }
    }

    fn serve(&self, secrets: Secrets) -> Server {
        serve(self.folder.path(), secrets, "file")
    }

    fn keys(&self, secrets: Secrets, arguments: &[&str]) -> (Option<i32>, String) {
        keys(self.folder.path(), secrets, arguments)
    }

    async fn refresh(&mut self, server: &Server) -> String {
        let pair = server.post("/api/token/refresh", &json!({"refresh_token": self.refresh})).await;
        self.refresh = text(&pair, "refresh_token");
        text(&pair, "access_token")
    }

    /// Signs in by password, as far as the second factor.
    async fn challenge(&self, server: &Server, name: &str) -> String {
        let login = json!({"username": name, "password": PASSWORD});
        let request = server.request(Method::POST, "/api/login").header("X-Device-Token", &self.device);
        let reply: Value = request.json(&login).send().await.expect("an answer").json().await.expect("JSON");
        text(&reply, "mfa_token")
    }

    async fn signs_in_by_app(&self, server: &Server, name: &str, factor: &Factor) {
        let challenge = self.challenge(server, name).await;
        let email = format!("{name}@example.org");
        let proof = json!({"email": email, "mfa_token": challenge, "otp": code(&factor.app, 1)});
        text(&server.post("/api/login_mfa", &proof).await, "access_token");
    }

    async fn signs_in_by_recovery_code(&mut self, server: &Server) {
        let challenge = self.challenge(server, "ann").await;
        let code = self.factor.codes.remove(0);
        let recovery = json!({"email": ANN, "mfa_token": challenge, "recovery_code": code});
        text(&server.post("/api/verify_recovery_code", &recovery).await, "access_token");
    }

    async fn is_answered_by_the_skill(&self, server: &Server, access: &str) {
        self.heard.lock().expect("nobody panicked").clear();
        let options = json!({"selector": "Base", "selectedSkills": [self.skill]});
        let question = json!({"question": "Is it there?", "options": options});
        let answered = server.by(access).post("/api/question", &question).await;
        let heard = self.heard.lock().expect("nobody panicked").to_lowercase();
        assert!(heard.contains("authorization: bearer bearer-of-the-skill"), "{heard} {answered}");
    }
}

fn text(reply: &Value, field: &str) -> String {
    reply[field].as_str().unwrap_or_else(|| panic!("no {field}: {reply}")).to_owned()
}

fn kid(token: &str) -> String {
    let head = URL_SAFE_NO_PAD.decode(token.split('.').next().expect("a header")).expect("base64url");
    text(&serde_json::from_slice(&head).expect("JSON"), "kid")
}

async fn listed(server: &Server) -> Vec<String> {
    let jwks = server.get("/.well-known/jwks.json").await;
    jwks["keys"].as_array().expect("keys").iter().map(|key| text(key, "kid")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn another_secret_takes_over_and_nobody_is_signed_out() {
    let mut ann = Ann::enrol().await;
    let (code, said) = ann.keys(OLD, &["status"]);
    assert!(code == Some(0) && said.contains("10 recovery codes"), "{said}");

    let server = ann.serve(BOTH);
    let access = ann.refresh(&server).await;
    ann.is_answered_by_the_skill(&server, &access).await;
    let reset = within(PATIENCE, "the letter that waited is sent", async || {
        letters::of(&ann.folder).iter().find_map(|letter| letter.secret_for("reset_password"))
    });
    assert!(!reset.await.is_empty());
    ann.signs_in_by_recovery_code(&server).await;
    ann.signs_in_by_app(&server, "ann", &ann.factor).await;

    let (code, said) = ann.keys(BOTH, &["reseal"]);
    assert!(code == Some(0) && said.contains("Previous secrets are not needed any more"), "{said}");
    assert!(said.contains("sealing"), "progress is told: {said}");
    let (code, said) = ann.keys(BOTH, &["status", "--json"]);
    assert_eq!(code, Some(0));
    let status: Value = serde_json::from_str(&said).expect("JSON");
    assert!(status["sealed"].as_array().unwrap().iter().all(|kind| kind["standing"] == "current"), "{said}");
    // Who has signed in since has a password under the new salt; the other one must come first.
    let standings: BTreeSet<_> =
        status["passwords"].as_array().unwrap().iter().map(|salt| text(salt, "standing")).collect();
    assert_eq!(standings, ["current", "previous"].map(str::to_owned).into(), "{said}");
    let challenge = ann.challenge(&server, "bob").await;
    assert!(!challenge.is_empty());
    ann.signs_in_by_recovery_code(&server).await;
    assert_eq!(server.terminate().await, Some(0));

    let server = ann.serve(NEW);
    let access = ann.refresh(&server).await;
    ann.is_answered_by_the_skill(&server, &access).await;
    ann.signs_in_by_recovery_code(&server).await;
    ann.signs_in_by_app(&server, "bob", &ann.bob).await;
    assert!(!server.said().contains("ERROR"), "{}", server.said());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_previous_secret_is_said_to_be_needed_while_it_is() {
    let ann = Ann::enrol().await;
    // Nobody has refreshed since, and nothing is sealed anew yet.
    let (code, said) = ann.keys(BOTH, &["reseal"]);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("1 session has not been refreshed"), "{said}");
    let (code, said) = ann.keys(NEW, &["reseal"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("No previous secret is set"), "{said}");

    // Everything is under the new key now: whoever knows the old one only is told so, and changes nothing.
    let (code, said) = ann.keys(OLD, &["reseal"]);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("no setting names"), "{said}");
    let refused = command(ann.folder.path(), OLD, &["serve"]).output().unwrap();
    assert!(
        !refused.status.success() && complaint(&refused).contains("SECRET_KEY_PREVIOUS"),
        "{}",
        complaint(&refused)
    );
    assert_eq!(ann.keys(OLD, &["rotate-signing"]).0, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_the_old_secret_only_keeps_it_needed() {
    let ann = Ann::enrol().await;
    let server = ann.serve(OLD);
    let (code, said) = ann.keys(BOTH, &["reseal"]);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("1 server runs with another SECRET_KEY"), "{said}");
    drop(server);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_in_the_data_folder_is_renewed() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let run = |arguments: &[&str]| {
        let output = square(folder, arguments).output().expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned() + &complaint(&output))
    };
    assert_eq!(run(&["keys", "renew", "secret-key"]).0, Some(1), "there is none yet");
    let made = square(folder, ["user", "create", "ann"]).output().unwrap();
    let told = String::from_utf8_lossy(&made.stdout).into_owned();
    let password = told.split("password: ").nth(1).expect("it is told").trim().to_owned();
    let login = json!({"username": "ann", "password": password});
    let server = Server::start(folder, &[]);
    let session = server.post("/api/login", &login).await;
    assert_eq!(server.terminate().await, Some(0));

    for secret in ["secret-key", "password-salt"] {
        let (code, said) = run(&["keys", "renew", secret]);
        assert!(code == Some(0) && said.contains(".previous"), "{said}");
    }
    let server = Server::start(folder, &[]);
    server.post("/api/token/refresh", &json!({"refresh_token": session["refresh_token"]})).await;
    server.post("/api/login", &login).await;
    let (code, said) = run(&["keys", "reseal"]);
    assert!(code == Some(0) && said.contains("delete data/secret_key.previous"), "{said}");
    assert_eq!(server.terminate().await, Some(0));
    std::fs::remove_file(folder.join("data/secret_key.previous")).unwrap();
    std::fs::remove_file(folder.join("data/password_salt.previous")).unwrap();
    Server::start(folder, &[]).post("/api/login", &login).await;

    let (code, said) = keys(folder, NEW, &["renew", "secret-key"]);
    assert!(code == Some(1) && said.contains("SECRET_KEY is set"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_signing_key_takes_over_and_tokens_of_the_one_before_stay_good() {
    let ann = Ann::enrol().await;
    let lead = |mut command: Command| {
        command.env("SQUARE__AUTH__SIGNING_KEY_LEAD_S", "2");
        command
    };
    let server = Server::of(lead(command(ann.folder.path(), OLD, &["serve"])));
    let mut refresh = ann.refresh.clone();
    let mut next = async || {
        let pair = server.post("/api/token/refresh", &json!({"refresh_token": refresh})).await;
        refresh = text(&pair, "refresh_token");
        text(&pair, "access_token")
    };
    let before = next().await;
    assert_eq!(listed(&server).await, [kid(&before)]);

    let rotated = lead(command(ann.folder.path(), OLD, &["keys", "rotate-signing"])).output().unwrap();
    assert!(rotated.status.success(), "{}", complaint(&rotated));
    let keys = within(Duration::from_secs(1), "the new key is listed", async || {
        Some(listed(&server).await).filter(|keys| keys.len() == 2)
    });
    let keys = keys.await;
    assert_eq!(keys[1], kid(&before), "the newest comes first");
    let after = within(PATIENCE, "the new key signs", async || {
        Some(next().await).filter(|token| kid(token) == keys[0])
    });
    let after = after.await;
    for token in [&before, &after] {
        assert_eq!(server.by(token).status("/api/me").await, 200);
    }

    let replaced =
        command(ann.folder.path(), OLD, &["keys", "rotate-signing", "--replace"]).output().unwrap();
    assert!(replaced.status.success(), "{}", complaint(&replaced));
    let one = within(Duration::from_secs(1), "the others are gone", async || {
        Some(listed(&server).await).filter(|keys| keys.len() == 1)
    });
    assert!(!keys.contains(&one.await[0]));
    assert_eq!(server.by(&after).status("/api/me").await, 401);
    assert_eq!(server.by(&next().await).status("/api/me").await, 200, "the session goes on");
}
