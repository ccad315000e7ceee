use crate::Stores;
use crate::columns::{Key, from_counter, to_counter};
use crate::connection::DbConnection;
use crate::schema::changes::{duties, instances};
use async_trait::async_trait;
use diesel::prelude::*;
use square_cluster::InstanceId;
use square_cluster::ports::{Beat, InstanceStore};
use square_kernel::Unavailable;

/// The number of the first beat.
const FIRST: i64 = 1;

#[async_trait]
impl InstanceStore for Stores {
    async fn beat(&self, instance: InstanceId) -> Result<(), Unavailable> {
        let instance = Key(instance.uuid());
        let key = self.sealer.current().to_string();
        self.database
            .write(move |connection| {
                let listed = instances::table.find(instance);
                let counted = instances::beats.eq(instances::beats + 1);
                if diesel::update(listed).set(counted).execute(connection)? == 0 {
                    let of_key = instances::under_key.eq(&key);
                    let row = (instances::id.eq(instance), instances::beats.eq(FIRST), of_key);
                    diesel::insert_into(instances::table).values(row).execute(connection)?;
                }
                Ok(())
            })
            .await
    }

    async fn beats(&self) -> Result<Vec<Beat>, Unavailable> {
        self.database
            .read(|connection| {
                let columns = (instances::id, instances::beats);
                let rows: Vec<(Key, i64)> = instances::table.select(columns).load(connection)?;
                let beat = |(id, beats): (Key, i64)| {
                    Ok(Beat { instance: id.0.into(), beats: from_counter("instances.beats", beats)? })
                };
                rows.into_iter().map(beat).collect()
            })
            .await
    }

    async fn strike_off(&self, seen: Beat) -> Result<bool, Unavailable> {
        let (instance, beats) = (Key(seen.instance.uuid()), to_counter(seen.beats));
        self.database
            .write(move |connection| {
                let still = instances::table.find(instance).filter(instances::beats.eq(beats));
                Ok(diesel::delete(still).execute(connection)? == 1)
            })
            .await
    }

    async fn leave(&self, instance: InstanceId) -> Result<(), Unavailable> {
        let instance = Key(instance.uuid());
        self.database
            .write(move |connection| {
                diesel::delete(instances::table.find(instance)).execute(connection).map(drop)
            })
            .await
    }

    async fn take(&self, duty: &str, instance: InstanceId) -> Result<bool, Unavailable> {
        let (name, instance) = (duty.to_owned(), Key(instance.uuid()));
        // Asked before each piece of work, and hardly ever is there anything to write.
        match self.database.read(move |connection| holder(connection, &name)).await? {
            Some(holder) => Ok(holder == instance),
            None => self.take_free(duty, instance).await,
        }
    }
}

impl Stores {
    /// Gives `duty` to `instance` unless somebody else was faster.
    async fn take_free(&self, duty: &str, instance: Key) -> Result<bool, Unavailable> {
        let name = duty.to_owned();
        self.database
            .write(move |connection| {
                // Changes nothing, but nobody strikes the instance off from here on.
                let listed = instances::table.find(instance);
                let held = diesel::update(listed).set(instances::beats.eq(instances::beats));
                if held.execute(connection)? == 0 {
                    return Ok(false);
                }
                if let Some(holder) = holder(connection, &name)? {
                    return Ok(holder == instance);
                }
                let row = (duties::name.eq(&name), duties::instance_id.eq(instance));
                diesel::insert_into(duties::table).values(row).execute(connection)?;
                Ok(true)
            })
            .await
    }
}

/// Who has `duty`. They are on the list: with an instance go its duties.
fn holder(connection: &mut DbConnection, duty: &str) -> QueryResult<Option<Key>> {
    duties::table.find(duty).select(duties::instance_id).first(connection).optional()
}
