//! Data of the built-in services as files hold it: CSV, a JSON array, or JSON lines.
//!
//! Whoever adds a kind of data implements [`Kind`] for it, in a file beside `events.rs`, and adds a command to `cli::Import` and
//! `cli::Export`.

mod events;
mod reading;
mod writing;

pub(super) use events::EventFiles;
pub(super) use reading::{BadRow, read, rows};
pub(super) use writing::Writer;

use serde_json::Value;
use square_kernel::{Invalid, Unavailable};
use std::collections::BTreeMap;

/// Data of one kind.
pub(super) trait Kind {
    /// What it is called, in the plural: "events".
    const NAME: &'static str;
    /// The columns that a file may have, in the order of an export.
    const COLUMNS: &'static [&'static str];
    /// What a row means.
    type Item;
    /// Where a page of an export ends.
    type Position;

    /// Reads a row; all fields at fault at once.
    async fn parse(&mut self, row: &Row) -> Result<Result<Self::Item, Invalid>, Unavailable>;

    /// Stores all of them, or fails and stores none.
    async fn store(&self, items: Vec<Self::Item>) -> Result<(), Unavailable>;

    /// A page of all there is, behind `after`, and where to go on. Each row has a cell for each column: `null` where it is empty.
    async fn page(&mut self, after: Option<Self::Position>) -> Result<Exported<Self::Position>, Unavailable>;
}

/// A page of an export.
pub(super) struct Exported<Position> {
    pub(super) rows: Vec<Vec<Value>>,
    pub(super) next: Option<Position>,
}

/// A row of a file, in whatever format it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// Where it begins, counted from 1.
    pub(super) line: u64,
    cells: BTreeMap<&'static str, String>,
}

impl Row {
    /// The text of a column; empty where there is none.
    pub(super) fn text(&self, column: &str) -> &str {
        self.cells.get(column).map_or("", String::as_str)
    }
}
