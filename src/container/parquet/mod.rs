//! Parquet files, as AWS delivers flow logs: columns that become lines of text, or values.
//!
//! Rows become the lines that a text log would have had, under a layout of the file's columns, so
//! that checks and meaning are the same for both. Only the columns that the questions need are
//! read, and `log-status`: so what makes a row malformed are the values of those alone. Row
//! groups are worked on independently; the rows before each are known, and so its line numbers.
//!
//! Where the types of the columns allow it, which is as AWS writes them, rows that would be
//! regular lines are given as the values that a scan would have decoded ([`Decoded`]), each text
//! of a dictionary read once. All others (no value, IPv6, odd numbers, NODATA) become lines as
//! before, and what they mean is decided in one place. That took a fifth off the time of
//! the top contributors: texts that nobody asks for are neither written nor scanned.
//!
//! [`Decoded`]: super::Decoded
//!
//! The crate `parquet` reads the footer and undoes the compression of pages. Pages in the common
//! encodings are read here ([`pages`]): its own readers make an object with a reference count of
//! every text, which alone took longer than all the rest. It reads the other encodings ([`rare`]).
//!
//! It believes what a file says of itself, and lays out or unpacks as much. So a file is looked at
//! before: its schema ([`footer`]), how long pages are ([`header`]), and how many values those have
//! that the crate reads ([`counted`]). Levels, values and what headers count are held against each
//! other ([`pages`], [`nulls`], [`fit`]): a bit of a level that was changed is damage, too.

mod compact;
mod counted;
mod deltas;
mod fit;
mod footer;
mod header;
mod hybrid;
mod joined;
mod lists;
mod nulls;
mod ocsf;
mod pages;
mod rare;
mod rows;
mod spelling;
#[cfg(test)]
mod tests;
mod values;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{CompressionCodec, ConvertedType, Encoding, LogicalType, TimeUnit, Type};
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::{ChunkReader, Length};
use parquet::schema::types::ColumnDescriptor;

use super::Columns;
use crate::error::{Error, ErrorKind};
use crate::field::{Field, Kind, MILLISECONDS_MIN};
use crate::layout::{Column, Layout, NAME_BYTES_MAX};
use crate::record::unbroken;
use crate::scan::Level;
use crate::source::RangedFile;
use ocsf::Activity;
pub use rows::{Group, Rows};
use spelling::Spelling;
use values::{NUMBER_MAX, Role};

/// Compressions of pages that are undone.
const CODECS: [CompressionCodec; 4] = [
    CompressionCodec::UNCOMPRESSED,
    CompressionCodec::GZIP,
    CompressionCodec::SNAPPY,
    CompressionCodec::ZSTD,
];

/// Letters that are shown of a name that is too long.
const NAME_SHOWN: usize = 40;

/// An open Parquet file and the columns of it that are asked for.
#[derive(Debug)]
pub struct Table {
    file: RangedFile,
    footer: ParquetMetaData,
    wanted: Vec<Wanted>,
    /// What is read of nested columns, if these are such.
    activity: Option<Activity>,
    layout: Arc<Layout>,
    /// Whether each of those columns can be decoded, or is a text.
    is_decodable: bool,
    /// All its columns.
    whole: Arc<Layout>,
    /// The rows before each row group.
    firsts: Vec<u64>,
}

/// A column that is asked for.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    /// Its number in the file.
    column: usize,
    spelling: Spelling,
    /// What its values are, where rows are decoded.
    role: Role,
    /// Whether its texts are asked for in any case.
    is_text: bool,
}

impl Wanted {
    /// Whether its texts are in the lines of decoded rows.
    fn has_texts(self) -> bool {
        self.is_text || self.role == Role::Text
    }
}

impl Table {
    /// Reads a file's footer.
    ///
    /// # Errors
    /// [`ErrorKind::Container`] if it is damaged, encrypted or has nested columns that are not
    /// OCSF's;
    /// [`ErrorKind::Io`] if it cannot be read.
    pub fn open(file: RangedFile, columns: &Columns) -> Result<Self, Error> {
        guarded("footer", || Self::read(file, columns))
    }

    fn read(file: RangedFile, columns: &Columns) -> Result<Self, Error> {
        let footer = footer::read(&file)?;
        let schema = footer.file_metadata().schema_descr();
        let root = schema.root_schema();
        if let Some(nested) = root.get_fields().iter().find(|field| !field.is_primitive()) {
            if let Some(activity) = Activity::of(schema, columns)? {
                let wanted = |&column: &usize| Wanted {
                    column,
                    spelling: Spelling::Number,
                    role: Role::Text,
                    is_text: true,
                };
                let wanted = activity.leaves.iter().map(wanted).collect();
                let (layout, whole) = (Arc::new(activity.layout()), Arc::new(Activity::whole()));
                let (activity, firsts) = (Some(activity), firsts(&footer)?);
                let is_decodable = false;
                return Ok(Self {
                    layout,
                    whole,
                    wanted,
                    is_decodable,
                    activity,
                    firsts,
                    footer,
                    file,
                });
            }
            let name = nested.name().escape_debug();
            return Err(Error::new(
                ErrorKind::Container,
                format!(
                    "a Parquet file with nested columns ({name}), expected flat ones, or those \
                     of OCSF's network activity"
                ),
            ));
        }
        let names: Vec<String> =
            schema.columns().iter().map(|column| hyphens(column.name())).collect();
        if names.is_empty() {
            return Err(damaged("footer", "no columns"));
        }
        if let Some(long) = names.iter().find(|name| name.len() > NAME_BYTES_MAX) {
            let begins: String = long.chars().take(NAME_SHOWN).collect();
            let text = format!(
                "a Parquet file with a column whose name is longer than {NAME_BYTES_MAX} bytes: \
                 {}...",
                begins.escape_debug()
            );
            return Err(Error::new(ErrorKind::Container, text));
        }
        let whole = Layout::new(names.iter().map(String::as_str))?;
        let place = |column: &Column| whole.resolve(column)?.stretch(names.len())?.one();
        let needed = |columns: &[Column]| {
            let places = columns.iter().filter_map(place);
            let mut places: Vec<usize> = places.chain(whole.position(Field::LogStatus)).collect();
            places.sort_unstable();
            places.dedup();
            // A row is a line, and a line has a value.
            if places.is_empty() { vec![0] } else { places }
        };
        let (columns, texts): (Vec<usize>, Option<Vec<usize>>) = match columns {
            Columns::All => ((0..names.len()).collect(), None),
            Columns::Lines(columns) => (needed(columns), None),
            Columns::Some { columns, texts } => {
                (needed(columns), Some(texts.iter().filter_map(place).collect()))
            }
        };
        let mut is_decodable = texts.is_some();
        let wanted = columns.iter().map(|&at| {
            let column = schema.column(at);
            let spelling = spelling_of(&column, whole.field(at))?;
            let role = role_of(column.physical_type(), spelling, &whole, at);
            is_decodable &= role.is_some();
            let is_text = texts.as_ref().is_none_or(|texts| texts.contains(&at));
            Ok(Wanted { column: at, spelling, role: role.unwrap_or(Role::Text), is_text })
        });
        let mut wanted = wanted.collect::<Result<Vec<Wanted>, Error>>()?;
        if is_decodable {
            // Texts come first in a line: then what stands for decoded values is one piece.
            wanted.sort_by_key(|wanted| !wanted.has_texts());
        }
        let layout = Layout::new(wanted.iter().map(|wanted| names[wanted.column].as_str()))?;
        let (layout, whole, firsts) = (Arc::new(layout), Arc::new(whole), firsts(&footer)?);
        let activity = None;
        Ok(Self { layout, whole, wanted, is_decodable, activity, firsts, footer, file })
    }

    /// Whether its lines are rows of values. Of events those of another class are objects.
    pub fn has_rows(&self) -> bool {
        self.activity.is_none()
    }

    /// The layout of its lines.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// The layout that its lines would have if all columns were asked for.
    pub fn whole(&self) -> &Arc<Layout> {
        &self.whole
    }

    /// Its row groups.
    pub fn groups(&self) -> usize {
        self.firsts.len()
    }

    /// Bytes of the file.
    pub fn bytes(&self) -> u64 {
        self.file.bytes()
    }

    /// Bytes of the columns that are asked for.
    pub fn bytes_wanted(&self) -> u64 {
        (0..self.groups()).map(|number| self.group_bytes(number)).fold(0, u64::saturating_add)
    }

    /// Bytes of the columns that are asked for in one row group.
    pub fn group_bytes(&self, number: usize) -> u64 {
        let group = self.footer.row_group(number);
        let bytes = |wanted: &Wanted| group.column(wanted.column).compressed_size();
        let bytes = self.wanted.iter().map(bytes);
        bytes.filter_map(|bytes| u64::try_from(bytes).ok()).fold(0, u64::saturating_add)
    }

    /// The rows of one row group, in blocks of about `block_bytes`.
    pub fn group(&self, number: usize, block_bytes: usize, level: Level) -> Group<'_> {
        Group::new(self, number, block_bytes, level)
    }

    /// The bytes of a column in one row group.
    fn chunk(&self, number: usize, column: usize) -> Result<Chunk, Error> {
        let meta = self.footer.row_group(number).column(column);
        let place = place_of(number);
        let codec = meta.compression_codec();
        if !CODECS.contains(&codec) {
            let text = format!(
                "a Parquet file compressed with {codec:?}, expected gzip, snappy, zstd or nothing"
            );
            return Err(Error::new(ErrorKind::Container, text));
        }
        if meta.file_path().is_some() {
            return Err(damaged(&place, "its columns are in other files"));
        }
        let start = meta.dictionary_page_offset().unwrap_or_else(|| meta.data_page_offset());
        let (start, length) = (u64::try_from(start), usize::try_from(meta.compressed_size()));
        let (Ok(start), Ok(length)) = (start, length) else {
            return Err(damaged(&place, "a column with a length below 0"));
        };
        let end = start.checked_add(length as u64);
        if end.is_none_or(|end| end > self.file.bytes()) {
            return Err(damaged(&place, "a column beyond the end of the file"));
        }
        let mut bytes = vec![0; length];
        if self.file.read_at(&mut bytes, start)? < length {
            return Err(Error::new(ErrorKind::Io, "became shorter while it was read"));
        }
        Ok(Chunk { start, bytes: bytes.into(), codec })
    }

    /// Whether all pages of a column may be in encodings that are read here.
    fn is_usual(&self, number: usize, wanted: Wanted) -> bool {
        let meta = self.footer.row_group(number).column(wanted.column);
        let usual =
            [Encoding::PLAIN, Encoding::PLAIN_DICTIONARY, Encoding::RLE_DICTIONARY, Encoding::RLE];
        let is_usual = |encoding| usual.contains(&encoding);
        let kind = meta.column_type();
        meta.encodings().all(is_usual) && kind != Type::BOOLEAN && kind != Type::INT96
    }
}

/// The rows before each row group.
fn firsts(footer: &ParquetMetaData) -> Result<Vec<u64>, Error> {
    let columns = footer.file_metadata().schema_descr().num_columns();
    let mut rows = 0u64;
    let mut firsts = Vec::new();
    for group in footer.row_groups() {
        firsts.push(rows);
        let count = u64::try_from(group.num_rows()).ok();
        let is_whole = group.num_columns() == columns;
        let next = count.filter(|_| is_whole).and_then(|count| rows.checked_add(count));
        rows = next.ok_or_else(|| damaged("footer", "a row group that cannot be"))?;
    }
    Ok(firsts)
}

/// A column's name as flow logs spell it; others as they are, but for blanks.
fn hyphens(name: &str) -> String {
    match Field::parse(name) {
        Some(field) => field.name().to_owned(),
        None => unbroken(name).into_owned(),
    }
}

/// How the values of a column are spelled.
fn spelling_of(column: &ColumnDescriptor, field: Option<Field>) -> Result<Spelling, Error> {
    if column.max_rep_level() > 0 {
        let name = column.name().escape_debug();
        let text = format!("column {name} is repeated, expected one value in a row at most");
        return Err(Error::new(ErrorKind::Container, text));
    }
    let (logical, converted) = (column.logical_type_ref(), column.converted_type());
    let is_decimal =
        matches!(logical, Some(LogicalType::Decimal(_))) || converted == ConvertedType::DECIMAL;
    // A time of no day.
    let is_time = matches!(logical, Some(LogicalType::Time(_)))
        || matches!(converted, ConvertedType::TIME_MILLIS | ConvertedType::TIME_MICROS);
    if is_decimal || is_time || column.physical_type() == Type::FIXED_LEN_BYTE_ARRAY {
        let (name, kind) = (column.name().escape_debug(), column.physical_type());
        let kind = match is_decimal {
            true => "DECIMAL".to_owned(),
            false if is_time => "TIME".to_owned(),
            false => kind.to_string(),
        };
        let text = format!("column {name} is of type {kind}, expected a text or a number");
        return Err(Error::new(ErrorKind::Container, text));
    }
    let seconds = |per_second| Spelling::Seconds { per_second };
    Ok(match (logical, converted) {
        (Some(LogicalType::Timestamp(kind)), _) => match kind.unit {
            TimeUnit::MILLIS => seconds(1_000),
            TimeUnit::MICROS => seconds(1_000_000),
            TimeUnit::NANOS => seconds(1_000_000_000),
        },
        (_, ConvertedType::TIMESTAMP_MILLIS) => seconds(1_000),
        (_, ConvertedType::TIMESTAMP_MICROS) => seconds(1_000_000),
        (Some(LogicalType::Date), _) | (_, ConvertedType::DATE) => Spelling::Days,
        (Some(LogicalType::Integer(kind)), _) if !kind.is_signed => Spelling::Unsigned,
        (_, ConvertedType::UINT_32 | ConvertedType::UINT_64) => Spelling::Unsigned,
        _ => match field {
            Some(Field::AccountId | Field::TgwSrcVpcAccountId | Field::TgwDstVpcAccountId) => {
                Spelling::Account
            }
            _ => Spelling::Number,
        },
    })
}

/// What the values of a column are, if rows with it can be decoded.
fn role_of(kind: Type, spelling: Spelling, layout: &Layout, column: usize) -> Option<Role> {
    match layout.kind(column) {
        Kind::Text => Some(Role::Text),
        Kind::Status => Some(Role::Status),
        Kind::Address => (kind == Type::BYTE_ARRAY).then_some(Role::Address),
        Kind::Number(limit) => {
            let is_time = layout.field(column).is_some_and(Field::is_time);
            // Milliseconds are read from the text.
            let limit = if is_time { MILLISECONDS_MIN - 1 } else { limit };
            let most = match spelling {
                Spelling::Unsigned => NUMBER_MAX,
                Spelling::Number | Spelling::Seconds { .. } | Spelling::Days => i64::MAX as u64,
                Spelling::Account => return None,
            };
            matches!(kind, Type::INT32 | Type::INT64).then_some(Role::Number(most.min(limit)))
        }
    }
}

/// What to call a row group.
fn place_of(number: usize) -> String {
    format!("row group {}", number + 1)
}

fn damaged(place: &str, what: impl ToString) -> Error {
    let what = what.to_string();
    let what = what.strip_prefix("Parquet error: ").unwrap_or(&what).escape_debug();
    Error::new(ErrorKind::Container, format!("a damaged Parquet file, in its {place}: {what}"))
}

fn encrypted() -> Error {
    Error::new(ErrorKind::Container, "an encrypted Parquet file, which is not read")
}

/// Runs what the crate may panic in: on damaged files it asserts here and there.
fn guarded<T>(place: &str, run: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    let result = catch_unwind(AssertUnwindSafe(run));
    result.unwrap_or_else(|_| Err(damaged(place, "what it says of itself cannot be")))
}

/// The pages of one column in one row group.
#[derive(Debug)]
struct Chunk {
    /// Where in the file they begin.
    start: u64,
    bytes: Bytes,
    codec: CompressionCodec,
}

impl Length for Chunk {
    fn len(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

impl ChunkReader for Chunk {
    type T = std::io::Cursor<Bytes>;

    /// What begins with the header of a page, as nobody asks for others beforehand.
    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        let left = self.len().saturating_sub(start);
        let bytes = self.get_bytes(start, left as usize)?;
        match header::fault(&bytes, self.codec) {
            Some(fault) => Err(parquet::errors::ParquetError::General(fault.to_owned())),
            None => Ok(std::io::Cursor::new(bytes)),
        }
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        let from = start.checked_sub(self.start).and_then(|from| usize::try_from(from).ok());
        let end = from.and_then(|from| from.checked_add(length));
        match (from, end) {
            (Some(from), Some(end)) if end <= self.bytes.len() => Ok(self.bytes.slice(from..end)),
            _ => Err(parquet::errors::ParquetError::EOF("a page is cut short".to_owned())),
        }
    }
}
