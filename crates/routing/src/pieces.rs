use crate::AnswerDelta;
use crate::live::lock;
use square_kernel::SkillId;
use square_skills::DeltaSink;
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// How long pieces of answers gather before they are stored, so that an answer that comes word by word takes a write now and
/// then and not one a word.
const GATHER: Duration = Duration::from_millis(50);

/// How many bytes of one answer are told in pieces at most; what follows comes with the whole answer.
const MOST: usize = 64 * 1024;

/// The answers to one question that grow piece by piece.
pub(crate) struct Pieces {
    growing: Vec<Growing>,
    grown: Notify,
}

/// The answer of one skill.
struct Growing {
    skill: SkillId,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What was heard and not taken yet.
    waiting: String,
    /// How many bytes were heard.
    heard: usize,
}

impl Pieces {
    /// Of these skills, in the order in which they are asked.
    pub(crate) fn of(skills: impl Iterator<Item = SkillId>) -> Self {
        let growing = skills.map(|skill| Growing { skill, state: Mutex::default() }).collect();
        Self { growing, grown: Notify::new() }
    }

    /// What hears the answer of the skill at `index`; `None` behind the last one: of a skill that nobody asked for only the
    /// whole answer is told.
    pub(crate) fn sink(&self, index: usize) -> Option<Sink<'_>> {
        self.growing.get(index).map(|growing| Sink { growing, grown: &self.grown })
    }

    /// Returns once some answer has grown and enough time has passed since `last`. Cancel-safe.
    pub(crate) async fn gathered(&self, last: Instant) {
        while self.growing.iter().all(|growing| lock(&growing.state).waiting.is_empty()) {
            self.grown.notified().await;
        }
        sleep_until(last + GATHER).await;
    }

    /// What has grown since the last time, skill by skill.
    pub(crate) fn take_all(&self) -> impl Iterator<Item = AnswerDelta> {
        (0..self.growing.len()).filter_map(|index| self.take(index))
    }

    /// What the answer of the skill at `index` has grown by since the last time.
    pub(crate) fn take(&self, index: usize) -> Option<AnswerDelta> {
        let Growing { skill, state } = self.growing.get(index)?;
        let text = std::mem::take(&mut lock(state).waiting);
        (!text.is_empty()).then_some(AnswerDelta { skill: *skill, text })
    }
}

/// Hears the answer of one skill.
pub(crate) struct Sink<'a> {
    growing: &'a Growing,
    grown: &'a Notify,
}

impl DeltaSink for Sink<'_> {
    fn grown(&self, piece: &str) {
        let mut state = lock(&self.growing.state);
        let room = MOST - state.heard;
        let heard = &piece[..piece.floor_char_boundary(room)];
        // Where a piece was cut off, the next one would not follow it.
        state.heard = if heard.len() < piece.len() { MOST } else { state.heard + heard.len() };
        state.waiting.push_str(heard);
        drop(state);
        self.grown.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;
    use square_kernel::uuid::Uuid;

    fn pieces(skills: u128) -> Pieces {
        Pieces::of((0..skills).map(|number| Uuid::from_u128(number).into()))
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_word_by_word_is_taken_together_and_in_order() {
        let (pieces, begun) = (pieces(2), Instant::now());
        assert!(pieces.gathered(begun).now_or_never().is_none());
        pieces.sink(1).unwrap().grown("It ");
        pieces.sink(0).unwrap().grown("No.");
        pieces.sink(1).unwrap().grown("rains.");
        pieces.gathered(begun).await;
        assert_eq!(begun.elapsed(), GATHER);
        let taken: Vec<String> = pieces.take_all().map(|delta| delta.text).collect();
        assert_eq!(taken, ["No.", "It rains."]);
        assert!(pieces.gathered(Instant::now()).now_or_never().is_none(), "all is taken");
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_may_be_given_up_at_any_time() {
        let pieces = pieces(1);
        assert!(pieces.gathered(Instant::now()).now_or_never().is_none());
        pieces.sink(0).unwrap().grown("a");
        assert!(pieces.gathered(Instant::now()).now_or_never().is_none(), "it is too early");
        pieces.gathered(Instant::now()).await;
        assert_eq!(pieces.take(0).map(|delta| delta.text).as_deref(), Some("a"));
    }

    #[test]
    fn a_long_answer_is_told_up_to_a_limit_and_never_in_the_middle_of_a_character() {
        let pieces = pieces(1);
        pieces.sink(0).unwrap().grown(&"x".repeat(MOST - 1));
        pieces.sink(0).unwrap().grown("é");
        pieces.sink(0).unwrap().grown("y");
        assert_eq!(pieces.take(0).unwrap().text.len(), MOST - 1);
        assert_eq!(pieces.take(0), None);
    }
}
