//! The application on fakes, with verbs for what tests do.

use crate::documented;
use actix_web::body::{BoxBody, to_bytes};
use actix_web::dev::ServiceResponse;
use actix_web::http::Method;
use actix_web::test::{TestRequest, call_service, init_service, try_call_service};
use actix_web::web::{Bytes, ServiceConfig};
use async_trait::async_trait;
use serde_json::Value;
use square_accounts::testing::TestAccounts;
use square_casting::Casting;
use square_casting::testing::InMemoryCasting;
use square_companies::Companies;
use square_companies::testing::InMemoryCompanies;
use square_events::testing::InMemoryEvents;
use square_events::{EventPolicy, Events, EventsParts};
use square_http::{HttpApi, HttpSettings, Services};
use square_kernel::testing::{PlainHash, SeededRandomness, TransparentSealer, lock};
use square_kernel::{Unavailable, UserId};
use square_limits::Meter;
use square_limits::testing::MemoryLimits;
use square_routing::testing::MemoryLog;
use square_routing::{
    Candidate, Feedback, Ranking, Router, RouterParts, RouterPolicy, Score, Selector, SelectorUnavailable,
};
use square_skills::testing::{
    MemoryLearner, MemoryModels, MemorySkills, RefusingGuard, ScriptedConnector, ScriptedProber,
    ScriptedSkill, SkillScript,
};
use square_skills::{ProbePolicy, ProposalPolicy, Proposals, Skill, SkillDirectory, Skills, SkillsParts};
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use utoipa::openapi::path::{HttpMethod, Operation, PathItem};
use utoipa::openapi::{OpenApi, PathsBuilder};

/// The application and what is behind it.
pub(crate) struct TestApp {
    pub(crate) people: TestAccounts,
    pub(crate) owners: Arc<MemorySkills>,
    pub(crate) connector: Arc<ScriptedConnector>,
    pub(crate) prober: Arc<ScriptedProber>,
    pub(crate) skills: Arc<Skills>,
    pub(crate) proposals: Arc<Proposals>,
    pub(crate) casting: Arc<InMemoryCasting>,
    pub(crate) events: Arc<InMemoryEvents>,
    pub(crate) log: Arc<MemoryLog>,
    pub(crate) broken: Arc<Mutex<bool>>,
    pub(crate) api: HttpApi,
    base_path: String,
}

/// A call of another transport, as it describes itself.
pub(crate) fn also() -> OpenApi {
    let operation = Operation::builder().operation_id(Some("other")).summary(Some("Other")).build();
    let item = PathItem::new(HttpMethod::Get, operation);
    let mut document = OpenApi::default();
    document.paths = PathsBuilder::new().path("/api/other", item).build();
    document
}

/// What the operator chooses about questions and skills.
#[derive(Default)]
pub(crate) struct Chosen {
    pub(crate) policy: RouterPolicy,
    pub(crate) probing: ProbePolicy,
    pub(crate) most_skills: Option<u32>,
}

/// Somebody signed in.
pub(crate) struct Person {
    pub(crate) id: UserId,
    pub(crate) token: String,
}

impl TestApp {
    /// Somebody signed in with this role.
    pub(crate) async fn holder(&self, name: &str, role: &str) -> Person {
        let id = self.people.register(name).await.id;
        let login = square_accounts::ports::LoginName::Username(name.to_owned());
        self.people
            .accounts
            .grant_role(&login, role, &square_accounts::Actor::default())
            .await
            .expect("given");
        self.casting.let_in(id);
        let signed_in = self.people.sign_in(name).await;
        Person { id, token: signed_in.tokens.access.expose().to_owned() }
    }

    /// Somebody signed in who may do just this.
    pub(crate) async fn allowed(&self, name: &str, permissions: &[&str]) -> Person {
        self.people.store.set_role(name, permissions);
        self.holder(name, name).await
    }

    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// The application with other settings.
    pub(crate) fn with(change: impl FnOnce(&mut HttpSettings)) -> Self {
        Self::of(TestAccounts::default(), change)
    }

    /// The application for these people, with other settings.
    pub(crate) fn of(people: TestAccounts, change: impl FnOnce(&mut HttpSettings)) -> Self {
        Self::made_of(people, Chosen::default(), change)
    }

    /// The application where the operator chose otherwise about questions and skills, behind a proxy at 10.0.0.1.
    pub(crate) fn chosen(choose: impl FnOnce(&mut Chosen)) -> Self {
        let mut chosen = Chosen::default();
        choose(&mut chosen);
        Self::made_of(TestAccounts::default(), chosen, |settings| {
            settings.proxies.trusted = vec!["10.0.0.1".parse().expect("an address")];
        })
    }

    fn made_of(people: TestAccounts, chosen: Chosen, change: impl FnOnce(&mut HttpSettings)) -> Self {
        let Chosen { policy, probing, most_skills } = chosen;
        let owners = Arc::new(MemorySkills::new());
        let log = Arc::new(MemoryLog::beside(owners.clone()));
        let connector = Arc::new(ScriptedConnector::default());
        let prober = Arc::new(ScriptedProber::default());
        let directory = Arc::new(SkillDirectory::new(connector.clone()));
        let skills = Arc::new(Skills::new(SkillsParts {
            store: owners.clone(),
            models: Arc::new(MemoryModels::default()),
            directory: directory.clone(),
            guard: Arc::new(RefusingGuard::of(["http://10.0.0.1"])),
            prober: prober.clone(),
            learners: vec![Arc::new(MemoryLearner::new("Order"))],
            sealer: Arc::new(TransparentSealer),
            limits: Arc::new(MemoryLimits::default()),
            keyed_hash: Arc::new(PlainHash),
            probing,
            most_per_owner: most_skills,
            clock: people.clock.clone(),
            randomness: Arc::new(SeededRandomness::default()),
        }));
        let router = Arc::new(Router::new(RouterParts {
            directory,
            selectors: vec![Arc::new(Order("Order")), Arc::new(Order("Other"))],
            fallback: Some(Arc::new(Order("Spare"))),
            log: log.clone(),
            clock: people.clock.clone(),
            randomness: Arc::new(SeededRandomness::default()),
            meter: Arc::new(Meter::new(people.clock.clone())),
            keyed_hash: Arc::new(PlainHash),
            policy,
        }));
        let proposals =
            Arc::new(Proposals::new(&skills, owners.clone(), ProposalPolicy { per_skill: 5, per_asker: 3 }));
        let feedback = Arc::new(Feedback::new(router.clone(), proposals.clone(), log.clone()));
        let casting = Arc::new(InMemoryCasting::default());
        let events = Arc::new(InMemoryEvents::default());
        let mut settings = HttpSettings::default();
        change(&mut settings);
        let base_path = settings.base_path.clone();
        let broken: Arc<Mutex<bool>> = Arc::default();
        let is_broken = broken.clone();
        let api = HttpApi::new(
            Services {
                accounts: people.accounts.clone(),
                skills: skills.clone(),
                companies: Arc::new(Companies::new(
                    Arc::<InMemoryCompanies>::default(),
                    people.clock.clone(),
                    Arc::new(SeededRandomness::default()),
                )),
                events: Arc::new(Events::new(EventsParts {
                    store: events.clone(),
                    clock: people.clock.clone(),
                    randomness: Arc::new(SeededRandomness::default()),
                    policy: EventPolicy { per_owner: 5 },
                })),
                casting: Arc::new(Casting::new(
                    casting.clone(),
                    people.clock.clone(),
                    Arc::new(SeededRandomness::default()),
                )),
                proposals: proposals.clone(),
                router,
                feedback,
                readiness: Arc::new(move || {
                    let broken = *lock(&is_broken);
                    Box::pin(async move {
                        if broken { Err(Unavailable::new("disk /var/data is full")) } else { Ok(()) }
                    })
                }),
                settings,
            },
            also(),
        );
        Self {
            people,
            owners,
            connector,
            prober,
            skills,
            proposals,
            casting,
            events,
            log,
            broken,
            api,
            base_path,
        }
    }

    /// Somebody registered, signed in and allowed to own skills.
    pub(crate) async fn person(&self, name: &str) -> Person {
        let account = self.people.register(name).await;
        self.owners.let_own(account.id);
        let signed_in = self.people.sign_in(name).await;
        Person { id: account.id, token: signed_in.tokens.access.expose().to_owned() }
    }

    /// The same, whose address is confirmed.
    pub(crate) async fn confirmed(&self, name: &str) -> Person {
        let person = self.person(name).await;
        self.people.vouch_for(person.id).await;
        person
    }

    /// A skill of `owner` that `answers`, not published yet. Its id.
    pub(crate) async fn skill(&self, owner: &Person, name: &str, answers: Arc<dyn Skill>) -> String {
        let url = format!("http://{}", name.to_lowercase());
        self.connector.put(&url, answers);
        let body = serde_json::json!({"name": name, "url": url, "description": format!("{name} answers.")});
        let reply = self.post("/api/skill", body).by(owner).send().await;
        reply.json()["id"].as_str().expect("the skill is registered").to_owned()
    }

    /// A published skill that answers as the script says.
    pub(crate) async fn scripted(&self, owner: &Person, name: &str) -> SkillScript {
        let (skill, script) = ScriptedSkill::new();
        let id = self.skill(owner, name, skill).await;
        self.publish(owner, &id).await;
        script
    }

    /// Trains a skill, which publishes it.
    pub(crate) async fn publish(&self, owner: &Person, id: &str) {
        let form = form(&[("train_file", b"Who?\nWhat?\n"), ("dev_file", b"Who?\n")]);
        let reply = self.upload(&format!("/api/skill/{id}/train"), form).by(owner).send().await;
        assert_eq!(reply.status, 200, "{reply}");
        self.skills.train_next().await.expect("the store works");
    }

    pub(crate) fn get(&self, path: &str) -> Call<'_> {
        self.call(Method::GET, path)
    }

    #[expect(clippy::needless_pass_by_value, reason = "tests write the body where they send it")]
    pub(crate) fn post(&self, path: &str, body: Value) -> Call<'_> {
        self.call(Method::POST, path).json(&body)
    }

    /// A form of files, as [`form`] makes it.
    pub(crate) fn upload(&self, path: &str, form: Vec<u8>) -> Call<'_> {
        let call = self.call(Method::POST, path).header("Content-Type", "multipart/form-data; boundary=XX");
        Call { request: call.request.set_payload(form), ..call }
    }

    pub(crate) fn call(&self, method: Method, path: &str) -> Call<'_> {
        let request = TestRequest::with_uri(path).method(method).insert_header(("X-Request-Id", "test"));
        Call { app: self, request }
    }
}

/// A request about to be sent.
pub(crate) struct Call<'a> {
    app: &'a TestApp,
    request: TestRequest,
}

impl Call<'_> {
    pub(crate) fn by(self, person: &Person) -> Self {
        self.header("Authorization", &format!("Bearer {}", person.token))
    }

    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        Self { request: self.request.insert_header((name, value)), ..self }
    }

    /// Has it come from this network address.
    pub(crate) fn from(self, address: &str) -> Self {
        let address = SocketAddr::new(address.parse().expect("an address"), 1234);
        Self { request: self.request.peer_addr(address), ..self }
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.text("application/json", &body.to_string())
    }

    pub(crate) fn text(self, media_type: &str, body: &str) -> Self {
        let call = self.header("Content-Type", media_type);
        Self { request: call.request.set_payload(body.to_owned()), ..call }
    }

    /// The response, its body not read yet.
    pub(crate) async fn open(self) -> ServiceResponse<BoxBody> {
        let app = init_service(self.app.api.app(&|_| {})).await;
        call_service(&app, self.request.to_request()).await
    }

    /// The whole reply, which is one that the document knows.
    pub(crate) async fn send(self) -> Reply {
        let app = init_service(self.app.api.app(&|_| {})).await;
        let request = self.request.to_request();
        let (method, path) = (request.method().clone(), request.path().to_owned());
        let reply = Reply::of(call_service(&app, request).await).await;
        let media_type = reply.header("Content-Type");
        documented::check(&self.app.base_path, method.as_str(), &path, reply.status, media_type);
        reply
    }

    /// The whole reply of the application with routes added to it.
    pub(crate) async fn send_with(self, extra: &dyn Fn(&mut ServiceConfig)) -> Reply {
        let app = init_service(self.app.api.app(extra)).await;
        match try_call_service(&app, self.request.to_request()).await {
            Ok(response) => Reply::of(response).await,
            // What the server sends when a request fails outside of the application.
            Err(error) => {
                let (head, body) = error.error_response().into_parts();
                Reply::of(ServiceResponse::new(TestRequest::default().to_http_request(), head.set_body(body)))
                    .await
            }
        }
    }
}

/// A reply; as text it is the status and the body, JSON laid out.
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: actix_web::http::header::HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    async fn of(response: ServiceResponse<BoxBody>) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = to_bytes(response.into_body()).await.expect("the body ends well");
        Self { status, headers, body }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("the header is text"))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("the body is no JSON: {self}"))
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is text")
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json: Result<Value, _> = serde_json::from_slice(&self.body);
        match json {
            Ok(json) => write!(f, "{}\n{json:#}", self.status),
            Err(_) => write!(f, "{}\n{}", self.status, self.text()),
        }
    }
}

/// A multipart form of files, with the boundary `XX`.
pub(crate) fn form(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut form = Vec::new();
    for (name, content) in files {
        let head = format!(
            "--XX\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{name}.txt\"\r\n\r\n"
        );
        form.extend_from_slice(head.as_bytes());
        form.extend_from_slice(content);
        form.extend_from_slice(b"\r\n");
    }
    form.extend_from_slice(b"--XX--\r\n");
    form
}

/// Ranks skills by age: the oldest fits with 0.9, each further one a tenth less, a question with "nothing" in
/// it fits none, one with "away" in it is for the one named Spare alone.
struct Order(&'static str);

#[async_trait]
impl Selector for Order {
    fn name(&self) -> &str {
        self.0
    }

    fn description(&self) -> &'static str {
        "The oldest first."
    }

    async fn rank(&self, question: &str, candidates: &[Candidate]) -> Result<Ranking, SelectorUnavailable> {
        if question.contains("broken") {
            return Err(SelectorUnavailable("the model at 10.1.2.3 is gone".to_owned()));
        }
        if question.contains("away") && self.0 != "Spare" {
            return Err(SelectorUnavailable("it did not answer within 500 ms".to_owned()));
        }
        let best = if question.contains("nothing") { 0.1 } else { 0.9 };
        let scores = std::iter::successors(Some(best), |score| Some(score - 0.1));
        let scores = (0..candidates.len()).zip(scores).map(|(candidate, score)| Score { candidate, score });
        Ok(Ranking { scores: scores.collect(), threshold: 0.3, share_of_best: 0.1 })
    }
}
