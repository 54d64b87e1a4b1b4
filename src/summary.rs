//! The main job as questions: what was accepted, what was rejected, and by whom.
//!
//! All of them are asked in one pass. They are ordinary queries: nothing below this room knows
//! that there is a summary.

use crate::amount::Amount;
use crate::error::Error;
use crate::field::Field;
use crate::filter::Filter;
use crate::query::{Measure, Query, Scope};
use crate::report::{Answer, Report};
use crate::tally::Tally;

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
    let of = |action: &str| Filter::new().and_in(Field::Action, [action]);
    let sum = |action: &str, measure: Measure| {
        Query::builder().filter(of(action)).measure(measure).build()
    };
    Ok(vec![
        moment(Measure::Min(Field::Start.into()))?,
        moment(Measure::Max(Field::End.into()))?,
        sum("ACCEPT", Measure::Count)?,
        sum("ACCEPT", Measure::Sum(Field::Packets.into()))?,
        sum("ACCEPT", Measure::Sum(Field::Bytes.into()))?,
        sum("REJECT", Measure::Count)?,
        sum("REJECT", Measure::Sum(Field::Packets.into()))?,
        sum("REJECT", Measure::Sum(Field::Bytes.into()))?,
        Query::builder()
            .filter(of("ACCEPT"))
            .group_by([Field::SrcAddr])
            .measure(Measure::Sum(Field::Bytes.into()))
            .top(top)
            .build()?,
    ])
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
