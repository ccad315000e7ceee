use crate::model::Credit;
use crate::ports::CastingStore;
use square_kernel::Unavailable;
use square_skills::TrainingSet;

/// How many roles the questions are made from.
const ROLES: u16 = 200;
/// How many questions each form is turned into.
const OF_EACH_FORM: usize = 4;

#[rustfmt::skip]
const TRAIN: &[&str] = &[
    "Who played in {film}?", "Which actors played in {film}?", "who is in {film}", "Who starred in {film}?",
    "Tell me the cast of {film}", "List the actors in the movie {film}", "Who acts in {film}?",
    "What actresses and actors appear in the film {film}?",
    "Which films was {actor} in?", "What movies has {actor} been in?", "Which movies did {actor} star in?",
    "films with {actor}", "Show me the filmography of {actor}", "In which films did {actor} act?",
    "How old is {actor}?", "What is the age of {actor}?", "how old is the actor {actor}",
    "Who played {character}?", "Which actor played {character}?", "Who plays {character} in {film}?",
    "Who portrayed {character}?", "Who was {character} in the movie {film}?",
    "Whom did {actor} play in {film}?", "What was the role of {actor} in {film}?", "Was {actor} in {film}?",
    "When was {film} released?", "When did {film} come out?", "What is the release date of {film}?",
    "What year did the movie {film} come out?",
    "Which movies came out in {year}?", "What films were released in {year}?", "movies of {year}",
];

#[rustfmt::skip]
const DEV: &[&str] = &[
    "Which actors are in the movie {film}?", "Who was in the cast of {film}?", "Name the films that {actor} starred in",
    "Can you tell me how old {actor} is?", "Which actor plays the part of {character}?",
    "Which character did {actor} play in {film}?", "In what year was {film} released?",
    "Which films came out in the year {year}?", "What has {actor} appeared in?", "Who acted in {film}?",
];

/// Without names, so that there is something to train with before there is data.
const NAMELESS: &[&str] =
    &["Who played in this film?", "Which movies was this actor in?", "How old is the actor?"];
const NAMELESS_DEV: &[&str] = &["Which actors played in that movie?"];

/// Questions this skill can answer, made from what `store` knows: some to train a selector with, and some
/// worded otherwise to measure it with. The same data give the same questions.
pub async fn example_questions(store: &dyn CastingStore) -> Result<TrainingSet, Unavailable> {
    let credits = store.first_credits(ROLES).await?;
    let train = questions(TRAIN, OF_EACH_FORM, &credits, NAMELESS);
    let dev = questions(DEV, 2, &credits, NAMELESS_DEV);
    Ok(TrainingSet { train: train.into(), dev: dev.into() })
}

fn questions(forms: &[&str], of_each: usize, credits: &[Credit], nameless: &[&str]) -> Vec<String> {
    let mut questions: Vec<String> = Vec::new();
    // All forms once, then all again with other names: whoever reads only the first few sees them varied.
    let names = credits.iter().cycle().step_by(STRIDE);
    let forms = forms.iter().cycle().take(forms.len() * of_each);
    for question in forms.zip(names).map(|(form, credit)| filled(form, credit)) {
        // Several roles of a film or an actor give the same question.
        if !questions.contains(&question) {
            questions.push(question);
        }
    }
    // Last, because the first few are shown to people.
    questions.extend(nameless.iter().map(|&question| question.to_owned()));
    questions
}

/// Neighbouring roles are of one film; a stride without a common divisor with most numbers spreads the names.
const STRIDE: usize = 11;

fn filled(form: &str, credit: &Credit) -> String {
    form.replace("{film}", credit.movie.title.as_str())
        .replace("{actor}", credit.actor.name.as_str())
        .replace("{character}", credit.role.character.as_str())
        .replace("{year}", &credit.movie.release_date.year().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::InMemoryCasting;
    use crate::{CastingSkill, seed};
    use square_kernel::testing::{ManualClock, SeededRandomness};
    use square_kernel::{Asker, Permissions};
    use square_skills::{ResultBody, Skill, SkillRequest};
    use std::collections::HashSet;
    use std::sync::Arc;

    async fn seeded() -> Arc<InMemoryCasting> {
        let store = Arc::new(InMemoryCasting::default());
        seed(&*store, &ManualClock::default(), &SeededRandomness::default()).await.unwrap();
        store
    }

    #[tokio::test]
    async fn there_are_enough_and_they_vary() {
        let questions = example_questions(&*seeded().await).await.unwrap();
        assert!((80..=150).contains(&questions.train.len()), "{}", questions.train.len());
        assert!((18..=25).contains(&questions.dev.len()), "{}", questions.dev.len());
        let different: HashSet<&String> = questions.train.iter().collect();
        assert_eq!(different.len(), questions.train.len());
        assert!(questions.dev.iter().all(|question| !different.contains(question)));
    }

    #[tokio::test]
    async fn the_skill_answers_each_from_the_data() {
        let store = seeded().await;
        let questions = example_questions(&*store).await.unwrap();
        let skill = CastingSkill::new(store);
        let asker = Asker::anonymous(Permissions::from_iter(["get:movies", "get:actors", "get:roles"]));
        let (train, nameless) = questions.train.split_at(questions.train.len() - NAMELESS.len());
        assert_eq!(nameless, NAMELESS);
        let dev = &questions.dev[..questions.dev.len() - NAMELESS_DEV.len()];
        for question in train.iter().chain(dev) {
            let question = question.as_str().into();
            let request = SkillRequest { question, max_results: 10, asker: asker.clone(), skill_args: None };
            let items = skill.answer(&request).await.unwrap();
            assert!(
                matches!(items.get(1).map(|item| &item.body), Some(ResultBody::KeyValue(_))),
                "{request:?}: {items:?}"
            );
        }
    }

    #[tokio::test]
    async fn an_empty_store_still_gives_some() {
        let questions = example_questions(&InMemoryCasting::default()).await.unwrap();
        assert_eq!((questions.train.len(), questions.dev.len()), (NAMELESS.len(), NAMELESS_DEV.len()));
    }
}
