mod batch;
mod decision;
mod forgetting;
mod history;
mod stored;
mod writer;

use crate::Database;
use crate::changes::Record;
use crate::columns::{Key, Moment, corrupt, count, from_counter};
use crate::connection::DbConnection;
use crate::schema::changes::instances;
use crate::schema::questions::{log_entries, questions, streamed_questions, unfinished_questions};
use async_trait::async_trait;
use batch::Change;
use diesel::dsl::exists;
use diesel::prelude::*;
pub(crate) use forgetting::{hold, of_asker as forget_of};
use jiff::Timestamp;
use square_changes::{Action, Channel};
use square_cluster::InstanceId;
use square_kernel::{Page, Slice, Unavailable, UserId};
use square_routing::{
    AnsweredQuestion, AppendError, Deleted, HistoryFilter, LogEntry, LogEvent, QuestionId, QuestionLog,
    QuestionRecord,
};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use writer::Writer;

/// The answer log in the database, as one instance writes and reads it.
///
/// What is handed over is queued at the first poll of the call and written by a thread of its own, which
/// commits everything that has queued up as one transaction; a call returns after that. Dropping the log
/// writes what is still queued.
pub struct DatabaseQuestionLog {
    database: Database,
    writer: Writer,
    instance: Key,
}

impl DatabaseQuestionLog {
    /// The log in `database`; the questions opened through it are those of `instance`, which MUST be on the list of instances
    /// before the first one is opened. Fails where no thread can be started.
    pub fn new(database: Database, instance: InstanceId) -> std::io::Result<Self> {
        Ok(Self { writer: Writer::start(database.clone())?, database, instance: Key(instance.uuid()) })
    }

    /// Returns when all that was handed over before is written.
    pub async fn flush(&self) -> Result<(), Unavailable> {
        self.writer.write(Change::Nothing).await.map_err(unavailable)
    }

    async fn read(
        &self,
        which: impl Fn(&mut DbConnection) -> QueryResult<Vec<QuestionRow>> + Send + 'static,
    ) -> Result<Vec<AnsweredQuestion>, Unavailable> {
        self.database
            .read(move |connection| {
                let questions = which(connection)?;
                with_entries(connection, questions)
            })
            .await
    }
}

fn is_there(connection: &mut DbConnection, question: Key) -> QueryResult<bool> {
    let found: Option<Key> =
        questions::table.find(question).select(questions::id).first(connection).optional()?;
    Ok(found.is_some())
}

/// For changes that take no numbers.
fn unavailable(error: AppendError) -> Unavailable {
    match error {
        AppendError::Taken | AppendError::Gone => Unavailable::new(error),
        AppendError::Unavailable(cause) => cause,
    }
}

#[async_trait]
impl QuestionLog for DatabaseQuestionLog {
    async fn open(&self, question: &QuestionRecord) -> Result<(), Unavailable> {
        let unfinished = UnfinishedRow { question_id: Key(question.id.uuid()), instance_id: self.instance };
        let question = QuestionRow::from(question).map_err(Unavailable::new)?;
        self.writer.write(Change::Open { question, unfinished }).await.map_err(unavailable)
    }

    async fn append(&self, question: QuestionId, entries: &[Arc<LogEntry>]) -> Result<(), AppendError> {
        let row = |entry: &Arc<LogEntry>| EntryRow::from(question, entry);
        let rows: Vec<EntryRow> =
            entries.iter().map(row).collect::<Result<_, _>>().map_err(Unavailable::new)?;
        let ended = entries.iter().any(|entry| matches!(entry.event, LogEvent::Finished(_)));
        let ended = ended.then(|| Key(question.uuid()));
        let streamed = entries.iter().any(|entry| matches!(entry.event, LogEvent::AnswerDelta(_)));
        let streamed = streamed.then(|| StreamedRow { question_id: Key(question.uuid()) });
        self.writer.write(Change::Append { rows, streamed, ended }).await
    }

    async fn find(&self, question: QuestionId) -> Result<Option<AnsweredQuestion>, Unavailable> {
        let key = Key(question.uuid());
        let found =
            self.read(move |connection| questions::table.filter(questions::id.eq(key)).load(connection));
        Ok(found.await?.pop())
    }

    async fn entries_after(
        &self,
        question: QuestionId,
        seq: u32,
    ) -> Result<Option<Vec<Arc<LogEntry>>>, Unavailable> {
        let (key, seq) = (Key(question.uuid()), i64::from(seq));
        self.database
            .read(move |connection| {
                let of_question = log_entries::table.filter(log_entries::question_id.eq(key));
                let new = of_question.filter(log_entries::seq.gt(seq)).order(log_entries::seq);
                let rows: Vec<EntryRow> = new.load(connection)?;
                if rows.is_empty() && !is_there(connection, key)? {
                    return Ok(None);
                }
                rows.into_iter().map(|row| row.entry().map(Arc::new)).collect::<QueryResult<_>>().map(Some)
            })
            .await
    }

    async fn of_asker(
        &self,
        asker: UserId,
        filter: &HistoryFilter,
        page: Page<QuestionId>,
    ) -> Result<Slice<AnsweredQuestion, QuestionId>, Unavailable> {
        let (asker, filter) = (Key(asker.uuid()), filter.clone());
        self.database
            .read(move |connection| {
                let found = history::page_of(connection, asker, &filter, page)?;
                Ok(Slice { items: with_entries(connection, found.rows)?, next: found.next })
            })
            .await
    }

    async fn orphaned(&self) -> Result<Vec<AnsweredQuestion>, Unavailable> {
        self.read(|connection| {
            let owner = instances::id.nullable().eq(unfinished_questions::instance_id);
            unfinished_questions::table
                .inner_join(questions::table.on(questions::id.eq(unfinished_questions::question_id)))
                .left_join(instances::table.on(owner))
                .filter(instances::id.nullable().is_null())
                .select(questions::all_columns)
                .order(questions::id)
                .load(connection)
        })
        .await
    }

    async fn request_cancel(
        &self,
        question: QuestionId,
        asker: Option<UserId>,
        at: Timestamp,
    ) -> Result<bool, Unavailable> {
        let (key, asker) = (Key(question.uuid()), asker.map(|asker| Key(asker.uuid())));
        self.database
            .change(move |connection, changes| {
                let unfinished = unfinished_questions::table.find(key);
                let found: Option<Option<Key>> = questions::table
                    .find(key)
                    .filter(exists(unfinished))
                    .select(questions::asker_id)
                    .first(connection)
                    .optional()?;
                let told = found.is_some_and(|owner| owner.is_none() || owner == asker);
                if told {
                    changes.add(Record::internal(Channel::Question, Action::Delete, key.0, at));
                }
                Ok(told)
            })
            .await
    }

    async fn note_watched(&self, question: QuestionId) -> Result<(), Unavailable> {
        let row = unfinished_questions::table.find(Key(question.uuid()));
        let more = unfinished_questions::watched.eq(unfinished_questions::watched + 1);
        self.database
            .write(move |connection| diesel::update(row).set(more).execute(connection).map(drop))
            .await
    }

    async fn watched(&self, question: QuestionId) -> Result<Option<u64>, Unavailable> {
        let row = unfinished_questions::table.find(Key(question.uuid()));
        self.database
            .read(move |connection| {
                let count: Option<i64> =
                    row.select(unfinished_questions::watched).first(connection).optional()?;
                count.map(|count| from_counter("unfinished_questions.watched", count)).transpose()
            })
            .await
    }

    async fn forget_deltas(&self, before: Timestamp, at_most: u32) -> Result<u32, Unavailable> {
        let forgotten =
            self.database.write(move |connection| forgetting::deltas(connection, before, at_most));
        Ok(count(forgotten.await?))
    }

    async fn forget(&self, before: Timestamp, at_most: u32) -> Result<u32, Unavailable> {
        let forgotten = self.database.write(move |connection| forgetting::old(connection, before, at_most));
        Ok(count(forgotten.await?))
    }

    async fn delete(
        &self,
        question: QuestionId,
        asker: Option<UserId>,
        at: Timestamp,
    ) -> Result<bool, Unavailable> {
        let (id, asker) = (Key(question.uuid()), asker.map(|asker| Key(asker.uuid())));
        self.database
            .change(move |connection, changes| forgetting::one(connection, id, asker, at, changes))
            .await
    }

    async fn delete_all_of(
        &self,
        asker: UserId,
        at: Timestamp,
        at_most: u32,
    ) -> Result<Deleted, Unavailable> {
        let asker = Key(asker.uuid());
        let part = self
            .database
            .change(move |connection, changes| forgetting::of_asker(connection, asker, at, at_most, changes))
            .await?;
        Ok(Deleted { questions: part.deleted, more: part.found == at_most })
    }
}

#[derive(Clone, Copy, Insertable)]
#[diesel(table_name = streamed_questions)]
struct StreamedRow {
    question_id: Key,
}

#[derive(Insertable)]
#[diesel(table_name = unfinished_questions, treat_none_as_default_value = false)]
struct UnfinishedRow {
    question_id: Key,
    instance_id: Key,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = questions, treat_none_as_default_value = false)]
struct QuestionRow {
    id: Key,
    asker_id: Option<Key>,
    question: String,
    choice: String,
    deadline_us: i64,
    asked_at: Moment,
}

impl QuestionRow {
    fn from(record: &QuestionRecord) -> serde_json::Result<Self> {
        Ok(Self {
            id: Key(record.id.uuid()),
            asker_id: record.asker.map(|asker| Key(asker.uuid())),
            question: record.text.as_ref().to_owned(),
            choice: decision::written(&record.choice, record.opening)?,
            deadline_us: i64::try_from(record.deadline.as_micros()).unwrap_or(i64::MAX),
            asked_at: record.asked_at.into(),
        })
    }

    fn record(self) -> QueryResult<QuestionRecord> {
        let deadline = u64::try_from(self.deadline_us).map_err(|e| corrupt("questions.deadline_us", e))?;
        let (choice, opening) = decision::read(&self.choice).map_err(|e| corrupt("questions.choice", e))?;
        Ok(QuestionRecord {
            id: self.id.0.into(),
            asker: self.asker_id.map(|asker| asker.0.into()),
            text: self.question.into(),
            choice,
            asked_at: self.asked_at.at,
            deadline: Duration::from_micros(deadline),
            opening,
        })
    }
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = log_entries, treat_none_as_default_value = false)]
struct EntryRow {
    question_id: Key,
    seq: i64,
    logged_at: Moment,
    kind: String,
    content: String,
}

impl EntryRow {
    fn from(question: QuestionId, entry: &LogEntry) -> serde_json::Result<Self> {
        let (kind, content) = stored::event(&entry.event)?;
        Ok(Self {
            question_id: Key(question.uuid()),
            seq: entry.seq.into(),
            logged_at: entry.at.into(),
            kind: kind.to_owned(),
            content,
        })
    }

    fn entry(self) -> QueryResult<LogEntry> {
        let seq = u32::try_from(self.seq).map_err(|e| corrupt("log_entries.seq", e))?;
        let event = stored::read_event(&self.kind, &self.content);
        let event = event.map_err(|e| corrupt("log_entries.content", e))?;
        Ok(LogEntry { seq, at: self.logged_at.at, event })
    }
}

/// How many questions' entries are read by one statement; databases limit its length.
const AT_ONCE: usize = 500;

fn with_entries(connection: &mut DbConnection, rows: Vec<QuestionRow>) -> QueryResult<Vec<AnsweredQuestion>> {
    let keys: Vec<Key> = rows.iter().map(|row| row.id).collect();
    let mut logs: HashMap<Key, Vec<Arc<LogEntry>>> = HashMap::with_capacity(rows.len());
    for keys in keys.chunks(AT_ONCE) {
        let entries = log_entries::table
            .filter(log_entries::question_id.eq_any(keys.iter().map(Key::bytes)))
            .order((log_entries::question_id, log_entries::seq))
            .load::<EntryRow>(connection)?;
        for row in entries {
            logs.entry(row.question_id).or_default().push(Arc::new(row.entry()?));
        }
    }
    let answered = |row: QuestionRow| {
        let entries = logs.remove(&row.id).unwrap_or_default();
        Ok(AnsweredQuestion { question: row.record()?, entries })
    };
    rows.into_iter().map(answered).collect()
}
