//! How much of a column the crate holds at once: it reads by rows. Each of them may have any number
//! of values, in a few bytes if they are all null, and there may be any number of rows in a page.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parquet::basic::Encoding;
use parquet::column::page::Page;

use super::header;
use super::hybrid::Hybrid;

/// Rows that are asked of the crate at once.
pub const ROWS: usize = 1024;

/// The most values of so many rows in all columns of lists. What the crate makes of one takes about
/// 100 bytes.
const VALUES_MAX: u64 = 1 << 20;

/// The values of lists in one column.
#[derive(Debug)]
pub struct Lists {
    /// Bits of a level that says whether a value begins a row; 0 if each does.
    width: u8,
    /// Rows that are held, and the values in them.
    rows: u64,
    values: u64,
    /// The most values that were held since a page began.
    most: u64,
    /// Bytes of the pages that are held.
    bytes: usize,
    /// The sum of those of all columns.
    all: Arc<AtomicU64>,
}

impl Lists {
    /// Nothing yet of a column with levels up to this one.
    pub fn new(level: i16, all: Arc<AtomicU64>) -> Self {
        let width = (i16::BITS - level.leading_zeros()) as u8;
        Self { width, rows: 0, values: 0, most: 0, bytes: 0, all }
    }

    /// Counts the values of a page.
    pub fn add(&mut self, page: &Page) -> Result<(), &'static str> {
        const ODD: &str = "levels of lists cannot be read";
        let buffer = page.buffer();
        self.bytes += buffer.len();
        if self.bytes > header::BYTES_MAX {
            return Err("values of more than 256 MiB in 1,024 rows");
        }
        let levels = match page {
            Page::DictionaryPage { .. } => {
                self.bytes = 0;
                return Ok(());
            }
            _ if self.width == 0 => {
                self.pass(0, page.num_values().into(), buffer.len());
                return Ok(());
            }
            Page::DataPage { rep_level_encoding: Encoding::RLE, .. } => {
                let length = buffer.first_chunk().ok_or(ODD)?;
                4..4 + u32::from_le_bytes(*length) as usize
            }
            Page::DataPage { .. } => return Err(ODD),
            Page::DataPageV2 { rep_levels_byte_len, .. } => 0..*rep_levels_byte_len as usize,
        };
        if levels.end > buffer.len() {
            return Err(ODD);
        }
        let mut levels = Hybrid::new(buffer.slice(levels), self.width).ok_or(ODD)?;
        let before = std::mem::replace(&mut self.most, self.values);
        let mut left = page.num_values() as usize;
        while left > 0 {
            let (level, count) = levels.next_same(left).ok_or(ODD)?;
            left -= count;
            self.pass(level, count as u64, buffer.len());
        }
        let all = self.all.fetch_add(self.most, Ordering::Relaxed) + self.most - before;
        self.all.fetch_sub(before, Ordering::Relaxed);
        if all > VALUES_MAX {
            return Err("lists of more than 1,048,576 values in 1,024 rows");
        }
        Ok(())
    }

    /// Counts as many values of one level, in a page of so many bytes.
    fn pass(&mut self, level: u32, count: u64, bytes: usize) {
        const ROWS: u64 = self::ROWS as u64;
        self.values += count;
        if level == 0 {
            self.rows += count;
            if self.rows > ROWS {
                // Those before are done with; each of those that are left has one value so far.
                self.most = self.most.max(self.values - (self.rows - ROWS));
                self.bytes = bytes;
                self.rows = (self.rows - 1) % ROWS + 1;
                self.values = self.rows;
            }
        }
        self.most = self.most.max(self.values);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_those_of_the_pages_of_some_rows() {
        let page = |num_values, bytes: usize| Page::DataPage {
            buf: vec![0; bytes].into(),
            num_values,
            encoding: Encoding::PLAIN,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        let third = header::BYTES_MAX / 3;
        for (values, is_within) in [(100, false), (400, false), (512, true), (5000, true)] {
            let mut lists = Lists::new(0, Arc::default());
            let added = (0..9).try_for_each(|_| lists.add(&page(values, third)));
            assert_eq!(added.is_ok(), is_within, "{values}");
        }
        assert!(Lists::new(0, Arc::default()).add(&page(1, header::BYTES_MAX + 1)).is_err());
    }

    #[test]
    fn values_are_counted_by_rows() {
        // Levels in runs, and how many values 1,024 rows have at most.
        for (runs, most) in [
            (&[(0, 1), (1, 9)][..], 10),
            (&[(0, 1024)], 1024),
            (&[(0, 1024), (1, 5), (0, 1)], 1029),
            (&[(0, 1023), (1, 7), (0, 2), (1, 1000)], 1031),
            (&[(0, 1023), (1, 7), (0, 2), (1, 2000)], 2001),
            (&[(0, 10_000)], 1024),
            (&[(0, 5000), (1, 3), (0, 5000)], 1027),
        ] {
            let mut lists = Lists::new(1, Arc::default());
            runs.iter().for_each(|&(level, count)| lists.pass(level, count, 0));
            let mut one = Lists::new(1, Arc::default());
            for &(level, count) in runs {
                (0..count).for_each(|_| one.pass(level, 1, 0));
            }
            assert_eq!((lists.most, one.most), (most, most), "{runs:?}");
            assert_eq!((lists.rows, lists.values), (one.rows, one.values), "{runs:?}");
        }
    }
}
