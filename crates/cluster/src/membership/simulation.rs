//! Instances come, die, stand still for a while and go, and the database is away at times, as chance has it: whoever
//! lives stays on the list, and every duty finds somebody.
//!
//! Each seed is another run and gives the same one again.

use super::Membership;
use crate::testing::MemoryInstances;
use crate::{Duties, InstanceId};
use square_kernel::Randomness;
use square_kernel::testing::SeededRandomness;
use std::collections::BTreeSet;
use std::sync::Arc;
use uuid::Uuid;

const SEEDS: u64 = 200;
const ROUNDS: u32 = 200;
const DUTIES: [&str; 3] = ["letters", "rabbitmq", "trainings"];

/// In how many rounds a death is noticed: one to see the number, some of patience, and one more since a round has no
/// fixed order.
const NOTICED: u32 = Membership::PATIENCE + 2;

#[tokio::test]
async fn whoever_lives_is_listed_and_every_duty_finds_somebody() {
    let (mut deaths, mut wrongly_struck) = (0, 0);
    for seed in 0..SEEDS {
        let mut run = Run::new(seed);
        for _ in 0..ROUNDS {
            run.happen().await;
            run.round().await;
        }
        run.settle().await;
        deaths += run.killed.len();
        wrongly_struck += run.struck.intersection(&run.froze).count();
    }
    // A run in which nothing happens shows nothing.
    assert!(deaths > 500 && wrongly_struck > 200, "{deaths} {wrongly_struck}");
}

struct Instance {
    id: InstanceId,
    membership: Membership,
    duties: Duties,
    /// For how many rounds it does nothing.
    frozen: u32,
}

struct Run {
    seed: u64,
    randomness: SeededRandomness,
    store: Arc<MemoryInstances>,
    living: Vec<Instance>,
    next_id: u128,
    away: u32,
    killed: BTreeSet<InstanceId>,
    froze: BTreeSet<InstanceId>,
    struck: BTreeSet<InstanceId>,
}

impl Run {
    fn new(seed: u64) -> Self {
        let randomness = SeededRandomness::default();
        randomness.fill(&mut vec![0; 8 * usize::try_from(seed).unwrap() * 1_000]);
        let mut run = Self {
            seed,
            randomness,
            store: Arc::new(MemoryInstances::default()),
            living: Vec::new(),
            next_id: 1,
            away: 0,
            killed: BTreeSet::new(),
            froze: BTreeSet::new(),
            struck: BTreeSet::new(),
        };
        run.start();
        run
    }

    fn start(&mut self) {
        let id = InstanceId::from(Uuid::from_u128(self.next_id));
        self.next_id += 1;
        let membership = Membership::new(self.store.clone(), id);
        let duties = Duties::new(self.store.clone(), id);
        self.living.push(Instance { id, membership, duties, frozen: 0 });
    }

    fn roll(&self, sides: usize) -> usize {
        let mut bytes = [0; 8];
        self.randomness.fill(&mut bytes);
        usize::try_from(u64::from_le_bytes(bytes) % sides as u64).unwrap()
    }

    /// Something, or mostly nothing.
    async fn happen(&mut self) {
        let one = self.roll(self.living.len());
        match self.roll(40) {
            0 if self.living.len() > 1 => {
                let dead = self.living.remove(one).id;
                // One that was never listed dies unnoticed.
                self.killed.extend(self.store.listed().contains(&dead).then_some(dead));
            }
            1 if self.living.len() > 1 && self.away == 0 => {
                let leaving = self.living.remove(one);
                leaving.membership.leave().await.unwrap();
                assert!(!self.store.listed().contains(&leaving.id));
            }
            2..5 if self.living.len() < 5 => self.start(),
            5 => {
                self.froze.insert(self.living[one].id);
                self.living[one].frozen = u32::try_from(self.roll(20)).unwrap();
            }
            6 => self.away = u32::try_from(self.roll(30)).unwrap(),
            _ => {}
        }
    }

    /// Everybody who can does a step, in any order; the database goes and comes back between any two of them.
    async fn round(&mut self) {
        let switch = self.roll(self.living.len());
        let mut order: Vec<usize> = (0..self.living.len()).collect();
        for index in 1..order.len() {
            order.swap(index, self.roll(index + 1));
        }
        let mut at_work = vec![0; DUTIES.len()];
        for (turn, index) in order.into_iter().enumerate() {
            if turn == switch {
                self.switch();
            }
            for duty in self.step(index).await {
                at_work[duty] += 1;
            }
        }
        assert!(at_work.iter().all(|count| *count <= 1), "seed {}: {at_work:?}", self.seed);
    }

    fn switch(&mut self) {
        self.away = self.away.saturating_sub(1);
        if self.away > 0 { self.store.break_down() } else { self.store.repair() }
    }

    /// What the instance finds to be its duties.
    async fn step(&mut self, index: usize) -> Vec<usize> {
        let instance = &mut self.living[index];
        if instance.frozen > 0 {
            instance.frozen -= 1;
            return Vec::new();
        }
        let Ok(dead) = instance.membership.step().await else { return Vec::new() };
        for dead in dead {
            let excused = self.killed.contains(&dead) || self.froze.contains(&dead);
            assert!(excused, "seed {}: {dead} has never stood still", self.seed);
            let again = !self.struck.insert(dead);
            assert!(!(again && self.killed.contains(&dead) && !self.froze.contains(&dead)), "told twice");
        }
        let mut mine = Vec::new();
        for (number, duty) in DUTIES.into_iter().enumerate() {
            if self.living[index].duties.mine(duty).await.unwrap_or(false) {
                mine.push(number);
            }
        }
        mine
    }

    /// Nothing happens any more: the dead are off the list soon, the living on it, and each duty is done.
    async fn settle(&mut self) {
        self.away = 0;
        for instance in &mut self.living {
            instance.frozen = 0;
        }
        for _ in 0..NOTICED {
            self.round().await;
        }
        let living: BTreeSet<InstanceId> = self.living.iter().map(|instance| instance.id).collect();
        let seed = self.seed;
        assert_eq!(self.store.listed().into_iter().collect::<BTreeSet<_>>(), living, "seed {seed}");
        let untold: Vec<_> = self.killed.iter().filter(|dead| !self.struck.contains(dead)).collect();
        assert!(untold.is_empty(), "seed {seed}: {untold:?}");
        for duty in DUTIES {
            let holder = self.store.holder(duty);
            assert!(holder.is_some_and(|holder| living.contains(&holder)), "seed {seed}: {duty}");
        }
    }
}
