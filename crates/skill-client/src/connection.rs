use crate::meter::Metered;
use crate::resolver::GuardedResolver;
use http_body_util::Full;
use hyper::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use square_kernel::Unavailable;
use std::error::Error;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower::Service;
use tower_http::decompression::Decompression;

/// How long a connection is kept that nobody uses.
const KEPT: Duration = Duration::from_secs(30);

/// Sends requests over connections that it keeps, and unpacks what comes back.
pub(crate) type HttpClient = Decompression<Client<Connector, Full<bytes::Bytes>>>;

/// Makes a client whose connections are made by `connector`.
pub(crate) fn client(connector: Connector) -> HttpClient {
    let client = Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(KEPT)
        .build(connector);
    Decompression::new(client)
}

/// Connects to addresses that may be called, within a time, and bounds what comes back.
#[derive(Clone)]
pub(crate) struct Connector {
    https: HttpsConnector<HttpConnector<GuardedResolver>>,
    limit: Duration,
    most_bytes: u64,
}

impl Connector {
    /// `limit` is what finding the address, connecting and the TLS handshake may take together; `most_bytes` what a
    /// skill may send for one request, whatever it is.
    pub(crate) fn new(
        resolver: GuardedResolver,
        limit: Duration,
        most_bytes: u64,
    ) -> Result<Self, Unavailable> {
        let mut http = HttpConnector::new_with_resolver(resolver);
        http.enforce_http(false);
        http.set_nodelay(true);
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(tls()?)
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        Ok(Self { https, limit, most_bytes })
    }
}

/// On a machine without root certificates nobody is trusted.
fn tls() -> Result<ClientConfig, Unavailable> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(Unavailable::new)?;
    match Verifier::new(provider) {
        Ok(verifier) => {
            let verifier = Arc::new(verifier);
            Ok(config.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
        }
        Err(error) => {
            tracing::warn!(%error, "no root certificates: skills over https cannot be reached");
            Ok(config.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
        }
    }
}

type Connection = Metered<MaybeHttpsStream<TokioIo<TcpStream>>>;

impl Service<Uri> for Connector {
    type Response = Connection;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Connection, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.https.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = timeout(self.limit, self.https.call(uri));
        let most_bytes = self.most_bytes;
        Box::pin(async move {
            let stream = connecting.await.map_err(|_| io::Error::from(ErrorKind::TimedOut))??;
            Ok(Metered::new(stream, most_bytes))
        })
    }
}
