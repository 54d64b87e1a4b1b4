//! How answers are written.

use std::convert::Infallible;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use flowagg::render::sheet::{SheetFormat, Style, Units};

use crate::cli::terminal;

/// How an answer is written. All are optional, so that what is typed after a command can win over
/// what is typed before it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct Output {
    /// table, json, ndjson, csv, tsv, markdown or parquet [default: table]
    ///
    /// table is for people: aligned, as wide as the terminal, rounded numbers beside exact ones.
    /// All others have exact integers; json and ndjson an object a row, unless CloudWatch has a
    /// shape for the answer; csv and tsv are quoted as RFC 4180 has it, texts byte for byte
    #[arg(short, long, value_name = "FORMAT", value_parser = formats(&SHEETS))]
    #[arg(help_heading = "Output", hide_possible_values = true)]
    output: Option<Format>,

    /// Only these columns, in this order, such as srcaddr,bytes; also --units
    ///
    /// By the names in the header of csv, or those above a table
    #[arg(long, value_name = "NAMES", value_delimiter = ',', help_heading = "Output")]
    #[arg(value_parser = trimmed)]
    columns: Vec<String>,

    /// No names of columns, and no title: tables, csv and tsv
    #[arg(long, help_heading = "Output", hide_short_help = true)]
    no_header: bool,

    /// Numbers of bytes in tables: raw, exact only; human, rounded only [default: both]
    ///
    /// human rounds packets and records too; markdown does as tables do. Other formats have exact
    /// numbers in any case
    #[arg(long, value_name = "UNITS", help_heading = "Output", hide_short_help = true)]
    #[arg(hide_possible_values = true)]
    units: Option<UnitsShown>,

    /// In csv and tsv, an apostrophe before texts that a spreadsheet takes for a formula
    ///
    /// Those that begin with =, +, -, @, a tab or an end of a line; `-` alone is no value. Other
    /// formats stay as they are
    #[arg(long, help_heading = "Output", hide_short_help = true)]
    csv_safe: bool,

    /// Colours: auto, always or never [default: auto, on a terminal without NO_COLOR]
    #[arg(long, value_name = "WHEN", help_heading = "Output", hide_short_help = true)]
    #[arg(hide_possible_values = true)]
    color: Option<Color>,
}

/// What an answer is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For flow logs again: lines
    Text,
    /// For people: aligned, with rounded numbers beside the exact ones
    Table,
    /// For programs: exact integers
    Json,
    /// JSON by the line
    Ndjson,
    /// For spreadsheets and databases: exact integers
    Csv,
    /// The same with tabs
    Tsv,
    /// For reports
    Markdown,
    /// For databases
    Parquet,
}

/// A name, without blanks around it.
fn trimmed(name: &str) -> Result<String, Infallible> {
    Ok(name.trim().to_owned())
}

/// What an answer of rows can be written as.
pub const SHEETS: [Format; 7] = [
    Format::Table,
    Format::Json,
    Format::Ndjson,
    Format::Csv,
    Format::Tsv,
    Format::Markdown,
    Format::Parquet,
];

/// Reads a format. Messages and completions offer `offered`; of others the command says why it
/// does not have them.
pub fn formats(offered: &[Format]) -> impl TypedValueParser<Value = Format> + use<> {
    let values = Format::value_variants().iter().filter_map(|format| {
        let value = format.to_possible_value()?;
        Some(value.hide(!offered.contains(format)))
    });
    let values: Vec<PossibleValue> = values.collect();
    PossibleValuesParser::new(values).try_map(|name| Format::from_str(&name, false))
}

/// How numbers are shown in tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum UnitsShown {
    /// Exact
    Raw,
    /// Rounded
    Human,
}

/// When there are colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Color {
    /// On a terminal
    Auto,
    /// Wherever it goes
    Always,
    /// Nowhere
    Never,
}

impl Output {
    /// These options, and `before` where they say nothing.
    pub fn or(self, before: Self) -> Self {
        Self {
            output: self.output.or(before.output),
            columns: if self.columns.is_empty() { before.columns } else { self.columns },
            no_header: self.no_header || before.no_header,
            units: self.units.or(before.units),
            csv_safe: self.csv_safe || before.csv_safe,
            color: self.color.or(before.color),
        }
    }

    /// What was typed that the answer is to be written as.
    pub fn typed(&self) -> Option<Format> {
        self.output
    }

    /// Whether lines may have a header.
    pub fn has_header(&self) -> bool {
        !self.no_header
    }

    /// Whether spreadsheets are to find no formulas.
    pub fn is_csv_safe(&self) -> bool {
        self.csv_safe
    }

    /// What the answer is written as.
    pub fn format(&self) -> Format {
        self.output.unwrap_or(Format::Table)
    }

    /// The only columns that are wanted; none for all.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Whether anything was typed that only sheets can do.
    pub fn is_of_sheets(&self) -> bool {
        self.of_columns().is_some() || self.units.is_some()
    }

    /// What was typed that only columns can have.
    pub fn of_columns(&self) -> Option<&'static str> {
        match (self.columns.is_empty(), self.no_header) {
            (false, _) => Some("--columns"),
            (true, true) => Some("--no-header"),
            (true, false) => None,
        }
    }

    /// Whether standard output is coloured.
    pub fn is_coloured(&self) -> bool {
        match self.color {
            None | Some(Color::Auto) => terminal::is_coloured(),
            Some(Color::Always) => true,
            Some(Color::Never) => false,
        }
    }

    /// How sheets look.
    pub fn style(&self) -> Style {
        Style {
            is_coloured: self.is_coloured(),
            width: terminal::width(),
            units: match self.units {
                None => Units::Both,
                Some(UnitsShown::Raw) => Units::Raw,
                Some(UnitsShown::Human) => Units::Human,
            },
            has_header: !self.no_header,
            is_csv_safe: self.csv_safe,
        }
    }
}

impl Format {
    /// Whether it is for people.
    pub fn is_for_people(self) -> bool {
        matches!(self, Self::Table | Self::Markdown)
    }
}

impl From<Format> for SheetFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Text => Self::Text,
            Format::Table => Self::Table,
            Format::Json => Self::Json,
            Format::Ndjson => Self::Ndjson,
            Format::Csv => Self::Csv,
            Format::Tsv => Self::Tsv,
            Format::Markdown => Self::Markdown,
            Format::Parquet => Self::Parquet,
        }
    }
}
