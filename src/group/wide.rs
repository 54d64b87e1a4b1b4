//! The table of contributors that do not pack: byte strings in one arena.

use hashbrown::HashTable;

use super::Fold;
use super::table::Seeds;

#[derive(Debug)]
struct Entry {
    hash: u64,
    start: usize,
    length: u32,
    value: u64,
    overflows: u64,
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
        let is_key = |entry: &Entry| {
            entry.hash == hash && arena[entry.start..][..entry.length as usize] == *key
        };
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
                let key = &self.arena[entry.start..][..entry.length as usize];
                visit(key, entry.value, entry.overflows);
            }
        }
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
