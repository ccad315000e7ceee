use super::Row;
use serde_json::value::RawValue;
use square_kernel::Invalid;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

/// The largest file that is taken; all of it is in memory, since all of it is stored or nothing.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// The most rows in one file: they are stored in one transaction, for which others who change something wait.
const MAX_ROWS: usize = 100_000;

/// Why a file is of no use at all.
#[derive(Debug, thiserror::Error)]
pub(in crate::commands) enum FileError {
    #[error("{path} cannot be read")]
    Unread {
        path: String,
        #[source]
        cause: std::io::Error,
    },
    #[error("the file has more than {MAX_BYTES} bytes; divide it")]
    TooLarge,
    #[error("the file has more than {MAX_ROWS} rows; divide it")]
    TooManyRows,
    #[error("the file must be UTF-8 text")]
    NoText,
    #[error("line {line}: {fault}")]
    Broken { line: u64, fault: String },
}

/// A row that means nothing, and all that is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::commands) struct BadRow {
    pub(in crate::commands) line: u64,
    pub(in crate::commands) faults: Vec<String>,
}

impl BadRow {
    fn new(line: u64, fault: impl Into<String>) -> Self {
        Self { line, faults: vec![fault.into()] }
    }

    /// A row whose fields break rules.
    pub(in crate::commands) fn invalid(line: u64, invalid: &Invalid) -> Self {
        Self { line, faults: invalid.0.iter().map(ToString::to_string).collect() }
    }
}

/// The text of a file; of standard input where it is called `-`.
pub(in crate::commands) fn read(path: &Path) -> Result<String, FileError> {
    let unread = |cause| FileError::Unread { path: path.display().to_string(), cause };
    let mut bytes = Vec::new();
    let taken = MAX_BYTES + 1;
    if path == Path::new("-") {
        std::io::stdin().take(taken).read_to_end(&mut bytes).map_err(unread)?;
    } else {
        let file = std::fs::File::open(path).map_err(unread)?;
        file.take(taken).read_to_end(&mut bytes).map_err(unread)?;
    }
    if bytes.len() as u64 > MAX_BYTES {
        return Err(FileError::TooLarge);
    }
    String::from_utf8(bytes).map_err(|_| FileError::NoText)
}

/// The rows of a file: a JSON array where it begins with `[`, JSON lines where it begins with `{`, CSV otherwise.
pub(in crate::commands) fn rows(
    text: &str,
    columns: &'static [&'static str],
) -> Result<Vec<Result<Row, BadRow>>, FileError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let rows = match text.trim_start().chars().next() {
        Some('[') => array(text, columns)?,
        Some('{') => lines(text, columns),
        _ => csv_rows(text, columns)?,
    };
    if rows.len() > MAX_ROWS { Err(FileError::TooManyRows) } else { Ok(rows) }
}

fn csv_rows(text: &str, columns: &'static [&'static str]) -> Result<Vec<Result<Row, BadRow>>, FileError> {
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::Headers).from_reader(text.as_bytes());
    let broken = |error: csv::Error| FileError::Broken {
        line: error.position().map_or(1, csv::Position::line),
        fault: error.to_string(),
    };
    let mut header: Vec<&'static str> = Vec::new();
    for name in reader.headers().map_err(broken)? {
        let column = column(name, columns).map_err(|fault| FileError::Broken { line: 1, fault })?;
        if header.contains(&column) {
            return Err(FileError::Broken {
                line: 1,
                fault: format!("the column {column} stands there twice"),
            });
        }
        header.push(column);
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(broken)?;
        let line = record.position().map_or(1, |position| begins_on(text, position));
        rows.push(if record.len() == header.len() {
            let cells = header.iter().copied().zip(record.iter().map(str::to_owned)).collect();
            Ok(Row { line, cells })
        } else {
            let (is, wanted) = (record.len(), header.len());
            Err(BadRow::new(line, format!("has {is} cells, and the header has {wanted}")))
        });
    }
    Ok(rows)
}

/// The line of what follows a position: line breaks in front of a record are passed over only when it is read.
fn begins_on(text: &str, position: &csv::Position) -> u64 {
    let at = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let rest = text.as_bytes().get(at..).unwrap_or_default();
    let breaks = rest.iter().take_while(|&&byte| matches!(byte, b'\r' | b'\n'));
    position.line() + breaks.filter(|&&byte| byte == b'\n').count() as u64
}

/// The column that `name` names.
fn column(name: &str, columns: &'static [&'static str]) -> Result<&'static str, String> {
    let found = columns.iter().find(|column| column.eq_ignore_ascii_case(name)).copied();
    found.ok_or_else(|| format!("there is no column {name:?}; there are {}", columns.join(", ")))
}

fn lines(text: &str, columns: &'static [&'static str]) -> Vec<Result<Row, BadRow>> {
    let numbered = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    numbered.map(|(line, object)| object_row(line, object, columns)).collect()
}

fn array(text: &str, columns: &'static [&'static str]) -> Result<Vec<Result<Row, BadRow>>, FileError> {
    let objects: Vec<&RawValue> = serde_json::from_str(text).map_err(|error| {
        let line = error.line() as u64;
        FileError::Broken { line, fault: format!("is no JSON array: {error}") }
    })?;
    let (mut line, mut counted_to) = (1_u64, 0);
    let row = |object: &RawValue| {
        let object = object.get();
        // It is a part of the text, so this is where it begins.
        let begins = object.as_ptr().addr() - text.as_ptr().addr();
        line += text[counted_to..begins].matches('\n').count() as u64;
        counted_to = begins;
        object_row(line, object, columns)
    };
    Ok(objects.into_iter().map(row).collect())
}

fn object_row(line: u64, object: &str, columns: &'static [&'static str]) -> Result<Row, BadRow> {
    // Raw, so that numbers stay as they are written.
    let fields: BTreeMap<String, &RawValue> = serde_json::from_str(object)
        .map_err(|error| BadRow::new(line, format!("is no JSON object: {}", without_position(&error))))?;
    let mut row = Row { line, cells: BTreeMap::new() };
    let mut faults = Vec::new();
    for (name, value) in fields {
        match (column(&name, columns), cell(value.get())) {
            (Err(fault), _) => faults.push(fault),
            (Ok(column), None) => {
                faults.push(format!("{column} must be a text, a number, true, false or null"));
            }
            (Ok(column), Some(text)) => drop(row.cells.insert(column, text)),
        }
    }
    if faults.is_empty() { Ok(row) } else { Err(BadRow { line, faults }) }
}

/// The text of a JSON value that is no array and no object.
fn cell(json: &str) -> Option<String> {
    match json.bytes().next()? {
        b'"' => serde_json::from_str(json).ok(),
        b'[' | b'{' => None,
        _ if json == "null" => Some(String::new()),
        _ => Some(json.to_owned()),
    }
}

/// A position within one line or object would be taken for one in the file.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[&str] = &["date", "venue"];

    #[expect(clippy::unnecessary_wraps, reason = "compared with what reading gives")]
    fn row(line: u64, date: &str, venue: &str) -> Result<Row, BadRow> {
        let cells = [("date", date), ("venue", venue)];
        let cells = cells.into_iter().filter(|(_, text)| !text.is_empty());
        Ok(Row { line, cells: cells.map(|(column, text)| (column, text.to_owned())).collect() })
    }

    fn bad(line: u64, fault: &str) -> Result<Row, BadRow> {
        Err(BadRow::new(line, fault))
    }

    #[test]
    fn csv_has_a_header_and_cells_of_several_lines() {
        let text = "\u{feff}Venue , date\n\"The\nHall, \"\"old\"\"\",2026-12-31\n\nBarn\nShed,2027-01-01\n";
        let rows = rows(text, COLUMNS).unwrap();
        let expected = [
            row(2, "2026-12-31", "The\nHall, \"old\""),
            bad(5, "has 1 cells, and the header has 2"),
            row(6, "2027-01-01", "Shed"),
        ];
        assert_eq!(rows, expected);
        let text = "date,venue\r\n2026-12-31,Hall\r\n\r\nBarn\r\n";
        let expected = [row(2, "2026-12-31", "Hall"), bad(4, "has 1 cells, and the header has 2")];
        assert_eq!(super::rows(text, COLUMNS).unwrap(), expected);
        assert_eq!(super::rows("date,venue\n", COLUMNS).unwrap(), []);
        for (wrong, fault) in [
            ("date,venu\n", "line 1: there is no column \"venu\"; there are date, venue"),
            ("date,Date\n", "line 1: the column date stands there twice"),
        ] {
            assert_eq!(super::rows(wrong, COLUMNS).unwrap_err().to_string(), fault);
        }
    }

    #[test]
    fn json_lines_are_read_one_by_one() {
        let text = "{\"date\": \"2026-12-31\", \"venue\": 12.50}\n\n{\"venue\": [1]}\n{\"date\": \n{\"venu\": null}\n[]\n";
        let rows = rows(text, COLUMNS).unwrap();
        let expected = [
            row(1, "2026-12-31", "12.50"),
            bad(3, "venue must be a text, a number, true, false or null"),
            bad(4, "is no JSON object: EOF while parsing a value"),
            bad(5, "there is no column \"venu\"; there are date, venue"),
            bad(6, "is no JSON object: invalid type: sequence, expected a map"),
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn an_array_tells_the_line_of_each_object() {
        let text =
            " [\n  {\"date\": \"2026-12-31\",\n   \"venue\": \"Hall\"}, 7,\n  {\"venue\": \"Barn\"}\n]\n";
        let expected = [
            row(2, "2026-12-31", "Hall"),
            bad(3, "is no JSON object: invalid type: integer `7`, expected a map"),
            row(4, "", "Barn"),
        ];
        assert_eq!(rows(text, COLUMNS).unwrap(), expected);
        let error = rows("[\n{}\n{}]", COLUMNS).unwrap_err().to_string();
        assert!(error.starts_with("line 3: is no JSON array: "), "{error}");
    }

    #[test]
    fn a_file_has_an_end() {
        let text = "{}\n".repeat(MAX_ROWS + 1);
        assert!(matches!(rows(&text, COLUMNS), Err(FileError::TooManyRows)));
        assert_eq!(rows(&text[3..], COLUMNS).unwrap().len(), MAX_ROWS);
    }
}
