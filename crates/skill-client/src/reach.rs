use crate::address::is_public;
use ipnet::IpNet;
use std::net::IpAddr;
use std::str::FromStr;

/// A network that skills may be in although it is not public: an address, or one with the length of its prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AllowedNetwork(IpNet);

impl FromStr for AllowedNetwork {
    type Err = ipnet::AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let address = text.parse::<IpAddr>().map(IpNet::from);
        address.or_else(|_| text.parse()).map(Self)
    }
}

/// Which addresses this server calls.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reach {
    pub(crate) everywhere: bool,
    pub(crate) networks: Vec<AllowedNetwork>,
    pub(crate) hosts: Vec<String>,
}

impl Reach {
    /// Whether an address may be connected to that was found for no name or for a name like any other.
    pub(crate) fn permits(&self, address: IpAddr) -> bool {
        // An IPv4 address in an IPv6 one is connected to as the IPv4 address that it is.
        let plain = address.to_canonical();
        self.everywhere
            || is_public(address)
            || self.networks.iter().any(|network| network.0.contains(&plain))
    }

    /// Whether a name may lead anywhere.
    pub(crate) fn trusts(&self, name: &str) -> bool {
        let name = name.strip_suffix('.').unwrap_or(name);
        self.everywhere || self.hosts.iter().any(|host| host.eq_ignore_ascii_case(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(networks: &[&str], hosts: &[&str]) -> Reach {
        Reach {
            everywhere: false,
            networks: networks.iter().map(|text| text.parse().unwrap()).collect(),
            hosts: hosts.iter().map(|&host| host.to_owned()).collect(),
        }
    }

    #[test]
    fn networks_that_are_allowed_may_be_called_and_no_others() {
        let reach = reach(&["10.1.0.0/16", "192.168.7.7", "fd00:1::/32"], &[]);
        for address in ["10.1.2.3", "::ffff:10.1.2.3", "192.168.7.7", "fd00:1::5", "1.1.1.1"] {
            assert!(reach.permits(address.parse().unwrap()), "{address}");
        }
        for address in ["10.2.0.0", "192.168.7.8", "fd00:2::5", "127.0.0.1", "64:ff9b::10.1.2.3"] {
            assert!(!reach.permits(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn hosts_that_are_allowed_are_told_from_those_that_look_alike() {
        let reach = reach(&[], &["films.internal"]);
        for name in ["films.internal", "FILMS.internal", "films.internal."] {
            assert!(reach.trusts(name), "{name}");
        }
        for name in ["a.films.internal", "films.internal.example", "internal", ""] {
            assert!(!reach.trusts(name), "{name}");
        }
    }

    #[test]
    fn what_is_no_network_is_none() {
        for text in ["", "10.0.0.0/33", "10.0.0", "films.internal", "::/129"] {
            assert!(text.parse::<AllowedNetwork>().is_err(), "{text}");
        }
    }
}
