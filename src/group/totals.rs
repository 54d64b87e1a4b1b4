//! All workers' totals for one part of a question, merged.

use hashbrown::HashMap;

use super::table::{Share, Table, Word};
use super::wide::WideTable;
use super::{Fold, Groups, Moment, Moments, ShapeGroups, Uses};
use crate::amount::Amount;
use crate::key::{Key, KeyShape, Part, push_text};

/// All workers' totals, all with keys of one shape.
#[derive(Debug)]
pub struct Totals {
    fold: Fold,
    shape: KeyShape,
    workers: Vec<ShapeGroups>,
    moments: Moments,
    uses: Uses,
}

/// Contributors in a part that is merged at once: their slots fill about half of a typical
/// second-level cache.
const PART_KEYS: usize = if cfg!(debug_assertions) { 4 } else { 16 * 1024 };

impl Totals {
    /// Collects workers' groups for one part of a question.
    pub fn collect(groups: Vec<Groups>) -> Option<Self> {
        let shared = groups.first().map(|groups| std::sync::Arc::clone(&groups.shared))?;
        let (fold, seeds) = (shared.fold(), shared.seeds());
        let (mut uses, mut moments) = (Uses::default(), Moments::default());
        let mut workers: Vec<ShapeGroups> = Vec::new();
        for worker in groups {
            uses.merge(&worker.uses);
            moments.merge(worker.moments);
            workers.extend(worker.shapes);
        }
        workers.extend(shared.take());
        let mut shapes = workers.iter().map(|groups| &groups.shape);
        let first = shapes.next().cloned().unwrap_or_else(|| KeyShape::new(Vec::new()));
        if shapes.all(|shape| *shape == first) {
            return Some(Self { fold, shape: first, workers, moments, uses });
        }
        // Equal texts may be encoded in different ways where kinds differ: make them all text.
        let shape = KeyShape::new(vec![Part::Text; first.parts().len()]);
        let mut joined = ShapeGroups::new(shape.clone(), seeds);
        let mut bytes = Vec::new();
        for groups in &workers {
            let mut as_text = |key: &Key| {
                bytes.clear();
                groups.shape.texts(key).iter().for_each(|text| push_text(&mut bytes, text));
                Key::Wide(bytes.as_slice().into())
            };
            groups.visit_part(0, 0, |key, value, overflows| {
                joined.merge_one(fold, &as_text(&key), value, overflows);
            });
            for (key, amount) in &groups.odd {
                joined.merge_odd(fold, as_text(key), *amount);
            }
        }
        Some(Self { fold, shape, workers: vec![joined], moments, uses })
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
        let most = self.workers.iter().map(ShapeGroups::len).max().unwrap_or(0);
        // Wide tables are walked whole for each part: few parts then.
        let walked: usize = self.workers.iter().map(ShapeGroups::walked).sum();
        let limit = if walked > PART_KEYS { 4 } else { 12 };
        let parts_log2 = (most / PART_KEYS + 1).next_power_of_two().ilog2().min(limit);
        // Tables of a share each are not to be joined only to be taken apart again.
        let shares = self.workers.iter().map(|groups| groups.narrow.share().bits());
        parts_log2.max(shares.max().unwrap_or(0))
    }

    /// Calls `visit` with each contributor of a part and its value over all workers.
    pub fn visit_part(&self, part: usize, parts_log2: u32, mut visit: impl FnMut(Key, Amount)) {
        if self.workers.iter().any(|groups| !groups.odd.is_empty()) {
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
            for (key, amount) in groups.odd_part(part, parts_log2) {
                add(key.clone(), amount);
            }
        }
        merged.into_iter().for_each(|(key, amount)| visit(key, amount));
    }
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
