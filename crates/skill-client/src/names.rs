use async_trait::async_trait;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// Finds the addresses of host names.
#[async_trait]
pub trait Names: Send + Sync {
    /// The addresses of `name` at this moment; an error, or none, where it is not known.
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// How many names are looked up at once. Each takes a thread for as long as the system waits for its name servers, also when nobody
/// waits for the answer any more.
const AT_ONCE: usize = 32;
/// How often one of them is.
const OF_ONE_NAME: usize = 2;
/// When so many names are remembered, those that nobody looks up are forgotten.
const REMEMBERED: usize = 1024;

/// Asks the operating system.
///
/// A bounded number of look-ups is under way at a time, and fewer of one name, so that names that no server answers for take
/// neither the threads that other work needs nor, as long as they are few, the places of other names. Further ones wait for a
/// place; who connects waits no longer than connecting may take, and then the skill could not be reached.
pub struct SystemNames {
    places: Arc<Semaphore>,
    of_names: Mutex<HashMap<String, Arc<Semaphore>>>,
    ask: Arc<Ask>,
}

type Ask = dyn Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync;

impl Default for SystemNames {
    fn default() -> Self {
        // The port is of no matter.
        Self::asking(|name| Ok((name, 0).to_socket_addrs()?.map(|found| found.ip()).collect()))
    }
}

impl SystemNames {
    fn asking(ask: impl Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync + 'static) -> Self {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        Self { places, of_names: Mutex::default(), ask: Arc::new(ask) }
    }

    fn places_of(&self, name: &str) -> Arc<Semaphore> {
        let mut of_names = self.of_names.lock().unwrap_or_else(PoisonError::into_inner);
        if of_names.len() >= REMEMBERED {
            of_names.retain(|_, places| Arc::strong_count(places) > 1);
        }
        let places = of_names.entry(name.to_owned());
        Arc::clone(places.or_insert_with(|| Arc::new(Semaphore::new(OF_ONE_NAME))))
    }
}

#[async_trait]
impl Names for SystemNames {
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let own = self.places_of(name).acquire_owned().await.map_err(io::Error::other)?;
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(io::Error::other)?;
        let (name, ask) = (name.to_owned(), Arc::clone(&self.ask));
        let asking = tokio::task::spawn_blocking(move || {
            // Until the thread is free, whoever has gone meanwhile.
            let _held = (own, place);
            ask(&name)
        });
        asking.await.map_err(io::Error::other)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::time::Duration;
    use tokio::time::timeout;

    /// Names of which some hang until the test lets them go.
    struct Hanging {
        names: Arc<SystemNames>,
        asked: Arc<AtomicUsize>,
        let_go: mpsc::Sender<()>,
    }

    impl Hanging {
        fn new() -> Self {
            let (let_go, wait) = mpsc::channel::<()>();
            let (wait, asked) = (Mutex::new(wait), Arc::new(AtomicUsize::new(0)));
            let counted = Arc::clone(&asked);
            let names = SystemNames::asking(move |name| {
                if name.starts_with("hanging") {
                    counted.fetch_add(1, Ordering::SeqCst);
                    // One after another, each by a word of the test; all once it has gone.
                    let _ = wait.lock().unwrap_or_else(PoisonError::into_inner).recv();
                }
                Ok(vec![IpAddr::from([192, 0, 2, 1])])
            });
            Self { names: Arc::new(names), asked, let_go }
        }

        /// Looks a name up for nobody.
        async fn give_up(&self, name: &str) {
            assert!(timeout(Duration::from_millis(5), self.names.lookup(name)).await.is_err());
        }
    }

    #[tokio::test]
    async fn a_name_that_hangs_takes_two_threads_however_often_it_is_looked_up_and_no_other_waits_for_it() {
        let hanging = Hanging::new();
        for _ in 0..10 {
            hanging.give_up("hanging.example").await;
        }
        assert!(hanging.asked.load(Ordering::SeqCst) <= OF_ONE_NAME);
        assert_eq!(hanging.names.lookup("films.example").await.unwrap().len(), 1);
        drop(hanging.let_go);
    }

    #[tokio::test]
    async fn many_names_that_hang_take_a_bounded_number_of_threads_and_what_waits_gets_the_next() {
        const WAITING: usize = 8;
        let hanging = Hanging::new();
        let waiting = |number: usize| {
            let names = Arc::clone(&hanging.names);
            tokio::spawn(async move { names.lookup(&format!("hanging-{number}.example")).await })
        };
        let all: Vec<_> = (0..AT_ONCE + WAITING).map(waiting).collect();
        while hanging.asked.load(Ordering::SeqCst) < 1 || hanging.names.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        hanging.give_up("films.example").await;
        // Those who came before have their turn first.
        for _ in 0..=WAITING {
            hanging.let_go.send(()).unwrap();
        }
        assert_eq!(hanging.names.lookup("films.example").await.unwrap().len(), 1, "a place was free");
        drop(hanging.let_go);
        for one in all {
            assert!(one.await.unwrap().is_ok());
        }
    }
}
