//! CSV and TSV: exact numbers, texts byte for byte as the log has them.

use std::borrow::Cow;
use std::io::{self, Write};

use csv::{ByteRecord, QuoteStyle, Writer, WriterBuilder};

use super::{Cell, Sheet, SheetFormat, Style};
use crate::cut::is_formula;
use crate::layout::Layout;
use crate::record::spelled;

/// Rows of CSV or TSV. Those of lists that differ in their columns follow each other, each list
/// under its own header.
pub struct Delimited<'w> {
    writer: Writer<&'w mut dyn Write>,
    is_safe: bool,
    /// Whether blanks are what separates values, and cannot be in them.
    is_text: bool,
    has_header: bool,
    /// The header of the rows that were written last.
    header: Option<ByteRecord>,
    row: ByteRecord,
    /// The text of a cell, before it is in the row.
    text: Vec<u8>,
}

impl<'w> Delimited<'w> {
    /// No rows yet.
    pub fn new(out: &'w mut dyn Write, delimiter: u8, style: &Style) -> Self {
        let mut builder = WriterBuilder::new();
        let is_text = delimiter == b' ';
        if is_text {
            builder.quote_style(QuoteStyle::Never);
        }
        Self {
            writer: builder.flexible(true).delimiter(delimiter).from_writer(out),
            is_safe: style.is_csv_safe && !is_text,
            is_text,
            has_header: style.has_header,
            header: None,
            row: ByteRecord::new(),
            text: Vec::new(),
        }
    }

    /// Writes a header, unless it is the one above the last rows.
    pub fn header<'n>(&mut self, names: impl IntoIterator<Item = &'n str>) -> io::Result<()> {
        let names = names.into_iter();
        let header = Some(match self.is_text {
            // As one value, whose blanks are not quoted.
            true => ByteRecord::from(vec![Layout::header(&names.collect::<Vec<_>>())]),
            false => names.map(|name| safe(name.as_bytes(), self.is_safe)).collect(),
        });
        if self.header != header {
            self.header = header;
            let wanted = self.header.as_ref().filter(|_| self.has_header);
            wanted
                .map_or(Ok(()), |header| self.writer.write_byte_record(header))
                .map_err(io_error)?;
        }
        Ok(())
    }

    /// Writes a row.
    pub fn row<'c>(&mut self, cells: impl IntoIterator<Item = &'c Cell>) -> io::Result<()> {
        self.row.clear();
        for cell in cells {
            match cell {
                Cell::Text(text) if !self.is_text => self.row.push_field(&safe(text, self.is_safe)),
                cell => {
                    self.text.clear();
                    cell.add_plain(&mut self.text);
                    match self.is_text {
                        true => self.row.push_field(&spelled(&self.text)),
                        false => self.row.push_field(&self.text),
                    }
                }
            }
        }
        self.writer.write_byte_record(&self.row).map_err(io_error)
    }

    /// Writes what is still in memory.
    pub fn finish(mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Writes sheets.
pub fn write(
    out: &mut dyn Write,
    sheets: &[Sheet<'_>],
    delimiter: u8,
    style: &Style,
) -> io::Result<()> {
    let mut rows = Delimited::new(out, delimiter, style);
    for sheet in sheets {
        let shown = sheet.shown(SheetFormat::Csv);
        let list = sheet.list.iter().map(|(column, _)| column.as_str());
        rows.header(list.chain(shown.iter().map(|&at| sheet.columns[at].name.as_str())))?;
        let list = sheet.list.as_ref().map(|(_, name)| Cell::text(name));
        for row in (sheet.rows)() {
            rows.row(list.iter().chain(shown.iter().map(|&at| sheet.cell(&row, at))))?;
        }
    }
    rows.finish()
}

fn safe(text: &[u8], is_safe: bool) -> Cow<'_, [u8]> {
    if is_safe { csv_safe(text) } else { Cow::Borrowed(text) }
}

/// A text of CSV; if a spreadsheet would take it for a formula, after an apostrophe, which
/// spreadsheets take for "this is text". The `-` for no value is none.
///
/// ```
/// use flowagg::render::sheet::csv_safe;
/// assert_eq!(&*csv_safe(b"=1+1"), b"'=1+1");
/// assert_eq!(&*csv_safe(b"-"), b"-");
/// ```
pub fn csv_safe(text: &[u8]) -> Cow<'_, [u8]> {
    match text != b"-" && is_formula(text) {
        true => Cow::Owned([b"'", text].concat()),
        false => Cow::Borrowed(text),
    }
}

/// The writer's own error, whose kind the caller may want to know, out of the CSV crate's.
pub fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        kind => io::Error::other(format!("{kind:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flow_log_is_read_again() {
        let mut out = Vec::new();
        let mut rows = Delimited::new(&mut out, b' ', &Style::default());
        rows.header(["srcaddr/24", "src-name", "bytes"]).unwrap();
        for name in ["a b", "a_b", "#", "", "\u{1b}"] {
            rows.row(&[Cell::text("10.0.0.0/24"), Cell::text(name), Cell::from(5)]).unwrap();
        }
        rows.finish().unwrap();
        let mut lines = str::from_utf8(&out).unwrap().lines();
        assert_eq!(lines.next(), Some("${srcaddr/24} ${src-name} ${bytes}"));
        let names: Vec<_> = lines.map(|line| line.split(' ').nth(1).unwrap()).collect();
        assert_eq!(names, ["a%20b", "a_b", "%23", "-", "\u{1b}"]);
    }

    #[test]
    fn formulas_are_texts_where_that_is_wanted() {
        for text in ["=1+1", "+1", "-1+1", "@sum", "\t=1", "\r=1", "\n=1", "\u{ff1d}1", "--"] {
            let quoted = format!("'{text}");
            assert_eq!(safe(text.as_bytes(), true), quoted.as_bytes(), "{text:?}");
            assert_eq!(safe(text.as_bytes(), false), text.as_bytes());
        }
        for text in ["-", "", "10.0.0.1", "a=b", "'=1", "\u{ff1e}"] {
            assert_eq!(safe(text.as_bytes(), true), text.as_bytes(), "{text:?}");
        }
    }
}
