//! Rules for several instances on one database.

use super::{Maker, Site, WORKS, found, numbers};
use crate::{AppendError, QuestionId, QuestionLog};
use std::sync::Arc;

/// The orphans that `log` tells of, with how many entries they have.
async fn orphans(log: &dyn QuestionLog) -> Vec<(QuestionId, usize)> {
    let mut orphans = log.orphaned().await.expect(WORKS);
    orphans.sort_by_key(|question| question.question.id);
    orphans.iter().map(|question| (question.question.id, question.entries.len())).collect()
}

/// As soon as it is acknowledged, whole and from any number on.
pub async fn what_one_instance_stores_the_other_reads(site: &dyn Site) {
    let (log, other, maker) = (site.log(), site.other(), Maker::new());
    let record = maker.record(None);
    log.open(&record).await.expect(WORKS);
    for seq in 1..=3 {
        log.append(record.id, &[maker.answered(seq)]).await.expect(WORKS);
        assert_eq!(
            numbers(&other.entries_after(record.id, seq - 1).await.expect(WORKS).expect("it is there")),
            [seq]
        );
    }
    assert_eq!(found(other, record.id).await, found(log, record.id).await);
}

/// A question is an orphan when its instance is off the list, whoever asks, until its `Finished` entry is stored, whoever
/// stores that.
pub async fn unfinished_questions_of_the_dead_are_orphans(site: &dyn Site) {
    let (log, other, maker) = (site.log(), site.other(), Maker::new());
    let (done, silent, answered) = (maker.record(None), maker.record(None), maker.record(None));
    for record in [&done, &silent, &answered] {
        other.open(record).await.expect(WORKS);
    }
    log.open(&maker.record(None)).await.expect(WORKS);
    other.append(done.id, &[maker.finished(1)]).await.expect(WORKS);
    other.append(answered.id, &[maker.answered(1)]).await.expect(WORKS);
    assert_eq!(orphans(log).await, []);
    site.strike_off_other().await;
    assert_eq!(orphans(log).await, [(silent.id, 0), (answered.id, 1)]);
    assert_eq!(orphans(other).await, orphans(log).await);
    log.append(answered.id, &[maker.failed(2), maker.finished(3)]).await.expect(WORKS);
    assert_eq!(orphans(log).await, [(silent.id, 0)]);
}

/// One that was taken for dead opens questions all the same, and they count as orphans only until it is listed again.
pub async fn questions_of_who_comes_back_are_no_orphans(site: &dyn Site) {
    let (log, other, maker) = (site.log(), site.other(), Maker::new());
    let record = maker.record(None);
    site.strike_off_other().await;
    other.open(&record).await.expect(WORKS);
    assert_eq!(orphans(log).await, [(record.id, 0)]);
    site.enlist_other().await;
    assert_eq!(orphans(log).await, []);
}

/// Also while its own instance goes on writing: what is stored is what one of them wrote, the others are told.
pub async fn one_of_many_ends_a_question(site: &dyn Site) {
    let (log, other, maker) = (site.log(), site.other(), Maker::new());
    for _ in 0..10 {
        let record = maker.record(None);
        other.open(&record).await.expect(WORKS);
        other.append(record.id, &[maker.answered(1)]).await.expect(WORKS);
        let own = [maker.answered(2), maker.answered(3), maker.finished(4)];
        let closing = [maker.failed(2), maker.finished(3)];
        let closers = (0..8).map(|number| if number % 2 == 0 { log } else { other });
        let (own_result, closed) = futures::join!(
            other.append(record.id, &own),
            futures::future::join_all(closers.map(|log| log.append(record.id, &closing))),
        );
        let results: Vec<_> = closed.into_iter().chain([own_result]).collect();
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
        assert!(
            results.iter().all(|result| matches!(result, Ok(()) | Err(AppendError::Taken))),
            "{results:?}"
        );
        let winner = if results.last().is_some_and(Result::is_ok) { &own[..] } else { &closing[..] };
        let stored: Vec<_> = found(log, record.id).await.entries.into_iter().skip(1).collect();
        assert_eq!(stored, winner.iter().map(Arc::clone).collect::<Vec<_>>());
    }
}

/// At any instance, but not when it has ended or never was.
pub async fn a_question_is_given_up_while_it_has_no_end(site: &dyn Site) {
    let (log, other, maker) = (site.log(), site.other(), Maker::new());
    let record = maker.record(None);
    assert!(!log.request_cancel(record.id, None, maker.now()).await.expect(WORKS));
    log.open(&record).await.expect(WORKS);
    for log in [log, other, other] {
        assert!(log.request_cancel(record.id, None, maker.now()).await.expect(WORKS));
    }
    log.append(record.id, &[maker.answered(1), maker.finished(2)]).await.expect(WORKS);
    assert!(!other.request_cancel(record.id, None, maker.now()).await.expect(WORKS));
}

/// Whoever of the instances is told of it; no more than that is known of who watches where.
pub async fn who_watches_elsewhere_is_counted_until_the_end(site: &dyn Site) {
    let (log, other, maker) = (site.log(), site.other(), Maker::new());
    let (record, unwatched) = (maker.record(None), maker.record(None));
    other.note_watched(record.id).await.expect(WORKS);
    assert_eq!(log.watched(record.id).await.expect(WORKS), None);
    for record in [&record, &unwatched] {
        log.open(record).await.expect(WORKS);
    }
    for times in 0..3 {
        assert_eq!(log.watched(record.id).await.expect(WORKS), Some(times));
        other.note_watched(record.id).await.expect(WORKS);
    }
    assert_eq!(other.watched(record.id).await.expect(WORKS), Some(3));
    assert_eq!(log.watched(unwatched.id).await.expect(WORKS), Some(0));
    log.append(record.id, &[maker.finished(1)]).await.expect(WORKS);
    assert_eq!(log.watched(record.id).await.expect(WORKS), None);
}

/// Whoever knows the question where nobody was signed in.
pub async fn only_the_asker_gives_a_question_up(site: &dyn Site) {
    let (log, other, maker) = (site.log(), site.other(), Maker::new());
    let (own, anybodys) = (maker.record(Some(site.user())), maker.record(None));
    log.open(&own).await.expect(WORKS);
    log.open(&anybodys).await.expect(WORKS);
    let give_up = async |record: QuestionId, asker| {
        other.request_cancel(record, asker, maker.now()).await.expect(WORKS)
    };
    for asker in [None, Some(site.user()), Some(maker.stranger())] {
        assert_eq!(give_up(own.id, asker).await, asker == Some(site.user()));
        assert!(give_up(anybodys.id, asker).await);
    }
}
