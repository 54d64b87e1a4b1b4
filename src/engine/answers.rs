//! From all workers' totals to the answer to one question.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;
use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

use crate::amount::Amount;
use crate::error::{Error, ErrorKind};
use crate::group::{Fold, Groups, Moment, Totals, too_many_periods};
use crate::key::{Key, KeyShape};
use crate::query::{Order, Part, Query};
use crate::rank::{Best, Ranked};
use crate::report::{Answer, Datapoint, PeriodMetrics};
use crate::spill::Spill;

/// The answer to one question, from the groups of its parts. What does not fit the memory is a
/// fault of `spill`, and then this is no answer.
pub fn answer(query: &Query, groups: Vec<Vec<Groups>>, spill: &Arc<Spill>) -> Answer {
    let (mut values, mut largest, mut periods) = (None, None, None);
    for (part, groups) in query.parts().zip(groups) {
        let totals = Totals::collect(groups);
        match part {
            Part::Values => values = totals,
            Part::Largest => largest = totals,
            Part::Periods => periods = totals,
        }
    }
    let values = values.expect("every question has values, and there is at least one worker");
    let fold = Fold::of(query.measure(), Part::Values);
    let has_keys = !query.labels().is_empty();
    let (mut ranked, mut unique, mut total) = match (has_keys, values.total()) {
        // Of those that are ordered by something else only the total is wanted.
        (true, _) if query.order() == Order::Maximum => rank(&values, fold, 1, spill),
        (true, _) => rank(&values, fold, query.top(), spill),
        (false, total) => (Vec::new().into(), u64::from(total.is_some()), total),
    };
    let mut maxima = Vec::new();
    if let Some(largest) = largest.filter(|_| has_keys && query.order() == Order::Maximum) {
        let by_maximum;
        (by_maximum, unique, _) = rank(&largest, Fold::Max, query.top(), spill);
        let by_maximum = in_memory(&by_maximum, spill);
        let sums = values_of(&values, by_maximum);
        maxima = by_maximum.iter().map(|(maximum, _)| *maximum).collect();
        let keys = by_maximum.iter().map(|(_, key)| key.clone());
        ranked = sums.into_iter().zip(keys).collect::<Vec<_>>().into();
        spill.budget().give(by_maximum.len() * LOOK_UP_BYTES);
        total = total.or(values.total());
        largest.give_back(spill);
    }
    let mut answer = Answer {
        labels: query.labels().to_vec(),
        uses: values.uses(),
        shape: values.shape().clone(),
        ranked,
        maxima,
        datapoints: Vec::new(),
        periods: Vec::new(),
        unique,
        total,
    };
    values.give_back(spill);
    if let (Some(periods), Some(seconds)) = (periods, query.period()) {
        by_period(&mut answer, &periods, fold, seconds.into(), spill);
        periods.give_back(spill);
    }
    answer
}

fn parts_of(totals: &Totals) -> (rayon::range::Iter<usize>, u32) {
    let parts_log2 = totals.parts_log2();
    ((0..1usize << parts_log2).into_par_iter(), parts_log2)
}

/// The best contributors, how many there are, and their total.
fn rank(
    totals: &Totals,
    fold: Fold,
    top: usize,
    spill: &Arc<Spill>,
) -> (Ranked, u64, Option<Amount>) {
    let shape = totals.shape();
    let (parts, parts_log2) = parts_of(totals);
    let part = |part: usize| {
        let mut found = Ranking::none(shape, top, spill);
        totals.visit_part(part, parts_log2, |key, value| {
            found.unique += 1;
            found.total = Some(found.total.map_or(value, |total| fold.join(total, value)));
            found.best.push(key, value);
        });
        found
    };
    let none = || Ranking::none(shape, top, spill);
    let Ranking { best, unique, total } =
        parts.map(part).reduce(none, |left, right| left.join(right, fold));
    (best.finish(spill), unique, total)
}

/// Bytes for each contributor that is looked up by its key, and whose value is found so.
const LOOK_UP_BYTES: usize = 192;

/// The contributors of a list, to be looked up by their keys for a while: none, and a fault, if
/// there is no memory for that.
fn in_memory<'r>(ranked: &'r Ranked, spill: &Spill) -> &'r [(Amount, Key)] {
    let is_room =
        |listed: &&[(Amount, Key)]| spill.budget().try_take_reserve(listed.len() * LOOK_UP_BYTES);
    ranked.in_memory().filter(is_room).unwrap_or_else(|| {
        spill.fail(too_long(ranked.iter().len()));
        &[]
    })
}

fn too_long(listed: usize) -> Error {
    let text = format!(
        "a list of {listed} contributors with a maximum or periods is too long for the memory that \
         it may take; list fewer with -n, or allow more with --memory"
    );
    Error::new(ErrorKind::Memory, text)
}

/// What ranking one part, or several, came to.
struct Ranking<'a> {
    best: Best<'a>,
    unique: u64,
    total: Option<Amount>,
}

impl<'a> Ranking<'a> {
    fn none(shape: &'a KeyShape, wanted: usize, spill: &'a Spill) -> Self {
        Self { best: Best::new(shape, wanted, spill), unique: 0, total: None }
    }

    fn join(self, other: Self, fold: Fold) -> Self {
        let total = match (self.total, other.total) {
            (Some(left), Some(right)) => Some(fold.join(left, right)),
            (total, None) | (None, total) => total,
        };
        Self { best: self.best.merge(other.best), unique: self.unique + other.unique, total }
    }
}

/// The ranks of contributors.
fn ranks(ranked: &[(Amount, Key)]) -> HashMap<&Key, usize> {
    ranked.iter().enumerate().map(|(rank, (_, key))| (key, rank)).collect()
}

/// The values of contributors, in their order.
fn values_of(totals: &Totals, ranked: &[(Amount, Key)]) -> Vec<Amount> {
    let ranks = ranks(ranked);
    let (parts, parts_log2) = parts_of(totals);
    let part = |part: usize| {
        let mut found = Vec::new();
        totals.visit_part(part, parts_log2, |key, value| {
            found.extend(ranks.get(&key).map(|&rank| (rank, value)));
        });
        found
    };
    let mut values = vec![Amount::ZERO; ranked.len()];
    for (rank, value) in parts.flat_map_iter(part).collect::<Vec<_>>() {
        values[rank] = value;
    }
    values
}

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
fn by_period(answer: &mut Answer, periods: &Totals, fold: Fold, seconds: u64, spill: &Spill) {
    let (shape, rest) = (periods.shape(), &answer.shape);
    let listed = in_memory(&answer.ranked, spill);
    let ranks = ranks(listed);
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
            if let Some(&rank) = ranks.get(&key) {
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
