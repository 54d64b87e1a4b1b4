//! JSON: an object a row, exact numbers, nothing rounded; rows stand in a line each.

use std::io::{self, Write};

use super::{Cell, Sheet, SheetFormat};
use crate::error::is_obeyed;
use crate::render::human;

/// Writes one list as an array of objects; several, that is named ones, as an array of objects
/// with the list's name and its `rows`.
pub fn write(out: &mut dyn Write, sheets: &[Sheet<'_>]) -> io::Result<()> {
    if let [sheet] = sheets
        && sheet.list.is_none()
    {
        array(out, sheet, "")?;
        return out.write_all(b"\n");
    }
    out.write_all(b"[")?;
    for (at, sheet) in sheets.iter().enumerate() {
        out.write_all(if at > 0 { b",\n  {" } else { b"\n  {" })?;
        if let Some((column, name)) = &sheet.list {
            json_text(out, column.as_bytes())?;
            out.write_all(b": ")?;
            json_text(out, name.as_bytes())?;
            out.write_all(b", ")?;
        }
        out.write_all(b"\"rows\": ")?;
        array(out, sheet, "  ")?;
        out.write_all(b"}")?;
    }
    out.write_all(if sheets.is_empty() { b"]\n" } else { b"\n]\n" })
}

/// Writes each row as an object in a line; those of named lists with the name as first member.
pub fn write_lines(out: &mut dyn Write, sheets: &[Sheet<'_>]) -> io::Result<()> {
    for sheet in sheets {
        let list = sheet.list.as_ref().map(|(_, name)| Cell::text(name));
        let shown = sheet.shown(SheetFormat::Ndjson);
        let names = members(&sheet.names(&shown))?;
        for row in (sheet.rows)() {
            let cells = list.iter().chain(shown.iter().map(|&at| sheet.cell(&row, at)));
            object(out, &names, cells)?;
            out.write_all(b"\n")?;
        }
    }
    Ok(())
}

/// Writes the rows of a sheet, whose lines begin with `indent`; there is no newline at the end.
fn array(out: &mut dyn Write, sheet: &Sheet<'_>, indent: &str) -> io::Result<()> {
    let shown = sheet.shown(SheetFormat::Json);
    let skipped = usize::from(sheet.list.is_some());
    let names = members(&sheet.names(&shown)[skipped..])?;
    let mut separator = "";
    out.write_all(b"[")?;
    for row in (sheet.rows)() {
        write!(out, "{separator}\n{indent}  ")?;
        object(out, &names, shown.iter().map(|&at| sheet.cell(&row, at)))?;
        separator = ",";
    }
    if !separator.is_empty() {
        write!(out, "\n{indent}")?;
    }
    out.write_all(b"]")
}

/// The names of members with what stands around them: `"bytes": `.
fn members(names: &[String]) -> io::Result<Vec<Vec<u8>>> {
    let member = |name: &String| {
        let mut member = Vec::new();
        json_text(&mut member, name.as_bytes())?;
        member.extend_from_slice(b": ");
        Ok(member)
    };
    names.iter().map(member).collect()
}

fn object<'c>(
    out: &mut dyn Write,
    members: &[Vec<u8>],
    cells: impl Iterator<Item = &'c Cell>,
) -> io::Result<()> {
    out.write_all(b"{")?;
    for (at, (member, cell)) in members.iter().zip(cells).enumerate() {
        if at > 0 {
            out.write_all(b", ")?;
        }
        out.write_all(member)?;
        match cell {
            Cell::Missing => out.write_all(b"null")?,
            Cell::Text(bytes) => json_text(out, bytes)?,
            Cell::Number(amount) => write!(out, "{amount}")?,
            // What is not finite is null.
            Cell::Mean(number) | Cell::Share(number) => serde_json::to_writer(&mut *out, number)?,
            Cell::Time(seconds) => json_text(out, human::timestamp(*seconds).as_bytes())?,
            Cell::Spark(line) => json_text(out, line.as_bytes())?,
        }
    }
    out.write_all(b"}")
}

/// Writes a text as a string of JSON. What a terminal would obey is escaped too, which JSON does
/// not ask for: control characters beyond ASCII, ends of lines, and those that turn the direction
/// of a line.
///
/// # Errors
/// What `out` says.
pub fn json_text(out: &mut dyn Write, text: &[u8]) -> io::Result<()> {
    let string = serde_json::to_string(&String::from_utf8_lossy(text))?;
    Spelled(out).write_all(string.as_bytes())
}

/// Whether JSON that is written still needs an escape for a character: the ends of its own lines
/// need none.
fn needs_escape(character: char) -> bool {
    character != '\n' && is_obeyed(character)
}

/// JSON on its way out, in which strings have escapes for what a terminal would obey.
pub(in crate::render) struct Spelled<'w>(pub &'w mut dyn Write);

impl Write for Spelled<'_> {
    fn write(&mut self, json: &[u8]) -> io::Result<usize> {
        let is_plain = |byte: &u8| matches!(byte, b'\n' | b' '..=b'~');
        // Pieces of JSON end with characters.
        let text = if json.iter().all(is_plain) { None } else { str::from_utf8(json).ok() };
        let Some(mut rest) = text else { return self.0.write(json) };
        while let Some(at) = rest.find(needs_escape) {
            let character = rest[at..].chars().next().unwrap_or_default();
            write!(self.0, "{}\\u{:04x}", &rest[..at], u32::from(character))?;
            rest = &rest[at + character.len_utf8()..];
        }
        self.0.write_all(rest.as_bytes())?;
        Ok(json.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_move_no_cursor_and_mean_the_same() {
        for (words, written) in [
            ("10.0.0.1", "\"10.0.0.1\""),
            ("\"\\\n", "\"\\\"\\\\\\n\""),
            ("\u{1b}[2J\u{7f}\u{9b}", "\"\\u001b[2J\\u007f\\u009b\""),
            ("a\u{202e}b\u{e9}\u{2028}", "\"a\\u202eb\u{e9}\\u2028\""),
        ] {
            let mut string = Vec::new();
            json_text(&mut string, words.as_bytes()).unwrap();
            assert_eq!(String::from_utf8(string.clone()).unwrap(), written);
            assert_eq!(serde_json::from_slice::<String>(&string).unwrap(), words);
        }
    }
}
