use super::TestDatabase;
use crate::DatabaseQuestionLog;
use crate::columns::Key;
use crate::schema::changes::instances;
use crate::schema::questions::unfinished_questions;
use async_trait::async_trait;
use diesel::prelude::*;
use square_changes::ports::ChangeLog;
use square_changes::{Action, Audience, Channel};
use square_cluster::InstanceId;
use square_kernel::{Clock, OsRandomness, SystemClock, UserId};
use square_routing::testing::contract::Site;
use square_routing::{Choice, QuestionId, QuestionLog, QuestionRecord};
use std::time::Duration;

mod contract {
    square_routing::question_log_contract!(super::TwoInstances::fresh());
}

/// Two instances on one database.
pub(super) struct TwoInstances {
    log: DatabaseQuestionLog,
    other: DatabaseQuestionLog,
    other_instance: InstanceId,
    user: UserId,
    test: TestDatabase,
}

impl TwoInstances {
    pub(super) async fn fresh() -> Self {
        let test = TestDatabase::new().await;
        let [me, other_instance] = [(); 2].map(|()| InstanceId::new(&SystemClock, &OsRandomness));
        let log = DatabaseQuestionLog::new(test.database.clone(), me).unwrap();
        // A file is served by one process.
        let file = test.database.is_file();
        let others_view = if file { test.database.clone() } else { test.opened_again().await };
        let other = DatabaseQuestionLog::new(others_view, other_instance).unwrap();
        let user = UserId::new(&SystemClock, &OsRandomness);
        let site = Self { log, other, other_instance, user, test };
        site.enlist(me).await;
        site.enlist(other_instance).await;
        site
    }

    /// Opens a question through the first one.
    async fn open(&self, asker: Option<UserId>) -> QuestionId {
        let id = QuestionId::new(&SystemClock, &OsRandomness);
        let choice = Choice { selector: "Square".to_owned(), ..Choice::default() };
        let deadline = Duration::from_secs(10);
        let record = QuestionRecord {
            id,
            asker,
            text: "Well?".into(),
            choice,
            asked_at: SystemClock.now(),
            deadline,
            opening: true,
        };
        self.log.open(&record).await.unwrap();
        id
    }

    pub(super) fn stores(&self) -> crate::Stores {
        self.test.stores()
    }

    async fn enlist(&self, instance: InstanceId) {
        let row = (instances::id.eq(Key(instance.uuid())), instances::beats.eq(1));
        let listed = move |connection: &mut _| {
            diesel::insert_into(instances::table).values(row).execute(connection).map(drop)
        };
        self.test.database.write(listed).await.unwrap();
    }
}

#[async_trait]
impl Site for TwoInstances {
    fn log(&self) -> &dyn QuestionLog {
        &self.log
    }

    fn other(&self) -> &dyn QuestionLog {
        &self.other
    }

    async fn strike_off_other(&self) {
        let row = instances::table.find(Key(self.other_instance.uuid()));
        let gone = self.test.database.write(move |connection| diesel::delete(row).execute(connection));
        assert_eq!(gone.await.unwrap(), 1);
    }

    async fn enlist_other(&self) {
        self.enlist(self.other_instance).await;
    }

    fn user(&self) -> UserId {
        self.user
    }
}

#[tokio::test]
async fn a_question_that_is_given_up_is_told_among_instances() {
    let site = TwoInstances::fresh().await;
    let question = site.open(Some(site.user)).await;
    let at = "2026-05-01T12:00:00.000001Z".parse().unwrap();
    assert!(!site.other.request_cancel(question, None, at).await.unwrap());
    assert!(site.other.request_cancel(question, Some(site.user), at).await.unwrap());
    let changes = site.test.stores().after(0, 10).await.unwrap();
    let [change] = changes.as_slice() else { panic!("{changes:?}") };
    assert_eq!((change.channel, change.action), (Channel::Question, Action::Delete));
    assert_eq!((change.entity, change.at, &change.audience), (question.uuid(), at, &Audience::default()));
}

#[tokio::test]
async fn questions_from_before_there_were_instances_are_orphans() {
    let site = TwoInstances::fresh().await;
    let question = site.open(None).await;
    assert_eq!(site.log.orphaned().await.unwrap(), []);
    let disown = |connection: &mut _| {
        let nobodys = unfinished_questions::instance_id.eq(None::<Key>);
        diesel::update(unfinished_questions::table).set(nobodys).execute(connection)
    };
    assert_eq!(site.test.database.write(disown).await.unwrap(), 1);
    let orphaned = site.log.orphaned().await.unwrap();
    assert_eq!(orphaned.iter().map(|orphan| orphan.question.id).collect::<Vec<_>>(), [question]);
}
