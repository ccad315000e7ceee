use super::records::{Made, Stage, WORKS, all_of, page};
use crate::lists::{ActorCursor, ActorFilter, MovieCursor, MovieFilter, RoleFilter, parse_search};
use crate::model::{Actor, Age, Catalogue, Gender, Movie};
use jiff::civil::{Date, date};
use square_kernel::Page;

async fn movies(stage: &Stage, filter: &MovieFilter) -> Vec<Movie> {
    let whole = stage.records.movies(filter, page(200, None)).await.expect(WORKS);
    assert_eq!(whole.next, None);
    let list = async |page: Page<MovieCursor>| stage.records.movies(filter, page).await.expect(WORKS);
    assert_eq!(all_of(list).await, whole.items, "page by page");
    whole.items
}

async fn actors(stage: &Stage, filter: &ActorFilter) -> Vec<Actor> {
    let whole = stage.records.actors(filter, page(200, None)).await.expect(WORKS);
    assert_eq!(whole.next, None);
    let list = async |page: Page<ActorCursor>| stage.records.actors(filter, page).await.expect(WORKS);
    assert_eq!(all_of(list).await, whole.items, "page by page");
    whole.items
}

fn released(from: Option<Date>, to: Option<Date>) -> MovieFilter {
    MovieFilter { released_from: from, released_to: to, ..MovieFilter::default() }
}

fn aged(from: Option<i64>, to: Option<i64>) -> ActorFilter {
    let age = |age: i64| Age::parse(age).expect("an age");
    ActorFilter { age_from: from.map(age), age_to: to.map(age), ..ActorFilter::default() }
}

fn titled(text: &str) -> MovieFilter {
    let title = Some(parse_search("title", text).expect("a search"));
    MovieFilter { title, ..MovieFilter::default() }
}

fn named(text: &str) -> ActorFilter {
    let name = Some(parse_search("name", text).expect("a search"));
    ActorFilter { name, ..ActorFilter::default() }
}

/// Whole, each by its own id; what was not added is not found.
pub async fn what_was_added_is_found(stage: &Stage) {
    let made = Made::default();
    let (heat, other) = (made.movie("Hêat „1“", date(1995, 12, 15)), made.movie("Other", date(2000, 2, 29)));
    let (pacino, nobody) = (made.actor("Al Pacino 𐐀", 85, "männlich"), made.actor("Nobody", 0, "none"));
    let (hanna, never) = (made.role(&heat, &pacino, "Vincent \"Hanna\""), made.role(&heat, &pacino, "Never"));
    stage.add_movies(std::slice::from_ref(&heat)).await;
    stage.add_actors(std::slice::from_ref(&pacino)).await;
    stage.add_roles(std::slice::from_ref(&hanna)).await;
    let records = &stage.records;
    assert_eq!(records.movie(heat.id).await.expect(WORKS), Some(heat));
    assert_eq!(records.actor(pacino.id).await.expect(WORKS), Some(pacino));
    assert_eq!(records.role(hanna.id).await.expect(WORKS), Some(hanna));
    assert_eq!(records.movie(other.id).await.expect(WORKS), None);
    assert_eq!(records.actor(nobody.id).await.expect(WORKS), None);
    assert_eq!(records.role(never.id).await.expect(WORKS), None);
}

/// Without a filter, and with one that says nothing of order.
pub async fn things_come_as_they_were_entered(stage: &Stage) {
    assert_eq!(movies(stage, &MovieFilter::default()).await, []);
    assert_eq!(actors(stage, &ActorFilter::default()).await, []);
    let made = Made::default();
    let films = ["C", "A", "B"].map(|title| made.movie(title, date(2000, 1, 1)));
    let people = [("C", 3), ("A", 9), ("B", 1)].map(|(name, age)| made.actor(name, age, "any"));
    let parts = ["C", "A", "B"].map(|character| made.role(&films[1], &people[1], character));
    stage.add_movies(&films).await;
    stage.add_actors(&people).await;
    stage.add_roles(&parts).await;
    assert_eq!(movies(stage, &MovieFilter::default()).await, films);
    assert_eq!(actors(stage, &ActorFilter::default()).await, people);
    let roles = stage.records.roles(RoleFilter::default(), page(200, None)).await.expect(WORKS);
    assert_eq!((roles.items, roles.next), (parts.to_vec(), None));
}

/// From either end or both, both days included; those of one day by id.
pub async fn films_of_a_time_come_by_release(stage: &Stage) {
    let made = Made::default();
    let (later, middle) = (made.movie("Later", date(2001, 1, 1)), made.movie("Middle", date(2000, 6, 1)));
    let (same, first) = (made.movie("Same", date(2000, 6, 1)), made.movie("First", date(1999, 12, 31)));
    stage.add_movies(&[later.clone(), middle.clone(), same.clone(), first.clone()]).await;
    let by_release = [first.clone(), middle.clone(), same.clone(), later.clone()];
    assert_eq!(movies(stage, &released(Some(date(1900, 1, 1)), None)).await, by_release);
    assert_eq!(movies(stage, &released(None, Some(date(2100, 1, 1)))).await, by_release);
    let (day, end) = (Some(middle.release_date), Some(later.release_date));
    assert_eq!(movies(stage, &released(day, end)).await, [middle.clone(), same.clone(), later]);
    assert_eq!(movies(stage, &released(day, day)).await, [middle, same]);
    assert_eq!(movies(stage, &released(None, Some(first.release_date))).await, [first]);
    assert_eq!(movies(stage, &released(end.and_then(|end| end.tomorrow().ok()), None)).await, []);
}

/// A cursor from before the range, as another filter gave it, is one before its first.
pub async fn a_range_begins_where_it_begins(stage: &Stage) {
    let made = Made::default();
    let films = [date(1999, 12, 31), date(2000, 6, 1)].map(|day| made.movie("Any", day));
    let people = [7, 40].map(|age| made.actor("Any", age, "any"));
    stage.add_movies(&films).await;
    stage.add_actors(&people).await;
    let filter = released(Some(films[1].release_date), None);
    let found = stage.records.movies(&filter, page(9, Some(MovieCursor::of(&films[0])))).await.expect(WORKS);
    assert_eq!(found.items, films[1..]);
    let filter = aged(Some(40), None);
    let found = stage.records.actors(&filter, page(9, Some(ActorCursor::of(&people[0])))).await.expect(WORKS);
    assert_eq!(found.items, people[1..]);
}

/// From either end or both, both ages included; those of one age by id.
pub async fn actors_of_an_age_come_by_age(stage: &Stage) {
    let made = Made::default();
    let people = [("Old", 90), ("Middle", 40), ("Same", 40), ("Young", 7)]
        .map(|(name, age)| made.actor(name, age, "any"));
    stage.add_actors(&people).await;
    let [old, middle, same, young] = people;
    let by_age = [young.clone(), middle.clone(), same.clone(), old.clone()];
    assert_eq!(actors(stage, &aged(Some(0), None)).await, by_age);
    assert_eq!(actors(stage, &aged(None, Some(150))).await, by_age);
    assert_eq!(actors(stage, &aged(Some(40), Some(90))).await, [middle.clone(), same.clone(), old]);
    assert_eq!(actors(stage, &aged(Some(40), Some(40))).await, [middle, same]);
    assert_eq!(actors(stage, &aged(None, Some(7))).await, [young]);
    assert_eq!(actors(stage, &aged(Some(91), None)).await, []);
}

/// Each word searched for begins one of the name, in any order, case and accents; each thing comes once.
pub async fn names_are_found_by_how_their_words_begin(stage: &Stage) {
    let made = Made::default();
    let films = ["The Godfather", "The Godfather Part II", "Man to Man", "Amélie", "God’s Own", "100%"]
        .map(|title| made.movie(title, date(2000, 1, 1)));
    let people = ["Al Pacino", "Alan Alda", "Robert De Niro"].map(|name| made.actor(name, 50, "any"));
    stage.add_movies(&films).await;
    stage.add_actors(&people).await;
    for (text, found) in [
        ("godfather", &[0, 1][..]),
        ("GOD", &[0, 1, 4]),
        ("the part god", &[1]),
        ("ma", &[2]),
        ("amelie", &[3]),
        ("AMÉL", &[3]),
        ("100", &[5]),
        ("father", &[]),
        ("%", &[]),
        ("g_d", &[]),
        ("godfather iii", &[]),
    ] {
        let found: Vec<Movie> = found.iter().map(|&at: &usize| films[at].clone()).collect();
        assert_eq!(movies(stage, &titled(text)).await, found, "{text}");
    }
    for (text, found) in [("al", &[0, 1][..]), ("pac a", &[0]), ("niro", &[2]), ("lan", &[])] {
        let found: Vec<Actor> = found.iter().map(|&at: &usize| people[at].clone()).collect();
        assert_eq!(actors(stage, &named(text)).await, found, "{text}");
    }
    let long = made.movie(&"ab".repeat(60), date(2000, 1, 1));
    stage.add_movies(std::slice::from_ref(&long)).await;
    assert_eq!(movies(stage, &titled(long.title.as_str())).await, [long]);
}

/// However it came in.
pub async fn what_was_filled_in_is_found_by_words(stage: &Stage) {
    let made = Made::default();
    let (heat, pacino) = (made.movie("Heat", date(1995, 12, 15)), made.actor("Al Pacino", 85, "Male"));
    let roles = vec![made.role(&heat, &pacino, "Vincent Hanna")];
    let catalogue = Catalogue { movies: vec![heat.clone()], actors: vec![pacino.clone()], roles };
    assert!(stage.store.fill_if_empty(&catalogue).await.expect(WORKS));
    assert_eq!(movies(stage, &titled("hea")).await, [heat]);
    assert_eq!(actors(stage, &named("pac")).await, std::slice::from_ref(&pacino));
    let male = Some(Gender::parse("MALE").expect("a gender"));
    assert_eq!(actors(stage, &ActorFilter { gender: male, ..ActorFilter::default() }).await, [pacino]);
}

/// As they were entered, alone and with ages.
pub async fn genders_are_found_in_any_case(stage: &Stage) {
    let made = Made::default();
    let people = [("A", 9, "Female"), ("B", 8, "female"), ("C", 7, "FÉMININ"), ("D", 6, "male")]
        .map(|(name, age, gender)| made.actor(name, age, gender));
    stage.add_actors(&people).await;
    let [a, b, c, d] = people;
    let of = |gender: &str, ages: ActorFilter| {
        let gender = Some(Gender::parse(gender).expect("a gender"));
        ActorFilter { gender, ..ages }
    };
    assert_eq!(actors(stage, &of("female", aged(None, None))).await, [a.clone(), b.clone()]);
    assert_eq!(actors(stage, &of("FEMALE", aged(Some(0), None))).await, [b, a]);
    assert_eq!(actors(stage, &of("féminin", aged(None, None))).await, [c]);
    assert_eq!(actors(stage, &of("male", aged(None, Some(6)))).await, [d]);
    assert_eq!(actors(stage, &of("fe", aged(None, None))).await, []);
}

/// What is listed fits each of them.
pub async fn filters_are_all_kept_to(stage: &Stage) {
    let made = Made::default();
    let (old, new) = (made.movie("Heat Wave", date(1935, 1, 1)), made.movie("Heat", date(1995, 12, 15)));
    stage.add_movies(&[old, new.clone(), made.movie("Cold", date(1995, 12, 15))]).await;
    let day = Some(new.release_date);
    let filter = MovieFilter { released_from: day, released_to: day, ..titled("heat") };
    assert_eq!(movies(stage, &filter).await, [new]);
    let people = [("Al A", 9, "x"), ("Al B", 9, "y"), ("Al C", 8, "x"), ("Bo D", 9, "x")]
        .map(|(name, age, gender)| made.actor(name, age, gender));
    stage.add_actors(&people).await;
    let gender = Some(Gender::parse("x").expect("a gender"));
    let filter = ActorFilter { name: named("al").name, gender, ..aged(Some(9), Some(9)) };
    assert_eq!(actors(stage, &filter).await, people[..1]);
}

/// Or of both; of what there is not there are none.
pub async fn roles_are_those_of_a_film_or_of_an_actor(stage: &Stage) {
    let made = Made::default();
    let films = ["A", "B", "C"].map(|title| made.movie(title, date(2000, 1, 1)));
    let people = ["X", "Y", "Z"].map(|name| made.actor(name, 50, "any"));
    stage.add_movies(&films[..2]).await;
    stage.add_actors(&people[..2]).await;
    let parts = [(0, 0, "ax"), (1, 0, "bx"), (0, 1, "ay"), (0, 0, "ax again")].map(
        |(film, person, character): (usize, usize, _)| made.role(&films[film], &people[person], character),
    );
    stage.add_roles(&parts).await;
    for (movie, actor, found) in [
        (Some(0), None, &[0, 2, 3][..]),
        (None, Some(0), &[0, 1, 3]),
        (Some(0), Some(0), &[0, 3]),
        (Some(1), Some(1), &[]),
        (Some(2), None, &[]),
        (None, Some(2), &[]),
    ] {
        let movie = movie.map(|at: usize| films[at].id);
        let filter = RoleFilter { movie, actor: actor.map(|at: usize| people[at].id) };
        let list = async |page| stage.records.roles(filter, page).await.expect(WORKS);
        let found: Vec<_> = found.iter().map(|&at: &usize| parts[at].clone()).collect();
        assert_eq!(all_of(list).await, found, "{filter:?}");
    }
}

/// What is entered or deleted between two pages neither repeats nor hides anything, even if it is what the cursor names.
pub async fn pages_go_on_whatever_comes_and_goes(stage: &Stage) {
    let made = Made::default();
    let early = made.movie("Early", date(1990, 1, 1));
    let films = ["A", "B", "C", "D"].map(|title| made.movie(title, date(2000, 1, 1)));
    stage.add_movies(&films).await;
    for filter in [MovieFilter::default(), released(Some(date(1900, 1, 1)), None)] {
        let first = stage.records.movies(&filter, page(2, None)).await.expect(WORKS);
        assert_eq!(first.items, films[..2], "{filter:?}");
        stage.add_movies(std::slice::from_ref(&early)).await;
        stage.records.remove_movie(films[1].id, None, made.now()).await.expect(WORKS);
        let second = stage.records.movies(&filter, page(2, first.next)).await.expect(WORKS);
        assert_eq!((second.items, second.next), (films[2..].to_vec(), None), "{filter:?}");
        stage.records.remove_movie(early.id, None, made.now()).await.expect(WORKS);
        stage.add_movies(&films[1..2]).await;
    }
}
