//! All workers' totals for one part of a question, merged.

use std::sync::Arc;

use hashbrown::HashMap;

use super::shared::{PARTS_LOG2, Parts};
use super::table::{Seeds, Share, Table, Word};
use super::wide::WideTable;
use super::{Fold, Groups, Moment, Moments, ShapeGroups, Shared, Uses};
use crate::amount::Amount;
use crate::key::{Key, KeyShape, Part, push_text};
use crate::spill::Spill;

/// All workers' totals, all with keys of one shape.
#[derive(Debug)]
pub struct Totals {
    pub(super) fold: Fold,
    pub(super) seeds: Seeds,
    shape: KeyShape,
    workers: Vec<ShapeGroups>,
    /// All contributors, if they outgrew the memory: then the workers have none.
    outgrown: Option<Arc<Parts>>,
    pub(super) moments: Moments,
    pub(super) uses: Uses,
}

/// Contributors in a part that is merged at once: their slots fill about half of a typical
/// second-level cache.
const PART_KEYS: usize = if cfg!(debug_assertions) { 4 } else { 16 * 1024 };

/// Parts where wide tables are walked whole for each: few then.
const WALKED_PARTS_LOG2: u32 = 4;

impl Totals {
    /// Collects workers' groups for one part of a question.
    pub fn collect(groups: Vec<Groups>) -> Option<Self> {
        let shared = groups.first().map(|groups| Arc::clone(&groups.shared))?;
        let (mut uses, mut moments) = (Uses::default(), Moments::default());
        let mut workers: Vec<ShapeGroups> = Vec::new();
        for worker in groups {
            uses.merge(&worker.uses);
            moments.merge(worker.moments);
            workers.extend(worker.shapes);
        }
        let mut outgrown = merge_parts(&shared, &mut workers);
        let all = || workers.iter().map(|groups| &groups.shape);
        let mut shapes = all().chain(outgrown.iter().map(|(shape, _)| shape));
        let mut shape = shapes.next().cloned().unwrap_or_else(|| KeyShape::new(Vec::new()));
        if shapes.any(|other| *other != shape) {
            shape = KeyShape::new(vec![Part::Text; shape.parts().len()]);
            (workers, outgrown) = join_as_text(&shared, &shape, workers, &outgrown);
        }
        let outgrown = outgrown.pop().map(|(_, parts)| parts);
        Some(Self {
            fold: shared.fold(),
            seeds: shared.seeds(),
            shape,
            workers,
            outgrown,
            moments,
            uses,
        })
    }

    /// No totals, with the same seeds.
    pub(super) fn none(&self) -> Self {
        let (fold, seeds, shape) = (self.fold, self.seeds, self.shape.clone());
        let (workers, outgrown) = (Vec::new(), None);
        let (moments, uses) = (Moments::default(), Uses::default());
        Self { fold, seeds, shape, workers, outgrown, moments, uses }
    }

    /// The same totals, of records of which this became.
    pub(super) fn with(self, moments: Moments, uses: Uses) -> Self {
        Self { moments, uses, ..self }
    }

    /// The kinds of the keys.
    pub fn shape(&self) -> &KeyShape {
        &self.shape
    }

    /// What became of the records.
    pub fn uses(&self) -> Uses {
        self.uses
    }

    /// What all contributors together come to, by period, in no order.
    pub fn moments(&self) -> impl Iterator<Item = &(u32, Moment)> {
        self.moments.iter()
    }

    /// The value of everything, for a question without keys.
    pub fn total(&self) -> Option<Amount> {
        let totals = self.workers.iter().filter_map(|groups| groups.total);
        totals.reduce(|left, right| self.fold.join(left, right))
    }

    /// Into how many parts to divide the merging, as a power of two.
    pub fn parts_log2(&self) -> u32 {
        if self.outgrown.is_some() {
            return PARTS_LOG2;
        }
        let most = self.workers.iter().map(ShapeGroups::len).max().unwrap_or(0);
        let walked: usize = self.workers.iter().map(ShapeGroups::walked).sum();
        let limit = if walked > PART_KEYS { WALKED_PARTS_LOG2 } else { 12 };
        let parts_log2 = (most / PART_KEYS + 1).next_power_of_two().ilog2().min(limit);
        // Tables of a share each are not to be joined only to be taken apart again.
        let shares = self.workers.iter().map(|groups| groups.narrow.share().bits());
        parts_log2.max(shares.max().unwrap_or(0))
    }

    /// Whether the contributors outgrew the memory: then their parts are given.
    pub fn is_outgrown(&self) -> bool {
        self.outgrown.is_some()
    }

    /// Gives the memory back, once nothing more is asked.
    pub fn give_back(mut self, spill: &Spill) {
        self.workers.iter_mut().for_each(|groups| groups.give_back(spill));
    }

    /// Calls `visit` with each contributor of a part and its value over all workers.
    pub fn visit_part(&self, part: usize, parts_log2: u32, mut visit: impl FnMut(Key, Amount)) {
        if let Some(parts) = &self.outgrown {
            debug_assert_eq!(parts_log2, PARTS_LOG2);
            return parts.outgrown.visit_part(part, visit);
        }
        if self.workers.iter().any(|groups| groups.odd.len() > 0) {
            return self.visit_odd_part(part, parts_log2, visit);
        }
        let fold = self.fold;
        let tables = |table: fn(&ShapeGroups) -> &Table<u64>| self.workers.iter().map(table);
        visit_tables(tables(|groups| &groups.narrow), fold, part, parts_log2, |key, value| {
            visit(Key::Narrow(key), value);
        });
        let tables = |table: fn(&ShapeGroups) -> &Table<u128>| self.workers.iter().map(table);
        visit_tables(tables(|groups| &groups.packed), fold, part, parts_log2, |key, value| {
            visit(Key::Packed(key), value);
        });
        let wide = self.workers.iter().map(|groups| &groups.wide).filter(|wide| wide.len() > 0);
        let wide: Vec<&WideTable> = wide.collect();
        let Some((first, others)) = wide.split_first() else { return };
        let mut found = |key: &[u8], value, over| visit(Key::Wide(key.into()), exact(value, over));
        if others.is_empty() {
            return first.visit_part(part, parts_log2, found);
        }
        let mut merged = WideTable::new(first.seeds());
        for table in wide {
            table.visit_part(part, parts_log2, |k, v, o| merged.fold(fold, k, v, o));
        }
        merged.visit_part(0, 0, &mut found);
    }

    /// The same where some values are no words.
    fn visit_odd_part(&self, part: usize, parts_log2: u32, mut visit: impl FnMut(Key, Amount)) {
        let mut merged: HashMap<Key, Amount> = HashMap::new();
        let mut add = |key: Key, amount: Amount| {
            let entry = merged.entry(key);
            entry.and_modify(|sum| *sum = self.fold.join(*sum, amount)).or_insert(amount);
        };
        for groups in &self.workers {
            groups.visit_part(part, parts_log2, |key, value, over| add(key, exact(value, over)));
            for (key, amount) in groups.odd.part(part, parts_log2) {
                add(key.clone(), amount);
            }
        }
        merged.into_iter().for_each(|(key, amount)| visit(key, amount));
    }
}

/// Adds the tables that workers share to what they have of their own; or where contributors
/// outgrew the memory, writes out what is left of them, and returns where they are.
fn merge_parts(shared: &Shared, workers: &mut Vec<ShapeGroups>) -> Vec<(KeyShape, Arc<Parts>)> {
    let mut outgrown = Vec::new();
    for (shape, parts) in shared.take() {
        if parts.outgrown.is_any() {
            let of_shape = workers.iter_mut().filter(|groups| groups.shape == shape);
            parts.put_all(&mut of_shape.collect::<Vec<_>>());
            outgrown.push((shape, parts));
        } else {
            workers.extend(parts.take(&shape));
        }
    }
    // What workers do not share is merged in tables beside theirs: if there is no room for these,
    // that has outgrown the memory too.
    while let Some(shape) = unmergeable(shared, workers) {
        let parts = shared.parts(&shape);
        let of_shape = workers.iter_mut().filter(|groups| groups.shape == shape);
        parts.put_all(&mut of_shape.collect::<Vec<_>>());
        outgrown.push((shape, parts));
    }
    outgrown
}

/// A shape of which workers do not share so much that there is no room to merge it.
fn unmergeable(shared: &Shared, workers: &mut [ShapeGroups]) -> Option<KeyShape> {
    let mut shapes: Vec<KeyShape> = Vec::new();
    for groups in workers.iter().filter(|groups| groups.walked() > 0) {
        if !shapes.contains(&groups.shape) {
            shapes.push(groups.shape.clone());
        }
    }
    shapes.into_iter().find(|shape| {
        let of_shape = workers.iter_mut().filter(|groups| groups.shape == *shape);
        let mut unshared: Vec<_> = of_shape.filter(|groups| groups.walked() > 0).collect();
        if unshared.len() == 1 && unshared[0].odd.len() == 0 {
            return false;
        }
        let bytes: usize = unshared.iter().map(|groups| groups.unshared_bytes()).sum();
        let at_once = rayon::current_num_threads().min(1 << WALKED_PARTS_LOG2);
        let bytes = (bytes >> WALKED_PARTS_LOG2) * at_once;
        let is_room = shared.spill().budget().try_take(bytes);
        unshared[0].taken += if is_room { bytes } else { 0 };
        !is_room
    })
}

/// Equal texts may be encoded in different ways where kinds differ: makes them all text.
fn join_as_text(
    shared: &Shared,
    shape: &KeyShape,
    workers: Vec<ShapeGroups>,
    outgrown: &[(KeyShape, Arc<Parts>)],
) -> (Vec<ShapeGroups>, Vec<(KeyShape, Arc<Parts>)>) {
    let fold = shared.fold();
    let mut joined = ShapeGroups::new(shape.clone(), shared.seeds());
    let mut bytes = Vec::new();
    let mut as_text = |own: &KeyShape, key: &Key| {
        bytes.clear();
        own.texts(key).iter().for_each(|text| push_text(&mut bytes, text));
        Key::Wide(bytes.as_slice().into())
    };
    for mut groups in workers {
        groups.visit_part(0, 0, |key, value, overflows| {
            joined.make_unshared_room(shared, 1);
            joined.merge_one(fold, &as_text(&groups.shape, &key), value, overflows);
        });
        for (key, amount) in groups.odd.iter() {
            joined.make_unshared_room(shared, 1);
            joined.odd.fold(fold, as_text(&groups.shape, key), amount);
        }
        groups.give_back(shared.spill());
    }
    for (own, parts) in outgrown {
        for part in 0..1 << PARTS_LOG2 {
            parts.outgrown.visit_part(part, |key, amount| {
                joined.make_unshared_room(shared, 1);
                joined.odd.fold(fold, as_text(own, &key), amount);
            });
        }
    }
    let mut workers = vec![joined];
    let outgrown = merge_parts(shared, &mut workers);
    (workers, outgrown)
}

/// Calls `visit` with each key of a part and its value over all tables.
fn visit_tables<'a, K: Word + 'a>(
    tables: impl Iterator<Item = &'a Table<K>>,
    fold: Fold,
    part: usize,
    parts_log2: u32,
    mut visit: impl FnMut(K, Amount),
) {
    let share = Share::new(part, parts_log2);
    let tables: Vec<&Table<K>> = tables.filter(|table| table.reaches(share)).collect();
    let Some((first, others)) = tables.split_first() else { return };
    let mut found = |key, value, over| visit(key, exact(value, over));
    if others.is_empty() {
        return first.visit_part(part, parts_log2, found);
    }
    let mut merged = Table::of_part(first.seeds(), share);
    for table in tables {
        table.visit_part(part, parts_log2, |k, v, o| merged.merge_one(fold, k, v, o));
    }
    merged.visit_part(part, parts_log2, &mut found);
}

/// A table's sum, which went over 2^64 so often.
fn exact(value: u64, overflows: u64) -> Amount {
    Amount::from(u128::from(value) + (u128::from(overflows) << 64))
}
