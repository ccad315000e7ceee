//! Trains the selector `Square` on one file of questions and measures it on another, or the same.
//!
//! `cargo run --release -p square-selectors --example evaluate -- TRAIN [TEST [SPLIT]]`
//!
//! Each line of a file is `{"split": "train" | "val" | "test", "skill": "…" or null, "question": "…"}`; `null`
//! is out of scope. Learns from the split `train` of the first file, measures on `SPLIT` (`test` unless
//! named) of the second. The last line printed is a JSON object with all figures.

use serde::Deserialize;
use square_kernel::SkillId;
use square_routing::Selector;
use square_selectors::SquareSelector;
use square_selectors::evaluation::{Report, Sample, evaluate};
use square_skills::ports::Learner;
use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

#[derive(Deserialize)]
struct Line {
    split: String,
    skill: Option<String>,
    question: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let train_path = arguments.next().ok_or("usage: evaluate TRAIN [TEST [SPLIT]]")?;
    let test_path = arguments.next().unwrap_or_else(|| train_path.clone());
    let split = arguments.next().unwrap_or_else(|| "test".to_owned());

    let mut skills = BTreeMap::<String, Vec<String>>::new();
    for line in lines(&train_path)?.into_iter().filter(|line| line.split == "train") {
        if let Some(skill) = line.skill {
            skills.entry(skill).or_default().push(line.question);
        }
    }
    let ids: BTreeMap<_, SkillId> = skills.keys().cloned().zip((1..).map(id)).collect();
    let tested = lines(&test_path)?.into_iter().filter(|line| line.split == split);
    let samples: Vec<_> = tested
        .map(|line| Sample {
            skill: line.skill.and_then(|skill| ids.get(&skill).copied()),
            question: line.question,
        })
        .collect();

    let selector = SquareSelector::new();
    let learnt: Vec<_> =
        skills.into_iter().map(|(name, questions)| (ids[&name], Arc::from(questions))).collect();
    let started = Instant::now();
    selector.learn_all(&learnt).await?;
    let train_ms = started.elapsed().as_millis();
    let candidates: Vec<_> = ids.values().copied().collect();
    let report = evaluate(&selector, &candidates, &samples).await?;
    show(&selector, &report, train_ms, publish_ms(&selector, &learnt).await?);
    Ok(())
}

/// How long publishing the last skill once more takes.
async fn publish_ms(
    selector: &SquareSelector,
    learnt: &[(SkillId, Arc<[String]>)],
) -> Result<u128, Box<dyn Error>> {
    let Some((skill, examples)) = learnt.last() else { return Ok(0) };
    let started = Instant::now();
    selector.learn(*skill, examples, &|_| ()).await?;
    Ok(started.elapsed().as_millis())
}

fn id(number: u128) -> SkillId {
    square_kernel::uuid::Uuid::from_u128(number).into()
}

fn lines(path: &str) -> Result<Vec<Line>, Box<dyn Error>> {
    let text = std::fs::read_to_string(path)?;
    text.lines().map(|line| serde_json::from_str(line).map_err(Into::into)).collect()
}

#[expect(clippy::print_stdout, reason = "the figures are what this program is for")]
fn show(selector: &dyn Selector, report: &Report, train_ms: u128, publish_ms: u128) {
    let percent = |share: f64| (share * 10_000.0).round() / 100.0;
    let figures = serde_json::json!({
        "selector": selector.name(),
        "in_scope": report.in_scope,
        "out_of_scope": report.out_of_scope,
        "top1": percent(report.top1),
        "top3": percent(report.top3),
        "in_scope_at_threshold": percent(report.in_scope_at_threshold),
        "oos_recall": percent(report.oos_recall),
        "oos_auroc": report.oos_auroc,
        "ece": report.ece,
        "train_ms": train_ms,
        "publish_ms": publish_ms,
        "p50_us": report.p50.as_micros(),
        "p99_us": report.p99.as_micros(),
    });
    println!("{figures}");
}
