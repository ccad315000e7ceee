use super::TestDatabase;
use crate::DatabaseQuestionLog;
use crate::columns::Key;
use crate::schema::changes::instances;
use async_trait::async_trait;
use diesel::prelude::*;
use square_cluster::InstanceId;
use square_kernel::{OsRandomness, SystemClock, UserId};
use square_routing::QuestionLog;
use square_routing::testing::contract::Site;

mod contract {
    square_routing::question_log_contract!(super::TwoInstances::fresh());
}

/// Two instances on one database.
struct TwoInstances {
    log: DatabaseQuestionLog,
    other: DatabaseQuestionLog,
    other_instance: InstanceId,
    user: UserId,
    test: TestDatabase,
}

impl TwoInstances {
    async fn fresh() -> Self {
        let test = TestDatabase::new().await;
        let [me, other_instance] = [(); 2].map(|()| InstanceId::new(&SystemClock, &OsRandomness));
        let log = DatabaseQuestionLog::new(test.database.clone(), me).unwrap();
        let other = DatabaseQuestionLog::new(test.opened_again().await, other_instance).unwrap();
        let user = UserId::new(&SystemClock, &OsRandomness);
        let site = Self { log, other, other_instance, user, test };
        site.enlist(me).await;
        site.enlist(other_instance).await;
        site
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
