//! Parquet files that were put one after the other, as `cat` does. The last one's footer counts
//! places from its own beginning, where now the first file is: its values would be taken for those
//! of the last, and nothing else would tell.

use memchr::memmem;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};

use super::compact::Compact;
use super::footer::{BYTES_MIN, elements};
use crate::error::{Error, ErrorKind};
use crate::source::RangedFile;

/// The end of a file and the beginning of the next one; the length of a footer stands before.
const SEAM: &[u8] = b"PAR1PAR1";

/// Bytes that are searched at once.
const BYTES_SEARCHED: usize = if cfg!(test) { 64 } else { 1 << 20 };

/// Bytes that show that a footer begins: its version, and how many elements its schema has.
const BEGIN_BYTES: usize = 16;

/// Checks that a file, whose last footer begins at `start`, is one.
///
/// Of what a file has before its footer some may be in no account: padding, filters of some
/// writers, indexes of others. If there are files before it, it is as much as these at least, and
/// they end within the first bytes that are as many.
pub fn check(file: &RangedFile, footer: &ParquetMetaData, start: u64) -> Result<(), Error> {
    let chunks = footer.row_groups().iter().flat_map(|group| group.columns());
    let known = chunks.map(end_of).max().unwrap_or(4);
    let unknown = start.saturating_sub(known);
    if unknown < BYTES_MIN || !has_seam(file, unknown)? {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Container,
        "Parquet files one after the other, expected one: give each by its own name",
    ))
}

/// Where the last byte is that is known to belong to a column.
fn end_of(column: &ColumnChunkMetaData) -> u64 {
    let pages = column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset());
    let parts = [
        (Some(pages), Some(column.compressed_size())),
        (column.column_index_offset(), column.column_index_length().map(i64::from)),
        (column.offset_index_offset(), column.offset_index_length().map(i64::from)),
        (column.bloom_filter_offset(), column.bloom_filter_length().map(i64::from)),
    ];
    let end = |(start, length): (Option<i64>, Option<i64>)| {
        u64::try_from(start?.checked_add(length.unwrap_or(0))?).ok()
    };
    parts.into_iter().filter_map(end).max().unwrap_or(0)
}

/// Whether a file ends and another one begins within the first bytes.
fn has_seam(file: &RangedFile, bytes: u64) -> Result<bool, Error> {
    let mut buffer = vec![0; BYTES_SEARCHED + SEAM.len()];
    let mut at = 0;
    while at < bytes {
        let length = file.read_at(&mut buffer, at)?;
        for found in memmem::find_iter(&buffer[..length], SEAM) {
            if ends_file(file, at + found as u64)? {
                return Ok(true);
            }
        }
        at += BYTES_SEARCHED as u64;
    }
    Ok(false)
}

/// Whether a footer and its length are before a place.
fn ends_file(file: &RangedFile, place: u64) -> Result<bool, Error> {
    let Some(end) = place.checked_sub(4) else { return Ok(false) };
    let mut length = [0; 4];
    if file.read_at(&mut length, end)? < length.len() {
        return Ok(false);
    }
    let length = u64::from(u32::from_le_bytes(length));
    let Some(start) = end.checked_sub(length).filter(|&start| start >= 4) else {
        return Ok(false);
    };
    let mut begin = [0; BEGIN_BYTES];
    let read = file.read_at(&mut begin, start)?;
    Ok(elements(&mut Compact::new(&begin[..read])).is_some())
}
