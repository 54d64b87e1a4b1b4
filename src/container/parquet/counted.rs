//! Pages whose counts are looked at before the crate believes them: its readers lay out what a
//! damaged count says, which no process survives.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use bytes::Bytes;
use parquet::basic::{Encoding, Type};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::schema::types::ColumnDescriptor;

use super::deltas;
use super::fit::Shape;
use super::lists::Lists;

/// The most texts of a page in deltas, and values of a dictionary; writers put 20,000 or so values
/// into a page.
const VALUES_MAX: u64 = 1 << 24;

/// The most bytes that the texts of a page have in common with those before, all added up: each is
/// laid out whole.
const SHARED_BYTES_MAX: u64 = if cfg!(test) { 1 << 16 } else { 1 << 28 };

/// The most bits of a value of fixed length where such are put together: 4 KiB.
const FIXED_BITS_MAX: u64 = 8 * 4096;

/// The pages of a column, of which damaged ones are refused.
pub struct Counted<R> {
    pages: R,
    /// How many kinds of levels its values have.
    levels: usize,
    /// Of its values; the bits are the fewest of one that stands alone.
    shape: Shape,
    has_dictionary: bool,
    lists: Lists,
    /// Pages that were read but not given yet.
    ahead: VecDeque<Page>,
}

impl<R: PageReader> Counted<R> {
    /// The pages of a reader of this column. `lists` has the values of lists in all columns that
    /// are read beside each other.
    pub fn new(pages: R, column: &ColumnDescriptor, lists: &Arc<AtomicU64>) -> Self {
        let lists = Lists::new(column.max_rep_level(), Arc::clone(lists));
        let largest = [column.max_rep_level(), column.max_def_level()];
        let levels = largest.into_iter().filter(|level| *level > 0).count();
        let kind = column.physical_type();
        let bits = match kind {
            Type::BOOLEAN => 1,
            // A text has its length before it.
            Type::INT32 | Type::FLOAT | Type::BYTE_ARRAY => 32,
            Type::INT64 | Type::DOUBLE => 64,
            Type::INT96 => 96,
            Type::FIXED_LEN_BYTE_ARRAY => {
                u64::try_from(column.type_length()).map_or(u64::MAX, |bytes| 8 * bytes.max(1))
            }
        };
        let (has_dictionary, ahead) = (false, VecDeque::new());
        let shape = Shape { levels: largest, kind, bits };
        Self { pages, levels, shape, has_dictionary, lists, ahead }
    }

    /// What is wrong with the counts of a page.
    fn fault(&self, page: &Page) -> Option<&'static str> {
        let count = u64::from(page.num_values());
        if page.is_dictionary_page() {
            let bits = 8 * page.buffer().len() as u64;
            let is_sound = count <= VALUES_MAX && count.saturating_mul(self.shape.bits) <= bits;
            return (!is_sound).then_some("a dictionary without the values that it counts");
        }
        let data = self.levels(page).and_then(|levels| page.buffer().get(levels..));
        let lengths = |data| deltas::sum(data, VALUES_MAX.min(count));
        let shared = match page.encoding() {
            // Lengths of what is shared with the text before, lengths of the rest.
            Encoding::DELTA_BYTE_ARRAY => {
                data.and_then(lengths).and_then(|(shared, rest)| lengths(rest).map(|_| shared))
            }
            Encoding::DELTA_LENGTH_BYTE_ARRAY => data.and_then(lengths).map(|_| 0),
            Encoding::BYTE_STREAM_SPLIT if self.shape.kind == Type::FIXED_LEN_BYTE_ARRAY => {
                return (self.shape.bits > FIXED_BITS_MAX)
                    .then_some("values of more than 4 KiB each");
            }
            _ => return None,
        };
        match shared {
            None => Some("a page of texts in deltas is damaged"),
            Some(shared) if shared > SHARED_BYTES_MAX => {
                Some("a page of texts that share more than 256 MiB")
            }
            Some(_) => None,
        }
    }

    /// The bytes of levels before the values.
    fn levels(&self, page: &Page) -> Option<usize> {
        match page {
            Page::DataPageV2 { def_levels_byte_len, rep_levels_byte_len, .. } => {
                Some(*def_levels_byte_len as usize + *rep_levels_byte_len as usize)
            }
            _ => (0..self.levels).try_fold(0, |at, _| {
                let length = page.buffer().get(at..)?.first_chunk()?;
                Some(at + 4 + u32::from_le_bytes(*length) as usize)
            }),
        }
    }

    /// Puts what the crate wants around a page of places in a dictionary. A page without any value
    /// may lack their width, and a column without any may lack the dictionary.
    fn complete(&mut self, mut page: Page) {
        let is_places =
            matches!(page.encoding(), Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY);
        if page.is_dictionary_page() {
            self.has_dictionary = true;
        } else if is_places {
            let is_empty = self.levels(&page) == Some(page.buffer().len());
            if let Page::DataPage { buf, .. } | Page::DataPageV2 { buf, .. } = &mut page
                && is_empty
            {
                *buf = [&buf[..], &[0]].concat().into();
            }
            if !std::mem::replace(&mut self.has_dictionary, true) {
                self.ahead.push_back(Page::DictionaryPage {
                    buf: Bytes::new(),
                    num_values: 0,
                    encoding: Encoding::PLAIN,
                    is_sorted: false,
                });
            }
        }
        self.ahead.push_back(page);
    }

    /// The next page, which stays.
    fn peek(&mut self) -> Result<Option<&Page>> {
        if self.ahead.is_empty()
            && let Some(page) = self.pages.get_next_page()?
        {
            let fault = self.fault(&page).or_else(|| self.shape.fault(&page));
            let counted = fault.map_or_else(|| self.lists.add(&page), Err);
            counted.map_err(|fault| ParquetError::General(fault.to_owned()))?;
            self.complete(page);
        }
        Ok(self.ahead.front())
    }
}

impl<R: PageReader> Iterator for Counted<R> {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Result<Page>> {
        self.get_next_page().transpose()
    }
}

impl<R: PageReader> PageReader for Counted<R> {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        self.peek()?;
        Ok(self.ahead.pop_front())
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        Ok(self.peek()?.map(|page| PageMetadata {
            num_rows: match page {
                Page::DataPageV2 { num_rows, .. } => Some(*num_rows as usize),
                _ => None,
            },
            num_levels: page.is_data_page().then_some(page.num_values() as usize),
            is_dict: page.is_dictionary_page(),
        }))
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.get_next_page().map(drop)
    }
}
