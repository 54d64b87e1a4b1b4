//! Tables: CSV and TSV, as consoles, query engines and spreadsheets write them.
//!
//! A table says in its first row what stands where. If it has a column of messages, these are
//! the lines. Else its columns are a layout, and its rows leave as records. A row keeps its
//! faults: what is wrong with its values is found where it is wrong with any line.
//!
//! Nothing is lost to a quote that was left open: each line of a message is a line, and of rows
//! whose quotes or lines are where none may be, each line is a malformed one. If the quote stays
//! open to the end, that is a fault: a text that was cut looks like this.

mod watched;

use std::io::Read;
use std::sync::Arc;

use csv::{ByteRecord, Reader, ReaderBuilder};
use memchr::{memchr, memchr2};

use super::{Piece, Pieces, Stated, Wanted, Wrapping, each_line, on_one_line};
use crate::error::{Error, ErrorKind};
use crate::field::{Field, Kind};
use crate::layout::{Layout, NAME_BYTES_MAX};
use crate::record::{spelled, unbroken};
use crate::source::make_room;
use watched::{BYTE_ORDER_MARK, Watched};

/// Names of columns beside that of messages, where there is one.
const BESIDE_MESSAGES: [&str; 9] = [
    "timestamp",
    "time",
    "ingestiontime",
    "eventid",
    "logstream",
    "logstreamname",
    "loggroup",
    "log",
    "ptr",
];

/// So many names of fields make a header of a row that has names which no identifier has too.
const KNOWN_AMONG_ODD: usize = 2;

/// What parts the columns, if a text begins with the header of a table.
pub fn delimiter(head: &[u8], wanted: Wanted) -> Option<u8> {
    let head = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head);
    let mut lines = head.split(|&byte| byte == b'\n').filter(|line| !is_skipped(line));
    let line = lines.next()?;
    let delimiter = match memchr(b'\t', line) {
        Some(_) => b'\t',
        // A column of messages may stand alone, all others have neighbours.
        None if memchr(b',', line).is_some() || line.len() < 16 => b',',
        None => return None,
    };
    // A header is one line.
    if memchr::memchr_iter(b'"', line).count() % 2 == 1 {
        return None;
    }
    let mut names = ByteRecord::new();
    let mut reader = ReaderBuilder::new().delimiter(delimiter).has_headers(false).from_reader(line);
    if !reader.read_byte_record(&mut names).ok()? {
        return None;
    }
    let columns = Columns::of(names.iter())?;
    if !columns.are_stated(names[0].trim_ascii(), wanted.flow_logs) {
        return None;
    }
    if let Columns::Fields { .. } = columns {
        // A line of names between blanks, some of them tabs, is a header of a text.
        let is_table = |line: &[u8]| line.contains(&delimiter);
        let is_mixed = delimiter == b'\t' && line.trim_ascii().contains(&b' ')
            || lines.next().is_some_and(|line| !is_table(line));
        if is_mixed {
            return None;
        }
    }
    Some(delimiter)
}

/// Whether a line is blank or a comment.
fn is_skipped(line: &[u8]) -> bool {
    matches!(line.trim_ascii_start().first(), None | Some(b'#'))
}

/// A name in small letters, without what parts its words.
fn plain(name: &str) -> String {
    let kept = name.chars().filter(|c| !matches!(c, '-' | '_' | '@'));
    kept.map(|c| c.to_ascii_lowercase()).collect()
}

/// Whether a value of a row may be the name of a column: most rows hold one that is none.
fn may_be_name(value: &[u8]) -> bool {
    matches!(value.trim_ascii_start().first(), None | Some(b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'@'))
}

/// Whether it may be one among names of fields: no number, address, time or object is.
fn may_be_odd_name(value: &[u8]) -> bool {
    match value[0] {
        b'-' | b':' | b'{' | b'[' => false,
        b'0'..=b'9' => {
            value.iter().any(u8::is_ascii_alphabetic) && !value.iter().any(|b| b".:".contains(b))
        }
        _ => true,
    }
}

/// What the columns of a table are.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Columns {
    /// Lines stand in this one.
    Message {
        /// The place of it.
        at: usize,
        /// The number of columns.
        columns: usize,
    },
    /// Values of records.
    Fields {
        /// Which fields.
        layout: Arc<Layout>,
        /// For each, whether it holds numbers.
        is_number: Vec<bool>,
    },
}

impl Columns {
    /// The columns that a row states, if it is a header.
    fn of<'n>(names: impl Iterator<Item = &'n [u8]>) -> Option<Self> {
        let mut fields = Vec::new();
        let mut stated = Vec::new();
        let mut is_plain = true;
        for name in names {
            let name = str::from_utf8(name.trim_ascii()).ok()?;
            let is_plain_name = may_be_name(name.as_bytes());
            if !is_plain_name && !may_be_odd_name(name.as_bytes()) || name.len() > NAME_BYTES_MAX {
                return None;
            }
            is_plain &= is_plain_name;
            fields.push(Field::from_alias(name));
            stated.push(name);
        }
        let is_message = |name: &&str| matches!(*name, "message" | "@message");
        if let Some(at) = stated.iter().position(is_message) {
            let is_beside = |name: &str| {
                name.starts_with('@')
                    || is_message(&name)
                    || BESIDE_MESSAGES.contains(&plain(name).as_str())
            };
            let mut columns = stated.iter().zip(&fields);
            let is_header =
                is_plain && columns.all(|(name, field)| field.is_some() || is_beside(name));
            return is_header.then_some(Self::Message { at, columns: fields.len() });
        }
        let known = fields.iter().flatten().count();
        // Among other words a name of a field may be a value too.
        if known < if is_plain { 1 } else { KNOWN_AMONG_ODD } || known * 2 < fields.len() {
            return None;
        }
        let kinds = fields.iter().map(|field| field.map(Field::kind));
        let is_number = kinds.map(|kind| matches!(kind, Some(Kind::Number(_)))).collect();
        let names = stated.iter().zip(&fields).enumerate().map(|(at, (name, field))| match field {
            Some(field) => field.name().to_owned(),
            None if name.is_empty() => format!("column-{}", at + 1),
            None => unbroken(name).into_owned(),
        });
        let layout = Arc::new(Layout::new(names).ok()?);
        Some(Self::Fields { layout, is_number })
    }

    /// Whether names that begin with this one are a header. A single word may be what is left of a
    /// row, or an event; fields are of no use where lines are no records of flow logs.
    fn are_stated(&self, first: &[u8], flow_logs: bool) -> bool {
        match self {
            Self::Fields { layout, .. } => flow_logs && layout.columns() > 1,
            Self::Message { at: 0, columns: 1 } => flow_logs || first == b"@message",
            Self::Message { .. } => true,
        }
    }

    /// Whether a row is one of the table, its values whole: no quote is where none may be, nothing
    /// but a message is on several lines, and only a last message has values after the last column,
    /// which are its own: others are those of another row.
    fn has_row(&self, row: &ByteRecord, is_broken: bool) -> bool {
        let is_on_lines = |value: &[u8]| {
            memchr2(b'\n', b'\r', value.strip_suffix(b"\r").unwrap_or(value)).is_some()
        };
        let is_long = |at: usize, columns: usize| {
            at + 1 < columns && row.iter().skip(columns).any(|value| !value.trim_ascii().is_empty())
        };
        !is_broken
            && !matches!(self, Self::Message { at, columns } if is_long(*at, *columns))
            && (memchr2(b'\n', b'\r', row.as_slice()).is_none()
                || row.iter().enumerate().all(|(nth, value)| {
                    matches!(self, Self::Message { at, .. } if *at == nth) || !is_on_lines(value)
                }))
    }

    /// Writes what a row holds: a line, or those of its message. Where lines are no records of flow
    /// logs, a message is one event, whatever is in it.
    fn write(&self, row: &ByteRecord, delimiter: u8, flow_logs: bool, line: &mut Vec<u8>) {
        match self {
            // A message without quotes around it may hold what parts columns.
            Self::Message { at, columns } if row.len() > *at => {
                let mut joined = Vec::new();
                let message = match at + 1 == *columns && row.len() > *columns {
                    true => {
                        write_joined(row.iter().skip(*at), delimiter, &mut joined);
                        &joined
                    }
                    false => &row[*at],
                };
                let mut write = |text: &[u8]| {
                    line.extend_from_slice(text);
                    line.push(b'\n');
                };
                match flow_logs {
                    true => each_line(message, write),
                    false => write(&on_one_line(message)),
                }
                return;
            }
            Self::Message { .. } => write_joined(row.iter(), delimiter, line),
            Self::Fields { is_number, .. } => {
                let start = line.len();
                let is_plain = row.as_slice().iter().all(|&byte| byte > b' ' && byte != b'#');
                let kinds = is_number.iter().copied().chain(std::iter::repeat(false));
                for (value, is_number) in row.iter().zip(kinds) {
                    match is_plain && !is_number && !value.is_empty() {
                        true => line.extend_from_slice(value),
                        false => write_value(value.trim_ascii(), is_number, line),
                    }
                    line.push(b' ');
                }
                line.pop();
                if row.len() == 1 {
                    quote_name(line, start);
                }
            }
        }
        line.push(b'\n');
    }
}

/// Whether a row is a comment, or a line of blanks.
fn is_no_row(row: &ByteRecord) -> bool {
    let first = row.get(0).unwrap_or_default();
    first.starts_with(b"#") || row.len() == 1 && first.trim_ascii().is_empty()
}

/// Writes values as they stood in the file.
fn write_joined<'v>(values: impl Iterator<Item = &'v [u8]>, delimiter: u8, line: &mut Vec<u8>) {
    for (nth, value) in values.enumerate() {
        if nth > 0 {
            line.push(delimiter);
        }
        line.extend_from_slice(value);
    }
}

/// Writes what is no row of its table as lines, each of them one word: a quote that was left open
/// took the rows after it, and what is whole of them is not known. So none is taken for a record.
fn write_words(row: &ByteRecord, delimiter: u8, is_quoted: bool, lines: &mut Vec<u8>) {
    let mut joined = Vec::new();
    write_joined(row.iter(), delimiter, &mut joined);
    if is_quoted {
        joined.splice(..1, *b"%23");
    }
    each_line(&joined, |text| {
        let start = lines.len();
        text.trim_ascii().iter().for_each(|&byte| write_byte(byte, lines));
        quote_name(lines, start);
        lines.push(b'\n');
    });
}

/// Puts quotes around the word that is written from `start` on if it is a name of a field: alone on
/// a line it would be a header, and give all lines after it one column.
fn quote_name(lines: &mut Vec<u8>, start: usize) {
    if Layout::from_header(&lines[start..]).is_some() {
        lines.insert(start, b'"');
        lines.push(b'"');
    }
}

/// Writes a value as records have it.
fn write_value(value: &[u8], is_number: bool, line: &mut Vec<u8>) {
    // Query engines write nothing where there is no value, which is a dash.
    line.extend_from_slice(&spelled(if is_number { whole(value) } else { value }));
}

/// Writes a byte of a word.
fn write_byte(byte: u8, word: &mut Vec<u8>) {
    match byte {
        b' ' | b'\t'..=b'\r' => {
            word.push(b'%');
            word.extend([byte >> 4, byte & 15].map(|digit| b"0123456789ABCDEF"[digit as usize]));
        }
        byte => word.push(byte),
    }
}

/// A number without a fraction of zeros, which spreadsheets and data frames add.
fn whole(value: &[u8]) -> &[u8] {
    let Some(point) = memchr(b'.', value) else {
        return value;
    };
    let (number, fraction) = (&value[..point], &value[point + 1..]);
    let is_whole = !number.is_empty()
        && number.iter().all(u8::is_ascii_digit)
        && !fraction.is_empty()
        && fraction.iter().all(|&byte| byte == b'0');
    if is_whole { number } else { value }
}

/// The rows of a table, as lines.
pub struct Table<'a> {
    reader: Reader<Watched<'a>>,
    delimiter: u8,
    /// Whether the lines are records of flow logs.
    flow_logs: bool,
    block_bytes: usize,
    row: ByteRecord,
    /// Whether the row has a quote where none may be, or one that stays open.
    is_broken: bool,
    /// Whether the row begins with a value that is no comment, though it begins with `#`.
    is_quoted: bool,
    columns: Option<Columns>,
    /// The last header: a row that is it again is one too.
    header: ByteRecord,
    /// Lines of the file that were read, those within values among them.
    lines: u64,
    /// The columns that the last row read states, if it was a header, which the next block begins
    /// with.
    next: Option<Columns>,
    ended: Option<(Result<(), Error>, bool)>,
}

impl<'a> Table<'a> {
    /// The table in a text, in blocks of about `block_bytes`.
    pub fn new(
        text: Box<dyn Read + 'a>,
        delimiter: u8,
        wanted: Wanted,
        block_bytes: usize,
    ) -> Self {
        let reader = ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .has_headers(false)
            .buffer_capacity(64 * 1024)
            .from_reader(Watched::new(text, delimiter));
        Self {
            reader,
            delimiter,
            flow_logs: wanted.flow_logs,
            block_bytes,
            row: ByteRecord::new(),
            is_broken: false,
            is_quoted: false,
            columns: None,
            header: ByteRecord::new(),
            lines: 0,
            next: None,
            ended: None,
        }
    }

    /// Reads the next row, and writes the blank lines before it, which are no rows.
    fn read(&mut self, lines: &mut Vec<u8>) -> bool {
        self.reader.get_mut().begin_row();
        let start = self.reader.position().byte();
        let result = self.reader.read_byte_record(&mut self.row);
        let position = self.reader.position().clone();
        let newlines = position.line() - 1;
        let is_row = matches!(result, Ok(true));
        let (read, own) = match is_row {
            // The newline after a carriage return is not read yet, and the last one may be missing.
            true => {
                let within = memchr::memchr_iter(b'\n', self.row.as_slice()).count() as u64;
                let text = self.reader.get_ref();
                (newlines + u64::from(text.is_crlf() || text.lacks_newline()), within + 1)
            }
            false => (newlines, 0),
        };
        let blank = read.saturating_sub(self.lines + own);
        let first = self.lines + blank + 1;
        self.lines += blank + own;
        let text = self.reader.get_mut();
        self.is_broken = text.is_broken(position.byte());
        self.is_quoted = text.is_quoted(position.byte());
        match result {
            Ok(is_row) => {
                lines.extend((0..blank).map(|_| b'\n'));
                // Nothing comes after a quote that is open at the end: this row is the last.
                if self.reader.get_ref().is_cut() {
                    self.ended = Some((Err(cut_short(self.delimiter, first)), !is_row));
                } else if !is_row {
                    self.ended = Some((Ok(()), false));
                }
            }
            Err(error) => {
                let is_partial = position.byte() > start;
                let line = self.lines + 1;
                let error = match error.into_kind() {
                    csv::ErrorKind::Io(error) => error.into(),
                    other => Error::new(ErrorKind::Io, format!("line {line}: {other:?}")),
                };
                self.ended = Some((Err(error), is_partial));
            }
        }
        is_row
    }

    /// The columns that the row states, if it is a header.
    fn header(&mut self) -> Option<Columns> {
        let row = &self.row;
        let is_comment = !self.is_quoted && row.get(0).is_some_and(|first| first.starts_with(b"#"));
        // Rows of names that are odd are looked at no closer, but for the first one.
        let may_be_header = !is_comment
            && (self.columns.is_none() || row.iter().all(may_be_name) || *row == self.header)
            && !self.is_broken
            && memchr(b'\n', row.as_slice()).is_none();
        let columns = may_be_header.then(|| Columns::of(row.iter()))?;
        let columns =
            columns.filter(|columns| columns.are_stated(row[0].trim_ascii(), self.flow_logs))?;
        self.header.clone_from(row);
        Some(columns)
    }

    /// Writes the row as these columns have it.
    fn write(&self, columns: &Columns, lines: &mut Vec<u8>) {
        let (row, delimiter) = (&self.row, self.delimiter);
        let has_row = columns.has_row(row, self.is_broken);
        if !has_row && self.flow_logs {
            return write_words(row, delimiter, self.is_quoted, lines);
        }
        // Of events nothing is summed. What a quote swallowed are events again.
        let is_swallowed = !has_row && memchr(b'\n', row.as_slice()).is_some();
        if is_swallowed || !self.is_quoted && is_no_row(row) {
            write_joined(row.iter(), delimiter, lines);
            lines.push(b'\n');
            return;
        }
        columns.write(row, delimiter, self.flow_logs, lines);
    }
}

/// What is said of a table whose last row, which begins in this line, does not end.
fn cut_short(delimiter: u8, line: u64) -> Error {
    let name = Wrapping::Csv { delimiter }.name();
    let text =
        format!("the {name} is cut short: its last row, from line {line} on, leaves a quote open");
    Error::new(ErrorKind::Container, text)
}

impl Pieces for Table<'_> {
    fn next(&mut self, buffer: &mut Vec<u8>) -> Piece {
        buffer.clear();
        let (mut headers, mut is_new) = (0, false);
        if let Some(columns) = self.next.take() {
            self.columns = Some(columns);
            (headers, is_new) = (1, true);
        }
        while self.ended.is_none() && buffer.len() < self.block_bytes && self.read(buffer) {
            match (self.header(), &self.columns) {
                // The rows before it have the columns that they had.
                (Some(columns), _) if !buffer.is_empty() => {
                    self.next = Some(columns);
                    break;
                }
                (Some(columns), _) => {
                    self.columns = Some(columns);
                    headers += 1;
                    is_new = true;
                }
                (None, Some(columns)) => self.write(columns, buffer),
                // What comes before the header is blank or a comment.
                (None, None) => {
                    write_joined(self.row.iter(), self.delimiter, buffer);
                    buffer.push(b'\n');
                }
            }
        }
        let length = buffer.len();
        if length == 0 && headers == 0 {
            let (result, partial) = self.ended.take().unwrap_or((Ok(()), false));
            return Piece::End { result, partial };
        }
        make_room(buffer, length);
        let stated = match self.columns.as_ref().filter(|_| is_new) {
            Some(Columns::Fields { layout, .. }) => Stated::Rows(Arc::clone(layout)),
            Some(Columns::Message { .. }) => Stated::Text,
            None => Stated::Nothing,
        };
        Piece::Block { length, headers, stated }
    }
}

#[cfg(test)]
mod tests;
