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

use std::sync::{Arc, Mutex, PoisonError};

use super::ShapeGroups;
use super::table::{Seeds, Table, Word};
use super::{Fold, table};
use crate::key::KeyShape;

/// Parts of the hashes, as a power of two: so many that workers seldom want the same one.
const PARTS_LOG2: u32 = if cfg!(debug_assertions) { 2 } else { 6 };

/// The most slots of a worker's own table, as a power of two: 2 MiB of one-word keys, which is
/// what second-level caches hold. Of half and twice as many, neither was faster for one question,
/// and both were slower for ten at once.
const OWN_SLOTS_LOG2: u32 = if cfg!(debug_assertions) { 4 } else { 17 };

/// The tables that the workers of a run share for one part of a question.
#[derive(Debug)]
pub struct Shared {
    fold: Fold,
    seeds: Seeds,
    shapes: Mutex<Vec<(KeyShape, Arc<Parts>)>>,
}

/// The shared tables for keys of one shape.
#[derive(Debug)]
pub(super) struct Parts {
    narrow: Vec<Mutex<Table<u64>>>,
    packed: Vec<Mutex<Table<u128>>>,
}

impl Shared {
    /// Nothing yet.
    pub fn new(fold: Fold, seeds: Seeds) -> Arc<Self> {
        Arc::new(Self { fold, seeds, shapes: Mutex::default() })
    }

    /// How values are folded.
    pub fn fold(&self) -> Fold {
        self.fold
    }

    /// The seeds of all hashes.
    pub fn seeds(&self) -> Seeds {
        self.seeds
    }

    /// The tables for keys of this shape, new ones if there are none.
    pub(super) fn parts(&self, shape: &KeyShape) -> Arc<Parts> {
        let mut shapes = lock(&self.shapes);
        if let Some((_, parts)) = shapes.iter().find(|(other, _)| other == shape) {
            return Arc::clone(parts);
        }
        let parts = Arc::new(Parts::new(self.seeds));
        shapes.push((shape.clone(), Arc::clone(&parts)));
        parts
    }

    /// Takes all tables that hold something, as groups of their own; for merging, when all
    /// workers are done.
    pub(super) fn take(&self) -> Vec<ShapeGroups> {
        let mut groups = Vec::new();
        for (shape, parts) in lock(&self.shapes).drain(..) {
            for (narrow, packed) in parts.narrow.iter().zip(&parts.packed) {
                let narrow = std::mem::replace(&mut *lock(narrow), Table::of_all(self.seeds));
                let packed = std::mem::replace(&mut *lock(packed), Table::of_all(self.seeds));
                if narrow.len() + packed.len() > 0 {
                    let empty = ShapeGroups::new(shape.clone(), self.seeds);
                    groups.push(ShapeGroups { narrow, packed, ..empty });
                }
            }
        }
        groups
    }
}

impl Parts {
    fn new(seeds: Seeds) -> Self {
        fn tables<K: Word>(seeds: Seeds) -> Vec<Mutex<Table<K>>> {
            let part =
                |part| Mutex::new(Table::of_part(seeds, table::Share::new(part, PARTS_LOG2)));
            (0..1 << PARTS_LOG2).map(part).collect()
        }
        Self { narrow: tables(seeds), packed: tables(seeds) }
    }

    pub(super) fn narrow(&self) -> &[Mutex<Table<u64>>] {
        &self.narrow
    }

    pub(super) fn packed(&self) -> &[Mutex<Table<u128>>] {
        &self.packed
    }
}

/// Whether a worker's own table should be emptied before `more` contributors come.
pub(super) fn is_full<K: Word>(own: &Table<K>, more: usize) -> bool {
    own.slots_log2_for(more) > OWN_SLOTS_LOG2
}

/// Moves all of a worker's own table into the shared ones: a part at a time, in runs whose slots
/// are asked for before they are touched, as most of them are in no cache.
pub(super) fn empty_into<K: Word>(own: &mut Table<K>, fold: Fold, parts: &[Mutex<Table<K>>]) {
    let (mut keys, mut values, mut larger) = (Vec::new(), Vec::new(), Vec::new());
    for (part, table) in parts.iter().enumerate() {
        keys.clear();
        values.clear();
        own.visit_part(part, PARTS_LOG2, |key, value, overflows| {
            keys.push(key);
            values.push(value);
            if overflows > 0 {
                larger.push((key, overflows));
            }
        });
        let mut table = lock(table);
        table.fold_all(fold, &keys, Some(&values));
        larger.drain(..).for_each(|(key, overflows)| table.add_overflows(key, overflows));
    }
    own.clear();
}

/// A worker that panics ends the run, so what it left half done is never looked at.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
