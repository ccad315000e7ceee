//! The rules of [`QuestionLog`], each a function that panics where an implementation breaks it.
//!
//! [`question_log_contract!`](crate::question_log_contract) makes a test of each.

use crate::{
    AnsweredQuestion, Choice, Chosen, Ending, Finish, LogEntry, LogEvent, QuestionId, QuestionLog,
    QuestionRecord, SkillError, SkillOutcome,
};
use square_kernel::testing::{ManualClock, SeededRandomness};
use square_kernel::{Clock, Limit, Page, SkillId, UserId};
use square_skills::{ResultBody, ResultItem};
use std::sync::Arc;
use std::time::Duration;

/// Makes one `#[tokio::test]` per rule. `$make` is an expression that gives a future of a fresh, empty
/// `(impl QuestionLog, UserId, guard)`: the user exists, the guard lives as long as the test.
#[macro_export]
macro_rules! question_log_contract {
    ($make:expr) => {
        $crate::question_log_contract!(@each $make,
            what_was_written_is_read_back,
            an_unknown_question_is_none,
            a_number_is_taken_once,
            entries_need_their_question,
            a_batch_is_stored_whole_or_not_at_all,
            entries_keep_the_order_of_their_numbers,
            unfinished_questions_are_found,
            history_is_newest_first_in_pages,
            thirty_two_writers_at_once,
        );
    };
    (@each $make:expr, $($rule:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $rule() {
                let (log, user, _guard) = $make.await;
                $crate::testing::contract::$rule(&log, user).await;
            }
        )*
    };
}

/// Makes records and entries with ids that sort by time.
struct Maker {
    clock: ManualClock,
    randomness: SeededRandomness,
}

impl Maker {
    fn new() -> Self {
        Self { clock: ManualClock::default(), randomness: SeededRandomness::default() }
    }

    fn chosen(&self, name: &str) -> Chosen {
        let skill = SkillId::new(&self.clock, &self.randomness);
        Chosen { skill, name: name.to_owned(), description: format!("Knows {name}."), score: 0.75 }
    }

    fn record(&self, asker: Option<UserId>) -> QuestionRecord {
        self.clock.advance(jiff::SignedDuration::from_millis(1));
        QuestionRecord {
            id: QuestionId::new(&self.clock, &self.randomness),
            asker,
            text: "Who played in “Heat”? 🎬".into(),
            choice: Choice {
                selector: "Square".to_owned(),
                chosen: vec![self.chosen("casting"), self.chosen("events")],
                nearest: None,
            },
            asked_at: self.clock.now(),
            deadline: Duration::from_secs(10),
        }
    }

    fn entry(&self, seq: u32, event: LogEvent) -> Arc<LogEntry> {
        Arc::new(LogEntry { seq, at: self.clock.now(), event })
    }

    fn finished(&self, seq: u32) -> Arc<LogEntry> {
        self.entry(
            seq,
            LogEvent::Finished(Finish { ending: Ending::Deadline, took: Duration::from_micros(1500) }),
        )
    }

    fn failed(&self, seq: u32) -> Arc<LogEntry> {
        let error = SkillError { code: "timed_out".to_owned(), message: "too slow".to_owned() };
        let outcome =
            SkillOutcome { skill: self.chosen("b"), took: Duration::from_micros(7), answer: Err(error) };
        self.entry(seq, LogEvent::SkillResult(outcome))
    }

    fn answered(&self, seq: u32) -> Arc<LogEntry> {
        let scored = ResultItem { body: ResultBody::RawHtml("<b>x</b>".to_owned()), score: Some(0.5) };
        let items = vec![ResultItem::text("línea\n2"), ResultItem::pairs([("k", "v"), ("k", "")]), scored];
        let outcome =
            SkillOutcome { skill: self.chosen("a"), took: Duration::from_micros(42), answer: Ok(items) };
        self.entry(seq, LogEvent::SkillResult(outcome))
    }
}

async fn found(log: &dyn QuestionLog, id: QuestionId) -> AnsweredQuestion {
    log.find(id).await.expect("the log works").expect("the question is there")
}

/// Every field of a question and of each kind of entry comes back as it was.
pub async fn what_was_written_is_read_back(log: &dyn QuestionLog, user: UserId) {
    let maker = Maker::new();
    let mut record = maker.record(Some(user));
    record.choice.nearest = Some(maker.chosen("nearest"));
    log.open(&record).await.expect("opens");
    let entries = [maker.answered(1), maker.failed(2), maker.finished(3)];
    log.append(record.id, &entries).await.expect("appends");
    assert_eq!(found(log, record.id).await, AnsweredQuestion { question: record, entries: entries.to_vec() });
}

/// Nothing found is `None`.
pub async fn an_unknown_question_is_none(log: &dyn QuestionLog, _user: UserId) {
    let id = Maker::new().record(None).id;
    assert_eq!(log.find(id).await.expect("the log works"), None);
}

/// Two entries never share a number.
pub async fn a_number_is_taken_once(log: &dyn QuestionLog, _user: UserId) {
    let maker = Maker::new();
    let record = maker.record(None);
    log.open(&record).await.expect("opens");
    let first = maker.answered(1);
    log.append(record.id, &[Arc::clone(&first)]).await.expect("appends");
    assert!(log.append(record.id, &[maker.failed(1)]).await.is_err());
    assert_eq!(found(log, record.id).await.entries, [first]);
}

/// No entries without their question.
pub async fn entries_need_their_question(log: &dyn QuestionLog, _user: UserId) {
    let maker = Maker::new();
    let id = maker.record(None).id;
    assert!(log.append(id, &[maker.finished(1)]).await.is_err());
    assert_eq!(log.find(id).await.expect("the log works"), None);
}

/// When one entry of a batch cannot be stored, none is, and other questions go on.
pub async fn a_batch_is_stored_whole_or_not_at_all(log: &dyn QuestionLog, _user: UserId) {
    let maker = Maker::new();
    let (record, other) = (maker.record(None), maker.record(None));
    log.open(&record).await.expect("opens");
    log.open(&other).await.expect("opens");
    log.append(record.id, &[maker.answered(2)]).await.expect("appends");
    let bad = [maker.answered(1), maker.failed(2)];
    let good = [maker.finished(1)];
    let (bad, good) = futures::join!(log.append(record.id, &bad), log.append(other.id, &good));
    assert!(bad.is_err() && good.is_ok());
    let numbers: Vec<u32> = found(log, record.id).await.entries.iter().map(|entry| entry.seq).collect();
    assert_eq!(numbers, [2]);
    assert_eq!(found(log, other.id).await.entries.len(), 1);
}

/// Entries come in the order of their numbers, whatever the order of writing.
pub async fn entries_keep_the_order_of_their_numbers(log: &dyn QuestionLog, _user: UserId) {
    let maker = Maker::new();
    let record = maker.record(None);
    log.open(&record).await.expect("opens");
    for seq in [3, 1, 2, 10] {
        log.append(record.id, &[maker.failed(seq)]).await.expect("appends");
    }
    let numbers: Vec<u32> = found(log, record.id).await.entries.iter().map(|entry| entry.seq).collect();
    assert_eq!(numbers, [1, 2, 3, 10]);
}

/// A question is unfinished until its `Finished` entry is stored.
pub async fn unfinished_questions_are_found(log: &dyn QuestionLog, _user: UserId) {
    let maker = Maker::new();
    let (done, silent, answered) = (maker.record(None), maker.record(None), maker.record(None));
    for record in [&done, &silent, &answered] {
        log.open(record).await.expect("opens");
    }
    log.append(done.id, &[maker.finished(1)]).await.expect("appends");
    log.append(answered.id, &[maker.answered(1)]).await.expect("appends");
    let mut open = log.unfinished().await.expect("reads");
    open.sort_by_key(|question| question.question.id);
    let open: Vec<(QuestionId, usize)> =
        open.iter().map(|question| (question.question.id, question.entries.len())).collect();
    assert_eq!(open, [(silent.id, 0), (answered.id, 1)]);
}

/// A person's own questions only, newest first, page by page without gap or repeat.
pub async fn history_is_newest_first_in_pages(log: &dyn QuestionLog, user: UserId) {
    let maker = Maker::new();
    let own: Vec<QuestionRecord> = (0..5).map(|_| maker.record(Some(user))).collect();
    let other = maker.record(None);
    for record in own.iter().chain([&other]) {
        log.open(record).await.expect("opens");
    }
    let mut page = Page { limit: Limit::new(2).expect("in range"), after: None };
    let (mut seen, mut sizes) = (Vec::new(), Vec::new());
    loop {
        let slice = log.of_asker(user, page).await.expect("reads");
        sizes.push(slice.items.len());
        seen.extend(slice.items.iter().map(|question| question.question.id));
        page.after = slice.next;
        if page.after.is_none() {
            break;
        }
    }
    let newest_first: Vec<QuestionId> = own.iter().rev().map(|record| record.id).collect();
    assert_eq!(seen, newest_first);
    assert_eq!(sizes, [2, 2, 1]);
}

/// Writers side by side neither fail nor mix up their questions.
pub async fn thirty_two_writers_at_once(log: &dyn QuestionLog, _user: UserId) {
    let maker = Maker::new();
    let records: Vec<QuestionRecord> = (0..32).map(|_| maker.record(None)).collect();
    let write = async |record: &QuestionRecord| {
        log.open(record).await.expect("opens");
        for seq in 1..=8 {
            log.append(record.id, &[maker.answered(seq)]).await.expect("appends");
        }
        log.append(record.id, &[maker.finished(9)]).await.expect("appends");
    };
    futures::future::join_all(records.iter().map(write)).await;
    for record in &records {
        let numbers: Vec<u32> = found(log, record.id).await.entries.iter().map(|entry| entry.seq).collect();
        assert_eq!(numbers, (1..=9).collect::<Vec<_>>());
    }
}
