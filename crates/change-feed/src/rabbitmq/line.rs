use std::cell::RefCell;
use std::io;
use std::net::Shutdown;
use tokio::net::TcpStream;
use tracing::Dispatch;
use tracing::dispatcher::{self, DefaultGuard};

/// A hold on a connection's socket, which is hung up with it.
///
/// lapin works on each connection in a thread of its own, which in the midst of logging in, or while the broker blocks
/// it, ends only when the other side hangs up. Without this, every attempt at a broker that says nothing
/// would leave a thread and a socket behind.
pub(super) struct Line(Option<std::net::TcpStream>);

impl Line {
    /// Takes hold of `stream` and gives it back.
    pub(super) fn hold(stream: TcpStream) -> io::Result<(Self, TcpStream)> {
        let stream = stream.into_std()?;
        let line = Self(Some(stream.try_clone()?));
        Ok((line, TcpStream::from_std(stream)?))
    }

    /// Leaves it to lapin to take its leave.
    pub(super) fn let_go(mut self) {
        self.0 = None;
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some(stream) = self.0.take() {
            // It fails where the other side has hung up already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// Has this thread log nothing as long as it lives.
///
/// lapin's thread logs each failure that we tell in our own words, and at the finest level the password too.
pub(super) fn quiet_this_thread() {
    thread_local! {
        static QUIET: RefCell<Option<DefaultGuard>> = const { RefCell::new(None) };
    }
    QUIET.set(Some(dispatcher::set_default(&Dispatch::none())));
}
