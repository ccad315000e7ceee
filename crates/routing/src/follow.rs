use crate::live::{LiveQuestion, lock};
use crate::{AnsweredQuestion, QuestionId, QuestionLog};
use square_kernel::{Clock, Unavailable};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use tracing::Instrument;

/// How long to rest between two looks at a log that grows, and how long when nothing was new several times.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// How long the end of a question may take to be stored after its deadline: an instance that dies has to be missed
/// by the others first, and a database that is away has to come back.
const SLACK: Duration = Duration::from_mins(1);

/// Questions of other instances that somebody watches here, so that each log is read once however many do.
#[derive(Default)]
pub(crate) struct FollowedQuestions {
    questions: Mutex<HashMap<QuestionId, Weak<LiveQuestion>>>,
}

impl FollowedQuestions {
    pub(crate) fn get(&self, id: QuestionId) -> Option<Arc<LiveQuestion>> {
        lock(&self.questions).get(&id)?.upgrade()
    }

    /// Follows the log of a question that has no end yet, for as long as somebody holds what is returned, and lets the
    /// instance that works on it know before `grace` is over that it is watched.
    pub(crate) fn follow(
        self: &Arc<Self>,
        log: &Arc<dyn QuestionLog>,
        clock: &Arc<dyn Clock>,
        so_far: AnsweredQuestion,
        grace: Duration,
    ) -> Arc<LiveQuestion> {
        let id = so_far.question.id;
        let mut questions = lock(&self.questions);
        if let Some(followed) = questions.get(&id).and_then(Weak::upgrade) {
            return followed;
        }
        let question = Arc::new(LiveQuestion::new(Arc::new(so_far.question)));
        question.publish(so_far.entries);
        questions.insert(id, Arc::downgrade(&question));
        let (log, clock) = (Arc::clone(log), Arc::clone(clock));
        let following = Following { all: Arc::clone(self), id, question: Arc::downgrade(&question) };
        let task = async move {
            tokio::select! {
                () = async {
                    sleep(PAUSE).await;
                    follow(log.as_ref(), clock.as_ref(), &following.question).await;
                } => {}
                () = keep_watched(log.as_ref(), id, grace) => {}
            }
        };
        tokio::spawn(task.instrument(tracing::info_span!("followed question", %id)));
        question
    }
}

/// One question that is being followed.
struct Following {
    all: Arc<FollowedQuestions>,
    id: QuestionId,
    question: Weak<LiveQuestion>,
}

impl Drop for Following {
    /// However the task ends, nobody waits for it in vain, and who comes later begins anew.
    fn drop(&mut self) {
        if let Some(question) = self.question.upgrade() {
            question.abandon();
        }
        let mut questions = lock(&self.all.questions);
        // Where everybody had gone and somebody came again, it is another one's by now.
        if questions.get(&self.id).is_some_and(|question| question.ptr_eq(&self.question)) {
            questions.remove(&self.id);
        }
    }
}

/// Says again and again that the question is watched, several times within `grace`. Should the database be away, it cannot be
/// asked by the other instance either.
async fn keep_watched(log: &dyn QuestionLog, id: QuestionId, grace: Duration) {
    let pause = (grace / 3).max(PAUSE);
    loop {
        if let Err(error) = log.note_watched(id).await {
            tracing::debug!(
                cause = error.chain(),
                "the question's instance cannot be told that it is watched"
            );
        }
        sleep(pause).await;
    }
}

/// Shows what others store in the log of `question`, until its end is stored, it is deleted, or nobody watches any more.
///
/// A database that is away for a while is waited for like the next entry. No clock is compared with that of the instance which
/// works on the question: whoever begins to watch it now waits for its whole deadline at most.
pub(crate) async fn follow(log: &dyn QuestionLog, clock: &dyn Clock, question: &Weak<LiveQuestion>) {
    let begun = Instant::now();
    let mut pause = PAUSE;
    loop {
        let Some(question) = question.upgrade() else { return };
        let seen = look(log, clock, &question).await;
        if question.finished() {
            return;
        }
        if begun.elapsed() >= question.record.deadline + SLACK {
            let cause = seen.err().unwrap_or_else(|| Unavailable::new("the question does not end"));
            tracing::error!(cause = cause.chain(), "the end of the question was waited for in vain");
            question.fail(cause);
            return;
        }
        drop(question);
        pause = if seen.is_ok_and(|new| new) { PAUSE } else { (pause * 5 / 4).min(LONGEST_PAUSE) };
        sleep(pause).await;
    }
}

/// Shows what is new in the log; tells whether anything was.
async fn look(
    log: &dyn QuestionLog,
    clock: &dyn Clock,
    question: &LiveQuestion,
) -> Result<bool, Unavailable> {
    let Some(new) = log.entries_after(question.record.id, question.last()).await? else {
        question.end_deleted(clock.now());
        return Ok(true);
    };
    let any = !new.is_empty();
    if any {
        question.publish(new);
    }
    Ok(any)
}
