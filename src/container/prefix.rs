//! Lines with something before or after the record: exports of CloudWatch Logs, what `aws logs`
//! prints as text, what `grep` prints of many files.
//!
//! Lines stay lines: each leaves without what was put around it, so that line numbers are those
//! of the file. Only messages that the AWS CLI puts on one line are parted at their tabs. A line
//! that does not look like the others passes as it is.

use std::borrow::Cow;
use std::io::{self, Read};
use std::ops::Range;

use memchr::{memchr, memchr_iter, memchr2, memmem};

use super::{LastEvent, Piece, Pieces, Stated, Text, Wanted};
use crate::layout::Layout;
use crate::record::{LINE_BYTES_MAX, tokens};
use crate::source::{Cut, Cutter};
pub use said::Said;

mod said;

/// Lines at the beginning that are looked at. A prefix is there from the first line on; a few
/// broken lines, or rows of other things, may come before it.
const LINES_LOOKED_AT: usize = 8;
/// The byte order mark that some editors put before a text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// What begins a colour of a terminal.
const ESCAPE: u8 = 0x1b;
/// What `grep` writes with each colour: clears the rest of the line.
const CLEARED: &[u8] = b"\x1b[K";
/// What rows of events begin with in the text of the AWS CLI.
const EVENTS: &[u8] = b"EVENTS\t";
/// How names of files end before the colon that `grep` puts after them.
const NAME_ENDS: [&[u8]; 4] = [b".log", b".gz", b".txt", b".zst"];

/// What stands around records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A time before them: an export of CloudWatch Logs, `aws logs tail --format short`.
    Time,
    /// A time and the name of a log stream before them: `aws logs tail`.
    Stream,
    /// Other columns around them: `aws logs filter-log-events --output text`.
    Events,
    /// The name of a file before them: `grep -r`.
    Path,
    /// The name of a file and the number of a line before them: `grep -rn`.
    NumberedPath,
    /// The number of a line before them: `grep -n`.
    Number,
    /// Nothing but colours in them.
    Colours,
    /// Several on one line, parted by tabs: `--query 'events[].message' --output text`.
    Joined,
}

impl Form {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Time => "lines after a time",
            Self::Stream => "aws logs tail",
            Self::Events => "aws logs --output text",
            Self::Path | Self::NumberedPath | Self::Number => "grep",
            Self::Colours => "coloured text",
            Self::Joined => "records parted by tabs",
        }
    }
}

/// What stands around the records of a text that begins like this, if anything.
pub fn form(head: &[u8], wanted: Wanted) -> Option<Form> {
    let mut rest = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head);
    if let Some(said) = wanted.columns.filter(|_| wanted.flow_logs)
        && let Some(form) = of_grep(rest, said)
    {
        return Some(form);
    }
    let mut looked_at = 0;
    let mut timed = Timed::default();
    while !rest.is_empty() && looked_at < LINES_LOOKED_AT {
        let end = memchr(b'\n', rest).unwrap_or(rest.len());
        let is_whole = end < rest.len() || looked_at == 0;
        let line = &rest[..end];
        rest = rest.get(end + 1..).unwrap_or_default();
        if !is_whole {
            break;
        }
        looked_at += 1;
        if let Some(form) = form_of(line, wanted) {
            return Some(form);
        }
        timed.look_at(line);
    }
    timed.form().filter(|_| wanted.flow_logs && wanted.columns.is_none())
}

/// What `grep` put before records whose columns were said.
fn of_grep(text: &[u8], said: Said) -> Option<Form> {
    let lines = said::first_lines(text);
    match lines.iter().any(|line| memchr(ESCAPE, line).is_some()) {
        true => {
            let lines: Vec<Vec<u8>> = lines.into_iter().map(colourless).collect();
            said.form(&lines.iter().map(Vec::as_slice).collect::<Vec<_>>())
        }
        false => said.form(&lines),
    }
}

/// Lines whose columns nothing says, and what they begin with. No field of a flow log is a time
/// with a date: where all begin with one, it is no value of the record.
#[derive(Default)]
struct Timed {
    zone: Option<Zone>,
    has_others: bool,
}

impl Timed {
    fn look_at(&mut self, line: &[u8]) {
        if tokens(line).next().is_none() {
            return;
        }
        match time(line).filter(|&(end, _)| is_of_values(&line[end..])) {
            Some((_, zone)) => self.zone = Some(zone),
            None => self.has_others = true,
        }
    }

    fn form(&self) -> Option<Form> {
        let form = |zone| if zone == Zone::Offset { Form::Stream } else { Form::Time };
        self.zone.filter(|_| !self.has_others).map(form)
    }
}

/// Whether a line, or its rest, holds values and no JSON.
fn is_of_values(line: &[u8]) -> bool {
    tokens(line).next().is_some_and(|first| first[0] != b'{')
}

/// What stands around the record of a line.
fn form_of(raw: &[u8], wanted: Wanted) -> Option<Form> {
    let raw = raw.strip_suffix(b"\r").unwrap_or(raw);
    let (has_colours, has_tabs) = match memchr2(ESCAPE, b'\t', raw) {
        Some(at) => (memchr(ESCAPE, &raw[at..]).is_some(), memchr(b'\t', &raw[at..]).is_some()),
        None => (false, false),
    };
    let line = match has_colours {
        true => Cow::Owned(colourless(raw)),
        false => Cow::Borrowed(raw),
    };
    let is_known = |form: Form| {
        let kept = form.kept(&line).filter(|kept| kept.len() < line.len());
        kept.is_some_and(|kept| is_known(&line[kept], wanted))
    };
    let is_said = |form: Form| {
        let said = wanted.columns.filter(|_| wanted.flow_logs);
        let kept = form.kept(&line).filter(|kept| kept.len() < line.len());
        kept.zip(said).is_some_and(|(kept, said)| said.is_record(&line[kept]))
    };
    let is_enough = |form: Form| {
        let kept = form.kept(&line).filter(|kept| kept.len() < line.len());
        kept.is_some_and(|kept| is_enough(&line[kept], wanted))
    };
    if let Some((_, zone)) = time(&line) {
        let stated = if zone == Zone::Offset { Form::Stream } else { Form::Time };
        let forms = [Form::Time, Form::Stream];
        // A record without its first value may be a known one, too.
        if is_said(stated) {
            return Some(stated);
        }
        let known = forms.into_iter().find(|&form| is_said(form));
        let known = known.or_else(|| forms.into_iter().find(|&form| is_known(form)));
        return known.or_else(|| is_enough(stated).then_some(stated));
    }
    if line.starts_with(EVENTS) {
        return (is_known(Form::Events) || is_enough(Form::Events)).then_some(Form::Events);
    }
    let first = &line[..memchr2(b' ', b'\t', &line).unwrap_or(line.len())];
    if memchr(b':', first).is_some() {
        let forms = [Form::NumberedPath, Form::Path, Form::Number];
        let known = forms.into_iter().find(|&form| is_known(form));
        let applies = |form: &Form| form.kept(&line).is_some_and(|kept| kept.len() < line.len());
        // A number after the name is none of the line's own, whatever else there is.
        let stated = forms.into_iter().find(applies).filter(|_| applies(&Form::Path));
        if let Some(form) = known.or(stated.filter(|&form| is_enough(form))) {
            return Some(form);
        }
    }
    if wanted.flow_logs && has_tabs && are_joined(&line, wanted) {
        return Some(Form::Joined);
    }
    // Colours within the values of a record are what they are, unless `grep` put them there.
    let is_coloured = has_colours
        && self::is_known(&line, wanted)
        && (memmem::find(raw, CLEARED).is_some() || !self::is_known(raw, wanted));
    is_coloured.then_some(Form::Colours)
}

/// Whether this is a record whose layout is known, a header, or JSON where that is asked for.
fn is_known(line: &[u8], wanted: Wanted) -> bool {
    if line.trim_ascii_start().starts_with(b"{") {
        return wanted.json;
    }
    wanted.flow_logs && (Layout::of_record(line).is_some() || Layout::from_header(line).is_some())
}

/// Whether a line has as many values as the layout that was said.
fn is_enough(line: &[u8], wanted: Wanted) -> bool {
    let columns = wanted.columns.filter(|_| wanted.flow_logs);
    columns.is_some_and(|said| tokens(line).count() >= said.columns())
}

/// Whether tabs part records: several are whole, and no more are not, as one that is damaged.
fn are_joined(line: &[u8], wanted: Wanted) -> bool {
    let is_record = |part: &&[u8]| {
        is_enough(part, wanted) && wanted.columns.is_some_and(|said| said.columns() > 1)
            || Layout::of_record(part).is_some()
    };
    let parts = line.split(|&byte| byte == b'\t').filter(|part| !part.is_empty());
    let parts: Vec<&[u8]> = parts.take(LINES_LOOKED_AT).collect();
    let records = parts.iter().filter(|part| is_record(part)).count();
    records > 1 && records * 2 >= parts.len()
}

/// The lines of a text, without what stands around them.
pub fn pieces<'a>(
    text: Box<dyn Read + 'a>,
    form: Form,
    wanted: Wanted,
    block_bytes: usize,
) -> Box<dyn Pieces + 'a> {
    if form == Form::Joined {
        let parted = Box::new(Parted { text, has_blanks: false });
        return Box::new(Text::new(parted, wanted, block_bytes));
    }
    Box::new(Prefixed {
        cutter: Cutter::new(text, block_bytes, LINE_BYTES_MAX),
        form,
        is_first: true,
        last: LastEvent::new(wanted),
    })
}

struct Prefixed<'a> {
    cutter: Cutter<'a>,
    form: Form,
    is_first: bool,
    last: LastEvent,
}

impl Pieces for Prefixed<'_> {
    fn next(&mut self, buffer: &mut Vec<u8>) -> Piece {
        match self.cutter.next(buffer) {
            Cut::Block(length) => {
                let is_first = std::mem::replace(&mut self.is_first, false);
                let text = &mut buffer[..length];
                let has_mark = is_first && text.starts_with(BYTE_ORDER_MARK);
                let start = if has_mark { BYTE_ORDER_MARK.len() } else { 0 };
                let length = self.form.strip(text, start);
                self.last.look_at(&buffer[..length], &self.cutter);
                Piece::Block { length, headers: 0, stated: Stated::Nothing }
            }
            Cut::End { result, partial } => Piece::End { result: self.last.end(result), partial },
        }
    }
}

impl Form {
    /// Takes away what stands around the lines from `from` on; returns how long they are then.
    fn strip(self, text: &mut [u8], mut from: usize) -> usize {
        let mut length = text.len();
        if memchr(ESCAPE, text).is_some() {
            length = remove_colours(text);
        }
        let mut to = 0;
        while from < length {
            let end = memchr(b'\n', &text[from..length]).map_or(length, |at| from + at);
            let line = &text[from..end];
            // A line that is too long was cut, and is counted as that.
            let kept = match line.len() < LINE_BYTES_MAX {
                true => self.kept(line),
                false => Some(0..line.len()),
            };
            let kept = kept.unwrap_or_else(|| {
                text[from] = b'#';
                0..end - from
            });
            text.copy_within(from + kept.start..from + kept.end, to);
            to += kept.len();
            text[to] = b'\n';
            to += 1;
            from = end + 1;
        }
        to
    }

    /// What is meant of a line; nothing if the line is none of the log's.
    fn kept(self, line: &[u8]) -> Option<Range<usize>> {
        let length = line.len();
        let from = match self {
            Self::Events => return event(line),
            Self::Time => time(line).map(|(end, _)| after_blanks(line, end)),
            Self::Stream => time(line).map(|(end, _)| {
                let name = after_blanks(line, end);
                let end = memchr(b' ', &line[name..]).map_or(length, |at| name + at);
                after_blanks(line, end)
            }),
            Self::Path => colons(line).find(|&at| is_name(&line[..at])).map(|at| at + 1),
            Self::NumberedPath => colons(line).find_map(|at| number(line, at + 1)),
            Self::Number => number(line, 0),
            Self::Colours | Self::Joined => None,
        };
        Some(from.unwrap_or(0)..length)
    }
}

fn after_blanks(line: &[u8], from: usize) -> usize {
    from + line[from..].iter().take_while(|&&byte| matches!(byte, b' ' | b'\t')).count()
}

/// The colons of a line's first word.
fn colons(line: &[u8]) -> impl Iterator<Item = usize> {
    let end = memchr2(b' ', b'\t', line).unwrap_or(line.len());
    memchr_iter(b':', &line[..end])
}

fn is_name(name: &[u8]) -> bool {
    NAME_ENDS.iter().any(|end| name.ends_with(end))
}

/// The place after a number and a colon at `from`.
fn number(line: &[u8], from: usize) -> Option<usize> {
    let digits = line[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    (digits > 0 && line.get(from + digits) == Some(&b':')).then_some(from + digits + 1)
}

/// What a time says of its zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Zone {
    None,
    Utc,
    Offset,
}

/// Where the time at the beginning of a line ends, `2025-02-25T12:25:04` with or without a
/// fraction and a zone.
fn time(line: &[u8]) -> Option<(usize, Zone)> {
    const SHAPE: &[u8; 19] = b"0000-00-00T00:00:00";
    let start: &[u8; 19] = line.first_chunk()?;
    if start[4] != b'-' || start[10] != b'T' {
        return None;
    }
    // Without a branch for each byte.
    let is_time = start.iter().zip(SHAPE).fold(true, |is_time, (&byte, &shape)| {
        is_time & ((byte == shape) | ((shape == b'0') & byte.is_ascii_digit()))
    });
    if !is_time {
        return None;
    }
    let mut end = SHAPE.len();
    let digits = |from: usize| line[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    if matches!(line.get(end), Some(b'.' | b',')) {
        end += 1 + digits(end + 1);
    }
    let zone = match line.get(end) {
        Some(b'Z') => {
            end += 1;
            Zone::Utc
        }
        Some(b'+' | b'-') => {
            end += 1 + digits(end + 1);
            if line.get(end) == Some(&b':') {
                end += 1 + digits(end + 1);
            }
            Zone::Offset
        }
        _ => Zone::None,
    };
    matches!(line.get(end), None | Some(b' ' | b'\t' | b'\r')).then_some((end, zone))
}

/// The message of a row of the AWS CLI's text: the columns are in the order of their names.
/// Nothing for rows that list tokens and log streams.
fn event(line: &[u8]) -> Option<Range<usize>> {
    let whole = Some(0..line.len());
    let Some(columns) = line.strip_prefix(EVENTS) else {
        let is_list = line.starts_with(b"SEARCHEDLOGSTREAMS\t") || is_tokens(line);
        return whole.filter(|_| !is_list);
    };
    let is_digits = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let mut tabs = memchr_iter(b'\t', columns).map(|tab| tab + EVENTS.len());
    let (Some(first), Some(last)) = (tabs.next(), memchr::memrchr(b'\t', line)) else {
        return whole;
    };
    // An id and when it was taken in, or only that; a stream; the message; its time.
    let start = match (tabs.next(), tabs.next()) {
        (Some(second), Some(third)) if is_digits(&line[first + 1..second]) => third + 1,
        _ => first + 1,
    };
    if start <= last { Some(start..last) } else { whole }
}

/// Whether a row holds tokens for the next page and nothing else.
fn is_tokens(line: &[u8]) -> bool {
    let mut values = line.trim_ascii_end().split(|&byte| byte == b'\t').peekable();
    let is_token = |value: &[u8]| {
        let digits = value.strip_prefix(b"f/").or_else(|| value.strip_prefix(b"b/"));
        digits.is_some_and(|digits| digits.len() > 16 && !digits.contains(&b' '))
            || value.strip_prefix(b"NEXTTOKEN").is_some_and(<[u8]>::is_empty)
    };
    values.peek().is_some() && values.all(is_token)
}

/// A line without colours.
fn colourless(line: &[u8]) -> Vec<u8> {
    let mut line = line.to_vec();
    let length = remove_colours(&mut line);
    line.truncate(length);
    line
}

/// Takes away what colours text in a terminal, `ESC[..m` and the `ESC[K` that goes with it;
/// returns how long the text is then.
fn remove_colours(text: &mut [u8]) -> usize {
    let (mut from, mut to) = (0, 0);
    while let Some(at) = memchr(ESCAPE, &text[from..]) {
        text.copy_within(from..from + at, to);
        to += at;
        from += at;
        let is_number = |byte: &&u8| byte.is_ascii_digit() || **byte == b';';
        let rest = text[from + 1..].strip_prefix(b"[").unwrap_or_default();
        let numbers = rest.iter().take_while(is_number).count();
        if matches!(rest.get(numbers), Some(b'm' | b'K')) {
            from += 2 + numbers + 1;
        } else {
            text[to] = ESCAPE;
            (from, to) = (from + 1, to + 1);
        }
    }
    let length = text.len();
    text.copy_within(from..length, to);
    to + length - from
}

/// A text in which tabs are newlines: what is damaged takes no record after it. But a line without
/// a blank is a record whose values they part.
struct Parted<'a> {
    text: Box<dyn Read + 'a>,
    /// Whether there was a blank since the last record began.
    has_blanks: bool,
}

impl Read for Parted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.text.read(buffer)?;
        let mut from = 0;
        while let Some(at) = memchr2(b'\t', b'\n', &buffer[from..count]) {
            let end = from + at;
            self.has_blanks |= memchr(b' ', &buffer[from..end]).is_some();
            if buffer[end] == b'\n' || self.has_blanks {
                buffer[end] = b'\n';
                self.has_blanks = false;
            }
            from = end + 1;
        }
        self.has_blanks |= memchr(b' ', &buffer[from..count]).is_some();
        Ok(count)
    }
}

#[cfg(test)]
mod tests;
