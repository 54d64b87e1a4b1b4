//! Whether what is in a page fits together: its levels, its values and what its header counts. The
//! crate takes what it needs of a page, whatever else there is; a level that was changed moves
//! values to other rows, or loses them.

use bytes::Bytes;
use parquet::basic::{Encoding, Type};
use parquet::column::page::Page;

use super::deltas;
use super::hybrid::Hybrid;
use super::pages::{MORE, ODD_NULLS};

/// What a page has to fit to.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// The largest levels, of repetition and of definition.
    pub levels: [i16; 2],
    pub kind: Type,
    /// The bits of a value of fixed length.
    pub bits: u64,
}

/// Levels that are read at once.
const LEVELS_READ: usize = 256;

impl Shape {
    /// What does not fit in a page of values.
    pub fn fault(self, page: &Page) -> Option<&'static str> {
        let count = page.num_values() as usize;
        let mut rest = page.buffer().clone();
        let stated = match page {
            Page::DictionaryPage { .. } => return None,
            // Levels of old are what the crate makes of them.
            Page::DataPage { rep_level_encoding, def_level_encoding, .. } => {
                let (rle, [repeated, defined]) = (Encoding::RLE, self.levels);
                let is_usual = (repeated == 0 || *rep_level_encoding == rle)
                    && (defined == 0 || *def_level_encoding == rle);
                if !is_usual {
                    return None;
                }
                None
            }
            Page::DataPageV2 {
                num_nulls,
                num_rows,
                rep_levels_byte_len,
                def_levels_byte_len,
                ..
            } => Some((
                [*rep_levels_byte_len as usize, *def_levels_byte_len as usize],
                u64::from(*num_rows),
                u64::from(*num_nulls),
            )),
        };
        let mut found = [0; 2];
        for nth in 0..2 {
            let (most, length) = match stated {
                Some((lengths, ..)) => (self.levels[nth], lengths[nth]),
                None if self.levels[nth] == 0 => (0, 0),
                None => match rest.split_first_chunk() {
                    Some((length, _)) => {
                        let length = u32::from_le_bytes(*length) as usize;
                        rest = rest.slice(4..);
                        (self.levels[nth], length)
                    }
                    None => return Some(ODD_NULLS),
                },
            };
            if length > rest.len() {
                return Some(ODD_NULLS);
            }
            let levels = rest.split_to(length);
            // Values that begin a row have the level 0, and those that are there the largest one.
            let wanted = if nth == 0 { 0 } else { most as u32 };
            match counted(levels, most, count, wanted) {
                Some(counted) => found[nth] = counted,
                None => return Some(ODD_NULLS),
            }
        }
        let [rows, present] = found;
        if let Some((_, rows_stated, nulls)) = stated {
            // Writers that keep no statistics may say that there are no nulls, and what one is
            // within others is not the same to all.
            let is_flat = self.levels[0] == 0 && self.levels[1] <= 1;
            let has_nulls = nulls == 0 || !is_flat || nulls == count as u64 - present;
            if rows_stated != rows || !has_nulls {
                return Some(ODD_NULLS);
            }
        }
        let are_there = match page.encoding() {
            Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY => are_places(rest, present),
            encoding => self.are_values(encoding, &rest, present),
        };
        (!are_there).then_some(MORE)
    }

    /// Whether these are so many values and nothing else, as far as it is told cheaply.
    fn are_values(self, encoding: Encoding, bytes: &[u8], count: u64) -> bool {
        let length = bytes.len() as u64;
        let is_fixed = self.kind != Type::BYTE_ARRAY;
        match encoding {
            Encoding::PLAIN | Encoding::BYTE_STREAM_SPLIT if is_fixed => {
                count.checked_mul(self.bits).is_some_and(|bits| bits.div_ceil(8) == length)
            }
            Encoding::PLAIN => are_texts(bytes, count),
            Encoding::DELTA_BINARY_PACKED => deltas::count(bytes) == Some(count),
            // How long texts are was looked at.
            Encoding::DELTA_LENGTH_BYTE_ARRAY => {
                deltas::count(bytes) == Some(count)
                    && deltas::sum(bytes, count)
                        .is_none_or(|(sum, texts)| sum == texts.len() as u64)
            }
            Encoding::DELTA_BYTE_ARRAY => {
                deltas::count(bytes) == Some(count)
                    && deltas::sum(bytes, count).is_none_or(|(_, rest)| {
                        deltas::count(rest) == Some(count)
                            && deltas::sum(rest, count)
                                .is_none_or(|(sum, texts)| sum == texts.len() as u64)
                    })
            }
            _ => true,
        }
    }
}

/// How many of `count` levels are the wanted one; none if one is above the largest, or there are
/// more or less of them. Where all are 0, they may be left out.
fn counted(levels: Bytes, most: i16, count: usize, wanted: u32) -> Option<u64> {
    if most == 0 && levels.is_empty() {
        return Some(count as u64);
    }
    let most = most as u32;
    let width = (u32::BITS - most.leading_zeros()) as u8;
    let mut levels = Hybrid::new(levels, width)?;
    let (mut left, mut found) = (count, 0);
    while left > 0 {
        let mut read = [0; LEVELS_READ];
        let read = &mut read[..left.min(LEVELS_READ)];
        levels.read(read)?;
        if read.iter().any(|&level| level > most) {
            return None;
        }
        found += read.iter().filter(|&&level| level == wanted).count() as u64;
        left -= read.len();
    }
    levels.is_used_up().then_some(found)
}

/// Whether these are so many places in a dictionary. Without any their width may be lacking.
fn are_places(bytes: Bytes, count: u64) -> bool {
    let Some(&width) = bytes.first() else { return count == 0 };
    let places = Hybrid::new(bytes.slice(1..), width);
    // What is wrong with the width the crate says.
    places.is_none_or(|mut places| places.pass(count as usize).is_some() && places.is_used_up())
}

/// Whether these are so many texts, each after its length.
fn are_texts(mut bytes: &[u8], count: u64) -> bool {
    for _ in 0..count {
        let rest = bytes
            .split_first_chunk()
            .and_then(|(length, rest)| rest.get(u32::from_le_bytes(*length) as usize..));
        match rest {
            Some(rest) => bytes = rest,
            None => return false,
        }
    }
    bytes.is_empty()
}
