//! The contributors with values that are no words: few, since flow logs have none, and those of
//! JSON events seldom.

use hashbrown::HashMap;

use super::Fold;
use super::table::{Seeds, Word};
use crate::amount::Amount;
use crate::key::Key;

/// Bytes that a contributor takes, without the bytes of a wide key: in the map at the least load,
/// and once more while all are sorted.
const CONTRIBUTOR_BYTES: usize = 2 * size_of::<(Key, Amount)>() + size_of::<(u64, Key, Amount)>();

/// Exact amounts by contributor.
#[derive(Debug)]
pub struct Odd {
    amounts: HashMap<Key, Amount>,
    /// Bytes of the wide keys.
    key_bytes: usize,
    seeds: Seeds,
}

/// The hash of a key, whose top bits tell its part.
pub fn hash(key: &Key, seeds: Seeds) -> u64 {
    match key {
        Key::Narrow(key) => key.hash(seeds),
        Key::Packed(key) => key.hash(seeds),
        Key::Wide(key) => seeds.bytes(key),
    }
}

impl Odd {
    /// No contributor yet.
    pub fn new(seeds: Seeds) -> Self {
        Self { amounts: HashMap::new(), key_bytes: 0, seeds }
    }

    /// Folds an amount into that of a contributor.
    pub fn fold(&mut self, fold: Fold, key: Key, amount: Amount) {
        let wide = if let Key::Wide(bytes) = &key { bytes.len() } else { 0 };
        let entry = self.amounts.entry(key);
        if matches!(entry, hashbrown::hash_map::Entry::Vacant(_)) {
            self.key_bytes += wide;
        }
        entry.and_modify(|odd| *odd = fold.join(*odd, amount)).or_insert(amount);
    }

    /// How many contributors there are.
    pub fn len(&self) -> usize {
        self.amounts.len()
    }

    /// Bytes that it takes with another contributor.
    pub fn bytes_with_another(&self) -> usize {
        let capacity = self.amounts.capacity();
        let grown = if self.amounts.len() < capacity { capacity } else { 2 * capacity };
        grown * CONTRIBUTOR_BYTES + 2 * self.key_bytes
    }

    /// All contributors.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, Amount)> {
        self.amounts.iter().map(|(key, amount)| (key, *amount))
    }

    /// The contributors of a part.
    pub fn part(&self, part: usize, parts_log2: u32) -> impl Iterator<Item = (&Key, Amount)> {
        let is_in_part = move |key: &Key| {
            parts_log2 == 0 || (hash(key, self.seeds) >> (64 - parts_log2)) as usize == part
        };
        self.iter().filter(move |(key, _)| is_in_part(key))
    }

    /// Takes everything out, in the order of hashes and then of keys.
    pub fn drain_sorted(&mut self) -> Vec<(u64, Key, Amount)> {
        let seeds = self.seeds;
        self.key_bytes = 0;
        let all = std::mem::take(&mut self.amounts).into_iter();
        let mut all: Vec<_> = all.map(|(key, amount)| (hash(&key, seeds), key, amount)).collect();
        all.sort_unstable_by(|left, right| (left.0, &left.1).cmp(&(right.0, &right.1)));
        all
    }
}
