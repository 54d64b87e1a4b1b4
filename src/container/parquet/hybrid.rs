//! Parquet's numbers of few bits: runs of one number, and numbers packed bit to bit.

use bytes::Bytes;

/// Reads such numbers one after the other.
#[derive(Debug)]
pub struct Hybrid {
    bytes: Bytes,
    /// Where the next run's header is.
    at: usize,
    width: u32,
    run: Run,
}

#[derive(Debug, Clone, Copy)]
enum Run {
    /// One number, so many times.
    Same { value: u32, left: usize },
    /// So many numbers from this bit on.
    Packed { bit: usize, left: usize },
}

impl Hybrid {
    /// Numbers of `width` bits, at most 32; none for more.
    pub fn new(bytes: Bytes, width: u8) -> Option<Self> {
        let run = Run::Same { value: 0, left: 0 };
        (width <= 32).then_some(Self { bytes, at: 0, width: width.into(), run })
    }

    /// Whether the next `count` numbers are this one, in a single run. Then they are read.
    pub fn take_same(&mut self, wanted: u32, count: usize) -> bool {
        if matches!(self.run, Run::Same { left: 0, .. } | Run::Packed { left: 0, .. })
            && self.next_run().is_none()
        {
            return false;
        }
        match &mut self.run {
            Run::Same { value, left } if *value == wanted && *left >= count => {
                *left -= count;
                true
            }
            _ => false,
        }
    }

    /// Reads the next number, and how often it comes if it is in a run: up to `most` times.
    pub fn next_same(&mut self, most: usize) -> Option<(u32, usize)> {
        loop {
            match &mut self.run {
                Run::Same { left: 0, .. } | Run::Packed { left: 0, .. } => self.next_run()?,
                Run::Same { value, left } => {
                    let count = most.min(*left);
                    *left -= count;
                    return Some((*value, count));
                }
                Run::Packed { .. } => {
                    let mut number = [0];
                    self.read(&mut number)?;
                    return Some((number[0], 1));
                }
            }
        }
    }

    /// Reads as many numbers as fit; none if there are not so many.
    pub fn read(&mut self, mut out: &mut [u32]) -> Option<()> {
        while !out.is_empty() {
            match &mut self.run {
                Run::Same { left: 0, .. } | Run::Packed { left: 0, .. } => self.next_run()?,
                Run::Same { value, left } => {
                    let count = out.len().min(*left);
                    *left -= count;
                    let (now, later) = out.split_at_mut(count);
                    now.fill(*value);
                    out = later;
                }
                Run::Packed { bit, left } => {
                    let count = out.len().min(*left);
                    let (now, later) = out.split_at_mut(count);
                    unpack(&self.bytes, *bit, self.width, now)?;
                    *bit += count * self.width as usize;
                    *left -= count;
                    out = later;
                }
            }
        }
        Some(())
    }

    /// Passes over so many numbers; none if there are not so many.
    pub fn pass(&mut self, mut count: usize) -> Option<()> {
        while count > 0 {
            let passed = match &mut self.run {
                Run::Same { left: 0, .. } | Run::Packed { left: 0, .. } => {
                    self.next_run()?;
                    continue;
                }
                Run::Same { left, .. } => {
                    let passed = count.min(*left);
                    *left -= passed;
                    passed
                }
                Run::Packed { bit, left } => {
                    let passed = count.min(*left);
                    *bit += passed * self.width as usize;
                    *left -= passed;
                    if *bit > self.bytes.len() * 8 {
                        return None;
                    }
                    passed
                }
            };
            count -= passed;
        }
        Some(())
    }

    /// Whether no number is left. The last ones that are packed may be there to fill a group.
    pub fn is_used_up(&mut self) -> bool {
        while self.at < self.bytes.len() {
            let is_read =
                matches!(self.run, Run::Same { left: 0, .. } | Run::Packed { left: 0, .. });
            if !is_read || self.next_run().is_none() {
                return false;
            }
        }
        matches!(self.run, Run::Same { left: 0, .. } | Run::Packed { .. })
    }

    /// Begins the next run; none, and nothing is read, if it is not there or cannot be.
    fn next_run(&mut self) -> Option<()> {
        let (header, at) = self.varint()?;
        let count = usize::try_from(header >> 1).ok()?;
        if header & 1 == 0 {
            let end = at + self.width.div_ceil(8) as usize;
            let mut value = [0; 4];
            value[..end - at].copy_from_slice(self.bytes.get(at..end)?);
            let value = u32::from_le_bytes(value);
            if u64::from(value) >> self.width != 0 {
                return None;
            }
            (self.at, self.run) = (end, Run::Same { value, left: count });
        } else {
            // Groups of eight, each of as many bytes as a number has bits; the last may be cut.
            let end = at.checked_add(count.checked_mul(self.width as usize)?)?;
            if end.saturating_sub(self.bytes.len()) >= self.width.max(1) as usize {
                return None;
            }
            (self.at, self.run) = (end, Run::Packed { bit: at * 8, left: count.checked_mul(8)? });
        }
        Some(())
    }

    /// The header of the next run, and where what comes after it begins.
    fn varint(&self) -> Option<(u64, usize)> {
        let (mut value, mut at) = (0, self.at);
        for shift in (0..35).step_by(7) {
            let byte = *self.bytes.get(at)?;
            at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some((value, at));
            }
        }
        None
    }
}

/// Reads numbers of `width` bits, at most 32, from `bit` on; none if there are not so many.
pub fn unpack(bytes: &[u8], bit: usize, width: u32, out: &mut [u32]) -> Option<()> {
    let width = width as usize;
    let end = bit.checked_add(width.checked_mul(out.len())?)?;
    if end > bytes.len().checked_mul(8)? {
        return None;
    }
    let (mut bit, mut out) = (bit, out);
    // Eight numbers of a width that is known beforehand are a few instructions.
    if bit.is_multiple_of(8) && out.len() >= 8 {
        let from = bit / 8;
        let read = match width {
            1 => eights::<1>(&bytes[from..], out),
            2 => eights::<2>(&bytes[from..], out),
            3 => eights::<3>(&bytes[from..], out),
            4 => eights::<4>(&bytes[from..], out),
            5 => eights::<5>(&bytes[from..], out),
            6 => eights::<6>(&bytes[from..], out),
            7 => eights::<7>(&bytes[from..], out),
            8 => eights::<8>(&bytes[from..], out),
            9 => eights::<9>(&bytes[from..], out),
            10 => eights::<10>(&bytes[from..], out),
            11 => eights::<11>(&bytes[from..], out),
            12 => eights::<12>(&bytes[from..], out),
            13 => eights::<13>(&bytes[from..], out),
            14 => eights::<14>(&bytes[from..], out),
            15 => eights::<15>(&bytes[from..], out),
            16 => eights::<16>(&bytes[from..], out),
            17 => eights::<17>(&bytes[from..], out),
            18 => eights::<18>(&bytes[from..], out),
            _ => 0,
        };
        bit += read * width;
        out = &mut out[read..];
    }
    let mask = (1u64 << width) - 1;
    for value in out {
        let word = match bytes.get(bit / 8..bit / 8 + 8) {
            Some(word) => u64::from_le_bytes(*word.first_chunk()?),
            None => {
                let mut word = [0; 8];
                let rest = &bytes[(bit / 8).min(bytes.len())..];
                word[..rest.len()].copy_from_slice(rest);
                u64::from_le_bytes(word)
            }
        };
        *value = (word >> (bit % 8) & mask) as u32;
        bit += width;
    }
    Some(())
}

/// Reads numbers of `WIDTH` bits, eight at a time, as far as that goes; returns how many.
fn eights<const WIDTH: usize>(bytes: &[u8], out: &mut [u32]) -> usize {
    let mut read = 0;
    for (at, eight) in out.as_chunks_mut::<8>().0.iter_mut().enumerate() {
        let Some(bytes) = bytes.get(at * WIDTH..).and_then(|rest| rest.first_chunk::<24>()) else {
            break;
        };
        for (number, value) in eight.iter_mut().enumerate() {
            let bit = number * WIDTH;
            let mut word = [0; 4];
            word.copy_from_slice(&bytes[bit / 8..bit / 8 + 4]);
            *value = (u32::from_le_bytes(word) >> (bit % 8)) & ((1 << WIDTH) - 1);
        }
        read += 8;
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_and_packed_numbers_are_read_in_any_portions() {
        // Five times 9; then 0 to 7 in five bits each; then 9 again, twice.
        let packed = (0..8u64).fold(0, |bits, n| bits | n << (5 * n));
        let bytes = [&[10, 9, 3], &packed.to_le_bytes()[..5], &[4, 9]].concat();
        let expected = [9, 9, 9, 9, 9, 0, 1, 2, 3, 4, 5, 6, 7, 9, 9];
        for portion in 1..=expected.len() {
            let mut hybrid = Hybrid::new(bytes.clone().into(), 5).unwrap();
            let mut found = Vec::new();
            while found.len() < expected.len() {
                let mut out = vec![0; portion.min(expected.len() - found.len())];
                hybrid.read(&mut out).unwrap();
                found.extend(out);
            }
            assert_eq!(found, expected);
            assert_eq!(hybrid.read(&mut [0]), None);
        }
        let mut hybrid = Hybrid::new(bytes.clone().into(), 5).unwrap();
        assert!(hybrid.take_same(9, 2) && !hybrid.take_same(9, 4) && hybrid.take_same(9, 3));
        let mut hybrid = Hybrid::new(bytes.clone().into(), 5).unwrap();
        let mut next = |most| hybrid.next_same(most);
        assert_eq!(
            [next(2), next(9), next(9), next(9)],
            [(9, 2), (9, 3), (0, 1), (1, 1)].map(Some)
        );
        for length in 0..bytes.len() {
            let mut hybrid = Hybrid::new(bytes[..length].to_vec().into(), 5).unwrap();
            assert_eq!(hybrid.read(&mut [0; 15]), None);
        }
        assert!(Hybrid::new(bytes.into(), 33).is_none());
    }

    #[test]
    fn a_number_has_no_more_bits_than_it_may() {
        for (width, value, is_sound) in
            [(0, &[][..], true), (1, &[1], true), (1, &[2], false), (1, &[0x81], false)]
                .into_iter()
                .chain([(7, &[0x7f][..], true), (7, &[0x80], false), (9, &[0xff, 1], true)])
                .chain([(9, &[0, 2][..], false), (32, &[0xff; 4], true)])
        {
            let bytes = [&[4], value, &[4], value].concat();
            let mut hybrid = Hybrid::new(bytes.into(), width).unwrap();
            // Whoever asks again gets nothing else.
            assert!(!hybrid.take_same(77, 2));
            assert_eq!(hybrid.read(&mut [0; 4]).is_some(), is_sound, "{width} {value:?}");
            assert_eq!(hybrid.is_used_up(), is_sound);
        }
    }

    #[test]
    fn what_is_used_up_has_no_number_left() {
        // The runs, how many numbers are read, and whether no more are there.
        for (bytes, width, count, is_used_up) in [
            (&[][..], 5, 0, true),
            (&[16, 1], 1, 8, true),
            (&[16, 1], 1, 7, false),
            (&[16, 1], 1, 0, false),
            (&[16, 1, 0, 1], 1, 8, true),
            (&[16, 1, 2, 1], 1, 8, false),
            (&[16], 0, 8, true),
            // Two groups, of which the last is filled, or is cut after what it has.
            (&[5, 0xff, 0xff], 1, 9, true),
            (&[5, 0xff, 0xff], 1, 16, true),
            (&[5, 0xff, 0xff, 9], 1, 9, false),
            (&[3, 0xff, 0xff], 3, 5, true),
        ] {
            let hybrid = || Hybrid::new(bytes.to_vec().into(), width).unwrap();
            let (mut read, mut passed) = (hybrid(), hybrid());
            read.read(&mut vec![0; count]).unwrap();
            passed.pass(count).unwrap();
            let found = [read.is_used_up(), passed.is_used_up()];
            assert_eq!(found, [is_used_up; 2], "{bytes:?} {count}");
        }
        for (bytes, width, count) in
            [(&[5, 0xff][..], 1, 1), (&[3, 0xff, 0xff], 3, 6), (&[16, 1], 1, 9), (&[], 1, 1)]
        {
            let hybrid = || Hybrid::new(bytes.to_vec().into(), width).unwrap();
            assert_eq!(hybrid().read(&mut vec![0; count]), None, "{bytes:?}");
            assert_eq!(hybrid().pass(count), None, "{bytes:?}");
        }
    }

    #[test]
    fn numbers_of_every_width_are_read() {
        for width in 1..=32u32 {
            let mask = u32::MAX >> (32 - width);
            let numbers: Vec<u32> =
                (0..64u32).map(|n| n.wrapping_mul(2_654_435_761) & mask).collect();
            let mut bits = vec![0u8; 64 * width as usize / 8];
            for (at, number) in numbers.iter().enumerate() {
                for bit in (0..width as usize).filter(|bit| number >> bit & 1 == 1) {
                    let bit = at * width as usize + bit;
                    bits[bit / 8] |= 1 << (bit % 8);
                }
            }
            let bytes = [&[8 << 1 | 1], &bits[..]].concat();
            for first in [0, 1, 3, 8, 17] {
                let mut hybrid = Hybrid::new(bytes.clone().into(), width as u8).unwrap();
                let mut found = [0; 64];
                hybrid.read(&mut found[..first]).unwrap();
                hybrid.read(&mut found[first..]).unwrap();
                assert_eq!(found, numbers[..], "{width}");
            }
        }
    }
}
