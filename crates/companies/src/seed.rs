use crate::ports::CompanyStore;
use crate::sample_data::{bank_codes, sample_data};
use square_kernel::{Clock, Randomness, Unavailable, UserId};

/// Gives `owner` the sample data, where they have no company yet. `false` where they have; then nothing changes, so that it may be
/// called at every start.
pub async fn seed(
    store: &dyn CompanyStore,
    owner: UserId,
    clock: &dyn Clock,
    randomness: &dyn Randomness,
) -> Result<bool, Unavailable> {
    let banks = store.banks_by_code(&bank_codes()).await?;
    let companies = sample_data(owner, &banks, clock, randomness).map_err(Unavailable::new)?;
    store.fill_if_none_of(owner, &companies).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::InMemoryCompanies;
    use square_kernel::Page;
    use square_kernel::testing::{ManualClock, SeededRandomness};

    #[tokio::test]
    async fn seeding_again_changes_nothing() {
        let (store, clock, randomness) =
            (InMemoryCompanies::default(), ManualClock::default(), SeededRandomness::default());
        let owner = UserId::new(&clock, &randomness);
        let all = async || store.list(Some(owner), Page::default()).await.unwrap().items;
        assert!(seed(&store, owner, &clock, &randomness).await.unwrap());
        let first = all().await;
        let accounts: Vec<usize> = first.iter().rev().map(|company| company.accounts.len()).collect();
        assert_eq!(accounts, [2, 1, 3, 0]);
        assert!(!seed(&store, owner, &clock, &randomness).await.unwrap());
        assert_eq!(all().await, first);
        // The accounts of the samples are taken now.
        let another = UserId::new(&clock, &randomness);
        assert!(!seed(&store, another, &clock, &randomness).await.unwrap());
    }
}
