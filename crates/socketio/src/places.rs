//! How much clients may take up: a session takes memory and a heartbeat from its first request on, whether or not its client ever
//! connects to the namespace; and what has come of a message that is not whole yet lies in memory until it is.

use square_kernel::Whereabouts;
use square_wire::Fault;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;
use tokio::time::Instant;

/// How much there is, in all and for clients at one place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Most {
    pub(crate) sessions: usize,
    pub(crate) sessions_per_place: usize,
    /// Bytes of what is not whole yet, beyond [`FREE`] for each.
    pub(crate) bytes: usize,
    pub(crate) bytes_per_place: usize,
}

/// So many bytes each session, and each body, has for itself; questions take no more.
pub(crate) const FREE: usize = 64 * 1024;

/// What is as short as this and as seldom keeps a connection alive, and nothing of it stays.
const HEARTBEAT_BYTES: usize = 16;
const HEARTBEAT_PAUSE: Duration = Duration::from_secs(10);

/// The places that sessions take.
pub(crate) struct Places {
    most: Most,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    all: Share,
    by_client: HashMap<Whereabouts, Share>,
    by_id: HashMap<String, Weak<Place>>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Share {
    sessions: usize,
    bytes: usize,
}

/// A place that a session has until this is dropped.
pub(crate) struct Place {
    places: Arc<Places>,
    client: Whereabouts,
    id: OnceLock<String>,
    held: Mutex<Held>,
}

/// What has come of the session's next message.
struct Held {
    bytes: Unfinished,
    last: Instant,
}

/// Bytes that lie in memory until something is whole, counted until this is dropped.
pub(crate) struct Unfinished {
    places: Arc<Places>,
    client: Whereabouts,
    bytes: usize,
    /// How many of them were taken from what all share.
    shared: usize,
}

impl Places {
    pub(crate) fn new(most: Most) -> Arc<Self> {
        Arc::new(Self { most, taken: Mutex::default() })
    }

    /// One for a session of a client there.
    pub(crate) fn take(self: &Arc<Self>, client: Whereabouts) -> Result<Arc<Place>, Fault> {
        let mut taken = lock(&self.taken);
        if taken.all.sessions >= self.most.sessions {
            return Err(Fault::transport(503, "too many sessions are open, please try again"));
        }
        let of_client = taken.by_client.entry(client).or_default();
        if of_client.sessions >= self.most.sessions_per_place {
            return Err(Fault::too_many("sessions of one address", self.most.sessions_per_place));
        }
        of_client.sessions += 1;
        taken.all.sessions += 1;
        drop(taken);
        let held = Mutex::new(Held { bytes: self.unfinished(client), last: Instant::now() });
        Ok(Arc::new(Place { places: Arc::clone(self), client, id: OnceLock::new(), held }))
    }

    /// That of an open session.
    pub(crate) fn find(&self, id: &str) -> Option<Arc<Place>> {
        lock(&self.taken).by_id.get(id).and_then(Weak::upgrade)
    }

    fn unfinished(self: &Arc<Self>, client: Whereabouts) -> Unfinished {
        Unfinished { places: Arc::clone(self), client, bytes: 0, shared: 0 }
    }

    fn take_bytes(&self, client: Whereabouts, bytes: usize) -> Result<(), Fault> {
        let mut taken = lock(&self.taken);
        if taken.all.bytes + bytes > self.most.bytes {
            return Err(Fault::transport(503, "too much is being sent, please try again"));
        }
        let of_client = taken.by_client.entry(client).or_default();
        if of_client.bytes + bytes > self.most.bytes_per_place {
            return Err(Fault::too_many("bytes of one address", self.most.bytes_per_place));
        }
        of_client.bytes += bytes;
        taken.all.bytes += bytes;
        Ok(())
    }

    fn give_back(&self, client: Whereabouts, share: Share) {
        let mut taken = lock(&self.taken);
        taken.all.give_back(share);
        if let Some(of_client) = taken.by_client.get_mut(&client) {
            of_client.give_back(share);
            if *of_client == Share::default() {
                taken.by_client.remove(&client);
            }
        }
    }
}

impl Share {
    fn give_back(&mut self, share: Self) {
        self.sessions -= share.sessions;
        self.bytes -= share.bytes;
    }
}

impl Place {
    /// From here on the session is found by what its client calls it.
    pub(crate) fn called(self: &Arc<Self>, id: String) {
        lock(&self.places.taken).by_id.insert(id.clone(), Arc::downgrade(self));
        // A session is opened, and called something, once.
        let _ = self.id.set(id);
    }

    /// Counts what has come of the next message; refused where there is no room for it.
    pub(crate) fn hold(&self, bytes: usize) -> Result<(), Fault> {
        let mut held = lock(&self.held);
        let pause = std::mem::replace(&mut held.last, Instant::now()).elapsed();
        if bytes <= HEARTBEAT_BYTES && pause >= HEARTBEAT_PAUSE {
            return Ok(());
        }
        held.bytes.add(bytes)
    }

    /// The message has become whole, and goes to whoever answers it.
    pub(crate) fn let_go(&self) {
        lock(&self.held).bytes.clear();
    }

    /// A request's body that is about to be read, whatever becomes of messages meanwhile.
    pub(crate) fn body(&self) -> Unfinished {
        self.places.unfinished(self.client)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.give_back(self.client, Share { sessions: 1, bytes: 0 });
        if let Some(id) = self.id.get() {
            lock(&self.places.taken).by_id.remove(id);
        }
    }
}

impl Unfinished {
    /// Counts more of them; refused where there is no room.
    pub(crate) fn add(&mut self, bytes: usize) -> Result<(), Fault> {
        let more = (self.bytes + bytes).saturating_sub(FREE) - self.shared;
        if more > 0 {
            self.places.take_bytes(self.client, more)?;
        }
        self.bytes += bytes;
        self.shared += more;
        Ok(())
    }

    fn clear(&mut self) {
        self.bytes = 0;
        let bytes = std::mem::take(&mut self.shared);
        if bytes > 0 {
            self.places.give_back(self.client, Share { sessions: 0, bytes });
        }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        self.clear();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

    fn at(address: &str) -> Whereabouts {
        address.parse::<IpAddr>().ok().into()
    }

    fn sessions(sessions: usize, sessions_per_place: usize) -> Arc<Places> {
        Places::new(Most { sessions, sessions_per_place, bytes: 0, bytes_per_place: 0 })
    }

    #[test]
    fn an_address_has_so_many_places_and_all_together_have_so_many() {
        let places = sessions(3, 2);
        let first = places.take(at("192.0.2.1")).unwrap();
        let _second = places.take(at("::ffff:192.0.2.1")).unwrap();
        let status = |client| places.take(client).map(drop).map_err(|fault| fault.status);
        assert_eq!(status(at("192.0.2.1")), Err(429));
        assert_eq!(status(at("192.0.2.2")), Ok(()));
        let third = places.take(at("unknown")).unwrap();
        assert_eq!((status(at("unknown")), status(at("192.0.2.2"))), (Err(503), Err(503)));
        drop((first, third));
        assert_eq!((status(at("192.0.2.1")), status(at("unknown"))), (Ok(()), Ok(())));
    }

    #[test]
    fn nothing_is_kept_of_who_has_gone() {
        let places = Places::new(Most { sessions: 9, sessions_per_place: 9, bytes: 9, bytes_per_place: 9 });
        let gone = ["2001:db8::1", "2001:db8::2", "unknown"].map(|address| places.take(at(address)).unwrap());
        gone[0].called("a".to_owned());
        gone[0].hold(FREE + 9).unwrap();
        assert!(places.find("a").is_some() && places.find("b").is_none());
        drop(gone);
        assert!(places.find("a").is_none());
        let taken = lock(&places.taken);
        assert!(taken.by_client.is_empty() && taken.by_id.is_empty() && taken.all == Share::default());
    }

    #[test]
    fn of_what_is_not_whole_yet_there_is_so_much_of_an_address_and_of_all() {
        let places =
            Places::new(Most { sessions: 9, sessions_per_place: 9, bytes: 250, bytes_per_place: 100 });
        let [one, other] = [(); 2].map(|()| places.take(at("192.0.2.1")).unwrap());
        let status = |place: &Place, bytes| place.hold(bytes).map_err(|fault| fault.status);
        for place in [&one, &other] {
            assert_eq!(status(place, FREE), Ok(()));
        }
        assert_eq!((status(&one, 60), status(&other, 40), status(&other, 1)), (Ok(()), Ok(()), Err(429)));
        let mut body = one.body();
        assert_eq!((body.add(FREE).is_ok(), body.add(1).is_ok()), (true, false));
        let others = ["192.0.2.2", "192.0.2.3"].map(|address| places.take(at(address)).unwrap());
        assert_eq!((status(&others[0], FREE + 100), status(&others[1], FREE + 51)), (Ok(()), Err(503)));
        // Once it is whole there is room again, for the same one and for others.
        one.let_go();
        assert_eq!((status(&one, FREE), status(&other, 60)), (Ok(()), Ok(())));
        drop(other);
        assert_eq!(
            (status(&one, 101), status(&one, 99)),
            (Err(429), Ok(())),
            "who was refused has sent nothing"
        );
        // A body counts until it is read, though the session goes on.
        one.let_go();
        assert!(body.add(100).is_ok());
        one.let_go();
        assert_eq!(status(&one, FREE + 1), Err(429));
        drop(body);
        assert_eq!(status(&one, FREE + 1), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn heartbeats_add_up_to_nothing_and_small_pieces_do() {
        let places = sessions(9, 9);
        let place = places.take(at("192.0.2.1")).unwrap();
        for _ in 0..FREE {
            tokio::time::advance(Duration::from_secs(25)).await;
            place.hold(7).unwrap();
        }
        let pieces = (0..FREE).take_while(|_| place.hold(HEARTBEAT_BYTES).is_ok()).count();
        assert_eq!(pieces, FREE / HEARTBEAT_BYTES);
    }
}
