//! What is left of an account that was deleted.

use super::TestDatabase;
use super::skills::account;
use crate::columns::Key;
use crate::connection::DbConnection;
use crate::copy::tables::{Kind, TABLES};
use crate::schema::changes::instances;
use crate::schema::companies::bank_accounts;
use crate::schema::feedback::proposals;
use crate::{DatabaseQuestionLog, Stores};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use futures::future::join_all;
use jiff::civil::date;
use square_accounts::ports::identity::{ExternalIdentity, Grant, ShownText, Subject};
use square_accounts::ports::{
    AccountStore, Caller, Consequences, CredentialStore, LinkedBy, Linking, LoginMethodId, LoginMethodStore,
    MfaStore, NewAccount, NewConfirmation, NewLetter, NewLoginMethod, NewOtpMethod, OtpMethodId,
    SessionRecord, SessionStore,
};
use square_accounts::{
    Actor, AuditAction, AuditEntry, AuditId, Device, EmailAddress, Letter, LetterId, MailToken, Occasion,
    OtpSecret, PersonName, Provider,
};
use square_changes::ports::ChangeLog;
use square_changes::{Action, Channel};
use square_cluster::InstanceId;
use square_companies::ports::CompanyStore;
use square_companies::{
    AccountNumber, Agency, BankAccount, BankAccountId, Company, CompanyId, CompanyName, DeclaredBilling,
    Phone,
};
use square_events::ports::EventStore;
use square_events::{Address, Event, EventId, EventTime, Venue};
use square_kernel::{Clock, OsRandomness, SessionId, SkillId, SystemClock, UserId};
use square_routing::{
    AppendError, Choice, Comment, Ending, FeedbackStore, Finish, LogEntry, LogEvent, QuestionId, QuestionLog,
    QuestionRecord, Rating, Verdict,
};
use square_skills::ports::{ProposalStore, SkillStore, Written};
use square_skills::{
    BuiltinName, ExampleText, NewProposal, ProposalId, ProposalPolicy, RegisteredSkill, SkillAddress,
    SkillDescription, SkillName, TrainingId, TrainingSet,
};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// In every text that the account has anywhere.
const MARK: &str = "zanzibar";

fn marked(text: &str) -> String {
    format!("{text} {MARK}")
}

/// Somebody who has something of everything.
struct Owner {
    stores: Stores,
    log: DatabaseQuestionLog,
    user: UserId,
    /// What else is to be recorded as deleted.
    owned: BTreeSet<(&'static str, Uuid)>,
    finished: QuestionId,
    unfinished: QuestionId,
    test: TestDatabase,
}

fn owner() -> NewAccount {
    let name = |text: &str| PersonName::parse("first_name", &marked(text)).unwrap();
    NewAccount {
        username: square_accounts::Username::parse(MARK).unwrap(),
        email: Some(EmailAddress::parse(&format!("{MARK}@example.org")).unwrap()),
        first_name: name("Ada"),
        last_name: name("Lovelace"),
        ..account("owner")
    }
}

/// A letter to the owner, and that they did something from somewhere.
fn happened(new: &NewAccount) -> Consequences {
    let at = SystemClock.now();
    let letter = NewLetter {
        id: LetterId::new(&SystemClock, &OsRandomness),
        letter: Letter {
            to: new.email.clone().unwrap(),
            username: new.username.clone(),
            occasion: Occasion::AlreadyRegistered,
        },
        at,
    };
    let device =
        Device { address: Some(marked("192.0.2.7")), agent: Some(marked("Browser")), ..Device::default() };
    let entry = |actor| AuditEntry {
        id: AuditId::new(&SystemClock, &OsRandomness),
        at,
        action: AuditAction::SignedIn,
        actor: Actor { user: actor, device: device.clone() },
        user: Some(new.id),
        detail: None,
    };
    Consequences { letters: vec![letter], audit: vec![entry(None), entry(Some(new.id))] }
}

impl Owner {
    async fn new() -> Self {
        let test = TestDatabase::new().await;
        let stores = test.stores();
        let new = owner();
        let digest = MailToken::new(&OsRandomness).digest();
        let confirmation =
            NewConfirmation { digest, expires_at: SystemClock.now() + Duration::from_hours(1) };
        stores.register(&new, Some(&confirmation), &happened(&new)).await.unwrap();
        let instance = InstanceId::new(&SystemClock, &OsRandomness);
        let row = (instances::id.eq(Key(instance.uuid())), instances::beats.eq(1));
        let enlist = move |connection: &mut DbConnection| {
            diesel::insert_into(instances::table).values(row).execute(connection).map(drop)
        };
        test.database.write(enlist).await.unwrap();
        let log = DatabaseQuestionLog::new(test.database.clone(), instance).unwrap();
        let nothing = QuestionId::new(&SystemClock, &OsRandomness);
        let owned = BTreeSet::from([(Channel::Person.as_str(), new.id.uuid())]);
        let mut this =
            Self { stores, log, user: new.id, owned, finished: nothing, unfinished: nothing, test };
        let session = this.open_session().await;
        this.enrol_factors(session).await;
        this.register_skill().await;
        this.enter_event().await;
        this.enter_company().await;
        this.finished = this.ask(Some(new.id), true).await;
        this.unfinished = this.ask(Some(new.id), false).await;
        this.judge().await;
        let unfinished = this.unfinished.uuid();
        this.owned.insert((Channel::Question.as_str(), unfinished));
        this
    }

    async fn open_session(&mut self) -> SessionId {
        let now = SystemClock.now();
        let session = SessionRecord {
            id: SessionId::new(&SystemClock, &OsRandomness),
            user: self.user,
            generation: 0,
            rotated_at: now,
            created_at: now,
            expires_at: now + Duration::from_hours(1),
            ends_at: None,
            ended_at: None,
            second_factor: false,
            address: Some(marked("192.0.2.7")),
            agent: Some(marked("Browser")),
        };
        assert!(self.stores.open(&session, 0, Consequences::none()).await.unwrap());
        self.owned.insert((Channel::Session.as_str(), session.id.uuid()));
        session.id
    }

    async fn enrol_factors(&mut self, session: SessionId) {
        let (user, at) = (self.user, SystemClock.now());
        let id = OtpMethodId::new(&SystemClock, &OsRandomness);
        let method = NewOtpMethod { id, user, secret: OtpSecret::new(&OsRandomness), at };
        let by = Caller { user, session, rights: 0 };
        assert_eq!(self.stores.begin_otp(&method, by, Consequences::none()).await.unwrap(), Ok(true));
        self.owned.insert((Channel::OtpMethod.as_str(), id.uuid()));
        let identity = ExternalIdentity {
            subject: Subject::parse(MARK).unwrap(),
            email: None,
            name: ShownText::new(MARK),
            first_name: ShownText::default(),
            last_name: ShownText::default(),
            user_name: ShownText::new(MARK),
            grant: Grant::default(),
        };
        let id = LoginMethodId::new(&SystemClock, &OsRandomness);
        let method = NewLoginMethod { id, provider: Provider::Github, identity, at };
        let linked =
            self.stores.link(user, &method, LinkedBy::Owner(by), Consequences::none()).await.unwrap();
        assert!(matches!(linked, Ok(Linking::Linked { .. })), "{linked:?}");
        self.owned.insert((Channel::LoginMethod.as_str(), id.uuid()));
    }

    async fn register_skill(&mut self) {
        let at = SystemClock.now();
        let skill = RegisteredSkill {
            id: SkillId::new(&SystemClock, &OsRandomness),
            owner: self.user,
            name: SkillName::parse(MARK).unwrap(),
            description: SkillDescription::parse(MARK).unwrap(),
            address: SkillAddress::Builtin(BuiltinName::new("casting")),
            secret: None,
            signing: None,
            model: None,
            published: true,
            samples: Arc::default(),
            created_at: at,
            updated_at: at,
        };
        SkillStore::insert(&self.stores, &skill, None, None).await.unwrap();
        let examples = TrainingSet::parse(MARK, MARK).unwrap();
        let training = TrainingId::new(&SystemClock, &OsRandomness);
        let begun = self.stores.begin_training(training, skill.id, &examples, at, None);
        assert_eq!(begun.await.unwrap(), Written::Done);
        self.owned.insert((Channel::Skill.as_str(), skill.id.uuid()));
    }

    /// Says something of an answer, by which the question proposes itself to somebody else's skill.
    async fn judge(&self) {
        let bystander = account("skilled");
        self.stores.register(&bystander, None, Consequences::none()).await.unwrap();
        let (at, skill) = (SystemClock.now(), SkillId::new(&SystemClock, &OsRandomness));
        let registered = RegisteredSkill {
            id: skill,
            owner: bystander.id,
            name: SkillName::parse("Of somebody else").unwrap(),
            description: SkillDescription::default(),
            address: SkillAddress::Builtin(BuiltinName::new("casting")),
            secret: None,
            signing: None,
            model: None,
            published: true,
            samples: Arc::default(),
            created_at: at,
            updated_at: at,
        };
        SkillStore::insert(&self.stores, &registered, None, None).await.unwrap();
        let comment = Comment::parse(&marked("Thanks,")).unwrap();
        let question = self.finished;
        let verdict = Verdict { question, skill, rating: Rating::Helpful, comment, given_at: at };
        let proposal = NewProposal {
            id: ProposalId::new(&SystemClock, &OsRandomness),
            skill,
            key: ExampleText::of(MARK).unwrap().key(),
            policy: ProposalPolicy::default(),
            at,
        };
        assert!(self.stores.give(&verdict, Some(&proposal)).await.unwrap());
        assert_eq!(self.stores.ratings(skill).await.unwrap().proposed, 1);
    }

    async fn enter_event(&mut self) {
        let event = Event {
            id: EventId::new(&SystemClock, &OsRandomness),
            owner: self.user,
            date: date(2026, 12, 31),
            time: EventTime::parse("8pm").unwrap(),
            venue: Venue::parse(MARK).unwrap(),
            address: Address::parse(MARK).unwrap(),
            created_at: SystemClock.now(),
        };
        assert!(self.stores.fill_if_none_from(event.date, std::slice::from_ref(&event)).await.unwrap());
        self.owned.insert((Channel::Event.as_str(), event.id.uuid()));
    }

    async fn enter_company(&mut self) {
        let banks = self.stores.banks_by_code(&["001".parse().unwrap()]).await.unwrap();
        let account = BankAccount {
            id: BankAccountId::new(&SystemClock, &OsRandomness),
            agency: Agency::parse("1").unwrap(),
            number: AccountNumber::parse("1").unwrap(),
            bank: banks[0].clone(),
        };
        let company = Company {
            id: CompanyId::new(&SystemClock, &OsRandomness),
            owner: self.user,
            name: CompanyName::parse(MARK).unwrap(),
            phone: Phone::parse("1").unwrap(),
            billing: DeclaredBilling::MAX,
            accounts: vec![account],
            created_at: SystemClock.now(),
        };
        let written = CompanyStore::insert(&self.stores, &company, None).await.unwrap();
        assert_eq!(written, square_companies::ports::Written::Done(()));
        self.owned.insert((Channel::Company.as_str(), company.id.uuid()));
    }

    async fn ask(&self, asker: Option<UserId>, finished: bool) -> QuestionId {
        let id = QuestionId::new(&SystemClock, &OsRandomness);
        let choice = Choice { selector: "Square".to_owned(), ..Choice::default() };
        let (asked_at, deadline) = (SystemClock.now(), Duration::from_secs(10));
        let text = if asker.is_some() { MARK } else { "Well?" };
        let record =
            QuestionRecord { id, asker, text: text.into(), choice, asked_at, deadline, opening: true };
        self.log.open(&record).await.unwrap();
        if finished {
            self.log.append(id, &[end(1)]).await.unwrap();
        }
        id
    }

    /// Deletes the account; gives what was recorded meanwhile as deleted, by channel.
    async fn delete(&self) -> BTreeSet<(&'static str, Uuid)> {
        let before = self.stores.head().await.unwrap();
        let deleted =
            self.stores.delete_account(self.user, None, SystemClock.now(), &told(self.user)).await.unwrap();
        assert_eq!(deleted.map(|ended| ended.map(|ended| ended.len())), Ok(Some(1)));
        let changes = self.stores.after(before, 1000).await.unwrap();
        let deleted = changes.into_iter().filter(|change| change.action == Action::Delete);
        deleted.map(|change| (change.channel.as_str(), change.entity)).collect()
    }

    async fn forget_an_hour_later(&self) {
        let later = SystemClock.now() + Duration::from_secs(3601);
        while self.stores.forget_departed(later, 500).await.unwrap() > 0 {}
    }

    /// Rows in which a column is `user`, or has the mark in it, as `table.column`. What the log of changes says is about identifiers.
    async fn traces(&self) -> Vec<String> {
        let user = self.user.uuid().simple().to_string();
        self.test
            .database
            .read(move |connection| {
                let mut found = Vec::new();
                let quote = if matches!(connection, DbConnection::Mysql(_)) { '`' } else { '"' };
                let quoted = |name: &str| format!("{quote}{name}{quote}");
                for table in TABLES.iter().filter(|table| table.name != "changes") {
                    for column in table.columns {
                        let bytes = match connection {
                            DbConnection::Postgres(_) => format!("'\\x{user}'::bytea"),
                            _ => format!("X'{user}'"),
                        };
                        let condition = match column.kind {
                            Kind::Bytes => format!("= {bytes}"),
                            Kind::Text => format!("LIKE '%{MARK}%'"),
                            Kind::Integer | Kind::Bool => continue,
                        };
                        let (rows, name) = (quoted(table.name), quoted(column.name));
                        let count = format!("SELECT COUNT(*) FROM {rows} WHERE {name} {condition}");
                        if sql::<BigInt>(&count).get_result::<i64>(connection)? > 0 {
                            found.push(format!("{}.{}", table.name, column.name));
                        }
                    }
                }
                Ok(found)
            })
            .await
            .unwrap()
    }
}

fn end(seq: u32) -> Arc<LogEntry> {
    let finish = Finish { ending: Ending::Complete, took: Duration::from_secs(1) };
    Arc::new(LogEntry { seq, at: SystemClock.now(), event: LogEvent::Finished(finish) })
}

/// That the owner has deleted it.
fn told(user: UserId) -> Consequences {
    let device = Device { address: Some(marked("192.0.2.7")), ..Device::default() };
    Consequences::noted(AuditEntry {
        id: AuditId::new(&SystemClock, &OsRandomness),
        at: SystemClock.now(),
        action: AuditAction::AccountDeleted,
        actor: Actor { user: Some(user), device },
        user: Some(user),
        detail: None,
    })
}

#[tokio::test]
async fn no_table_holds_anything_of_it_but_the_audit_log_its_identifier() {
    let owner = Owner::new().await;
    let before = owner.traces().await;
    for trace in [
        "accounts.email",
        "letters.username_key",
        "events.venue",
        "companies.company_name",
        "questions.asker_id",
        "verdicts.comment",
    ] {
        assert!(before.iter().any(|found| found == trace), "{trace} is not among {before:?}");
    }
    assert_eq!(owner.delete().await, owner.owned);
    let looked_for = ["audit_log.actor_id", "audit_log.user_id", "departed_askers.id"];
    assert_eq!(owner.traces().await, looked_for);
    owner.forget_an_hour_later().await;
    assert_eq!(owner.traces().await, ["audit_log.actor_id", "audit_log.user_id"]);
    let accounts = |connection: &mut DbConnection| bank_accounts::table.count().get_result::<i64>(connection);
    assert_eq!(owner.test.database.read(accounts).await.unwrap(), 0, "they went with their company");
    let proposals = |connection: &mut DbConnection| proposals::table.count().get_result::<i64>(connection);
    assert_eq!(owner.test.database.read(proposals).await.unwrap(), 0, "not even a digest of it");
}

#[tokio::test]
async fn what_others_have_stays() {
    let owner = Owner::new().await;
    let other = account("bystander");
    owner.stores.register(&other, None, &Consequences::none().clone()).await.unwrap();
    let theirs = [owner.ask(Some(other.id), true).await, owner.ask(None, false).await];
    owner.delete().await;
    assert!(owner.stores.by_id(other.id).await.unwrap().is_some());
    for question in theirs {
        assert!(owner.log.find(question).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_question_under_way_finds_no_place_any_more_and_is_in_nobodys_way() {
    let owner = Owner::new().await;
    owner.delete().await;
    let other = owner.ask(None, false).await;
    let (late, in_time) = ([end(1)], [end(1)]);
    let (lost, kept) =
        tokio::join!(owner.log.append(owner.unfinished, &late), owner.log.append(other, &in_time));
    assert!(matches!(lost, Err(AppendError::Gone)), "{lost:?}");
    kept.unwrap();
    for gone in [owner.finished, owner.unfinished] {
        assert!(owner.log.find(gone).await.unwrap().is_none());
        assert_eq!(owner.log.entries_after(gone, 0).await.unwrap(), None);
    }
}

/// There may be so many that they are not deleted all at once, but nothing is left for good.
#[tokio::test]
async fn very_many_questions_follow_part_by_part() {
    let owner = Owner::new().await;
    for _ in 0..450 {
        owner.ask(Some(owner.user), true).await;
    }
    let others = owner.ask(None, true).await;
    let forget = async |at_most| owner.stores.forget_departed(SystemClock.now(), at_most).await.unwrap();
    assert_eq!(forget(500).await, 0, "nobody has departed");
    owner.delete().await;
    assert_eq!([forget(150).await, forget(500).await, forget(500).await], [150, 102, 0]);
    owner.forget_an_hour_later().await;
    assert_eq!(owner.traces().await, ["audit_log.actor_id", "audit_log.user_id"]);
    assert!(owner.log.find(others).await.unwrap().is_some());
}

/// Whoever comes second to the same questions deletes none of them, which does not mean that there are none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_many_see_to_it_nothing_is_left() {
    let owner = Owner::new().await;
    for _ in 0..900 {
        owner.ask(Some(owner.user), true).await;
    }
    owner.delete().await;
    let forget = |_| owner.stores.forget_departed(SystemClock.now(), 200);
    for found in join_all((0..4).map(forget)).await {
        found.unwrap();
    }
    owner.forget_an_hour_later().await;
    assert_eq!(owner.traces().await, ["audit_log.actor_id", "audit_log.user_id"]);
}

/// As where its selector was slow.
#[tokio::test]
async fn a_question_that_was_taken_before_and_is_stored_after_it_goes_too() {
    let owner = Owner::new().await;
    owner.delete().await;
    let forget = async || owner.stores.forget_departed(SystemClock.now(), 500).await.unwrap();
    assert_eq!(forget().await, 0);
    let late = owner.ask(Some(owner.user), false).await;
    assert_eq!(forget().await, 1);
    assert!(owner.log.find(late).await.unwrap().is_none());
    let later = owner.ask(Some(owner.user), true).await;
    owner.forget_an_hour_later().await;
    assert!(owner.log.find(later).await.unwrap().is_none());
    assert_eq!(owner.traces().await, ["audit_log.actor_id", "audit_log.user_id"]);
}

#[tokio::test]
async fn whoever_may_not_delete_it_any_more_has_lost_nothing() {
    let owner = Owner::new().await;
    let by = Caller { user: owner.user, session: SessionId::new(&SystemClock, &OsRandomness), rights: 0 };
    let refused =
        owner.stores.delete_account(owner.user, Some(by), SystemClock.now(), &told(owner.user)).await;
    assert!(refused.unwrap().is_err());
    assert_eq!(owner.stores.forget_departed(SystemClock.now(), 500).await.unwrap(), 0);
    for question in [owner.finished, owner.unfinished] {
        assert!(owner.log.find(question).await.unwrap().is_some());
    }
}
