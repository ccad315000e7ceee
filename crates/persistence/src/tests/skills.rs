use super::TestDatabase;
use crate::Stores;
use square_accounts::ports::{AccountStore, Consequences, NewAccount};
use square_accounts::{LoginMethod, PasswordHash, PersonName, Username};
use square_kernel::{Clock, OsRandomness, SystemClock, UserId};
use std::sync::Arc;

square_skills::skill_store_contract!(fresh);

mod models {
    use super::{Arc, Stores, TestDatabase};

    square_skills::model_store_contract!(fresh);

    async fn fresh() -> (Arc<Stores>, TestDatabase) {
        let test = TestDatabase::new().await;
        (Arc::new(test.stores()), test)
    }
}

async fn fresh() -> (Arc<Stores>, UserId, TestDatabase) {
    let test = TestDatabase::new().await;
    let stores = test.stores();
    let owner = account("owner");
    stores.register(&owner, None, Consequences::none()).await.unwrap();
    (Arc::new(stores), owner.id, test)
}

pub(super) fn account(name: &str) -> NewAccount {
    let now = SystemClock.now();
    NewAccount {
        id: UserId::new(&SystemClock, &OsRandomness),
        username: Username::parse(name).unwrap(),
        email: None,
        first_name: PersonName::default(),
        last_name: PersonName::default(),
        password: PasswordHash::new("hash"),
        confirmed_at: Some(now),
        login_method: LoginMethod::Signup,
        roles: vec!["user".to_owned()],
        created_at: now,
    }
}

#[tokio::test]
async fn only_active_accounts_with_a_confirmed_address_may_own_skills() {
    use square_skills::ports::SkillStore;
    let test = TestDatabase::new().await;
    let stores = test.stores();
    let (confirmed, mut unconfirmed) = (account("confirmed"), account("unconfirmed"));
    unconfirmed.confirmed_at = None;
    for new in [&confirmed, &unconfirmed] {
        stores.register(new, None, Consequences::none()).await.unwrap();
    }
    assert!(stores.may_own(confirmed.id).await.unwrap());
    assert!(!stores.may_own(unconfirmed.id).await.unwrap());
    stores.set_suspended(confirmed.id, true, SystemClock.now(), Consequences::none()).await.unwrap();
    assert!(!stores.may_own(confirmed.id).await.unwrap());
}

#[tokio::test]
async fn who_is_signed_in_registers_edits_and_trains_until_their_session_ends() {
    use super::mfa::signed_in;
    use square_accounts::ports::SessionStore;
    use square_kernel::SkillId;
    use square_skills::ports::{SkillStore, Written};
    use square_skills::{
        Protocol, RegisteredSkill, SkillAddress, SkillDescription, SkillName, SkillUrl, TrainingId,
        TrainingSet,
    };
    let (stores, owner, _keep) = fresh().await;
    let caller = signed_in(&stores, owner).await;
    let by = Some(caller);
    let now = SystemClock.now();
    let skill = |name: &str| RegisteredSkill {
        id: SkillId::new(&SystemClock, &OsRandomness),
        owner,
        name: SkillName::parse(name).unwrap(),
        description: SkillDescription::default(),
        address: SkillAddress::Remote {
            url: SkillUrl::parse("https://films.example").unwrap(),
            protocol: Protocol::Square,
        },
        secret: None,
        signing: None,
        model: None,
        published: false,
        samples: Arc::default(),
        created_at: now,
        updated_at: now,
    };
    let examples = TrainingSet { train: ["Who?".to_owned()].into(), dev: ["Who?".to_owned()].into() };
    let films = skill("Films");
    let all = async |new: &RegisteredSkill| {
        let training = TrainingId::new(&SystemClock, &OsRandomness);
        [
            stores.insert(new, by, None).await.unwrap(),
            stores.update(&films, now, by).await.unwrap(),
            stores.begin_training(training, films.id, &examples, now, by).await.unwrap(),
        ]
    };
    assert_eq!(all(&films).await, [Written::Done; 3]);
    assert!(stores.end(caller.session, now, Consequences::none()).await.unwrap());
    assert_eq!(all(&skill("Songs")).await, [Written::Overtaken; 3]);
    assert_eq!(SkillStore::all(&*stores).await.unwrap().len(), 1);
}
