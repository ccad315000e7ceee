//! Rules for finding one's questions again.

use super::{Maker, Site, WORKS};
use crate::{HistoryFilter, QuestionId, QuestionRecord};
use jiff::SignedDuration;
use square_kernel::{Limit, Page, SearchText};

fn page(limit: u16) -> Page<QuestionId> {
    Page { limit: Limit::new(limit).expect("in range"), after: None }
}

/// All pages to the end: what is on them, and how much on each.
async fn pages(
    site: &dyn Site,
    filter: &HistoryFilter,
    mut page: Page<QuestionId>,
) -> (Vec<QuestionId>, Vec<usize>) {
    let (mut seen, mut sizes) = (Vec::new(), Vec::new());
    loop {
        let slice = site.log().of_asker(site.user(), filter, page).await.expect(WORKS);
        sizes.push(slice.items.len());
        seen.extend(slice.items.iter().map(|question| question.question.id));
        page.after = slice.next;
        if page.after.is_none() {
            return (seen, sizes);
        }
    }
}

async fn found(site: &dyn Site, filter: HistoryFilter) -> Vec<QuestionId> {
    pages(site, &filter, page(200)).await.0
}

/// A person's own questions only, newest first, page by page without gap or repeat.
pub async fn history_is_newest_first_in_pages(site: &dyn Site) {
    let (log, maker) = (site.log(), Maker::new());
    let own: Vec<QuestionRecord> = (0..5).map(|_| maker.record(Some(site.user()))).collect();
    let other = maker.record(None);
    for record in own.iter().chain([&other]) {
        log.open(record).await.expect(WORKS);
    }
    let (seen, sizes) = pages(site, &HistoryFilter::default(), page(2)).await;
    let newest_first: Vec<QuestionId> = own.iter().rev().map(|record| record.id).collect();
    assert_eq!(seen, newest_first);
    assert_eq!(sizes, [2, 2, 1]);
}

/// The first moment counts, the last one does not; to the microsecond, though identifiers go by milliseconds.
pub async fn history_is_filtered_by_time(site: &dyn Site) {
    let (log, maker) = (site.log(), Maker::new());
    let micros = SignedDuration::from_micros;
    let record = || {
        maker.clock.advance(micros(300));
        QuestionRecord { asked_at: maker.now(), ..maker.record(Some(site.user())) }
    };
    let mut records = vec![record(), record(), record()];
    // Within one millisecond of the one before.
    let close = records[2].asked_at + micros(1);
    records.push(QuestionRecord { asked_at: close, ..record() });
    for record in &records {
        log.open(record).await.expect(WORKS);
    }
    let (ids, at): (Vec<_>, Vec<_>) = records.iter().map(|record| (record.id, record.asked_at)).unzip();
    let between =
        async |from, until| found(site, HistoryFilter { from, until, ..HistoryFilter::default() }).await;
    assert_eq!(between(Some(at[1]), None).await, [ids[3], ids[2], ids[1]]);
    assert_eq!(between(Some(at[1] + micros(1)), None).await, [ids[3], ids[2]]);
    assert_eq!(between(None, Some(at[1])).await, [ids[0]]);
    assert_eq!(between(Some(at[2]), Some(close)).await, [ids[2]]);
    assert_eq!(between(Some(close), Some(close)).await, []);
    assert_eq!(between(Some(at[3]), Some(at[0])).await, []);
}

/// Text in any case and of any script; a skill that has answered or failed.
pub async fn history_is_filtered_by_text_and_skill(site: &dyn Site) {
    let (log, maker) = (site.log(), Maker::new());
    let record = |text: &str| QuestionRecord { text: text.into(), ..maker.record(Some(site.user())) };
    let records = ["Was läuft im ÖDEON?", "100% of “Heat”?", "1000 of what?", "öde"].map(record);
    for record in &records {
        log.open(record).await.expect(WORKS);
    }
    let with = async |text: &str| {
        let text = Some(SearchText::parse("text", text).expect("in range"));
        found(site, HistoryFilter { text, ..HistoryFilter::default() }).await
    };
    let ids = records.each_ref().map(|record| record.id);
    assert_eq!(with("Öde").await, [ids[3], ids[0]]);
    assert_eq!(with("100% OF").await, [ids[1]], "nothing in it stands for anything else");
    assert_eq!(with("_").await, []);

    let skill = maker.chosen("one");
    log.append(ids[0], &[maker.answered(1), maker.answered_by(2, skill.clone())]).await.expect(WORKS);
    log.append(ids[1], &[maker.answered(1)]).await.expect(WORKS);
    log.append(ids[3], &[maker.answered_by(1, skill.clone())]).await.expect(WORKS);
    let by = HistoryFilter { skill: Some(skill.skill), ..HistoryFilter::default() };
    assert_eq!(found(site, by.clone()).await, [ids[3], ids[0]]);
    let text = Some(SearchText::parse("text", "ödeon").expect("in range"));
    assert_eq!(found(site, HistoryFilter { text, ..by }).await, [ids[0]]);
    let chosen = records[2].choice.chosen[0].skill;
    let silent = HistoryFilter { skill: Some(chosen), ..HistoryFilter::default() };
    assert_eq!(found(site, silent).await, [], "it was chosen and has said nothing");
}

/// However many pages that takes.
pub async fn all_that_fits_is_found_among_very_many(site: &dyn Site) {
    let (log, maker) = (site.log(), Maker::new());
    let mut wanted = Vec::new();
    let mut records = Vec::new();
    for number in 0..1300 {
        let text = if number % 400 == 0 { "the needle" } else { "hay" };
        let record = QuestionRecord { text: text.into(), ..maker.record(Some(site.user())) };
        if number % 400 == 0 {
            wanted.insert(0, record.id);
        }
        records.push(record);
    }
    for records in records.chunks(100) {
        for opened in futures::future::join_all(records.iter().map(|record| log.open(record))).await {
            opened.expect(WORKS);
        }
    }
    let text = Some(SearchText::parse("text", "NEEDLE").expect("in range"));
    let filter = HistoryFilter { text, ..HistoryFilter::default() };
    for limit in [1, 3, 200] {
        let (seen, sizes) = pages(site, &filter, page(limit)).await;
        assert_eq!(seen, wanted, "{limit} at once");
        assert!(sizes.iter().all(|size| *size <= usize::from(limit)), "{sizes:?}");
    }
}
