//! The account of a run in plain lines, for standard error: what became of every line, and what
//! could not be read.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use super::human;
use crate::record::Reason;
use crate::report::{Fault, MalformedLine, Report};

/// Characters of a malformed line that are shown.
const TEXT_CHARACTERS: usize = 100;

/// What became of every line, how much was read, and how fast.
pub fn tally(report: &Report, elapsed: Duration) -> String {
    let tally = &report.tally;
    let count = |number: u64| human::grouped(number.into());
    let extra = match tally.extra_columns {
        0 => String::new(),
        records => format!("; extra columns ignored in {}", amount(records, "record")),
    };
    let skipped = match tally.events_not_json {
        0 => String::new(),
        events => format!("; skipped {} without JSON", amount(events, "event")),
    };
    let seconds = elapsed.as_secs_f64();
    let rate = report.bytes_read as f64 / seconds.max(1e-9);
    format!(
        "{}: {} ok, {} no data, {} skip data, {}, {} blank, {} malformed{extra}{skipped}; \
         {} from {} in {seconds:.2} s ({}/s)",
        amount(tally.lines, "line"),
        count(tally.ok),
        count(tally.no_data),
        count(tally.skip_data),
        amount(tally.headers, "header"),
        count(tally.blank),
        count(tally.malformed),
        human::bytes(report.bytes_read.into()),
        amount(report.inputs as u64, "input"),
        human::bytes(rate as u128),
    )
}

/// A malformed line: `FILE:LINE: reason: text`, safe to show.
pub fn malformed_line(line: &MalformedLine) -> String {
    let input = human::escaped(line.input.as_bytes());
    let text = human::shortened(human::escaped(&line.text), TEXT_CHARACTERS);
    format!("{input}:{}: {}: {text}", line.line, line.reason)
}

/// How many lines are malformed for each reason, most frequent first: a line each.
pub fn malformed_reasons(reasons: &BTreeMap<Reason, u64>) -> String {
    let mut sorted: Vec<_> = reasons.iter().collect();
    sorted.sort_by_key(|(reason, count)| (Reverse(**count), **reason));
    let count = |count: u64| human::grouped(count.into());
    let width = sorted.first().map_or(0, |(_, most)| count(**most).len());
    let mut text = format!("{} by reason", amount(reasons.values().sum(), "malformed line"));
    for (reason, lines) in sorted {
        text += &format!("\n  {:>width$}  {reason}", count(*lines));
    }
    text
}

/// What could not be read or used: `FILE: reason`, safe to show.
pub fn fault(fault: &Fault) -> String {
    human::escaped(fault.to_string().as_bytes())
}

/// `1 line`, `2 lines`.
fn amount(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", human::grouped(number.into()))
}
