//! Questions that were kept for long enough.

use crate::world::{KEPT, World, anybody, question};
use jiff::SignedDuration;
use square_routing::{QuestionId, WatchError};

async fn ask(world: &World) -> QuestionId {
    let asked = world.router.ask(&anybody(), question()).await.unwrap();
    asked.answers.all().await.unwrap().question.id
}

#[tokio::test(start_paused = true)]
async fn questions_are_deleted_when_their_time_is_over_a_hundred_at_a_time() {
    let world = World::new(&[0.1]);
    for _ in 0..101 {
        ask(&world).await;
    }
    world.clock.advance(KEPT);
    let young = ask(&world).await;
    assert!(!world.router.forget_old().await.unwrap(), "they are no older than that");
    world.clock.advance(SignedDuration::from_millis(1));
    assert!(world.router.forget_old().await.unwrap());
    assert!(!world.router.forget_old().await.unwrap());
    assert!(world.router.find(&anybody(), young).await.is_ok());
    world.clock.advance(KEPT);
    assert!(!world.router.forget_old().await.unwrap());
    assert!(matches!(world.router.find(&anybody(), young).await, Err(WatchError::NotFound)));
}
