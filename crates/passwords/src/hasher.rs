use crate::hashing::Hashing;
use crate::peppers::Peppers;
use async_trait::async_trait;
use square_accounts::ports::{PasswordCheck, PasswordHasher};
use square_accounts::{Password, PasswordHash};
use square_kernel::{Secret, Unavailable};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Hashes passwords by bcrypt, so many at a time; further ones wait their turn without holding a thread.
pub struct BcryptHasher {
    hashing: Arc<Hashing>,
    turns: Arc<Semaphore>,
    decoy: PasswordHash,
}

impl BcryptHasher {
    /// The least and the greatest cost that bcrypt knows.
    pub const COSTS: std::ops::RangeInclusive<u32> = 4..=31;

    /// Hashes under the current one of `peppers` with 2^`cost` rounds, on `threads` threads at most; a cost outside
    /// [`Self::COSTS`] is brought to the nearest within. A hash under a pepper that is not among them matches no password.
    pub fn new(peppers: Peppers, cost: u32, threads: usize) -> Self {
        let cost = cost.clamp(*Self::COSTS.start(), *Self::COSTS.end());
        let hashing = Hashing::new(peppers, cost);
        let decoy = hashing.decoy();
        let turns = threads.clamp(1, Semaphore::MAX_PERMITS);
        Self { hashing: Arc::new(hashing), turns: Arc::new(Semaphore::new(turns)), decoy }
    }

    /// Runs `work` on a blocking thread when it is its turn.
    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Hashing) -> T + Send + 'static,
    ) -> Result<T, Unavailable> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(Unavailable::new)?;
        let hashing = Arc::clone(&self.hashing);
        let span = tracing::Span::current();
        let blocking = tokio::task::spawn_blocking(move || {
            // Held here, not by the caller: one who is dropped meanwhile leaves the thread busy.
            let _turn = turn;
            span.in_scope(|| work(&hashing))
        });
        blocking.await.map_err(Unavailable::new)
    }
}

#[async_trait]
impl PasswordHasher for BcryptHasher {
    async fn hash(&self, password: &Password) -> Result<PasswordHash, Unavailable> {
        let password = password.clone();
        let hashed = self.in_turn(move |hashing| hashing.hash(password.expose())).await?;
        hashed.map_err(Unavailable::new)
    }

    async fn verify(&self, typed: &Secret, hash: &PasswordHash) -> Result<PasswordCheck, Unavailable> {
        let (typed, hash) = (typed.clone(), hash.clone());
        self.in_turn(move |hashing| hashing.verify(typed.expose(), &hash)).await
    }

    fn decoy(&self) -> PasswordHash {
        if cfg!(feature = "timing-benchmark-without-decoy") {
            // Checked in no time.
            return PasswordHash::new("");
        }
        self.decoy.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::pin::pin;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::task::Poll;

    fn hasher(threads: usize) -> BcryptHasher {
        BcryptHasher::new(peppers(), 4, threads)
    }

    fn peppers() -> Peppers {
        Peppers::new(&Secret::new("pepper"), [], false)
    }

    #[tokio::test]
    async fn hashes_and_verifies() {
        let hasher = hasher(2);
        let hash = hasher.hash(&Password::parse("password", "correct horse").unwrap()).await.unwrap();
        let verify = async |typed: &str, hash| hasher.verify(&Secret::new(typed), hash).await.unwrap();
        assert_eq!(verify("correct horse", &hash).await, PasswordCheck::Right { outdated: false });
        assert_eq!(verify("wrong horse", &hash).await, PasswordCheck::Wrong);
        assert_eq!(verify("correct horse", &hasher.decoy()).await, PasswordCheck::Wrong);
    }

    #[test]
    fn an_impossible_cost_is_brought_to_a_possible_one() {
        let decoy = BcryptHasher::new(peppers(), 99, 1).decoy();
        assert!(decoy.as_str().contains("$2b$31$"));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn no_more_work_at_once_than_there_are_turns() {
        let hasher = Arc::new(hasher(2));
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut calls = Vec::new();
        for _ in 0..32 {
            let (hasher, running, most) = (hasher.clone(), running.clone(), most.clone());
            calls.push(tokio::spawn(async move {
                let work = move |hashing: &Hashing| {
                    most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    let hash = hashing.hash("work");
                    running.fetch_sub(1, Ordering::SeqCst);
                    hash.is_ok()
                };
                hasher.in_turn(work).await.unwrap()
            }));
        }
        for call in calls {
            assert!(call.await.unwrap());
        }
        assert!((1..=2).contains(&most.load(Ordering::SeqCst)));
    }

    #[tokio::test]
    async fn a_caller_who_goes_away_does_not_free_the_thread_that_works_for_them() {
        let hasher = hasher(1);
        let (finish, finished) = mpsc::channel::<()>();
        {
            let mut call = pin!(hasher.in_turn(move |_| finished.recv().is_ok()));
            // Once polled the work has its turn; then the caller is dropped.
            poll_fn(|context| {
                assert!(call.as_mut().poll(context).is_pending());
                Poll::Ready(())
            })
            .await;
        }
        assert_eq!(hasher.turns.available_permits(), 0);
        finish.send(()).unwrap();
        assert!(hasher.in_turn(|_| true).await.unwrap(), "the turn comes back when the work is done");
    }
}
