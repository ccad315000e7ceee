//! Rules of [`crate::ports::AuditLog`].

use super::{Samples, Stores};
use crate::audit::{Actor, AuditAction, AuditEntry};
use crate::ports::{AuditFilter, AuditPosition, Consequences};
use crate::session_tokens::Device;
use square_kernel::UserId;

/// Makes a test of every rule on the audit log; see [`crate::testing::contract`].
#[macro_export]
macro_rules! audit_log_contract {
    ($make:expr) => {
        $crate::contract_tests!(
            audit_log,
            $make,
            [
                every_action_reads_as_it_was_written,
                the_newest_come_first_page_by_page,
                only_what_is_asked_for_is_given,
                old_entries_are_forgotten,
            ]
        );
    };
}

/// Something that `user` did `seconds` from now.
fn entry(samples: &Samples, action: AuditAction, user: Option<UserId>, seconds: i64) -> AuditEntry {
    AuditEntry {
        id: samples.audit_id(),
        at: samples.at(seconds),
        action,
        actor: Actor {
            user,
            device: Device {
                address: Some("192.0.2.7".to_owned()),
                agent: Some("Mozilla/5.0 (ü)".to_owned()),
                ..Device::default()
            },
        },
        user,
        detail: None,
    }
}

async fn note(stores: &Stores, entries: &[AuditEntry]) {
    let consequences = Consequences { letters: Vec::new(), audit: entries.to_vec() };
    stores.accounts.record(&consequences).await.expect("noted");
}

async fn read(stores: &Stores, filter: &AuditFilter) -> Vec<AuditEntry> {
    stores.audit.entries(filter, None, 100).await.expect("read")
}

/// With all that belongs to it, or without.
pub async fn every_action_reads_as_it_was_written(stores: &Stores) {
    let samples = Samples::default();
    let user = samples.user_id();
    let mut entries: Vec<_> = (0..)
        .zip(AuditAction::ALL)
        .map(|(seconds, action)| entry(&samples, *action, Some(user), -seconds))
        .collect();
    entries[0].detail = Some("admin".to_owned());
    entries[1].actor = Actor::default();
    entries[2].user = None;
    note(stores, &entries).await;
    assert_eq!(read(stores, &AuditFilter::default()).await, entries);
}

/// None twice and none left out, also where several happened at one moment.
pub async fn the_newest_come_first_page_by_page(stores: &Stores) {
    let samples = Samples::default();
    let mut entries: Vec<_> =
        (0..7).map(|number| entry(&samples, AuditAction::SignedIn, None, number / 3)).collect();
    note(stores, &entries).await;
    entries.sort_by_key(|entry| std::cmp::Reverse((entry.at, entry.id)));
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = stores.audit.entries(&AuditFilter::default(), after, 2).await.expect("read");
        assert!(page.len() <= 2);
        let Some(last) = page.last() else { break };
        after = Some(AuditPosition { at: last.at, id: last.id });
        seen.extend(page);
    }
    assert_eq!(seen, entries);
}

/// By whom it concerns or who did it, by kind, by time.
pub async fn only_what_is_asked_for_is_given(stores: &Stores) {
    let samples = Samples::default();
    let (ada, bob) = (samples.user_id(), samples.user_id());
    let mut by_bob = entry(&samples, AuditAction::Suspended, Some(bob), 3);
    by_bob.user = Some(ada);
    let entries = [
        entry(&samples, AuditAction::SignedIn, Some(ada), 1),
        entry(&samples, AuditAction::SignedOut, Some(ada), 2),
        by_bob,
        entry(&samples, AuditAction::SignedIn, Some(bob), 4),
    ];
    note(stores, &entries).await;
    for (filter, expected) in [
        (AuditFilter { user: Some(ada), ..AuditFilter::default() }, &[2, 1, 0][..]),
        (AuditFilter { user: Some(bob), ..AuditFilter::default() }, &[3, 2]),
        (AuditFilter { action: Some(AuditAction::SignedIn), ..AuditFilter::default() }, &[3, 0]),
        (
            AuditFilter { from: Some(samples.at(2)), until: Some(samples.at(4)), ..AuditFilter::default() },
            &[2, 1],
        ),
        (
            AuditFilter { user: Some(ada), action: Some(AuditAction::SignedIn), ..AuditFilter::default() },
            &[0],
        ),
        (AuditFilter { user: Some(samples.user_id()), ..AuditFilter::default() }, &[]),
    ] {
        let expected: Vec<_> = expected.iter().map(|index| entries[*index].clone()).collect();
        assert_eq!(read(stores, &filter).await, expected, "{filter:?}");
    }
}

/// So many at a time.
pub async fn old_entries_are_forgotten(stores: &Stores) {
    let samples = Samples::default();
    let entries: Vec<_> =
        (0..4).map(|seconds| entry(&samples, AuditAction::SignedIn, None, seconds)).collect();
    note(stores, &entries).await;
    for forgotten in [2, 1, 0] {
        assert_eq!(stores.audit.forget_entries(samples.at(3), 2).await.expect("forgotten"), forgotten);
    }
    assert_eq!(read(stores, &AuditFilter::default()).await, entries[3..]);
}
