//! A metric filter's metric: the questions that it asks of logs, and the series that the answers
//! make. Nothing below this room knows that there are metrics.
//!
//! CloudWatch puts each data point into the minute of its event, so the questions are asked by
//! the minute and minutes are added up to longer periods here; only dimensions, which go with no
//! default, are asked by the period at once. What CloudWatch was seen to do and what it says it
//! does differ in one thing, the default: see [`DefaultFor`].

mod alarm;
mod series;

use std::cmp::Ordering;

use crate::amount::Amount;
use crate::dialect::{MetricFilter, Value};
use crate::error::Error;
use crate::layout::Column;
use crate::measure::{Measure, Order};
use crate::query::{Query, QueryBuilder};
use crate::report::Answer;

pub use alarm::{Alarm, Statistic};
pub use series::{Point, Series};

/// CloudWatch's resolution of metrics from logs.
const MINUTE: u32 = 60;

/// For what a filter's default value is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum DefaultFor {
    /// Each event that does not match, as the service was seen to do.
    #[default]
    Event,
    /// Each minute that has events of which none matches, once, as its guide says.
    Minute,
}

/// How a metric is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MetricOptions {
    /// The seconds of a period, a multiple of 60; none for events without times, which are all
    /// one point.
    pub period: Option<u32>,
    /// The first second that counts.
    pub start: Option<u64>,
    /// The first second that does not count any more.
    pub end: Option<u64>,
    /// What a default is published for.
    pub default_for: DefaultFor,
    /// How many series a filter with dimensions has at most, those of the largest sums; 0 for all.
    pub top: usize,
}

impl Default for MetricOptions {
    fn default() -> Self {
        Self {
            period: Some(MINUTE),
            start: None,
            end: None,
            default_for: DefaultFor::Event,
            top: 0,
        }
    }
}

/// A metric filter and how it is asked for.
///
/// ```
/// use flowagg::dialect::{FilterPattern, MetricFilter, Transformation};
/// use flowagg::metric::{Metric, MetricOptions};
/// use flowagg::{Engine, Source};
/// let pattern = FilterPattern::parse("[..., bytes, start, end, action=ACCEPT, status]")?;
/// let bytes = Transformation::new("AcceptedBytes", "$bytes").default_value(0.0);
/// let filter = MetricFilter::new(pattern, bytes)?;
/// let metric = Metric::new(&filter, MetricOptions::default());
/// let report =
///     Engine::new().run_all(&metric.queries()?, &[Source::path("testdata/sample.log")])?;
/// let found = metric.found(&report.answers);
/// let minutes = &found.series[0].points;
/// assert_eq!((minutes.len(), found.matched, found.others), (1, 712, 288));
/// assert_eq!(minutes.iter().map(|minute| minute.sample_count).sum::<u64>(), 1000);
/// # Ok::<(), flowagg::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Metric<'a> {
    filter: &'a MetricFilter,
    options: MetricOptions,
}

/// What a metric filter found.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Found {
    /// A series without dimensions, or one for each combination of their values, largest sum
    /// first. None if nothing is published.
    pub series: Vec<Series>,
    /// How many series there are, listed or not.
    pub unique: u64,
    /// Events that match.
    pub matched: u64,
    /// Events that match, and whose value is missing or no number: they publish nothing.
    pub no_value: u64,
    /// Events that match and lack the value of a dimension: they publish nothing.
    pub no_dimension: u64,
    /// Events that do not match.
    pub others: u64,
    /// Those of them that lie outside the time that counts, or fail what else has to hold of
    /// records: they get no default. Told only where there is one.
    pub outside: u64,
    /// Events that add something, but have no time and so no period.
    pub no_time: u64,
}

impl<'a> Metric<'a> {
    /// The metric of a filter.
    pub fn new(filter: &'a MetricFilter, options: MetricOptions) -> Self {
        Self { filter, options }
    }

    /// The questions to ask, all in one pass.
    ///
    /// # Errors
    /// As [`MetricFilter::to_query`].
    pub fn queries(&self) -> Result<Vec<Query>, Error> {
        let filter = self.filter;
        let MetricOptions { period, start, end, top, .. } = self.options;
        let finish = |builder: QueryBuilder| builder.between(start, end).build();
        let by = |builder: QueryBuilder, seconds: u32| match period {
            Some(_) => builder.period(seconds),
            None => builder,
        };
        let values = filter.to_query()?.with_top(top).to_builder();
        let mut queries = Vec::new();
        if self.is_by_point() {
            queries.push(finish(by(values, MINUTE))?);
        } else {
            // What lies in no period publishes nothing, so that it ranks no series either.
            let (values, seconds) = (values.timed(), period.unwrap_or(MINUTE));
            queries.push(finish(by(values.clone().order(self.order()), seconds))?);
            if let Some(column) = filter.measured() {
                let values = by(values.top(0), seconds);
                queries.push(finish(values.clone().measure(Measure::Count).and_value(&column))?);
                for measure in [Measure::Min as fn(Column) -> Measure, Measure::Max] {
                    queries.push(finish(values.clone().measure(measure(column.clone())))?);
                }
            }
        }
        if self.default().is_some() {
            queries.push(finish(by(filter.matching(), MINUTE))?);
            queries.push(finish(by(filter.all(), MINUTE))?);
        }
        Ok(queries)
    }

    /// Whether one question tells all of a point: the sums of dimensions come alone, and events
    /// without a time have no periods that tell more.
    fn is_by_point(&self) -> bool {
        self.options.period.is_some() && self.filter.dimensions().next().is_none()
    }

    /// What is published for events that do not match, if anything is.
    fn default(&self) -> Option<Amount> {
        // How a double is written is decimal, to the last digit.
        self.filter.transformation().default.and_then(|d| Amount::parse(d.to_string().as_bytes()))
    }

    /// The number that each event adds, if it is always the same.
    fn constant(&self) -> Option<Amount> {
        match self.filter.value() {
            Value::Constant(amount) => Some(*amount),
            _ => None,
        }
    }

    /// What has the largest sums come first. Of a constant value it is events that are summed.
    fn order(&self) -> Order {
        match self.constant().map(|value| value.cmp(&Amount::ZERO)) {
            Some(Ordering::Less) => Order::Ascending,
            Some(Ordering::Equal) => Order::Key,
            Some(Ordering::Greater) | None => Order::Sum,
        }
    }

    /// What the answers to the [questions](Self::queries) say.
    ///
    /// # Panics
    /// If these are not the answers to those.
    pub fn found(&self, answers: &[Answer]) -> Found {
        let (answers, of_default) = match self.default() {
            Some(default) => {
                let (answers, last) = answers.split_at(answers.len() - 2);
                (answers, Some((default, &last[0], &last[1])))
            }
            None => (answers, None),
        };
        let mut series = match (self.is_by_point(), self.options.period) {
            (true, _) => series::of_minutes(&answers[0], self.constant()),
            (false, period) => series::of_sums(answers, self.constant(), period.is_some()),
        };
        if let Some((default, matching, all)) = of_default {
            let points = series::of_default(default, matching, all, self.options);
            match series.first_mut() {
                Some(first) => first.add(points),
                None => series.push(Series { dimensions: Vec::new(), points }),
            }
        }
        if let Some(period) = self.options.period {
            series.iter_mut().for_each(|series| series.lengthen(period));
        }
        series.retain(|series| !series.points.is_empty());
        let (_, places) = self.filter.keys();
        for series in &mut series {
            series.dimensions =
                places.iter().map(|&place| series.dimensions[place].clone()).collect();
        }
        let uses = answers[0].uses();
        let no_time = match of_default {
            Some((_, _, all)) => all.uses().no_time,
            None => uses.no_time,
        };
        let outside = of_default.map_or(0, |(_, _, all)| all.uses().filtered_out);
        let unique = match self.filter.dimensions().next() {
            Some(_) => answers[0].unique(),
            None => series.len() as u64,
        };
        Found {
            series,
            unique,
            matched: uses.added + uses.no_value + uses.no_key,
            no_value: uses.no_value,
            no_dimension: uses.no_key,
            others: uses.filtered_out,
            outside,
            no_time,
        }
    }
}
