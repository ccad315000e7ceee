use crate::cli::FileFormat;
use serde_json::Value;
use std::io::{self, Write};

/// Writes rows in a format, as they come.
pub(in crate::commands) struct Writer<W: Write> {
    format: FileFormat,
    columns: &'static [&'static str],
    out: W,
    rows: u64,
}

impl<W: Write> Writer<W> {
    /// Begins: a file without rows has its header, or is an empty array.
    pub(in crate::commands) fn new(
        format: FileFormat,
        columns: &'static [&'static str],
        out: W,
    ) -> io::Result<Self> {
        let mut writer = Self { format, columns, out, rows: 0 };
        match format {
            FileFormat::Csv => writer.record(columns)?,
            FileFormat::Json => writer.out.write_all(b"[")?,
            FileFormat::Jsonl => {}
        }
        Ok(writer)
    }

    /// How many rows it has written.
    pub(in crate::commands) fn rows(&self) -> u64 {
        self.rows
    }

    /// Writes a row: a cell for each column.
    pub(in crate::commands) fn write(&mut self, cells: &[Value]) -> io::Result<()> {
        match self.format {
            FileFormat::Csv => {
                let text = |cell: &Value| match cell {
                    Value::Null => String::new(),
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                self.record(&cells.iter().map(text).collect::<Vec<_>>())?;
            }
            FileFormat::Json => {
                self.out.write_all(if self.rows == 0 { b"\n" } else { b",\n" })?;
                self.object(cells)?;
            }
            FileFormat::Jsonl => {
                self.object(cells)?;
                self.out.write_all(b"\n")?;
            }
        }
        self.rows += 1;
        Ok(())
    }

    /// Ends it and hands it over whole.
    pub(in crate::commands) fn finish(mut self) -> io::Result<u64> {
        if self.format == FileFormat::Json {
            self.out.write_all(if self.rows == 0 { b"]\n" } else { b"\n]\n" })?;
        }
        self.out.flush()?;
        Ok(self.rows)
    }

    fn record<T: AsRef<[u8]>>(&mut self, cells: &[T]) -> io::Result<()> {
        let mut writer = csv::Writer::from_writer(&mut self.out);
        writer.write_record(cells).map_err(|error| match error.into_kind() {
            csv::ErrorKind::Io(error) => error,
            other => io::Error::other(format!("{other:?}")),
        })?;
        writer.flush()
    }

    /// Field by field, so that they keep the order of the columns.
    fn object(&mut self, cells: &[Value]) -> io::Result<()> {
        for (number, (column, cell)) in self.columns.iter().zip(cells).enumerate() {
            self.out.write_all(if number == 0 { b"{" } else { b"," })?;
            write!(self.out, "\"{column}\":{cell}")?;
        }
        self.out.write_all(b"}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::files::rows;
    use serde_json::json;

    const COLUMNS: &[&str] = &["title", "age"];

    fn written(format: FileFormat, rows: &[[Value; 2]]) -> String {
        let mut out = Vec::new();
        let mut writer = Writer::new(format, COLUMNS, &mut out).unwrap();
        for row in rows {
            writer.write(row).unwrap();
        }
        assert_eq!(writer.finish().unwrap(), rows.len() as u64);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn each_format_has_what_it_needs_around_its_rows() {
        let two = [[json!("Heat, \"1995\""), json!(30)], [json!("Ronin"), Value::Null]];
        for (format, none, some) in [
            (FileFormat::Csv, "title,age\n", "title,age\n\"Heat, \"\"1995\"\"\",30\nRonin,\n"),
            (
                FileFormat::Json,
                "[]\n",
                "[\n{\"title\":\"Heat, \\\"1995\\\"\",\"age\":30},\n{\"title\":\"Ronin\",\"age\":null}\n]\n",
            ),
            (
                FileFormat::Jsonl,
                "",
                "{\"title\":\"Heat, \\\"1995\\\"\",\"age\":30}\n{\"title\":\"Ronin\",\"age\":null}\n",
            ),
        ] {
            assert_eq!(written(format, &[]), none);
            assert_eq!(written(format, &two), some);
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let text = "\u{1f469} a\r\n\"b\", c; =d\u{feff}";
        for format in [FileFormat::Csv, FileFormat::Json, FileFormat::Jsonl] {
            let rows = rows(&written(format, &[[json!(text), json!(7)]]), COLUMNS).unwrap();
            let row = rows[0].as_ref().unwrap();
            assert_eq!((row.text("title"), row.text("age")), (text, "7"), "{format:?}");
        }
    }
}
