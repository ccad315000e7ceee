//! Rules for questions that were kept for long enough.

use super::{Maker, Site, WORKS, found, numbers};
use crate::{HistoryFilter, QuestionId, QuestionRecord};
use jiff::SignedDuration;
use square_kernel::Page;

/// By the time in their ids, as many as are asked for, with all that belongs to them.
pub async fn old_questions_go_with_their_logs_the_oldest_first(site: &dyn Site) {
    let (log, maker) = (site.log(), Maker::new());
    let mut records: Vec<QuestionRecord> = Vec::new();
    for _ in 0..5 {
        maker.clock.advance(SignedDuration::from_secs(1));
        let record = maker.record(Some(site.user()));
        log.open(&record).await.expect(WORKS);
        log.append(record.id, &[maker.answered(1), maker.finished(2)]).await.expect(WORKS);
        records.push(record);
    }
    let left = async || {
        let slice = log.of_asker(site.user(), &HistoryFilter::default(), Page::default()).await.expect(WORKS);
        slice.items.iter().rev().map(|question| question.question.id).collect::<Vec<QuestionId>>()
    };
    let ids: Vec<QuestionId> = records.iter().map(|record| record.id).collect();
    let before = records[3].asked_at;
    assert_eq!(log.forget(before, 2).await.expect(WORKS), 2);
    assert_eq!(left().await, ids[2..]);
    assert_eq!(log.forget(before, 2).await.expect(WORKS), 1);
    assert_eq!(log.forget(before, 2).await.expect(WORKS), 0);
    assert_eq!(left().await, ids[3..], "one that was asked at that moment is not older");
    assert_eq!(log.find(ids[0]).await.expect(WORKS), None);
    assert_eq!(log.entries_after(ids[0], 0).await.expect(WORKS), None);
    assert_eq!(found(log, ids[3]).await.entries.len(), 2);
}

/// Somebody may be working on one, and it is closed first where nobody is.
pub async fn questions_without_an_end_stay(site: &dyn Site) {
    let (log, maker) = (site.log(), Maker::new());
    let (open, ended) = (maker.record(None), maker.record(None));
    for record in [&open, &ended] {
        log.open(record).await.expect(WORKS);
    }
    log.append(ended.id, &[maker.finished(1)]).await.expect(WORKS);
    maker.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(log.forget(maker.now(), 10).await.expect(WORKS), 1);
    assert_eq!(log.find(ended.id).await.expect(WORKS), None);
    log.append(open.id, &[maker.finished(1)]).await.expect(WORKS);
    assert_eq!(log.forget(maker.now(), 10).await.expect(WORKS), 1);
    assert_eq!(log.find(open.id).await.expect(WORKS), None);
}

/// Of as many questions as are asked for, once they have ended; all else stays as it was.
pub async fn pieces_of_answers_go_before_and_leave_the_rest(site: &dyn Site) {
    let (log, maker) = (site.log(), Maker::new());
    let [one, two, open, whole, young] = [(); 5].map(|()| {
        maker.clock.advance(SignedDuration::from_secs(1));
        maker.record(None)
    });
    for record in [&one, &two, &open, &whole, &young] {
        log.open(record).await.expect(WORKS);
    }
    for record in [&one, &two, &open, &young] {
        log.append(record.id, &[maker.grown(1), maker.grown(2)]).await.expect(WORKS);
        log.append(record.id, &[maker.answered(3), maker.grown(4)]).await.expect(WORKS);
    }
    for record in [&one, &two, &whole, &young] {
        log.append(record.id, &[maker.finished(5)]).await.expect(WORKS);
    }
    let kept = async |record: &QuestionRecord| numbers(&found(log, record.id).await.entries);
    assert_eq!(kept(&one).await, [1, 2, 3, 4, 5]);
    assert_eq!(log.forget_deltas(young.asked_at, 1).await.expect(WORKS), 1);
    assert_eq!((kept(&one).await, kept(&two).await), (vec![3, 5], vec![1, 2, 3, 4, 5]));
    assert_eq!(log.forget_deltas(young.asked_at, 2).await.expect(WORKS), 1);
    assert_eq!(log.forget_deltas(young.asked_at, 2).await.expect(WORKS), 0);
    assert_eq!((kept(&two).await, kept(&whole).await), (vec![3, 5], vec![5]));
    assert_eq!((kept(&open).await, kept(&young).await), (vec![1, 2, 3, 4], vec![1, 2, 3, 4, 5]));
    log.append(open.id, &[maker.finished(5)]).await.expect(WORKS);
    assert_eq!(log.forget_deltas(young.asked_at, 2).await.expect(WORKS), 1);
    assert_eq!(kept(&open).await, [3, 5]);
    assert_eq!(log.forget(young.asked_at, 10).await.expect(WORKS), 4);
}
