//! Deleting questions, each with all that refers to it, and the pieces in which answers came.

use super::stored::ANSWER_DELTA;
use crate::changes::{Changes, Record};
use crate::columns::{Key, count};
use crate::connection::DbConnection;
use crate::proposals;
use crate::schema::questions::{log_entries, questions, streamed_questions, unfinished_questions};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use jiff::Timestamp;
use square_changes::{Action, Channel};
use uuid::Uuid;

/// Deletes the pieces of `at_most` questions that have ended and whose ids were made before `before`, and gives their number.
pub(super) fn deltas(connection: &mut DbConnection, before: Timestamp, at_most: u32) -> QueryResult<usize> {
    let unfinished = unfinished_questions::table
        .filter(unfinished_questions::question_id.eq(streamed_questions::question_id))
        .select(unfinished_questions::question_id);
    let ids: Vec<Key> = streamed_questions::table
        .filter(streamed_questions::question_id.lt(Key(first_id_of(before))))
        .filter(not(exists(unfinished)))
        .order(streamed_questions::question_id)
        .limit(at_most.into())
        .select(streamed_questions::question_id)
        .load(connection)?;
    let bytes = || ids.iter().map(Key::bytes);
    let of_these = log_entries::table.filter(log_entries::question_id.eq_any(bytes()));
    diesel::delete(of_these.filter(log_entries::kind.eq(ANSWER_DELTA))).execute(connection)?;
    diesel::delete(streamed_questions::table.filter(streamed_questions::question_id.eq_any(bytes())))
        .execute(connection)
}

/// Deletes `at_most` questions that have ended and whose ids were made before `before`, and gives their number.
pub(super) fn old(connection: &mut DbConnection, before: Timestamp, at_most: u32) -> QueryResult<usize> {
    let unfinished = unfinished_questions::table
        .filter(unfinished_questions::question_id.eq(questions::id))
        .select(unfinished_questions::question_id);
    let ids: Vec<Key> = questions::table
        .filter(questions::id.lt(Key(first_id_of(before))))
        .filter(not(exists(unfinished)))
        .order(questions::id)
        .limit(at_most.into())
        .select(questions::id)
        .load(connection)?;
    delete(connection, &ids)
}

/// The least id that can be made at a moment or later: ids begin with the milliseconds (RFC 9562, version 7).
pub(super) fn first_id_of(at: Timestamp) -> Uuid {
    let millis = u128::try_from(at.as_millisecond()).unwrap_or_default();
    Uuid::from_u128(millis << 80)
}

/// Questions of an account that were to be deleted.
pub(crate) struct Part {
    /// How many there were. As many as were wanted: there may be more, whoever deletes these.
    pub(crate) found: u32,
    /// How many of them nobody else has deleted at the same time.
    pub(crate) deleted: u32,
}

/// Deletes `at_most` questions of an account with their logs. Instances that work on one are told to stop; what they store of it
/// meanwhile finds no place.
pub(crate) fn of_asker(
    connection: &mut DbConnection,
    asker: Key,
    at: Timestamp,
    at_most: u32,
    changes: &mut Changes,
) -> QueryResult<Part> {
    let own = questions::table.filter(questions::asker_id.eq(asker)).order(questions::id);
    let ids: Vec<Key> = own.select(questions::id).limit(at_most.into()).load(connection)?;
    give_up(connection, &ids, at, changes)?;
    let deleted = delete(connection, &ids)?;
    Ok(Part { found: count(ids.len()), deleted: count(deleted) })
}

/// Deletes one question of `asker` or of nobody; `false` where there is none.
pub(super) fn one(
    connection: &mut DbConnection,
    id: Key,
    asker: Option<Key>,
    at: Timestamp,
    changes: &mut Changes,
) -> QueryResult<bool> {
    let owner = hold(connection, id)?;
    if !owner.is_some_and(|owner| owner.is_none() || owner == asker) {
        return Ok(false);
    }
    give_up(connection, &[id], at, changes)?;
    delete(connection, &[id]).map(|deleted| deleted > 0)
}

/// Has whoever deletes a question, or stores what rests on it, wait for the end of this transaction. Who asked it; `None` where it is gone.
#[expect(clippy::option_option, reason = "a question that is gone is not one that nobody signed in for")]
pub(crate) fn hold(connection: &mut DbConnection, id: Key) -> QueryResult<Option<Option<Key>>> {
    let itself = questions::asked_at.eq(questions::asked_at);
    diesel::update(questions::table.find(id)).set(itself).execute(connection)?;
    questions::table.find(id).select(questions::asker_id).first(connection).optional()
}

/// Tells the instances that work on any of these questions to stop.
fn give_up(
    connection: &mut DbConnection,
    ids: &[Key],
    at: Timestamp,
    changes: &mut Changes,
) -> QueryResult<()> {
    let bytes = ids.iter().map(Key::bytes);
    let unfinished = unfinished_questions::table.filter(unfinished_questions::question_id.eq_any(bytes));
    for question in unfinished.select(unfinished_questions::question_id).load::<Key>(connection)? {
        changes.add(Record::internal(Channel::Question, Action::Delete, question.0, at));
    }
    Ok(())
}

/// Deletes questions with all that refers to them, and what they alone propose.
fn delete(connection: &mut DbConnection, ids: &[Key]) -> QueryResult<usize> {
    let these = || questions::table.filter(questions::id.eq_any(ids.iter().map(Key::bytes)));
    // From here on they propose nothing more.
    diesel::update(these()).set(questions::asked_at.eq(questions::asked_at)).execute(connection)?;
    let proposals = proposals::hold_those_of(connection, ids)?;
    let deleted = diesel::delete(these()).execute(connection)?;
    proposals::drop_bare(connection, &proposals)?;
    Ok(deleted)
}
