//! What becomes of questions whose asker does not want them kept.

use crate::world::{World, anybody, question};
use square_kernel::Page;
use square_routing::{Ending, HistoryError, HistoryFilter, QuestionLog, WatchError};
use std::time::Duration;
use tokio::time::timeout;

#[tokio::test(start_paused = true)]
async fn a_question_under_way_is_given_up_and_gone() {
    let mut world = World::new(&[0.9]);
    let ann = world.signed_in();
    let asked = world.router.ask(&ann, question()).await.unwrap();
    let id = asked.record.id;
    let mut waiting = world.scripts[0].asked().await;
    assert!(matches!(world.router.delete(&anybody(), id).await, Err(WatchError::NotFound)));
    let (deleted, ()) = tokio::join!(world.router.delete(&ann, id), waiting.given_up());
    deleted.unwrap();
    world.router.idle().await;
    assert!(matches!(world.router.find(&ann, id).await, Err(WatchError::NotFound)));
    assert!(world.log.find(id).await.unwrap().is_none());
    assert!(matches!(world.router.delete(&ann, id).await, Err(WatchError::NotFound)));
    assert_eq!(world.router.close_interrupted().await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn whoever_knows_the_id_deletes_what_nobody_signed_in_for() {
    let mut world = World::new(&[0.9]);
    let asked = world.router.ask(&anybody(), question()).await.unwrap();
    let id = asked.record.id;
    world.scripts[0].asked().await.say("yes");
    asked.answers.all().await.unwrap();
    world.router.idle().await;
    world.router.delete(&anybody(), id).await.unwrap();
    assert!(matches!(world.router.find(&anybody(), id).await, Err(WatchError::NotFound)));
}

#[tokio::test(start_paused = true)]
async fn what_another_instance_works_on_is_given_up_there() {
    let mut world = World::new(&[0.9]);
    let (ann, other) = (world.signed_in(), world.other_instance());
    let asked = world.router.ask(&ann, question()).await.unwrap();
    let id = asked.record.id;
    let mut waiting = world.scripts[0].asked().await;
    other.router.delete(&ann, id).await.unwrap();
    assert_eq!(world.log.cancel_requests(), [id]);
    // As the instance does for what it is told of.
    world.router.cancel_here(id);
    waiting.given_up().await;
    let seen = asked.answers.all().await.unwrap();
    assert_eq!(seen.finish().map(|finish| finish.ending), Some(Ending::Cancelled));
    world.router.idle().await;
    assert!(matches!(world.router.find(&ann, id).await, Err(WatchError::NotFound)));
    assert_eq!(world.router.close_interrupted().await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn whoever_watches_elsewhere_sees_it_end_at_once() {
    let mut world = World::new(&[0.9, 0.8]);
    let (ann, other, third) = (world.signed_in(), world.other_instance(), world.other_instance());
    let mut asked = world.router.ask(&ann, question()).await.unwrap();
    let id = asked.record.id;
    let mut watched = other.router.watch(&ann, id, 0).await.ok().unwrap();
    world.scripts[0].asked().await.say("yes");
    asked.answers.next().await.unwrap().unwrap();
    assert_eq!(watched.next().await.unwrap().unwrap().seq, asked.record.last_opening() + 1);
    third.router.delete(&ann, id).await.unwrap();
    let seen = timeout(Duration::from_millis(210), watched.all()).await.expect("ends soon").unwrap();
    assert_eq!(seen.finish().map(|finish| finish.ending), Some(Ending::Cancelled));
    assert_eq!((seen.outcomes().len(), seen.last()), (1, asked.record.last_opening() + 2));
    assert!(matches!(other.router.watch(&ann, id, 0).await, Err(WatchError::NotFound)));
}

#[tokio::test(start_paused = true)]
async fn all_of_ones_own_go_however_many() {
    let mut world = World::new(&[0.9]);
    let ann = world.signed_in();
    for number in 0..205 {
        let asker = if number < 203 { &ann } else { &anybody() };
        let asked = world.router.ask(asker, question()).await.unwrap();
        world.scripts[0].asked().await.say("yes");
        asked.answers.all().await.unwrap();
    }
    world.router.idle().await;
    let asked = world.router.ask(&ann, question()).await.unwrap();
    let mut waiting = world.scripts[0].asked().await;
    let (deleted, ()) = tokio::join!(world.router.delete_all(&ann), waiting.given_up());
    assert_eq!(deleted.unwrap(), 204);
    drop(asked);
    world.router.idle().await;
    let left = world.router.history(&ann, &HistoryFilter::default(), Page::default()).await.unwrap();
    assert_eq!(left.items, []);
    assert!(matches!(world.router.delete_all(&anybody()).await, Err(HistoryError::SignInRequired)));
}

#[tokio::test(start_paused = true)]
async fn a_broken_log_keeps_the_question() {
    let mut world = World::new(&[0.9]);
    let asked = world.router.ask(&anybody(), question()).await.unwrap();
    let id = asked.record.id;
    world.scripts[0].asked().await.say("yes");
    asked.answers.all().await.unwrap();
    world.router.idle().await;
    world.log.break_down();
    assert!(matches!(world.router.delete(&anybody(), id).await, Err(WatchError::Unavailable(_))));
    world.log.repair();
    assert!(world.router.find(&anybody(), id).await.is_ok());
}
