//! Markdown as GitHub has it: a heading, a table, and notes below; safe to paste.

use std::io::{self, Write};

use super::{Cell, CellKind, Sheet, SheetFormat, Style, Unit, Units};
use crate::render::human;

/// Characters that Markdown or HTML take for more than themselves.
const SPECIAL: [char; 11] = ['\\', '`', '*', '_', '[', ']', '<', '>', '&', '|', '~'];

/// Writes sheets one below the other.
pub fn write(out: &mut dyn Write, sheets: &[Sheet<'_>], style: &Style) -> io::Result<()> {
    for (at, sheet) in sheets.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        one(out, sheet, style)?;
    }
    Ok(())
}

fn one(out: &mut dyn Write, sheet: &Sheet<'_>, style: &Style) -> io::Result<()> {
    let name = sheet.list.as_ref().map(|(_, name)| name.as_str());
    let heading: Vec<&str> = name.into_iter().chain(sheet.title.as_deref()).collect();
    if !heading.is_empty() {
        writeln!(out, "### {}\n", text(heading.join(": ").as_bytes()))?;
    }
    let shown = sheet.shown(SheetFormat::Markdown);
    let kinds: Vec<CellKind> = shown.iter().map(|&at| sheet.columns[at].kind).collect();
    let rank = |text: &str| sheet.is_ranked.then(|| text.to_owned());
    let heads = shown.iter().map(|&at| escaped(&sheet.columns[at].heading()));
    line(out, rank("#").into_iter().chain(heads))?;
    let side = |is_right: bool| if is_right { "---:" } else { "---" };
    let sides = kinds.iter().map(|kind| side(kind.is_right_aligned()).to_owned());
    line(out, rank(side(true)).into_iter().chain(sides))?;
    for (number, row) in (1..).zip((sheet.rows)()) {
        let cells = shown.iter().map(|&at| sheet.cell(&row, at)).zip(&kinds);
        let cells = cells.map(|(cell, &kind)| shown_cell(cell, kind, style.units));
        line(out, rank(&human::grouped(number)).into_iter().chain(cells))?;
    }
    for footer in sheet.footers(&shown) {
        let cells = shown.iter().enumerate().map(|(place, &at)| match place {
            0 => text(footer.label.as_bytes()),
            _ => shown_cell(sheet.footer_cell(footer, at), kinds[place], style.units),
        });
        line(out, rank("").into_iter().chain(cells))?;
    }
    for note in &sheet.notes {
        writeln!(out, "\n{}", text(note.as_bytes()))?;
    }
    Ok(())
}

fn line(out: &mut dyn Write, cells: impl Iterator<Item = String>) -> io::Result<()> {
    out.write_all(b"|")?;
    cells.into_iter().try_for_each(|cell| write!(out, " {cell} |"))?;
    out.write_all(b"\n")
}

/// A cell: exact, and bytes rounded in parentheses, as far as that is wanted.
fn shown_cell(cell: &Cell, kind: CellKind, units: Units) -> String {
    let exact = match cell {
        Cell::Text(bytes) => text(bytes),
        cell => cell.shown(),
    };
    let unit = kind.unit();
    match (cell.rounded(unit), units) {
        (Some(rounded), Units::Both) if unit == Unit::Bytes => format!("{exact} ({rounded})"),
        (Some(rounded), Units::Human) => rounded,
        _ => exact,
    }
}

/// Words from outside, safe on a terminal and in Markdown.
fn text(words: &[u8]) -> String {
    escaped(&human::escaped(words))
}

fn escaped(words: &str) -> String {
    let mut text = String::with_capacity(words.len());
    for character in words.chars() {
        if SPECIAL.contains(&character) {
            text.push('\\');
        }
        text.push(character);
    }
    text
}
