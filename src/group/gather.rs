//! From the columns of a batch to the keys and values of groups: a word for each selected row.

use super::Scratch;
use super::table::Word;
use crate::amount::Amount;
use crate::batch::Batch;
use crate::key::{number_in, push_number, push_text, push_v4};
use crate::plan::{Key, Period, Regular, Step};
use crate::scan::Marks;
use crate::value::Number;
use crate::view::{PREFIX_BYTES, View, cut, first_v4};

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
    unpacked.clear();
    keys.extend(periods.iter().map(|&period| K::from(period.into())));
    keys.resize(selected.len(), K::default());
    for (nth, Key { source, view }) in step.keys.iter().enumerate() {
        // The first key needs no room made for it (and may have as many bits as the word).
        let join = |key: K, value: u64, bits: u32| match nth {
            0 if periods.is_empty() => K::from(value),
            _ => key << bits | K::from(value),
        };
        let rows = keys.iter_mut().zip(selected);
        // The numbers of texts, or that there is none.
        let texts = step.shape.numbered_texts();
        let texts = || texts.expect("keys with texts pack only where texts have numbers");
        let text_bits = step.shape.text_bits();
        let mut number_or_unpack = |number: Option<u32>, at: usize| {
            let number = number.and_then(|number| number_in(text_bits, number));
            if number.is_none() {
                unpacked.push(at as u32);
            }
            u64::from(number.unwrap_or_default())
        };
        match (source.regular, source.stretch, view) {
            (Regular::Address(place), _, View::Whole) => {
                let values = batch.addresses(place);
                for (key, &at) in rows {
                    *key = join(*key, u64::from(values[at as usize]), u32::BITS);
                }
            }
            (Regular::Address(place), _, View::Prefix { v4, .. }) => {
                let (values, mask) = (batch.addresses(place), first_v4(u32::MAX, *v4));
                for (key, &at) in rows {
                    *key = join(*key, u64::from(values[at as usize] & mask), u32::BITS);
                }
            }
            (Regular::Number(place, bits), _, View::Whole | View::Prefix { .. }) => {
                let values = batch.numbers(place);
                for (key, &at) in rows {
                    *key = join(*key, values[at as usize], bits);
                }
            }
            (Regular::Text, Some(stretch), View::Whole) => {
                let texts = texts();
                for (at, (key, &position)) in rows.enumerate() {
                    let text = cut(batch.regular_text(marks, position as usize, stretch));
                    let number = remembered.number(texts, stretch.first, text);
                    *key = join(*key, number_or_unpack(number, at), text_bits);
                }
            }
            (Regular::Text, Some(stretch), View::Prefix { .. }) => {
                let texts = texts();
                let mut buffer = [0; PREFIX_BYTES];
                for (at, (key, &position)) in rows.enumerate() {
                    let text = batch.regular_text(marks, position as usize, stretch);
                    let text = cut(view.seen(text, &mut buffer));
                    let number = remembered.number(texts, stretch.first, text);
                    *key = join(*key, number_or_unpack(number, at), text_bits);
                }
            }
            (regular, stretch, View::Label(labels)) => {
                let (texts, list) = (texts(), remembered.place_of(labels));
                for (at, (key, &position)) in rows.enumerate() {
                    let row = position as usize;
                    let label = match (regular, stretch) {
                        (Regular::Address(place), _) => labels.find_v4(batch.addresses(place)[row]),
                        (Regular::Number(place, _), _) => {
                            labels.find_number(batch.numbers(place)[row])
                        }
                        (Regular::Text, Some(stretch)) => {
                            remembered.label_of(list, batch.regular_text(marks, row, stretch))
                        }
                        _ => unreachable!("a step without a key column has no lane"),
                    };
                    let number = remembered.label_number(texts, list, label);
                    *key = join(*key, number_or_unpack(number, at), text_bits);
                }
            }
            (Regular::Text | Regular::Missing, ..) => {
                unreachable!("a step without a key column has no lane")
            }
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
    for Key { source, view } in &step.keys {
        match (source.regular, source.stretch, view) {
            (Regular::Address(place), _, View::Whole) => {
                push_v4(bytes, batch.addresses(place)[position]);
            }
            (Regular::Address(place), _, View::Prefix { v4, .. }) => {
                push_v4(bytes, first_v4(batch.addresses(place)[position], *v4));
            }
            (Regular::Address(place), _, View::Label(labels)) => {
                push_text(bytes, labels.text(labels.find_v4(batch.addresses(place)[position])));
            }
            (Regular::Number(place, _), _, View::Label(labels)) => {
                push_text(bytes, labels.text(labels.find_number(batch.numbers(place)[position])));
            }
            (Regular::Number(place, _), _, View::Whole | View::Prefix { .. }) => {
                push_number(bytes, batch.numbers(place)[position]);
            }
            (_, Some(stretch), view) => {
                let text = batch.regular_text(marks, position, stretch);
                push_text(bytes, view.seen(text, &mut [0; PREFIX_BYTES]));
            }
            (_, None, _) => unreachable!("a step without a key column has no lane"),
        }
    }
}
