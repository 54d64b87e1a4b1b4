//! CSV: exact integers, keys byte for byte as the log has them.

use std::io::{self, Write};

use csv::{ByteRecord, Writer};

use super::{Ranking, share};
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
    let total = summary.contributors.total().unwrap_or(0);
    facts.push(("contributors", "unique", summary.contributors.unique().to_string()));
    facts.push(("contributors", "total", total.to_string()));
    facts
}

/// Writes the answer to a rule, one contributor a row: its keys, `value` and `share`.
///
/// # Errors
/// What `out` says.
pub fn rule(out: &mut dyn Write, ranking: &Ranking<'_>) -> io::Result<()> {
    let mut writer = Writer::from_writer(out);
    let labels = ranking.answer.labels().iter().map(String::as_str);
    writer.write_record(labels.chain(["value", "share"])).map_err(io_error)?;
    let total = ranking.answer.total().unwrap_or(0);
    let mut row = ByteRecord::new();
    for contributor in ranking.answer.contributors() {
        row.clear();
        row.extend(&contributor.keys);
        row.push_field(contributor.value.to_string().as_bytes());
        row.push_field(format!("{:.6}", share(contributor.value, total)).as_bytes());
        writer.write_byte_record(&row).map_err(io_error)?;
    }
    writer.flush()
}

/// The writer's own error, whose kind the caller may want to know, out of the CSV crate's.
fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        kind => io::Error::other(format!("{kind:?}")),
    }
}
