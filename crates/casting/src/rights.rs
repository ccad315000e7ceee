//! Who may do what with the casting data: the one table of it, for calls and for answers alike.
//!
//! | thing | to see | to make | to change | to delete |
//! |---|---|---|---|---|
//! | films | `get:movies` | `post:movies` | `patch:movies` | `delete:movies` |
//! | actors | `get:actors` | `post:actors` | `patch:actors` | `delete:actors` |
//! | who played whom | `get:roles`, `get:movies`, `get:actors` | `post:roles` | `patch:roles` | `delete:roles` |
//!
//! Who played whom tells of a film and of an actor, so seeing it takes what these take. Whoever makes, changes or deletes a thing is shown it or
//! told of it, so that takes what seeing it takes, too.

use crate::error::CastingError;
use crate::intent::Intent;
use square_kernel::{Asker, Caller};

const MOVIES: &[&str] = &["get:movies"];
const ACTORS: &[&str] = &["get:actors"];
const ROLES: &[&str] = &["get:roles", "get:movies", "get:actors"];

/// A kind of thing that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Thing {
    Movie,
    Actor,
    Role,
}

/// What somebody wants to do to a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Make,
    Change,
    Delete,
}

impl Thing {
    /// What it is called.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Movie => "movie",
            Self::Actor => "actor",
            Self::Role => "role",
        }
    }

    /// All that seeing it takes.
    const fn to_see(self) -> &'static [&'static str] {
        match self {
            Self::Movie => MOVIES,
            Self::Actor => ACTORS,
            Self::Role => ROLES,
        }
    }

    /// What doing something to it takes beside.
    const fn to(self, verb: Verb) -> &'static str {
        match (self, verb) {
            (Self::Movie, Verb::Make) => "post:movies",
            (Self::Movie, Verb::Change) => "patch:movies",
            (Self::Movie, Verb::Delete) => "delete:movies",
            (Self::Actor, Verb::Make) => "post:actors",
            (Self::Actor, Verb::Change) => "patch:actors",
            (Self::Actor, Verb::Delete) => "delete:actors",
            (Self::Role, Verb::Make) => "post:roles",
            (Self::Role, Verb::Change) => "patch:roles",
            (Self::Role, Verb::Delete) => "delete:roles",
        }
    }

    fn lacking_to_see(self, asker: &Asker) -> Option<&'static str> {
        self.to_see().iter().copied().find(|permission| !asker.may(permission))
    }
}

/// Whether `asker` may see such things. Nobody in particular may where the operator lets everybody.
pub(crate) fn may_see(asker: &Asker, thing: Thing) -> Result<(), CastingError> {
    match thing.lacking_to_see(asker) {
        None => Ok(()),
        Some(_) if asker.identity.is_none() => Err(CastingError::SignInRequired),
        Some(permission) => Err(refused(asker, permission)),
    }
}

/// Who asks, if they may do this to such things. What everybody may is not enough: whatever is done has somebody who did it.
pub(crate) fn may(asker: &Asker, verb: Verb, thing: Thing) -> Result<Caller, CastingError> {
    let identity = asker.identity.as_ref().ok_or(CastingError::SignInRequired)?;
    let permission = thing.to(verb);
    let lacking = Some(permission).filter(|permission| !asker.may(permission));
    match lacking.or_else(|| thing.lacking_to_see(asker)) {
        None => Ok(Caller::from(identity)),
        Some(permission) => Err(refused(asker, permission)),
    }
}

fn refused(asker: &Asker, permission: &'static str) -> CastingError {
    let user = asker.user().map(tracing::field::display);
    tracing::warn!(user, permission, "somebody asked for what they may not");
    CastingError::NotAllowed(permission)
}

/// Which parts of the casting data an asker may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sight {
    pub(crate) movies: bool,
    pub(crate) actors: bool,
    pub(crate) roles: bool,
}

impl Sight {
    pub(crate) fn of(asker: &Asker) -> Self {
        let sees = |thing: Thing| thing.lacking_to_see(asker).is_none();
        Self { movies: sees(Thing::Movie), actors: sees(Thing::Actor), roles: sees(Thing::Role) }
    }

    pub(crate) fn is_blind(self) -> bool {
        !self.movies && !self.actors
    }

    /// Whether an answer to `intent` may be given.
    pub(crate) fn covers(self, intent: Intent) -> bool {
        match intent {
            Intent::Age => self.actors,
            Intent::Release | Intent::FilmsOfYear => self.movies,
            Intent::Cast | Intent::Part | Intent::Portrayal | Intent::Films => self.roles,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use square_kernel::testing::{ManualClock, SeededRandomness};
    use square_kernel::{Identity, SessionId, UserId};

    fn with(permissions: &[&str]) -> Asker {
        let (clock, randomness) = (ManualClock::default(), SeededRandomness::default());
        let identity = Identity {
            user: UserId::new(&clock, &randomness),
            session: SessionId::new(&clock, &randomness),
            username: "ada".into(),
            roles: [].into(),
            rights: 7,
        };
        Asker::signed_in(identity, permissions.iter().copied().collect())
    }

    const THINGS: [Thing; 3] = [Thing::Movie, Thing::Actor, Thing::Role];
    const VERBS: [Verb; 3] = [Verb::Make, Verb::Change, Verb::Delete];

    #[test]
    fn each_permission_is_needed_and_all_together_suffice() {
        for thing in THINGS {
            assert!(may_see(&with(thing.to_see()), thing).is_ok(), "{thing:?}");
            for lacking in thing.to_see() {
                let rest: Vec<&str> = thing.to_see().iter().copied().filter(|held| held != lacking).collect();
                let refused = may_see(&with(&rest), thing);
                assert!(
                    matches!(refused, Err(CastingError::NotAllowed(named)) if named == *lacking),
                    "{thing:?}"
                );
            }
            for verb in VERBS {
                let needed = [thing.to_see(), &[thing.to(verb)]].concat();
                assert_eq!(may(&with(&needed), verb, thing).unwrap().rights, 7);
                for lacking in &needed {
                    let rest: Vec<&str> = needed.iter().copied().filter(|held| held != lacking).collect();
                    let refused = may(&with(&rest), verb, thing);
                    assert!(matches!(refused, Err(CastingError::NotAllowed(named)) if named == *lacking));
                }
            }
        }
    }

    #[test]
    fn nobody_in_particular_sees_what_everybody_may_and_changes_nothing() {
        let all =
            |thing: Thing| VERBS.map(|verb| thing.to(verb)).into_iter().chain(thing.to_see().iter().copied());
        for thing in THINGS {
            let everybody = Asker::anonymous(all(thing).collect());
            assert!(may_see(&everybody, thing).is_ok());
            assert!(matches!(may_see(&Asker::default(), thing), Err(CastingError::SignInRequired)));
            for verb in VERBS {
                assert!(matches!(may(&everybody, verb, thing), Err(CastingError::SignInRequired)));
            }
        }
    }
}
