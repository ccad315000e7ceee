use std::net::IpAddr;

/// Where somebody calls from, as far as it is told apart where calls are counted: an address of version 4, or of version 6 the first
/// 64 bits, since nobody is given less than all addresses that begin with them. All of whom nothing is known are in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Whereabouts(Place);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
enum Place {
    #[default]
    Unknown,
    V4([u8; 4]),
    V6([u8; 8]),
}

impl Whereabouts {
    /// Bytes that no other place has.
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Place::Unknown => &[],
            Place::V4(bytes) => bytes,
            Place::V6(bytes) => bytes,
        }
    }
}

impl From<IpAddr> for Whereabouts {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => Place::V4(address.octets()),
            IpAddr::V6(address) => {
                let mut network = [0; 8];
                network.copy_from_slice(&address.octets()[..8]);
                Place::V6(network)
            }
        })
    }
}

impl From<Option<IpAddr>> for Whereabouts {
    fn from(address: Option<IpAddr>) -> Self {
        address.map(Self::from).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(address: &str) -> Whereabouts {
        Some(address.parse::<IpAddr>().unwrap()).into()
    }

    #[test]
    fn who_shares_an_address_or_64_bits_of_one_is_in_one_place() {
        assert_eq!(place("192.0.2.1"), place("::ffff:192.0.2.1"));
        assert_ne!(place("192.0.2.1"), place("192.0.2.2"));
        assert_eq!(place("2001:db8::1"), place("2001:db8::ffff:0:0:2"));
        assert_ne!(place("2001:db8::1"), place("2001:db8:0:1::1"));
        assert_eq!(Whereabouts::from(None), Whereabouts::default());
        let places = ["192.0.2.1", "2001:db8::1"].map(place);
        assert!(places.iter().all(|place| !place.as_bytes().is_empty()));
    }
}
