use crate::terminal;
use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};
use std::io::IsTerminal;

const LOOK: &str = "{prefix:>9} [{wide_bar}] {percent:>3} %  {eta} left";

/// Shows on standard error how far learning or measuring is: as a bar on a terminal, otherwise by a line when
/// one of them begins.
pub(super) struct Bar {
    drawn: Option<ProgressBar>,
}

impl Bar {
    pub(super) fn new() -> Self {
        Self { drawn: std::io::stderr().is_terminal().then(bar) }
    }

    /// Something begins that has `total` steps.
    pub(super) fn begin(&mut self, doing: &'static str, total: u64) {
        if let Some(bar) = &self.drawn {
            bar.reset();
            bar.set_prefix(doing);
            bar.set_length(total);
        } else {
            terminal::note(format_args!("{doing} …"));
        }
    }

    /// So many steps are done.
    pub(super) fn at(&self, done: u64) {
        if let Some(bar) = &self.drawn {
            bar.set_position(done);
        }
    }

    /// Wipes it off, so that results stand alone.
    pub(super) fn end(&self) {
        if let Some(bar) = &self.drawn {
            bar.finish_and_clear();
        }
    }
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template(LOOK).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(0).with_style(style.progress_chars("=> ")).with_finish(ProgressFinish::AndClear)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_can_be_drawn() {
        assert!(ProgressStyle::with_template(LOOK).is_ok());
    }
}
