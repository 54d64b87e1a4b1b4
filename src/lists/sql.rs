//! A list in DuckDB's SQL, over text logs in the default format: to check an answer elsewhere, or
//! to go on from it.

use std::fmt::Write;

use super::{List, ListKind};
use crate::amount::Comparison;
use crate::dialect::Expression;
use crate::field::{Field, V2};
use crate::layout::Column;
use crate::measure::{Counting, Measure, Order};
use crate::view::{KeyColumn, View};

impl List {
    /// The same question in DuckDB's SQL, of the records of which `expression` holds, over the
    /// files at `paths`. What SQL cannot say is said in comments.
    pub fn to_sql(&self, expression: Option<&Expression>, paths: &[String]) -> String {
        let query = self.query();
        let mut sql = String::new();
        let mut note = |text: &str| sql.push_str(&format!("-- {text}\n"));
        note("Text in the default format, version 2, with single blanks.");
        if query.counting() == Counting::Once {
            note("Every record counts here; flowagg counts flows once.");
        }
        let labels = query.labels().iter();
        let named = labels.zip(&query.keys).filter(|(_, key)| matches!(key.view(), View::Label(_)));
        for (label, key) in named {
            note(&format!("{label} is {} here; join what names it.", key.column().label()));
        }
        let keys: Vec<String> = query
            .labels()
            .iter()
            .zip(&query.keys)
            .map(|(label, key)| format!("{} AS {}", key_sql(key), name(label)))
            .collect();
        let start = match self.kind() {
            ListKind::Series(seconds) => {
                let start = column_sql(&Field::Start.into());
                vec![format!("CAST({start} AS BIGINT) // {seconds} * {seconds} AS start")]
            }
            _ => Vec::new(),
        };
        let measures = self
            .measures()
            .iter()
            .map(|measure| format!("{} AS {}", measure_sql(&measure.measure), name(&measure.name)));
        let groups = keys.len() + start.len();
        let select: Vec<String> = keys.into_iter().chain(start).chain(measures).collect();
        let files: Vec<String> = paths.iter().map(|path| quoted(path)).collect();
        let files = if files.is_empty() { quoted("*.log") } else { files.join(", ") };
        let columns: Vec<String> =
            V2.iter().map(|field| format!("{}: 'VARCHAR'", quoted(&plain(field.name())))).collect();
        let _ = write!(sql, "SELECT\n  {}\n", select.join(",\n  "));
        let _ = write!(
            sql,
            "FROM read_csv([{files}], delim = ' ', header = false, quote = '', columns = {{\n  \
             {}}})\n",
            columns.join(",\n  ")
        );
        let mut wheres = vec!["log_status = 'OK'".to_owned()];
        wheres.extend(expression.map(|expression| format!("({})", expression.to_sql())));
        let _ = writeln!(sql, "WHERE {}", wheres.join("\n  AND "));
        if groups > 0 {
            let numbers: Vec<String> = (1..=groups).map(|number| number.to_string()).collect();
            let _ = writeln!(sql, "GROUP BY {}", numbers.join(", "));
        }
        let having: Vec<String> = query
            .having()
            .iter()
            .map(|having| {
                let measure = measure_sql(&self.measures()[having.measure].measure);
                format!("{measure} {} {}", sign(having.comparison), having.amount)
            })
            .collect();
        if !having.is_empty() {
            let _ = writeln!(sql, "HAVING {}", having.join(" AND "));
        }
        if groups > 0 {
            let keys: Vec<String> = (1..=groups).map(|number| number.to_string()).collect();
            let keys = keys.join(", ");
            let _ = match (self.kind(), query.order()) {
                (ListKind::Series(_), _) | (_, Order::Key) => writeln!(sql, "ORDER BY {keys}"),
                (_, Order::Ascending) => writeln!(sql, "ORDER BY {}, {keys}", groups + 1),
                _ => writeln!(sql, "ORDER BY {} DESC, {keys}", groups + 1),
            };
            let has_limit = !matches!(self.kind(), ListKind::Series(_)) && query.top() > 0;
            if has_limit {
                let _ = writeln!(sql, "LIMIT {}", query.top());
            }
        }
        sql.truncate(sql.trim_end().len());
        sql.push_str(";\n");
        sql
    }

    /// What is done, in words.
    pub fn plan(&self, expression: Option<&Expression>) -> String {
        let query = self.query();
        let mut plan = String::new();
        let measures: Vec<&str> = self.measures().iter().map(|m| m.name.as_str()).collect();
        let keys = match query.labels() {
            [] => "none: everything is one".to_owned(),
            labels => labels.join(", "),
        };
        let filter = expression.map_or("all records of traffic".to_owned(), ToString::to_string);
        let order = match query.order() {
            Order::Key => "the texts of the keys".to_owned(),
            Order::Ascending => format!("{}, smallest first", measures[0]),
            Order::Sum | Order::Maximum => format!("{}, largest first", measures[0]),
        };
        let listed = match query.top() {
            0 => "all".to_owned(),
            top => top.to_string(),
        };
        for (word, text) in [
            ("records", filter),
            ("keys", keys),
            ("measures", measures.join(", ")),
            ("order", order),
            ("listed", listed),
        ] {
            let _ = writeln!(plan, "{word:<9} {text}");
        }
        if query.counting() == Counting::Once {
            let _ = writeln!(plan, "{:<9} once, at the interface that has most of a flow", "flows");
        }
        if let ListKind::Series(seconds) = self.kind() {
            let _ = writeln!(plan, "{:<9} {seconds} seconds, by start", "bins");
        }
        plan
    }
}

/// A name as SQL's columns have it.
fn plain(name: &str) -> String {
    name.replace('-', "_")
}

fn name(label: &str) -> String {
    format!("\"{}\"", label.replace('"', "\"\""))
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn sign(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Less => "<",
        Comparison::LessOrEqual => "<=",
        Comparison::Equal => "=",
        Comparison::NotEqual => "<>",
        Comparison::GreaterOrEqual => ">=",
        Comparison::Greater => ">",
    }
}

fn column_sql(column: &Column) -> String {
    name(&plain(&column.label()))
}

fn key_sql(key: &KeyColumn) -> String {
    let column = column_sql(key.column());
    match key.view() {
        View::Prefix { v4, v6 } => format!(
            "network(({column} || CASE WHEN contains({column}, ':') THEN '/{v6}' ELSE '/{v4}' \
             END)::INET)"
        ),
        View::Whole | View::Label(_) => column,
    }
}

fn measure_sql(measure: &Measure) -> String {
    let number = |column: &Column| format!("TRY_CAST({} AS HUGEINT)", column_sql(column));
    match measure {
        Measure::Count => "count(*)".to_owned(),
        Measure::Sum(column) => format!("sum({})", number(column)),
        Measure::Min(column) => format!("min({})", number(column)),
        Measure::Max(column) => format!("max({})", number(column)),
        Measure::Average(column) => format!("avg({})", number(column)),
        Measure::Unique(key) => format!("count(DISTINCT {})", key_sql(key)),
    }
}
