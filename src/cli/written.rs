//! From sheets to standard output, in the format that was typed.

use std::io::{self, Write};

use flowagg::render::sheet::{self, Sheet, SheetColumn};

use super::options::{Format, Output};
use super::terminal::{self, Visible};

/// What cannot be written as it was typed, told before any log is read: an answer of sheets of
/// these columns. Of the formats in `own` the command has a page or a shape of its own, of which
/// no columns can be picked.
pub fn check(sheets: &[Vec<SheetColumn>], own: &[Format], output: &Output) -> Result<(), String> {
    check_format(sheets, own, output.format(), output)
}

fn check_format(
    sheets: &[Vec<SheetColumn>],
    own: &[Format],
    format: Format,
    output: &Output,
) -> Result<(), String> {
    if format == Format::Text {
        return Err("-o text is for records, which `flowagg cut` writes; type -o table".to_owned());
    }
    match output.of_columns().filter(|_| own.contains(&format)) {
        Some(option) if format == Format::Table => {
            return Err(format!("{option}: this table is a page, not columns; type -o csv"));
        }
        Some(option) if !output.columns().is_empty() => {
            return Err(format!("{option}: this JSON has a shape of its own; type -o ndjson"));
        }
        _ => {}
    }
    check_as(sheets, format, output)
}

/// The same for an answer that is nothing but sheets, in this format.
pub fn check_as(
    sheets: &[Vec<SheetColumn>],
    format: Format,
    output: &Output,
) -> Result<(), String> {
    if format == Format::Parquet && terminal::is_terminal() {
        return Err("Parquet is for files, not for a terminal; type `> FILE` too".to_owned());
    }
    let columns: Vec<&[SheetColumn]> = sheets.iter().map(Vec::as_slice).collect();
    sheet::check(&columns, format.into(), &output.style(), output.columns())
        .map_err(|error| error.to_string())
}

/// Writes sheets, with the columns that were typed.
pub fn write(out: &mut dyn Write, sheets: Vec<Sheet<'_>>, output: &Output) -> io::Result<()> {
    write_as(out, sheets, output.format(), output)
}

/// The same in a format that need not have been typed.
pub fn write_as(
    out: &mut dyn Write,
    sheets: Vec<Sheet<'_>>,
    format: Format,
    output: &Output,
) -> io::Result<()> {
    let sheets: Vec<Sheet<'_>> =
        sheets.into_iter().map(|sheet| sheet.pick(output.columns())).collect();
    through(out, format, |out| sheet::write(out, &sheets, format.into(), &output.style()))
}

/// Has an answer written in a format; a terminal gets what it can show of it.
pub fn through(
    out: &mut dyn Write,
    format: Format,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    if !is_obeyed(format) {
        return write(out);
    }
    let mut out = Visible::new(out);
    write(&mut out)?;
    out.flush()
}

/// Whether standard output is a terminal, and a format has texts as they are in the log. Tables and
/// JSON have escapes for what a terminal would obey.
pub fn is_obeyed(format: Format) -> bool {
    matches!(format, Format::Text | Format::Csv | Format::Tsv) && terminal::is_terminal()
}
