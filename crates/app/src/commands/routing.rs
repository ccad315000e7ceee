//! How well questions are routed, measured on questions whose skills are known.

mod bar;
mod data;
mod show;
mod trainable;

use super::Outcome;
use crate::cli::{Eval, Routing, SelectorName};
use crate::selectors::embedder;
use crate::settings::{Settings, SettingsError};
use crate::terminal;
use bar::Bar;
use data::{DataError, DataSet};
use serde_json::json;
use show::Figures;
use square_kernel::SkillId;
use square_routing::Selector;
use square_selectors::evaluation::{Evaluation, Sample, evaluate};
use square_selectors::{BaseSelector, EmbeddingSelector, SquareSelector};
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use trainable::Trainable;

/// Questions ranked before the clock counts, so that what is measured is not the first touch of memory.
const WARM_UP: usize = 200;

pub(crate) async fn run(command: Routing, settings: &Settings) -> Outcome {
    match command {
        Routing::Eval(eval) => measure(&eval, settings).await,
    }
}

async fn measure(command: &Eval, settings: &Settings) -> Outcome {
    let data = DataSet::read(&command.files, command.train.as_deref())?;
    let mut bar = Bar::new();
    let learnt = learn(command.selector, settings, &data, &mut bar).await?;
    let selector = learnt.selector.as_ref();
    let warm_up = &data.test[..data.test.len().min(WARM_UP)];
    evaluate(selector, &data.skills, warm_up, &|_| ()).await?;
    bar.begin("measuring", data.test.len() as u64);
    let evaluation = evaluate(selector, &data.skills, &data.test, &|done| bar.at(done as u64)).await?;
    bar.end();
    let figures = Figures {
        report: evaluation.report(),
        train: learnt.took,
        model_bytes: learnt.model_bytes,
        skills: data.skills.len(),
        examples: data.examples,
    };
    if let Some(path) = &command.predictions {
        std::fs::write(path, predictions(&data, &evaluation))
            .map_err(|cause| DataError::unwritten(path, cause))?;
    }
    show::summary(&data, selector.name(), &figures);
    show::reliability(&evaluation);
    if let Some(pairs) = command.confusion {
        show::confusions(&data, &evaluation, pairs);
    }
    terminal::line(figures.json());
    Ok(ExitCode::SUCCESS)
}

/// A selector that knows the training questions.
struct Learnt {
    selector: Arc<dyn Selector>,
    took: Duration,
    model_bytes: usize,
}

async fn learn(
    name: SelectorName,
    settings: &Settings,
    data: &DataSet,
    bar: &mut Bar,
) -> Result<Learnt, Box<dyn std::error::Error>> {
    if name == SelectorName::Base {
        return Ok(Learnt { selector: Arc::new(BaseSelector), took: Duration::ZERO, model_bytes: 0 });
    }
    let selector: Arc<dyn Trainable> = if name == SelectorName::Embedding {
        let embedder = embedder(settings)?.ok_or_else(no_embedder)?;
        Arc::new(EmbeddingSelector::with_strangers(embedder, &data.strangers))
    } else {
        Arc::new(SquareSelector::with_strangers(&data.strangers))
    };
    bar.begin("learning", 1000);
    let began = Instant::now();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share becomes a number up to 1000"
    )]
    selector.train(&data.train, &|done| bar.at((done * 1000.0) as u64)).await?;
    let took = began.elapsed();
    if !data.val.is_empty() {
        selector.tune(&data.val).await?;
    }
    let model_bytes = selector.model_bytes();
    Ok(Learnt { selector, took, model_bytes })
}

fn no_embedder() -> SettingsError {
    let wanted =
        "measuring the selector Embedding needs selectors.embedding.folder or selectors.embedding.url";
    SettingsError(wanted.to_owned())
}

/// A line of JSON for each test question: whose it is, and the best skills with their scores.
fn predictions(data: &DataSet, evaluation: &Evaluation) -> String {
    let mut lines = String::new();
    for (Sample { question, skill }, outcome) in data.test.iter().zip(evaluation.outcomes()) {
        let name = |skill: &SkillId| data.name(*skill);
        let best: Vec<_> =
            outcome.best.iter().map(|(skill, score)| json!({"skill": name(skill), "score": score})).collect();
        let line = json!({
            "question": question,
            "skill": skill.as_ref().map(name),
            "right": outcome.right(),
            "fits": outcome.fits,
            "best": best,
        });
        // Writing to a text does not fail.
        let _ = writeln!(lines, "{line}");
    }
    lines
}

impl DataError {
    fn unwritten(path: &Path, cause: std::io::Error) -> Self {
        Self::Unwritten { path: path.display().to_string(), cause }
    }
}
