//! What a running server does beside answering requests. Each task is a loop around a single step of a
//! domain crate; the loop decides only when.
//!
//! What only one of several instances may do at a time is a duty, asked for before each step.

mod following;
mod lasting;
mod learning;
mod membership;
mod relaying;
mod trouble;

use crate::assembly::Square;
use lasting::lasting;
use square_accounts::{SigningKeys, Step, Tended};
use square_kernel::{Clock, Unavailable};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use trouble::Trouble;

/// How long the letter workers rest when there is nothing to do or the database is away.
const LETTER_PAUSE: Duration = Duration::from_millis(500);
/// How often ended sessions and changed rights are read also without a word of a change.
const ACCESS_PAUSE: Duration = Duration::from_secs(10);
/// How often signing keys are looked after, and read also without a word of a change.
const KEYS_PAUSE: Duration = Duration::from_secs(30);
/// How often instances tell each other what they let be used. Two of these and a transaction are well within the second within
/// which a limit reached at one holds at all.
const EXCHANGE_PAUSE: Duration = Duration::from_millis(250);
/// How often questions that nobody works on are looked for also without word of a death: who saw it may have died too.
const RECOVERY_PAUSE: Duration = Duration::from_secs(10);
/// How long training rests when there is nothing to do or the database is away.
const TRAINING_PAUSE: Duration = Duration::from_secs(2);
/// The duty to work off trainings, and to teach what all instances share.
const TRAININGS: &str = "trainings";
/// How often selectors outside are looked after also without word of a change.
const OUTSIDE_PAUSE: Duration = Duration::from_secs(1);
/// How often what is not needed any more is deleted.
const FORGET_PAUSE: Duration = Duration::from_mins(10);
/// How long changes are kept, for receivers and for people who look.
const CHANGES_KEPT: jiff::SignedDuration = jiff::SignedDuration::from_hours(24 * 7);
/// How many changes are deleted at once.
const CHANGES_AT_ONCE: u32 = 500;

/// How long a task that panicked rests before it begins anew.
const AFTER_PANIC: Duration = Duration::from_secs(1);

/// Starts every task; they end when `stop` is cancelled, each after the step it is at.
pub(crate) fn start(
    square: &Arc<Square>,
    follower: square_changes::Follower,
    health_interval: Duration,
    stop: &CancellationToken,
) -> TaskTracker {
    let tasks = TaskTracker::new();
    let start = Start { square, stop, tasks: &tasks };
    start.task("membership", membership::run);
    let mut follower = Some(follower);
    start.task("following", move |square, stop| following::run(square, follower.take(), stop));
    for receiver in &square.receivers {
        let receiver = Arc::clone(receiver);
        start.task("relaying", move |square, stop| relaying::run(square, Arc::clone(&receiver), stop));
    }
    start.task("recovery", recovery);
    start.task("letter requests", letter_requests);
    start.task("letters", letters);
    start.task("access", access);
    start.task("signing keys", signing_keys);
    start.task("fair use", fair_use);
    start.task("forget", forget);
    start.task("health", move |square, stop| health(square, health_interval, stop));
    start.task("trainings", trainings);
    start.task("learning", learning::run);
    if square.skills.has_outside() {
        start.task("selectors outside", selectors_outside);
    }
    tasks.close();
    tasks
}

/// What starting a task takes.
struct Start<'a> {
    square: &'a Arc<Square>,
    stop: &'a CancellationToken,
    tasks: &'a TaskTracker,
}

impl Start<'_> {
    fn task<F>(
        &self,
        name: &'static str,
        mut task: impl FnMut(Arc<Square>, CancellationToken) -> F + Send + 'static,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let (square, stop) = (Arc::clone(self.square), self.stop.clone());
        let begin = move || task(Arc::clone(&square), stop.clone());
        self.tasks.spawn(lasting(name, begin, AFTER_PANIC, self.stop.clone()));
    }
}

/// Rests; `false` when it is time to stop.
async fn rest(pause: Duration, stop: &CancellationToken) -> bool {
    tokio::select! {
        () = stop.cancelled() => false,
        () = tokio::time::sleep(pause) => true,
    }
}

/// Rests until `hint` or for `pause`; `false` when it is time to stop.
async fn rest_until(hint: impl Future<Output = ()>, pause: Duration, stop: &CancellationToken) -> bool {
    tokio::select! {
        () = stop.cancelled() => false,
        () = hint => true,
        () = tokio::time::sleep(pause) => true,
    }
}

/// Ends the questions that instances which died left open.
async fn recovery(square: Arc<Square>, stop: CancellationToken) {
    let mut trouble = Trouble::new("questions that were left open cannot be ended");
    while rest_until(square.death.notified(), RECOVERY_PAUSE, &stop).await {
        trouble.without(square.close_interrupted().await);
    }
}

/// Writes letters that were asked for, or nothing. Not between sending others: neither a flood of requests nor a mail server that is slow
/// holds up what has nothing to do with it.
async fn letter_requests(square: Arc<Square>, stop: CancellationToken) {
    let mut trouble = Trouble::new("letters that were asked for cannot be written");
    while !stop.is_cancelled() {
        if trouble.without(square.accounts.answer_letter_request().await) == Some(true) {
            continue;
        }
        if !rest(LETTER_PAUSE, &stop).await {
            return;
        }
    }
}

async fn letters(square: Arc<Square>, stop: CancellationToken) {
    let mut trouble = Trouble::new("letters cannot be taken from the queue");
    while !stop.is_cancelled() {
        if trouble.without(square.letters.step().await).is_some_and(|step| step != Step::Idle) {
            continue;
        }
        if !rest(LETTER_PAUSE, &stop).await {
            return;
        }
    }
}

async fn access(square: Arc<Square>, stop: CancellationToken) {
    let mut trouble = Trouble::new("ended sessions cannot be read");
    while rest(ACCESS_PAUSE, &stop).await {
        trouble.without(square.accounts.load().await);
    }
}

/// On every instance the keys are read now and then; one of them makes the next and takes those away that are over.
async fn signing_keys(square: Arc<Square>, stop: CancellationToken) {
    let Some(keys) = square.signing_keys.clone() else { return };
    let mut trouble = Trouble::new("signing keys cannot be looked after");
    while rest(KEYS_PAUSE, &stop).await {
        if let Some(tended) = trouble.without(tend(&square, &keys).await) {
            if let Some(key) = tended.made {
                tracing::info!(key, "made a signing key");
            }
            if tended.retired > 0 {
                tracing::info!(keys = tended.retired, "signing keys are not needed any more");
            }
        }
    }
}

async fn tend(square: &Square, keys: &SigningKeys) -> Result<Tended, Unavailable> {
    square.load_signing_keys().await?;
    if square.duties.mine("signing keys").await? { keys.tend().await } else { Ok(Tended::default()) }
}

/// Has limits hold at all instances that were reached at one. One that serves a file is alone.
async fn fair_use(square: Arc<Square>, stop: CancellationToken) {
    let mut trouble = Trouble::new("what is used at other instances is not known");
    while rest(EXCHANGE_PAUSE, &stop).await {
        if square.database.is_file() {
            square.meter.forget_full();
        } else {
            trouble.without(square.meter.exchange(&*square.stores).await);
        }
    }
}

async fn forget(square: Arc<Square>, stop: CancellationToken) {
    while rest(FORGET_PAUSE, &stop).await {
        match square.duties.mine("forget").await {
            Ok(true) => {}
            Ok(false) => continue,
            Err(error) => {
                tracing::warn!(cause = error.chain(), "what is not needed any more stays for now");
                continue;
            }
        }
        if let Err(error) = square.accounts.forget_sessions().await {
            tracing::error!(cause = error.chain(), "expired sessions cannot be deleted");
        }
        if let Err(error) = square.accounts.forget_limits().await {
            tracing::error!(cause = error.chain(), "limits that hold nobody back cannot be deleted");
        }
        if let Err(error) = square.accounts.forget_secrets().await {
            tracing::error!(cause = error.chain(), "expired one-time secrets cannot be deleted");
        }
        if let Err(error) = square.accounts.forget_audit().await {
            tracing::error!(cause = error.chain(), "old entries of the audit log cannot be deleted");
        }
        if let Err(error) = square.accounts.forget_departed().await {
            tracing::error!(cause = error.chain(), "questions of deleted accounts cannot be deleted");
        }
        if let Err(error) = square.letters.forget_sent().await {
            tracing::error!(cause = error.chain(), "letters sent long ago cannot be deleted");
        }
        if let Err(error) = forget_questions(&square, &stop).await {
            tracing::error!(cause = error.chain(), "old questions cannot be deleted");
        }
        if let Err(error) = forget_changes(&square, &stop).await {
            tracing::error!(cause = error.chain(), "old changes cannot be deleted");
        }
    }
}

async fn forget_questions(square: &Square, stop: &CancellationToken) -> Result<(), Unavailable> {
    while square.router.forget_old().await? && !stop.is_cancelled() {}
    Ok(())
}

async fn forget_changes(square: &Square, stop: &CancellationToken) -> Result<(), Unavailable> {
    let before = square.clock.now() - CHANGES_KEPT;
    while square.changes().forget(before, CHANGES_AT_ONCE).await? == CHANGES_AT_ONCE && !stop.is_cancelled() {
    }
    Ok(())
}

async fn health(square: Arc<Square>, interval: Duration, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = square.skills.check_health() => {}
        }
        if !rest(interval, &stop).await {
            return;
        }
    }
}

/// One instance works off trainings and tries proposed examples, the others follow with what they lead to. A training that is cut off here is
/// taken up by the next one whose duty it is.
async fn trainings(square: Arc<Square>, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = train(&square, &stop) => {}
    }
}

async fn train(square: &Square, stop: &CancellationToken) {
    let mut trouble = Trouble::new("training waits for the database");
    loop {
        if trouble.without(train_once(square).await) == Some(true) {
            continue;
        }
        if !rest_until(square.skills.work_waits(), TRAINING_PAUSE, stop).await {
            return;
        }
    }
}

/// Whether there may be more to work off.
async fn train_once(square: &Square) -> Result<bool, Unavailable> {
    if square.duties.mine(TRAININGS).await? {
        // What is published anew goes first: proposals are tried on what is known then.
        return Ok(
            square.skills.train_next().await?.is_some() || square.proposals.check_next().await?.is_some()
        );
    }
    square.skills.settle().await?;
    Ok(false)
}

/// Brings selectors that need somebody outside in step: what they keep to themselves on every instance, the rest on the one that
/// works off trainings.
async fn selectors_outside(square: Arc<Square>, stop: CancellationToken) {
    let mut trouble = Trouble::new("selectors outside wait for the database");
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            done = bring_in_step(&square) => trouble.without(done),
        };
        if !rest_until(square.skills.outside_waits(), OUTSIDE_PAUSE, &stop).await {
            return;
        }
    }
}

async fn bring_in_step(square: &Square) -> Result<(), Unavailable> {
    if square.duties.mine(TRAININGS).await? {
        return square.skills.bring_in_step().await;
    }
    square.skills.bring_own_in_step().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::for_tests;
    use square_accounts::{Device, EmailAddress, NewRegistration, Password, Username};

    #[tokio::test]
    async fn letters_leave_however_many_others_are_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let settings = for_tests(folder.path());
        let square = Arc::new(Square::assemble(&settings).await.unwrap());
        let (accounts, device) = (&square.accounts, Device::default());
        for number in 0..20 {
            let email = EmailAddress::parse(&format!("nobody-{number}@example.org")).unwrap();
            accounts.resend_confirmation(&email, &device).await.unwrap();
        }
        let ada = NewRegistration {
            username: Username::parse("ada").unwrap(),
            email: Some(EmailAddress::parse("ada@example.org").unwrap()),
            password: Password::parse("password", "correct horse").unwrap(),
        };
        accounts.register(ada, &device).await.unwrap();

        let stop = CancellationToken::new();
        let worker = tokio::spawn(letters(Arc::clone(&square), stop.clone()));
        let sent = async {
            while std::fs::read_dir(&settings.mail.folder).map_or(0, Iterator::count) == 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), sent).await.unwrap();
        stop.cancel();
        worker.await.unwrap();
        let mut unanswered = 0;
        while accounts.answer_letter_request().await.unwrap() {
            unanswered += 1;
        }
        assert_eq!(unanswered, 20, "nothing of that had to be seen to before");
    }
}
