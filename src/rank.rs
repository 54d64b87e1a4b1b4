//! The order of contributors and the first few of them: by value, largest or smallest first; equal
//! values by key text, bytewise ascending, first key first; or by that alone. A total order, so
//! answers are the same at any number of threads.
//!
//! A list that outgrows the memory goes to the file in sorted runs, which are merged while the
//! list is read.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::amount::Amount;
use crate::key::{Key, KeyShape};
use crate::spill::{Borrowed, Keys, Merge, Record, Run, Spill, Values, Writer, join_runs};

/// Candidates kept before the worst are thrown away, for short lists.
const CANDIDATES_MIN: usize = 1024;

/// Candidates that there is always memory for.
const CANDIDATES_FREE: usize = if cfg!(debug_assertions) { 4 } else { 256 };

/// What the best of contributors are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Those with the largest values.
    Largest,
    /// Those with the smallest values.
    Smallest,
    /// The first by key text.
    Key,
}

/// The best contributors seen so far.
#[derive(Debug)]
pub struct Best<'a> {
    shape: &'a KeyShape,
    by: By,
    spill: &'a Spill,
    /// How many are wanted; 0 for all.
    wanted: usize,
    candidates: Vec<(Amount, Key)>,
    /// Bytes of the run's memory that these took.
    taken: usize,
    /// Worse values cannot be among the wanted.
    limit: Option<Amount>,
    /// Candidates that outgrew the memory.
    runs: Vec<Run>,
}

impl<'a> Best<'a> {
    /// None yet.
    pub fn new(shape: &'a KeyShape, by: By, wanted: usize, spill: &'a Spill) -> Self {
        let (candidates, runs) = (Vec::new(), Vec::new());
        Self { shape, by, spill, wanted, candidates, taken: 0, limit: None, runs }
    }

    /// Considers a contributor.
    pub fn push(&mut self, key: Key, value: Amount) {
        let is_worse = |limit| match self.by {
            By::Largest => value < limit,
            By::Smallest => value > limit,
            By::Key => false,
        };
        if self.limit.is_some_and(is_worse) {
            return;
        }
        if self.candidates.len() == self.candidates.capacity() {
            self.make_room();
        }
        self.candidates.push((value, key));
        if self.wanted > 0
            && self.candidates.len() >= self.wanted.saturating_mul(2).max(CANDIDATES_MIN)
        {
            self.prune();
        }
    }

    /// Makes room for another candidate: in memory if there is some, else by throwing the worst
    /// away early, or for long lists by writing out all.
    #[cold]
    fn make_room(&mut self) {
        let capacity = self.candidates.capacity();
        let grown = (2 * capacity).max(CANDIDATES_FREE);
        let wide =
            |(_, key): &(Amount, Key)| if let Key::Wide(bytes) = key { bytes.len() } else { 0 };
        let wide: usize = self.candidates.iter().map(wide).sum();
        let bytes = grown * size_of::<(Amount, Key)>() + 2 * wide;
        if grown == CANDIDATES_FREE {
            self.candidates.reserve_exact(grown);
        } else if self.spill.budget().try_take_reserve(bytes) {
            self.candidates.reserve_exact(grown - capacity);
            self.spill.budget().give(std::mem::replace(&mut self.taken, bytes));
        } else if self.wanted > 0 && capacity >= self.wanted.saturating_mul(2) {
            self.prune();
        } else {
            self.write_run();
        }
    }

    fn write_run(&mut self) {
        let (shape, by) = (self.shape, self.by);
        self.candidates.sort_unstable_by(|left, right| compare(shape, by, left, right));
        let bytes = |(_, key): &(Amount, Key)| {
            Borrowed::from(key).record_bytes(Keys::Mixed, Values::Amount)
        };
        let bytes = self.candidates.iter().map(bytes).sum();
        let mut writer = Writer::new(self.spill, Keys::Mixed, Values::Amount, bytes);
        for (value, key) in self.candidates.drain(..) {
            writer.push_amount((&key).into(), value);
        }
        self.runs.extend(writer.finish());
    }

    fn prune(&mut self) {
        let (shape, by) = (self.shape, self.by);
        let last = self.wanted - 1;
        let order = |l: &(Amount, Key), r: &(Amount, Key)| compare(shape, by, l, r);
        let (_, (value, _), _) = self.candidates.select_nth_unstable_by(last, order);
        self.limit = Some(*value);
        self.candidates.truncate(self.wanted);
    }

    /// Considers the contributors of another list.
    pub fn merge(mut self, mut other: Self) -> Self {
        if self.candidates.is_empty() && self.limit.is_none() && self.runs.is_empty() {
            return other;
        }
        self.runs.append(&mut other.runs);
        for (value, key) in std::mem::take(&mut other.candidates) {
            self.push(key, value);
        }
        self.spill.budget().give(other.taken);
        self
    }

    /// The contributors in order.
    pub fn finish(mut self, spill: &Arc<Spill>) -> Ranked {
        use rayon::slice::ParallelSliceMut;
        let (shape, by) = (self.shape, self.by);
        if self.wanted > 0 && self.candidates.len() > self.wanted {
            self.prune();
        }
        if self.runs.is_empty() {
            self.candidates.par_sort_unstable_by(|left, right| compare(shape, by, left, right));
            self.candidates.shrink_to_fit();
            let bytes = self.candidates.len() * size_of::<(Amount, Key)>();
            spill.budget().give(self.taken.saturating_sub(bytes));
            return Ranked::from(self.candidates);
        }
        self.write_run();
        self.spill.budget().give(self.taken);
        let runs = join_runs(spill, self.runs, |runs, visit| {
            records(spill, shape, by, runs).for_each(|record| visit(&record.key, record.amount));
        });
        let all = runs.iter().map(|run| run.records).sum::<u64>() as usize;
        let count = if self.wanted == 0 { all } else { all.min(self.wanted) };
        // The first of very many may fit all the same.
        let bytes_each = runs.iter().map(Run::bytes_as_amounts).sum::<u64>() as usize / all.max(1);
        if spill.budget().try_take_reserve(count * (size_of::<(Amount, Key)>() + bytes_each)) {
            let listed = records(spill, shape, by, &runs).take(count);
            return Ranked::from(
                listed.map(|record| (record.amount, record.key)).collect::<Vec<_>>(),
            );
        }
        let outgrown = Some((Arc::clone(spill), shape.clone(), by, runs));
        Ranked { listed: Vec::new(), outgrown, count }
    }
}

/// The records of runs, in order.
fn records(spill: &Spill, shape: &KeyShape, by: By, runs: &[Run]) -> impl Iterator<Item = Record> {
    let order = move |left: &Record, right: &Record| {
        by.compare(left.amount, right.amount).then_with(|| shape.compare(&left.key, &right.key))
    };
    Merge::new(spill, runs, order, |_| 0)
}

/// Contributors in order: in memory, or if they outgrew it in a file.
#[derive(Debug)]
pub struct Ranked {
    listed: Vec<(Amount, Key)>,
    outgrown: Option<(Arc<Spill>, KeyShape, By, Vec<Run>)>,
    count: usize,
}

impl From<Vec<(Amount, Key)>> for Ranked {
    fn from(listed: Vec<(Amount, Key)>) -> Self {
        let count = listed.len();
        Self { listed, outgrown: None, count }
    }
}

impl Ranked {
    /// All of them, if they are in memory.
    pub fn in_memory(&self) -> Option<&[(Amount, Key)]> {
        self.outgrown.is_none().then_some(&self.listed)
    }

    /// All of them in order. Should the file break, fewer, and the fault is noted where it is.
    pub fn iter(&self) -> Listing<'_> {
        let outgrown = self.outgrown.as_ref();
        let rest = outgrown.map(|(spill, shape, by, runs)| {
            let records = records(spill, shape, *by, runs).take(self.count);
            let pairs = records.map(|record| (record.amount, record.key));
            Box::new(pairs) as Box<dyn Iterator<Item = (Amount, Key)>>
        });
        Listing { listed: self.listed.iter(), rest, left: self.count }
    }
}

/// Reads contributors in order.
pub struct Listing<'a> {
    listed: std::slice::Iter<'a, (Amount, Key)>,
    rest: Option<Box<dyn Iterator<Item = (Amount, Key)> + 'a>>,
    left: usize,
}

impl Iterator for Listing<'_> {
    type Item = (Amount, Key);

    fn next(&mut self) -> Option<(Amount, Key)> {
        let next = match &mut self.rest {
            Some(rest) => rest.next(),
            None => self.listed.next().cloned(),
        };
        self.left = next.as_ref().map_or(0, |_| self.left - 1);
        next
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Listing<'_> {}

impl By {
    /// The order of two values.
    fn compare(self, left: Amount, right: Amount) -> Ordering {
        match self {
            Self::Largest => right.cmp(&left),
            Self::Smallest => left.cmp(&right),
            Self::Key => Ordering::Equal,
        }
    }
}

fn compare(shape: &KeyShape, by: By, left: &(Amount, Key), right: &(Amount, Key)) -> Ordering {
    by.compare(left.0, right.0).then_with(|| shape.compare(&left.1, &right.1))
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
        for (bytes, by) in [
            (usize::MAX, By::Largest),
            (0, By::Largest),
            (10_000, By::Largest),
            (200_000, By::Largest),
            (usize::MAX, By::Smallest),
            (10_000, By::Smallest),
            (usize::MAX, By::Key),
            (10_000, By::Key),
        ] {
            let mut sorted = all.clone();
            sorted.sort_by_key(|(value, key)| {
                let Key::Narrow(key) = key else { panic!() };
                let value = match by {
                    By::Largest => -*value,
                    By::Smallest => *value,
                    By::Key => Amount::ZERO,
                };
                (value, key.to_string())
            });
            let spill = Arc::new(Spill::new(bytes, 1, 1, std::env::temp_dir()));
            for wanted in [0, 1, 10, 700, 5000, 9000] {
                let best = || Best::new(&shape, by, wanted, &spill);
                let mut halves = [best(), best()];
                for (i, (value, key)) in all.iter().enumerate() {
                    halves[i % 2].push(key.clone(), *value);
                }
                let [left, right] = halves;
                let expected = if wanted == 0 { &sorted[..] } else { &sorted[..wanted.min(5000)] };
                let ranked = left.merge(right).finish(&spill);
                assert_eq!(ranked.iter().len(), expected.len());
                let again: Vec<_> = ranked.iter().collect();
                assert_eq!(again, expected);
                let in_memory = ranked.in_memory().is_some();
                // Of one there are never so many that the worst cannot be thrown away.
                assert!(in_memory || bytes < usize::MAX && wanted != 1, "{bytes} {wanted} {by:?}");
                assert!(!in_memory || bytes > 0 || wanted == 1, "{bytes} {wanted}");
            }
            assert!(spill.fault().is_none());
        }
    }
}
