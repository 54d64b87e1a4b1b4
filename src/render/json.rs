//! JSON: exact integers, shares from 0 to 1, nothing rounded.

use std::io::{self, Write};

use serde::{Serialize, Serializer};

use super::insight_report::{InsightReport, NamedReport};
use super::sheet::Spelled;
use super::{Ranking, exact, share};
use crate::amount::Amount;
use crate::report::Answer;
use crate::summary::{Summary, Traffic};
use crate::tally::Tally;

/// Writes a summary: the members `tally`, `time`, `accept`, `reject` and `contributors`.
///
/// # Errors
/// What `out` says.
pub fn summary(out: &mut dyn Write, summary: &Summary<'_>) -> io::Result<()> {
    pretty(out, &SummaryText::new(summary))
}

/// Writes the answer to a rule in the shape of CloudWatch's `GetInsightRuleReport`; those to
/// named rules as an array of objects with the members `RuleName` and `Report`.
///
/// # Errors
/// What `out` says.
pub fn rules(out: &mut dyn Write, rankings: &[Ranking<'_>]) -> io::Result<()> {
    match rankings {
        [ranking] if ranking.name.is_none() => pretty(out, &InsightReport::new(ranking)),
        several => pretty(out, &several.iter().map(NamedReport::new).collect::<Vec<_>>()),
    }
}

pub(super) fn pretty(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(Spelled(&mut *out), value)?;
    out.write_all(b"\n")
}

#[derive(Serialize)]
struct SummaryText<'a> {
    tally: TallyText,
    time: TimeText,
    accept: TrafficText,
    reject: TrafficText,
    contributors: ContributorsText<'a>,
}

#[derive(Serialize)]
pub(super) struct TallyText {
    lines: u64,
    headers: u64,
    blank: u64,
    ok: u64,
    no_data: u64,
    skip_data: u64,
    malformed: u64,
}

#[derive(Serialize)]
struct TimeText {
    start: Option<u128>,
    end: Option<u128>,
}

#[derive(Serialize)]
struct TrafficText {
    records: u128,
    packets: u128,
    bytes: u128,
}

#[derive(Serialize)]
struct ContributorsText<'a> {
    keys: &'a [String],
    unique: u64,
    #[serde(serialize_with = "exact")]
    total: Amount,
    #[serde(serialize_with = "one_by_one")]
    top: &'a Answer,
}

#[derive(Serialize)]
struct ContributorText {
    keys: Vec<String>,
    #[serde(serialize_with = "exact")]
    value: Amount,
    share: f64,
}

impl<'a> SummaryText<'a> {
    fn new(summary: &Summary<'a>) -> Self {
        let tally = summary.tally;
        Self {
            tally: TallyText::new(tally),
            time: TimeText { start: summary.start, end: summary.end },
            accept: TrafficText::new(&summary.accept),
            reject: TrafficText::new(&summary.reject),
            contributors: ContributorsText {
                keys: summary.contributors.labels(),
                unique: summary.contributors.unique(),
                total: summary.contributors.total().unwrap_or_default(),
                top: summary.contributors,
            },
        }
    }
}

impl TallyText {
    pub(super) fn new(tally: &Tally) -> Self {
        Self {
            lines: tally.lines,
            headers: tally.headers,
            blank: tally.blank,
            ok: tally.ok,
            no_data: tally.no_data,
            skip_data: tally.skip_data,
            malformed: tally.malformed,
        }
    }
}

impl TrafficText {
    fn new(traffic: &Traffic) -> Self {
        Self { records: traffic.records, packets: traffic.packets, bytes: traffic.bytes }
    }
}

fn one_by_one<S: Serializer>(answer: &&Answer, serializer: S) -> Result<S::Ok, S::Error> {
    let total = answer.total().unwrap_or_default();
    serializer.collect_seq(answer.contributors().map(|contributor| ContributorText {
        keys: contributor.key_texts().collect(),
        value: contributor.value,
        share: share(contributor.value, total),
    }))
}
