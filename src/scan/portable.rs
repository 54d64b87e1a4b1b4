//! Every kernel in plain Rust, for any processor; most of them also compiled with wider
//! instructions by `x86`.

use super::words::{Classes, HIGHS, bits, equal, sweep, within};
use super::{CHUNK, Chunk, Found, Limit, Literal, Marks, PLACE, Padded, Shape, WIDE};
use crate::value::Address;

/// See [`super::Scanner::scan`].
pub fn scan(text: Padded<'_>, start: usize, marks: &mut [u32], openings: &mut Vec<u32>) -> Found {
    sweep(text, start, marks, openings, Classes::of)
}

/// See [`Marks::rows`].
#[inline(always)]
pub fn rows(
    marks: &Marks<'_>,
    shape: &Shape,
    cursor: &mut usize,
    end: usize,
    rows_max: usize,
    rows: &mut Vec<u32>,
) {
    // Whole chunks are read, so the last lines of a text, which have too few marks after them,
    // are checked from a copy.
    let mut copy = [0u32; super::COLUMNS_MAX + 1];
    while *cursor + shape.columns <= end && rows.len() < rows_max {
        let wanted = shape.chunks.len() * CHUNK + 1;
        let row = match marks.marks.get(*cursor..*cursor + wanted) {
            Some(row) => row,
            None => {
                let rest = &marks.marks[*cursor..];
                copy[..rest.len()].copy_from_slice(rest);
                &copy[..wanted]
            }
        };
        if !is_regular(row, &shape.chunks) {
            return;
        }
        rows.push(*cursor as u32);
        *cursor += shape.columns;
    }
}

#[inline(always)]
fn is_regular(row: &[u32], chunks: &[Chunk]) -> bool {
    let mut faults = 0;
    for (chunk, row) in chunks.iter().zip((0..).step_by(CHUNK).map(|at| &row[at..])) {
        let Some(row) = row.first_chunk::<{ CHUNK + 1 }>() else { return false };
        for i in 0..CHUNK {
            let next = row[i + 1];
            let length = (next & PLACE).wrapping_sub(row[i] & PLACE).wrapping_sub(1);
            faults |= u32::from(length.wrapping_sub(1) > chunk.length_limits[i]);
            faults |= (next & chunk.flags[i]) ^ chunk.wanted[i];
        }
    }
    faults == 0
}

/// Where a field of a row begins and how long it is.
#[inline(always)]
pub fn locate(marks: &Marks<'_>, row: u32, column: usize) -> (usize, usize) {
    let mark = row as usize + column;
    let pair: &[u32; 2] = marks.marks[mark..].first_chunk().expect("a row has all its marks");
    let start = pair[0] & PLACE;
    (start as usize, ((pair[1] & PLACE) - start - 1) as usize)
}

/// Eight bytes from `place` on, the first in the lowest byte.
#[inline(always)]
fn word(marks: &Marks<'_>, place: usize) -> u64 {
    let bytes = &marks.text.bytes;
    debug_assert!(place + 8 <= bytes.len());
    // SAFETY: `place` comes from a mark of this very text (`Marks` borrows it), so it is at most
    // the text's length, and `Padded` promises `PAD` >= 24 readable bytes after that; callers
    // add at most 16.
    #[allow(unsafe_code, reason = "loads run into the padding; a check per load costs 6 %")]
    unsafe {
        bytes.as_ptr().add(place).cast::<u64>().read_unaligned().to_le()
    }
}

/// See [`Marks::numbers`].
#[inline(always)]
pub fn numbers(marks: &Marks<'_>, rows: &[u32], column: usize, values: &mut Vec<u64>) {
    values.extend(rows.iter().map(|&row| {
        let (start, length) = locate(marks, row, column);
        if length <= 8 {
            return digits(word(marks, start), length);
        }
        let high = marks.text.bytes[start..start + length - 8]
            .iter()
            .fold(0u64, |value, byte| value * 10 + u64::from(byte & 15));
        high.wrapping_mul(100_000_000).wrapping_add(digits(word(marks, start + length - 8), 8))
    }));
}

/// The value of the first `length` (1 to 8) digits of a word: three multiplications, after
/// "Quickly parsing eight digits" (D. Lemire, 2022).
#[inline(always)]
fn digits(word: u64, length: usize) -> u64 {
    let word = (word << (64 - 8 * length as u32)) & 0x0f0f_0f0f_0f0f_0f0f;
    let pairs = (word * 10 + (word >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    (fours * 10_000 + (fours >> 32)) & 0xffff_ffff
}

/// See [`Marks::numbers_over`].
#[inline(always)]
pub fn numbers_over(
    marks: &Marks<'_>,
    rows: &[u32],
    column: usize,
    limit: Limit,
    over: &mut Vec<u32>,
) {
    for (position, &row) in rows.iter().enumerate() {
        let (start, length) = locate(marks, row, column);
        // Of two numbers with equally many digits, the larger one is the larger text.
        let text = word(marks, start).swap_bytes() >> (64 - 8 * limit.digits);
        let length = length as u32;
        // No `&&`: how long ports are is no more predictable than coins.
        if (length == limit.digits) & (text > limit.text) | (length > limit.digits) {
            over.push(position as u32);
        }
    }
}

/// See [`Marks::no_numbers`].
#[inline(always)]
pub fn no_numbers(marks: &Marks<'_>, rows: &[u32], column: usize, others: &mut Vec<u32>) {
    for (position, &row) in rows.iter().enumerate() {
        let mark = row as usize + column;
        let pair: &[u32; 2] = marks.marks[mark..].first_chunk().expect("a row has all its marks");
        let (start, next) = ((pair[0] & PLACE) as usize, pair[1]);
        // No `&&`: whether there is a number is no more predictable than coins.
        let is_dash = (next & PLACE == start as u32 + 2) & (word(marks, start) as u8 == b'-');
        if (next & WIDE != 0) & !is_dash {
            others.push(position as u32);
        }
    }
}

/// See [`Marks::ipv4s`].
#[inline(always)]
pub fn ipv4s(
    marks: &Marks<'_>,
    rows: &[u32],
    column: usize,
    values: &mut Vec<u32>,
    others: &mut Vec<u32>,
) {
    for (position, &row) in rows.iter().enumerate() {
        let (start, length) = locate(marks, row, column);
        let value = ipv4(marks, start, length);
        debug_assert_eq!(value, {
            match Address::parse(&marks.text.bytes[start..start + length]) {
                Address::V4(value) => Some(value),
                _ => None,
            }
        });
        values.push(value.unwrap_or_default());
        if value.is_none() {
            others.push(position as u32);
        }
    }
}

/// Bytes of the longest IPv4 address.
const IPV4_BYTES_MAX: usize = 15;

/// The least value that an octet of so many digits may have without a leading zero.
const OCTET_LEAST: [u32; 4] = [0, 0, 10, 100];

/// A canonically spelled IPv4 address in a field.
#[inline(always)]
fn ipv4(marks: &Marks<'_>, start: usize, length: usize) -> Option<u32> {
    let length = length.min(IPV4_BYTES_MAX + 1);
    let words = [word(marks, start), word(marks, start + 8)];
    let inside = [keep(length), if length > 8 { keep(length - 8) } else { 0 }];
    let dots = words.map(|word| equal(word, b'.'));
    let others = |i: usize| !(dots[i] | within(words[i], b'0', b'9')) & HIGHS & inside[i];
    let dots = (bits(dots[0]) | bits(dots[1]) << 8) as u32 & ((1 << length) - 1);
    // The dots, and the end of the field as a fourth.
    let mut ends = dots | 1 << length;
    let mut is_off = (others(0) | others(1) != 0) | (length > IPV4_BYTES_MAX);
    let (mut value, mut from) = (0u32, 0u32);
    for _ in 0..4 {
        // What is no address may have fewer ends; then its octets are too long.
        let end = (ends | 1 << 31).trailing_zeros();
        ends &= ends.wrapping_sub(1);
        let count = end.wrapping_sub(from);
        is_off |= count.wrapping_sub(1) > 2;
        // Up to three digits, the last one in the highest byte.
        let text = word(marks, start + (from & 15) as usize) as u32;
        let text = text << (32 - 8 * count.clamp(1, 3));
        let octet = (text >> 8 & 15) * 100 + (text >> 16 & 15) * 10 + (text >> 24 & 15);
        is_off |= (octet > 255) | (octet < OCTET_LEAST[count as usize & 3]);
        value = value << 8 | octet & 255;
        from = end + 1;
    }
    (!is_off & (ends == 0)).then_some(value)
}

/// See [`Marks::select`].
#[inline(always)]
pub fn select(
    marks: &Marks<'_>,
    rows: &[u32],
    column: usize,
    literals: &[Literal],
    negate: bool,
    selected: &mut Vec<u32>,
) {
    match literals {
        // What is usual, `ACCEPT` or `OK`: all that depends on the literal stays out of the loop.
        [literal] if (1..=8).contains(&literal.text.len()) => {
            let (wanted_length, keep) = (literal.text.len(), keep(literal.text.len()));
            select_if(rows, selected, |row| {
                let (start, length) = locate(marks, row, column);
                let is_equal = word(marks, start) & keep == literal.words[0];
                (is_equal & (length == wanted_length)) != negate
            });
        }
        _ => select_if(rows, selected, |row| {
            let (start, length) = locate(marks, row, column);
            let low = word(marks, start) & keep(length);
            let high = if length > 8 { word(marks, start + 8) & keep(length - 8) } else { 0 };
            let is_equal = |literal: &Literal| {
                literal.text.len() == length
                    && literal.words == [low, high]
                    && (length <= 16 || *literal.text == marks.text.bytes[start..start + length])
            };
            literals.iter().any(is_equal) != negate
        }),
    }
}

/// The lowest `bytes` (1 to 8; more are 8) bytes of a word.
#[inline(always)]
fn keep(bytes: usize) -> u64 {
    u64::MAX >> (64 - 8 * bytes.clamp(1, 8) as u32)
}

/// Appends the positions of rows that pass. Written always, kept only when it passes: no branch
/// depends on the text.
#[inline(always)]
fn select_if(rows: &[u32], selected: &mut Vec<u32>, passes: impl Fn(u32) -> bool) {
    let first = selected.len();
    selected.resize(first + rows.len(), 0);
    let slots = &mut selected[first..];
    let mut count = 0;
    for (position, &row) in rows.iter().enumerate() {
        slots[count] = position as u32;
        count += usize::from(passes(row));
    }
    selected.truncate(first + count);
}
