//! A chat's answers in pieces, where skills fail amid them.

use square_kernel::jiff::Timestamp;
use square_kernel::{SkillId, uuid::Uuid};
use square_routing::{
    AnswerDelta, Choice, Chosen, Ending, Finish, LogEntry, LogEvent, QuestionRecord, SkillError, SkillOutcome,
};
use square_skills::ResultItem;
use square_wire::openai::{ChatStream, ChatStreamEvent, ChatStreamOpening};
use std::sync::Arc;
use std::time::Duration;

fn chosen(name: &str, score: f32) -> Chosen {
    let skill = SkillId::from(Uuid::from_u128(u128::from(name.as_bytes()[0])));
    Chosen { skill, name: name.into(), description: String::new(), score }
}

fn grows(name: &str, text: &str) -> LogEvent {
    LogEvent::AnswerDelta(AnswerDelta { skill: chosen(name, 0.5).skill, text: text.into() })
}

fn says(name: &str, text: &str) -> LogEvent {
    let answer = Ok(if text.is_empty() { Vec::new() } else { vec![ResultItem::text(text)] });
    LogEvent::SkillResult(SkillOutcome { skill: chosen(name, 0.5), took: Duration::ZERO, answer })
}

fn fails(name: &str) -> LogEvent {
    let error = SkillError { code: "timed_out".into(), message: "it did not answer in time".into() };
    LogEvent::SkillResult(SkillOutcome { skill: chosen(name, 0.9), took: Duration::ZERO, answer: Err(error) })
}

/// What a client that wants so many answers is shown of these events: per chunk index, text and how the answer ended, and by whom.
fn shown(choice: Choice, wanted: usize, events: impl IntoIterator<Item = LogEvent>) -> Vec<String> {
    let question = QuestionRecord {
        id: Uuid::from_u128(7).into(),
        asker: None,
        text: "Who?".into(),
        choice,
        asked_at: Timestamp::UNIX_EPOCH,
        deadline: Duration::from_secs(10),
        opening: true,
    };
    let opening = ChatStreamOpening { model: "square".into(), wanted, include_usage: false };
    let mut stream = ChatStream::new(Arc::new(question), opening);
    let end = LogEvent::Finished(Finish { ending: Ending::Complete, took: Duration::ZERO });
    let entries = (1..).zip(events.into_iter().chain([end]));
    let entries = entries.map(|(seq, event)| LogEntry { seq, at: Timestamp::UNIX_EPOCH, event });
    let events: Vec<_> = entries.flat_map(|entry| stream.show(&entry)).collect();
    events.iter().map(one).collect()
}

fn one(event: &ChatStreamEvent) -> String {
    match event {
        ChatStreamEvent::Done => "done".to_owned(),
        ChatStreamEvent::Error(_) => "error".to_owned(),
        ChatStreamEvent::Chunk(chunk) => {
            let choice = &chunk.choices[0];
            let text = choice.delta.content.as_deref().unwrap_or_default();
            match (&choice.finish_reason, &choice.square) {
                (Some(reason), Some(skill)) => format!("{} {reason} by {}", choice.index, skill.name),
                (Some(reason), None) => format!("{} {reason}", choice.index),
                (None, _) => format!("{} {text:?}", choice.index),
            }
        }
    }
}

#[test]
fn a_whole_answer_that_came_too_late_stands_in_for_one_that_breaks_off() {
    let told = |events| shown(Choice::default(), 1, events);
    assert_eq!(
        told(vec![grows("a", "He"), says("b", "It is Ronin."), fails("a")]),
        ["0 \"\"", "0 \"He\"", "0 \"\\n\\nIt is Ronin.\"", "0 stop by b", "done"]
    );
    assert_eq!(
        told(vec![grows("a", "He"), says("b", "Heat."), says("c", "Later."), fails("a")]),
        ["0 \"\"", "0 \"He\"", "0 \"at.\"", "0 stop by b", "done"]
    );
    // It is not needed where the first one goes on to the end.
    assert_eq!(
        told(vec![grows("a", "He"), says("b", "It is Ronin."), says("a", "Heat.")]),
        ["0 \"\"", "0 \"He\"", "0 \"at.\"", "0 stop by a", "done"]
    );
    // Who has found nothing does not help.
    assert_eq!(told(vec![grows("a", "He"), says("b", ""), fails("a")]), ["0 \"\"", "0 \"He\"", "error"]);
}

#[test]
fn of_several_that_break_off_the_first_is_completed_and_the_others_are_cut() {
    let events = [grows("a", "He"), grows("b", "Ro"), says("c", "Both."), fails("b"), fails("a")];
    assert_eq!(
        shown(Choice::default(), 2, events),
        [
            "0 \"\"",
            "0 \"He\"",
            "1 \"\"",
            "1 \"Ro\"",
            "0 \"\\n\\nBoth.\"",
            "0 stop by c",
            "1 length by b",
            "done"
        ]
    );
}

#[test]
fn a_question_whose_skills_were_asked_as_often_as_they_may_be_is_not_called_unfit() {
    let nothing = |score| {
        let nearest = Some(chosen("a", score));
        let told = shown(Choice { nearest, least_score: 0.3, ..Choice::default() }, 1, []);
        told[0].clone()
    };
    assert_eq!(nothing(0.9), "0 \"a was asked as often as it may be, please ask again later.\"");
    assert_eq!(nothing(0.1), "0 \"No skill fits this question. The nearest is a (0.10).\"");
}
