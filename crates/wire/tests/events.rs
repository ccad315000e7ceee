//! The events of a question: what each client sees, under which numbers.

use proptest::prelude::*;
use square_kernel::jiff::Timestamp;
use square_kernel::{SkillId, uuid::Uuid};
use square_routing::{
    AnswerDelta, Choice, Chosen, Ending, Example, Exclusion, Finish, LeftOut, LogEntry, LogEvent,
    QuestionRecord, SkillError, SkillOutcome,
};
use square_skills::ResultItem;
use square_wire::{EventFilter, EventView, StreamEvent};
use std::time::Duration;

fn chosen(number: u8) -> Chosen {
    let skill = SkillId::from(Uuid::from_u128(number.into()));
    Chosen { skill, name: format!("Skill {number}"), description: String::new(), score: 0.5 }
}

fn record(skills: u8, opening: bool) -> QuestionRecord {
    let chosen = (0..skills).map(chosen).collect();
    QuestionRecord {
        id: Uuid::from_u128(7).into(),
        asker: None,
        text: "Rain?".into(),
        choice: Choice { selector: "Square".into(), chosen, ..Choice::default() },
        asked_at: Timestamp::constant(1_767_225_600, 0),
        deadline: Duration::from_secs(10),
        opening,
    }
}

fn answered(number: u8, well: bool) -> LogEvent {
    let error = SkillError { code: "timed_out".into(), message: "too slow".into() };
    let answer = if well { Ok(vec![ResultItem::text("Rain")]) } else { Err(error) };
    LogEvent::SkillResult(SkillOutcome { skill: chosen(number), took: Duration::from_millis(20), answer })
}

fn grown(number: u8) -> LogEvent {
    LogEvent::AnswerDelta(AnswerDelta { skill: chosen(number).skill, text: "Ra".into() })
}

fn finished(ending: Ending) -> LogEvent {
    LogEvent::Finished(Finish { ending, took: Duration::from_micros(20_900) })
}

/// The entries that follow the opening.
fn log(record: &QuestionRecord, events: Vec<LogEvent>) -> Vec<LogEntry> {
    let first = record.last_opening() + 1;
    (first..).zip(events).map(|(seq, event)| LogEntry { seq, at: record.asked_at, event }).collect()
}

/// What a client sees that has seen the events up to number `after`.
fn seen(record: &QuestionRecord, log: &[LogEntry], filter: EventFilter, after: u32) -> Vec<StreamEvent> {
    let (mut view, mut events) = EventView::open(record, filter, after);
    events.extend(log.iter().filter(|entry| entry.seq > after).flat_map(|entry| view.show(entry)));
    events
}

fn brief(events: &[StreamEvent]) -> Vec<String> {
    events.iter().map(|event| format!("{} {}", event.seq(), event.name())).collect()
}

/// One skill answers, one is too slow.
fn late() -> (QuestionRecord, Vec<LogEntry>) {
    let record = record(2, true);
    let events = vec![answered(1, true), LogEvent::Deadline, answered(0, false), finished(Ending::Deadline)];
    let log = log(&record, events);
    (record, log)
}

#[test]
fn all_events_begin_with_the_question_and_the_decision() {
    let (record, log) = late();
    let all = seen(&record, &log, EventFilter::All, 0);
    let told = [
        "1 question_accepted",
        "2 route_decided",
        "3 skill_started",
        "4 skill_started",
        "5 skill_result",
        "6 deadline",
        "7 skill_failed",
        "8 finished",
    ];
    assert_eq!(brief(&all), told);
    assert_eq!(brief(&seen(&record, &log, EventFilter::All, 3)), told[3..]);
}

#[test]
fn who_asks_for_nothing_more_sees_results_and_the_end_under_the_same_numbers() {
    let (record, log) = late();
    let results = seen(&record, &log, EventFilter::default(), 0);
    assert_eq!(brief(&results), ["5 skill_result", "7 skill_result", "8 finished"]);
    let all = seen(&record, &log, EventFilter::All, 0);
    let json = |event: &StreamEvent| serde_json::to_string(event).unwrap();
    assert_eq!(json(&results[1]), json(&all[6]), "a failure has the same data under both names");
}

#[test]
fn pieces_of_answers_and_late_helpers_are_for_who_wants_all() {
    let record = record(1, true);
    let helper = LogEvent::SkillStarted(chosen(1));
    let events = vec![grown(0), helper, answered(1, true), answered(0, true), finished(Ending::Complete)];
    let log = log(&record, events);
    let all = seen(&record, &log, EventFilter::All, 3);
    let told = ["4 answer_delta", "5 skill_started", "6 skill_result", "7 skill_result", "8 finished"];
    assert_eq!(brief(&all), told);
    assert_eq!(
        serde_json::to_value(&all[0]).unwrap(),
        serde_json::json!({
            "question_id": "00000000-0000-0000-0000-000000000007",
            "seq": 4,
            "skill_id": "00000000-0000-0000-0000-000000000000",
            "text": "Ra",
        })
    );
    assert_eq!(brief(&seen(&record, &log, EventFilter::Results, 0)), told[2..]);
}

#[test]
fn questions_from_before_there_was_an_opening_begin_with_their_log() {
    let record = record(1, false);
    let log = log(&record, vec![answered(0, true), finished(Ending::Complete)]);
    assert_eq!(brief(&seen(&record, &log, EventFilter::All, 0)), ["1 skill_result", "2 finished"]);
}

#[test]
fn what_is_missing_in_the_log_is_told_of_to_who_wants_all() {
    let (record, mut log) = late();
    log.drain(..2);
    let told = seen(&record, &log, EventFilter::All, 4);
    assert_eq!(brief(&told), ["6 gap", "7 skill_failed", "8 finished"]);
    assert_eq!(
        serde_json::to_value(&told[0]).unwrap(),
        serde_json::json!({"question_id": "00000000-0000-0000-0000-000000000007", "seq": 6, "missing_from": 5})
    );
    assert_eq!(brief(&seen(&record, &log, EventFilter::All, 5))[0], "6 gap");
    assert_eq!(brief(&seen(&record, &log, EventFilter::All, 6))[0], "7 skill_failed");
    assert_eq!(brief(&seen(&record, &log, EventFilter::Results, 4)), ["7 skill_result", "8 finished"]);
}

#[test]
fn the_events_have_these_shapes() {
    let (mut record, log) = late();
    record.choice.examples = vec![vec![Example { text: "Will it rain?".into(), similarity: 0.7 }]];
    record.choice.left_out = vec![LeftOut {
        skill: None,
        name: "Films".into(),
        score: None,
        reason: Exclusion::NotAllowed,
        examples: Vec::new(),
    }];
    let all = seen(&record, &log, EventFilter::All, 0);
    insta::assert_json_snapshot!([&all[0], &all[1], &all[2], &all[5], &all[7]], @r#"
    [
      {
        "question_id": "00000000-0000-0000-0000-000000000007",
        "seq": 1,
        "question": "Rain?",
        "asked_at": "2026-01-01T00:00:00Z",
        "deadline_ms": 10000
      },
      {
        "question_id": "00000000-0000-0000-0000-000000000007",
        "seq": 2,
        "selector": "Square",
        "candidates": 0,
        "least_score": 0.0,
        "chosen": [
          {
            "name": "Skill 0",
            "skill_id": "00000000-0000-0000-0000-000000000000",
            "score": 0.5,
            "examples": [
              {
                "text": "Will it rain?",
                "similarity": 0.7
              }
            ]
          },
          {
            "name": "Skill 1",
            "skill_id": "00000000-0000-0000-0000-000000000001",
            "score": 0.5,
            "examples": []
          }
        ],
        "left_out": [
          {
            "name": "Films",
            "skill_id": null,
            "score": null,
            "reason": "not_allowed",
            "examples": []
          }
        ]
      },
      {
        "question_id": "00000000-0000-0000-0000-000000000007",
        "seq": 3,
        "name": "Skill 0",
        "skill_id": "00000000-0000-0000-0000-000000000000",
        "score": 0.5
      },
      {
        "question_id": "00000000-0000-0000-0000-000000000007",
        "seq": 6
      },
      {
        "question_id": "00000000-0000-0000-0000-000000000007",
        "seq": 8,
        "ending": "deadline",
        "took_ms": 20
      }
    ]
    "#);
}

/// A question with some skills, of which some answer and the last ones are too slow, and how it goes.
fn questions() -> impl Strategy<Value = (QuestionRecord, Vec<LogEntry>)> {
    (prop::collection::vec(any::<bool>(), 0..6), any::<bool>(), any::<bool>()).prop_map(
        |(well, late, opening)| {
            let record = record(well.iter().fold(0, |skills, _| skills + 1), opening);
            let mut events: Vec<_> = (0..)
                .zip(&well)
                .flat_map(|(number, well)| [grown(number), answered(number, *well)])
                .collect();
            if late {
                events.insert(events.len() / 2, LogEvent::Deadline);
            }
            events.push(finished(if late { Ending::Deadline } else { Ending::Complete }));
            let log = log(&record, events);
            (record, log)
        },
    )
}

proptest! {
    /// However often a stream is cut, and whatever is no longer kept, the pieces are the whole.
    #[test]
    fn a_stream_cut_anywhere_joins(
        (record, log) in questions(),
        kept in prop::collection::vec(any::<bool>(), 16),
        cuts in prop::collection::vec(1_usize..4, 1..16),
        all in any::<bool>(),
    ) {
        let filter = if all { EventFilter::All } else { EventFilter::Results };
        let mut kept = kept.into_iter();
        let log: Vec<_> = log
            .into_iter()
            .filter(|entry| matches!(entry.event, LogEvent::Finished(_)) || kept.next() == Some(true))
            .collect();
        let whole = seen(&record, &log, filter, 0);
        let (mut joined, mut after) = (Vec::new(), 0);
        for cut in cuts.into_iter().chain([usize::MAX]) {
            let piece: Vec<_> = seen(&record, &log, filter, after).into_iter().take(cut).collect();
            after = piece.last().map_or(after, StreamEvent::seq);
            joined.extend(piece);
        }
        prop_assert_eq!(joined, whole);
    }

    /// All events together have the numbers from 1 on, each once; a gap stands for those it names.
    #[test]
    fn numbers_have_no_gaps_but_those_that_are_told(
        (record, log) in questions(),
        kept in prop::collection::vec(any::<bool>(), 16),
    ) {
        let mut kept = kept.into_iter();
        let log: Vec<_> = log
            .into_iter()
            .filter(|entry| matches!(entry.event, LogEvent::Finished(_)) || kept.next() == Some(true))
            .collect();
        let mut next = 1;
        for event in seen(&record, &log, EventFilter::All, 0) {
            match &event {
                StreamEvent::Gap(gap) => prop_assert_eq!(gap.missing_from, next),
                event => prop_assert_eq!(event.seq(), next),
            }
            next = event.seq() + 1;
        }
    }
}
