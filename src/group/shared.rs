//! Where workers put the contributors that outgrow their own tables.
//!
//! A worker's table that no longer fits a cache costs a wait for memory for each record, and the
//! tables of all workers hold the same contributors as often as there are workers. So a worker
//! whose table is full empties it into tables that all share, each for the contributors whose
//! hashes have the same top bits. Slots are in the order of hashes on both sides: emptying walks
//! both from front to back, and a lock is taken once for thousands of contributors.
//!
//! Against sending each record to the worker that owns its part (what exchanging engines do),
//! contributors that come again and again are added up before they move, and few ever do where
//! there are few.
//!
//! What no memory is left for goes on to a file, also by parts: see `outgrown`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::outgrown::Outgrown;
use super::table::{self, RUN, Seeds, Table, Word};
use super::{Fold, ShapeGroups};
use crate::key::KeyShape;
use crate::spill::{Borrowed, Keys, Spill};

/// Parts of the hashes, as a power of two: so many that workers seldom want the same one.
pub(super) const PARTS_LOG2: u32 = if cfg!(debug_assertions) { 2 } else { 6 };

/// The most slots of a worker's own table, as a power of two: 2 MiB of one-word keys, which is
/// what second-level caches hold. Of half and twice as many, neither was faster for one question,
/// and both were slower for ten at once.
const OWN_SLOTS_LOG2: u32 = if cfg!(debug_assertions) { 4 } else { 17 };

/// The fewest slots, however little memory there is.
const OWN_SLOTS_LOG2_MIN: u32 = if cfg!(debug_assertions) { 3 } else { 10 };

/// Bytes of a slot of a worker's own table: of two-word keys, and half of that again while it
/// grows.
const OWN_SLOT_BYTES: usize = 48;

/// The tables that the workers of a run share for one part of a question.
#[derive(Debug)]
pub struct Shared {
    fold: Fold,
    seeds: Seeds,
    spill: Arc<Spill>,
    own_slots_log2: u32,
    shapes: Mutex<Vec<(KeyShape, Arc<Parts>)>>,
}

/// The shared tables for keys of one shape.
#[derive(Debug)]
pub(super) struct Parts {
    narrow: Vec<Mutex<Kept<u64>>>,
    packed: Vec<Mutex<Kept<u128>>>,
    /// What did not fit in there.
    pub outgrown: Outgrown,
}

/// A table and the bytes that it took of the run's memory.
#[derive(Debug)]
pub(super) struct Kept<K> {
    table: Table<K>,
    taken: usize,
}

/// A key of words, and where workers share tables of such.
pub(super) trait Shareable: Word {
    /// The kind of the keys.
    const KEYS: Keys;

    /// The tables.
    fn tables(parts: &Parts) -> &[Mutex<Kept<Self>>];

    /// The key as runs have it.
    fn borrowed(self) -> Borrowed<'static>;
}

impl Shareable for u64 {
    const KEYS: Keys = Keys::Narrow;

    fn tables(parts: &Parts) -> &[Mutex<Kept<Self>>] {
        &parts.narrow
    }

    fn borrowed(self) -> Borrowed<'static> {
        Borrowed::Narrow(self)
    }
}

impl Shareable for u128 {
    const KEYS: Keys = Keys::Packed;

    fn tables(parts: &Parts) -> &[Mutex<Kept<Self>>] {
        &parts.packed
    }

    fn borrowed(self) -> Borrowed<'static> {
        Borrowed::Packed(self)
    }
}

impl Shared {
    /// Nothing yet, with what memory there is for it.
    pub fn new(fold: Fold, seeds: Seeds, spill: Arc<Spill>) -> Arc<Self> {
        // Of a worker's own bytes half is for tables of words.
        let slots = spill.bytes_own() / 2 / OWN_SLOT_BYTES;
        let own_slots_log2 = slots.max(1).ilog2().clamp(OWN_SLOTS_LOG2_MIN, OWN_SLOTS_LOG2);
        Arc::new(Self { fold, seeds, spill, own_slots_log2, shapes: Mutex::default() })
    }

    /// How values are folded.
    pub fn fold(&self) -> Fold {
        self.fold
    }

    /// The seeds of all hashes.
    pub fn seeds(&self) -> Seeds {
        self.seeds
    }

    /// The memory that there is, and where what outgrows it goes.
    pub(super) fn spill(&self) -> &Arc<Spill> {
        &self.spill
    }

    /// Whether a worker's own table should be emptied before `more` contributors come.
    pub(super) fn is_full<K: Word>(&self, own: &Table<K>, more: usize) -> bool {
        own.slots_log2_for(more) > self.own_slots_log2
    }

    /// The tables for keys of this shape, new ones if there are none.
    pub(super) fn parts(&self, shape: &KeyShape) -> Arc<Parts> {
        let mut shapes = lock(&self.shapes);
        if let Some((_, parts)) = shapes.iter().find(|(other, _)| other == shape) {
            return Arc::clone(parts);
        }
        let parts = Arc::new(Parts::new(self));
        shapes.push((shape.clone(), Arc::clone(&parts)));
        parts
    }

    /// All tables, each for keys of a shape; for merging, when all workers are done.
    pub(super) fn take(&self) -> Vec<(KeyShape, Arc<Parts>)> {
        std::mem::take(&mut *lock(&self.shapes))
    }
}

impl Parts {
    fn new(shared: &Shared) -> Self {
        fn tables<K: Word>(seeds: Seeds) -> Vec<Mutex<Kept<K>>> {
            let table = |part| Table::of_part(seeds, table::Share::new(part, PARTS_LOG2));
            let kept = |part| Mutex::new(Kept { table: table(part), taken: 0 });
            (0..1 << PARTS_LOG2).map(kept).collect()
        }
        Self {
            narrow: tables(shared.seeds),
            packed: tables(shared.seeds),
            outgrown: Outgrown::new(shared.fold, shared.seeds, Arc::clone(&shared.spill)),
        }
    }

    /// Moves all of a worker's own table into the shared ones: a part at a time, in runs whose
    /// slots are asked for before they are touched, as most of them are in no cache.
    pub(super) fn fill_from<K: Shareable>(&self, own: &mut Table<K>) {
        let fold = self.outgrown.fold();
        let (mut keys, mut values, mut larger) = (Vec::new(), Vec::new(), Vec::new());
        for (part, kept) in K::tables(self).iter().enumerate() {
            keys.clear();
            values.clear();
            own.visit_part(part, PARTS_LOG2, |key, value, overflows| {
                if overflows > 0 {
                    larger.push((keys.len(), overflows));
                }
                keys.push(key);
                values.push(value);
            });
            let mut kept = lock(kept);
            let mut larger = larger.drain(..).peekable();
            let (mut at, mut loose) = (0, Vec::new());
            for (keys, values) in keys.chunks(RUN).zip(values.chunks(RUN)) {
                let start = at;
                at += keys.len();
                let larger = std::iter::from_fn(|| larger.next_if(|(place, _)| *place < at));
                let larger = larger.map(|(place, overflows)| (place - start, overflows));
                if !kept.table.is_full(keys.len()) || self.make_room(part, &mut kept, keys.len()) {
                    kept.table.fold_all(fold, keys, Some(values));
                    larger.for_each(|(place, over)| kept.table.add_overflows(keys[place], over));
                    continue;
                }
                let before = loose.len();
                loose.extend(keys.iter().zip(values).map(|(key, value)| (*key, *value, 0)));
                larger.for_each(|(place, overflows)| loose[before + place].2 = overflows);
            }
            self.settle(&mut kept);
            self.outgrown.put(part, loose);
        }
        own.clear();
    }

    /// Makes room for `more` keys: in memory if there is some, else by writing out what is there.
    /// Says whether there is room now.
    #[cold]
    #[inline(never)]
    fn make_room<K: Shareable>(&self, part: usize, kept: &mut Kept<K>, more: usize) -> bool {
        let budget = self.outgrown.spill().budget();
        loop {
            let bytes = kept.table.bytes_grown();
            if !budget.try_take(bytes) {
                self.outgrown.put_table(part, &mut kept.table);
                return !kept.table.is_full(more);
            }
            kept.table.grow();
            budget.give(std::mem::replace(&mut kept.taken, bytes));
            if !kept.table.is_full(more) {
                return true;
            }
        }
    }

    /// Accounts for what a table took without asking: sums beyond a word, and what crowds at its
    /// end made it grow.
    fn settle<K: Word>(&self, kept: &mut Kept<K>) {
        let (bytes, budget) = (kept.table.bytes(), self.outgrown.spill().budget());
        if bytes != kept.taken {
            budget.take(bytes);
            budget.give(std::mem::replace(&mut kept.taken, bytes));
        }
    }

    /// Writes out all that is in the tables, and gives their memory back.
    pub(super) fn put_tables<K: Shareable>(&self, part: usize) {
        let mut kept = lock(&K::tables(self)[part]);
        self.outgrown.put_table(part, &mut kept.table);
        let share = kept.table.share();
        kept.table = Table::of_part(kept.table.seeds(), share);
        self.settle(&mut kept);
    }

    /// Takes all tables that hold something, as groups of their own.
    pub(super) fn take(&self, shape: &KeyShape) -> Vec<ShapeGroups> {
        let mut groups = Vec::new();
        for (narrow, packed) in self.narrow.iter().zip(&self.packed) {
            let (mut narrow, mut packed) = (lock(narrow), lock(packed));
            let seeds = narrow.table.seeds();
            let taken = std::mem::take(&mut narrow.taken) + std::mem::take(&mut packed.taken);
            let narrow = std::mem::replace(&mut narrow.table, Table::of_all(seeds));
            let packed = std::mem::replace(&mut packed.table, Table::of_all(seeds));
            if narrow.len() + packed.len() > 0 {
                let empty = ShapeGroups::new(shape.clone(), seeds);
                groups.push(ShapeGroups { narrow, packed, taken, ..empty });
            }
        }
        groups
    }
}

/// A worker that panics ends the run, so what it left half done is never looked at.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
