//! Contributors that were told apart by more than was asked become those that were asked for: so
//! different values are counted, and flows that several interfaces recorded.
//!
//! All that differ in their last columns only are one then, and what becomes of their values is a
//! sum, the largest, or their number. The parts of the hashes are walked by all threads, each of
//! which adds to tables of its own, as it does with records.

use std::sync::Arc;

use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

use super::shared::Shareable;
use super::{Fold, Groups, ShapeGroups, Shared, Totals};
use crate::amount::Amount;
use crate::key::{Key, KeyShape, Part};
use crate::measure::{Join, JoinBy};
use crate::spill::Spill;

/// Contributors that are added at once, so that their slots are asked for before they are touched.
const RUN: usize = if cfg!(debug_assertions) { 3 } else { 1024 };

impl Totals {
    /// The totals of the contributors that these become.
    pub(crate) fn joined(self, join: &Join, spill: &Arc<Spill>) -> Self {
        if self.shape().parts().len() < join.columns {
            // No record was met, and so nothing says what the keys are.
            return self;
        }
        let rest = self.shape().without_last(join.columns);
        let fold = match join.by {
            JoinBy::Count | JoinBy::Sum => Fold::Sum,
            JoinBy::Max => Fold::Max,
        };
        self.recast(&rest, fold, join.by == JoinBy::Count, spill)
    }

    /// Makes all keys text.
    pub fn tell_as_text(&mut self, spill: &Arc<Spill>) {
        let text = KeyShape::new(vec![Part::Text; self.shape().parts().len()]);
        if *self.shape() != text {
            let none = Self::none(self);
            let totals = std::mem::replace(self, none);
            let fold = totals.fold;
            *self = totals.recast(&text, fold, false, spill);
        }
    }

    /// The same totals with keys of the shape `rest`, which may lack their last parts or have
    /// them all as text.
    fn recast(mut self, rest: &KeyShape, fold: Fold, counts: bool, spill: &Arc<Spill>) -> Self {
        let shared = Shared::new(fold, self.seeds, Arc::clone(spill));
        let parts_log2 = self.parts_log2();
        let parts = (0..1usize << parts_log2).into_par_iter();
        let threads = rayon::current_num_threads();
        let each = (1usize << parts_log2).div_ceil(threads);
        let groups: Vec<Groups> = parts
            .with_min_len(each)
            .fold(
                || Groups::new(Arc::clone(&shared)),
                |mut groups, part| {
                    groups.add_part(&self, (part, parts_log2), rest, counts);
                    groups
                },
            )
            .map(|mut groups| {
                groups.finish();
                groups
            })
            .collect();
        let (moments, uses) = (std::mem::take(&mut self.moments), self.uses);
        self.give_back(spill);
        let totals = Self::collect(groups).expect("there is a part, and so groups of it");
        totals.with(moments, uses)
    }
}

impl Groups {
    /// Adds a part of other totals.
    fn add_part(&mut self, totals: &Totals, part: (usize, u32), rest: &KeyShape, counts: bool) {
        let shared = Arc::clone(&self.shared);
        let groups = self.shape(rest);
        let mut pending =
            Pending { shared: &shared, groups, narrow: Run::new(), packed: Run::new() };
        let shape = totals.shape();
        totals.visit_part(part.0, part.1, |key, value| {
            let value = if counts { Amount::from(1u64) } else { value };
            if rest.parts().is_empty() {
                return pending.groups.fold_into_total(shared.fold(), value);
            }
            pending.add(shape.coarser(&key, rest), value);
        });
        pending.flush();
    }
}

/// Contributors that are about to be added.
struct Pending<'a> {
    shared: &'a Shared,
    groups: &'a mut ShapeGroups,
    narrow: Run<u64>,
    packed: Run<u128>,
}

/// Keys and their values.
struct Run<K> {
    keys: Vec<K>,
    values: Vec<u64>,
}

impl<K: Shareable> Run<K> {
    fn new() -> Self {
        Self { keys: Vec::with_capacity(RUN), values: Vec::with_capacity(RUN) }
    }

    /// Adds one; says whether there are enough.
    fn push(&mut self, key: K, value: u64) -> bool {
        self.keys.push(key);
        self.values.push(value);
        self.keys.len() == RUN
    }

    fn clear(&mut self) {
        self.keys.clear();
        self.values.clear();
    }
}

impl Pending<'_> {
    fn add(&mut self, key: Key, value: Amount) {
        let word = value.whole().and_then(|whole| u64::try_from(whole).ok());
        let is_full = match (key, word) {
            (Key::Narrow(key), Some(word)) => self.narrow.push(key, word),
            (Key::Packed(key), Some(word)) => self.packed.push(key, word),
            (Key::Wide(key), Some(word)) => {
                self.groups.make_unshared_room(self.shared, 1);
                self.groups.wide.fold(self.shared.fold(), &key, word, 0);
                false
            }
            (key, None) => {
                self.groups.make_unshared_room(self.shared, 1);
                self.groups.odd.fold(self.shared.fold(), key, value);
                false
            }
        };
        if is_full {
            self.flush();
        }
    }

    fn flush(&mut self) {
        let Self { shared, groups, narrow, packed } = self;
        groups.make_room(shared, narrow.keys.len().max(packed.keys.len()));
        groups.narrow.fold_all(shared.fold(), &narrow.keys, Some(&narrow.values));
        groups.packed.fold_all(shared.fold(), &packed.keys, Some(&packed.values));
        narrow.clear();
        packed.clear();
    }
}
