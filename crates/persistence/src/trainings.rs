//! The trainings of skills, as steps of the transactions in `skills.rs`. Those that write hold the skill.
//!
//! Of each skill at most two are kept: the one it is published with, and the newest.

use crate::columns::{Key, Moment, corrupt};
use crate::connection::DbConnection;
use crate::schema::skills::{training_examples, trainings};
use diesel::dsl::max;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use square_kernel::SkillId;
use square_skills::{
    Accuracy, ExampleKey, Failures, Measured, RegisteredSkill, TrainingRecord, TrainingSet, TrainingState,
};
use std::collections::BTreeMap;
use std::sync::Arc;

const RUNNING: &str = "running";
const PUBLISHED: &str = "published";
const FAILED: &str = "failed";

pub(crate) fn begin(
    connection: &mut DbConnection,
    skill: Key,
    examples: &ExamplesRow,
    at: Moment,
) -> QueryResult<()> {
    let earlier = trainings::table.filter(trainings::skill_id.eq(skill));
    let superseded = earlier.filter(trainings::state.ne(PUBLISHED));
    diesel::delete(superseded).execute(connection)?;
    let last: Option<i64> = earlier.select(max(trainings::number)).first(connection)?;
    let row = TrainingRow {
        id: examples.training_id,
        skill_id: skill,
        number: last.unwrap_or(0) + 1,
        state: RUNNING.to_owned(),
        accuracy: None,
        reason: None,
        train_examples: examples.count.0,
        dev_examples: examples.count.1,
        started_at: at,
        finished_at: None,
    };
    diesel::insert_into(trainings::table).values(&row).execute(connection)?;
    examples.insert(connection)
}

/// What a training that ended means for its skill.
pub(crate) enum Finished {
    /// It is published with these samples, as JSON.
    Published { samples: String },
    /// It stays as it was.
    Failed,
}

/// The skill that a training is of.
pub(crate) fn skill_of(connection: &mut DbConnection, id: Key) -> QueryResult<Option<Key>> {
    trainings::table.find(id).select(trainings::skill_id).first(connection).optional()
}

/// Ends the training if it is running. One that was superseded or whose skill was unpublished is gone.
pub(crate) fn finish(
    connection: &mut DbConnection,
    skill: Key,
    id: Key,
    outcome: &Outcome,
    at: Moment,
) -> QueryResult<Option<Finished>> {
    let training = trainings::table.find(id);
    let change = (
        trainings::state.eq(outcome.state),
        trainings::accuracy.eq(&outcome.accuracy),
        trainings::reason.eq(&outcome.reason),
        trainings::finished_at.eq(at),
    );
    let running = training.filter(trainings::state.eq(RUNNING));
    if diesel::update(running).set(change).execute(connection)? == 0 {
        return Ok(None);
    }
    if outcome.state != PUBLISHED {
        diesel::delete(training_examples::table.find(id)).execute(connection)?;
        return Ok(Some(Finished::Failed));
    }
    let others = trainings::table.filter(trainings::skill_id.eq(skill)).filter(trainings::id.ne(id));
    diesel::delete(others).execute(connection)?;
    let train: String =
        training_examples::table.find(id).select(training_examples::train).first(connection)?;
    let samples = samples(&texts("training_examples.train", &train)?)?;
    Ok(Some(Finished::Published { samples }))
}

/// The first few examples, as JSON.
fn samples(train: &[String]) -> QueryResult<String> {
    let samples = &train[..train.len().min(RegisteredSkill::SAMPLES)];
    serde_json::to_string(samples).map_err(|e| corrupt("skills.samples", e))
}

/// The training that a skill is published with.
pub(crate) fn published_one(connection: &mut DbConnection, skill: Key) -> QueryResult<Option<Key>> {
    let of_skill = trainings::table.filter(trainings::skill_id.eq(skill));
    of_skill.filter(trainings::state.eq(PUBLISHED)).select(trainings::id).first(connection).optional()
}

/// Whether a training of the skill waits or is under way.
pub(crate) fn is_running(connection: &mut DbConnection, skill: Key) -> QueryResult<bool> {
    let of_skill = trainings::table.filter(trainings::skill_id.eq(skill));
    let running: i64 = of_skill.filter(trainings::state.eq(RUNNING)).count().get_result(connection)?;
    Ok(running > 0)
}

/// Adds questions to those that a skill learns from. Its samples stay.
pub(crate) fn add_examples(
    connection: &mut DbConnection,
    training: Key,
    examples: &[String],
) -> QueryResult<()> {
    let row = training_examples::table.find(training);
    let train: String = row.select(training_examples::train).first(connection)?;
    let mut all = texts("training_examples.train", &train)?;
    all.extend_from_slice(examples);
    let train = serde_json::to_string(&all).map_err(|e| corrupt("training_examples.train", e))?;
    diesel::update(row).set(training_examples::train.eq(train)).execute(connection)?;
    let number = i64::try_from(all.len()).unwrap_or(i64::MAX);
    let change = trainings::train_examples.eq(number);
    diesel::update(trainings::table.find(training)).set(change).execute(connection).map(drop)
}

/// Deletes all trainings of a skill, with their examples.
pub(crate) fn forget(connection: &mut DbConnection, skill: Key) -> QueryResult<()> {
    let all = trainings::table.filter(trainings::skill_id.eq(skill));
    diesel::delete(all).execute(connection).map(drop)
}

pub(crate) fn newest(connection: &mut DbConnection, skill: Key) -> QueryResult<Option<TrainingRecord>> {
    let all = trainings::table.filter(trainings::skill_id.eq(skill));
    let row: Option<TrainingRow> = all.order(trainings::number.desc()).first(connection).optional()?;
    row.map(TrainingRow::record).transpose()
}

pub(crate) fn running(connection: &mut DbConnection) -> QueryResult<Vec<TrainingRecord>> {
    let rows: Vec<TrainingRow> = trainings::table
        .filter(trainings::state.eq(RUNNING))
        .order((trainings::started_at, trainings::id))
        .load(connection)?;
    rows.into_iter().map(TrainingRow::record).collect()
}

pub(crate) fn examples(connection: &mut DbConnection, training: Key) -> QueryResult<Option<TrainingSet>> {
    // One by one: MySQL limits how long a row may be that is sent.
    let row = training_examples::table.find(training);
    let train: Option<String> = row.select(training_examples::train).first(connection).optional()?;
    let Some(train) = train else { return Ok(None) };
    let dev: String = row.select(training_examples::dev).first(connection)?;
    Ok(Some(TrainingSet {
        train: texts("training_examples.train", &train)?.into(),
        dev: texts("training_examples.dev", &dev)?.into(),
    }))
}

pub(crate) fn examples_of_published(
    connection: &mut DbConnection,
    skill: Key,
) -> QueryResult<Option<TrainingSet>> {
    match published_one(connection, skill)? {
        Some(training) => examples(connection, training),
        None => Ok(None),
    }
}

/// Whether a question is among those that a skill is published with.
pub(crate) fn is_example(connection: &mut DbConnection, skill: Key, key: ExampleKey) -> QueryResult<bool> {
    let Some(training) = published_one(connection, skill)? else { return Ok(false) };
    let train = training_examples::table.find(training).select(training_examples::train);
    let train: String = train.first(connection)?;
    Ok(texts("training_examples.train", &train)?.iter().any(|example| ExampleKey::of(example) == key))
}

pub(crate) fn published(connection: &mut DbConnection) -> QueryResult<Vec<(SkillId, Arc<[String]>)>> {
    let rows = trainings::table
        .inner_join(training_examples::table.on(training_examples::training_id.eq(trainings::id)))
        .filter(trainings::state.eq(PUBLISHED))
        .order(trainings::skill_id)
        .select((trainings::skill_id, training_examples::train))
        .load(connection)?;
    by_skill("training_examples.train", rows)
}

/// For every published skill the questions that are held out.
pub(crate) fn held_out(connection: &mut DbConnection) -> QueryResult<Vec<(SkillId, Arc<[String]>)>> {
    let rows = trainings::table
        .inner_join(training_examples::table.on(training_examples::training_id.eq(trainings::id)))
        .filter(trainings::state.eq(PUBLISHED))
        .order(trainings::skill_id)
        .select((trainings::skill_id, training_examples::dev))
        .load(connection)?;
    by_skill("training_examples.dev", rows)
}

fn by_skill(column: &'static str, rows: Vec<(Key, String)>) -> QueryResult<Vec<(SkillId, Arc<[String]>)>> {
    let questions = |(skill, json): (Key, String)| Ok((skill.0.into(), texts(column, &json)?.into()));
    rows.into_iter().map(questions).collect()
}

fn texts(column: &'static str, json: &str) -> QueryResult<Vec<String>> {
    serde_json::from_str(json).map_err(|e| corrupt(column, e))
}

/// How a training ended, as it is stored.
pub(crate) struct Outcome {
    state: &'static str,
    accuracy: Option<String>,
    reason: Option<String>,
}

impl Outcome {
    pub(crate) fn from(state: &TrainingState) -> serde_json::Result<Self> {
        Ok(match state {
            TrainingState::Running => Self { state: RUNNING, accuracy: None, reason: None },
            TrainingState::Published { accuracy, failures } => {
                Self { state: PUBLISHED, accuracy: Some(measured_json(accuracy, failures)?), reason: None }
            }
            TrainingState::Failed { reason } => {
                Self { state: FAILED, accuracy: None, reason: Some(reason.clone()) }
            }
        })
    }
}

/// The examples of one training, as they are stored.
pub(crate) struct ExamplesRow {
    training_id: Key,
    train: String,
    dev: String,
    count: (i64, i64),
}

impl ExamplesRow {
    pub(crate) fn from(
        training_id: Key,
        set: &TrainingSet,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self {
            training_id,
            train: serde_json::to_string(&*set.train)?,
            dev: serde_json::to_string(&*set.dev)?,
            count: (i64::try_from(set.train.len())?, i64::try_from(set.dev.len())?),
        })
    }

    fn insert(&self, connection: &mut DbConnection) -> QueryResult<()> {
        let row = (
            training_examples::training_id.eq(self.training_id),
            training_examples::train.eq(&self.train),
            training_examples::dev.eq(&self.dev),
        );
        diesel::insert_into(training_examples::table).values(row).execute(connection).map(drop)
    }
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = trainings, treat_none_as_default_value = false)]
struct TrainingRow {
    id: Key,
    skill_id: Key,
    number: i64,
    state: String,
    accuracy: Option<String>,
    reason: Option<String>,
    train_examples: i64,
    dev_examples: i64,
    started_at: Moment,
    finished_at: Option<Moment>,
}

impl TrainingRow {
    fn record(self) -> QueryResult<TrainingRecord> {
        let state = match (self.state.as_str(), self.accuracy, self.reason) {
            (RUNNING, None, None) => TrainingState::Running,
            (PUBLISHED, Some(accuracy), None) => {
                let (accuracy, failures) = measured(&accuracy)?;
                TrainingState::Published { accuracy, failures }
            }
            (FAILED, None, Some(reason)) => TrainingState::Failed { reason },
            (other, ..) => return Err(corrupt("trainings.state", format!("unknown state {other:?}"))),
        };
        let count = |number: i64| u32::try_from(number).map_err(|e| corrupt("trainings.train_examples", e));
        Ok(TrainingRecord {
            id: self.id.0.into(),
            skill: self.skill_id.0.into(),
            state,
            train_examples: count(self.train_examples)?,
            dev_examples: count(self.dev_examples)?,
            started_at: self.started_at.at,
            finished_at: self.finished_at.map(|finished| finished.at),
        })
    }
}

/// What was measured of one selector, or why it failed, as it is stored. Earlier versions knew the share alone.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum MeasuredJson {
    Share(f64),
    Failed(String),
    All {
        top1: f64,
        top3: Option<f64>,
        in_scope_at_threshold: Option<f64>,
        ece: Option<f64>,
        train_ms: Option<f64>,
        p50_us: Option<f64>,
        p99_us: Option<f64>,
        model_bytes: Option<u64>,
        skills: Option<u64>,
        examples: Option<u64>,
    },
}

fn measured_json(accuracy: &Accuracy, failures: &Failures) -> serde_json::Result<String> {
    let json = |of: &Measured| {
        if *of == Measured::from(of.top1) {
            return MeasuredJson::Share(of.top1);
        }
        let Measured { top1, top3, in_scope_at_threshold, ece, train_ms, p50_us, p99_us, .. } = *of;
        let Measured { model_bytes, skills, examples, .. } = *of;
        MeasuredJson::All {
            top1,
            top3,
            in_scope_at_threshold,
            ece,
            train_ms,
            p50_us,
            p99_us,
            model_bytes,
            skills,
            examples,
        }
    };
    let figures = accuracy.iter().map(|(selector, of)| (selector, json(of)));
    let failed = failures.iter().map(|(selector, reason)| (selector, MeasuredJson::Failed(reason.clone())));
    serde_json::to_string(&figures.chain(failed).collect::<BTreeMap<_, _>>())
}

fn measured(json: &str) -> QueryResult<(Accuracy, Failures)> {
    let all: BTreeMap<String, MeasuredJson> =
        serde_json::from_str(json).map_err(|e| corrupt("trainings.accuracy", e))?;
    let (mut accuracy, mut failures) = (Accuracy::new(), Failures::new());
    for (selector, json) in all {
        let figures = match json {
            MeasuredJson::Failed(reason) => {
                failures.insert(selector, reason);
                continue;
            }
            MeasuredJson::Share(top1) => Measured::from(top1),
            MeasuredJson::All {
                top1,
                top3,
                in_scope_at_threshold,
                ece,
                train_ms,
                p50_us,
                p99_us,
                model_bytes,
                skills,
                examples,
            } => Measured {
                top1,
                top3,
                in_scope_at_threshold,
                ece,
                train_ms,
                p50_us,
                p99_us,
                model_bytes,
                skills,
                examples,
            },
        };
        accuracy.insert(selector, figures);
    }
    Ok((accuracy, failures))
}
