//! What all contributors together come to in each period: how many values, and the smallest and
//! largest of them.

use hashbrown::HashMap;

use crate::amount::Amount;

/// The values of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// How many there are.
    pub count: u64,
    /// The smallest one.
    pub minimum: Amount,
    /// The largest one.
    pub maximum: Amount,
}

/// Values by the number of their period. Merging is associative and commutative.
#[derive(Debug, Default)]
pub struct Moments {
    found: Vec<(u32, Moment)>,
    places: HashMap<u32, usize>,
    /// Where the last value went: neighbours in a log are neighbours in time.
    last: usize,
}

impl Moments {
    /// Adds values, or as many ones as there are periods.
    pub fn observe(&mut self, periods: &[u32], values: Option<&[u64]>) {
        // A run of values of one period is joined as words before it is added.
        let value = |at: usize| values.map_or(1, |values| values[at]);
        let mut start = 0;
        for run in periods.chunk_by(|left, right| left == right) {
            let end = start + run.len();
            let (minimum, maximum) = (start..end)
                .map(value)
                .fold((u64::MAX, 0), |(least, most), value| (least.min(value), most.max(value)));
            let (minimum, maximum) = (minimum.into(), maximum.into());
            self.add(run[0], Moment { count: run.len() as u64, minimum, maximum });
            start = end;
        }
    }

    /// Adds one value.
    pub fn observe_one(&mut self, period: u32, value: Amount) {
        self.add(period, Moment { count: 1, minimum: value, maximum: value });
    }

    /// Adds what others found.
    pub fn merge(&mut self, other: Self) {
        for (period, moment) in other.found {
            self.add(period, moment);
        }
    }

    /// Bytes of memory that they take.
    pub fn bytes(&self) -> usize {
        let place = size_of::<(u32, usize)>() * 8 / 7 + 1;
        self.found.capacity() * size_of::<(u32, Moment)>() + self.places.capacity() * place
    }

    /// All periods that have values, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &(u32, Moment)> {
        self.found.iter()
    }

    fn add(&mut self, period: u32, values: Moment) {
        if self.found.get(self.last).is_none_or(|(last, _)| *last != period) {
            let next = self.found.len();
            self.last = *self.places.entry(period).or_insert(next);
            if self.last == next {
                self.found.push((period, values));
                return;
            }
        }
        let moment = &mut self.found[self.last].1;
        moment.count += values.count;
        moment.minimum = moment.minimum.min(values.minimum);
        moment.maximum = moment.maximum.max(values.maximum);
    }
}
