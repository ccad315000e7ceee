//! What is gathered bit by bit, kept, compared and forgotten.

use super::*;

async fn remembered(selector: &EmbeddingSelector, texts: Vec<String>) -> bool {
    selector.look(move |_, memory| memory.missing(&texts).is_empty()).await.unwrap()
}

#[tokio::test]
async fn a_skill_whose_learning_was_given_up_counts_as_not_learnt() {
    let embedder = Meanings::new();
    let selector = knowing(&embedder, 4).await;
    embedder.mood().silent = true;
    let others = questions(7);
    tokio::select! {
        learnt = selector.learn(skill(3), &others, &|_| ()) => panic!("{learnt:?}"),
        () = embedder.waited_for.notified() => {}
    }
    embedder.mood().silent = false;
    assert_eq!(trouble(&selector, &skills(4)).await, "it has not learnt every skill yet");
    assert_eq!(scores(&selector, "which film", &skills(3)).await.len(), 3);
}

#[tokio::test]
async fn another_model_of_the_same_length_is_noticed_and_all_is_learnt_anew() {
    let embedder = Meanings::new();
    let selector = EmbeddingSelector::new(embedder.clone());
    let mut all = known(4);
    all.push((skill(4), film_questions(AT_ONCE).into()));
    selector.learn_all(&all).await.unwrap();
    embedder.embedded();
    embedder.mood().turned = 1;
    embedder.mood().enough = 2;
    selector.learn_all(&all).await.unwrap_err();
    let said = "its embeddings are of another kind than those it learnt from";
    assert_eq!(trouble(&selector, &skills(4)).await, said);
    assert_eq!(embedder.embedded(), 1 + AT_ONCE);
    embedder.mood().enough = usize::MAX;
    selector.learn_all(&all).await.unwrap();
    assert_eq!(embedder.embedded(), 4 * questions(0).len() + everyday(), "it goes on from there");
    for (number, question) in ["umbrella", "funds", "departure"].into_iter().enumerate() {
        assert_eq!(scores(&selector, question, &skills(4)).await[0].candidate, number + 1, "{question}");
    }
}

#[tokio::test]
async fn a_server_that_is_away_has_no_other_model() {
    let embedder = Meanings::new();
    let selector = knowing(&embedder, 4).await;
    embedder.mood().failing = true;
    selector.learn_all(&known(4)).await.unwrap();
    assert!(selector.standing().is_in_step());
    // Unless it showed before that it has.
    embedder.mood().failing = false;
    embedder.mood().dims = 6;
    trouble(&selector, &skills(4)).await;
    embedder.mood().failing = true;
    selector.learn_all(&known(4)).await.unwrap_err();
    assert!(!selector.standing().is_in_step());
}

#[tokio::test]
async fn what_is_gathered_while_it_is_kept_stays() {
    let embedder = Meanings::new();
    let selector = knowing(&embedder, 2).await;
    embedder.mood().enough = AT_ONCE;
    let many = film_questions(AT_ONCE + 1);
    selector.learn(skill(2), &many, &|_| ()).await.unwrap_err();
    let kept = selector.keep().await.unwrap().unwrap();
    // Nor is it thrown away for the next skill's sake.
    embedder.mood().enough = usize::MAX;
    selector.learn(skill(3), &questions(3), &|_| ()).await.unwrap();
    embedder.embedded();
    selector.learn(skill(2), &many, &|_| ()).await.unwrap();
    assert_eq!(embedder.embedded(), 1);
    let other = EmbeddingSelector::new(embedder.clone());
    assert!(other.take_up(&known(2), &kept).await);
    assert!(!remembered(&other, many).await, "what is kept is what was learnt from");
}

#[tokio::test]
async fn what_nothing_is_learnt_from_any_more_is_forgotten_without_being_kept() {
    let selector = knowing(&Meanings::new(), 6).await;
    selector.learn(skill(5), &questions(6), &|_| ()).await.unwrap();
    assert!(!remembered(&selector, questions(5)).await, "learnt by others");
    selector.forget(skill(4)).await.unwrap();
    assert!(!remembered(&selector, questions(4)).await, "forgotten");
    selector.learn_all(&known(3)).await.unwrap();
    assert!(!remembered(&selector, questions(3)).await, "not among all");
    assert!(remembered(&selector, questions(2)).await);
}

#[tokio::test]
async fn what_was_embedded_before_a_failure_is_not_embedded_again() {
    let embedder = Meanings::new();
    let selector = EmbeddingSelector::new(embedder.clone());
    let many: Arc<[String]> = film_questions(AT_ONCE).into();
    embedder.mood().enough = AT_ONCE;
    selector.learn_all(&[(skill(0), many.clone())]).await.unwrap_err();
    assert_eq!(embedder.embedded(), AT_ONCE);
    embedder.mood().enough = usize::MAX;
    selector.learn_all(&[(skill(0), many.clone())]).await.unwrap();
    assert_eq!(embedder.embedded(), everyday());
}
