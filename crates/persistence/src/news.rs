//! Word that something changed, for whoever waits for it.

#[cfg(feature = "postgres")]
use crate::postgres::{self, PostgresServer};
use std::sync::atomic::{AtomicU64, Ordering};
#[cfg(feature = "postgres")]
use std::sync::{Mutex, PoisonError};
use tokio::sync::watch;
#[cfg(feature = "postgres")]
use tokio::task::JoinHandle;

/// How often there was news. Nobody who waits for it misses any: what came meanwhile shows in the number.
#[derive(Default)]
pub(crate) struct News {
    times: watch::Sender<u64>,
    #[cfg(feature = "postgres")]
    listener: Mutex<Option<JoinHandle<()>>>,
}

/// The news that somebody has heard.
#[derive(Debug, Default)]
pub(crate) struct Heard(AtomicU64);

impl Clone for Heard {
    fn clone(&self) -> Self {
        Self(AtomicU64::new(self.0.load(Ordering::Relaxed)))
    }
}

impl News {
    /// Wakes whoever waits, and whoever asks next.
    pub(crate) fn tell(&self) {
        tell(&self.times);
    }

    /// Returns when there is news that was not `heard`, and notes it there.
    pub(crate) async fn next(&self, heard: &Heard) {
        let before = heard.0.load(Ordering::Relaxed);
        let mut times = self.times.subscribe();
        // Fails only when the sender is gone, which is ours.
        if let Ok(now) = times.wait_for(|times| *times != before).await {
            heard.0.store(*now, Ordering::Relaxed);
        }
    }

    #[cfg(test)]
    pub(crate) fn times(&self) -> u64 {
        *self.times.borrow()
    }

    /// Passes on what the instances on `server` tell one another, from now on until this is dropped.
    #[cfg(feature = "postgres")]
    pub(crate) fn listen_to(&self, server: &PostgresServer) {
        let mut listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner);
        // It ends with the runtime that it was started in.
        if listener.as_ref().is_none_or(JoinHandle::is_finished) {
            let (server, times) = (server.clone(), self.times.clone());
            *listener = Some(tokio::spawn(postgres::listen(server, move || tell(&times))));
        }
    }
}

#[cfg(feature = "postgres")]
impl Drop for News {
    fn drop(&mut self) {
        let listener = self.listener.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(listener) = listener.take() {
            listener.abort();
        }
    }
}

fn tell(times: &watch::Sender<u64>) {
    times.send_modify(|times| *times = times.wrapping_add(1));
}

#[cfg(test)]
mod tests {
    use super::{Heard, News};
    use futures::FutureExt;

    fn next(news: &News, heard: &Heard) -> bool {
        news.next(heard).now_or_never().is_some()
    }

    #[test]
    fn everybody_hears_what_came_while_they_were_busy_and_once() {
        let news = News::default();
        let (one, other) = (Heard::default(), Heard::default());
        assert!(!next(&news, &one));
        news.tell();
        news.tell();
        for heard in [&one, &other] {
            assert!(next(&news, heard));
            assert!(!next(&news, heard));
        }
        news.tell();
        assert!(next(&news, &one.clone()));
        assert!(next(&news, &one));
        assert!(next(&news, &other));
    }

    #[test]
    fn who_gives_up_waiting_has_heard_nothing() {
        let (news, heard) = (News::default(), Heard::default());
        drop(news.next(&heard));
        assert!(!next(&news, &heard));
        news.tell();
        drop(news.next(&heard));
        assert!(next(&news, &heard));
    }
}
