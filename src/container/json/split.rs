//! A stream of text cut into its outermost JSON values, however they are parted.
//!
//! No line is lost: one that holds no part of a value, but blanks, commas and the brackets of an
//! array on the outside, is told as a blank one.

use std::io::{self, Read};

use memchr::{memchr, memchr2};

/// Bytes that are read at once.
const READ_BYTES: usize = 256 * 1024;

/// The most bytes of one value. A page of `aws logs filter-log-events` is about 2 MiB; the command
/// joins pages to one value, which may be far larger.
pub const VALUE_BYTES_MAX: usize = if cfg!(debug_assertions) { 1 << 20 } else { 512 << 20 };

/// Blank lines that are told at once.
const BLANK_LINES_MAX: usize = 64 * 1024;

/// What comes next in a stream.
#[derive(Debug, PartialEq, Eq)]
pub enum Next<'t> {
    /// An object or a string, whole.
    Value(&'t [u8]),
    /// A line, or its rest, that is no such value.
    Line(&'t [u8]),
    /// So many lines without a value.
    Blank(usize),
    /// The stream ends, in the middle of a value or not.
    End {
        /// Whether a value is lost.
        is_cut: bool,
    },
    /// A value that is too large.
    TooLarge,
}

/// Cuts values from a stream. Elements of arrays on the outside are values.
pub struct Splitter<R> {
    reader: R,
    text: Vec<u8>,
    start: usize,
    has_ended: bool,
    line: Line,
    /// Lines without a value that are not told yet.
    blank_lines: usize,
}

/// What is known of the line that is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// Nothing: it may be none.
    Empty,
    /// It holds no value so far.
    Blank,
    /// It holds a value, or a part of one.
    Held,
}

/// How far a value reaches.
enum Reach {
    /// To here.
    To(usize),
    /// It is broken: the line that it is in ends here.
    Broken(usize),
    /// Further than the text that is known.
    Beyond,
}

impl<R: Read> Splitter<R> {
    /// The values of what a reader gives.
    pub fn new(reader: R) -> Self {
        Self {
            reader,
            text: Vec::new(),
            start: 0,
            has_ended: false,
            line: Line::Empty,
            blank_lines: 0,
        }
    }

    /// The next value.
    ///
    /// # Errors
    /// What the reader says.
    pub fn next(&mut self) -> io::Result<Next<'_>> {
        loop {
            self.pass_between();
            let is_at_value = self.start < self.text.len();
            if !is_at_value && self.blank_lines < BLANK_LINES_MAX && self.more()? {
                continue;
            }
            if !is_at_value && self.has_ended && self.line == Line::Blank {
                self.blank_lines += 1;
                self.line = Line::Empty;
            }
            match std::mem::take(&mut self.blank_lines) {
                0 if is_at_value => break,
                0 => return Ok(Next::End { is_cut: false }),
                lines => return Ok(Next::Blank(lines)),
            }
        }
        self.line = Line::Held;
        // A longer text is looked at from its beginning again; it doubles, so that this ends.
        loop {
            let text = &self.text[self.start..];
            let (end, is_value) = match text[0] {
                b'{' | b'"' => match reach(text) {
                    Reach::To(end) => (Some(end), true),
                    Reach::Broken(end) => (Some(end), false),
                    Reach::Beyond => (None, true),
                },
                _ => (memchr(b'\n', text), false),
            };
            if let Some(end) = end {
                let from = self.start;
                self.start += end;
                let found = &self.text[from..from + end];
                return Ok(if is_value { Next::Value(found) } else { Next::Line(found) });
            }
            if text.len() > VALUE_BYTES_MAX {
                return Ok(Next::TooLarge);
            }
            let known = text.len();
            while self.text.len() - self.start < 2 * known && self.more()? {}
            if self.text.len() - self.start == known {
                let text = &self.text[self.start..];
                self.start = self.text.len();
                return Ok(match is_value {
                    true => Next::End { is_cut: true },
                    false => Next::Line(text),
                });
            }
        }
    }

    /// Passes over what stands between values, and counts the lines without one that end there.
    fn pass_between(&mut self) {
        // The last three are a byte order mark.
        let is_between = |byte: u8| {
            matches!(byte, b' ' | b'\t'..=b'\r' | b',' | b'[' | b']' | 0xef | 0xbb | 0xbf)
        };
        let rest = &self.text[self.start..];
        let between = rest.iter().position(|&byte| !is_between(byte)).unwrap_or(rest.len());
        for &byte in &rest[..between] {
            self.line = match (byte, self.line) {
                (b'\n', line) => {
                    self.blank_lines += usize::from(line != Line::Held);
                    Line::Empty
                }
                (_, Line::Empty) => Line::Blank,
                (_, line) => line,
            };
        }
        self.start += between;
    }

    /// Whether there is text that is no whole value yet.
    pub fn is_within(&self) -> bool {
        self.start < self.text.len()
    }

    /// Reads more text; false at the end of it.
    fn more(&mut self) -> io::Result<bool> {
        if self.has_ended {
            return Ok(false);
        }
        self.text.drain(..self.start);
        self.start = 0;
        let filled = self.text.len();
        self.text.resize(filled + READ_BYTES, 0);
        let read = loop {
            match self.reader.read(&mut self.text[filled..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        self.text.truncate(filled + read.as_ref().copied().unwrap_or(0));
        self.has_ended = !matches!(read, Ok(1..));
        read.map(|count| count > 0)
    }
}

/// How far the object or string at the front of a text reaches.
///
/// No string holds a newline, and no value stands right behind another: where one seems to, an
/// object was never closed, and ends with its line. So damage costs no more than that.
fn reach(text: &[u8]) -> Reach {
    let (mut depth, mut at) = (0usize, 0);
    let (mut last, mut newline) = (b':', 0);
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => {
                let Some(end) = string_end(&text[at + 1..]) else {
                    return match memchr(b'\n', &text[at..]) {
                        Some(end) => Reach::Broken(at + end),
                        None => Reach::Beyond,
                    };
                };
                at += end + 1;
                if memchr(b'\n', &text[at - end..at]).is_some() {
                    let end = memchr(b'\n', &text[at - end..]).unwrap_or(0) + at - end;
                    return Reach::Broken(end);
                }
                if depth == 0 {
                    return Reach::To(at + 1);
                }
            }
            b'{' | b'[' if !matches!(last, b':' | b',' | b'[') && newline > 0 => {
                return Reach::Broken(newline);
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Reach::To(at + 1);
                }
            }
            b'\n' => newline = at,
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            last = byte;
        }
        at += 1;
    }
    Reach::Beyond
}

/// Where a string ends whose first quote stands before the text.
fn string_end(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Trickle;
    use super::*;

    fn split(text: &str, step: usize) -> Vec<String> {
        let mut splitter = Splitter::new(Trickle(text.as_bytes(), step));
        let mut found = Vec::new();
        loop {
            match splitter.next().unwrap() {
                Next::Value(value) => found.push(String::from_utf8(value.to_vec()).unwrap()),
                Next::Line(line) => found.push(format!("!{}", str::from_utf8(line).unwrap())),
                // Reads of a few bytes tell them in parts.
                Next::Blank(lines) => match found.last_mut().filter(|last| last.starts_with('+')) {
                    Some(last) => last.push_str(&"+".repeat(lines)),
                    None => found.push("+".repeat(lines)),
                },
                Next::End { is_cut } => {
                    found.extend(is_cut.then(|| "cut".to_owned()));
                    return found;
                }
                Next::TooLarge => {
                    found.push("too large".to_owned());
                    return found;
                }
            }
        }
    }

    #[test]
    fn values_are_found_however_they_are_parted() {
        for step in [1, 2, 3, 5, 1000] {
            let found = |text: &str| split(text, step);
            let none: [&str; 0] = [];
            assert_eq!(found(""), none);
            assert_eq!(found(" \n[]\n"), ["++"]);
            assert_eq!(found("[]"), ["+"]);
            assert_eq!(found("\n\n"), ["++"]);
            assert_eq!(found("[\n{},\n{}\n\n,{}]\n]\n"), ["+", "{}", "{}", "+", "{}", "+"]);
            assert_eq!(found("{}\n,\n x\n ,{}\n ]"), ["{}", "+", "!x", "{}", "+"]);
            assert_eq!(found(r#"{"a":1}{"b":"}"}"#), [r#"{"a":1}"#, r#"{"b":"}"}"#]);
            assert_eq!(
                found("{\n \"a\": [\n{\n}\n,{} ]\n}\n{}"),
                ["{\n \"a\": [\n{\n}\n,{} ]\n}", "{}"]
            );
            assert_eq!(found("[{\"a\":\"\\\"{\"},\n\"x y\"]"), ["{\"a\":\"\\\"{\"}", "\"x y\""]);
            assert_eq!(found("{}\nplain line\n{}\nlast"), ["{}", "!plain line", "{}", "!last"]);
        }
    }

    #[test]
    fn damage_ends_with_its_line() {
        for step in [1, 4, 1000] {
            let found = |text: &str| split(text, step);
            assert_eq!(found("{\"a\":\"x\n{\"b\":1}\n"), ["!{\"a\":\"x", "{\"b\":1}"]);
            assert_eq!(found("{\"a\":1\n{\"b\":1}\n"), ["!{\"a\":1", "{\"b\":1}"]);
            assert_eq!(found("{\"b\":1}\n{\"a\":"), ["{\"b\":1}", "cut"]);
            assert_eq!(found("{\"b\":1}\n{\"a\":\"x\\"), ["{\"b\":1}", "cut"]);
        }
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(3 * VALUE_BYTES_MAX));
        assert!(split(&long, READ_BYTES) == ["too large"]);
    }
}
