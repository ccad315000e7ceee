//! What this crate needs from outside.

use crate::InstanceId;
use async_trait::async_trait;
use square_kernel::Unavailable;

/// How often an instance has counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beat {
    /// Which instance.
    pub instance: InstanceId,
    /// Its number.
    pub beats: u64,
}

/// The list of instances.
#[async_trait]
pub trait InstanceStore: Send + Sync {
    /// Counts the number of `instance` up by one; an instance that is not on the list is put on it.
    async fn beat(&self, instance: InstanceId) -> Result<(), Unavailable>;

    /// All instances with their numbers.
    async fn beats(&self) -> Result<Vec<Beat>, Unavailable>;

    /// Strikes an instance off whose number is still `seen.beats`, and frees its duties; `false` when it has counted on
    /// or is gone. Of any number of calls exactly one MUST get `true`.
    async fn strike_off(&self, seen: Beat) -> Result<bool, Unavailable>;

    /// Takes an instance off the list, and frees its duties.
    async fn leave(&self, instance: InstanceId) -> Result<(), Unavailable>;

    /// Gives `duty` to `instance` when nobody has it who is on the list. Whether `instance` has it now. MUST NOT be
    /// true for two instances of the list at a time, nor for one that is not on it.
    async fn take(&self, duty: &str, instance: InstanceId) -> Result<bool, Unavailable>;
}
