//! The account of a run in plain lines, for standard error: what became of every line, and what
//! could not be read.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use super::human;
use crate::group::Uses;
use crate::record::Reason;
use crate::report::{Answer, Fault, MalformedLine, Report};

/// Names of files without flow logs that are shown.
const NAMES_SHOWN: usize = 3;

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
    let milliseconds = match tally.milliseconds {
        0 => String::new(),
        records => format!("; milliseconds taken as seconds in {}", amount(records, "record")),
    };
    let skipped = match tally.events_not_json {
        0 => String::new(),
        events => format!("; skipped {} without JSON", amount(events, "event")),
    };
    let spilled = match report.bytes_spilled() {
        0 => String::new(),
        bytes => format!("; {} of contributors outgrew the memory", human::bytes(bytes.into())),
    };
    let seconds = elapsed.as_secs_f64();
    let rate = report.bytes_read as f64 / seconds.max(1e-9);
    format!(
        "{}: {} ok, {} no data, {} skip data, {}, {} blank, {} malformed{extra}{milliseconds}\
         {skipped}{spilled}; {} from {}{} in {seconds:.2} s ({}/s)",
        amount(tally.lines, "line"),
        count(tally.ok),
        count(tally.no_data),
        count(tally.skip_data),
        amount(tally.headers, "header"),
        count(tally.blank),
        count(tally.malformed),
        human::bytes(report.bytes_read.into()),
        amount(report.inputs as u64, "input"),
        left_out(report),
        human::bytes(rate as u128),
    )
}

/// What has no time, where an answer asks for one; none if all has.
pub fn without_time(report: &Report) -> Option<String> {
    let left_out = "in no period, and left out by --start, --end and --last";
    if report.tally.events_without_time > 0 {
        return Some(format!(
            "{} without a time, which is the `timestamp` of an envelope or a number `start`: \
             {left_out}",
            amount(report.tally.events_without_time, "event")
        ));
    }
    let records = report.answers.iter().map(|answer| answer.uses().no_time).max()?;
    (records > 0).then(|| format!("{} without a time: {left_out}", amount(records, "record")))
}

/// What is in no row of an answer, for want of a key or a number; none if no more than `usual`
/// records are.
pub fn in_no_row(answer: &Answer, usual: u64) -> Option<String> {
    let Uses { no_key, no_value, .. } = answer.uses();
    let count = |number: u64| human::grouped(number.into());
    (no_key + no_value > usual).then(|| {
        let (keys, numbers) = (count(no_key), count(no_value));
        format!("records in no row: {keys} without a key, {numbers} without a number")
    })
}

/// The files of folders that were not read, in parentheses.
fn left_out(report: &Report) -> String {
    let mut parts = Vec::new();
    if report.unselected > 0 {
        parts.push(format!("{} not selected", amount(report.unselected as u64, "file")));
    }
    match report.skipped {
        0 => {}
        1 => parts.push("1 file skipped by its name's time".to_owned()),
        many => {
            parts.push(format!("{} skipped by their names' time", amount(many as u64, "file")));
        }
    }
    let names: Vec<&str> = report.passed_over.iter().map(|path| file_name(path)).collect();
    let mut distinct: Vec<&str> = Vec::new();
    for name in &names {
        if distinct.len() <= NAMES_SHOWN && !distinct.contains(name) {
            distinct.push(name);
        }
    }
    let more = if distinct.len() > NAMES_SHOWN { ", ..." } else { "" };
    distinct.truncate(NAMES_SHOWN);
    let shown = human::escaped(distinct.join(", ").as_bytes());
    match names.len() {
        0 => {}
        1 => parts.push(format!("passed over: 1 file that is no flow log: {shown}")),
        many => {
            let files = amount(many as u64, "file");
            parts.push(format!("passed over: {files} that are no flow logs: {shown}{more}"));
        }
    }
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join("; ")) }
}

/// The name at the end of a path; of a folder with its `/`.
fn file_name(path: &str) -> &str {
    let start = path.trim_end_matches('/').rfind('/').map_or(0, |at| at + 1);
    &path[start..]
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
