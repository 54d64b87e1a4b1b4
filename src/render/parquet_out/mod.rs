//! Rows as a Parquet file, written as they come: only the row group that is being filled is kept.
//!
//! All columns may be absent in a row. Texts are UTF-8, what is not becomes `U+FFFD`; times are
//! `TIMESTAMP(MILLIS, UTC)`. A value that its column cannot hold is an error: nothing is rounded
//! but in columns of doubles, nothing is left out.
//!
//! ```
//! use flowagg::render::parquet_out::{ParquetKind, ParquetRows, Value};
//! let mut file = Vec::new();
//! # if cfg!(feature = "parquet") {
//! let columns = [("srcaddr", ParquetKind::Text), ("bytes", ParquetKind::Unsigned)];
//! let mut rows = ParquetRows::new(&mut file, &columns)?;
//! rows.push([Value::Text(b"10.0.0.1"), Value::Number(1000u64.into())])?;
//! rows.push([Value::Text(b"10.0.0.2"), Value::Missing])?;
//! rows.finish()?;
//! assert!(file.starts_with(b"PAR1") && file.ends_with(b"PAR1"));
//! # }
//! # Ok::<(), std::io::Error>(())
//! ```

#[cfg(feature = "parquet")]
mod file;
#[cfg(not(feature = "parquet"))]
mod none;
#[cfg(all(test, feature = "parquet"))]
mod tests;

#[cfg(feature = "parquet")]
pub use file::ParquetRows;
#[cfg(not(feature = "parquet"))]
pub use none::ParquetRows;

use crate::amount::Amount;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParquetKind {
    /// UTF-8.
    Text,
    /// Whole numbers, `INT64`: what AWS has in its files, and every reader takes.
    Whole,
    /// Whole numbers of 64 bits without a sign, as fields of records are.
    Unsigned,
    /// Whole numbers of up to 38 digits, `DECIMAL(38, 0)`, as sums may be.
    Decimal,
    /// The nearest double.
    Double,
    /// Seconds since 1970, as `TIMESTAMP(MILLIS, UTC)`.
    Time,
}

/// A value of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// There is none: null.
    Missing,
    /// A text.
    Text(&'a [u8]),
    /// A number; in a column of times, seconds since 1970.
    Number(Amount),
    /// A share or a mean.
    Double(f64),
}
