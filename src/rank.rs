//! The order of contributors and the first few of them: by value, largest first; equal values by
//! key text, bytewise ascending, first key first. A total order, so answers are the same at any
//! number of threads.

use std::cmp::Ordering;

use crate::amount::Amount;
use crate::key::{Key, KeyShape};

/// Candidates kept before the worst are thrown away, for short lists.
const CANDIDATES_MIN: usize = 1024;

/// The best contributors seen so far.
#[derive(Debug)]
pub struct Best<'a> {
    shape: &'a KeyShape,
    /// How many are wanted; 0 for all.
    wanted: usize,
    candidates: Vec<(Amount, Key)>,
    /// Smaller values cannot be among the wanted.
    floor: Option<Amount>,
}

impl<'a> Best<'a> {
    /// None yet.
    pub fn new(shape: &'a KeyShape, wanted: usize) -> Self {
        Self { shape, wanted, candidates: Vec::new(), floor: None }
    }

    /// Considers a contributor.
    pub fn push(&mut self, key: Key, value: Amount) {
        if self.floor.is_some_and(|floor| value < floor) {
            return;
        }
        self.candidates.push((value, key));
        if self.wanted > 0 && self.candidates.len() >= (2 * self.wanted).max(CANDIDATES_MIN) {
            self.prune();
        }
    }

    fn prune(&mut self) {
        let shape = self.shape;
        let last = self.wanted - 1;
        let order = |l: &(Amount, Key), r: &(Amount, Key)| compare(shape, l, r);
        let (_, (value, _), _) = self.candidates.select_nth_unstable_by(last, order);
        self.floor = Some(*value);
        self.candidates.truncate(self.wanted);
    }

    /// Considers the contributors of another list.
    pub fn merge(mut self, other: Self) -> Self {
        if self.candidates.is_empty() && self.floor.is_none() {
            return other;
        }
        self.candidates.reserve(other.candidates.len());
        for (value, key) in other.candidates {
            self.push(key, value);
        }
        self
    }

    /// The contributors in order.
    pub fn finish(mut self) -> Vec<(Amount, Key)> {
        use rayon::slice::ParallelSliceMut;
        let shape = self.shape;
        if self.wanted > 0 && self.candidates.len() > self.wanted {
            self.prune();
        }
        self.candidates.par_sort_unstable_by(|left, right| compare(shape, left, right));
        self.candidates
    }
}

fn compare(shape: &KeyShape, left: &(Amount, Key), right: &(Amount, Key)) -> Ordering {
    right.0.cmp(&left.0).then_with(|| shape.compare(&left.1, &right.1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Part;

    #[test]
    fn lists_of_any_length_agree_with_sorting() {
        let shape = KeyShape::new(vec![Part::Number(16)]);
        let all: Vec<(Amount, Key)> =
            (0..5000u64).map(|i| ((i * 7919 % 50).into(), Key::Narrow(i))).collect();
        let mut sorted = all.clone();
        sorted.sort_by_key(|(value, key)| {
            let Key::Narrow(key) = key else { panic!() };
            (std::cmp::Reverse(*value), key.to_string())
        });
        for wanted in [0, 1, 10, 700, 5000, 9000] {
            let mut halves = [Best::new(&shape, wanted), Best::new(&shape, wanted)];
            for (i, (value, key)) in all.iter().enumerate() {
                halves[i % 2].push(key.clone(), *value);
            }
            let [left, right] = halves;
            let expected = if wanted == 0 { &sorted[..] } else { &sorted[..wanted.min(5000)] };
            assert_eq!(left.merge(right).finish(), expected);
        }
    }
}
