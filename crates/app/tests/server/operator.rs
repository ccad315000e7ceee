//! What an operator does at the command line, and what follows from it at a server that runs.

use crate::process::{Server, complaint, run, square};
use crate::waiting::within;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What the operator's command says; it must succeed.
fn told<const N: usize>(folder: &Path, arguments: [&str; N]) -> String {
    let output = run(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", complaint(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The same, read as JSON.
fn json_of<const N: usize>(folder: &Path, arguments: [&str; N]) -> Value {
    serde_json::from_str(&told(folder, arguments)).expect("JSON")
}

fn refusal<const N: usize>(folder: &Path, arguments: [&str; N]) -> String {
    let output = run(folder, arguments);
    assert!(!output.status.success(), "{arguments:?} was not refused");
    complaint(&output)
}

/// Has the password of `ann` set by the operator.
fn set_password(folder: &Path, password: &str) {
    let mut command = square(folder, ["user", "set-password", "ann", "--password-stdin"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("square starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(password.as_bytes()).expect("it is read");
    drop(stdin);
    assert!(child.wait().expect("it ends").success());
}

/// The status of `GET` on `path` with a token.
async fn status(server: &Server, path: &str, token: &str) -> u16 {
    let get = reqwest::Client::new().get(format!("{}{path}", server.url())).bearer_auth(token);
    get.send().await.expect("the server answers").status().as_u16()
}

async fn sign_in(server: &Server, password: &str) -> Value {
    server.post("/api/login", &json!({"username": "ann", "password": password})).await
}

/// A second after whatever changed it, a token has to be refused.
async fn refused_soon(server: &Server, token: &str) {
    let refused = async || (status(server, "/api/me", token).await == 401).then_some(());
    within(Duration::from_secs(1), "the token is refused", refused).await;
}

#[tokio::test]
async fn accounts_are_looked_after_while_a_server_runs() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    told(folder, ["user", "create", "ann", "--email", "ann@example.org", "--role", "admin"]);
    told(folder, ["user", "create", "bob"]);
    let server = Server::start(folder, &[]);
    set_password(folder, "correct horse battery\n");
    let session = sign_in(&server, "correct horse battery").await;
    let token = session["access_token"].as_str().unwrap().to_owned();

    let names = |users: Value| -> Vec<String> {
        users.as_array().unwrap().iter().map(|user| user["username"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(json_of(folder, ["user", "list", "--json"])), ["bob", "ann"]);
    assert_eq!(
        names(json_of(folder, ["user", "list", "--json", "--search", "AnN@", "--role", "admin"])),
        ["ann"]
    );
    assert_eq!(names(json_of(folder, ["user", "list", "--json", "--suspended"])), Vec::<String>::new());
    assert_eq!(names(json_of(folder, ["user", "list", "--json", "--limit", "1"])), ["bob"]);
    assert!(told(folder, ["user", "show", "ann@example.org"]).contains("admin, user"));
    assert_eq!(json_of(folder, ["user", "show", "ann", "--json"])["username"], json!("ann"));
    assert!(told(folder, ["user", "sessions", "ann"]).contains("127.0.0.1"));

    told(folder, ["user", "revoke", "ann", "--role", "admin"]);
    refused_soon(&server, &token).await;
    let refresh = json!({"refresh_token": session["refresh_token"]});
    let session = server.post("/api/token/refresh", &refresh).await;
    assert_eq!(session["user"]["roles"], json!(["user"]));

    assert_eq!(told(folder, ["user", "sign-out", "ann"]), "Ended 1 session.\n");
    refused_soon(&server, session["access_token"].as_str().unwrap()).await;
    set_password(folder, "another horse battery\n");
    let session = sign_in(&server, "another horse battery").await;
    assert!(told(folder, ["user", "reset-mfa", "ann"]).contains("had no second factor"));
    assert!(told(folder, ["user", "confirm", "ann"]).contains("confirmed"));

    assert!(refusal(folder, ["user", "delete", "ann"]).contains("--yes"));
    told(folder, ["user", "delete", "ann", "--yes"]);
    refused_soon(&server, session["access_token"].as_str().unwrap()).await;
    assert!(refusal(folder, ["user", "show", "ann"]).contains("no such account"));
}

#[tokio::test]
async fn what_a_role_allows_changes_while_a_server_runs() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    told(folder, ["role", "create", "auditor"]);
    told(folder, ["user", "create", "ann", "--email", "ann@example.org"]);
    let unusable = refusal(folder, ["user", "promote", "bob", "--role", "auditor"]);
    assert!(unusable.contains("no such account"), "{unusable}");
    told(folder, ["role", "allow", "auditor", "get:users"]);
    told(folder, ["user", "promote", "ann", "--role", "auditor"]);
    set_password(folder, "correct horse battery\n");
    let server = Server::start(folder, &[]);
    let session = sign_in(&server, "correct horse battery").await;
    let token = session["access_token"].as_str().unwrap();
    assert_eq!(status(&server, "/api/audit", token).await, 403);

    assert_eq!(told(folder, ["role", "allow", "auditor", "get:audit"]), "auditor now allows get:audit.\n");
    refused_soon(&server, token).await;
    let refresh = json!({"refresh_token": session["refresh_token"]});
    let session = server.post("/api/token/refresh", &refresh).await;
    let token = session["access_token"].as_str().unwrap();
    assert_eq!(status(&server, "/api/audit", token).await, 200);
    told(folder, ["role", "deny", "auditor", "get:audit"]);
    refused_soon(&server, token).await;

    let roles = json_of(folder, ["role", "list", "--json"]);
    let auditor = roles.as_array().unwrap().iter().find(|role| role["name"] == "auditor").unwrap();
    assert_eq!(*auditor, json!({"name": "auditor", "permissions": ["get:users"], "holders": 1}));
    assert!(told(folder, ["role", "list"]).contains("get:users"));

    // What everybody may shows at once to those who have no token at all.
    told(folder, ["role", "delete", "auditor"]);
    assert!(refusal(folder, ["role", "delete", "auditor"]).contains("no role 'auditor'"));
    assert!(refusal(folder, ["role", "delete", "user"]).contains("needed"));
    assert!(refusal(folder, ["role", "create", "admin"]).contains("already"));
    assert!(refusal(folder, ["role", "create", "Not a name"]).contains("role must be named by"));
    assert!(refusal(folder, ["role", "allow", "admin", "everything"]).contains("verb:thing"));
}

/// Speaks SMTP (RFC 5321) and takes no letter, or every one.
async fn mail_server(listener: TcpListener, takes: bool) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(async move { drop(converse(stream, takes).await) });
    }
}

async fn converse(stream: TcpStream, takes: bool) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 ready\r\n").await?;
    let mut in_letter = false;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let reply = match line.trim_end().split([' ', ':']).next().unwrap_or_default() {
            "." if in_letter => {
                in_letter = false;
                "250 taken"
            }
            _ if in_letter => continue,
            "RCPT" if !takes => "550 5.1.1 no such mailbox",
            "DATA" => {
                in_letter = true;
                "354 go ahead"
            }
            "QUIT" => "221 bye",
            _ => "250 fine",
        };
        stream.write_all(format!("{reply}\r\n").as_bytes()).await?;
    }
}

/// A server whose letters go there.
fn mailing(folder: &Path, port: u16) -> Server {
    let mut command = square(folder, ["serve"]);
    command.env("SQUARE__MAIL__TRANSPORT", "smtp").env("SQUARE__MAIL__SMTP__SECURITY", "none");
    command.env("SQUARE__MAIL__SMTP__PORT", port.to_string());
    Server::of(command)
}

#[tokio::test]
async fn letters_that_were_given_up_are_listed_sent_again_and_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let refusing = tokio::spawn(mail_server(listener, false));
    let server = mailing(folder, port);
    for name in ["ann", "bob", "eve"] {
        let email = format!("{name}@secret.example");
        server
            .post(
                "/api/register",
                &json!({"username": name, "email": email, "password": "correct horse battery"}),
            )
            .await;
    }
    let letters = || json_of(folder, ["outbox", "list", "--json"])["letters"].clone();
    let given_up = async || (letters()["set_aside"] == json!(3)).then(letters);
    let listed = within(Duration::from_secs(30), "three letters are given up", given_up).await;
    let first = &listed["list"][0];
    assert_eq!((&listed["waiting"], &listed["oldest_waiting_s"]), (&json!(0), &Value::Null));
    assert_eq!((&first["occasion"], &first["attempts"]), (&json!("confirm_address"), &json!(1)));
    assert!(first["reason"].as_str().unwrap().contains("550"), "{first}");
    let text = told(folder, ["outbox", "list"]);
    assert!(text.contains("confirm_address") && text.contains("1 attempt,"), "{text}");
    assert!(!text.contains("secret.example") && !listed.to_string().contains("secret.example"));

    refusing.abort();
    drop(refusing.await);
    let taking = tokio::spawn(mail_server(TcpListener::bind(("127.0.0.1", port)).await.unwrap(), true));
    assert_eq!(told(folder, ["outbox", "retire", first["id"].as_str().unwrap()]), "1 letter is deleted.\n");
    assert_eq!(told(folder, ["outbox", "replay", "letters"]), "2 letters are sent again.\n");
    assert_eq!(told(folder, ["outbox", "replay", "letters"]), "No such letter is set aside.\n");
    let sent =
        async || (letters()["waiting"] == json!(0) && letters()["set_aside"] == json!(0)).then_some(());
    within(Duration::from_secs(30), "two letters are sent", sent).await;
    taking.abort();
}
