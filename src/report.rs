//! What the engine found: answers, the tally, and what could not be read.

use std::fmt;

use crate::error::Error;
use crate::group::Uses;
use crate::key::{Key, KeyShape};
use crate::record::Reason;
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
    /// Files and streams that were opened.
    pub inputs: usize,
    /// Bytes read, before decompression.
    pub bytes_read: u64,
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
    pub(crate) ranked: Vec<(u128, Key)>,
    pub(crate) unique: u64,
    pub(crate) total: Option<u128>,
    pub(crate) uses: Uses,
}

/// A contributor of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contributor {
    /// The texts of its keys.
    pub keys: Vec<Vec<u8>>,
    /// Its value.
    pub value: u128,
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

    /// The contributors, largest value first, equal values by key text; as many as were asked.
    pub fn contributors(&self) -> impl ExactSizeIterator<Item = Contributor> {
        self.ranked
            .iter()
            .map(|(value, key)| Contributor { keys: self.shape.texts(key), value: *value })
    }

    /// How many distinct contributors there are, listed or not.
    pub fn unique(&self) -> u64 {
        self.unique
    }

    /// The value over all contributors, listed or not: their sum (or for a smallest or largest
    /// value, the smallest or largest). None if no record added anything.
    pub fn total(&self) -> Option<u128> {
        self.total
    }

    /// What became of the records.
    pub fn uses(&self) -> Uses {
        self.uses
    }
}
