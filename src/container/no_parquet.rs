//! What stands for Parquet files in a build without them.

use std::sync::Arc;

use super::{Columns, Decoded};
use crate::error::{Error, ErrorKind};
use crate::layout::Layout;
use crate::scan::Level;
use crate::source::RangedFile;

/// A Parquet file, of which there are none.
#[derive(Debug)]
pub enum Table {}

/// A row group: only a table gives one.
#[derive(Debug)]
pub struct Group;

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

impl Table {
    /// Says how to read it.
    ///
    /// # Errors
    /// [`ErrorKind::Container`], always.
    pub fn open(_: RangedFile, _: &Columns) -> Result<Self, Error> {
        let text = "a Parquet file, which this build does not read; build flowagg with \
                    --features parquet";
        Err(Error::new(ErrorKind::Container, text))
    }

    /// Whether its lines are rows of values.
    pub fn has_rows(&self) -> bool {
        match *self {}
    }

    /// The layout of its lines.
    pub fn layout(&self) -> &Arc<Layout> {
        match *self {}
    }

    /// The layout that its lines would have if all columns were asked for.
    pub fn whole(&self) -> &Arc<Layout> {
        match *self {}
    }

    /// Its row groups.
    pub fn groups(&self) -> usize {
        match *self {}
    }

    /// Bytes of the file.
    pub fn bytes(&self) -> u64 {
        match *self {}
    }

    /// Bytes of the columns that are asked for.
    pub fn bytes_wanted(&self) -> u64 {
        match *self {}
    }

    /// Bytes of the columns that are asked for in one row group.
    pub fn group_bytes(&self, _: usize) -> u64 {
        match *self {}
    }

    /// The rows of one row group.
    pub fn group(&self, _: usize, _: usize, _: Level) -> Group {
        match *self {}
    }
}

impl Group {
    /// The next block.
    ///
    /// # Errors
    /// None.
    pub fn next(&mut self, _: &mut Vec<u8>) -> Result<Option<Rows>, Error> {
        Ok(None)
    }
}
