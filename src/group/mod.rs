//! Selected records become totals by contributor.
//!
//! Each worker has one set of groups for each part of each question, small enough for its cache;
//! contributors that outgrow it move into tables that all workers share. What is left in the end
//! is merged part by part of the hashes, so that merging is parallel and fits a cache too. What
//! outgrows the memory of a run goes to a file, and is merged from there in the same parts.
//!
//! Values are words, as those of flow logs are; the few that are none (JSON events may hold
//! fractions and negative numbers) are kept beside the tables as exact amounts.

mod gather;
mod joins;
mod moments;
mod odd;
mod outgrown;
mod shape;
mod shared;
mod table;
mod totals;
mod wide;

use std::sync::Arc;

use crate::amount::Amount;
use crate::batch::Batch;
use crate::error::{Error, ErrorKind};
use crate::intern::Remembered;
use crate::key::{KeyShape, Lane, PARTS_MAX};
use crate::measure::{Measure, Part, Role};
use crate::plan::{Regular, Source, Step};
use crate::scan::Marks;
use crate::value::Number;
use crate::view::PREFIX_BYTES;

use gather::{gather_keys, gather_periods, gather_values, values_of};
pub use moments::{Moment, Moments};
use shape::ShapeGroups;
pub use shared::Shared;
pub use table::Seeds;
use table::Table;
pub use totals::Totals;

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
    /// What a part of a question does with values.
    pub(crate) fn of(part: &Part) -> Self {
        match (part.role, &part.measure) {
            (Role::Largest, _) | (_, Measure::Max(_)) => Self::Max,
            (_, Measure::Min(_)) => Self::Min,
            (_, _) => Self::Sum,
        }
    }

    /// Joins two values.
    pub fn join(self, left: Amount, right: Amount) -> Amount {
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
    /// Records of those that added that have no time and so no period.
    pub no_time: u64,
}

impl Uses {
    fn merge(&mut self, other: &Uses) {
        self.added += other.added;
        self.filtered_out += other.filtered_out;
        self.no_key += other.no_key;
        self.no_value += other.no_value;
        self.no_time += other.no_time;
    }
}

/// One worker's totals for one part of a question.
#[derive(Debug)]
pub struct Groups {
    shared: Arc<Shared>,
    /// Totals by the kinds of the keys: one set, unless files have different kinds of columns
    /// where a question names positions.
    shapes: Vec<ShapeGroups>,
    /// What all contributors together come to, by period.
    moments: Moments,
    /// Bytes of the run's memory that these took.
    taken: usize,
    uses: Uses,
}

/// A worker's memory for one batch.
#[derive(Debug, Default)]
pub struct Scratch {
    narrow: Vec<u64>,
    packed: Vec<u128>,
    bytes: Vec<u8>,
    values: Vec<u64>,
    remembered: Remembered,
    /// Where among the keys that were gathered a text has no number.
    unpacked: Vec<u32>,
    periods: Vec<u32>,
    /// The texts of prefixes that keys see of a plain row.
    prefixes: Vec<[u8; PREFIX_BYTES]>,
    selected: Vec<u32>,
    odd: Vec<(u32, Amount)>,
}

impl Groups {
    /// Nothing yet, for a worker that shares these tables with others.
    pub fn new(shared: Arc<Shared>) -> Self {
        let (shapes, moments, uses) = (Vec::new(), Moments::default(), Uses::default());
        Self { shared, shapes, moments, taken: 0, uses }
    }

    fn shape(&mut self, shape: &KeyShape) -> &mut ShapeGroups {
        let found = self.shapes.iter().position(|groups| groups.shape == *shape);
        let at = found.unwrap_or_else(|| {
            self.shapes.push(ShapeGroups::new(shape.clone(), self.shared.seeds()));
            self.shapes.len() - 1
        });
        &mut self.shapes[at]
    }

    /// Notes that a filter kept out this many records.
    pub fn filter_out(&mut self, records: usize) {
        self.uses.filtered_out += records as u64;
    }

    /// Makes the groups ready to be merged, once nothing more is added.
    pub fn finish(&mut self) {
        for groups in &mut self.shapes {
            // What is left would only have to be merged later, by fewer threads.
            if let Some(parts) = &groups.parts {
                parts.fill_from(&mut groups.narrow);
                parts.fill_from(&mut groups.packed);
                let seeds = self.shared.seeds();
                (groups.narrow, groups.packed) = (Table::of_all(seeds), Table::of_all(seeds));
            }
        }
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
        if step.keys.iter().any(|key| key.source.regular == Regular::Missing) {
            self.uses.no_key += selected.len() as u64;
            return;
        }
        let mut with_value = std::mem::take(&mut scratch.selected);
        let mut odd = std::mem::take(&mut scratch.odd);
        let values = &mut scratch.values;
        let selected =
            gather_values(step, marks, batch, selected, values, &mut with_value, &mut odd);
        self.uses.no_value += selected.missing;
        if step.counts {
            values.fill(1);
            odd.iter_mut().for_each(|(_, amount)| *amount = 1u64.into());
        }
        let selected = selected.rows;
        self.uses.added += selected.len() as u64;
        let Some(lane) = step.lane else {
            // All keys are there: what is missing is the time.
            self.uses.added += odd.len() as u64;
            self.uses.no_time += (selected.len() + odd.len()) as u64;
            odd.clear();
            (scratch.selected, scratch.odd) = (with_value, odd);
            return;
        };
        scratch.periods.clear();
        if let Some(period) = step.period {
            gather_periods(&period, batch, selected, &mut scratch.periods);
            self.moments.observe(&scratch.periods, values_of(step, scratch));
            self.account_for_moments();
        }
        let fold = self.shared.fold();
        let shared = Arc::clone(&self.shared);
        let groups = self.shape(&step.shape);
        if step.shape.parts().is_empty() {
            groups.fold_total(fold, values_of(step, scratch), selected.len());
        } else if step.keys.is_empty() {
            groups.make_room(&shared, scratch.periods.len());
            groups.fold_periods(fold, &scratch.periods, values_of(step, scratch));
        } else {
            match lane {
                Lane::Narrow => {
                    let mut keys = std::mem::take(&mut scratch.narrow);
                    if !step.shares_keys {
                        gather_keys(step, marks, batch, selected, &mut keys, scratch);
                    }
                    groups.set_aside(&shared, step, marks, batch, selected, &mut keys, scratch);
                    groups.make_room(&shared, keys.len());
                    groups.narrow.fold_all(fold, &keys, values_of(step, scratch));
                    scratch.narrow = keys;
                }
                Lane::Packed => {
                    let mut keys = std::mem::take(&mut scratch.packed);
                    if !step.shares_keys {
                        gather_keys(step, marks, batch, selected, &mut keys, scratch);
                    }
                    groups.set_aside(&shared, step, marks, batch, selected, &mut keys, scratch);
                    groups.make_room(&shared, keys.len());
                    groups.packed.fold_all(fold, &keys, values_of(step, scratch));
                    scratch.packed = keys;
                }
                Lane::Wide => {
                    let rows = 0..selected.len();
                    groups.fold_wide(&shared, step, marks, batch, selected, scratch, rows);
                }
            }
        }
        for (position, amount) in odd.drain(..) {
            self.observe_odd(step, marks, batch, position as usize, amount, scratch);
        }
        (scratch.selected, scratch.odd) = (with_value, odd);
    }

    /// Adds a regular row whose value is no word, by its texts.
    fn observe_odd(
        &mut self,
        step: &Step,
        marks: &Marks<'_>,
        batch: &Batch,
        position: usize,
        amount: Amount,
        scratch: &mut Scratch,
    ) {
        let text = |source: &Source| Some(batch.regular_text(marks, position, source.stretch?));
        self.observe_texts(step, text, |_| Some(amount), scratch);
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
        let text = |source: &Source| batch.plain_text(marks, row, source.place?);
        let amount = |source: &Source| {
            let text = text(source)?;
            Number::parse(text).value().map(Amount::from).or_else(|| Amount::parse_value(text))
        };
        self.observe_texts(step, text, amount, scratch);
    }

    fn observe_texts<'t>(
        &mut self,
        step: &Step,
        text: impl Fn(&Source) -> Option<&'t [u8]>,
        amount: impl Fn(&Source) -> Option<Amount>,
        scratch: &mut Scratch,
    ) {
        let mut digits = [0; PERIOD_DIGITS];
        let mut texts = [&b""[..]; PARTS_MAX];
        let first = usize::from(step.period.is_some());
        scratch.prefixes.resize(PARTS_MAX, [0; PREFIX_BYTES]);
        let slots = texts[first..].iter_mut().zip(&mut scratch.prefixes);
        for ((slot, prefix), key) in slots.zip(&step.keys) {
            match text(&key.source) {
                Some(found) => *slot = key.view.seen(found, prefix),
                None => {
                    self.uses.no_key += 1;
                    return;
                }
            }
        }
        let one = Amount::from(1u64);
        let Some(value) = step.value.as_ref().map_or(Some(one), amount) else {
            self.uses.no_value += 1;
            return;
        };
        let value = if step.counts { one } else { value };
        self.uses.added += 1;
        if let Some(period) = step.period.as_ref().or(step.timed.as_ref()) {
            let time = text(&period.time).and_then(|text| Number::parse(text).value());
            let Some(number) = time.and_then(|time| period.number(time)) else {
                self.uses.no_time += 1;
                return;
            };
            if step.period.is_some() {
                self.moments.observe_one(number, value);
                self.account_for_moments();
                texts[0] = written(number, &mut digits);
            }
        }
        let shared = Arc::clone(&self.shared);
        let (fold, word) =
            (shared.fold(), value.whole().and_then(|whole| u64::try_from(whole).ok()));
        let groups = self.shape(&step.shape);
        let parts = step.shape.parts().len();
        match (parts, word) {
            (0, _) => groups.fold_into_total(fold, value),
            (_, Some(word)) => {
                let key = step.shape.encode(&texts[..parts], &mut scratch.bytes);
                groups.make_room(&shared, 1);
                groups.make_unshared_room(&shared, 1);
                groups.merge_one(fold, &key, word, 0);
            }
            (_, None) => {
                let key = step.shape.encode(&texts[..parts], &mut scratch.bytes);
                groups.make_unshared_room(&shared, 1);
                groups.odd.fold(fold, key, value);
            }
        }
    }

    /// Takes the memory that the moments grew by. They are in the answer, so they go nowhere else.
    fn account_for_moments(&mut self) {
        let (bytes, spill) = (self.moments.bytes(), self.shared.spill());
        if bytes > self.taken {
            if !spill.budget().try_take_reserve(bytes - self.taken) {
                spill.fail(too_many_periods(self.moments.iter().count()));
            }
            self.taken = bytes;
        }
    }
}

/// There is no answer, because it has more periods than memory allows.
pub(crate) fn too_many_periods(periods: usize) -> Error {
    let text = format!(
        "{periods} periods and more are too many for the memory that they may take; ask for longer \
         ones, for less time, or allow more with --memory"
    );
    Error::new(ErrorKind::Memory, text)
}

/// Digits of the largest number of a period.
const PERIOD_DIGITS: usize = 10;

/// The digits of a period's number.
fn written(number: u32, digits: &mut [u8; PERIOD_DIGITS]) -> &[u8] {
    let (mut rest, mut at) = (number, PERIOD_DIGITS);
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            return &digits[at..];
        }
    }
}
