use crate::terminal;
use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};
use square_persistence::{CopyPhase, CopyProgress};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// How often to say something where nobody watches a bar.
const EVERY: Duration = Duration::from_secs(5);

const LOOK: &str = "{prefix:>8} [{wide_bar}] {percent:>3} %  {rate}  {eta} left  {msg:20}";

/// Shows on standard error how far a copy has come: as a bar on a terminal, otherwise by a line now and then.
pub(crate) struct Bar {
    drawn: Option<ProgressBar>,
    phase: Option<CopyPhase>,
    begun: Instant,
    told: Instant,
}

impl Bar {
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        Self { drawn: std::io::stderr().is_terminal().then(bar), phase: None, begun: now, told: now }
    }

    /// What a copy is to call.
    pub(crate) fn tell(mut self) -> impl FnMut(CopyProgress) + Send + 'static {
        move |progress| {
            let is_new = self.phase.replace(progress.phase) != Some(progress.phase);
            if is_new {
                self.begun = Instant::now();
            }
            match &self.drawn {
                Some(bar) => draw(bar, &progress, is_new),
                None if is_new || progress.done == progress.total || self.told.elapsed() >= EVERY => {
                    self.told = Instant::now();
                    terminal::note(line(&progress, self.begun.elapsed()));
                }
                None => {}
            }
        }
    }
}

/// It is wiped off when it is dropped.
fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template(LOOK).unwrap_or_else(|_| ProgressStyle::default_bar());
    let style = style.with_key("rate", |state: &indicatif::ProgressState, out: &mut dyn std::fmt::Write| {
        // A terminal that shows no rate is no reason to stop.
        let _ = write!(out, "{:.0} rows/s", state.per_sec());
    });
    ProgressBar::new(0).with_style(style.progress_chars("=> ")).with_finish(ProgressFinish::AndClear)
}

fn draw(bar: &ProgressBar, progress: &CopyProgress, is_new: bool) {
    if is_new {
        bar.reset();
        bar.set_prefix(doing(progress.phase));
    }
    bar.set_length(progress.total);
    bar.set_message(progress.table);
    bar.set_position(progress.done);
}

fn line(progress: &CopyProgress, took: Duration) -> String {
    let CopyProgress { phase, table, done, total } = progress;
    let percent = if *total == 0 { 100 } else { done * 100 / total };
    let rate = u128::from(*done) * 1000 / took.as_millis().max(1);
    format!("{} {done} of {total} rows ({percent} %), {rate} rows/s, now {table}", doing(*phase))
}

fn doing(phase: CopyPhase) -> &'static str {
    match phase {
        CopyPhase::Copying => "copying",
        CopyPhase::Checking => "checking",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_how_far_and_how_fast() {
        let progress = CopyProgress { phase: CopyPhase::Copying, table: "letters", done: 500, total: 2000 };
        let text = line(&progress, Duration::from_secs(2));
        assert_eq!(text, "copying 500 of 2000 rows (25 %), 250 rows/s, now letters");
    }

    #[test]
    fn the_bar_can_be_drawn() {
        assert!(ProgressStyle::with_template(LOOK).is_ok());
    }
}
