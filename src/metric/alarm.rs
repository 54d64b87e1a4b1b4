//! Alarms on a metric: in which periods would one have been in ALARM?

use std::fmt;

use super::Point;
use crate::amount::Comparison;
use crate::error::{Error, ErrorKind};

/// A statistic of a metric's values in a period, by CloudWatch's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Statistic {
    /// The sum of the values.
    #[default]
    Sum,
    /// How many values.
    SampleCount,
    /// The smallest value.
    Minimum,
    /// The largest value.
    Maximum,
    /// The sum divided by the number of values.
    Average,
}

impl Statistic {
    /// All of them, in the order in which CloudWatch names them.
    pub const ALL: [Self; 5] =
        [Self::Sum, Self::SampleCount, Self::Minimum, Self::Maximum, Self::Average];

    /// Its name in CloudWatch.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sum => "Sum",
            Self::SampleCount => "SampleCount",
            Self::Minimum => "Minimum",
            Self::Maximum => "Maximum",
            Self::Average => "Average",
        }
    }
}

/// The longest evaluation: a day of minutes, which is CloudWatch's limit of seven days for
/// periods of an hour divided among the shortest ones.
const PERIODS_MAX: usize = 1440;

const EXPECTED: &str = "expected a comparison and a number such as `>= 10`, before it perhaps a \
                        statistic (Sum, SampleCount, Minimum, Maximum, Average), after it perhaps \
                        `for 3`, periods in a row, or `for 2 of 3`";

/// A condition on a statistic, and in how many of the last periods it has to hold.
///
/// A period without a data point does not breach, as if the alarm's `TreatMissingData` were
/// `notBreaching`.
///
/// ```
/// use flowagg::metric::{Alarm, Statistic};
/// let alarm = Alarm::parse("Average >= 10.5 for 2 of 3")?;
/// assert_eq!(alarm.statistic(), Statistic::Average);
/// assert_eq!(alarm.to_string(), "Average >= 10.5 for 2 of 3");
/// assert_eq!(Alarm::parse("> 1")?.to_string(), "Sum > 1 for 1");
/// # Ok::<(), flowagg::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Alarm {
    statistic: Statistic,
    comparison: Comparison,
    threshold: f64,
    breaching: usize,
    periods: usize,
}

impl Alarm {
    /// Reads an alarm: `[STATISTIC] >= NUMBER [for N [of M]]`, the statistic `Sum` by default.
    ///
    /// # Errors
    /// [`ErrorKind::Filter`].
    pub fn parse(text: &str) -> Result<Alarm, Error> {
        Self::read(text).ok_or_else(|| {
            Error::new(ErrorKind::Filter, format!("{text:?} is no alarm, {EXPECTED}"))
        })
    }

    fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let at = text.find(['<', '>'])?;
        let (name, rest) = text.split_at(at);
        let statistic = match name.trim() {
            "" => Statistic::Sum,
            name => Statistic::ALL.into_iter().find(|s| s.name().eq_ignore_ascii_case(name))?,
        };
        let signs = [
            (">=", Comparison::GreaterOrEqual),
            ("<=", Comparison::LessOrEqual),
            (">", Comparison::Greater),
            ("<", Comparison::Less),
        ];
        let (sign, comparison) = signs.into_iter().find(|(sign, _)| rest.starts_with(sign))?;
        let mut words = rest[sign.len()..].split_ascii_whitespace();
        let threshold: f64 =
            words.next()?.parse().ok().filter(|number: &f64| number.is_finite())?;
        let count = |word: &str| {
            word.parse().ok().filter(|count: &usize| (1..=PERIODS_MAX).contains(count))
        };
        let (breaching, periods) = match words.collect::<Vec<_>>().as_slice() {
            [] => (1, 1),
            ["for", periods] => (count(periods)?, count(periods)?),
            ["for", breaching, "of", periods] => (count(breaching)?, count(periods)?),
            _ => return None,
        };
        (breaching <= periods).then_some(Self {
            statistic,
            comparison,
            threshold,
            breaching,
            periods,
        })
    }

    /// The statistic that it looks at.
    pub fn statistic(&self) -> Statistic {
        self.statistic
    }

    fn breaches(&self, point: &Point) -> bool {
        let value = point.statistic(self.statistic);
        match self.comparison {
            Comparison::Less => value < self.threshold,
            Comparison::LessOrEqual => value <= self.threshold,
            Comparison::GreaterOrEqual => value >= self.threshold,
            _ => value > self.threshold,
        }
    }

    /// Whether the alarm is in ALARM at the end of each point's period; `points` are in order of
    /// time, and their periods have so many seconds.
    pub fn states(&self, points: &[Point], seconds: u32) -> Vec<bool> {
        let window = self.periods as u64 * u64::from(seconds);
        let mut first = 0;
        let mut breaching = 0;
        let state = |(at, point): (usize, &Point)| {
            breaching += usize::from(self.breaches(point));
            // Points that are as long ago as the window is, or longer, do not count any more.
            while first < at
                && points[first]
                    .start
                    .zip(point.start)
                    .is_some_and(|(old, new)| new - old >= window)
            {
                breaching -= usize::from(self.breaches(&points[first]));
                first += 1;
            }
            breaching >= self.breaching
        };
        points.iter().enumerate().map(state).collect()
    }
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.comparison {
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::GreaterOrEqual => ">=",
            _ => ">",
        };
        let Self { threshold, breaching, periods, .. } = self;
        write!(f, "{} {sign} {threshold} for {breaching}", self.statistic.name())?;
        if breaching < periods { write!(f, " of {periods}") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amount::Amount;

    fn states(alarm: &str, sums: &[Option<u64>]) -> String {
        let point = |(minute, sum): (u64, &Option<u64>)| {
            let sum = Amount::from((*sum)?);
            let start = Some(minute * 60);
            Some(Point { start, sample_count: 1, sum, minimum: sum, maximum: sum })
        };
        let points: Vec<Point> = (0..).zip(sums).filter_map(point).collect();
        let states = Alarm::parse(alarm).unwrap().states(&points, 60);
        states.iter().map(|is_alarm| if *is_alarm { 'A' } else { '.' }).collect()
    }

    #[test]
    fn alarms_want_periods_in_a_row() {
        let sums = [1, 9, 9, 9, 1, 9, 9].map(Some);
        assert_eq!(states("> 5", &sums), ".AAA.AA");
        assert_eq!(states(">= 9 for 3", &sums), "...A...");
        assert_eq!(states("<= 1 for 1", &sums), "A...A..");
        assert_eq!(states("Sum > 5 for 2 of 3", &sums), "..AAAAA");
        assert_eq!(states("< 0", &sums), ".......");
        assert_eq!(states("SampleCount >= 1 for 7", &sums), "......A");
    }

    #[test]
    fn periods_without_points_do_not_breach() {
        let sums = [Some(9), None, Some(9), Some(9), None, None, Some(9)];
        assert_eq!(states("> 5 for 2", &sums), "..A.");
        assert_eq!(states("> 5 for 2 of 3", &sums), ".AA.");
        assert_eq!(states("> 5 for 1 of 7", &sums), "AAAA");
        assert_eq!(states("> 5", &[]), "");
    }

    #[test]
    fn what_is_no_alarm() {
        for text in [
            "",
            "10",
            ">",
            ">= x",
            "= 10",
            "Total > 1",
            "> 1 for",
            "> 1 for 0",
            "> 1 for 3 of 2",
            "> 1 for 1441",
            "> 1 for 2 in 3",
            "> 1 3",
            "> inf",
            "> NaN",
        ] {
            let error = Alarm::parse(text).unwrap_err().to_string();
            assert!(error.contains("is no alarm, expected"), "{text}: {error}");
        }
        assert_eq!(Alarm::parse("average<1e3 for 2").unwrap().to_string(), "Average < 1000 for 2");
    }
}
