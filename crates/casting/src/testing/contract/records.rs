use crate::model::{Actor, ActorId, ActorName, Age, Character, Gender, Movie, MovieId, Role, RoleId, Title};
use crate::ports::{CastingRecords, CastingStore, Written};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use square_kernel::testing::{ManualClock, SeededRandomness};
use square_kernel::{Clock, Limit, Page, Slice};
use std::fmt;
use std::sync::Arc;

/// Makes a test of every rule for records. The argument is an async expression that gives `(Stage, guard)`; the guard (a temporary folder,
/// say) is held while the rule runs.
#[macro_export]
macro_rules! casting_records_contract {
    ($make:expr) => {
        $crate::casting_records_contract!(@each $make;
            what_was_added_is_found
            things_come_as_they_were_entered
            films_of_a_time_come_by_release
            actors_of_an_age_come_by_age
            a_range_begins_where_it_begins
            names_are_found_by_how_their_words_begin
            what_was_filled_in_is_found_by_words
            genders_are_found_in_any_case
            filters_are_all_kept_to
            roles_are_those_of_a_film_or_of_an_actor
            pages_go_on_whatever_comes_and_goes
            a_patch_changes_what_it_names
            a_changed_name_is_found_and_the_old_one_is_not
            patches_of_different_fields_at_once_all_last
            what_is_gone_is_neither_changed_nor_removed
            a_film_takes_its_roles_along
            an_actor_takes_their_roles_along
            of_parallel_removals_one_finds_it
            a_role_needs_its_film_and_its_actor
            no_role_outlives_its_film
            who_is_not_signed_in_any_more_changes_no_record
        );
    };
    (@each $make:expr; $($rule:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $rule() {
                let (stage, _guard) = $make.await;
                $crate::testing::contract::$rule(&stage).await;
            }
        )*
    };
}

pub(super) const WORKS: &str = "the store works";

/// One empty store, as those see it who change what is in it and those who answer from it.
#[derive(Clone)]
pub struct Stage {
    /// To change and list.
    pub records: Arc<dyn CastingRecords>,
    /// To answer from.
    pub store: Arc<dyn CastingStore>,
}

impl fmt::Debug for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stage")
    }
}

/// Makes things whose ids are in the order of making.
#[derive(Debug, Default)]
pub(super) struct Made {
    clock: ManualClock,
    randomness: SeededRandomness,
}

impl Made {
    fn tick(&self) {
        self.clock.advance(SignedDuration::from_millis(1));
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn movie(&self, title: &str, release_date: Date) -> Movie {
        self.tick();
        let id = MovieId::new(&self.clock, &self.randomness);
        Movie { id, title: Title::parse(title).expect("a title"), release_date }
    }

    pub(super) fn actor(&self, name: &str, age: i64, gender: &str) -> Actor {
        self.tick();
        Actor {
            id: ActorId::new(&self.clock, &self.randomness),
            name: ActorName::parse(name).expect("a name"),
            age: Age::parse(age).expect("an age"),
            gender: Gender::parse(gender).expect("a gender"),
        }
    }

    pub(super) fn role(&self, movie: &Movie, actor: &Actor, character: &str) -> Role {
        self.tick();
        let id = RoleId::new(&self.clock, &self.randomness);
        let character = Character::parse(character).expect("a character");
        Role { id, movie: movie.id, actor: actor.id, character }
    }
}

impl Stage {
    pub(super) async fn add_movies(&self, movies: &[Movie]) {
        for movie in movies {
            let written = self.records.add_movie(movie, None, Timestamp::UNIX_EPOCH).await;
            assert_eq!(written.expect(WORKS), Written::Done(()));
        }
    }

    pub(super) async fn add_actors(&self, actors: &[Actor]) {
        for actor in actors {
            let written = self.records.add_actor(actor, None, Timestamp::UNIX_EPOCH).await;
            assert_eq!(written.expect(WORKS), Written::Done(()));
        }
    }

    pub(super) async fn add_roles(&self, roles: &[Role]) {
        for role in roles {
            let written = self.records.add_role(role, None, Timestamp::UNIX_EPOCH).await;
            assert_eq!(written.expect(WORKS), Written::Done(()));
        }
    }
}

/// A page of `limit` behind `after`.
pub(super) fn page<C>(limit: u16, after: Option<C>) -> Page<C> {
    Page { limit: Limit::new(limit).expect("a limit"), after }
}

/// All pages of a list, one row each, one after another.
pub(super) async fn all_of<T, C: Copy>(list: impl AsyncFn(Page<C>) -> Slice<T, C>) -> Vec<T> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let slice = list(page(1, after)).await;
        assert!(slice.items.len() <= 1);
        all.extend(slice.items);
        after = slice.next;
        if after.is_none() {
            return all;
        }
    }
}
