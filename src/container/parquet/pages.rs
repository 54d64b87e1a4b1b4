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
use super::nulls::Nulls;
use super::spelling::{DASH, Span, Spelling, Texts};
use super::values::{Role, Values};
use crate::scan::Scanner;

/// What is wrong with a page.
pub type Fault = Box<dyn std::error::Error + Send + Sync>;

/// What is said of texts that have no room.
pub const TOO_LONG: &str = "texts of more than 1 GiB";

/// What is said of a page that has not what it counts.
const CUT: &str = "a page is cut short";

/// What is said of a page whose levels, values and header do not fit together.
pub const MORE: &str = "a page has more values than its levels say";
pub const ODD_NULLS: &str = "levels and counts of a page do not fit";

/// Bytes that a text of a regular row may have.
const TEXT_BYTES_MAX: usize = 4096;

/// What is wanted of a column.
#[derive(Debug, Clone, Copy)]
pub struct Wish {
    /// How its numbers are spelled.
    pub spelling: Spelling,
    /// What its values are.
    pub role: Role,
    /// Whether their texts are asked for, even if they are more than texts.
    pub is_text: bool,
}

/// The values of a column in one row group.
pub struct Pages {
    pages: SerializedPageReader<Chunk>,
    kind: Type,
    wish: Wish,
    is_optional: bool,
    /// The dictionary's texts, and their spans with one for no value after them.
    dictionary: Texts,
    known: Values,
    /// Values of the dictionary.
    known_count: usize,
    levels: Option<Hybrid>,
    nulls: Nulls,
    page: DataPage,
    /// Values of the page that are still to be read.
    left: usize,
    /// Texts of a plain page that were read last.
    texts: Texts,
    /// What was read last: where the texts are, if they are asked for, and the decoded values.
    spans: Vec<Span>,
    values: Values,
    /// The places in the dictionary, where a page has such.
    places: Vec<u32>,
    /// Whether there is a value; empty if there always is.
    present: Vec<u32>,
    memory: Vec<u32>,
}

/// The values of a page.
enum DataPage {
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
        wish: Wish,
    ) -> Result<Self, Fault> {
        let mut opened = Self {
            pages: SerializedPageReader::new(Arc::new(chunk), meta, rows, None)?,
            kind: meta.column_type(),
            wish,
            is_optional: meta.column_descr().max_def_level() > 0,
            dictionary: Texts::default(),
            known: Values::default(),
            known_count: 0,
            levels: None,
            nulls: Nulls::new(meta, rows),
            page: DataPage::Plain(Bytes::new(), 0),
            left: 0,
            texts: Texts::default(),
            spans: Vec::new(),
            values: Values::default(),
            places: Vec::new(),
            present: Vec::new(),
            memory: Vec::new(),
        };
        // A column without any value may have places in a dictionary that it lacks.
        opened.end_dictionary();
        Ok(opened)
    }

    /// How many values can be read at once; 0 at the end.
    pub fn available(&mut self, scanner: &mut Scanner) -> Result<usize, Fault> {
        while self.left == 0 {
            let Some(page) = self.pages.get_next_page()? else { return Ok(0) };
            self.open(page, scanner)?;
        }
        Ok(self.left)
    }

    fn open(&mut self, page: Page, scanner: &mut Scanner) -> Result<(), Fault> {
        let (buffer, encoding, count) = match page {
            Page::DictionaryPage { buf, num_values, .. } => {
                return self.open_dictionary(&buf, num_values as usize, scanner);
            }
            Page::DataPage { buf, num_values, encoding, def_level_encoding, .. } => {
                let mut buffer = buf;
                if self.is_optional {
                    if def_level_encoding != Encoding::RLE {
                        return Err(format!("levels in {def_level_encoding}").into());
                    }
                    let length = *split(&mut buffer, 4)?.first_chunk().ok_or(CUT)?;
                    let levels = split(&mut buffer, u32::from_le_bytes(length) as usize)?;
                    self.levels = Hybrid::new(levels, 1);
                }
                self.nulls.begin(None);
                (buffer, encoding, num_values)
            }
            Page::DataPageV2 {
                buf,
                num_values,
                encoding,
                num_nulls,
                num_rows,
                def_levels_byte_len,
                rep_levels_byte_len,
                ..
            } => {
                let mut buffer = buf;
                let repetitions = split(&mut buffer, rep_levels_byte_len as usize)?;
                let levels = split(&mut buffer, def_levels_byte_len as usize)?;
                let mut is_sound = num_rows == num_values && are_zero(repetitions, num_values);
                self.levels = match self.is_optional {
                    true => Hybrid::new(levels, 1),
                    false => {
                        is_sound &= are_zero(levels, num_values);
                        None
                    }
                };
                if !is_sound {
                    return Err(ODD_NULLS.into());
                }
                self.nulls.begin(Some(num_nulls));
                (buffer, encoding, num_values)
            }
        };
        self.left = count as usize;
        self.page = match encoding {
            Encoding::PLAIN => DataPage::Plain(buffer, 0),
            Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY => {
                // A page without values has no width.
                let width = buffer.first().copied().unwrap_or_default();
                let places = buffer.slice(1.min(buffer.len())..);
                DataPage::Places(Hybrid::new(places, width).ok_or("numbers of more than 32 bits")?)
            }
            other => {
                return Err(format!("a page in {other}, which its column does not state").into());
            }
        };
        Ok(())
    }

    fn open_dictionary(
        &mut self,
        bytes: &[u8],
        count: usize,
        scanner: &mut Scanner,
    ) -> Result<(), Fault> {
        let Wish { spelling, role, .. } = self.wish;
        self.dictionary.clear();
        self.known.clear();
        self.known_count = count;
        let mut end = 0;
        if self.needs_texts() {
            plain(&mut self.dictionary, self.kind, spelling, bytes, &mut end, count)?;
        }
        match role {
            Role::Text | Role::Status => {}
            Role::Address => self.known.read_addresses(&mut self.dictionary, scanner)?,
            Role::Number(_) => {
                end = self.known.read_numbers(self.kind, spelling, bytes, count)?;
            }
        }
        if end < bytes.len() {
            return Err("a dictionary with more values than it counts".into());
        }
        self.end_dictionary();
        Ok(())
    }

    /// Ends the dictionary with what is there for no value.
    fn end_dictionary(&mut self) {
        self.dictionary.push_none();
        self.known.push_none(self.wish.role);
        self.dictionary.finish();
    }

    /// Whether texts are spelled: numbers need none to be known.
    fn needs_texts(&self) -> bool {
        self.wish.is_text || !matches!(self.wish.role, Role::Number(_))
    }

    /// Reads the next `count` values, which are [`available`](Self::available).
    pub fn read(&mut self, count: usize, scanner: &mut Scanner) -> Result<(), Fault> {
        self.left -= count;
        self.present.clear();
        let mut all = count;
        if let Some(levels) = &mut self.levels
            && !levels.take_same(1, count)
        {
            self.present.resize(count, 0);
            levels
                .read(&mut self.present)
                .ok_or("levels are cut short, or one of them cannot be")?;
            all = self.present.iter().filter(|&&level| level == 1).count();
            if all == count {
                self.present.clear();
            }
        }
        self.nulls.add(count, count - all);
        self.spans.clear();
        self.values.clear();
        let needs_texts = self.needs_texts();
        let Wish { spelling, role, .. } = self.wish;
        match &mut self.page {
            DataPage::Places(places) => {
                self.places.resize(all, 0);
                places.read(&mut self.places).ok_or(CUT)?;
                // One check for all: each alone keeps the loops below from being plain ones.
                let largest = self.places.iter().copied().max().unwrap_or(0) as usize;
                if all > 0 && largest >= self.known_count {
                    return Err("a value that its dictionary does not have".into());
                }
                if all < count {
                    let none = self.known_count as u32;
                    spread(&mut self.places, &self.present, none, &mut self.memory);
                }
                let places = &self.places[..];
                if self.wish.is_text || matches!(role, Role::Text | Role::Status) {
                    let known = &self.dictionary.spans[..];
                    self.spans.extend(places.iter().map(|&place| known[place as usize]));
                }
                self.values.look_up(&self.known, places, role);
            }
            DataPage::Plain(bytes, at) => {
                self.texts.clear();
                let from = *at;
                if needs_texts {
                    plain(&mut self.texts, self.kind, spelling, bytes, at, all)?;
                }
                match role {
                    Role::Text | Role::Status => {}
                    Role::Address => self.values.read_addresses(&mut self.texts, scanner)?,
                    Role::Number(_) => {
                        let bytes = bytes.get(from..).ok_or(CUT)?;
                        *at = from + self.values.read_numbers(self.kind, spelling, bytes, all)?;
                    }
                }
                self.texts.finish();
                std::mem::swap(&mut self.spans, &mut self.texts.spans);
                if all < count {
                    self.values.spread(&self.present, role);
                    if needs_texts {
                        spread(&mut self.spans, &self.present, DASH, &mut Vec::new());
                    }
                }
            }
        }
        if self.left == 0 { self.check_page() } else { Ok(()) }
    }

    /// Checks that a page that is read has nothing more, and as many nulls as it says.
    fn check_page(&mut self) -> Result<(), Fault> {
        let are_levels_read = self.levels.as_mut().is_none_or(Hybrid::is_used_up);
        if !are_levels_read || !self.nulls.are_as_stated() {
            return Err(ODD_NULLS.into());
        }
        let are_values_read = match &mut self.page {
            DataPage::Places(places) => places.is_used_up(),
            DataPage::Plain(bytes, at) => *at == bytes.len(),
        };
        if are_values_read { Ok(()) } else { Err(MORE.into()) }
    }

    /// Adds the rows, of those that were read last, that are not regular.
    pub fn set_aside(&self, aside: &mut Vec<u32>) {
        let mut add = |row: usize| aside.push(row as u32);
        let role = self.wish.role;
        if matches!(role, Role::Address | Role::Number(_)) {
            let absent = self.present.iter().enumerate().filter(|(_, level)| **level == 0);
            absent.for_each(|(row, _)| add(row));
        }
        match role {
            Role::Text => {
                if self.texts().2 > TEXT_BYTES_MAX {
                    let is_long = |span: &Span| span.length as usize > TEXT_BYTES_MAX;
                    let rows = self.spans.iter().enumerate().filter(|(_, span)| is_long(span));
                    rows.for_each(|(row, _)| add(row));
                }
            }
            Role::Status => {
                let bytes = self.texts().0;
                // Most have the one span of a dictionary.
                let mut ok = DASH;
                for (row, &span) in self.spans.iter().enumerate() {
                    if span != ok {
                        let text = &bytes[span.start as usize..][..span.length as usize];
                        if text == b"OK " {
                            ok = span;
                        } else {
                            add(row);
                        }
                    }
                }
            }
            Role::Address => {
                let rows = self.values.others.iter().enumerate().filter(|(_, is)| **is);
                rows.for_each(|(row, _)| add(row));
            }
            Role::Number(most) => {
                let values = &self.values.numbers[..];
                if values.iter().copied().max().is_some_and(|largest| largest > most) {
                    let rows = values.iter().enumerate().filter(|(_, value)| **value > most);
                    rows.for_each(|(row, _)| add(row));
                }
            }
        }
    }

    /// The decoded values that were read last.
    pub fn values(&self) -> &Values {
        &self.values
    }

    /// What its values are.
    pub fn role(&self) -> Role {
        self.wish.role
    }

    /// The texts that were read last: all bytes, where each is, and how long one may be.
    pub fn texts(&self) -> (&[u8], &[Span], usize) {
        let texts = match self.page {
            DataPage::Places(_) => &self.dictionary,
            DataPage::Plain(..) => &self.texts,
        };
        (&texts.bytes, &self.spans, texts.longest)
    }

    /// Bytes that a text of the next rows has at most, as far as a dictionary tells.
    pub fn known_bytes_max(&self) -> usize {
        match self.page {
            DataPage::Places(_) => self.dictionary.longest,
            DataPage::Plain(..) => 0,
        }
    }

    /// Writes the text of one row of those that were read last, and a blank.
    pub fn push_text(&self, row: usize, out: &mut Vec<u8>) {
        let span = match &self.page {
            _ if self.present.get(row) == Some(&0) => DASH,
            _ if !self.spans.is_empty() => self.spans[row],
            DataPage::Places(_) if self.needs_texts() => {
                self.dictionary.spans[self.places[row] as usize]
            }
            _ => {
                let number = self.values.numbers[row] as i64;
                let spelling = match self.wish.spelling {
                    // It is in seconds.
                    Spelling::Seconds { .. } | Spelling::Days => Spelling::Number,
                    other => other,
                };
                let mut text = Texts::default();
                text.push_number(spelling, number);
                let Span { start, .. } = text.spans[0];
                return out.extend_from_slice(&text.bytes[start as usize..]);
            }
        };
        let Span { start, length } = span;
        out.extend_from_slice(&self.texts().0[start as usize..][..length as usize]);
    }
}

/// Puts `none` where no value is present.
pub fn spread<T: Copy>(values: &mut Vec<T>, present: &[u32], none: T, memory: &mut Vec<T>) {
    // So that there is a next one always.
    values.push(none);
    memory.clear();
    let mut next = 0;
    memory.extend(present.iter().map(|&level| {
        let value = if level == 1 { values[next] } else { none };
        next += usize::from(level == 1);
        value
    }));
    std::mem::swap(values, memory);
}

/// Takes `length` bytes from the front.
fn split(buffer: &mut Bytes, length: usize) -> Result<Bytes, Fault> {
    match length <= buffer.len() {
        true => Ok(buffer.split_to(length)),
        false => Err(CUT.into()),
    }
}

/// Whether these are levels of a column that has none but 0: nothing, or `count` in no bits each.
fn are_zero(levels: Bytes, count: u32) -> bool {
    let levels = Hybrid::new(levels.clone(), 0).filter(|_| !levels.is_empty());
    levels.is_none_or(|mut levels| levels.pass(count as usize).is_some() && levels.is_used_up())
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
    let rest = bytes.get(*at..).ok_or(CUT)?;
    let width = match kind {
        Type::BYTE_ARRAY => {
            let mut rest = rest;
            for _ in 0..count {
                let (length, after) = rest.split_first_chunk().ok_or(CUT)?;
                let length = u32::from_le_bytes(*length) as usize;
                let (text, after) = after.split_at_checked(length).ok_or("a text is cut short")?;
                texts.push_text(text).ok_or(TOO_LONG)?;
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
    let values = &rest[..length.ok_or(CUT)?];
    *at += values.len();
    texts.spans.reserve(count);
    let (fours, eights) = (values.as_chunks::<4>().0, values.as_chunks::<8>().0);
    match kind {
        Type::INT32 if spelling == Spelling::Unsigned => {
            texts.push_numbers(spelling, fours.iter().map(|v| u32::from_le_bytes(*v).into()))
        }
        Type::INT32 => {
            texts.push_numbers(spelling, fours.iter().map(|v| i32::from_le_bytes(*v).into()))
        }
        Type::FLOAT => fours
            .iter()
            .try_for_each(|&value| texts.push_float(spelling, f32::from_le_bytes(value).into())),
        Type::DOUBLE => eights
            .iter()
            .try_for_each(|&value| texts.push_float(spelling, f64::from_le_bytes(value))),
        _ => texts.push_numbers(spelling, eights.iter().map(|v| i64::from_le_bytes(*v))),
    }
    .ok_or(TOO_LONG)?;
    Ok(())
}
