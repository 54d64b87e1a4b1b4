//! The part of an answer that is told by period: datapoints of the listed contributors, and what
//! all contributors together come to.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;
use rayon::iter::{IndexedParallelIterator, ParallelIterator};

use super::answers::{LOOK_UP_BYTES, in_memory, parts_of, too_long};
use super::ranks::Ranks;
use crate::amount::Amount;
use crate::group::{Fold, Moment, Totals, too_many_periods};
use crate::report::{Answer, Datapoint, PeriodMetrics};
use crate::spill::Spill;

/// What all contributors together have in a period.
#[derive(Debug, Clone, Copy)]
struct Sum {
    unique: u64,
    largest: Amount,
    total: Amount,
}

impl Sum {
    fn join(self, other: Self, fold: Fold) -> Self {
        Self {
            unique: self.unique + other.unique,
            largest: self.largest.max(other.largest),
            total: fold.join(self.total, other.total),
        }
    }
}

/// What visiting some parts of the totals by period came to.
#[derive(Default)]
struct Found {
    points: Vec<(usize, u32, Amount)>,
    sums: HashMap<u32, Sum>,
}

impl Found {
    fn add(&mut self, number: u32, sum: Sum, fold: Fold) {
        let entry = self.sums.entry(number);
        entry.and_modify(|found| *found = found.join(sum, fold)).or_insert(sum);
    }

    fn join(mut self, other: Self, fold: Fold) -> Self {
        if self.sums.len() < other.sums.len() {
            return other.join(self, fold);
        }
        other.sums.into_iter().for_each(|(number, sum)| self.add(number, sum, fold));
        self.points.extend(other.points);
        self
    }
}

/// Bytes for a period in a map of sums at the least load.
const SUM_BYTES: usize = 2 * size_of::<(u32, Sum)>();

/// Bytes for a contributor's value in a period, while it is looked for and in the answer.
const POINT_BYTES: usize = 2 * size_of::<(usize, u32, Amount)>() + 2 * size_of::<Datapoint>();

/// Adds datapoints and metrics to an answer.
pub fn by_period(
    answer: &mut Answer,
    periods: &Totals,
    fold: Fold,
    seconds: u64,
    spill: &Arc<Spill>,
) {
    let (shape, rest) = (periods.shape(), &answer.shape);
    let listed = in_memory(&answer.ranked, spill);
    let ranks = Ranks::new(listed);
    let (parts, parts_log2) = parts_of(periods);
    let threads = rayon::current_num_threads();
    let numbers = periods.moments().count();
    let (sums, metrics) = (threads * SUM_BYTES, SUM_BYTES + size_of::<PeriodMetrics>());
    if !spill.budget().try_take_reserve(numbers * (sums + metrics)) {
        return spill.fail(too_many_periods(numbers));
    }
    let part = |mut found: Found, part: usize| {
        periods.visit_part(part, parts_log2, |key, value| {
            let Some((number, key)) = shape.split_first(&key, rest) else { return };
            let number = number as u32;
            found.add(number, Sum { unique: 1, largest: value, total: value }, fold);
            if let Some(rank) = ranks.get(&key) {
                if found.points.len() == found.points.capacity()
                    && !spill.budget().try_take_reserve(found.points.len() * POINT_BYTES)
                {
                    return spill.fail(too_long(listed.len()));
                }
                found.points.push((rank, number, value));
            }
        });
        found
    };
    // As many sums by period as threads, not as parts.
    let parts = parts.with_min_len((1usize << parts_log2).div_ceil(threads));
    let mut found = parts
        .fold(Found::default, part)
        .reduce(Found::default, |left, right| left.join(right, fold));
    spill.budget().give(numbers * sums);
    found.points.sort_unstable();

    let start = |number: u32| u64::from(number) * seconds;
    // The last period stands for times that no record of traffic has.
    let moments: BTreeMap<u32, Moment> = periods.moments().copied().collect();
    answer.uses.no_time = periods.uses().no_time;
    answer.uses.no_time += moments.get(&u32::MAX).map_or(0, |moment| moment.count);
    for (&number, moment) in moments.iter().filter(|(number, _)| **number != u32::MAX) {
        let Some(sum) = found.sums.get(&number) else { continue };
        answer.periods.push(PeriodMetrics {
            start: start(number),
            unique_contributors: sum.unique,
            max_contributor_value: sum.largest,
            sample_count: moment.count,
            sum: sum.total,
            minimum: moment.minimum,
            maximum: moment.maximum,
        });
    }
    answer.datapoints = vec![Vec::new(); listed.len()];
    spill.budget().give(listed.len() * LOOK_UP_BYTES);
    for (rank, number, value) in found.points {
        if number != u32::MAX {
            answer.datapoints[rank].push(Datapoint { start: start(number), value });
        }
    }
}
