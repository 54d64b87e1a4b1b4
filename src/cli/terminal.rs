//! What standard output is: a terminal or not, how wide, with colours or without.

use std::io::{self, IsTerminal, Write};

use flowagg::render::sheet::WIDTH;

/// Whether standard output may be coloured, if nobody says otherwise.
pub fn is_coloured() -> bool {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !no_color && is_terminal()
}

/// Whether standard output is a terminal.
pub fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// The most columns that `COLUMNS` can say: a table is made for people.
const WIDTH_MAX: usize = 10_000;

/// How wide a table may be: as the terminal, or without one as `COLUMNS` says, as for `less -S`;
/// but not narrower than is promised anywhere else.
pub fn width() -> usize {
    let said = || std::env::var("COLUMNS").ok()?.parse().ok();
    let size = terminal_size::terminal_size_of(io::stdout());
    let width = size.map(|(width, _)| usize::from(width.0)).or_else(said);
    width.map_or(WIDTH, |width| width.clamp(WIDTH, WIDTH_MAX))
}

/// A terminal, which does nothing that a log tells it to: for all that has no escapes of its own.
/// It gets whole lines; what comes after the last one waits for a flush.
pub struct Visible<W> {
    inner: W,
    /// The beginning of a line.
    line: Vec<u8>,
}

impl<W: Write> Visible<W> {
    /// In front of a terminal.
    pub fn new(inner: W) -> Self {
        Self { inner, line: Vec::new() }
    }
}

impl<W: Write> Write for Visible<W> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let end = text.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
        self.line.extend_from_slice(&text[..end]);
        if end > 0 {
            self.flush()?;
        }
        self.line.extend_from_slice(&text[end..]);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let text = visible(&std::mem::take(&mut self.line));
        self.inner.write_all(text.as_bytes())?;
        self.inner.flush()
    }
}

/// Whole lines, without what moves cursors, changes colours or turns the direction of a text.
pub fn visible(lines: &[u8]) -> String {
    let mut text = String::with_capacity(lines.len());
    for character in String::from_utf8_lossy(lines).chars() {
        match character {
            '\n' | '\t' | ' '..='~' => text.push(character),
            _ => text.extend(character.escape_debug()),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_move_a_cursor_is_shown() {
        assert_eq!(visible(b"2 eni-1\tOK\n"), "2 eni-1\tOK\n");
        assert_eq!(visible(b"\x1b[2J\x07\xc2\x9b\xff\n"), "\\u{1b}[2J\\u{7}\\u{9b}\u{fffd}\n");
        assert_eq!(
            visible("\u{fc}\"'\\\u{202e}\u{2028}\r".as_bytes()),
            "\u{fc}\"'\\\\u{202e}\\u{2028}\\r"
        );
    }

    #[test]
    fn pieces_of_a_line_are_shown_as_the_line_is() {
        let text = "a\u{9b}b\u{fc}\nc\u{1b}\n\u{fc}".as_bytes();
        for size in 1..text.len() {
            let mut shown = Vec::new();
            let mut visible = Visible::new(&mut shown);
            text.chunks(size).for_each(|piece| visible.write_all(piece).unwrap());
            visible.flush().unwrap();
            assert_eq!(String::from_utf8(shown).unwrap(), "a\\u{9b}b\u{fc}\nc\\u{1b}\n\u{fc}");
        }
    }
}
