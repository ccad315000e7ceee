use crate::client::Client;
use serde_json::json;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

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

/// A running server; calls are made to it as to a [`Client`]. Killed when dropped.
pub(crate) struct Server {
    process: Child,
    client: Client,
    said: Arc<Mutex<String>>,
}

impl Deref for Server {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl DerefMut for Server {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.client
    }
}

impl Server {
    /// Starts a server in `folder` and returns once it has said that it is ready.
    pub(crate) fn start(folder: &Path, arguments: &[&str]) -> Self {
        Self::of(square(folder, [&["serve"], arguments].concat()))
    }

    /// Starts one that logs every request, and whose standard error nobody reads once it is ready.
    pub(crate) fn start_unheard(folder: &Path) -> Self {
        let mut command = square(folder, ["serve"]);
        command.env("SQUARE__LOG__LEVEL", "info");
        Self::begin(command).0
    }

    /// Starts the server that `command` describes and returns once it has said that it is ready.
    pub(crate) fn of(command: Command) -> Self {
        let (server, lines) = Self::begin(command);
        let said = Arc::clone(&server.said);
        // Somebody must go on reading, or the server would block on a full pipe.
        std::thread::spawn(move || {
            for line in lines.split(b'\n').map_while(Result::ok) {
                let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
                said.push_str(&String::from_utf8_lossy(&line));
                said.push('\n');
            }
        });
        server
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
        let client = Client::new(url.expect("was read"));
        (Self { process, client, said: Arc::new(Mutex::new(heard)) }, lines)
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
        server.sign_in_by(signed_in["access_token"].as_str().expect("a token").to_owned());
        server
    }

    /// What it has said on standard error so far.
    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// SIGKILL, also while calls are under way.
    pub(crate) fn strike_down(&self) {
        self.signal("-KILL");
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.process.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// SIGKILL: no time to tidy up.
    pub(crate) fn kill(mut self) {
        self.process.kill().expect("it can be killed");
        self.process.wait().expect("it ends");
    }

    /// SIGTERM; gives the exit code.
    pub(crate) async fn terminate(mut self) -> Option<i32> {
        self.signal("-TERM");
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
        if std::thread::panicking() {
            tell_of_failure(&self.said());
        }
    }
}

#[expect(clippy::print_stderr, reason = "it is shown with the test that failed")]
fn tell_of_failure(said: &str) {
    eprintln!("--- a server said\n{said}---");
}
