use async_trait::async_trait;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

/// Finds the addresses of host names.
#[async_trait]
pub trait Names: Send + Sync {
    /// The addresses of `name` at this moment; an error, or none, where it is not known.
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// How many names are looked up at once: those whose last look-up was answered, those of which nothing is known, and those whose
/// last look-up nobody waited for to the end. Each takes a thread for as long as the system waits for its name servers, also when nobody
/// waits for the answer any more; so names that no server answers for, however many, keep none waiting that one does.
const ANSWERED: usize = 32;
const NEW: usize = 16;
const HANGING: usize = 4;
/// How long what was found is good for others who ask.
const KEPT: Duration = Duration::from_secs(3);
/// When so many names are remembered, those that are not needed are forgotten.
const REMEMBERED: usize = 4096;

/// Asks the operating system.
///
/// A bounded number of look-ups is under way at a time, one of each name: who asks for the same name meanwhile, or a moment later, is
/// told the same. Further names wait for a place; who connects waits no longer than connecting may take, and then the skill could not
/// be reached.
pub struct SystemNames {
    asking: Arc<Asking>,
}

type Ask = dyn Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync;

/// What came of a look-up. Errors are told as text, since several hear of one.
type Found = Result<Vec<IpAddr>, String>;

struct Asking {
    ask: Box<Ask>,
    answered: Arc<Semaphore>,
    new: Arc<Semaphore>,
    hanging: Arc<Semaphore>,
    known: Mutex<HashMap<String, Known>>,
}

/// What is known of a name.
#[derive(Default)]
struct Known {
    standing: Standing,
    /// Tells those who wait for the look-up that is under way.
    under_way: Option<Arc<watch::Sender<Option<Found>>>>,
    found: Option<(Instant, Vec<IpAddr>)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Standing {
    #[default]
    New,
    Answered,
    Hanging,
}

impl Default for SystemNames {
    fn default() -> Self {
        // The port is of no matter.
        Self::asking(|name| Ok((name, 0).to_socket_addrs()?.map(|found| found.ip()).collect()))
    }
}

impl SystemNames {
    fn asking(ask: impl Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync + 'static) -> Self {
        let [answered, new, hanging] =
            [ANSWERED, NEW, HANGING].map(|places| Arc::new(Semaphore::new(places)));
        let known = Mutex::default();
        Self { asking: Arc::new(Asking { ask: Box::new(ask), answered, new, hanging, known }) }
    }
}

#[async_trait]
impl Names for SystemNames {
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let mut told = match self.asking.join(name) {
            Ok(found) => return Ok(found),
            Err(told) => told,
        };
        let told = told.wait_for(Option::is_some).await.map_err(io::Error::other)?;
        let found = told.as_ref().map_or_else(|| Err("nothing was found".to_owned()), Clone::clone);
        found.map_err(io::Error::other)
    }
}

impl Asking {
    /// What is known already, or where it will be told.
    fn join(self: &Arc<Self>, name: &str) -> Result<Vec<IpAddr>, watch::Receiver<Option<Found>>> {
        let mut all = self.known();
        if all.len() >= REMEMBERED && !all.contains_key(name) {
            all.retain(|_, known| known.under_way.is_some() || known.standing == Standing::Answered);
            if all.len() >= REMEMBERED {
                all.retain(|_, known| known.under_way.is_some());
            }
        }
        let known = all.entry(name.to_owned()).or_default();
        if let Some((at, found)) = &known.found
            && at.elapsed() < KEPT
        {
            return Ok(found.clone());
        }
        if let Some(under_way) = &known.under_way {
            return Err(under_way.subscribe());
        }
        let (under_way, told) = watch::channel(None);
        known.under_way = Some(Arc::new(under_way));
        tokio::spawn(Arc::clone(self).look_up(name.to_owned(), known.standing));
        Err(told)
    }

    async fn look_up(self: Arc<Self>, name: String, standing: Standing) {
        let places = match standing {
            Standing::New => &self.new,
            Standing::Answered => &self.answered,
            Standing::Hanging => &self.hanging,
        };
        let Ok(place) = Arc::clone(places).acquire_owned().await else { return };
        if self.is_given_up(&name) {
            return;
        }
        let (asking, asked) = (Arc::clone(&self), name.clone());
        let asking = tokio::task::spawn_blocking(move || {
            let _held = place;
            (asking.ask)(&asked)
        });
        let found = match asking.await {
            Ok(found) => found.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        self.tell(&name, found);
    }

    /// Whether nobody waits for a look-up any more that has not begun, which is then forgotten.
    fn is_given_up(&self, name: &str) -> bool {
        let mut all = self.known();
        let Some(known) = all.get_mut(name) else { return true };
        let given_up = known.under_way.as_ref().is_none_or(|under_way| under_way.receiver_count() == 0);
        if given_up {
            known.under_way = None;
        }
        given_up
    }

    fn tell(&self, name: &str, found: Found) {
        let mut all = self.known();
        let Some(known) = all.get_mut(name) else { return };
        let Some(under_way) = known.under_way.take() else { return };
        let waited_for = under_way.receiver_count() > 0;
        known.standing = if waited_for { Standing::Answered } else { Standing::Hanging };
        known.found = found.as_ref().ok().map(|found| (Instant::now(), found.clone()));
        under_way.send_replace(Some(found));
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
