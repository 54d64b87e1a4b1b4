//! Columns in encodings that few writers use, read by the crate's own readers.

use std::sync::Arc;

use parquet::basic::Type;
use parquet::column::page::PageReader;
use parquet::column::reader::ColumnReaderImpl;
use parquet::data_type::{
    BoolType, ByteArrayType, DataType, DoubleType, FloatType, Int32Type, Int64Type, Int96Type,
};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::serialized_reader::SerializedPageReader;

use super::Chunk;
use super::counted::Counted;
use super::pages::{Fault, TOO_LONG, spread};
use super::spelling::{DASH, Span, Spelling, Texts};

/// The values of a column in one row group.
pub struct Rare {
    values: Values,
    spelling: Spelling,
    texts: Texts,
    spans: Vec<Span>,
    levels: Vec<i16>,
    present: Vec<u32>,
    spread: Vec<Span>,
}

/// A reader, and the values that it gave last.
struct Typed<T: DataType>(ColumnReaderImpl<T>, Vec<T::T>);

enum Values {
    Bool(Typed<BoolType>),
    Int32(Typed<Int32Type>),
    Int64(Typed<Int64Type>),
    Int96(Typed<Int96Type>),
    Float(Typed<FloatType>),
    Double(Typed<DoubleType>),
    Text(Typed<ByteArrayType>),
}

impl<T: DataType> Typed<T> {
    fn read(&mut self, count: usize, levels: &mut Vec<i16>) -> Result<(), Fault> {
        self.1.clear();
        let mut rows = 0;
        while rows < count {
            let read = self.0.read_records(count - rows, Some(levels), None, &mut self.1)?.0;
            if read == 0 {
                return Err("fewer values than rows".into());
            }
            rows += read;
        }
        Ok(())
    }
}

impl Rare {
    pub fn new(
        chunk: Chunk,
        meta: &ColumnChunkMetaData,
        rows: usize,
        spelling: Spelling,
    ) -> Result<Self, Fault> {
        let column = meta.column_descr_ptr();
        let pages = SerializedPageReader::new(Arc::new(chunk), meta, rows, None)?;
        let pages: Box<dyn PageReader> = Box::new(Counted::new(pages, &column, &Arc::default()));
        let values = match meta.column_type() {
            Type::BOOLEAN => Values::Bool(Typed(ColumnReaderImpl::new(column, pages), vec![])),
            Type::INT32 => Values::Int32(Typed(ColumnReaderImpl::new(column, pages), vec![])),
            Type::INT64 => Values::Int64(Typed(ColumnReaderImpl::new(column, pages), vec![])),
            Type::INT96 => Values::Int96(Typed(ColumnReaderImpl::new(column, pages), vec![])),
            Type::FLOAT => Values::Float(Typed(ColumnReaderImpl::new(column, pages), vec![])),
            Type::DOUBLE => Values::Double(Typed(ColumnReaderImpl::new(column, pages), vec![])),
            Type::BYTE_ARRAY => Values::Text(Typed(ColumnReaderImpl::new(column, pages), vec![])),
            other => return Err(format!("values of type {other}").into()),
        };
        Ok(Self {
            values,
            spelling,
            texts: Texts::default(),
            spans: Vec::new(),
            levels: Vec::new(),
            present: Vec::new(),
            spread: Vec::new(),
        })
    }

    /// Reads the next `count` values.
    pub fn read(&mut self, count: usize) -> Result<(), Fault> {
        let Self { values, spelling, texts, levels, .. } = self;
        let spelling = *spelling;
        levels.clear();
        texts.clear();
        match values {
            Values::Bool(typed) => {
                typed.read(count, levels)?;
                let spelled = |&value: &bool| if value { &b"true"[..] } else { b"false" };
                let mut spelled = typed.1.iter().map(spelled);
                spelled.try_for_each(|text| texts.push_text(text))
            }
            Values::Int32(typed) => {
                typed.read(count, levels)?;
                let is_signed = spelling != Spelling::Unsigned;
                let wide = |value: i32| if is_signed { value.into() } else { value as u32 as i64 };
                typed.1.iter().try_for_each(|&value| texts.push_number(spelling, wide(value)))
            }
            Values::Int64(typed) => {
                typed.read(count, levels)?;
                typed.1.iter().try_for_each(|&value| texts.push_number(spelling, value))
            }
            Values::Int96(typed) => {
                typed.read(count, levels)?;
                let mut seconds = typed.1.iter().map(|value| value.to_seconds());
                seconds.try_for_each(|seconds| texts.push_number(Spelling::Number, seconds))
            }
            Values::Float(typed) => {
                typed.read(count, levels)?;
                typed.1.iter().try_for_each(|&value| texts.push_float(spelling, value.into()))
            }
            Values::Double(typed) => {
                typed.read(count, levels)?;
                typed.1.iter().try_for_each(|&value| texts.push_float(spelling, value))
            }
            Values::Text(typed) => {
                typed.read(count, levels)?;
                typed.1.iter().try_for_each(|value| texts.push_text(value.data()))
            }
        }
        .ok_or(TOO_LONG)?;
        texts.finish();
        std::mem::swap(&mut self.spans, &mut texts.spans);
        if self.spans.len() < count {
            self.present.clear();
            self.present.extend(levels.iter().map(|&level| u32::from(level > 0)));
            let values = self.present.iter().filter(|&&level| level == 1).count();
            if self.present.len() != count || values != self.spans.len() {
                return Err("fewer values than rows".into());
            }
            spread(&mut self.spans, &self.present, DASH, &mut self.spread);
        }
        Ok(())
    }

    /// The texts that were read last: all bytes, where each is, and how long one may be.
    pub fn texts(&self) -> (&[u8], &[Span], usize) {
        (&self.texts.bytes, &self.spans, self.texts.longest)
    }
}
