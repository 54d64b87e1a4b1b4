//! Sheets: what every answer that is rows has in common, and all that it can be written as.
//!
//! A [`Sheet`] is columns, rows, and for people a title, lines below the rows and notes. Its rows
//! are made anew each time they are walked, so that a table can be measured before it is written
//! and millions of rows are never held. The same sheet is a table, JSON, CSV and so on; what a
//! number is stands in its column's [`CellKind`], and only tables and Markdown round.
//!
//! ```
//! use flowagg::render::sheet::{Cell, CellKind, Sheet, SheetColumn, SheetFormat, Style, Unit};
//! use flowagg::render::sheet;
//! let columns = vec![
//!     SheetColumn::new("srcaddr", CellKind::Text),
//!     SheetColumn::new("bytes", CellKind::Number(Unit::Bytes)),
//! ];
//! let counts = [("10.0.0.1", 1000u64), ("10.0.0.2", 500)];
//! let sheet = Sheet::new(columns, || {
//!     counts.iter().map(|(address, bytes)| vec![Cell::text(address), Cell::from(*bytes)])
//! });
//! let sheet = sheet.titled("All 2 srcaddr by bytes").ranked();
//! let sheets = [sheet.footer("total", [1500u64.into()])];
//! let mut text = Vec::new();
//! sheet::write(&mut text, &sheets, SheetFormat::Table, &Style::default())?;
//! assert_eq!(String::from_utf8_lossy(&text), "\
//! All 2 srcaddr by bytes
//! ##  srcaddr   bytes
//! 1  10.0.0.1  1,000  1.00 kB
//! 2  10.0.0.2    500    500 B
//!    total     1,500  1.50 kB
//! ");
//! let mut text = Vec::new();
//! sheet::write(&mut text, &sheets, SheetFormat::Ndjson, &Style::default())?;
//! assert!(text.starts_with(b"{\"srcaddr\": \"10.0.0.1\", \"bytes\": 1000}\n"));
//! # Ok::<(), std::io::Error>(())
//! ```

mod cell;
mod check;
mod delimited;
mod grid;
mod json;
mod markdown;
mod parquet;
mod table;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

pub use cell::{Cell, CellKind, SheetColumn, Unit};
pub use check::check;
pub use delimited::csv_safe;
pub(super) use json::Spelled;
pub use json::json_text;

/// The width of a table, unless more is known to be there.
pub const WIDTH: usize = 80;

/// The columns and rows of an answer, with what people are told besides.
pub struct Sheet<'a> {
    /// What the list is called where there are several: the name of that column, and its text.
    list: Option<(String, String)>,
    title: Option<String>,
    columns: Vec<SheetColumn>,
    /// The columns that are shown, if not all.
    picked: Option<Vec<usize>>,
    rows: Box<dyn Fn() -> Rows<'a> + 'a>,
    footers: Vec<Footer>,
    notes: Vec<String>,
    is_ranked: bool,
}

/// The rows of one walk.
type Rows<'a> = Box<dyn Iterator<Item = Vec<Cell>> + 'a>;

/// A line below the rows, for people only.
#[derive(Debug, Clone)]
struct Footer {
    label: String,
    /// The cells of the last columns.
    cells: Vec<Cell>,
    /// Whether it is a remark beside the rows.
    is_aside: bool,
}

/// What sheets are written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SheetFormat {
    /// A flow log again: values between blanks after a header; `-` where there is none, and `_`
    /// for blanks within.
    Text,
    /// For people: aligned.
    Table,
    /// An array of objects, one a row; of several lists an array of objects, each with the
    /// name of the list and its `rows`.
    Json,
    /// An object a line; of several lists with the name of the list as first member.
    Ndjson,
    /// Rows of RFC 4180 after a header; of several lists with the name of the list in front.
    Csv,
    /// The same with tabs between.
    Tsv,
    /// Tables of GitHub's Markdown.
    Markdown,
    /// A Parquet file, of one list.
    Parquet,
}

/// How numbers that have a unit are shown to people.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Units {
    /// Exact, and bytes rounded beside.
    #[default]
    Both,
    /// Exact only.
    Raw,
    /// Rounded only.
    Human,
}

/// How sheets look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether there are colours.
    pub is_coloured: bool,
    /// The columns that a table may take, if its words are not longer.
    pub width: usize,
    /// How numbers are shown to people.
    pub units: Units,
    /// Whether names stand above columns; tables lose their titles with them.
    pub has_header: bool,
    /// Whether texts of CSV and TSV that a spreadsheet takes for a formula get an apostrophe.
    pub is_csv_safe: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            is_coloured: false,
            width: WIDTH,
            units: Units::Both,
            has_header: true,
            is_csv_safe: false,
        }
    }
}

impl std::fmt::Debug for Sheet<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sheet").field("columns", &self.columns).finish_non_exhaustive()
    }
}

impl<'a> Sheet<'a> {
    /// A sheet of columns, and of the rows that `rows` gives each time they are walked: always
    /// the same, each with a cell for every column.
    pub fn new<R, I>(columns: Vec<SheetColumn>, rows: R) -> Self
    where
        R: Fn() -> I + 'a,
        I: Iterator<Item = Vec<Cell>> + 'a,
    {
        Self {
            list: None,
            title: None,
            columns,
            picked: None,
            rows: Box::new(move || Box::new(rows())),
            footers: Vec::new(),
            notes: Vec::new(),
            is_ranked: false,
        }
    }

    /// With a name, for one of several lists; `column` says of what: `list`, `rule`.
    pub fn named(mut self, column: impl Into<String>, name: impl Into<String>) -> Self {
        self.list = Some((column.into(), name.into()));
        self
    }

    /// With a line above the rows.
    pub fn titled(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// With the numbers of the rows in front, for people.
    pub fn ranked(mut self) -> Self {
        self.is_ranked = true;
        self
    }

    /// With a line below the rows: a label where they have their keys, and cells for the columns
    /// after these.
    pub fn footer(mut self, label: impl Into<String>, cells: impl Into<Vec<Cell>>) -> Self {
        self.footers.push(Footer { label: label.into(), cells: cells.into(), is_aside: false });
        self
    }

    /// The same, for a line of less weight, such as what is not listed.
    pub fn aside(self, label: impl Into<String>, cells: impl Into<Vec<Cell>>) -> Self {
        let mut sheet = self.footer(label, cells);
        sheet.footers.iter_mut().last().into_iter().for_each(|footer| footer.is_aside = true);
        sheet
    }

    /// With a line below all, after an empty one.
    pub fn note(mut self, line: impl Into<String>) -> Self {
        self.notes.push(line.into());
        self
    }

    /// Only these columns, in this order, of those that it has; all, if none are named.
    /// [`check`] says which no sheet has.
    pub fn pick(mut self, names: &[String]) -> Self {
        let at = |name: &String| self.columns.iter().position(|column| column.is_called(name));
        self.picked = (!names.is_empty()).then(|| names.iter().filter_map(at).collect());
        self
    }

    /// Its columns.
    pub fn columns(&self) -> &[SheetColumn] {
        &self.columns
    }

    /// The columns that are written in a format.
    fn shown(&self, format: SheetFormat) -> Vec<usize> {
        let is_shown = |at: &usize| {
            let column = &self.columns[*at];
            match self.picked {
                Some(_) => column.is_in(format),
                None => column.is_in(format) && (format.is_for_people() || !column.is_for_people),
            }
        };
        let all = || (0..self.columns.len()).collect();
        let columns: Vec<usize> = self.picked.clone().unwrap_or_else(all);
        columns.into_iter().filter(is_shown).collect()
    }

    /// How many of the columns, from the first, are the keys of a row.
    fn keys(&self) -> usize {
        self.columns.iter().take_while(|column| column.kind == CellKind::Text).count()
    }

    /// The cell of a row in a column.
    fn cell<'c>(&self, row: &'c [Cell], at: usize) -> &'c Cell {
        row.get(at).unwrap_or(&Cell::Missing)
    }

    /// The cell of a line below the rows in a column.
    fn footer_cell<'c>(&self, footer: &'c Footer, at: usize) -> &'c Cell {
        at.checked_sub(self.keys()).map_or(&Cell::Missing, |at| self.cell(&footer.cells, at))
    }

    /// The lines below the rows, if there is a place for their labels.
    fn footers(&self, shown: &[usize]) -> &[Footer] {
        let first = shown.first().map(|&at| self.columns[at].kind);
        match self.picked.is_none() || first == Some(CellKind::Text) {
            true => &self.footers,
            false => &[],
        }
    }

    /// The names of the columns in formats where each needs one of its own.
    fn names(&self, shown: &[usize]) -> Vec<String> {
        let list = self.list.iter().map(|(column, _)| column.clone());
        let columns = shown.iter().map(|&at| self.columns[at].name.clone());
        let mut names: Vec<String> = Vec::new();
        for name in list.chain(columns) {
            let numbered = (2..).map(|number| format!("{name}_{number}"));
            let unused = std::iter::once(name.clone()).chain(numbered);
            names.extend(unused.into_iter().find(|name| !names.contains(name)));
        }
        names
    }
}

impl SheetFormat {
    /// Whether it is for people, who want a title and what the rows add up to.
    fn is_for_people(self) -> bool {
        matches!(self, Self::Table | Self::Markdown)
    }
}

/// Writes sheets: tables and Markdown one below the other, all else so that programs can tell
/// the lists apart.
///
/// # Errors
/// What `out` says; and as [`check`] does, what cannot be written in that format.
pub fn write(
    out: &mut dyn Write,
    sheets: &[Sheet<'_>],
    format: SheetFormat,
    style: &Style,
) -> io::Result<()> {
    match format {
        SheetFormat::Table => table::write(out, sheets, style),
        SheetFormat::Json => json::write(out, sheets),
        SheetFormat::Ndjson => json::write_lines(out, sheets),
        SheetFormat::Csv => delimited::write(out, sheets, b',', style),
        SheetFormat::Tsv => delimited::write(out, sheets, b'\t', style),
        SheetFormat::Text => delimited::write(out, sheets, b' ', style),
        SheetFormat::Markdown => markdown::write(out, sheets, style),
        SheetFormat::Parquet => parquet::write(out, sheets),
    }
}
