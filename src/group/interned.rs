//! Contributors with texts among their keys, while a worker counts them: each text gets a number,
//! so that the contributor packs into one word.
//!
//! Logs have few texts, and those in runs: records of one interface stand together, an action is
//! one of two. So looking up a text mostly is comparing it with the one before. The numbers are a
//! worker's own; when its work is done they become texts again ([`Interned::empty_into`]), and
//! what is merged knows nothing of them.

use hashbrown::HashMap;

use super::Fold;
use super::table::{Seeds, Table};
use super::wide::WideTable;
use crate::batch::Batch;
use crate::key::{KEY_BYTES_MAX, KeyShape, Part, push_number, push_text, push_v4};
use crate::plan::{Regular, Source};
use crate::scan::Marks;

/// Texts that get a number; further ones do not, and contributors with them stay bytes.
const TEXTS_MAX: usize = if cfg!(debug_assertions) { 5 } else { 1 << 16 };
/// Bits of a text's number.
const TEXT_BITS: u32 = 16;

/// A worker's totals by packed contributor.
#[derive(Debug)]
pub struct Interned {
    texts: Texts,
    table: Table<u128>,
}

impl Interned {
    /// Nothing yet.
    pub fn new(seeds: Seeds) -> Self {
        Self { texts: Texts::default(), table: Table::of_all(seeds) }
    }

    /// Whether contributors of this shape pack.
    pub fn fits(shape: &KeyShape) -> bool {
        shape.parts().iter().copied().map(bits).sum::<u32>() <= u128::BITS
    }

    /// The contributor of a regular row as a word; none if one of its texts has no number.
    #[inline(always)]
    pub fn word(
        &mut self,
        keys: &[Source],
        period: Option<u32>,
        marks: &Marks<'_>,
        batch: &Batch,
        position: usize,
    ) -> Option<u128> {
        let mut word = u128::from(period.unwrap_or_default());
        for (nth, source) in keys.iter().enumerate() {
            word = match source.regular {
                Regular::Address(place) => {
                    word << 32 | u128::from(batch.addresses(place)[position])
                }
                Regular::Number(place, bits) => {
                    word << bits | u128::from(batch.numbers(place)[position])
                }
                Regular::Text => {
                    let text = batch.regular_text(marks, position, source.stretch?);
                    word << TEXT_BITS | u128::from(self.texts.number(nth, text)?)
                }
                Regular::Missing => return None,
            };
        }
        Some(word)
    }

    /// Folds `values` (or ones) into the values of contributors.
    pub fn fold_all(&mut self, fold: Fold, words: &[u128], values: Option<&[u64]>) {
        self.table.fold_all(fold, words, values);
    }

    /// Moves all contributors to where they are bytes.
    pub fn empty_into(&mut self, shape: &KeyShape, fold: Fold, wide: &mut WideTable) {
        let mut bytes = Vec::new();
        self.table.visit_part(0, 0, |word, value, overflows| {
            bytes.clear();
            let mut above: u32 = shape.parts().iter().copied().map(bits).sum();
            for &part in shape.parts() {
                above -= bits(part);
                let value = (word >> above) as u64 & (u64::MAX >> (64 - bits(part)));
                match part {
                    Part::Address => push_v4(&mut bytes, value as u32),
                    Part::Number(_) => push_number(&mut bytes, value),
                    Part::Text => push_text(&mut bytes, &self.texts.texts[value as usize]),
                }
            }
            wide.fold(fold, &bytes, value, overflows);
        });
        *self = Self::new(wide.seeds());
    }
}

fn bits(part: Part) -> u32 {
    part.bits().unwrap_or(TEXT_BITS)
}

/// Texts and their numbers.
#[derive(Debug, Default)]
struct Texts {
    numbers: HashMap<Box<[u8]>, u16>,
    texts: Vec<Box<[u8]>>,
    /// The last number of each key: neighbours in a log often agree.
    last: Vec<u16>,
}

impl Texts {
    /// The number of a text of the `nth` key, if it has one or can get one.
    #[inline(always)]
    fn number(&mut self, nth: usize, text: &[u8]) -> Option<u16> {
        if let Some(&last) = self.last.get(nth)
            && let Some(known) = self.texts.get(usize::from(last))
            && **known == *text
        {
            return Some(last);
        }
        self.look_up(nth, text)
    }

    fn look_up(&mut self, nth: usize, text: &[u8]) -> Option<u16> {
        let number = match self.numbers.get(text) {
            Some(&number) => number,
            None if self.texts.len() < TEXTS_MAX && text.len() <= KEY_BYTES_MAX => {
                let number = self.texts.len() as u16;
                self.texts.push(text.into());
                self.numbers.insert(text.into(), number);
                number
            }
            None => return None,
        };
        if self.last.len() <= nth {
            self.last.resize(nth + 1, 0);
        }
        self.last[nth] = number;
        Some(number)
    }
}
