//! What a heap of logs is, asked before any other question: whose, of when, in which layouts, how
//! whole, and what cannot be asked of it.
//!
//! All of it are ordinary questions in one pass, and the account that the engine keeps of each
//! input.

use std::collections::{BTreeMap, HashMap};

use crate::dialect::{FilterPattern, MetricFilter, Transformation};
use crate::error::Error;
use crate::field::Field;
use crate::filter::Filter;
use crate::layout::Layout;
use crate::measure::Measure;
use crate::query::{Query, Scope};
use crate::report::{Answer, Report};
use crate::tally::Tally;

/// How many questions a survey asks.
const QUESTIONS: usize = 12;

/// Seconds of the periods in which records are looked for.
const PERIOD: u32 = 300;

/// A hole in time is told from this many seconds on. Flow logs have windows of up to 10 minutes,
/// so that shorter ones say nothing.
const GAP_SECONDS: u64 = 900;

/// Of large logs flows from every 64th source port are looked at: enough to see whether flows
/// are there twice, with a table that stays small.
const PORT_STEP: u32 = 64;

/// Logs of more bytes than this, as they lie on disk, are large; and a pipe may be.
const SAMPLED_FROM: u64 = 16 << 20;

/// What a heap of logs is: a view of the report on [`queries`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Survey<'a> {
    /// What became of every line.
    pub tally: &'a Tally,
    /// The first second of any record.
    pub start: Option<u64>,
    /// The last second of any record.
    pub end: Option<u64>,
    /// Holes between the first and the last record, in order of time: from the end of the last
    /// five minutes in which a record starts to the beginning of the next.
    pub gaps: Vec<(u64, u64)>,
    /// Records by `version`.
    pub versions: &'a Answer,
    /// Records by `account-id`.
    pub accounts: &'a Answer,
    /// Records by `interface-id`.
    pub interfaces: &'a Answer,
    /// Records by `region`.
    pub regions: &'a Answer,
    /// How many records there are, of those that are asked about.
    pub counts: Counts,
    /// Records of traffic from IPv6 addresses.
    pub ipv6: u64,
    /// Flows that may be counted twice.
    pub doubles: Doubles,
    /// The files by what they are wrapped in and by their layout.
    pub shapes: Vec<Shape<'a>>,
    /// What cannot be asked, and the fields that it would take.
    pub lacking: Vec<Lacking>,
}

/// How many records are what: all of them, unless only some are asked about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// All of these.
    pub records: u64,
    /// Records of traffic.
    pub ok: u64,
    /// Records that say there was no traffic.
    pub no_data: u64,
    /// Records that say some were lost.
    pub skip_data: u64,
}

impl Counts {
    /// By what became of the records: of all, of those of traffic, and of those without it.
    fn new(all: &Answer, traffic: &Answer, no_data: &Answer) -> Self {
        let count = |answer: &Answer| {
            let uses = answer.uses();
            uses.added + uses.no_key + uses.no_value
        };
        let (records, ok, no_data) = (count(all), count(traffic), count(no_data));
        Self { records, ok, no_data, skip_data: records.saturating_sub(ok + no_data) }
    }
}

/// Flows that may be counted twice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Doubles {
    /// Flows that were looked at: source, destination, ports and protocol.
    pub flows: u64,
    /// Those that two interfaces or more recorded.
    pub at_two_interfaces: u64,
    /// Records of one flow, interface, window and action.
    pub windows: u64,
    /// Those of which there are two or more: flow logs that overlap.
    pub repeated: u64,
    /// One in how many source ports was looked at.
    pub one_in: u32,
}

/// Files that are wrapped alike and have records of the same layout.
#[derive(Debug)]
#[non_exhaustive]
pub struct Shape<'a> {
    /// What their lines are wrapped in, outermost first.
    pub containers: &'a [&'static str],
    /// The layouts of their records, none where there are no records.
    pub layouts: &'a [Layout],
    /// How many files.
    pub files: u64,
    /// Their records, whatever their log-status.
    pub records: u64,
    /// The first of them.
    pub example: &'a str,
}

/// A question that cannot be answered for want of fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lacking {
    /// The fields.
    pub fields: &'static [Field],
    /// What cannot be told without them.
    pub question: &'static str,
    /// Files whose records lack one of them.
    pub files: u64,
}

/// What it takes to answer what people commonly ask.
const QUESTIONS_AND_FIELDS: [(&[Field], &str); 9] = [
    (&[Field::SrcAddr, Field::DstAddr], "who talked to whom"),
    (&[Field::Bytes, Field::Packets], "how much was sent"),
    (&[Field::Action], "what was rejected"),
    (&[Field::Start, Field::End], "when it was"),
    (&[Field::DstPort, Field::Protocol], "which service it was for"),
    (&[Field::PktSrcAddr, Field::PktDstAddr], "who was behind NAT, load balancers and gateways"),
    (&[Field::FlowDirection], "which records are the same flow seen from its other end"),
    (&[Field::TcpFlags], "who opened a connection"),
    (&[Field::InstanceId], "which instance it was"),
];

/// The questions of a survey that lists at most `top` accounts, interfaces and so on, of logs of
/// `bytes` bytes; 0 if that is not known.
///
/// # Errors
/// None that a test would not find: the questions are fixed.
pub fn queries(top: usize, bytes: u64) -> Result<Vec<Query>, Error> {
    let all = || Query::builder().scope(Scope::All).lenient();
    let by = |field: Field| all().group_by([field]).measure(Measure::Count).top(top).build();
    let pattern = FilterPattern::parse("[srcaddr=*:*, ...]")?;
    let ipv6 = MetricFilter::new(pattern, Transformation::new("IPv6", "1"))?.by_name();
    let flows = |fields: &[Field]| {
        let filter = match one_in(bytes) {
            1 => Filter::new(),
            step => {
                let ports = (step..=u16::MAX.into()).step_by(step as usize);
                let ports = ports.map(|port| port.to_string());
                Filter::new().and_in(Field::SrcPort, ports)
            }
        };
        let flows = all().scope(Scope::Traffic).filter(filter).measure(Measure::Count);
        flows.group_by(fields.iter().copied()).top(0).build()
    };
    Ok(vec![
        all().measure(Measure::Min(Field::Start.into())).build()?,
        all().measure(Measure::Max(Field::End.into())).build()?,
        all().measure(Measure::Count).period(PERIOD).build()?,
        by(Field::Version)?,
        by(Field::AccountId)?,
        by(Field::InterfaceId)?,
        by(Field::Region)?,
        ipv6.matching().scope(Scope::Traffic).measure(Measure::Count).lenient().build()?,
        flows(&FLOW)?,
        flows(&WINDOW)?,
        all().scope(Scope::Traffic).build()?,
        all().filter(Filter::new().and_in(Field::LogStatus, ["NODATA"])).build()?,
    ])
}

/// What tells a flow, and then at which interface it was recorded.
const FLOW: [Field; 6] = [
    Field::SrcAddr,
    Field::DstAddr,
    Field::SrcPort,
    Field::DstPort,
    Field::Protocol,
    Field::InterfaceId,
];

/// What no two records of one flow log share.
const WINDOW: [Field; 8] = [
    Field::SrcAddr,
    Field::DstAddr,
    Field::SrcPort,
    Field::DstPort,
    Field::Protocol,
    Field::InterfaceId,
    Field::Start,
    Field::Action,
];

fn one_in(bytes: u64) -> u32 {
    if bytes == 0 || bytes > SAMPLED_FROM { PORT_STEP } else { 1 }
}

impl<'a> Survey<'a> {
    /// The view of a report on logs of `bytes` bytes.
    ///
    /// # Panics
    /// If the report is not one on [`queries`].
    pub fn new(report: &'a Report, bytes: u64) -> Self {
        let answers: &[Answer; QUESTIONS] =
            report.answers.as_slice().try_into().expect("a report on the questions of a survey");
        let [start, end, times, versions, accounts, interfaces, regions, rest @ ..] = answers;
        let [ipv6, flows, windows, traffic, no_data] = rest;
        let word =
            |answer: &Answer| answer.total().and_then(|total| u64::try_from(total.floor()).ok());
        Self {
            tally: &report.tally,
            start: word(start),
            end: word(end),
            gaps: gaps(times),
            versions,
            accounts,
            interfaces,
            regions,
            counts: Counts::new(start, traffic, no_data),
            ipv6: word(ipv6).unwrap_or(0),
            doubles: doubles(flows, windows, one_in(bytes)),
            shapes: shapes(report),
            lacking: lacking(report),
        }
    }
}

fn gaps(times: &Answer) -> Vec<(u64, u64)> {
    let period = u64::from(PERIOD);
    let holes = times.periods().windows(2).filter_map(|pair| {
        let (from, to) = (pair[0].start + period, pair[1].start);
        (to.saturating_sub(from) >= GAP_SECONDS).then_some((from, to))
    });
    holes.collect()
}

fn doubles(flows: &Answer, windows: &Answer, one_in: u32) -> Doubles {
    let mut interfaces: HashMap<Box<[u8]>, u32> = HashMap::new();
    for mut flow in flows.contributors() {
        flow.keys.pop();
        // In one piece, as there are many.
        *interfaces.entry(flow.keys.join(&0).into()).or_default() += 1;
    }
    let repeated = windows.contributors().filter(|window| window.value > 1u64.into());
    Doubles {
        flows: interfaces.len() as u64,
        at_two_interfaces: interfaces.values().filter(|&&count| count > 1).count() as u64,
        windows: windows.unique(),
        repeated: repeated.count() as u64,
        one_in,
    }
}

fn shapes(report: &Report) -> Vec<Shape<'_>> {
    let mut shapes: Vec<Shape<'_>> = Vec::new();
    let mut known: HashMap<(&[&str], Vec<&str>), usize> = HashMap::new();
    for file in report.files.iter().filter(|file| !file.containers.is_empty()) {
        let names = file.layouts.iter().flat_map(names).collect();
        let at = *known.entry((&file.containers, names)).or_insert_with(|| {
            shapes.push(Shape {
                containers: &file.containers,
                layouts: &file.layouts,
                files: 0,
                records: 0,
                example: &file.input,
            });
            shapes.len() - 1
        });
        shapes[at].files += 1;
        shapes[at].records += file.tally.records();
    }
    shapes
}

/// The names of a layout's columns.
fn names(layout: &Layout) -> impl Iterator<Item = &str> {
    (0..layout.columns()).filter_map(|column| layout.name(column))
}

fn lacking(report: &Report) -> Vec<Lacking> {
    let mut files: BTreeMap<usize, u64> = BTreeMap::new();
    for file in &report.files {
        for (at, (fields, _)) in QUESTIONS_AND_FIELDS.iter().enumerate() {
            let lacks = |layout: &Layout| fields.iter().any(|&f| layout.position(f).is_none());
            *files.entry(at).or_default() += u64::from(file.layouts.iter().any(lacks));
        }
    }
    let lacking = files.into_iter().filter(|(_, files)| *files > 0).map(|(at, files)| {
        let (fields, question) = QUESTIONS_AND_FIELDS[at];
        Lacking { fields, question, files }
    });
    lacking.collect()
}
