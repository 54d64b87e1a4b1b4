//! What the engine found: answers, the tally, and what could not be read.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::amount::Amount;
use crate::error::Error;
use crate::group::Uses;
use crate::key::KeyShape;
use crate::layout::Layout;
use crate::rank::Ranked;
use crate::record::Reason;
use crate::source::Stamp;
use crate::spill::Spill;
use crate::tally::Tally;

/// The answers to all questions of one pass, and the account of what was read for them.
#[derive(Debug)]
#[non_exhaustive]
pub struct Report {
    /// One for each query, in their order.
    pub answers: Vec<Answer>,
    /// What became of every line.
    pub tally: Tally,
    /// What could not be read, or not be used, by input. Empty if the answers are whole.
    pub faults: Vec<Fault>,
    /// The first malformed lines, in input order.
    pub malformed: Vec<MalformedLine>,
    /// The layouts that records had, each with the first input in which it was met; of more than
    /// 256 only so many.
    pub layouts: Vec<(String, Layout)>,
    /// An account of each input, in input order; empty unless that was wanted.
    pub files: Vec<FileAccount>,
    /// Files and streams that were opened.
    pub inputs: usize,
    /// Files of folders that are not selected.
    pub unselected: usize,
    /// Files of folders that were skipped, because by the time in their names they hold no
    /// record that any query asks for. Their records are in no count.
    pub skipped: usize,
    /// Files and folders in folders that by their names hold no flow logs, such as the
    /// `aws-logs-write-test` of an export task; those of folders end in `/`.
    pub passed_over: Vec<String>,
    /// Bytes read, before decompression.
    pub bytes_read: u64,
    /// Where contributors are that outgrew the memory.
    pub(crate) spill: Arc<Spill>,
}

impl Report {
    /// Bytes that were written to a temporary file, because contributors outgrew the memory that
    /// they may take; 0 if they did not.
    pub fn bytes_spilled(&self) -> u64 {
        self.spill.bytes_written()
    }

    /// What broke while contributors were read that are in a temporary file: then
    /// [`Answer::contributors`] ended early.
    pub fn listing_fault(&self) -> Option<&Error> {
        self.spill.fault()
    }
}

/// What there was in an input.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FileAccount {
    /// The file, or `standard input`.
    pub input: String,
    /// Where the file lies; none for standard input.
    pub path: Option<PathBuf>,
    /// Its bytes as they lie: of a file all, of a stream those that were read.
    pub bytes: u64,
    /// Which file it was when it was opened; none for a pipe, or if it could not be opened.
    pub stamp: Option<Stamp>,
    /// What its lines were wrapped in, outermost first: `gzip`, `text`. Empty if it could not be
    /// opened.
    pub containers: Vec<&'static str>,
    /// The layouts that its records had, in no order, at most 256; of Parquet all columns of the
    /// file.
    pub layouts: Vec<Layout>,
    /// What became of its lines.
    pub tally: Tally,
    /// The smallest and the largest `start` of its records, in seconds since 1970.
    pub start: Option<(u64, u64)>,
    /// What is wrong with it.
    pub faults: Vec<Error>,
}

/// Why the answer is not whole.
#[derive(Debug, Clone)]
pub struct Fault {
    /// The file, or `standard input`.
    pub input: String,
    /// What is wrong with it.
    pub error: Error,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.input, self.error)
    }
}

/// A malformed line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MalformedLine {
    /// The file, or `standard input`.
    pub input: String,
    /// The number of the line, from 1.
    pub line: u64,
    /// Why it is malformed.
    pub reason: Reason,
    /// The beginning of its text, as it stands there.
    pub text: Vec<u8>,
}

/// The answer to one query.
#[derive(Debug)]
pub struct Answer {
    pub(crate) labels: Vec<String>,
    pub(crate) shape: KeyShape,
    /// The listed contributors and their values, by rank.
    pub(crate) ranked: Ranked,
    /// The largest value of a single event, by rank; empty if none was asked for.
    pub(crate) maxima: Vec<Amount>,
    /// The values of the measures after the first, each by rank.
    pub(crate) beside: Vec<Vec<Option<Amount>>>,
    /// Values by period, by rank; empty if none were asked for.
    pub(crate) datapoints: Vec<Vec<Datapoint>>,
    pub(crate) periods: Vec<PeriodMetrics>,
    pub(crate) unique: u64,
    pub(crate) passed: u64,
    pub(crate) total: Option<Amount>,
    /// Of the measures after the first.
    pub(crate) totals: Vec<Option<Amount>>,
    pub(crate) uses: Uses,
}

/// A contributor of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contributor {
    /// The texts of its keys.
    pub keys: Vec<Vec<u8>>,
    /// Its value.
    pub value: Amount,
    /// The largest value that a single event added; only where contributors are ordered by it.
    pub maximum: Option<Amount>,
    /// Its values of the query's measures after the first; none where no record had one.
    pub beside: Vec<Option<Amount>>,
    /// Its value in each period in which it has one, in order of time; only where a period is
    /// asked for.
    pub datapoints: Vec<Datapoint>,
}

/// A contributor's value in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Datapoint {
    /// When the period begins, in seconds since 1970.
    pub start: u64,
    /// The value.
    pub value: Amount,
}

/// What all contributors, listed or not, come to in a period: the metrics that CloudWatch makes
/// of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeriodMetrics {
    /// When the period begins, in seconds since 1970.
    pub start: u64,
    /// How many contributors have a value.
    pub unique_contributors: u64,
    /// The largest of their values in this period.
    pub max_contributor_value: Amount,
    /// How many events added.
    pub sample_count: u64,
    /// The sum of their values.
    pub sum: Amount,
    /// The smallest value of a single event.
    pub minimum: Amount,
    /// The largest value of a single event.
    pub maximum: Amount,
}

impl PeriodMetrics {
    /// The mean value of an event.
    pub fn average(&self) -> f64 {
        self.sum.to_f64() / self.sample_count as f64
    }
}

impl Contributor {
    /// The texts of its keys, for output that has to be UTF-8; logs are ASCII, and what is not
    /// UTF-8 becomes `U+FFFD`.
    pub fn key_texts(&self) -> impl Iterator<Item = String> {
        self.keys.iter().map(|key| String::from_utf8_lossy(key).into_owned())
    }
}

impl Answer {
    /// What the keys are called.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// The contributors in the query's order, equal values by key text; as many as were asked.
    pub fn contributors(&self) -> impl ExactSizeIterator<Item = Contributor> {
        self.ranked.iter().enumerate().map(|(rank, (value, key))| Contributor {
            keys: self.shape.texts(&key),
            value,
            maximum: self.maxima.get(rank).copied(),
            beside: self.beside.iter().map(|values| values[rank]).collect(),
            datapoints: self.datapoints.get(rank).cloned().unwrap_or_default(),
        })
    }

    /// What all contributors come to in each period that has any, in order of time; empty if no
    /// period was asked for.
    pub fn periods(&self) -> &[PeriodMetrics] {
        &self.periods
    }

    /// How many distinct contributors there are, listed or not.
    pub fn unique(&self) -> u64 {
        self.unique
    }

    /// How many contributors could be listed: of which all holds that the query demands.
    pub fn passed(&self) -> u64 {
        self.passed
    }

    /// The values of the query's measures after the first over all contributors, as
    /// [`total`](Self::total) is of the first.
    pub fn totals(&self) -> &[Option<Amount>] {
        &self.totals
    }

    /// The value over all contributors, listed or not: their sum (or for a smallest or largest
    /// value, the smallest or largest; for a mean, that of all records). None if no record added
    /// anything, and for numbers of different values by contributor, which do not add up.
    pub fn total(&self) -> Option<Amount> {
        self.total
    }

    /// What became of the records.
    pub fn uses(&self) -> Uses {
        self.uses
    }
}
