//! What a metric filter's pattern matches: the events and their values, in the shape of
//! CloudWatch's `TestMetricFilter` and for people.

use std::collections::HashSet;
use std::io::{self, Write};

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::human;
use super::sheet::{self, Cell, CellKind, Sheet, SheetColumn, SheetFormat, Spelled, Unit};
use crate::dialect::Extracted;

/// Characters of an event or a value that a table shows.
const TEXT_CHARACTERS: usize = 200;

/// An event that matches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Match {
    /// Its number among the events, counted from 1.
    #[serde(rename = "eventNumber")]
    pub number: u64,
    /// The event as it is written.
    #[serde(rename = "eventMessage", serialize_with = "text")]
    pub message: Vec<u8>,
    /// The values in it.
    #[serde(rename = "extractedValues", serialize_with = "values")]
    pub values: Vec<Extracted>,
}

fn text<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&String::from_utf8_lossy(bytes))
}

fn values<S: Serializer>(values: &[Extracted], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(values.len()))?;
    for Extracted { name, value } in values {
        map.serialize_entry(name, &String::from_utf8_lossy(value))?;
    }
    map.end()
}

/// How matches are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Style {
    /// For people, with colours or not: each event after its number, its values below it.
    Table {
        /// Whether there are colours.
        is_coloured: bool,
    },
    /// In the shape of CloudWatch's `TestMetricFilter`.
    Json,
    /// As rows: `event`, `message`, and a column for each value that any match has. These are
    /// known in the end only, so that all matches are kept until then.
    Rows(SheetFormat, sheet::Style),
}

/// Matches as they are found.
pub struct Listing<'w> {
    out: &'w mut dyn Write,
    style: Style,
    matches: u64,
    kept: Vec<Match>,
}

impl std::fmt::Debug for Listing<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listing").field("style", &self.style).finish_non_exhaustive()
    }
}

impl<'w> Listing<'w> {
    /// A listing without matches.
    pub fn new(out: &'w mut dyn Write, style: Style) -> Self {
        Self { out, style, matches: 0, kept: Vec::new() }
    }

    /// Adds a match.
    ///
    /// # Errors
    /// What the writer says.
    pub fn push(&mut self, found: Match) -> io::Result<()> {
        self.matches += 1;
        match self.style {
            Style::Table { is_coloured } => self.row(&found, is_coloured),
            Style::Json => {
                let head = if self.matches == 1 { "{\n  \"matches\": [\n" } else { ",\n" };
                let text = serde_json::to_string_pretty(&found)?;
                let lines: Vec<String> = text.lines().map(|line| format!("    {line}")).collect();
                write!(Spelled(self.out), "{head}{}", lines.join("\n"))
            }
            Style::Rows(..) => {
                self.kept.push(found);
                Ok(())
            }
        }
    }

    fn row(&mut self, found: &Match, is_coloured: bool) -> io::Result<()> {
        let number = if is_coloured { anstyle::Style::new().bold() } else { Default::default() };
        let (on, off) = (number.render(), number.render_reset());
        let shown = |bytes: &[u8]| human::shortened(human::escaped(bytes), TEXT_CHARACTERS);
        writeln!(self.out, "{on}{}{off}  {}", found.number, shown(&found.message))?;
        let width = found.values.iter().map(|value| value.name.len()).max().unwrap_or(0);
        for Extracted { name, value } in &found.values {
            writeln!(self.out, "     {name:<width$}  {}", shown(value))?;
        }
        Ok(())
    }

    /// Ends the listing, of so many events.
    ///
    /// # Errors
    /// What the writer says.
    pub fn finish(self, events: u64) -> io::Result<()> {
        match self.style {
            Style::Table { .. } => {
                let blank = if self.matches > 0 { "\n" } else { "" };
                let count = |number: u64| human::grouped(number.into());
                let (matches, all) = (count(self.matches), count(events));
                let noun = if events == 1 { "event" } else { "events" };
                let verb = if self.matches == 1 { "matches" } else { "match" };
                writeln!(self.out, "{blank}{matches} of {all} {noun} {verb}")
            }
            Style::Json if self.matches == 0 => writeln!(self.out, "{{\n  \"matches\": []\n}}"),
            Style::Json => writeln!(self.out, "\n  ]\n}}"),
            Style::Rows(format, style) => self.rows(format, &style),
        }
    }

    fn rows(self, format: SheetFormat, style: &sheet::Style) -> io::Result<()> {
        let mut seen = HashSet::new();
        let values = self.kept.iter().flat_map(|found| &found.values);
        let names: Vec<&str> =
            values.map(|value| value.name.as_str()).filter(|name| seen.insert(*name)).collect();
        let columns = [("event", CellKind::Number(Unit::None)), ("message", CellKind::Text)];
        let columns = columns.into_iter().chain(names.iter().map(|&name| (name, CellKind::Text)));
        let columns = columns.map(|(name, kind)| SheetColumn::new(name, kind)).collect();
        let row = |found: &Match| {
            let value = |name: &&str| {
                let value = found.values.iter().find(|value| value.name == *name);
                value.map_or(Cell::Missing, |value| Cell::text(&value.value))
            };
            let event = [Cell::from(found.number), Cell::text(&found.message)];
            event.into_iter().chain(names.iter().map(value)).collect()
        };
        let rows = Sheet::new(columns, || self.kept.iter().map(row));
        sheet::write(self.out, &[rows], format, style)
    }
}
