//! A run: records of contributors, one after the other, as bytes.
//!
//! A record is a key and then a value, in the form that the run has: words are little-endian, a
//! key of bytes comes after their number in 32 bits, and where keys of all kinds are mixed a byte
//! tells which one it is. A value is a word wherever it can be; a sum that went beyond has two
//! words, and what is no whole number three.

use super::Spill;
use crate::amount::{AMOUNT_BYTES, Amount};
use crate::key::Key;

/// Bytes that are written at once.
const WRITE_BYTES: usize = if cfg!(debug_assertions) { 256 } else { 256 << 10 };

/// How the keys of a run are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// One word each.
    Narrow,
    /// Two words each.
    Packed,
    /// Their length and their bytes.
    Wide,
    /// A byte that tells which, and then one of those.
    Mixed,
}

/// How the values of a run are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// Whole numbers below 2^64.
    Word,
    /// Whole numbers below 2^128.
    Double,
    /// Any amounts.
    Amount,
}

impl Values {
    fn bytes(self) -> usize {
        match self {
            Self::Word => 8,
            Self::Double => 16,
            Self::Amount => AMOUNT_BYTES,
        }
    }
}

/// A key that is somewhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Borrowed<'a> {
    /// In 64 bits.
    Narrow(u64),
    /// In 128 bits.
    Packed(u128),
    /// Tagged bytes.
    Wide(&'a [u8]),
}

impl<'a> From<&'a Key> for Borrowed<'a> {
    fn from(key: &'a Key) -> Self {
        match key {
            Key::Narrow(word) => Self::Narrow(*word),
            Key::Packed(word) => Self::Packed(*word),
            Key::Wide(bytes) => Self::Wide(bytes),
        }
    }
}

impl Borrowed<'_> {
    /// The kind of the key.
    pub fn keys(self) -> Keys {
        match self {
            Self::Narrow(_) => Keys::Narrow,
            Self::Packed(_) => Keys::Packed,
            Self::Wide(_) => Keys::Wide,
        }
    }

    fn tag(self) -> u8 {
        match self {
            Self::Narrow(_) => 0,
            Self::Packed(_) => 1,
            Self::Wide(_) => 2,
        }
    }

    /// The bytes of a record with this key.
    pub fn record_bytes(self, keys: Keys, values: Values) -> u64 {
        let tag = usize::from(keys == Keys::Mixed);
        let key = match self {
            Self::Narrow(_) => 8,
            Self::Packed(_) => 16,
            Self::Wide(bytes) => 4 + bytes.len(),
        };
        (tag + key + values.bytes()) as u64
    }
}

/// A contributor that was read from a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What runs are ordered by first, if that is not their values.
    pub hash: u64,
    /// The contributor.
    pub key: Key,
    /// Its value.
    pub amount: Amount,
}

/// Records in the temporary file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    start: u64,
    bytes: u64,
    /// How many there are.
    pub records: u64,
    keys: Keys,
    values: Values,
}

impl Run {
    /// Bytes that its records have at most in a run of keys of all kinds and of any amounts.
    pub fn bytes_as_amounts(&self) -> u64 {
        self.bytes + self.records * (1 + AMOUNT_BYTES - self.values.bytes()) as u64
    }
}

/// Writes a run.
#[derive(Debug)]
pub struct Writer<'a> {
    spill: &'a Spill,
    run: Run,
    buffer: Vec<u8>,
}

impl<'a> Writer<'a> {
    /// A run of records of this form, which together have at most so many bytes.
    pub fn new(spill: &'a Spill, keys: Keys, values: Values, bytes_max: u64) -> Self {
        let run = Run { start: spill.reserve(bytes_max), bytes: 0, records: 0, keys, values };
        Self { spill, run, buffer: Vec::new() }
    }

    /// Appends a record with a whole value: `value`, and so often 2^64.
    pub fn push(&mut self, key: Borrowed<'_>, value: u64, overflows: u64) {
        self.push_key(key);
        self.buffer.extend(value.to_le_bytes());
        match self.run.values {
            Values::Word => debug_assert_eq!(overflows, 0),
            Values::Double => self.buffer.extend(overflows.to_le_bytes()),
            Values::Amount => {
                self.buffer.truncate(self.buffer.len() - 8);
                let amount = Amount::from(u128::from(value) + (u128::from(overflows) << 64));
                self.buffer.extend(amount.to_bytes());
            }
        }
        self.close_record();
    }

    /// Appends a record with any value to a run of such.
    pub fn push_amount(&mut self, key: Borrowed<'_>, amount: Amount) {
        debug_assert_eq!(self.run.values, Values::Amount);
        self.push_key(key);
        self.buffer.extend(amount.to_bytes());
        self.close_record();
    }

    fn push_key(&mut self, key: Borrowed<'_>) {
        if self.run.keys == Keys::Mixed {
            self.buffer.push(key.tag());
        } else {
            debug_assert_eq!(self.run.keys, key.keys());
        }
        match key {
            Borrowed::Narrow(word) => self.buffer.extend(word.to_le_bytes()),
            Borrowed::Packed(word) => self.buffer.extend(word.to_le_bytes()),
            Borrowed::Wide(bytes) => {
                self.buffer.extend((bytes.len() as u32).to_le_bytes());
                self.buffer.extend_from_slice(bytes);
            }
        }
    }

    fn close_record(&mut self) {
        self.run.records += 1;
        if self.buffer.len() >= WRITE_BYTES {
            self.flush();
        }
    }

    fn flush(&mut self) {
        self.spill.write_at(&self.buffer, self.run.start + self.run.bytes);
        self.run.bytes += self.buffer.len() as u64;
        self.buffer.clear();
    }

    /// The run, if there is anything in it.
    pub fn finish(mut self) -> Option<Run> {
        if !self.buffer.is_empty() {
            self.flush();
        }
        (self.run.records > 0).then_some(self.run)
    }
}

/// Reads a run from front to back.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    spill: &'a Spill,
    run: Run,
    /// Bytes of the run that were read.
    read: u64,
    buffer: Vec<u8>,
    /// Where in the buffer the next record begins.
    at: usize,
    /// The size that the buffer has as long as records fit it.
    buffer_bytes: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(spill: &'a Spill, run: Run, buffer_bytes: usize) -> Self {
        Self { spill, run, read: 0, buffer: Vec::new(), at: 0, buffer_bytes }
    }

    /// The next record; none at the end, and none if it could not be read.
    pub(super) fn next(&mut self, hash: impl Fn(&Key) -> u64) -> Option<Record> {
        let keys = match self.run.keys {
            Keys::Mixed => match self.take(1)? {
                [0] => Keys::Narrow,
                [1] => Keys::Packed,
                _ => Keys::Wide,
            },
            keys => keys,
        };
        let key = match keys {
            Keys::Narrow => Key::Narrow(u64::from_le_bytes(self.words()?)),
            Keys::Packed => Key::Packed(u128::from_le_bytes(self.words()?)),
            Keys::Wide | Keys::Mixed => {
                let length = u32::from_le_bytes(self.words()?);
                Key::Wide(self.take(length as usize)?.into())
            }
        };
        let amount = match self.run.values {
            Values::Word => u64::from_le_bytes(self.words()?).into(),
            Values::Double => u128::from_le_bytes(self.words()?).into(),
            Values::Amount => Amount::from_bytes(self.words()?),
        };
        Some(Record { hash: hash(&key), key, amount })
    }

    fn words<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    /// The next bytes.
    #[inline]
    fn take(&mut self, bytes: usize) -> Option<&[u8]> {
        if self.buffer.len() - self.at < bytes {
            self.refill(bytes)?;
        }
        let start = self.at;
        self.at += bytes;
        Some(&self.buffer[start..self.at])
    }

    /// Reads on, so that there are so many bytes at least.
    #[cold]
    fn refill(&mut self, bytes: usize) -> Option<()> {
        self.buffer.drain(..self.at);
        self.at = 0;
        let kept = self.buffer.len();
        let left = usize::try_from(self.run.bytes - self.read).unwrap_or(usize::MAX);
        let length = self.buffer_bytes.max(bytes).min(kept.saturating_add(left));
        if length < bytes {
            return None;
        }
        self.buffer.resize(length, 0);
        let place = self.run.start + self.read;
        if !self.spill.read_at(&mut self.buffer[kept..], place) {
            self.buffer.truncate(kept);
            return None;
        }
        self.read += (length - kept) as u64;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Vec<Key> {
        let wide = |length: usize| Key::Wide(vec![length as u8; length].into());
        vec![
            Key::Narrow(0),
            Key::Narrow(u64::MAX),
            Key::Packed(1),
            Key::Packed(u128::MAX),
            wide(0),
            wide(1),
            wide(9300),
        ]
    }

    fn read(spill: &Spill, run: Option<Run>, buffer_bytes: usize) -> Vec<(Key, Amount)> {
        let Some(run) = run else { return Vec::new() };
        let mut cursor = Cursor::new(spill, run, buffer_bytes);
        let hash = |key: &Key| u64::from(matches!(key, Key::Wide(_)));
        let records: Vec<Record> = std::iter::from_fn(|| cursor.next(hash)).collect();
        assert_eq!(records.len() as u64, run.records);
        assert!(records.iter().all(|record| record.hash == hash(&record.key)));
        records.into_iter().map(|record| (record.key, record.amount)).collect()
    }

    #[test]
    fn what_is_written_is_read_again() {
        let spill = Spill::unlimited();
        let amounts = ["0", "1", "-1.5", "18446744073709551616", "0.000000000000000001"];
        let amounts = amounts.map(|text| Amount::parse(text.as_bytes()).unwrap());
        for kind in [Keys::Narrow, Keys::Packed, Keys::Wide, Keys::Mixed] {
            let keys = keys().into_iter();
            let keys: Vec<Key> = keys
                .filter(|key| [Borrowed::from(key).keys(), Keys::Mixed].contains(&kind))
                .collect();
            let all: Vec<(Key, Amount)> = keys
                .iter()
                .flat_map(|key| amounts.iter().map(|amount| (key.clone(), *amount)))
                .collect();
            let bytes =
                |values| all.iter().map(move |(k, _)| Borrowed::from(k).record_bytes(kind, values));
            let mut amounts =
                Writer::new(&spill, kind, Values::Amount, bytes(Values::Amount).sum());
            let mut doubles =
                Writer::new(&spill, kind, Values::Double, bytes(Values::Double).sum());
            let mut words = Writer::new(&spill, kind, Values::Word, bytes(Values::Word).sum());
            for (key, amount) in &all {
                amounts.push_amount(key.into(), *amount);
                doubles.push(key.into(), u64::MAX, 7);
                words.push(key.into(), u64::MAX, 0);
            }
            let runs = [amounts.finish(), doubles.finish(), words.finish()];
            let double = Amount::from(u128::from(u64::MAX) + (7 << 64));
            for buffer_bytes in [1, 16, 100, 1 << 20] {
                assert_eq!(read(&spill, runs[0], buffer_bytes), all);
                let read = |run| read(&spill, run, buffer_bytes).into_iter();
                assert!(read(runs[1]).map(|(_, value)| value).eq(all.iter().map(|_| double)));
                let expected = all.iter().map(|(key, _)| (key.clone(), u64::MAX.into()));
                assert!(read(runs[2]).eq(expected));
            }
        }
        assert!(spill.fault().is_none());
    }

    /// The bytes of each form, as they stand in the file.
    #[test]
    fn records_are_little_endian() {
        let spill = Spill::unlimited();
        let record = |keys, values, key: Borrowed<'_>, overflows| {
            let mut writer = Writer::new(&spill, keys, values, key.record_bytes(keys, values));
            writer.push(key, 0x0102, overflows);
            let run = writer.finish().unwrap();
            assert_eq!(run.bytes, key.record_bytes(keys, values));
            let mut bytes = vec![0; run.bytes as usize];
            assert!(spill.read_at(&mut bytes, run.start));
            bytes
        };
        let narrow = record(Keys::Narrow, Values::Word, Borrowed::Narrow(3), 0);
        assert_eq!(narrow, [3, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0]);
        let packed = record(Keys::Packed, Values::Double, Borrowed::Packed(1 << 120), 9);
        assert_eq!(packed[..16], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(packed[16..], [2, 1, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0]);
        let wide = record(Keys::Wide, Values::Word, Borrowed::Wide(b"ab"), 0);
        assert_eq!(wide, [2, 0, 0, 0, b'a', b'b', 2, 1, 0, 0, 0, 0, 0, 0]);
        let mixed = record(Keys::Mixed, Values::Amount, Borrowed::Wide(b"ab"), 0);
        assert_eq!(mixed[..7], [2, 2, 0, 0, 0, b'a', b'b']);
        assert_eq!(mixed[7..], Amount::from(0x0102_u64).to_bytes());
    }

    #[test]
    fn a_folder_that_is_not_there_is_a_fault_and_no_more_is_done() {
        let folder = std::path::PathBuf::from("/no such folder");
        let spill = Spill::new(0, 1, 1, folder);
        let mut writer = Writer::new(&spill, Keys::Narrow, Values::Word, 16);
        writer.push(Borrowed::Narrow(1), 1, 0);
        let run = writer.finish().unwrap();
        let text = spill.fault().unwrap().to_string();
        assert!(text.contains("/no such folder failed: no such file or directory"), "{text}");
        assert!(text.contains("--temp-dir"), "{text}");
        assert_eq!(Cursor::new(&spill, run, 16).next(|_| 0), None);
    }
}
