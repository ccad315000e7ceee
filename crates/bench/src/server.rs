use crate::Outcome;
use crate::client::{Connection, block_on};
use crate::message::request;
use crate::process::Process;
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The server's program.
#[derive(Debug)]
pub(crate) struct Binary(PathBuf);

impl Binary {
    /// The program at `path`, or the one that stands beside this one.
    pub(crate) fn find(path: Option<&Path>) -> Outcome<Self> {
        let beside = || -> Outcome<PathBuf> {
            let name = format!("square{}", std::env::consts::EXE_SUFFIX);
            Ok(std::env::current_exe()?.with_file_name(name))
        };
        let path = path.map_or_else(beside, |path| Ok(path.to_owned()))?;
        match path.canonicalize() {
            Ok(path) => Ok(Self(path)),
            Err(_) => Err(format!(
                "there is no {}; make it with: cargo build --release -p square-app",
                path.display()
            )
            .into()),
        }
    }

    /// Its size.
    pub(crate) fn bytes(&self) -> Outcome<u64> {
        Ok(self.0.metadata()?.len())
    }

    /// How long it takes to start, tell its version and end.
    pub(crate) fn time_of_version(&self) -> Outcome<Duration> {
        let begun = Instant::now();
        let output = Command::new(&self.0).arg("--version").output()?;
        if output.status.success() { Ok(begun.elapsed()) } else { Err("square --version failed".into()) }
    }

    /// The program, to be run in `folder` with these settings and no others.
    fn command(&self, folder: &Path, settings: &[(&str, String)]) -> Command {
        let mut command = Command::new(&self.0);
        command.current_dir(folder).env_clear().envs(settings.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// A running server in a folder of its own. Dropping it ends it and removes the folder.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// How long it took from its start to its first answer that it is ready.
    pub(crate) ready_after: Duration,
    child: Child,
    // Goes after the process that writes into it.
    folder: TempDir,
}

/// An account to make before the server starts.
pub(crate) struct Account {
    pub(crate) username: &'static str,
    pub(crate) email: &'static str,
    pub(crate) password: &'static str,
}

impl Server {
    /// Starts the server on an empty folder, but for `account`, and waits until it is ready.
    pub(crate) fn start(
        binary: &Binary,
        settings: Vec<(&str, String)>,
        account: Option<&Account>,
    ) -> Outcome<Self> {
        let folder = empty_folder()?;
        if let Some(account) = account {
            make_account(binary.command(folder.path(), &settings), account)?;
        }
        Self::start_in(folder, binary, settings, &["serve"])
    }

    /// Starts a demo on a new database that `fill` is given the place of, migrated and before anybody serves it.
    pub(crate) fn start_demo(
        binary: &Binary,
        settings: Vec<(&str, String)>,
        fill: impl FnOnce(&Path) -> Outcome<()>,
    ) -> Outcome<Self> {
        let folder = empty_folder()?;
        let output = binary.command(folder.path(), &settings).arg("migrate").output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!("the database could not be made: {said}").into());
        }
        fill(&folder.path().join("data").join("square.db"))?;
        Self::start_in(folder, binary, settings, &["serve", "--demo"])
    }

    fn start_in(
        folder: TempDir,
        binary: &Binary,
        mut settings: Vec<(&str, String)>,
        arguments: &[&str],
    ) -> Outcome<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        settings.push(("SQUARE__HTTP__BIND", address.to_string()));
        settings.push(("SQUARE__HTTP__PUBLIC_URL", format!("http://{address}")));
        let mut command = binary.command(folder.path(), &settings);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null());
        let log = std::fs::File::create(folder.path().join("server.log"))?;
        let begun = Instant::now();
        let child = command.stderr(log).spawn()?;
        let mut server = Self { address, ready_after: Duration::ZERO, child, folder };
        server.wait_until_ready(begun)?;
        Ok(server)
    }

    /// The process that it is.
    pub(crate) fn process(&self) -> Process {
        Process(self.child.id())
    }

    fn wait_until_ready(&mut self, begun: Instant) -> Outcome<()> {
        const LIMIT: Duration = Duration::from_secs(30);
        const PAUSE: Duration = Duration::from_millis(1);
        while !is_ready(self.address) {
            if let Some(status) = self.child.try_wait()? {
                let log = std::fs::read_to_string(self.folder.path().join("server.log"))?;
                return Err(format!("the server ended before it was ready ({status}): {log}").into());
            }
            if begun.elapsed() > LIMIT {
                return Err("the server is not ready after 30 s".into());
            }
            std::thread::sleep(PAUSE);
        }
        self.ready_after = begun.elapsed();
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // There is nobody left to tell if it has gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn empty_folder() -> Outcome<TempDir> {
    Ok(tempfile::Builder::new().prefix("square-bench-").tempdir()?)
}

/// Whether the server says so. It holds its address before it serves, so the answer may take a while.
fn is_ready(address: SocketAddr) -> bool {
    let status = block_on(async {
        Ok(Connection::open(address).await?.send(&request("GET", "/health/ready", &[], b"")).await?.status)
    });
    status.is_ok_and(|status| status == 200)
}

fn make_account(mut command: Command, account: &Account) -> Outcome<()> {
    let Account { username, email, password } = account;
    command.args(["user", "create", username, "--email", email, "--password-stdin"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        writeln!(stdin, "{password}")?;
    }
    let output = child.wait_with_output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("the account could not be made: {}", String::from_utf8_lossy(&output.stderr)).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_server_is_named_with_the_way_to_make_it() {
        let error = Binary::find(Some(Path::new("/nowhere/square"))).unwrap_err().to_string();
        assert!(error.contains("/nowhere/square") && error.contains("cargo build --release"), "{error}");
    }
}
