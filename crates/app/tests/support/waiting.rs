//! Waiting for what happens in other processes.

use std::time::{Duration, Instant};

/// Waits for what has to happen within `limit`.
pub(crate) async fn within<T>(limit: Duration, what: &str, probe: impl AsyncFnMut() -> Option<T>) -> T {
    looked_for(limit, probe).await.unwrap_or_else(|| panic!("not within {limit:?}: {what}"))
}

/// Looks again and again until there is something, for as long as `limit`.
pub(crate) async fn looked_for<T>(limit: Duration, mut probe: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let begun = Instant::now();
    loop {
        // What is found by a look that began in time was there in time.
        let late = begun.elapsed() > limit;
        let found = probe().await;
        if late || found.is_some() {
            return found.filter(|_| !late);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
