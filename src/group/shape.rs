//! One worker's totals for keys of one shape, in all the tables that its keys may go to.

use std::sync::Arc;

use super::gather::push_keys;
use super::odd::Odd;
use super::shared::Parts;
use super::table::{Seeds, Table};
use super::wide::WideTable;
use super::{Fold, Scratch, Shared};
use crate::amount::Amount;
use crate::batch::{Batch, remove};
use crate::key::{Key, KeyShape, push_number};
use crate::plan::Step;
use crate::scan::Marks;
use crate::spill::Spill;

/// One worker's totals with keys of one shape.
#[derive(Debug)]
pub(super) struct ShapeGroups {
    pub(super) shape: KeyShape,
    /// Without keys there is one contributor: everything.
    pub(super) total: Option<Amount>,
    pub(super) narrow: Table<u64>,
    pub(super) packed: Table<u128>,
    pub(super) wide: WideTable,
    /// What is no word, by contributor: adds to what the tables hold.
    pub(super) odd: Odd,
    /// Bytes of the run's memory that it took; of a worker's, for what workers do not share.
    pub(super) taken: usize,
    /// Where tables that grew too large are emptied, once one did.
    pub(super) parts: Option<Arc<Parts>>,
}

impl ShapeGroups {
    pub(super) fn new(shape: KeyShape, seeds: Seeds) -> Self {
        Self {
            shape,
            total: None,
            narrow: Table::of_all(seeds),
            packed: Table::of_all(seeds),
            wide: WideTable::new(seeds),
            odd: Odd::new(seeds),
            taken: 0,
            parts: None,
        }
    }

    /// Empties tables that would grow beyond a worker's own with `more` contributors.
    pub(super) fn make_room(&mut self, shared: &Shared, more: usize) {
        if !shared.is_full(&self.narrow, more) && !shared.is_full(&self.packed, more) {
            return;
        }
        let parts = self.parts.get_or_insert_with(|| shared.parts(&self.shape));
        parts.fill_from(&mut self.narrow);
        parts.fill_from(&mut self.packed);
    }

    /// Bytes of what workers do not share.
    pub(super) fn unshared_bytes(&self) -> usize {
        self.wide.bytes_with(0) + self.odd.bytes_with_another()
    }

    /// Makes room for `more` contributors in what workers do not share: takes memory, or if there
    /// is none writes out what is there.
    pub(super) fn make_unshared_room(&mut self, shared: &Shared, more: usize) {
        let bytes = self.wide.bytes_with(more) + self.odd.bytes_with_another();
        let own = shared.spill().bytes_own() / 2;
        if bytes <= self.taken.max(own) {
            return;
        }
        // Somewhat more, so as to ask seldom.
        let wanted = bytes + bytes / 8 - self.taken;
        if shared.spill().budget().try_take(wanted) {
            self.taken += wanted;
        } else if self.walked() > 0 {
            let parts = self.parts.get_or_insert_with(|| shared.parts(&self.shape));
            Arc::clone(parts).outgrown.put_unshared(self);
        }
    }

    /// Gives the memory back that was taken for it.
    pub(super) fn give_back(&mut self, spill: &Spill) {
        spill.budget().give(std::mem::take(&mut self.taken));
    }

    /// Folds the values of `rows` among the selected regular ones (or ones) into those of
    /// contributors that are bytes.
    #[expect(clippy::too_many_arguments, reason = "a row is found by all of these")]
    pub(super) fn fold_wide(
        &mut self,
        shared: &Shared,
        step: &Step,
        marks: &Marks<'_>,
        batch: &Batch,
        selected: &[u32],
        scratch: &mut Scratch,
        rows: impl ExactSizeIterator<Item = usize>,
    ) {
        self.make_unshared_room(shared, rows.len());
        let fold = shared.fold();
        let Scratch { bytes, values, periods, .. } = scratch;
        for at in rows {
            let position = selected[at];
            bytes.clear();
            if let Some(&period) = periods.get(at) {
                push_number(bytes, period.into());
            }
            push_keys(step, marks, batch, position as usize, bytes);
            let value = if step.value.is_some() { values[at] } else { 1 };
            self.wide.fold(fold, bytes, value, 0);
        }
    }

    /// Folds rows that have a text without a number, and takes them from the gathered keys, unless
    /// another step did, and from the values.
    #[expect(clippy::too_many_arguments, reason = "a row is found by all of these")]
    pub(super) fn set_aside<K: Copy>(
        &mut self,
        shared: &Shared,
        step: &Step,
        marks: &Marks<'_>,
        batch: &Batch,
        selected: &[u32],
        keys: &mut Vec<K>,
        scratch: &mut Scratch,
    ) {
        if scratch.unpacked.is_empty() {
            return;
        }
        let mut unpacked = std::mem::take(&mut scratch.unpacked);
        if !step.shares_keys {
            unpacked.sort_unstable();
            unpacked.dedup();
            remove(keys, &unpacked);
        }
        let rows = unpacked.iter().map(|&at| at as usize);
        self.fold_wide(shared, step, marks, batch, selected, scratch, rows);
        if step.value.is_some() {
            remove(&mut scratch.values, &unpacked);
        }
        scratch.unpacked = unpacked;
    }

    /// Folds values (or ones) that have no key but their period. Neighbours in a log are
    /// neighbours in time: they are folded before a table is asked.
    pub(super) fn fold_periods(&mut self, fold: Fold, periods: &[u32], values: Option<&[u64]>) {
        let mut start = 0;
        for run in periods.chunk_by(|left, right| left == right) {
            let end = start + run.len();
            let value = folded(fold, values.map(|values| &values[start..end]), run.len());
            let (word, overflows) = (value as u64, (value >> 64) as u64);
            self.narrow.merge_one(fold, run[0].into(), word, overflows);
            start = end;
        }
    }

    pub(super) fn fold_total(&mut self, fold: Fold, values: Option<&[u64]>, count: usize) {
        if count > 0 {
            self.fold_into_total(fold, folded(fold, values, count).into());
        }
    }

    pub(super) fn fold_into_total(&mut self, fold: Fold, value: Amount) {
        self.total = Some(self.total.map_or(value, |total| fold.join(total, value)));
    }

    pub(super) fn merge_one(&mut self, fold: Fold, key: &Key, value: u64, overflows: u64) {
        match key {
            Key::Narrow(key) => self.narrow.merge_one(fold, *key, value, overflows),
            Key::Packed(key) => self.packed.merge_one(fold, *key, value, overflows),
            Key::Wide(key) => self.wide.fold(fold, key, value, overflows),
        }
    }

    /// The contributors that are walked whole for each part.
    pub(super) fn walked(&self) -> usize {
        self.wide.len() + self.odd.len()
    }

    pub(super) fn len(&self) -> usize {
        self.narrow.len() + self.packed.len() + self.wide.len() + self.odd.len()
    }

    /// Calls `visit` with each contributor of a part that the tables hold.
    pub(super) fn visit_part(
        &self,
        part: usize,
        parts_log2: u32,
        mut visit: impl FnMut(Key, u64, u64),
    ) {
        self.narrow.visit_part(part, parts_log2, |k, v, o| visit(Key::Narrow(k), v, o));
        self.packed.visit_part(part, parts_log2, |k, v, o| visit(Key::Packed(k), v, o));
        self.wide.visit_part(part, parts_log2, |k, v, o| visit(Key::Wide(k.into()), v, o));
    }
}

/// Values, or as many ones, folded into one.
fn folded(fold: Fold, values: Option<&[u64]>, count: usize) -> u128 {
    let values = values.map(|values| values.iter().map(|value| u128::from(*value)));
    match (values, fold) {
        (None, Fold::Sum) => count as u128,
        (None, Fold::Min | Fold::Max) => 1,
        (Some(values), Fold::Sum) => values.sum(),
        (Some(values), Fold::Min) => values.min().unwrap_or_default(),
        (Some(values), Fold::Max) => values.max().unwrap_or_default(),
    }
}
