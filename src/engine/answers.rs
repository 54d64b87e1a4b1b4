//! From all workers' totals to the answer to one question.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use crate::amount::Amount;
use crate::group::{Fold, Groups, Moment, Totals};
use crate::key::{Key, KeyShape};
use crate::query::{Order, Part, Query};
use crate::rank::Best;
use crate::report::{Answer, Datapoint, PeriodMetrics};

/// The answer to one question, from the groups of its parts.
pub fn answer(query: &Query, groups: Vec<Vec<Groups>>) -> Answer {
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
        (true, _) => rank(&values, fold, query.top()),
        (false, total) => (Vec::new(), u64::from(total.is_some()), total),
    };
    let mut maxima = Vec::new();
    if let Some(largest) = largest.filter(|_| has_keys && query.order() == Order::Maximum) {
        let by_maximum;
        (by_maximum, unique, _) = rank(&largest, Fold::Max, query.top());
        let sums = values_of(&values, &by_maximum);
        maxima = by_maximum.iter().map(|(maximum, _)| *maximum).collect();
        ranked = sums.into_iter().zip(by_maximum).map(|(sum, (_, key))| (sum, key)).collect();
        total = total.or(values.total());
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
    if let (Some(periods), Some(seconds)) = (periods, query.period()) {
        by_period(&mut answer, &periods, fold, seconds.into());
    }
    answer
}

fn parts_of(totals: &Totals) -> (rayon::range::Iter<usize>, u32) {
    let parts_log2 = totals.parts_log2();
    ((0..1usize << parts_log2).into_par_iter(), parts_log2)
}

/// The best contributors, how many there are, and their total.
fn rank(totals: &Totals, fold: Fold, top: usize) -> (Vec<(Amount, Key)>, u64, Option<Amount>) {
    let shape = totals.shape();
    let (parts, parts_log2) = parts_of(totals);
    let part = |part: usize| {
        let mut found = Ranked::none(shape, top);
        totals.visit_part(part, parts_log2, |key, value| {
            found.unique += 1;
            found.total = Some(found.total.map_or(value, |total| fold.join(total, value)));
            found.best.push(key, value);
        });
        found
    };
    let none = || Ranked::none(shape, top);
    let Ranked { best, unique, total } =
        parts.map(part).reduce(none, |left, right| left.join(right, fold));
    (best.finish(), unique, total)
}

/// What ranking one part, or several, came to.
struct Ranked<'a> {
    best: Best<'a>,
    unique: u64,
    total: Option<Amount>,
}

impl<'a> Ranked<'a> {
    fn none(shape: &'a KeyShape, wanted: usize) -> Self {
        Self { best: Best::new(shape, wanted), unique: 0, total: None }
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

/// Adds datapoints and metrics to an answer.
fn by_period(answer: &mut Answer, periods: &Totals, fold: Fold, seconds: u64) {
    let (shape, rest) = (periods.shape(), &answer.shape);
    let ranks = ranks(&answer.ranked);
    let (parts, parts_log2) = parts_of(periods);
    let part = |part: usize| {
        let mut found = Found::default();
        periods.visit_part(part, parts_log2, |key, value| {
            let Some((number, key)) = shape.split_first(&key, rest) else { return };
            let number = number as u32;
            found.add(number, Sum { unique: 1, largest: value, total: value }, fold);
            if let Some(&rank) = ranks.get(&key) {
                found.points.push((rank, number, value));
            }
        });
        found
    };
    let mut found = parts.map(part).reduce(Found::default, |left, right| left.join(right, fold));
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
    answer.datapoints = vec![Vec::new(); answer.ranked.len()];
    for (rank, number, value) in found.points {
        if number != u32::MAX {
            answer.datapoints[rank].push(Datapoint { start: start(number), value });
        }
    }
}
