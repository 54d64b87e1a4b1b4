//! Pages whose counts are looked at before the crate believes them: its readers of texts in deltas
//! lay out what a damaged count says, which no process survives.

use parquet::basic::Encoding;
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::schema::types::ColumnDescriptor;

/// The most texts of a page in deltas; writers put 20,000 or so values into one.
const TEXTS_MAX: u64 = 1 << 24;

/// The pages of a column, of which damaged ones are refused.
pub struct Counted<R> {
    pages: R,
    /// How many kinds of levels its values have.
    levels: usize,
}

impl<R: PageReader> Counted<R> {
    /// The pages of a reader of this column.
    pub fn new(pages: R, column: &ColumnDescriptor) -> Self {
        let levels = [column.max_rep_level(), column.max_def_level()];
        Self { pages, levels: levels.into_iter().filter(|level| *level > 0).count() }
    }

    /// Whether the counts of a page are as many as it may have.
    fn is_sound(&self, page: &Page) -> bool {
        let (levels, lists) = match page.encoding() {
            // Lengths of what is shared with the text before, lengths of the rest.
            Encoding::DELTA_BYTE_ARRAY => (self.levels(page), 2),
            Encoding::DELTA_LENGTH_BYTE_ARRAY => (self.levels(page), 1),
            _ => return true,
        };
        let most = TEXTS_MAX.min(page.num_values().into());
        let mut data = levels.and_then(|levels| page.buffer().get(levels..));
        for _ in 0..lists {
            data = data.and_then(|data| after_deltas(data, most));
        }
        data.is_some()
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
}

/// What stands behind numbers in deltas (DELTA_BINARY_PACKED); none if they are more than `most`.
fn after_deltas(data: &[u8], most: u64) -> Option<&[u8]> {
    let mut at = 0;
    let mut number = || {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = *data.get(at)?;
            at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some((value, at));
            }
        }
        None
    };
    let ((block, _), (parts, _), (count, _)) = (number()?, number()?, number()?);
    let (_, mut at) = number()?;
    if count > most || parts == 0 || parts > block {
        return None;
    }
    let (part, parts) = (block / parts, usize::try_from(parts).ok()?);
    let mut left = count.saturating_sub(1);
    while left > 0 {
        let rest = data.get(at..)?;
        // The smallest delta of a block, and how wide the others are in each part.
        at += rest.iter().position(|byte| *byte < 0x80)? + 1;
        let widths = data.get(at..)?.get(..parts)?;
        at += parts;
        for width in widths {
            if left == 0 {
                break;
            }
            let bytes = part.checked_mul(u64::from(*width))? / 8;
            at = at.checked_add(usize::try_from(bytes).ok()?)?;
            left = left.saturating_sub(part);
        }
    }
    // The last part may be cut.
    Some(data.get(at..).unwrap_or_default())
}

impl<R: PageReader> Iterator for Counted<R> {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Result<Page>> {
        self.get_next_page().transpose()
    }
}

impl<R: PageReader> PageReader for Counted<R> {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        match self.pages.get_next_page()? {
            Some(page) if !self.is_sound(&page) => {
                Err(ParquetError::General("a page of texts in deltas is damaged".to_owned()))
            }
            page => Ok(page),
        }
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_deltas_end_where_they_end() {
        // Blocks of 128 numbers in four parts: 1, then 33 numbers of 3 bits.
        let mut data = vec![0x80, 1, 4, 34, 2, 0, 3, 3, 0, 0];
        data.resize(data.len() + 2 * 32 * 3 / 8, 7);
        data.extend(b"rest");
        assert_eq!(after_deltas(&data, 34), Some(&b"rest"[..]));
        assert_eq!(after_deltas(&data, 33), None);
        assert_eq!(after_deltas(&[0x80, 1, 4, 0, 0, 9], 0), Some(&[9][..]));
        let huge = [0x80, 1, 4, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0];
        assert_eq!(after_deltas(&huge, TEXTS_MAX), None);
        for damaged in [&[][..], &[0x80], &[0, 0, 9, 0], &[1, 4, 9, 0], &data[..8]] {
            assert_eq!(after_deltas(damaged, TEXTS_MAX), None, "{damaged:?}");
        }
    }
}
