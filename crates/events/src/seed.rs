use crate::calendar::today;
use crate::ports::EventStore;
use crate::sample_data::sample_data;
use square_kernel::{Clock, Randomness, Unavailable, UserId};

/// Adds the sample data, entered by `owner`, to a store that has no event from today on. `false` where it has;
/// then nothing changes, so that it may be called at every start and there is always something ahead.
pub async fn seed(
    store: &dyn EventStore,
    owner: UserId,
    clock: &dyn Clock,
    randomness: &dyn Randomness,
) -> Result<bool, Unavailable> {
    let events = sample_data(owner, clock, randomness).map_err(Unavailable::new)?;
    store.fill_if_none_from(today(clock), &events).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::EventFilter;
    use crate::testing::InMemoryEvents;
    use jiff::SignedDuration;
    use square_kernel::testing::{ManualClock, SeededRandomness};
    use square_kernel::{Limit, Page};

    #[tokio::test]
    async fn seeding_again_changes_nothing_until_all_is_past() {
        let (store, clock, randomness) =
            (InMemoryEvents::default(), ManualClock::default(), SeededRandomness::default());
        let owner = UserId::new(&clock, &randomness);
        let page = Page { limit: Limit::new(Limit::MAX).unwrap(), after: None };
        let count = async || store.list(&EventFilter::default(), page).await.unwrap().items.len();
        assert!(seed(&store, owner, &clock, &randomness).await.unwrap());
        let seeded = count().await;
        assert!(!seed(&store, owner, &clock, &randomness).await.unwrap());
        assert_eq!(count().await, seeded);
        clock.advance(SignedDuration::from_hours(24 * 400));
        assert!(seed(&store, owner, &clock, &randomness).await.unwrap());
        assert!(count().await > seeded);
    }
}
