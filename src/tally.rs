//! What became of every line.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use crate::record::Reason;

/// Counts of lines; merging is addition. After every run
/// `lines = headers + blank + ok + no_data + skip_data + malformed`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Lines read, a last one without a newline included.
    pub lines: u64,
    /// Lines of field names.
    pub headers: u64,
    /// Blank lines and comments.
    pub blank: u64,
    /// Records of traffic.
    pub ok: u64,
    /// Records that say there was no traffic.
    pub no_data: u64,
    /// Records that say some were lost.
    pub skip_data: u64,
    /// Lines that are none of these.
    pub malformed: u64,
    /// The malformed lines by reason.
    pub reasons: BTreeMap<Reason, u64>,
    /// Among the records, those with values beyond the layout's columns, which are ignored.
    pub extra_columns: u64,
    /// Among the records, those with times in milliseconds, which are taken as seconds.
    pub milliseconds: u64,
    /// Beside the lines: events in JSON envelopes that hold no JSON, which are skipped.
    pub events_not_json: u64,
    /// Beside the lines: JSON events that say no time.
    pub events_without_time: u64,
}

impl Tally {
    /// Records that fit their layout, whatever their log-status.
    pub fn records(&self) -> u64 {
        self.ok + self.no_data + self.skip_data
    }

    /// Whether every line is accounted for.
    pub fn is_balanced(&self) -> bool {
        let malformed: u64 = self.reasons.values().sum();
        malformed == self.malformed
            && self.lines == self.headers + self.blank + self.records() + self.malformed
    }

    /// Counts a malformed line (but not the line itself).
    pub(crate) fn count_malformed(&mut self, reason: Reason) {
        self.malformed += 1;
        *self.reasons.entry(reason).or_default() += 1;
    }
}

impl AddAssign<&Tally> for Tally {
    fn add_assign(&mut self, other: &Tally) {
        self.lines += other.lines;
        self.headers += other.headers;
        self.blank += other.blank;
        self.ok += other.ok;
        self.no_data += other.no_data;
        self.skip_data += other.skip_data;
        self.malformed += other.malformed;
        self.extra_columns += other.extra_columns;
        self.milliseconds += other.milliseconds;
        self.events_not_json += other.events_not_json;
        self.events_without_time += other.events_without_time;
        for (&reason, count) in &other.reasons {
            *self.reasons.entry(reason).or_default() += count;
        }
    }
}
