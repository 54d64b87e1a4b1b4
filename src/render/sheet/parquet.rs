//! A sheet as a Parquet file.

use std::io::{self, Write};

use super::{Cell, CellKind, Sheet, SheetFormat};
use crate::render::parquet_out::{ParquetKind, ParquetRows, Value};

/// Writes the only sheet. Numbers are `INT64` if all of a column fit, else `DECIMAL(38, 0)`, or
/// doubles if there are fractions among them: therefore the rows are walked twice.
pub fn write(out: &mut dyn Write, sheets: &[Sheet<'_>]) -> io::Result<()> {
    let [sheet] = sheets else {
        let text = format!("a Parquet file holds one list, not {}", sheets.len());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    };
    let shown = sheet.shown(SheetFormat::Parquet);
    let kinds = kinds(sheet, &shown);
    let list = sheet.list.as_ref().map(|(_, name)| Cell::text(name));
    let kinds = list.iter().map(|_| ParquetKind::Text).chain(kinds);
    let names = sheet.names(&shown);
    let columns: Vec<(&str, ParquetKind)> = names.iter().map(String::as_str).zip(kinds).collect();
    let mut rows = ParquetRows::new(out, &columns)?;
    for row in (sheet.rows)() {
        let cells = list.iter().chain(shown.iter().map(|&at| sheet.cell(&row, at)));
        rows.push(cells.map(value))?;
    }
    rows.finish()
}

fn kinds(sheet: &Sheet<'_>, shown: &[usize]) -> Vec<ParquetKind> {
    let of_kind = |&at: &usize| match sheet.columns[at].kind {
        CellKind::Text | CellKind::Spark => ParquetKind::Text,
        CellKind::Number(_) => ParquetKind::Whole,
        CellKind::Mean(_) | CellKind::Share => ParquetKind::Double,
        CellKind::Time => ParquetKind::Time,
    };
    let mut kinds: Vec<ParquetKind> = shown.iter().map(of_kind).collect();
    let is_number = |kind: &ParquetKind| *kind == ParquetKind::Whole;
    if !kinds.iter().any(is_number) {
        return kinds;
    }
    for row in (sheet.rows)() {
        for (kind, &at) in kinds.iter_mut().zip(shown) {
            if let (ParquetKind::Whole | ParquetKind::Decimal, Cell::Number(amount)) =
                (*kind, sheet.cell(&row, at))
            {
                match amount.whole() {
                    None => *kind = ParquetKind::Double,
                    Some(whole) if i64::try_from(whole).is_err() => *kind = ParquetKind::Decimal,
                    Some(_) => {}
                }
            }
        }
    }
    kinds
}

fn value(cell: &Cell) -> Value<'_> {
    match cell {
        Cell::Missing => Value::Missing,
        Cell::Text(text) => Value::Text(text),
        Cell::Number(amount) => Value::Number(*amount),
        Cell::Mean(number) | Cell::Share(number) => Value::Double(*number),
        Cell::Time(seconds) => Value::Number((*seconds).into()),
        Cell::Spark(line) => Value::Text(line.as_bytes()),
    }
}
