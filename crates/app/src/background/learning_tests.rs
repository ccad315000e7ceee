//! Questions about data that came by REST, on the whole server but for its sockets.

use super::*;
use crate::background::following;
use crate::demo;
use crate::serve::http_services;
use crate::settings::{Settings, for_tests};
use actix_web::http::Method;
use actix_web::test::{TestRequest, call_and_read_body_json, init_service};
use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use serde_json::{Value, json};
use square_changes::Follower;
use square_http::HttpApi;
use square_kernel::{Clock, SkillId};
use square_skills::ports::SkillStore;
use tempfile::TempDir;
use utoipa::openapi::OpenApi;

/// A demo that is served without a network. What its background does happens when the test says so.
struct Demo {
    square: Arc<Square>,
    follower: Follower,
    settings: Settings,
    token: String,
    _folder: TempDir,
}

impl Demo {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = for_tests(folder.path());
        let square = Arc::new(Square::assemble(&settings).await.unwrap());
        let follower = square.load().await.unwrap();
        demo::add(&square).await.unwrap();
        let mut demo = Self { square, follower, settings, token: String::new(), _folder: folder };
        let login = json!({"username": demo::USERNAME, "password": demo::PASSWORD});
        let signed_in = demo.call(Method::POST, "/api/login", &login).await;
        demo.token = signed_in["access_token"].as_str().unwrap().to_owned();
        demo
    }

    async fn call(&self, method: Method, path: &str, body: &Value) -> Value {
        let api = HttpApi::new(http_services(&self.square, &self.settings), OpenApi::default());
        let app = init_service(api.app(&|_| {})).await;
        let mut request = TestRequest::with_uri(path).method(method).set_json(body);
        if !self.token.is_empty() {
            request = request.insert_header(("Authorization", format!("Bearer {}", self.token)));
        }
        call_and_read_body_json(&app, request.to_request()).await
    }

    /// The answers to a question, which goes to the skills that fit.
    async fn ask(&self, question: &str) -> Vec<Value> {
        let asked = json!({"question": question, "options": {"maxResultsPerSkill": 100}});
        self.call(Method::POST, "/api/question", &asked).await.as_array().unwrap().clone()
    }

    async fn enter(&self, venue: &str) -> Value {
        let date = today(&self.square).saturating_add(40.days()).to_string();
        let event = json!({"date": date, "time": "8pm", "venue": venue, "address": "5 Pine Road"});
        let entered = self.call(Method::POST, "/api/events", &event).await;
        assert_eq!(entered["venue"], venue, "{entered}");
        entered
    }

    /// Hears of what was changed, has it come to rest and does what follows.
    async fn learn(&mut self) {
        let mut due = following::Due::default();
        while following::once(&self.square, &mut self.follower, &mut due).await.unwrap() {}
        once(&self.square, Instant::now() + Duration::from_mins(1)).await.unwrap();
    }

    /// How many trainings waited.
    async fn trained(&self) -> usize {
        let mut trained = 0;
        while self.square.skills.train_next().await.unwrap().is_some() {
            trained += 1;
        }
        trained
    }

    async fn examples(&self, skill: &str) -> Vec<String> {
        let skills = self.call(Method::GET, "/api/skills", &Value::Null).await;
        let id =
            skills.as_array().unwrap().iter().find(|listed| listed["name"] == skill).unwrap()["id"].clone();
        let id: SkillId = id.as_str().unwrap().parse().unwrap();
        self.square.stores.examples_of_published(id).await.unwrap().unwrap().train.to_vec()
    }

    /// What `query` lists, as facts of answers show it.
    async fn listed(&self, query: &str) -> Vec<(String, String, String)> {
        let page = self.call(Method::GET, &format!("/api/events?limit=200&{query}"), &Value::Null).await;
        let word = |event: &Value, name: &str| event[name].as_str().unwrap().to_owned();
        let events = page["events"].as_array().unwrap().iter();
        events.map(|event| (word(event, "date"), word(event, "time_24h"), word(event, "venue"))).collect()
    }
}

fn today(square: &Square) -> Date {
    square.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date()
}

fn names(answers: &[Value]) -> Vec<&str> {
    answers.iter().map(|answer| answer["name"].as_str().unwrap()).collect()
}

/// The events of an answer: day, time and venue.
fn facts(answer: &Value) -> Vec<(String, String, String)> {
    let of = |item: &Value| {
        let pairs = item["key_values"].as_array()?;
        let value = |key: &str| {
            let pair = pairs.iter().find(|pair| pair[0] == key).unwrap();
            pair[1].as_str().unwrap().to_owned()
        };
        Some((value("date"), value("time"), value("venue")))
    };
    answer["results"].as_array().unwrap().iter().filter_map(of).collect()
}

#[actix_web::test]
async fn a_question_about_a_venue_that_is_new_finds_its_way() {
    let mut demo = Demo::start().await;
    let is_named = |examples: &[String]| examples.iter().any(|example| example.contains("Quokka Ballroom"));
    let entered = demo.enter("Quokka Ballroom").await;
    assert!(!is_named(&demo.examples("Events").await));
    assert_eq!(names(&demo.ask("Quokka Ballroom?").await), Vec::<&str>::new());

    demo.learn().await;
    assert_eq!(demo.trained().await, 1, "that of casting is as it was");
    assert!(is_named(&demo.examples("Events").await));
    for question in ["Quokka Ballroom?", "What is on at the Quokka Ballroom?", "Where is the Quoka Ballroom?"]
    {
        let answers = demo.ask(question).await;
        assert_eq!(names(&answers), ["Events"], "{question}");
        assert!(answers[0]["results"].to_string().contains("Quokka Ballroom"), "{question}: {answers:?}");
    }

    let path = format!("/api/events/{}", entered["id"].as_str().unwrap());
    demo.call(Method::PATCH, &path, &json!({"address": "6 Pine Road"})).await;
    demo.learn().await;
    assert_eq!(demo.trained().await, 0, "the questions are the same");
    demo.call(Method::DELETE, &path, &Value::Null).await;
    demo.learn().await;
    assert_eq!(demo.trained().await, 1);
    assert!(!is_named(&demo.examples("Events").await));
}

#[actix_web::test]
async fn one_instance_learns_for_all() {
    let mut demo = Demo::start().await;
    demo.learn().await;
    assert_eq!(demo.trained().await, 0);
    let other = Square::assemble(&demo.settings).await.unwrap();
    other.skills.load().await.unwrap();
    demo.enter("Quokka Ballroom").await;
    let later = Instant::now() + Duration::from_mins(1);
    other.builtins.all_changed(Instant::now());
    once(&other, later).await.unwrap();
    assert_eq!(demo.trained().await, 0, "it has not the duty");
    demo.learn().await;
    assert_eq!(demo.trained().await, 1);
}

#[actix_web::test]
async fn what_is_on_is_told_of_venues_and_days_also_with_a_letter_wrong() {
    let demo = Demo::start().await;
    let today = today(&demo.square);
    let coming = demo.listed(&format!("from={today}&venue=the%20fillmore")).await;
    assert!(coming.len() > 2);
    for question in [
        "What is on at the Fillmore?",
        "What is on at the Filmore?",
        "whats on at the fillmroe",
        "When is the next show at the Fillmoer?",
    ] {
        let answers = demo.ask(question).await;
        assert_eq!(names(&answers), ["Events"], "{question}");
        assert_eq!(facts(&answers[0]), coming, "{question}");
    }

    let sunday = today.saturating_add(i32::from(today.weekday().until(Weekday::Sunday)).days());
    let saturday = sunday.saturating_sub(1.day()).max(today);
    let weekend = demo.listed(&format!("from={saturday}&to={sunday}")).await;
    let at_fillmore = demo.listed(&format!("from={saturday}&to={sunday}&venue=fillmore")).await;
    assert!(weekend.len() > 1 && weekend.len() > at_fillmore.len());
    for (question, wanted) in [
        ("What is on this weekend?", &weekend),
        ("What's on this weekend", &weekend),
        ("What is on at the Filmore this weekend?", &at_fillmore),
    ] {
        let answers = demo.ask(question).await;
        assert_eq!(names(&answers), ["Events"], "{question}");
        assert_eq!(&facts(&answers[0]), wanted, "{question}");
    }
}
