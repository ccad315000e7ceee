use serde_json::{Value, json};
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Output, Stdio};

/// `square` with settings for tests, in `folder`.
pub(crate) fn square<A: AsRef<OsStr>>(folder: &Path, arguments: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_square"));
    command.current_dir(folder).env_clear().env("APP_ENV", "test").args(arguments).stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub(crate) fn run<A: AsRef<OsStr>>(folder: &Path, arguments: impl IntoIterator<Item = A>) -> Output {
    square(folder, arguments).output().expect("square starts")
}

/// What a command printed to standard error.
pub(crate) fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A running server. Killed when dropped.
pub(crate) struct Server {
    process: Child,
    url: String,
    client: reqwest::Client,
    token: Option<String>,
}

impl Server {
    /// Starts a server in `folder` and returns once it has said that it is ready.
    pub(crate) fn start(folder: &Path, arguments: &[&str]) -> Self {
        let (server, mut lines) = Self::begin(square(folder, [&["serve"], arguments].concat()));
        // Somebody must go on reading, or the server would block on a full pipe.
        std::thread::spawn(move || lines.read_to_end(&mut Vec::new()));
        server
    }

    /// Starts one that logs every request, and whose standard error nobody reads once it is ready.
    pub(crate) fn start_unheard(folder: &Path) -> Self {
        let mut command = square(folder, ["serve"]);
        command.env("SQUARE__LOG__LEVEL", "info");
        Self::begin(command).0
    }

    fn begin(mut command: Command) -> (Self, BufReader<ChildStderr>) {
        let mut process =
            command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().expect("square starts");
        let mut lines = BufReader::new(process.stderr.take().expect("stderr is piped"));
        let (mut heard, mut url) = (String::new(), None);
        while url.is_none() {
            let mut line = String::new();
            assert!(
                lines.read_line(&mut line).expect("stderr reads") > 0,
                "ended before it was ready: {heard}"
            );
            url = line
                .trim()
                .strip_prefix("API docs")
                .map(|url| url.trim().trim_end_matches("/apidocs").to_owned());
            heard.push_str(&line);
        }
        let url = url.expect("was read");
        (Self { process, url, client: reqwest::Client::new(), token: None }, lines)
    }

    /// Starts one whose calls are made by `ann`, an account that `square user create` makes before.
    pub(crate) async fn with_account(folder: &Path) -> Self {
        let made = run(folder, ["user", "create", "ann", "--email", "ann@example.org"]);
        assert!(made.status.success(), "{}", complaint(&made));
        let told = String::from_utf8_lossy(&made.stdout).into_owned();
        let password = told.split("password: ").nth(1).expect("the password is told").trim().to_owned();
        let mut server = Self::start(folder, &[]);
        let login = json!({"username": "ann", "password": password});
        let signed_in = server.post("/api/login", &login).await;
        server.token = Some(signed_in["access_token"].as_str().expect("a token").to_owned());
        server
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The access token of the account that makes the calls.
    pub(crate) fn token(&self) -> &str {
        self.token.as_deref().expect("somebody is signed in")
    }

    /// Makes calls by an account whose access token was got before.
    pub(crate) fn sign_in_by(&mut self, token: String) {
        self.token = Some(token);
    }

    fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// The reply to a `POST`, whose status must tell of success.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Value {
        let reply =
            self.request(reqwest::Method::POST, path).json(body).send().await.expect("the server answers");
        let status = reply.status();
        let body: Value = reply.json().await.expect("the reply is JSON");
        assert!(status.is_success(), "{status}: {body}");
        body
    }

    /// The reply to a `GET`, whose status must tell of success.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let reply = self.request(reqwest::Method::GET, path).send().await.expect("the server answers");
        let status = reply.status();
        let body: Value = reply.json().await.expect("the reply is JSON");
        assert!(status.is_success(), "{status}: {body}");
        body
    }

    /// Asks for a stream of events.
    pub(crate) async fn stream(&self, body: &Value) -> Events {
        let reply = self
            .request(reqwest::Method::POST, "/api/question")
            .header("Accept", "text/event-stream")
            .json(body)
            .send()
            .await
            .expect("the server answers");
        assert!(reply.status().is_success(), "{}", reply.status());
        Events { reply, read: String::new() }
    }

    /// Registers a skill at `url` and gives its id.
    pub(crate) async fn register(&self, name: &str, url: &str) -> String {
        let skill = self.post("/api/skill", &json!({"name": name, "url": url})).await;
        skill["id"].as_str().expect("an id").to_owned()
    }

    /// SIGKILL: no time to tidy up.
    pub(crate) fn kill(mut self) {
        self.process.kill().expect("it can be killed");
        self.process.wait().expect("it ends");
    }

    /// SIGTERM; gives the exit code.
    pub(crate) async fn terminate(mut self) -> Option<i32> {
        let id = self.process.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().expect("kill runs");
        assert!(sent.success());
        tokio::task::spawn_blocking(move || self.process.wait().expect("it ends").code())
            .await
            .expect("waits")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A stream of events as it comes.
pub(crate) struct Events {
    reply: reqwest::Response,
    read: String,
}

impl Events {
    /// The data of the next event; `None` at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some((event, _)) = self.read.split_once("\n\n") {
                let data: String = event.lines().filter_map(|line| line.strip_prefix("data:")).collect();
                let read = event.len() + 2;
                self.read.drain(..read);
                if data.is_empty() {
                    continue;
                }
                return Some(serde_json::from_str(&data).expect("events are JSON"));
            }
            let chunk = self.reply.chunk().await.ok().flatten()?;
            self.read.push_str(std::str::from_utf8(&chunk).expect("events are UTF-8"));
        }
    }
}
