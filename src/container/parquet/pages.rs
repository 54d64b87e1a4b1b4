//! The pages of a column in the encodings that nearly all writers use: plain values, and places
//! in a dictionary, whose texts are spelled once.

use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Encoding, Type};
use parquet::column::page::{Page, PageReader};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::serialized_reader::SerializedPageReader;

use super::Chunk;
use super::hybrid::Hybrid;
use super::spelling::{DASH, Span, Spelling, Texts};

/// What is wrong with a page.
pub type Fault = Box<dyn std::error::Error + Send + Sync>;

/// The values of a column in one row group.
pub struct Pages {
    pages: SerializedPageReader<Chunk>,
    kind: Type,
    spelling: Spelling,
    is_optional: bool,
    dictionary: Texts,
    levels: Option<Hybrid>,
    values: Values,
    /// Values of the page that are still to be read.
    left: usize,
    /// Those of a plain page that were read last.
    texts: Texts,
    spans: Vec<Span>,
    spread: Vec<Span>,
    numbers: Vec<u32>,
    present: Vec<u32>,
}

/// The values of a page.
enum Values {
    /// Places in the dictionary.
    Places(Hybrid),
    /// The values, from this byte on.
    Plain(Bytes, usize),
}

impl Pages {
    pub fn new(
        chunk: Chunk,
        meta: &ColumnChunkMetaData,
        rows: usize,
        spelling: Spelling,
    ) -> Result<Self, Fault> {
        Ok(Self {
            pages: SerializedPageReader::new(Arc::new(chunk), meta, rows, None)?,
            kind: meta.column_type(),
            spelling,
            is_optional: meta.column_descr().max_def_level() > 0,
            dictionary: Texts::default(),
            levels: None,
            values: Values::Plain(Bytes::new(), 0),
            left: 0,
            texts: Texts::default(),
            spans: Vec::new(),
            spread: Vec::new(),
            numbers: Vec::new(),
            present: Vec::new(),
        })
    }

    /// How many values can be read at once; 0 at the end.
    pub fn available(&mut self) -> Result<usize, Fault> {
        while self.left == 0 {
            let Some(page) = self.pages.get_next_page()? else { return Ok(0) };
            self.open(page)?;
        }
        Ok(self.left)
    }

    fn open(&mut self, page: Page) -> Result<(), Fault> {
        let (buffer, encoding, count) = match page {
            Page::DictionaryPage { buf, num_values, .. } => {
                let count = num_values as usize;
                self.dictionary.clear();
                let mut at = 0;
                plain(&mut self.dictionary, self.kind, self.spelling, &buf, &mut at, count)?;
                self.dictionary.finish();
                return Ok(());
            }
            Page::DataPage { buf, num_values, encoding, def_level_encoding, .. } => {
                let mut buffer = buf;
                if self.is_optional {
                    if def_level_encoding != Encoding::RLE {
                        return Err(format!("levels in {def_level_encoding}").into());
                    }
                    let length = *buffer.first_chunk().ok_or("a page is cut short")?;
                    let levels = split(&mut buffer, 4, u32::from_le_bytes(length) as usize)?;
                    self.levels = Hybrid::new(levels, 1);
                }
                (buffer, encoding, num_values)
            }
            Page::DataPageV2 {
                buf,
                num_values,
                encoding,
                def_levels_byte_len,
                rep_levels_byte_len,
                ..
            } => {
                let mut buffer = buf;
                let before = rep_levels_byte_len as usize;
                let levels = split(&mut buffer, before, def_levels_byte_len as usize)?;
                self.levels = Hybrid::new(levels, 1).filter(|_| self.is_optional);
                (buffer, encoding, num_values)
            }
        };
        self.left = count as usize;
        self.values = match encoding {
            Encoding::PLAIN => Values::Plain(buffer, 0),
            Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY => {
                // A page without values has no width.
                let width = buffer.first().copied().unwrap_or_default();
                let places = buffer.slice(1.min(buffer.len())..);
                Values::Places(Hybrid::new(places, width).ok_or("numbers of more than 32 bits")?)
            }
            other => {
                return Err(format!("a page in {other}, which its column does not state").into());
            }
        };
        Ok(())
    }

    /// Reads the next `count` values, which are [`available`](Self::available).
    pub fn read(&mut self, count: usize) -> Result<(), Fault> {
        self.left -= count;
        self.present.clear();
        let mut all = count;
        if let Some(levels) = &mut self.levels
            && !levels.take_same(1, count)
        {
            self.present.resize(count, 0);
            levels.read(&mut self.present).ok_or("levels are cut short")?;
            all = self.present.iter().filter(|&&level| level == 1).count();
        }
        self.spans.clear();
        match &mut self.values {
            Values::Places(places) => {
                self.numbers.resize(all, 0);
                places.read(&mut self.numbers).ok_or("a page is cut short")?;
                let known = &self.dictionary.spans[..];
                // One check for all: each alone keeps the loop from being a plain one.
                let largest = self.numbers.iter().copied().max().unwrap_or(0) as usize;
                if all > 0 && largest >= known.len() {
                    return Err("a value that its dictionary does not have".into());
                }
                let numbers = &self.numbers[..];
                if all == count {
                    self.spans.extend(numbers.iter().map(|&number| known[number as usize]));
                } else if all == 0 {
                    self.spans.resize(count, DASH);
                } else {
                    let mut next = 0;
                    self.spans.extend(self.present.iter().map(|&level| {
                        // The last one again, where there is no next one.
                        let number = numbers[next.min(all - 1)];
                        next += level as usize;
                        if level == 1 { known[number as usize] } else { DASH }
                    }));
                }
            }
            Values::Plain(bytes, at) => {
                self.texts.clear();
                plain(&mut self.texts, self.kind, self.spelling, bytes, at, all)?;
                self.texts.finish();
                std::mem::swap(&mut self.spans, &mut self.texts.spans);
                if all < count {
                    spread(&mut self.spans, &self.present, &mut self.spread);
                }
            }
        }
        Ok(())
    }

    /// The texts that were read last: all bytes, where each is, and how long one may be.
    pub fn texts(&self) -> (&[u8], &[Span], usize) {
        let texts = match self.values {
            Values::Places(_) => &self.dictionary,
            Values::Plain(..) => &self.texts,
        };
        (&texts.bytes, &self.spans, texts.longest)
    }
}

/// Puts dashes where no value is present.
pub fn spread(spans: &mut Vec<Span>, present: &[u32], memory: &mut Vec<Span>) {
    // So that there is a next one always.
    spans.push(DASH);
    memory.clear();
    let mut next = 0;
    memory.extend(present.iter().map(|&level| {
        let span = if level == 1 { spans[next] } else { DASH };
        next += usize::from(level == 1);
        span
    }));
    std::mem::swap(spans, memory);
}

/// Takes `length` bytes after the first `skipped` from the front.
fn split(buffer: &mut Bytes, skipped: usize, length: usize) -> Result<Bytes, Fault> {
    let end = skipped.checked_add(length).filter(|&end| end <= buffer.len());
    let end = end.ok_or("a page is cut short")?;
    let front = buffer.slice(skipped..end);
    *buffer = buffer.slice(end..);
    Ok(front)
}

/// Spells `count` plain values from `at` on.
fn plain(
    texts: &mut Texts,
    kind: Type,
    spelling: Spelling,
    bytes: &[u8],
    at: &mut usize,
    count: usize,
) -> Result<(), Fault> {
    let rest = bytes.get(*at..).ok_or("a page is cut short")?;
    let width = match kind {
        Type::BYTE_ARRAY => {
            let mut rest = rest;
            for _ in 0..count {
                let (length, after) = rest.split_first_chunk().ok_or("a page is cut short")?;
                let length = u32::from_le_bytes(*length) as usize;
                let (text, after) = after.split_at_checked(length).ok_or("a text is cut short")?;
                texts.push_text(text).ok_or("texts of more than 4 GiB")?;
                rest = after;
            }
            *at = bytes.len() - rest.len();
            return Ok(());
        }
        Type::INT32 | Type::FLOAT => 4,
        Type::INT64 | Type::DOUBLE => 8,
        other => return Err(format!("values of type {other}").into()),
    };
    let length = count.checked_mul(width).filter(|&length| length <= rest.len());
    let values = &rest[..length.ok_or("a page is cut short")?];
    *at += values.len();
    texts.spans.reserve(count);
    let (fours, eights) = (values.as_chunks::<4>().0, values.as_chunks::<8>().0);
    match kind {
        Type::INT32 if spelling == Spelling::Unsigned => {
            texts.push_numbers(spelling, fours.iter().map(|v| u32::from_le_bytes(*v).into()));
        }
        Type::INT32 => {
            texts.push_numbers(spelling, fours.iter().map(|v| i32::from_le_bytes(*v).into()));
        }
        Type::FLOAT => fours
            .iter()
            .for_each(|&value| texts.push_float(spelling, f32::from_le_bytes(value).into())),
        Type::DOUBLE => {
            eights.iter().for_each(|&value| texts.push_float(spelling, f64::from_le_bytes(value)))
        }
        _ => texts.push_numbers(spelling, eights.iter().map(|v| i64::from_le_bytes(*v))),
    }
    Ok(())
}
