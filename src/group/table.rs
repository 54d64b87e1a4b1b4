//! The hash table of packed contributors: a word for the key, a word for the value.
//!
//! Slots are in the order of their keys' hashes (the slot is the hash's top bits, probing goes
//! upwards and never wraps), so that growing and merging walk memory once from front to back,
//! and a range of hashes is a range of slots: that is what workers share when they merge.
//! Additions come in runs; all slots of a run are asked for before the first is touched.
//!
//! Against hashbrown's table, this one keeps key and value of a contributor on one cache line
//! without a line of control bytes beside it.

use hashbrown::HashMap;

use super::Fold;
use crate::scan::prefetch;

/// Seeds of the hash; drawn anew for each run, since addresses come from strangers.
#[derive(Debug, Clone, Copy)]
pub struct Seeds(pub [u64; 2]);

impl Seeds {
    /// Seeds from the operating system's randomness, by way of std's own hasher.
    pub fn random() -> Self {
        use std::hash::BuildHasher;
        let seed = || std::hash::RandomState::new().hash_one(0u8);
        Self([seed(), seed()])
    }

    /// Multiplies to 128 bits and folds the halves: every bit of the result hangs on every bit
    /// of both words (the step of wyhash and folded multiplication in foldhash).
    #[inline(always)]
    fn fold(left: u64, right: u64) -> u64 {
        let product = u128::from(left) * u128::from(right);
        product as u64 ^ (product >> 64) as u64
    }

    /// The hash of a byte string.
    pub fn bytes(self, bytes: &[u8]) -> u64 {
        let Self([first, second]) = self;
        let start = first ^ bytes.len() as u64;
        let hash = bytes.chunks(8).fold(start, |hash, chunk| {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            Self::fold(hash ^ u64::from_le_bytes(word), second | 1)
        });
        Self::fold(hash ^ second, ODD)
    }
}

/// An odd constant with well-mixed bits (the golden ratio's).
const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

/// A key of one or two machine words.
pub trait Word: Copy + Ord + Default + std::hash::Hash + Send + Sync {
    /// A hash whose top bits are as good as its others.
    fn hash(self, seeds: Seeds) -> u64;
}

impl Word for u64 {
    #[inline(always)]
    fn hash(self, seeds: Seeds) -> u64 {
        let Seeds([first, second]) = seeds;
        // Twice: one multiplication spaces neighbouring addresses evenly, and so unevenly within
        // a part of the table.
        Seeds::fold(Seeds::fold(self ^ first, second | 1), ODD)
    }
}

impl Word for u128 {
    #[inline(always)]
    fn hash(self, seeds: Seeds) -> u64 {
        let Seeds([first, second]) = seeds;
        let low = Seeds::fold(self as u64 ^ first, ODD);
        Seeds::fold(low ^ (self >> 64) as u64, second | 1)
    }
}

/// A contributor; free if the key is the default one, which is kept beside the table.
#[derive(Debug, Clone, Copy, Default)]
struct Slot<K> {
    key: K,
    value: u64,
}

/// Slots of a new table. Few, so that ten questions on many threads start at once; in tests
/// fewer still, so that every test grows.
const SLOTS_MIN_LOG2: u32 = if cfg!(debug_assertions) { 2 } else { 10 };
/// Slots beyond the last: room for the keys that probing moves up from there.
const SLOTS_TAIL: usize = 64;
/// Additions whose slots are asked for together.
pub const RUN: usize = 256;

/// The first free slot.
fn free_slot<K: Word>(slots: &[Slot<K>]) -> Option<usize> {
    slots.iter().position(|slot| slot.key == K::default())
}

/// Values by key.
#[derive(Debug)]
pub struct Table<K> {
    slots: Vec<Slot<K>>,
    slots_log2: u32,
    used: usize,
    /// The value of the default key.
    default: Option<u64>,
    /// How often a sum went over 2^64: sums are exact, whatever is added.
    overflows: HashMap<K, u64>,
    seeds: Seeds,
    /// The keys that it is for.
    share: Share,
}

/// Keys whose hashes have the same top bits, as many of them as there are `bits`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    part: usize,
    bits: u32,
}

impl Share {
    /// All keys.
    pub const ALL: Self = Self { part: 0, bits: 0 };

    /// Part `part` of 2^`bits` parts.
    pub fn new(part: usize, bits: u32) -> Self {
        Self { part, bits }
    }

    /// How many top bits of hashes are the same.
    pub fn bits(self) -> u32 {
        self.bits
    }

    /// Whether a hash is in it.
    #[inline(always)]
    fn has(self, hash: u64) -> bool {
        self.bits == 0 || (hash >> (64 - self.bits)) as usize == self.part
    }

    /// Whether all of the other is in it.
    fn covers(self, other: Self) -> bool {
        self.bits <= other.bits && other.part >> (other.bits - self.bits) == self.part
    }
}

impl<K: Word> Table<K> {
    /// An empty table for any keys.
    pub fn of_all(seeds: Seeds) -> Self {
        Self::of_part(seeds, Share::ALL)
    }

    /// An empty table for the keys of a share, which places them by the other bits of their
    /// hashes.
    pub fn of_part(seeds: Seeds, share: Share) -> Self {
        Self {
            slots: Vec::new(),
            slots_log2: SLOTS_MIN_LOG2 - 1,
            used: 0,
            default: None,
            overflows: HashMap::default(),
            seeds,
            share,
        }
    }

    /// The keys that it is for.
    pub fn share(&self) -> Share {
        self.share
    }

    /// The seeds of its hashes.
    pub fn seeds(&self) -> Seeds {
        self.seeds
    }

    /// Whether it may hold keys of that share.
    pub fn reaches(&self, share: Share) -> bool {
        self.len() > 0 && (share.covers(self.share) || self.share.covers(share))
    }

    /// Takes everything out and keeps the memory.
    pub fn clear(&mut self) {
        self.slots.fill(Slot::default());
        self.used = 0;
        self.default = None;
        self.overflows.clear();
    }

    /// Folds `values` (or ones) into the values of `keys`.
    pub fn fold_all(&mut self, fold: Fold, keys: &[K], values: Option<&[u64]>) {
        match fold {
            Fold::Sum => self.fold_runs(keys, values, |old, new| old.overflowing_add(new)),
            Fold::Min => self.fold_runs(keys, values, |old, new| (old.min(new), false)),
            Fold::Max => self.fold_runs(keys, values, |old, new| (old.max(new), false)),
        }
    }

    #[inline(always)]
    fn fold_runs(
        &mut self,
        keys: &[K],
        values: Option<&[u64]>,
        step: impl Fn(u64, u64) -> (u64, bool) + Copy,
    ) {
        debug_assert!(values.is_none_or(|values| values.len() == keys.len()));
        let mut homes = [0usize; RUN];
        for (run, keys) in keys.chunks(RUN).enumerate() {
            self.reserve(keys.len());
            for (home, key) in homes.iter_mut().zip(keys) {
                *home = self.home(*key);
                prefetch(&self.slots, *home);
            }
            let slots_log2 = self.slots_log2;
            match values {
                None => {
                    for (&key, &home) in keys.iter().zip(&homes) {
                        let home = self.home_now(key, home, slots_log2);
                        self.fold_one(key, home, 1, step);
                    }
                }
                Some(values) => {
                    let values = &values[run * RUN..][..keys.len()];
                    for ((&key, &value), &home) in keys.iter().zip(values).zip(&homes) {
                        let home = self.home_now(key, home, slots_log2);
                        self.fold_one(key, home, value, step);
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn home(&self, key: K) -> usize {
        ((key.hash(self.seeds) << self.share.bits) >> (64 - self.slots_log2)) as usize
    }

    /// A key's home that was found when the table had `slots_log2`; another if it grew since.
    #[inline(always)]
    fn home_now(&self, key: K, home: usize, slots_log2: u32) -> usize {
        if slots_log2 == self.slots_log2 { home } else { self.home(key) }
    }

    #[inline(always)]
    fn fold_one(
        &mut self,
        key: K,
        home: usize,
        value: u64,
        step: impl Fn(u64, u64) -> (u64, bool) + Copy,
    ) {
        if key == K::default() {
            let (new, over) = self.default.map_or((value, false), |old| step(old, value));
            self.default = Some(new);
            if over {
                self.count_overflow(key);
            }
            return;
        }
        let mut at = home;
        while let Some(slot) = self.slots.get_mut(at) {
            if slot.key == key {
                let (new, over) = step(slot.value, value);
                slot.value = new;
                if over {
                    self.count_overflow(key);
                }
                return;
            }
            if slot.key == K::default() {
                *slot = Slot { key, value };
                self.used += 1;
                return;
            }
            at += 1;
        }
        // Probing ran over the tail: a run of full slots at the very end. Twice the slots.
        self.grow();
        self.insert(key, value);
    }

    /// Puts in a key that is not there, after growing.
    #[cold]
    #[inline(never)]
    fn insert(&mut self, key: K, value: u64) {
        loop {
            let home = self.home(key);
            if let Some(free) = free_slot(&self.slots[home..]) {
                self.slots[home + free] = Slot { key, value };
                self.used += 1;
                return;
            }
            self.grow();
        }
    }

    #[cold]
    fn count_overflow(&mut self, key: K) {
        *self.overflows.entry(key).or_default() += 1;
    }

    /// Makes sure that `more` keys fit without growing.
    #[inline(always)]
    fn reserve(&mut self, more: usize) {
        while !self.fits(more, self.slots_log2) || self.slots.is_empty() {
            self.grow();
        }
    }

    /// Whether `more` keys fit so many slots. At most five eighths are used, beyond which probing
    /// gets long; of a share three quarters, since its keys come in order and probing stays near.
    #[inline(always)]
    fn fits(&self, more: usize, slots_log2: u32) -> bool {
        let eighths = if self.share == Share::ALL { 5 } else { 6 };
        (self.used + more) * 8 <= (1usize << slots_log2) * eighths
    }

    /// The slots that there will be with `more` keys, as a power of two.
    pub fn slots_log2_for(&self, more: usize) -> u32 {
        (self.slots_log2..).find(|&slots_log2| self.fits(more, slots_log2)).unwrap_or(u32::MAX)
    }

    /// Makes it twice as large.
    #[cold]
    #[inline(never)]
    pub fn grow(&mut self) {
        'larger: loop {
            self.slots_log2 += 1;
            let length = (1usize << self.slots_log2) + SLOTS_TAIL;
            let mut slots = vec![Slot::<K>::default(); length];
            // In hash order, so each key lands at or after the one before it.
            for slot in self.slots.iter().filter(|slot| slot.key != K::default()) {
                let home = self.home(slot.key);
                let Some(free) = free_slot(&slots[home..]) else { continue 'larger };
                slots[home + free] = *slot;
            }
            self.slots = slots;
            return;
        }
    }

    /// Whether it grows when `more` keys are folded in, at most a [`RUN`] of them.
    pub fn is_full(&self, more: usize) -> bool {
        !self.fits(more, self.slots_log2) || self.slots.is_empty()
    }

    /// Bytes of memory that it takes.
    pub fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Slot<K>>() + self.overflow_bytes()
    }

    /// Bytes of memory that it takes once it has grown.
    pub fn bytes_grown(&self) -> usize {
        ((1 << (self.slots_log2 + 1)) + SLOTS_TAIL) * size_of::<Slot<K>>() + self.overflow_bytes()
    }

    fn overflow_bytes(&self) -> usize {
        self.overflows.capacity() * size_of::<(K, u64)>() * 8 / 7
    }

    /// Whether any sum went over 2^64.
    pub fn has_overflows(&self) -> bool {
        !self.overflows.is_empty()
    }

    /// Takes everything out, in the order of hashes and then of keys, with what
    /// [`visit_part`](Self::visit_part) tells; the slots stay.
    pub fn drain_sorted(&mut self, mut visit: impl FnMut(K, u64, u64)) {
        let (length, seeds) = (self.slots.len(), self.seeds);
        self.slots.retain(|slot| slot.key != K::default());
        self.slots.extend(self.default.take().map(|value| Slot { key: K::default(), value }));
        self.slots.sort_unstable_by_key(|slot| (Word::hash(slot.key, seeds), slot.key));
        let overflows = std::mem::take(&mut self.overflows);
        for slot in &self.slots {
            visit(slot.key, slot.value, overflows.get(&slot.key).map_or(0, |n| *n));
        }
        self.slots.clear();
        self.slots.resize(length, Slot::default());
        self.used = 0;
    }

    /// Calls `visit` with each key whose hash's top bits are `part` of `parts_log2` bits, its
    /// value, and how often its sum went over.
    pub fn visit_part(&self, part: usize, parts_log2: u32, mut visit: impl FnMut(K, u64, u64)) {
        let wanted = Share::new(part, parts_log2);
        let is_whole = wanted.covers(self.share);
        if !is_whole && !self.share.covers(wanted) {
            return;
        }
        let overflows = |key: K| {
            if self.overflows.is_empty() { 0 } else { self.overflows.get(&key).map_or(0, |n| *n) }
        };
        let is_in_part = |key: K| is_whole || wanted.has(key.hash(self.seeds));
        if let Some(value) = self.default
            && is_in_part(K::default())
        {
            visit(K::default(), value, overflows(K::default()));
        }
        // A small table may have fewer slots than there are parts: then every part looks at all.
        let bits = if is_whole { 0 } else { parts_log2 - self.share.bits };
        let part = part & ((1 << bits) - 1);
        let (start, end) = match self.slots_log2.checked_sub(bits) {
            Some(shift) => (part << shift, (part + 1) << shift),
            None => (0, self.slots.len()),
        };
        for (at, slot) in self.slots.iter().enumerate().skip(start) {
            let is_free = slot.key == K::default();
            if is_free && at >= end {
                return;
            }
            if !is_free && is_in_part(slot.key) {
                visit(slot.key, slot.value, overflows(slot.key));
            }
        }
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.used + usize::from(self.default.is_some())
    }

    /// Folds a value and its overflows in, as merging needs it.
    pub fn merge_one(&mut self, fold: Fold, key: K, value: u64, overflows: u64) {
        self.reserve(1);
        let home = self.home(key);
        match fold {
            Fold::Sum => self.fold_one(key, home, value, |l, r| l.overflowing_add(r)),
            Fold::Min => self.fold_one(key, home, value, |l, r| (l.min(r), false)),
            Fold::Max => self.fold_one(key, home, value, |l, r| (l.max(r), false)),
        }
        if overflows > 0 {
            self.add_overflows(key, overflows);
        }
    }

    /// Notes that the sum of a key that is there went over so often.
    #[cold]
    pub fn add_overflows(&mut self, key: K, overflows: u64) {
        *self.overflows.entry(key).or_default() += overflows;
    }
}

#[cfg(test)]
mod flood;

#[cfg(test)]
mod tests;
