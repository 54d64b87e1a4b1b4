//! The file: columns that fill up, and the crate's writer that takes them by the row group.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::{ByteArray, FixedLenByteArray};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

use super::{ParquetKind, Value};
use crate::amount::Amount;

/// Rows of a row group. DuckDB has 122,880 and reads by it in parallel.
const GROUP_ROWS_MAX: usize = if cfg!(debug_assertions) { 1_000 } else { 122_880 };

/// Bytes of text of a row group, whose rows may be long.
const GROUP_BYTES_MAX: usize = 64 << 20;

/// Bytes and digits of a `DECIMAL(38, 0)`.
const DECIMAL_BYTES: usize = 16;
const DECIMAL_DIGITS: i32 = 38;

/// Milliseconds of a second.
const MILLIS: i128 = 1000;

/// Rows on their way to a file.
pub struct ParquetRows<'w, W: ?Sized = dyn Write + 'w> {
    out: &'w mut W,
    /// Writes to memory: it wants a writer that may change threads, which `out` need not be.
    file: SerializedFileWriter<Vec<u8>>,
    columns: Vec<Column>,
    rows: usize,
    bytes: usize,
}

impl<W: ?Sized> std::fmt::Debug for ParquetRows<'_, W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParquetRows").field("rows", &self.rows).finish_non_exhaustive()
    }
}

/// The values of a column in the row group that is being filled.
struct Column {
    name: String,
    kind: ParquetKind,
    /// For each row, 1 if there is a value and 0 if not.
    levels: Vec<i16>,
    cells: Cells,
}

enum Cells {
    /// Texts one after the other, and where each ends.
    Text {
        bytes: Vec<u8>,
        ends: Vec<usize>,
    },
    Int64(Vec<i64>),
    Decimal(Vec<[u8; DECIMAL_BYTES]>),
    Double(Vec<f64>),
}

impl<'w, W: Write + ?Sized> ParquetRows<'w, W> {
    /// A file of these columns, by name and what they hold, without rows.
    ///
    /// # Errors
    /// What `out` says.
    pub fn new(out: &'w mut W, columns: &[(&str, ParquetKind)]) -> io::Result<Self> {
        let fields = columns.iter().map(|(name, kind)| kind.field(name).map(Arc::new));
        let fields = fields.collect::<Result<_, _>>().map_err(io_error)?;
        let schema = Type::group_type_builder("flowagg").with_fields(fields).build();
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_created_by(format!("flowagg {}", env!("CARGO_PKG_VERSION")))
            .build();
        let schema = Arc::new(schema.map_err(io_error)?);
        let file = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties));
        let columns = columns.iter().map(|&(name, kind)| Column::new(name, kind)).collect();
        Ok(Self { out, file: file.map_err(io_error)?, columns, rows: 0, bytes: 0 })
    }

    /// Adds a row: a value for each column. Those that are not given are missing.
    ///
    /// # Errors
    /// What `out` says, and [`InvalidData`](io::ErrorKind::InvalidData) of a value that its
    /// column cannot hold.
    pub fn push<'v>(&mut self, row: impl IntoIterator<Item = Value<'v>>) -> io::Result<()> {
        let mut row = row.into_iter();
        for column in &mut self.columns {
            self.bytes += column.push(row.next().unwrap_or(Value::Missing))?;
        }
        self.rows += 1;
        if self.rows >= GROUP_ROWS_MAX || self.bytes >= GROUP_BYTES_MAX {
            self.flush()
        } else {
            Ok(())
        }
    }

    /// Ends the file.
    ///
    /// # Errors
    /// What `out` says.
    pub fn finish(mut self) -> io::Result<()> {
        self.flush()?;
        self.file.finish().map_err(io_error)?;
        self.hand_over()?;
        self.out.flush()
    }

    /// Writes the rows that there are as a row group.
    fn flush(&mut self) -> io::Result<()> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut group = self.file.next_row_group().map_err(io_error)?;
        for column in &mut self.columns {
            let mut writer = group.next_column().map_err(io_error)?.ok_or_else(other_columns)?;
            column.write(writer.untyped())?;
            writer.close().map_err(io_error)?;
        }
        group.close().map_err(io_error)?;
        (self.rows, self.bytes) = (0, 0);
        self.hand_over()
    }

    /// Writes to `out` what the file has in memory.
    fn hand_over(&mut self) -> io::Result<()> {
        self.file.flush()?;
        let written = std::mem::take(self.file.inner_mut());
        self.out.write_all(&written)
    }
}

impl ParquetKind {
    fn field(self, name: &str) -> Result<Type, ParquetError> {
        let unsigned = LogicalType::integer(64, false);
        let decimal = LogicalType::decimal(0, DECIMAL_DIGITS);
        let time = LogicalType::timestamp(true, TimeUnit::MILLIS);
        let (physical, logical) = match self {
            Self::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Self::Whole => (Physical::INT64, None),
            Self::Unsigned => (Physical::INT64, Some(unsigned)),
            Self::Decimal => (Physical::FIXED_LEN_BYTE_ARRAY, Some(decimal)),
            Self::Double => (Physical::DOUBLE, None),
            Self::Time => (Physical::INT64, Some(time)),
        };
        let mut field = Type::primitive_type_builder(name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical);
        if self == Self::Decimal {
            field = field
                .with_length(DECIMAL_BYTES as i32)
                .with_precision(DECIMAL_DIGITS)
                .with_scale(0);
        }
        field.build()
    }
}

impl Column {
    fn new(name: &str, kind: ParquetKind) -> Self {
        let cells = match kind {
            ParquetKind::Text => Cells::Text { bytes: Vec::new(), ends: Vec::new() },
            ParquetKind::Whole | ParquetKind::Unsigned | ParquetKind::Time => {
                Cells::Int64(Vec::new())
            }
            ParquetKind::Decimal => Cells::Decimal(Vec::new()),
            ParquetKind::Double => Cells::Double(Vec::new()),
        };
        Self { name: name.to_owned(), kind, levels: Vec::new(), cells }
    }

    /// Adds a value; returns the bytes of its text.
    fn push(&mut self, value: Value<'_>) -> io::Result<usize> {
        let is_there = value != Value::Missing;
        self.levels.push(is_there.into());
        if !is_there {
            return Ok(0);
        }
        match (&mut self.cells, value) {
            (Cells::Text { bytes, ends }, value) => {
                let before = bytes.len();
                match value {
                    Value::Text(text) => bytes.extend_from_slice(&utf8(text)),
                    Value::Number(amount) => bytes.extend(amount.to_string().bytes()),
                    Value::Double(number) => bytes.extend(number.to_string().bytes()),
                    Value::Missing => {}
                }
                ends.push(bytes.len());
                return Ok(bytes.len() - before);
            }
            (Cells::Double(values), Value::Double(value)) => values.push(value),
            (Cells::Double(values), Value::Number(amount)) => values.push(amount.to_f64()),
            (Cells::Decimal(values), Value::Number(amount)) => {
                let Some(whole) = amount.whole() else { return Err(self.refuse(amount)) };
                values.push(whole.to_be_bytes());
            }
            (Cells::Int64(values), Value::Number(amount)) => match int64(self.kind, amount) {
                Some(value) => values.push(value),
                None => return Err(self.refuse(amount)),
            },
            (_, value) => return Err(self.refuse(format_args!("{value:?}"))),
        }
        Ok(0)
    }

    /// Says that a value is not of the column.
    fn refuse(&self, value: impl std::fmt::Display) -> io::Error {
        let Self { name, kind, .. } = self;
        let text = format!("{name}: {value} does not fit a Parquet column of kind {kind:?}");
        io::Error::new(io::ErrorKind::InvalidData, text)
    }

    /// Writes the values, and forgets them.
    fn write(&mut self, writer: &mut ColumnWriter<'_>) -> io::Result<()> {
        let levels = Some(&self.levels[..]);
        let written = match (&mut self.cells, writer) {
            (Cells::Text { bytes, ends }, ColumnWriter::ByteArrayColumnWriter(writer)) => {
                let text = Bytes::from(std::mem::take(bytes));
                let starts = std::iter::once(0).chain(ends.iter().copied());
                let texts = starts.zip(ends.iter());
                let texts: Vec<ByteArray> =
                    texts.map(|(start, &end)| text.slice(start..end).into()).collect();
                ends.clear();
                writer.write_batch(&texts, levels, None)
            }
            (Cells::Int64(values), ColumnWriter::Int64ColumnWriter(writer)) => {
                let written = writer.write_batch(values, levels, None);
                values.clear();
                written
            }
            (Cells::Decimal(values), ColumnWriter::FixedLenByteArrayColumnWriter(writer)) => {
                let decimals: Vec<FixedLenByteArray> =
                    values.drain(..).map(|bytes| bytes.to_vec().into()).collect();
                writer.write_batch(&decimals, levels, None)
            }
            (Cells::Double(values), ColumnWriter::DoubleColumnWriter(writer)) => {
                let written = writer.write_batch(values, levels, None);
                values.clear();
                written
            }
            _ => return Err(other_columns()),
        };
        self.levels.clear();
        written.map(|_| ()).map_err(io_error)
    }
}

/// A number as a column of 64 bits has it.
fn int64(kind: ParquetKind, amount: Amount) -> Option<i64> {
    let whole = amount.whole()?;
    match kind {
        ParquetKind::Time => i64::try_from(whole.checked_mul(MILLIS)?).ok(),
        // The bits of the number, which the column says are without a sign.
        ParquetKind::Unsigned => u64::try_from(whole).ok().map(u64::cast_signed),
        _ => i64::try_from(whole).ok(),
    }
}

/// A text as UTF-8.
fn utf8(text: &[u8]) -> Cow<'_, [u8]> {
    match String::from_utf8_lossy(text) {
        Cow::Borrowed(_) => Cow::Borrowed(text),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

/// The crate's writer has other columns than were asked of it: a bug.
fn other_columns() -> io::Error {
    io::Error::other("the columns of a Parquet file are others than those of its schema")
}

/// The writer's own error, whose kind the caller may want to know, out of the crate's.
fn io_error(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(error) => match error.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(error) => io::Error::other(error),
        },
        error => io::Error::other(error),
    }
}
