//! Proposals as they are stored.

use super::{CHECKING, TAKEN};
use crate::columns::{Key, Moment, corrupt};
use crate::connection::DbConnection;
use crate::schema::feedback::{proposals, proposing_questions};
use crate::schema::questions::questions;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use square_skills::ports::EndedCheck;
use square_skills::{CheckResult, Compared, ExampleText, Figures, Proposal, ProposalState};
use std::collections::BTreeMap;

#[derive(Queryable, Insertable)]
#[diesel(table_name = proposals, treat_none_as_default_value = false)]
pub(super) struct ProposalRow {
    pub(super) id: Key,
    pub(super) skill_id: Key,
    pub(super) text_key: Vec<u8>,
    pub(super) state: String,
    pub(super) declined: Option<String>,
    pub(super) figures: Option<String>,
    pub(super) proposed_at: Moment,
    pub(super) changed_at: Moment,
}

impl ProposalRow {
    /// With the text that the first of its questions has; `None` where that is going at this moment.
    pub(super) fn proposal(self, connection: &mut DbConnection) -> QueryResult<Option<Proposal>> {
        let of_this = proposing_questions::table.filter(proposing_questions::proposal_id.eq(self.id));
        let questions: i64 = of_this.count().get_result(connection)?;
        let text: Option<String> = of_this
            .inner_join(questions::table.on(questions::id.eq(proposing_questions::question_id)))
            .order(proposing_questions::question_id)
            .select(questions::question)
            .first(connection)
            .optional()?;
        let Some(text) = text else { return Ok(None) };
        let text = ExampleText::of(&text).ok_or_else(|| corrupt("questions.question", "is no example"))?;
        let state: ProposalState =
            self.state.parse().map_err(|()| corrupt("proposals.state", format!("{:?}", self.state)))?;
        let check = match (state, self.figures) {
            (ProposalState::Taken | ProposalState::Declined, Some(figures)) => {
                Some(CheckResult { declined: self.declined, compared: compared(&figures)? })
            }
            _ => None,
        };
        Ok(Some(Proposal {
            id: self.id.0.into(),
            skill: self.skill_id.0.into(),
            text,
            questions: u32::try_from(questions).unwrap_or(u32::MAX),
            state,
            check,
            proposed_at: self.proposed_at.at,
            changed_at: self.changed_at.at,
        }))
    }
}

/// How a trial ended, as it is stored.
pub(super) struct Ending {
    id: Key,
    /// What is added where it is taken.
    pub(super) example: Option<String>,
    declined: Option<String>,
    figures: String,
}

impl Ending {
    pub(super) fn from(ended: &EndedCheck) -> serde_json::Result<Self> {
        let CheckResult { declined, compared } = &ended.result;
        let taken = ended.example.as_ref().filter(|_| declined.is_none());
        Ok(Self {
            id: Key(ended.id.uuid()),
            example: taken.map(|example| example.as_str().to_owned()),
            declined: declined.clone(),
            figures: figures(compared)?,
        })
    }

    /// Ends it where it has not ended otherwise.
    pub(super) fn store(&self, connection: &mut DbConnection, skill: Key, at: Moment) -> QueryResult<()> {
        let state = if self.declined.is_some() { ProposalState::Declined.as_str() } else { TAKEN };
        let change = (
            proposals::state.eq(state),
            proposals::declined.eq(&self.declined),
            proposals::figures.eq(&self.figures),
            proposals::changed_at.eq(at),
        );
        let waiting = proposals::table.find(self.id).filter(proposals::skill_id.eq(skill));
        let waiting = waiting.filter(proposals::state.eq(CHECKING));
        diesel::update(waiting).set(change).execute(connection).map(drop)
    }
}

/// Whether all whose examples are to be added still wait for the end of their trial; from here on they do.
pub(super) fn all_wait(connection: &mut DbConnection, skill: Key, endings: &[Ending]) -> QueryResult<bool> {
    let adding = || endings.iter().filter(|ending| ending.example.is_some());
    let these = proposals::table.filter(proposals::id.eq_any(adding().map(|ending| ending.id.bytes())));
    let waiting = these.filter(proposals::skill_id.eq(skill)).filter(proposals::state.eq(CHECKING));
    let held = diesel::update(waiting).set(proposals::state.eq(CHECKING)).execute(connection)?;
    Ok(held == adding().count())
}

#[derive(Serialize, Deserialize)]
struct StoredFigures {
    held_out: u32,
    before: u32,
    after: u32,
}

fn figures(compared: &Compared) -> serde_json::Result<String> {
    let stored = |(selector, figures): (&String, &Figures)| {
        let Figures { held_out, before, after } = *figures;
        (selector.clone(), StoredFigures { held_out, before, after })
    };
    serde_json::to_string(&compared.iter().map(stored).collect::<BTreeMap<_, _>>())
}

fn compared(json: &str) -> QueryResult<Compared> {
    let stored: BTreeMap<String, StoredFigures> =
        serde_json::from_str(json).map_err(|error| corrupt("proposals.figures", error))?;
    let figures = |(selector, StoredFigures { held_out, before, after })| {
        (selector, Figures { held_out, before, after })
    };
    Ok(stored.into_iter().map(figures).collect())
}
