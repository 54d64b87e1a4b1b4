//! JSON in which events are asked for by path: each value on a line, for those who read lines.
//!
//! Text whose first value ends on its line is so already, and does not come here. In what is spread
//! over lines, or is an array, a value counts as a line; and a page that is longer than lines are
//! is told event by event, each in the envelope that it has there.

use std::io::Read;

use serde::de::IgnoredAny;

use super::super::{Piece, Pieces, Stated};
use super::reach::{Reach, list_start, reach};
use super::split::{Next, Splitter};
use super::{Outcome, ended, give, lost_in, too_large};
use crate::error::Error;
use crate::json::begins_list;
use crate::record::LINE_BYTES_MAX;

/// Whether a text that begins as JSON does has to be cut into lines.
pub fn are_spread(head: &[u8]) -> bool {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    match reach(text, 0) {
        Reach::Beyond => true,
        // Damage ends with its line, and says nothing of the others.
        Reach::Broken(_) => false,
        Reach::To(end) => {
            let (value, rest) = text.split_at(end);
            value.contains(&b'\n') || value.starts_with(b"[") && rest.trim_ascii().is_empty()
        }
    }
}

/// Whether the last of the objects on a line has no end.
pub fn is_cut(line: &[u8]) -> bool {
    let mut rest = line.trim_ascii_start();
    while rest.starts_with(b"{") {
        match reach(rest, 0) {
            Reach::To(end) => rest = rest[end..].trim_ascii_start(),
            Reach::Beyond => return true,
            Reach::Broken(_) => return false,
        }
    }
    false
}

/// The values in a stream of JSON, as lines.
pub struct Events<'a> {
    splitter: Splitter<Box<dyn Read + 'a>>,
    block_bytes: usize,
    text: Vec<u8>,
    /// What was lost first with a line.
    fault: Option<Error>,
    outcome: Option<Outcome>,
}

impl<'a> Events<'a> {
    /// Reads values, and gives blocks of about `block_bytes`.
    pub fn new(reader: Box<dyn Read + 'a>, block_bytes: usize) -> Self {
        Self::with_pages(reader, block_bytes, LINE_BYTES_MAX - 1)
    }

    fn with_pages(reader: Box<dyn Read + 'a>, block_bytes: usize, page_bytes: usize) -> Self {
        let splitter = Splitter::with_pages(reader, page_bytes);
        Self { splitter, block_bytes, text: Vec::new(), fault: None, outcome: None }
    }

    /// The events in an envelope that is damaged somewhere, as lines; false if it is none, or if
    /// some of it is lost, which stays visible as a line.
    fn damaged_page(lines: &mut Vec<u8>, value: &[u8]) -> bool {
        let is_sound = |text| serde_json::from_str::<IgnoredAny>(text).is_ok();
        if str::from_utf8(value).is_ok_and(is_sound) {
            return false;
        }
        let head = list_start(value, 0);
        let is_list = |head: &usize| str::from_utf8(&value[..*head]).is_ok_and(begins_list);
        let Some(head) = head.filter(is_list) else { return false };
        let mut splitter = Splitter::with_pages(value, head);
        loop {
            match splitter.next() {
                Next::Value(text) | Next::Listed(text) | Next::Line(text) => {
                    Self::line(lines, text);
                }
                Next::Page(_) => splitter.open(),
                Next::Blank(_) => {}
                Next::End { is_cut, .. } => return !is_cut,
                Next::TooLarge => return false,
            }
        }
    }

    /// A value, or what is none, as one line.
    fn line(text: &mut Vec<u8>, line: &[u8]) {
        let start = text.len();
        text.extend_from_slice(line);
        // No newline is in a string.
        text[start..].iter_mut().filter(|byte| **byte == b'\n').for_each(|byte| *byte = b' ');
        text.push(b'\n');
    }
}

impl Pieces for Events<'_> {
    fn next(&mut self, buffer: &mut Vec<u8>) -> Piece {
        while self.outcome.is_none() && self.text.len() < self.block_bytes {
            match self.splitter.next() {
                Next::Value(text) if Self::damaged_page(&mut self.text, text) => {}
                Next::Value(text) | Next::Listed(text) => Self::line(&mut self.text, text),
                Next::Line(text) => {
                    self.fault = self.fault.take().or_else(|| lost_in(text));
                    Self::line(&mut self.text, text);
                }
                Next::Page(head) => {
                    if str::from_utf8(head).is_ok_and(begins_list) {
                        self.splitter.open();
                    }
                }
                Next::Blank(lines) => self.text.resize(self.text.len() + lines, b'\n'),
                Next::End { is_cut, fault } => self.outcome = Some(ended(is_cut, fault)),
                Next::TooLarge => self.outcome = Some((Err(too_large()), true)),
            }
        }
        let text = std::mem::take(&mut self.text);
        match give(buffer, &text) {
            Some(length) => Piece::Block { length, headers: 0, stated: Stated::Nothing },
            None => {
                let (result, partial) = self.outcome.take().unwrap_or((Ok(()), false));
                let mut fault = || self.fault.take().map_or(Ok(()), Err);
                Piece::End { result: result.and_then(|()| fault()), partial }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Trickle;
    use super::*;

    fn lines(text: &str, step: usize, page_bytes: usize) -> Vec<String> {
        let reader = Box::new(Trickle(text.as_bytes(), step));
        let mut events = Events::with_pages(reader, 20, page_bytes);
        let (mut found, mut buffer) = (Vec::new(), Vec::new());
        loop {
            match events.next(&mut buffer) {
                Piece::Block { length, stated, .. } => {
                    assert_eq!(stated, Stated::Nothing);
                    let text = str::from_utf8(&buffer[..length]).unwrap();
                    assert!(text.ends_with('\n'));
                    found.extend(text.lines().map(str::to_owned));
                }
                Piece::End { result, partial } => {
                    assert_eq!(result.is_err(), partial);
                    found.extend(partial.then(|| "cut".to_owned()));
                    return found;
                }
            }
        }
    }

    #[test]
    fn values_become_lines() {
        let list = "{\"nextToken\": \"x\",\n\"events\": [\n{\"message\":\n1},{\"message\":2}]\n}";
        let own = "{\"user\": \"x\", \"events\": [\n{\"message\":\n1},{\"message\":2}]\n}";
        let data =
            "{\"messageType\":\"DATA_MESSAGE\",\"logEvents\":[{\"message\":1},{\"message\":2}]}";
        let line = |text: &str| text.replace('\n', " ");
        for step in [1, 3, 1000] {
            for (text, page_bytes, expected) in [
                ("[\n{\"a\":\n1}, {}\n,\n]", 1000, vec!["", "{\"a\": 1}", "{}", "", ""]),
                ("{\"a\"\n:1}x\n\n{}", 1000, vec!["{\"a\" :1}", "x", "", "{}"]),
                (list, 1000, vec![&*line(list)]),
                (list, 40, vec!["{\"message\": 1}", "{\"message\":2}"]),
                (&list[..list.len() - 5], 1000, vec!["{\"message\": 1}", "cut"]),
                (data, 50, vec!["{\"message\":1}", "{\"message\":2}"]),
                // Damage, here a comma that lacks, costs no more than where it is.
                (&list.replace("},", "} ,"), 1000, vec![&*line(&list.replace("},", "} ,"))]),
                (&list.replace("\n1}", "\\x}"), 1000, vec!["{\"message\":\\x}", "{\"message\":2}"]),
                // An application's own event, which may be anything.
                (own, 40, vec![&*line(own)]),
                (&data.replace("DATA", "OTHER"), 50, vec![&*data.replace("DATA", "OTHER")]),
            ] {
                assert_eq!(lines(text, step, page_bytes), expected, "{text}");
            }
        }
    }

    #[test]
    fn the_last_object_of_a_line_may_be_cut() {
        for text in ["{", " {\"a\":\"}\"", "{}{\"a\":{}", "{} {\"a\":[", "{\"a\":\"\\\"}"] {
            assert!(is_cut(text.as_bytes()), "{text}");
        }
        for text in ["", "{}", "{}{} ", "x {", "{} x{", "[{", "\"{"] {
            assert!(!is_cut(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn only_what_is_no_line_is_cut_into_lines() {
        for (head, expected) in [
            ("{\"a\":1}", false),
            ("\u{feff} {\"a\":1}{}\n{", false),
            ("{\"a\":1} x\n", false),
            ("{\"a\":\"x\n{\n}", false),
            ("[{\"a\":1}]\n{}\n", false),
            ("{\n\"a\":1}", true),
            ("{\"a\":", true),
            ("[{\"a\":1}]\n", true),
        ] {
            assert_eq!(are_spread(head.as_bytes()), expected, "{head}");
        }
    }
}
