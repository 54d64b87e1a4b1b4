//! The text of a table, watched while it is read: rows are not too long, and no quote stands where
//! none may be.
//!
//! A reader of rows takes whatever quotes there are, and a quote that is left open takes the rows
//! after it, up to the next quote or the end. Either shows: after a quote that ends a value comes
//! what parts values or rows, and no quote is open at the end.

use std::collections::VecDeque;
use std::io::{self, Read};

use memchr::{memchr, memchr2};

use crate::container::Failing;
use crate::error::{Error, ErrorKind};
use crate::record::LINE_BYTES_MAX;

/// What a row may take. A quote that is never closed would take all that follows.
const ROW_BYTES_MAX: u64 = 4 * LINE_BYTES_MAX as u64;
/// The byte order mark that spreadsheets put before a text.
pub const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A text of rows that are not too long, and what is known of its quotes.
pub struct Watched<'a> {
    text: Box<dyn Read + 'a>,
    /// Bytes read since the row began.
    taken: u64,
    /// Whether lines end with a carriage return and a newline; the first one says so.
    is_crlf: Option<bool>,
    last: u8,
    quotes: Quotes,
    has_ended: bool,
}

impl<'a> Watched<'a> {
    /// A text, its byte order mark left out.
    pub fn new(text: Box<dyn Read + 'a>, delimiter: u8) -> Self {
        Self {
            text: unmarked(text),
            taken: 0,
            is_crlf: None,
            last: 0,
            quotes: Quotes::new(delimiter),
            has_ended: false,
        }
    }

    /// Another row begins.
    pub fn begin_row(&mut self) {
        self.taken = 0;
    }

    /// Whether lines end with a carriage return and a newline.
    pub fn is_crlf(&self) -> bool {
        self.is_crlf == Some(true)
    }

    /// Whether the text ended, and no newline ends its last row.
    pub fn lacks_newline(&self) -> bool {
        self.has_ended && (self.quotes.last != b'\n' || self.is_cut())
    }

    /// Whether the row that ends here, the next one to be asked of, has a quote where none may be.
    pub fn is_broken(&mut self, end: u64) -> bool {
        takes_until(&mut self.quotes.broken, end) || self.is_cut()
    }

    /// Whether the row that ends here, the next one to be asked of, begins with a `#` in quotes.
    pub fn is_quoted(&mut self, end: u64) -> bool {
        takes_until(&mut self.quotes.marks, end)
    }

    /// Whether the text ended, and left a quote open.
    pub fn is_cut(&self) -> bool {
        self.has_ended && self.quotes.is_open && !self.quotes.may_close
    }
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken > ROW_BYTES_MAX {
            let text = format!(
                "a row of more than {} MiB; is a quote left open?",
                ROW_BYTES_MAX / (1 << 20)
            );
            return Err(io::Error::other(Error::new(ErrorKind::Container, text)));
        }
        let count = self.text.read(buffer)?;
        self.taken += count as u64;
        self.has_ended = count == 0;
        if self.is_crlf.is_none() {
            if let Some(newline) = memchr(b'\n', &buffer[..count]) {
                let before = newline.checked_sub(1).map_or(self.last, |at| buffer[at]);
                self.is_crlf = Some(before == b'\r');
            }
            self.last = buffer[..count].last().copied().unwrap_or(self.last);
        }
        self.quotes.look_at(&buffer[..count]);
        Ok(count)
    }
}

/// Takes away the places before this one, and says whether there were some.
fn takes_until(places: &mut VecDeque<u64>, end: u64) -> bool {
    let before = places.partition_point(|&at| at < end);
    places.drain(..before).len() > 0
}

/// A text without its byte order mark.
fn unmarked<'a>(mut text: Box<dyn Read + 'a>) -> Box<dyn Read + 'a> {
    let mut start = Vec::new();
    let fault = text.by_ref().take(BYTE_ORDER_MARK.len() as u64).read_to_end(&mut start).err();
    if start == BYTE_ORDER_MARK {
        start.clear();
    }
    Box::new(io::Cursor::new(start).chain(Failing(fault)).chain(text))
}

/// The quotes of a text, as the reader of rows takes them.
struct Quotes {
    delimiter: u8,
    /// Bytes looked at.
    seen: u64,
    /// The last one of them; a text begins as a line does.
    last: u8,
    is_open: bool,
    /// Whether the last byte is a quote that closes a value, if it is not the first of two.
    may_close: bool,
    /// Places of quotes that are closed before their value ends, one of a row at most.
    broken: VecDeque<u64>,
    /// Whether a row has ended since the last of them.
    is_other_row: bool,
    /// Whether the last byte is a quote that a row begins with.
    begins_row: bool,
    /// Places of `#` after such quotes: there it begins no comment.
    marks: VecDeque<u64>,
}

impl Quotes {
    fn new(delimiter: u8) -> Self {
        Self {
            delimiter,
            seen: 0,
            last: b'\n',
            is_open: false,
            may_close: false,
            broken: VecDeque::new(),
            is_other_row: true,
            begins_row: false,
            marks: VecDeque::new(),
        }
    }

    /// Looks at the next bytes of the text.
    fn look_at(&mut self, text: &[u8]) {
        let mut from = 0;
        while from < text.len() {
            if std::mem::take(&mut self.begins_row) && text[from] == b'#' {
                self.marks.push_back(self.seen + from as u64);
            }
            if std::mem::take(&mut self.may_close) {
                match text[from] {
                    b'"' => from += 1,
                    after => self.close(self.seen + from as u64 - 1, after),
                }
            }
            let quote = memchr(b'"', &text[from..]).map(|at| from + at);
            let end = quote.unwrap_or(text.len());
            if !self.is_open && !self.is_other_row {
                self.is_other_row = memchr2(b'\n', b'\r', &text[from..end]).is_some();
            }
            let Some(at) = quote else { break };
            match self.is_open {
                true => self.may_close = true,
                // Within a value it is a byte like any other.
                false => {
                    let before = at.checked_sub(1).map_or(self.last, |at| text[at]);
                    self.begins_row = matches!(before, b'\n' | b'\r');
                    self.is_open = self.begins_row || before == self.delimiter;
                }
            }
            from = at + 1;
        }
        self.seen += text.len() as u64;
        self.last = text.last().copied().unwrap_or(self.last);
    }

    /// Closes a value at a quote that this byte follows. Blanks may stand between values.
    fn close(&mut self, at: u64, after: u8) {
        self.is_open = false;
        let is_end = after == self.delimiter || matches!(after, b' ' | b'\t' | b'\r' | b'\n');
        if !is_end && std::mem::take(&mut self.is_other_row) {
            self.broken.push_back(at);
        }
    }
}
