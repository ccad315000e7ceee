use crate::fields::Fields;
use crate::fingerprint::fingerprint;
use crate::intake::{Kind, Occurrence};
use crate::scrub::scrub;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Something to report, cleaned. What is here may leave the process.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    /// Tells Rollbar that a report sent again is the same one.
    pub(crate) id: String,
    pub(crate) at: Timestamp,
    pub(crate) level: &'static str,
    pub(crate) kind: Kind,
    pub(crate) message: String,
    pub(crate) target: &'static str,
    pub(crate) place: Option<(String, u32)>,
    pub(crate) fields: BTreeMap<&'static str, String>,
    pub(crate) fingerprint: String,
    /// How many equal occurrences it stands for.
    pub(crate) occurrences: u64,
    /// How many occurrences were lost before it.
    pub(crate) dropped_before: u64,
}

impl Report {
    pub(crate) fn of(occurrence: &Occurrence, id: String) -> Self {
        let mut report = Self {
            id,
            at: occurrence.at,
            level: match occurrence.kind {
                Kind::Error => "error",
                Kind::Panic => "critical",
            },
            kind: occurrence.kind,
            message: scrub(&occurrence.message),
            target: occurrence.target,
            place: occurrence.place.as_ref().map(|(file, line)| (shortened(file), *line)),
            fields: cleaned(&occurrence.fields),
            fingerprint: String::new(),
            occurrences: 1,
            dropped_before: 0,
        };
        report.fingerprint = fingerprint(&report);
        report
    }
}

fn cleaned(fields: &Fields) -> BTreeMap<&'static str, String> {
    let clean = |name, text| if name == "request_id" && is_id(text) { text.to_owned() } else { scrub(text) };
    fields.iter().map(|(name, text)| (name, clean(name, text))).collect()
}

/// Whether a text has the form of a request's id. nginx makes 32 hex digits, which would be taken for a secret.
fn is_id(text: &str) -> bool {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    text.len() <= 64 && text.bytes().all(good)
}

/// The path of a source file without the part that tells of the machine that built it.
fn shortened(file: &str) -> String {
    let file = file.replace('\\', "/");
    let parts: Vec<&str> = file.split('/').collect();
    let absolute = file.starts_with('/') || parts[0].ends_with(':');
    if absolute { parts[parts.len().saturating_sub(4)..].join("/") } else { file }
}
