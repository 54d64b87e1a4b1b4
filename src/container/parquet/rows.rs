//! The rows of one row group, as blocks of lines.

use super::ocsf::Events;
use super::pages::{Fault, Pages, Wish};
use super::rare::Rare;
use super::spelling::{SPARE, Span};
use super::values::Role;
use super::{Table, Wanted, damaged, guarded, place_of};
use crate::container::Decoded;
use crate::error::Error;
use crate::record::LINE_BYTES_MAX;
use crate::scan::{Level, Scanner};
use crate::source::make_room;

/// Rows that are read at once. Their spans stay within a core's first-level cache.
const ROWS_MAX: usize = if cfg!(debug_assertions) { 5 } else { 1024 };

/// Bytes that the lines of rows that are read at once may have, as far as dictionaries tell: one
/// text of 1 MiB, a few bytes of a file, may stand in every row.
const ROWS_BYTES_MAX: usize = 8 * LINE_BYTES_MAX;

/// Bytes of a block at most. A column's dictionary is to stay in the second-level cache with it.
const BLOCK_BYTES_MAX: usize = 128 * 1024;

/// Decoded rows of a block at most: their values are to stay in that cache too.
const BLOCK_ROWS_MAX: usize = 8 * ROWS_MAX;

/// A row group that is being read.
pub struct Group<'a> {
    table: &'a Table,
    number: usize,
    block_bytes: usize,
    /// None until the first row is asked for.
    columns: Option<Vec<Values>>,
    /// Rows that are still to be read.
    left: u64,
    /// Rows that are read, and how many of them are lines already.
    rows: usize,
    row: usize,
    /// The number of the next row in the file.
    first: u64,
    /// Whether rows are decoded.
    is_decoded: bool,
    scanner: Scanner,
    /// Those of the rows that were read which are not regular.
    aside: Vec<u32>,
    /// Their lines.
    lines: Vec<u8>,
    /// The rows, if its columns are nested.
    events: Option<Events<'a>>,
}

/// A column's values.
enum Values {
    Usual(Box<Pages>),
    Rare(Box<Rare>),
}

/// A block of rows.
#[derive(Debug)]
pub struct Rows {
    /// Bytes of lines.
    pub length: usize,
    /// Rows of the file before it.
    pub before: u64,
    /// The first of them, if they are decoded.
    pub decoded: Option<Box<Decoded>>,
}

impl<'a> Group<'a> {
    pub(super) fn new(table: &'a Table, number: usize, block_bytes: usize, level: Level) -> Self {
        let left = table.footer.row_group(number).num_rows() as u64;
        let first = table.firsts[number];
        let block_bytes = block_bytes.min(BLOCK_BYTES_MAX);
        let activity = table.activity.as_ref();
        let events = activity.map(|activity| Events::new(table, activity, number, block_bytes));
        let is_usual = |&wanted: &Wanted| table.is_usual(number, wanted);
        let is_decoded = table.is_decodable && table.wanted.iter().all(is_usual);
        Self {
            table,
            number,
            block_bytes,
            columns: None,
            left,
            rows: 0,
            row: 0,
            first,
            is_decoded,
            scanner: Scanner::new(level),
            aside: Vec::new(),
            lines: Vec::new(),
            events,
        }
    }

    /// Puts the next block into `buffer`, with the room after it that the scan needs.
    ///
    /// # Errors
    /// What is wrong with the row group, which has no more rows then.
    pub fn next(&mut self, buffer: &mut Vec<u8>) -> Result<Option<Rows>, Error> {
        if let Some(events) = &mut self.events {
            return events.next(buffer);
        }
        let place = place_of(self.number);
        let before = self.first;
        let mut decoded = self.is_decoded.then(Box::<Decoded>::default);
        let filled = guarded(&place, || match &mut decoded {
            Some(decoded) => self.fill_decoded(buffer, decoded, &place),
            None => self.fill(buffer, &place),
        });
        let length = filled.map_err(|error| {
            let rows = self.left + (self.rows - self.row) as u64 + (self.first - before);
            match rows {
                0 => error,
                _ => Error::new(error.kind(), format!("{error}; {rows} rows of it are lost")),
            }
        })?;
        Ok((length > 0).then_some(Rows { length, before, decoded }))
    }

    fn open_columns(&mut self, place: &str) -> Result<(), Error> {
        if self.columns.is_none() {
            let columns = self.table.wanted.iter().map(|&wanted| self.open(wanted, place));
            self.columns = Some(columns.collect::<Result<_, _>>()?);
        }
        Ok(())
    }

    fn fill(&mut self, buffer: &mut Vec<u8>, place: &str) -> Result<usize, Error> {
        self.open_columns(place)?;
        let mut filled = 0;
        while filled < self.block_bytes {
            if self.row == self.rows {
                if self.left == 0 {
                    if filled == 0 {
                        self.check_end().map_err(|fault| damaged(place, fault))?;
                    }
                    break;
                }
                self.read().map_err(|fault| damaged(place, fault))?;
            }
            filled = self.write(buffer, filled);
        }
        Ok(filled)
    }

    fn open(&self, wanted: Wanted, place: &str) -> Result<Values, Error> {
        let Wanted { column, spelling, role, is_text } = wanted;
        let role = if self.is_decoded { role } else { Role::Text };
        let wish = Wish { spelling, role, is_text };
        let chunk = self.table.chunk(self.number, column)?;
        let group = self.table.footer.row_group(self.number);
        let (meta, rows) = (group.column(column), self.left as usize);
        let values = match self.table.is_usual(self.number, wanted) {
            true => Pages::new(chunk, meta, rows, wish).map(Box::new).map(Values::Usual),
            false => Rare::new(chunk, meta, rows, spelling).map(Box::new).map(Values::Rare),
        };
        values.map_err(|fault| damaged(place, fault))
    }

    /// Reads rows of every column: no more than each has in its page, and few if texts are long.
    fn read(&mut self) -> Result<(), Fault> {
        let columns = self.columns.as_deref_mut().unwrap_or_default();
        let mut count = ROWS_MAX.min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let mut line_bytes = 1;
        for column in &mut *columns {
            if let Values::Usual(pages) = column {
                count = count.min(pages.available(&mut self.scanner)?);
                line_bytes += pages.known_bytes_max();
            }
        }
        count = count.min(ROWS_BYTES_MAX.div_ceil(line_bytes));
        if count == 0 {
            return Err("fewer values than rows".into());
        }
        for column in columns {
            match column {
                Values::Usual(pages) => pages.read(count, &mut self.scanner)?,
                Values::Rare(rare) => rare.read(count)?,
            }
        }
        self.left -= count as u64;
        (self.rows, self.row) = (count, 0);
        Ok(())
    }

    /// Checks that no column has more values.
    fn check_end(&mut self) -> Result<(), Fault> {
        for column in self.columns.as_deref_mut().unwrap_or_default() {
            if let Values::Usual(pages) = column
                && pages.available(&mut self.scanner)? > 0
            {
                return Err("more values than rows".into());
            }
        }
        Ok(())
    }

    /// Writes the rows that are read as lines, until the block is full; returns its length.
    fn write(&mut self, buffer: &mut Vec<u8>, mut filled: usize) -> usize {
        let columns = self.columns.as_deref().unwrap_or_default();
        let texts: Vec<(&[u8], &[Span])> = columns
            .iter()
            .map(|column| {
                let (bytes, spans, _) = column.texts();
                (bytes, &spans[..self.rows])
            })
            .collect();
        let line_bytes_max: usize = columns.iter().map(|column| column.texts().2).sum();
        make_room(buffer, self.block_bytes + line_bytes_max + SPARE);
        let (mut row, rows, block_bytes) = (self.row, self.rows, self.block_bytes);
        while row < rows && filled < block_bytes {
            let start = filled;
            for (bytes, spans) in &texts {
                filled += copy(bytes, spans[row], buffer, filled);
            }
            // A line that is too long is cut, and so it is one that is too long.
            filled = filled.min(start + LINE_BYTES_MAX + 1);
            buffer[filled - 1] = b'\n';
            row += 1;
        }
        self.first += (row - self.row) as u64;
        self.row = row;
        filled
    }
}

/// Rows that are decoded.
impl Group<'_> {
    /// Fills a block with the values of regular rows, and lines of what they have as text; then the
    /// lines of all others.
    fn fill_decoded(
        &mut self,
        buffer: &mut Vec<u8>,
        decoded: &mut Decoded,
        place: &str,
    ) -> Result<usize, Error> {
        self.open_columns(place)?;
        let before = self.first;
        let mut filled = 0;
        self.lines.clear();
        self.begin(decoded);
        while filled + self.lines.len() < self.block_bytes
            && ((self.first - before) as usize) < BLOCK_ROWS_MAX
        {
            if self.left == 0 {
                if self.first == before {
                    self.check_end().map_err(|fault| damaged(place, fault))?;
                }
                break;
            }
            self.read().map_err(|fault| damaged(place, fault))?;
            self.set_aside();
            self.push_values(decoded);
            filled = self.write_texts(buffer, filled);
            self.write_others();
            let first = (self.first - before) as u32;
            decoded.rows += self.rows - self.aside.len();
            decoded.others.extend(self.aside.iter().map(|row| first + row));
            self.first += self.rows as u64;
            self.row = self.rows;
        }
        let length = filled + self.lines.len();
        make_room(buffer, length);
        buffer[filled..length].copy_from_slice(&self.lines);
        Ok(length)
    }

    fn usual(&self) -> impl Iterator<Item = &Pages> {
        self.columns.iter().flatten().filter_map(|values| match values {
            Values::Usual(pages) => Some(&**pages),
            Values::Rare(_) => None,
        })
    }

    /// Makes room for the values of a block.
    fn begin(&self, decoded: &mut Decoded) {
        for (column, pages) in self.usual().enumerate() {
            match pages.role() {
                Role::Address => decoded.addresses.push(Vec::with_capacity(BLOCK_ROWS_MAX)),
                Role::Number(_) => {
                    decoded.numbers.push((column, Vec::with_capacity(BLOCK_ROWS_MAX)));
                }
                Role::Text | Role::Status => {}
            }
        }
    }

    fn set_aside(&mut self) {
        let mut aside = std::mem::take(&mut self.aside);
        aside.clear();
        self.usual().for_each(|pages| pages.set_aside(&mut aside));
        aside.sort_unstable();
        aside.dedup();
        self.aside = aside;
    }

    fn push_values(&self, decoded: &mut Decoded) {
        let mut addresses = decoded.addresses.iter_mut();
        let mut numbers = decoded.numbers.iter_mut();
        for pages in self.usual() {
            match pages.role() {
                Role::Address => {
                    let values = addresses.next().expect("one for each such column");
                    extend_but(values, &pages.values().addresses, &self.aside);
                }
                Role::Number(_) => {
                    let (_, values) = numbers.next().expect("one for each such column");
                    extend_but(values, &pages.values().numbers, &self.aside);
                }
                Role::Text | Role::Status => {}
            }
        }
    }

    /// Writes the texts of the regular rows as lines; returns the block's length.
    fn write_texts(&self, buffer: &mut Vec<u8>, mut filled: usize) -> usize {
        let has_texts = self.table.wanted.iter().filter(|wanted| wanted.has_texts()).count();
        let texts = self.usual().take(has_texts).map(Pages::texts);
        let texts: Vec<(&[u8], &[Span], usize)> = texts.collect();
        // These stand for the decoded values, and the last one becomes the line's end.
        let blanks = self.table.wanted.len() - has_texts;
        let longest: usize = texts.iter().map(|(_, _, longest)| longest).sum();
        let line_bytes_max = longest + blanks;
        let mut aside = self.aside.iter().map(|&row| row as usize).peekable();
        for row in 0..self.rows {
            if aside.next_if_eq(&row).is_some() {
                continue;
            }
            make_room(buffer, filled + line_bytes_max + SPARE);
            for (bytes, spans, _) in &texts {
                filled += copy(bytes, spans[row], buffer, filled);
            }
            if blanks <= SPARE {
                buffer[filled..][..SPARE].copy_from_slice(&[b' '; SPARE]);
            } else {
                buffer[filled..][..blanks].fill(b' ');
            }
            filled += blanks;
            buffer[filled - 1] = b'\n';
        }
        filled
    }

    /// Writes the lines of the rows that are not regular.
    fn write_others(&mut self) {
        let mut lines = std::mem::take(&mut self.lines);
        for &row in &self.aside {
            let start = lines.len();
            self.usual().for_each(|pages| pages.push_text(row as usize, &mut lines));
            // A line that is too long is cut, and so it is one that is too long.
            lines.truncate(start + LINE_BYTES_MAX + 1);
            let last = lines.len() - 1;
            lines[last] = b'\n';
        }
        self.lines = lines;
    }
}

/// Copies a text to where a line goes on; returns its length.
#[inline]
fn copy(bytes: &[u8], span: Span, line: &mut [u8], at: usize) -> usize {
    let (start, length) = (span.start as usize, span.length as usize);
    let (from, to) = (&bytes[start..], &mut line[at..]);
    // Texts that are short, as nearly all are, go at a fixed length.
    match (from.first_chunk::<SPARE>(), to.first_chunk_mut::<SPARE>()) {
        (Some(from), Some(to)) if length <= SPARE => *to = *from,
        _ => to[..length].copy_from_slice(&from[..length]),
    }
    length
}

/// Adds all values but those at `positions`, which are in order and without repetition.
fn extend_but<T: Copy>(target: &mut Vec<T>, values: &[T], positions: &[u32]) {
    let mut from = 0;
    for &position in positions {
        target.extend_from_slice(&values[from..position as usize]);
        from = position as usize + 1;
    }
    target.extend_from_slice(&values[from..]);
}

impl Values {
    fn texts(&self) -> (&[u8], &[Span], usize) {
        match self {
            Self::Usual(pages) => pages.texts(),
            Self::Rare(rare) => rare.texts(),
        }
    }
}
