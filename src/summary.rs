//! The main job as questions: what was accepted, what was rejected, and by whom.
//!
//! All of them are asked in one pass. They are ordinary queries: nothing below this room knows
//! that there is a summary. What is accepted and what is rejected say the two metric filters that
//! `rules/` ships, by the names of their fields, so that they hold for any layout.

use crate::amount::Amount;
use crate::dialect::{FilterFile, MetricFilter};
use crate::error::{Error, ErrorKind};
use crate::field::Field;
use crate::measure::Measure;
use crate::query::{Query, QueryBuilder, Scope};
use crate::report::{Answer, Report};
use crate::tally::Tally;

/// The filters of accepted and of rejected bytes, as `flowagg metric --filter` takes them.
const ACCEPT: &str = include_str!("../rules/accept_bytes_filter.json");
const REJECT: &str = include_str!("../rules/reject_bytes_filter.json");

/// How many questions a summary asks.
const QUESTIONS: usize = 9;

/// What the flow logs say on the whole: a view of the report on [`queries`].
///
/// ```
/// use flowagg::summary::{self, Summary};
/// use flowagg::{Engine, Source};
/// let sources = [Source::path("/dev/null")];
/// let report = Engine::new().run_all(&summary::queries(10)?, &sources)?;
/// assert_eq!(Summary::new(&report).accept.bytes, 0);
/// # Ok::<(), flowagg::Error>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Summary<'a> {
    /// What became of every line.
    pub tally: &'a Tally,
    /// The first second of any record, as the records state it; NODATA and SKIPDATA count too.
    pub start: Option<u128>,
    /// The last second of any record.
    pub end: Option<u128>,
    /// The traffic that was let through.
    pub accept: Traffic,
    /// The traffic that was not.
    pub reject: Traffic,
    /// Accepted bytes by `srcaddr`.
    pub contributors: &'a Answer,
}

/// An amount of traffic.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Traffic {
    /// Records of traffic.
    pub records: u128,
    /// Their packets.
    pub packets: u128,
    /// Their bytes.
    pub bytes: u128,
}

/// The questions of a summary that lists the `top` contributors; 0 for all.
///
/// # Errors
/// None that a test would not find: the questions are fixed.
pub fn queries(top: usize) -> Result<Vec<Query>, Error> {
    let moment = |measure: Measure| Query::builder().scope(Scope::All).measure(measure).build();
    let mut queries =
        vec![moment(Measure::Min(Field::Start.into()))?, moment(Measure::Max(Field::End.into()))?];
    for text in [ACCEPT, REJECT] {
        let filter = filter(text)?;
        queries.extend([
            traffic(&filter).measure(Measure::Count).build()?,
            traffic(&filter).measure(Measure::Sum(Field::Packets.into())).build()?,
            filter.to_query()?.to_builder().scope(Scope::Traffic).build()?,
        ]);
    }
    let accepted = filter(ACCEPT)?;
    let bytes = accepted.to_query()?.to_builder().scope(Scope::Traffic);
    queries.push(bytes.group_by([Field::SrcAddr]).top(top).build()?);
    Ok(queries)
}

/// The filter of a file, by the names of its fields.
fn filter(text: &str) -> Result<MetricFilter, Error> {
    let file = FilterFile::read(text.as_bytes(), "summary")?;
    let filter = file.filters.first().map(|filter| filter.parse());
    let none = || Error::new(ErrorKind::Internal, "a shipped file holds no filter");
    Ok(filter.ok_or_else(none)??.by_name())
}

/// The records of traffic that match.
fn traffic(filter: &MetricFilter) -> QueryBuilder {
    filter.matching().scope(Scope::Traffic)
}

impl<'a> Summary<'a> {
    /// The view of a report.
    ///
    /// # Panics
    /// If the report is not one on [`queries`].
    pub fn new(report: &'a Report) -> Self {
        let answers: &[Answer; QUESTIONS] =
            report.answers.as_slice().try_into().expect("a report on the questions of a summary");
        let [start, end, sums @ .., contributors] = answers;
        let word = |answer: &Answer| answer.total().map(of_records);
        let traffic = |at: usize| Traffic {
            records: word(&sums[at]).unwrap_or(0),
            packets: word(&sums[at + 1]).unwrap_or(0),
            bytes: word(&sums[at + 2]).unwrap_or(0),
        };
        Self {
            tally: &report.tally,
            start: word(start),
            end: word(end),
            accept: traffic(0),
            reject: traffic(3),
            contributors,
        }
    }
}

/// What the fields of flow-log records add up to is whole and not negative.
fn of_records(amount: Amount) -> u128 {
    u128::try_from(amount.floor()).unwrap_or_default()
}
