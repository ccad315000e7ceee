use super::Stores;
use crate::change::{Action, Audience, Change, Channel};
use crate::testing::Draft;
use jiff::{SignedDuration, Timestamp};
use square_kernel::testing::{ManualClock, SeededRandomness};
use square_kernel::{Clock, UserId, new_uuid};
use uuid::Uuid;

const WORKS: &str = "the store works";

/// Makes what the rules store, and reads it back.
pub(super) struct Samples<'a> {
    stores: &'a Stores,
    clock: ManualClock,
    randomness: SeededRandomness,
}

impl<'a> Samples<'a> {
    pub(super) fn of(stores: &'a Stores) -> Self {
        Self { stores, clock: ManualClock::default(), randomness: SeededRandomness::default() }
    }

    /// `seconds` from now.
    pub(super) fn at(&self, seconds: i64) -> Timestamp {
        self.clock.now() + SignedDuration::from_secs(seconds)
    }

    pub(super) fn uuid(&self) -> Uuid {
        new_uuid(&self.clock, &self.randomness)
    }

    /// Something that changes `seconds` from now.
    pub(super) fn draft(&self, seconds: i64) -> Draft {
        Draft { at: self.at(seconds), ..Draft::of(Channel::Skill, Action::Update, self.uuid()) }
    }

    /// Changes that differ in everything, between them of every channel and action and with every kind of audience.
    pub(super) fn all_kinds(&self) -> Vec<Draft> {
        let permission = || Some("get:users".to_owned());
        let owner = || Some(UserId::from(self.uuid()));
        let audiences = [
            Audience::default(),
            Audience { everybody: true, ..Audience::default() },
            Audience { owner: owner(), ..Audience::default() },
            Audience { permission: permission(), ..Audience::default() },
            Audience { everybody: true, owner: owner(), permission: permission() },
        ];
        let kinds = Channel::ALL.iter().zip(Action::ALL.iter().cycle()).zip(audiences.into_iter().cycle());
        let mut drafts = Vec::new();
        for (micros, ((channel, action), audience)) in (123_456..).zip(kinds) {
            let at = self.at(0) + SignedDuration::from_micros(micros);
            drafts.push(Draft { audience, at, ..Draft::of(*channel, *action, self.uuid()) });
        }
        drafts
    }

    /// Records `count` changes, each in a transaction of its own and `seconds` from now; gives them as they are stored.
    pub(super) async fn recorded(&self, count: u32, seconds: i64) -> Vec<Change> {
        let before = self.head().await;
        for _ in 0..count {
            self.stores.recorder.record_all(&[self.draft(seconds)]).await.expect(WORKS);
        }
        self.after(before, count).await
    }

    /// Records something else, so that what was there is not the newest.
    pub(super) async fn newer(&self) {
        self.recorded(1, 0).await;
    }

    pub(super) async fn head(&self) -> u64 {
        self.stores.log.head().await.expect(WORKS)
    }

    pub(super) async fn after(&self, number: u64, at_most: u32) -> Vec<Change> {
        self.stores.log.after(number, at_most).await.expect(WORKS)
    }

    /// The numbers of what the log holds.
    pub(super) async fn numbers(&self) -> Vec<u64> {
        self.after(0, 10_000).await.iter().map(|change| change.number).collect()
    }

    /// Forgets what happened sooner than `seconds` from now.
    pub(super) async fn forget(&self, seconds: i64, at_most: u32) -> u32 {
        self.stores.log.forget(self.at(seconds), at_most).await.expect(WORKS)
    }

    pub(super) async fn position(&self, receiver: &str) -> u64 {
        self.stores.deliveries.position(receiver).await.expect(WORKS)
    }

    pub(super) async fn advance(&self, receiver: &str, from: u64, to: u64) -> bool {
        self.stores.deliveries.advance(receiver, from, to).await.expect(WORKS)
    }

    /// Sets `refused` aside, from the receiver's position on.
    pub(super) async fn set_aside(&self, receiver: &str, refused: &Change, reason: &str) {
        let from = self.position(receiver).await;
        let set = self.stores.deliveries.set_aside(receiver, from, refused, reason, self.at(60)).await;
        assert!(set.expect(WORKS));
    }

    /// Who refused which number, of what is set aside.
    pub(super) async fn aside(&self) -> Vec<(String, u64)> {
        let aside = self.stores.deliveries.all_set_aside(100).await.expect(WORKS);
        aside.into_iter().map(|aside| (aside.receiver, aside.change.number)).collect()
    }

    pub(super) async fn replay(&self, receiver: &str) -> u32 {
        self.stores.deliveries.replay(receiver).await.expect(WORKS)
    }

    pub(super) async fn to_replay(&self, receiver: &str, at_most: u32) -> Vec<Change> {
        self.stores.deliveries.to_replay(receiver, at_most).await.expect(WORKS)
    }

    pub(super) async fn replayed(&self, receiver: &str, number: u64) {
        self.stores.deliveries.replayed(receiver, number).await.expect(WORKS);
    }

    pub(super) async fn refused_again(&self, receiver: &str, number: u64, reason: &str) {
        let noted = self.stores.deliveries.refused_again(receiver, number, reason, self.at(90));
        noted.await.expect(WORKS);
    }
}
