//! From all workers' totals to the answer to one question.

use std::sync::Arc;

use hashbrown::HashMap;
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::periods::by_period;
use super::ranks::Ranks;
use crate::amount::{AMOUNT_BYTES, Amount};
use crate::error::{Error, ErrorKind};
use crate::group::{Fold, Groups, Totals};
use crate::key::{Key, KeyShape};
use crate::measure::{Having, Measure, Order, Role};
use crate::query::Query;
use crate::rank::{Best, By, Ranked};
use crate::report::Answer;
use crate::spill::Spill;

/// The answer to one question, from the groups of its parts. What does not fit the memory is a
/// fault of `spill`, and then this is no answer.
pub fn answer(query: &Query, groups: Vec<Vec<Groups>>, spill: &Arc<Spill>) -> Answer {
    let mut measured: Vec<Measured> = Vec::new();
    let (mut largest, mut periods) = (None, None);
    for (part, groups) in query.parts().iter().zip(groups) {
        let totals = Totals::collect(groups).expect("there is at least one worker");
        let totals = part.joins.iter().fold(totals, |totals, join| totals.joined(join, spill));
        match part.role {
            Role::Value(_) => measured.push(Measured::new(totals, query.measures(), &measured)),
            Role::Divisor(at) => measured[at].divisor = Some(totals),
            Role::Largest => largest = Some(totals),
            Role::Periods => periods = Some(totals),
        }
    }
    agree(&mut measured, spill);
    let has_keys = !query.labels().is_empty();
    let mut found = if has_keys { rank(query, &measured, spill) } else { all(&measured) };
    let mut maxima = Vec::new();
    if let Some(largest) = largest.filter(|_| has_keys) {
        let by_maximum = rank_one(&largest, Fold::Max, By::Largest, query.top(), spill);
        let listed = in_memory(&by_maximum.ranked, spill);
        let sums = measured[0].values_of(&Ranks::new(listed));
        maxima = listed.iter().map(|(maximum, _)| *maximum).collect();
        let keys = listed.iter().map(|(_, key)| key.clone());
        found.ranked =
            sums.into_iter().map(Option::unwrap_or_default).zip(keys).collect::<Vec<_>>().into();
        spill.budget().give(listed.len() * LOOK_UP_BYTES);
        found.unique = by_maximum.unique;
        largest.give_back(spill);
    }
    let (beside, totals) = beside(&found, &measured, spill);
    let mut answer = Answer {
        labels: query.labels().to_vec(),
        uses: measured[0].totals.uses(),
        shape: measured[0].totals.shape().clone(),
        ranked: found.ranked,
        maxima,
        beside,
        datapoints: Vec::new(),
        periods: Vec::new(),
        unique: found.unique,
        passed: found.passed,
        total: found.total,
        totals,
    };
    let fold = measured[0].fold;
    measured.into_iter().for_each(|measured| measured.give_back(spill));
    if let (Some(periods), Some(seconds)) = (periods, query.period()) {
        by_period(&mut answer, &periods, fold, seconds.into(), spill);
        periods.give_back(spill);
    }
    answer
}

/// The totals of a measure.
struct Measured {
    totals: Totals,
    /// What they are divided by.
    divisor: Option<Totals>,
    /// How totals of several contributors become one.
    fold: Fold,
    /// Whether they do: numbers of different values do not add up.
    is_joinable: bool,
}

impl Measured {
    /// The totals of the measure after those that are known.
    fn new(totals: Totals, measures: &[Measure], known: &[Self]) -> Self {
        let measure = &measures[known.len()];
        let fold = match measure {
            Measure::Min(_) => Fold::Min,
            Measure::Max(_) => Fold::Max,
            _ => Fold::Sum,
        };
        let is_joinable = !matches!(measure, Measure::Unique(_));
        Self { totals, divisor: None, fold, is_joinable }
    }

    fn all(&self) -> impl Iterator<Item = &Totals> {
        std::iter::once(&self.totals).chain(&self.divisor)
    }

    /// The value of everything, for a question without keys.
    fn total(&self) -> Option<Amount> {
        let total = self.totals.total()?;
        match &self.divisor {
            Some(divisor) => Some(total.divided(divisor.total()?)),
            None => Some(total),
        }
    }

    /// The value over all contributors of a question with keys, if there is one.
    fn sum(&self) -> Option<Amount> {
        let sum = |totals: &Totals, fold: Fold| {
            let (parts, parts_log2) = parts_of(totals);
            let part = |part: usize| {
                let mut sum: Option<Amount> = None;
                totals.visit_part(part, parts_log2, |_, value| {
                    sum = Some(sum.map_or(value, |sum| fold.join(sum, value)));
                });
                sum
            };
            parts.filter_map(part).reduce_with(|left, right| fold.join(left, right))
        };
        let total = self.is_joinable.then(|| sum(&self.totals, self.fold))??;
        match &self.divisor {
            Some(divisor) => Some(total.divided(sum(divisor, Fold::Sum)?)),
            None => Some(total),
        }
    }

    /// The values of contributors, in their order.
    fn values_of(&self, ranks: &Ranks<'_>) -> Vec<Option<Amount>> {
        let values = values_of(&self.totals, ranks);
        let Some(divisor) = &self.divisor else { return values };
        let counts = values_of(divisor, ranks);
        let pairs = values.into_iter().zip(counts);
        pairs.map(|(value, count)| Some(value?.divided(count?))).collect()
    }

    fn give_back(self, spill: &Spill) {
        self.totals.give_back(spill);
        if let Some(divisor) = self.divisor {
            divisor.give_back(spill);
        }
    }
}

/// Has all totals tell their contributors in keys of the same shape. They differ only where files
/// have columns of different kinds for what one measure tells contributors apart by.
fn agree(measured: &mut [Measured], spill: &Arc<Spill>) {
    // Without a record that has all the columns there is no contributor, and nothing to tell.
    let shapes = || {
        let all = measured.iter().flat_map(Measured::all).map(Totals::shape);
        all.filter(|shape| !shape.parts().is_empty())
    };
    let first = shapes().next();
    if shapes().all(|shape| Some(shape) == first) {
        return;
    }
    for Measured { totals, divisor, .. } in measured {
        totals.tell_as_text(spill);
        divisor.iter_mut().for_each(|divisor| divisor.tell_as_text(spill));
    }
}

/// The only contributor of a question without keys.
fn all(measured: &[Measured]) -> Found {
    let total = measured[0].total();
    let unique = u64::from(total.is_some());
    Found { ranked: Vec::new().into(), unique, passed: unique, total }
}

/// The values of all measures but the first, of each listed contributor, and over all.
fn beside(
    found: &Found,
    measured: &[Measured],
    spill: &Arc<Spill>,
) -> (Vec<Vec<Option<Amount>>>, Vec<Option<Amount>>) {
    if measured.len() == 1 {
        return (Vec::new(), Vec::new());
    }
    let others = &measured[1..];
    if measured[0].totals.shape().parts().is_empty() {
        return (Vec::new(), others.iter().map(Measured::total).collect());
    }
    let listed = in_memory(&found.ranked, spill);
    let ranks = Ranks::new(listed);
    let values: Vec<_> = others.iter().map(|measured| measured.values_of(&ranks)).collect();
    spill.budget().give(listed.len() * LOOK_UP_BYTES);
    (values, others.iter().map(Measured::sum).collect())
}

pub(super) fn parts_of(totals: &Totals) -> (rayon::range::Iter<usize>, u32) {
    let parts_log2 = totals.parts_log2();
    ((0..1usize << parts_log2).into_par_iter(), parts_log2)
}

/// What ranking came to.
struct Found {
    ranked: Ranked,
    /// How many contributors there are.
    unique: u64,
    /// How many of them may be listed.
    passed: u64,
    /// The value over all of them.
    total: Option<Amount>,
}

/// The best contributors.
fn rank(query: &Query, measured: &[Measured], spill: &Arc<Spill>) -> Found {
    let (by, top) = match query.order() {
        // Of those that are ordered by something else only the total is wanted.
        Order::Maximum => (By::Largest, 1),
        Order::Sum => (By::Largest, query.top()),
        Order::Ascending => (By::Smallest, query.top()),
        Order::Key => (By::Key, query.top()),
    };
    let first = &measured[0];
    let having = query.having();
    let mut found = match (&first.divisor, having) {
        (None, []) => rank_one(&first.totals, first.fold, by, top, spill),
        _ => rank_joined(measured, having, by, top, spill),
    };
    if !first.is_joinable {
        found.total = None;
    }
    found
}

/// The best contributors by their totals alone.
fn rank_one(totals: &Totals, fold: Fold, by: By, top: usize, spill: &Arc<Spill>) -> Found {
    let shape = totals.shape();
    let (parts, parts_log2) = parts_of(totals);
    let part = |part: usize| {
        let mut found = Ranking::none(shape, by, top, spill);
        totals.visit_part(part, parts_log2, |key, value| {
            found.unique += 1;
            found.passed += 1;
            found.total = Some(found.total.map_or(value, |total| fold.join(total, value)));
            found.best.push(key, value);
        });
        found
    };
    let none = || Ranking::none(shape, by, top, spill);
    parts.map(part).reduce(none, |left, right| left.join(right, fold)).finish(spill)
}

/// The best contributors by what several totals say of them.
fn rank_joined(
    measured: &[Measured],
    having: &[Having],
    by: By,
    top: usize,
    spill: &Arc<Spill>,
) -> Found {
    let wanted = |at: &usize| *at == 0 || having.iter().any(|having| having.measure == *at);
    let wanted: Vec<usize> = (0..measured.len()).filter(wanted).collect();
    let all: Vec<&Totals> = wanted.iter().flat_map(|&at| measured[at].all()).collect();
    let parts_log2 = common_parts_log2(&all);
    let shape = measured[0].totals.shape();
    let part = |part: usize| {
        let mut found = Ranking::none(shape, by, top, spill);
        let mut joined: HashMap<Key, Vec<Option<Amount>>> = HashMap::new();
        let mut taken = 0;
        for (at, totals) in all.iter().enumerate() {
            totals.visit_part(part, parts_log2, |key, value| {
                if joined.len() == joined.capacity() {
                    let bytes = (joined.len() + 1) * (LOOK_UP_BYTES + all.len() * AMOUNT_BYTES);
                    match spill.budget().try_take_reserve(bytes) {
                        true => taken += bytes,
                        false => return spill.fail(too_many_to_compare()),
                    }
                }
                joined.entry(key).or_insert_with(|| vec![None; all.len()])[at] = Some(value);
            });
        }
        for (key, values) in joined {
            found.unique += 1;
            let mut values = values.into_iter();
            let mut value = |at: usize| {
                let total = values.next().flatten();
                match &measured[at].divisor {
                    Some(_) => Some(total?.divided(values.next().flatten()?)),
                    None => total,
                }
            };
            let values: Vec<Option<Amount>> = wanted.iter().map(|&at| value(at)).collect();
            let value_of = |at: usize| values[wanted.iter().position(|&other| other == at)?];
            let holds = |having: &Having| {
                value_of(having.measure)
                    .is_some_and(|value| having.comparison.holds(value, having.amount))
            };
            if let Some(value) = values[0].filter(|_| having.iter().all(holds)) {
                found.passed += 1;
                found.best.push(key, value);
            }
        }
        spill.budget().give(taken);
        found
    };
    let none = || Ranking::none(shape, by, top, spill);
    let parts = (0..1usize << parts_log2).into_par_iter().map(part);
    let mut found = parts.reduce(none, |left, right| left.join(right, Fold::Sum)).finish(spill);
    found.total = measured[0].sum();
    found
}

/// Into how many parts several totals are divided alike.
fn common_parts_log2(all: &[&Totals]) -> u32 {
    let outgrown = all.iter().find(|totals| totals.is_outgrown());
    let most = || all.iter().map(|totals| totals.parts_log2()).max().unwrap_or(0);
    outgrown.map_or_else(most, |totals| totals.parts_log2())
}

fn too_many_to_compare() -> Error {
    let text = "contributors are too many to compare several of their values in the memory that \
                they may take; rank by a sum or a count without a condition, or allow more with \
                --memory";
    Error::new(ErrorKind::Memory, text)
}

/// Bytes for each contributor that is looked up by its key, and whose value is found so.
pub(super) const LOOK_UP_BYTES: usize = 192;

/// The contributors of a list, to be looked up by their keys for a while: none, and a fault, if
/// there is no memory for that.
pub(super) fn in_memory<'r>(ranked: &'r Ranked, spill: &Spill) -> &'r [(Amount, Key)] {
    let is_room =
        |listed: &&[(Amount, Key)]| spill.budget().try_take_reserve(listed.len() * LOOK_UP_BYTES);
    ranked.in_memory().filter(is_room).unwrap_or_else(|| {
        spill.fail(too_long(ranked.iter().len()));
        &[]
    })
}

pub(super) fn too_long(listed: usize) -> Error {
    let text = format!(
        "a list of {listed} contributors with a maximum, several values or periods is too long for \
         the memory that it may take; list fewer with -n, or allow more with --memory"
    );
    Error::new(ErrorKind::Memory, text)
}

/// What ranking one part, or several, came to.
struct Ranking<'a> {
    best: Best<'a>,
    unique: u64,
    passed: u64,
    total: Option<Amount>,
}

impl<'a> Ranking<'a> {
    fn none(shape: &'a KeyShape, by: By, wanted: usize, spill: &'a Spill) -> Self {
        Self { best: Best::new(shape, by, wanted, spill), unique: 0, passed: 0, total: None }
    }

    fn join(self, other: Self, fold: Fold) -> Self {
        let total = match (self.total, other.total) {
            (Some(left), Some(right)) => Some(fold.join(left, right)),
            (total, None) | (None, total) => total,
        };
        Self {
            best: self.best.merge(other.best),
            unique: self.unique + other.unique,
            passed: self.passed + other.passed,
            total,
        }
    }

    fn finish(self, spill: &Arc<Spill>) -> Found {
        let Self { best, unique, passed, total } = self;
        Found { ranked: best.finish(spill), unique, passed, total }
    }
}

/// The values of contributors, in their order.
fn values_of(totals: &Totals, ranks: &Ranks<'_>) -> Vec<Option<Amount>> {
    let (parts, parts_log2) = parts_of(totals);
    let part = |part: usize| {
        let mut found = Vec::new();
        totals.visit_part(part, parts_log2, |key, value| {
            found.extend(ranks.get(&key).map(|rank| (rank, value)));
        });
        found
    };
    let mut values = vec![None; ranks.len()];
    for (rank, value) in parts.flat_map_iter(part).collect::<Vec<_>>() {
        values[rank] = Some(value);
    }
    values
}
