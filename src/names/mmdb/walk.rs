//! Whether a value of a database has an end.
//!
//! Values lie in values, and may be pointers to others, so that a damaged one may lead back to
//! itself, or in a few bytes to more values than anybody can read. The crate that decodes them
//! follows pointers in what it skips however deep they lead, and then the program dies of a full
//! stack, which cannot be caught. So each value is walked here first.

/// How deep values lie in each other, pointers included; in the largest databases that are sold
/// some eight.
const DEPTH_MAX: u8 = 32;

/// How many values are in one; the records of those databases have some two hundred.
const VALUES_MAX: u64 = 1 << 16;

/// Bytes of a text that count as one more value: what skips it reads it.
const TEXT_BYTES: usize = 64;

/// How many values are in all records of a file, for each of its bytes. A record of some sixty
/// bytes that are its own leads to two hundred values that many records share.
const VALUES_A_BYTE: u64 = 16;

/// How many values may be in all records of a file of so many bytes.
pub fn values_max(bytes: usize) -> u64 {
    VALUES_MAX + VALUES_A_BYTE * bytes as u64
}

/// The bits of a control byte that hold a size. From [`SIZE_LONGER`] on more bytes follow.
const SIZE_BITS: usize = 0b1_1111;
const SIZE_LONGER: usize = 29;

/// Kinds of values.
const POINTER: usize = 1;
const MAP: usize = 7;
const LIST: usize = 11;
const BOOL: usize = 14;
const KIND_MAX: usize = 15;

/// Whether the value at a place in a section ends, within the section and within reason: also with
/// so many values left, of which those in it are taken.
pub fn ends(section: &[u8], at: usize, values_left: &mut u64) -> bool {
    let most = VALUES_MAX.min(*values_left);
    let mut walk = Walk { section, at, values_left: most };
    let is_end = walk.value(DEPTH_MAX).is_some();
    *values_left -= most - walk.values_left;
    is_end
}

struct Walk<'a> {
    section: &'a [u8],
    at: usize,
    values_left: u64,
}

impl Walk<'_> {
    /// Goes past a value that may hold others, so deep.
    fn value(&mut self, depth_left: u8) -> Option<()> {
        self.values_left = self.values_left.checked_sub(1)?;
        let control = self.number(1)?;
        let (kind, size) = match control >> 5 {
            POINTER => return self.pointer(control & SIZE_BITS, depth_left),
            0 => (self.number(1)? + MAP, self.size(control & SIZE_BITS)?),
            kind => (kind, self.size(control & SIZE_BITS)?),
        };
        match kind {
            MAP => (0..2 * size).try_for_each(|_| self.value(depth_left.checked_sub(1)?)),
            LIST => (0..size).try_for_each(|_| self.value(depth_left.checked_sub(1)?)),
            BOOL => Some(()),
            _ => {
                self.values_left = self.values_left.checked_sub((size / TEXT_BYTES) as u64)?;
                self.skip(size).filter(|_| kind <= KIND_MAX)
            }
        }
    }

    fn size(&mut self, bits: usize) -> Option<usize> {
        Some(match bits.checked_sub(SIZE_LONGER) {
            None => bits,
            Some(0) => 29 + self.number(1)?,
            Some(1) => 285 + self.number(2)?,
            Some(_) => 65_821 + self.number(3)?,
        })
    }

    /// Goes past what a pointer leads to, and then on behind the pointer.
    fn pointer(&mut self, bits: usize, depth_left: u8) -> Option<()> {
        let upper = bits & 0b111;
        let to = match bits >> 3 {
            0 => upper << 8 | self.number(1)?,
            1 => (upper << 16 | self.number(2)?) + 2048,
            2 => (upper << 24 | self.number(3)?) + 526_336,
            // These bits mean nothing here, and the crate takes high ones for a longer size.
            _ if bits >= SIZE_LONGER => return None,
            _ => self.number(4)?,
        };
        let behind = std::mem::replace(&mut self.at, to);
        self.value(depth_left.checked_sub(1)?)?;
        self.at = behind;
        Some(())
    }

    fn number(&mut self, bytes: usize) -> Option<usize> {
        let start = self.at;
        self.skip(bytes)?;
        let bytes = &self.section[start..self.at];
        Some(bytes.iter().fold(0, |number, &byte| number << 8 | usize::from(byte)))
    }

    fn skip(&mut self, bytes: usize) -> Option<()> {
        self.at = self.at.checked_add(bytes).filter(|&end| end <= self.section.len())?;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(section: &[u8], at: usize) -> bool {
        super::ends(section, at, &mut VALUES_MAX.clone())
    }

    /// Control bytes: of a map of two, of lists, of pointers of two bytes.
    const MAP_OF_ONE: u8 = 7 << 5 | 1;
    const TEXT_OF_ONE: u8 = 2 << 5 | 1;
    const TO_A_BYTE: u8 = 1 << 5;

    #[test]
    fn values_end() {
        for value in [
            &[TEXT_OF_ONE, b'a'][..],
            &[MAP_OF_ONE, TEXT_OF_ONE, b'a', TEXT_OF_ONE, b'b'],
            // A list of two pointers to a text behind it; a truth; 29 bytes.
            &[2, 4, TO_A_BYTE, 6, TO_A_BYTE, 6, TEXT_OF_ONE, b'c'],
            &[1, 7],
            &[&[4 << 5 | 29, 0][..], &[0; 29]].concat(),
        ] {
            assert!(ends(value, 0), "{value:?}");
        }
        let far = [&[1 << 5 | 1 << 3, 0, 1][..], &[0; 2046], &[TEXT_OF_ONE, b'a']].concat();
        assert!(ends(&far, 0) && !ends(&far[..2050], 0));
    }

    #[test]
    fn values_are_taken_of_those_that_are_left() {
        let list = [3, 4, 1, 7, 1, 7, 1, 7];
        let mut left = 9;
        assert!(super::ends(&list, 0, &mut left) && left == 5);
        assert!(super::ends(&list, 0, &mut left) && left == 1);
        assert!(!super::ends(&list, 0, &mut left) && left == 0);
        // A text counts by its length too.
        let text = [&[2 << 5 | 30, 0, 0][..], &[b'a'; 285]].concat();
        let mut left = 9;
        assert!(super::ends(&text, 0, &mut left) && left == 9 - 1 - 285 / TEXT_BYTES as u64);
    }

    #[test]
    fn others_do_not() {
        // Twice as many values at each of many levels, all in few bytes.
        let level = |at: u8| [2, 4, TO_A_BYTE, at + 6, TO_A_BYTE, at + 6];
        let many: Vec<u8> = (0..30).flat_map(|at| level(6 * at)).chain([1, 7]).collect();
        let circle = [&[2, 4][..], &[TO_A_BYTE, 0, TO_A_BYTE, 0]].concat();
        let deep = [1, 4].repeat(40);
        for value in [
            &[][..],
            &[TEXT_OF_ONE],
            &[TO_A_BYTE, 0],
            &[TO_A_BYTE, 9],
            &[MAP_OF_ONE, TEXT_OF_ONE, b'a'],
            &[1 << 5 | 0b1_1101, 0, 0, 0, 0, 0],
            // No such kind.
            &[0, 250],
            &many,
            &circle,
            &deep,
        ] {
            assert!(!ends(value, 0), "{value:?}");
        }
    }
}
