//! The kernels with AVX2 and with AVX-512: the sweep and the IPv4 decoder with intrinsics, those
//! of `gather` for AVX-512, the others as `portable`'s source compiled for the wider instructions.
#![allow(unsafe_code, reason = "vector intrinsics and loads that run into the padding")]

use std::arch::x86_64::*;

use super::{
    Found, Limit, Literal, Marks, NEWLINE, Padded, Shape, WIDE, gather,
    octets::{OCTETS, octets_at},
    portable,
    words::{Carry, Classes, sweep},
};

/// Whether the processor has what the `_avx2` functions are compiled for.
pub fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("popcnt")
        && is_x86_feature_detected!("lzcnt")
        && is_x86_feature_detected!("movbe")
}

/// Whether the processor has what the `_avx512` functions are compiled for.
pub fn has_avx512() -> bool {
    has_avx2()
        && is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512vbmi2")
}

/// See [`super::Scanner::scan`].
///
/// # Safety
/// The processor has what [`has_avx512`] asks for, and `marks` has at least `PAD` places more than
/// the text from `start` on has bytes.
#[target_feature(
    enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi2,bmi1,bmi2,popcnt,lzcnt,movbe"
)]
pub unsafe fn scan_avx512(
    text: Padded<'_>,
    start: usize,
    marks: &mut [u32],
    openings: &mut Vec<u32>,
) -> Found {
    let (base, end) = (text.bytes.as_ptr(), text.length);
    let (mut last, mut lines, mut hashes) = (0, 0, 0);
    let mut carry = Carry::new();
    let hash = _mm512_set1_epi8(b'#' as i8);
    let blank = _mm512_set1_epi8(b' ' as i8);
    let newline = _mm512_set1_epi8(b'\n' as i8);
    let tab = _mm512_set1_epi8(b'\t' as i8);
    let zero = _mm512_set1_epi8(b'0' as i8);
    let (four, nine) = (_mm512_set1_epi8(4), _mm512_set1_epi8(9));
    let (flag_newline, flag_wide) =
        (_mm512_set1_epi32(NEWLINE as i32), _mm512_set1_epi32(WIDE as i32));
    let mut numbered = [0u8; 64];
    for (i, number) in numbered.iter_mut().enumerate() {
        *number = i as u8 + 1;
    }
    // SAFETY: an array of 64 bytes is read.
    let numbered = unsafe { _mm512_loadu_si512(numbered.as_ptr().cast()) };
    let mut at = start;
    while at < end {
        // SAFETY: `at` is below the text's length, and `Padded` has 64 readable bytes after that.
        let bytes = unsafe { _mm512_loadu_si512(base.add(at).cast()) };
        let whites = _mm512_cmple_epu8_mask(_mm512_sub_epi8(bytes, tab), four);
        let separators = _mm512_cmpeq_epi8_mask(bytes, blank) | whites;
        hashes |= _mm512_cmpeq_epi8_mask(bytes, hash);
        let non_digits = _mm512_cmpgt_epu8_mask(_mm512_sub_epi8(bytes, zero), nine);
        let classes = Classes {
            separators,
            newlines: _mm512_cmpeq_epi8_mask(bytes, newline),
            others: non_digits & !separators,
        };
        let mut fields = !separators;
        let classes = if end - at < 64 {
            fields &= (1 << (end - at)) - 1;
            classes.first(end - at)
        } else {
            classes
        };
        let wide = carry.wide_separators(&classes, fields);
        carry.push_openings(&classes, at, openings);
        let found = classes.separators.count_ones() as usize;
        lines += classes.newlines.count_ones() as usize;
        let mut wide = _pext_u64(wide, classes.separators);
        let mut newlines = _pext_u64(classes.newlines, classes.separators);
        let mut places = _mm512_maskz_compress_epi8(classes.separators, numbered);
        let offset = _mm512_set1_epi32(at as i32);
        let mut written = 0;
        loop {
            let place =
                _mm512_add_epi32(_mm512_cvtepu8_epi32(_mm512_castsi512_si128(places)), offset);
            let place = _mm512_mask_or_epi32(place, wide as u16, place, flag_wide);
            let place = _mm512_mask_or_epi32(place, newlines as u16, place, flag_newline);
            let target = &mut marks[last + 1 + written..][..16];
            // SAFETY: the 16 words of `target` are written.
            unsafe { _mm512_storeu_si512(target.as_mut_ptr().cast(), place) };
            written += 16;
            if written >= found {
                break;
            }
            wide >>= 16;
            newlines >>= 16;
            places = _mm512_shuffle_i64x2::<0b00_11_10_01>(places, places);
        }
        last += found;
        at += 64;
    }
    Found { marks: last, lines, has_hash: hashes != 0 }
}

/// See [`super::Scanner::scan`].
///
/// # Safety
/// The processor has what [`has_avx2`] asks for.
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt,movbe")]
pub unsafe fn scan_avx2(
    text: Padded<'_>,
    start: usize,
    marks: &mut [u32],
    openings: &mut Vec<u32>,
) -> Found {
    sweep(text, start, marks, openings, |bytes| classes_avx2(bytes))
}

/// What 64 bytes are.
#[inline]
#[target_feature(enable = "avx2")]
fn classes_avx2(bytes: &[u8; 64]) -> Classes {
    // SAFETY: an array of 64 bytes is read, 32 at a time.
    let (low, high) = unsafe {
        let base = bytes.as_ptr();
        (_mm256_loadu_si256(base.cast()), _mm256_loadu_si256(base.add(32).cast()))
    };
    let (low, high) = (half_avx2(low), half_avx2(high));
    let join = |low: u32, high: u32| u64::from(low) | u64::from(high) << 32;
    let separators = join(low.0, high.0);
    Classes { separators, newlines: join(low.1, high.1), others: join(low.2, high.2) & !separators }
}

/// Separators, newlines and non-digits among 32 bytes.
#[inline]
#[target_feature(enable = "avx2")]
fn half_avx2(bytes: __m256i) -> (u32, u32, u32) {
    let is = |byte: u8| _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(byte as i8));
    // Unsigned `x <= limit` where the instruction set has only equality and minimum.
    let from_to = |from: u8, span: u8| {
        let moved = _mm256_sub_epi8(bytes, _mm256_set1_epi8(from as i8));
        _mm256_cmpeq_epi8(_mm256_min_epu8(moved, _mm256_set1_epi8(span as i8)), moved)
    };
    let mask = |vector: __m256i| _mm256_movemask_epi8(vector) as u32;
    let separators = _mm256_or_si256(is(b' '), from_to(b'\t', 4));
    (mask(separators), mask(is(b'\n')), !mask(from_to(b'0', 9)))
}

#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt,movbe")]
fn ipv4s_simd(
    marks: &Marks<'_>,
    rows: &[u32],
    column: usize,
    values: &mut Vec<u32>,
    others: &mut Vec<u32>,
) {
    let first = values.len();
    values.resize(first + rows.len(), 0);
    let values = &mut values[first..];
    let text = marks.text.bytes.as_ptr();
    let dot = _mm_set1_epi8(b'.' as i8);
    let zero = _mm_set1_epi8(b'0' as i8);
    let nine = _mm_set1_epi8(9);
    let weights = _mm_set1_epi32(0x0001_0a64);
    let pairs = _mm_set1_epi16(1);
    let most = _mm_set1_epi32(255);
    let pack = _mm_set_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 4, 8, 12);
    for (position, (&row, value)) in rows.iter().zip(values).enumerate() {
        let (start, length) = portable::locate(marks, row, column);
        // SAFETY: `start` is a place of this very text, so `Padded` has 64 readable bytes there.
        let bytes = unsafe { _mm_loadu_si128(text.add(start).cast()) };
        let dots = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, dot)) as u32;
        // An address has at most 15 bytes: bit 16 and above are of none.
        let length = length.min(31) as u32;
        let ends = _bzhi_u32(dots, length) | 1 << length;
        let octets = &OCTETS[octets_at(ends)];
        // SAFETY: two arrays of 16 bytes are read.
        let (moves, least) = unsafe {
            (
                _mm_loadu_si128(octets.moves.as_ptr().cast()),
                _mm_loadu_si128(octets.least.as_ptr().cast()),
            )
        };
        let digits = _mm_shuffle_epi8(_mm_sub_epi8(bytes, zero), moves);
        let no_digits = _mm_subs_epu8(digits, nine);
        let values = _mm_madd_epi16(_mm_maddubs_epi16(digits, weights), pairs);
        let off = _mm_or_si128(_mm_cmpgt_epi32(values, most), _mm_cmpgt_epi32(least, values));
        let off = _mm_or_si128(off, no_digits);
        *value = _mm_cvtsi128_si32(_mm_shuffle_epi8(values, pack)) as u32;
        if (ends != octets.ends) | (_mm_testz_si128(off, off) == 0) {
            others.push(position as u32);
        }
    }
}

macro_rules! compiled_for {
    ($features:literal: $($name:ident = $body:path,
        ($($arg:ident: $type:ty),*);)*) => {
        $(
        /// See the function of `portable` with the same name.
        ///
        /// # Safety
        /// The processor has the features that it is compiled for.
        #[target_feature(enable = $features)]
        pub unsafe fn $name($($arg: $type),*) {
            $body($($arg),*);
        }
        )*
    };
}

compiled_for! {
    "avx2,bmi1,bmi2,popcnt,lzcnt,movbe":
    rows_avx2 = portable::rows, (marks: &Marks<'_>, shape: &Shape, cursor: &mut usize,
        end: usize, rows_max: usize, rows: &mut Vec<u32>);
    numbers_avx2 = portable::numbers, (marks: &Marks<'_>, rows: &[u32], column: usize,
        values: &mut Vec<u64>);
    numbers_over_avx2 = portable::numbers_over, (marks: &Marks<'_>, rows: &[u32], column: usize,
        limit: Limit, over: &mut Vec<u32>);
    no_numbers_avx2 = portable::no_numbers, (marks: &Marks<'_>, rows: &[u32], column: usize,
        others: &mut Vec<u32>);
    ipv4s_avx2 = ipv4s_simd, (marks: &Marks<'_>, rows: &[u32], column: usize,
        values: &mut Vec<u32>, others: &mut Vec<u32>);
    select_avx2 = portable::select, (marks: &Marks<'_>, rows: &[u32], column: usize,
        literals: &[Literal], negate: bool, selected: &mut Vec<u32>);
}

compiled_for! {
    "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi2,avx2,bmi1,bmi2,popcnt,lzcnt,movbe":
    rows_avx512 = gather::rows, (marks: &Marks<'_>, shape: &Shape, cursor: &mut usize,
        end: usize, rows_max: usize, rows: &mut Vec<u32>);
    numbers_avx512 = gather::numbers, (marks: &Marks<'_>, rows: &[u32], column: usize,
        values: &mut Vec<u64>);
    numbers_over_avx512 = gather::numbers_over, (marks: &Marks<'_>, rows: &[u32],
        column: usize, limit: Limit, over: &mut Vec<u32>);
    no_numbers_avx512 = portable::no_numbers, (marks: &Marks<'_>, rows: &[u32], column: usize,
        others: &mut Vec<u32>);
    ipv4s_avx512 = gather::ipv4s, (marks: &Marks<'_>, rows: &[u32], column: usize,
        values: &mut Vec<u32>, others: &mut Vec<u32>);
    select_avx512 = gather::select, (marks: &Marks<'_>, rows: &[u32], column: usize,
        literals: &[Literal], negate: bool, selected: &mut Vec<u32>);
}
