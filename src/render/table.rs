//! The page of a summary, for people: aligned, rounded where it helps beside the exact number,
//! safe on a terminal.

use std::io::{self, Write};

use anstyle::Style;

use super::sheet::{self, SheetFormat, Units};
use super::{human, sheets};
use crate::summary::{Summary, Traffic};
use crate::tally::Tally;

/// Writes a summary; its numbers of bytes and the contributors have units as `style` says.
///
/// # Errors
/// What `out` says.
pub fn summary(out: &mut dyn Write, summary: &Summary<'_>, style: &sheet::Style) -> io::Result<()> {
    let look = Look::new(style.is_coloured);
    tally(out, summary.tally, &look)?;
    time(out, summary.start, summary.end, &look)?;
    let rows = [("ACCEPT", &summary.accept), ("REJECT", &summary.reject)];
    traffic(out, rows, style.units, &look)?;
    writeln!(out)?;
    let contributors = [sheets::contributors(summary)];
    sheet::write(out, &contributors, SheetFormat::Table, style)
}

/// How parts of a table look.
pub(super) struct Look {
    pub(super) heading: Style,
    pub(super) aside: Style,
}

impl Look {
    pub(super) fn new(is_coloured: bool) -> Self {
        match is_coloured {
            true => Self { heading: Style::new().bold(), aside: Style::new().dimmed() },
            false => Self { heading: Style::new(), aside: Style::new() },
        }
    }
}

pub(super) fn styled(out: &mut dyn Write, line: &str, style: Style) -> io::Result<()> {
    writeln!(out, "{}{line}{}", style.render(), style.render_reset())
}

/// Words from outside, safe to show.
pub(super) fn text(words: &str) -> String {
    human::escaped(words.as_bytes())
}

pub(super) fn tally(out: &mut dyn Write, tally: &Tally, look: &Look) -> io::Result<()> {
    let count = |number: u64| human::grouped(number.into());
    let lines = count(tally.lines);
    let width = lines.len();
    let on = look.heading;
    writeln!(out, "{}Lines{}       {lines}", on.render(), on.render_reset())?;
    let rows = [
        [("ok", tally.ok), ("no data", tally.no_data), ("skip data", tally.skip_data)],
        [("headers", tally.headers), ("blank", tally.blank), ("malformed", tally.malformed)],
    ];
    for row in rows {
        let cells = row.map(|(name, number)| format!("{name:<9} {:>width$}", count(number)));
        writeln!(out, "  {}", cells.join("    "))?;
    }
    Ok(())
}

pub(super) fn time(
    out: &mut dyn Write,
    start: Option<u128>,
    end: Option<u128>,
    look: &Look,
) -> io::Result<()> {
    let on = look.heading;
    let Some((start, end)) = start.zip(end) else {
        return writeln!(out, "{}Time{}        none", on.render(), on.render_reset());
    };
    let moment = |seconds: u128| human::utc(seconds).unwrap_or_else(|| "?".to_owned());
    let (from, to) = (moment(start), moment(end));
    writeln!(out, "{}Time{}        {from} to {to}", on.render(), on.render_reset())?;
    writeln!(out, "{:12}{start} to {end}", "")
}

fn traffic(
    out: &mut dyn Write,
    rows: [(&str, &Traffic); 2],
    units: Units,
    look: &Look,
) -> io::Result<()> {
    let is_rounded = units == Units::Human;
    let counted = if is_rounded { human::count } else { human::grouped };
    let mut cells = vec![["", "records", "packets", "bytes", ""].map(str::to_owned)];
    for (action, traffic) in rows {
        cells.push([
            action.to_owned(),
            counted(traffic.records),
            counted(traffic.packets),
            if is_rounded { human::bytes(traffic.bytes) } else { human::grouped(traffic.bytes) },
            if units == Units::Both { human::bytes(traffic.bytes) } else { String::new() },
        ]);
    }
    let width = |column: usize| cells.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let [records, packets, bytes, rounded] = [1, 2, 3, 4].map(width);
    writeln!(out)?;
    for (at, [action, a, b, c, d]) in cells.iter().enumerate() {
        let line = format!("{action:<6}  {a:>records$}  {b:>packets$}  {c:>bytes$}  {d:>rounded$}");
        let style = if at == 0 { look.heading } else { Style::new() };
        styled(out, line.trim_end(), style)?;
    }
    Ok(())
}
