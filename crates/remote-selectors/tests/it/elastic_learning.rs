use crate::elastic::{Elastic, error};
use crate::server::{Reply, Request};
use crate::{ranked, skill, texts};
use serde_json::{Value, json};
use square_kernel::SkillId;
use square_remote_selectors::ElasticsearchSelector;
use square_skills::ports::{Learner, LearningFailed};
use std::sync::Arc;

const FILMS: [&str; 2] = ["who directed heat", "which film won"];
const WEATHER: [&str; 2] = ["will it rain", "how cold is it"];

async fn learn(
    selector: &ElasticsearchSelector,
    of: SkillId,
    examples: &[&str],
) -> Result<(), LearningFailed> {
    selector.learn(of, &texts(examples), &|_| ()).await
}

async fn two_skills() -> (Elastic, ElasticsearchSelector) {
    let elastic = Elastic::start().await;
    let selector = elastic.selector();
    learn(&selector, skill(1), &FILMS).await.unwrap();
    learn(&selector, skill(2), &WEATHER).await.unwrap();
    (elastic, selector)
}

/// Fails calls that end with this.
fn failing(end: &'static str, reply: Reply) -> impl FnMut(&Request) -> Option<Reply> + Send {
    move |request| request.path.ends_with(end).then(|| reply.clone())
}

#[tokio::test]
async fn what_is_learnt_is_found_at_once_and_what_is_forgotten_is_not() {
    let (elastic, selector) = two_skills().await;
    let both = [skill(1), skill(2)];
    assert_eq!(ranked(&selector, "Who directed it?", &both).await, [(1, 0.67), (0, 0.33)]);
    assert_eq!(ranked(&selector, "Who directed Ran?", &both).await, [(0, 0.5)]);
    selector.forget(skill(1)).await.unwrap();
    assert_eq!(ranked(&selector, "Who directed Ran?", &both).await, []);
    assert_eq!(elastic.questions(), ["how cold is it", "will it rain"]);
    let types = elastic.mapping().unwrap()["properties"].clone();
    assert_eq!(types["question"]["type"], "text");
    assert_eq!(types["skill"]["type"], "keyword");
}

#[tokio::test]
async fn progress_grows_to_its_end() {
    let elastic = Elastic::start().await;
    let told = Arc::new(std::sync::Mutex::new(Vec::new()));
    let many: Vec<String> = (0..2500).map(|number| format!("question {number}")).collect();
    let tell = Arc::clone(&told);
    elastic.selector().learn(skill(1), &many, &move |done| tell.lock().unwrap().push(done)).await.unwrap();
    let told = told.lock().unwrap().clone();
    assert!(told.len() >= 4 && told.is_sorted() && told.last() == Some(&1.0), "{told:?}");
    assert_eq!(elastic.server.count("POST", "_bulk"), 3);
    assert_eq!(elastic.questions().len(), 2500);
}

#[tokio::test]
async fn to_learn_the_same_twice_also_at_another_instance_changes_nothing() {
    let (elastic, _) = two_skills().await;
    let (before, written) = (elastic.questions(), elastic.server.count("POST", "_bulk"));
    learn(&elastic.selector(), skill(1), &FILMS).await.unwrap();
    assert_eq!((elastic.questions(), elastic.server.count("POST", "_bulk")), (before, written));
}

#[tokio::test]
async fn two_instances_that_write_the_same_at_once_agree() {
    let elastic = Elastic::start().await;
    let (one, other) = (elastic.selector(), elastic.selector());
    let (one, other) = tokio::join!(learn(&one, skill(1), &FILMS), learn(&other, skill(1), &FILMS));
    one.unwrap();
    other.unwrap();
    assert_eq!(elastic.questions(), ["which film won", "who directed heat"]);
}

#[tokio::test]
async fn new_examples_take_the_place_of_the_old() {
    let (elastic, selector) = two_skills().await;
    learn(&selector, skill(1), &["who acted in heat"]).await.unwrap();
    assert_eq!(elastic.questions(), ["how cold is it", "who acted in heat", "will it rain"]);
    // And back again.
    learn(&selector, skill(1), &FILMS).await.unwrap();
    assert_eq!(elastic.questions().len(), 4);
}

#[tokio::test]
async fn where_old_and_new_examples_are_found_only_the_old_vote() {
    let (elastic, selector) = two_skills().await;
    elastic.fault(failing("_delete_by_query", error(500, "some_exception")));
    let failed = learn(&selector, skill(1), &["will it be dark in the film", "will it be a good film"]).await;
    assert_eq!(failed.unwrap_err().0, "its server answered with status 500 (some_exception)");
    assert_eq!(elastic.questions().len(), 6);
    let both = [skill(1), skill(2)];
    assert_eq!(ranked(&selector, "Which film will rain?", &both).await, [(0, 0.5), (1, 0.5)]);
    elastic.recover();
    learn(&selector, skill(1), &["will it be dark in the film"]).await.unwrap();
    assert_eq!(elastic.questions(), ["how cold is it", "will it be dark in the film", "will it rain"]);
}

#[tokio::test]
async fn what_breaks_off_half_way_is_taken_back() {
    let (elastic, selector) = two_skills().await;
    let before = elastic.questions();
    let mut batches = 0;
    elastic.fault(move |request| {
        batches += u32::from(request.path.ends_with("_bulk"));
        (request.path.ends_with("_bulk") && batches > 1).then(|| error(500, "some_exception"))
    });
    let many: Vec<String> = (0..1500).map(|number| format!("will it be {number}")).collect();
    selector.learn(skill(1), &many, &|_| ()).await.unwrap_err();
    assert_eq!(elastic.questions(), before);
}

/// Fails the items of the first bulk call from the second on with this status.
fn failing_items(status: u16, kind: &'static str) -> impl FnMut(&Request) -> Option<Reply> + Send {
    let mut first = true;
    move |request| {
        if !request.path.ends_with("_bulk") || !std::mem::take(&mut first) {
            return None;
        }
        let item = |place| match place {
            0 => json!({"create": {"status": 201}}),
            _ => json!({"create": {"status": status, "error": {"type": kind, "reason": "at 10.0.0.7"}}}),
        };
        let items: Vec<Value> = (0..request.body.lines().count() / 2).map(item).collect();
        Some(Reply::Json(200, json!({"errors": true, "items": items})))
    }
}

#[tokio::test]
async fn documents_that_the_server_is_too_busy_for_are_sent_again_and_no_others() {
    let elastic = Elastic::start().await;
    elastic.fault(failing_items(429, "es_rejected_execution_exception"));
    learn(&elastic.selector(), skill(1), &["a", "b", "c"]).await.unwrap();
    let bulks: Vec<usize> = elastic
        .server
        .seen()
        .iter()
        .filter(|request| request.path.ends_with("_bulk"))
        .map(|request| request.body.lines().count() / 2)
        .collect();
    assert_eq!(bulks, [3, 2]);
    // The first was taken, as far as the answer to the first call goes.
    assert_eq!(elastic.questions(), ["b", "c"]);
}

#[tokio::test]
async fn documents_that_the_server_does_not_take_fail_the_learning_in_words() {
    let elastic = Elastic::start().await;
    elastic.fault(failing_items(400, "document_parsing_exception"));
    let failed = learn(&elastic.selector(), skill(1), &["a", "b"]).await.unwrap_err();
    assert_eq!(failed.0, "its server answered with status 400 (document_parsing_exception)");
}

#[tokio::test]
async fn a_server_that_is_too_busy_for_a_moment_is_asked_again() {
    let elastic = Elastic::start().await;
    let mut refusals = 2;
    elastic.fault(move |_| {
        refusals -= i32::from(refusals > 0);
        (refusals > 0).then(|| error(503, "cluster_block_exception"))
    });
    learn(&elastic.selector(), skill(1), &FILMS).await.unwrap();
    assert_eq!(elastic.questions().len(), 2);
}

#[tokio::test]
async fn what_a_conflict_kept_from_being_deleted_is_deleted_again() {
    let (elastic, selector) = two_skills().await;
    let mut conflicts = 2;
    elastic.fault(move |request| {
        let meant = request.path.ends_with("_delete_by_query") && conflicts > 0;
        conflicts -= i32::from(meant);
        let conflict = json!({"timed_out": false, "deleted": 0, "version_conflicts": 2, "failures": []});
        meant.then_some(Reply::Json(200, conflict))
    });
    selector.forget(skill(1)).await.unwrap();
    assert_eq!(elastic.questions(), ["how cold is it", "will it rain"]);
    let deletion =
        elastic.server.seen().into_iter().rfind(|request| request.path.ends_with("_delete_by_query"));
    assert_eq!(deletion.unwrap().query["conflicts"], "proceed");
}

#[tokio::test]
async fn a_deletion_of_which_a_part_failed_is_a_failure() {
    let (elastic, selector) = two_skills().await;
    let cause = json!({"index": "examples", "status": 403, "cause": {"type": "cluster_block_exception"}});
    let partly = json!({"timed_out": false, "deleted": 1, "version_conflicts": 0, "failures": [cause]});
    elastic.fault(failing("_delete_by_query", Reply::Json(200, partly)));
    selector.forget(skill(1)).await.unwrap_err();
}

#[tokio::test]
async fn the_index_is_brought_in_step_with_what_is_published() {
    let (elastic, selector) = two_skills().await;
    let written = elastic.server.count("POST", "_bulk");
    let published: Vec<(SkillId, Arc<[String]>)> = vec![
        (skill(2), texts(&WEATHER).into()),
        (skill(3), texts(&["when is the concert"]).into()),
        (skill(4), texts(&["what is new"]).into()),
    ];
    selector.learn_all(&published).await.unwrap();
    let expected = ["how cold is it", "what is new", "when is the concert", "will it rain"];
    assert_eq!(elastic.questions(), expected);
    assert_eq!(elastic.server.count("POST", "_bulk"), written + 2, "what is there is not written again");
    selector.learn_all(&published).await.unwrap();
    assert_eq!(elastic.server.count("POST", "_bulk"), written + 2);
    selector.learn_all(&[]).await.unwrap();
    assert_eq!(elastic.questions(), [""; 0]);
}

#[tokio::test]
async fn an_index_that_was_there_before_for_something_else_is_left_alone() {
    let elastic = Elastic::start().await;
    elastic.set_mapping(&json!({"skill": {"type": "text"}, "question": {"type": "text"}}));
    let failed = learn(&elastic.selector(), skill(1), &FILMS).await.unwrap_err();
    let text = "its server could not do it: the index holds something else: its field skill is not of the type keyword";
    assert_eq!(failed.0, text);
    assert_eq!(elastic.server.count("POST", "_bulk"), 0);
}

#[tokio::test]
async fn an_index_that_another_instance_makes_at_the_same_moment_is_fine() {
    let elastic = Elastic::start().await;
    // It is there, but the first look comes too early to see it.
    let types = json!({"skill": {"type": "keyword"}, "version": {"type": "keyword"}, "examples": {"type": "integer"},
        "question": {"type": "text"}});
    elastic.set_mapping(&types);
    let mut looks = 0;
    elastic.fault(move |request| {
        looks += i32::from(request.method == "GET");
        (request.method == "GET" && looks == 1).then(|| error(404, "index_not_found_exception"))
    });
    learn(&elastic.selector(), skill(1), &FILMS).await.unwrap();
}

#[tokio::test]
async fn accuracy_is_measured_among_all_skills() {
    let (elastic, selector) = two_skills().await;
    let questions = texts(&["who directed ran", "will it snow", "which film was that", "xyz"]);
    let accuracy = selector.accuracy(skill(1), &questions).await.unwrap();
    assert!((accuracy - 0.5).abs() < 1e-9, "{accuracy}");
    let partly = json!({"responses": [
        {"status": 429, "error": {"type": "es_rejected_execution_exception", "reason": "…"}},
    ]});
    elastic.fault(failing("_msearch", Reply::Json(200, partly)));
    let failed = selector.accuracy(skill(1), &questions[..1]).await.unwrap_err();
    assert_eq!(failed.0, "its server answered with status 429 (es_rejected_execution_exception)");
}

#[tokio::test]
async fn where_there_is_no_index_there_is_nothing_to_forget() {
    Elastic::start().await.selector().forget(skill(1)).await.unwrap();
}
