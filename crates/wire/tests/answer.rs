//! Answers as JSON.

use square_kernel::jiff::Timestamp;
use square_kernel::{SkillId, uuid::Uuid};
use square_routing::{
    AnsweredQuestion, Choice, Chosen, Ending, Finish, LogEntry, LogEvent, QuestionRecord, SkillError,
    SkillOutcome,
};
use square_skills::{Document, ResultBody, ResultItem};
use square_wire::{EventFilter, EventView, QuestionView, StreamEvent};
use std::sync::Arc;
use std::time::Duration;

fn chosen(name: &str, number: u128, score: f32) -> Chosen {
    let skill = SkillId::from(Uuid::from_u128(number));
    Chosen { skill, name: name.into(), description: format!("{name} answers."), score }
}

fn entry(seq: u32, event: LogEvent) -> Arc<LogEntry> {
    Arc::new(LogEntry { seq, at: Timestamp::constant(1_767_225_600, 0), event })
}

/// Two skills, of which the worse one answered first and the better one failed.
fn answered() -> AnsweredQuestion {
    let (films, weather) = (chosen("Films", 1, 0.912_345_6), chosen("Weather", 2, 0.5));
    let items = vec![
        ResultItem { score: Some(f64::NAN), ..ResultItem::text("Rain") },
        ResultItem { score: Some(0.123_456), ..ResultItem::pairs([("Berlin", "3 °C")]) },
        ResultItem {
            body: ResultBody::RawHtml("<b>Sun</b>".into()),
            score: None,
            documents: vec![
                Document {
                    text: "It shines.".into(),
                    url: Some("https://a.example/sun".into()),
                    source: Some("Almanac".into()),
                    id: Some("7".into()),
                    score: Some(12.345_678),
                },
                Document { text: "It sets.".into(), score: Some(f64::INFINITY), ..Document::default() },
            ],
        },
    ];
    let error = SkillError { code: "timed_out".into(), message: "the skill did not answer in time".into() };
    let took = Duration::from_millis(20);
    let entries = vec![
        entry(1, LogEvent::SkillResult(SkillOutcome { skill: weather.clone(), took, answer: Ok(items) })),
        entry(2, LogEvent::SkillResult(SkillOutcome { skill: films.clone(), took, answer: Err(error) })),
        entry(
            3,
            LogEvent::Finished(Finish { ending: Ending::Complete, took: Duration::from_micros(20_900) }),
        ),
    ];
    let choice = Choice { selector: "Square".into(), chosen: vec![films, weather], ..Choice::default() };
    let question = QuestionRecord {
        id: Uuid::from_u128(7).into(),
        asker: None,
        text: "Rain?".into(),
        choice,
        asked_at: Timestamp::constant(1_767_225_600, 0),
        deadline: Duration::from_secs(10),
        opening: true,
    };
    AnsweredQuestion { question, entries }
}

#[test]
fn the_envelope_has_the_best_skill_first() {
    insta::assert_json_snapshot!(QuestionView::from(&answered()), @r#"
    {
      "question_id": "00000000-0000-0000-0000-000000000007",
      "question": "Rain?",
      "selector": "Square",
      "asked_at": "2026-01-01T00:00:00Z",
      "finished": true,
      "ending": "complete",
      "took_ms": 20,
      "results": [
        {
          "name": "Films",
          "skill_id": "00000000-0000-0000-0000-000000000001",
          "score": 0.9123,
          "skill_description": "Films answers.",
          "error": "the skill did not answer in time",
          "error_code": "timed_out"
        },
        {
          "name": "Weather",
          "skill_id": "00000000-0000-0000-0000-000000000002",
          "score": 0.5,
          "skill_description": "Weather answers.",
          "results": [
            {
              "type": "plain_text",
              "text": "Rain"
            },
            {
              "type": "key_value",
              "key_values": [
                [
                  "Berlin",
                  "3 °C"
                ]
              ],
              "score": 0.1235
            },
            {
              "type": "raw_html",
              "html": "<b>Sun</b>",
              "documents": [
                {
                  "text": "It shines.",
                  "url": "https://a.example/sun",
                  "source": "Almanac",
                  "id": "7",
                  "score": 12.3457
                },
                {
                  "text": "It sets."
                }
              ]
            }
          ]
        }
      ],
      "routing": {
        "selector": "Square",
        "candidates": 0,
        "least_score": 0.0,
        "chosen": [
          {
            "name": "Films",
            "skill_id": "00000000-0000-0000-0000-000000000001",
            "score": 0.9123,
            "examples": []
          },
          {
            "name": "Weather",
            "skill_id": "00000000-0000-0000-0000-000000000002",
            "score": 0.5,
            "examples": []
          }
        ],
        "left_out": []
      }
    }
    "#);
}

#[test]
fn a_client_in_rust_reads_back_what_was_sent() {
    let answered = answered();
    let sent = QuestionView::from(&answered);
    let json = serde_json::to_string(&sent).unwrap();
    assert_eq!(serde_json::from_str::<QuestionView>(&json).unwrap(), sent);
    let (mut view, _) = EventView::open(&answered.question, EventFilter::Results, 0);
    for sent in answered.entries.iter().flat_map(|entry| view.show(entry)) {
        let json = serde_json::to_string(&sent).unwrap();
        assert_eq!(serde_json::from_str::<StreamEvent>(&json).unwrap(), sent, "{json}");
    }
}

#[test]
fn a_question_that_nothing_fits_tells_what_came_nearest() {
    let mut answered = answered();
    answered.entries.clear();
    let nearest = Some(chosen("Films", 1, 0.29));
    answered.question.choice = Choice { selector: "Square".into(), nearest, ..Choice::default() };
    insta::assert_json_snapshot!(QuestionView::from(&answered), @r#"
    {
      "question_id": "00000000-0000-0000-0000-000000000007",
      "question": "Rain?",
      "selector": "Square",
      "asked_at": "2026-01-01T00:00:00Z",
      "finished": false,
      "ending": null,
      "took_ms": null,
      "results": [],
      "routing": {
        "selector": "Square",
        "candidates": 0,
        "least_score": 0.0,
        "chosen": [],
        "left_out": [],
        "nearest": {
          "name": "Films",
          "skill_id": "00000000-0000-0000-0000-000000000001",
          "score": 0.29,
          "skill_description": "Films answers."
        }
      },
      "nearest": {
        "name": "Films",
        "skill_id": "00000000-0000-0000-0000-000000000001",
        "score": 0.29,
        "skill_description": "Films answers."
      }
    }
    "#);
}
