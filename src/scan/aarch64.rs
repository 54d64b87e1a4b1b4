//! The kernels with NEON, which every 64-bit ARM has: how bytes are told apart, and the IPv4
//! decoder. The others are those of `portable`, which are compiled for it anyway.
#![allow(unsafe_code, reason = "vector loads take pointers, and run into the padding")]

use std::arch::aarch64::*;

use super::octets::{OCTETS, octets_at};
use super::words::{Classes, sweep};
use super::{Found, Marks, Padded, portable};

/// A bit for each byte of an eight.
const BITS: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];

/// See [`super::Scanner::scan`].
pub fn scan(text: Padded<'_>, start: usize, marks: &mut [u32], openings: &mut Vec<u32>) -> Found {
    sweep(text, start, marks, openings, classes)
}

/// What 64 bytes are.
#[inline(always)]
fn classes(bytes: &[u8; 64]) -> Classes {
    // SAFETY: NEON is there on every processor that this is compiled for, and an array of 64
    // bytes is read, 16 at a time.
    unsafe {
        let base = bytes.as_ptr();
        let parts: [uint8x16_t; 4] = [
            vld1q_u8(base),
            vld1q_u8(base.add(16)),
            vld1q_u8(base.add(32)),
            vld1q_u8(base.add(48)),
        ];
        let within =
            |part, from, span| vcleq_u8(vsubq_u8(part, vdupq_n_u8(from)), vdupq_n_u8(span));
        let newlines = parts.map(|part| vceqq_u8(part, vdupq_n_u8(b'\n')));
        let separators = parts.map(|part| {
            vorrq_u8(vceqq_u8(part, vdupq_n_u8(b' ')), within(part, b'\t', b'\r' - b'\t'))
        });
        let digits = parts.map(|part| within(part, b'0', 9));
        let separators = mask(separators);
        let others = !(separators | mask(digits));
        Classes { separators, newlines: mask(newlines), others }
    }
}

/// A bit for each of 64 bytes that are all ones or all zeros.
#[inline(always)]
fn mask(parts: [uint8x16_t; 4]) -> u64 {
    // SAFETY: NEON is there, and an array of 16 bytes is read.
    unsafe {
        let bits = vld1q_u8(BITS.as_ptr());
        let [a, b, c, d] = parts.map(|part| vandq_u8(part, bits));
        // Neighbours are added three times over: then eight bits are in one byte.
        let sums = vpaddq_u8(vpaddq_u8(a, b), vpaddq_u8(c, d));
        vgetq_lane_u64::<0>(vreinterpretq_u64_u8(vpaddq_u8(sums, sums)))
    }
}

/// See [`Marks::ipv4s`].
pub fn ipv4s(
    marks: &Marks<'_>,
    rows: &[u32],
    column: usize,
    values: &mut Vec<u32>,
    others: &mut Vec<u32>,
) {
    /// Hundreds, tens and ones of an octet, and nothing.
    const WEIGHTS: [u8; 8] = [100, 10, 1, 0, 100, 10, 1, 0];
    for (position, &row) in rows.iter().enumerate() {
        let (start, length) = portable::locate(marks, row, column);
        // SAFETY: NEON is there. `start` is a place of this very text, so `Padded` has 64 readable
        // bytes there; all other loads are of whole arrays.
        let (value, is_off) = unsafe {
            let bytes = vld1q_u8(marks.text.bytes.as_ptr().add(start));
            let dots = vandq_u8(vceqq_u8(bytes, vdupq_n_u8(b'.')), vld1q_u8(BITS.as_ptr()));
            let dots = vpaddq_u8(dots, dots);
            let dots = vpaddq_u8(dots, dots);
            let dots = vgetq_lane_u16::<0>(vreinterpretq_u16_u8(vpaddq_u8(dots, dots)));
            // An address has at most 15 bytes: bit 16 and above are of none.
            let length = length.min(31) as u32;
            let ends = u32::from(dots) & ((1 << length) - 1) | 1 << length;
            let octets = &OCTETS[octets_at(ends)];
            let digits = vsubq_u8(bytes, vdupq_n_u8(b'0'));
            // Places beyond the vector give zeros.
            let digits = vqtbl1q_u8(digits, vld1q_u8(octets.moves.as_ptr()));
            let weights = vld1_u8(WEIGHTS.as_ptr());
            let low = vmull_u8(vget_low_u8(digits), weights);
            let high = vmull_u8(vget_high_u8(digits), weights);
            let pairs = vpaddq_u16(low, high);
            let values = vpaddq_u16(pairs, pairs);
            // The lowest bytes of the words are the least values.
            let least = vreinterpretq_u32_u8(vld1q_u8(octets.least.as_ptr()));
            let values = vget_low_u16(values);
            let off =
                vorr_u16(vcgt_u16(values, vdup_n_u16(255)), vcgt_u16(vmovn_u32(least), values));
            let is_digits = vmaxvq_u8(digits) <= 9;
            let octet_bytes = vmovn_u16(vcombine_u16(values, values));
            let value = vget_lane_u32::<0>(vreinterpret_u32_u8(octet_bytes)).swap_bytes();
            (value, !is_digits | (vmaxv_u16(off) != 0) | (ends != octets.ends))
        };
        values.push(value);
        if is_off {
            others.push(position as u32);
        }
    }
}
