use super::TestDatabase;
use crate::Stores;
use crate::changes::Record;
use async_trait::async_trait;
use square_changes::testing::{Draft, RecordsChanges, contract};
use square_kernel::Unavailable;
use std::sync::Arc;

mod change_log {
    square_changes::change_log_contract!(super::fresh());
}
mod delivery_store {
    square_changes::delivery_store_contract!(super::fresh());
}

async fn fresh() -> (contract::Stores, TestDatabase) {
    let test = TestDatabase::new().await;
    (contract::Stores::of(&Arc::new(test.stores())), test)
}

#[async_trait]
impl RecordsChanges for Stores {
    async fn record_all(&self, drafts: &[Draft]) -> Result<(), Unavailable> {
        let records: Vec<Record> = drafts.iter().cloned().map(Record::from).collect();
        self.database
            .change(move |_, changes| {
                for record in &records {
                    changes.add(record.clone());
                }
                Ok(())
            })
            .await
    }
}

impl From<Draft> for Record {
    fn from(draft: Draft) -> Self {
        let Draft { channel, action, entity, audience, at } = draft;
        Self { channel, action, entity, audience, at }
    }
}
