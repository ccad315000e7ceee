use super::{EntryRow, QuestionRow, StreamedRow, UnfinishedRow};
use crate::columns::Key;
use crate::connection::DbConnection;
use crate::schema::questions::{log_entries, questions, streamed_questions, unfinished_questions};
use diesel::prelude::*;

/// How many rows one statement stores or deletes at most.
const ROWS: usize = 128;

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
        /// Where there are pieces of answers among the rows.
        streamed: Option<StreamedRow>,
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
    streamed: Vec<StreamedRow>,
    ended: Vec<Key>,
}

/// How many rows a change has.
#[derive(Clone, Copy, Default)]
struct Extent {
    opened: usize,
    entries: usize,
    streamed: usize,
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
            Change::Append { rows, streamed, ended } => {
                let extent = Extent {
                    opened: 0,
                    entries: rows.len(),
                    streamed: usize::from(streamed.is_some()),
                    ended: usize::from(ended.is_some()),
                };
                self.entries.extend(rows);
                self.streamed.extend(streamed);
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
            streamed: &self.streamed,
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
    streamed: &'a [StreamedRow],
    ended: &'a [Key],
}

/// Inserts rows in the form that each database knows by itself, since slices do not go through `MultiConnection`.
///
/// So many at a time as are a power of two: for each of these few numbers the connection knows the statement after the first
/// time, where any other would be prepared anew.
macro_rules! insert {
    ($connection:expr, $table:expr, $rows:expr) => {
        let mut rest = $rows;
        while !rest.is_empty() {
            let (rows, others) = rest.split_at(at_once(rest));
            rest = others;
            match &mut *$connection {
                DbConnection::Sqlite(connection) => insert!(@on connection, $table, rows),
                #[cfg(feature = "postgres")]
                DbConnection::Postgres(connection) => insert!(@on connection, $table, rows),
                #[cfg(feature = "mysql")]
                DbConnection::Mysql(connection) => insert!(@on connection, $table, rows),
            }?;
        }
    };
    (@on $connection:expr, $table:expr, $rows:expr) => {
        insert!(@on $connection, $table, $rows, 128 64 32 16 8 4 2 1)
    };
    (@on $connection:expr, $table:expr, $rows:expr, $($number:literal)*) => {
        $(if let Ok(rows) = <&[_; $number]>::try_from($rows) {
            diesel::insert_into($table).values(rows).execute($connection)
        } else)* {
            diesel::insert_into($table).values($rows).execute($connection)
        }
    };
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
        let streamed = self.streamed.split_at(rows(|extent| extent.streamed));
        let ended = self.ended.split_at(rows(|extent| extent.ended));
        let half = |extents: &'a [Extent], questions, unfinished, entries, streamed, ended| Self {
            extents,
            questions,
            unfinished,
            entries,
            streamed,
            ended,
        };
        (
            half(first, questions.0, unfinished.0, entries.0, streamed.0, ended.0),
            half(second, questions.1, unfinished.1, entries.1, streamed.1, ended.1),
        )
    }

    /// Makes all changes with few statements. An error leaves them half made.
    pub(super) fn make(&self, connection: &mut DbConnection) -> QueryResult<()> {
        insert!(connection, questions::table, self.questions);
        insert!(connection, unfinished_questions::table, self.unfinished);
        insert!(connection, log_entries::table, self.entries);
        for rows in self.streamed.chunks(ROWS) {
            note_streamed(connection, rows)?;
        }
        for keys in self.ended.chunks(ROWS) {
            match keys {
                [key] => diesel::delete(unfinished_questions::table.find(*key)).execute(connection)?,
                keys => {
                    let ended = unfinished_questions::question_id.eq_any(keys.iter().map(Key::bytes));
                    diesel::delete(unfinished_questions::table.filter(ended)).execute(connection)?
                }
            };
        }
        Ok(())
    }
}

/// Notes that these questions' logs hold pieces of answers, unless that was noted before.
fn note_streamed(connection: &mut DbConnection, rows: &[StreamedRow]) -> QueryResult<()> {
    let table = streamed_questions::table;
    match connection {
        DbConnection::Sqlite(connection) => {
            diesel::insert_or_ignore_into(table).values(rows).execute(connection)
        }
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(connection) => {
            diesel::insert_into(table).values(rows).on_conflict_do_nothing().execute(connection)
        }
        // Not INSERT IGNORE, which would pass over other faults too.
        #[cfg(feature = "mysql")]
        DbConnection::Mysql(connection) => diesel::replace_into(table).values(rows).execute(connection),
    }
    .map(drop)
}

/// How many of `rows`, of which there must be some, one statement stores: a power of two.
fn at_once<R: Length>(rows: &[R]) -> usize {
    let bytes = rows.iter().take(ROWS).scan(0, |bytes, row| {
        *bytes += row.length();
        Some(*bytes)
    });
    1 << bytes.take_while(|bytes| *bytes <= BYTES).count().max(1).ilog2()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::Moment;
    use jiff::Timestamp;
    use uuid::Uuid;

    fn key(number: usize) -> Key {
        Key(Uuid::from_u128(number as u128))
    }

    fn entry(question: usize, bytes: usize) -> EntryRow {
        EntryRow {
            question_id: key(question),
            seq: 1,
            logged_at: Moment::from(Timestamp::UNIX_EPOCH),
            kind: "finished".to_owned(),
            content: "x".repeat(bytes),
        }
    }

    fn open(question: usize) -> Change {
        let row = QuestionRow {
            id: key(question),
            asker_id: None,
            question: "Who?".to_owned(),
            choice: "{}".to_owned(),
            deadline_us: 1,
            asked_at: Moment::from(Timestamp::UNIX_EPOCH),
        };
        Change::Open {
            question: row,
            unfinished: UnfinishedRow { question_id: key(question), instance_id: key(0) },
        }
    }

    /// Of every other question.
    fn rows_with_pieces(question: usize) -> bool {
        question % 2 == 1
    }

    fn append(question: usize, rows: usize, ended: bool) -> Change {
        let rows = (0..rows).map(|_| entry(question, 1)).collect();
        let streamed = (rows_with_pieces(question)).then(|| StreamedRow { question_id: key(question) });
        Change::Append { rows, streamed, ended: ended.then(|| key(question)) }
    }

    /// The questions of which `part` has rows, table by table.
    fn rows(part: &Part<'_>) -> [Vec<u128>; 5] {
        fn number(key: &Key) -> u128 {
            key.0.as_u128()
        }
        [
            part.questions.iter().map(|row| number(&row.id)).collect(),
            part.unfinished.iter().map(|row| number(&row.question_id)).collect(),
            part.entries.iter().map(|row| number(&row.question_id)).collect(),
            part.streamed.iter().map(|row| number(&row.question_id)).collect(),
            part.ended.iter().map(number).collect(),
        ]
    }

    #[test]
    fn a_batch_falls_into_its_changes_each_with_its_own_rows() {
        let changes =
            [open(0), append(1, 3, false), Change::Nothing, append(3, 2, true), open(4), append(5, 1, true)];
        let batch: Batch = changes.into_iter().collect();
        let mut parts = vec![batch.whole()];
        while let Some(place) = parts.iter().position(|part| part.len() > 1) {
            let (first, second) = parts[place].halves();
            parts.splice(place..=place, [first, second]);
        }
        let found: Vec<_> = parts.iter().map(rows).collect();
        let expected = [
            [vec![0], vec![0], vec![], vec![], vec![]],
            [vec![], vec![], vec![1, 1, 1], vec![1], vec![]],
            [vec![], vec![], vec![], vec![], vec![]],
            [vec![], vec![], vec![3, 3], vec![3], vec![3]],
            [vec![4], vec![4], vec![], vec![], vec![]],
            [vec![], vec![], vec![5], vec![5], vec![5]],
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn statements_are_bounded_in_rows_and_in_bytes() {
        let at_once = |bytes: &[usize]| {
            let rows: Vec<EntryRow> = bytes.iter().map(|bytes| entry(0, *bytes)).collect();
            super::at_once(&rows)
        };
        assert_eq!([1, 2, 3, 7, 100, 500].map(|rows| at_once(&vec![1; rows])), [1, 2, 2, 4, 64, ROWS]);
        assert_eq!(at_once(&[BYTES + 1, 1]), 1);
        assert_eq!(at_once(&[BYTES / 2, BYTES / 2, 1]), 2);
        assert_eq!(at_once(&[BYTES / 2, BYTES / 2 + 1, 1]), 1);
    }
}
