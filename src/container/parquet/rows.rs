//! The rows of one row group, as blocks of lines.

use super::pages::{Fault, Pages};
use super::rare::Rare;
use super::spelling::{SPARE, Span};
use super::{Table, Wanted, damaged, guarded, place_of};
use crate::error::Error;
use crate::record::LINE_BYTES_MAX;
use crate::source::make_room;

/// Rows that are read at once. Their spans stay within a core's first-level cache.
const ROWS_MAX: usize = if cfg!(debug_assertions) { 5 } else { 1024 };

/// Bytes of a block at most. A column's dictionary is to stay in the second-level cache with it.
const BLOCK_BYTES_MAX: usize = 128 * 1024;

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
}

impl<'a> Group<'a> {
    pub(super) fn new(table: &'a Table, number: usize, block_bytes: usize) -> Self {
        let left = table.footer.row_group(number).num_rows() as u64;
        let first = table.firsts[number];
        let block_bytes = block_bytes.min(BLOCK_BYTES_MAX);
        Self { table, number, block_bytes, columns: None, left, rows: 0, row: 0, first }
    }

    /// Puts the next block into `buffer`, with the room after it that the scan needs.
    ///
    /// # Errors
    /// What is wrong with the row group, which has no more rows then.
    pub fn next(&mut self, buffer: &mut Vec<u8>) -> Result<Option<Rows>, Error> {
        let place = place_of(self.number);
        let before = self.first;
        let length = guarded(&place, || self.fill(buffer, &place)).map_err(|error| {
            let rows = self.left + (self.rows - self.row) as u64 + (self.first - before);
            match rows {
                0 => error,
                _ => Error::new(error.kind(), format!("{error}; {rows} rows of it are lost")),
            }
        })?;
        Ok((length > 0).then_some(Rows { length, before }))
    }

    fn fill(&mut self, buffer: &mut Vec<u8>, place: &str) -> Result<usize, Error> {
        if self.columns.is_none() {
            let columns = self.table.wanted.iter().map(|&wanted| self.open(wanted, place));
            self.columns = Some(columns.collect::<Result<_, _>>()?);
        }
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
        let Wanted { column, spelling } = wanted;
        let chunk = self.table.chunk(self.number, column)?;
        let group = self.table.footer.row_group(self.number);
        let (meta, rows) = (group.column(column), self.left as usize);
        let values = match self.table.is_usual(self.number, wanted) {
            true => Pages::new(chunk, meta, rows, spelling).map(Box::new).map(Values::Usual),
            false => Rare::new(chunk, meta, rows, spelling).map(Box::new).map(Values::Rare),
        };
        values.map_err(|fault| damaged(place, fault))
    }

    /// Reads rows of every column: no more than each has in its page.
    fn read(&mut self) -> Result<(), Fault> {
        let columns = self.columns.as_deref_mut().unwrap_or_default();
        let mut count = ROWS_MAX.min(usize::try_from(self.left).unwrap_or(usize::MAX));
        for column in &mut *columns {
            if let Values::Usual(pages) = column {
                count = count.min(pages.available()?);
            }
        }
        if count == 0 {
            return Err("fewer values than rows".into());
        }
        for column in columns {
            match column {
                Values::Usual(pages) => pages.read(count)?,
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
                && pages.available()? > 0
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
                let Span { start, length } = spans[row];
                let (start, length) = (start as usize, length as usize);
                let (from, to) = (&bytes[start..], &mut buffer[filled..]);
                // Texts that are short, as nearly all are, go at a fixed length.
                match (from.first_chunk::<SPARE>(), to.first_chunk_mut::<SPARE>()) {
                    (Some(from), Some(to)) if length <= SPARE => *to = *from,
                    _ => to[..length].copy_from_slice(&from[..length]),
                }
                filled += length;
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

impl Values {
    fn texts(&self) -> (&[u8], &[Span], usize) {
        match self {
            Self::Usual(pages) => pages.texts(),
            Self::Rare(rare) => rare.texts(),
        }
    }
}
