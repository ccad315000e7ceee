//! What else owners see and change of themselves.

use super::super::{Samples, Stores};
use super::{letter_waits, opened};
use crate::account::Account;
use crate::names::PersonName;
use crate::ports::Consequences;
use square_kernel::{Limit, Page};

/// What is so already is no change.
pub async fn names_are_changed_and_noted_once(stores: &Stores) {
    let samples = Samples::default();
    let account = samples.registered(stores, "somebody").await;
    let name = |text: &str| PersonName::parse("first_name", text).expect("a good name");
    let (first, last) = (name("Ada"), name(""));
    let by = samples.caller(stores, account.id).await;
    let rename = async || {
        let letter = Consequences::posted(&samples.letter(0));
        let renamed = stores.credentials.rename(by, &first, &last, samples.at(1), &letter).await;
        renamed.expect("asked").expect("signed in")
    };
    let renamed = Account { first_name: first.clone(), last_name: last.clone(), ..account.clone() };
    assert_eq!(rename().await, Some(renamed.clone()));
    assert_eq!(rename().await, Some(renamed.clone()));
    assert_eq!(stores.accounts.by_id(account.id).await.expect("read"), Some(renamed));
    assert!(letter_waits(stores, &samples).await && !letter_waits(stores, &samples).await);
}

/// However they stand; none is missed and none comes twice.
pub async fn all_sessions_come_page_by_page(stores: &Stores) {
    let samples = Samples::default();
    let user = samples.registered(stores, "somebody").await.id;
    opened(stores, &samples, samples.registered(stores, "bystander").await.id).await;
    let mut all = Vec::new();
    for _ in 0..5 {
        all.push(opened(stores, &samples, user).await);
    }
    assert!(stores.sessions.end(all[1], samples.at(1), Consequences::none()).await.expect("asked"));
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = Page { limit: Limit::new(2).expect("a good limit"), after };
        let slice = stores.credentials.all_sessions(user, page).await.expect("read");
        seen.extend(slice.items.into_iter().map(|session| session.id));
        after = slice.next;
        if after.is_none() {
            break;
        }
    }
    all.sort_unstable();
    all.reverse();
    assert_eq!(seen, all);
}
