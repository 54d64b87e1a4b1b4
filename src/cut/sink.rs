//! What is known only in order: which header is due, what the columns are, and how much is left.

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::sync::Arc;

use csv::{ByteRecord, ReaderBuilder};

use super::output::Written;
use super::row::{Chunk, Segment, is_formula, push_quoted};
use super::{Cut, CutStyle, Header, names, position};
use crate::error::{Error, ErrorKind};
use crate::layout::{Column, Layout};

/// How many of the latest faults are searched for one that is to be told again.
const FAULTS_SEARCHED: usize = 16;

/// Where records go, in order.
pub struct Sink<'a> {
    out: &'a mut (dyn Write + Send),
    style: CutStyle,
    is_whole: bool,
    header: Header,
    is_safe: bool,
    limit: u64,
    /// The columns of a table: those that are asked for, or those of the first record.
    columns: Option<Vec<String>>,
    asked: Option<Vec<Column>>,
    is_begun: bool,
    /// Of the record that was written last.
    last: Option<Last>,
    records: u64,
    stopped: Option<usize>,
    result: io::Result<()>,
    faults: Vec<(usize, Error)>,
}

/// Where a record was from, and how it was written.
#[derive(Debug)]
struct Last {
    input: usize,
    layout: Arc<Layout>,
    turned: Turned,
    /// What is to be told of each input with records of this layout.
    fault: Option<Error>,
}

/// How rows become those of the table.
#[derive(Debug, Clone)]
enum Turned {
    /// They are.
    Not,
    /// Which value stands in each of its columns.
    To(Vec<Option<usize>>),
}

impl<'a> Sink<'a> {
    pub fn new(cut: &Cut, out: &'a mut (dyn Write + Send)) -> Self {
        let columns = cut.asked().map(|columns| columns.iter().map(|c| c.label()).collect());
        Self {
            out,
            style: cut.style,
            is_whole: cut.is_whole(),
            header: cut.header,
            is_safe: cut.is_csv_safe,
            limit: cut.limit.unwrap_or(u64::MAX),
            asked: cut.asked().map(<[Column]>::to_vec),
            columns,
            is_begun: false,
            last: None,
            records: 0,
            stopped: (cut.limit == Some(0)).then_some(0),
            result: Ok(()),
            faults: Vec::new(),
        }
    }

    /// Writes what there is of a block; breaks if nothing more is to come.
    pub fn write(&mut self, input: usize, chunk: &Chunk) -> ControlFlow<()> {
        let mut start = 0;
        for segment in &chunk.segments {
            let rows = &chunk.bytes[start..segment.end];
            start = segment.end;
            let left = self.limit - self.records;
            let rows = if segment.records > left { first(rows, left, self.style) } else { rows };
            self.records += segment.records.min(left);
            if let Err(error) = self.segment(input, segment, rows) {
                self.result = Err(error);
            }
            if self.result.is_err() || self.records == self.limit {
                self.stopped = Some(input);
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }

    fn segment(&mut self, input: usize, segment: &Segment, mut rows: &[u8]) -> io::Result<()> {
        let layout = &segment.layout;
        let is_last = |last: &Last| Arc::ptr_eq(&last.layout, layout) || last.layout == *layout;
        if !self.last.as_ref().is_some_and(is_last) {
            let (turned, fault) = self.turn_to(layout, rows)?;
            self.note(input, fault.as_ref());
            self.last = Some(Last { input, layout: Arc::clone(layout), turned, fault });
        }
        if let Some(last) = self.last.as_mut().filter(|last| last.input != input) {
            last.input = input;
            let fault = last.fault.clone();
            self.note(input, fault.as_ref());
        }
        if self.style == CutStyle::Json && !self.is_begun {
            self.out.write_all(b"[")?;
            // The first of them follows none.
            rows = &rows[1..];
        }
        self.is_begun = true;
        match self.last.as_ref().map(|last| &last.turned) {
            Some(Turned::To(places)) => {
                let rows = turned(rows, self.separator(), places);
                self.out.write_all(&rows)
            }
            _ => self.out.write_all(rows),
        }
    }

    fn separator(&self) -> u8 {
        match self.style {
            CutStyle::Csv => b',',
            CutStyle::Tsv => b'\t',
            CutStyle::Text | CutStyle::Ndjson | CutStyle::Json => b' ',
        }
    }

    /// Notes what is to be told of an input, unless it was just now: layouts may alternate.
    fn note(&mut self, input: usize, fault: Option<&Error>) {
        let Some(fault) = fault else { return };
        let is_told = |(other, told): &(usize, Error)| {
            *other == input && told.to_string() == fault.to_string()
        };
        if !self.faults.iter().rev().take(FAULTS_SEARCHED).any(is_told) {
            self.faults.push((input, fault.clone()));
        }
    }

    /// Whether a reader takes rows for records of this layout, be there a header or not.
    fn is_taken_for(&self, layout: &Layout, rows: &[u8]) -> bool {
        match &self.last {
            Some(last) => last.layout.is_read_as(layout),
            None => {
                let first = rows.split(|&byte| byte == b'\n').next().unwrap_or_default();
                Layout::of_record(first).is_some_and(|known| known.is_read_as(layout))
            }
        }
    }

    /// Writes the header that these rows, of this layout, need; how they have to be changed, and
    /// what is wrong with that.
    fn turn_to(&mut self, layout: &Layout, rows: &[u8]) -> io::Result<(Turned, Option<Error>)> {
        if let Some(asked) = &self.asked {
            let lacking = asked.iter().filter(|column| position(layout, column).is_none());
            let lacking: Vec<String> = lacking.map(Column::label).collect();
            let fault = (!lacking.is_empty()).then(|| {
                let lacking = lacking.join(", ");
                let text =
                    format!("has no column {}; no value is written there", lacking.escape_debug());
                Error::new(ErrorKind::Query, text)
            });
            if !matches!(self.style, CutStyle::Json | CutStyle::Ndjson) {
                self.begin()?;
            }
            return Ok((Turned::Not, fault));
        }
        if matches!(self.style, CutStyle::Json | CutStyle::Ndjson) {
            return Ok((Turned::Not, None));
        }
        if self.is_whole && self.header == Header::Needed && self.is_taken_for(layout, rows) {
            return Ok((Turned::Not, None));
        }
        if self.is_whole {
            let names = (0..layout.columns()).filter_map(|column| layout.name(column));
            self.header(&names.map(str::to_owned).collect::<Vec<_>>())?;
            return Ok((Turned::Not, None));
        }
        let own: Vec<String> = names(layout).into_iter().map(|(_, name)| name).collect();
        let Some(columns) = self.columns.clone() else {
            self.columns = Some(own);
            self.begin()?;
            return Ok((Turned::Not, None));
        };
        if columns == own {
            return Ok((Turned::Not, None));
        }
        let more: Vec<&str> =
            own.iter().filter(|name| !columns.contains(name)).map(String::as_str).collect();
        let fault = (!more.is_empty()).then(|| {
            let more = more.join(", ");
            let text = format!(
                "has columns that the first record does not have, and a table has those of the \
                 first; left out: {}; name the columns, or write JSON",
                more.escape_debug()
            );
            Error::new(ErrorKind::Query, text)
        });
        let place = |name| own.iter().position(|other| other == name);
        Ok((Turned::To(columns.iter().map(place).collect()), fault))
    }

    /// Writes the header of a table whose columns are known.
    fn begin(&mut self) -> io::Result<()> {
        match self.columns.clone() {
            Some(columns) if !self.is_begun => {
                self.is_begun = true;
                self.header(&columns)
            }
            _ => Ok(()),
        }
    }

    fn header(&mut self, names: &[String]) -> io::Result<()> {
        if self.header == Header::Never {
            return Ok(());
        }
        let separator = self.separator();
        let mut line = Vec::new();
        if separator == b' ' {
            line.extend_from_slice(Layout::header(names).as_bytes());
        } else {
            for (nth, name) in names.iter().enumerate() {
                if nth > 0 {
                    line.push(separator);
                }
                let mark: &[u8] =
                    if self.is_safe && is_formula(name.as_bytes()) { b"'" } else { b"" };
                push_quoted(&[mark, name.as_bytes()].concat(), separator, &mut line);
            }
        }
        line.push(b'\n');
        self.out.write_all(&line)
    }

    /// Ends what is written, unless nothing could be read.
    pub fn finish(mut self, is_read: bool) -> Written {
        if self.result.is_ok() && is_read {
            self.result = self.end().and_then(|()| self.out.flush());
        }
        let Self { records, stopped, result, faults, .. } = self;
        Written { records, stopped, result, faults }
    }

    fn end(&mut self) -> io::Result<()> {
        match self.style {
            CutStyle::Json if self.is_begun => self.out.write_all(b"\n]\n"),
            CutStyle::Json => self.out.write_all(b"[]\n"),
            CutStyle::Ndjson => Ok(()),
            // A table has a header, also without a row.
            CutStyle::Text | CutStyle::Csv | CutStyle::Tsv if self.asked.is_some() => self.begin(),
            CutStyle::Text | CutStyle::Csv | CutStyle::Tsv => Ok(()),
        }
    }
}

/// The first rows: each has one newline, at its end, but for members of an array.
fn first(rows: &[u8], count: u64, style: CutStyle) -> &[u8] {
    let nth = |nth: u64| memchr::memchr_iter(b'\n', rows).nth(usize::try_from(nth).ok()?);
    match (style, count) {
        // A member begins with a comma and a newline.
        (CutStyle::Json, count) => nth(count).map_or(rows, |newline| &rows[..newline - 1]),
        (_, 0) => b"",
        (_, count) => nth(count - 1).map_or(rows, |newline| &rows[..=newline]),
    }
}

/// Rows with other columns: of each the values at these places.
fn turned(rows: &[u8], separator: u8, places: &[Option<usize>]) -> Vec<u8> {
    let mut out = Vec::with_capacity(rows.len());
    let mut push = |values: &dyn Fn(usize) -> Option<Vec<u8>>| {
        let start = out.len();
        for (nth, place) in places.iter().enumerate() {
            if nth > 0 {
                out.push(separator);
            }
            match (place.and_then(values), separator) {
                (Some(value), b' ') => out.extend_from_slice(&value),
                (None, b' ') => out.push(b'-'),
                (Some(value), _) => push_quoted(&value, separator, &mut out),
                (None, _) => {}
            }
        }
        if out.len() == start {
            out.extend_from_slice(b"\"\"");
        }
        out.push(b'\n');
    };
    if separator == b' ' {
        let lines = rows.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
        for line in lines {
            let values: Vec<&[u8]> = line.split(|&byte| byte == b' ').collect();
            push(&|at| values.get(at).map(|value| value.to_vec()));
        }
        return out;
    }
    let mut reader = ReaderBuilder::new()
        .delimiter(separator)
        .has_headers(false)
        .flexible(true)
        .from_reader(rows);
    let mut row = ByteRecord::new();
    while reader.read_byte_record(&mut row).unwrap_or(false) {
        push(&|at| row.get(at).map(<[u8]>::to_vec));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rows_end_with_them() {
        let lines = b"a\nb\nc\n";
        for (count, expected) in [(0, &b""[..]), (1, b"a\n"), (3, lines), (9, lines)] {
            assert_eq!(first(lines, count, CutStyle::Csv), expected);
        }
        let members = b",\n  {1},\n  {2}";
        assert_eq!(first(members, 0, CutStyle::Json), b"");
        assert_eq!(first(members, 1, CutStyle::Json), b",\n  {1}");
        assert_eq!(first(members, 2, CutStyle::Json), members);
    }

    #[test]
    fn rows_get_the_columns_of_others() {
        let places = [Some(2), None, Some(0)];
        assert_eq!(turned(b"a b c\nd e f\n", b' ', &places), b"c - a\nf - d\n");
        assert_eq!(turned(b"\"a,1\",b,c\n,e,\n", b',', &places), b"c,,\"a,1\"\n,,\n");
        assert_eq!(turned(b"a\tb\tc\n", b'\t', &[Some(3)]), b"\"\"\n");
    }
}
