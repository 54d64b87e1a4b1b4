//! The table of contributors that do not pack: byte strings in one arena.

use hashbrown::HashTable;

use super::Fold;
use super::table::Seeds;

/// Bytes that a contributor takes, without its key: in the table at the least load, and once more
/// while all are sorted.
const ENTRY_BYTES: usize = 3 * size_of::<Entry>() / 2 + size_of::<Entry>();

/// A byte string and its value.
#[derive(Debug)]
pub struct Entry {
    /// The hash of the string, whose top bits tell its part.
    pub hash: u64,
    start: usize,
    length: u32,
    /// The value.
    pub value: u64,
    /// How often it went over 2^64.
    pub overflows: u64,
}

impl Entry {
    /// The string, which is in the arena of its table.
    pub fn key<'a>(&self, arena: &'a [u8]) -> &'a [u8] {
        &arena[self.start..][..self.length as usize]
    }
}

/// Values by byte string.
#[derive(Debug)]
pub struct WideTable {
    entries: HashTable<Entry>,
    arena: Vec<u8>,
    seeds: Seeds,
}

impl WideTable {
    /// An empty table.
    pub fn new(seeds: Seeds) -> Self {
        Self { entries: HashTable::new(), arena: Vec::new(), seeds }
    }

    /// Folds a value (and for merging, overflows) into the value of `key`.
    pub fn fold(&mut self, fold: Fold, key: &[u8], value: u64, overflows: u64) {
        let Self { entries, arena, seeds } = self;
        let hash = seeds.bytes(key);
        let is_key = |entry: &Entry| entry.hash == hash && entry.key(arena) == key;
        match entries.find_mut(hash, is_key) {
            Some(entry) => {
                let over;
                (entry.value, over) = match fold {
                    Fold::Sum => entry.value.overflowing_add(value),
                    Fold::Min => (entry.value.min(value), false),
                    Fold::Max => (entry.value.max(value), false),
                };
                entry.overflows += overflows + u64::from(over);
            }
            None => {
                let (start, length) = (arena.len(), key.len() as u32);
                arena.extend_from_slice(key);
                let entry = Entry { hash, start, length, value, overflows };
                entries.insert_unique(hash, entry, |entry| entry.hash);
            }
        }
    }

    /// As [`Table::visit_part`](super::table::Table::visit_part).
    pub fn visit_part(&self, part: usize, parts_log2: u32, mut visit: impl FnMut(&[u8], u64, u64)) {
        for entry in &self.entries {
            if parts_log2 == 0 || (entry.hash >> (64 - parts_log2)) as usize == part {
                visit(entry.key(&self.arena), entry.value, entry.overflows);
            }
        }
    }

    /// Bytes that it takes when `more` keys are there, beside those of these keys.
    pub fn bytes_with(&self, more: usize) -> usize {
        let (capacity, wanted) = (self.entries.capacity(), self.entries.len() + more);
        let grown = if wanted <= capacity { capacity } else { wanted.max(2 * capacity) };
        grown * ENTRY_BYTES + self.arena.len()
    }

    /// Takes everything out: calls `visit` with all of it, in the order of hashes and then of
    /// keys, and with the bytes that keys are in.
    pub fn drain_sorted(&mut self, visit: impl FnOnce(&[Entry], &[u8])) {
        let Self { entries, arena, .. } = self;
        let mut entries: Vec<Entry> = entries.drain().collect();
        entries.sort_unstable_by(|l, r| (l.hash, l.key(arena)).cmp(&(r.hash, r.key(arena))));
        visit(&entries, arena);
        arena.clear();
    }

    /// The seeds of its hashes.
    pub fn seeds(&self) -> Seeds {
        self.seeds
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }
}
