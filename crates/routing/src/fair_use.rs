//! How much one asker may ask, so that nobody asks at the cost of all others. Nothing of it waits for a database.

use crate::live::lock;
use crate::{AskError, Question, Router};
use square_kernel::Asker;
use square_limits::{Charge, LimitKey, Quota};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// What the operator lets askers do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FairUse {
    /// Whether asking needs an account.
    pub account_required: bool,
    /// How much each account may ask.
    pub signed_in: AskerLimits,
    /// How much may be asked from each place without an account. An address stands for all that share it, be it one person or a
    /// whole company.
    pub anonymous: AskerLimits,
}

/// How much one asker may ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskerLimits {
    /// How often they may ask or have a dry run made, at all instances; as often as they like where it is missing.
    pub rate: Option<Quota>,
    /// How many of their questions may be under way at one instance; as many as they like where it is missing.
    pub at_once: Option<u32>,
    /// How many skills a question of theirs goes to at most. One that wants more goes to so many.
    pub max_skills: u16,
}

impl FairUse {
    /// Anybody may ask as much as they like.
    pub const UNLIMITED: Self = Self {
        account_required: false,
        signed_in: AskerLimits::UNLIMITED,
        anonymous: AskerLimits::UNLIMITED,
    };

    fn limits(&self, asker: &Asker) -> &AskerLimits {
        if asker.user().is_some() { &self.signed_in } else { &self.anonymous }
    }
}

impl AskerLimits {
    /// As much as they like.
    pub const UNLIMITED: Self = Self { rate: None, at_once: None, max_skills: crate::MaxSkills::MAX };
}

/// How many questions each asker has under way here.
#[derive(Default)]
pub(crate) struct UnderWay(Mutex<HashMap<LimitKey, u32>>);

/// One question that is under way, until it is dropped.
pub(crate) struct Place {
    under_way: Arc<UnderWay>,
    asker: LimitKey,
}

impl UnderWay {
    fn enter(self: &Arc<Self>, asker: LimitKey, at_most: u32) -> Option<Place> {
        let mut places = lock(&self.0);
        let taken = places.entry(asker).or_default();
        if *taken >= at_most {
            return None;
        }
        *taken += 1;
        Some(Place { under_way: Arc::clone(self), asker })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = lock(&self.under_way.0);
        if let Some(taken) = places.get_mut(&self.asker) {
            *taken -= 1;
            if *taken == 0 {
                places.remove(&self.asker);
            }
        }
    }
}

impl Router {
    /// Lets one more question of an asker begin, or says why not. Whoever has too many under way has not asked.
    pub(crate) fn admit(&self, asker: &Asker) -> Result<Option<Place>, AskError> {
        let (limits, key) = (self.may_ask(asker)?, self.asker_key(asker));
        let place = match limits.at_once {
            None => None,
            Some(at_most) => {
                Some(self.under_way.enter(key, at_most).ok_or(AskError::TooManyAtOnce(at_most))?)
            }
        };
        self.count(key, limits)?;
        Ok(place)
    }

    /// The same for a dry run, which is over at once.
    pub(crate) fn admit_dry_run(&self, asker: &Asker) -> Result<(), AskError> {
        let limits = self.may_ask(asker)?;
        self.count(self.asker_key(asker), limits)
    }

    /// How many skills a question goes to at most.
    pub(crate) fn most_skills(&self, asker: &Asker, question: &Question) -> usize {
        let allowed = self.parts.policy.fair_use.limits(asker).max_skills;
        question.max_skills.get().min(allowed).into()
    }

    fn may_ask(&self, asker: &Asker) -> Result<&AskerLimits, AskError> {
        let fair_use = &self.parts.policy.fair_use;
        if fair_use.account_required && asker.user().is_none() {
            return Err(AskError::SignInRequired);
        }
        Ok(fair_use.limits(asker))
    }

    fn count(&self, key: LimitKey, limits: &AskerLimits) -> Result<(), AskError> {
        let Some(quota) = limits.rate else { return Ok(()) };
        Ok(self.parts.meter.spend(&[Charge { key, quota }])?)
    }

    fn asker_key(&self, asker: &Asker) -> LimitKey {
        let hash = |purpose, who: &[u8]| LimitKey(self.parts.keyed_hash.hash(purpose, who));
        match asker.user() {
            Some(user) => hash("limit-questions-of-account", user.uuid().as_bytes()),
            None => hash("limit-questions-from-address", asker.whereabouts.as_bytes()),
        }
    }
}
