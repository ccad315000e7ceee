use crate::ports::{Pool, Used};
use crate::quota::later;
use crate::{Charge, LimitKey, Quota, TooMany};
use jiff::Timestamp;
use square_kernel::{Clock, Unavailable};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Budgets in memory, spent without waiting.
///
/// Of any number of calls at one moment no more pass at this instance than a budget holds. What others let pass counts here from
/// the next [`Meter::exchange`] on, and the other way round, so together they let pass at most what each of them would let pass
/// by itself between two exchanges; and what was too much is paid back before anybody passes again, up to as much as the budget
/// holds ([`Quota::owe`]).
pub struct Meter {
    clock: Arc<dyn Clock>,
    budgets: Mutex<HashMap<LimitKey, Budget>>,
    /// Up to where this instance was told; held during an exchange.
    told: tokio::sync::Mutex<u64>,
}

/// One that is not full, as far as it is known here.
struct Budget {
    full_at: Timestamp,
    /// What was spent here and the others do not know yet.
    untold: Option<(Quota, u32)>,
}

impl Meter {
    /// All budgets are full.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, budgets: Mutex::default(), told: tokio::sync::Mutex::default() }
    }

    /// Takes one unit out of a budget.
    pub fn spend(&self, charge: Charge) -> Result<(), TooMany> {
        let now = self.clock.now();
        let mut budgets = self.budgets();
        let known = budgets.get(&charge.key).map_or(now, |budget| budget.full_at);
        let spent = charge.quota.spend_after_debts(known, now);
        let full_at = spent.map_err(|retry_after| TooMany { retry_after })?;
        let budget = budgets.entry(charge.key).or_insert(Budget { full_at, untold: None });
        budget.full_at = full_at;
        let before = budget.untold.map_or(0, |(_, units)| units);
        budget.untold = Some((charge.quota, before.saturating_add(1)));
        Ok(())
    }

    /// Whether there is a unit left. Somebody else may take it.
    pub fn has_left(&self, charge: Charge) -> bool {
        let now = self.clock.now();
        let budgets = self.budgets();
        budgets
            .get(&charge.key)
            .is_none_or(|budget| charge.quota.spend_after_debts(budget.full_at, now).is_ok())
    }

    /// Tells the others what was spent here since the last time, and takes over what they told. Where it fails nothing is
    /// forgotten.
    pub async fn exchange(&self, pool: &dyn Pool) -> Result<(), Unavailable> {
        let mut number = self.told.lock().await;
        let now = self.clock.now();
        let used = self.untold();
        let told = pool.exchange(&used, *number, now).await?;
        self.take_over(&used, &told.budgets);
        *number = told.number;
        self.forget_full();
        Ok(())
    }

    /// Forgets budgets that are full: for an instance that is alone, and exchanges nothing.
    pub fn forget_alone(&self) {
        for budget in self.budgets().values_mut() {
            budget.untold = None;
        }
        self.forget_full();
    }

    fn forget_full(&self) {
        let now = self.clock.now();
        let mut budgets = self.budgets();
        budgets.retain(|_, budget| budget.full_at > now || budget.untold.is_some());
        // After a rush of askers the room that they took is given back.
        if budgets.capacity() > 4 * budgets.len().max(1024) {
            budgets.shrink_to_fit();
        }
    }

    fn untold(&self) -> Vec<Used> {
        let budgets = self.budgets();
        let used = budgets
            .iter()
            .filter_map(|(key, budget)| budget.untold.map(|(quota, units)| Used { key: *key, quota, units }));
        used.collect()
    }

    /// What was told is known now; what was spent while it was being told is not, and comes on top of what is heard.
    fn take_over(&self, told: &[Used], heard: &[(LimitKey, Timestamp)]) {
        let mut budgets = self.budgets();
        for used in told {
            if let Some(budget) = budgets.get_mut(&used.key) {
                let left = budget.untold.map(|(quota, units)| (quota, units.saturating_sub(used.units)));
                budget.untold = left.filter(|(_, units)| *units > 0);
            }
        }
        for (key, full_at) in heard {
            let budget = budgets.entry(*key).or_insert(Budget { full_at: *full_at, untold: None });
            let untold = budget.untold.map_or(*full_at, |(quota, units)| later(*full_at, quota.times(units)));
            budget.full_at = budget.full_at.max(untold);
        }
    }

    fn budgets(&self) -> MutexGuard<'_, HashMap<LimitKey, Budget>> {
        self.budgets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Told;
    use crate::testing::MemoryLimits;
    use async_trait::async_trait;
    use jiff::SignedDuration;
    use square_kernel::testing::ManualClock;

    const BURST: u32 = 5;

    fn charge(key: u8) -> Charge {
        let quota = Quota { burst: BURST, refill: SignedDuration::from_secs(10) };
        Charge { key: LimitKey([key; 32]), quota }
    }

    /// Instances that share a pool and the database's time.
    struct World {
        clock: Arc<ManualClock>,
        pool: Arc<MemoryLimits>,
        meters: Vec<Arc<Meter>>,
    }

    impl World {
        fn of(instances: usize) -> Self {
            let clock = Arc::new(ManualClock::default());
            let meter = |_| Arc::new(Meter::new(clock.clone()));
            let meters = (0..instances).map(meter).collect();
            Self { clock, pool: Arc::default(), meters }
        }

        fn wait(&self, seconds: i64) {
            self.clock.advance(SignedDuration::from_secs(seconds));
        }

        /// Every instance once, so that each knows what those before it told.
        async fn exchange(&self) {
            for meter in &self.meters {
                meter.exchange(&*self.pool).await.unwrap();
            }
        }

        /// How many of many tries pass at one instance.
        fn pass(&self, instance: usize, key: u8) -> u32 {
            (0..100).map(|_| u32::from(self.meters[instance].spend(charge(key)).is_ok())).sum()
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn of_many_at_once_exactly_as_many_pass_as_the_budget_holds() {
        let world = World::of(1);
        let barrier = Arc::new(tokio::sync::Barrier::new(64));
        let tries = (0..64).map(|_| {
            let (meter, barrier) = (world.meters[0].clone(), barrier.clone());
            tokio::spawn(async move {
                barrier.wait().await;
                let passed = (0..50).filter(|_| meter.spend(charge(1)).is_ok()).count();
                passed + (0..50).filter(|_| meter.spend(charge(2)).is_ok()).count()
            })
        });
        let mut passed = 0;
        for tried in tries.collect::<Vec<_>>() {
            passed += tried.await.unwrap();
        }
        assert_eq!(passed, 2 * BURST as usize);
    }

    #[test]
    fn who_is_refused_is_told_when_and_pays_nothing() {
        let world = World::of(1);
        assert_eq!(world.pass(0, 1), BURST);
        assert!(!world.meters[0].has_left(charge(1)));
        let refused = world.meters[0].spend(charge(1)).unwrap_err();
        assert_eq!(refused.retry_after, SignedDuration::from_secs(10));
        assert!(world.meters[0].has_left(charge(2)), "others are not concerned");
        world.wait(10);
        assert!(world.meters[0].has_left(charge(1)));
        assert_eq!(world.pass(0, 1), 1);
    }

    #[tokio::test]
    async fn what_was_spent_at_one_is_spent_at_all_after_one_exchange() {
        let world = World::of(3);
        assert_eq!(world.pass(0, 1), BURST);
        world.exchange().await;
        // The second one has never heard of it by itself.
        assert_eq!((world.pass(1, 1), world.pass(2, 1)), (0, 0));
        world.wait(10);
        assert_eq!(world.pass(2, 1), 1);
        world.exchange().await;
        world.exchange().await;
        assert_eq!((world.pass(0, 1), world.pass(1, 1)), (0, 0));
    }

    #[tokio::test]
    async fn what_all_of_them_let_pass_between_two_exchanges_is_paid_back() {
        let world = World::of(2);
        assert_eq!(world.pass(0, 1) + world.pass(1, 1), 2 * BURST, "neither knows of the other yet");
        world.exchange().await;
        world.exchange().await;
        for _ in 0..BURST {
            world.wait(10);
            assert_eq!(world.pass(0, 1) + world.pass(1, 1), 0);
            world.exchange().await;
        }
        world.wait(10);
        assert_eq!(world.pass(0, 1), 1, "from here on there is as much as there would have been");
    }

    #[tokio::test]
    async fn over_a_long_time_all_of_them_let_pass_what_one_would() {
        let world = World::of(3);
        let mut passed = 0;
        for round in 0..100 {
            passed += (0..3).map(|instance| world.pass(instance, 1)).sum::<u32>();
            world.exchange().await;
            world.wait(if round % 3 == 0 { 5 } else { 1 });
        }
        // 234 seconds, a unit each ten of them: beside these at most what one exchange let through at each of three.
        assert!((23..=23 + 3 * BURST).contains(&passed), "{passed}");
    }

    #[tokio::test]
    async fn one_that_comes_late_learns_all_and_a_budget_that_is_full_takes_no_room() {
        let mut world = World::of(1);
        assert_eq!(world.pass(0, 1), BURST);
        world.exchange().await;
        world.meters.push(Arc::new(Meter::new(world.clock.clone())));
        world.exchange().await;
        assert_eq!(world.pass(1, 1), 0);
        world.wait(50);
        world.exchange().await;
        assert!(world.meters.iter().all(|meter| meter.budgets().is_empty()));
        let alone = World::of(1);
        assert_eq!(alone.pass(0, 1), BURST);
        alone.meters[0].forget_alone();
        assert_eq!(alone.pass(0, 1), 0);
        alone.wait(50);
        alone.meters[0].forget_alone();
        assert!(alone.meters[0].budgets().is_empty());
    }

    /// A pool during whose exchange somebody goes on spending, and which fails the first time.
    struct Slow {
        pool: MemoryLimits,
        meter: Arc<Meter>,
        failing: Mutex<bool>,
    }

    #[async_trait]
    impl Pool for Slow {
        async fn exchange(&self, used: &[Used], number: u64, now: Timestamp) -> Result<Told, Unavailable> {
            self.meter.spend(charge(1)).unwrap();
            if std::mem::take(&mut *self.failing.lock().unwrap()) {
                return Err(Unavailable::new("the database is away"));
            }
            self.pool.exchange(used, number, now).await
        }
    }

    #[tokio::test]
    async fn nothing_is_lost_or_counted_twice_that_is_spent_during_an_exchange_or_told_in_vain() {
        let world = World::of(1);
        let meter = world.meters[0].clone();
        let slow = Slow { pool: MemoryLimits::default(), meter: meter.clone(), failing: Mutex::new(true) };
        meter.spend(charge(1)).unwrap();
        assert!(meter.exchange(&slow).await.is_err());
        meter.exchange(&slow).await.unwrap();
        assert_eq!(world.pass(0, 1), BURST - 3);
        let other = Meter::new(world.clock.clone());
        meter.exchange(&slow.pool).await.unwrap();
        other.exchange(&slow.pool).await.unwrap();
        assert!(other.spend(charge(1)).is_err());
        world.wait(10);
        assert_eq!(world.pass(0, 1), 1);
    }
}
