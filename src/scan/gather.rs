//! Kernels of AVX-512 that take eight rows at once: where their fields begin, how long they are
//! and their first eight bytes are gathered into vectors, and compared or decoded there.
#![allow(unsafe_code, reason = "gathers take pointers, and run into the padding")]

use std::arch::x86_64::*;

use super::{Limit, Literal, Marks, PLACE, portable};

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
