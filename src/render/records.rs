//! Records as a Parquet file: what a [`Cut`](crate::Cut) writes as text, column by column.

use std::io::{self, Write};

use super::parquet_out::{ParquetKind, ParquetRows, Value};
use crate::amount::Amount;
use crate::field::{Field, Kind, V2};

/// A writer to which a [`Cut`](crate::Cut) writes records as text, with columns and a header, and
/// which makes a Parquet file of them.
///
/// Numbers are `INT64`, those of 64 bits without a sign; times are timestamps, all else texts. A
/// column of a header that is no known field is one of texts.
///
/// ```
/// use flowagg::render::records::ParquetRecords;
/// use flowagg::{Cut, Engine, Query, Source};
/// let cut = Cut::new(Query::builder().build()?)?.all_columns();
/// # if cfg!(feature = "parquet") {
/// let mut file = Vec::new();
/// let mut records = ParquetRecords::new(&mut file);
/// Engine::new().cut(&cut, &[], &[Source::path("testdata/sample.log")], &mut records)?;
/// records.finish().unwrap();
/// assert!(file.starts_with(b"PAR1"));
/// # }
/// # Ok::<(), flowagg::Error>(())
/// ```
pub struct ParquetRecords<'w> {
    /// None once there are rows.
    out: Option<&'w mut (dyn Write + Send)>,
    rows: Option<ParquetRows<'w, dyn Write + Send + 'w>>,
    kinds: Vec<ParquetKind>,
    /// What was written of a line that has no end yet.
    rest: Vec<u8>,
}

impl std::fmt::Debug for ParquetRecords<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParquetRecords").field("rows", &self.rows).finish_non_exhaustive()
    }
}

impl<'w> ParquetRecords<'w> {
    /// A file that is written to `out`.
    pub fn new(out: &'w mut (dyn Write + Send)) -> Self {
        Self { out: Some(out), rows: None, kinds: Vec::new(), rest: Vec::new() }
    }

    /// Ends the file. One without records has the columns of version 2, unless others were said.
    ///
    /// # Errors
    /// What the writer says.
    pub fn finish(mut self) -> io::Result<()> {
        if self.rows.is_none() {
            self.begin(&V2.map(Field::name).join(" "))?;
        }
        self.rows.map_or(Ok(()), ParquetRows::finish)
    }

    fn begin(&mut self, header: &str) -> io::Result<()> {
        let Some(out) = self.out.take() else { return Ok(()) };
        let columns: Vec<_> = names(header).map(|name| (name, kind(name))).collect();
        self.kinds = columns.iter().map(|(_, kind)| *kind).collect();
        self.rows = Some(ParquetRows::new(out, &columns)?);
        Ok(())
    }

    fn line(&mut self, line: &[u8]) -> io::Result<()> {
        let Some(rows) = &mut self.rows else {
            return self.begin(&String::from_utf8_lossy(line));
        };
        let values = line.split(|&byte| byte == b' ').zip(&self.kinds);
        rows.push(values.map(|(text, kind)| match kind {
            _ if text == b"-" => Value::Missing,
            ParquetKind::Text => Value::Text(text),
            _ => Amount::parse(text).map_or(Value::Missing, Value::Number),
        }))
    }
}

impl Write for ParquetRecords<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(end) = memchr::memrchr(b'\n', bytes) else {
            self.rest.extend_from_slice(bytes);
            return Ok(bytes.len());
        };
        let (mut lines, rest) = (&bytes[..end], &bytes[end + 1..]);
        if !self.rest.is_empty() {
            let first = memchr::memchr(b'\n', bytes).unwrap_or(end);
            let mut line = std::mem::take(&mut self.rest);
            line.extend_from_slice(&bytes[..first]);
            self.line(&line)?;
            lines = bytes.get(first + 1..end).unwrap_or_default();
        }
        if !lines.is_empty() {
            lines.split(|&byte| byte == b'\n').try_for_each(|line| self.line(line))?;
        }
        self.rest.extend_from_slice(rest);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The names of a header; where one is no word of flow logs, all of them stand in `${...}`.
fn names(header: &str) -> impl Iterator<Item = &str> {
    let bare = |name| str::strip_suffix(str::strip_prefix(name, "${")?, "}");
    let are_bare = header.split(' ').any(|name| bare(name).is_none());
    header.split(' ').map(move |name| bare(name).filter(|_| !are_bare).unwrap_or(name))
}

/// What a column of this name holds.
fn kind(name: &str) -> ParquetKind {
    match Field::parse(name) {
        Some(Field::Start | Field::End) => ParquetKind::Time,
        Some(field) => match field.kind() {
            Kind::Number(u64::MAX) => ParquetKind::Unsigned,
            Kind::Number(_) => ParquetKind::Whole,
            _ => ParquetKind::Text,
        },
        None => ParquetKind::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_those_of_fields() {
        assert_eq!(kind("start"), ParquetKind::Time);
        assert_eq!(kind("bytes"), ParquetKind::Unsigned);
        assert_eq!(kind("dstport"), ParquetKind::Whole);
        assert_eq!(kind("account-id"), ParquetKind::Text);
        assert_eq!(kind("x-new"), ParquetKind::Text);
    }

    #[test]
    fn names_are_bare() {
        let found = |header| names(header).collect::<Vec<_>>();
        assert_eq!(found("srcaddr bytes"), ["srcaddr", "bytes"]);
        assert_eq!(found("${srcaddr} ${Pod} ${${x}} ${}"), ["srcaddr", "Pod", "${x}", ""]);
        assert_eq!(found("${srcaddr} Pod"), ["${srcaddr}", "Pod"]);
    }

    /// Whatever pieces lines are written in, the file is the same.
    #[test]
    #[cfg(feature = "parquet")]
    fn pieces_of_lines_are_lines() {
        let text = b"srcaddr bytes start\n10.0.0.1 5 1600000000\n- - -\n10.0.0.2 7 1\n";
        let file = |size: usize| {
            let mut file = Vec::new();
            let mut records = ParquetRecords::new(&mut file);
            text.chunks(size).for_each(|piece| records.write_all(piece).unwrap());
            records.finish().unwrap();
            file
        };
        let whole = file(text.len());
        for size in 1..text.len() {
            assert!(file(size) == whole, "pieces of {size}");
        }
    }
}
