use crate::trouble::Trouble;
use std::future::Future;
use std::time::Duration;

/// How often a call is made at most.
const ATTEMPTS: u32 = 5;
/// How long to wait before the second one; four times as long before each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The longest wait, also where a server asks for more.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Makes a call again while it fails for reasons that pass, a few times. For learning only: no question waits so long.
pub(crate) async fn patiently<T, F>(mut call: impl FnMut() -> F) -> Result<T, Trouble>
where
    F: Future<Output = Result<T, Trouble>>,
{
    let mut attempt = 0;
    loop {
        match call().await {
            Err(trouble) if trouble.may_pass() && attempt + 1 < ATTEMPTS => {
                tokio::time::sleep(pause(attempt, trouble.retry_after())).await;
            }
            outcome => return outcome,
        }
        attempt += 1;
    }
}

/// The wait after the attempt with this number.
pub(crate) fn pause(attempt: u32, asked_for: Option<Duration>) -> Duration {
    let own = FIRST_PAUSE * 4_u32.saturating_pow(attempt);
    asked_for.map_or(own, |asked_for| own.max(asked_for)).min(LONGEST_PAUSE)
}

/// Whether there is a further attempt after the one with this number.
pub(crate) fn goes_on(attempt: u32) -> bool {
    attempt + 1 < ATTEMPTS
}
