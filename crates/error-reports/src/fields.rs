//! What is kept of the fields of spans and events.

use std::fmt::{self, Write};
use tracing::field::{Field, Visit};

/// The fields that may leave the process. Whatever has another name stays here, so that a field added to a log line
/// is not sent before somebody has thought about it.
const ALLOWED: &[&str] = &[
    "attempts",
    "attempt",
    "builtin",
    "cause",
    "change",
    "channel",
    "connection",
    "count",
    "error",
    "event",
    "instance",
    "kind",
    "letter",
    "letters",
    "method",
    "migration",
    "panic",
    "question",
    "questions",
    "reason",
    "receiver",
    "request_id",
    "route",
    "selector",
    "skill",
    "skills",
    "status",
    "table",
    "task",
    "thread",
    "took_us",
    "waiting",
];

/// The most bytes that are kept of one text.
const TEXT_LIMIT: usize = 2_048;
/// The most fields of one report; Rollbar takes 128 KiB a report.
const FIELD_LIMIT: usize = 20;

/// Names and values, as they were logged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fields(Vec<(&'static str, String)>);

impl Fields {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, text)| text.as_str())
    }

    /// Adds a field; a later one of the same name takes the place of an earlier one.
    pub(crate) fn set(&mut self, name: &'static str, text: String) {
        if let Some((_, old)) = self.0.iter_mut().find(|(known, _)| *known == name) {
            *old = text;
        } else if self.0.len() < FIELD_LIMIT {
            self.0.push((name, text));
        }
    }

    /// Adds all of `others`.
    pub(crate) fn extend(&mut self, others: &Self) {
        for (name, text) in &others.0 {
            self.set(name, text.clone());
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, text)| (*name, text.as_str()))
    }
}

/// Collects the fields of a span or an event that may leave the process.
pub(crate) struct Collector {
    /// What `id` stands for: in a span named `question` it is the question's.
    id_of: Option<&'static str>,
    pub(crate) fields: Fields,
    /// What an event says.
    pub(crate) message: String,
    /// Where an event that came by way of the `log` crate is from.
    pub(crate) log_target: Option<String>,
}

impl Collector {
    pub(crate) fn of_event() -> Self {
        Self { id_of: None, fields: Fields::default(), message: String::new(), log_target: None }
    }

    pub(crate) fn of_span(name: &'static str) -> Self {
        Self { id_of: Some(name), ..Self::of_event() }
    }
}

impl Visit for Collector {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let name = field.name();
        let text = || clipped(format_args!("{value:?}"));
        match (name, self.id_of) {
            ("message", None) => self.message = text(),
            ("log.target", None) => self.log_target = Some(text()),
            ("id", Some(of)) if ALLOWED.contains(&of) => self.fields.set(of, text()),
            _ if ALLOWED.contains(&name) => self.fields.set(name, text()),
            _ => {}
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}

/// Writes a text out, as far as it is kept. What is cut is cut between words, so that no half of an address is left
/// that could not be recognised as one.
pub(crate) fn clipped(text: fmt::Arguments<'_>) -> String {
    let mut writer = Clipped::default();
    // The writer never fails; a value whose own formatting does is kept as far as it went.
    let _ = writer.write_fmt(text);
    if writer.cut {
        let end = writer.text.rfind(char::is_whitespace).unwrap_or(0);
        writer.text.truncate(end);
        writer.text.push('…');
    }
    writer.text
}

#[derive(Default)]
struct Clipped {
    text: String,
    cut: bool,
}

impl Write for Clipped {
    /// Takes what there is room for and says that all went well: some values panic when writing fails.
    fn write_str(&mut self, more: &str) -> fmt::Result {
        if self.cut {
            return Ok(());
        }
        let room = TEXT_LIMIT - self.text.len();
        self.cut = more.len() > room;
        self.text.push_str(if self.cut { &more[..more.floor_char_boundary(room)] } else { more });
        Ok(())
    }
}
