//! JSON: the envelopes that CloudWatch Logs, Kinesis and Firehose put around flow-log records, and
//! records whose columns are the members of an object.
//!
//! A string `message` is a line, or each line of it is; so is a string on the outside. An object of
//! which enough members are fields of a flow log is a record, and so is network activity of
//! [OCSF](ocsf). Whatever else there is leaves as it stands, on a line of its own, and is counted
//! as malformed there. A line of text between objects is one too.
//!
//! What counts as a line is an event, however many of them stand on one line, or lines on which
//! one stands: envelopes are none. A message of several lines counts as so many. Lines that hold
//! nothing but brackets and commas around the values, or nothing at all, are blank ones.
//!
//! Text has no columns of its own, but those that the input's text has without objects: of the
//! last header, or those that its first record shows.
//!
//! Only where nobody asks for JSON: events that are asked for by path are found in the lines, which
//! [`Events`] makes where values are none.

mod content;
mod events;
mod members;
mod reach;
mod rows;
mod split;
mod window;

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::Arc;

use serde_json::Value;

use super::{Failing, Piece, Pieces, Stated, each_line, ocsf, one_word};
use crate::error::{Error, ErrorKind};
use crate::json::decoded;
use crate::layout::Layout;
use crate::source::make_room;
use content::{CONTENT_BYTES_MAX, unpacked};
pub use events::{Events, are_spread, is_cut};
use members::{Members, is_page, word};
use reach::list_start;
use rows::Rows;
use split::{Next, Splitter, VALUE_BYTES_MAX};

/// Envelopes in envelopes that are opened.
const DEPTH_MAX: usize = 8;

/// The most bytes of lines that are put together.
const BLOCK_BYTES_MAX: usize = 8 << 20;

/// Blank lines that are kept until there is a line after them.
const BLANK_LINES_MAX: usize = 64 * 1024;

/// Whether a text begins as JSON does.
pub fn begins(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let next = |expected: &[u8]| {
        head[1..].trim_ascii_start().first().is_none_or(|byte| expected.contains(byte))
    };
    match head.first() {
        Some(b'{') => next(b"\"}"),
        Some(b'[') => next(b"{\"[]"),
        _ => false,
    }
}

/// Whether a line of a text, but not the first one, begins as an object does.
pub fn is_among_lines(head: &[u8]) -> bool {
    memchr::memmem::find(head, b"\n{\"").is_some()
}

/// How a stream ended, and whether a value was lost there.
type Outcome = (Result<(), Error>, bool);

/// The lines in a stream of JSON.
pub struct Json<'a> {
    splitter: Splitter<Box<dyn Read + 'a>>,
    block_bytes: usize,
    /// What the data in a value may unpack to.
    content_bytes_max: u64,
    lines: Lines,
    outcome: Option<Outcome>,
}

impl<'a> Json<'a> {
    /// Reads values, and gives blocks of about `block_bytes`.
    pub fn new(reader: Box<dyn Read + 'a>, block_bytes: usize) -> Self {
        let splitter = Splitter::new(reader);
        let (content_bytes_max, lines) = (CONTENT_BYTES_MAX, Lines::default());
        Self { splitter, block_bytes, content_bytes_max, lines, outcome: None }
    }
}

impl Pieces for Json<'_> {
    fn next(&mut self, buffer: &mut Vec<u8>) -> Piece {
        while self.outcome.is_none()
            && self.lines.text.len() < self.block_bytes
            && self.lines.finished.is_empty()
        {
            self.lines.content_left = self.content_bytes_max;
            match self.lines.next(&mut self.splitter, 0) {
                Step::Lines => {}
                Step::Blank(lines) => self.lines.blank(lines),
                Step::End { is_cut, fault } => self.outcome = Some(ended(is_cut, fault)),
                Step::TooLarge => self.outcome = Some((Err(too_large()), true)),
            }
            if self.outcome.is_some() {
                self.lines.gather();
                self.lines.write_blank();
            }
        }
        let lines = &mut self.lines;
        let current = || (std::mem::take(&mut lines.text), std::mem::take(&mut lines.stated));
        let (text, stated) = lines.finished.pop_front().unwrap_or_else(current);
        match give(buffer, &text) {
            Some(length) => Piece::Block { length, headers: 0, stated },
            None => {
                let (result, partial) = self.outcome.take().unwrap_or((Ok(()), false));
                Piece::End { result: result.and_then(|()| lines.end()), partial }
            }
        }
    }
}

/// Puts lines into a buffer, and says how many bytes; none if there are no lines.
fn give(buffer: &mut Vec<u8>, text: &[u8]) -> Option<usize> {
    make_room(buffer, text.len());
    buffer[..text.len()].copy_from_slice(text);
    Some(text.len()).filter(|length| *length > 0)
}

/// How a stream ended: its reader failed, or it may lack the rest of a value.
fn ended(is_cut: bool, fault: Option<io::Error>) -> Outcome {
    let result = match fault {
        Some(fault) => Err(fault.into()),
        None if is_cut => Err(cut_short()),
        None => Ok(()),
    };
    (result, is_cut)
}

/// What is said of JSON that ends in the middle of a value.
pub fn cut_short() -> Error {
    Error::new(ErrorKind::Container, "the JSON is cut short")
}

fn too_large() -> Error {
    let text = format!(
        "a JSON value of more than {} MiB that is no page of events; if it holds a list of them, \
         type jq -c '.NAME[]' FILE | flowagg with the list's name",
        VALUE_BYTES_MAX >> 20
    );
    Error::new(ErrorKind::Container, text)
}

/// What is said of a line that cannot be read, if several values are lost with it.
fn lost_in(line: &[u8]) -> Option<Error> {
    let is_between = |byte: &u8| byte.is_ascii_whitespace() || *byte == b',';
    let are_several = memchr::memchr_iter(b'}', line).any(|end| {
        let rest = &line[end + 1..];
        let next = rest.iter().position(|byte| !is_between(byte)).unwrap_or(rest.len());
        rest[next..].starts_with(b"{\"")
    });
    let text = "damaged JSON: a malformed line holds several values, which are lost with it";
    are_several.then(|| Error::new(ErrorKind::Container, text))
}

/// Lines on their way into blocks.
#[derive(Debug, Default)]
struct Lines {
    /// Those of the block that is being made.
    text: Vec<u8>,
    /// What is known of that block's columns, if it is new.
    stated: Stated,
    /// Blocks before it.
    finished: VecDeque<(Vec<u8>, Stated)>,
    /// Blank lines after it.
    blank_lines: usize,
    /// The columns of text that is no record: the last header's.
    header: Option<Arc<Layout>>,
    /// Records that are no lines yet.
    rows: Rows,
    /// The number of columns of records, if the block holds some.
    columns: Option<usize>,
    /// What the data in the value may still unpack to.
    content_left: u64,
    /// What was wrong first with data in a value.
    fault: Option<Error>,
}

/// What was done with what came next in a stream.
enum Step {
    /// Its lines were taken.
    Lines,
    /// So many lines without a value came, and nothing was done.
    Blank(usize),
    /// The stream ended.
    End {
        /// Whether a value is lost.
        is_cut: bool,
        /// What its reader said if it failed.
        fault: Option<io::Error>,
    },
    /// A value is too large.
    TooLarge,
}

impl Lines {
    /// What comes next in a stream of values that are so deep in envelopes.
    fn next<R: Read>(&mut self, splitter: &mut Splitter<R>, depth: usize) -> Step {
        match splitter.next() {
            Next::Value(value) => self.value(value, depth),
            Next::Listed(value) => self.value(value, depth + 1),
            Next::Line(line) => {
                self.fault = self.fault.take().or_else(|| lost_in(line));
                self.message(line);
            }
            Next::Page(head) => {
                if depth < DEPTH_MAX && is_page(head) {
                    splitter.open();
                }
            }
            Next::Blank(lines) => return Step::Blank(lines),
            Next::End { is_cut, fault } => return Step::End { is_cut, fault },
            Next::TooLarge => return Step::TooLarge,
        }
        Step::Lines
    }

    /// What is in a value, an object or a string.
    fn value(&mut self, value: &[u8], depth: usize) {
        let text = str::from_utf8(value).ok();
        if value.starts_with(b"\"") {
            let message = text.and_then(|text| serde_json::from_str::<String>(text).ok());
            return self.message(message.as_deref().map_or(value, str::as_bytes));
        }
        match text.and_then(Members::new).filter(|_| depth < DEPTH_MAX) {
            Some(members) if members.is_activity() => self.activity(value),
            Some(members)
                if members.is_record()
                    && self.row(members.columns().map(|(name, value)| (name, word(value)))) => {}
            Some(members) if self.envelope(&members, depth) => {}
            None if self.damaged_page(value, depth) => {}
            _ => self.message(value),
        }
    }

    /// Takes the values in the list of an object that is damaged somewhere, as those of a long one;
    /// false if it has none.
    fn damaged_page(&mut self, object: &[u8], depth: usize) -> bool {
        let head = list_start(object, 0).filter(|head| is_page(&object[..*head]));
        head.filter(|_| depth < DEPTH_MAX)
            .is_some_and(|head| self.all(&mut Splitter::with_pages(object, head), depth).is_ok())
    }

    /// Takes all that is in a stream.
    ///
    /// # Errors
    /// What is lost of it.
    fn all<R: Read>(&mut self, splitter: &mut Splitter<R>, depth: usize) -> Result<(), Error> {
        loop {
            match self.next(splitter, depth) {
                // The input has no such lines.
                Step::Lines | Step::Blank(_) => {}
                Step::End { is_cut, fault } => return ended(is_cut, fault).0,
                Step::TooLarge => return Err(too_large()),
            }
        }
    }

    /// Opens an envelope; false if it is none, or two that became one.
    fn envelope(&mut self, members: &Members<'_>, depth: usize) -> bool {
        if members.is_control() {
            return true;
        }
        if members.are_of_two() {
            return false;
        }
        let message = members.message().map(decoded);
        if let Some(message) = &message {
            match message.trim_start().starts_with('{') {
                true => self.value(message.trim().as_bytes(), depth + 1),
                false => self.message(message.as_bytes()),
            }
        }
        let mut lists = members.lists().peekable();
        if message.is_some() || lists.peek().is_some() {
            lists.flatten().for_each(|value| self.value(value.get().as_bytes(), depth + 1));
            return true;
        }
        for name in ["awslogs", "kinesis"] {
            if let Some(inner) = members.raw(name).filter(|inner| inner.starts_with('{')) {
                self.value(inner.as_bytes(), depth + 1);
                return true;
            }
        }
        let data = members.raw("data").or_else(|| members.raw("Data"));
        let content = data.and_then(|data| unpacked(data, self.content_left));
        content.is_some_and(|(text, fault)| {
            self.content_left -= text.len() as u64;
            let content = text.as_slice().chain(Failing(fault));
            let taken = self.all(&mut Splitter::new(content), depth + 1);
            let is_whole = taken.is_ok();
            if let Err(error) = taken {
                let text = format!("the data of an envelope: {error}");
                self.fault.get_or_insert(Error::new(ErrorKind::Container, text));
            }
            // What is lost of it stays visible: the envelope becomes a line.
            is_whole
        })
    }

    /// A text, each line of which is a line of its own.
    fn message(&mut self, message: &[u8]) {
        each_line(message, |line| self.line(line));
    }

    /// A line of text.
    fn line(&mut self, message: &[u8]) {
        if let Some(layout) = Layout::from_header(message) {
            self.header = Some(Arc::new(layout));
        }
        self.gather();
        if self.columns.take().is_some() {
            // The records before had columns of their own; these have not.
            self.begin(self.header.clone().map_or(Stated::Text, Stated::Layout));
        }
        self.part();
        self.write_blank();
        self.text.extend_from_slice(message);
        self.text.push(b'\n');
    }

    /// A record as OCSF has it.
    fn activity(&mut self, text: &[u8]) {
        match serde_json::from_slice::<Value>(text) {
            Ok(event) => {
                let values = ocsf::values(&event);
                let words = values
                    .iter()
                    .map(|(name, value)| (&**name, value.as_deref().and_then(one_word)));
                if !self.row(words) {
                    self.message(text);
                }
            }
            Err(_) => self.message(text),
        }
    }

    /// A record of these names and words; false if it is none, for one of the names is there twice.
    fn row<'n>(&mut self, members: impl Iterator<Item = (&'n str, Option<Cow<'n, str>>)>) -> bool {
        self.rows.push_blank(std::mem::take(&mut self.blank_lines));
        let is_row = self.rows.push(members);
        if self.rows.is_full() {
            self.gather();
        }
        is_row
    }

    /// Makes lines of the records that are gathered.
    fn gather(&mut self) {
        if self.rows.is_empty() {
            return;
        }
        let columns = self.rows.columns();
        if self.columns != Some(columns)
            && let Some(layout) = self.rows.layout()
        {
            self.begin(Stated::Rows(Arc::new(layout)));
            self.columns = Some(columns);
        }
        self.part();
        self.rows.take(&mut self.text);
    }

    /// Lines without a value. They wait for the next one, which says what columns it has.
    fn blank(&mut self, lines: usize) {
        self.blank_lines += lines;
        if self.blank_lines >= BLANK_LINES_MAX {
            self.gather();
            self.write_blank();
        }
    }

    fn write_blank(&mut self) {
        let blank_lines = std::mem::take(&mut self.blank_lines);
        self.text.resize(self.text.len() + blank_lines, b'\n');
    }

    /// Ends a block that is large: one value may hold far more than a block has.
    fn part(&mut self) {
        if self.text.len() > BLOCK_BYTES_MAX {
            self.finish();
        }
    }

    /// Begins a block that has columns of its own.
    fn begin(&mut self, stated: Stated) {
        if !self.text.is_empty() {
            self.finish();
        }
        self.stated = stated;
    }

    fn finish(&mut self) {
        let text = std::mem::take(&mut self.text);
        self.finished.push_back((text, std::mem::take(&mut self.stated)));
    }

    /// What is to be said when all is read.
    fn end(&mut self) -> Result<(), Error> {
        let left_out = || {
            let text = self.rows.left_out()?;
            Some(Error::new(ErrorKind::Container, text))
        };
        self.fault.take().or_else(left_out).map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests;
