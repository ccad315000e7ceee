//! Finding questions of one person again.

use super::QuestionRow;
use super::forgetting::first_id_of;
use super::stored::SKILL_RESULT;
use crate::columns::{Key, Moment};
use crate::connection::DbConnection;
use crate::schema::questions::{log_entries, questions};
use diesel::prelude::*;
use jiff::SignedDuration;
use square_kernel::{Page, SkillId};
use square_routing::{HistoryFilter, QuestionId};
use std::collections::HashSet;

/// How many questions are looked at for one page, and how many at once: letters' case is for each database another matter, so texts are
/// compared here.
const LOOKED_AT: usize = 1000;
const AT_ONCE: usize = 250;

/// How far the moment in a question's id may be from the moment that is stored: a narrow bound on ids is there to read little, the
/// moment itself decides.
const SLACK: SignedDuration = SignedDuration::from_secs(1);

/// One page: its questions, and where to go on.
pub(super) struct Found {
    pub(super) rows: Vec<QuestionRow>,
    pub(super) next: Option<QuestionId>,
}

pub(super) fn page_of(
    connection: &mut DbConnection,
    asker: Key,
    filter: &HistoryFilter,
    page: Page<QuestionId>,
) -> QueryResult<Found> {
    let limit = usize::from(page.limit.get());
    let after = page.after.map(|after| Key(after.uuid()));
    if filter.text.is_none() && filter.skill.is_none() {
        let ids = part(connection, asker, filter, after, limit + 1)?;
        let ids = ids.into_iter().map(|(id, _)| id).collect();
        return found(connection, ids, limit, None);
    }
    let (mut fitting, mut last) = (Vec::new(), after);
    for _ in 0..LOOKED_AT / AT_ONCE {
        let candidates = part(connection, asker, filter, last, AT_ONCE)?;
        let all = candidates.len() < AT_ONCE;
        last = candidates.last().map(|(id, _)| *id).or(last);
        fitting.extend(those_that_fit(connection, filter, candidates)?);
        if all {
            return found(connection, fitting, limit, None);
        }
        if fitting.len() > limit {
            break;
        }
    }
    found(connection, fitting, limit, last)
}

/// The next questions by time alone, newest first: ids and texts.
fn part(
    connection: &mut DbConnection,
    asker: Key,
    filter: &HistoryFilter,
    after: Option<Key>,
    at_most: usize,
) -> QueryResult<Vec<(Key, String)>> {
    let mut own = questions::table
        .filter(questions::asker_id.eq(asker))
        .order(questions::id.desc())
        .limit(i64::try_from(at_most).unwrap_or(i64::MAX))
        .select((questions::id, questions::question))
        .into_boxed();
    if let Some(after) = after {
        own = own.filter(questions::id.lt(after));
    }
    if let Some(from) = filter.from {
        let least = from.checked_sub(SLACK).map_or(Key(uuid::Uuid::nil()), |from| Key(first_id_of(from)));
        own = own.filter(questions::id.ge(least)).filter(questions::asked_at.ge(Moment::from(from)));
    }
    if let Some(until) = filter.until {
        if let Ok(until) = until.checked_add(SLACK) {
            own = own.filter(questions::id.lt(Key(first_id_of(until))));
        }
        own = own.filter(questions::asked_at.lt(Moment::from(until)));
    }
    own.load(connection)
}

fn those_that_fit(
    connection: &mut DbConnection,
    filter: &HistoryFilter,
    candidates: Vec<(Key, String)>,
) -> QueryResult<Vec<Key>> {
    let fits = |text: &str| filter.text.as_ref().is_none_or(|wanted| wanted.is_in(text));
    let mut ids: Vec<Key> = candidates.into_iter().filter(|(_, text)| fits(text)).map(|(id, _)| id).collect();
    if let Some(skill) = filter.skill {
        let answered = answered_by(connection, skill, &ids)?;
        ids.retain(|id| answered.contains(id));
    }
    Ok(ids)
}

/// Those of these questions that a skill has answered, or failed to.
fn answered_by(connection: &mut DbConnection, skill: SkillId, ids: &[Key]) -> QueryResult<HashSet<Key>> {
    // How what is stored of an outcome begins; see `stored.rs`.
    let by_skill = format!("{{\"skill\":{{\"id\":\"{skill}\"%");
    let entries = log_entries::table
        .filter(log_entries::question_id.eq_any(ids.iter().map(Key::bytes)))
        .filter(log_entries::kind.eq(SKILL_RESULT))
        .filter(log_entries::content.like(by_skill));
    let answered: Vec<Key> = entries.select(log_entries::question_id).load(connection)?;
    Ok(answered.into_iter().collect())
}

/// The first of these questions. Where there are more than fit, the page goes on behind the last of them, otherwise behind `looked_at`.
fn found(
    connection: &mut DbConnection,
    mut ids: Vec<Key>,
    limit: usize,
    looked_at: Option<Key>,
) -> QueryResult<Found> {
    let more = ids.len() > limit;
    ids.truncate(limit);
    let next = if more { ids.last().copied() } else { looked_at };
    let rows = questions::table
        .filter(questions::id.eq_any(ids.iter().map(Key::bytes)))
        .order(questions::id.desc())
        .load(connection)?;
    Ok(Found { rows, next: next.map(|next| next.0.into()) })
}
