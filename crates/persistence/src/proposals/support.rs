//! Which questions propose what, as steps of the transactions of others.

use super::stored::ProposalRow;
use super::{DISMISSED, TAKEN, open};
use crate::columns::{Key, Moment};
use crate::connection::DbConnection;
use crate::schema::feedback::{proposals, proposing_questions};
use crate::schema::questions::questions;
use crate::{skills, trainings};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use square_skills::{ExampleKey, NewProposal, ProposalState};

/// Has a question that is held propose itself, as far as there is room.
pub(crate) fn propose(
    connection: &mut DbConnection,
    question: Key,
    asker: Key,
    new: &NewProposal,
) -> QueryResult<()> {
    let (skill, at) = (Key(new.skill.uuid()), Moment::from(new.at));
    // Others that propose something to this skill wait from here on.
    if !skills::hold(connection, skill)?.is_some_and(|known| known.published) {
        return Ok(());
    }
    let same = hold_same(connection, skill, new.key)?;
    let useless = match &same {
        Some((id, state)) => state != TAKEN && proposes(connection, *id, question)?,
        None => !has_room(connection, skill, asker, new)?,
    };
    // Last, since it takes long.
    if useless || trainings::is_example(connection, skill, new.key)? {
        return Ok(());
    }
    let proposal = if let Some((id, state)) = same {
        if state == TAKEN {
            propose_anew(connection, id, at)?;
        }
        id
    } else {
        let row = ProposalRow {
            id: Key(new.id.uuid()),
            skill_id: skill,
            text_key: new.key.0.to_vec(),
            state: ProposalState::Proposed.as_str().to_owned(),
            declined: None,
            figures: None,
            proposed_at: at,
            changed_at: at,
        };
        diesel::insert_into(proposals::table).values(&row).execute(connection)?;
        row.id
    };
    if proposes(connection, proposal, question)? {
        return Ok(());
    }
    let row = (proposing_questions::proposal_id.eq(proposal), proposing_questions::question_id.eq(question));
    diesel::insert_into(proposing_questions::table).values(row).execute(connection).map(drop)
}

/// The proposal of the same question and how it stands. Whoever takes its last question from it has done so, or waits from here on.
fn hold_same(
    connection: &mut DbConnection,
    skill: Key,
    key: ExampleKey,
) -> QueryResult<Option<(Key, String)>> {
    let same =
        proposals::table.filter(proposals::skill_id.eq(skill)).filter(proposals::text_key.eq(key.0.to_vec()));
    diesel::update(same.clone()).set(proposals::state.eq(proposals::state)).execute(connection)?;
    same.select((proposals::id, proposals::state)).first(connection).optional()
}

fn proposes(connection: &mut DbConnection, proposal: Key, question: Key) -> QueryResult<bool> {
    let row = proposing_questions::table.find((proposal, question));
    Ok(row.count().get_result::<i64>(connection)? > 0)
}

/// The skill was trained without it since it was taken.
fn propose_anew(connection: &mut DbConnection, id: Key, at: Moment) -> QueryResult<()> {
    let change = (
        proposals::state.eq(ProposalState::Proposed.as_str()),
        proposals::declined.eq(None::<String>),
        proposals::figures.eq(None::<String>),
        proposals::changed_at.eq(at),
    );
    diesel::update(proposals::table.find(id)).set(change).execute(connection).map(drop)
}

fn has_room(connection: &mut DbConnection, skill: Key, asker: Key, new: &NewProposal) -> QueryResult<bool> {
    let of_skill = proposals::table.filter(proposals::skill_id.eq(skill));
    let waiting: i64 = of_skill.filter(proposals::state.eq_any(open())).count().get_result(connection)?;
    if waiting >= i64::from(new.policy.per_skill) {
        return Ok(false);
    }
    let own: Vec<Key> = proposals::table
        .inner_join(proposing_questions::table.on(proposing_questions::proposal_id.eq(proposals::id)))
        .inner_join(questions::table.on(questions::id.eq(proposing_questions::question_id)))
        .filter(proposals::skill_id.eq(skill))
        .filter(proposals::state.ne(TAKEN))
        .filter(questions::asker_id.eq(asker))
        .select(proposals::id)
        .distinct()
        .limit(i64::from(new.policy.per_asker))
        .load(connection)?;
    Ok(own.len() < new.policy.per_asker as usize)
}

/// Has a question that is held propose itself no more to a skill, where that is open.
pub(crate) fn withdraw(connection: &mut DbConnection, question: Key, skill: Key) -> QueryResult<()> {
    let settled = [TAKEN, DISMISSED];
    let theirs: Vec<Key> = proposals::table
        .inner_join(proposing_questions::table.on(proposing_questions::proposal_id.eq(proposals::id)))
        .filter(proposing_questions::question_id.eq(question))
        .filter(proposals::skill_id.eq(skill))
        .filter(proposals::state.ne_all(settled))
        .select(proposals::id)
        .load(connection)?;
    for id in theirs {
        // The owner may decide at this moment.
        let still = proposals::table.find(id).filter(proposals::state.ne_all(settled));
        if diesel::update(still).set(proposals::state.eq(proposals::state)).execute(connection)? > 0 {
            diesel::delete(proposing_questions::table.find((id, question))).execute(connection)?;
            drop_bare(connection, &[id])?;
        }
    }
    Ok(())
}

/// Holds the proposals that any of these questions, which are held, propose.
pub(crate) fn hold_those_of(connection: &mut DbConnection, questions: &[Key]) -> QueryResult<Vec<Key>> {
    let theirs: Vec<Key> = proposing_questions::table
        .filter(proposing_questions::question_id.eq_any(questions.iter().map(Key::bytes)))
        .select(proposing_questions::proposal_id)
        .distinct()
        .order(proposing_questions::proposal_id)
        .load(connection)?;
    if !theirs.is_empty() {
        let held = proposals::table.filter(proposals::id.eq_any(theirs.iter().map(Key::bytes)));
        diesel::update(held).set(proposals::state.eq(proposals::state)).execute(connection)?;
    }
    Ok(theirs)
}

/// Deletes those of these proposals, which are held, that no question proposes any more.
pub(crate) fn drop_bare(connection: &mut DbConnection, ids: &[Key]) -> QueryResult<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let proposing = proposing_questions::table.filter(proposing_questions::proposal_id.eq(proposals::id));
    let bare = proposals::table
        .filter(proposals::id.eq_any(ids.iter().map(Key::bytes)))
        .filter(not(exists(proposing)));
    diesel::delete(bare).execute(connection).map(drop)
}
