//! The first events of every question. They follow from its record, so they are stored with it, in its row and its commit,
//! and cost nothing beside.

use crate::{Chosen, QuestionRecord};

/// One of the events that a question begins with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum OpeningEvent<'a> {
    /// The question was taken and stored.
    QuestionAccepted,
    /// It was decided which skills are asked.
    RouteDecided,
    /// This skill is being asked.
    SkillStarted(&'a Chosen),
}

/// How many events come before those of the skills.
const BEFORE_SKILLS: u32 = 2;

impl QuestionRecord {
    /// The number of the last event that the question begins with; entries of the log have the numbers that follow.
    pub fn last_opening(&self) -> u32 {
        let skills = u32::try_from(self.choice.chosen.len()).unwrap_or(u32::MAX);
        if self.opening { BEFORE_SKILLS.saturating_add(skills) } else { 0 }
    }

    /// The events that the question begins with and whose numbers are above `after`, with their numbers.
    pub fn opening_events(&self, after: u32) -> impl Iterator<Item = (u32, OpeningEvent<'_>)> {
        let first = [OpeningEvent::QuestionAccepted, OpeningEvent::RouteDecided];
        let skills = self.choice.chosen.iter().map(OpeningEvent::SkillStarted);
        let events = (1..).zip(first.into_iter().chain(skills));
        let last = self.last_opening();
        events.filter(move |(number, _)| *number > after && *number <= last)
    }
}
