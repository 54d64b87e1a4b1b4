//! The rows of a block as bytes: what is written of a record is decided once for each layout.

use std::sync::Arc;

use super::pen::{Pen, is_tame_json, is_tame_table};
use super::{Cut, CutStyle, names, position};
use crate::batch::Batch;
use crate::error::is_obeyed;
use crate::field::Kind;
use crate::layout::{Layout, Place};
use crate::scan::Marks;
use crate::value::Number;

/// Digits of a number that is written as it stands: any number of so many is below 2^64.
const DIGITS_SAFE: usize = 19;

/// Rows of a batch for which the block is not looked at, whether its values are tame.
const FEW: usize = if cfg!(debug_assertions) { 2 } else { 16 };

/// The text of a value that is not there.
const ABSENT: &[u8] = b"-";

/// What a worker wrote of a block.
#[derive(Debug, Default)]
pub struct Chunk {
    /// The records, each with its newline.
    pub bytes: Vec<u8>,
    /// Which of them have which layout, in order.
    pub segments: Vec<Segment>,
    /// Whether no value of the block has to be quoted or escaped, if that was asked.
    pub(super) is_tame: Option<bool>,
}

/// Records of a chunk that have one layout.
#[derive(Debug, Clone)]
pub struct Segment {
    /// The layout.
    pub layout: Arc<Layout>,
    /// Where their bytes end.
    pub end: usize,
    /// How many they are.
    pub records: u64,
}

impl Chunk {
    /// Notes that records of this layout were written to the end of the bytes.
    fn close(&mut self, layout: &Arc<Layout>, records: u64) {
        if records == 0 {
            return;
        }
        let end = self.bytes.len();
        match self.segments.last_mut() {
            Some(last) if last.layout == *layout => {
                (last.end, last.records) = (end, last.records + records)
            }
            _ => self.segments.push(Segment { layout: Arc::clone(layout), end, records }),
        }
    }

    /// Forgets all, but for the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.segments.clear();
        self.is_tame = None;
    }
}

/// How the records of one layout are written.
#[derive(Debug)]
pub struct Writing {
    layout: Arc<Layout>,
    form: Form,
    cells: Vec<Cell>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Lines,
    /// Values with this between them; the flow log's own way if that is a blank.
    Parted(u8),
    /// Objects, or with `true` members of an array.
    Objects {
        are_members: bool,
    },
}

/// A value of a record.
#[derive(Debug)]
pub struct Cell {
    /// Where it stands; none if the layout lacks it.
    pub column: Option<usize>,
    /// Whether it is one of a column of numbers.
    pub is_number: bool,
    /// Whether it may hold anything, so that it has to be looked at.
    is_text: bool,
    /// Whether an apostrophe comes before what begins a formula.
    is_safe: bool,
    /// What comes before it.
    pub lead: Vec<u8>,
}

impl Writing {
    /// How `cut` writes records of this layout.
    pub fn new(cut: &Cut, layout: &Arc<Layout>) -> Self {
        let form = match cut.style {
            CutStyle::Text if cut.is_whole() => Form::Lines,
            CutStyle::Text => Form::Parted(b' '),
            CutStyle::Csv => Form::Parted(b','),
            CutStyle::Tsv => Form::Parted(b'\t'),
            CutStyle::Ndjson => Form::Objects { are_members: false },
            CutStyle::Json => Form::Objects { are_members: true },
        };
        let columns: Vec<(Option<usize>, String)> = match cut.asked() {
            None => names(layout).into_iter().map(|(at, name)| (Some(at), name)).collect(),
            Some(columns) => {
                let column = |column| (position(layout, column), column.label());
                columns.iter().map(column).collect()
            }
        };
        let mut cells = Vec::with_capacity(columns.len());
        for (nth, (column, name)) in columns.into_iter().enumerate() {
            let lead = match form {
                Form::Lines => Vec::new(),
                Form::Parted(_) if nth == 0 => Vec::new(),
                Form::Parted(separator) => vec![separator],
                Form::Objects { are_members } => {
                    let mut lead = match (nth, are_members) {
                        (0, true) => b",\n  {".to_vec(),
                        (0, false) => b"{".to_vec(),
                        _ => b",".to_vec(),
                    };
                    push_json_text(&mut lead, name.as_bytes());
                    lead.push(b':');
                    lead
                }
            };
            let kind = column.map_or(Kind::Text, |column| layout.kind(column));
            let is_number = matches!(kind, Kind::Number(_));
            let is_text = matches!(kind, Kind::Text);
            cells.push(Cell { column, is_number, is_text, is_safe: cut.is_csv_safe, lead });
        }
        Self { layout: Arc::clone(layout), form, cells }
    }

    /// Writes the selected rows of a batch, in the order of the text: of the regular rows those
    /// at the positions `selected`, of the plain ones `plain`.
    pub fn write(
        &self,
        marks: &Marks<'_>,
        batch: &Batch,
        selected: &[u32],
        plain: &[u32],
        chunk: &mut Chunk,
    ) {
        let records = (selected.len() + plain.len()) as u64;
        let is_tame = selected.len() > FEW
            && *chunk.is_tame.get_or_insert_with(|| self.is_tame(marks.text()));
        let bytes = &mut chunk.bytes;
        let mut regular = selected;
        for row in plain.iter().map(|&row| row as usize) {
            let place = batch.plain_place(row);
            let is_before = |at: &u32| marks.place(batch.rows()[*at as usize] as usize) < place;
            let before = regular.partition_point(is_before);
            self.write_regular(marks, batch, &regular[..before], is_tame, bytes);
            regular = &regular[before..];
            self.write_plain(marks, batch, row, bytes);
        }
        self.write_regular(marks, batch, regular, is_tame, bytes);
        chunk.close(&self.layout, records);
    }

    /// Whether no value of a block has to be quoted or escaped.
    fn is_tame(&self, text: &[u8]) -> bool {
        let is_safe = self.cells.iter().any(|cell| cell.is_safe);
        match self.form {
            Form::Lines | Form::Parted(b' ') => true,
            Form::Parted(separator) => !is_safe && is_tame_table(text, separator),
            Form::Objects { .. } => is_tame_json(text),
        }
    }

    fn write_regular(
        &self,
        marks: &Marks<'_>,
        batch: &Batch,
        rows: &[u32],
        is_tame: bool,
        out: &mut Vec<u8>,
    ) {
        let marks_of = rows.iter().map(|&at| batch.rows()[at as usize] as usize);
        let columns = self.layout.columns();
        match self.form {
            Form::Parted(separator) if is_tame => {
                let mut pen = Pen::new(out);
                pen.parted(marks, &self.cells, columns, separator, marks_of);
                pen.lift();
            }
            Form::Objects { are_members } if is_tame => {
                let mut pen = Pen::new(out);
                pen.objects(marks, &self.cells, columns, object_end(are_members), marks_of);
                pen.lift();
            }
            Form::Lines => self.copy_lines(marks, marks_of, out),
            Form::Parted(separator) => {
                for mark in marks_of {
                    let start = out.len();
                    for cell in &self.cells {
                        let text = cell.column.map(|column| marks.field(mark + column));
                        cell.push(text, separator, out);
                    }
                    end_row(separator, start, out);
                }
            }
            Form::Objects { are_members } => {
                for mark in marks_of {
                    for cell in &self.cells {
                        let text = cell.column.map(|column| marks.field(mark + column));
                        cell.push_json(text, out);
                    }
                    end_object(are_members, out);
                }
            }
        }
    }

    /// Copies whole lines, neighbours at once.
    fn copy_lines(&self, marks: &Marks<'_>, rows: impl Iterator<Item = usize>, out: &mut Vec<u8>) {
        let (text, columns) = (marks.text(), self.layout.columns());
        let (mut from, mut to) = (0, 0);
        for mark in rows {
            let start = marks.place(mark);
            if start != to {
                out.extend_from_slice(&text[from..to]);
                from = start;
            }
            // Each line ends with its newline.
            to = marks.place(mark + columns);
        }
        out.extend_from_slice(&text[from..to]);
    }

    fn write_plain(&self, marks: &Marks<'_>, batch: &Batch, row: usize, out: &mut Vec<u8>) {
        let text = |cell: &Cell| batch.plain_text(marks, row, Place::At(cell.column?));
        match self.form {
            Form::Lines => {
                let line = batch.plain_text(marks, row, Place::Line).unwrap_or_default();
                out.extend_from_slice(line);
                out.push(b'\n');
            }
            Form::Parted(separator) => {
                let start = out.len();
                self.cells.iter().for_each(|cell| cell.push(text(cell), separator, out));
                end_row(separator, start, out);
            }
            Form::Objects { are_members } => {
                self.cells.iter().for_each(|cell| cell.push_json(text(cell), out));
                end_object(are_members, out);
            }
        }
    }
}

impl Cell {
    /// Writes it as one of values that are parted.
    #[inline(always)]
    fn push(&self, text: Option<&[u8]>, separator: u8, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.lead);
        let text = text.filter(|text| !text.is_empty()).unwrap_or(ABSENT);
        match separator {
            b' ' => out.extend_from_slice(text),
            // Databases take nothing for no value, and a dash for a text.
            _ if text == ABSENT => {}
            _ if self.is_safe && is_formula(text) => {
                push_quoted(&[b"'", text].concat(), separator, out);
            }
            _ if self.is_text => push_quoted(text, separator, out),
            _ => out.extend_from_slice(text),
        }
    }

    /// Writes it as a member of an object.
    #[inline(always)]
    fn push_json(&self, text: Option<&[u8]>, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.lead);
        match text {
            None | Some(b"" | b"-") => out.extend_from_slice(b"null"),
            Some(text) if self.is_number => push_json_number(text, out),
            Some(text) => push_json_text(out, text),
        }
    }
}

/// Ends a row of values that are parted.
fn end_row(separator: u8, start: usize, out: &mut Vec<u8>) {
    // A line with nothing on it would be no row.
    if out.len() == start && separator != b' ' {
        out.extend_from_slice(b"\"\"");
    }
    out.push(b'\n');
}

/// Ends an object. The newline of a member of an array stands before it.
fn end_object(is_member: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(object_end(is_member));
}

fn object_end(is_member: bool) -> &'static [u8] {
    if is_member { b"}" } else { b"}\n" }
}

/// Writes a value of a table, in quotes if it needs them: of control characters only the ends of
/// lines do, which no value of a block has ([`is_tame_table`]). Nor does one begin with a `#`, as
/// a name may, which would be a comment.
pub fn push_quoted(text: &[u8], separator: u8, out: &mut Vec<u8>) {
    let is_special = |byte: &u8| matches!(*byte, b'"' | b'\n' | b'\r') || *byte == separator;
    if !text.iter().any(is_special) && !text.starts_with(b"#") {
        out.extend_from_slice(text);
        return;
    }
    out.push(b'"');
    for &byte in text {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// Whether a text begins as formulas do: by OWASP's list, which has the signs in full width and
/// the characters that spreadsheets skip before a sign.
pub fn is_formula(text: &[u8]) -> bool {
    let begins =
        ["=", "+", "-", "@", "\t", "\r", "\n", "\u{ff1d}", "\u{ff0b}", "\u{ff0d}", "\u{ff20}"];
    begins.iter().any(|sign| text.starts_with(sign.as_bytes()))
}

/// Writes a number, or as a text what is none below 2^64.
pub fn push_json_number(text: &[u8], out: &mut Vec<u8>) {
    let is_plain = text.len() <= DIGITS_SAFE
        && (text[0] != b'0' || text.len() == 1)
        && text.iter().all(u8::is_ascii_digit);
    if is_plain {
        return out.extend_from_slice(text);
    }
    match Number::parse(text).value() {
        Some(value) => out.extend_from_slice(value.to_string().as_bytes()),
        None => push_json_text(out, text),
    }
}

/// Writes a text; what is not UTF-8 becomes `U+FFFD`.
fn push_json_text(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    let is_plain = |byte: &u8| (b' '..0x7f).contains(byte) && !matches!(byte, b'"' | b'\\');
    if text.iter().all(is_plain) {
        out.extend_from_slice(text);
    } else {
        for character in String::from_utf8_lossy(text).chars() {
            match character {
                '"' => out.extend_from_slice(b"\\\""),
                '\\' => out.extend_from_slice(b"\\\\"),
                _ if is_obeyed(character) => {
                    out.extend_from_slice(format!("\\u{:04x}", character as u32).as_bytes());
                }
                _ => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_of_json_are_numbers_or_texts() {
        let number = |text: &str| written(|out| push_json_number(text.as_bytes(), out));
        for same in ["0", "7", "1600000000", "18446744073709551615"] {
            assert_eq!(number(same), same);
        }
        assert_eq!(number("007"), "7");
        assert_eq!(number("00"), "0");
        assert_eq!(number("18446744073709551616"), "\"18446744073709551616\"");
        assert_eq!(number("x"), "\"x\"");
    }

    #[test]
    fn texts_of_json_are_escaped() {
        let text = |text: &[u8]| written(|out| push_json_text(out, text));
        assert_eq!(text(b"eni-1"), "\"eni-1\"");
        assert_eq!(text(b"a\"b\\c"), "\"a\\\"b\\\\c\"");
        assert_eq!(text(b"\x1b[31m\x7f"), "\"\\u001b[31m\\u007f\"");
        assert_eq!(text("\u{9b}\u{202e}".as_bytes()), "\"\\u009b\\u202e\"");
        assert_eq!(text("gr\u{fc}n".as_bytes()), "\"gr\u{fc}n\"");
        assert_eq!(text(b"\xff\xfe"), "\"\u{fffd}\u{fffd}\"");
        for text in [&b"a\"b\\c\x01"[..], b"plain", "\u{85}\u{fc}".as_bytes()] {
            let json = written(|out| push_json_text(out, text));
            let read: String = serde_json::from_str(&json).unwrap();
            assert_eq!(read.as_bytes(), text);
        }
    }

    /// Wherever CSV is written, the same texts are formulas.
    #[test]
    fn formulas_are_made_texts_where_that_is_wanted() {
        let cell = |is_safe: bool| Cell {
            column: Some(0),
            is_number: false,
            is_text: true,
            is_safe,
            lead: Vec::new(),
        };
        for text in ["=1+1", "+1", "@a", "--", "\u{ff1d}1", "\u{ff20}a"] {
            let pushed = |safe| written(|out| cell(safe).push(Some(text.as_bytes()), b',', out));
            assert_eq!(pushed(true), format!("'{text}"));
            assert_eq!(pushed(false), text);
        }
        for text in ["a=b", "10.0.0.1", "\u{ff1e}"] {
            assert_eq!(written(|out| cell(true).push(Some(text.as_bytes()), b',', out)), text);
        }
    }

    #[test]
    fn values_of_tables_are_quoted_where_they_have_to_be() {
        let value = |text: &str, by: u8| written(|out| push_quoted(text.as_bytes(), by, out));
        assert_eq!(value("a,b", b','), "\"a,b\"");
        assert_eq!(value("a,b", b'\t'), "a,b");
        assert_eq!(value("a\"b", b'\t'), "\"a\"\"b\"");
        assert_eq!(value("'a'", b','), "'a'");
        assert_eq!(value("a\x01b", b','), "a\x01b");
        assert_eq!(value("a\rb", b','), "\"a\rb\"");
    }
}
