use super::TestDatabase;
use square_cluster::ports::InstanceStore;
use std::sync::Arc;

square_cluster::instance_store_contract!(fresh());

async fn fresh() -> (Arc<dyn InstanceStore>, TestDatabase) {
    let test = TestDatabase::new().await;
    (Arc::new(test.stores()), test)
}
