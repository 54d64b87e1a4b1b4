//! The parts of DuckDB's SQL that all questions are made of.

use super::Logs;
use crate::amount::Comparison;
use crate::dialect::{files, quoted};
use crate::field::Field;
use crate::layout::{Column, Layout};
use crate::measure::Measure;
use crate::query::Scope;
use crate::view::{KeyColumn, View};

/// Columns of a table in a line.
const COLUMNS_IN_LINE: usize = 4;

/// The records of logs, as the first part of a statement.
pub struct Records {
    /// What is to be known of the text below.
    pub notes: String,
    /// The select that gives the records that count.
    pub select: String,
    /// What their columns are.
    pub layout: Layout,
}

impl Records {
    /// Those that count for a question that needs these fields.
    pub fn new(logs: &Logs<'_>, fields: &[Field], scope: Scope) -> Self {
        let (layout, what) = logs.columns(fields);
        let notes = format!("-- {what}, with single blanks. Malformed lines count.\n");
        let paths: Vec<String> = logs.paths.iter().map(|path| quoted(&files(path))).collect();
        let paths = if paths.is_empty() { quoted("*.log*") } else { paths.join(", ") };
        let names = names(&layout);
        let columns: Vec<String> =
            names.iter().map(|name| format!("{}: 'VARCHAR'", quoted(name))).collect();
        let columns: Vec<String> =
            columns.chunks(COLUMNS_IN_LINE).map(|columns| columns.join(", ")).collect();
        let has_status = layout.position(Field::LogStatus).is_some();
        let mut wheres = vec![match (scope, has_status) {
            (Scope::Traffic, true) => "log_status = 'OK'".to_owned(),
            // A header has the name of its column there.
            _ => {
                let spelled = layout.field(0).map_or(names[0].as_str(), |field| field.name());
                format!("{} <> {}", named(&names[0]), quoted(spelled))
            }
        }];
        if scope == Scope::All && has_status {
            wheres.push("log_status IS NOT NULL".to_owned());
        }
        wheres
            .extend(logs.expression.iter().map(|expression| format!("({})", expression.to_sql())));
        let select = format!(
            "SELECT *\n  FROM read_csv(\n    [{paths}],\n    columns = {{\n      {}\n    }},\n    \
             delim = ' ', header = false, quote = '', escape = '', auto_detect = false,\n    \
             null_padding = true, strict_mode = false\n  )\n  WHERE {}",
            columns.join(",\n      "),
            wheres.join("\n    AND "),
        );
        Self { notes, select, layout }
    }

    /// The beginning of a statement that has them as `records`.
    pub fn with(&self) -> String {
        format!("{}WITH records AS (\n  {}\n)", self.notes, self.select)
    }
}

/// What the columns of a layout are called: fields as AWS's tables have them, each name once.
fn names(layout: &Layout) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(layout.columns());
    for at in 0..layout.columns() {
        let name = match layout.field(at) {
            Some(field) => plain(field.name()),
            None => layout.name(at).unwrap_or_default().to_owned(),
        };
        let is_new = !names.iter().any(|other| other.eq_ignore_ascii_case(&name));
        names.push(if is_new { name } else { format!("value{}", at + 1) });
    }
    names
}

/// What the column at a place of a layout is called, in quotes.
pub fn column_at(layout: &Layout, at: usize) -> Option<String> {
    names(layout).get(at).map(|name| named(name))
}

fn plain(name: &str) -> String {
    name.replace('-', "_")
}

/// A name in quotes.
pub fn named(label: &str) -> String {
    format!("\"{}\"", crate::dialect::printable(label).replace('"', "\"\""))
}

/// A comparison as SQL has it.
pub fn sign(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Less => "<",
        Comparison::LessOrEqual => "<=",
        Comparison::Equal => "=",
        Comparison::NotEqual => "<>",
        Comparison::GreaterOrEqual => ">=",
        Comparison::Greater => ">",
    }
}

/// The column of a field, or of another name.
pub fn column(column: &Column) -> String {
    named(&plain(&column.label()))
}

/// The same as a number; what is none is NULL.
pub fn number(of: &Column) -> String {
    format!("TRY_CAST({} AS HUGEINT)", column(of))
}

/// The beginning of the bin that a record starts in.
pub fn bin(seconds: u32) -> String {
    let start = column(&Field::Start.into());
    format!("TRY_CAST({start} AS BIGINT) // {seconds} * {seconds}")
}

/// A key as it is seen. Of labels it is what they are of.
pub fn key(key: &KeyColumn) -> String {
    let own = column(key.column());
    match key.view() {
        View::Prefix { v4: 32, v6: 128 } | View::Whole | View::Label(_) => own,
        View::Prefix { v4, v6 } => {
            let of_v4 = match v4 {
                32 => own.clone(),
                bits => v4_prefix(&own, *bits),
            };
            let of_v6 = match v6 {
                128 => own.clone(),
                bits => format!("CAST(network(CAST({own} || '/{bits}' AS INET)) AS VARCHAR)"),
            };
            format!(
                "CASE WHEN contains({own}, ':') THEN {of_v6}\n       WHEN contains({own}, '.') \
                 THEN {of_v4}\n       ELSE {own} END"
            )
        }
    }
}

/// The prefix of an IPv4 address as a text, octet by octet.
fn v4_prefix(own: &str, bits: u8) -> String {
    let octet = |at: u8| {
        let part = format!("split_part({own}, '.', {})", at + 1);
        match bits.saturating_sub(8 * at).min(8) {
            0 => "'0'".to_owned(),
            8 => part,
            kept => format!("(TRY_CAST({part} AS INTEGER) & {})", 256 - (1u32 << (8 - kept))),
        }
    };
    let octets: Vec<String> = (0..4).map(octet).collect();
    format!("concat({}, '/{bits}')", octets.join(", '.', "))
}

/// A measure over records.
pub fn measure(of: &Measure) -> String {
    match of {
        Measure::Count => "count(*)".to_owned(),
        Measure::Sum(column) => format!("sum({})", number(column)),
        Measure::Min(column) => format!("min({})", number(column)),
        Measure::Max(column) => format!("max({})", number(column)),
        Measure::Average(column) => format!("avg({})", number(column)),
        Measure::Unique(of) => format!("count(DISTINCT {})", key(of)),
    }
}

/// The numbers of the first columns.
pub fn ordinals(count: usize) -> String {
    (1..=count).map(|number| number.to_string()).collect::<Vec<_>>().join(", ")
}
