//! Proposed examples. Whoever adds to or ends proposals of a skill holds the skill; whoever takes questions from them holds these
//! and the proposals, so that the last one to go takes the proposal along.

mod stored;
mod support;

use crate::Stores;
use crate::changes::Record;
use crate::columns::{Key, Moment, from_counter};
use crate::connection::DbConnection;
use crate::schema::feedback::{proposals, proposing_questions, verdicts};
use crate::schema::skills::skills;
use crate::{sessions, skills as stored_skills, trainings};
use async_trait::async_trait;
use diesel::prelude::*;
use jiff::Timestamp;
use square_changes::{Action, Channel};
use square_kernel::{Caller, Overtaken, Page, SkillId, Slice, Unavailable};
use square_skills::ports::{Accepted, EndedCheck, PendingCheck, ProposalStore};
use square_skills::{Proposal, ProposalId, ProposalState, Ratings, RegisteredSkill, TrainingId};
use std::sync::Arc;
use stored::{Ending, ProposalRow};
pub(crate) use support::{drop_bare, hold_those_of, propose, withdraw};

const CHECKING: &str = ProposalState::Checking.as_str();
const TAKEN: &str = ProposalState::Taken.as_str();
const DISMISSED: &str = ProposalState::Dismissed.as_str();

/// The words for what waits for the owner.
fn open() -> Vec<&'static str> {
    ProposalState::ALL.into_iter().filter(|state| state.is_open()).map(ProposalState::as_str).collect()
}

#[async_trait]
impl ProposalStore for Stores {
    async fn ratings(&self, skill: SkillId) -> Result<Ratings, Unavailable> {
        let skill = Key(skill.uuid());
        self.database
            .read(move |connection| {
                let mut rated = |helpful: bool| {
                    let of_skill = verdicts::table.filter(verdicts::skill_id.eq(skill));
                    of_skill.filter(verdicts::helpful.eq(helpful)).count().get_result::<i64>(connection)
                };
                let (helpful, not_helpful) = (rated(true)?, rated(false)?);
                let of_skill = proposals::table.filter(proposals::skill_id.eq(skill));
                let proposed: i64 =
                    of_skill.filter(proposals::state.eq_any(open())).count().get_result(connection)?;
                Ok(Ratings {
                    helpful: from_counter("verdicts.helpful", helpful)?,
                    not_helpful: from_counter("verdicts.helpful", not_helpful)?,
                    proposed: from_counter("proposals.state", proposed)?,
                })
            })
            .await
    }

    async fn proposals(
        &self,
        skill: SkillId,
        state: Option<ProposalState>,
        page: Page<ProposalId>,
    ) -> Result<Slice<Proposal, ProposalId>, Unavailable> {
        let skill = Key(skill.uuid());
        let rows = self.database.read(move |connection| {
            let mut wanted = proposals::table
                .filter(proposals::skill_id.eq(skill))
                .order(proposals::id.desc())
                .limit(i64::from(page.limit.get()) + 1)
                .into_boxed();
            if let Some(state) = state {
                wanted = wanted.filter(proposals::state.eq(state.as_str()));
            }
            if let Some(after) = page.after {
                wanted = wanted.filter(proposals::id.lt(Key(after.uuid())));
            }
            let rows: Vec<ProposalRow> = wanted.load(connection)?;
            let shown = rows.into_iter().map(|row| row.proposal(connection));
            shown.filter_map(Result::transpose).collect::<QueryResult<Vec<_>>>()
        });
        Ok(Slice::from_surplus(rows.await?, page.limit, |proposal| proposal.id))
    }

    async fn proposal(&self, skill: SkillId, id: ProposalId) -> Result<Option<Proposal>, Unavailable> {
        let (skill, id) = (Key(skill.uuid()), Key(id.uuid()));
        self.database.read(move |connection| find(connection, skill, id)).await
    }

    async fn accept(
        &self,
        skill: SkillId,
        ids: &[ProposalId],
        at: Timestamp,
        by: Option<Caller>,
    ) -> Result<Accepted, Unavailable> {
        let (skill, ids, at) = (Key(skill.uuid()), ids.to_vec(), Moment::from(at));
        self.database
            .change(move |connection, changes| {
                if !sessions::is_still(connection, by)? {
                    return Ok(Accepted::Overtaken);
                }
                let held = stored_skills::hold(connection, skill)?;
                if !held.is_some_and(|known| known.published) {
                    return Ok(Accepted::NotPublished);
                }
                for id in &ids {
                    if find(connection, skill, Key(id.uuid()))?.is_none() {
                        return Ok(Accepted::Unknown(*id));
                    }
                }
                let mut accepted = Vec::new();
                for id in &ids {
                    let id = Key(id.uuid());
                    stand_at(connection, skill, id, ProposalState::Checking, at)?;
                    accepted.extend(find(connection, skill, id)?);
                }
                changes.add(Record::internal(Channel::Training, Action::Update, skill.0, at.at));
                Ok(Accepted::Done(accepted))
            })
            .await
    }

    async fn dismiss(
        &self,
        skill: SkillId,
        id: ProposalId,
        at: Timestamp,
        by: Option<Caller>,
    ) -> Result<Result<Option<Proposal>, Overtaken>, Unavailable> {
        let (skill, id, at) = (Key(skill.uuid()), Key(id.uuid()), Moment::from(at));
        self.database
            .write(move |connection| {
                if !sessions::is_still(connection, by)? {
                    return Ok(Err(Overtaken));
                }
                stand_at(connection, skill, id, ProposalState::Dismissed, at)?;
                find(connection, skill, id).map(Ok)
            })
            .await
    }

    async fn pending_check(&self, at_most: u32) -> Result<Option<PendingCheck>, Unavailable> {
        self.database
            .read(move |connection| {
                let first: Option<Key> = proposals::table
                    .inner_join(
                        proposing_questions::table.on(proposing_questions::proposal_id.eq(proposals::id)),
                    )
                    .filter(proposals::state.eq(CHECKING))
                    .order((proposals::changed_at, proposals::id))
                    .select(proposals::skill_id)
                    .first(connection)
                    .optional()?;
                let Some(skill) = first else { return Ok(None) };
                let of_skill = proposals::table.filter(proposals::skill_id.eq(skill));
                let waiting = of_skill.filter(proposals::state.eq(CHECKING)).order(proposals::id);
                let rows: Vec<ProposalRow> = waiting.limit(at_most.into()).load(connection)?;
                let mut candidates = Vec::new();
                for row in rows {
                    candidates.extend(row.proposal(connection)?.map(|proposal| (proposal.id, proposal.text)));
                }
                let training = trainings::published_one(connection, skill)?.map(|id| id.0.into());
                Ok(Some(PendingCheck { skill: skill.0.into(), training, proposals: candidates }))
            })
            .await
    }

    async fn held_out(&self) -> Result<Vec<(SkillId, Arc<[String]>)>, Unavailable> {
        self.database.read(trainings::held_out).await
    }

    async fn finish_check(
        &self,
        skill: SkillId,
        training: Option<TrainingId>,
        ended: &[EndedCheck],
        at: Timestamp,
    ) -> Result<Option<RegisteredSkill>, Unavailable> {
        let (skill, training) = (Key(skill.uuid()), training.map(|training| Key(training.uuid())));
        let at = Moment::from(at);
        let endings =
            ended.iter().map(Ending::from).collect::<Result<Vec<_>, _>>().map_err(Unavailable::new)?;
        self.database
            .change(move |connection, changes| {
                let Some(known) = stored_skills::hold(connection, skill)? else { return Ok(None) };
                if trainings::published_one(connection, skill)? != training
                    || trainings::is_running(connection, skill)?
                    || !stored::all_wait(connection, skill, &endings)?
                {
                    return Ok(None);
                }
                for ending in &endings {
                    ending.store(connection, skill, at)?;
                }
                let examples: Vec<String> =
                    endings.iter().filter_map(|ending| ending.example.clone()).collect();
                if let Some(training) = training.filter(|_| !examples.is_empty()) {
                    trainings::add_examples(connection, training, &examples)?;
                    let updated = skills::updated_at.eq(at);
                    diesel::update(skills::table.find(skill)).set(updated).execute(connection)?;
                    changes.add(known.record(Action::Update, skill, at.at));
                }
                stored_skills::skill(connection, skill)
            })
            .await
    }
}

fn find(connection: &mut DbConnection, skill: Key, id: Key) -> QueryResult<Option<Proposal>> {
    let row = proposals::table.find(id).filter(proposals::skill_id.eq(skill));
    let row: Option<ProposalRow> = row.first(connection).optional()?;
    row.map_or(Ok(None), |row| row.proposal(connection))
}

/// Puts a proposal at `state`, unless it is there or was taken, and forgets how a trial of it went.
fn stand_at(
    connection: &mut DbConnection,
    skill: Key,
    id: Key,
    state: ProposalState,
    at: Moment,
) -> QueryResult<()> {
    let change = (
        proposals::state.eq(state.as_str()),
        proposals::declined.eq(None::<String>),
        proposals::figures.eq(None::<String>),
        proposals::changed_at.eq(at),
    );
    let settled = proposals::state.ne_all([state.as_str(), TAKEN]);
    let other = proposals::table.find(id).filter(proposals::skill_id.eq(skill)).filter(settled);
    diesel::update(other).set(change).execute(connection).map(drop)
}
