//! The question of a rule in SQL: for DuckDB over files, for Athena over AWS's table.

use std::path::Path;

use super::{beyond, columns, field, position, printable, sign, texts, values};
use crate::amount::Amount;
use crate::batch::Form;
use crate::dialect::InsightRule;
use crate::error::is_obeyed;
use crate::field::{Field, Kind, V2};
use crate::filter::{Predicate, Test};
use crate::json::{JsonPath, Step};
use crate::layout::Column;
use crate::query::Query;

/// The characters of a key's text that count; one of ASCII has as many bytes.
const KEY_CHARACTERS_MAX: usize = 1024;

/// How numbers are spelled, in regular expressions of every kind.
pub const NUMBER: &str = "[-+]?[0-9]+([.][0-9]+)?([eE][-+]?[0-9]+)?";

/// The columns of Athena's documented table: the fields of versions 2 to 5, in order.
const ATHENA_VERSION_MAX: u8 = 5;

impl InsightRule {
    /// The rule in DuckDB's SQL, over the files or folders at `paths`: its rows are the
    /// contributors as flowagg lists them, the keys and then the value.
    ///
    /// It reads text in the default format, or JSON with an event in each line. What it sees in
    /// its own way is said in comments; fractions have at most 12 digits.
    pub fn duckdb(&self, top: usize, paths: &[String]) -> String {
        let query = self.to_query(top);
        if let Some(why) = beyond(values(&query)) {
            return format!("-- {why}\n");
        }
        let files: Vec<String> = paths.iter().map(|path| quoted(&files(path))).collect();
        let files = if files.is_empty() { quoted("*.log*") } else { files.join(", ") };
        let (notes, events) = match query.form {
            Form::Json => (
                "-- One event in each line, without an envelope. Of members with one name DuckDB \
                 takes the\n-- first, and it spells numbers in its own way: 1e3 is 1000.0.\n",
                json_events(&query, &files),
            ),
            Form::Records => (
                "-- Lines in the default format with single blanks. Malformed lines count, unless \
                 they are\n-- too short.\n",
                text_events(&query, &files),
            ),
        };
        let text = |column: &Column| duckdb_text(&query, column);
        let number = |column: &Column| match kind(column) {
            Kind::Number(_) => format!("TRY_CAST({} AS HUGEINT)", text(column)),
            _ => {
                let text = text(column);
                format!(
                    "CASE WHEN regexp_full_match({text}, '{NUMBER}') \
                     THEN TRY_CAST({text} AS DECIMAL(38, 12)) END"
                )
            }
        };
        let key = |column: &Column| format!("left({}, {KEY_CHARACTERS_MAX})", text(column));
        let select = select(&query, top, "events AS e", &Spelling { text, key, number });
        format!("{notes}WITH events AS (\n{events})\n{select};\n")
    }

    /// The rule in Athena's SQL, over the table `vpc_flow_logs` of its user guide; rules for JSON
    /// ask a table `json_events` with a column `line`.
    pub fn athena(&self, top: usize) -> String {
        let query = self.to_query(top);
        let text = |column: &Column| athena_text(column);
        let number = |column: &Column| match athena_column(column) {
            Some((name, true)) => format!("CAST({name} AS decimal(38, 0))"),
            _ => format!("TRY_CAST({} AS decimal(38, 12))", athena_text(column)),
        };
        let (notes, table) = match query.form {
            Form::Json => (
                "-- One event in each line: CREATE EXTERNAL TABLE json_events (line string) \
                 LOCATION 's3://...'\n",
                "json_events",
            ),
            Form::Records => (
                "-- Over the table of the Athena user guide: position 4 is its fourth column, \
                 srcaddr.\n-- What is no number, such as -, is NULL in its number columns.\n",
                "vpc_flow_logs",
            ),
        };
        let spelling = Spelling { text, key: text, number };
        format!("{notes}{}\n", select(&query, top, table, &spelling))
    }
}

/// How a language spells a column: as text, as text of a key, and as a number.
struct Spelling<T, K, N> {
    text: T,
    key: K,
    number: N,
}

/// The part of the question that both languages spell alike.
fn select<T, K, N>(query: &Query, top: usize, table: &str, spelling: &Spelling<T, K, N>) -> String
where
    T: Fn(&Column) -> String,
    K: Fn(&Column) -> String,
    N: Fn(&Column) -> String,
{
    let mut chosen: Vec<String> = query
        .keys
        .iter()
        .zip(&query.labels)
        .map(|(key, label)| format!("{} AS {}", (spelling.key)(key.column()), named(label)))
        .collect();
    let mut tests: Vec<String> = Vec::new();
    for test in &query.filter.tests {
        tests.push(predicate(test, &spelling.text, &spelling.number));
    }
    for key in &query.keys {
        tests.push(format!("{} IS NOT NULL", (spelling.text)(key.column())));
    }
    match query.measure().column() {
        Some(column) => {
            let number = (spelling.number)(column);
            tests.push(format!("{number} IS NOT NULL"));
            chosen.push(format!("sum({number}) AS value"));
        }
        None => chosen.push("count(*) AS value".to_owned()),
    }
    let keys: Vec<String> = (1..=query.keys.len()).map(|key| key.to_string()).collect();
    let keys = keys.join(", ");
    let mut text = format!(
        "SELECT\n  {}\nFROM {table}\nWHERE {}\nGROUP BY {keys}\nORDER BY {} DESC, {keys}",
        chosen.join(",\n  "),
        tests.join("\n  AND "),
        chosen.len()
    );
    if top > 0 {
        text += &format!("\nLIMIT {top}");
    }
    text
}

/// A test as a condition, which is not true for a value that is not there unless it says so.
fn predicate(
    test: &Test,
    text: &impl Fn(&Column) -> String,
    number: &impl Fn(&Column) -> String,
) -> String {
    let list = |values: &[Vec<u8>]| {
        let values: Vec<String> = texts(values).iter().map(|text| quoted(text)).collect();
        values.join(", ")
    };
    match &test.predicate {
        Predicate::In(values) => format!("{} IN ({})", text(&test.column), list(values)),
        Predicate::NotIn(values) => format!("{} NOT IN ({})", text(&test.column), list(values)),
        Predicate::StartsWith(values) => {
            let text = text(&test.column);
            let begins = |value: &String| format!("starts_with({text}, {})", quoted(value));
            let begins: Vec<String> = texts(values).iter().map(begins).collect();
            format!("({})", begins.join(" OR "))
        }
        Predicate::Number(comparison, operand) => {
            let (number, sign) = (number(&test.column), sign(*comparison));
            match is_plain(operand) {
                true => format!("{number} {sign} {operand}"),
                false => format!("CAST({number} AS DOUBLE) {sign} CAST('{operand}' AS DOUBLE)"),
            }
        }
        Predicate::Present(true) => format!("{} IS NOT NULL", text(&test.column)),
        Predicate::Present(false) => format!("{} IS NULL", text(&test.column)),
        Predicate::Metric(_) | Predicate::Where(_) => {
            unreachable!("a rule tests values as rules do")
        }
    }
}

/// Whether a number compares with decimals as it stands: with at most 18 and 12 digits.
fn is_plain(number: &Amount) -> bool {
    let text = number.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    whole.trim_start_matches('-').len() <= 18 && fraction.len() <= 12
}

/// The records of text files: columns by name, header lines and broken lines left out.
fn text_events(query: &Query, files: &str) -> String {
    let columns: Vec<String> = (1..=values(query))
        .map(|position| format!("'{}': 'VARCHAR'", column_name(position)))
        .collect();
    let columns: Vec<String> = columns.chunks(4).map(|columns| columns.join(", ")).collect();
    format!(
        "  SELECT * FROM read_csv(\n    [{files}],\n    columns = {{\n      {}\n    }},\n    \
         delim = ' ', header = false, quote = '', escape = '', auto_detect = false,\n    \
         null_padding = true, strict_mode = false\n  )\n  \
         WHERE version != 'version' AND log_status IS NOT NULL\n",
        columns.join(",\n      ")
    )
}

/// The leaves of JSON events, one event in each line.
fn json_events(query: &Query, files: &str) -> String {
    let leaves = columns(query).into_iter().enumerate().filter_map(|(at, column)| {
        let Column::Path(path) = column else { return None };
        let path = quoted(&duckdb_path(path));
        Some(format!(
            "    CASE WHEN json_type(json, {path}) NOT IN ('OBJECT', 'ARRAY', 'NULL')\n      \
             THEN json_extract_string(json, {path}) END AS leaf{}",
            at + 1
        ))
    });
    let leaves: Vec<String> = leaves.collect();
    format!(
        "  SELECT\n{}\n  FROM read_json_objects(\n    [{files}],\n    \
         format = 'newline_delimited', ignore_errors = true\n  )\n  \
         WHERE json_type(json) = 'OBJECT'\n",
        leaves.join(",\n")
    )
}

/// A column of the events, as DuckDB names it.
fn duckdb_text(query: &Query, column: &Column) -> String {
    match (column, position(column)) {
        (Column::Path(_), _) => {
            let at = columns(query).into_iter().position(|other| other == column);
            format!("e.leaf{}", at.unwrap_or(0) + 1)
        }
        (_, Some(position)) => format!("e.\"{}\"", column_name(position)),
        // By name, and not among the columns of the default format.
        (_, None) => "CAST(NULL AS VARCHAR)".to_owned(),
    }
}

/// The name of the column at a position of the default format, or beyond.
fn column_name(position: usize) -> String {
    match field(position) {
        Some(field) => field.name().replace('-', "_"),
        None => format!("value{position}"),
    }
}

/// How a column's values are spelled.
fn kind(column: &Column) -> Kind {
    position(column).and_then(field).map_or(Kind::Text, Field::kind)
}

/// A column of Athena's table, and whether it is one of numbers.
fn athena_column(column: &Column) -> Option<(String, bool)> {
    let is_there = |field: &&Field| field.version() <= ATHENA_VERSION_MAX;
    let field = match column {
        Column::Position(position) => {
            Field::ALL.iter().filter(is_there).nth(position.checked_sub(1)?)
        }
        Column::Field(field) => Some(field).filter(is_there),
        _ => None,
    }?;
    let name = field.name().replace('-', "_");
    // The one reserved word among the names.
    let name = if name == "end" { named(&name) } else { name };
    Some((name, matches!(field.kind(), Kind::Number(_))))
}

fn athena_text(column: &Column) -> String {
    if let Column::Path(path) = column {
        return format!("json_extract_scalar(line, {})", quoted(&athena_path(path)));
    }
    match athena_column(column) {
        Some((name, false)) => name,
        // Every record of version 2 has these.
        Some((name, true)) if position(column).is_some_and(|position| position <= V2.len()) => {
            format!("coalesce(CAST({name} AS varchar), '-')")
        }
        Some((name, true)) => format!("CAST({name} AS varchar)"),
        None => "CAST(NULL AS varchar)".to_owned(),
    }
}

/// A path as DuckDB spells it, every name in quotes.
fn duckdb_path(path: &JsonPath) -> String {
    let step = |step: &Step| match step {
        Step::Name(name) => format!(".\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")),
        Step::Place(place) => format!("[{place}]"),
    };
    format!("${}", path.steps().iter().map(step).collect::<String>())
}

/// A path as Athena spells it.
fn athena_path(path: &JsonPath) -> String {
    let step = |step: &Step| match step {
        Step::Name(name) => {
            format!("[\"{}\"]", name.replace('\\', "\\\\").replace('"', "\\\""))
        }
        Step::Place(place) => format!("[{place}]"),
    };
    format!("${}", path.steps().iter().map(step).collect::<String>())
}

/// The files at a path: those in it, if it is a folder.
pub(crate) fn files(path: &str) -> String {
    match path {
        "-" => "/dev/stdin".to_owned(),
        path if Path::new(path).is_dir() => format!("{}/**", path.trim_end_matches('/')),
        path => path.to_owned(),
    }
}

/// A text as a literal; characters that a terminal would obey by their numbers.
pub(crate) fn quoted(text: &str) -> String {
    let literal = |text: &str| format!("'{}'", text.replace('\'', "''"));
    if !text.contains(is_obeyed) {
        return literal(text);
    }
    let mut parts = Vec::new();
    for part in text.split_inclusive(is_obeyed) {
        let control = part.chars().next_back().filter(|&last| is_obeyed(last));
        let before = control.map_or(part, |control| &part[..part.len() - control.len_utf8()]);
        if !before.is_empty() {
            parts.push(literal(before));
        }
        parts.extend(control.map(|control| format!("chr({})", u32::from(control))));
    }
    format!("({})", parts.join(" || "))
}

/// A name in quotes.
fn named(name: &str) -> String {
    format!("\"{}\"", printable(name).replace('"', "\"\""))
}
