//! How many sessions may be open: a session takes memory and a heartbeat from its first request on, whether or not its client ever
//! connects to the namespace.

use square_wire::Fault;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The places that sessions take.
pub(crate) struct Places {
    most: usize,
    most_per_address: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_client: HashMap<IpAddr, usize>,
}

/// A place that is taken until this is dropped.
pub(crate) struct Place {
    places: Arc<Places>,
    client: Option<IpAddr>,
}

impl Places {
    /// So many, and so many of them for one address.
    pub(crate) fn new(most: usize, most_per_address: usize) -> Arc<Self> {
        Arc::new(Self { most, most_per_address, taken: Mutex::default() })
    }

    /// One for a client at this address; where it is not known, only the number of all counts.
    pub(crate) fn take(self: &Arc<Self>, client: Option<IpAddr>) -> Result<Place, Fault> {
        let client = client.map(household);
        let mut taken = self.taken();
        if taken.all >= self.most {
            return Err(Fault::transport(503, "too many sessions are open, please try again"));
        }
        if let Some(client) = client {
            let of_client = taken.by_client.entry(client).or_default();
            if *of_client >= self.most_per_address {
                return Err(Fault::too_many("sessions of one address", self.most_per_address));
            }
            *of_client += 1;
        }
        taken.all += 1;
        Ok(Place { places: Arc::clone(self), client })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.all -= 1;
        let Some(client) = self.client else { return };
        if let Some(of_client) = taken.by_client.get_mut(&client) {
            *of_client -= 1;
            if *of_client == 0 {
                taken.by_client.remove(&client);
            }
        }
    }
}

/// What counts as one address: of version 6 all that begin with the same 64 bits, since each household has so many.
fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Option<IpAddr> {
        text.parse().ok()
    }

    #[test]
    fn an_address_has_so_many_places_and_all_together_have_so_many() {
        let places = Places::new(3, 2);
        let first = places.take(address("192.0.2.1")).unwrap();
        let _second = places.take(address("::ffff:192.0.2.1")).unwrap();
        let status = |client| places.take(client).map(drop).map_err(|fault| fault.status);
        assert_eq!(status(address("192.0.2.1")), Err(429));
        assert_eq!(status(address("192.0.2.2")), Ok(()));
        let third = places.take(None).unwrap();
        assert_eq!((status(None), status(address("192.0.2.2"))), (Err(503), Err(503)));
        drop((first, third));
        assert_eq!((status(address("192.0.2.1")), status(None)), (Ok(()), Ok(())));
    }

    #[test]
    fn nothing_is_kept_of_who_has_gone() {
        let places = Places::new(10, 10);
        drop([places.take(address("2001:db8::1")).unwrap(), places.take(address("2001:db8::2")).unwrap()]);
        assert!(places.taken().by_client.is_empty() && places.taken().all == 0);
    }

    #[test]
    fn addresses_of_version_6_count_by_their_network() {
        let places = Places::new(10, 1);
        let _one = places.take(address("2001:db8:0:1::1")).unwrap();
        assert!(places.take(address("2001:db8:0:1:ffff::2")).is_err());
        assert!(places.take(address("2001:db8:0:2::1")).is_ok());
    }
}
