use super::Membership;
use crate::ports::{Beat, InstanceStore};
use crate::testing::MemoryInstances;
use crate::{Duties, InstanceId};
use async_trait::async_trait;
use square_kernel::Unavailable;
use square_kernel::testing::lock;
use std::sync::{Arc, Mutex};
use uuid::Uuid;

const NOBODY: [InstanceId; 0] = [];

fn id(number: u128) -> InstanceId {
    Uuid::from_u128(number).into()
}

fn member(store: &Arc<MemoryInstances>, number: u128) -> Membership {
    Membership::new(store.clone(), id(number))
}

async fn step(member: &mut Membership) -> Vec<InstanceId> {
    member.step().await.unwrap()
}

/// One look less than it takes to be sure.
async fn all_but_the_last_look(member: &mut Membership) {
    for _ in 1..Membership::PATIENCE {
        assert_eq!(step(member).await, NOBODY);
    }
}

#[tokio::test]
async fn a_dead_instance_is_struck_off_when_patience_ends() {
    let store = Arc::new(MemoryInstances::default());
    let (mut living, mut dead) = (member(&store, 1), member(&store, 2));
    step(&mut dead).await;
    assert_eq!(step(&mut living).await, NOBODY);
    all_but_the_last_look(&mut living).await;
    assert_eq!(store.listed(), [id(1), id(2)]);
    assert_eq!(step(&mut living).await, [id(2)]);
    assert_eq!(store.listed(), [id(1)]);
    assert_eq!(step(&mut living).await, NOBODY);
}

#[tokio::test]
async fn the_duty_of_a_dead_instance_is_taken_over() {
    let store = Arc::new(MemoryInstances::default());
    let (mut living, mut dead) = (member(&store, 1), member(&store, 2));
    let (of_living, of_dead) = (Duties::new(store.clone(), id(1)), Duties::new(store.clone(), id(2)));
    assert!(!of_dead.mine("letters").await.unwrap(), "not on the list yet");
    step(&mut dead).await;
    assert!(of_dead.mine("letters").await.unwrap());
    for _ in 0..Membership::PATIENCE {
        step(&mut living).await;
        assert!(!of_living.mine("letters").await.unwrap());
    }
    step(&mut living).await;
    assert!(of_living.mine("letters").await.unwrap());
    assert!(!of_dead.mine("letters").await.unwrap());
}

#[tokio::test]
async fn one_that_counts_now_and_then_lives() {
    let store = Arc::new(MemoryInstances::default());
    let (mut quick, mut slow) = (member(&store, 1), member(&store, 2));
    for _ in 0..5 {
        step(&mut slow).await;
        assert_eq!(step(&mut quick).await, NOBODY);
        all_but_the_last_look(&mut quick).await;
    }
}

#[tokio::test]
async fn instances_that_live_leave_one_another_alone() {
    let store = Arc::new(MemoryInstances::default());
    let mut all = [1, 2, 3].map(|number| member(&store, number));
    for _ in 0..5 * Membership::PATIENCE {
        for one in &mut all {
            assert_eq!(step(one).await, NOBODY);
        }
    }
    assert_eq!(store.listed().len(), 3);
}

#[tokio::test]
async fn a_step_that_fails_counts_against_nobody() {
    let store = Arc::new(MemoryInstances::default());
    let (mut one, mut other) = (member(&store, 1), member(&store, 2));
    step(&mut other).await;
    step(&mut one).await;
    store.break_down();
    for _ in 0..3 * Membership::PATIENCE {
        assert!(one.step().await.is_err());
    }
    store.repair();
    all_but_the_last_look(&mut one).await;
    step(&mut other).await;
    assert_eq!(step(&mut one).await, NOBODY);
    all_but_the_last_look(&mut one).await;
    assert_eq!(step(&mut one).await, [id(2)]);
}

#[tokio::test]
async fn one_that_was_struck_off_and_lives_on_comes_back() {
    let store = Arc::new(MemoryInstances::default());
    let (mut one, mut other) = (member(&store, 1), member(&store, 2));
    step(&mut other).await;
    for _ in 0..Membership::PATIENCE {
        step(&mut one).await;
    }
    assert_eq!(step(&mut one).await, [id(2)]);
    assert_eq!(step(&mut other).await, NOBODY);
    assert_eq!(store.listed(), [id(1), id(2)]);
    let duties = Duties::new(store.clone(), id(2));
    assert!(duties.mine("letters").await.unwrap());
    // And as a newcomer, whatever it had counted to before.
    assert_eq!(step(&mut one).await, NOBODY);
    all_but_the_last_look(&mut one).await;
    assert_eq!(step(&mut one).await, [id(2)]);
}

#[tokio::test]
async fn one_of_several_that_watch_tells_of_a_death() {
    let store = Arc::new(MemoryInstances::default());
    step(&mut member(&store, 9)).await;
    let mut all = [1, 2, 3].map(|number| member(&store, number));
    let mut told = Vec::new();
    for _ in 0..3 * Membership::PATIENCE {
        for one in &mut all {
            told.extend(step(one).await);
        }
    }
    assert_eq!(told, [id(9)]);
}

#[tokio::test]
async fn an_orderly_end_frees_duties_at_once() {
    let store = Arc::new(MemoryInstances::default());
    let (mut leaving, mut staying) = (member(&store, 1), member(&store, 2));
    step(&mut leaving).await;
    step(&mut staying).await;
    assert!(Duties::new(store.clone(), id(1)).mine("letters").await.unwrap());
    leaving.leave().await.unwrap();
    assert_eq!(store.listed(), [id(2)]);
    assert_eq!(store.holder("letters"), None);
    assert!(Duties::new(store.clone(), id(2)).mine("letters").await.unwrap());
    assert_eq!(store.holder("letters"), Some(id(2)));
}

#[tokio::test]
async fn whether_a_duty_is_mine_is_not_guessed_while_the_store_is_away() {
    let store = Arc::new(MemoryInstances::default());
    step(&mut member(&store, 1)).await;
    let duties = Duties::new(store.clone(), id(1));
    assert!(duties.mine("letters").await.unwrap());
    store.break_down();
    assert!(duties.mine("letters").await.is_err());
}

#[tokio::test]
async fn a_death_is_told_although_the_next_strike_fails() {
    let inner = Arc::new(MemoryInstances::default());
    for number in [7, 8, 9] {
        step(&mut member(&inner, number)).await;
    }
    let strikes = Mutex::new(vec![Ok(()), Err(()), Err(())]);
    let mut one = Membership::new(Arc::new(Shaky { inner: inner.clone(), strikes }), id(1));
    for _ in 0..Membership::PATIENCE {
        assert_eq!(step(&mut one).await, NOBODY);
    }
    assert_eq!(step(&mut one).await, [id(7)]);
    assert!(one.step().await.is_err(), "nothing was done that could be told");
    assert_eq!(step(&mut one).await, [id(8), id(9)]);
    assert_eq!(inner.listed(), [id(1)]);
}

/// A list on which striking off goes as it is scripted, and once the script is at its end well.
struct Shaky {
    inner: Arc<MemoryInstances>,
    strikes: Mutex<Vec<Result<(), ()>>>,
}

#[async_trait]
impl InstanceStore for Shaky {
    async fn beat(&self, instance: InstanceId) -> Result<(), Unavailable> {
        self.inner.beat(instance).await
    }

    async fn beats(&self) -> Result<Vec<Beat>, Unavailable> {
        self.inner.beats().await
    }

    async fn strike_off(&self, seen: Beat) -> Result<bool, Unavailable> {
        let mut strikes = std::mem::take(&mut *lock(&self.strikes)).into_iter();
        let next = strikes.next().unwrap_or(Ok(()));
        *lock(&self.strikes) = strikes.collect();
        next.map_err(|()| Unavailable::new("away"))?;
        self.inner.strike_off(seen).await
    }

    async fn leave(&self, instance: InstanceId) -> Result<(), Unavailable> {
        self.inner.leave(instance).await
    }

    async fn take(&self, duty: &str, instance: InstanceId) -> Result<bool, Unavailable> {
        self.inner.take(duty, instance).await
    }
}

#[tokio::test]
async fn the_only_process_need_not_wait_for_those_before_it() {
    let store = Arc::new(MemoryInstances::default());
    for number in [1, 2] {
        step(&mut member(&store, number)).await;
    }
    let mut only = member(&store, 3);
    only.replace_all().await.unwrap();
    assert_eq!(store.listed(), NOBODY);
    step(&mut only).await;
    assert_eq!(store.listed(), [id(3)]);
}
