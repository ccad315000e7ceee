use super::TestDatabase;
use square_casting::ports::CastingStore;
use std::sync::Arc;

square_casting::casting_store_contract!(fresh());

async fn fresh() -> (Arc<dyn CastingStore>, TestDatabase) {
    let test = TestDatabase::new().await;
    (Arc::new(test.stores()), test)
}
