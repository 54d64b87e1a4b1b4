//! Columns and cells, and what a cell is for programs and for people.

use std::io::Write;

use super::SheetFormat;
use crate::amount::Amount;
use crate::render::human;

/// A column of a sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SheetColumn {
    /// The name that it has in JSON, CSV and so on, and that picks it.
    pub name: String,
    /// What its cells are.
    pub kind: CellKind,
    /// What stands above it in tables, if that is another word than its name.
    pub heading: Option<String>,
    /// Whether it is left out of all but tables and Markdown, unless it is picked.
    pub is_for_people: bool,
}

/// What the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CellKind {
    /// Texts. Those of the first columns are the keys of a row: a table that is too wide puts
    /// them below each other.
    Text,
    /// Exact numbers.
    Number(Unit),
    /// Means: the nearest double.
    Mean(Unit),
    /// Parts of a whole, 0 to 1; in tables percent.
    Share,
    /// Times.
    Time,
    /// Sparklines, which are in tables only.
    Spark,
}

/// What numbers count, and so how they are rounded for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unit {
    /// Nothing that is rounded.
    None,
    /// Bytes: `1.23 GB`.
    Bytes,
    /// Packets: `1.23 G`, where only rounded numbers are asked for.
    Packets,
    /// Records: as packets.
    Records,
}

/// A cell of a row.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Cell {
    /// There is nothing: null, or an empty text.
    Missing,
    /// A text, as the log has it.
    Text(Vec<u8>),
    /// An exact number.
    Number(Amount),
    /// A mean.
    Mean(f64),
    /// A part of a whole, 0 to 1.
    Share(f64),
    /// Seconds since 1970.
    Time(u64),
    /// A sparkline.
    Spark(String),
}

impl SheetColumn {
    /// A column of this name.
    pub fn new(name: impl Into<String>, kind: CellKind) -> Self {
        Self { name: name.into(), kind, heading: None, is_for_people: false }
    }

    /// With another word above it in tables.
    pub fn headed(mut self, heading: impl Into<String>) -> Self {
        self.heading = Some(heading.into());
        self
    }

    /// Only in tables and Markdown, or where it is picked.
    pub fn for_people(mut self) -> Self {
        self.is_for_people = true;
        self
    }

    /// The word above it in a table.
    pub(super) fn heading(&self) -> String {
        human::escaped(self.heading.as_ref().unwrap_or(&self.name).as_bytes())
    }

    pub(super) fn is_called(&self, name: &str) -> bool {
        self.name == name || self.heading.as_deref() == Some(name)
    }

    pub(super) fn is_in(&self, format: SheetFormat) -> bool {
        self.kind != CellKind::Spark || format == SheetFormat::Table
    }
}

impl Cell {
    /// A text.
    pub fn text(text: impl AsRef<[u8]>) -> Self {
        Self::Text(text.as_ref().to_vec())
    }

    /// Adds the text of a cell for programs, as it stands in CSV.
    pub(super) fn add_plain(&self, out: &mut Vec<u8>) {
        // Writing to memory does not fail.
        let _ = match self {
            Self::Missing => Ok(()),
            Self::Text(text) => out.write_all(text),
            Self::Number(amount) => write!(out, "{amount}"),
            Self::Mean(mean) => write!(out, "{mean}"),
            Self::Share(share) => write!(out, "{share:.6}"),
            Self::Time(seconds) => out.write_all(human::timestamp(*seconds).as_bytes()),
            Self::Spark(line) => out.write_all(line.as_bytes()),
        };
    }

    /// The text of a cell for people, exact where it is a number, and safe on a terminal.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Missing => String::new(),
            Self::Text(text) => human::escaped(text),
            Self::Number(amount) => human::amount(*amount),
            Self::Mean(mean) => human::mean(*mean),
            Self::Share(share) => human::percent(*share),
            Self::Time(seconds) => {
                human::utc((*seconds).into()).unwrap_or_else(|| seconds.to_string())
            }
            Self::Spark(line) => line.clone(),
        }
    }

    /// The rounded number, if it is one that has a unit.
    pub(super) fn rounded(&self, unit: Unit) -> Option<String> {
        let floor = match self {
            Self::Number(amount) => u128::try_from(amount.floor()).ok(),
            Self::Mean(mean) if *mean >= 0.0 => Some(*mean as u128),
            _ => None,
        };
        match unit {
            Unit::None => None,
            Unit::Bytes => floor.map(human::bytes),
            Unit::Packets | Unit::Records => floor.map(human::count),
        }
    }
}

impl From<Amount> for Cell {
    fn from(amount: Amount) -> Self {
        Self::Number(amount)
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        Self::Number(number.into())
    }
}

impl CellKind {
    pub(super) fn unit(self) -> Unit {
        match self {
            Self::Number(unit) | Self::Mean(unit) => unit,
            _ => Unit::None,
        }
    }

    pub(super) fn is_right_aligned(self) -> bool {
        matches!(self, Self::Number(_) | Self::Mean(_) | Self::Share)
    }
}
