//! Contributors that outgrew the memory: runs in a file, by parts of the hashes.
//!
//! A table that may not grow is written out and goes on empty. So a part has its contributors in
//! any number of runs, each in the order of hashes and then of keys; merging these side by side
//! brings equal contributors together and needs no table. What is left in memory in the end goes
//! the same way, so that there is one way only.
//!
//! Against a table for each part that is filled from its runs (what engines with hash joins do),
//! no part can be too large for its table, however many contributors there are and however
//! little memory: nothing has to be partitioned again.

use std::cmp::Ordering;
use std::sync::atomic::{AtomicBool, Ordering as Access};
use std::sync::{Arc, Mutex};

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::shared::{PARTS_LOG2, Parts, Shareable, lock};
use super::table::{Seeds, Table, Word};
use super::wide::Entry;
use super::{Fold, ShapeGroups, odd};
use crate::amount::Amount;
use crate::key::Key;
use crate::spill::{Borrowed, Keys, Merge, Record, Run, Spill, Values, Writer, join_runs};

/// The runs of one part of a question, for keys of one shape.
#[derive(Debug)]
pub struct Outgrown {
    fold: Fold,
    seeds: Seeds,
    spill: Arc<Spill>,
    /// By part.
    runs: Vec<Mutex<Vec<Run>>>,
    is_any: AtomicBool,
}

impl Outgrown {
    /// No runs yet.
    pub fn new(fold: Fold, seeds: Seeds, spill: Arc<Spill>) -> Self {
        let runs = (0..1 << PARTS_LOG2).map(|_| Mutex::default()).collect();
        Self { fold, seeds, spill, runs, is_any: AtomicBool::new(false) }
    }

    /// How values are folded.
    pub fn fold(&self) -> Fold {
        self.fold
    }

    /// Where the runs are.
    pub fn spill(&self) -> &Spill {
        &self.spill
    }

    /// Whether there are any.
    pub fn is_any(&self) -> bool {
        self.is_any.load(Access::Acquire)
    }

    fn add(&self, part: usize, run: Option<Run>) {
        lock(&self.runs[part]).extend(run);
        self.is_any.store(true, Access::Release);
    }

    /// Empties a table into a run of its part.
    pub fn put_table<K: Shareable>(&self, part: usize, table: &mut Table<K>) {
        if table.len() == 0 {
            return;
        }
        let values = if table.has_overflows() { Values::Double } else { Values::Word };
        let each = K::default().borrowed().record_bytes(K::KEYS, values);
        let mut writer = Writer::new(&self.spill, K::KEYS, values, each * table.len() as u64);
        table.drain_sorted(|key, value, overflows| writer.push(key.borrowed(), value, overflows));
        self.add(part, writer.finish());
    }

    /// Puts contributors of a part into a run: keys, values and overflows, in any order.
    pub fn put<K: Shareable>(&self, part: usize, mut records: Vec<(K, u64, u64)>) {
        if records.is_empty() {
            return;
        }
        records.sort_unstable_by_key(|(key, ..)| (Word::hash(*key, self.seeds), *key));
        let values = match records.iter().all(|(.., overflows)| *overflows == 0) {
            true => Values::Word,
            false => Values::Double,
        };
        let each = K::default().borrowed().record_bytes(K::KEYS, values);
        let mut writer = Writer::new(&self.spill, K::KEYS, values, each * records.len() as u64);
        for (key, value, overflows) in records {
            writer.push(key.borrowed(), value, overflows);
        }
        self.add(part, writer.finish());
    }

    /// Empties what workers do not share into runs of all parts.
    pub fn put_unshared(&self, groups: &mut ShapeGroups) {
        groups.wide.drain_sorted(|entries, arena| {
            for entries in entries.chunk_by(|l, r| part(l.hash) == part(r.hash)) {
                let is_word = entries.iter().all(|entry| entry.overflows == 0);
                let values = if is_word { Values::Word } else { Values::Double };
                let key = |entry: &Entry| Borrowed::Wide(entry.key(arena));
                let bytes = entries.iter().map(|entry| key(entry).record_bytes(Keys::Wide, values));
                let mut writer = Writer::new(&self.spill, Keys::Wide, values, bytes.sum());
                for entry in entries {
                    writer.push(key(entry), entry.value, entry.overflows);
                }
                self.add(part(entries[0].hash), writer.finish());
            }
        });
        let odd = groups.odd.drain_sorted();
        for odd in odd.chunk_by(|left, right| part(left.0) == part(right.0)) {
            let (keys, values) = (Keys::Mixed, Values::Amount);
            let bytes =
                odd.iter().map(|(_, key, _)| Borrowed::from(key).record_bytes(keys, values));
            let mut writer = Writer::new(&self.spill, keys, values, bytes.sum());
            for (_, key, amount) in odd {
                writer.push_amount(key.into(), *amount);
            }
            self.add(part(odd[0].0), writer.finish());
        }
    }

    /// Calls `visit` with each contributor of a part and its value.
    pub fn visit_part(&self, part: usize, mut visit: impl FnMut(Key, Amount)) {
        let runs = lock(&self.runs[part]).clone();
        self.visit_runs(&runs, |record| visit(record.key, record.amount));
    }

    fn visit_runs(&self, runs: &[Run], mut visit: impl FnMut(Record)) {
        let merge = Merge::new(&self.spill, runs, compare, |key| odd::hash(key, self.seeds));
        let mut last: Option<Record> = None;
        for record in merge {
            match &mut last {
                Some(last) if compare(last, &record) == Ordering::Equal => {
                    last.amount = self.fold.join(last.amount, record.amount);
                }
                _ => last.replace(record).into_iter().for_each(&mut visit),
            }
        }
        last.into_iter().for_each(visit);
    }

    /// Makes the runs of each part so few that they can be merged at once.
    fn join_runs(&self, part: usize) {
        let runs = std::mem::take(&mut *lock(&self.runs[part]));
        let joined = join_runs(&self.spill, runs, |runs, visit| {
            self.visit_runs(runs, |record| visit(&record.key, record.amount));
        });
        *lock(&self.runs[part]) = joined;
    }
}

impl Parts {
    /// Writes out what is left in memory: there and in the tables of `workers`.
    pub(super) fn put_all(&self, workers: &mut [&mut ShapeGroups]) {
        for groups in workers {
            self.fill_from(&mut groups.narrow);
            self.fill_from(&mut groups.packed);
            self.outgrown.put_unshared(groups);
            groups.give_back(self.outgrown.spill());
        }
        (0..1usize << PARTS_LOG2).into_par_iter().for_each(|part| {
            self.put_tables::<u64>(part);
            self.put_tables::<u128>(part);
            self.outgrown.join_runs(part);
        });
    }
}

/// The part of a hash.
fn part(hash: u64) -> usize {
    (hash >> (64 - PARTS_LOG2)) as usize
}

fn compare(left: &Record, right: &Record) -> Ordering {
    left.hash.cmp(&right.hash).then_with(|| left.key.cmp(&right.key))
}
