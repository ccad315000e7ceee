use crate::app::{Call, Person, Reply, TestApp};
use actix_web::http::Method;
use insta::assert_snapshot;
use serde_json::{Value, json};
use square_accounts::{Actor, PermissionName, RoleName};
use square_casting::ports::CastingRecords;
use square_kernel::jiff::SignedDuration;

/// What the first migration lets roles do.
const MIGRATION: &str = include_str!("../../../../migrations/sqlite/2026-01-01-000001_accounts/up.sql");

const UNKNOWN: &str = "01932c07-1c2b-7d3e-8f4a-5b6c7d8e9fa0";

/// What a role may do as the first migration says.
fn seeded(role: &str) -> Vec<&'static str> {
    let line = |line: &'static str| {
        let (holder, permission) = line.trim().strip_prefix("('")?.split_once("', '")?;
        (holder == role).then(|| permission.split('\'').next()).flatten()
    };
    MIGRATION.lines().filter_map(line).collect()
}

impl TestApp {
    /// Somebody signed in with this role, which allows what the first migration says.
    async fn cast(&self, role: &str) -> Person {
        self.people.store.set_role(role, &seeded(role));
        self.holder(role, role).await
    }

    /// Adds a thing; gives its id.
    async fn add(&self, by: &Person, things: &str, body: Value) -> String {
        // What is made within a millisecond is in no order.
        self.people.clock.advance(SignedDuration::from_millis(1));
        let reply = self.post(&format!("/api/{things}"), body).by(by).send().await;
        assert_eq!(reply.status, 201, "{reply}");
        let thing = things.strip_suffix('s').expect("a plural");
        reply.json()[thing]["id"].as_str().expect("it has an id").to_owned()
    }

    async fn movie(&self, by: &Person, title: &str, released: &str) -> String {
        self.add(by, "movies", json!({"title": title, "release_date": released})).await
    }

    async fn actor(&self, by: &Person, name: &str, age: u8, gender: &str) -> String {
        self.add(by, "actors", json!({"name": name, "age": age, "gender": gender})).await
    }

    async fn role(&self, by: &Person, movie: &str, actor: &str, character: &str) -> String {
        let body = json!({"movie_id": movie, "actor_id": actor, "character": character});
        self.add(by, "roles", body).await
    }

    fn change_thing(&self, path: &str, body: &Value) -> Call<'_> {
        self.call(Method::PATCH, path).json(body)
    }

    fn delete(&self, path: &str) -> Call<'_> {
        self.call(Method::DELETE, path)
    }
}

/// The texts under `field` of a list.
fn texts(reply: &Reply, list: &str, field: &str) -> Vec<String> {
    assert_eq!(reply.status, 200, "{reply}");
    let items = reply.json()[list].as_array().expect("a list").clone();
    items.iter().map(|item| item[field].as_str().expect("a text").to_owned()).collect()
}

/// The fields at fault.
fn faulty(reply: &Reply) -> Vec<String> {
    assert_eq!(reply.status, 422, "{reply}");
    let details = reply.json()["details"].as_array().expect("details").clone();
    details.iter().map(|detail| detail["field"].as_str().expect("a field").to_owned()).collect()
}

/// Each call by nobody, by somebody without a role for it, and by the three roles.
const MATRIX: &str = "
    GET    /movies         401 403 200 200 200
    POST   /movies         401 403 403 403 201
    GET    /movies/{movie} 401 403 200 200 200
    PATCH  /movies/{movie} 401 403 403 200 200
    DELETE /movies/{movie} 401 403 403 403 200
    GET    /actors         401 403 200 200 200
    POST   /actors         401 403 403 201 201
    GET    /actors/{actor} 401 403 200 200 200
    PATCH  /actors/{actor} 401 403 403 200 200
    DELETE /actors/{actor} 401 403 403 200 200
    GET    /roles          401 403 200 200 200
    POST   /roles          401 403 403 201 201
    GET    /roles/{role}   401 403 200 200 200
    PATCH  /roles/{role}   401 403 403 200 200
    DELETE /roles/{role}   401 403 403 200 200
";

#[actix_web::test]
async fn every_call_is_for_those_whose_roles_let_them() {
    let app = TestApp::new();
    let root = app.allowed("root", &seeded("executive_producer")).await;
    let somebody = app.holder("somebody", "user").await;
    let mut people = vec![None, Some(somebody)];
    for role in ["casting_assistant", "casting_director", "executive_producer"] {
        people.push(Some(app.cast(role).await));
    }
    let mut calls = 0;
    for row in MATRIX.lines().filter(|row| !row.trim().is_empty()) {
        let mut cells = row.split_whitespace();
        let (method, path) = (cells.next().expect("a method"), cells.next().expect("a path"));
        let statuses: Vec<u16> = cells.map(|status| status.parse().expect("a status")).collect();
        assert_eq!(statuses.len(), people.len(), "{row}");
        for (person, status) in people.iter().zip(statuses) {
            let movie = app.movie(&root, "Heat", "1995-12-15").await;
            let actor = app.actor(&root, "Al Pacino", 85, "male").await;
            let role = app.role(&root, &movie, &actor, "Vincent Hanna").await;
            let before = app.casting.catalogue();
            let at = path.replace("{movie}", &movie).replace("{actor}", &actor).replace("{role}", &role);
            let body = match path {
                _ if path.starts_with("/movies") => {
                    json!({"title": "Scarface", "release_date": "1983-12-09"})
                }
                _ if path.starts_with("/actors") => json!({"name": "Val Kilmer", "age": 65, "gender": "m"}),
                _ => json!({"movie_id": movie, "actor_id": actor, "character": "Tony Montana"}),
            };
            let call = app.call(method.parse().expect("a method"), &format!("/api{at}"));
            let call = if matches!(method, "POST" | "PATCH") { call.json(&body) } else { call };
            let call = if let Some(person) = person { call.by(person) } else { call };
            let reply = call.send().await;
            let code = reply.json()["code"].clone();
            assert_eq!(reply.status, status, "{method} {at}: {reply}");
            match status {
                401 => assert_eq!(
                    (code, reply.header("WWW-Authenticate")),
                    (json!("authentication_required"), Some("Bearer"))
                ),
                403 => assert_eq!(code, "not_allowed"),
                _ => assert_eq!(reply.json()["success"], true),
            }
            let changed = app.casting.catalogue() != before;
            assert_eq!(changed, status < 300 && method != "GET", "{method} {at}");
            calls += 1;
        }
    }
    assert_eq!(calls, 15 * 5);
}

#[actix_web::test]
async fn a_refusal_does_not_tell_whether_there_is_such_a_thing() {
    let app = TestApp::new();
    let producer = app.cast("executive_producer").await;
    let ada = app.holder("ada", "user").await;
    let movie = app.movie(&producer, "Heat", "1995-12-15").await;
    let known = app.get(&format!("/api/movies/{movie}")).by(&ada).send().await.to_string();
    assert_snapshot!(known, @r#"
    403
    {
      "code": "not_allowed",
      "error": 403,
      "message": "this takes the permission get:movies",
      "msg": "this takes the permission get:movies",
      "request_id": "test",
      "success": false
    }
    "#);
    assert_eq!(app.get(&format!("/api/movies/{UNKNOWN}")).by(&ada).send().await.to_string(), known);
    for person in [Some(&ada), None] {
        let status = if person.is_some() { 403 } else { 401 };
        for things in ["movies", "actors", "roles"] {
            for call in [
                app.get(&format!("/api/{things}/{UNKNOWN}")),
                app.delete(&format!("/api/{things}/{UNKNOWN}")),
                app.change_thing(&format!("/api/{things}/{UNKNOWN}"), &json!({})),
                app.get(&format!("/api/{things}?limit=1")),
            ] {
                let call = if let Some(person) = person { call.by(person) } else { call };
                assert_eq!(call.send().await.status, status);
            }
        }
    }
}

#[actix_web::test]
async fn who_played_whom_takes_what_the_film_and_the_actor_take() {
    let app = TestApp::new();
    let producer = app.cast("executive_producer").await;
    let movie = app.movie(&producer, "Heat", "1995-12-15").await;
    let actor = app.actor(&producer, "Al Pacino", 85, "male").await;
    let role = app.role(&producer, &movie, &actor, "Vincent Hanna").await;
    let lacking = [
        ("get:movies", &["get:actors", "get:roles", "post:roles", "patch:roles", "delete:roles"][..]),
        ("get:actors", &["get:movies", "get:roles", "post:roles", "patch:roles", "delete:roles"]),
        ("get:roles", &["get:movies", "get:actors", "post:roles", "patch:roles", "delete:roles"]),
    ];
    for (number, (permission, held)) in lacking.into_iter().enumerate() {
        let person = app.allowed(&format!("holder{number}"), held).await;
        let body = json!({"movie_id": movie, "actor_id": actor, "character": "X"});
        for call in [
            app.get("/api/roles"),
            app.get(&format!("/api/roles?movie_id={movie}")),
            app.get(&format!("/api/roles/{role}")),
            app.post("/api/roles", body.clone()),
            app.change_thing(&format!("/api/roles/{role}"), &body),
            app.delete(&format!("/api/roles/{role}")),
        ] {
            let reply = call.by(&person).send().await;
            let message = format!("this takes the permission {permission}");
            assert_eq!((reply.status, reply.json()["message"].as_str()), (403, Some(&*message)));
        }
    }
    // Nor is a thing shown to those who may change but not see it.
    let writer = app.allowed("writer", &["patch:movies", "delete:movies", "post:movies"]).await;
    let reply = app.change_thing(&format!("/api/movies/{movie}"), &json!({})).by(&writer).send().await;
    assert_eq!(reply.json()["message"], "this takes the permission get:movies");
}

#[actix_web::test]
async fn what_everybody_may_see_is_shown_to_everybody_and_changed_by_nobody() {
    let app = TestApp::new();
    let producer = app.cast("executive_producer").await;
    app.movie(&producer, "Heat", "1995-12-15").await;
    let anonymous = RoleName::parse("role", "anonymous").unwrap();
    for permission in ["get:movies", "post:movies"] {
        let permission = PermissionName::parse(permission).unwrap();
        let operator = Actor::default();
        let set = app.people.accounts.set_permission(&anonymous, &permission, true, &operator);
        assert!(set.await.unwrap());
    }
    assert_eq!(texts(&app.get("/api/movies").send().await, "movies", "title"), ["Heat"]);
    assert_eq!(app.get("/api/actors").send().await.status, 401);
    let body = json!({"title": "Scarface", "release_date": "1983-12-09"});
    assert_eq!(app.post("/api/movies", body).send().await.status, 401);
}

#[actix_web::test]
async fn a_film_is_added_shown_changed_and_deleted() {
    let app = TestApp::new();
    let producer = app.cast("executive_producer").await;
    let body = json!({"title": " Heat ", "release_date": "1995-12-15", "id": UNKNOWN});
    let added = app.post("/api/movies", body).by(&producer).send().await;
    let id = added.json()["movie"]["id"].as_str().unwrap().to_owned();
    assert_ne!(id, UNKNOWN);
    let heat = json!({"id": id, "title": "Heat", "release_date": "1995-12-15"});
    assert_eq!((added.status, added.json()), (201, json!({"success": true, "movie": heat})));
    let path = format!("/api/movies/{}", id.replace('-', ""));
    let shown = app.get(&path).by(&producer).send().await;
    assert_eq!((shown.status, shown.json()), (200, json!({"success": true, "movie": heat})));
    let list = app.get("/api/movies").by(&producer).send().await;
    assert_eq!(list.json(), json!({"success": true, "movies": [heat], "next_cursor": null}));

    let patch = json!({"title": null, "release_date": "1996-01-01"});
    let changed = app.change_thing(&path, &patch).by(&producer).send().await;
    let heat = json!({"id": id, "title": "Heat", "release_date": "1996-01-01"});
    assert_eq!((changed.status, changed.json()), (200, json!({"success": true, "movie": heat})));

    let actor = app.actor(&producer, "Al Pacino", 85, "male").await;
    for character in ["Vincent Hanna", "Himself"] {
        app.role(&producer, &id, &actor, character).await;
    }
    let deleted = app.delete(&path).by(&producer).send().await;
    assert_eq!(
        (deleted.status, deleted.json()),
        (200, json!({"success": true, "deleted": id, "deleted_roles": 2}))
    );
    for call in [app.get(&path), app.change_thing(&path, &patch), app.delete(&path)] {
        let gone = call.by(&producer).send().await;
        assert_eq!((gone.status, gone.json()["message"].clone()), (404, json!("there is no such movie")));
    }
    assert_eq!(texts(&app.get("/api/roles").by(&producer).send().await, "roles", "id"), [""; 0]);
}

#[actix_web::test]
async fn an_actor_is_added_shown_changed_and_deleted() {
    let app = TestApp::new();
    let director = app.cast("casting_director").await;
    let body = json!({"name": "Al Pacino", "age": 85, "gender": "male"});
    let added = app.post("/api/actors", body).by(&director).send().await;
    let id = added.json()["actor"]["id"].as_str().unwrap().to_owned();
    let pacino = json!({"id": id, "name": "Al Pacino", "age": 85, "gender": "male"});
    assert_eq!((added.status, added.json()), (201, json!({"success": true, "actor": pacino})));
    let path = format!("/api/actors/{id}");
    let shown = app.get(&path).by(&director).send().await;
    assert_eq!((shown.status, shown.json()), (200, json!({"success": true, "actor": pacino})));
    let list = app.get("/api/actors").by(&director).send().await;
    assert_eq!(list.json(), json!({"success": true, "actors": [pacino], "next_cursor": null}));
    let changed = app.change_thing(&path, &json!({"age": 86})).by(&director).send().await;
    let pacino = json!({"id": id, "name": "Al Pacino", "age": 86, "gender": "male"});
    assert_eq!((changed.status, changed.json()), (200, json!({"success": true, "actor": pacino})));
    let deleted = app.delete(&path).by(&director).send().await;
    assert_eq!(
        (deleted.status, deleted.json()),
        (200, json!({"success": true, "deleted": id, "deleted_roles": 0}))
    );
    let gone = app.get(&path).by(&director).send().await;
    assert_eq!((gone.status, gone.json()["message"].clone()), (404, json!("there is no such actor")));
}

#[actix_web::test]
async fn a_role_is_added_shown_changed_and_deleted() {
    let app = TestApp::new();
    let producer = app.cast("executive_producer").await;
    let heat = app.movie(&producer, "Heat", "1995-12-15").await;
    let scarface = app.movie(&producer, "Scarface", "1983-12-09").await;
    let pacino = app.actor(&producer, "Al Pacino", 85, "male").await;
    let body = json!({"movie_id": heat, "actor_id": pacino.replace('-', ""), "character": "Vincent Hanna"});
    let added = app.post("/api/roles", body).by(&producer).send().await;
    let id = added.json()["role"]["id"].as_str().unwrap().to_owned();
    let hanna = json!({"id": id, "movie_id": heat, "actor_id": pacino, "character": "Vincent Hanna"});
    assert_eq!((added.status, added.json()), (201, json!({"success": true, "role": hanna})));
    let path = format!("/api/roles/{id}");
    let shown = app.get(&path).by(&producer).send().await;
    assert_eq!((shown.status, shown.json()), (200, json!({"success": true, "role": hanna})));
    let patch = json!({"movie_id": scarface, "character": "Tony Montana"});
    let changed = app.change_thing(&path, &patch).by(&producer).send().await;
    let montana = json!({"id": id, "movie_id": scarface, "actor_id": pacino, "character": "Tony Montana"});
    assert_eq!((changed.status, changed.json()), (200, json!({"success": true, "role": montana})));
    for (query, found) in [
        (format!("movie_id={scarface}"), &["Tony Montana"][..]),
        (format!("actor_id={pacino}&movie_id={scarface}"), &["Tony Montana"]),
        (format!("movie_id={heat}"), &[]),
        (format!("movie_id={UNKNOWN}"), &[]),
    ] {
        let list = app.get(&format!("/api/roles?{query}")).by(&producer).send().await;
        assert_eq!(texts(&list, "roles", "character"), found, "{query}");
    }
    let deleted = app.delete(&path).by(&producer).send().await;
    assert_eq!((deleted.status, deleted.json()), (200, json!({"success": true, "deleted": id})));
    assert_eq!(app.delete(&path).by(&producer).send().await.status, 404);
}

#[actix_web::test]
async fn what_breaks_a_rule_is_named_whole() {
    let app = TestApp::new();
    let producer = app.cast("executive_producer").await;
    let movie = app.movie(&producer, "Heat", "1995-12-15").await;
    let actor = app.actor(&producer, "Al Pacino", 85, "male").await;
    let role = app.role(&producer, &movie, &actor, "Vincent Hanna").await;
    let before = app.casting.catalogue();
    let (movie, actor, role) =
        (format!("movies/{movie}"), format!("actors/{actor}"), format!("roles/{role}"));
    for (things, thing, body, fields) in [
        ("movies", &movie, json!({}), &["title", "release_date"][..]),
        ("movies", &movie, json!({"title": " ", "release_date": "1995-02-30"}), &["title", "release_date"]),
        (
            "movies",
            &movie,
            json!({"title": "x".repeat(121), "release_date": "15.12.1995"}),
            &["title", "release_date"],
        ),
        ("actors", &actor, json!({}), &["name", "age", "gender"]),
        ("actors", &actor, json!({"name": "a\nb", "age": 151, "gender": ""}), &["name", "age", "gender"]),
        (
            "actors",
            &actor,
            json!({"name": "x".repeat(81), "age": -1, "gender": "x".repeat(31)}),
            &["name", "age", "gender"],
        ),
        ("roles", &role, json!({}), &["movie_id", "actor_id", "character"]),
        (
            "roles",
            &role,
            json!({"movie_id": "1", "actor_id": "x", "character": ""}),
            &["movie_id", "actor_id", "character"],
        ),
        (
            "roles",
            &role,
            json!({"movie_id": UNKNOWN, "actor_id": UNKNOWN, "character": "X"}),
            &["movie_id", "actor_id"],
        ),
    ] {
        let added = app.post(&format!("/api/{things}"), body.clone()).by(&producer).send().await;
        assert_eq!(faulty(&added), fields, "{body}");
        if body != json!({}) {
            let changed = app.change_thing(&format!("/api/{thing}"), &body).by(&producer).send().await;
            assert_eq!(faulty(&changed), fields, "{body}");
        }
    }
    for (things, body, field) in [
        ("movies", json!({"title": 1, "release_date": "1995-12-15"}), "title"),
        ("actors", json!({"name": "A", "age": "old", "gender": "x"}), "age"),
        ("actors", json!({"name": "A", "age": 1.5, "gender": "x"}), "age"),
        ("roles", json!({"movie_id": [], "actor_id": UNKNOWN, "character": "X"}), "movie_id"),
    ] {
        let reply = app.post(&format!("/api/{things}"), body).by(&producer).send().await;
        assert_eq!((reply.status, reply.json()["details"][0]["field"].clone()), (400, json!(field)));
    }
    assert_eq!(app.casting.catalogue(), before);
}

#[actix_web::test]
async fn what_a_list_is_asked_for_is_checked() {
    let app = TestApp::new();
    let assistant = app.cast("casting_assistant").await;
    let words = ["w"; 11].iter().enumerate().map(|(number, w)| format!("{w}{number}")).collect::<Vec<_>>();
    for (query, fields) in [
        (
            "movies?title=&released_from=x&released_to=1995-02-30",
            &["title", "released_from", "released_to"][..],
        ),
        ("movies?released_from=2000-01-02&released_to=2000-01-01", &["released_from"]),
        ("movies?limit=0&cursor=x", &["limit", "cursor"]),
        ("movies?limit=201", &["limit"]),
        (&format!("movies?cursor={UNKNOWN}"), &["cursor"]),
        (&format!("movies?title={}", words.join("+")), &["title"]),
        (&format!("movies?title={}", "x".repeat(121)), &["title"]),
        ("actors?name=&gender=&age_from=x&age_to=151", &["name", "gender", "age_from", "age_to"]),
        ("actors?age_from=9&age_to=8", &["age_from"]),
        (&format!("actors?cursor=151.{UNKNOWN}"), &["cursor"]),
        ("roles?movie_id=1&actor_id=", &["movie_id", "actor_id"]),
        ("roles?cursor=1", &["cursor"]),
    ] {
        let reply = app.get(&format!("/api/{query}")).by(&assistant).send().await;
        assert_eq!(faulty(&reply), fields, "{query}");
    }
    for things in ["movies", "actors", "roles"] {
        for id in ["1", "nonsense", UNKNOWN] {
            let path = format!("/api/{things}/{id}");
            assert_eq!(app.get(&path).by(&assistant).send().await.status, 404, "{path}");
        }
        let reply = app.call(Method::PUT, &format!("/api/{things}/{UNKNOWN}")).send().await;
        assert_eq!((reply.status, reply.header("Allow")), (405, Some("GET, PATCH, DELETE, HEAD")));
        let reply = app.call(Method::DELETE, &format!("/api/{things}")).send().await;
        assert_eq!((reply.status, reply.header("Allow")), (405, Some("GET, POST, HEAD")));
    }
}

#[actix_web::test]
async fn lists_are_filtered_and_paged() {
    let app = TestApp::new();
    let producer = app.cast("executive_producer").await;
    for (title, released) in
        [("The Godfather", "1972-03-24"), ("Heat", "1995-12-15"), ("The Godfather Part II", "1974-12-18")]
    {
        app.movie(&producer, title, released).await;
    }
    for (name, age, gender) in
        [("Al Pacino", 85, "male"), ("Diane Keaton", 79, "Female"), ("Alan Alda", 79, "male")]
    {
        app.actor(&producer, name, age, gender).await;
    }
    let list = async |query: &str| app.get(&format!("/api/{query}")).by(&producer).send().await;
    for (query, titles) in [
        ("movies", &["The Godfather", "Heat", "The Godfather Part II"][..]),
        ("movies?title=godf", &["The Godfather", "The Godfather Part II"]),
        ("movies?title=the+part+god", &["The Godfather Part II"]),
        ("movies?title=zorn", &[]),
        ("movies?released_from=1974-12-18", &["The Godfather Part II", "Heat"]),
        (
            "movies?released_from=1900-01-01&released_to=1974-12-18",
            &["The Godfather", "The Godfather Part II"],
        ),
        ("movies?title=god&released_to=1973-01-01", &["The Godfather"]),
    ] {
        assert_eq!(texts(&list(query).await, "movies", "title"), titles, "{query}");
    }
    for (query, names) in [
        ("actors", &["Al Pacino", "Diane Keaton", "Alan Alda"][..]),
        ("actors?name=al", &["Al Pacino", "Alan Alda"]),
        ("actors?gender=female", &["Diane Keaton"]),
        ("actors?age_from=0", &["Diane Keaton", "Alan Alda", "Al Pacino"]),
        ("actors?age_from=79&age_to=79&gender=MALE", &["Alan Alda"]),
        ("actors?age_to=78", &[]),
    ] {
        assert_eq!(texts(&list(query).await, "actors", "name"), names, "{query}");
    }
    for (query, things, field, all) in [
        ("movies?limit=1", "movies", "title", &["The Godfather", "Heat", "The Godfather Part II"][..]),
        ("movies?limit=2&title=god", "movies", "title", &["The Godfather", "The Godfather Part II"]),
        ("actors?limit=1&age_to=150", "actors", "name", &["Diane Keaton", "Alan Alda", "Al Pacino"]),
    ] {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        for _ in 0..all.len() {
            let page = list(&format!("{query}{cursor}")).await;
            found.extend(texts(&page, things, field));
            match page.json()["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(found, all, "{query}");
    }
}

#[actix_web::test]
async fn who_is_signed_out_meanwhile_changes_nothing() {
    let app = TestApp::new();
    let producer = app.cast("executive_producer").await;
    let movie = app.movie(&producer, "Heat", "1995-12-15").await;
    app.casting.shut_out(producer.id);
    let path = format!("/api/movies/{movie}");
    for call in [
        app.delete(&path),
        app.change_thing(&path, &json!({"title": "Scarface"})),
        app.post("/api/movies", json!({"title": "Scarface", "release_date": "1983-12-09"})),
    ] {
        assert_eq!(call.by(&producer).send().await.status, 401);
    }
    let heat = app.casting.movie(movie.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(heat.title.as_str(), "Heat");
    assert_eq!(app.casting.catalogue().movies.len(), 1);
}
