//! Rules for questions that their askers do not want to be kept.

use super::{Maker, Site, WORKS, found};
use crate::{AppendError, Deleted, HistoryFilter, QuestionRecord};
use futures::future::join_all;
use square_kernel::Page;

/// Others stay.
pub async fn a_question_goes_with_its_log(site: &dyn Site) {
    let (log, maker) = (site.log(), Maker::new());
    let (gone, stays) = (maker.record(Some(site.user())), maker.record(Some(site.user())));
    for record in [&gone, &stays] {
        log.open(record).await.expect(WORKS);
        log.append(record.id, &[maker.answered(1), maker.grown(2), maker.finished(3)]).await.expect(WORKS);
    }
    let delete = || log.delete(gone.id, Some(site.user()), maker.now());
    assert!(delete().await.expect(WORKS));
    assert!(!delete().await.expect(WORKS));
    assert_eq!(log.find(gone.id).await.expect(WORKS), None);
    assert_eq!(log.entries_after(gone.id, 0).await.expect(WORKS), None);
    assert_eq!(found(log, stays.id).await.entries.len(), 3);
}

/// Whoever knows its id, where nobody signed in for it.
pub async fn only_the_asker_deletes_a_question(site: &dyn Site) {
    let (log, maker) = (site.log(), Maker::new());
    let (theirs, nobodys) = (maker.record(Some(site.user())), maker.record(None));
    for record in [&theirs, &nobodys] {
        log.open(record).await.expect(WORKS);
    }
    for asker in [None, Some(maker.stranger())] {
        assert!(!log.delete(theirs.id, asker, maker.now()).await.expect(WORKS));
    }
    found(log, theirs.id).await;
    assert!(log.delete(nobodys.id, None, maker.now()).await.expect(WORKS));
    assert!(log.delete(theirs.id, Some(site.user()), maker.now()).await.expect(WORKS));
    assert!(!log.delete(maker.record(None).id, None, maker.now()).await.expect(WORKS));
}

/// Whichever instance works on it.
pub async fn a_question_under_way_is_given_up_and_finds_no_place(site: &dyn Site) {
    let (log, other, maker) = (site.log(), site.other(), Maker::new());
    let record = maker.record(Some(site.user()));
    other.open(&record).await.expect(WORKS);
    other.append(record.id, &[maker.answered(1)]).await.expect(WORKS);
    assert!(log.delete(record.id, Some(site.user()), maker.now()).await.expect(WORKS));
    let late = other.append(record.id, &[maker.finished(2)]).await;
    assert!(matches!(late, Err(AppendError::Gone)), "{late:?}");
    assert_eq!(other.find(record.id).await.expect(WORKS), None);
    assert_eq!(log.orphaned().await.expect(WORKS), []);
}

/// With or without an end, the oldest first; those of others stay.
pub async fn all_questions_of_one_person_go_part_by_part(site: &dyn Site) {
    let (log, maker) = (site.log(), Maker::new());
    let own: Vec<QuestionRecord> = (0..5).map(|_| maker.record(Some(site.user()))).collect();
    let others = [maker.record(None), maker.record(Some(maker.stranger()))];
    for record in own.iter().chain(&others) {
        log.open(record).await.expect(WORKS);
    }
    log.append(own[1].id, &[maker.answered(1), maker.finished(2)]).await.expect(WORKS);
    let delete = async || log.delete_all_of(site.user(), maker.now(), 3).await.expect(WORKS);
    assert_eq!(delete().await, Deleted { questions: 3, more: true });
    let left = log.of_asker(site.user(), &HistoryFilter::default(), Page::default()).await.expect(WORKS);
    let left: Vec<_> = left.items.iter().map(|question| question.question.id).collect();
    assert_eq!(left, [own[4].id, own[3].id]);
    assert_eq!(delete().await, Deleted { questions: 2, more: false });
    assert_eq!(delete().await, Deleted { questions: 0, more: false });
    for record in &others {
        found(log, record.id).await;
    }
}

/// Whoever comes second to the same questions deletes none of them, and goes on all the same.
pub async fn however_many_delete_them_none_is_left_when_there_are_no_more(site: &dyn Site) {
    let (log, maker) = (site.log(), Maker::new());
    for _ in 0..40 {
        log.open(&maker.record(Some(site.user()))).await.expect(WORKS);
    }
    let delete_all = async || {
        let mut all = 0;
        loop {
            let deleted = log.delete_all_of(site.user(), maker.now(), 8).await.expect(WORKS);
            all += deleted.questions;
            if !deleted.more {
                break;
            }
        }
        let left = log.of_asker(site.user(), &HistoryFilter::default(), Page::default()).await.expect(WORKS);
        (all, left.items.len())
    };
    let all: Vec<(u32, usize)> = join_all((0..4).map(|_| delete_all())).await;
    assert_eq!(all.iter().map(|(deleted, _)| deleted).sum::<u32>(), 40);
    assert!(all.iter().all(|(_, left)| *left == 0), "{all:?}");
}
