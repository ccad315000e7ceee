use super::records::{Made, Stage, WORKS, page};
use crate::lists::{ActorFilter, MovieFilter, RoleFilter, parse_search};
use crate::model::{Actor, ActorName, Age, Character, Gender, Movie, Role, Title};
use crate::ports::{Missing, Written};
use crate::{ActorPatch, MoviePatch, RolePatch};
use jiff::SignedDuration;
use jiff::civil::date;
use square_kernel::testing::{ManualClock, SeededRandomness};
use square_kernel::{Caller, SessionId, UserId};
use square_naming::{Matching, NameKey};
use std::future::Future;

/// How many calls are made at once.
const CALLS: usize = 16;

/// The outcomes of calls made at once.
async fn at_once<T: Send + 'static>(
    calls: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let calls: Vec<_> = calls.into_iter().map(tokio::spawn).collect();
    let mut outcomes = Vec::new();
    for call in calls {
        outcomes.push(call.await.expect("a call panicked"));
    }
    outcomes
}

/// A film, an actor and a role, stored; and what makes more.
async fn scene(stage: &Stage) -> (Made, Movie, Actor, Role) {
    let made = Made::default();
    let (heat, pacino) = (made.movie("Heat", date(1995, 12, 15)), made.actor("Al Pacino", 85, "male"));
    let hanna = made.role(&heat, &pacino, "Vincent Hanna");
    stage.add_movies(std::slice::from_ref(&heat)).await;
    stage.add_actors(std::slice::from_ref(&pacino)).await;
    stage.add_roles(std::slice::from_ref(&hanna)).await;
    (made, heat, pacino, hanna)
}

fn title(text: &str) -> MoviePatch {
    MoviePatch { title: Some(Title::parse(text).expect("a title")), release_date: None }
}

fn character(text: &str) -> RolePatch {
    let character = Some(Character::parse(text).expect("a character"));
    RolePatch { character, ..RolePatch::default() }
}

fn name(text: &str) -> ActorPatch {
    ActorPatch { name: Some(ActorName::parse(text).expect("a name")), ..ActorPatch::default() }
}

/// And nothing else; a patch of nothing gives the thing as it is.
pub async fn a_patch_changes_what_it_names(stage: &Stage) {
    let (made, heat, pacino, hanna) = scene(stage).await;
    let (records, now) = (&stage.records, made.now());
    let expected = Movie { release_date: date(1996, 1, 1), ..heat.clone() };
    let patch = MoviePatch { title: None, release_date: Some(expected.release_date) };
    for patch in [patch, MoviePatch::default()] {
        let changed = records.change_movie(heat.id, &patch, None, now).await.expect(WORKS);
        assert_eq!(changed, Written::Done(expected.clone()));
        assert_eq!(records.movie(heat.id).await.expect(WORKS), Some(expected.clone()));
    }

    let expected = Actor {
        age: Age::parse(86).expect("an age"),
        gender: Gender::parse("man").expect("a gender"),
        ..pacino.clone()
    };
    let patch = ActorPatch { name: None, age: Some(expected.age), gender: Some(expected.gender.clone()) };
    for patch in [patch, ActorPatch::default()] {
        let changed = records.change_actor(pacino.id, &patch, None, now).await.expect(WORKS);
        assert_eq!(changed, Written::Done(expected.clone()));
        assert_eq!(records.actor(pacino.id).await.expect(WORKS), Some(expected.clone()));
    }

    let de_niro = made.actor("Robert De Niro", 82, "male");
    let other = made.movie("Other", date(2000, 1, 1));
    stage.add_actors(std::slice::from_ref(&de_niro)).await;
    stage.add_movies(std::slice::from_ref(&other)).await;
    let expected = Role { actor: de_niro.id, movie: other.id, ..hanna.clone() };
    let patch = RolePatch { movie: Some(other.id), actor: Some(de_niro.id), character: None };
    for patch in [patch, RolePatch::default()] {
        let changed = records.change_role(hanna.id, &patch, None, now).await.expect(WORKS);
        assert_eq!(changed, Written::Done(expected.clone()));
        assert_eq!(records.role(hanna.id).await.expect(WORKS), Some(expected.clone()));
    }
}

/// By lists and by questions, with a typo or without.
pub async fn a_changed_name_is_found_and_the_old_one_is_not(stage: &Stage) {
    let (made, heat, pacino, hanna) = scene(stage).await;
    let (records, store, now) = (&stage.records, &stage.store, made.now());
    records.change_movie(heat.id, &title("Scarface"), None, now).await.expect(WORKS);
    records.change_actor(pacino.id, &name("Tony Someone"), None, now).await.expect(WORKS);
    records.change_role(hanna.id, &character("Montana"), None, now).await.expect(WORKS);
    for (text, found) in [("heat", 0), ("scar", 1)] {
        let title = Some(parse_search("title", text).expect("a search"));
        let filter = MovieFilter { title, ..MovieFilter::default() };
        assert_eq!(records.movies(&filter, page(9, None)).await.expect(WORKS).items.len(), found, "{text}");
    }
    for (text, found) in [("pacino", 0), ("someone tony", 1)] {
        let name = Some(parse_search("name", text).expect("a search"));
        let filter = ActorFilter { name, ..ActorFilter::default() };
        assert_eq!(records.actors(&filter, page(9, None)).await.expect(WORKS).items.len(), found, "{text}");
    }
    let keys = ["heat", "al pacino", "vincent hanna", "scarfase", "tony somone", "montanna"].map(NameKey::of);
    let movies = store.movies_by_title(&keys, Matching::Resembling).await.expect(WORKS);
    let actors = store.actors_by_name(&keys, Matching::Resembling).await.expect(WORKS);
    let credits = store.credits_by_character(&keys, Matching::Resembling).await.expect(WORKS);
    assert_eq!((movies.len(), actors.len(), credits.len()), (1, 1, 1));
    assert_eq!((movies[0].title.as_str(), credits[0].role.character.as_str()), ("Scarface", "Montana"));
}

/// None undoes another.
pub async fn patches_of_different_fields_at_once_all_last(stage: &Stage) {
    let (made, heat, pacino, _) = scene(stage).await;
    let now = made.now();
    for round in 0..4 {
        let day = date(2000, 1, 1 + round);
        let of_movie =
            [title(&format!("Title {round}")), MoviePatch { title: None, release_date: Some(day) }];
        let calls = of_movie.into_iter().map(|patch| {
            let (records, id) = (stage.records.clone(), heat.id);
            async move { records.change_movie(id, &patch, None, now).await.expect(WORKS) }
        });
        at_once(calls).await;
        let movie = stage.records.movie(heat.id).await.expect(WORKS).expect("it is there");
        assert_eq!((movie.title.as_str(), movie.release_date), (&*format!("Title {round}"), day));

        let age = Age::parse(i64::from(round)).expect("an age");
        let of_actor =
            [name(&format!("Name {round}")), ActorPatch { age: Some(age), ..ActorPatch::default() }];
        let calls = of_actor.into_iter().map(|patch| {
            let (records, id) = (stage.records.clone(), pacino.id);
            async move { records.change_actor(id, &patch, None, now).await.expect(WORKS) }
        });
        at_once(calls).await;
        let actor = stage.records.actor(pacino.id).await.expect(WORKS).expect("they are there");
        assert_eq!((actor.name.as_str(), actor.age), (&*format!("Name {round}"), age));
    }
}

/// Nor is anything else.
pub async fn what_is_gone_is_neither_changed_nor_removed(stage: &Stage) {
    let (made, heat, pacino, hanna) = scene(stage).await;
    let (records, now) = (&stage.records, made.now());
    let (movie, actor) = (made.movie("Never", date(2000, 1, 1)), made.actor("Never", 9, "any"));
    let role = made.role(&heat, &pacino, "Never");
    assert_eq!(records.change_movie(movie.id, &title("X"), None, now).await.expect(WORKS), Written::Gone);
    assert_eq!(records.change_actor(actor.id, &name("X"), None, now).await.expect(WORKS), Written::Gone);
    assert_eq!(records.change_role(role.id, &character("X"), None, now).await.expect(WORKS), Written::Gone);
    assert_eq!(records.remove_movie(movie.id, None, now).await.expect(WORKS), Written::Gone);
    assert_eq!(records.remove_actor(actor.id, None, now).await.expect(WORKS), Written::Gone);
    assert_eq!(records.remove_role(role.id, None, now).await.expect(WORKS), Written::Gone);
    assert_eq!(records.movie(heat.id).await.expect(WORKS), Some(heat));
    assert_eq!(records.actor(pacino.id).await.expect(WORKS), Some(pacino));
    assert_eq!(records.remove_role(hanna.id, None, now).await.expect(WORKS), Written::Done(()));
    assert_eq!(records.role(hanna.id).await.expect(WORKS), None);
    assert_eq!(records.remove_role(hanna.id, None, now).await.expect(WORKS), Written::Gone);
}

/// And says how many; roles in other films stay.
pub async fn a_film_takes_its_roles_along(stage: &Stage) {
    let (made, heat, pacino, _) = scene(stage).await;
    let other = made.movie("Other", date(2000, 1, 1));
    stage.add_movies(std::slice::from_ref(&other)).await;
    let stays = made.role(&other, &pacino, "Stays");
    stage.add_roles(&[made.role(&heat, &pacino, "Second"), stays.clone()]).await;
    let (records, now) = (&stage.records, made.now());
    assert_eq!(records.remove_movie(heat.id, None, now).await.expect(WORKS), Written::Done(2));
    assert_eq!(records.movie(heat.id).await.expect(WORKS), None);
    let left = records.roles(RoleFilter::default(), page(9, None)).await.expect(WORKS).items;
    assert_eq!(left, [stays]);
    assert_eq!(records.remove_movie(heat.id, None, now).await.expect(WORKS), Written::Gone);
}

/// And says how many; roles of others stay.
pub async fn an_actor_takes_their_roles_along(stage: &Stage) {
    let (made, heat, pacino, _) = scene(stage).await;
    let other = made.actor("Other", 9, "any");
    stage.add_actors(std::slice::from_ref(&other)).await;
    let stays = made.role(&heat, &other, "Stays");
    stage.add_roles(std::slice::from_ref(&stays)).await;
    let (records, now) = (&stage.records, made.now());
    assert_eq!(records.remove_actor(pacino.id, None, now).await.expect(WORKS), Written::Done(1));
    let left = records.roles(RoleFilter::default(), page(9, None)).await.expect(WORKS).items;
    assert_eq!(left, std::slice::from_ref(&stays));
    assert_eq!(records.remove_role(stays.id, None, now).await.expect(WORKS), Written::Done(()));
    assert_eq!(records.remove_actor(other.id, None, now).await.expect(WORKS), Written::Done(0));
}

/// The others are told that it is gone.
pub async fn of_parallel_removals_one_finds_it(stage: &Stage) {
    let (made, heat, pacino, hanna) = scene(stage).await;
    let now = made.now();
    let roles = at_once((0..CALLS).map(|_| {
        let records = stage.records.clone();
        async move { records.remove_role(hanna.id, None, now).await.expect(WORKS) == Written::Done(()) }
    }));
    assert_eq!(roles.await.into_iter().filter(|&found| found).count(), 1);
    let movies = at_once((0..CALLS).map(|_| {
        let records = stage.records.clone();
        async move { records.remove_movie(heat.id, None, now).await.expect(WORKS) == Written::Done(0) }
    }));
    assert_eq!(movies.await.into_iter().filter(|&found| found).count(), 1);
    let actors = at_once((0..CALLS).map(|_| {
        let records = stage.records.clone();
        async move { records.remove_actor(pacino.id, None, now).await.expect(WORKS) == Written::Done(0) }
    }));
    assert_eq!(actors.await.into_iter().filter(|&found| found).count(), 1);
}

/// New or changed; both are named where both are missing.
pub async fn a_role_needs_its_film_and_its_actor(stage: &Stage) {
    let (made, heat, pacino, hanna) = scene(stage).await;
    let (records, now) = (&stage.records, made.now());
    let (movie, actor) = (made.movie("Never", date(2000, 1, 1)), made.actor("Never", 9, "any"));
    for (role, missing) in [
        (made.role(&movie, &pacino, "X"), Missing { movie: true, actor: false }),
        (made.role(&heat, &actor, "X"), Missing { movie: false, actor: true }),
        (made.role(&movie, &actor, "X"), Missing { movie: true, actor: true }),
    ] {
        let added = records.add_role(&role, None, now).await.expect(WORKS);
        assert_eq!(added, Written::Missing(missing));
        let patch = RolePatch { movie: Some(role.movie), actor: Some(role.actor), character: None };
        let changed = records.change_role(hanna.id, &patch, None, now).await.expect(WORKS);
        assert_eq!(changed, Written::Missing(missing));
    }
    let stored = records.roles(RoleFilter::default(), page(9, None)).await.expect(WORKS).items;
    assert_eq!(stored, [hanna]);
}

/// Whoever adds roles while their film or actor is deleted fails in no other way than by being told.
pub async fn no_role_outlives_its_film(stage: &Stage) {
    let made = Made::default();
    for _ in 0..4 {
        let (movie, actor) = (made.movie("Short-lived", date(2000, 1, 1)), made.actor("Somebody", 9, "any"));
        stage.add_movies(std::slice::from_ref(&movie)).await;
        stage.add_actors(std::slice::from_ref(&actor)).await;
        let now = made.now();
        let calls = (0..CALLS).map(|number| {
            let (records, role) = (stage.records.clone(), made.role(&movie, &actor, "Somebody"));
            async move {
                match number {
                    5 => drop(records.remove_movie(role.movie, None, now).await.expect(WORKS)),
                    10 => drop(records.remove_actor(role.actor, None, now).await.expect(WORKS)),
                    _ => {
                        let added = records.add_role(&role, None, now).await.expect(WORKS);
                        assert!(matches!(added, Written::Done(()) | Written::Missing(_)), "{added:?}");
                    }
                }
            }
        });
        at_once(calls).await;
        let left = stage.records.roles(RoleFilter::default(), page(200, None)).await.expect(WORKS).items;
        assert_eq!(left, []);
    }
}

/// Whatever they ask for.
pub async fn who_is_not_signed_in_any_more_changes_no_record(stage: &Stage) {
    let (made, heat, pacino, hanna) = scene(stage).await;
    let (records, now) = (&stage.records, made.now());
    let (clock, randomness) = (ManualClock::default(), SeededRandomness::default());
    clock.advance(SignedDuration::from_hours(1));
    // In no session that there is.
    let (user, session) = (UserId::new(&clock, &randomness), SessionId::new(&clock, &randomness));
    let by = Some(Caller { user, session, rights: 0 });
    let (movie, actor) = (made.movie("New", date(2000, 1, 1)), made.actor("New", 9, "any"));
    let role = made.role(&heat, &pacino, "New");
    assert_eq!(records.add_movie(&movie, by, now).await.expect(WORKS), Written::Overtaken);
    assert_eq!(records.add_actor(&actor, by, now).await.expect(WORKS), Written::Overtaken);
    assert_eq!(records.add_role(&role, by, now).await.expect(WORKS), Written::Overtaken);
    assert_eq!(records.change_movie(heat.id, &title("X"), by, now).await.expect(WORKS), Written::Overtaken);
    assert_eq!(records.change_actor(pacino.id, &name("X"), by, now).await.expect(WORKS), Written::Overtaken);
    assert_eq!(
        records.change_role(hanna.id, &character("X"), by, now).await.expect(WORKS),
        Written::Overtaken
    );
    assert_eq!(records.remove_role(hanna.id, by, now).await.expect(WORKS), Written::Overtaken);
    assert_eq!(records.remove_movie(heat.id, by, now).await.expect(WORKS), Written::Overtaken);
    assert_eq!(records.remove_actor(pacino.id, by, now).await.expect(WORKS), Written::Overtaken);
    assert_eq!(records.movie(heat.id).await.expect(WORKS), Some(heat));
    assert_eq!(records.actor(pacino.id).await.expect(WORKS), Some(pacino));
    assert_eq!(records.role(hanna.id).await.expect(WORKS), Some(hanna));
    assert_eq!(records.movie(movie.id).await.expect(WORKS), None);
}
