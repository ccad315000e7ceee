use crate::app::{Person, Reply, TestApp};
use actix_web::http::Method;
use insta::assert_snapshot;
use serde_json::{Value, json};
use square_kernel::jiff::SignedDuration;

fn body(date: &str, time: &str, venue: &str) -> Value {
    json!({"date": date, "time": time, "venue": venue, "address": "12 Harbour Street"})
}

impl TestApp {
    /// An event that `owner` enters. Its path.
    async fn event(&self, owner: &Person, body: Value) -> String {
        let reply = self.post("/api/events", body).by(owner).send().await;
        assert_eq!(reply.status, 201, "{reply}");
        self.people.clock.advance(SignedDuration::from_millis(1));
        format!("/api/events/{}", reply.json()["id"].as_str().unwrap())
    }

    /// All events that `query` asks for, over its pages: where and when.
    async fn listed(&self, query: &str) -> Vec<String> {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("/api/events?{query}{cursor}")).send().await;
            assert_eq!(page.status, 200, "{page}");
            let page = page.json();
            let shown = |event: &Value| {
                let word = |name: &str| event[name].as_str().unwrap().to_owned();
                format!("{} {} {}", word("date"), word("time"), word("venue"))
            };
            seen.extend(page["events"].as_array().unwrap().iter().map(shown));
            let Some(next) = page["next_cursor"].as_str() else { return seen };
            cursor = format!("&cursor={next}");
        }
    }
}

fn fields_at_fault(reply: &Reply) -> Vec<String> {
    let body = reply.json();
    let details = body["details"].as_array().unwrap_or_else(|| panic!("{reply}"));
    details.iter().map(|detail| detail["field"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn an_event_is_shown_to_anybody_as_it_was_entered() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    let sent = json!({"date": "2023-12-31", "time": "8pm", "venue": " The Fillmore ", "address": "1805 Geary Boulevard"});
    let entered = app.post("/api/events", sent).by(&ada).send().await;
    assert_snapshot!(entered, @r#"
    201
    {
      "address": "1805 Geary Boulevard",
      "created_at": "2026-01-01T00:00:00Z",
      "date": "2023-12-31",
      "id": "019b76da-a800-7fcd-9d7b-39a820e2f465",
      "owner_id": "019b76da-a800-7fcd-9d7b-39a820e2f465",
      "time": "8pm",
      "time_24h": "20:00",
      "venue": "The Fillmore"
    }
    "#);
    let path = format!("/api/events/{}", entered.json()["id"].as_str().unwrap());
    for path in [path.clone(), path.replace('-', "")] {
        assert_eq!(app.get(&path).send().await.json(), entered.json());
    }
    let listed = app.get("/api/events").send().await.json();
    assert_eq!(listed, json!({"events": [entered.json()], "next_cursor": null}));
    let bad = app.get(&path).header("Authorization", "Bearer nonsense").send().await;
    assert_eq!(bad.status, 401, "{bad}");
}

#[actix_web::test]
async fn who_has_not_signed_in_enters_nothing_and_changes_nothing() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    let path = app.event(&ada, body("2026-12-31", "8pm", "Hall")).await;
    let sent = body("2026-12-30", "noon", "Barn");
    assert_eq!(app.post("/api/events", sent.clone()).send().await.status, 401);
    for method in [Method::PUT, Method::PATCH, Method::DELETE] {
        assert_eq!(app.call(method.clone(), &path).json(&sent).send().await.status, 401, "{method}");
    }
    assert_eq!(app.listed("").await, ["2026-12-31 8pm Hall"]);
}

#[actix_web::test]
async fn times_are_kept_as_written_and_shown_on_24_hours() {
    let app = TestApp::with(|_| {});
    let ada = app.person("ada").await;
    for (time, on_24_hours) in [
        ("8:30 P.M.", "20:30"),
        ("20h30", "20:30"),
        ("12 midnight", "00:00"),
        ("Noon", "12:00"),
        ("09:05", "09:05"),
    ] {
        let reply = app.post("/api/events", body("2026-12-31", time, "Hall")).by(&ada).send().await.json();
        assert_eq!((&reply["time"], &reply["time_24h"]), (&json!(time), &json!(on_24_hours)));
    }
}

#[actix_web::test]
async fn all_fields_at_fault_are_named_at_once() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    let wrong = json!({"date": "2023-02-29", "time": "25:00", "venue": "", "address": "x".repeat(201)});
    assert_snapshot!(app.post("/api/events", wrong.clone()).by(&ada).send().await, @r#"
    422
    {
      "code": "validation_failed",
      "details": [
        {
          "field": "date",
          "message": "must be a date in the calendar"
        },
        {
          "field": "time",
          "message": "must be a time of day such as 8pm, 8:30 PM or 20:00"
        },
        {
          "field": "venue",
          "message": "must not be empty"
        },
        {
          "field": "address",
          "message": "must have at most 200 characters"
        }
      ],
      "error": 422,
      "message": "date must be a date in the calendar; time must be a time of day such as 8pm, 8:30 PM or 20:00; venue must not be empty; address must have at most 200 characters",
      "msg": "date must be a date in the calendar; time must be a time of day such as 8pm, 8:30 PM or 20:00; venue must not be empty; address must have at most 200 characters",
      "request_id": "test",
      "success": false
    }
    "#);
    let path = app.event(&ada, body("2026-12-31", "8pm", "Hall")).await;
    for method in [Method::PUT, Method::PATCH] {
        let reply = app.call(method, &path).json(&wrong).by(&ada).send().await;
        assert_eq!((reply.status, fields_at_fault(&reply).len()), (422, 4), "{reply}");
    }
    let empty = app.call(Method::PUT, &path).json(&json!({})).by(&ada).send().await;
    assert_eq!((empty.status, fields_at_fault(&empty).len()), (422, 4), "{empty}");
    let query = "from=2026-02-30&to=soon&venue=%20&text=&limit=0&cursor=x";
    let reply = app.get(&format!("/api/events?{query}")).send().await;
    assert_eq!(
        (reply.status, fields_at_fault(&reply)),
        (422, vec!["from".to_owned(), "to".to_owned(), "venue".to_owned(), "text".to_owned(),])
    );
    let reply = app.get("/api/events?limit=0&cursor=x").send().await;
    assert_eq!((reply.status, fields_at_fault(&reply)), (422, vec!["limit".to_owned(), "cursor".to_owned()]));
}

#[actix_web::test]
async fn owners_change_theirs() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    let path = app.event(&ada, body("2026-12-31", "8pm", "Hall")).await;
    let before = app.get(&path).send().await.json();
    let patched =
        app.call(Method::PATCH, &path).json(&json!({"time": "9 p.m.", "venue": null})).by(&ada).send().await;
    let mut wanted = before.clone();
    (wanted["time"], wanted["time_24h"]) = (json!("9 p.m."), json!("21:00"));
    assert_eq!((patched.status, patched.json()), (200, wanted));
    let replaced =
        app.call(Method::PUT, &path).json(&body("2027-01-01", "noon", "Barn")).by(&ada).send().await;
    assert_eq!(replaced.status, 200, "{replaced}");
    assert_eq!(
        (&replaced.json()["id"], &replaced.json()["created_at"]),
        (&before["id"], &before["created_at"])
    );
    assert_eq!(app.listed("").await, ["2027-01-01 noon Barn"]);
    let deleted = app.call(Method::DELETE, &path).by(&ada).send().await;
    assert_eq!((deleted.status, deleted.json()), (200, replaced.json()));
    assert_eq!(app.listed("").await, Vec::<String>::new());
    for method in [Method::GET, Method::PUT, Method::PATCH, Method::DELETE] {
        let reply = app.call(method, &path).json(&body("2027-01-01", "noon", "Barn")).by(&ada).send().await;
        assert_eq!((reply.status, &reply.json()["message"]), (404, &json!("there is no such event")));
    }
}

#[actix_web::test]
async fn others_change_only_what_they_are_allowed_to() {
    let app = TestApp::new();
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let (editor, remover) =
        (app.allowed("editor", &["patch:events"]).await, app.allowed("remover", &["delete:events"]).await);
    let path = app.event(&ada, body("2026-12-31", "8pm", "Hall")).await;
    let change = json!({"venue": "Barn"});
    assert_snapshot!(app.call(Method::PATCH, &path).json(&change).by(&bob).send().await, @r#"
    403
    {
      "code": "not_owner",
      "error": 403,
      "message": "the event belongs to somebody else",
      "msg": "the event belongs to somebody else",
      "request_id": "test",
      "success": false
    }
    "#);
    for (person, method, status) in [
        (&bob, Method::PUT, 403),
        (&bob, Method::DELETE, 403),
        (&remover, Method::PATCH, 403),
        (&editor, Method::DELETE, 403),
        (&editor, Method::PATCH, 200),
        (&editor, Method::PUT, 200),
        (&remover, Method::DELETE, 200),
    ] {
        let body = body("2026-12-31", "8pm", "Shed");
        let reply = app.call(method.clone(), &path).json(&body).by(person).send().await;
        assert_eq!(reply.status, status, "{method} {reply}");
    }
}

#[actix_web::test]
async fn an_account_has_only_so_many() {
    let app = TestApp::new();
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let mut paths = Vec::new();
    for day in 1..=5 {
        paths.push(app.event(&ada, body(&format!("2026-12-0{day}"), "8pm", "Hall")).await);
    }
    let one_more = body("2026-12-31", "8pm", "Hall");
    assert_snapshot!(app.post("/api/events", one_more.clone()).by(&ada).send().await, @r#"
    403
    {
      "code": "too_many_events",
      "error": 403,
      "message": "an account may have 5 events; delete some first",
      "msg": "an account may have 5 events; delete some first",
      "request_id": "test",
      "success": false
    }
    "#);
    app.event(&bob, one_more.clone()).await;
    app.call(Method::DELETE, &paths[0]).by(&ada).send().await;
    app.event(&ada, one_more).await;
}

#[actix_web::test]
async fn events_are_found_by_day_venue_and_text() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    for (date, time, venue) in [
        ("2026-12-31", "10pm", "The Fillmore"),
        ("2026-12-31", "9:00", "Fillmore East"),
        ("2026-12-30", "8pm", "FILLMORE"),
        ("2027-01-01", "8pm", "Café Étoile"),
    ] {
        app.event(&ada, body(date, time, venue)).await;
    }
    let all = [
        "2026-12-30 8pm FILLMORE",
        "2026-12-31 9:00 Fillmore East",
        "2026-12-31 10pm The Fillmore",
        "2027-01-01 8pm Café Étoile",
    ];
    for (query, wanted) in [
        ("", &all[..]),
        ("from=2026-12-31", &all[1..]),
        ("to=2026-12-30", &all[..1]),
        ("from=2026-12-31&to=2026-12-31", &all[1..3]),
        ("from=2027-01-02", &[]),
        ("venue=the%20fillmore!", &[all[0], all[2]]),
        ("venue=Filmore", &[]),
        ("text=%C3%A9TOILE", &all[3..]),
        ("text=harbour", &all[..]),
        ("text=fill&from=2026-12-31", &all[1..3]),
        ("text=%25", &[]),
    ] {
        for limit in ["", "&limit=1", "&limit=3"] {
            assert_eq!(app.listed(&format!("{query}{limit}")).await, wanted, "{query}{limit}");
        }
    }
}

#[actix_web::test]
async fn pages_stay_as_they_are_whatever_is_entered_meanwhile() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    for day in 1..=3 {
        app.event(&ada, body(&format!("2026-12-1{day}"), "8pm", "Hall")).await;
    }
    let first = app.get("/api/events?limit=2").send().await.json();
    assert_eq!(first["events"].as_array().unwrap().len(), 2);
    app.event(&ada, body("2026-12-01", "8pm", "Before")).await;
    app.event(&ada, body("2026-12-12", "8:01 pm", "Behind")).await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = app.listed(&format!("limit=2&cursor={cursor}")).await;
    assert_eq!(rest, ["2026-12-12 8:01 pm Behind", "2026-12-13 8pm Hall"]);
}
