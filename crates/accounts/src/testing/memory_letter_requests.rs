use super::MemoryAccounts;
use crate::ports::{LetterRequest, LetterRequestId, LetterRequests};
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::Unavailable;

#[async_trait]
impl LetterRequests for MemoryAccounts {
    async fn ask(&self, request: &LetterRequest) -> Result<(), Unavailable> {
        self.state().letter_requests.push((request.clone(), request.at));
        Ok(())
    }

    async fn take_request(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Option<LetterRequest>, Unavailable> {
        let mut state = self.state();
        let due = state.letter_requests.iter_mut().filter(|(_, due_at)| *due_at <= now);
        let oldest = due.min_by_key(|(request, _)| (request.at, request.id));
        Ok(oldest.map(|(request, due_at)| {
            *due_at = lease_until;
            request.clone()
        }))
    }

    async fn answered(&self, id: LetterRequestId) -> Result<(), Unavailable> {
        self.state().letter_requests.retain(|(request, _)| request.id != id);
        Ok(())
    }
}
