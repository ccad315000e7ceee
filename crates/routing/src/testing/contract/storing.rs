//! Rules for one instance: what it stores and reads.

use super::{Maker, Site, WORKS, found, numbers};
use crate::{
    AnsweredQuestion, AppendError, Chosen, Example, Exclusion, LeftOut, LogEvent, QuestionRecord, SkillError,
    SkillOutcome,
};
use square_skills::{Document, ResultBody, ResultItem};
use std::sync::Arc;
use std::time::Duration;

/// Every field of a question and of each kind of entry comes back as it was.
pub async fn what_was_written_is_read_back(site: &dyn Site) {
    let (log, maker) = (site.log(), Maker::new());
    let mut record = maker.record(Some(site.user()));
    record.choice.nearest = Some(maker.chosen("nearest"));
    let examples = vec![Example { text: "Who was in “Ronin”?".to_owned(), similarity: 0.625 }];
    record.choice.examples = vec![Vec::new(), examples.clone()];
    record.choice.least_score = 0.375;
    record.choice.candidates = 12;
    record.choice.left_out = left_out(&maker, &examples);
    log.open(&record).await.expect(WORKS);
    let deadline = maker.entry(3, LogEvent::Deadline);
    let started = maker.entry(6, LogEvent::SkillStarted(maker.chosen("late")));
    let entries = [maker.answered(1), maker.grown(2), deadline, maker.failed(4), maker.finished(5), started];
    log.append(record.id, &entries).await.expect(WORKS);
    assert_eq!(found(log, record.id).await, AnsweredQuestion { question: record, entries: entries.to_vec() });
    let old = QuestionRecord { opening: false, ..maker.record(None) };
    log.open(&old).await.expect(WORKS);
    assert_eq!(found(log, old.id).await.question, old);
}

/// One skill left out for each reason there is, half of them with a score.
fn left_out(maker: &Maker, examples: &[Example]) -> Vec<LeftOut> {
    let left_out = |(index, reason)| LeftOut {
        skill: (reason != Exclusion::NotAllowed).then(|| maker.chosen("c").skill),
        name: format!("c{index}"),
        score: (index % 2 == 0).then_some(0.25),
        reason,
        examples: examples.to_vec(),
    };
    Exclusion::ALL.into_iter().enumerate().map(left_out).collect()
}

/// Skills say what they like, also what no text of a database may hold.
pub async fn any_character_of_an_answer_is_read_back(site: &dyn Site) {
    let (log, maker) = (site.log(), Maker::new());
    let record = maker.record(None);
    log.open(&record).await.expect(WORKS);
    let text = "\0 a\0b \u{1}\u{7f}\r\n\t \u{2028} \\u0000 '\"%_ 𐐀🦀 e\u{301}  ".to_owned();
    let document = Document {
        text: text.clone(),
        url: Some(text.clone()),
        source: Some(text.clone()),
        id: Some(text.clone()),
        score: Some(-0.1),
    };
    let documents = vec![document, Document { text: text.clone(), ..Document::default() }];
    let body = |body| ResultItem { body, score: Some(0.1 + 0.2), documents: documents.clone() };
    let items = vec![
        body(ResultBody::PlainText(text.clone())),
        body(ResultBody::KeyValue(vec![(text.clone(), text.clone())])),
        body(ResultBody::RawHtml(text.clone())),
    ];
    let skill = Chosen { name: text.clone(), description: text.clone(), ..maker.chosen("casting") };
    let outcome = |answer| SkillOutcome { skill: skill.clone(), took: Duration::from_micros(1), answer };
    let error = SkillError { code: text.clone(), message: text };
    let entries = [
        maker.entry(1, LogEvent::SkillResult(outcome(Ok(items)))),
        maker.entry(2, LogEvent::SkillResult(outcome(Err(error)))),
    ];
    log.append(record.id, &entries).await.expect(WORKS);
    assert_eq!(found(log, record.id).await.entries, entries);
}

/// Nothing found is `None`.
pub async fn an_unknown_question_is_none(site: &dyn Site) {
    let id = Maker::new().record(None).id;
    assert_eq!(site.log().find(id).await.expect(WORKS), None);
}

/// Two entries never share a number.
pub async fn a_number_is_taken_once(site: &dyn Site) {
    let (log, maker) = (site.log(), Maker::new());
    let record = maker.record(None);
    log.open(&record).await.expect(WORKS);
    let first = maker.answered(1);
    log.append(record.id, &[Arc::clone(&first)]).await.expect(WORKS);
    let second = log.append(record.id, &[maker.failed(1)]).await;
    assert!(matches!(second, Err(AppendError::Taken)), "{second:?}");
    assert_eq!(found(log, record.id).await.entries, [first]);
}

/// No entries without their question.
pub async fn entries_need_their_question(site: &dyn Site) {
    let (log, maker) = (site.log(), Maker::new());
    let id = maker.record(None).id;
    let refused = log.append(id, &[maker.finished(1)]).await;
    assert!(matches!(refused, Err(AppendError::Gone)), "{refused:?}");
    assert_eq!(log.find(id).await.expect(WORKS), None);
}

/// When one entry of a batch cannot be stored, none is, and other questions go on.
pub async fn a_batch_is_stored_whole_or_not_at_all(site: &dyn Site) {
    let (log, maker) = (site.log(), Maker::new());
    let (record, other) = (maker.record(None), maker.record(None));
    log.open(&record).await.expect(WORKS);
    log.open(&other).await.expect(WORKS);
    log.append(record.id, &[maker.answered(2)]).await.expect(WORKS);
    let bad = [maker.answered(1), maker.failed(2)];
    let good = [maker.finished(1)];
    let (bad, good) = futures::join!(log.append(record.id, &bad), log.append(other.id, &good));
    assert!(matches!(bad, Err(AppendError::Taken)), "{bad:?}");
    good.expect(WORKS);
    assert_eq!(numbers(&found(log, record.id).await.entries), [2]);
    assert_eq!(found(log, other.id).await.entries.len(), 1);
}

/// Entries come in the order of their numbers, whatever the order of writing.
pub async fn entries_keep_the_order_of_their_numbers(site: &dyn Site) {
    let (log, maker) = (site.log(), Maker::new());
    let record = maker.record(None);
    log.open(&record).await.expect(WORKS);
    for seq in [3, 1, 2, 10] {
        log.append(record.id, &[maker.failed(seq)]).await.expect(WORKS);
    }
    assert_eq!(numbers(&found(log, record.id).await.entries), [1, 2, 3, 10]);
}

/// What comes after a number, and nothing where all was seen.
pub async fn entries_are_read_from_a_number_on(site: &dyn Site) {
    let (log, maker) = (site.log(), Maker::new());
    let (record, other) = (maker.record(None), maker.record(None));
    for record in [&record, &other] {
        log.open(record).await.expect(WORKS);
    }
    let entries = [maker.answered(1), maker.failed(2), maker.finished(3)];
    log.append(record.id, &entries).await.expect(WORKS);
    log.append(other.id, &[maker.answered(1)]).await.expect(WORKS);
    for seen in 0..=4_u32 {
        let rest = log.entries_after(record.id, seen).await.expect(WORKS).expect("it is there");
        assert_eq!(rest, entries[entries.len().min(seen as usize)..]);
    }
    assert_eq!(log.entries_after(maker.record(None).id, 0).await.expect(WORKS), None);
}

/// Writers side by side neither fail nor mix up their questions.
pub async fn thirty_two_writers_at_once(site: &dyn Site) {
    let (log, maker) = (site.log(), Maker::new());
    let records: Vec<QuestionRecord> = (0..32).map(|_| maker.record(None)).collect();
    let write = async |record: &QuestionRecord| {
        log.open(record).await.expect(WORKS);
        for seq in 1..=8 {
            log.append(record.id, &[maker.answered(seq)]).await.expect(WORKS);
        }
        log.append(record.id, &[maker.finished(9)]).await.expect(WORKS);
    };
    futures::future::join_all(records.iter().map(write)).await;
    for record in &records {
        assert_eq!(numbers(&found(log, record.id).await.entries), (1..=9).collect::<Vec<_>>());
    }
}

/// Of many changes that come at once, some of which cannot be stored for one reason or another, the others are, each
/// whole; and each of the former says why.
pub async fn what_cannot_be_stored_spoils_nothing_that_comes_with_it(site: &dyn Site) {
    let (log, maker) = (site.log(), Maker::new());
    let records: Vec<QuestionRecord> = (0..60).map(|_| maker.record(None)).collect();
    let opening = records.iter().enumerate().filter(|(index, _)| index % 10 != 7);
    for (index, record) in opening {
        log.open(record).await.expect(WORKS);
        if index % 10 == 3 {
            log.append(record.id, &[maker.finished(2)]).await.expect(WORKS);
        }
    }
    let new: Vec<QuestionRecord> = (0..20).map(|_| maker.record(None)).collect();
    let entries = [maker.answered(1), maker.finished(2)];
    let (opened, appended) = futures::join!(
        futures::future::join_all(new.iter().map(|record| log.open(record))),
        futures::future::join_all(records.iter().map(|record| log.append(record.id, &entries))),
    );
    for (record, opened) in new.iter().zip(opened) {
        opened.expect(WORKS);
        assert_eq!(found(log, record.id).await.question, *record);
    }
    for (index, (record, appended)) in records.iter().zip(appended).enumerate() {
        let stored = log.find(record.id).await.expect(WORKS).map(|question| numbers(&question.entries));
        match index % 10 {
            3 => assert!(
                matches!(appended, Err(AppendError::Taken)) && stored == Some(vec![2]),
                "{appended:?}"
            ),
            7 => assert!(matches!(appended, Err(AppendError::Gone)) && stored.is_none()),
            _ => assert!(appended.is_ok() && stored == Some(vec![1, 2]), "{appended:?}"),
        }
    }
}
