//! What every [`CastingStore`] and every [`CastingRecords`](crate::ports::CastingRecords) has to do: one function a rule, each over an empty store.

mod lists;
mod records;
mod writing;

pub use lists::*;
pub use records::Stage;
pub use writing::*;

use crate::model::{Actor, ActorName, Age, Catalogue, Character, Credit, Gender, Movie, Role, Title};
use crate::model::{ActorId, MovieId, RoleId};
use crate::ports::{CastingStore, FOUND_AT_MOST};
use jiff::SignedDuration;
use jiff::civil::{Date, date};
use square_kernel::testing::{ManualClock, SeededRandomness};
use square_naming::{Matching, NameKey};
use std::sync::Arc;

/// Makes a test of every rule. The argument is an async expression that gives `(Arc<dyn CastingStore>, guard)`;
/// the guard (a temporary folder, say) is held while the rule runs.
#[macro_export]
macro_rules! casting_store_contract {
    ($make:expr) => {
        $crate::casting_store_contract!(@each $make;
            a_film_is_found_by_its_title
            an_actor_is_found_by_their_name
            a_character_is_found_with_film_and_actor
            letters_of_every_script_come_back_as_they_were
            a_typo_is_forgiven_where_that_is_asked_for
            look_ups_are_bounded
            a_cast_is_of_one_film
            films_come_in_order_of_release
            days_at_both_ends_belong_to_a_range
            the_first_credits_are_the_oldest
            only_an_empty_store_is_filled
            a_catalogue_is_stored_whole
            one_of_several_fillings_is_stored
        );
    };
    (@each $make:expr; $($rule:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $rule() {
                let (store, _guard) = $make.await;
                $crate::testing::contract::$rule(&store).await;
            }
        )*
    };
}

const WORKS: &str = "the store works";

struct Maker {
    clock: ManualClock,
    randomness: SeededRandomness,
    catalogue: Catalogue,
}

impl Maker {
    fn new() -> Self {
        let (clock, randomness) = (ManualClock::default(), SeededRandomness::default());
        Self { clock, randomness, catalogue: Catalogue::default() }
    }

    fn movie(&mut self, title: &str, release_date: Date) -> MovieId {
        self.clock.advance(SignedDuration::from_millis(1));
        let id = MovieId::new(&self.clock, &self.randomness);
        let title = Title::parse(title).expect("a title");
        self.catalogue.movies.push(Movie { id, title, release_date });
        id
    }

    fn actor(&mut self, name: &str) -> ActorId {
        self.clock.advance(SignedDuration::from_millis(1));
        let id = ActorId::new(&self.clock, &self.randomness);
        let (name, age) = (ActorName::parse(name).expect("a name"), Age::parse(85).expect("an age"));
        let gender = Gender::parse("male").expect("a gender");
        self.catalogue.actors.push(Actor { id, name, age, gender });
        id
    }

    fn role(&mut self, movie: MovieId, actor: ActorId, character: &str) {
        self.clock.advance(SignedDuration::from_millis(1));
        let id = RoleId::new(&self.clock, &self.randomness);
        let character = Character::parse(character).expect("a character");
        self.catalogue.roles.push(Role { id, movie, actor, character });
    }
}

/// Heat with two roles, Scarface with one of the same actor, and a film and an actor without any.
fn catalogue() -> Catalogue {
    let mut maker = Maker::new();
    let heat = maker.movie("Heat", date(1995, 12, 15));
    let scarface = maker.movie("Scarface", date(1983, 12, 9));
    maker.movie("Amélie", date(2001, 4, 25));
    let pacino = maker.actor("Al Pacino");
    let de_niro = maker.actor("Robert De Niro");
    maker.actor("Nobody O’Cast");
    maker.role(heat, pacino, "Vincent Hanna");
    maker.role(scarface, pacino, "Tony Montana");
    maker.role(heat, de_niro, "Neil McCauley");
    maker.catalogue
}

async fn filled(store: &Arc<dyn CastingStore>) -> Catalogue {
    let catalogue = catalogue();
    assert!(store.fill_if_empty(&catalogue).await.expect(WORKS), "the store was not empty");
    catalogue
}

fn keys(names: &[&str]) -> Vec<NameKey> {
    names.iter().map(|name| NameKey::of(name)).collect()
}

fn titles(movies: &[Movie]) -> Vec<&str> {
    movies.iter().map(|movie| movie.title.as_str()).collect()
}

fn characters(credits: &[Credit]) -> Vec<&str> {
    credits.iter().map(|credit| credit.role.character.as_str()).collect()
}

/// By key, whole, oldest first; other titles and unknown keys bring nothing.
pub async fn a_film_is_found_by_its_title(store: &Arc<dyn CastingStore>) {
    let stored = filled(store).await.movies;
    let found = |names: &'static [&str]| async move {
        store.movies_by_title(&keys(names), Matching::Exact).await.expect(WORKS)
    };
    assert_eq!(found(&["AMELIE!", "the heat", "zorn"]).await, [stored[0].clone(), stored[2].clone()]);
    assert_eq!(found(&["heet", "hea", "heat wave"]).await, []);
    assert_eq!(found(&[]).await, []);
}

/// As films are.
pub async fn an_actor_is_found_by_their_name(store: &Arc<dyn CastingStore>) {
    let stored = filled(store).await.actors;
    let named = keys(&["nobody ocast", "al pacino", "pacino"]);
    let found = store.actors_by_name(&named, Matching::Exact).await.expect(WORKS);
    assert_eq!(found, [stored[0].clone(), stored[2].clone()]);
}

/// The role comes with all of its film and its actor.
pub async fn a_character_is_found_with_film_and_actor(store: &Arc<dyn CastingStore>) {
    let stored = filled(store).await;
    let found = store.credits_by_character(&keys(&["neil mccauley"]), Matching::Exact).await.expect(WORKS);
    let expected = Credit {
        role: stored.roles[2].clone(),
        movie: stored.movies[0].clone(),
        actor: stored.actors[1].clone(),
    };
    assert_eq!(found, [expected]);
}

/// Of up to four bytes, with accents of their own, with quotes and the placeholders of patterns.
pub async fn letters_of_every_script_come_back_as_they_were(store: &Arc<dyn CastingStore>) {
    let mut maker = Maker::new();
    for name in ["𐐀𐐁 🦀", "Cafe\u{301} \"%_\\'", "北京  大学", "ΌΔΥΣΣΕΎΣ", "Straße d’Été"]
    {
        let (movie, actor) = (maker.movie(name, date(1995, 12, 15)), maker.actor(name));
        maker.role(movie, actor, name);
    }
    let stored = maker.catalogue;
    assert!(store.fill_if_empty(&stored).await.expect(WORKS));
    for (movie, (actor, role)) in stored.movies.iter().zip(stored.actors.iter().zip(&stored.roles)) {
        let credit = Credit { role: role.clone(), movie: movie.clone(), actor: actor.clone() };
        for matching in [Matching::Exact, Matching::Resembling] {
            let found = store.movies_by_title(&[movie.key()], matching).await.expect(WORKS);
            assert_eq!(found, std::slice::from_ref(movie));
            let found = store.actors_by_name(&[actor.key()], matching).await.expect(WORKS);
            assert_eq!(found, std::slice::from_ref(actor));
            let found = store.credits_by_character(&[role.key()], matching).await.expect(WORKS);
            assert_eq!(found, std::slice::from_ref(&credit));
        }
    }
}

/// A letter wrong, missing, too many or swapped, at the beginning, in the middle or at the end; not two.
pub async fn a_typo_is_forgiven_where_that_is_asked_for(store: &Arc<dyn CastingStore>) {
    filled(store).await;
    let resembling =
        |name| async move { store.movies_by_title(&keys(&[name]), Matching::Resembling).await.expect(WORKS) };
    for typo in ["heat", "xeat", "hext", "heax", "heatt", "ehat", "haet", "heta", "hea t", "sheat"] {
        assert_eq!(titles(&resembling(typo).await), ["Heat"], "{typo}");
    }
    for other in ["xext", "hated", "eat", "h"] {
        assert_eq!(resembling(other).await, [], "{other}");
    }
    let wanted = keys(&["scarfase", "tonny montana", "zorn", "amelei", "al pachino"]);
    let movies = store.movies_by_title(&wanted, Matching::Resembling).await.expect(WORKS);
    assert_eq!(titles(&movies), ["Scarface", "Amélie"]);
    let actors = store.actors_by_name(&wanted, Matching::Resembling).await.expect(WORKS);
    assert_eq!(actors.len(), 1);
    let credits = store.credits_by_character(&wanted, Matching::Resembling).await.expect(WORKS);
    assert_eq!(characters(&credits), ["Tony Montana"]);
}

/// However many things have one name, a look-up gives the oldest [`FOUND_AT_MOST`].
pub async fn look_ups_are_bounded(store: &Arc<dyn CastingStore>) {
    let mut maker = Maker::new();
    for _ in 0..=FOUND_AT_MOST {
        maker.movie("Hamlet", date(1948, 5, 6));
    }
    assert!(store.fill_if_empty(&maker.catalogue).await.expect(WORKS));
    for matching in [Matching::Exact, Matching::Resembling] {
        let found = store.movies_by_title(&keys(&["hamlet"]), matching).await.expect(WORKS);
        assert_eq!(found, maker.catalogue.movies[..usize::from(FOUND_AT_MOST)], "{matching:?}");
    }
}

/// Oldest role first, not more than asked for; nothing for a film without roles or an unknown one.
pub async fn a_cast_is_of_one_film(store: &Arc<dyn CastingStore>) {
    let movies = filled(store).await.movies;
    let cast = store.cast_of(movies[0].id, 10).await.expect(WORKS);
    assert_eq!(characters(&cast), ["Vincent Hanna", "Neil McCauley"]);
    let first = store.cast_of(movies[0].id, 1).await.expect(WORKS);
    assert_eq!(characters(&first), ["Vincent Hanna"]);
    assert_eq!(store.cast_of(movies[2].id, 10).await.expect(WORKS), []);
    let mut later = Maker::new();
    later.clock.advance(SignedDuration::from_hours(1));
    let unknown = later.movie("Unknown", date(2000, 1, 1));
    assert_eq!(store.cast_of(unknown, 10).await.expect(WORKS).len(), 0);
}

/// By the film's release, not more than asked for.
pub async fn films_come_in_order_of_release(store: &Arc<dyn CastingStore>) {
    let actors = filled(store).await.actors;
    let films = store.films_of(actors[0].id, 10).await.expect(WORKS);
    assert_eq!(characters(&films), ["Tony Montana", "Vincent Hanna"]);
    let first = store.films_of(actors[0].id, 1).await.expect(WORKS);
    assert_eq!(characters(&first), ["Tony Montana"]);
    assert_eq!(store.films_of(actors[2].id, 10).await.expect(WORKS), []);
}

/// From the first day to the last, by release, not more than asked for.
pub async fn days_at_both_ends_belong_to_a_range(store: &Arc<dyn CastingStore>) {
    filled(store).await;
    let between =
        |from, to, limit| async move { store.released_between(from, to, limit).await.expect(WORKS) };
    let (scarface, heat) = (date(1983, 12, 9), date(1995, 12, 15));
    assert_eq!(titles(&between(scarface, heat, 10).await), ["Scarface", "Heat"]);
    assert_eq!(titles(&between(scarface, heat, 1).await), ["Scarface"]);
    assert_eq!(between(date(1983, 12, 10), date(1995, 12, 14), 10).await, []);
}

/// In the order they were made, not more than asked for.
pub async fn the_first_credits_are_the_oldest(store: &Arc<dyn CastingStore>) {
    assert_eq!(store.first_credits(10).await.expect(WORKS), []);
    filled(store).await;
    let credits = store.first_credits(2).await.expect(WORKS);
    assert_eq!(characters(&credits), ["Vincent Hanna", "Tony Montana"]);
}

/// A second filling is refused and changes nothing.
pub async fn only_an_empty_store_is_filled(store: &Arc<dyn CastingStore>) {
    filled(store).await;
    let mut other = Maker::new();
    other.clock.advance(SignedDuration::from_hours(1));
    other.movie("Alien", date(1979, 5, 25));
    assert!(!store.fill_if_empty(&other.catalogue).await.expect(WORKS));
    let found = store.movies_by_title(&keys(&["alien"]), Matching::Exact).await.expect(WORKS);
    assert_eq!(found, []);
}

/// Nothing of a large catalogue is left out.
pub async fn a_catalogue_is_stored_whole(store: &Arc<dyn CastingStore>) {
    let mut maker = Maker::new();
    let actor = maker.actor("Busy Person");
    for number in 0..150 {
        let movie = maker.movie(&format!("Part {number}"), date(2000, 1, 1));
        maker.role(movie, actor, "Themselves");
    }
    assert!(store.fill_if_empty(&maker.catalogue).await.expect(WORKS));
    assert_eq!(store.films_of(actor, 200).await.expect(WORKS).len(), 150);
}

/// Also when they come at once.
pub async fn one_of_several_fillings_is_stored(store: &Arc<dyn CastingStore>) {
    let mut maker = Maker::new();
    let mut calls = Vec::new();
    for _ in 0..8 {
        maker.catalogue = Catalogue::default();
        maker.movie("Heat", date(1995, 12, 15));
        let (store, catalogue) = (Arc::clone(store), maker.catalogue.clone());
        calls.push(tokio::spawn(async move { store.fill_if_empty(&catalogue).await }));
    }
    let mut stored = 0;
    for call in calls {
        stored += usize::from(call.await.expect("a call panicked").expect(WORKS));
    }
    let films = store.movies_by_title(&keys(&["heat"]), Matching::Exact).await.expect(WORKS);
    assert_eq!((stored, films.len()), (1, 1));
}
