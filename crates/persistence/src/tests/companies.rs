use super::TestDatabase;
use super::mfa::signed_in;
use super::skills::account;
use crate::Stores;
use crate::schema::companies::{bank_names, banks};
use diesel::prelude::*;
use square_accounts::ports::{AccountStore, Consequences, SessionStore};
use square_changes::ports::ChangeLog;
use square_changes::{Action, Audience, Channel};
use square_companies::ports::{CompanyChange, CompanyStore, Written};
use square_companies::testing::contract::Stage;
use square_companies::{BankAccount, BankAccountId, Company, CompanyId, Phone, sample_data};
use square_kernel::testing::ManualClock;
use square_kernel::{Clock, OsRandomness, SystemClock, UserId};
use square_naming::NameKey;
use std::collections::BTreeSet;
use std::sync::Arc;

square_companies::company_store_contract!(fresh());

async fn fresh() -> (Stage, TestDatabase) {
    let test = TestDatabase::new().await;
    let stores = test.stores();
    let (owner, other) = (account("owner"), account("other"));
    for account in [&owner, &other] {
        stores.register(account, None, Consequences::none()).await.unwrap();
    }
    (Stage { store: Arc::new(stores), owner: owner.id, other: other.id }, test)
}

/// Companies of `owner`, the first two with accounts, not stored.
async fn companies(stores: &Stores, owner: UserId) -> Vec<Company> {
    let codes = ["001", "033", "104", "237", "341"].map(|code| code.parse().unwrap());
    let banks = stores.banks_by_code(&codes).await.unwrap();
    sample_data(owner, &banks, &ManualClock::default(), &OsRandomness).unwrap()
}

#[tokio::test]
async fn who_is_signed_in_no_more_changes_nothing() {
    let test = TestDatabase::new().await;
    let (stores, owner) = (test.stores(), account("owner"));
    stores.register(&owner, None, Consequences::none()).await.unwrap();
    let caller = signed_in(&stores, owner.id).await;
    let (now, by) = (SystemClock.now(), Some(caller));
    let [first, second, ..] = &companies(&stores, owner.id).await[..] else { panic!("too few") };
    let store: &dyn CompanyStore = &stores;
    assert_eq!(store.insert(first, by).await.unwrap(), Written::Done(()));
    let account = &first.accounts[0];
    let nothing = CompanyChange::default();
    assert!(matches!(store.update(first.id, &nothing, now, by).await.unwrap(), Written::Done(_)));
    assert!(stores.end(caller.session, now, Consequences::none()).await.unwrap());
    let refused = [
        store.insert(second, by).await.unwrap(),
        store.update(first.id, &nothing, now, by).await.unwrap().map(drop),
        store.add_account(first.id, &second.accounts[0], 9, now, by).await.unwrap(),
        store.change_account(account, now, by).await.unwrap(),
        store.remove_account(account.id, now, by).await.unwrap().map(drop),
        store.delete(first.id, now, by).await.unwrap().map(drop),
    ];
    assert_eq!(refused, [const { Written::Overtaken }; 6]);
    assert_eq!(store.find(first.id).await.unwrap().as_ref(), Some(first));
}

/// What was recorded since number `seen`, which is moved on.
async fn recorded(stores: &Stores, seen: &mut u64) -> Vec<(Channel, Action, CompanyId, Audience)> {
    let changes = stores.after(*seen, 1000).await.unwrap();
    *seen += changes.len() as u64;
    let told = changes.into_iter();
    told.map(|change| (change.channel, change.action, change.entity.into(), change.audience)).collect()
}

#[tokio::test]
async fn owners_alone_are_told_of_what_changes() {
    let test = TestDatabase::new().await;
    let (stores, owner) = (test.stores(), account("owner"));
    stores.register(&owner, None, Consequences::none()).await.unwrap();
    let mut seen = stores.head().await.unwrap();
    let all = companies(&stores, owner.id).await;
    let (company, now) = (&all[0], SystemClock.now());
    let store: &dyn CompanyStore = &stores;
    let told = |action, id| {
        let audience = Audience { owner: Some(owner.id), ..Audience::default() };
        (Channel::Company, action, id, audience)
    };
    store.insert(company, None).await.unwrap();
    assert_eq!(recorded(&stores, &mut seen).await, [told(Action::Create, company.id)]);
    // What is taken, and what is as it was, is no change.
    assert_eq!(store.insert(company, None).await.unwrap(), Written::AccountTaken(0));
    store.update(company.id, &CompanyChange::default(), now, None).await.unwrap();
    store.change_account(&company.accounts[0], now, None).await.unwrap();
    assert_eq!(recorded(&stores, &mut seen).await, []);
    let change = CompanyChange { phone: Phone::parse("1").ok(), ..CompanyChange::default() };
    store.update(company.id, &change, now, None).await.unwrap();
    let account = &all[1].accounts[0];
    store.add_account(company.id, account, 9, now, None).await.unwrap();
    let changed = BankAccount { number: company.accounts[1].number.clone(), ..account.clone() };
    store.change_account(&changed, now, None).await.unwrap();
    store.remove_account(account.id, now, None).await.unwrap();
    assert_eq!(
        recorded(&stores, &mut seen).await,
        [const { Action::Update }; 4].map(|update| told(update, company.id))
    );
    let unknown = BankAccountId::new(&SystemClock, &OsRandomness);
    assert_eq!(store.remove_account(unknown, now, None).await.unwrap(), Written::Gone);
    store.delete(company.id, now, None).await.unwrap();
    assert_eq!(recorded(&stores, &mut seen).await, [told(Action::Delete, company.id)]);
    assert!(store.fill_if_none_of(owner.id, &all).await.unwrap());
    let expected: Vec<_> = all.iter().map(|company| told(Action::Create, company.id)).collect();
    assert_eq!(recorded(&stores, &mut seen).await, expected);
}

#[tokio::test]
async fn banks_stand_under_the_keys_of_all_their_names() {
    let test = TestDatabase::new().await;
    let all = test.database.read(|connection| {
        let names: Vec<(String, String, String, String, i64)> = bank_names::table.load(connection)?;
        let banks: Vec<(String, String)> = banks::table.load(connection)?;
        Ok((names, banks))
    });
    let (names, banks) = all.await.unwrap();
    for (code, name, key, reversed, length) in &names {
        let expected = NameKey::of(name);
        assert_eq!(key, expected.as_str(), "{code} {name}");
        assert_eq!(reversed, &expected.reversed(), "{code} {name}");
        assert_eq!(usize::try_from(*length).unwrap(), expected.length(), "{code} {name}");
    }
    let known: BTreeSet<(&str, &str)> =
        names.iter().map(|(code, name, ..)| (code.as_str(), name.as_str())).collect();
    assert!(banks.len() > 80, "{}", banks.len());
    for (code, name) in &banks {
        assert!(known.contains(&(code, name)), "{code} {name}");
    }
    let keys: BTreeSet<&str> = names.iter().map(|(_, _, key, ..)| key.as_str()).collect();
    assert_eq!(keys.len(), names.len(), "a name stands for two banks");
}
