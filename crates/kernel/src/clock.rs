use jiff::{Timestamp, Unit};

/// The time of day, as a port: whoever needs the time asks for it here, so a test can set it.
///
/// Implementations MUST return whole microseconds, the finest unit that every supported database keeps.
pub trait Clock: Send + Sync {
    /// The present moment, UTC.
    fn now(&self) -> Timestamp;
}

/// The operating system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        now.round(Unit::Microsecond).unwrap_or(now)
    }
}
