use super::TestDatabase;
use super::skills::account;
use square_accounts::ports::{AccountStore, Consequences};
use square_events::testing::contract::Stage;
use std::sync::Arc;

square_events::event_store_contract!(fresh());

async fn fresh() -> (Stage, TestDatabase) {
    let test = TestDatabase::new().await;
    let stores = test.stores();
    let owner = account("owner");
    stores.register(&owner, None, Consequences::none()).await.unwrap();
    (Stage { store: Arc::new(stores), owner: owner.id }, test)
}
