//! The in-memory store keeps the rules of its port.

use square_kernel::{OsRandomness, SystemClock, UserId};
use square_skills::testing::{MemoryModels, MemorySkills};
use std::future::{Ready, ready};

square_skills::skill_store_contract!(make);

fn make() -> Ready<(Box<MemorySkills>, UserId, ())> {
    let owner = UserId::new(&SystemClock, &OsRandomness);
    let store = MemorySkills::new();
    store.let_own(owner);
    ready((Box::new(store), owner, ()))
}

mod models {
    use super::{MemoryModels, Ready, ready};

    square_skills::model_store_contract!(make);

    fn make() -> Ready<(Box<MemoryModels>, ())> {
        ready((Box::default(), ()))
    }
}
