use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderMap, HeaderName};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Which peers are proxies of our own, and in which header they say whom they speak for. By default none is: then who
/// connects is the client.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    /// Where they are.
    pub trusted: Vec<Network>,
    /// Where they say it.
    pub header: ForwardedHeader,
}

/// The header to which trusted proxies add. Only one is read: the other one passes through them as the client wrote it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`, as nearly all of them do.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

impl Proxies {
    /// Where a request comes from: the peer, unless that is a trusted proxy; then the last address in the header that is none.
    ///
    /// Proxies add on the right, so what stands further left may be made up by the client. Where a proxy says something else than
    /// an address the search ends at that proxy.
    pub fn client(&self, request: &HttpRequest) -> Option<IpAddr> {
        let peer = request.peer_addr()?.ip().to_canonical();
        Some(self.behind(peer, request.headers()))
    }

    fn behind(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer;
        if !self.trust(client) {
            return client;
        }
        for named in self.header.addresses(headers).into_iter().rev() {
            let Some(address) = named else { break };
            client = address;
            if !self.trust(client) {
                break;
            }
        }
        client
    }

    fn trust(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(address))
    }
}

impl ForwardedHeader {
    fn name(self) -> HeaderName {
        match self {
            Self::XForwardedFor => HeaderName::from_static("x-forwarded-for"),
            Self::Forwarded => header::FORWARDED,
        }
    }

    /// Whom each proxy spoke for, from left to right; `None` for what is no address.
    fn addresses(self, headers: &HeaderMap) -> Vec<Option<IpAddr>> {
        let mut addresses = Vec::new();
        for line in headers.get_all(self.name()) {
            // A line that is no text hides how many elements it has.
            let Ok(line) = line.to_str() else {
                addresses.push(None);
                continue;
            };
            // No address and no port holds a comma, so one within quotes is no element of its own but no address either.
            addresses.extend(line.split(',').map(|element| self.address(element.trim())));
        }
        addresses
    }

    fn address(self, element: &str) -> Option<IpAddr> {
        match self {
            Self::XForwardedFor => address(element),
            Self::Forwarded => {
                let pairs = element.split(';').filter_map(|pair| pair.trim().split_once('='));
                let mut named = pairs.filter(|(name, _)| name.eq_ignore_ascii_case("for"));
                let (_, node) = named.next()?;
                let quoted = node.strip_prefix('"').and_then(|node| node.strip_suffix('"'));
                address(quoted.unwrap_or(node))
            }
        }
    }
}

/// An address, also with a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
fn address(text: &str) -> Option<IpAddr> {
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let address = if let Some(rest) = text.strip_prefix('[') {
        let (address, rest) = rest.split_once(']')?;
        let port_ok = rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port);
        IpAddr::V6(port_ok.then(|| address.parse().ok())??)
    } else if let Ok(address) = text.parse() {
        address
    } else {
        let (address, port) = text.split_once(':')?;
        IpAddr::V4(is_port(port).then(|| address.parse().ok())??)
    };
    Some(address.to_canonical())
}

/// A network of the internet protocol: all addresses that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    bits: u8,
}

impl Network {
    /// Of version 4 where all of it is.
    fn to_canonical(self) -> Self {
        match (self.base.to_canonical(), self.bits.checked_sub(96)) {
            (base @ IpAddr::V4(_), Some(bits)) if self.base.is_ipv6() => Self { base, bits },
            _ => self,
        }
    }

    fn contains(self, address: IpAddr) -> bool {
        match (self.base, address) {
            (IpAddr::V4(base), IpAddr::V4(address)) => base == cut_v4(address, self.bits),
            (IpAddr::V6(base), IpAddr::V6(address)) => base == cut_v6(address, self.bits),
            _ => false,
        }
    }
}

fn cut_v4(address: Ipv4Addr, bits: u8) -> Ipv4Addr {
    let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
    Ipv4Addr::from_bits(address.to_bits() & mask)
}

fn cut_v6(address: Ipv6Addr, bits: u8) -> Ipv6Addr {
    let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
    Ipv6Addr::from_bits(address.to_bits() & mask)
}

/// Text that names no network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetworkSyntax;

impl fmt::Display for NetworkSyntax {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be an address such as 10.0.0.5, or a network such as 10.0.0.0/8 or fd00::/8")
    }
}

impl std::error::Error for NetworkSyntax {}

impl FromStr for Network {
    type Err = NetworkSyntax;

    /// Reads `address` or `address/bits`; bits beyond the network must be 0, since whoever wrote others meant something else. Addresses of
    /// version 4 written as version 6 (`::ffff:10.0.0.0/104`) mean the same as without, as peers and what proxies say do.
    fn from_str(text: &str) -> Result<Self, NetworkSyntax> {
        let (base, bits) = text.split_once('/').map_or((text, None), |(base, bits)| (base, Some(bits)));
        let base: IpAddr = base.parse().map_err(|_| NetworkSyntax)?;
        let all = if base.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(all), str::parse).map_err(|_| NetworkSyntax)?;
        let network = Self { base, bits };
        if bits <= all && network.contains(base) { Ok(network.to_canonical()) } else { Err(NetworkSyntax) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    const PROXIES: [&str; 3] = ["10.0.0.0/8", "192.0.2.1", "2001:db8:aaaa::/48"];

    fn client(header: ForwardedHeader, peer: &str, lines: &[(&str, &str)]) -> String {
        let trusted = PROXIES.iter().map(|network| network.parse().unwrap()).collect();
        let mut request = TestRequest::default().peer_addr(format!("{peer}:1234").parse().unwrap());
        for line in lines {
            request = request.append_header(*line);
        }
        let proxies = Proxies { trusted, header };
        proxies.client(&request.to_http_request()).unwrap().to_string()
    }

    #[test]
    fn nobody_is_believed_who_is_not_a_proxy() {
        for peer in ["203.0.113.9", "11.0.0.0", "192.0.2.2", "9.255.255.255"] {
            assert_eq!(client(ForwardedHeader::XForwardedFor, peer, &[("X-Forwarded-For", "1.2.3.4")]), peer);
        }
        assert_eq!(client(ForwardedHeader::XForwardedFor, "[2001:db8:aaab::1]", &[]), "2001:db8:aaab::1");
        let request = TestRequest::default().peer_addr("10.1.2.3:1".parse().unwrap());
        let request = request.insert_header(("X-Forwarded-For", "1.2.3.4")).to_http_request();
        assert_eq!(Proxies::default().client(&request).unwrap().to_string(), "10.1.2.3");
    }

    #[test]
    fn the_last_address_that_is_no_proxy_is_the_client() {
        for (said, from) in [
            ("198.51.100.7", "198.51.100.7"),
            ("1.2.3.4, 198.51.100.7", "198.51.100.7"),
            ("1.2.3.4,198.51.100.7 , 10.9.9.9,192.0.2.1", "198.51.100.7"),
            ("198.51.100.7:4711", "198.51.100.7"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]:443, 2001:db8:aaaa::5", "2001:db8::1"),
            ("::ffff:198.51.100.7", "198.51.100.7"),
            ("10.1.1.1, 10.2.2.2", "10.1.1.1"),
            // What is no address ends the search at who said it.
            ("198.51.100.7, unknown", "10.0.0.1"),
            ("198.51.100.7, unknown, 10.3.3.3", "10.3.3.3"),
            ("198.51.100.7,", "10.0.0.1"),
            ("198.51.100.7:http", "10.0.0.1"),
            ("[2001:db8::1", "10.0.0.1"),
            ("[198.51.100.7]", "10.0.0.1"),
            ("", "10.0.0.1"),
        ] {
            for peer in ["10.0.0.1", "[::ffff:10.0.0.1]"] {
                let found = client(ForwardedHeader::XForwardedFor, peer, &[("X-Forwarded-For", said)]);
                assert_eq!(found, from, "{said}");
            }
        }
        assert_eq!(client(ForwardedHeader::XForwardedFor, "10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn several_lines_are_one_list() {
        let lines = [("X-Forwarded-For", "1.2.3.4, 198.51.100.7"), ("X-Forwarded-For", "10.5.5.5")];
        assert_eq!(client(ForwardedHeader::XForwardedFor, "10.0.0.1", &lines), "198.51.100.7");
    }

    #[test]
    fn the_standard_header_is_read_where_it_is_chosen_and_only_then() {
        let both = [("X-Forwarded-For", "1.2.3.4"), ("Forwarded", "for=198.51.100.7")];
        assert_eq!(client(ForwardedHeader::Forwarded, "10.0.0.1", &both), "198.51.100.7");
        assert_eq!(client(ForwardedHeader::XForwardedFor, "10.0.0.1", &both), "1.2.3.4");
        for (said, from) in [
            ("for=1.2.3.4, proto=https;For=\"198.51.100.7:80\";by=10.0.0.1", "198.51.100.7"),
            (r#"for=198.51.100.7, for="[2001:db8:aaaa::7]:4711""#, "198.51.100.7"),
            ("for=198.51.100.7, for=_hidden", "10.0.0.1"),
            ("for=198.51.100.7, proto=https", "10.0.0.1"),
            (r#"for=198.51.100.7, for="10.1.1.1, 10.2.2.2""#, "10.0.0.1"),
        ] {
            let lines = [("Forwarded", said)];
            assert_eq!(client(ForwardedHeader::Forwarded, "10.0.0.1", &lines), from, "{said}");
        }
    }

    #[test]
    fn a_network_of_version_4_may_be_written_as_version_6() {
        for (network, inside, outside) in [
            ("::ffff:10.0.0.0/104", "10.1.2.3", "11.0.0.1"),
            ("::ffff:192.0.2.1", "192.0.2.1", "192.0.2.2"),
            ("::ffff:192.0.2.1/128", "192.0.2.1", "192.0.2.2"),
            ("::ffff:0:0/96", "203.0.113.9", "2001:db8::1"),
        ] {
            let proxies = Proxies { trusted: vec![network.parse().unwrap()], ..Proxies::default() };
            for (peer, trusted) in [(inside, true), (outside, false)] {
                let peer: IpAddr = peer.parse().unwrap();
                let mapped = match peer {
                    IpAddr::V4(address) => address.to_ipv6_mapped().into(),
                    IpAddr::V6(_) => peer,
                };
                for peer in [peer, mapped] {
                    let request = TestRequest::default().peer_addr((peer, 1234).into());
                    let request =
                        request.insert_header(("X-Forwarded-For", "198.51.100.7")).to_http_request();
                    let client = proxies.client(&request).unwrap();
                    let wanted = if trusted { "198.51.100.7".parse().unwrap() } else { peer.to_canonical() };
                    assert_eq!(client, wanted, "{network} {peer}");
                }
            }
        }
        // The mask is the network's own, so what is no network of version 6 is none of version 4.
        assert_eq!("::ffff:10.0.0.1/104".parse::<Network>(), Err(NetworkSyntax));
    }

    #[test]
    fn a_network_is_an_address_and_perhaps_its_bits() {
        for fine in ["10.0.0.0/8", "0.0.0.0/0", "::/0", "192.0.2.1", "192.0.2.1/32", "fd00::/8", "::1"] {
            assert!(fine.parse::<Network>().is_ok(), "{fine}");
        }
        for wrong in [
            "",
            "10.0.0.0/33",
            "10.0.0.1/8",
            "::/129",
            "fd00::1/8",
            "10.0.0.0/",
            "10/8",
            "proxy",
            "10.0.0.0/-1",
        ] {
            assert_eq!(wrong.parse::<Network>(), Err(NetworkSyntax), "{wrong}");
        }
        assert!("0.0.0.0/0".parse::<Network>().unwrap().contains("255.1.2.3".parse().unwrap()));
        assert!(!"0.0.0.0/0".parse::<Network>().unwrap().contains("::1".parse().unwrap()));
    }
}
