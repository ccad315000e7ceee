//! Several servers on one database, and the people who use them.

use crate::client::Client;
use crate::database::Scratch;
use crate::process::{Server, square};
use crate::waiting::within;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::Write;
use std::ops::Deref;
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// What holds on one instance holds on all within this time.
pub(crate) const SOON: Duration = Duration::from_secs(1);

/// Everybody's password.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// A database, and what all instances on it have in common.
pub(crate) struct World {
    pub(crate) database: Scratch,
    variables: Vec<(String, String)>,
}

/// A server with a folder of its own. Calls are made to it as to a [`Client`].
pub(crate) struct Instance {
    server: Server,
    folder: TempDir,
}

impl Deref for Instance {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.server
    }
}

impl Instance {
    /// What it has said on standard error so far.
    pub(crate) fn said(&self) -> String {
        self.server.said()
    }

    /// SIGKILL, also while calls are under way.
    pub(crate) fn strike_down(&self) {
        self.server.strike_down();
    }

    /// SIGKILL; gives the folder.
    pub(crate) fn kill(self) -> TempDir {
        self.server.kill();
        self.folder
    }

    pub(crate) fn folder(&self) -> &TempDir {
        &self.folder
    }
}

/// The tokens of somebody who is signed in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Session {
    pub(crate) access: String,
    pub(crate) refresh: String,
    /// The roles that the reply told of.
    pub(crate) roles: Value,
}

impl Session {
    pub(crate) fn read(reply: &Value) -> Self {
        let text = |field: &str| reply[field].as_str().unwrap_or_else(|| panic!("{reply}")).to_owned();
        Self {
            access: text("access_token"),
            refresh: text("refresh_token"),
            roles: reply["user"]["roles"].clone(),
        }
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        let database = Scratch::create().await;
        let variables = [
            ("DATABASE_URL", database.url().to_string()),
            ("SECRET_KEY", "Xh3vQ8Lw2Rt6Yp9Zk4Nm7Bc1Df5Gj0Aa".to_owned()),
            ("SECURITY_PASSWORD_SALT", "Zx8Vb3Nm6Qw1Er4Ty7Ui0Op2As5Df8Gh".to_owned()),
        ];
        Self { database, variables: variables.map(|(name, value)| (name.to_owned(), value)).into() }
    }

    /// Sets a variable in the environment of all that is started from now on.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.variables.retain(|(other, _)| other != name);
        self.variables.push((name.to_owned(), value.into()));
    }

    fn command(&self, folder: &TempDir, arguments: &[&str]) -> Command {
        let mut command = square(folder.path(), arguments);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Starts a server in an empty folder.
    pub(crate) async fn instance(&self) -> Instance {
        self.instance_in(folder()).await
    }

    /// Starts a server in `folder`.
    pub(crate) async fn instance_in(&self, folder: TempDir) -> Instance {
        let command = self.command(&folder, &["serve"]);
        // On a thread of its own: it may have to go by way of this one's tasks.
        let starting = tokio::task::spawn_blocking(move || Server::of(command)).await;
        Instance { server: starting.expect("it starts"), folder }
    }

    /// Starts two.
    pub(crate) async fn two_instances(&self) -> (Instance, Instance) {
        tokio::join!(self.instance(), self.instance())
    }

    /// Runs a command of an operator, which must succeed; gives what it says.
    pub(crate) async fn run(&self, arguments: &[&str], input: &str) -> String {
        let folder = folder();
        let mut command = self.command(&folder, arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let input = input.to_owned();
        let running = tokio::task::spawn_blocking(move || {
            let mut process = command.spawn().expect("square starts");
            let mut stdin = process.stdin.take().expect("stdin is piped");
            // It may end without reading.
            drop(stdin.write_all(input.as_bytes()));
            drop(stdin);
            process.wait_with_output().expect("it ends")
        });
        let output = running.await.expect("it runs");
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {complaint}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Runs a command of an operator, whatever becomes of it; gives its exit code and what it says.
    pub(crate) async fn ended(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let folder = folder();
        let mut command = self.command(&folder, arguments);
        let output = tokio::task::spawn_blocking(move || command.output().expect("square starts"));
        let output = output.await.expect("it runs");
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&said).into_owned())
    }

    /// Makes an account that is confirmed at once.
    pub(crate) async fn account(&self, name: &str) {
        let email = format!("{name}@example.org");
        self.run(&["user", "create", name, "--email", &email, "--password-stdin"], PASSWORD).await;
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// What somebody sends to sign in.
pub(crate) fn login(name: &str) -> Value {
    json!({"username": name, "password": PASSWORD})
}

impl Instance {
    pub(crate) async fn sign_in(&self, name: &str) -> Session {
        Session::read(&self.post("/api/login", &login(name)).await)
    }

    /// Calls by somebody who signs in here.
    pub(crate) async fn signed_in(&self, name: &str) -> Client {
        self.by(&self.sign_in(name).await.access)
    }

    /// The next pair of tokens.
    pub(crate) async fn refresh(&self, session: &Session) -> Session {
        let body = json!({"refresh_token": session.refresh});
        Session::read(&self.post("/api/token/refresh", &body).await)
    }

    /// The status of an attempt to get the next pair of tokens.
    pub(crate) async fn refresh_status(&self, session: &Session) -> u16 {
        let body = json!({"refresh_token": session.refresh});
        let reply = self.call_with(Method::POST, "/api/token/refresh", &body).await;
        reply.expect("the server answers").status
    }

    /// Waits until an access token is refused, which has to happen soon.
    pub(crate) async fn refuses(&self, access_token: &str) {
        let client = self.by(access_token);
        soon("the token is refused", async || match client.status("/api/me").await {
            200 => None,
            401 => Some(()),
            other => panic!("{other}"),
        })
        .await;
    }
}

/// Trains a skill, so that it is published.
pub(crate) async fn train(client: &Client, skill: &str, examples: &[&str]) {
    let file = |name: &str| {
        let head = format!("Content-Disposition: form-data; name=\"{name}\"; filename=\"{name}.txt\"");
        format!("--cut\r\n{head}\r\n\r\n{}\r\n", examples.join("\n"))
    };
    let form = format!("{}{}--cut--\r\n", file("train_file"), file("dev_file"));
    let request = client
        .request(Method::POST, &format!("/api/skill/{skill}/train"))
        .header("Content-Type", "multipart/form-data; boundary=cut")
        .body(form);
    let reply = client.send(request).await.expect("the server answers");
    assert_eq!(reply.status, 200, "{}", reply.body);
}

/// Waits for what happens soon.
pub(crate) async fn soon<T>(what: &str, probe: impl AsyncFnMut() -> Option<T>) -> T {
    within(SOON, what, probe).await
}

/// Which skills an answer is of.
pub(crate) fn names(answers: &Value) -> Vec<&str> {
    let answers = answers.as_array().unwrap_or_else(|| panic!("not an array: {answers}"));
    answers.iter().filter_map(|answer| answer["name"].as_str()).collect()
}
