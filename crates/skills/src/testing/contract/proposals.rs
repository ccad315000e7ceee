use super::{at, begun, examples, inserted, published, stored};
use crate::ports::{Accepted, EndedCheck, ProposalStore, SkillStore, Written};
use crate::{
    CheckResult, Compared, ExampleText, Figures, NewProposal, Proposal, ProposalId, ProposalPolicy,
    ProposalState, RegisteredSkill, TrainingId,
};
use async_trait::async_trait;
use futures::future::join_all;
use square_kernel::testing::ManualClock;
use square_kernel::uuid::Uuid;
use square_kernel::{Caller, Limit, OsRandomness, Overtaken, Page, SessionId, SkillId, SystemClock, UserId};

/// What a rule about proposals is tried on: a store without skills and questions. It lives as long as the test.
#[async_trait]
pub trait ProposalSite: Send + Sync {
    /// The store of proposals.
    fn proposals(&self) -> &dyn ProposalStore;

    /// The store of the skills.
    fn skills(&self) -> &dyn SkillStore;

    /// Somebody who may own skills.
    fn owner(&self) -> UserId;

    /// Has `asker` ask this, and find the answer of the proposal's skill helpful. The question, whose identifier sorts behind earlier
    /// ones.
    async fn helpful(&self, asker: UserId, text: &str, new: &NewProposal) -> Uuid;

    /// Has somebody find an answer of the skill not helpful.
    async fn not_helpful(&self, skill: SkillId);

    /// Has the asker take a verdict back.
    async fn take_back(&self, question: Uuid, skill: SkillId);

    /// Deletes a question.
    async fn forget(&self, question: Uuid);
}

/// Makes a test of every rule. `$make` is an async function that gives a
/// [`ProposalSite`](crate::testing::contract::ProposalSite).
#[macro_export]
macro_rules! proposal_store_contract {
    ($make:path) => {
        $crate::proposal_store_contract!($make;
            a_question_is_proposed_once_however_it_is_written,
            of_parallel_proposals_of_one_question_one_is_kept,
            proposals_come_newest_first_in_pages,
            of_one_skill_and_of_one_asker_so_many_wait,
            skills_that_are_not_published_are_proposed_nothing,
            accepting_is_all_or_nothing,
            what_waits_longest_is_tried_first,
            what_is_taken_is_added_to_the_examples,
            what_is_declined_says_why_and_can_be_accepted_again,
            a_trial_ends_only_what_still_waits_for_it,
            what_was_measured_together_is_taken_together_or_not_at_all,
            a_trial_beside_a_training_comes_to_nothing,
            who_is_not_signed_in_any_more_decides_nothing,
            what_is_an_example_is_not_proposed,
            a_question_that_comes_as_the_last_one_goes_is_proposed,
            a_trial_with_other_examples_comes_to_nothing,
            what_was_dismissed_is_not_proposed_again,
            what_was_taken_and_is_no_example_any_more_is_proposed_again,
            proposals_go_with_their_last_question,
            proposals_go_with_their_skill,
            verdicts_are_counted_by_skill,
            held_out_questions_are_those_of_published_skills,
            of_parallel_trials_one_adds_the_example,
        );
    };
    ($make:path; $($rule:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $rule() {
                let site = $make().await;
                $crate::testing::contract::$rule(&site).await;
            }
        )*
    };
}

/// At `seconds`, with the bounds that are usual.
fn new(skill: SkillId, text: &str, seconds: i64) -> NewProposal {
    let id = ProposalId::new(&ManualClock::at(at(seconds)), &OsRandomness);
    let key = ExampleText::of(text).unwrap().key();
    NewProposal { id, skill, key, policy: ProposalPolicy::default(), at: at(seconds) }
}

fn somebody() -> UserId {
    UserId::new(&SystemClock, &OsRandomness)
}

async fn published_skill(site: &dyn ProposalSite, name: &str) -> (RegisteredSkill, TrainingId) {
    let skill = inserted(site.skills(), site.owner(), name).await;
    let training = begun(site.skills(), skill.id, name, at(1)).await;
    let skill = site.skills().finish_training(training, &published(), at(2)).await.unwrap().unwrap();
    (skill, training)
}

async fn all(site: &dyn ProposalSite, skill: SkillId) -> Vec<Proposal> {
    site.proposals().proposals(skill, None, Page::default()).await.unwrap().items
}

async fn states(site: &dyn ProposalSite, skill: SkillId) -> Vec<(String, ProposalState)> {
    let shown = |proposal: Proposal| (proposal.text.as_str().to_owned(), proposal.state);
    all(site, skill).await.into_iter().map(shown).collect()
}

/// Proposes and accepts.
async fn accepted(site: &dyn ProposalSite, skill: SkillId, text: &str, seconds: i64) -> ProposalId {
    let new = new(skill, text, seconds);
    site.helpful(somebody(), text, &new).await;
    let accepted = accept(site, skill, &[new.id], seconds).await;
    assert!(matches!(accepted, Accepted::Done(_)), "{accepted:?}");
    new.id
}

async fn accept(site: &dyn ProposalSite, skill: SkillId, ids: &[ProposalId], seconds: i64) -> Accepted {
    site.proposals().accept(skill, ids, at(seconds), None).await.unwrap()
}

async fn dismiss(site: &dyn ProposalSite, skill: SkillId, id: ProposalId, seconds: i64) -> Option<Proposal> {
    site.proposals().dismiss(skill, id, at(seconds), None).await.unwrap().unwrap()
}

fn compared(before: u32, after: u32) -> Compared {
    Compared::from([("Square".to_owned(), Figures { held_out: 7, before, after })])
}

fn taken(id: ProposalId, text: &str) -> EndedCheck {
    let result = CheckResult { declined: None, compared: compared(5, 6) };
    EndedCheck { id, example: ExampleText::of(text), result }
}

fn declined(id: ProposalId) -> EndedCheck {
    let result = CheckResult { declined: Some("“worse”".to_owned()), compared: compared(6, 5) };
    EndedCheck { id, example: None, result }
}

/// Askers that write one question differently propose one example, as the first has it.
pub async fn a_question_is_proposed_once_however_it_is_written(site: &dyn ProposalSite) {
    let (skill, _) = published_skill(site, "Films").await;
    let (first, second) =
        (new(skill.id, "Who played in “Heat”?", 3), new(skill.id, "who played in “HEAT”", 4));
    site.helpful(somebody(), " Who played\nin “Heat”?", &first).await;
    site.helpful(somebody(), "who played in “HEAT”", &second).await;
    let other = new(skill.id, "And who in Ronin?", 5);
    site.helpful(somebody(), "And who in Ronin?", &other).await;

    let expected = Proposal {
        id: first.id,
        skill: skill.id,
        text: ExampleText::of("Who played in “Heat”?").unwrap(),
        questions: 2,
        state: ProposalState::Proposed,
        check: None,
        proposed_at: at(3),
        changed_at: at(3),
    };
    let found = all(site, skill.id).await;
    assert_eq!(found.iter().map(|proposal| proposal.id).collect::<Vec<_>>(), [other.id, first.id]);
    assert_eq!(found[1], expected);
    let store = site.proposals();
    assert_eq!(store.proposal(skill.id, first.id).await.unwrap(), Some(expected));
    assert_eq!(store.proposal(skill.id, second.id).await.unwrap(), None);
    let (elsewhere, _) = published_skill(site, "Songs").await;
    assert_eq!(store.proposal(elsewhere.id, first.id).await.unwrap(), None);
}

/// However many ask one thing at once.
pub async fn of_parallel_proposals_of_one_question_one_is_kept(site: &dyn ProposalSite) {
    let (skill, _) = published_skill(site, "Films").await;
    let helpful = |seconds| async move {
        site.helpful(somebody(), "Who played in Heat?", &new(skill.id, "Who played in Heat?", seconds)).await
    };
    join_all((3..11).map(helpful)).await;
    let found = all(site, skill.id).await;
    assert_eq!(found.iter().map(|proposal| proposal.questions).collect::<Vec<_>>(), [8]);
}

/// All of them, or those that stand at something.
pub async fn proposals_come_newest_first_in_pages(site: &dyn ProposalSite) {
    let (skill, _) = published_skill(site, "Films").await;
    let mut ids = Vec::new();
    for seconds in 3..8 {
        let text = format!("Question {seconds}?");
        let new = new(skill.id, &text, seconds);
        site.helpful(somebody(), &text, &new).await;
        ids.insert(0, new.id);
    }
    let store = site.proposals();
    dismiss(site, skill.id, ids[1], 9).await.unwrap();
    let page = |after| Page { limit: Limit::new(2).unwrap(), after };
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let slice = store.proposals(skill.id, None, page(after)).await.unwrap();
        found.extend(slice.items.iter().map(|proposal| proposal.id));
        after = slice.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(found, ids);
    let proposed = store.proposals(skill.id, Some(ProposalState::Proposed), page(None)).await.unwrap();
    assert_eq!(proposed.items.iter().map(|one| one.id).collect::<Vec<_>>(), [ids[0], ids[2]]);
    assert_eq!(proposed.next, Some(ids[2]));
    let dismissed = store.proposals(skill.id, Some(ProposalState::Dismissed), page(None)).await.unwrap();
    assert_eq!(
        dismissed.items.iter().map(|one| (one.id, one.changed_at)).collect::<Vec<_>>(),
        [(ids[1], at(9))]
    );
}

/// What is beyond that is not kept; a question that is proposed already finds its place.
pub async fn of_one_skill_and_of_one_asker_so_many_wait(site: &dyn ProposalSite) {
    let (skill, _) = published_skill(site, "Films").await;
    let (ann, bob, cid) = (somebody(), somebody(), somebody());
    let policy = ProposalPolicy { per_skill: 4, per_asker: 2 };
    let helpful = |asker: UserId, text: &'static str, seconds| {
        let new = NewProposal { policy, ..new(skill.id, text, seconds) };
        async move {
            site.helpful(asker, text, &new).await;
            new.id
        }
    };
    let first = helpful(ann, "a1?", 3).await;
    helpful(ann, "a2?", 4).await;
    // To dismiss them makes no room for more of the same.
    dismiss(site, skill.id, first, 5).await.unwrap();
    helpful(ann, "a3?", 6).await;
    assert_eq!(all(site, skill.id).await.len(), 2);
    helpful(bob, "b1?", 7).await;
    helpful(bob, "b2?", 8).await;
    helpful(cid, "c1?", 9).await;
    assert_eq!(all(site, skill.id).await.len(), 5, "one of them is dismissed");
    helpful(cid, "c2?", 10).await;
    helpful(cid, "b2?", 11).await;
    let texts: Vec<_> = states(site, skill.id).await.into_iter().map(|(text, _)| text).collect();
    assert_eq!(texts, ["c1?", "b2?", "b1?", "a2?", "a1?"]);
    assert_eq!(all(site, skill.id).await[1].questions, 2);
}

/// There is nothing to which they could be added.
pub async fn skills_that_are_not_published_are_proposed_nothing(site: &dyn ProposalSite) {
    let skill = inserted(site.skills(), site.owner(), "Films").await;
    site.helpful(somebody(), "Who?", &new(skill.id, "Who?", 3)).await;
    let gone = SkillId::new(&SystemClock, &OsRandomness);
    site.helpful(somebody(), "Who?", &new(gone, "Who?", 4)).await;
    assert_eq!(all(site, skill.id).await, []);
    assert_eq!(all(site, gone).await, []);
}

/// Whoever accepts several has all of them tried, in their order, or hears which is not there.
pub async fn accepting_is_all_or_nothing(site: &dyn ProposalSite) {
    let (skill, _) = published_skill(site, "Films").await;
    let (one, two) = (new(skill.id, "One?", 3), new(skill.id, "Two?", 4));
    site.helpful(somebody(), "One?", &one).await;
    site.helpful(somebody(), "Two?", &two).await;
    let store = site.proposals();
    let unknown = new(skill.id, "Three?", 5).id;
    let refused = accept(site, skill.id, &[one.id, unknown], 6).await;
    assert_eq!(refused, Accepted::Unknown(unknown));
    assert!(states(site, skill.id).await.iter().all(|(_, state)| *state == ProposalState::Proposed));

    let Accepted::Done(accepted) = accept(site, skill.id, &[two.id, one.id], 7).await else {
        unreachable!("they are there");
    };
    let seen: Vec<_> = accepted.iter().map(|one| (one.id, one.state, one.changed_at)).collect();
    let checking = ProposalState::Checking;
    assert_eq!(seen, [(two.id, checking, at(7)), (one.id, checking, at(7))]);
    let again = accept(site, skill.id, &[one.id], 8).await;
    assert!(matches!(&again, Accepted::Done(same) if same[0].changed_at == at(7)), "{again:?}");

    site.skills().unpublish(skill.id, at(9)).await.unwrap().unwrap();
    assert_eq!(accept(site, skill.id, &[one.id], 10).await, Accepted::NotPublished);
    let pending = store.pending_check(10).await.unwrap().unwrap();
    assert_eq!((pending.training, pending.proposals.len()), (None, 2));
}

/// All of its skill with it, as many as are wanted.
pub async fn what_waits_longest_is_tried_first(site: &dyn ProposalSite) {
    let ((films, training), (songs, _)) =
        (published_skill(site, "Films").await, published_skill(site, "Songs").await);
    let store = site.proposals();
    assert_eq!(store.pending_check(10).await.unwrap(), None);
    let first = accepted(site, films.id, "First?", 5).await;
    accepted(site, songs.id, "Second?", 6).await;
    let third = accepted(site, films.id, "Third?", 7).await;
    let pending = store.pending_check(10).await.unwrap().unwrap();
    assert_eq!((pending.skill, pending.training), (films.id, Some(training)));
    let texts: Vec<_> = pending.proposals.iter().map(|(id, text)| (*id, text.as_str())).collect();
    assert_eq!(texts, [(first, "First?"), (third, "Third?")]);
    assert_eq!(store.pending_check(1).await.unwrap().unwrap().proposals.len(), 1);
}

/// Behind those that are there; number and `updated_at` follow. Of what askers wrote nothing is shown to everybody.
pub async fn what_is_taken_is_added_to_the_examples(site: &dyn ProposalSite) {
    let skill = inserted(site.skills(), site.owner(), "Films").await;
    let training = TrainingId::new(&SystemClock, &OsRandomness);
    let set = crate::TrainingSet { train: ["Who?".into()].into(), dev: ["What?".into()].into() };
    assert_eq!(
        site.skills().begin_training(training, skill.id, &set, at(1), None).await.unwrap(),
        Written::Done
    );
    let before = site.skills().finish_training(training, &published(), at(2)).await.unwrap().unwrap();
    let (one, two) =
        (accepted(site, skill.id, "Wer war “x”? 🎬", 3).await, accepted(site, skill.id, "Two?", 4).await);
    let known = EndedCheck { example: None, ..taken(two, "Two?") };

    let ended = [taken(one, "Wer war “x”? 🎬"), known];
    let after =
        site.proposals().finish_check(skill.id, Some(training), &ended, at(5)).await.unwrap().unwrap();
    let train = ["Who?".to_owned(), "Wer war “x”? 🎬".to_owned()];
    assert_eq!(before.samples[..], train[..1]);
    assert_eq!(after, RegisteredSkill { updated_at: at(5), ..before });
    assert_eq!(stored(site.skills(), skill.id).await, after);
    assert_eq!(site.skills().published_examples().await.unwrap(), [(skill.id, train.clone().into())]);
    let set = site.skills().examples(training).await.unwrap().unwrap();
    assert_eq!((&set.train[..], &set.dev[..]), (&train[..], &["What?".to_owned()][..]));
    assert_eq!(site.skills().training(skill.id).await.unwrap().unwrap().train_examples, 2);
    let found = site.proposals().proposal(skill.id, one).await.unwrap().unwrap();
    let check = CheckResult { declined: None, compared: compared(5, 6) };
    assert_eq!((found.state, found.check, found.changed_at), (ProposalState::Taken, Some(check), at(5)));
    assert_eq!(site.proposals().pending_check(1).await.unwrap(), None);
    let dismissed = dismiss(site, skill.id, one, 6).await.unwrap();
    assert_eq!(dismissed.state, ProposalState::Taken, "it is the skill's by now");
}

/// The skill stays as it was.
pub async fn what_is_declined_says_why_and_can_be_accepted_again(site: &dyn ProposalSite) {
    let (skill, training) = published_skill(site, "Films").await;
    let id = accepted(site, skill.id, "Misleading?", 3).await;
    let store = site.proposals();
    let after = store.finish_check(skill.id, Some(training), &[declined(id)], at(5)).await.unwrap().unwrap();
    assert_eq!(after, skill);
    assert_eq!(site.skills().examples(training).await.unwrap(), Some(examples("Films")));
    let found = store.proposal(skill.id, id).await.unwrap().unwrap();
    assert_eq!((found.state, found.check), (ProposalState::Declined, Some(declined(id).result)));
    let Accepted::Done(again) = accept(site, skill.id, &[id], 6).await else { unreachable!("it is there") };
    assert_eq!((again[0].state, &again[0].check), (ProposalState::Checking, &None));
}

/// What was dismissed or went meanwhile stays so.
pub async fn a_trial_ends_only_what_still_waits_for_it(site: &dyn ProposalSite) {
    let (skill, training) = published_skill(site, "Films").await;
    let store = site.proposals();
    let going = new(skill.id, "Going?", 3);
    let question = site.helpful(somebody(), "Going?", &going).await;
    accept(site, skill.id, &[going.id], 3).await;
    let dismissed = accepted(site, skill.id, "Dismissed?", 4).await;
    site.forget(question).await;
    dismiss(site, skill.id, dismissed, 5).await.unwrap();
    let known = EndedCheck { example: None, ..taken(dismissed, "Dismissed?") };
    let after =
        store.finish_check(skill.id, Some(training), &[declined(going.id), known], at(6)).await.unwrap();
    assert_eq!(after, Some(skill.clone()));
    assert_eq!(states(site, skill.id).await, [("Dismissed?".to_owned(), ProposalState::Dismissed)]);
}

/// That two of them together made nothing worse says nothing of one without the other.
pub async fn what_was_measured_together_is_taken_together_or_not_at_all(site: &dyn ProposalSite) {
    let (skill, training) = published_skill(site, "Films").await;
    let store = site.proposals();
    let going = new(skill.id, "Going?", 3);
    let question = site.helpful(somebody(), "Going?", &going).await;
    accept(site, skill.id, &[going.id], 3).await;
    let one = accepted(site, skill.id, "One?", 4).await;
    let bad = accepted(site, skill.id, "Bad?", 5).await;
    let finish = async |with| {
        let ended = [declined(bad), taken(one, "One?"), taken(with, "With?")];
        store.finish_check(skill.id, Some(training), &ended, at(6)).await.unwrap()
    };
    site.forget(question).await;
    assert_eq!(finish(going.id).await, None);
    let dismissed = accepted(site, skill.id, "Dismissed?", 7).await;
    dismiss(site, skill.id, dismissed, 8).await.unwrap();
    assert_eq!(finish(dismissed).await, None);
    assert_eq!(site.skills().examples(training).await.unwrap(), Some(examples("Films")));
    assert_eq!(stored(site.skills(), skill.id).await, skill);
    let pending = store.pending_check(10).await.unwrap().unwrap().proposals;
    assert_eq!(pending.into_iter().map(|(id, _)| id).collect::<Vec<_>>(), [one, bad], "they wait on");
}

/// The examples of the training take the place of those that this one would be added to.
pub async fn a_trial_beside_a_training_comes_to_nothing(site: &dyn ProposalSite) {
    let (skill, published_with) = published_skill(site, "Films").await;
    let id = accepted(site, skill.id, "One?", 3).await;
    let ended = [taken(id, "One?")];
    let finish = |training| site.proposals().finish_check(skill.id, Some(training), &ended, at(6));
    let running = begun(site.skills(), skill.id, "b", at(4)).await;
    assert_eq!(finish(published_with).await.unwrap(), None);
    assert_eq!(states(site, skill.id).await, [("One?".to_owned(), ProposalState::Checking)]);
    assert_eq!(site.skills().examples(published_with).await.unwrap(), Some(examples("Films")));
    site.skills().finish_training(running, &published(), at(5)).await.unwrap().unwrap();
    assert!(finish(running).await.unwrap().is_some());
    let train = site.skills().examples(running).await.unwrap().unwrap().train;
    assert_eq!((train.len(), train[7].as_str()), (8, "One?"));
}

/// However good their token looked when the request came in.
pub async fn who_is_not_signed_in_any_more_decides_nothing(site: &dyn ProposalSite) {
    let (skill, _) = published_skill(site, "Films").await;
    let new = new(skill.id, "One?", 3);
    site.helpful(somebody(), "One?", &new).await;
    // In no session that there is.
    let session = SessionId::new(&SystemClock, &OsRandomness);
    let by = Some(Caller { user: somebody(), session, rights: 0 });
    let store = site.proposals();
    assert_eq!(store.accept(skill.id, &[new.id], at(4), by).await.unwrap(), Accepted::Overtaken);
    assert_eq!(store.dismiss(skill.id, new.id, at(4), by).await.unwrap(), Err(Overtaken));
    assert_eq!(states(site, skill.id).await, [("One?".to_owned(), ProposalState::Proposed)]);
}

/// However it is written; one that was taken counts on as it does.
pub async fn what_is_an_example_is_not_proposed(site: &dyn ProposalSite) {
    let (skill, training) = published_skill(site, "Films").await;
    site.helpful(somebody(), "films TRAIN 7", &new(skill.id, "films TRAIN 7", 3)).await;
    assert_eq!(all(site, skill.id).await, []);
    let id = accepted(site, skill.id, "Who?", 4).await;
    let ended = [taken(id, "Who?")];
    site.proposals().finish_check(skill.id, Some(training), &ended, at(5)).await.unwrap().unwrap();
    site.helpful(somebody(), "WHO", &new(skill.id, "WHO", 6)).await;
    let found = all(site, skill.id).await;
    assert_eq!((found[0].state, found[0].questions, found.len()), (ProposalState::Taken, 1, 1));
}

/// It is lost neither with the question that it joins nor for it.
pub async fn a_question_that_comes_as_the_last_one_goes_is_proposed(site: &dyn ProposalSite) {
    let (skill, _) = published_skill(site, "Films").await;
    for round in 0..20 {
        let text = format!("Question {round}?");
        let helpful = |seconds| {
            let (text, new) = (text.clone(), new(skill.id, &text, seconds));
            async move { site.helpful(somebody(), &text, &new).await }
        };
        let first = helpful(3).await;
        let ((), second) = tokio::join!(site.forget(first), helpful(4));
        let found = all(site, skill.id).await;
        assert_eq!(found.iter().map(|one| one.questions).collect::<Vec<_>>(), [1], "{text}");
        site.forget(second).await;
        assert_eq!(all(site, skill.id).await, []);
    }
}

/// Whoever trains the skill anew, or unpublishes it, in the middle of a trial has it made again.
pub async fn a_trial_with_other_examples_comes_to_nothing(site: &dyn ProposalSite) {
    let (skill, before) = published_skill(site, "Films").await;
    let id = accepted(site, skill.id, "One?", 3).await;
    let now = begun(site.skills(), skill.id, "b", at(4)).await;
    site.skills().finish_training(now, &published(), at(5)).await.unwrap().unwrap();
    let store = site.proposals();
    for training in [Some(before), None] {
        assert_eq!(store.finish_check(skill.id, training, &[taken(id, "One?")], at(6)).await.unwrap(), None);
    }
    assert_eq!(store.pending_check(1).await.unwrap().unwrap().training, Some(now));
    assert_eq!(site.skills().examples(now).await.unwrap(), Some(examples("b")));
    site.skills().unpublish(skill.id, at(7)).await.unwrap().unwrap();
    assert_eq!(store.finish_check(skill.id, Some(now), &[taken(id, "One?")], at(8)).await.unwrap(), None);
    let ended = store.finish_check(skill.id, None, &[declined(id)], at(9)).await.unwrap();
    assert_eq!(ended.map(|skill| skill.updated_at), Some(at(7)));
    assert_eq!(states(site, skill.id).await, [("One?".to_owned(), ProposalState::Declined)]);
}

/// Also where another one asks it, or the first takes the verdict back and gives it again. The owner may still change their mind.
pub async fn what_was_dismissed_is_not_proposed_again(site: &dyn ProposalSite) {
    let (skill, _) = published_skill(site, "Films").await;
    let first = new(skill.id, "Who?", 3);
    let question = site.helpful(somebody(), "Who?", &first).await;
    dismiss(site, skill.id, first.id, 4).await.unwrap();
    site.take_back(question, skill.id).await;
    site.helpful(somebody(), "who", &new(skill.id, "who", 5)).await;
    assert_eq!(states(site, skill.id).await, [("Who?".to_owned(), ProposalState::Dismissed)]);
    let again = dismiss(site, skill.id, first.id, 6).await.unwrap();
    assert_eq!((again.state, again.changed_at), (ProposalState::Dismissed, at(4)));
    accept(site, skill.id, &[first.id], 7).await;
    assert_eq!(states(site, skill.id).await, [("Who?".to_owned(), ProposalState::Checking)]);
}

/// Owners who train a skill with other files may have left it out without meaning to.
pub async fn what_was_taken_and_is_no_example_any_more_is_proposed_again(site: &dyn ProposalSite) {
    let (skill, training) = published_skill(site, "Films").await;
    let id = accepted(site, skill.id, "Who?", 3).await;
    let store = site.proposals();
    store.finish_check(skill.id, Some(training), &[taken(id, "Who?")], at(4)).await.unwrap().unwrap();
    let without = begun(site.skills(), skill.id, "b", at(4)).await;
    site.skills().finish_training(without, &published(), at(4)).await.unwrap().unwrap();
    site.helpful(somebody(), "Who?", &new(skill.id, "Who?", 5)).await;
    let found = store.proposal(skill.id, id).await.unwrap().unwrap();
    assert_eq!((found.state, found.check, found.questions), (ProposalState::Proposed, None, 2));
    assert_eq!((found.proposed_at, found.changed_at), (at(3), at(5)));
}

/// Be the question deleted or the verdict taken back.
pub async fn proposals_go_with_their_last_question(site: &dyn ProposalSite) {
    let (skill, _) = published_skill(site, "Films").await;
    let first = new(skill.id, "Who, then?", 3);
    let one = site.helpful(somebody(), "Who, then?", &first).await;
    let two = site.helpful(somebody(), "WHO, THEN", &new(skill.id, "WHO, THEN", 4)).await;
    site.forget(one).await;
    let left = all(site, skill.id).await;
    assert_eq!(
        left.iter().map(|one| (one.text.as_str(), one.questions)).collect::<Vec<_>>(),
        [("WHO, THEN", 1)]
    );
    site.take_back(two, skill.id).await;
    assert_eq!(all(site, skill.id).await, []);

    let dismissed = new(skill.id, "What?", 5);
    let three = site.helpful(somebody(), "What?", &dismissed).await;
    dismiss(site, skill.id, dismissed.id, 6).await.unwrap();
    site.forget(three).await;
    assert_eq!(all(site, skill.id).await, []);
    let later = new(skill.id, "What?", 7);
    site.helpful(somebody(), "What?", &later).await;
    assert_eq!(all(site, skill.id).await[0].id, later.id, "nothing is known of it any more");
}

/// With the questions that propose them still there.
pub async fn proposals_go_with_their_skill(site: &dyn ProposalSite) {
    let (skill, training) = published_skill(site, "Films").await;
    let id = accepted(site, skill.id, "Who?", 3).await;
    assert!(site.skills().delete(skill.id).await.unwrap());
    let store = site.proposals();
    assert_eq!(store.pending_check(1).await.unwrap(), None);
    assert_eq!(store.proposal(skill.id, id).await.unwrap(), None);
    let ended = store.finish_check(skill.id, Some(training), &[taken(id, "Who?")], at(4)).await.unwrap();
    assert_eq!(ended, None);
    assert_eq!(dismiss(site, skill.id, id, 5).await, None);
}

/// Those of questions that are gone are not.
pub async fn verdicts_are_counted_by_skill(site: &dyn ProposalSite) {
    let ((films, _), (songs, _)) =
        (published_skill(site, "Films").await, published_skill(site, "Songs").await);
    let first = site.helpful(somebody(), "Who?", &new(films.id, "Who?", 3)).await;
    site.helpful(somebody(), "What?", &new(films.id, "What?", 4)).await;
    site.helpful(somebody(), "Where?", &new(songs.id, "Where?", 5)).await;
    site.not_helpful(films.id).await;
    let counted = async |skill| {
        let ratings = site.proposals().ratings(skill).await.unwrap();
        (ratings.helpful, ratings.not_helpful, ratings.proposed)
    };
    assert_eq!((counted(films.id).await, counted(songs.id).await), ((2, 1, 2), (1, 0, 1)));
    site.forget(first).await;
    assert_eq!(counted(films.id).await, (1, 1, 1));
    assert_eq!(counted(SkillId::new(&SystemClock, &OsRandomness)).await, (0, 0, 0));
}

/// Of the training that each is published with.
pub async fn held_out_questions_are_those_of_published_skills(site: &dyn ProposalSite) {
    let (films, _) = published_skill(site, "Films").await;
    begun(site.skills(), films.id, "b", at(3)).await;
    let unpublished = inserted(site.skills(), site.owner(), "Songs").await;
    begun(site.skills(), unpublished.id, "c", at(4)).await;
    let held_out = site.proposals().held_out().await.unwrap();
    assert_eq!(held_out, [(films.id, examples("Films").dev)]);
}

/// Two instances may each take the other for dead.
pub async fn of_parallel_trials_one_adds_the_example(site: &dyn ProposalSite) {
    let (skill, training) = published_skill(site, "Films").await;
    let id = accepted(site, skill.id, "Who?", 3).await;
    let ended = [taken(id, "Who?")];
    let finishes = (0..8).map(|_| site.proposals().finish_check(skill.id, Some(training), &ended, at(4)));
    let finished = join_all(finishes).await;
    assert_eq!(finished.into_iter().filter(|finished| finished.as_ref().unwrap().is_some()).count(), 1);
    let train = site.skills().examples(training).await.unwrap().unwrap().train;
    assert_eq!(train.iter().filter(|example| *example == "Who?").count(), 1);
}
