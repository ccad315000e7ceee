use crate::ports::CastingStore;
use crate::sample_data::sample_data;
use square_kernel::{Clock, Randomness, Unavailable};

/// Fills an empty store with the sample data. `false` where there was data already; then nothing changes, so
/// that it may be called at every start.
pub async fn seed(
    store: &dyn CastingStore,
    clock: &dyn Clock,
    randomness: &dyn Randomness,
) -> Result<bool, Unavailable> {
    let catalogue = sample_data(clock, randomness).map_err(Unavailable::new)?;
    store.fill_if_empty(&catalogue).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::InMemoryCasting;
    use square_kernel::testing::{ManualClock, SeededRandomness};

    #[tokio::test]
    async fn seeding_again_changes_nothing() {
        let (store, clock) = (InMemoryCasting::default(), ManualClock::default());
        let randomness = SeededRandomness::default();
        assert!(seed(&store, &clock, &randomness).await.unwrap());
        let first = store.catalogue();
        assert!(!seed(&store, &clock, &randomness).await.unwrap());
        assert_eq!(store.catalogue(), first);
    }
}
