use super::{EntryRow, QuestionRow, UnfinishedRow};
use crate::columns::Key;
use crate::connection::DbConnection;
use crate::schema::questions::{log_entries, questions, unfinished_questions};
use diesel::prelude::*;

/// How many rows one statement stores: databases limit the number of its parameters, SQLite to 32766.
const ROWS: usize = 1024;

/// How many bytes of text one statement stores, unless a single row has more: databases limit its length, MariaDB to 16 MB.
const BYTES: usize = 4 * 1024 * 1024;

/// One change of the log: all of it or nothing.
pub(super) enum Change {
    Open {
        question: QuestionRow,
        unfinished: UnfinishedRow,
    },
    Append {
        rows: Vec<EntryRow>,
        ended: Option<Key>,
    },
    /// Only waits for its turn.
    Nothing,
}

/// Several changes, their rows sorted by table.
#[derive(Default)]
pub(super) struct Batch {
    extents: Vec<Extent>,
    questions: Vec<QuestionRow>,
    unfinished: Vec<UnfinishedRow>,
    entries: Vec<EntryRow>,
    ended: Vec<Key>,
}

/// How many rows a change has.
#[derive(Clone, Copy, Default)]
struct Extent {
    opened: usize,
    entries: usize,
    ended: usize,
}

impl FromIterator<Change> for Batch {
    fn from_iter<I: IntoIterator<Item = Change>>(changes: I) -> Self {
        let mut batch = Self::default();
        for change in changes {
            batch.add(change);
        }
        batch
    }
}

impl Batch {
    fn add(&mut self, change: Change) {
        self.extents.push(match change {
            Change::Open { question, unfinished } => {
                self.questions.push(question);
                self.unfinished.push(unfinished);
                Extent { opened: 1, ..Extent::default() }
            }
            Change::Append { rows, ended } => {
                let extent = Extent { opened: 0, entries: rows.len(), ended: usize::from(ended.is_some()) };
                self.entries.extend(rows);
                self.ended.extend(ended);
                extent
            }
            Change::Nothing => Extent::default(),
        });
    }

    /// All of it.
    pub(super) fn whole(&self) -> Part<'_> {
        Part {
            extents: &self.extents,
            questions: &self.questions,
            unfinished: &self.unfinished,
            entries: &self.entries,
            ended: &self.ended,
        }
    }
}

/// Some changes that came one after the other.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    extents: &'a [Extent],
    questions: &'a [QuestionRow],
    unfinished: &'a [UnfinishedRow],
    entries: &'a [EntryRow],
    ended: &'a [Key],
}

/// Inserts rows in the form that each database knows by itself: slices do not go through `MultiConnection`.
macro_rules! insert {
    ($connection:expr, $table:expr, $rows:expr) => {
        for rows in bounded($rows) {
            match &mut *$connection {
                DbConnection::Sqlite(connection) => insert!(@on connection, $table, rows),
                #[cfg(feature = "postgres")]
                DbConnection::Postgres(connection) => insert!(@on connection, $table, rows),
                #[cfg(feature = "mysql")]
                DbConnection::Mysql(connection) => insert!(@on connection, $table, rows),
            }?;
        }
    };
    (@on $connection:expr, $table:expr, $rows:expr) => {{
        let mut rest: &[_] = $rows;
        let mut outcome = Ok(0);
        while outcome.is_ok() && !rest.is_empty() {
            outcome = if let Some((part, others)) = rest.split_first_chunk::<128>() {
                rest = others;
                diesel::insert_into($table).values(part).execute($connection)
            } else if let Some((part, others)) = rest.split_first_chunk::<32>() {
                rest = others;
                diesel::insert_into($table).values(part).execute($connection)
            } else if let Some((part, others)) = rest.split_first_chunk::<8>() {
                rest = others;
                diesel::insert_into($table).values(part).execute($connection)
            } else if let Some((part, others)) = rest.split_first_chunk::<2>() {
                rest = others;
                diesel::insert_into($table).values(part).execute($connection)
            } else {
                let row = &rest[0];
                rest = &rest[1..];
                diesel::insert_into($table).values(row).execute($connection)
            };
        }
        outcome
    }};
}

impl<'a> Part<'a> {
    /// How many changes there are.
    pub(super) fn len(&self) -> usize {
        self.extents.len()
    }

    /// Whether the changes are entries of questions that were opened before.
    pub(super) fn appends(&self) -> bool {
        self.questions.is_empty()
    }

    /// The first half of the changes, and the second.
    pub(super) fn halves(self) -> (Self, Self) {
        let (first, second) = self.extents.split_at(self.len() / 2);
        let rows = |of: fn(&Extent) -> usize| first.iter().map(of).sum::<usize>();
        let opened = rows(|extent| extent.opened);
        let questions = self.questions.split_at(opened);
        let unfinished = self.unfinished.split_at(opened);
        let entries = self.entries.split_at(rows(|extent| extent.entries));
        let ended = self.ended.split_at(rows(|extent| extent.ended));
        let half = |extents: &'a [Extent], questions, unfinished, entries, ended| Self {
            extents,
            questions,
            unfinished,
            entries,
            ended,
        };
        (
            half(first, questions.0, unfinished.0, entries.0, ended.0),
            half(second, questions.1, unfinished.1, entries.1, ended.1),
        )
    }

    /// Makes all changes with few statements. An error leaves them half made.
    pub(super) fn make(&self, connection: &mut DbConnection) -> QueryResult<()> {
        insert!(connection, questions::table, self.questions);
        insert!(connection, unfinished_questions::table, self.unfinished);
        insert!(connection, log_entries::table, self.entries);
        for keys in self.ended.chunks(ROWS) {
            let keys = keys.iter().map(Key::bytes);
            let rows = unfinished_questions::table.filter(unfinished_questions::question_id.eq_any(keys));
            diesel::delete(rows).execute(connection)?;
        }
        Ok(())
    }
}

/// Cuts `rows` into slices that one statement each can store.
fn bounded<R: Length>(rows: &[R]) -> impl Iterator<Item = &[R]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let (mut count, mut bytes) = (0, 0);
        while let Some(row) = rest.get(count) {
            bytes += row.length();
            if count > 0 && (count == ROWS || bytes > BYTES) {
                break;
            }
            count += 1;
        }
        let (part, others) = rest.split_at(count);
        rest = others;
        (count > 0).then_some(part)
    })
}

/// How many bytes of text a row has.
trait Length {
    fn length(&self) -> usize;
}

impl Length for QuestionRow {
    fn length(&self) -> usize {
        self.question.len() + self.choice.len()
    }
}

impl Length for UnfinishedRow {
    fn length(&self) -> usize {
        0
    }
}

impl Length for EntryRow {
    fn length(&self) -> usize {
        self.content.len()
    }
}
