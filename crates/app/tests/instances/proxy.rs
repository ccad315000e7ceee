//! A TCP proxy that can be away for a while, as a server can.

use socket2::{Domain, Socket, Type};
use std::net::{Ipv4Addr, SocketAddr};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

pub(crate) struct Proxy {
    target: String,
    port: u16,
    /// Keeps the port from everybody else while nobody listens on it.
    _reservation: Socket,
    serving: Option<JoinHandle<()>>,
}

impl Proxy {
    /// In front of the server at `target`, `host:port`.
    pub(crate) fn start(target: String) -> Self {
        let reservation = bound(0);
        let address = reservation.local_addr().expect("it has an address");
        let port = address.as_socket().expect("of the Internet").port();
        let mut proxy = Self { target, port, _reservation: reservation, serving: None };
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

    /// Serves again.
    pub(crate) fn restore(&mut self) {
        let socket = bound(self.port);
        socket.listen(128).expect("it can be listened on");
        let listener = TcpListener::from_std(socket.into()).expect("within a runtime");
        self.serving = Some(tokio::spawn(serve(listener, self.target.clone())));
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
async fn serve(listener: TcpListener, target: String) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok((client, _)) = listener.accept().await else { return };
        connections.spawn(carry(client, target.clone()));
        while connections.try_join_next().is_some() {}
    }
}

async fn carry(mut client: TcpStream, target: String) {
    let Ok(mut server) = TcpStream::connect(target).await else { return };
    let undelayed = client.set_nodelay(true).and(server.set_nodelay(true));
    if undelayed.is_ok() {
        // One side has hung up: so does the other.
        let _ = copy_bidirectional(&mut client, &mut server).await;
    }
}
