//! What stands for writing Parquet in a build without it.

use std::convert::Infallible;
use std::io::{self, Write};
use std::marker::PhantomData;

use super::{ParquetKind, Value};

/// Rows on their way to a file, of which there are none.
pub struct ParquetRows<'w, W: ?Sized = dyn Write + 'w>(Infallible, PhantomData<&'w mut W>);

impl<W: ?Sized> std::fmt::Debug for ParquetRows<'_, W> {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {}
    }
}

impl<'w, W: Write + ?Sized> ParquetRows<'w, W> {
    /// Says how to write Parquet.
    ///
    /// # Errors
    /// [`Unsupported`](io::ErrorKind::Unsupported), always.
    pub fn new(_: &'w mut W, _: &[(&str, ParquetKind)]) -> io::Result<Self> {
        let text = "this build does not write Parquet; build flowagg with --features parquet";
        Err(io::Error::new(io::ErrorKind::Unsupported, text))
    }

    /// Adds a row.
    ///
    /// # Errors
    /// None.
    pub fn push<'v>(&mut self, _: impl IntoIterator<Item = Value<'v>>) -> io::Result<()> {
        match self.0 {}
    }

    /// Ends the file.
    ///
    /// # Errors
    /// None.
    pub fn finish(self) -> io::Result<()> {
        match self.0 {}
    }
}
