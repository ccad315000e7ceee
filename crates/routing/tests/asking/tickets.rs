//! Tickets, by which the events of one question are read.

use crate::world::{World, anybody, question};
use jiff::SignedDuration;
use square_routing::{Ticket, TicketError, WatchError};

#[tokio::test(start_paused = true)]
async fn a_ticket_opens_one_question_to_whoever_holds_it_for_a_minute() {
    let mut world = World::new(&[0.9]);
    let (ann, other) = (world.signed_in(), world.other_instance());
    let asked = world.router.ask(&ann, question()).await.unwrap();
    let id = asked.record.id;
    let another = world.router.ask(&ann, question()).await.unwrap().record.id;
    assert!(matches!(world.router.ticket(&anybody(), id).await, Err(WatchError::NotFound)));
    let Ticket { text, expires_at } = world.router.ticket(&ann, id).await.unwrap();
    let watched = async |ticket: &str, id| {
        let local = world.router.watch_by_ticket(ticket, id, 0).await;
        let elsewhere = other.router.watch_by_ticket(ticket, id, 0).await;
        match (local, elsewhere) {
            (Ok(_), Ok(_)) => true,
            (Err(TicketError::Rejected), Err(TicketError::Rejected)) => false,
            _ => panic!("the instances differ"),
        }
    };
    assert!(watched(text.expose(), id).await);
    assert!(watched(text.expose(), id).await, "a line may be cut more than once");
    assert!(!watched(text.expose(), another).await);
    let later = text.expose().replacen(|c: char| c != '.', "f", 1);
    for bad in ["", ".", "x.y", "ffffffff.", text.expose().trim_end_matches(char::is_alphanumeric), &later] {
        assert!(!watched(bad, id).await, "{bad}");
    }
    world.clock.advance(SignedDuration::from_secs(59));
    assert!(watched(text.expose(), id).await);
    world.clock.advance(SignedDuration::from_secs(1));
    assert!(!watched(text.expose(), id).await);
    assert!(expires_at.duration_since(asked.record.asked_at) == SignedDuration::from_mins(1));
    world.scripts[0].asked().await.say("yes");
}
