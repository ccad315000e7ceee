//! Deleting questions, each with all that refers to it, and the pieces in which answers came.

use super::stored::ANSWER_DELTA;
use crate::changes::{Changes, Record};
use crate::columns::Key;
use crate::connection::DbConnection;
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
    // With all that refers to them.
    let old = questions::table.filter(questions::id.eq_any(ids.iter().map(Key::bytes)));
    diesel::delete(old).execute(connection)
}

/// The least id that can be made at a moment or later: ids begin with the milliseconds (RFC 9562, version 7).
fn first_id_of(at: Timestamp) -> Uuid {
    let millis = u128::try_from(at.as_millisecond()).unwrap_or_default();
    Uuid::from_u128(millis << 80)
}

/// Deletes `at_most` questions of an account with their logs and gives their number. Instances that work on one are told to stop;
/// what they store of it meanwhile finds no place.
pub(crate) fn of_asker(
    connection: &mut DbConnection,
    asker: Key,
    at: Timestamp,
    at_most: u32,
    changes: &mut Changes,
) -> QueryResult<usize> {
    let own = questions::table.filter(questions::asker_id.eq(asker)).order(questions::id);
    let ids: Vec<Key> = own.select(questions::id).limit(at_most.into()).load(connection)?;
    let bytes = || ids.iter().map(Key::bytes);
    let unfinished = unfinished_questions::table.filter(unfinished_questions::question_id.eq_any(bytes()));
    for question in unfinished.select(unfinished_questions::question_id).load::<Key>(connection)? {
        changes.add(Record::internal(Channel::Question, Action::Delete, question.0, at));
    }
    // With all that refers to them.
    diesel::delete(questions::table.filter(questions::id.eq_any(bytes()))).execute(connection)
}
