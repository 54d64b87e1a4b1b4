//! Regular rows at full speed, of blocks in which no value has to be quoted or escaped: nearly all
//! are such. Values are copied at a fixed length. What [`row`](super::row) does value by value is
//! the definition.

use memchr::memchr2;

use super::row::{Cell, push_json_number};
use crate::scan::Marks;

/// Bytes that are copied at once, whatever the length of a value: an address, a number, the id of
/// an interface is shorter.
const STEP: usize = 32;

/// Bytes of a block that are looked at before it is left.
const LOOK: usize = 4096;

/// Whether no value of a block needs quotes in a table.
pub fn is_tame_table(text: &[u8], separator: u8) -> bool {
    // No value holds a tab or an end of a line, as these part values.
    let separator = if separator == b',' { b',' } else { b'"' };
    memchr2(b'"', separator, text).is_none()
}

/// Whether no value of a block needs an escape in JSON.
pub fn is_tame_json(text: &[u8]) -> bool {
    let is_special = |byte: u8| {
        let is_blank = byte.wrapping_sub(b'\t') < 5;
        ((byte < b' ') & !is_blank) | (byte >= 0x7f) | (byte == b'"') | (byte == b'\\')
    };
    // Without a branch for each byte.
    let has_special = |part: &[u8]| part.iter().fold(false, |has, &byte| has | is_special(byte));
    !text.chunks(LOOK).any(has_special)
}

/// Writes to the end of a text, which has room before it is written to.
pub struct Pen<'a> {
    out: &'a mut Vec<u8>,
    at: usize,
}

impl<'a> Pen<'a> {
    /// Goes on after the end.
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        let at = out.len();
        Self { out, at }
    }

    /// Ends the text where the pen is.
    pub fn lift(self) {
        self.out.truncate(self.at);
    }

    /// Writes rows of values with `separator` between them, a blank or another one.
    pub fn parted(
        &mut self,
        marks: &Marks<'_>,
        cells: &[Cell],
        columns: usize,
        separator: u8,
        rows: impl ExactSizeIterator<Item = usize>,
    ) {
        let text = marks.text();
        let is_log = separator == b' ';
        let mut left = rows.len();
        for mark in rows {
            left -= 1;
            let bytes = marks.place(mark + columns) - marks.place(mark) + 3 * cells.len();
            self.make_room(bytes, left);
            let start = self.at;
            for (nth, cell) in cells.iter().enumerate() {
                if nth > 0 {
                    self.push(separator);
                }
                match cell.column.map(|column| span(marks, mark + column)) {
                    Some((from, length)) if is_log || !is_dash(text, from, length) => {
                        self.put(&text[from..], length);
                    }
                    None if is_log => self.push(b'-'),
                    Some(_) | None => {}
                }
            }
            if self.at == start {
                self.put(b"\"\"", 2);
            }
            self.push(b'\n');
        }
    }

    /// Writes rows as objects, each with `end` after its last value.
    pub fn objects(
        &mut self,
        marks: &Marks<'_>,
        cells: &[Cell],
        columns: usize,
        end: &[u8],
        rows: impl ExactSizeIterator<Item = usize>,
    ) {
        let text = marks.text();
        let own: usize = cells.iter().map(|cell| cell.lead.len() + b"null\"\"".len()).sum();
        let mut left = rows.len();
        for mark in rows {
            left -= 1;
            let bytes = marks.place(mark + columns) - marks.place(mark) + own + end.len();
            self.make_room(bytes, left);
            for cell in cells {
                self.put(&cell.lead, cell.lead.len());
                let value = cell.column.map(|column| span(marks, mark + column));
                match value.filter(|&(from, length)| !is_dash(text, from, length)) {
                    None => self.put(b"null", 4),
                    Some((from, length)) if cell.is_number => {
                        if text[from] != b'0' || length == 1 {
                            self.put(&text[from..], length);
                        } else {
                            let mut number = Vec::new();
                            push_json_number(&text[from..from + length], &mut number);
                            self.put(&number, number.len());
                        }
                    }
                    Some((from, length)) => {
                        self.push(b'"');
                        self.put(&text[from..], length);
                        self.push(b'"');
                    }
                }
            }
            self.put(end, end.len());
        }
    }

    /// Makes room for a row of so many bytes and for what is copied beyond them; at once for those
    /// that are left too, if they are alike.
    #[inline(always)]
    fn make_room(&mut self, bytes: usize, rows_left: usize) {
        let needed = self.at + bytes + STEP;
        if self.out.len() < needed {
            self.out.resize(needed + rows_left * bytes, 0);
        }
    }

    #[inline(always)]
    fn push(&mut self, byte: u8) {
        self.out[self.at] = byte;
        self.at += 1;
    }

    /// Writes the first `length` bytes of `from`.
    #[inline(always)]
    fn put(&mut self, from: &[u8], length: usize) {
        let to = &mut self.out[self.at..];
        match (from.first_chunk::<STEP>(), to.first_chunk_mut::<STEP>()) {
            (Some(from), Some(to)) if length <= STEP => *to = *from,
            _ => to[..length].copy_from_slice(&from[..length]),
        }
        self.at += length;
    }
}

/// Where the field after a mark begins, and its length.
#[inline(always)]
fn span(marks: &Marks<'_>, mark: usize) -> (usize, usize) {
    let from = marks.place(mark);
    (from, marks.place(mark + 1) - 1 - from)
}

#[inline(always)]
fn is_dash(text: &[u8], from: usize, length: usize) -> bool {
    length == 1 && text[from] == b'-'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_tame_or_not() {
        let text = "2 eni-1 10.0.0.1 \t5\r\n".repeat(300);
        assert!(is_tame_json(text.as_bytes()) && is_tame_table(text.as_bytes(), b','));
        for (special, json, table) in [
            ("\"", false, false),
            (",", true, false),
            ("\\", false, true),
            ("\x1b", false, true),
            ("\x7f", false, true),
            ("\u{fc}", false, true),
            ("\x08", false, true),
            ("\x0e", false, true),
            (";", true, true),
        ] {
            for at in [0, 5000, text.len()] {
                let mut text = text.clone();
                text.insert_str(at, special);
                assert_eq!(is_tame_json(text.as_bytes()), json, "{special:?}");
                assert_eq!(is_tame_table(text.as_bytes(), b','), table, "{special:?}");
                assert_eq!(is_tame_table(text.as_bytes(), b'\t'), special != "\"");
            }
        }
    }
}
