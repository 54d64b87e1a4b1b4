//! Parquet's numbers in deltas (DELTA_BINARY_PACKED), as far as lengths of texts are such: the
//! crate's readers believe them.

use super::hybrid::unpack;

/// The sum of lengths in deltas, and what stands behind them; none if they are more than `most`,
/// or one of them is no length.
pub fn sum(data: &[u8], most: u64) -> Option<(u64, &[u8])> {
    let mut at = 0;
    let (block, parts) = (varint(data, &mut at)?, varint(data, &mut at)?);
    let (count, first) = (varint(data, &mut at)?, varint(data, &mut at)?);
    if count > most || parts == 0 || parts > block {
        return None;
    }
    let (part, parts) = (block / parts, usize::try_from(parts).ok()?);
    let (mut value, mut sum, mut left) = (zigzag(first)?, 0, count);
    if left > 0 {
        sum = u64::try_from(value).ok()?;
        left -= 1;
    }
    while left > 0 {
        // The smallest delta of a block, and how wide the others are in each part.
        let least = zigzag(varint(data, &mut at)?)?;
        let widths = data.get(at..)?.get(..parts)?;
        at += parts;
        for &width in widths {
            // Those of parts without numbers may be anything.
            if left == 0 {
                break;
            }
            if width > 32 {
                return None;
            }
            let mut bit = at.checked_mul(8)?;
            let mut here = part.min(left);
            left -= here;
            while here > 0 {
                let mut deltas = [0; 64];
                let deltas = &mut deltas[..here.min(64) as usize];
                if width > 0 {
                    unpack(data, bit, width.into(), deltas)?;
                }
                for &delta in &*deltas {
                    value = value.wrapping_add(least).wrapping_add(delta as i32);
                    sum += u64::try_from(value).ok()?;
                }
                bit += deltas.len() * usize::from(width);
                here -= deltas.len() as u64;
            }
            let bytes = part.checked_mul(u64::from(width))? / 8;
            at = at.checked_add(usize::try_from(bytes).ok()?)?;
        }
    }
    // The last part may be cut.
    Some((sum, data.get(at..).unwrap_or_default()))
}

/// How many numbers in deltas say that they are.
pub fn count(data: &[u8]) -> Option<u64> {
    let mut at = 0;
    varint(data, &mut at)?;
    varint(data, &mut at)?;
    varint(data, &mut at)
}

fn varint(data: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *data.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

fn zigzag(value: u64) -> Option<i32> {
    i32::try_from((value >> 1) as i64 ^ -((value & 1) as i64)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_deltas_end_where_they_end() {
        // Blocks of 128 numbers in four parts: 1, then 33 numbers of 3 bits.
        let mut data = vec![0x80, 1, 4, 34, 2, 0, 3, 3, 0, 0];
        data.resize(data.len() + 2 * 32 * 3 / 8, 0xff);
        data.extend(b"rest");
        let expected: u64 = (0..34).map(|nth| 1 + 7 * nth).sum();
        assert_eq!(sum(&data, 34), Some((expected, &b"rest"[..])));
        assert_eq!((sum(&data, 33), count(&data), count(&data[..3])), (None, Some(34), None));
        assert_eq!(sum(&[0x80, 1, 4, 0, 0, 9], 0), Some((0, &[9][..])));
        let huge = [0x80, 1, 4, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0];
        assert_eq!(sum(&huge, 1 << 24), None);
        // Each is one less: 2, 1, 0, and then none.
        let falling = |count| [0x80, 1, 4, count, 4, 1, 0, 0, 0, 0];
        assert_eq!(sum(&falling(3), 9), Some((3, &[][..])));
        assert_eq!(sum(&falling(4), 9), None);
        for damaged in [&[][..], &[0x80], &[0, 0, 9, 0], &[1, 4, 9, 0], &data[..8]] {
            assert_eq!(sum(damaged, 1 << 24), None, "{damaged:?}");
        }
    }
}
