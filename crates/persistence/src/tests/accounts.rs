use super::TestDatabase;
use square_accounts::ports::AccountStore;
use square_accounts::testing::contract::Stores;
use std::sync::Arc;

async fn fresh() -> (Stores, TestDatabase) {
    let test = TestDatabase::new().await;
    (Stores::of(&Arc::new(test.stores())), test)
}

mod account_store {
    square_accounts::account_store_contract!(super::fresh());
}
mod confirmations {
    square_accounts::confirmations_contract!(super::fresh());
}
mod credentials {
    square_accounts::credentials_contract!(super::fresh());
}
mod callers {
    square_accounts::callers_contract!(super::fresh());
}
mod one_time_secrets {
    square_accounts::one_time_secrets_contract!(super::fresh());
}
mod login_methods {
    square_accounts::login_methods_contract!(super::fresh());
}
mod administration {
    square_accounts::administration_contract!(super::fresh());
}
mod roles {
    square_accounts::roles_contract!(super::fresh());
}
mod letter_shelf {
    square_accounts::letter_shelf_contract!(super::fresh());
}
mod audit_log {
    square_accounts::audit_log_contract!(super::fresh());
}
mod mfa {
    square_accounts::mfa_contract!(super::fresh());
}
mod session_store {
    square_accounts::session_store_contract!(super::fresh());
}
mod session_list {
    square_accounts::session_list_contract!(super::fresh());
}
mod limits {
    use super::{Arc, TestDatabase};
    use square_limits::testing::contract::Stores;

    square_limits::limits_contract!(fresh());

    async fn fresh() -> (Stores, TestDatabase) {
        let test = TestDatabase::new().await;
        (Stores::of(&Arc::new(test.stores())), test)
    }
}
mod letter_requests {
    square_accounts::letter_requests_contract!(super::fresh());
}
mod letter_queue {
    square_accounts::letter_queue_contract!(super::fresh());
}
mod signing_key_store {
    square_accounts::signing_key_store_contract!(super::fresh());
}
mod races {
    square_accounts::races_contract!(super::fresh());
}
mod texts {
    square_accounts::texts_contract!(super::fresh());
}

#[tokio::test]
async fn the_first_migration_brings_the_roles() {
    let test = TestDatabase::new().await;
    let stores = test.stores();
    let of = async |role: &str| stores.permissions_of(role).await.unwrap();
    assert_eq!(of("user").await, Vec::<String>::new());
    assert_eq!(of("casting_assistant").await, ["get:actors", "get:movies", "get:roles"]);
    let (director, producer) = (of("casting_director").await, of("executive_producer").await);
    let more: Vec<&String> = producer.iter().filter(|held| !director.contains(held)).collect();
    assert_eq!(more, ["delete:movies", "post:movies"]);
    let admin = of("admin").await;
    assert!(producer.iter().all(|held| admin.contains(held)));
    // Known although it allows nothing, so that an operator can let everybody read films.
    for role in ["user", "anonymous"] {
        let known = test.database.read(move |connection| {
            use crate::schema::accounts::roles;
            use diesel::{QueryDsl, RunQueryDsl};
            roles::table.find(role).count().get_result::<i64>(connection)
        });
        assert_eq!(known.await.unwrap(), 1, "{role}");
    }
}
