//! About five hundred records at a time, as columns: the border where bytes become words.
//!
//! A batch has two kinds of rows. *Regular* rows are what nearly every line is: all columns
//! there, IPv4 addresses in canonical spelling, plain numbers in range, log-status OK. Of them
//! the columns that the plan needs are decoded into arrays. *Plain* rows are all other
//! well-formed records (NODATA, `-` somewhere, IPv6, odd spellings, extra values); of them a
//! batch keeps where each value lies, and whoever needs one reads it the plain way.
//!
//! Events that are no flow-log records (JSON, or tokens of any other log) are plain rows always.
//!
//! Every column is checked, also those that no question needs: whether a line is malformed must
//! not depend on what is asked. The checks of unneeded columns cost about a tenth of a run.

mod notes;
mod reading;
mod span;
#[cfg(test)]
mod tests;

use crate::container::Decoded;
use crate::field::is_milliseconds;
use crate::json::events;
use crate::layout::{Place, Stretch};
use crate::record::{LINE_BYTES_MAX, Reason, check, clf_tokens};
use crate::scan::Marks;
use crate::value::{Number, Status};
pub use notes::{Notes, SPECIMENS_MAX, Specimen};
use reading::Asked;
pub use reading::Reading;

/// Rows of each kind in a batch. 512 rows of text, marks and columns stay within a core's
/// second-level cache; larger batches gained nothing.
const ROWS_MAX: usize = if cfg!(debug_assertions) { 7 } else { 512 };

/// Values of plain rows in a batch, beyond which it ends: a line may have half a million of them.
const SPANS_MAX: usize = 64 * ROWS_MAX;

/// What a question takes its events from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
#[non_exhaustive]
pub enum Form {
    /// Lines of values between blanks: flow-log records.
    #[default]
    Records,
    /// JSON objects, one in each line or in the envelopes of CloudWatch Logs.
    Json,
}

/// How lines that hold no JSON are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lines {
    /// As flow-log records, checked column by column.
    #[default]
    Records,
    /// As tokens of any log, each line an event.
    Tokens,
    /// Not at all: only JSON is asked for.
    Refused,
}

/// A row that is read the plain way. Its values are `columns` spans from `first` on: of the
/// block's text, or for JSON of the batch's own.
#[derive(Debug, Clone, Copy)]
struct PlainRow {
    form: Form,
    status: Status,
    first: usize,
    columns: usize,
    /// The span of the whole event.
    line: (u32, u32),
}

/// The span of a value that is not there.
const ABSENT: (u32, u32) = (u32::MAX, 0);

/// The rows. Reused from batch to batch.
#[derive(Debug, Default)]
pub struct Batch {
    rows: Vec<u32>,
    addresses: Vec<Vec<u32>>,
    numbers: Vec<Vec<u64>>,
    plain: Vec<PlainRow>,
    spans: Vec<(u32, u32)>,
    /// Values of JSON events, unescaped.
    texts: Vec<u8>,
    set_aside: Vec<u32>,
}

impl Batch {
    /// Fills the batch with the lines from mark `cursor` to mark `end`, or as many as fit, and
    /// moves `cursor` past them. Lines that are no records are noted.
    pub fn fill(
        &mut self,
        reading: &Reading,
        marks: &Marks<'_>,
        cursor: &mut usize,
        end: usize,
        notes: &mut Notes,
    ) {
        self.rows.clear();
        self.plain.clear();
        self.spans.clear();
        self.texts.clear();
        while *cursor < end
            && self.rows.len() < ROWS_MAX
            && self.plain.len() < ROWS_MAX
            && self.spans.len() < SPANS_MAX
        {
            let before = self.rows.len();
            marks.rows(&reading.shape, cursor, end, ROWS_MAX, &mut self.rows);
            notes.tally.lines += (self.rows.len() - before) as u64;
            if *cursor < end && self.rows.len() < ROWS_MAX {
                notes.tally.lines += 1;
                self.read_plainly(reading, marks, *cursor, notes);
                *cursor = marks.line_end(*cursor);
            }
        }
        self.check(reading, marks, notes);
        notes.tally.ok += self.rows.len() as u64;
        self.numbers.resize_with(reading.numbers.len(), Vec::new);
        for (&column, values) in reading.numbers.iter().zip(&mut self.numbers) {
            values.clear();
            marks.numbers(&self.rows, column, values);
        }
    }

    /// Fills the batch with decoded rows from `next` on, as many as fit, and moves `next` past
    /// them. Their lines are the first of the text, and have no values but
    /// those that are asked for as text.
    pub fn fill_decoded(
        &mut self,
        reading: &Reading,
        decoded: &Decoded,
        next: &mut usize,
        notes: &mut Notes,
    ) {
        let rows = *next..decoded.rows.min(*next + ROWS_MAX);
        *next = rows.end;
        self.rows.clear();
        self.plain.clear();
        self.spans.clear();
        self.texts.clear();
        let columns = reading.layout.columns();
        self.rows.extend(rows.clone().map(|row| (row * columns) as u32));
        self.addresses.resize_with(reading.addresses.len(), Vec::new);
        for (values, decoded) in self.addresses.iter_mut().zip(&decoded.addresses) {
            values.clear();
            values.extend_from_slice(&decoded[rows.clone()]);
        }
        self.numbers.resize_with(reading.numbers.len(), Vec::new);
        for (column, values) in reading.numbers.iter().zip(&mut self.numbers) {
            let found = decoded.numbers.iter().find(|(other, _)| other == column);
            let (_, decoded) = found.expect("all columns of numbers are decoded");
            values.clear();
            values.extend_from_slice(&decoded[rows.clone()]);
        }
        notes.tally.lines += rows.len() as u64;
        notes.tally.ok += rows.len() as u64;
    }

    /// Checks what the shape of a row cannot tell, and reads rows that fail the plain way.
    fn check(&mut self, reading: &Reading, marks: &Marks<'_>, notes: &mut Notes) {
        let aside = &mut self.set_aside;
        aside.clear();
        self.addresses.resize_with(reading.addresses.len(), Vec::new);
        for (&column, values) in reading.addresses.iter().zip(&mut self.addresses) {
            values.clear();
            marks.ipv4s(&self.rows, column, values, aside);
        }
        for &(column, limit) in &reading.limits {
            marks.numbers_over(&self.rows, column, limit, aside);
        }
        for &column in &reading.may_be_absent {
            marks.no_numbers(&self.rows, column, aside);
        }
        if let Some(column) = reading.status {
            marks.select(&self.rows, column, &reading.ok, true, aside);
        }
        // Comments are rare, and so are texts that hold what begins one.
        for &column in reading.texts.iter().filter(|_| marks.has_hash()) {
            let begins = |row: u32| marks.field(row as usize + column)[0] == b'#';
            let rows = self.rows.iter().enumerate();
            aside.extend(rows.filter(|(_, row)| begins(**row)).map(|(at, _)| at as u32));
        }
        // An object in the place of the first value is an event and no record.
        if reading.texts.first() == Some(&0) && !notes.are_rows {
            let begins = |row: u32| marks.field(row as usize)[0] == b'{';
            let rows = self.rows.iter().enumerate();
            aside.extend(rows.filter(|(_, row)| begins(**row)).map(|(at, _)| at as u32));
        }
        for &column in &reading.unpadded {
            let padded = |row: u32| {
                let text = marks.field(row as usize + column);
                text[0] == b'0' && text.len() > 1
            };
            let rows = self.rows.iter().enumerate();
            aside.extend(rows.filter(|(_, row)| padded(**row)).map(|(at, _)| at as u32));
        }
        if aside.is_empty() {
            return;
        }
        aside.sort_unstable();
        aside.dedup();
        let aside = std::mem::take(&mut self.set_aside);
        for &position in &aside {
            self.read_plainly(reading, marks, self.rows[position as usize] as usize, notes);
        }
        remove(&mut self.rows, &aside);
        for values in &mut self.addresses {
            remove(values, &aside);
        }
        self.set_aside = aside;
    }

    /// Reads the line after a mark value by value.
    fn read_plainly(
        &mut self,
        reading: &Reading,
        marks: &Marks<'_>,
        mark: usize,
        notes: &mut Notes,
    ) {
        let (start, end) = (marks.place(mark), marks.line_end(mark));
        let line = &marks.text()[start..marks.place(end) - 1];
        let opens_object = || !notes.are_rows && line.trim_ascii_start().starts_with(b"{");
        match &reading.paths {
            Some(asked) if reading.lines == Lines::Refused || opens_object() => {
                self.read_json(asked, start, line, notes);
            }
            _ if reading.lines == Lines::Records => {
                self.read_record(reading, marks, (mark, end), notes);
            }
            _ => self.read_tokens(start, line, notes),
        }
    }

    /// Reads a line of JSON: an event, or an envelope of events.
    fn read_json(&mut self, asked: &Asked, start: usize, line: &[u8], notes: &mut Notes) {
        if line.trim_ascii().is_empty() {
            notes.tally.blank += 1;
            return;
        }
        let Some(text) = str::from_utf8(line).ok().filter(|line| line.len() < LINE_BYTES_MAX)
        else {
            let is_long = line.len() >= LINE_BYTES_MAX;
            let reason = if is_long { Reason::TooLong } else { Reason::NotJson };
            return notes.malformed(start, line, reason);
        };
        let (spans, texts, plain) = (&mut self.spans, &mut self.texts, &mut self.plain);
        let Asked { paths, count, keeps_events } = asked;
        let (mut failed, mut without_time, mut has_milliseconds) = (0, 0, false);
        let found = events(text, |event| {
            let first = spans.len();
            // The last one is the event's time.
            spans.resize(first + count + 1, ABSENT);
            let mut copy = |value: &str| {
                let from = texts.len() as u32;
                texts.extend_from_slice(value.as_bytes());
                (from, texts.len() as u32)
            };
            let line = if *keeps_events { copy(event.text) } else { ABSENT };
            let mut put = |at: usize, value: &str| spans[first + at] = copy(value);
            if let Some(time) = event.time {
                put(*count, &time.to_string());
            }
            let is_timed = event.time.is_some();
            if paths.read(event.text, &mut put).is_err() {
                spans.truncate(first);
                failed += 1;
                return;
            }
            without_time += u64::from(!is_timed);
            has_milliseconds |= event.is_milliseconds;
            plain.push(PlainRow {
                form: Form::Json,
                status: Status::Ok,
                first,
                columns: count + 1,
                line,
            });
        });
        match found {
            // An envelope is JSON, whatever it holds.
            Ok(events) if failed < events as u64 || text.trim_ascii_start().starts_with('{') => {
                notes.tally.ok += 1;
                notes.tally.events_not_json += failed;
                notes.tally.events_without_time += without_time;
                notes.tally.milliseconds += u64::from(has_milliseconds);
            }
            _ => notes.malformed(start, line, Reason::NotJson),
        }
    }

    /// Reads a line of any log.
    fn read_tokens(&mut self, start: usize, line: &[u8], notes: &mut Notes) {
        if line.len() >= LINE_BYTES_MAX {
            return notes.malformed(start, line, Reason::TooLong);
        }
        let first = self.spans.len();
        self.push_spans(start, line, clf_tokens(line));
        let columns = self.spans.len() - first;
        if columns == 0 {
            notes.tally.blank += 1;
            return;
        }
        notes.tally.ok += 1;
        let line = event(start, line);
        let status = Status::Ok;
        self.plain.push(PlainRow { form: Form::Records, status, first, columns, line });
    }

    fn push_spans<'a>(
        &mut self,
        start: usize,
        line: &[u8],
        tokens: impl Iterator<Item = &'a [u8]>,
    ) {
        self.spans.extend(tokens.map(|token| {
            let from = start + (token.as_ptr() as usize - line.as_ptr() as usize);
            (from as u32, (from + token.len()) as u32)
        }));
    }

    /// Reads the fields from mark `mark` to the end of the line as [`Record::parse`] does, but
    /// does not look for them again.
    ///
    /// [`Record::parse`]: crate::record::Record::parse
    fn read_record(
        &mut self,
        reading: &Reading,
        marks: &Marks<'_>,
        (mark, end): (usize, usize),
        notes: &mut Notes,
    ) {
        let (start, line_end) = (marks.place(mark), marks.place(end) - 1);
        let malformed = |notes: &mut Notes, reason| {
            notes.malformed(start, &marks.text()[start..line_end], reason);
        };
        if line_end - start >= LINE_BYTES_MAX {
            return malformed(notes, Reason::TooLong);
        }
        let first = self.spans.len();
        let spans = &mut self.spans;
        let fields = (mark..end).map(|mark| (marks.place(mark), marks.field(mark)));
        let values = fields.filter(|(_, text)| !text.is_empty());
        let values = values.take_while(|(_, text)| text[0] != b'#').map(|(from, text)| {
            spans.push((from as u32, (from + text.len()) as u32));
            text
        });
        let mut values = values.peekable();
        if values.peek().is_none() {
            notes.tally.blank += 1;
            return;
        }
        let (status, columns) = match check(values, &reading.layout, notes.are_rows) {
            Ok(found) => found,
            Err(reason) => {
                spans.truncate(first);
                return malformed(notes, reason);
            }
        };
        match status {
            Status::NoData => notes.tally.no_data += 1,
            Status::SkipData => notes.tally.skip_data += 1,
            Status::Ok | Status::Bad => notes.tally.ok += 1,
        }
        notes.tally.extra_columns += u64::from(columns > reading.layout.columns());
        spans.truncate(first + columns);
        let mut has_milliseconds = false;
        for &column in &reading.times {
            let (from, to) = &mut spans[first + column];
            let time = Number::parse(&marks.text()[*from as usize..*to as usize]).value();
            if time.is_some_and(is_milliseconds) {
                // A thousandth, whatever zeros it begins with.
                *to -= 3;
                has_milliseconds = true;
            }
        }
        notes.tally.milliseconds += u64::from(has_milliseconds);
        let line = event(start, &marks.text()[start..line_end]);
        self.plain.push(PlainRow { form: Form::Records, status, first, columns, line });
    }

    /// The marks of the regular rows.
    pub fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// The values of an address column (see [`Reading::address`]) of the regular rows.
    pub fn addresses(&self, place: usize) -> &[u32] {
        &self.addresses[place]
    }

    /// The values of a number column (see [`Reading::number`]) of the regular rows.
    pub fn numbers(&self, place: usize) -> &[u64] {
        &self.numbers[place]
    }

    /// The number of plain rows.
    pub fn plain_rows(&self) -> usize {
        self.plain.len()
    }

    /// What a plain row was read from.
    pub fn plain_form(&self, row: usize) -> Form {
        self.plain[row].form
    }

    /// The log-status of a plain row.
    pub fn plain_status(&self, row: usize) -> Status {
        self.plain[row].status
    }

    /// Where in the text the line of a plain row begins, which is no JSON.
    pub fn plain_place(&self, row: usize) -> usize {
        self.plain[row].line.0 as usize
    }

    /// The text of neighbouring fields of the regular row at `position`.
    #[inline(always)]
    pub fn regular_text<'a>(
        &self,
        marks: &Marks<'a>,
        position: usize,
        stretch: Stretch,
    ) -> &'a [u8] {
        marks.fields(self.rows[position] as usize + stretch.first, stretch.fields)
    }

    /// The text at a place of a plain row, if there is a value.
    pub fn plain_text<'a>(
        &'a self,
        marks: &Marks<'a>,
        row: usize,
        place: Place,
    ) -> Option<&'a [u8]> {
        let PlainRow { form, first, columns, line, .. } = self.plain[row];
        let texts = if form == Form::Json { &self.texts } else { marks.text() };
        let values = &self.spans[first..first + columns];
        let span = match (place, place.stretch(columns)?) {
            (Place::Line, _) => line,
            (_, Stretch { first, fields: 1 }) => values[first],
            // As written: with the quotes or brackets that the first and the last may stand in.
            (_, Stretch { first, fields }) => {
                let last = values[first + fields - 1];
                (around(texts, values[first]).0, around(texts, last).1)
            }
        };
        let (start, end) = Some(span).filter(|span| *span != ABSENT)?;
        Some(&texts[start as usize..end as usize])
    }
}

/// The span of a line as an event: without what ends lines, but with blanks before that.
fn event(start: usize, line: &[u8]) -> (u32, u32) {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    (start as u32, (start + line.len()) as u32)
}

/// A value's span with the quotes or brackets that it stands in, if so. Only such a value has both
/// around it: any other ends at a blank.
fn around(text: &[u8], (start, end): (u32, u32)) -> (u32, u32) {
    let before = (start as usize).checked_sub(1).and_then(|at| text.get(at));
    match (before, text.get(end as usize)) {
        (Some(b'"'), Some(b'"')) | (Some(b'['), Some(b']')) => (start - 1, end + 1),
        _ => (start, end),
    }
}

/// Removes the values at `positions`, which are in order and without repetition.
pub fn remove<T: Copy>(values: &mut Vec<T>, positions: &[u32]) {
    let mut positions = positions.iter().map(|&position| position as usize).peekable();
    let first = positions.peek().copied().unwrap_or(values.len());
    let mut kept = first;
    for at in first..values.len() {
        if positions.next_if_eq(&at).is_none() {
            values[kept] = values[at];
            kept += 1;
        }
    }
    values.truncate(kept);
}
