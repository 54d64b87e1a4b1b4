//! What was found of addresses, as sheets.

use super::human;
use super::sheet::{Cell, CellKind, Sheet, SheetColumn, SheetFormat, Unit};
use crate::find::{Finding, Side};

/// The columns of findings: for programs `target` and `direction`, what there is of records, and
/// their `first` start and `last` end. For people each target has its own sheet.
pub fn columns(format: SheetFormat) -> Vec<SheetColumn> {
    let text = |name: &str| SheetColumn::new(name, CellKind::Text);
    let number = |name: &str, unit| SheetColumn::new(name, CellKind::Number(unit));
    let mut columns = Vec::new();
    if !is_for_people(format) {
        columns.push(text("target"));
    }
    columns.extend([
        text("direction"),
        number("records", Unit::Records),
        number("accepted", Unit::Records),
        number("rejected", Unit::Records),
    ]);
    if !is_for_people(format) {
        columns.push(number("packets", Unit::Packets));
    }
    columns.extend([
        number("bytes", Unit::Bytes),
        number("peers", Unit::None),
        number("ports", Unit::None),
    ]);
    if !is_for_people(format) {
        let time = |name: &str| SheetColumn::new(name, CellKind::Time);
        columns.extend([time("first"), time("last")]);
    }
    columns
}

fn is_for_people(format: SheetFormat) -> bool {
    matches!(format, SheetFormat::Table | SheetFormat::Markdown)
}

/// The findings of which there is any record.
pub fn sheets(findings: &[Finding], format: SheetFormat) -> Vec<Sheet<'_>> {
    let found = findings.iter().filter(|finding| finding.is_found());
    if !is_for_people(format) {
        let rows = move || {
            let found = findings.iter().filter(|finding| finding.is_found());
            found.flat_map(move |finding| rows(finding, format))
        };
        return vec![Sheet::new(columns(format), rows)];
    }
    let sheet = |finding: &'_ Finding| {
        let moment = |seconds: u64| human::utc(seconds.into()).unwrap_or(seconds.to_string());
        let title = match finding.span() {
            Some((first, last)) => {
                format!("{} from {} to {}", finding.target, moment(first), moment(last))
            }
            None => finding.target.clone(),
        };
        (title, rows(finding, format))
    };
    let sheets = found.map(sheet);
    let sheets = sheets.map(|(title, rows)| {
        Sheet::new(columns(format), move || rows.clone().into_iter()).titled(title)
    });
    sheets.collect()
}

fn rows(finding: &Finding, format: SheetFormat) -> Vec<Vec<Cell>> {
    let sides = [("sent", &finding.sent), ("received", &finding.received)];
    let row = |(direction, side): (&str, &Side)| {
        let time = |time: Option<u64>| time.map_or(Cell::Missing, Cell::Time);
        let mut row = vec![
            Cell::text(&finding.target),
            Cell::text(direction),
            side.records.into(),
            side.accepted.into(),
            side.rejected.into(),
            side.packets.into(),
            side.bytes.into(),
            side.peers.into(),
            side.ports.into(),
            time(side.first),
            time(side.last),
        ];
        if is_for_people(format) {
            row.truncate(9);
            row.remove(5);
            row.remove(0);
        }
        row
    };
    sides.into_iter().map(row).collect()
}
