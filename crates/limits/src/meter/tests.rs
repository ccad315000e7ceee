use super::*;
use crate::ports::Told;
use crate::testing::MemoryLimits;
use async_trait::async_trait;
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
        (0..100).map(|_| u32::from(self.meters[instance].spend(&[charge(key)]).is_ok())).sum()
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
            let passed = (0..50).filter(|_| meter.spend(&[charge(1)]).is_ok()).count();
            passed + (0..50).filter(|_| meter.spend(&[charge(2)]).is_ok()).count()
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
    assert!(!world.meters[0].have_left(&[charge(1)]));
    let refused = world.meters[0].spend(&[charge(1)]).unwrap_err();
    assert_eq!(refused.retry_after, SignedDuration::from_secs(10));
    assert!(world.meters[0].have_left(&[charge(2)]), "others are not concerned");
    world.wait(10);
    assert!(world.meters[0].have_left(&[charge(1)]));
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
    alone.meters[0].forget_full();
    assert_eq!(alone.pass(0, 1), 0);
    alone.wait(50);
    alone.meters[0].forget_full();
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
        self.meter.spend(&[charge(1)]).unwrap();
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
    meter.spend(&[charge(1)]).unwrap();
    assert!(meter.exchange(&slow).await.is_err());
    meter.exchange(&slow).await.unwrap();
    assert_eq!(world.pass(0, 1), BURST - 3);
    let other = Meter::new(world.clock.clone());
    meter.exchange(&slow.pool).await.unwrap();
    other.exchange(&slow.pool).await.unwrap();
    assert!(other.spend(&[charge(1)]).is_err());
    world.wait(10);
    assert_eq!(world.pass(0, 1), 1);
}

/// A database that cannot be reached.
struct Away;

#[async_trait]
impl Pool for Away {
    async fn exchange(&self, _: &[Used], _: u64, _: Timestamp) -> Result<Told, Unavailable> {
        Err(Unavailable::new("the database is away"))
    }
}

#[tokio::test]
async fn who_kept_to_the_limits_while_nothing_could_be_told_is_not_shut_out_afterwards() {
    let world = World::of(2);
    let mut askers = world.meters.iter().cycle();
    for _ in 0..60 {
        world.wait(10);
        for meter in &world.meters {
            assert!(meter.exchange(&Away).await.is_err());
        }
        askers.next().unwrap().spend(&[charge(1)]).unwrap();
        world.meters[0].spend(&[charge(2)]).unwrap();
    }
    world.exchange().await;
    world.exchange().await;
    // Of both the last unit alone has not come back.
    assert_eq!((world.pass(0, 1), world.pass(1, 2)), (BURST - 1, BURST - 1));
}

#[tokio::test]
async fn who_spent_all_while_nothing_could_be_told_has_nothing_left_afterwards() {
    let world = World::of(2);
    world.meters[0].spend(&[charge(1)]).unwrap();
    world.wait(600);
    assert!(world.meters[0].exchange(&Away).await.is_err());
    assert_eq!(world.pass(0, 1), BURST);
    assert!(world.meters[0].exchange(&Away).await.is_err());
    world.exchange().await;
    assert_eq!((world.pass(0, 1), world.pass(1, 1)), (0, 0));
    world.wait(10);
    assert_eq!(world.pass(1, 1), 1);
}

#[tokio::test]
async fn what_has_come_back_takes_no_room_also_while_nothing_can_be_told() {
    let world = World::of(1);
    for key in 0..100 {
        world.meters[0].spend(&[charge(key)]).unwrap();
    }
    world.wait(10);
    assert!(world.meters[0].exchange(&Away).await.is_err());
    assert!(world.meters[0].budgets().is_empty());
}

#[test]
fn several_budgets_are_charged_all_or_none() {
    let world = World::of(1);
    let meter = &world.meters[0];
    let (small, large) = (charge(1), Charge { quota: Quota { burst: 7, ..charge(2).quota }, ..charge(2) });
    for _ in 0..BURST {
        meter.spend(&[large, small]).unwrap();
    }
    for order in [[small, large], [large, small]] {
        assert!(!meter.have_left(&order));
        assert_eq!(meter.spend(&order).unwrap_err().retry_after, SignedDuration::from_secs(10));
    }
    // Those who were refused have paid none of it.
    assert!(meter.spend(&[large]).is_ok() && meter.spend(&[large]).is_ok());
    assert!(!meter.have_left(&[large]) && meter.have_left(&[]));
    assert_eq!(meter.spend(&[]), Ok(()));
}
