//! Network activity of [OCSF](super::super::ocsf) in Parquet, as Amazon Security Lake writes it:
//! nested columns.
//!
//! The crate's own reader puts the rows together, of those columns only that the fields are taken
//! from; that is slow beside flat columns, which are read by [`pages`](super::pages). The layout
//! is that of version 11 in AWS's order, without fields that nobody asks for: which of them an
//! event has beside those of version 5, no column says.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use parquet::column::page::PageReader;
use parquet::errors::{ParquetError, Result as Read};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::RowGroupReader;
use parquet::file::serialized_reader::SerializedPageReader;
use parquet::record::Field as Cell;
use parquet::record::reader::{ReaderIter, RowIter, TreeBuilder};
use parquet::schema::types::{SchemaDescPtr, SchemaDescriptor, Type, TypePtr};

use super::super::ocsf::{CLASS, Node, sources, value, whole};
use super::super::{Columns, one_word};
use super::counted::Counted;
use super::lists::ROWS;
use super::{Chunk, Rows, Table, damaged, guarded, place_of};
use crate::error::Error;
use crate::field::{Field, V5};
use crate::layout::Layout;
use crate::record::LINE_BYTES_MAX;
use crate::source::make_room;

/// The column that says what an event is.
const CLASS_COLUMN: &str = "class_uid";

/// The version whose fields are those of transit gateways, which OCSF does not have.
const GATEWAY_VERSION: u8 = 6;

/// What is read of a file of events.
#[derive(Debug)]
pub struct Activity {
    /// Its columns.
    schema: SchemaDescPtr,
    /// The numbers of its columns in the file, those within others.
    pub leaves: Vec<usize>,
    /// The fields of the lines.
    fields: Vec<Field>,
}

impl Activity {
    /// What is to be read of a file for these columns; none if its columns are not those of
    /// OCSF's events.
    ///
    /// # Errors
    /// Only if the crate does not take what it gave.
    pub fn of(schema: &SchemaDescriptor, columns: &Columns) -> Result<Option<Self>, Error> {
        let root = schema.root_schema();
        let has = |name: &str| root.get_fields().iter().any(|field| field.name() == name);
        if ![CLASS_COLUMN, "src_endpoint", "dst_endpoint"].into_iter().all(has) {
            return Ok(None);
        }
        let fields = fields(columns);
        let is_read = |column: &str| {
            column == CLASS_COLUMN || fields.iter().any(|&field| sources(field).contains(&column))
        };
        let read = root.get_fields().iter().filter(|field| is_read(field.name()));
        let read: Vec<TypePtr> = read.cloned().collect();
        let part = Type::group_type_builder(root.name()).with_fields(read).build();
        let part = part.map_err(|error| damaged("footer", error))?;
        let is_of_read = |leaf: &usize| is_read(&schema.column(*leaf).path().parts()[0]);
        let leaves = (0..schema.num_columns()).filter(is_of_read).collect();
        let schema = Arc::new(SchemaDescriptor::new(Arc::new(part)));
        Ok(Some(Self { schema, leaves, fields }))
    }

    /// The columns that all events have.
    pub fn whole() -> Layout {
        Layout::of(&V5)
    }

    /// The layout of the lines.
    pub fn layout(&self) -> Layout {
        Layout::of(&self.fields)
    }
}

/// The fields that are asked for, and `log-status`.
fn fields(columns: &Columns) -> Vec<Field> {
    let all = Field::ALL.iter().copied().filter(|field| field.version() != GATEWAY_VERSION);
    let Columns::Some { columns, .. } = columns else { return all.collect() };
    let layout = Layout::of(&all.clone().collect::<Vec<_>>());
    let places = columns.iter().filter_map(|column| layout.resolve(column));
    let places: Vec<usize> =
        places.filter_map(|place| place.stretch(layout.columns())?.one()).collect();
    let is_asked = |(at, field): &(usize, Field)| *field == Field::LogStatus || places.contains(at);
    all.enumerate().filter(is_asked).map(|(_, field)| field).collect()
}

/// A row group of events that is being read.
pub struct Events<'a> {
    table: &'a Table,
    activity: &'a Activity,
    number: usize,
    block_bytes: usize,
    /// None until the first row is asked for.
    rows: Option<ReaderIter>,
    /// Rows that are still to be read, and the number of the next one in the file.
    left: u64,
    next: u64,
}

impl<'a> Events<'a> {
    pub fn new(
        table: &'a Table,
        activity: &'a Activity,
        number: usize,
        block_bytes: usize,
    ) -> Self {
        let left = table.footer.row_group(number).num_rows() as u64;
        let next = table.firsts[number];
        Self { table, activity, number, block_bytes, rows: None, left, next }
    }

    /// Puts the next block into `buffer`, with the room after it that the scan needs.
    ///
    /// # Errors
    /// What is wrong with the row group, which has no more rows then.
    pub fn next(&mut self, buffer: &mut Vec<u8>) -> Result<Option<Rows>, Error> {
        let place = place_of(self.number);
        let (before, left) = (self.next, self.left);
        guarded(&place, || self.fill(buffer, &place)).map_err(|error| match left {
            0 => error,
            _ => Error::new(error.kind(), format!("{error}; {left} rows of it are lost")),
        })?;
        let length = buffer.len();
        make_room(buffer, length);
        Ok((length > 0).then_some(Rows { length, before, decoded: None }))
    }

    fn fill(&mut self, buffer: &mut Vec<u8>, place: &str) -> Result<(), Error> {
        buffer.clear();
        let rows = match &mut self.rows {
            Some(rows) => rows,
            None => {
                let group = RowGroup::new(self.table, self.activity, self.number)?;
                let rows = TreeBuilder::new().with_batch_size(ROWS);
                let rows = rows.as_iter(Arc::clone(&self.activity.schema), &group);
                self.rows.insert(rows.map_err(|error| damaged(place, error))?)
            }
        };
        while buffer.len() < self.block_bytes && self.left > 0 {
            let row = rows.next().ok_or_else(|| damaged(place, "fewer values than rows"))?;
            let row = row.map_err(|error| damaged(place, error))?;
            write(&Cell::Group(row), &self.activity.fields, buffer);
            self.left -= 1;
            self.next += 1;
        }
        Ok(())
    }
}

/// Writes an event as a line.
fn write(event: &Cell, fields: &[Field], line: &mut Vec<u8>) {
    let start = line.len();
    let class = event.member(CLASS_COLUMN).and_then(Cell::text).unwrap_or_default();
    if class == CLASS {
        for &field in fields {
            let text = value(event, field);
            let word = text.as_deref().and_then(one_word);
            line.extend_from_slice(word.as_deref().unwrap_or("-").as_bytes());
            line.push(b' ');
        }
        line.pop();
        // A line that is too long is cut, and so it is one that is too long.
        line.truncate(start + LINE_BYTES_MAX);
    } else {
        // What is none of these records is counted as one of JSON is.
        line.extend_from_slice(format!("{{\"{CLASS_COLUMN}\":\"{class}\"}}").as_bytes());
    }
    line.push(b'\n');
}

/// A row group, as the crate's reader of rows wants it.
struct RowGroup<'a> {
    meta: &'a RowGroupMetaData,
    /// The columns that are read, with their numbers.
    chunks: Vec<(usize, Arc<Chunk>)>,
    /// The values of lists that are held.
    lists: Arc<AtomicU64>,
}

impl<'a> RowGroup<'a> {
    fn new(table: &'a Table, activity: &Activity, number: usize) -> Result<Self, Error> {
        let chunk = |&leaf: &usize| Ok((leaf, Arc::new(table.chunk(number, leaf)?)));
        let chunks = activity.leaves.iter().map(chunk).collect::<Result<_, Error>>()?;
        let lists = Arc::default();
        Ok(Self { meta: table.footer.row_group(number), chunks, lists })
    }
}

impl RowGroupReader for RowGroup<'_> {
    fn metadata(&self) -> &RowGroupMetaData {
        self.meta
    }

    fn num_columns(&self) -> usize {
        self.meta.num_columns()
    }

    fn get_column_page_reader(&self, i: usize) -> Read<Box<dyn PageReader>> {
        let chunk = self.chunks.iter().find(|(leaf, _)| *leaf == i).map(|(_, chunk)| chunk);
        let chunk = chunk.ok_or_else(|| ParquetError::General(format!("no column {i}")))?;
        let (column, rows) = (self.meta.column(i), self.meta.num_rows() as usize);
        let pages = SerializedPageReader::new(Arc::clone(chunk), column, rows, None)?;
        Ok(Box::new(Counted::new(pages, column.column_descr(), &self.lists)))
    }

    fn get_column_bloom_filter(&self, _: usize) -> Option<&parquet::bloom_filter::Sbbf> {
        None
    }

    fn get_row_iter(&self, projection: Option<Type>) -> Read<RowIter<'_>> {
        RowIter::from_row_group(projection, self)
    }
}

impl Node for Cell {
    fn member(&self, name: &str) -> Option<&Self> {
        let Self::Group(row) = self else { return None };
        row.get_column_iter().find(|(other, _)| *other == name).map(|(_, cell)| cell)
    }

    fn elements(&self) -> Vec<&Self> {
        match self {
            Self::ListInternal(list) => list.elements().iter().collect(),
            _ => Vec::new(),
        }
    }

    fn entries(&self) -> Vec<(Cow<'_, str>, &Self)> {
        match self {
            Self::Group(row) => {
                let members = row.get_column_iter();
                members.map(|(name, cell)| (Cow::Borrowed(name.as_str()), cell)).collect()
            }
            Self::MapInternal(map) => {
                let entries = map.entries().iter();
                entries.filter_map(|(name, cell)| Some((name.text()?, cell))).collect()
            }
            _ => Vec::new(),
        }
    }

    fn text(&self) -> Option<Cow<'_, str>> {
        let number = |number: String| Some(Cow::Owned(number));
        match self {
            Self::Str(text) => Some(Cow::Borrowed(text)),
            Self::Bytes(bytes) => Some(String::from_utf8_lossy(bytes.data())),
            Self::Double(value) if value.is_nan() => None,
            Self::Double(value) => number(whole(*value)),
            Self::Float(value) if value.is_nan() => None,
            Self::Float(value) => number(whole((*value).into())),
            Self::TimestampMillis(time) | Self::TimestampMicros(time) => number(time.to_string()),
            Self::Bool(_)
            | Self::Byte(_)
            | Self::Short(_)
            | Self::Int(_)
            | Self::Long(_)
            | Self::UByte(_)
            | Self::UShort(_)
            | Self::UInt(_)
            | Self::ULong(_) => number(self.to_string()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
