//! The selectors against servers on loopback that behave as the real ones are documented to, well and badly.
#![expect(clippy::unwrap_used, clippy::panic, reason = "what goes wrong in a test ends it")]

mod elastic;
mod elastic_learning;
mod elastic_ranking;
mod embedding;
mod server;
mod transformer;

use square_kernel::SkillId;
use square_kernel::uuid::Uuid;
use square_routing::Selector;

fn skill(number: u128) -> SkillId {
    Uuid::from_u128(number).into()
}

fn texts(questions: &[&str]) -> Vec<String> {
    questions.iter().map(|question| (*question).to_owned()).collect()
}

/// The places of candidates as they are ranked, with their scores rounded.
async fn ranked(selector: &dyn Selector, question: &str, candidates: &[SkillId]) -> Vec<(usize, f32)> {
    let ranking = selector.rank(question, candidates).await.unwrap();
    ranking.scores.iter().map(|score| (score.candidate, (score.score * 100.0).round() / 100.0)).collect()
}

/// Why nothing is ranked.
async fn trouble(selector: &dyn Selector) -> String {
    selector.rank("Who?", &[skill(1)]).await.unwrap_err().0
}
