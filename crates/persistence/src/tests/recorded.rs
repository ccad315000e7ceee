//! Which changes each write of a store records, and who may be told of them.

use super::TestDatabase;
use super::skills::account;
use crate::Stores;
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use square_accounts::Standing;
use square_accounts::ports::{
    AccountStore, Consequences, NewAccount, NewConfirmation, NewLetter, Registration, SessionRecord,
    SessionStore,
};
use square_accounts::ports::{Administration, Keep, Rights, RoleStore};
use square_accounts::ports::{
    Caller, MfaAttemptId, MfaStore, MfaSwitch, NewOtpMethod, NewRecoveryCode, NewSecret, OneTimeSecrets,
    OtpMethodId, OtpProof, Purpose, RecoveryProof,
};
use square_accounts::ports::{SigningKeyStore, StoredSigningKey};
use square_accounts::{EmailAddress, Letter, LetterId, MailToken, Occasion, PasswordHash};
use square_accounts::{OtpSecret, RecoveryCode, RecoveryCodeId, RecoveryDigest};
use square_casting::ports::{CastingRecords, CastingStore};
use square_casting::{
    Actor, ActorId, ActorName, ActorPatch, Age, Catalogue, Character, Gender, Movie, MovieId, MoviePatch,
    Role, RoleId, RolePatch, Title,
};
use square_changes::ports::ChangeLog;
use square_changes::testing::Draft;
use square_changes::{Action, Audience, Channel};
use square_events::ports::EventStore;
use square_events::{Address, Event, EventId, EventPatch, EventTime, Venue};
use square_kernel::{Clock, OsRandomness, Sealed, SessionId, SkillId, SystemClock, UserId};
use square_skills::ports::{SkillStore, Written};
use square_skills::{
    Accuracy, BuiltinName, Failures, RegisteredSkill, SkillAddress, SkillDescription, SkillName, TrainingId,
    TrainingSet, TrainingState,
};
use std::collections::BTreeSet;
use std::sync::Arc;
use uuid::Uuid;

struct Scene {
    stores: Stores,
    seen: u64,
    _test: TestDatabase,
}

impl Scene {
    async fn new() -> Self {
        let test = TestDatabase::new().await;
        Self { stores: test.stores(), seen: 0, _test: test }
    }

    /// With an account, of which nothing is recorded any more.
    async fn of_owner() -> (Self, UserId) {
        let mut scene = Self::new().await;
        let owner = account("owner");
        scene.register(&owner).await;
        scene.recorded().await;
        (scene, owner.id)
    }

    async fn register(&self, new: &NewAccount) {
        let registered = self.stores.register(new, None, Consequences::none()).await.unwrap();
        assert!(matches!(registered, Registration::Created(_)));
    }

    async fn opened(&self, user: UserId) -> SessionId {
        let now = SystemClock.now();
        let session = SessionRecord {
            id: SessionId::new(&SystemClock, &OsRandomness),
            user,
            generation: 0,
            rotated_at: now,
            created_at: now,
            expires_at: at(3600),
            ended_at: None,
            second_factor: false,
            ends_at: None,
            address: None,
            agent: None,
        };
        let credentials = self.stores.by_id(user).await.unwrap().unwrap().credentials;
        assert!(self.stores.open(&session, credentials, Consequences::none()).await.unwrap());
        session.id
    }

    async fn caller(&self, user: UserId) -> Caller {
        let rights = self.stores.by_id(user).await.unwrap().unwrap().rights;
        Caller { user, session: self.opened(user).await, rights }
    }

    /// What was recorded since this was asked last.
    async fn recorded(&mut self) -> Vec<Draft> {
        let changes = self.stores.after(self.seen, 10_000).await.unwrap();
        let numbers = changes.iter().map(|change| change.number);
        assert!(numbers.eq((self.seen + 1..).take(changes.len())), "there is a gap: {changes:?}");
        self.seen += changes.len() as u64;
        assert_eq!(self.stores.head().await.unwrap(), self.seen);
        let draft = |change: square_changes::Change| {
            let square_changes::Change { channel, action, entity, audience, at, .. } = change;
            Draft { channel, action, entity, audience, at }
        };
        changes.into_iter().map(draft).collect()
    }
}

/// `seconds` from now, in whole microseconds; always the same moment within one test.
fn at(seconds: i64) -> Timestamp {
    Timestamp::constant(1_900_000_000, 0)
        + SignedDuration::from_secs(seconds)
        + SignedDuration::from_micros(123_456)
}

fn of_person(action: Action, id: UserId, at: Timestamp) -> Draft {
    let audience = Audience { everybody: false, owner: Some(id), permission: Some("get:users".to_owned()) };
    Draft { channel: Channel::Person, action, entity: id.uuid(), audience, at }
}

fn of_skill(action: Action, skill: &RegisteredSkill, everybody: bool, at: Timestamp) -> Draft {
    let audience = Audience { everybody, owner: Some(skill.owner), permission: None };
    Draft { channel: Channel::Skill, action, entity: skill.id.uuid(), audience, at }
}

fn internal(channel: Channel, action: Action, entity: Uuid, at: Timestamp) -> Draft {
    Draft { channel, action, entity, audience: Audience::default(), at }
}

fn confirmation() -> NewConfirmation {
    NewConfirmation { digest: MailToken::new(&OsRandomness).digest(), expires_at: at(3600) }
}

fn letter(to: &NewAccount) -> NewLetter {
    NewLetter {
        id: LetterId::new(&SystemClock, &OsRandomness),
        letter: Letter {
            to: EmailAddress::parse("ada@example.org").unwrap(),
            username: to.username.clone(),
            occasion: Occasion::AlreadyRegistered,
        },
        at: at(0),
    }
}

#[tokio::test]
async fn accounts() {
    let mut scene = Scene::new().await;
    let stores = scene.stores.clone();
    let mut ada = account("ada");
    (ada.confirmed_at, ada.created_at) = (None, at(0));
    let secret = confirmation();
    stores.register(&ada, Some(&secret), &Consequences::posted(&letter(&ada))).await.unwrap();
    assert_eq!(scene.recorded().await, [of_person(Action::Create, ada.id, at(0))]);

    // A name that is taken, a further secret, a secret that is unknown, a better hash: nobody becomes another.
    let refused = stores
        .register(&NewAccount { id: account("ada").id, ..ada.clone() }, None, Consequences::none())
        .await;
    assert_eq!(refused.unwrap(), Registration::UsernameTaken);
    assert!(
        stores
            .renew_confirmation(ada.id, &confirmation(), 9, at(1), &Consequences::posted(&letter(&ada)))
            .await
            .unwrap()
    );
    assert_eq!(
        stores.confirm(&confirmation().digest, None, at(1), Consequences::none()).await.unwrap(),
        None
    );
    assert!(stores.upgrade_hash(ada.id, &ada.password, &PasswordHash::new("new")).await.unwrap());
    assert_eq!(scene.recorded().await, []);

    assert!(
        stores.confirm(&secret.digest, Some(ada.id), at(1), Consequences::none()).await.unwrap().is_some()
    );
    assert_eq!(scene.recorded().await, [of_person(Action::Update, ada.id, at(1))]);
    assert_eq!(
        stores.confirm(&secret.digest, Some(ada.id), at(2), Consequences::none()).await.unwrap(),
        None
    );
    assert_eq!(scene.recorded().await, []);

    assert!(stores.grant_role(ada.id, "admin", at(3), Consequences::none()).await.unwrap());
    assert_eq!(scene.recorded().await, [of_person(Action::Update, ada.id, at(3))]);
    assert!(stores.grant_role(ada.id, "admin", at(4), Consequences::none()).await.unwrap());
    assert!(!stores.grant_role(ada.id, "no_such_role", at(4), Consequences::none()).await.unwrap());
    assert!(!stores.grant_role(account("nobody").id, "admin", at(4), Consequences::none()).await.unwrap());
    assert_eq!(scene.recorded().await, []);
}

#[tokio::test]
async fn suspensions() {
    let (mut scene, owner) = Scene::of_owner().await;
    let stores = scene.stores.clone();
    let mut live = [scene.opened(owner).await, scene.opened(owner).await];
    live.sort_unstable();
    stores.set_suspended(owner, true, at(1), Consequences::none()).await.unwrap();
    let mut expected = vec![of_person(Action::Update, owner, at(1))];
    for session in live {
        expected.push(internal(Channel::Session, Action::Delete, session.uuid(), at(1)));
    }
    assert_eq!(scene.recorded().await, expected);

    stores.set_suspended(owner, true, at(2), Consequences::none()).await.unwrap();
    stores.set_suspended(account("nobody").id, true, at(2), Consequences::none()).await.unwrap();
    assert_eq!(scene.recorded().await, []);
    stores.set_suspended(owner, false, at(3), Consequences::none()).await.unwrap();
    assert_eq!(scene.recorded().await, [of_person(Action::Update, owner, at(3))]);
    stores.set_suspended(owner, false, at(4), Consequences::none()).await.unwrap();
    assert_eq!(scene.recorded().await, []);
}

#[tokio::test]
async fn rights() {
    let (mut scene, ada) = Scene::of_owner().await;
    let (stores, none) = (scene.stores.clone(), Consequences::none());
    let session = scene.opened(ada).await;
    let seen = stores.by_id(ada).await.unwrap().unwrap();
    let wanted = Rights { standing: Standing::Suspended, roles: vec!["admin".to_owned()] };
    stores.change_rights(&seen, &wanted, Keep::OneAdministrator, None, at(1), none).await.unwrap().unwrap();
    assert_eq!(
        scene.recorded().await,
        [
            of_person(Action::Update, ada, at(1)),
            internal(Channel::Session, Action::Delete, session.uuid(), at(1)),
        ]
    );
    // What was seen is so no more.
    stores.change_rights(&seen, &wanted, Keep::OneAdministrator, None, at(2), none).await.unwrap().unwrap();
    assert_eq!(scene.recorded().await, []);

    assert!(stores.create_role("critic", at(3), none).await.unwrap());
    assert!(!stores.create_role("critic", at(3), none).await.unwrap());
    let set = async |allowed, seconds| {
        stores.set_permission("critic", "post:reviews", allowed, at(seconds), none).await.unwrap()
    };
    assert_eq!([set(true, 4).await, set(true, 5).await], [Some(true), Some(false)]);
    assert_eq!([set(false, 6).await, set(false, 7).await], [Some(true), Some(false)]);
    assert!(stores.delete_role("critic", at(8), none).await.unwrap());
    assert!(!stores.delete_role("critic", at(8), none).await.unwrap());
    let of_roles = |action, seconds| internal(Channel::Role, action, Uuid::nil(), at(seconds));
    assert_eq!(
        scene.recorded().await,
        [
            of_roles(Action::Create, 3),
            of_roles(Action::Update, 4),
            of_roles(Action::Update, 6),
            of_roles(Action::Delete, 8),
        ]
    );
}

#[tokio::test]
async fn vouching() {
    let mut scene = Scene::new().await;
    let stores = scene.stores.clone();
    let mut ada = account("ada");
    ada.confirmed_at = None;
    scene.register(&ada).await;
    scene.recorded().await;
    for vouched in [true, false] {
        assert_eq!(stores.vouch(ada.id, at(1), Consequences::none()).await.unwrap(), vouched);
    }
    assert_eq!(scene.recorded().await, [of_person(Action::Update, ada.id, at(1))]);
}

fn of_owner(channel: Channel, action: Action, entity: Uuid, owner: UserId) -> Draft {
    Draft {
        channel,
        action,
        entity,
        audience: Audience { owner: Some(owner), ..Audience::default() },
        at: at(1),
    }
}

fn recovery_code() -> NewRecoveryCode {
    NewRecoveryCode {
        id: RecoveryCodeId::new(&SystemClock, &OsRandomness),
        digest: RecoveryDigest(MailToken::new(&OsRandomness).digest().0),
        code: RecoveryCode::new(&OsRandomness),
    }
}

#[tokio::test]
async fn second_factors() {
    let (mut scene, user) = Scene::of_owner().await;
    let (stores, none) = (scene.stores.clone(), Consequences::default());
    let new_method = || NewOtpMethod {
        id: OtpMethodId::new(&SystemClock, &OsRandomness),
        user,
        secret: OtpSecret::new(&OsRandomness),
        at: at(1),
    };
    let (first, method) = (new_method(), new_method());
    let by = scene.caller(user).await;
    for new in [&first, &method] {
        assert_eq!(stores.begin_otp(new, by, &none).await.unwrap(), Ok(true));
    }
    let of_method =
        |action, method: &NewOtpMethod| of_owner(Channel::OtpMethod, action, method.id.uuid(), user);
    let of_code =
        |action, code: &NewRecoveryCode| of_owner(Channel::RecoveryCode, action, code.id.uuid(), user);
    let expected = [
        of_method(Action::Create, &first),
        of_method(Action::Delete, &first),
        of_method(Action::Create, &method),
    ];
    assert_eq!(scene.recorded().await, expected);

    let attempt = MfaAttemptId::new(&SystemClock, &OsRandomness);
    let proof = |step| OtpProof { user, method: method.id, step, attempt, at: at(1) };
    let codes = [recovery_code(), recovery_code()];
    assert_eq!(stores.verify_otp(&proof(1), by, &codes, &none).await.unwrap(), Ok(true));
    let expected = [
        of_code(Action::Create, &codes[0]),
        of_code(Action::Create, &codes[1]),
        of_method(Action::Update, &method),
    ];
    assert_eq!(scene.recorded().await, expected);

    let other = scene.opened(user).await;
    let switch = MfaSwitch { user, by: Some(by), required_roles: Vec::new(), at: at(1) };
    assert_eq!(stores.enable_mfa(&proof(1), &switch, &none).await.unwrap(), Ok(None));
    assert_eq!(scene.recorded().await, []);
    assert!(stores.enable_mfa(&proof(2), &switch, &none).await.unwrap().unwrap().is_some());
    let expected = [
        of_method(Action::Update, &method),
        of_person(Action::Update, user, at(1)),
        internal(Channel::Session, Action::Delete, other.uuid(), at(1)),
    ];
    assert_eq!(scene.recorded().await, expected);

    let challenge = MailToken::new(&OsRandomness).digest();
    let secret = NewSecret {
        digest: challenge,
        purpose: Purpose::Mfa,
        user: Some(user),
        payload: None,
        attempts: 5,
        created_at: at(0),
        expires_at: at(60),
    };
    assert!(stores.issue(&secret, 9, &none).await.unwrap());
    let proof = RecoveryProof { user, digests: vec![codes[0].digest], left: 1, attempt, at: at(1) };
    for _ in 0..2 {
        stores.pass_recovery_code(&challenge, &proof, &none).await.unwrap();
    }
    assert_eq!(scene.recorded().await, [of_code(Action::Delete, &codes[0])]);
    let next = recovery_code();
    let replaced = stores.replace_recovery_codes(by, std::slice::from_ref(&next), at(1), &none).await;
    assert_eq!(replaced.unwrap(), Ok(true));
    assert_eq!(scene.recorded().await, [of_code(Action::Delete, &codes[1]), of_code(Action::Create, &next)]);

    for expected in [
        vec![
            of_method(Action::Delete, &method),
            of_code(Action::Delete, &next),
            of_person(Action::Update, user, at(1)),
        ],
        Vec::new(),
    ] {
        stores.disable_mfa(&switch, &none).await.unwrap().unwrap();
        assert_eq!(scene.recorded().await, expected);
    }
}

#[tokio::test]
async fn sessions() {
    let (mut scene, owner) = Scene::of_owner().await;
    let stores = scene.stores.clone();
    let session = scene.opened(owner).await;
    stores.rotate(session, 0, at(1), at(3601)).await.unwrap();
    assert_eq!(scene.recorded().await, []);
    assert!(stores.end(session, at(2), Consequences::none()).await.unwrap());
    let ended = internal(Channel::Session, Action::Delete, session.uuid(), at(2));
    assert_eq!(scene.recorded().await, [ended]);
    assert!(!stores.end(session, at(3), Consequences::none()).await.unwrap());
    assert_eq!(stores.forget_expired(at(9999), 10).await.unwrap(), 1);
    assert_eq!(scene.recorded().await, []);
}

fn skill(owner: UserId, name: &str) -> RegisteredSkill {
    RegisteredSkill {
        id: SkillId::new(&SystemClock, &OsRandomness),
        owner,
        name: SkillName::parse(name).unwrap(),
        description: SkillDescription::default(),
        address: SkillAddress::Builtin(BuiltinName::new("casting")),
        secret: None,
        signing: None,
        model: None,
        published: false,
        samples: Arc::default(),
        created_at: at(0),
        updated_at: at(0),
    }
}

#[tokio::test]
async fn skills() {
    let (mut scene, owner) = Scene::of_owner().await;
    let stores = scene.stores.clone();
    let (mut films, mut songs) = (skill(owner, "Films"), skill(owner, "Songs"));
    songs.published = true;
    for new in [&films, &songs] {
        assert_eq!(SkillStore::insert(&stores, new, None, None).await.unwrap(), Written::Done);
    }
    let expected =
        [of_skill(Action::Create, &films, false, at(0)), of_skill(Action::Create, &songs, true, at(0))];
    assert_eq!(scene.recorded().await, expected);

    for changed in [&mut films, &mut songs] {
        changed.updated_at = at(1);
        assert_eq!(stores.update(changed, at(0), None).await.unwrap(), Written::Done);
    }
    let expected =
        [of_skill(Action::Update, &films, false, at(1)), of_skill(Action::Update, &songs, true, at(1))];
    assert_eq!(scene.recorded().await, expected);

    // A name that is taken, a skill that is not as it was, one that is gone.
    assert_eq!(stores.insert(&skill(owner, "FILMS"), None, None).await.unwrap(), Written::NameTaken);
    let renamed = RegisteredSkill { name: SkillName::parse("songs").unwrap(), ..films.clone() };
    assert_eq!(stores.update(&renamed, at(1), None).await.unwrap(), Written::NameTaken);
    assert_eq!(stores.update(&films, at(0), None).await.unwrap(), Written::Changed);
    let gone = skill(owner, "Gone");
    assert_eq!(stores.update(&gone, at(0), None).await.unwrap(), Written::Gone);
    assert!(!stores.delete(gone.id).await.unwrap());
    assert_eq!(stores.unpublish(gone.id, at(2)).await.unwrap(), None);
    assert_eq!(scene.recorded().await, []);

    // Whoever was told that a skill is published is told that it is not any more.
    for (skill, everybody) in [(&songs, true), (&songs, false), (&films, false)] {
        assert!(stores.unpublish(skill.id, at(3)).await.unwrap().is_some());
        assert_eq!(scene.recorded().await, [of_skill(Action::Update, skill, everybody, at(3))]);
    }
    let tales = RegisteredSkill { published: true, ..skill(owner, "Tales") };
    assert_eq!(stores.insert(&tales, None, None).await.unwrap(), Written::Done);
    scene.recorded().await;
    for (skill, everybody) in [(&tales, true), (&films, false)] {
        let before = SystemClock.now();
        assert!(stores.delete(skill.id).await.unwrap());
        let recorded = scene.recorded().await;
        let now = recorded[0].at;
        assert!(before <= now && now <= SystemClock.now());
        assert_eq!(recorded, [of_skill(Action::Delete, skill, everybody, now)]);
    }
}

#[tokio::test]
async fn trainings() {
    let (mut scene, owner) = Scene::of_owner().await;
    let stores = scene.stores.clone();
    let films = skill(owner, "Films");
    stores.insert(&films, None, None).await.unwrap();
    scene.recorded().await;
    let examples = TrainingSet { train: ["Who?".to_owned()].into(), dev: ["What?".to_owned()].into() };
    let begin = async |seconds| {
        let id = TrainingId::new(&SystemClock, &OsRandomness);
        assert_eq!(
            stores.begin_training(id, films.id, &examples, at(seconds), None).await.unwrap(),
            Written::Done
        );
        id
    };
    let of_training = |action, seconds| internal(Channel::Training, action, films.id.uuid(), at(seconds));
    let failed = TrainingState::Failed { reason: "too few".to_owned() };
    let published = TrainingState::Published { accuracy: Accuracy::default(), failures: Failures::default() };

    let first = begin(1).await;
    assert_eq!(scene.recorded().await, [of_training(Action::Create, 1)]);
    assert!(stores.finish_training(first, &failed, at(2)).await.unwrap().is_some());
    assert_eq!(scene.recorded().await, [of_training(Action::Update, 2)]);

    let superseded = begin(3).await;
    let second = begin(4).await;
    scene.recorded().await;
    assert!(stores.finish_training(second, &published, at(5)).await.unwrap().is_some());
    assert_eq!(scene.recorded().await, [of_skill(Action::Update, &films, true, at(5))]);

    for over in [first, superseded, second] {
        assert_eq!(stores.finish_training(over, &failed, at(6)).await.unwrap(), None);
    }
    let nowhere = SkillId::new(&SystemClock, &OsRandomness);
    assert_eq!(stores.begin_training(first, nowhere, &examples, at(6), None).await.unwrap(), Written::Gone);
    assert_eq!(scene.recorded().await, []);
}

#[tokio::test]
async fn films_and_actors() {
    let mut scene = Scene::new().await;
    // More than go into one statement.
    let movie = |number: usize| Movie {
        id: MovieId::new(&SystemClock, &OsRandomness),
        title: Title::parse(&format!("Film {number}")).unwrap(),
        release_date: date(1995, 12, 15),
    };
    let actor = Actor {
        id: ActorId::new(&SystemClock, &OsRandomness),
        name: ActorName::parse("Al Pacino").unwrap(),
        age: Age::parse(85).unwrap(),
        gender: Gender::parse("male").unwrap(),
    };
    let movies: Vec<Movie> = (0..2 * crate::rows::ROWS_AT_ONCE + 7).map(movie).collect();
    let catalogue = Catalogue { movies, actors: vec![actor.clone()], roles: Vec::new() };
    assert!(scene.stores.fill_if_empty(&catalogue).await.unwrap());

    let recorded = scene.recorded().await;
    let only = |permission: &str| Audience { permission: Some(permission.to_owned()), ..Audience::default() };
    let now = recorded[0].at;
    assert!(now.duration_since(SystemClock.now()).abs() < SignedDuration::from_mins(1));
    let expected = |channel, entity, permission| {
        let audience = only(permission);
        (channel, Action::Create, entity, audience)
    };
    let mut of_all: Vec<_> = catalogue
        .movies
        .iter()
        .map(|movie| expected(Channel::Movie, movie.id.uuid(), "get:movies"))
        .collect();
    of_all.push(expected(Channel::Actor, actor.id.uuid(), "get:actors"));
    let told = recorded.into_iter().map(|it| (it.channel, it.action, it.entity, it.audience));
    assert_eq!(told.collect::<Vec<_>>(), of_all);
    let ids: BTreeSet<_> =
        scene.stores.after(0, 10_000).await.unwrap().iter().map(|change| change.id).collect();
    assert_eq!(ids.len(), of_all.len());

    assert!(!scene.stores.fill_if_empty(&catalogue).await.unwrap());
    assert_eq!(scene.recorded().await, []);
}

#[tokio::test]
async fn films_actors_and_roles_one_by_one() {
    let mut scene = Scene::new().await;
    let stores = scene.stores.clone();
    let movie = |title: &str| Movie {
        id: MovieId::new(&SystemClock, &OsRandomness),
        title: Title::parse(title).unwrap(),
        release_date: date(1995, 12, 15),
    };
    let (heat, other) = (movie("Heat"), movie("Other"));
    let actor = Actor {
        id: ActorId::new(&SystemClock, &OsRandomness),
        name: ActorName::parse("Al Pacino").unwrap(),
        age: Age::parse(85).unwrap(),
        gender: Gender::parse("male").unwrap(),
    };
    let role = |movie: &Movie| Role {
        id: RoleId::new(&SystemClock, &OsRandomness),
        movie: movie.id,
        actor: actor.id,
        character: Character::parse("Vincent Hanna").unwrap(),
    };
    let told = |channel: Channel, permission: &str, action, entity, second| {
        let audience = Audience { permission: Some(permission.to_owned()), ..Audience::default() };
        Draft { channel, action, entity, audience, at: at(second) }
    };
    let of_movie =
        |action, movie: &Movie, second| told(Channel::Movie, "get:movies", action, movie.id.uuid(), second);
    let of_actor = |action, second| told(Channel::Actor, "get:actors", action, actor.id.uuid(), second);
    let (create, update, delete) = (Action::Create, Action::Update, Action::Delete);

    stores.add_movie(&heat, None, at(1)).await.unwrap();
    stores.add_movie(&other, None, at(1)).await.unwrap();
    stores.add_actor(&actor, None, at(2)).await.unwrap();
    let expected = [of_movie(create, &heat, 1), of_movie(create, &other, 1), of_actor(create, 2)];
    assert_eq!(scene.recorded().await, expected);

    let title = MoviePatch { title: Some(Title::parse("Hot").unwrap()), release_date: None };
    let age = ActorPatch { age: Some(Age::parse(86).unwrap()), ..ActorPatch::default() };
    for _ in 0..2 {
        // The second time nothing changes.
        stores.change_movie(heat.id, &title, None, at(3)).await.unwrap();
        stores.change_actor(actor.id, &age, None, at(3)).await.unwrap();
    }
    assert_eq!(scene.recorded().await, [of_movie(update, &heat, 3), of_actor(update, 3)]);

    let hanna = role(&heat);
    stores.add_role(&hanna, None, at(4)).await.unwrap();
    assert_eq!(scene.recorded().await, [of_movie(update, &heat, 4), of_actor(update, 4)]);
    let moved = RolePatch { movie: Some(other.id), ..RolePatch::default() };
    for _ in 0..2 {
        stores.change_role(hanna.id, &moved, None, at(5)).await.unwrap();
    }
    let expected = [of_movie(update, &heat, 5), of_movie(update, &other, 5), of_actor(update, 5)];
    assert_eq!(scene.recorded().await, expected);
    stores.remove_role(hanna.id, None, at(6)).await.unwrap();
    assert_eq!(scene.recorded().await, [of_movie(update, &other, 6), of_actor(update, 6)]);

    for role in [role(&heat), role(&heat), role(&other)] {
        stores.add_role(&role, None, at(7)).await.unwrap();
    }
    scene.recorded().await;
    stores.remove_movie(heat.id, None, at(8)).await.unwrap();
    assert_eq!(scene.recorded().await, [of_movie(delete, &heat, 8), of_actor(update, 8)]);
    stores.remove_actor(actor.id, None, at(9)).await.unwrap();
    assert_eq!(scene.recorded().await, [of_actor(delete, 9), of_movie(update, &other, 9)]);

    let stranger = Caller {
        user: UserId::new(&SystemClock, &OsRandomness),
        session: SessionId::new(&SystemClock, &OsRandomness),
        rights: 0,
    };
    stores.remove_movie(heat.id, None, at(10)).await.unwrap();
    stores.remove_movie(other.id, Some(stranger), at(10)).await.unwrap();
    stores.add_role(&role(&other), None, at(10)).await.unwrap();
    assert_eq!(scene.recorded().await, []);
}

#[tokio::test]
async fn events() {
    let (mut scene, owner) = Scene::of_owner().await;
    let event = Event {
        id: EventId::new(&SystemClock, &OsRandomness),
        owner,
        date: date(2026, 12, 31),
        time: EventTime::parse("8pm").unwrap(),
        venue: Venue::parse("The Fillmore").unwrap(),
        address: Address::parse("Geary Boulevard").unwrap(),
        created_at: at(1),
    };
    let events = std::slice::from_ref(&event);
    assert!(scene.stores.fill_if_none_from(event.date, events).await.unwrap());
    let audience = Audience { everybody: true, ..Audience::default() };
    let (channel, action) = (Channel::Event, Action::Create);
    let expected = Draft { channel, action, entity: event.id.uuid(), audience: audience.clone(), at: at(1) };
    assert_eq!(scene.recorded().await, [expected]);
    assert!(!scene.stores.fill_if_none_from(event.date, events).await.unwrap());
    assert_eq!(scene.recorded().await, []);

    let caller = scene.caller(owner).await;
    let draft = |action, event: &Event, at| {
        let audience = audience.clone();
        Draft { channel, action, entity: event.id.uuid(), audience, at }
    };
    let other = Event { id: EventId::new(&SystemClock, &OsRandomness), ..event.clone() };
    scene.stores.add(&other, 2, caller).await.unwrap();
    assert_eq!(scene.recorded().await, [draft(Action::Create, &other, at(1))]);
    scene
        .stores
        .add(&Event { id: EventId::new(&SystemClock, &OsRandomness), ..event.clone() }, 2, caller)
        .await
        .unwrap();
    let mut patch = EventPatch::default();
    scene.stores.change(event.id, &patch, caller, at(2)).await.unwrap();
    assert_eq!(scene.recorded().await, [], "what changes nothing is no change");
    patch.date = Some(date(2027, 1, 1));
    scene.stores.change(event.id, &patch, caller, at(3)).await.unwrap();
    assert_eq!(scene.recorded().await, [draft(Action::Update, &event, at(3))]);
    for _ in 0..2 {
        scene.stores.remove(event.id, caller, at(4)).await.unwrap();
    }
    assert_eq!(scene.recorded().await, [draft(Action::Delete, &event, at(4))]);
    let imported = Event { id: EventId::new(&SystemClock, &OsRandomness), created_at: at(5), ..event };
    scene.stores.add_all(std::slice::from_ref(&imported)).await.unwrap();
    assert_eq!(scene.recorded().await, [draft(Action::Create, &imported, at(5))]);
}

#[tokio::test]
async fn what_fails_is_not_recorded_and_takes_no_number() {
    let (mut scene, owner) = Scene::of_owner().await;
    let stores = scene.stores.clone();
    let mut unknown_role = account("somebody");
    unknown_role.roles.push("no_such_role".to_owned());
    assert!(stores.register(&unknown_role, None, Consequences::none()).await.is_err());
    let nobody = account("nobody").id;
    assert!(SkillStore::insert(&stores, &skill(nobody, "Films"), None, None).await.is_err());
    let failed = stores.database.change(|_, changes| {
        changes.add(Draft::of(Channel::Company, Action::Create, Uuid::nil()).into());
        Err::<(), _>(diesel::result::Error::RollbackTransaction)
    });
    assert!(failed.await.is_err());
    assert_eq!(scene.recorded().await, []);
    stores.set_suspended(owner, true, at(1), Consequences::none()).await.unwrap();
    assert_eq!(scene.recorded().await.len(), 1);
}

#[tokio::test]
async fn signing_keys() {
    let mut scene = Scene::new().await;
    let stores = scene.stores.clone();
    let key = |id: &str, seconds| StoredSigningKey {
        id: id.to_owned(),
        private: Sealed(vec![1]),
        created_at: at(seconds),
        signs_from: at(seconds + 60),
    };
    let of_keys = |action, seconds| internal(Channel::SigningKey, action, Uuid::nil(), at(seconds));
    // Nobody can have loaded another one.
    stores.add_first(&key("a", 0)).await.unwrap();
    assert_eq!(scene.recorded().await, []);
    assert!(stores.add_next(&key("b", 1), "a").await.unwrap());
    assert_eq!(scene.recorded().await, [of_keys(Action::Create, 1)]);
    assert!(!stores.add_next(&key("c", 2), "a").await.unwrap());
    assert_eq!(stores.retire(&["b".to_owned(), "x".to_owned()], at(3)).await.unwrap(), 0);
    assert_eq!(scene.recorded().await, []);
    assert_eq!(stores.retire(&["a".to_owned()], at(4)).await.unwrap(), 1);
    assert_eq!(scene.recorded().await, [of_keys(Action::Delete, 4)]);
}
