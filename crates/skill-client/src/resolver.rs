use crate::address::is_public;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::SocketAddr;

/// A name that leads to no address this server may connect to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name leads to no public address")]
pub(crate) struct NotPublic;

/// Resolves names to public addresses only. It stands between the name and the connection, so the address
/// that was checked is the one that is connected to, however often the name changes its meaning.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GuardedResolver {
    pub(crate) allow_private: bool,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private = self.allow_private;
        Box::pin(async move {
            // The port is the caller's to fill in.
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let addresses = if allow_private { found.collect() } else { only_public(found)? };
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// The public ones among `found`; an error when there are none, but some that are not public.
pub(crate) fn only_public(found: impl Iterator<Item = SocketAddr>) -> Result<Vec<SocketAddr>, NotPublic> {
    let (public, special): (Vec<_>, Vec<_>) = found.partition(|address| is_public(address.ip()));
    if public.is_empty() && !special.is_empty() { Err(NotPublic) } else { Ok(public) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn of_a_name_with_several_addresses_the_public_ones_are_kept() {
        let found = addresses(&["10.0.0.1:0", "1.1.1.1:0", "[::1]:0", "[2606:4700::1111]:0"]);
        let kept = only_public(found.into_iter()).unwrap();
        assert_eq!(kept, addresses(&["1.1.1.1:0", "[2606:4700::1111]:0"]));
    }

    #[test]
    fn a_name_with_private_addresses_alone_is_refused() {
        assert_eq!(only_public(addresses(&["10.0.0.1:0", "[fe80::1]:0"]).into_iter()), Err(NotPublic));
        assert_eq!(only_public([].into_iter()), Ok(Vec::new()));
    }

    #[tokio::test]
    async fn localhost_is_found_only_where_private_networks_are_allowed() {
        let resolve = |allow_private| GuardedResolver { allow_private }.resolve("localhost".parse().unwrap());
        assert!(resolve(true).await.unwrap().all(|address| address.ip().is_loopback()));
        let Err(error) = resolve(false).await else { panic!("found") };
        assert!(error.is::<NotPublic>());
    }
}
