//! A database that is away for a while under load.

use crate::client::{Client, Reply};
use crate::proxy::Proxy;
use crate::stub::Stub;
use crate::waiting::within;
use crate::world::{Instance, PASSWORD, Session, World, login};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// What kind of outage it is.
struct Outage {
    begin: fn(&mut Proxy),
    lasts: Duration,
    /// Every call has an end by then.
    answered: Duration,
}

/// How long a refresh token that was spent is good for a retry.
const RETRIED: Duration = Duration::from_secs(10);

/// By then everything is as before once the database is back.
const BACK: Duration = Duration::from_secs(10);

/// What users do all the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    SignIn,
    MistypePassword,
    Refresh,
    SignOut,
    Register,
    LookAtThemselves,
    Ask,
    ReadAnswers,
    EditSkill,
    CheckReadiness,
}

impl Kind {
    const ALL: [Self; 10] = [
        Self::SignIn,
        Self::MistypePassword,
        Self::Refresh,
        Self::SignOut,
        Self::Register,
        Self::LookAtThemselves,
        Self::Ask,
        Self::ReadAnswers,
        Self::EditSkill,
        Self::CheckReadiness,
    ];

    /// What it gets while all is well.
    fn success(self) -> u16 {
        match self {
            Self::Register => 201,
            Self::MistypePassword => 401,
            _ => 200,
        }
    }
}

/// What was made before, for all to use.
#[derive(Clone)]
struct Things {
    skill: String,
    question: String,
}

/// Somebody who does one kind of thing at one instance, again and again.
struct User {
    kind: Kind,
    instance: Client,
    side: &'static str,
    session: Session,
    things: Things,
    made: usize,
    /// A refresh that may have come about, though its answer was lost.
    in_doubt_since: Option<Instant>,
}

/// When a call ended, and whether it succeeded.
type Calls = Arc<Mutex<Vec<(Instant, bool)>>>;

impl User {
    fn new(kind: Kind, side: &'static str, instance: Client, session: Session, things: Things) -> Self {
        Self { kind, side, instance, session, things, made: 0, in_doubt_since: None }
    }

    async fn run(mut self, calls: Calls, answered: Duration, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let begun = Instant::now();
            let reply = self.call().await.expect("the server answers");
            let (kind, took) = (self.kind, begun.elapsed());
            assert!(took < answered, "{kind:?} took {took:?}");
            if reply.status == 503 {
                assert!(reply.retry_after.is_some(), "{kind:?} is not told when to try again");
                assert_eq!(reply.body["code"], "unavailable", "{kind:?}");
            } else {
                assert_eq!(reply.status, kind.success(), "{kind:?}: {}", reply.body);
            }
            let well = reply.status == kind.success();
            calls.lock().unwrap_or_else(PoisonError::into_inner).push((Instant::now(), well));
            sleep(Duration::from_millis(50)).await;
        }
    }

    async fn call(&mut self) -> reqwest::Result<Reply> {
        let anybody = &self.instance;
        let myself = anybody.by(&self.session.access);
        match self.kind {
            Kind::SignIn => anybody.call_with(Method::POST, "/api/login", &login("ann")).await,
            Kind::MistypePassword => {
                let wrong = json!({"username": "ann", "password": "wrong horse battery"});
                anybody.call_with(Method::POST, "/api/login", &wrong).await
            }
            Kind::Refresh => self.refresh().await,
            Kind::SignOut => {
                let signed_in = anybody.call_with(Method::POST, "/api/login", &login("ann")).await?;
                if signed_in.status != 200 {
                    return Ok(signed_in);
                }
                let session = Session::read(&signed_in.body);
                anybody.by(&session.access).call(Method::POST, "/api/logout").await
            }
            Kind::Register => {
                self.made += 1;
                let name = format!("{}-{}", self.side, self.made);
                let body =
                    json!({"username": name, "email": format!("{name}@example.org"), "password": PASSWORD});
                anybody.call_with(Method::POST, "/api/register", &body).await
            }
            Kind::LookAtThemselves => myself.call(Method::GET, "/api/me").await,
            Kind::Ask => myself.call_with(Method::POST, "/api/question", &asked_of(&self.things.skill)).await,
            Kind::ReadAnswers => {
                myself.call(Method::GET, &format!("/api/question/{}", self.things.question)).await
            }
            Kind::EditSkill => {
                self.made += 1;
                let patch = json!({"description": format!("{} {}", self.side, self.made)});
                myself.call_with(Method::PATCH, &format!("/api/skill/{}", self.things.skill), &patch).await
            }
            Kind::CheckReadiness => anybody.call(Method::GET, "/health/ready").await,
        }
    }

    async fn refresh(&mut self) -> reqwest::Result<Reply> {
        let token = json!({"refresh_token": self.session.refresh});
        let begun = Instant::now();
        let reply = self.instance.call_with(Method::POST, "/api/token/refresh", &token).await?;
        match (reply.status, self.in_doubt_since) {
            (200, _) => {
                self.session = Session::read(&reply.body);
                self.in_doubt_since = None;
            }
            (503, None) => self.in_doubt_since = Some(begun),
            // A token that was spent, although nobody was told so, is good for a retry for ten seconds only.
            (401, Some(since)) if since.elapsed() >= RETRIED => {
                let reply = self.instance.call_with(Method::POST, "/api/login", &login("ann")).await?;
                if reply.status == 200 {
                    self.session = Session::read(&reply.body);
                    self.in_doubt_since = None;
                }
                return Ok(reply);
            }
            _ => {}
        }
        Ok(reply)
    }
}

fn asked_of(skill: &str) -> Value {
    json!({"question": "Anything?", "options": {"selector": "Base", "selectedSkills": [skill]}})
}

#[tokio::test]
async fn a_database_that_refuses_connections_makes_nothing_wrong_or_slow() {
    let outage = Outage {
        begin: Proxy::cut,
        // Longer than an instance that does not count is taken for alive.
        lasts: Duration::from_secs(11),
        // For a connection everybody waits for three seconds at most, and who edits a skill for their turn before.
        answered: Duration::from_secs(7),
    };
    sit_out(World::new().await, outage).await;
}

#[tokio::test]
async fn a_database_that_falls_silent_makes_nothing_wrong() {
    let mut world = World::new().await;
    world.set("SQUARE__DATABASE__CONNECT_TIMEOUT_MS", "1000");
    world.set("SQUARE__DATABASE__STATEMENT_TIMEOUT_MS", "2000");
    let outage = Outage {
        begin: Proxy::fall_silent,
        lasts: Duration::from_secs(8),
        // As above, and then for an answer.
        answered: Duration::from_secs(6),
    };
    sit_out(world, outage).await;
}

/// Has two instances be used all the time, also while their database is away.
async fn sit_out(mut world: World, outage: Outage) {
    let mut proxy = Proxy::start(world.database.place());
    world.set("DATABASE_URL", world.database.url_by_way_of(proxy.port()));
    let (a, b) = world.two_instances().await;
    world.account("ann").await;
    let ann = a.signed_in("ann").await;
    let (quick, stuck) = (Stub::start("yes").await, Stub::start("late").await);
    quick.answer_all();
    let skill = ann.register("quick", &quick.url).await;
    let stuck_skill = ann.register("stuck", &stuck.url).await;
    let view = ann.post("/api/question?envelope=1", &asked_of(&skill)).await;
    let question = view["question_id"].as_str().expect("an id").to_owned();
    let things = Things { skill, question };
    let mut under_way = ann.stream(&asked_of(&stuck_skill)).await;
    stuck.asked().await;

    let stop = CancellationToken::new();
    let mut users = Vec::new();
    for (side, instance) in [("a", &a), ("b", &b)] {
        // B has to hear of the skill first.
        within(Duration::from_secs(5), "the skill is known", async || {
            let path = format!("/api/skill/{}", things.skill);
            (instance.by(ann.token()).status(&path).await == 200).then_some(())
        })
        .await;
        // Edits take turns.
        for kind in Kind::ALL.into_iter().chain([Kind::EditSkill; 4]) {
            let session = instance.sign_in("ann").await;
            let (instance, things) = ((**instance).clone(), things.clone());
            let user = User::new(kind, side, instance, session, things);
            let calls = Calls::default();
            let task = tokio::spawn(user.run(Arc::clone(&calls), outage.answered, stop.clone()));
            users.push((kind, side, calls, task));
        }
    }
    let since = |calls: &Calls, from: Instant| {
        let calls = calls.lock().unwrap_or_else(PoisonError::into_inner);
        let since: Vec<bool> = calls.iter().filter(|(at, _)| *at > from).map(|(_, well)| *well).collect();
        since
    };

    let begun = Instant::now();
    for (kind, side, calls, _) in &users {
        within(Duration::from_secs(10), "all are at it", async || {
            (since(calls, begun).len() >= 2).then_some(())
        })
        .await;
        let before = since(calls, begun);
        assert!(before.iter().all(|well| *well), "{kind:?} at {side}: {before:?}");
    }

    (outage.begin)(&mut proxy);
    let cut = Instant::now();
    stuck.answer();
    for instance in [&a, &b] {
        assert_eq!(instance.get("/health/live").await["status"], "ok");
        assert_eq!(instance.by(ann.token()).get("/api/skills").await.as_array().map(Vec::len), Some(2));
    }
    sleep(outage.lasts.saturating_sub(cut.elapsed())).await;
    for (kind, side, calls, _) in &users {
        // What had its answer on the way may still have succeeded.
        let meanwhile = since(calls, cut + Duration::from_millis(500));
        assert!(
            !meanwhile.is_empty() && meanwhile.iter().all(|well| !well),
            "{kind:?} at {side}: {meanwhile:?}"
        );
    }

    proxy.restore();
    let back = Instant::now();
    for (kind, side, calls, _) in &users {
        within(BACK.saturating_sub(back.elapsed()), "everything works again", async || {
            since(calls, back).ends_with(&[true, true]).then_some(())
        })
        .await;
        assert!(since(calls, back).iter().skip_while(|well| !**well).all(|well| *well), "{kind:?} at {side}");
    }
    stop.cancel();
    for (.., task) in users {
        task.await.expect("every answer is right");
    }

    // The question that was under way could not be stored to its end; it has one now.
    let told = under_way.next_event().await.expect("the stream tells what became of it");
    assert_eq!((told.name.as_str(), &told.data["error"]), ("error", &json!(503)), "{told:?}");
    all_is_well_between(&world, &a, &b).await;
}

/// Neither instance has taken the other one for dead, and each still follows what the other one does.
async fn all_is_well_between(world: &World, a: &Instance, b: &Instance) {
    for (here, there) in [(a, b), (b, a)] {
        let session = here.sign_in("ann").await;
        here.by(&session.access).post("/api/logout", &json!({})).await;
        there.refuses(&session.access).await;
        assert!(!here.said().contains("has died"), "{}", here.said());
    }
    world.account("bob").await;
}
