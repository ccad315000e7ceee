use crate::terminal;
use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// How often to say something where nobody watches a bar.
const EVERY: Duration = Duration::from_secs(5);

const LOOK: &str = "{prefix:>8} [{wide_bar}] {percent:>3} %  {rate}  {eta} left  {msg:20}";

/// How far something has come that takes its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Progress {
    /// What is done: "copying", for example.
    pub(crate) doing: &'static str,
    /// What it is at.
    pub(crate) part: &'static str,
    /// Rows so far.
    pub(crate) done: u64,
    /// Rows in all.
    pub(crate) total: u64,
}

/// Shows on standard error how far something has come: as a bar on a terminal, otherwise by a line now and then.
pub(crate) struct Bar {
    drawn: Option<ProgressBar>,
    phase: Option<&'static str>,
    begun: Instant,
    told: Instant,
}

impl Bar {
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        Self { drawn: std::io::stderr().is_terminal().then(bar), phase: None, begun: now, told: now }
    }

    /// What is to be called.
    pub(crate) fn tell(mut self) -> impl FnMut(Progress) + Send + 'static {
        move |progress| {
            let is_new = self.phase.replace(progress.doing) != Some(progress.doing);
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

fn draw(bar: &ProgressBar, progress: &Progress, is_new: bool) {
    if is_new {
        bar.reset();
        bar.set_prefix(progress.doing);
    }
    bar.set_length(progress.total);
    bar.set_message(progress.part);
    bar.set_position(progress.done);
}

fn line(progress: &Progress, took: Duration) -> String {
    let Progress { doing, part, done, total } = progress;
    let percent = if *total == 0 { 100 } else { done * 100 / total };
    let rate = u128::from(*done) * 1000 / took.as_millis().max(1);
    let now = if part.is_empty() { String::new() } else { format!(", now {part}") };
    format!("{doing} {done} of {total} rows ({percent} %), {rate} rows/s{now}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_how_far_and_how_fast() {
        let progress = Progress { doing: "copying", part: "letters", done: 500, total: 2000 };
        let text = line(&progress, Duration::from_secs(2));
        assert_eq!(text, "copying 500 of 2000 rows (25 %), 250 rows/s, now letters");
        let end = Progress { part: "", done: 2000, ..progress };
        assert_eq!(line(&end, Duration::from_secs(2)), "copying 2000 of 2000 rows (100 %), 1000 rows/s");
    }

    #[test]
    fn the_bar_can_be_drawn() {
        assert!(ProgressStyle::with_template(LOOK).is_ok());
    }
}
