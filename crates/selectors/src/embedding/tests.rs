mod gathering;

use super::learning::AT_ONCE;
use super::*;
use crate::evaluation::evaluate;
use square_kernel::uuid::Uuid;
use square_routing::{EmbedderVersion, Embedding, Score};
use square_skills::KeptModel;
use square_skills::ports::Learner;
use std::sync::PoisonError;
use tokio::sync::Notify;

/// Words that mean the same, a line for each direction of the embeddings.
const MEANINGS: [&str; 4] = [
    "film movie picture flick cinema",
    "rain snow storm forecast umbrella river",
    "money transfer pay invoice funds",
    "train ticket railway platform departure",
];

/// Makes embeddings by what the words of a text mean.
struct Meanings {
    state: Mutex<Mood>,
    outside: bool,
    /// Notified when it was asked for what it never answers.
    waited_for: Notify,
}

#[derive(Clone, Default)]
struct Mood {
    version: u8,
    /// How many numbers an embedding has, 4 at least.
    dims: usize,
    failing: bool,
    /// Fails once so many texts were embedded.
    enough: usize,
    /// How far a meaning's number lies from where it lay: another model, of embeddings as long.
    turned: usize,
    /// Never answers.
    silent: bool,
    /// What was embedded, call by call.
    embedded: Vec<Vec<String>>,
}

impl Meanings {
    fn new() -> Arc<Self> {
        let mood = Mood { version: 1, dims: 4, enough: usize::MAX, ..Mood::default() };
        Arc::new(Self { state: Mutex::new(mood), outside: true, waited_for: Notify::new() })
    }

    fn mood(&self) -> MutexGuard<'_, Mood> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many texts were embedded since this was asked last.
    fn embedded(&self) -> usize {
        std::mem::take(&mut self.mood().embedded).concat().len()
    }
}

#[async_trait]
impl Embedder for Meanings {
    fn version(&self) -> EmbedderVersion {
        EmbedderVersion([self.mood().version; 32])
    }

    fn is_outside(&self) -> bool {
        self.outside
    }

    async fn embed(&self, texts: &[String], _: Waiting) -> Result<Vec<Embedding>, EmbeddingFailed> {
        if self.mood().silent {
            self.waited_for.notify_one();
            std::future::pending::<()>().await;
        }
        let mut mood = self.mood();
        let so_far: usize = mood.embedded.iter().map(Vec::len).sum();
        if mood.failing || so_far >= mood.enough {
            return Err(EmbeddingFailed("its server cannot be reached".to_owned()));
        }
        mood.embedded.push(texts.to_vec());
        let embedding = |text: &String| {
            let mut embedding = vec![0.0; mood.dims];
            for word in text.to_lowercase().split(|c: char| !c.is_alphanumeric()) {
                for (number, meaning) in MEANINGS.iter().enumerate() {
                    let number = (number + mood.turned) % MEANINGS.len();
                    embedding[number] += f32::from(u8::from(meaning.split(' ').any(|known| known == word)));
                }
            }
            let length = embedding.iter().map(|x| x * x).sum::<f32>().sqrt().max(1.0);
            embedding.iter().map(|x| x / length).collect()
        };
        Ok(texts.iter().map(embedding).collect())
    }
}

fn skill(n: u128) -> SkillId {
    Uuid::from_u128(n + 1).into()
}

fn skills(count: u128) -> Vec<SkillId> {
    (0..count).map(skill).collect()
}

/// Each skill's examples hold the first two words of one meaning, and a word of its own.
fn questions(n: u128) -> Vec<String> {
    let meaning: Vec<&str> = MEANINGS[usize::try_from(n % 4).unwrap()].split(' ').collect();
    let own = ["alpha", "bravo", "delta"][usize::try_from(n / 4).unwrap() % 3];
    let forms = ["where is the", "tell me about a", "is there any", "what about some"];
    let question = |form: &str| meaning[..2].iter().map(|word| format!("{form} {word} {own}")).collect();
    forms.iter().flat_map(|form| -> Vec<String> { question(form) }).collect()
}

fn film_questions(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("film number {n}")).collect()
}

/// How many questions are nobody's.
fn everyday() -> usize {
    Nobodys::default().texts().len()
}

fn known(count: u128) -> Vec<(SkillId, Arc<[String]>)> {
    (0..count).map(|n| (skill(n), questions(n).into())).collect()
}

async fn knowing(embedder: &Arc<Meanings>, count: u128) -> EmbeddingSelector {
    let selector = EmbeddingSelector::new(embedder.clone());
    selector.learn_all(&known(count)).await.unwrap();
    embedder.embedded();
    selector
}

async fn scores(selector: &dyn Selector, question: &str, candidates: &[SkillId]) -> Vec<Score> {
    selector.rank(question, candidates).await.unwrap().scores
}

async fn trouble(selector: &EmbeddingSelector, candidates: &[SkillId]) -> String {
    selector.rank("which film", candidates).await.unwrap_err().0
}

#[tokio::test]
async fn words_that_no_example_has_are_understood() {
    let selector = knowing(&Meanings::new(), 4).await;
    let plain = SquareSelector::new();
    plain.learn_all(&known(4)).await.unwrap();
    for (number, question) in ["flick", "umbrella", "funds", "departure"].into_iter().enumerate() {
        let ranked = scores(&selector, question, &skills(4)).await;
        assert_eq!(ranked[0].candidate, number, "{question}: {ranked:?}");
        assert!(ranked[0].score > 4.0 * ranked[1].score, "{question}: {ranked:?}");
        let without = scores(&plain, question, &skills(4)).await;
        assert!(ranked[0].score > without[0].score, "{question}: {without:?}");
    }
}

#[tokio::test]
async fn a_question_of_which_nothing_is_known_fits_nowhere() {
    let selector = knowing(&Meanings::new(), 4).await;
    for question in ["zxcv", "?", ""] {
        let ranking = selector.rank(question, &skills(4)).await.unwrap();
        assert!(
            ranking.scores.iter().all(|score| score.score < ranking.threshold),
            "{question}: {ranking:?}"
        );
    }
}

#[tokio::test]
async fn a_question_is_embedded_once_and_an_example_never_again() {
    let embedder = Meanings::new();
    let selector = knowing(&embedder, 4).await;
    scores(&selector, "a movie", &skills(4)).await;
    selector.nearest_examples("a movie", &skills(4)).await;
    assert_eq!(embedder.embedded(), 1);
    selector.learn(skill(4), &questions(4), &|_| ()).await.unwrap();
    assert_eq!(embedder.embedded(), questions(4).len());
    selector.forget(skill(4)).await.unwrap();
    selector.learn_all(&known(4)).await.unwrap();
    assert_eq!(embedder.embedded(), 1, "the one that tells whether the server has another model");
}

#[tokio::test]
async fn where_embeddings_cannot_be_had_it_says_so() {
    let embedder = Meanings::new();
    let selector = knowing(&embedder, 4).await;
    embedder.mood().failing = true;
    assert_eq!(trouble(&selector, &skills(4)).await, "its server cannot be reached");
    embedder.mood().failing = false;
    assert_eq!(scores(&selector, "which movie", &skills(4)).await[0].candidate, 0);
}

#[tokio::test]
async fn until_it_has_learnt_it_ranks_nothing() {
    let embedder = Meanings::new();
    let selector = EmbeddingSelector::new(embedder.clone());
    assert_eq!(trouble(&selector, &[]).await, "it has not learnt the skills yet");
    embedder.mood().failing = true;
    assert_eq!(
        selector.learn_all(&known(2)).await,
        Err(LearningFailed("its server cannot be reached".to_owned()))
    );
    embedder.mood().failing = false;
    // One alone is not all.
    selector.learn(skill(0), &questions(0), &|_| ()).await.unwrap();
    assert_eq!(trouble(&selector, &skills(1)).await, "it has not learnt the skills yet");
    selector.learn_all(&[]).await.unwrap();
    assert_eq!(scores(&selector, "which film", &[]).await, []);
    assert_eq!(trouble(&selector, &skills(1)).await, "it has not learnt every skill yet");
}

#[tokio::test]
async fn a_skill_that_it_could_not_learn_is_ranked_by_somebody_else_until_it_has() {
    let embedder = Meanings::new();
    let selector = knowing(&embedder, 3).await;
    embedder.mood().failing = true;
    selector.learn(skill(3), &questions(3), &|_| ()).await.unwrap_err();
    embedder.mood().failing = false;
    assert_eq!(trouble(&selector, &skills(4)).await, "it has not learnt every skill yet");
    assert_eq!(scores(&selector, "which film", &skills(3)).await[0].candidate, 0);
    selector.learn(skill(3), &questions(3), &|_| ()).await.unwrap();
    assert_eq!(scores(&selector, "railway", &skills(4)).await[0].candidate, 3);
    // Nor is one missing that is not published any more.
    embedder.mood().failing = true;
    selector.learn(skill(4), &questions(4), &|_| ()).await.unwrap_err();
    embedder.mood().failing = false;
    selector.forget(skill(4)).await.unwrap();
    assert!(selector.standing().is_in_step());
}

#[tokio::test]
async fn a_skill_that_it_never_heard_of_is_ranked_by_somebody_else() {
    let selector = knowing(&Meanings::new(), 3).await;
    assert_eq!(trouble(&selector, &skills(4)).await, "it has not learnt every skill yet");
    let twice = [skill(0), skill(0)];
    assert_eq!(scores(&selector, "which film", &twice).await.len(), 1);
    // Nothing can be learnt of one whose examples have no word in them; it is not waited for.
    let mut all = known(3);
    all.push((skill(3), ["?!".to_owned()].into()));
    selector.learn_all(&all).await.unwrap();
    assert_eq!(scores(&selector, "which film", &skills(4)).await.len(), 3);
    selector.forget(skill(2)).await.unwrap();
    assert_eq!(trouble(&selector, &skills(3)).await, "it has not learnt every skill yet");
}

#[tokio::test]
async fn asked_to_know_what_it_knows_it_does_nothing() {
    let embedder = Meanings::new();
    let selector = knowing(&embedder, 4).await;
    let before = Arc::as_ptr(&selector.square.model().unwrap());
    selector.learn_all(&known(4)).await.unwrap();
    assert!(std::ptr::eq(before, Arc::as_ptr(&selector.square.model().unwrap())));
    selector.learn_all(&known(3)).await.unwrap();
    assert!(!std::ptr::eq(before, Arc::as_ptr(&selector.square.model().unwrap())));
}

#[tokio::test]
async fn a_start_with_what_was_kept_embeds_nothing_and_goes_on_alike() {
    let embedder = Meanings::new();
    let selector = knowing(&embedder, 12).await;
    let kept = selector.keep().await.unwrap().unwrap();
    let other = EmbeddingSelector::new(embedder.clone());
    assert!(other.take_up(&known(12), &kept).await);
    for question in ["flick", "storm alpha", "transfer delta"] {
        let expected = scores(&selector, question, &skills(12)).await;
        assert_eq!(scores(&other, question, &skills(12)).await, expected);
    }
    embedder.embedded();
    for selector in [&selector, &other] {
        selector.learn(skill(2), &questions(1), &|_| ()).await.unwrap();
        selector.forget(skill(1)).await.unwrap();
    }
    assert_eq!(embedder.embedded(), 0);
    assert_eq!(selector.keep().await.unwrap(), other.keep().await.unwrap());
}

#[tokio::test]
async fn examples_are_tried_on_a_copy_that_knows_the_same() {
    let selector = knowing(&Meanings::new(), 4).await;
    let copy = selector.scratch().unwrap();
    assert_eq!(copy.name(), EmbeddingSelector::NAME);
    assert!(copy.take_up(&known(4), &selector.keep().await.unwrap().unwrap()).await);
    let dev = ["cinema", "storm", "flick alpha"].map(str::to_owned);
    for skill in skills(4) {
        let (own, copied) =
            (selector.accuracy(skill, &dev).await.unwrap(), copy.accuracy(skill, &dev).await.unwrap());
        assert_eq!(own.to_bits(), copied.to_bits());
    }
    copy.learn(skill(1), &questions(0), &|_| ()).await.unwrap();
    assert_eq!(
        selector.square.look(|state| state.lesson().version()).await.unwrap(),
        Lesson::new(&known(4)).version()
    );
}

#[tokio::test]
async fn what_was_kept_is_refused_where_it_does_not_fit() {
    let embedder = Meanings::new();
    let kept = knowing(&embedder, 3).await.keep().await.unwrap().unwrap();
    let refused = async |skills: &[(SkillId, Arc<[String]>)], kept: &KeptModel| {
        let selector = EmbeddingSelector::new(embedder.clone());
        assert!(!selector.take_up(skills, kept).await);
        assert_eq!(trouble(&selector, &[]).await, "it has not learnt the skills yet");
        selector
    };
    // Of other examples: embeddings are of use all the same.
    let selector = refused(&known(4), &kept).await;
    selector.learn_all(&known(4)).await.unwrap();
    assert_eq!(embedder.embedded(), 1 + questions(3).len());
    refused(&known(3), &KeptModel { bytes: kept.bytes[1..].into(), ..kept.clone() }).await;
    refused(&known(3), &KeptModel { bytes: kept.bytes[..kept.bytes.len() - 1].into(), ..kept.clone() }).await;
    // What `Square` keeps of the same examples is something else.
    let plain = SquareSelector::new();
    plain.learn_all(&known(3)).await.unwrap();
    refused(&known(3), &plain.keep().await.unwrap().unwrap()).await;
    assert!(!plain.take_up(&known(3), &kept).await);
    embedder.mood().version = 2;
    refused(&known(3), &kept).await;
}

#[tokio::test]
async fn embeddings_of_another_length_are_noticed_and_all_is_learnt_anew() {
    let embedder = Meanings::new();
    let selector = knowing(&embedder, 4).await;
    embedder.mood().dims = 6;
    let said = "its embeddings are of another length than those it learnt from";
    assert_eq!(trouble(&selector, &skills(4)).await, said);
    selector.learn_all(&known(4)).await.unwrap();
    assert_eq!(scores(&selector, "flick", &skills(4)).await[0].candidate, 0);
    // Also where it is a new skill by which it shows.
    embedder.mood().dims = 5;
    selector.learn(skill(4), &questions(4), &|_| ()).await.unwrap();
    assert_eq!(scores(&selector, "flick alpha", &skills(4)).await[0].candidate, 0);
    assert_eq!(scores(&selector, "picture bravo", &skills(5)).await[0].candidate, 4);
    assert_eq!(selector.square.model().unwrap().dims(), 5);
}

#[tokio::test]
async fn it_shows_the_example_questions_that_square_knows() {
    let square = SquareSelector::new();
    let selector = EmbeddingSelector::beside(&square, Meanings::new());
    square.learn_all(&known(2)).await.unwrap();
    let shown = selector.nearest_examples("which movie", &skills(2)).await;
    assert_eq!(shown, square.nearest_examples("which movie", &skills(2)).await);
    assert!(!shown[0].is_empty());
    selector.learn_all(&known(2)).await.unwrap();
    selector.forget(skill(0)).await.unwrap();
    assert_eq!(selector.nearest_examples("which movie", &skills(2)).await, shown, "it is taught apart");
}

#[tokio::test]
async fn what_is_measured_is_what_the_evaluation_measures() {
    let selector = knowing(&Meanings::new(), 4).await;
    let dev = ["flick", "picture", "storm"].map(str::to_owned);
    let measured = selector.measure(skill(0), &dev).await.unwrap();
    let samples = dev.map(|question| Sample { question, skill: Some(skill(0)) });
    let report = evaluate(&selector, &skills(4), &samples, &|_| ()).await.unwrap().report();
    assert_eq!((Some(measured.top1), measured.ece), (report.top1, report.ece));
    assert!((measured.top1 - 2.0 / 3.0).abs() < 1e-9);
    assert_eq!(measured.model_bytes, u64::try_from(selector.model_bytes()).ok());
    assert_eq!(selector.accuracy(skill(0), &["flick".to_owned()]).await, Ok(1.0));
}

#[tokio::test]
async fn what_cannot_be_measured_is_no_zero() {
    let embedder = Meanings::new();
    let selector = knowing(&embedder, 4).await;
    embedder.mood().failing = true;
    assert!(selector.measure(skill(0), &["flick".to_owned()]).await.is_err());
}

#[tokio::test]
async fn tuning_moves_probabilities_and_no_order() {
    let selector = knowing(&Meanings::new(), 4).await;
    let before = scores(&selector, "flick", &skills(4)).await;
    let none = Sample { question: "picture".to_owned(), skill: None };
    selector.tune(&vec![none; 200]).await.unwrap();
    let after = scores(&selector, "flick", &skills(4)).await;
    assert_eq!(before[0].candidate, after[0].candidate);
    assert!(after[0].score < before[0].score, "{before:?} {after:?}");
}

#[tokio::test]
async fn learning_tells_how_far_it_is() {
    let selector = knowing(&Meanings::new(), 8).await;
    let told = Mutex::new(Vec::new());
    selector.learn(skill(9), &questions(9), &|done| told.lock().unwrap().push(done)).await.unwrap();
    let told = told.into_inner().unwrap();
    assert!(told.is_sorted() && told.len() > 1, "{told:?}");
    assert_eq!(told.last(), Some(&1.0));
}

#[tokio::test]
async fn it_tells_who_it_is_and_whom_it_needs() {
    let selector = EmbeddingSelector::new(Meanings::new());
    assert_eq!((Selector::name(&selector), Learner::name(&selector)), ("Embedding", "Embedding"));
    assert!(selector.is_outside() && !selector.is_shared());
    let state = Mutex::new(Meanings::new().mood().clone());
    let inside = Meanings { state, outside: false, waited_for: Notify::new() };
    assert!(!EmbeddingSelector::new(Arc::new(inside)).is_outside());
}
