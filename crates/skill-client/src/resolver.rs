use crate::names::Names;
use crate::reach::Reach;
use hyper_util::client::legacy::connect::dns::Name;
use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tower::Service;

/// A name that leads to no address this server may connect to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name leads to no address that may be called")]
pub(crate) struct NotAllowed;

/// A name that leads to no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name is not known")]
pub(crate) struct Unknown;

/// Resolves names to addresses that may be called. It stands between the name and the connection, so the address
/// that was checked is the one that is connected to, however often the name changes its meaning.
#[derive(Clone)]
pub(crate) struct GuardedResolver {
    pub(crate) names: Arc<dyn Names>,
    pub(crate) reach: Arc<Reach>,
}

impl GuardedResolver {
    /// The addresses of a name that may be called.
    pub(crate) async fn lookup(&self, name: &str) -> Result<Result<Vec<IpAddr>, NotAllowed>, Unknown> {
        let found = self.names.lookup(name).await.map_err(|_| Unknown)?;
        if found.is_empty() {
            return Err(Unknown);
        }
        if self.reach.trusts(name) {
            return Ok(Ok(found));
        }
        let allowed: Vec<_> = found.into_iter().filter(|address| self.reach.permits(*address)).collect();
        Ok(if allowed.is_empty() { Err(NotAllowed) } else { Ok(allowed) })
    }
}

impl Service<Name> for GuardedResolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let resolver = self.clone();
        Box::pin(async move {
            let addresses = resolver.lookup(name.as_str()).await??;
            // The port is the caller's to fill in.
            let addresses = addresses.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(addresses.collect::<Vec<_>>().into_iter())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use std::io;

    struct These(&'static [&'static str]);

    #[async_trait]
    impl Names for These {
        async fn lookup(&self, _name: &str) -> io::Result<Vec<IpAddr>> {
            Ok(self.0.iter().map(|text| text.parse().unwrap()).collect())
        }
    }

    fn resolver(found: &'static [&'static str], hosts: &[&str]) -> GuardedResolver {
        let hosts = hosts.iter().map(|&host| host.to_owned()).collect();
        GuardedResolver {
            names: Arc::new(These(found)),
            reach: Arc::new(Reach { hosts, ..Reach::default() }),
        }
    }

    fn addresses(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[tokio::test]
    async fn of_a_name_with_several_addresses_the_public_ones_are_kept() {
        let found = resolver(&["10.0.0.1", "1.1.1.1", "::1", "2606:4700::1111"], &[]);
        let kept = found.lookup("a.example").await.unwrap().unwrap();
        assert_eq!(kept, addresses(&["1.1.1.1", "2606:4700::1111"]));
    }

    #[tokio::test]
    async fn a_name_with_private_addresses_alone_is_refused_unless_it_is_trusted() {
        let found = resolver(&["10.0.0.1", "fe80::1"], &["films.internal"]);
        assert_eq!(found.lookup("a.example").await, Ok(Err(NotAllowed)));
        let trusted = found.lookup("films.internal").await.unwrap().unwrap();
        assert_eq!(trusted, addresses(&["10.0.0.1", "fe80::1"]));
    }

    #[tokio::test]
    async fn a_name_without_addresses_is_unknown() {
        assert_eq!(resolver(&[], &["a.example"]).lookup("a.example").await, Err(Unknown));
    }
}
