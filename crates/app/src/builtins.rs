//! The built-in services: parts of this process that answer questions. Whoever adds one implements [`Builtin`] and adds it to [`all`].

use async_trait::async_trait;
use square_casting::CastingSkill;
use square_changes::Channel;
use square_companies::CompaniesSkill;
use square_events::EventsSkill;
use square_kernel::{Clock, Unavailable};
use square_persistence::Stores;
use square_skills::{BuiltinName, Skill, TrainingSet};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// A part of this process that answers questions from data that it keeps.
#[async_trait]
pub(crate) trait Builtin: Send + Sync {
    /// What it is called among the parts.
    fn name(&self) -> &'static str;

    /// What a skill that is this part is called, unless somebody says otherwise.
    fn title(&self) -> &'static str;

    /// What it can answer.
    fn description(&self) -> &'static str;

    /// Where changes are told of from which its example questions follow.
    fn channels(&self) -> &'static [Channel];

    /// What answers.
    fn skill(&self) -> Arc<dyn Skill>;

    /// Questions it can answer, made from its data as it is now.
    async fn example_questions(&self) -> Result<TrainingSet, Unavailable>;
}

fn all(stores: &Arc<Stores>, clock: &Arc<dyn Clock>) -> Vec<Arc<dyn Builtin>> {
    vec![
        Arc::new(Casting { stores: stores.clone() }),
        Arc::new(Events { stores: stores.clone(), clock: clock.clone() }),
        Arc::new(Companies { stores: stores.clone() }),
    ]
}

struct Casting {
    stores: Arc<Stores>,
}

#[async_trait]
impl Builtin for Casting {
    fn name(&self) -> &'static str {
        "casting"
    }

    fn title(&self) -> &'static str {
        "Casting"
    }

    fn description(&self) -> &'static str {
        "Films and who played whom in them: casts, characters, ages, release dates."
    }

    fn channels(&self) -> &'static [Channel] {
        &[Channel::Movie, Channel::Actor]
    }

    fn skill(&self) -> Arc<dyn Skill> {
        Arc::new(CastingSkill::new(self.stores.clone()))
    }

    async fn example_questions(&self) -> Result<TrainingSet, Unavailable> {
        square_casting::example_questions(&*self.stores).await
    }
}

struct Events {
    stores: Arc<Stores>,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl Builtin for Events {
    fn name(&self) -> &'static str {
        "events"
    }

    fn title(&self) -> &'static str {
        "Events"
    }

    fn description(&self) -> &'static str {
        "Concerts and other events: what is on, when and where."
    }

    fn channels(&self) -> &'static [Channel] {
        &[Channel::Event]
    }

    fn skill(&self) -> Arc<dyn Skill> {
        Arc::new(EventsSkill::new(self.stores.clone(), self.clock.clone()))
    }

    async fn example_questions(&self) -> Result<TrainingSet, Unavailable> {
        square_events::example_questions(&*self.stores, &*self.clock).await
    }
}

struct Companies {
    stores: Arc<Stores>,
}

#[async_trait]
impl Builtin for Companies {
    fn name(&self) -> &'static str {
        "companies"
    }

    fn title(&self) -> &'static str {
        "Companies"
    }

    fn description(&self) -> &'static str {
        "Banks by their codes and, for whoever owns them, companies: phones, bank accounts, billing."
    }

    /// Example questions are there for everybody to see, so they name banks and no company, and banks do not change.
    fn channels(&self) -> &'static [Channel] {
        &[]
    }

    fn skill(&self) -> Arc<dyn Skill> {
        Arc::new(CompaniesSkill::new(self.stores.clone()))
    }

    async fn example_questions(&self) -> Result<TrainingSet, Unavailable> {
        square_companies::example_questions(&*self.stores).await
    }
}

/// After the last of several changes, how long to wait whether there are more; and how long at most after the first of them.
const QUIET: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(30);

/// When something was changed that is not learnt yet.
#[derive(Debug, Clone, Copy)]
struct Unlearnt {
    first: Instant,
    last: Instant,
}

/// All built-in services, and whose data has changed.
pub(crate) struct Builtins {
    all: Vec<Arc<dyn Builtin>>,
    unlearnt: Mutex<BTreeMap<&'static str, Unlearnt>>,
}

impl Builtins {
    pub(crate) fn new(stores: &Arc<Stores>, clock: &Arc<dyn Clock>) -> Self {
        Self { all: all(stores, clock), unlearnt: Mutex::default() }
    }

    /// All of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<dyn Builtin>> {
        self.all.iter()
    }

    /// The one of this name.
    pub(crate) fn named(&self, name: &str) -> Option<&Arc<dyn Builtin>> {
        self.all.iter().find(|builtin| builtin.name() == name)
    }

    /// What answers under each name.
    pub(crate) fn skills(&self) -> HashMap<BuiltinName, Arc<dyn Skill>> {
        self.all.iter().map(|builtin| (BuiltinName::new(builtin.name()), builtin.skill())).collect()
    }

    /// Something was changed that this channel tells of.
    pub(crate) fn changed(&self, channel: Channel, now: Instant) {
        for builtin in self.all.iter().filter(|builtin| builtin.channels().contains(&channel)) {
            self.note(&**builtin, now);
        }
    }

    /// Has all of them looked at.
    pub(crate) fn all_changed(&self, now: Instant) {
        self.all.iter().for_each(|builtin| self.note(&**builtin, now));
    }

    /// Has one of them looked at.
    pub(crate) fn note(&self, builtin: &dyn Builtin, now: Instant) {
        let mut unlearnt = self.unlearnt.lock().unwrap_or_else(PoisonError::into_inner);
        unlearnt.entry(builtin.name()).or_insert(Unlearnt { first: now, last: now }).last = now;
    }

    /// Takes out those of which it is time to learn what was changed.
    pub(crate) fn due(&self, now: Instant) -> Vec<Arc<dyn Builtin>> {
        let mut unlearnt = self.unlearnt.lock().unwrap_or_else(PoisonError::into_inner);
        let due = |_: &&str, since: &mut Unlearnt| {
            now.duration_since(since.last) >= QUIET || now.duration_since(since.first) >= PATIENCE
        };
        unlearnt.extract_if(.., due).filter_map(|(name, _)| self.named(name).cloned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assembly::Square;
    use crate::settings::for_tests;

    #[tokio::test]
    async fn what_changes_is_looked_at_when_it_has_come_to_rest() {
        let folder = tempfile::tempdir().unwrap();
        let square = Square::assemble(&for_tests(folder.path())).await.unwrap();
        let builtins = &square.builtins;
        let begin = Instant::now();
        let due = |after: Duration| -> Vec<&str> {
            builtins.due(begin + after).iter().map(|builtin| builtin.name()).collect()
        };
        builtins.changed(Channel::Event, begin);
        builtins.changed(Channel::Skill, begin);
        assert!(due(QUIET / 2).is_empty());
        builtins.changed(Channel::Event, begin + QUIET / 2);
        builtins.changed(Channel::Actor, begin + QUIET);
        assert!(due(QUIET).is_empty());
        assert_eq!(due(QUIET / 2 + QUIET), ["events"]);
        assert_eq!(due(QUIET * 2), ["casting"]);
        assert!(due(PATIENCE).is_empty(), "once is enough");

        let mut at = Duration::ZERO;
        while at < PATIENCE {
            builtins.changed(Channel::Movie, begin + at);
            at += QUIET / 2;
        }
        assert_eq!(due(PATIENCE), ["casting"], "it does not go on changing for ever");
    }
}
