//! Thrift's compact protocol, in which Parquet's footer and page headers are, as far as it takes to
//! see what the crate would do with them. Nothing here calls itself, and what the crate may read in
//! another way than it is written is refused.

/// Kinds of fields.
pub const TRUE: u8 = 1;
pub const FALSE: u8 = 2;
pub const BYTE: u8 = 3;
pub const INT: u8 = 5;
const LONG: u8 = 6;
const SHORT: u8 = 4;
const FLOAT: u8 = 7;
pub const BINARY: u8 = 8;
pub const LIST: u8 = 9;
const SET: u8 = 10;
pub const STRUCT: u8 = 12;

/// How deep what is skipped may be within each other.
const DEPTH_MAX: usize = 16;

/// Bytes that are read one after the other. None of a method is damage, or what is not understood.
#[derive(Debug, Clone)]
pub struct Compact<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Compact<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// How many bytes are read.
    pub fn at(&self) -> usize {
        self.at
    }

    pub fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn pass(&mut self, bytes: u64) -> Option<()> {
        let end = self.at.checked_add(usize::try_from(bytes).ok()?)?;
        self.at = Some(end).filter(|&end| end <= self.bytes.len())?;
        Some(())
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// A number of 32 bits.
    pub fn int(&mut self) -> Option<i32> {
        let value = self.varint()?;
        i32::try_from((value >> 1) as i64 ^ -((value & 1) as i64)).ok()
    }

    /// The next field of a struct after that of number `last`: its number and kind; 0 at the end.
    pub fn field(&mut self, last: i16) -> Option<(i16, u8)> {
        let head = self.byte()?;
        match (head >> 4, head & 0x0f) {
            (_, 0) => Some((0, 0)),
            (0, kind) => Some((i16::try_from(self.int()?).ok()?, kind)),
            (delta, kind) => Some((last.checked_add(delta.into())?, kind)),
        }
    }

    /// The kind of a list's elements, and how many they are.
    pub fn list(&mut self) -> Option<(u8, u32)> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => u32::try_from(self.varint()?).ok()?,
            count => count.into(),
        };
        let kind = head & 0x0f;
        (kind > 0 || count == 0).then_some((kind, count))
    }

    /// Passes over a value of this kind.
    pub fn skip(&mut self, kind: u8) -> Option<()> {
        /// What is still to be passed over: elements of a list, or the fields of a struct.
        #[derive(Clone, Copy)]
        enum Open {
            Elements(u8, u32),
            Fields,
        }
        if matches!(kind, TRUE | FALSE) {
            return Some(());
        }
        let mut open = vec![Open::Elements(kind, 1)];
        while let Some(last) = open.last_mut() {
            let kind = match last {
                Open::Elements(_, 0) => 0,
                Open::Elements(kind, left) => {
                    *left -= 1;
                    *kind
                }
                Open::Fields => self.field(0)?.1,
            };
            match kind {
                0 => {
                    open.pop();
                }
                // In a list they would take a byte, which not all readers know.
                TRUE | FALSE if matches!(last, Open::Fields) => {}
                BYTE => self.pass(1)?,
                SHORT | INT | LONG => {
                    self.varint()?;
                }
                FLOAT => self.pass(8)?,
                BINARY => {
                    let length = self.varint()?;
                    self.pass(length)?;
                }
                LIST | SET => {
                    let (kind, count) = self.list()?;
                    open.push(Open::Elements(kind, count));
                }
                STRUCT => open.push(Open::Fields),
                _ => return None,
            }
            if open.len() > DEPTH_MAX {
                return None;
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_skipped_ends_where_it_ends() {
        // A number, a text, a list of two structs of a truth, a set of numbers, a fraction; an end.
        let bytes = [
            &[0x15, 2, 0x18, 2, 9, 9, 0x19, 0x2c, 0x11, 0, 0x12, 0, 0x1a, 0x15, 7][..],
            &[0x17; 9],
            &[0],
        ];
        let bytes = bytes.concat();
        let mut compact = Compact::new(&bytes);
        assert_eq!((compact.skip(STRUCT), compact.at()), (Some(()), bytes.len()));
        for length in 0..bytes.len() {
            assert_eq!(Compact::new(&bytes[..length]).skip(STRUCT), None, "{length}");
        }
        // Truths in a list, a map, kinds that are none, and what is too deep.
        for bytes in [&[0x19, 0x11, 1, 0][..], &[0x1b, 0], &[0x1e], &[0x1c; 100]] {
            assert_eq!(Compact::new(bytes).skip(STRUCT), None, "{bytes:?}");
        }
        // A list with more elements than there are bytes.
        assert_eq!(Compact::new(&[0xf3, 0xff, 0xff, 0xff, 0xff, 7, 1]).skip(LIST), None);
    }
}
