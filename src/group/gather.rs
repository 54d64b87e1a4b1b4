//! From the columns of a batch to the keys and values of groups: a word for each selected row.

use super::Scratch;
use super::table::Word;
use crate::amount::Amount;
use crate::batch::Batch;
use crate::key::{TEXT_BITS, cut, push_number, push_text, push_v4};
use crate::plan::{Period, Regular, Step};
use crate::scan::Marks;
use crate::value::Number;

/// Rows that have a value, and how many have none.
pub struct WithValue<'a> {
    /// Their positions.
    pub rows: &'a [u32],
    /// Rows without a value.
    pub missing: u64,
}

/// Puts the values of the selected rows into `values`; those that are no words, with the position
/// of their row, into `odd`.
pub fn gather_values<'a>(
    step: &Step,
    marks: &Marks<'_>,
    batch: &Batch,
    selected: &'a [u32],
    values: &mut Vec<u64>,
    with_value: &'a mut Vec<u32>,
    odd: &mut Vec<(u32, Amount)>,
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
            let stretch = source.stretch.filter(|_| source.regular == Regular::Text);
            for &at in selected {
                let Some(stretch) = stretch else { break };
                let text = batch.regular_text(marks, at as usize, stretch);
                if let Some(value) = Number::parse(text).value() {
                    values.push(value);
                    with_value.push(at);
                } else if let Some(amount) = Amount::parse_value(text) {
                    odd.push((at, amount));
                }
            }
            let missing = (selected.len() - with_value.len() - odd.len()) as u64;
            WithValue { rows: with_value, missing }
        }
    }
}

/// Puts the periods of the selected rows into `periods`.
///
/// Times beyond the last period, thousands of years from now, fall into it; no real time does.
pub fn gather_periods(period: &Period, batch: &Batch, selected: &[u32], periods: &mut Vec<u32>) {
    let Regular::Number(place, _) = period.time.regular else {
        unreachable!("a step without a time column has no lane")
    };
    let times = batch.numbers(place);
    let number = |&at: &u32| period.number(times[at as usize]).unwrap_or(u32::MAX);
    periods.extend(selected.iter().map(number));
}

/// Puts the packed keys of the selected rows into `keys`.
pub fn gather_keys<
    K: Word + From<u64> + std::ops::Shl<u32, Output = K> + std::ops::BitOr<Output = K>,
>(
    step: &Step,
    marks: &Marks<'_>,
    batch: &Batch,
    selected: &[u32],
    keys: &mut Vec<K>,
    scratch: &mut Scratch,
) {
    let Scratch { periods, remembered, unpacked, .. } = scratch;
    keys.clear();
    keys.extend(periods.iter().map(|&period| K::from(period.into())));
    keys.resize(selected.len(), K::default());
    for (nth, source) in step.keys.iter().enumerate() {
        // The first key needs no room made for it (and may have as many bits as the word).
        let join = |key: K, value: u64, bits: u32| match nth {
            0 if periods.is_empty() => K::from(value),
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
            Regular::Text => {
                let (Some(texts), Some(stretch)) = (step.shape.numbered_texts(), source.stretch)
                else {
                    unreachable!("keys with texts pack only where texts have numbers")
                };
                for (at, (key, &position)) in keys.iter_mut().zip(selected).enumerate() {
                    let text = cut(batch.regular_text(marks, position as usize, stretch));
                    let number = remembered.number(texts, stretch.first, text);
                    if number.is_none() {
                        unpacked.push(at as u32);
                    }
                    *key = join(*key, number.unwrap_or_default().into(), TEXT_BITS);
                }
            }
            Regular::Missing => unreachable!("a step without a key column has no lane"),
        }
    }
}

/// The values that were gathered; none for ones.
pub fn values_of<'s>(step: &Step, scratch: &'s Scratch) -> Option<&'s [u64]> {
    step.value.map(|_| scratch.values.as_slice())
}

/// Appends the keys of a regular row to a wide key.
pub fn push_keys(
    step: &Step,
    marks: &Marks<'_>,
    batch: &Batch,
    position: usize,
    bytes: &mut Vec<u8>,
) {
    for source in &step.keys {
        match (source.regular, source.stretch) {
            (Regular::Address(place), _) => push_v4(bytes, batch.addresses(place)[position]),
            (Regular::Number(place, _), _) => push_number(bytes, batch.numbers(place)[position]),
            (_, Some(stretch)) => push_text(bytes, batch.regular_text(marks, position, stretch)),
            (_, None) => unreachable!("a step without a key column has no lane"),
        }
    }
}
