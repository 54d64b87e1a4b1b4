//! What bytes are wrapped in, found by content and not by name, and what is inside: lines.
//!
//! Whatever a container is, what leaves this room are blocks of whole lines, each a record or an
//! event, so that all that follows is the same for all of them. A container that names columns
//! itself says so with a layout for the lines that follow.

mod decoded;
mod json;
#[cfg(not(feature = "parquet"))]
mod no_parquet;
mod ocsf;
#[cfg(feature = "parquet")]
mod parquet;
mod prefix;
mod table;

use std::borrow::Cow;
use std::io::{self, Read};
use std::sync::Arc;

use memchr::{memchr, memchr2, memrchr};

use crate::error::{Error, ErrorKind};
use crate::layout::{Column, Layout};
use crate::record::LINE_BYTES_MAX;
use crate::source::{
    Cut, Cutter, GZIP_MAGIC, gzip_reader, is_zstd, make_room, refuse_foreign, zstd_reader,
};

pub use decoded::Decoded;
#[cfg(not(feature = "parquet"))]
pub use no_parquet::{Rows, Table};
#[cfg(feature = "parquet")]
pub use parquet::{Rows, Table};
pub use prefix::Said;

/// Blocks of lines, one after the other.
pub trait Pieces {
    /// Puts the next block into `buffer`, with the room after it that the scan needs.
    fn next(&mut self, buffer: &mut Vec<u8>) -> Piece;
}

/// What a container gives.
#[derive(Debug)]
pub enum Piece {
    /// The buffer holds this many bytes of whole lines, and padding.
    Block {
        /// Bytes of lines.
        length: usize,
        /// Lines before them that were headers and are not in the buffer.
        headers: u64,
        /// What is known of the columns of these lines and those of the blocks after it.
        stated: Stated,
    },
    /// There is no more.
    End {
        /// Whether the input ended as it should.
        result: Result<(), Error>,
        /// Whether there was a line without an end, which is lost.
        partial: bool,
    },
}

/// What a container says of the columns of a block.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Stated {
    /// Nothing new.
    #[default]
    Nothing,
    /// They are these.
    Layout(Arc<Layout>),
    /// They are these, and the lines are rows of a table: values whatever they begin with.
    Rows(Arc<Layout>),
    /// What was said before is over: the lines are a text that says it itself, as one does at
    /// its beginning.
    Text,
}

/// What is asked of the events of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Flow-log records, or lines of tokens.
    pub records: bool,
    /// JSON events.
    pub json: bool,
    /// Whether lines are flow-log records, with columns and headers.
    pub flow_logs: bool,
    /// The columns of the records where no header states them, if that was said.
    pub columns: Option<Said>,
}

/// The columns that a run's questions need, where columns can be read one by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Columns {
    /// All, in the order of the file, as text.
    All,
    /// These, as text: every row is a line at its place.
    Lines(Vec<Column>),
    /// These.
    Some {
        /// All of them.
        columns: Vec<Column>,
        /// Those of which texts are asked for, whatever is in them.
        texts: Vec<Column>,
    },
}

/// First bytes that are looked at.
pub const HEAD_BYTES: usize = 64 * 1024;

/// Compression within compression that is undone: objects of Firehose may be gzip in gzip.
const DEPTH_MAX: usize = 3;

/// How the text of an input is wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrapping {
    /// Lines are what they are.
    Plain,
    /// A table, its columns parted by this.
    Csv {
        /// A comma or a tab.
        delimiter: u8,
    },
    /// Envelopes of records, or records as objects.
    Json,
    /// JSON whose values are not on a line each, and are asked for as events.
    Events,
    /// Lines with something before or after what is meant.
    Prefixed(prefix::Form),
}

/// The name of lines that are what they are.
pub const TEXT: &str = "text";
/// The name of gzip.
pub const GZIP: &str = "gzip";
/// The name of zstd.
const ZSTD: &str = "zstd";
/// The name of Parquet.
pub const PARQUET: &str = "Parquet";

impl Wrapping {
    /// What people call it.
    fn name(self) -> &'static str {
        match self {
            Self::Plain => TEXT,
            Self::Csv { delimiter: b'\t' } => "TSV",
            Self::Csv { .. } => "CSV",
            Self::Json | Self::Events => "JSON",
            Self::Prefixed(form) => form.name(),
        }
    }
}

/// Whether a text that begins like this is made of lines that need no unwrapping.
pub fn is_plain(head: &[u8], wanted: Wanted) -> bool {
    wrapping(head, wanted) == Wrapping::Plain
}

fn wrapping(head: &[u8], wanted: Wanted) -> Wrapping {
    if json::begins(head) {
        // Where JSON events are asked for, they are found in the lines.
        match wanted {
            Wanted { json: true, .. } if json::are_spread(head) => return Wrapping::Events,
            Wanted { json: false, flow_logs: true, .. } => return Wrapping::Json,
            _ => {}
        }
    }
    if let Some(delimiter) = table::delimiter(head, wanted) {
        return Wrapping::Csv { delimiter };
    }
    match prefix::form(head, wanted) {
        Some(form) => Wrapping::Prefixed(form),
        None if wanted.flow_logs && !wanted.json && json::is_among_lines(head) => Wrapping::Json,
        None => Wrapping::Plain,
    }
}

/// An open stream.
pub struct Contents<'a> {
    /// What is in it.
    pub pieces: Box<dyn Pieces + 'a>,
    /// The beginning of the text, if lines are what they are.
    pub head: Option<Vec<u8>>,
    /// What the lines are wrapped in, outermost first.
    pub containers: Vec<&'static str>,
}

/// Opens a stream: undoes its compression, and gives the lines in it.
///
/// # Errors
/// What the stream says, or [`ErrorKind::Container`] for what holds
/// no lines.
pub fn open<'a>(
    stream: impl Read + 'a,
    wanted: Wanted,
    block_bytes: usize,
) -> Result<Contents<'a>, Error> {
    let mut reader: Box<dyn Read + 'a> = Box::new(stream);
    let mut containers = Vec::new();
    for _ in 0..=DEPTH_MAX {
        let (head, fault) = read_head(&mut reader);
        refuse_foreign(&head)?;
        let (is_gzip, is_zstd) = (head.starts_with(&GZIP_MAGIC), is_zstd(&head));
        let wrapping = wrapping(&head, wanted);
        let kept = (wrapping == Wrapping::Plain && !is_gzip && !is_zstd).then(|| head.clone());
        let whole = io::Cursor::new(head).chain(Failing(fault)).chain(reader);
        if is_gzip {
            containers.push(GZIP);
            reader = gzip_reader(whole);
            continue;
        }
        if is_zstd {
            containers.push(ZSTD);
            reader = zstd_reader(whole)?;
            continue;
        }
        let reader = Box::new(whole);
        let pieces: Box<dyn Pieces + 'a> = match wrapping {
            Wrapping::Csv { delimiter } => {
                Box::new(table::Table::new(reader, delimiter, wanted, block_bytes))
            }
            Wrapping::Json => Box::new(json::Json::new(reader, block_bytes)),
            Wrapping::Events => Box::new(json::Events::new(reader, block_bytes)),
            Wrapping::Prefixed(form) => prefix::pieces(reader, form, wanted, block_bytes),
            Wrapping::Plain => Box::new(Text::new(reader, wanted, block_bytes)),
        };
        let pieces = match wrapping {
            Wrapping::Plain => pieces,
            _ => Box::new(Gathered::new(pieces)),
        };
        containers.push(wrapping.name());
        return Ok(Contents { pieces, head: kept, containers });
    }
    Err(Error::new(ErrorKind::Container, format!("compressed more than {DEPTH_MAX} times over")))
}

/// Reads until there is enough to see what it is; and the error that came before that.
fn read_head(reader: &mut impl Read) -> (Vec<u8>, Option<io::Error>) {
    // Nothing is laid out that is not there: most of very many files are far smaller than this.
    let mut head = Vec::new();
    let fault = reader.take(HEAD_BYTES as u64).read_to_end(&mut head).err();
    (head, fault)
}

/// Fails once, if there is an error.
struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// Blocks, of which those that have to show their columns themselves hold as much text as is
/// looked at for that. So it does not matter how large blocks are.
struct Gathered<'a> {
    pieces: Box<dyn Pieces + 'a>,
    is_first: bool,
    /// What was read to see whether it belongs to the block before, and its text.
    next: Option<Piece>,
    text: Vec<u8>,
}

impl<'a> Gathered<'a> {
    fn new(pieces: Box<dyn Pieces + 'a>) -> Self {
        Self { pieces, is_first: true, next: None, text: Vec::new() }
    }
}

impl Pieces for Gathered<'_> {
    fn next(&mut self, buffer: &mut Vec<u8>) -> Piece {
        let mut piece = match self.next.take() {
            Some(piece) => {
                std::mem::swap(buffer, &mut self.text);
                piece
            }
            None => self.pieces.next(buffer),
        };
        let is_first = std::mem::take(&mut self.is_first);
        let Piece::Block { length, stated, .. } = &mut piece else { return piece };
        let shows_columns = *stated == Stated::Text || is_first && *stated == Stated::Nothing;
        while shows_columns && *length < HEAD_BYTES {
            match self.pieces.next(&mut self.text) {
                Piece::Block { length: more, headers: 0, stated: Stated::Nothing } => {
                    make_room(buffer, *length + more);
                    buffer[*length..*length + more].copy_from_slice(&self.text[..more]);
                    *length += more;
                }
                next => {
                    self.next = Some(next);
                    break;
                }
            }
        }
        piece
    }
}

/// Checks that the last line of a text, which has no newline, is no JSON event that is cut.
///
/// # Errors
/// What is wrong, as it is said of all JSON that is cut.
pub fn check_last_event(text: &[u8]) -> Result<(), Error> {
    let start = memrchr(b'\n', text).map_or(0, |newline| newline + 1);
    match json::is_cut(&text[start..]) {
        true => Err(json::cut_short()),
        false => Ok(()),
    }
}

/// Lines as they are.
struct Text<'a> {
    cutter: Cutter<'a>,
    last: LastEvent,
}

impl<'a> Text<'a> {
    fn new(reader: Box<dyn Read + 'a>, wanted: Wanted, block_bytes: usize) -> Self {
        let cutter = Cutter::new(reader, block_bytes, LINE_BYTES_MAX);
        Self { cutter, last: LastEvent::new(wanted) }
    }
}

impl Pieces for Text<'_> {
    fn next(&mut self, buffer: &mut Vec<u8>) -> Piece {
        match self.cutter.next(buffer) {
            Cut::Block(length) => {
                self.last.look_at(&buffer[..length], &self.cutter);
                Piece::Block { length, headers: 0, stated: Stated::Nothing }
            }
            Cut::End { result, partial } => Piece::End { result: self.last.end(result), partial },
        }
    }
}

/// The last line of a stream, which may be an event of JSON that is cut, if these are asked for.
struct LastEvent {
    is_asked: bool,
    checked: Result<(), Error>,
}

impl LastEvent {
    fn new(wanted: Wanted) -> Self {
        Self { is_asked: wanted.json, checked: Ok(()) }
    }

    /// Looks at the lines that were made of a block; they may be the last.
    fn look_at(&mut self, lines: &[u8], cutter: &Cutter<'_>) {
        if self.is_asked && cutter.is_open() {
            self.checked = check_last_event(lines.strip_suffix(b"\n").unwrap_or(lines));
        }
    }

    /// How a stream ended.
    fn end(&mut self, result: io::Result<()>) -> Result<(), Error> {
        result.map_err(Error::from).and(std::mem::replace(&mut self.checked, Ok(())))
    }
}

/// Takes the lines of a message one by one, so that no record hides behind another. What begins as
/// an object is one, on whatever lines it stands.
fn each_line(message: &[u8], mut take: impl FnMut(&[u8])) {
    let message = message.trim_ascii_end();
    if message.trim_ascii_start().starts_with(b"{") {
        return take(&on_one_line(message));
    }
    // As good as all messages are a line.
    if memchr(b'\n', message).is_none() {
        return take(message);
    }
    for line in message.split(|&byte| byte == b'\n') {
        take(line.strip_suffix(b"\r").unwrap_or(line));
    }
}

/// A text with blanks where lines end in it.
fn on_one_line(text: &[u8]) -> Cow<'_, [u8]> {
    let is_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
    if memchr2(b'\n', b'\r', text).is_none() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.iter().map(|byte| if is_end(byte) { b' ' } else { *byte }).collect())
}

/// A text as a word of a line; none for a text that is empty.
fn one_word(text: &str) -> Option<Cow<'_, str>> {
    let is_word = |byte: u8| byte > b' ' && byte != 0x7f;
    if text.bytes().all(is_word) && !text.starts_with('#') {
        return Some(Cow::Borrowed(text)).filter(|word| !word.is_empty());
    }
    let mut word = String::with_capacity(text.len());
    for (at, character) in text.chars().enumerate() {
        match character {
            // A line has blanks between words, and a `#` begins a comment.
            '\0'..=' ' | '\x7f' => word.push_str(&format!("%{:02X}", character as u32)),
            '#' if at == 0 => word.push_str("%23"),
            _ => word.push(character),
        }
    }
    Some(Cow::Owned(word))
}

/// A reader that gives a few bytes at a time.
#[cfg(test)]
struct Trickle<'a>(&'a [u8], usize);

#[cfg(test)]
impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.1.min(buffer.len()).min(self.0.len());
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}
