//! A TCP proxy that can be away for a while, as a server can.

use socket2::{Domain, Socket, Type};
use std::net::{Ipv4Addr, SocketAddr};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub(crate) struct Proxy {
    target: String,
    port: u16,
    /// Keeps the port from everybody else while nobody listens on it.
    _reservation: Socket,
    serving: Option<JoinHandle<()>>,
    silent: watch::Sender<bool>,
}

impl Proxy {
    /// In front of the server at `target`, `host:port`.
    pub(crate) fn start(target: String) -> Self {
        let reservation = bound(0);
        let address = reservation.local_addr().expect("it has an address");
        let port = address.as_socket().expect("of the Internet").port();
        let mut proxy = Self {
            target,
            port,
            _reservation: reservation,
            serving: None,
            silent: watch::Sender::new(false),
        };
        proxy.restore();
        proxy
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Breaks all connections off and refuses new ones.
    pub(crate) fn cut(&mut self) {
        if let Some(serving) = self.serving.take() {
            serving.abort();
        }
    }

    /// Takes everything and passes nothing on, as when a cable is pulled.
    pub(crate) fn fall_silent(&mut self) {
        self.silent.send_replace(true);
    }

    /// Serves again.
    pub(crate) fn restore(&mut self) {
        self.silent.send_replace(false);
        if self.serving.is_some() {
            return;
        }
        let socket = bound(self.port);
        socket.listen(128).expect("it can be listened on");
        let listener = TcpListener::from_std(socket.into()).expect("within a runtime");
        self.serving = Some(tokio::spawn(serve(listener, self.target.clone(), self.silent.subscribe())));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.cut();
    }
}

/// A socket bound to `port`, 0 for a free one, beside others of this process.
fn bound(port: u16) -> Socket {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.set_reuse_port(true).expect("the port can be shared");
    socket.set_nonblocking(true).expect("it need not block");
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    socket.bind(&address.into()).expect("the port is free");
    socket
}

/// All connections end with this.
async fn serve(listener: TcpListener, target: String, silent: watch::Receiver<bool>) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok((client, _)) = listener.accept().await else { return };
        connections.spawn(carry(client, target.clone(), silent.clone()));
        while connections.try_join_next().is_some() {}
    }
}

async fn carry(mut client: TcpStream, target: String, mut silent: watch::Receiver<bool>) {
    // The sender goes with the proxy, and so does this.
    let _ = silent.wait_for(|silent| !silent).await;
    let Ok(mut server) = TcpStream::connect(target).await else { return };
    if client.set_nodelay(true).and(server.set_nodelay(true)).is_err() {
        return;
    }
    let mut passing = std::pin::pin!(copy_bidirectional(&mut client, &mut server));
    loop {
        tokio::select! {
            biased;
            _ = silent.wait_for(|silent| *silent) => {}
            // One side has hung up: so does the other.
            _ = &mut passing => return,
        }
        let _ = silent.wait_for(|silent| !silent).await;
    }
}
