//! Kernels of AVX-512: those that take eight rows at once, whose fields' first eight bytes are
//! gathered into a vector, compared or decoded there; one that takes four addresses at once, each
//! in a lane of sixteen bytes; and one that checks sixteen marks of a row at once.
#![allow(unsafe_code, reason = "gathers take pointers, and run into the padding")]

use std::arch::x86_64::*;

use super::octets::{OCTETS, octets_at};
use super::{CHUNK, Limit, Literal, Marks, PLACE, Shape, portable};

/// Rows in a vector.
const LANES: usize = 8;

/// The fields of eight rows in a column.
struct Fields {
    lengths: __m512i,
    /// The first eight bytes of each, the first in the lowest byte.
    words: __m512i,
}

/// Gathers fields.
///
/// # Panics
/// If a row has no such column.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi2,avx2,bmi1,bmi2,popcnt")]
fn fields(marks: &Marks<'_>, rows: &[u32; LANES], column: usize) -> Fields {
    // SAFETY: an array of 32 bytes is read.
    let rows = unsafe { _mm256_loadu_si256(rows.as_ptr().cast()) };
    let at = _mm256_add_epi32(rows, _mm256_set1_epi32(column as i32));
    // Both compared as unsigned: a sum that wraps is small only if a row is no mark at all.
    let limit = _mm256_set1_epi32(marks.marks.len() as i32 - 1);
    let is_inside = _mm256_cmplt_epu32_mask(at, limit) & _mm256_cmple_epu32_mask(rows, at);
    assert!(is_inside == u8::MAX, "a row has all its marks");
    // SAFETY: each of the eight places and the one after it lie inside `marks`, as was checked.
    let pairs = unsafe { _mm512_i32gather_epi64::<4>(at, marks.marks.as_ptr().cast()) };
    let place = _mm512_set1_epi64(i64::from(PLACE));
    let starts = _mm512_and_si512(pairs, place);
    let nexts = _mm512_and_si512(_mm512_srli_epi64::<32>(pairs), place);
    let lengths = _mm512_sub_epi64(_mm512_sub_epi64(nexts, starts), _mm512_set1_epi64(1));
    let offsets = _mm512_cvtepi64_epi32(starts);
    // SAFETY: `starts` are places of this very text, so `Padded` has 64 readable bytes there.
    let words = unsafe { _mm512_i32gather_epi64::<1>(offsets, marks.text.bytes.as_ptr().cast()) };
    Fields { lengths, words }
}

/// See [`Marks::rows`].
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi2,avx2,bmi1,bmi2,popcnt")]
pub fn rows(
    marks: &Marks<'_>,
    shape: &Shape,
    cursor: &mut usize,
    end: usize,
    rows_max: usize,
    rows: &mut Vec<u32>,
) {
    let (place, one) = (_mm512_set1_epi32(PLACE as i32), _mm512_set1_epi32(1));
    // Of the last lines, which have too few marks after them, the portable way makes a copy.
    let read = shape.chunks.len() * CHUNK + 1;
    let mut at = *cursor;
    while at + shape.columns <= end && rows.len() < rows_max {
        let Some(row) = marks.marks.get(at..at + read) else { break };
        let mut faults = 0;
        for (nth, chunk) in shape.chunks.iter().enumerate() {
            // SAFETY: sixteen words of `row` are read, and those from one later on: `read` is one
            // more than all chunks have. The arrays of a chunk have sixteen words each.
            let (marks, nexts, limits, flags, wanted) = unsafe {
                let first = row.as_ptr().add(nth * CHUNK);
                (
                    _mm512_loadu_si512(first.cast()),
                    _mm512_loadu_si512(first.add(1).cast()),
                    _mm512_loadu_si512(chunk.length_limits.as_ptr().cast()),
                    _mm512_loadu_si512(chunk.flags.as_ptr().cast()),
                    _mm512_loadu_si512(chunk.wanted.as_ptr().cast()),
                )
            };
            let places =
                _mm512_sub_epi32(_mm512_and_si512(nexts, place), _mm512_and_si512(marks, place));
            let lengths_less_one = _mm512_sub_epi32(_mm512_sub_epi32(places, one), one);
            faults |= _mm512_cmpgt_epu32_mask(lengths_less_one, limits)
                | _mm512_cmpneq_epi32_mask(_mm512_and_si512(nexts, flags), wanted);
        }
        if faults != 0 {
            *cursor = at;
            return;
        }
        rows.push(at as u32);
        at += shape.columns;
    }
    *cursor = at;
    portable::rows(marks, shape, cursor, end, rows_max, rows);
}

/// Addresses that are read at once: one in each lane of sixteen bytes.
const ADDRESSES: usize = 4;

/// See [`Marks::ipv4s`].
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi2,avx2,bmi1,bmi2,popcnt")]
pub fn ipv4s(
    marks: &Marks<'_>,
    rows: &[u32],
    column: usize,
    values: &mut Vec<u32>,
    others: &mut Vec<u32>,
) {
    let (groups, rest) = rows.as_chunks::<ADDRESSES>();
    let first = values.len();
    values.resize(first + groups.len() * ADDRESSES, 0);
    let dot = _mm512_set1_epi8(b'.' as i8);
    let zero = _mm512_set1_epi8(b'0' as i8);
    let nine = _mm512_set1_epi8(9);
    let weights = _mm512_set1_epi32(0x0001_0a64);
    let pairs = _mm512_set1_epi16(1);
    let most = _mm512_set1_epi32(255);
    // The lowest bytes of a lane's words, the last word first, and from each lane that word.
    let pack = _mm512_set1_epi32(0x0004_080c);
    let lanes = _mm512_setr_epi32(0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12);
    let targets = values[first..].as_chunks_mut::<ADDRESSES>().0;
    for (nth, (group, target)) in groups.iter().zip(targets).enumerate() {
        let [a, b, c, d] = *group;
        let (a, b) = (address(marks, a, column), address(marks, b, column));
        let (c, d) = (address(marks, c, column), address(marks, d, column));
        let low = _mm256_inserti128_si256::<1>(_mm256_castsi128_si256(a.0), b.0);
        let high = _mm256_inserti128_si256::<1>(_mm256_castsi128_si256(c.0), d.0);
        let bytes = _mm512_inserti64x4::<1>(_mm512_castsi256_si512(low), high);
        let dots = _mm512_cmpeq_epi8_mask(bytes, dot);
        let a = octets(dots as u16, a.1);
        let b = octets((dots >> 16) as u16, b.1);
        let c = octets((dots >> 32) as u16, c.1);
        let d = octets((dots >> 48) as u16, d.1);
        let low = _mm512_inserti64x4::<1>(_mm512_castsi256_si512(a.0), b.0);
        let high = _mm512_inserti64x4::<1>(_mm512_castsi256_si512(c.0), d.0);
        let moves = _mm512_shuffle_i64x2::<0b10_00_10_00>(low, high);
        let least = _mm512_shuffle_i64x2::<0b11_01_11_01>(low, high);
        let digits = _mm512_shuffle_epi8(_mm512_sub_epi8(bytes, zero), moves);
        let values = _mm512_madd_epi16(_mm512_maddubs_epi16(digits, weights), pairs);
        // A bit for each octet.
        let over = _mm512_subs_epu8(digits, nine);
        let off = _mm512_cmpgt_epi32_mask(values, most)
            | _mm512_cmpgt_epi32_mask(least, values)
            | _mm512_test_epi32_mask(over, over)
            | u16::from(a.1)
            | u16::from(b.1) << 4
            | u16::from(c.1) << 8
            | u16::from(d.1) << 12;
        let packed = _mm512_permutexvar_epi32(lanes, _mm512_shuffle_epi8(values, pack));
        // SAFETY: the four words of `target` are written.
        unsafe {
            _mm_storeu_si128(target.as_mut_ptr().cast(), _mm512_castsi512_si128(packed));
        }
        if off != 0 {
            let is_off = |i: &usize| off >> (4 * i) & 0xf != 0;
            others.extend((0..ADDRESSES).filter(is_off).map(|i| (nth * ADDRESSES + i) as u32));
        }
    }
    let (first, before) = (others.len(), rows.len() - rest.len());
    portable::ipv4s(marks, rest, column, values, others);
    others[first..].iter_mut().for_each(|position| *position += before as u32);
}

/// The bytes of a field, which may be an address, and its length.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi2,avx2,bmi1,bmi2,popcnt")]
fn address(marks: &Marks<'_>, row: u32, column: usize) -> (__m128i, usize) {
    let (start, length) = portable::locate(marks, row, column);
    // SAFETY: `start` is a place of this very text, so `Padded` has 64 readable bytes there.
    let bytes = unsafe { _mm_loadu_si128(marks.text.bytes.as_ptr().add(start).cast()) };
    (bytes, length)
}

/// What to do with an address that has dots there, in the two halves, and whether it is none.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi2,avx2,bmi1,bmi2,popcnt")]
fn octets(dots: u16, length: usize) -> (__m256i, bool) {
    // An address has at most 15 bytes: bit 16 and above are of none.
    let length = length.min(31) as u32;
    let ends = _bzhi_u32(dots.into(), length) | 1 << length;
    let octets = &OCTETS[octets_at(ends)];
    // SAFETY: `moves` and `least` are the first 32 bytes of an entry, which are read.
    let halves = unsafe { _mm256_loadu_si256(std::ptr::from_ref(octets).cast()) };
    (halves, ends != octets.ends)
}

/// See [`Marks::select`].
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi2,avx2,bmi1,bmi2,popcnt")]
pub fn select(
    marks: &Marks<'_>,
    rows: &[u32],
    column: usize,
    literals: &[Literal],
    negate: bool,
    selected: &mut Vec<u32>,
) {
    let [literal] = literals else {
        return portable::select(marks, rows, column, literals, negate, selected);
    };
    let length = literal.text.len();
    if !(1..=8).contains(&length) {
        return portable::select(marks, rows, column, literals, negate, selected);
    }
    let keep = _mm512_set1_epi64((u64::MAX >> (64 - 8 * length)) as i64);
    let wanted = _mm512_set1_epi64(literal.words[0] as i64);
    let length = _mm512_set1_epi64(length as i64);
    let first = selected.len();
    // Whole vectors are written, of which the beginning is kept.
    selected.resize(first + rows.len() + LANES, 0);
    let mut count = first;
    let (groups, rest) = rows.as_chunks::<LANES>();
    let mut positions = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    for group in groups {
        let fields = fields(marks, group, column);
        let is_text = _mm512_cmpeq_epi64_mask(_mm512_and_si512(fields.words, keep), wanted);
        let is_equal = is_text & _mm512_cmpeq_epi64_mask(fields.lengths, length);
        let passes = if negate { !is_equal } else { is_equal };
        let target = &mut selected[count..][..LANES];
        // SAFETY: the eight words of `target` are written.
        unsafe {
            let kept = _mm256_maskz_compress_epi32(passes, positions);
            _mm256_storeu_si256(target.as_mut_ptr().cast(), kept);
        }
        count += passes.count_ones() as usize;
        positions = _mm256_add_epi32(positions, _mm256_set1_epi32(LANES as i32));
    }
    selected.truncate(count);
    let before = rows.len() - rest.len();
    portable::select(marks, rest, column, literals, negate, selected);
    selected[count..].iter_mut().for_each(|position| *position += before as u32);
}

/// See [`Marks::numbers_over`].
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi2,avx2,bmi1,bmi2,popcnt")]
pub fn numbers_over(
    marks: &Marks<'_>,
    rows: &[u32],
    column: usize,
    limit: Limit,
    over: &mut Vec<u32>,
) {
    let digits = _mm512_set1_epi64(i64::from(limit.digits));
    let most = _mm512_set1_epi64(limit.text as i64);
    let shift = _mm512_set1_epi64(64 - 8 * i64::from(limit.digits));
    let (groups, rest) = rows.as_chunks::<LANES>();
    for (nth, group) in groups.iter().enumerate() {
        let fields = fields(marks, group, column);
        // Of two numbers with equally many digits, the larger one is the larger text.
        let text = _mm512_srlv_epi64(reversed(fields.words), shift);
        let is_larger = _mm512_cmpgt_epu64_mask(text, most);
        let is_as_long = _mm512_cmpeq_epi64_mask(fields.lengths, digits);
        let is_longer = _mm512_cmpgt_epu64_mask(fields.lengths, digits);
        let mut found = is_larger & is_as_long | is_longer;
        while found != 0 {
            over.push((nth * LANES) as u32 + found.trailing_zeros());
            found &= found - 1;
        }
    }
    let (first, before) = (over.len(), rows.len() - rest.len());
    portable::numbers_over(marks, rest, column, limit, over);
    over[first..].iter_mut().for_each(|position| *position += before as u32);
}

/// The bytes of each lane in the other order.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn reversed(words: __m512i) -> __m512i {
    let order = _mm_setr_epi8(7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8);
    _mm512_shuffle_epi8(words, _mm512_broadcast_i32x4(order))
}

/// See [`Marks::numbers`].
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi2,avx2,bmi1,bmi2,popcnt")]
pub fn numbers(marks: &Marks<'_>, rows: &[u32], column: usize, values: &mut Vec<u64>) {
    let (groups, rest) = rows.as_chunks::<LANES>();
    let first = values.len();
    values.resize(first + groups.len() * LANES, 0);
    let (eight, ten_thousand) = (_mm512_set1_epi64(8), _mm512_set1_epi64(10_000));
    let low = _mm512_set1_epi8(15);
    let (tens, hundreds) = (_mm512_set1_epi16(0x010a), _mm512_set1_epi32(0x0001_0064));
    for (group, target) in groups.iter().zip(values[first..].as_chunks_mut::<LANES>().0) {
        let fields = fields(marks, group, column);
        if _mm512_cmpgt_epu64_mask(fields.lengths, eight) != 0 {
            let mut decoded = Vec::with_capacity(LANES);
            portable::numbers(marks, group, column, &mut decoded);
            target.copy_from_slice(&decoded);
            continue;
        }
        // The digits move to the top of their word, so that zeros stand before them.
        let bits = _mm512_slli_epi64::<3>(_mm512_sub_epi64(eight, fields.lengths));
        let digits = _mm512_and_si512(_mm512_sllv_epi64(fields.words, bits), low);
        let fours = _mm512_madd_epi16(_mm512_maddubs_epi16(digits, tens), hundreds);
        let highs = _mm512_mul_epu32(fours, ten_thousand);
        let numbers = _mm512_add_epi64(highs, _mm512_srli_epi64::<32>(fours));
        // SAFETY: the eight words of `target` are written.
        unsafe { _mm512_storeu_si512(target.as_mut_ptr().cast(), numbers) };
    }
    portable::numbers(marks, rest, column, values);
}
