//! Which skills a question goes to and why, asked in advance and kept.

use crate::world::{World, anybody, by_name, named, question};
use async_trait::async_trait;
use jiff::Timestamp;
use square_routing::{Choice, Example, LeftOut, MaxSkills, Question, Selection, SkillRef};
use square_skills::{Outage, ResultItem, Skill, SkillFailure, SkillRequest};
use std::sync::Arc;

/// The skills of a decision with what is said of each.
fn told(choice: &Choice) -> Vec<String> {
    let chosen = choice.chosen.iter().map(|chosen| format!("{} {}", chosen.name, chosen.score));
    let left_out = choice.left_out.iter().map(|LeftOut { name, score, reason, .. }| match score {
        Some(score) => format!("{name} {score} {}", reason.as_str()),
        None => format!("{name} {}", reason.as_str()),
    });
    chosen.chain(left_out).collect()
}

#[tokio::test(start_paused = true)]
async fn each_skill_that_is_not_asked_has_a_reason() {
    let world = World::with(&[0.9, 0.5, 0.6, 0.8, 0.4, 0.7], |index, skill| skill.published = index != 5);
    let two = Question { max_skills: MaxSkills::parse("n", 2).unwrap(), ..question() };
    let choice = world.router.route(&anybody(), &two).await.unwrap();
    assert_eq!(told(&choice), ["a 0.9", "d 0.8", "c 0.6 maximum", "b 0.5 maximum", "e 0.4 score"]);
    assert_eq!((choice.candidates, choice.least_score), (5, 0.45));
    let owner = world.router.route(&world.signed_in(), &two).await.unwrap();
    assert_eq!(told(&owner)[2], "f unpublished", "it is nobody else's to know of");
    assert!(world.scripts.into_iter().all(|mut script| script.already_asked().is_none()));
}

#[tokio::test(start_paused = true)]
async fn of_those_that_are_named_too() {
    let world = World::with(&[0.9, 0.1, 0.2], |index, skill| skill.published = index != 2);
    let ask = |max, selector: &str, names: &[&str]| Question {
        max_skills: MaxSkills::parse("n", max).unwrap(),
        selector: Some(by_name(selector)),
        selection: named(names),
        ..question()
    };
    let owner = world.signed_in();
    let route = async |question: Question| told(&world.router.route(&owner, &question).await.unwrap());
    assert_eq!(route(ask(1, "Square", &["b", "a"])).await, ["a 0.9", "b 0.1 maximum"]);
    assert_eq!(route(ask(3, "Square", &["a", "c"])).await, ["a 0.9", "c unpublished"]);
    assert_eq!(route(ask(3, "Base", &["a", "c"])).await, ["a 0.9", "c 0.2"]);
    let unknown = ask(3, "Square", &["a", "c", "nobody"]);
    let stranger = world.router.route(&anybody(), &unknown).await.unwrap();
    assert_eq!(told(&stranger), ["a 0.9", "c not_allowed", "nobody not_allowed"]);
    assert!(stranger.left_out.iter().all(|left_out| left_out.skill.is_none()));
    assert!(world.router.ask(&anybody(), unknown).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_skill_that_the_selector_does_not_know_is_told_apart() {
    let world = World::known(&[Some(0.9), None, Some(0.1)]);
    let choice = world.router.route(&anybody(), &question()).await.unwrap();
    assert_eq!(told(&choice), ["a 0.9", "c 0.1 score", "b unranked"]);
    let selection = Selection::Only {
        field: "skills",
        skills: vec![SkillRef::Id(world.skills[1].id), SkillRef::Name("A".to_owned())],
    };
    let choice = world.router.route(&anybody(), &Question { selection, ..question() }).await.unwrap();
    assert_eq!(told(&choice), ["a 0.9", "b 0"], "whoever names it has it asked");
}

/// A skill that failed too often, and is pinged again then.
struct Out(Option<Timestamp>);

#[async_trait]
impl Skill for Out {
    async fn answer(&self, _: &SkillRequest) -> Result<Vec<ResultItem>, SkillFailure> {
        Err(SkillFailure::Unreachable)
    }

    fn outage(&self) -> Option<Outage> {
        Some(Outage { reason: "it is down".into(), next_probe: self.0 })
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_is_left_alone_for_a_while_makes_room_for_the_next_unless_it_was_named() {
    let world = World::connected(
        &[0.9, 0.8, 0.7],
        |_, _| {},
        |connector| {
            connector.put("builtin:a", Arc::new(Out(Some(Timestamp::UNIX_EPOCH))));
            // The next question is the trial.
            connector.put("builtin:b", Arc::new(Out(None)));
        },
    );
    let two = Question { max_skills: MaxSkills::parse("n", 2).unwrap(), ..question() };
    let choice = world.router.route(&anybody(), &two).await.unwrap();
    assert_eq!(told(&choice), ["b 0.8", "c 0.7", "a breaker_open"]);
    let of_it = Question { selection: named(&["a"]), ..two };
    assert_eq!(told(&world.router.route(&anybody(), &of_it).await.unwrap()), ["a 0.9"]);
}

#[tokio::test(start_paused = true)]
async fn the_decision_is_kept_with_the_question_in_bounded_size() {
    let mut scores = vec![0.9];
    scores.resize(20, 0.1);
    let long = "x".repeat(10_000);
    let example = |text: &str| Example { text: text.to_owned(), similarity: 0.5 };
    let world = World::with_examples(&scores, |index| match index {
        0 => ["1", "2", "3", "4"].map(example).to_vec(),
        _ => vec![example(&long)],
    });
    let asked = world.router.ask(&anybody(), question()).await.unwrap();
    let choice = &asked.record.choice;
    let texts =
        |examples: &[Example]| examples.iter().map(|example| example.text.clone()).collect::<Vec<_>>();
    assert_eq!(choice.examples.iter().map(|examples| texts(examples)).collect::<Vec<_>>(), [["1", "2", "3"]]);
    assert_eq!((choice.left_out.len(), choice.candidates), (5, 20));
    let shortened = format!("{}…", &long[..200]);
    assert!(choice.left_out.iter().all(|left_out| texts(&left_out.examples) == [shortened.clone()]));
    let kept = world.router.find(&anybody(), asked.record.id).await.unwrap();
    assert_eq!(kept.question.choice, *choice);
    let in_advance = world.router.route(&anybody(), &question()).await.unwrap();
    assert_eq!(in_advance.left_out.len(), 19);
    assert_eq!((in_advance.chosen, in_advance.examples), (choice.chosen.clone(), choice.examples.clone()));
}
