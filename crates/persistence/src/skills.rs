use crate::Stores;
use crate::changes::{Changes, Record};
use crate::columns::{Key, Moment, corrupt};
use crate::connection::DbConnection;
use crate::schema::accounts::accounts;
use crate::schema::skills::skills;
use crate::sessions;
use crate::trainings::{self, Finished};
use crate::transaction::savepoint;
use async_trait::async_trait;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use jiff::Timestamp;
use square_changes::{Action, Audience, Channel};
use square_kernel::{Caller, Clock, Sealed, SkillId, SystemClock, Unavailable, UserId};
use square_skills::ports::{SkillStore, Written};
use square_skills::{
    BuiltinName, RegisteredSkill, SkillAddress, SkillDescription, SkillModel, SkillName, SkillUrl,
    TrainingId, TrainingRecord, TrainingSet, TrainingState,
};
use std::sync::Arc;

/// The word in the place of the protocol for what is part of this process.
const BUILTIN: &str = "builtin";

#[async_trait]
impl SkillStore for Stores {
    async fn may_own(&self, user: UserId) -> Result<bool, Unavailable> {
        self.database
            .read(move |connection| {
                let confirmed = accounts::table
                    .find(Key(user.uuid()))
                    .filter(accounts::suspended.eq(false))
                    .filter(accounts::confirmed_at.is_not_null());
                Ok(confirmed.count().get_result::<i64>(connection)? == 1)
            })
            .await
    }

    async fn insert(
        &self,
        skill: &RegisteredSkill,
        by: Option<Caller>,
        at_most: Option<u32>,
    ) -> Result<Written, Unavailable> {
        let row = SkillRow::from(skill).map_err(Unavailable::new)?;
        self.database
            .change(move |connection, changes| {
                if !sessions::is_still(connection, by)? {
                    return Ok(Written::Overtaken);
                }
                if let Some(at_most) = at_most
                    && !has_room(connection, row.owner_id, at_most)?
                {
                    return Ok(Written::TooMany);
                }
                let written = unless_taken(connection, |connection| {
                    diesel::insert_into(skills::table).values(&row).execute(connection)
                })?;
                if written == Written::Done {
                    let known = Known { owner: row.owner_id, published: row.published };
                    changes.add(known.record(Action::Create, row.id, row.created_at.at));
                }
                Ok(written)
            })
            .await
    }

    async fn update(
        &self,
        skill: &RegisteredSkill,
        seen: Timestamp,
        by: Option<Caller>,
    ) -> Result<Written, Unavailable> {
        let mut row = SkillRow::from(skill).map_err(Unavailable::new)?;
        // What is sealed may have been sealed anew since this was read; an older one must not come back.
        let renewed = |purpose, sealed: Option<&Sealed>| {
            sealed
                .and_then(|sealed| self.sealer.renewed(purpose, sealed).ok().flatten())
                .map(|renewed| renewed.0)
        };
        row.secret = renewed(RegisteredSkill::SECRET_PURPOSE, skill.secret.as_ref()).or(row.secret);
        row.signing = renewed(RegisteredSkill::SIGNING_PURPOSE, skill.signing.as_ref()).or(row.signing);
        let seen = Moment::from(seen);
        self.database
            .change(move |connection, changes| {
                if !sessions::is_still(connection, by)? {
                    return Ok(Written::Overtaken);
                }
                let change = (
                    skills::name.eq(&row.name),
                    skills::name_key.eq(&row.name_key),
                    skills::description.eq(&row.description),
                    skills::protocol.eq(&row.protocol),
                    skills::address.eq(&row.address),
                    skills::secret.eq(&row.secret),
                    skills::signing.eq(&row.signing),
                    skills::model.eq(&row.model),
                    skills::updated_at.eq(row.updated_at),
                );
                let as_seen = skills::table.find(row.id).filter(skills::updated_at.eq(seen));
                let update = diesel::update(as_seen).set(change);
                let written = unless_taken(connection, |connection| update.execute(connection))?;
                let known = Known::of(connection, row.id)?;
                Ok(match (written, known) {
                    (Written::Gone, Some(_)) => Written::Changed,
                    (Written::Done, Some(known)) => {
                        changes.add(known.record(Action::Update, row.id, row.updated_at.at));
                        Written::Done
                    }
                    (written, _) => written,
                })
            })
            .await
    }

    async fn delete(&self, id: SkillId) -> Result<bool, Unavailable> {
        let id = Key(id.uuid());
        self.database
            .change(move |connection, changes| {
                let Some(known) = hold(connection, id)? else { return Ok(false) };
                diesel::delete(skills::table.find(id)).execute(connection)?;
                changes.add(known.record(Action::Delete, id, SystemClock.now()));
                Ok(true)
            })
            .await
    }

    async fn find(&self, id: SkillId) -> Result<Option<RegisteredSkill>, Unavailable> {
        self.database.read(move |connection| skill(connection, Key(id.uuid()))).await
    }

    async fn all(&self) -> Result<Vec<RegisteredSkill>, Unavailable> {
        self.database
            .read(|connection| {
                let rows: Vec<SkillRow> = skills::table.order(skills::id).load(connection)?;
                rows.into_iter().map(SkillRow::skill).collect()
            })
            .await
    }

    async fn begin_training(
        &self,
        id: TrainingId,
        skill: SkillId,
        examples: &TrainingSet,
        at: Timestamp,
        by: Option<Caller>,
    ) -> Result<Written, Unavailable> {
        let (id, skill, at) = (Key(id.uuid()), Key(skill.uuid()), Moment::from(at));
        let examples = trainings::ExamplesRow::from(id, examples).map_err(Unavailable::new)?;
        self.database
            .change(move |connection, changes| {
                if !sessions::is_still(connection, by)? {
                    return Ok(Written::Overtaken);
                }
                if hold(connection, skill)?.is_none() {
                    return Ok(Written::Gone);
                }
                trainings::begin(connection, skill, &examples, at)?;
                changes.add(Record::internal(Channel::Training, Action::Create, skill.0, at.at));
                Ok(Written::Done)
            })
            .await
    }

    async fn finish_training(
        &self,
        id: TrainingId,
        state: &TrainingState,
        at: Timestamp,
    ) -> Result<Option<RegisteredSkill>, Unavailable> {
        let (id, at) = (Key(id.uuid()), Moment::from(at));
        let outcome = trainings::Outcome::from(state).map_err(Unavailable::new)?;
        self.database
            .change(move |connection, changes| {
                let Some(of) = trainings::skill_of(connection, id)? else { return Ok(None) };
                // One that is superseded or unpublished at this moment is gone once the skill is held.
                let Some(known) = hold(connection, of)? else { return Ok(None) };
                let Some(finished) = trainings::finish(connection, of, id, &outcome, at)? else {
                    return Ok(None);
                };
                changes.add(match finished {
                    Finished::Published { samples } => {
                        let change = (
                            skills::published.eq(true),
                            skills::samples.eq(samples),
                            skills::updated_at.eq(at),
                        );
                        diesel::update(skills::table.find(of)).set(change).execute(connection)?;
                        Known { published: true, ..known }.record(Action::Update, of, at.at)
                    }
                    Finished::Failed => Record::internal(Channel::Training, Action::Update, of.0, at.at),
                });
                skill(connection, of)
            })
            .await
    }

    async fn unpublish(&self, id: SkillId, at: Timestamp) -> Result<Option<RegisteredSkill>, Unavailable> {
        let (id, at) = (Key(id.uuid()), Moment::from(at));
        self.database
            .change(move |connection, changes| {
                let Some(known) = hold(connection, id)? else { return Ok(None) };
                trainings::forget(connection, id)?;
                let change =
                    (skills::published.eq(false), skills::samples.eq("[]"), skills::updated_at.eq(at));
                diesel::update(skills::table.find(id)).set(change).execute(connection)?;
                changes.add(known.record(Action::Update, id, at.at));
                skill(connection, id)
            })
            .await
    }

    async fn training(&self, skill: SkillId) -> Result<Option<TrainingRecord>, Unavailable> {
        self.database.read(move |connection| trainings::newest(connection, Key(skill.uuid()))).await
    }

    async fn examples(&self, training: TrainingId) -> Result<Option<TrainingSet>, Unavailable> {
        self.database.read(move |connection| trainings::examples(connection, Key(training.uuid()))).await
    }

    async fn running_trainings(&self) -> Result<Vec<TrainingRecord>, Unavailable> {
        self.database.read(trainings::running).await
    }

    async fn examples_of_published(&self, skill: SkillId) -> Result<Option<TrainingSet>, Unavailable> {
        let skill = Key(skill.uuid());
        self.database.read(move |connection| trainings::examples_of_published(connection, skill)).await
    }

    async fn published_examples(&self) -> Result<Vec<(SkillId, Arc<[String]>)>, Unavailable> {
        self.database.read(trainings::published).await
    }
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = skills, treat_none_as_default_value = false)]
struct SkillRow {
    id: Key,
    owner_id: Key,
    name: String,
    name_key: String,
    description: String,
    protocol: String,
    address: String,
    secret: Option<Vec<u8>>,
    signing: Option<Vec<u8>>,
    model: Option<String>,
    published: bool,
    samples: String,
    created_at: Moment,
    updated_at: Moment,
}

impl SkillRow {
    fn from(skill: &RegisteredSkill) -> serde_json::Result<Self> {
        let (protocol, address) = match &skill.address {
            SkillAddress::Remote { url, protocol } => (protocol.as_str(), url.as_str()),
            SkillAddress::Builtin(name) => (BUILTIN, name.as_str()),
        };
        Ok(Self {
            id: Key(skill.id.uuid()),
            owner_id: Key(skill.owner.uuid()),
            name: skill.name.as_str().to_owned(),
            name_key: skill.name.key(),
            description: skill.description.as_str().to_owned(),
            protocol: protocol.to_owned(),
            address: address.to_owned(),
            secret: skill.secret.as_ref().map(|sealed| sealed.0.clone()),
            signing: skill.signing.as_ref().map(|sealed| sealed.0.clone()),
            model: skill.model.as_ref().map(|model| model.as_str().to_owned()),
            published: skill.published,
            samples: serde_json::to_string(&*skill.samples)?,
            created_at: skill.created_at.into(),
            updated_at: skill.updated_at.into(),
        })
    }

    fn skill(self) -> QueryResult<RegisteredSkill> {
        let samples: Vec<String> =
            serde_json::from_str(&self.samples).map_err(|e| corrupt("skills.samples", e))?;
        let address = match self.protocol.as_str() {
            BUILTIN => SkillAddress::Builtin(BuiltinName::new(&self.address)),
            protocol => SkillAddress::Remote {
                url: SkillUrl::parse(&self.address).map_err(|e| corrupt("skills.address", e))?,
                protocol: protocol.parse().map_err(|e| corrupt("skills.protocol", e))?,
            },
        };
        let description = SkillDescription::parse(&self.description);
        let model = self.model.as_deref().map(SkillModel::parse).transpose();
        Ok(RegisteredSkill {
            id: self.id.0.into(),
            owner: self.owner_id.0.into(),
            name: SkillName::parse(&self.name).map_err(|e| corrupt("skills.name", e))?,
            description: description.map_err(|e| corrupt("skills.description", e))?,
            address,
            secret: self.secret.map(Sealed),
            signing: self.signing.map(Sealed),
            model: model.map_err(|e| corrupt("skills.model", e))?,
            published: self.published,
            samples: samples.into(),
            created_at: self.created_at.at,
            updated_at: self.updated_at.at,
        })
    }
}

pub(crate) fn skill(connection: &mut DbConnection, id: Key) -> QueryResult<Option<RegisteredSkill>> {
    let row: Option<SkillRow> = skills::table.find(id).first(connection).optional()?;
    row.map(SkillRow::skill).transpose()
}

/// Whether an account, which is locked, owns fewer skills than this.
fn has_room(connection: &mut DbConnection, owner: Key, at_most: u32) -> QueryResult<bool> {
    crate::accounts::lock(connection, owner)?;
    let owned: i64 = skills::table.filter(skills::owner_id.eq(owner)).count().get_result(connection)?;
    Ok(owned < i64::from(at_most))
}

/// What has to be known of a skill in order to tell of its changes.
#[derive(Debug, Clone, Copy, Queryable)]
pub(crate) struct Known {
    owner: Key,
    pub(crate) published: bool,
}

impl Known {
    fn of(connection: &mut DbConnection, id: Key) -> QueryResult<Option<Self>> {
        let columns = (skills::owner_id, skills::published);
        skills::table.find(id).select(columns).first(connection).optional()
    }

    /// `self` as it was before the change or as it is after it, whichever is published.
    pub(crate) fn record(self, action: Action, id: Key, at: Timestamp) -> Record {
        let owner = Some(self.owner.0.into());
        let audience = Audience { everybody: self.published, owner, ..Audience::default() };
        Record { channel: Channel::Skill, action, entity: id.0, audience, at }
    }
}

/// Has others that change the skill or its trainings wait for the end of this transaction; gives the skill as it stays
/// until then.
pub(crate) fn hold(connection: &mut DbConnection, id: Key) -> QueryResult<Option<Known>> {
    let itself = skills::published.eq(skills::published);
    diesel::update(skills::table.find(id)).set(itself).execute(connection)?;
    Known::of(connection, id)
}

/// Removes all skills of an account that is locked, with their trainings and examples.
pub(crate) fn remove_all_of(
    connection: &mut DbConnection,
    owner: Key,
    at: Timestamp,
    changes: &mut Changes,
) -> QueryResult<()> {
    let own = skills::table.filter(skills::owner_id.eq(owner));
    let ids: Vec<Key> = own.select(skills::id).order(skills::id).load(connection)?;
    for id in ids {
        let Some(known) = hold(connection, id)? else { continue };
        diesel::delete(skills::table.find(id)).execute(connection)?;
        changes.add(known.record(Action::Delete, id, at));
    }
    Ok(())
}

/// The name is all that can collide: the only other unique column is the identifier, which is random.
fn unless_taken(
    connection: &mut DbConnection,
    write: impl FnOnce(&mut DbConnection) -> QueryResult<usize>,
) -> QueryResult<Written> {
    match savepoint(connection, write) {
        Ok(0) => Ok(Written::Gone),
        Ok(_) => Ok(Written::Done),
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(Written::NameTaken),
        Err(error) => Err(error),
    }
}
