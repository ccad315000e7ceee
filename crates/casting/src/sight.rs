use crate::intent::Intent;
use square_kernel::Asker;

/// Which parts of the casting data an asker may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sight {
    pub(crate) movies: bool,
    pub(crate) actors: bool,
}

impl Sight {
    pub(crate) fn of(asker: &Asker) -> Self {
        Self { movies: asker.may("get:movies"), actors: asker.may("get:actors") }
    }

    pub(crate) fn is_blind(self) -> bool {
        !self.movies && !self.actors
    }

    /// Who played whom tells of a film and of an actor.
    pub(crate) fn roles(self) -> bool {
        self.movies && self.actors
    }

    /// Whether an answer to `intent` may be given.
    pub(crate) fn covers(self, intent: Intent) -> bool {
        match intent {
            Intent::Age => self.actors,
            Intent::Release | Intent::FilmsOfYear => self.movies,
            Intent::Cast | Intent::Part | Intent::Portrayal | Intent::Films => self.roles(),
        }
    }
}
