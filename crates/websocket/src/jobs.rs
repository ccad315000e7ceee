use crate::protocol::Ref;
use square_wire::Fault;
use std::collections::HashMap;
use std::future::{Future, pending};
use tokio::task::{Id, JoinSet};
use tokio_util::sync::CancellationToken;

/// What one socket has under way. Dropping it ends the reports, not what they are about.
pub(crate) struct Jobs {
    tasks: JoinSet<()>,
    known: HashMap<Id, Job>,
    limit: usize,
}

struct Job {
    reference: Option<Ref>,
    /// Ends it early, where that can be done.
    stop: Option<CancellationToken>,
}

impl Jobs {
    /// At most `limit` at once.
    pub(crate) fn new(limit: usize) -> Self {
        Self { tasks: JoinSet::new(), known: HashMap::new(), limit }
    }

    /// Whether something more could be started under `reference`.
    pub(crate) fn admit(&self, reference: Option<&Ref>) -> Result<(), Fault> {
        if reference.is_some_and(|reference| self.under(reference).is_some()) {
            return Err(Fault::in_use("ref"));
        }
        if self.known.len() >= self.limit {
            return Err(Fault::too_many("questions and trainings", self.limit));
        }
        Ok(())
    }

    /// Starts what [`Self::admit`] let in.
    pub(crate) fn start(
        &mut self,
        reference: Option<Ref>,
        stop: Option<CancellationToken>,
        job: impl Future<Output = ()> + Send + 'static,
    ) {
        let task = self.tasks.spawn(job);
        self.known.insert(task.id(), Job { reference, stop });
    }

    /// Has the question under `reference` ended; `false` when there is none.
    pub(crate) fn stop(&self, reference: &Ref) -> bool {
        let stop = self.under(reference).and_then(|job| job.stop.as_ref());
        stop.inspect(|stop| stop.cancel()).is_some()
    }

    /// Waits until something ends and forgets it; waits for ever where nothing is under way. Cancel-safe.
    pub(crate) async fn reap(&mut self) {
        let id = match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => id,
            Some(Err(error)) => {
                tracing::error!(%error, "what a client had under way broke off");
                error.id()
            }
            None => return pending().await,
        };
        self.known.remove(&id);
    }

    /// Waits until nothing is under way.
    pub(crate) async fn finish(&mut self) {
        while !self.known.is_empty() {
            self.reap().await;
        }
    }

    fn under(&self, reference: &Ref) -> Option<&Job> {
        self.known.values().find(|job| job.reference.as_ref() == Some(reference))
    }
}
