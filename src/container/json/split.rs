//! A stream of text cut into its outermost JSON values, however they are parted.
//!
//! No line is lost: one that holds no part of a value, but blanks, commas and the brackets of an
//! array on the outside, is told as a blank one.
//!
//! A page of events may be far larger than what is held of a stream, and may be cut. So of an
//! object that is long, or does not end, the values in its list can be told one by one.

use std::io::{self, Read};

use memchr::{memchr, memchr3};

use super::reach::{Reach, list_start, reach};
use super::window::Window;

/// Objects of more bytes are pages, if they have a list. A page of `aws logs filter-log-events` is
/// about 2 MiB; the command joins pages to one object, which may be far larger.
const PAGE_BYTES: usize = if cfg!(debug_assertions) { 1 << 9 } else { 4 << 20 };

/// The most bytes of a value that is told whole. What AWS sends in one piece is 10 MiB at most.
pub const VALUE_BYTES_MAX: usize = 16 << 20;

/// Blank lines that are told at once.
const BLANK_LINES_MAX: usize = 64 * 1024;

/// What comes next in a stream.
#[derive(Debug)]
pub enum Next<'t> {
    /// An object or a string, whole.
    Value(&'t [u8]),
    /// An object is long, or does not end: what of it stands before the values in its list.
    /// Those come next if [`Splitter::open`] is called, else the object, whole.
    Page(&'t [u8]),
    /// A value in the list of an object that was opened.
    Listed(&'t [u8]),
    /// A line, or its rest, that is no such value.
    Line(&'t [u8]),
    /// So many lines without a value.
    Blank(usize),
    /// The stream ends, in the middle of a value or not.
    End {
        /// Whether a value is lost.
        is_cut: bool,
        /// What the reader said if it failed; what it gave before is told.
        fault: Option<io::Error>,
    },
    /// A value that is too large.
    TooLarge,
}

/// As what a part of the text is told.
type Told = for<'t> fn(&'t [u8]) -> Next<'t>;

/// Cuts values from a stream. Elements of arrays on the outside are values.
pub struct Splitter<R> {
    window: Window<R>,
    place: Place,
    /// Objects of more bytes are pages.
    page_bytes: usize,
    line: Line,
    /// Lines without a value that are not told yet.
    blank_lines: usize,
    /// Arrays on the outside that are open: here, and where the line began.
    open: usize,
    open_before: usize,
}

/// What stands next in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// What is on the outside, or between values there.
    Outside,
    /// An object that was told as a page, with so many bytes before the values in its list.
    Page(usize),
    /// The list of an object that is opened.
    List,
    /// The end of that list, and the rest of the object.
    Rest,
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

impl<R: Read> Splitter<R> {
    /// The values of what a reader gives.
    pub fn new(reader: R) -> Self {
        Self::with_pages(reader, PAGE_BYTES)
    }

    /// The same where objects of more than `page_bytes` are pages.
    pub fn with_pages(reader: R, page_bytes: usize) -> Self {
        Self {
            window: Window::new(reader),
            place: Place::Outside,
            page_bytes,
            line: Line::Empty,
            blank_lines: 0,
            open: 0,
            open_before: 0,
        }
    }

    /// The next value.
    pub fn next(&mut self) -> Next<'_> {
        loop {
            match self.place {
                Place::Outside => {
                    if let Some(next) = self.between() {
                        return next;
                    }
                    self.line = Line::Held;
                    return self.outermost();
                }
                Place::Page(_) => {
                    self.place = Place::Outside;
                    let found = self.find(VALUE_BYTES_MAX, |text| reach(text, 0));
                    return self.told(found, |text| Next::Value(text));
                }
                Place::List => match self.between_listed() {
                    Some(b']') => self.place = Place::Rest,
                    Some(_) => {
                        let found = self.find(VALUE_BYTES_MAX, listed);
                        return self.told(found, |text| Next::Listed(text));
                    }
                    None => return self.end(true),
                },
                Place::Rest => {
                    let found = self.find(VALUE_BYTES_MAX, rest);
                    let Reach::To(end) = found else {
                        return self.told(found, |text| Next::Value(text));
                    };
                    let is_list = self.window.pass(end).ends_with(b"[");
                    self.place = if is_list { Place::List } else { Place::Outside };
                }
            }
        }
    }

    /// Opens the object that was told as a page: the values in its list come next.
    pub fn open(&mut self) {
        if let Place::Page(head) = self.place {
            self.window.pass(head);
            self.place = Place::List;
        }
    }

    /// Goes to what stands next on the outside, but first tells of the lines before it, and of the
    /// end.
    fn between(&mut self) -> Option<Next<'static>> {
        loop {
            self.pass_between();
            let is_at_value = !self.window.text().is_empty();
            if !is_at_value && self.blank_lines < BLANK_LINES_MAX && self.window.more() {
                continue;
            }
            if !is_at_value && self.window.has_ended() && self.line == Line::Blank {
                self.blank_lines += 1;
                self.line = Line::Empty;
            }
            return match std::mem::take(&mut self.blank_lines) {
                0 if is_at_value => None,
                // An array that never ends lacks values.
                0 => Some(self.end(self.open > 0)),
                lines => Some(Next::Blank(lines)),
            };
        }
    }

    /// What stands next on the outside.
    fn outermost(&mut self) -> Next<'_> {
        let outer = |text: &[u8]| reach(text, 0);
        let found = match self.window.text()[0] {
            b'{' => match self.find(self.page_bytes, outer) {
                Reach::Beyond => {
                    let text = self.window.text();
                    let head = list_start(&text[..text.len().min(self.page_bytes)], 0);
                    self.place = Place::Page(head.unwrap_or(0));
                    return match head {
                        Some(head) => Next::Page(&self.window.text()[..head]),
                        None => self.next(),
                    };
                }
                found => found,
            },
            b'"' => self.find(VALUE_BYTES_MAX, outer),
            _ => {
                let found = match self.find(VALUE_BYTES_MAX, line) {
                    // The last line needs no end, but one that is cut by a fault is none.
                    Reach::Beyond if self.window.has_ended() && !self.window.has_failed() => {
                        Reach::Broken(self.window.text().len())
                    }
                    found => found,
                };
                // Brackets before a text are a part of it.
                self.open = self.open.min(self.open_before);
                found
            }
        };
        self.told(found, |text| Next::Value(text))
    }

    /// Goes to what stands next in the list of an object that is opened; none if nothing does.
    fn between_listed(&mut self) -> Option<u8> {
        loop {
            let text = self.window.text();
            let is_between = |byte: &u8| byte.is_ascii_whitespace() || *byte == b',';
            let between = text.iter().position(|byte| !is_between(byte)).unwrap_or(text.len());
            self.window.pass(between);
            let next = self.window.text().first().copied();
            if next.is_some() || !self.window.more() {
                return next;
            }
        }
    }

    /// How far that reaches which stands next, at most so far; beyond if the stream ends before.
    fn find(&mut self, bytes_max: usize, reach: impl Fn(&[u8]) -> Reach) -> Reach {
        // A longer text is looked at from its beginning again; it doubles, so that this ends.
        loop {
            let text = self.window.text();
            let known = text.len();
            match reach(&text[..known.min(bytes_max)]) {
                Reach::Beyond if known < bytes_max => {}
                found => return found,
            }
            while self.window.text().len() < 2 * known && self.window.more() {}
            if self.window.text().len() == known {
                return Reach::Beyond;
            }
        }
    }

    /// Tells what reaches so far, and goes on behind it.
    fn told(&mut self, found: Reach, value: Told) -> Next<'_> {
        let (end, next): (usize, Told) = match found {
            Reach::To(end) => (end, value),
            Reach::Broken(end) => {
                // It may end arrays too, but who knows which.
                if memchr(b']', &self.window.text()[..end]).is_some() {
                    self.open = 0;
                }
                (end, |text| Next::Line(text))
            }
            Reach::Beyond if self.window.text().len() < VALUE_BYTES_MAX => {
                return self.end(true);
            }
            Reach::Beyond => return Next::TooLarge,
        };
        // What breaks the rest of an object ends the object.
        if self.place == Place::Rest {
            self.place = Place::Outside;
        }
        next(self.window.pass(end))
    }

    /// Passes over what stands between values, and counts the lines without one that end there.
    fn pass_between(&mut self) {
        // The last three are a byte order mark.
        let is_between = |byte: u8| {
            matches!(byte, b' ' | b'\t'..=b'\r' | b',' | b'[' | b']' | 0xef | 0xbb | 0xbf)
        };
        let rest = self.window.text();
        let between = rest.iter().position(|&byte| !is_between(byte)).unwrap_or(rest.len());
        for &byte in &rest[..between] {
            match byte {
                b'[' => self.open += 1,
                b']' => self.open = self.open.saturating_sub(1),
                _ => {}
            }
            self.line = match (byte, self.line) {
                (b'\n', line) => {
                    self.blank_lines += usize::from(line != Line::Held);
                    self.open_before = self.open;
                    Line::Empty
                }
                (_, Line::Empty) => Line::Blank,
                (_, line) => line,
            };
        }
        self.window.pass(between);
    }

    /// The end of the stream.
    fn end(&mut self, is_cut: bool) -> Next<'static> {
        Next::End { is_cut, fault: self.window.fault() }
    }
}

/// The rest of an object whose list ends: to its end, or to the values of the next list in it.
fn rest(text: &[u8]) -> Reach {
    let found = reach(text, 2);
    let end = if let Reach::To(end) = found { end } else { text.len() };
    match found {
        Reach::Broken(_) => found,
        _ => list_start(&text[..end], 2).map_or(found, Reach::To),
    }
}

/// The rest of a line that is no value.
fn line(text: &[u8]) -> Reach {
    memchr(b'\n', text).map_or(Reach::Beyond, Reach::Broken)
}

/// A value in a list; one that is no object, list or string is a line of its own.
fn listed(text: &[u8]) -> Reach {
    match text[0] {
        b'{' | b'[' | b'"' => reach(text, 0),
        _ => memchr3(b',', b']', b'\n', text).map_or(Reach::Beyond, Reach::Broken),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Trickle;
    use super::*;

    fn split(text: &str, step: usize) -> Vec<String> {
        parts(Splitter::with_pages(Trickle(text.as_bytes(), step), usize::MAX))
    }

    /// Everything that is told; pages are opened.
    fn parts(mut splitter: Splitter<Trickle<'_>>) -> Vec<String> {
        let mut found = Vec::new();
        loop {
            match splitter.next() {
                Next::Value(value) => found.push(str::from_utf8(value).unwrap().to_owned()),
                Next::Listed(value) => found.push(format!("={}", str::from_utf8(value).unwrap())),
                Next::Page(head) => {
                    found.push(format!("{}>", str::from_utf8(head).unwrap()));
                    splitter.open();
                }
                Next::Line(line) => found.push(format!("!{}", str::from_utf8(line).unwrap())),
                // Reads of a few bytes tell them in parts.
                Next::Blank(lines) => match found.last_mut().filter(|last| last.starts_with('+')) {
                    Some(last) => last.push_str(&"+".repeat(lines)),
                    None => found.push("+".repeat(lines)),
                },
                Next::End { is_cut, fault } => {
                    found.extend(is_cut.then(|| "cut".to_owned()));
                    found.extend(fault.map(|fault| fault.to_string()));
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
    fn an_array_without_an_end_is_cut() {
        for step in [1, 4, 1000] {
            let found = |text: &str| split(text, step);
            assert_eq!(found("[{},\n"), ["{}", "cut"]);
            assert_eq!(found("[\n"), ["+", "cut"]);
            assert_eq!(found("[[{}]\n{}"), ["{}", "{}", "cut"]);
            assert_eq!(found("[{}]\n[{}]]\n[]"), ["{}", "{}", "+"]);
            // These are no brackets of arrays, or are ends of some.
            assert_eq!(found("{}\n[x] y\n[z\n{}"), ["{}", "!x] y", "!z", "{}"]);
            assert_eq!(found("[{},\nnull]\n"), ["{}", "!null]"]);
            assert_eq!(found("[{},{\"a\":\"}]\n"), ["{}", "!{\"a\":\"}]"]);
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
    }

    #[test]
    fn values_of_16_mib_are_told_whole() {
        for (over, before) in [(0, ""), (0, "[{},"), (1, "\n \n"), (1 << 20, "")] {
            let inner = "x".repeat(VALUE_BYTES_MAX + over - 8);
            let object = format!("{{\"a\":\"{inner}\"}}");
            let last = |text: String| {
                parts(Splitter::new(Trickle(text.as_bytes(), usize::MAX))).pop().unwrap()
            };
            let expected = if over == 0 { &object } else { "too large" };
            for text in [object.clone(), format!("{{\"events\":[1,{object}]}}")] {
                let found = last(format!("{before}{text}]"));
                assert!(found.strip_prefix('=').unwrap_or(&found) == expected, "{over}");
            }
        }
    }

    #[test]
    fn pages_are_told_by_what_is_in_their_list() {
        let told = |text: &str, step: usize, page_bytes: usize| {
            parts(Splitter::with_pages(Trickle(text.as_bytes(), step), page_bytes))
        };
        let head = r#"{"events":[>"#;
        for (text, expected) in [
            (
                "{\"events\":[\n{\"a\": [1,\n{}]},\n\n \"x\", \
                 [2], 5, true\n],\"b\":\n\"a]}\"\n}\n{}",
                &[head, "={\"a\": [1,\n{}]}", "=\"x\"", "=[2]", "!5", "!true", "{}"][..],
            ),
            (r#"{"events":[]}{}"#, &[head, "{}"]),
            (r#"{"events":[{}],"a":[1],"Records":[{},5]}[7]"#, &[head, "={}", "={}", "!5", "!7]"]),
            (r#"{"events":15}{}"#, &[r#"{"events":15}"#, "{}"]),
            // No list within another value.
            (r#"{"a":{"events":[1]}}{}"#, &[r#"{"a":{"events":[1]}}"#, "{}"]),
            // Damage costs the value that it is in, or the end.
            ("{\"events\":[{\"a\n{\"b\":1}}2]}{}", &[head, "!{\"a", "={\"b\":1}", "!}2", "{}"]),
            ("{\"events\":[1\n]\n{\"b\":1}", &[head, "!1", "!]", "{\"b\":1}"]),
            // A page that is cut tells what came.
            (r#"{"events":[{"b":1}"#, &[head, r#"={"b":1}"#, "cut"]),
            (r#"{"events":[{"b":1},{"b"#, &[head, r#"={"b":1}"#, "cut"]),
            (r#"{"events":[{"b":1}],"#, &[head, r#"={"b":1}"#, "cut"]),
        ] {
            for step in [1, 2, 3, 1000] {
                assert_eq!(told(text, step, 11), expected, "{text}");
            }
        }
        // Short ones are told so only if they are cut.
        assert_eq!(told(r#"{"events":[{},5]}"#, 4, 1000), [r#"{"events":[{},5]}"#]);
        assert_eq!(told(r#"{"events":[{},5]"#, 4, 1000), [head, "={}", "!5", "cut"]);
    }
}
