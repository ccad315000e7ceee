use crate::Stores;
use crate::columns::Moment;
use crate::connection::DbConnection;
use crate::schema::models::{model_parts, models};
use async_trait::async_trait;
use diesel::prelude::*;
use jiff::Timestamp;
use square_kernel::Unavailable;
use square_skills::ports::ModelStore;
use square_skills::{ExamplesVersion, KeptModel};
use std::sync::Arc;

/// How many bytes of a model stand in one row. MySQL refuses to be sent more than 16 MiB at once unless it is told
/// otherwise, older versions 1 MiB.
const PART: usize = 512 * 1024;

#[async_trait]
impl ModelStore for Stores {
    async fn kept_model(&self, selector: &str) -> Result<Option<KeptModel>, Unavailable> {
        let selector = selector.to_owned();
        self.database
            .read(move |connection| {
                let Some(version) = version(connection, &selector)? else { return Ok(None) };
                // One by one, so that no more is received at once than was sent.
                let of_selector = model_parts::table.filter(model_parts::selector.eq(&selector));
                let numbers: Vec<i64> =
                    of_selector.order(model_parts::number).select(model_parts::number).load(connection)?;
                let mut bytes = Vec::with_capacity(numbers.len() * PART);
                for number in numbers {
                    let part = model_parts::table.find((&selector, number));
                    bytes.extend(part.select(model_parts::content).first::<Vec<u8>>(connection)?);
                }
                Ok(Some(KeptModel { version, bytes: bytes.into() }))
            })
            .await
    }

    async fn kept_version(&self, selector: &str) -> Result<Option<ExamplesVersion>, Unavailable> {
        let selector = selector.to_owned();
        self.database.read(move |connection| version(connection, &selector)).await
    }

    async fn keep_model(&self, selector: &str, model: &KeptModel, at: Timestamp) -> Result<(), Unavailable> {
        let (selector, at) = (selector.to_owned(), Moment::from(at));
        let (version, bytes) = (model.version.0.to_vec(), Arc::clone(&model.bytes));
        self.database
            .write(move |connection| {
                // Whoever else keeps a model of this selector waits from here on.
                let change = (models::version.eq(&version), models::kept_at.eq(at));
                let kept = diesel::update(models::table.find(&selector)).set(change).execute(connection)?;
                if kept == 0 {
                    let row = (models::selector.eq(&selector), change.0, change.1);
                    diesel::insert_into(models::table).values(row).execute(connection)?;
                }
                let before = model_parts::table.filter(model_parts::selector.eq(&selector));
                diesel::delete(before).execute(connection)?;
                for (number, part) in (0_i64..).zip(bytes.chunks(PART)) {
                    let row = (
                        model_parts::selector.eq(&selector),
                        model_parts::number.eq(number),
                        model_parts::content.eq(part),
                    );
                    diesel::insert_into(model_parts::table).values(row).execute(connection)?;
                }
                Ok(())
            })
            .await
    }
}

fn version(connection: &mut DbConnection, selector: &str) -> QueryResult<Option<ExamplesVersion>> {
    let version: Option<Vec<u8>> =
        models::table.find(selector).select(models::version).first(connection).optional()?;
    // What is damaged is as good as lost: it is learnt anew, and kept over it.
    Ok(version.and_then(|version| version.try_into().ok()).map(ExamplesVersion))
}
