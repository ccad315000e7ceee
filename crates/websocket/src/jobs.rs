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
    /// How many questions and trainings there may be.
    work: usize,
    /// How many subscriptions there may be.
    subscriptions: usize,
}

struct Job {
    kind: Kind,
    reference: Option<Ref>,
    /// Ends it early, where that can be done.
    stop: Option<CancellationToken>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Comes to its end by itself.
    Work,
    /// Goes on until the client has had enough.
    Subscription,
}

impl Jobs {
    /// At most this many questions and trainings, and this many subscriptions at once.
    pub(crate) fn new(work: usize, subscriptions: usize) -> Self {
        Self { tasks: JoinSet::new(), known: HashMap::new(), work, subscriptions }
    }

    /// Whether something more could be started under `reference`.
    pub(crate) fn admit(&self, reference: Option<&Ref>) -> Result<(), Fault> {
        self.check_free(reference)?;
        if self.count(Kind::Work) >= self.work {
            return Err(Fault::too_many("questions and trainings", self.work));
        }
        Ok(())
    }

    /// Whether one more subscription could be started under `reference`.
    pub(crate) fn admit_subscription(&self, reference: Option<&Ref>) -> Result<(), Fault> {
        self.check_free(reference)?;
        if self.count(Kind::Subscription) >= self.subscriptions {
            return Err(Fault::too_many("subscriptions", self.subscriptions));
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
        self.spawn(Job { kind: Kind::Work, reference, stop }, job);
    }

    /// Starts what [`Self::admit_subscription`] let in. It ends once `stop` is cancelled.
    pub(crate) fn subscribe(
        &mut self,
        reference: Option<Ref>,
        stop: CancellationToken,
        job: impl Future<Output = ()> + Send + 'static,
    ) {
        self.spawn(Job { kind: Kind::Subscription, reference, stop: Some(stop) }, job);
    }

    /// Has the question under `reference` ended; `false` when there is none.
    pub(crate) fn stop(&self, reference: &Ref) -> bool {
        let stop = self.stop_of(Kind::Work, reference);
        stop.inspect(|stop| stop.cancel()).is_some()
    }

    /// Has the subscription under `reference` ended; `false` when there is none, or it is about to end already.
    pub(crate) fn unsubscribe(&self, reference: &Ref) -> bool {
        let stop = self.stop_of(Kind::Subscription, reference).filter(|stop| !stop.is_cancelled());
        stop.inspect(|stop| stop.cancel()).is_some()
    }

    /// Whether the client waits for changes.
    pub(crate) fn has_subscriptions(&self) -> bool {
        self.count(Kind::Subscription) > 0
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

    /// Waits until nothing is under way that comes to its end by itself.
    pub(crate) async fn finish(&mut self) {
        while self.count(Kind::Work) > 0 {
            self.reap().await;
        }
    }

    fn spawn(&mut self, known: Job, job: impl Future<Output = ()> + Send + 'static) {
        let task = self.tasks.spawn(job);
        self.known.insert(task.id(), known);
    }

    fn check_free(&self, reference: Option<&Ref>) -> Result<(), Fault> {
        let taken = reference.is_some_and(|reference| self.under(reference).is_some());
        if taken { Err(Fault::in_use("ref")) } else { Ok(()) }
    }

    fn count(&self, kind: Kind) -> usize {
        self.known.values().filter(|job| job.kind == kind).count()
    }

    fn stop_of(&self, kind: Kind, reference: &Ref) -> Option<&CancellationToken> {
        self.under(reference).filter(|job| job.kind == kind)?.stop.as_ref()
    }

    fn under(&self, reference: &Ref) -> Option<&Job> {
        self.known.values().find(|job| job.reference.as_ref() == Some(reference))
    }
}

#[cfg(test)]
mod tests {
    use super::Jobs;
    use futures::FutureExt;
    use std::future::pending;
    use tokio::sync::oneshot;
    use tokio_util::sync::CancellationToken;

    #[tokio::test]
    async fn a_subscription_is_not_waited_for() {
        let mut jobs = Jobs::new(1, 1);
        jobs.subscribe(None, CancellationToken::new(), pending());
        assert!(jobs.finish().now_or_never().is_some());
        let (end, ended) = oneshot::channel();
        jobs.start(None, None, ended.map(drop));
        assert!(jobs.finish().now_or_never().is_none());
        end.send(()).unwrap();
        jobs.finish().await;
        assert!(jobs.has_subscriptions());
    }

    #[tokio::test]
    async fn a_subscription_is_ended_once() {
        let (mut jobs, stop) = (Jobs::new(1, 1), CancellationToken::new());
        let (reference, ending) = ("s".into(), stop.clone());
        jobs.subscribe(Some("s".into()), stop, async move { ending.cancelled().await });
        assert!(!jobs.stop(&reference), "that is for questions");
        assert!(jobs.unsubscribe(&reference));
        assert!(!jobs.unsubscribe(&reference), "its last message is on its way already");
        jobs.reap().await;
        assert!(!jobs.has_subscriptions() && jobs.admit_subscription(Some(&reference)).is_ok());
    }
}
