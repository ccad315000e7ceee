//! The rules of [`QuestionLog`], each a function that panics where an implementation breaks it.
//!
//! [`question_log_contract!`](crate::question_log_contract) makes a test of each.

pub mod deleting;
pub mod feedback;
pub mod forgetting;
pub mod history;
pub mod sharing;
pub mod storing;

use crate::{
    AnswerDelta, AnsweredQuestion, Choice, Chosen, Ending, FallbackFrom, Finish, LogEntry, LogEvent,
    QuestionId, QuestionLog, QuestionRecord, SkillError, SkillOutcome,
};
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::testing::{ManualClock, SeededRandomness};
use square_kernel::{Clock, SkillId, UserId};
use square_skills::{ResultBody, ResultItem};
use std::sync::Arc;
use std::time::Duration;

/// What a rule is tried on: two instances on one database without questions, both on the list of instances. It lives
/// as long as the test.
#[async_trait]
pub trait Site: Send + Sync {
    /// The log as one instance sees it.
    fn log(&self) -> &dyn QuestionLog;

    /// The log as the other one sees it.
    fn other(&self) -> &dyn QuestionLog;

    /// Strikes the other instance off the list of instances.
    async fn strike_off_other(&self);

    /// Puts the other instance on the list again.
    async fn enlist_other(&self);

    /// Somebody who may ask.
    fn user(&self) -> UserId;
}

/// Makes one `#[tokio::test]` per rule. `$make` is an expression that gives a future of a [`Site`](crate::testing::contract::Site).
#[macro_export]
macro_rules! question_log_contract {
    ($make:expr) => {
        $crate::question_log_contract!(@each $make, storing,
            what_was_written_is_read_back,
            any_character_of_an_answer_is_read_back,
            an_unknown_question_is_none,
            a_number_is_taken_once,
            entries_need_their_question,
            a_batch_is_stored_whole_or_not_at_all,
            entries_keep_the_order_of_their_numbers,
            entries_are_read_from_a_number_on,
            thirty_two_writers_at_once,
            what_cannot_be_stored_spoils_nothing_that_comes_with_it,
        );
        $crate::question_log_contract!(@each $make, history,
            history_is_newest_first_in_pages,
            history_is_filtered_by_time,
            history_is_filtered_by_text_and_skill,
            all_that_fits_is_found_among_very_many,
        );
        $crate::question_log_contract!(@each $make, deleting,
            a_question_goes_with_its_log,
            only_the_asker_deletes_a_question,
            a_question_under_way_is_given_up_and_finds_no_place,
            all_questions_of_one_person_go_part_by_part,
            however_many_delete_them_none_is_left_when_there_are_no_more,
        );
        $crate::question_log_contract!(@each $make, forgetting,
            old_questions_go_with_their_logs_the_oldest_first,
            questions_without_an_end_stay,
            pieces_of_answers_go_before_and_leave_the_rest,
        );
        $crate::question_log_contract!(@each $make, sharing,
            what_one_instance_stores_the_other_reads,
            unfinished_questions_of_the_dead_are_orphans,
            questions_of_who_comes_back_are_no_orphans,
            one_of_many_ends_a_question,
            a_question_is_given_up_while_it_has_no_end,
            who_watches_elsewhere_is_counted_until_the_end,
            only_the_asker_gives_a_question_up,
        );
    };
    (@each $make:expr, $group:ident, $($rule:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $rule() {
                let site = $make.await;
                $crate::testing::contract::$group::$rule(&site).await;
            }
        )*
    };
}

/// Makes one `#[tokio::test]` per rule of [`FeedbackStore`](crate::FeedbackStore). `$make` is an expression that gives a future of a
/// [`FeedbackSite`](crate::testing::contract::feedback::FeedbackSite).
#[macro_export]
macro_rules! feedback_store_contract {
    ($make:expr) => {
        $crate::question_log_contract!(@each $make, feedback,
            a_verdict_takes_the_place_of_an_earlier_one,
            verdicts_are_per_skill_and_read_for_many_questions,
            a_verdict_is_taken_back_once,
            verdicts_need_their_question_and_go_with_it,
            a_helpful_answer_proposes_its_question_once,
            whoever_thinks_better_of_it_proposes_nothing,
            however_questions_go_their_proposals_go_with_them,
        );
    };
}

const WORKS: &str = "the log works";

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
                fallback_from: Some(FallbackFrom {
                    selector: "Elsewhere".to_owned(),
                    reason: "it said “503”".to_owned(),
                }),
                chosen: vec![self.chosen("casting"), self.chosen("events")],
                ..Choice::default()
            },
            asked_at: self.clock.now(),
            deadline: Duration::from_secs(10),
            opening: true,
        }
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Somebody whom no log has ever heard of.
    fn stranger(&self) -> UserId {
        self.record(None).id.uuid().into()
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

    fn grown(&self, seq: u32) -> Arc<LogEntry> {
        let delta = AnswerDelta { skill: self.chosen("a").skill, text: "lín\n\0".to_owned() };
        self.entry(seq, LogEvent::AnswerDelta(delta))
    }

    fn answered(&self, seq: u32) -> Arc<LogEntry> {
        self.answered_by(seq, self.chosen("a"))
    }

    fn answered_by(&self, seq: u32, skill: Chosen) -> Arc<LogEntry> {
        let scored = ResultItem {
            body: ResultBody::RawHtml("<b>x</b>".to_owned()),
            score: Some(0.5),
            documents: Vec::new(),
        };
        let items = vec![ResultItem::text("línea\n2"), ResultItem::pairs([("k", "v"), ("k", "")]), scored];
        let outcome = SkillOutcome { skill, took: Duration::from_micros(42), answer: Ok(items) };
        self.entry(seq, LogEvent::SkillResult(outcome))
    }
}

async fn found(log: &dyn QuestionLog, id: QuestionId) -> AnsweredQuestion {
    log.find(id).await.expect(WORKS).expect("the question is there")
}

fn numbers<'a>(entries: impl IntoIterator<Item = &'a Arc<LogEntry>>) -> Vec<u32> {
    entries.into_iter().map(|entry| entry.seq).collect()
}
