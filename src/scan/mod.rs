//! Where the fields lie: the unsafe room.
//!
//! One sweep turns a text into [`Marks`]: a word for each separator with the place where the next
//! field begins and two flags, "this separator ends the line" and "the field before it holds a
//! byte that is no digit". Everything that follows works on those words: a line is *regular* when
//! it has exactly the expected number of separators, no field is empty or too long, and the
//! columns that should be numbers hold nothing but digits ([`Shape`], [`Marks::rows`]). Such rows
//! are decoded without looking at their other bytes again. Whatever is not regular (headers,
//! `-` in a number, runs of blanks, CR, missing columns) goes the plain way through
//! [`record`](crate::record). This room knows nothing of flow logs.
//!
//! Why marks and not masks per line: the sweep costs a fixed number of instructions for 64 bytes
//! whatever the lines look like, no branch depends on the text, and the check of a row is the
//! same few instructions for any layout.
//!
//! # Why it is sound
//! Loads run past the end of a field, never past the end of the buffer: [`Padded`] is the proof
//! that [`PAD`] bytes after the text may be read, and [`Marks`] can only be made by scanning a
//! `Padded` and borrows it, so every place in it lies inside that text. The files `portable`,
//! `aarch64` and `x86` have the same functions in the same order, and `gather` has those of AVX-512
//! that take several rows at once; the tests hold every one of them against the obvious way.

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(target_arch = "x86_64")]
mod gather;
#[cfg(any(target_arch = "aarch64", target_arch = "x86_64"))]
mod octets;
mod portable;
mod words;
#[cfg(target_arch = "x86_64")]
mod x86;

use crate::error::{Error, ErrorKind};

/// Bytes after a text that may be read (not written): one 64-byte vector.
pub const PAD: usize = 64;
/// Texts are shorter than this, since two bits of a mark are flags.
pub const TEXT_BYTES_MAX: usize = 1 << 30;
/// Columns that a [`Shape`] can describe; lines of wider layouts are all irregular.
pub const COLUMNS_MAX: usize = 64;

/// The bits of a mark that hold the place where the next field begins.
const PLACE: u32 = (TEXT_BYTES_MAX as u32) - 1;
/// The separator is a newline.
const NEWLINE: u32 = 1 << 30;
/// The field before the separator holds a byte that is not a digit.
const WIDE: u32 = 1 << 31;
/// Columns checked at once: one 512-bit vector of marks.
const CHUNK: usize = 16;

/// A text and the promise that the `PAD` bytes after it can be read.
#[derive(Debug, Clone, Copy)]
pub struct Padded<'a> {
    /// The text and at least `PAD` bytes more.
    bytes: &'a [u8],
    length: usize,
}

impl<'a> Padded<'a> {
    /// The first `length` bytes of `bytes` as a text.
    ///
    /// # Panics
    /// If fewer than [`PAD`] bytes follow it, or it has [`TEXT_BYTES_MAX`] bytes or more.
    pub fn new(bytes: &'a [u8], length: usize) -> Self {
        assert!(length < TEXT_BYTES_MAX && bytes.len() >= length + PAD, "a text lacks its padding");
        Self { bytes, length }
    }

    /// The text without its padding.
    pub fn text(&self) -> &'a [u8] {
        &self.bytes[..self.length]
    }
}

/// An implementation of this room, chosen at run time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Level {
    /// Plain Rust, for any processor.
    Portable,
    /// 64-bit ARM with NEON, which all of them have.
    Neon,
    /// x86-64 with AVX2 and BMI.
    Avx2,
    /// x86-64 with AVX-512 (F, BW, VL, VBMI2).
    Avx512,
}

/// The environment variable that forces a [`Level`]; for tests and comparisons.
pub const LEVEL_VARIABLE: &str = "FLOWAGG_SIMD";

impl Level {
    /// Every level, slowest first.
    pub const ALL: [Level; 4] = [Level::Portable, Level::Neon, Level::Avx2, Level::Avx512];

    /// The name that `FLOWAGG_SIMD` takes.
    pub fn name(self) -> &'static str {
        match self {
            Level::Portable => "portable",
            Level::Neon => "neon",
            Level::Avx2 => "avx2",
            Level::Avx512 => "avx512",
        }
    }

    /// Whether this processor can run it.
    pub fn is_available(self) -> bool {
        match self {
            Level::Portable => true,
            Level::Neon => cfg!(target_arch = "aarch64"),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => x86::has_avx2(),
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => x86::has_avx512(),
            #[cfg(not(target_arch = "x86_64"))]
            Level::Avx2 | Level::Avx512 => false,
        }
    }

    /// The fastest level that this processor can run.
    pub fn best() -> Level {
        Self::ALL.into_iter().rev().find(|level| level.is_available()).unwrap_or(Level::Portable)
    }

    /// The level that the environment asks for, or else the best one.
    ///
    /// # Errors
    /// [`ErrorKind::Simd`] if `FLOWAGG_SIMD` names no level, or one that this processor lacks.
    pub fn from_environment() -> Result<Level, Error> {
        let Some(wanted) = std::env::var_os(LEVEL_VARIABLE).filter(|value| !value.is_empty())
        else {
            return Ok(Self::best());
        };
        let names = Self::ALL.map(Level::name).join(", ");
        match Self::ALL.into_iter().find(|level| wanted == level.name()) {
            Some(level) if level.is_available() => Ok(level),
            Some(level) => Err(Error::new(
                ErrorKind::Simd,
                format!("this processor cannot run {LEVEL_VARIABLE}={}", level.name()),
            )),
            None => Err(Error::new(
                ErrorKind::Simd,
                format!("{LEVEL_VARIABLE} is {wanted:?}, expected one of {names}"),
            )),
        }
    }
}

/// The memory of a scan, kept from one text to the next.
#[derive(Debug)]
pub struct Scanner {
    level: Level,
    marks: Vec<u32>,
    openings: Vec<u32>,
}

impl Scanner {
    /// A scanner that uses `level`.
    ///
    /// # Panics
    /// If this processor cannot run `level`; see [`Level::is_available`].
    pub fn new(level: Level) -> Self {
        assert!(level.is_available(), "this processor cannot run {}", level.name());
        Self { level, marks: Vec::new(), openings: Vec::new() }
    }

    /// Finds every separator of `text` from `start` on: blanks (space, tab, CR, vertical tab,
    /// form feed) and newlines.
    ///
    /// # Panics
    /// If the text from `start` on is not empty and does not end with a newline.
    pub fn scan<'a>(&'a mut self, text: Padded<'a>, start: usize) -> Marks<'a> {
        let bytes = &text.text()[start..];
        assert!(bytes.last().is_none_or(|&last| last == b'\n'), "a text lacks its last newline");
        // One mark before the first field, one for each byte at worst, and what a kernel
        // writes beyond its count; fresh zeroed pages cost nothing until they are touched.
        let worst = bytes.len() + 1 + PAD;
        if self.marks.len() < worst {
            self.marks = vec![0; worst.next_power_of_two()];
        }
        self.openings.clear();
        self.marks[0] = start as u32 | NEWLINE;
        let found = match self.level {
            Level::Portable => portable::scan(text, start, &mut self.marks, &mut self.openings),
            #[cfg(target_arch = "aarch64")]
            Level::Neon => aarch64::scan(text, start, &mut self.marks, &mut self.openings),
            // SAFETY: `new` checked that the processor has the level's instructions, and `marks`
            // has room for a mark per byte and a vector more.
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code, reason = "kernels need instructions checked at run time")]
            Level::Avx2 => unsafe {
                x86::scan_avx2(text, start, &mut self.marks, &mut self.openings)
            },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code, reason = "kernels need instructions checked at run time")]
            Level::Avx512 => unsafe {
                x86::scan_avx512(text, start, &mut self.marks, &mut self.openings)
            },
            #[allow(unreachable_patterns, reason = "other processors")]
            _ => unreachable!("`new` refuses levels that the processor lacks"),
        };
        Marks {
            text,
            has_hash: found.has_hash,
            level: self.level,
            marks: &self.marks[..=found.marks],
            lines: found.lines,
            openings: &self.openings,
        }
    }
}

/// What a scanning kernel counted.
struct Found {
    /// Separators, which is also the index of the last mark.
    marks: usize,
    /// Newlines.
    lines: usize,
    /// Whether there is a `#`; there may be one too where it is in the padding.
    has_hash: bool,
}

/// The separators of one text. Mark 0 stands before the first field.
#[derive(Debug, Clone, Copy)]
pub struct Marks<'a> {
    text: Padded<'a>,
    has_hash: bool,
    level: Level,
    marks: &'a [u32],
    lines: usize,
    openings: &'a [u32],
}

impl<'a> Marks<'a> {
    /// The text that was scanned.
    pub fn text(&self) -> &'a [u8] {
        self.text.text()
    }

    /// Whether there may be a `#` in it.
    pub fn has_hash(&self) -> bool {
        self.has_hash
    }

    /// The number of lines.
    pub fn lines(&self) -> usize {
        self.lines
    }

    /// The index of the last mark; a cursor there is at the end.
    pub fn end(&self) -> usize {
        self.marks.len() - 1
    }

    /// Where lines begin whose first byte is neither a digit nor a newline: the only ones that can
    /// be headers. In text order.
    pub fn openings(&self) -> &'a [u32] {
        self.openings
    }

    /// The mark of the line that begins at `place`.
    pub fn mark_at(&self, place: u32) -> usize {
        self.marks.partition_point(|&mark| mark & PLACE < place)
    }

    /// The place after mark `mark`: where its next field begins.
    pub fn place(&self, mark: usize) -> usize {
        (self.marks[mark] & PLACE) as usize
    }

    /// The mark that ends the line which begins after mark `mark`.
    pub fn line_end(&self, mark: usize) -> usize {
        let rest = &self.marks[mark + 1..];
        mark + 1 + rest.iter().position(|mark| mark & NEWLINE != 0).unwrap_or(rest.len() - 1)
    }

    /// The bytes between mark `mark` and the next one.
    pub fn field(&self, mark: usize) -> &'a [u8] {
        self.fields(mark, 1)
    }

    /// The bytes between mark `mark` and the one `count` (at least 1) after it.
    pub fn fields(&self, mark: usize, count: usize) -> &'a [u8] {
        &self.text.bytes[self.place(mark)..self.place(mark + count) - 1]
    }

    /// Appends the marks of regular lines to `rows` from `cursor` on, moves `cursor` past them,
    /// and stops at the first line that is not, at mark `end`, or when `rows` has `rows_max`.
    pub fn rows(
        &self,
        shape: &Shape,
        cursor: &mut usize,
        end: usize,
        rows_max: usize,
        rows: &mut Vec<u32>,
    ) {
        let end = end.min(self.end());
        if shape.columns > COLUMNS_MAX || shape.columns == 0 {
            return;
        }
        match self.level {
            Level::Portable | Level::Neon => {
                portable::rows(self, shape, cursor, end, rows_max, rows);
            }
            // SAFETY: the level was checked when the scanner was made.
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code, reason = "kernels need instructions checked at run time")]
            Level::Avx2 => unsafe { x86::rows_avx2(self, shape, cursor, end, rows_max, rows) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code, reason = "kernels need instructions checked at run time")]
            Level::Avx512 => unsafe { x86::rows_avx512(self, shape, cursor, end, rows_max, rows) },
            #[cfg(not(target_arch = "x86_64"))]
            _ => unreachable!("no scanner has such a level"),
        }
    }
}

macro_rules! column_kernels {
    ($($(#[$meta:meta])* $name:ident, $neon:path, $avx2:ident, $avx512:ident,
        ($($arg:ident: $type:ty),*);)*) => {
        impl Marks<'_> {
            $($(#[$meta])*
            pub fn $name(&self, rows: &[u32], column: usize, $($arg: $type),*) {
                match self.level {
                    Level::Portable => portable::$name(self, rows, column, $($arg),*),
                    #[cfg(target_arch = "aarch64")]
                    Level::Neon => $neon(self, rows, column, $($arg),*),
                    // SAFETY: the level was checked when the scanner was made.
                    #[cfg(target_arch = "x86_64")]
                    #[allow(unsafe_code, reason = "kernels need instructions checked at run time")]
                    Level::Avx2 => unsafe { x86::$avx2(self, rows, column, $($arg),*) },
                    // SAFETY: as above.
                    #[cfg(target_arch = "x86_64")]
                    #[allow(unsafe_code, reason = "kernels need instructions checked at run time")]
                    Level::Avx512 => unsafe { x86::$avx512(self, rows, column, $($arg),*) },
                    #[allow(unreachable_patterns, reason = "other processors")]
                    _ => unreachable!("no scanner has such a level"),
                }
            })*
        }
    };
}

column_kernels! {
    /// Decodes a column of digits (1 to [`DIGITS_MAX`] of them) of regular `rows`, appending one
    /// value for each row to `values`.
    numbers, portable::numbers, numbers_avx2, numbers_avx512, (values: &mut Vec<u64>);

    /// Appends to `over` the position in `rows` of each row whose number, a column of digits, is
    /// larger than `limit`.
    numbers_over, portable::numbers_over, numbers_over_avx2, numbers_over_avx512,
        (limit: Limit, over: &mut Vec<u32>);

    /// Appends to `others` the position in `rows` of each row that has neither digits nor a dash
    /// in this column, of whose fields only the length was checked.
    no_numbers, portable::no_numbers, no_numbers_avx2, no_numbers_avx512,
        (others: &mut Vec<u32>);

    /// Decodes a column of IPv4 addresses of regular `rows`, appending one big-endian value for
    /// each row to `values`; positions of rows that hold anything but a canonically spelled IPv4
    /// address are appended to `others` (their value is meaningless).
    ipv4s, aarch64::ipv4s, ipv4s_avx2, ipv4s_avx512, (values: &mut Vec<u32>, others: &mut Vec<u32>);

    /// Appends to `selected` the position in `rows` of each row whose text in this column is
    /// (or with `negate`, is not) one of `literals`.
    select, portable::select, select_avx2, select_avx512,
        (literals: &[Literal], negate: bool, selected: &mut Vec<u32>);
}

/// The most digits that [`Marks::numbers`] decodes; any such number is below 2^64.
pub const DIGITS_MAX: usize = 19;

/// Asks the processor to have `slots[index]` in its cache soon. No effect on results.
#[inline(always)]
pub fn prefetch<T>(slots: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    #[allow(unsafe_code, reason = "a hint to the processor has no safe form in std")]
    if let Some(slot) = slots.get(index) {
        // SAFETY: a prefetch of any address is harmless, and this one is of a live reference.
        unsafe {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(slot).cast());
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (slots, index);
}

/// The largest number a column may hold, prepared for comparing digits as text.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    digits: u32,
    /// The digits as one big-endian word, most significant first.
    text: u64,
}

impl Limit {
    /// At most `value`, or nothing to check where `value` has more digits than one word holds.
    pub fn new(value: u64) -> Option<Self> {
        let text = value.to_string();
        (text.len() <= 8).then(|| Self {
            digits: text.len() as u32,
            text: text.bytes().fold(0, |word, byte| word << 8 | u64::from(byte)),
        })
    }

    /// How many digits the largest value has.
    pub fn digits(self) -> usize {
        self.digits as usize
    }
}

/// A text to compare fields with, prepared as two words.
#[derive(Debug, Clone)]
pub struct Literal {
    text: Box<[u8]>,
    /// The first 16 bytes, zero-filled.
    words: [u64; 2],
}

impl Literal {
    /// Prepares `text`.
    pub fn new(text: &[u8]) -> Self {
        let mut head = [0u8; 16];
        let length = text.len().min(16);
        head[..length].copy_from_slice(&text[..length]);
        let word = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| head[at + i]));
        Self { text: text.into(), words: [word(0), word(8)] }
    }

    /// The text.
    pub fn text(&self) -> &[u8] {
        &self.text
    }
}

/// What a regular line looks like: the treaty between a layout and this room.
#[derive(Debug, Clone)]
pub struct Shape {
    columns: usize,
    chunks: Vec<Chunk>,
}

/// The checks of up to 16 columns. Columns beyond the layout's get checks that always hold.
#[derive(Debug, Clone)]
struct Chunk {
    /// Bytes that a field may have, less one; an empty field wraps around and is too long.
    length_limits: [u32; CHUNK],
    /// The flags of the mark after a field that are looked at.
    flags: [u32; CHUNK],
    /// What those flags have to be.
    wanted: [u32; CHUNK],
}

/// The check of one column of a [`Shape`].
#[derive(Debug, Clone, Copy)]
pub struct ColumnShape {
    /// Whether the field has to be all digits.
    pub digits: bool,
    /// The most bytes that it may have, at least 1.
    pub length_max: usize,
}

impl Shape {
    /// The shape of lines with these columns.
    pub fn new(columns: &[ColumnShape]) -> Self {
        let chunk = |start: usize| {
            let column = |i: usize| columns.get(start + i);
            let is_last = |i: usize| start + i + 1 == columns.len();
            Chunk {
                length_limits: std::array::from_fn(|i| {
                    column(i).map_or(u32::MAX, |column| column.length_max as u32 - 1)
                }),
                flags: std::array::from_fn(|i| {
                    column(i).map_or(0, |column| NEWLINE | if column.digits { WIDE } else { 0 })
                }),
                wanted: std::array::from_fn(|i| if is_last(i) { NEWLINE } else { 0 }),
            }
        };
        let chunks = (0..columns.len().min(COLUMNS_MAX)).step_by(CHUNK).map(chunk).collect();
        Self { columns: columns.len(), chunks }
    }
}

#[cfg(test)]
mod guard;
#[cfg(test)]
mod tests;
