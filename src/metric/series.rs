//! A metric's data points, and how they are made of answers.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::{DefaultFor, MetricOptions, Statistic};
use crate::amount::Amount;
use crate::report::{Answer, PeriodMetrics};

/// The data points of a metric, for one combination of its dimensions' values.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Series {
    /// The values of the dimensions, in the filter's order.
    pub dimensions: Vec<Vec<u8>>,
    /// The points, in order of time; periods without one are left out.
    pub points: Vec<Point>,
}

/// What was published in a period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// When the period begins, in seconds since 1970; none for events without a time.
    pub start: Option<u64>,
    /// How many values.
    pub sample_count: u64,
    /// Their sum.
    pub sum: Amount,
    /// The smallest one.
    pub minimum: Amount,
    /// The largest one.
    pub maximum: Amount,
}

impl Point {
    /// As many values of one number.
    fn of(start: Option<u64>, value: Amount, count: u64) -> Self {
        let sum = value.times(count);
        Self { start, sample_count: count, sum, minimum: value, maximum: value }
    }

    /// The mean value.
    pub fn average(&self) -> f64 {
        self.sum.to_f64() / self.sample_count as f64
    }

    /// One of the statistics, as a double.
    pub fn statistic(&self, statistic: Statistic) -> f64 {
        match statistic {
            Statistic::Sum => self.sum.to_f64(),
            Statistic::SampleCount => self.sample_count as f64,
            Statistic::Minimum => self.minimum.to_f64(),
            Statistic::Maximum => self.maximum.to_f64(),
            Statistic::Average => self.average(),
        }
    }

    /// Adds the values of another point.
    fn join(&mut self, other: &Self) {
        self.sample_count += other.sample_count;
        self.sum += other.sum;
        self.minimum = self.minimum.min(other.minimum);
        self.maximum = self.maximum.max(other.maximum);
    }

    /// All points together; none if there are none.
    pub fn total(points: &[Self]) -> Option<Self> {
        let (first, others) = points.split_first()?;
        let mut total = Self { start: None, ..*first };
        others.iter().for_each(|point| total.join(point));
        Some(total)
    }
}

impl Series {
    /// Adds points to those of the same start.
    pub(super) fn add(&mut self, points: Vec<Point>) {
        self.points.extend(points);
        self.merge(|start| start);
    }

    /// Makes points of longer periods.
    pub(super) fn lengthen(&mut self, seconds: u32) {
        let seconds = u64::from(seconds);
        self.merge(|start| start / seconds * seconds);
    }

    fn merge(&mut self, start_of: impl Fn(u64) -> u64) {
        let mut points: BTreeMap<Option<u64>, Point> = BTreeMap::new();
        for point in &self.points {
            let start = point.start.map(&start_of);
            let entry = points.entry(start);
            entry.and_modify(|found| found.join(point)).or_insert(Point { start, ..*point });
        }
        self.points = points.into_values().collect();
    }
}

/// The series of an answer by minutes.
pub(super) fn of_minutes(answer: &Answer, constant: Option<Amount>) -> Vec<Series> {
    let point = |minute: &PeriodMetrics| match constant {
        Some(value) => Point::of(Some(minute.start), value, minute.sample_count),
        None => Point {
            start: Some(minute.start),
            sample_count: minute.sample_count,
            sum: minute.sum,
            minimum: minute.minimum,
            maximum: minute.maximum,
        },
    };
    let points = answer.periods().iter().map(point).collect();
    vec![Series { dimensions: Vec::new(), points }]
}

/// A value for each combination of dimensions and each start.
type Values = HashMap<(Vec<Vec<u8>>, Option<u64>), Amount>;

/// The values of an answer; without periods those of all events.
fn values(answer: &Answer, is_timed: bool) -> Values {
    let mut found = Values::new();
    for contributor in answer.contributors() {
        match is_timed {
            true => found.extend(
                contributor
                    .datapoints
                    .iter()
                    .map(|point| ((contributor.keys.clone(), Some(point.start)), point.value)),
            ),
            false => _ = found.insert((contributor.keys, None), contributor.value),
        }
    }
    if answer.labels().is_empty() {
        found.extend(answer.total().map(|total| ((Vec::new(), None), total)));
    }
    found
}

/// The series of answers that hold sums, and unless the value is constant counts, smallest and
/// largest values.
pub(super) fn of_sums(answers: &[Answer], constant: Option<Amount>, is_timed: bool) -> Vec<Series> {
    let [count, minimum, maximum] = match answers {
        [_, others @ ..] if others.len() == 3 => [0, 1, 2].map(|at| values(&others[at], is_timed)),
        _ => [(); 3].map(|()| Values::new()),
    };
    let sums = &answers[0];
    let mut order: Vec<Vec<Vec<u8>>> = sums.contributors().map(|found| found.keys).collect();
    if sums.labels().is_empty() && sums.total().is_some() {
        order.push(Vec::new());
    }
    let mut series: HashMap<Vec<Vec<u8>>, Vec<Point>> = HashMap::new();
    for (key, sum) in values(sums, is_timed) {
        let whole = |amount: &Amount| u64::try_from(amount.floor()).unwrap_or_default();
        let of = |values: &Values| values.get(&key).copied().unwrap_or_default();
        let point = match constant {
            // What is summed are events then.
            Some(value) => Point::of(key.1, value, whole(&sum)),
            None => Point {
                start: key.1,
                sample_count: whole(&of(&count)),
                sum,
                minimum: of(&minimum),
                maximum: of(&maximum),
            },
        };
        series.entry(key.0).or_default().push(point);
    }
    let finish = |dimensions: Vec<Vec<u8>>| {
        let mut points = series.remove(&dimensions).unwrap_or_default();
        points.sort_by_key(|point| point.start);
        Series { dimensions, points }
    };
    order.into_iter().map(finish).collect()
}

/// What a default adds, from the counts of matching and of all events.
pub(super) fn of_default(
    default: Amount,
    matching: &Answer,
    all: &Answer,
    options: MetricOptions,
) -> Vec<Point> {
    let samples = |all: u64, matching: u64| match options.default_for {
        DefaultFor::Event => all - matching,
        DefaultFor::Minute => u64::from(matching == 0),
    };
    let point = |start: Option<u64>, all: u64, matching: u64| {
        let samples = samples(all, matching);
        (samples > 0).then(|| Point::of(start, default, samples))
    };
    if options.period.is_none() {
        let (all, matching) = (all.uses().added, matching.uses().added);
        return point(None, all, matching).filter(|_| all > 0).into_iter().collect();
    }
    let matching = matching.periods().iter().map(|minute| (minute.start, minute.sample_count));
    let matching: HashMap<u64, u64> = matching.collect();
    let minutes = all.periods().iter().filter_map(|minute| {
        let matching = matching.get(&minute.start).copied().unwrap_or_default();
        point(Some(minute.start), minute.sample_count, matching)
    });
    minutes.collect()
}
