//! Selected records become totals by contributor.
//!
//! Each worker has one set of groups for each question; sets are merged part by part (a part is
//! a range of hashes), so that merging is parallel and what is being merged fits a cache.

mod table;
mod wide;

use crate::batch::Batch;
use crate::key::{Key, KeyShape, Lane, push_number, push_text, push_v4};
use crate::plan::{Regular, Step};
use crate::query::Measure;
use crate::scan::Marks;
use crate::value::Number;

pub use table::Seeds;
use table::{Table, Word};
use wide::WideTable;

/// How two values of a contributor become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fold {
    /// Their sum.
    Sum,
    /// The smaller one.
    Min,
    /// The larger one.
    Max,
}

impl Fold {
    /// What a measure does with values.
    pub fn of(measure: &Measure) -> Self {
        match measure {
            Measure::Count | Measure::Sum(_) => Self::Sum,
            Measure::Min(_) => Self::Min,
            Measure::Max(_) => Self::Max,
        }
    }

    /// Joins two values.
    pub fn join(self, left: u128, right: u128) -> u128 {
        match self {
            Self::Sum => left + right,
            Self::Min => left.min(right),
            Self::Max => left.max(right),
        }
    }
}

/// What a question did with records; merging is addition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Uses {
    /// Records that added to a contributor.
    pub added: u64,
    /// Records that a filter kept out.
    pub filtered_out: u64,
    /// Records that passed and lack a key.
    pub no_key: u64,
    /// Records that passed and have no number to add.
    pub no_value: u64,
}

impl Uses {
    fn merge(&mut self, other: &Uses) {
        self.added += other.added;
        self.filtered_out += other.filtered_out;
        self.no_key += other.no_key;
        self.no_value += other.no_value;
    }
}

/// One worker's totals for one question.
#[derive(Debug)]
pub struct Groups {
    fold: Fold,
    seeds: Seeds,
    /// Totals by the kinds of the keys: one set, unless files have different kinds of columns
    /// where a question names positions.
    shapes: Vec<ShapeGroups>,
    uses: Uses,
}

#[derive(Debug)]
struct ShapeGroups {
    shape: KeyShape,
    /// Without keys there is one contributor: everything.
    total: Option<u128>,
    narrow: Table<u64>,
    packed: Table<u128>,
    wide: WideTable,
}

/// A worker's memory for one batch.
#[derive(Debug, Default)]
pub struct Scratch {
    narrow: Vec<u64>,
    packed: Vec<u128>,
    bytes: Vec<u8>,
    values: Vec<u64>,
    selected: Vec<u32>,
}

impl Groups {
    /// Nothing yet.
    pub fn new(fold: Fold, seeds: Seeds) -> Self {
        Self { fold, seeds, shapes: Vec::new(), uses: Uses::default() }
    }

    fn shape(&mut self, shape: &KeyShape) -> &mut ShapeGroups {
        let found = self.shapes.iter().position(|groups| groups.shape == *shape);
        let at = found.unwrap_or_else(|| {
            self.shapes.push(ShapeGroups::new(shape.clone(), self.seeds));
            self.shapes.len() - 1
        });
        &mut self.shapes[at]
    }

    /// Notes that a filter kept out this many records.
    pub fn filter_out(&mut self, records: usize) {
        self.uses.filtered_out += records as u64;
    }

    /// Adds the regular rows at the `selected` positions of a batch.
    pub fn observe_regular(
        &mut self,
        step: &Step,
        marks: &Marks<'_>,
        batch: &Batch,
        selected: &[u32],
        scratch: &mut Scratch,
    ) {
        let Some(lane) = step.lane else {
            self.uses.no_key += selected.len() as u64;
            return;
        };
        let mut with_value = std::mem::take(&mut scratch.selected);
        let selected =
            gather_values(step, marks, batch, selected, &mut scratch.values, &mut with_value);
        self.uses.no_value += selected.missing;
        let selected = selected.rows;
        self.uses.added += selected.len() as u64;
        let values = step.value.map(|_| scratch.values.as_slice());
        let fold = self.fold;
        let groups = self.shape(&step.shape);
        if step.keys.is_empty() {
            groups.fold_total(fold, values, selected.len());
        } else {
            match lane {
                Lane::Narrow => {
                    gather_keys(step, batch, selected, &mut scratch.narrow);
                    groups.narrow.fold_all(fold, &scratch.narrow, values);
                }
                Lane::Packed => {
                    gather_keys(step, batch, selected, &mut scratch.packed);
                    groups.packed.fold_all(fold, &scratch.packed, values);
                }
                Lane::Wide => {
                    for (at, &position) in selected.iter().enumerate() {
                        wide_key(step, marks, batch, position as usize, &mut scratch.bytes);
                        let value = values.map_or(1, |values| values[at]);
                        groups.wide.fold(fold, &scratch.bytes, value, 0);
                    }
                }
            }
        }
        scratch.selected = with_value;
    }

    /// Adds a plain row.
    pub fn observe_plain(
        &mut self,
        step: &Step,
        marks: &Marks<'_>,
        batch: &Batch,
        row: usize,
        scratch: &mut Scratch,
    ) {
        let text = |column: Option<usize>| batch.plain_text(marks, row, column?);
        let mut texts = [&b""[..]; crate::query::KEYS_MAX];
        for (slot, key) in texts.iter_mut().zip(&step.keys) {
            match text(key.column) {
                Some(found) => *slot = found,
                None => {
                    self.uses.no_key += 1;
                    return;
                }
            }
        }
        let value = match &step.value {
            None => Some(1),
            Some(source) => text(source.column).and_then(|text| Number::parse(text).value()),
        };
        let Some(value) = value else {
            self.uses.no_value += 1;
            return;
        };
        self.uses.added += 1;
        let fold = self.fold;
        let groups = self.shape(&step.shape);
        if step.keys.is_empty() {
            groups.fold_total(fold, Some(&[value]), 1);
        } else {
            let key = step.shape.encode(&texts[..step.keys.len()], &mut scratch.bytes);
            groups.merge_one(fold, &key, value, 0);
        }
    }
}

/// Rows that have a value, and how many have none.
struct WithValue<'a> {
    rows: &'a [u32],
    missing: u64,
}

/// Puts the values of the selected rows into `values`.
fn gather_values<'a>(
    step: &Step,
    marks: &Marks<'_>,
    batch: &Batch,
    selected: &'a [u32],
    values: &mut Vec<u64>,
    with_value: &'a mut Vec<u32>,
) -> WithValue<'a> {
    values.clear();
    let Some(source) = step.value else {
        return WithValue { rows: selected, missing: 0 };
    };
    match source.regular {
        Regular::Number(place, _) => {
            let numbers = batch.numbers(place);
            values.extend(selected.iter().map(|&at| numbers[at as usize]));
            WithValue { rows: selected, missing: 0 }
        }
        Regular::Text | Regular::Address(_) | Regular::Missing => {
            // A column of text may hold numbers all the same, such as one of an unknown field.
            with_value.clear();
            let column = source.column.filter(|_| source.regular == Regular::Text);
            for &at in selected {
                let number = |column| Number::parse(marks.field(row(batch, at) + column)).value();
                if let Some(value) = column.and_then(number) {
                    values.push(value);
                    with_value.push(at);
                }
            }
            let missing = (selected.len() - with_value.len()) as u64;
            WithValue { rows: with_value, missing }
        }
    }
}

fn row(batch: &Batch, position: u32) -> usize {
    batch.rows()[position as usize] as usize
}

/// Puts the packed keys of the selected rows into `keys`.
fn gather_keys<
    K: Word + From<u64> + std::ops::Shl<u32, Output = K> + std::ops::BitOr<Output = K>,
>(
    step: &Step,
    batch: &Batch,
    selected: &[u32],
    keys: &mut Vec<K>,
) {
    keys.clear();
    keys.resize(selected.len(), K::default());
    for (nth, source) in step.keys.iter().enumerate() {
        // The first key needs no room made for it (and may have as many bits as the word).
        let join = |key: K, value: u64, bits: u32| match nth {
            0 => K::from(value),
            _ => key << bits | K::from(value),
        };
        match source.regular {
            Regular::Address(place) => {
                let values = batch.addresses(place);
                for (key, &at) in keys.iter_mut().zip(selected) {
                    *key = join(*key, u64::from(values[at as usize]), u32::BITS);
                }
            }
            Regular::Number(place, bits) => {
                let values = batch.numbers(place);
                for (key, &at) in keys.iter_mut().zip(selected) {
                    *key = join(*key, values[at as usize], bits);
                }
            }
            Regular::Text | Regular::Missing => unreachable!("text keys have the wide lane"),
        }
    }
}

/// Puts the wide key of a regular row into `bytes`.
fn wide_key(step: &Step, marks: &Marks<'_>, batch: &Batch, position: usize, bytes: &mut Vec<u8>) {
    bytes.clear();
    for source in &step.keys {
        match (source.regular, source.column) {
            (Regular::Address(place), _) => push_v4(bytes, batch.addresses(place)[position]),
            (Regular::Number(place, _), _) => push_number(bytes, batch.numbers(place)[position]),
            (_, Some(column)) => {
                push_text(bytes, marks.field(batch.rows()[position] as usize + column));
            }
            (_, None) => unreachable!("a step without a key column has no lane"),
        }
    }
}

impl ShapeGroups {
    fn new(shape: KeyShape, seeds: Seeds) -> Self {
        Self::of_part(shape, seeds, 0)
    }

    /// For contributors whose hashes have the top `common_bits` in common.
    fn of_part(shape: KeyShape, seeds: Seeds, common_bits: u32) -> Self {
        Self {
            shape,
            total: None,
            narrow: Table::of_part(seeds, common_bits),
            packed: Table::of_part(seeds, common_bits),
            wide: WideTable::new(seeds),
        }
    }

    fn fold_total(&mut self, fold: Fold, values: Option<&[u64]>, count: usize) {
        let values_or_count = match values {
            None => (count > 0).then_some(count as u128),
            Some(values) => {
                values.iter().map(|&value| u128::from(value)).reduce(|l, r| fold.join(l, r))
            }
        };
        if let Some(value) = values_or_count {
            self.total = Some(self.total.map_or(value, |total| fold.join(total, value)));
        }
    }

    fn merge_one(&mut self, fold: Fold, key: &Key, value: u64, overflows: u64) {
        match key {
            Key::Narrow(key) => self.narrow.merge_one(fold, *key, value, overflows),
            Key::Packed(key) => self.packed.merge_one(fold, *key, value, overflows),
            Key::Wide(key) => self.wide.fold(fold, key, value, overflows),
        }
    }

    fn len(&self) -> usize {
        self.narrow.len() + self.packed.len() + self.wide.len()
    }

    /// Calls `visit` with each contributor of a part.
    fn visit_part(&self, part: usize, parts_log2: u32, mut visit: impl FnMut(Key, u64, u64)) {
        self.narrow.visit_part(part, parts_log2, |k, v, o| visit(Key::Narrow(k), v, o));
        self.packed.visit_part(part, parts_log2, |k, v, o| visit(Key::Packed(k), v, o));
        self.wide.visit_part(part, parts_log2, |k, v, o| visit(Key::Wide(k.into()), v, o));
    }
}

/// All workers' totals for one question, all with keys of one shape.
#[derive(Debug)]
pub struct Totals {
    fold: Fold,
    shape: KeyShape,
    workers: Vec<ShapeGroups>,
    uses: Uses,
}

/// Contributors in a part that is merged at once: their slots fill about half of a typical
/// second-level cache.
const PART_KEYS: usize = if cfg!(debug_assertions) { 4 } else { 16 * 1024 };

impl Totals {
    /// Collects workers' groups for one question.
    pub fn collect(groups: Vec<Groups>) -> Option<Self> {
        let (fold, seeds) = groups.first().map(|groups| (groups.fold, groups.seeds))?;
        let mut uses = Uses::default();
        let mut workers: Vec<ShapeGroups> = Vec::new();
        for worker in groups {
            uses.merge(&worker.uses);
            workers.extend(worker.shapes);
        }
        let mut shapes = workers.iter().map(|groups| &groups.shape);
        let first = shapes.next().cloned().unwrap_or_else(|| KeyShape::new(Vec::new()));
        if shapes.all(|shape| *shape == first) {
            return Some(Self { fold, shape: first, workers, uses });
        }
        // Equal texts may be encoded in different ways where kinds differ: make them all text.
        let shape = KeyShape::new(vec![crate::key::Part::Text; first.parts().len()]);
        let mut joined = ShapeGroups::new(shape.clone(), seeds);
        let mut bytes = Vec::new();
        for groups in &workers {
            groups.visit_part(0, 0, |key, value, overflows| {
                bytes.clear();
                groups.shape.texts(&key).iter().for_each(|text| push_text(&mut bytes, text));
                joined.wide.fold(fold, &bytes, value, overflows);
            });
        }
        Some(Self { fold, shape, workers: vec![joined], uses })
    }

    /// The kinds of the keys.
    pub fn shape(&self) -> &KeyShape {
        &self.shape
    }

    /// What became of the records.
    pub fn uses(&self) -> Uses {
        self.uses
    }

    /// The value of everything, for a question without keys.
    pub fn total(&self) -> Option<u128> {
        let totals = self.workers.iter().filter_map(|groups| groups.total);
        totals.reduce(|left, right| self.fold.join(left, right))
    }

    /// Into how many parts to divide the merging, as a power of two.
    pub fn parts_log2(&self) -> u32 {
        let most = self.workers.iter().map(ShapeGroups::len).max().unwrap_or(0);
        // Wide tables are walked whole for each part: few parts then.
        let limit = if self.workers.iter().any(|groups| groups.wide.len() > 0) { 4 } else { 12 };
        (most / PART_KEYS + 1).next_power_of_two().ilog2().min(limit)
    }

    /// Calls `visit` with each contributor of a part and its value over all workers.
    pub fn visit_part(&self, part: usize, parts_log2: u32, mut visit: impl FnMut(Key, u128)) {
        let exact = |value: u64, overflows: u64| u128::from(value) + (u128::from(overflows) << 64);
        if let [one] = self.workers.as_slice() {
            one.visit_part(part, parts_log2, |key, value, over| visit(key, exact(value, over)));
            return;
        }
        let Some(seeds) = self.workers.first().map(|groups| groups.narrow.seeds()) else { return };
        let fold = self.fold;
        let mut merged = ShapeGroups::of_part(self.shape.clone(), seeds, parts_log2);
        for groups in &self.workers {
            let table = &mut merged.narrow;
            groups.narrow.visit_part(part, parts_log2, |k, v, o| table.merge_one(fold, k, v, o));
            let table = &mut merged.packed;
            groups.packed.visit_part(part, parts_log2, |k, v, o| table.merge_one(fold, k, v, o));
            let table = &mut merged.wide;
            groups.wide.visit_part(part, parts_log2, |k, v, o| table.fold(fold, k, v, o));
        }
        merged.visit_part(0, 0, |key, value, over| visit(key, exact(value, over)));
    }
}
