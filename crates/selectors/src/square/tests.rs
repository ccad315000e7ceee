use super::*;
use proptest::prelude::*;
use square_routing::Score;
use std::sync::Mutex as Lock;

const CASTING: [&str; 8] = [
    "Which actors played in Heat?",
    "Who plays Neil McCauley?",
    "Which movies did Al Pacino play in?",
    "When was Heat released?",
    "Who was in the cast of Alien?",
    "How old is Sigourney Weaver?",
    "What films came out in 1995?",
    "List the roles of Robert De Niro",
];
const EVENTS: [&str; 8] = [
    "What is on at the Fillmore on Saturday?",
    "Which concerts are there tonight?",
    "When does the show at the Roundhouse start?",
    "Where is the jazz festival?",
    "What can I do next weekend?",
    "Is there anything on New Year's Eve?",
    "Which events take place in Berlin?",
    "What happens tomorrow at 8pm?",
];
const UNRELATED: [&str; 8] = [
    "How do I bake bread?",
    "Which bread is in the oven?",
    "which in the",
    "is there",
    "Who was the king of Spain?",
    "When does the train to Paris leave?",
    "hello",
    "zxcv qwer",
];

pub(super) fn skill(n: u8) -> SkillId {
    square_kernel::uuid::Uuid::from_u128(u128::from(n) + 1).into()
}

/// Each skill has three words of its own.
fn words(n: u8) -> [String; 3] {
    let syllables = ["ba", "ko", "ri", "tu", "me", "zan", "pol", "fix", "gur", "wen"];
    let syllable = |at: u8| syllables[usize::from(at) % syllables.len()];
    std::array::from_fn(|word| {
        let word = u8::try_from(word).unwrap();
        format!("{}{}{}", syllable(n), syllable(n / 10 + word), syllable(n.wrapping_mul(3) + 2 * word))
    })
}

fn questions(n: u8) -> Vec<String> {
    let forms =
        ["where is my", "can I change the", "what does the", "show me every", "I lost a", "how much is a"];
    let words = words(n);
    forms.iter().flat_map(|form| words.iter().map(move |word| format!("{form} {word} now"))).collect()
}

pub(super) fn examples(n: u8) -> Examples {
    Examples::new(skill(n), &questions(n)).unwrap()
}

/// A question about the skill that is not among its examples.
pub(super) fn asked(n: u8) -> String {
    let [first, second, _] = words(n);
    format!("can you show me where the {first} and the {second} are")
}

fn shared(questions: &[&str]) -> Arc<[String]> {
    questions.iter().map(|&question| question.to_owned()).collect()
}

async fn knowing(skills: &[(SkillId, Arc<[String]>)]) -> SquareSelector {
    let selector = SquareSelector::new();
    selector.learn_all(skills).await.unwrap();
    selector
}

async fn scores(selector: &SquareSelector, question: &str, candidates: &[SkillId]) -> Vec<Score> {
    selector.rank(question, candidates).await.unwrap().scores
}

/// The skills (by place among `candidates`) that pass the threshold, best first.
async fn fitting(selector: &SquareSelector, question: &str, candidates: &[SkillId]) -> Vec<usize> {
    let ranking = selector.rank(question, candidates).await.unwrap();
    let fitting = ranking.scores.iter().filter(|score| score.score >= ranking.threshold);
    fitting.map(|score| score.candidate).collect()
}

#[tokio::test]
async fn two_skills_with_few_examples_route_right() {
    for examples in 1..=8 {
        let casting = (skill(1), shared(&CASTING[..examples]));
        let events = (skill(2), shared(&EVENTS[..examples]));
        let selector = knowing(&[casting, events]).await;
        let both = [skill(1), skill(2)];
        for question in ["Which actors played in Heat?", "Which actors play in Alien?", "actors in heat"] {
            assert_eq!(fitting(&selector, question, &both).await, [0], "{question} {examples}");
        }
        for question in ["What is on at the Fillmore on Saturday?", "anything at the fillmore this saturday"]
        {
            assert_eq!(fitting(&selector, question, &both).await, [1], "{question} {examples}");
        }
        for question in UNRELATED {
            assert!(fitting(&selector, question, &both).await.is_empty(), "{question} {examples}");
        }
    }
}

#[tokio::test]
async fn a_single_skill_is_not_asked_everything() {
    for examples in 1..=8 {
        let selector = knowing(&[(skill(1), shared(&CASTING[..examples]))]).await;
        for question in ["Which actors played in Heat?", "actors in heat"] {
            assert_eq!(fitting(&selector, question, &[skill(1)]).await, [0], "{question} {examples}");
        }
        for question in UNRELATED.iter().chain(&["anything at the fillmore this saturday"]) {
            assert!(fitting(&selector, question, &[skill(1)]).await.is_empty(), "{question} {examples}");
        }
    }
}

#[tokio::test]
async fn a_skill_for_small_talk_is_found_by_its_examples() {
    let talk = shared(&["Who are you?", "hello", "How are you today?", "good morning", "thank you"]);
    let selector = knowing(&[(skill(1), talk), (skill(2), shared(&EVENTS))]).await;
    for question in ["who are you", "Hello!", "how are you"] {
        assert_eq!(fitting(&selector, question, &[skill(1), skill(2)]).await, [0], "{question}");
    }
}

#[tokio::test]
async fn many_skills_route_right_and_strangers_fit_none() {
    let known: Vec<_> = (0..20).map(|n| (skill(n), questions(n).into())).collect();
    let candidates: Vec<_> = (0..20).map(skill).collect();
    let selector = knowing(&known).await;
    for n in 0..20 {
        let fitting = fitting(&selector, &asked(n), &candidates).await;
        assert_eq!(fitting.first(), Some(&usize::from(n)), "{}", asked(n));
    }
    for question in UNRELATED {
        assert!(fitting(&selector, question, &candidates).await.is_empty(), "{question}");
    }
}

#[tokio::test]
async fn only_known_candidates_are_ranked_each_once() {
    let selector = SquareSelector::new();
    assert!(scores(&selector, "anything", &[skill(1)]).await.is_empty());
    selector.learn_all(&[(skill(1), shared(&CASTING)), (skill(2), shared(&EVENTS))]).await.unwrap();
    let ranked = scores(&selector, CASTING[0], &[skill(3), skill(2), skill(1), skill(2), skill(1)]).await;
    assert_eq!(ranked.iter().map(|score| score.candidate).collect::<Vec<_>>(), [2, 1]);
    assert!(scores(&selector, CASTING[0], &[]).await.is_empty());
}

#[tokio::test]
async fn what_may_not_be_asked_is_no_rival() {
    let twins = [(skill(1), shared(&CASTING)), (skill(2), shared(&CASTING)), (skill(3), shared(&EVENTS))];
    let selector = knowing(&twins).await;
    let beside_its_twin = scores(&selector, CASTING[1], &[skill(1), skill(2)]).await[0].score;
    let alone = scores(&selector, CASTING[1], &[skill(1)]).await[0].score;
    assert!(alone > beside_its_twin, "{alone} {beside_its_twin}");
}

#[tokio::test]
async fn the_order_of_publishing_makes_no_difference_to_few_skills() {
    let (one, other) = (SquareSelector::new(), SquareSelector::new());
    for n in [0, 1, 2] {
        one.learn(skill(n), &questions(n), &|_| ()).await.unwrap();
        other.learn(skill(2 - n), &questions(2 - n), &|_| ()).await.unwrap();
    }
    let candidates = [skill(0), skill(1), skill(2)];
    assert_eq!(scores(&one, &asked(1), &candidates).await, scores(&other, &asked(1), &candidates).await);
}

#[tokio::test]
async fn a_forgotten_skill_leaves_no_trace_among_few() {
    let never = knowing(&[(skill(0), questions(0).into())]).await;
    let forgotten = knowing(&[(skill(0), questions(0).into())]).await;
    forgotten.learn(skill(1), &questions(1), &|_| ()).await.unwrap();
    forgotten.forget(skill(1)).await.unwrap();
    forgotten.forget(skill(9)).await.unwrap();
    for question in [asked(0), asked(1)] {
        let both = [skill(0), skill(1)];
        assert_eq!(scores(&forgotten, &question, &both).await, scores(&never, &question, &both).await);
    }
    forgotten.forget(skill(0)).await.unwrap();
    assert!(scores(&forgotten, &asked(0), &[skill(0)]).await.is_empty());
}

#[tokio::test]
async fn learning_tells_how_far_it_is() {
    for already in [0, 60] {
        let selector =
            knowing(&(0..already).map(|n| (skill(n), questions(n).into())).collect::<Vec<_>>()).await;
        let told = Lock::new(Vec::new());
        selector.learn(skill(99), &questions(99), &|done| told.lock().unwrap().push(done)).await.unwrap();
        let told = told.into_inner().unwrap();
        assert!(told.is_sorted() && told.len() > 1, "{told:?}");
        assert!(told.iter().all(|done| (0.0..=1.0).contains(done)), "{told:?}");
        assert_eq!(told.last(), Some(&1.0));
    }
}

#[tokio::test]
async fn examples_without_a_word_teach_nothing_and_change_nothing() {
    let selector = knowing(&[(skill(0), questions(0).into()), (skill(1), shared(&["?!"]))]).await;
    let before = scores(&selector, &asked(0), &[skill(0), skill(1)]).await;
    assert_eq!(before.len(), 1);
    for wordless in [vec![], vec!["?".to_owned(), " \u{0}".to_owned()]] {
        assert!(selector.learn(skill(0), &wordless, &|_| ()).await.is_err());
    }
    assert_eq!(scores(&selector, &asked(0), &[skill(0), skill(1)]).await, before);
}

#[tokio::test]
async fn learning_goes_on_when_the_caller_goes_away() {
    let selector = knowing(&[(skill(0), questions(0).into())]).await;
    let (published, nothing) = (questions(1), |_| ());
    tokio::select! {
        biased;
        _ = selector.learn(skill(1), &published, &nothing) => panic!("it waits for another thread"),
        () = std::future::ready(()) => {}
    }
    // Waits for its turn, so the first is done by then.
    selector.learn(skill(2), &questions(2), &|_| ()).await.unwrap();
    assert_eq!(fitting(&selector, &asked(1), &[skill(0), skill(1), skill(2)]).await, [1]);
}

#[tokio::test]
async fn accuracy_is_the_share_of_questions_won() {
    let selector = knowing(&(0..4).map(|n| (skill(n), questions(n).into())).collect::<Vec<_>>()).await;
    let dev = [asked(0), asked(0), asked(1), asked(2)];
    for (n, share) in [(0, 0.5), (1, 0.25), (3, 0.0), (9, 0.0)] {
        assert_eq!(selector.accuracy(skill(n), &dev).await, Ok(share), "{n}");
    }
    assert_eq!(selector.accuracy(skill(0), &[]).await, Ok(0.0));
    assert_eq!(SquareSelector::new().accuracy(skill(0), &dev).await, Ok(0.0));
}

#[tokio::test]
async fn what_is_measured_is_what_the_evaluation_measures() {
    let selector = knowing(&(0..4).map(|n| (skill(n), questions(n).into())).collect::<Vec<_>>()).await;
    let dev = [asked(0), asked(0), asked(1), asked(2)];
    let measured = selector.measure(skill(0), &dev).await.unwrap();
    let samples = dev.map(|question| Sample { question, skill: Some(skill(0)) });
    let all: Vec<_> = (0..4).map(skill).collect();
    let report = evaluate(&selector, &all, &samples, &|_| ()).await.unwrap().report();
    assert_eq!((Some(measured.top1), measured.top3, measured.ece), (report.top1, report.top3, report.ece));
    assert_eq!(measured.in_scope_at_threshold, report.in_scope_at_threshold);
    assert_eq!((measured.skills, measured.examples), (Some(4), Some(72)));
    assert_eq!(measured.model_bytes, u64::try_from(selector.model_bytes()).ok());
    assert!(
        measured.train_ms > Some(0.0) && measured.p50_us > Some(0.0) && measured.p99_us >= measured.p50_us
    );
}

#[tokio::test]
async fn what_was_kept_is_taken_up_for_the_same_examples_alone() {
    let known: Vec<_> =
        (0..3).map(|n| (skill(n), questions(n).into())).chain([(skill(3), shared(&["?"]))]).collect();
    let selector = knowing(&known).await;
    let kept = selector.keep().await.unwrap().unwrap();
    let versions = known.iter().map(|(skill, of)| (*skill, ExamplesVersion::of_skill(of)));
    assert_eq!(kept.version, ExamplesVersion::of_all(versions), "also of what no example has a word in");
    let candidates: Vec<_> = (0..4).map(skill).collect();

    let other = SquareSelector::new();
    assert!(!other.take_up(&known[..2], &kept).await);
    let damaged = KeptModel { bytes: kept.bytes[1..].into(), ..kept.clone() };
    assert!(!other.take_up(&known, &damaged).await);
    assert!(scores(&other, &asked(0), &candidates).await.is_empty());
    assert!(other.take_up(&known, &kept).await);
    for n in 0..4 {
        let expected = scores(&selector, &asked(n), &candidates).await;
        assert_eq!(scores(&other, &asked(n), &candidates).await, expected);
    }
    for selector in [&selector, &other] {
        selector.learn(skill(7), &questions(7), &|_| ()).await.unwrap();
    }
    assert_eq!(selector.keep().await.unwrap(), other.keep().await.unwrap());
    assert_eq!(SquareSelector::new().keep().await.unwrap(), None);
}

#[tokio::test]
async fn tuning_moves_probabilities_and_no_order() {
    let known: Vec<_> = (0..8).map(|n| (skill(n), questions(n).into())).collect();
    let selector = knowing(&known).await;
    let candidates: Vec<_> = (0..8).map(skill).collect();
    let before = scores(&selector, &asked(3), &candidates).await;
    // Nothing fits what it fitted before.
    let none = |n: u8| Sample { question: asked(n % 8), skill: None };
    selector.tune(&(0..200).map(none).collect::<Vec<_>>()).await.unwrap();
    let after = scores(&selector, &asked(3), &candidates).await;
    assert_eq!(before[0].candidate, after[0].candidate);
    assert!(after[0].score < before[0].score, "{before:?} {after:?}");
    SquareSelector::new().tune(&[none(1)]).await.unwrap();
}

#[tokio::test]
async fn hostile_questions_are_ranked_like_any_other() {
    let selector = knowing(&[(skill(1), shared(&CASTING)), (skill(2), shared(&EVENTS))]).await;
    let emoji = "\u{1F3B8}\u{200D}\u{1F468}\u{FE0F}".repeat(20_000);
    let controls: String = (0..32_u8).cycle().take(100_000).map(char::from).collect();
    for question in
        ["", " ", "?", &"a".repeat(100_000), &"a ".repeat(50_000), &emoji, &controls, "\u{202E}heat\u{0}"]
    {
        let ranked = scores(&selector, question, &[skill(1), skill(2)]).await;
        assert!(sane(&ranked), "{ranked:?}");
    }
}

fn sane(scores: &[Score]) -> bool {
    let within = scores.iter().all(|score| (0.0..=1.0).contains(&score.score));
    within && scores.is_sorted_by(|a, b| a.score >= b.score)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_learnt_and_asked_scores_are_sane_and_repeat(
        skills in prop::collection::vec(prop::collection::vec("\\PC{0,40}|[a-d ]{0,20}", 1..4), 0..5),
        question in "\\PC{0,80}|[a-d ]{0,40}",
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let learnt: Vec<_> = (0..).map(skill).zip(skills.into_iter().map(Arc::from)).collect();
            let candidates: Vec<_> = (0..6).map(skill).collect();
            let first = scores(&knowing(&learnt).await, &question, &candidates).await;
            let again = scores(&knowing(&learnt).await, &question, &candidates).await;
            prop_assert!(sane(&first), "{first:?}");
            prop_assert_eq!(first, again);
            Ok(())
        })?;
    }
}
