use crate::connection::DbConnection;
use crate::copy::rows::{self, MAX_ROWS, Row, Value};
use crate::copy::tables::Table;
use diesel::QueryResult;
use std::collections::VecDeque;

/// How many bytes a page has at most, unless a single row has more. Servers refuse statements that are much longer,
/// and two of these are in memory at a time.
const MAX_BYTES: usize = 1024 * 1024;

/// How many rows to plan for at a time.
const LOOK_AHEAD: usize = 8 * MAX_ROWS;

/// The rows of a table in the order of its key, in pages that are bounded by rows and by bytes.
pub(crate) struct Pages<'t> {
    table: &'t Table,
    /// The key of the last row that was read.
    after: Vec<Value>,
    /// The numbers of rows of the pages to come.
    plan: VecDeque<usize>,
}

impl<'t> Pages<'t> {
    pub(crate) fn of(table: &'t Table) -> Self {
        Self { table, after: Vec::new(), plan: VecDeque::new() }
    }

    /// The next page, of no more than `at_most` rows; empty at the table's end.
    pub(crate) fn next(&mut self, connection: &mut DbConnection, at_most: u64) -> QueryResult<Vec<Row>> {
        if self.plan.is_empty() {
            self.plan = plan(rows::sizes(connection, self.table, &self.after, LOOK_AHEAD)?);
        }
        let Some(planned) = self.plan.pop_front() else { return Ok(Vec::new()) };
        let wanted = usize::try_from(at_most).unwrap_or(usize::MAX).min(planned);
        if wanted < planned {
            self.plan.push_front(planned - wanted);
        }
        let page = rows::read(connection, self.table, &self.after, wanted)?;
        if let Some(last) = page.last() {
            self.after = last[..self.table.key().len()].to_vec();
        }
        Ok(page)
    }
}

/// Divides rows of these sizes into pages.
fn plan(sizes: Vec<usize>) -> VecDeque<usize> {
    let mut pages = VecDeque::new();
    let (mut rows, mut bytes) = (0, 0);
    for size in sizes {
        if rows > 0 && (rows == MAX_ROWS || bytes + size > MAX_BYTES) {
            pages.push_back(rows);
            (rows, bytes) = (0, 0);
        }
        rows += 1;
        bytes += size;
    }
    if rows > 0 {
        pages.push_back(rows);
    }
    pages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_bounded_by_rows_and_by_bytes() {
        assert!(plan(vec![]).is_empty());
        assert_eq!(plan(vec![1; MAX_ROWS]), [MAX_ROWS]);
        assert_eq!(plan(vec![1; MAX_ROWS + 1]), [MAX_ROWS, 1]);
        assert_eq!(plan(vec![MAX_BYTES / 2; 5]), [2, 2, 1]);
        assert_eq!(plan(vec![1, 9 * MAX_BYTES, 1, 1]), [1, 1, 2]);
    }
}
