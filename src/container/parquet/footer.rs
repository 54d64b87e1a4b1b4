//! The footer: what the file says of its columns and row groups.
//!
//! The crate reads it. But it goes down into the schema by calling itself, and lays out as many
//! children as an element says that it has, which no process survives if it is large enough. So the
//! schema is walked before.

use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};

use super::compact::{BINARY, BYTE, Compact, FALSE, INT, LIST, STRUCT, TRUE};
use super::{damaged, encrypted, joined};
use crate::error::{Error, ErrorKind};
use crate::source::RangedFile;

/// How deep columns may be within others; those of OCSF are less than ten deep.
const DEPTH_MAX: usize = 64;

/// The most bytes of the names of all columns, each with the groups that it is in: the crate copies
/// them all.
const PATHS_BYTES_MAX: usize = 1 << 26;

/// Bytes of a file that has no footer: the mark in front, the footer's length, and the mark again.
pub const BYTES_MIN: u64 = 12;

/// What is said of a footer in which nothing is where it should be.
const ODD: &str = "its schema cannot be read";

/// Reads a file's footer.
///
/// # Errors
/// [`ErrorKind::Container`] if it is damaged or encrypted, or one of several; [`ErrorKind::Io`] if
/// it cannot be read.
pub fn read(file: &RangedFile) -> Result<ParquetMetaData, Error> {
    let mut tail = [0; 8];
    let end = file.bytes().saturating_sub(tail.len() as u64);
    let is_read = file.read_at(&mut tail, end)? == tail.len();
    let [a, b, c, d, mark @ ..] = tail;
    match &mark {
        b"PARE" if is_read => return Err(encrypted()),
        b"PAR1" if is_read && file.bytes() >= BYTES_MIN => {}
        _ => return Err(damaged("footer", "the file is cut short")),
    }
    let length = u32::from_le_bytes([a, b, c, d]);
    let start = end.checked_sub(length.into());
    let start = start.ok_or_else(|| damaged("footer", "it is longer than the file"))?;
    let mut bytes = vec![0; length as usize];
    if file.read_at(&mut bytes, start)? < bytes.len() {
        return Err(Error::new(ErrorKind::Io, "became shorter while it was read"));
    }
    check(&bytes).map_err(|what| damaged("footer", what))?;
    let footer = ParquetMetaDataReader::decode_metadata(&bytes);
    let footer = footer.map_err(|error| damaged("footer", error))?;
    joined::check(file, &footer, start)?;
    Ok(footer)
}

/// Whether the crate can read the schema.
fn check(footer: &[u8]) -> Result<(), &'static str> {
    let mut footer = Compact::new(footer);
    let elements = elements(&mut footer).ok_or(ODD)?;
    let mut open: Vec<Open> = Vec::new();
    let (mut promised, mut paths) = (0u32, 0usize);
    for left in (0..elements).rev() {
        let (children, name) = element(&mut footer).ok_or(ODD)?;
        let mut path = name;
        if let Some(group) = open.last_mut() {
            (group.left, promised) = (group.left - 1, promised - 1);
            path += group.path;
        }
        let all = u32::try_from(children).ok().and_then(|count| promised.checked_add(count));
        let Some(all) = all.filter(|all| *all <= left) else {
            return Err("a group of more columns than there are");
        };
        paths += path;
        if paths > PATHS_BYTES_MAX {
            return Err("names of columns of more than 64 MiB");
        }
        if all > promised {
            open.push(Open { left: all - promised, path });
        }
        promised = all;
        while open.pop_if(|group| group.left == 0).is_some() {}
        if open.len() > DEPTH_MAX {
            return Err("columns more than 64 deep within others");
        }
    }
    Ok(())
}

/// A group of columns of which some are to come.
struct Open {
    left: u32,
    /// Bytes of its name and those of the groups that it is in.
    path: usize,
}

/// How many elements the schema has; they come next.
pub fn elements(footer: &mut Compact) -> Option<u32> {
    let mut last = 0;
    loop {
        match footer.field(last)? {
            (1, INT) => footer.int()?,
            (2, LIST) => {
                let (kind, count) = footer.list()?;
                return (kind == STRUCT).then_some(count);
            }
            _ => return None,
        };
        last = 1;
    }
}

/// Passes over an element of the schema; returns how many children it has, and the bytes of its
/// name.
fn element(footer: &mut Compact) -> Option<(i32, usize)> {
    let (mut last, mut children, mut name) = (0, 0, 0);
    loop {
        let (id, kind) = footer.field(last)?;
        match (id, kind) {
            (_, 0) => return Some((children, name)),
            (5, INT) => children = footer.int()?,
            (1..=3 | 6..=9, INT) => footer.skip(kind)?,
            (4, BINARY) => {
                let start = footer.at();
                footer.skip(kind)?;
                name = footer.at() - start;
            }
            (10, STRUCT) => logical_type(footer)?,
            (1..=10, _) => return None,
            _ => footer.skip(kind)?,
        }
        last = id;
    }
}

/// Passes over a logical type. The crate takes it for granted of which kinds its fields are.
fn logical_type(footer: &mut Compact) -> Option<()> {
    let (variant, kind) = footer.field(0)?;
    if kind != STRUCT {
        return None;
    }
    let mut last = 0;
    loop {
        let (id, kind) = footer.field(last)?;
        let is_usual = match (variant, id) {
            (_, 0) => break,
            (5, 1 | 2) | (18, 2) => kind == INT,
            (7 | 8, 1) | (10, 2) => matches!(kind, TRUE | FALSE),
            (7 | 8, 2) => kind == STRUCT,
            (10 | 16, 1) => kind == BYTE,
            (17 | 18, 1) => kind == BINARY,
            _ => true,
        };
        match (variant, id) {
            _ if !is_usual => return None,
            (7 | 8, 2) => unit(footer)?,
            _ => footer.skip(kind)?,
        }
        last = id;
    }
    // It is one of several.
    (footer.field(variant)?.1 == 0).then_some(())
}

/// Passes over a unit of time, which is one of several structs without fields.
fn unit(footer: &mut Compact) -> Option<()> {
    let (_, kind) = footer.field(0)?;
    (kind == STRUCT && footer.byte()? == 0 && footer.byte()? == 0).then_some(())
}
