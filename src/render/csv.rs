//! CSV: exact integers, keys byte for byte as the log has them.

use std::io::{self, Write};

use csv::{ByteRecord, Writer, WriterBuilder};

use super::{Ranking, human, share};
use crate::summary::Summary;

/// Writes a summary, one fact a row: `section,name,value`.
///
/// # Errors
/// What `out` says.
pub fn summary(out: &mut dyn Write, summary: &Summary<'_>) -> io::Result<()> {
    let mut writer = Writer::from_writer(out);
    let mut fact = |section: &str, name: &[u8], value: &str| {
        let row = [section.as_bytes(), name, value.as_bytes()];
        writer.write_record(row).map_err(io_error)
    };
    fact("section", b"name", "value")?;
    for (section, name, value) in facts(summary) {
        fact(section, name.as_bytes(), &value)?;
    }
    for contributor in summary.contributors.contributors() {
        fact("top", &contributor.keys[0], &contributor.value.to_string())?;
    }
    writer.flush()
}

/// Everything but the contributors: section, name and value.
fn facts(summary: &Summary<'_>) -> Vec<(&'static str, &'static str, String)> {
    let tally = summary.tally;
    let moment = |seconds: Option<u128>| seconds.map_or(String::new(), |s| s.to_string());
    let mut facts = vec![
        ("tally", "lines", tally.lines.to_string()),
        ("tally", "headers", tally.headers.to_string()),
        ("tally", "blank", tally.blank.to_string()),
        ("tally", "ok", tally.ok.to_string()),
        ("tally", "no_data", tally.no_data.to_string()),
        ("tally", "skip_data", tally.skip_data.to_string()),
        ("tally", "malformed", tally.malformed.to_string()),
        ("time", "start", moment(summary.start)),
        ("time", "end", moment(summary.end)),
    ];
    for (action, traffic) in [("accept", &summary.accept), ("reject", &summary.reject)] {
        facts.push((action, "records", traffic.records.to_string()));
        facts.push((action, "packets", traffic.packets.to_string()));
        facts.push((action, "bytes", traffic.bytes.to_string()));
    }
    let total = summary.contributors.total().unwrap_or_default();
    facts.push(("contributors", "unique", summary.contributors.unique().to_string()));
    facts.push(("contributors", "total", total.to_string()));
    facts
}

/// Writes the answers to rules, one contributor a row: its keys, `value` and `share`, and where
/// contributors are ordered by it, `maximum`. With periods there is a row for each period in
/// which a contributor has a value: its keys, `start` and `value`. Named rules come with their
/// name in front.
///
/// # Errors
/// What `out` says.
pub fn rules(out: &mut dyn Write, rankings: &[Ranking<'_>]) -> io::Result<()> {
    // Rules differ in their keys, and so in the number of their columns.
    let mut writer = WriterBuilder::new().flexible(true).from_writer(out);
    let mut before: Option<Vec<&str>> = None;
    for ranking in rankings {
        let answer = ranking.answer;
        let has_maxima = answer.contributors().next().is_some_and(|c| c.maximum.is_some());
        let numbers: &[&str] = match (ranking.period.is_some(), has_maxima) {
            (true, _) => &["start", "value"],
            (false, true) => &["value", "share", "maximum"],
            (false, false) => &["value", "share"],
        };
        let labels = answer.labels().iter().map(String::as_str);
        let name = ranking.name.map(|_| "rule");
        let header: Vec<&str> = name.into_iter().chain(labels).chain(numbers.to_vec()).collect();
        if before.as_ref() != Some(&header) {
            writer.write_record(&header).map_err(io_error)?;
            before = Some(header);
        }
        rows(&mut writer, ranking)?;
    }
    writer.flush()
}

fn rows(writer: &mut Writer<&mut dyn Write>, ranking: &Ranking<'_>) -> io::Result<()> {
    let total = ranking.answer.total().unwrap_or_default();
    let mut row = ByteRecord::new();
    for contributor in ranking.answer.contributors() {
        row.clear();
        row.extend(ranking.name);
        row.extend(&contributor.keys);
        let keys = row.len();
        if ranking.period.is_some() {
            for point in &contributor.datapoints {
                row.truncate(keys);
                row.push_field(human::timestamp(point.start).as_bytes());
                row.push_field(point.value.to_string().as_bytes());
                writer.write_byte_record(&row).map_err(io_error)?;
            }
            continue;
        }
        row.push_field(contributor.value.to_string().as_bytes());
        row.push_field(format!("{:.6}", share(contributor.value, total)).as_bytes());
        row.extend(contributor.maximum.map(|maximum| maximum.to_string()));
        writer.write_byte_record(&row).map_err(io_error)?;
    }
    Ok(())
}

/// The writer's own error, whose kind the caller may want to know, out of the CSV crate's.
pub(super) fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        kind => io::Error::other(format!("{kind:?}")),
    }
}
