//! The header of a page, looked at before the crate reads it: it makes room for what a page says
//! that it unpacks to, and unpacks whatever gzip has.

use std::io::{Read, copy, sink};

use flate2::read::MultiGzDecoder;
use parquet::basic::CompressionCodec;

use super::compact::{Compact, FALSE, INT, STRUCT, TRUE};

/// Bytes of a page at most, packed or not; most writers end one at 1 MiB.
pub const BYTES_MAX: usize = if cfg!(test) { 1 << 20 } else { 1 << 28 };

/// Bytes of gzip that may unpack to more than a page says without a look: to four times the most
/// bytes of a page, as deflate makes 1,032 bytes of one at most. Pages as AWS writes them are
/// smaller, and are not unpacked twice.
const GZIP_BYTES_MAX: usize = 4 * BYTES_MAX / 1032;

/// What a header says of its page.
#[derive(Debug, Default, PartialEq)]
struct Header {
    unpacked: i32,
    packed: i32,
    /// Bytes of levels before what is packed.
    levels: [i32; 2],
    is_plain: bool,
}

/// What is wrong with the page with which these bytes begin.
pub fn fault(bytes: &[u8], codec: CompressionCodec) -> Option<&'static str> {
    let mut compact = Compact::new(bytes);
    let Some(header) = header(&mut compact) else {
        return Some("a page whose header cannot be read");
    };
    let size = |bytes: i32| usize::try_from(bytes).ok();
    let (Some(unpacked), Some(packed)) = (size(header.unpacked), size(header.packed)) else {
        return Some("a page with a length below 0");
    };
    if unpacked.max(packed) > BYTES_MAX {
        return Some("a page of more than 256 MiB");
    }
    if codec == CompressionCodec::GZIP && !header.is_plain && packed > GZIP_BYTES_MAX {
        let levels = size(header.levels[0])?.checked_add(size(header.levels[1])?)?;
        let start = compact.at().checked_add(levels)?;
        // What is wrong with the gzip stream itself the crate says.
        let gzip = bytes.get(start..compact.at() + packed)?;
        let room = unpacked.checked_sub(levels)? as u64;
        let found = copy(&mut MultiGzDecoder::new(gzip).take(room + 1), &mut sink()).ok()?;
        return (found > room).then_some("a page that unpacks to more than it says");
    }
    None
}

/// Reads a header as the crate does; none if it would take a field for another kind.
fn header(compact: &mut Compact) -> Option<Header> {
    let mut header = Header::default();
    let mut last = 0;
    loop {
        let (id, kind) = compact.field(last)?;
        match (id, kind) {
            (_, 0) => return Some(header),
            (2, INT) => header.unpacked = compact.int()?,
            (3, INT) => header.packed = compact.int()?,
            (5 | 7 | 8, STRUCT) => of_kind(compact, id, &mut header)?,
            (1 | 4, INT) | (6, STRUCT) => compact.skip(kind)?,
            (1..=8, _) => return None,
            _ => compact.skip(kind)?,
        }
        last = id;
    }
}

/// Reads what pages of one kind have: values, a dictionary, or values in version 2.
fn of_kind(compact: &mut Compact, page: i16, header: &mut Header) -> Option<()> {
    let mut last = 0;
    loop {
        let (id, kind) = compact.field(last)?;
        match (page, id) {
            (_, 0) => return Some(()),
            (8, 5 | 6) if kind == INT => header.levels[id as usize - 5] = compact.int()?,
            (8, 7) if matches!(kind, TRUE | FALSE) => header.is_plain = kind == FALSE,
            (7, 3) if matches!(kind, TRUE | FALSE) => {}
            (5, 1..=4) | (7, 1..=2) | (8, 1..=4) if kind == INT => compact.skip(kind)?,
            (5, 1..=4) | (7, 1..=3) | (8, 1..=7) => return None,
            _ => compact.skip(kind)?,
        }
        last = id;
    }
}
