use crate::report::Report;
use regex::Regex;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::sync::LazyLock;

/// The fields that tell errors with the same message apart.
const TELLING: &[&str] = &["cause", "error", "reason", "receiver", "selector", "status"];

/// What equal errors have in common, as 40 hex digits: where they come from and what they say, but for numbers and
/// identifiers. Line numbers are left out: they change with each version.
pub(crate) fn fingerprint(report: &Report) -> String {
    let mut hash = Sha256::new();
    let mut add = |part: &str| {
        hash.update(without_numbers(part).as_bytes());
        hash.update([0]);
    };
    add(report.level);
    add(report.target);
    add(report.place.as_ref().map_or("", |(file, _)| file));
    add(&report.message);
    for name in TELLING {
        add(report.fields.get(*name).map_or("", String::as_str));
    }
    hash.finalize().iter().take(20).fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[expect(clippy::expect_used, reason = "a constant pattern, compiled by every test")]
fn without_numbers(text: &str) -> std::borrow::Cow<'_, str> {
    static NUMBERS: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?i)\b[0-9a-f]*[0-9][0-9a-f-]*").expect("the pattern is right"));
    NUMBERS.replace_all(text, "#")
}
