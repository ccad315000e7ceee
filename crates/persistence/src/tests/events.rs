use super::TestDatabase;
use super::mfa::signed_in;
use super::skills::account;
use square_accounts::ports::{AccountStore, Consequences, SessionStore};
use square_events::testing::contract::Stage;
use square_kernel::{Clock, SystemClock};
use std::sync::Arc;

square_events::event_store_contract!(fresh());

async fn fresh() -> (Stage, TestDatabase) {
    let test = TestDatabase::new().await;
    let stores = test.stores();
    let owner = account("owner");
    stores.register(&owner, None, Consequences::none()).await.unwrap();
    let (caller, departed) = (signed_in(&stores, owner.id).await, signed_in(&stores, owner.id).await);
    let now = SystemClock.now();
    assert!(stores.end(departed.session, now, Consequences::none()).await.unwrap());
    (Stage { store: Arc::new(stores), owner: owner.id, caller, departed }, test)
}
