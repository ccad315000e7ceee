use crate::letter::{Letter, LetterId};
use crate::ports::{PostError, Postman};
use async_trait::async_trait;
use square_kernel::testing::lock;
use std::collections::VecDeque;
use std::sync::Mutex;

/// Keeps the letters it is given, save those it was told to fail on.
#[derive(Debug, Default)]
pub struct RecordingPostman {
    sent: Mutex<Vec<(LetterId, Letter)>>,
    failures: Mutex<VecDeque<PostError>>,
}

impl RecordingPostman {
    /// Makes the next call that has no failure before it fail.
    pub fn fail_next(&self, error: PostError) {
        lock(&self.failures).push_back(error);
    }

    /// The letters it took, in order.
    pub fn sent(&self) -> Vec<(LetterId, Letter)> {
        lock(&self.sent).clone()
    }
}

#[async_trait]
impl Postman for RecordingPostman {
    async fn send(&self, id: LetterId, letter: &Letter) -> Result<(), PostError> {
        if let Some(error) = lock(&self.failures).pop_front() {
            return Err(error);
        }
        lock(&self.sent).push((id, letter.clone()));
        Ok(())
    }
}
