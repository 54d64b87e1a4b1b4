//! Reads many runs as one, in their common order.

use std::cmp::Ordering;

use super::run::Cursor;
use super::{Keys, Record, Run, Spill, Values, Writer};
use crate::amount::Amount;
use crate::key::Key;

/// The records of runs that are each in the order of `compare`, in that order. Records that are
/// equal in it come one after the other.
///
/// A heap of the runs by their next records: of so few runs, and with keys that are words, it is
/// about as fast as a tournament of losers and half as long.
#[derive(Debug)]
pub struct Merge<'a, C, H> {
    cursors: Vec<Cursor<'a>>,
    /// The next record of each run.
    heads: Vec<Option<Record>>,
    /// The runs that have one, the first of them first.
    heap: Vec<usize>,
    compare: C,
    hash: H,
}

impl<'a, C, H> Merge<'a, C, H>
where
    C: Fn(&Record, &Record) -> Ordering,
    H: Fn(&Key) -> u64,
{
    /// The records of these runs, to each of which `hash` gives its hash.
    pub fn new(spill: &'a Spill, runs: &[Run], compare: C, hash: H) -> Self {
        let buffer_bytes = spill.buffer_bytes(runs.len());
        let mut cursors: Vec<Cursor<'a>> =
            runs.iter().map(|run| Cursor::new(spill, *run, buffer_bytes)).collect();
        let heads: Vec<Option<Record>> =
            cursors.iter_mut().map(|cursor| cursor.next(&hash)).collect();
        let heap = (0..heads.len()).filter(|&at| heads[at].is_some()).collect();
        let mut merge = Self { cursors, heads, heap, compare, hash };
        for at in (0..merge.heap.len() / 2).rev() {
            merge.sift_down(at);
        }
        merge
    }

    fn is_before(&self, left: usize, right: usize) -> bool {
        match (&self.heads[self.heap[left]], &self.heads[self.heap[right]]) {
            (Some(left), Some(right)) => (self.compare)(left, right) == Ordering::Less,
            _ => false,
        }
    }

    fn sift_down(&mut self, mut at: usize) {
        loop {
            let mut first = at;
            for child in [2 * at + 1, 2 * at + 2] {
                if child < self.heap.len() && self.is_before(child, first) {
                    first = child;
                }
            }
            if first == at {
                return;
            }
            self.heap.swap(at, first);
            at = first;
        }
    }
}

impl<C, H> Iterator for Merge<'_, C, H>
where
    C: Fn(&Record, &Record) -> Ordering,
    H: Fn(&Key) -> u64,
{
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        let run = *self.heap.first()?;
        let next = self.cursors[run].next(&self.hash);
        if next.is_none() {
            self.heap.swap_remove(0);
        }
        let record = std::mem::replace(&mut self.heads[run], next);
        self.sift_down(0);
        record
    }
}

/// Makes of runs so few that they can be merged at once. `merged` hands the records of some of
/// them, in order and joined as they are to be, to the closure that it is given.
pub fn join_runs(
    spill: &Spill,
    mut runs: Vec<Run>,
    merged: impl Fn(&[Run], &mut dyn FnMut(&Key, Amount)),
) -> Vec<Run> {
    while runs.len() > spill.fan_in() && !spill.is_failed() {
        // Those that were made first first: each record is written about as often as any other.
        let rest = runs.split_off(spill.fan_in());
        let bytes = runs.iter().map(Run::bytes_as_amounts).sum();
        let mut writer = Writer::new(spill, Keys::Mixed, Values::Amount, bytes);
        merged(&runs, &mut |key, amount| writer.push_amount(key.into(), amount));
        runs = rest;
        runs.extend(writer.finish());
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::super::Borrowed;
    use super::*;

    fn order(left: &Record, right: &Record) -> Ordering {
        left.hash.cmp(&right.hash).then_with(|| left.key.cmp(&right.key))
    }

    /// Two keys of the same hash are next to each other at times, and are two.
    fn hash(key: &Key) -> u64 {
        if let Key::Narrow(word) = key { word / 2 } else { 0 }
    }

    fn run(spill: &Spill, words: impl Iterator<Item = u64>) -> Run {
        let mut writer = Writer::new(spill, Keys::Narrow, Values::Word, 1 << 20);
        words.for_each(|word| writer.push(Borrowed::Narrow(word), word + 1, 0));
        writer.finish().unwrap()
    }

    #[test]
    fn runs_are_read_in_their_common_order() {
        let spill = Spill::new(0, 1, 1, std::env::temp_dir());
        for count in [0, 1, 2, 3, 8, 41] {
            let runs: Vec<Run> = (0..count)
                .map(|nth| run(&spill, (0..300u64).filter(move |word| word % (nth + 2) != 1)))
                .collect();
            let mut expected: Vec<u64> = (0..count)
                .flat_map(|nth| (0..300u64).filter(move |word| word % (nth + 2) != 1))
                .collect();
            expected.sort_unstable();
            let words = |runs: &[Run]| -> Vec<u64> {
                let records = Merge::new(&spill, runs, order, hash);
                records
                    .map(|record| {
                        let Key::Narrow(word) = record.key else { panic!("{record:?}") };
                        assert_eq!((record.hash, record.amount), (word / 2, (word + 1).into()));
                        word
                    })
                    .collect()
            };
            assert_eq!(words(&runs), expected);
            let joined = join_runs(&spill, runs, |runs, visit| {
                for record in Merge::new(&spill, runs, order, hash) {
                    visit(&record.key, record.amount);
                }
            });
            assert!(joined.len() <= spill.fan_in() && words(&joined) == expected);
        }
        assert!(spill.fault().is_none());
    }
}
