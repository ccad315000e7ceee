//! What the commands print: results to standard output, everything else to standard error, colour only
//! where a terminal shows it.

use anstyle::{AnsiColor, Style};
use std::error::Error;
use std::fmt::Display;
use std::io::Write;

/// For names and headings.
pub(crate) const STRONG: Style = Style::new().bold();
/// For what matters less.
pub(crate) const FAINT: Style = Style::new().dimmed();
/// For what went well.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// For what went wrong.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();

/// Prints a line of the result. Whoever reads it may have gone (`square ask … | head -1`): no reason to panic.
pub(crate) fn line(text: impl Display) {
    drop(writeln!(anstream::stdout(), "{text}"));
}

/// Prints a line beside the result, for whoever may be reading.
pub(crate) fn note(text: impl Display) {
    drop(writeln!(anstream::stderr(), "{text}"));
}

/// Prints an error with its causes, on one line.
pub(crate) fn error(error: &(dyn Error + 'static)) {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    note(format_args!("{BAD}error:{BAD:#} {text}"));
}

/// Text in a style.
pub(crate) fn styled(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}
