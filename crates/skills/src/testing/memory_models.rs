use crate::ports::ModelStore;
use crate::{ExamplesVersion, KeptModel};
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::Unavailable;
use square_kernel::testing::lock;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// Keeps models in memory.
#[derive(Debug, Default)]
pub struct MemoryModels(Mutex<BTreeMap<String, KeptModel>>);

impl MemoryModels {
    /// What is kept for each selector.
    pub fn kept(&self) -> BTreeMap<String, KeptModel> {
        lock(&self.0).clone()
    }
}

#[async_trait]
impl ModelStore for MemoryModels {
    async fn kept_model(&self, selector: &str) -> Result<Option<KeptModel>, Unavailable> {
        Ok(lock(&self.0).get(selector).cloned())
    }

    async fn kept_version(&self, selector: &str) -> Result<Option<ExamplesVersion>, Unavailable> {
        Ok(lock(&self.0).get(selector).map(|kept| kept.version))
    }

    async fn keep_model(&self, selector: &str, model: &KeptModel, _: Timestamp) -> Result<(), Unavailable> {
        lock(&self.0).insert(selector.to_owned(), model.clone());
        Ok(())
    }
}
