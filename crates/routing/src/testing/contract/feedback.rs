//! Rules of [`FeedbackStore`](crate::FeedbackStore).

use super::{Maker, Site, WORKS};
use crate::{Comment, FeedbackStore, QuestionId, QuestionRecord, Rating, Verdict};
use async_trait::async_trait;
use jiff::SignedDuration;
use square_kernel::{Page, SkillId, UserId};
use square_skills::ports::ProposalStore;
use square_skills::{ExampleText, NewProposal, Proposal, ProposalId, ProposalPolicy};

/// What a rule about verdicts is tried on.
#[async_trait]
pub trait FeedbackSite: Site {
    /// The store of verdicts, on the questions of the log.
    fn feedback(&self) -> &dyn FeedbackStore;

    /// Where questions propose themselves.
    fn proposals(&self) -> &dyn ProposalStore;

    /// A published skill.
    fn skill(&self) -> SkillId;
}

impl Maker {
    /// A question with an end.
    async fn asked(&self, site: &dyn FeedbackSite, asker: Option<UserId>, text: &str) -> QuestionId {
        let record = QuestionRecord { text: text.into(), ..self.record(asker) };
        site.log().open(&record).await.expect(WORKS);
        site.log().append(record.id, &[self.answered(1), self.finished(2)]).await.expect(WORKS);
        record.id
    }

    fn verdict(&self, question: QuestionId, skill: SkillId, rating: Rating, comment: &str) -> Verdict {
        let comment = Comment::parse(comment).expect("it is one");
        Verdict { question, skill, rating, comment, given_at: self.now() }
    }

    fn proposal(&self, skill: SkillId, text: &str) -> NewProposal {
        let id = ProposalId::new(&self.clock, &self.randomness);
        let key = ExampleText::of(text).expect("it can be one").key();
        NewProposal { id, skill, key, policy: ProposalPolicy::default(), at: self.now() }
    }
}

async fn on(site: &dyn FeedbackSite, question: QuestionId) -> Vec<Verdict> {
    site.feedback().verdicts(&[question]).await.expect(WORKS)
}

async fn proposed(site: &dyn FeedbackSite) -> Vec<Proposal> {
    site.proposals().proposals(site.skill(), None, Page::default()).await.expect(WORKS).items
}

/// With all that it says; the counts follow.
pub async fn a_verdict_takes_the_place_of_an_earlier_one(site: &dyn FeedbackSite) {
    let maker = Maker::new();
    let question = maker.asked(site, None, "Who?").await;
    let comment = "línea\n2 “‘\\'%_ 𐐀🦀 e\u{301}";
    let first = maker.verdict(question, site.skill(), Rating::NotHelpful, comment);
    assert!(site.feedback().give(&first, None).await.expect(WORKS));
    assert_eq!(on(site, question).await, [first]);
    maker.clock.advance(SignedDuration::from_micros(1));
    let second = maker.verdict(question, site.skill(), Rating::Helpful, "");
    assert!(site.feedback().give(&second, None).await.expect(WORKS));
    assert_eq!(on(site, question).await, [second]);
    let ratings = site.proposals().ratings(site.skill()).await.expect(WORKS);
    assert_eq!((ratings.helpful, ratings.not_helpful), (1, 0));
}

/// Each skill's answer has its own.
pub async fn verdicts_are_per_skill_and_read_for_many_questions(site: &dyn FeedbackSite) {
    let maker = Maker::new();
    let mut questions = Vec::new();
    for _ in 0..3 {
        questions.push(maker.asked(site, None, "Who?").await);
    }
    let other = maker.chosen("other").skill;
    let mut given = vec![
        maker.verdict(questions[0], site.skill(), Rating::Helpful, "one"),
        maker.verdict(questions[0], other, Rating::NotHelpful, "two"),
        maker.verdict(questions[2], other, Rating::Helpful, "three"),
    ];
    for verdict in &given {
        assert!(site.feedback().give(verdict, None).await.expect(WORKS));
    }
    let mut found = site.feedback().verdicts(&questions).await.expect(WORKS);
    for verdicts in [&mut found, &mut given] {
        verdicts.sort_by_key(|verdict| (verdict.question, verdict.skill));
    }
    assert_eq!(found, given);
    assert_eq!(on(site, questions[1]).await, []);
    assert_eq!(site.feedback().verdicts(&[]).await.expect(WORKS), []);
}

/// Another skill's stays.
pub async fn a_verdict_is_taken_back_once(site: &dyn FeedbackSite) {
    let maker = Maker::new();
    let question = maker.asked(site, None, "Who?").await;
    let other = maker.verdict(question, maker.chosen("other").skill, Rating::Helpful, "");
    for verdict in [&maker.verdict(question, site.skill(), Rating::Helpful, ""), &other] {
        assert!(site.feedback().give(verdict, None).await.expect(WORKS));
    }
    let take_back = || site.feedback().take_back(question, site.skill());
    assert!(take_back().await.expect(WORKS));
    assert!(!take_back().await.expect(WORKS));
    assert_eq!(on(site, question).await, [other]);
    assert_eq!(site.proposals().ratings(site.skill()).await.expect(WORKS).helpful, 0);
}

/// Whichever way it goes.
pub async fn verdicts_need_their_question_and_go_with_it(site: &dyn FeedbackSite) {
    let (maker, user) = (Maker::new(), site.user());
    let unknown = maker.record(None).id;
    let verdict = maker.verdict(unknown, site.skill(), Rating::Helpful, "");
    let proposal = maker.proposal(site.skill(), "Who?");
    assert!(!site.feedback().give(&verdict, Some(&proposal)).await.expect(WORKS));
    assert_eq!((on(site, unknown).await, proposed(site).await), (vec![], vec![]));

    let question = maker.asked(site, Some(user), "Who?").await;
    let verdict = maker.verdict(question, site.skill(), Rating::NotHelpful, "");
    assert!(site.feedback().give(&verdict, None).await.expect(WORKS));
    assert!(site.log().delete(question, Some(user), maker.now()).await.expect(WORKS));
    assert_eq!(on(site, question).await, []);
    assert_eq!(site.proposals().ratings(site.skill()).await.expect(WORKS).not_helpful, 0);
}

/// Saying it again changes nothing.
pub async fn a_helpful_answer_proposes_its_question_once(site: &dyn FeedbackSite) {
    let maker = Maker::new();
    let question = maker.asked(site, Some(site.user()), "Who\nplayed?").await;
    let verdict = maker.verdict(question, site.skill(), Rating::Helpful, "");
    let first = maker.proposal(site.skill(), "Who played?");
    assert!(site.feedback().give(&verdict, Some(&first)).await.expect(WORKS));
    let again = maker.proposal(site.skill(), "Who played?");
    assert!(site.feedback().give(&verdict, Some(&again)).await.expect(WORKS));
    let found = proposed(site).await;
    let seen: Vec<_> = found.iter().map(|one| (one.id, one.text.as_str(), one.questions)).collect();
    assert_eq!(seen, [(first.id, "Who played?", 1)]);
    // As where it can be no example any more.
    assert!(site.feedback().give(&verdict, None).await.expect(WORKS));
    assert_eq!(proposed(site).await, found);
}

/// By another verdict or by taking it back.
pub async fn whoever_thinks_better_of_it_proposes_nothing(site: &dyn FeedbackSite) {
    let maker = Maker::new();
    let question = maker.asked(site, Some(site.user()), "Who?").await;
    let helpful = maker.verdict(question, site.skill(), Rating::Helpful, "");
    let not = maker.verdict(question, site.skill(), Rating::NotHelpful, "");
    let proposal = maker.proposal(site.skill(), "Who?");
    assert!(site.feedback().give(&helpful, Some(&proposal)).await.expect(WORKS));
    assert_eq!(proposed(site).await.len(), 1);
    assert!(site.feedback().give(&not, None).await.expect(WORKS));
    assert_eq!(proposed(site).await, []);
    assert!(site.feedback().give(&helpful, Some(&proposal)).await.expect(WORKS));
    assert!(site.feedback().take_back(question, site.skill()).await.expect(WORKS));
    assert_eq!(proposed(site).await, []);
}

/// One by one, all of one person, or because they are old.
pub async fn however_questions_go_their_proposals_go_with_them(site: &dyn FeedbackSite) {
    let (maker, user) = (Maker::new(), site.user());
    let stranger = maker.stranger();
    let mut questions = Vec::new();
    for (asker, text) in [(user, "one?"), (user, "two?"), (stranger, "two?"), (stranger, "three?")] {
        let question = maker.asked(site, Some(asker), text).await;
        let verdict = maker.verdict(question, site.skill(), Rating::Helpful, "");
        let proposal = maker.proposal(site.skill(), text);
        assert!(site.feedback().give(&verdict, Some(&proposal)).await.expect(WORKS));
        questions.push(question);
    }
    let texts = async || {
        let found = proposed(site).await;
        found.iter().map(|one| (one.text.as_str().to_owned(), one.questions)).collect::<Vec<_>>()
    };
    let [one, two, three] = ["one?", "two?", "three?"].map(str::to_owned);
    assert_eq!(texts().await, [(three.clone(), 1), (two.clone(), 2), (one, 1)]);
    assert!(site.log().delete(questions[0], Some(user), maker.now()).await.expect(WORKS));
    assert_eq!(texts().await, [(three.clone(), 1), (two.clone(), 2)]);
    assert_eq!(site.log().delete_all_of(user, maker.now(), 10).await.expect(WORKS).questions, 1);
    assert_eq!(texts().await, [(three, 1), (two, 1)]);
    maker.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(site.log().forget(maker.now(), 10).await.expect(WORKS), 2);
    assert_eq!(texts().await, []);
}
