//! Questions that are told instead of asked: what is read, which records count, what is made of
//! them; and the same question in DuckDB's SQL, to check an answer elsewhere or to go on from it.
//!
//! Each text is a plan in words, an empty line, and the SQL. That reads text logs, and says in
//! comments what it sees in another way; a test has DuckDB run it and holds its rows against the
//! answers. Rules tell themselves in [`dialect`](crate::dialect), in the languages of AWS too.

mod find;
mod lists;
mod metric;
mod others;
mod sql;

use std::fmt::Write;

use crate::dialect::{Expression, printable};
use crate::field::{Field, V2};
use crate::layout::{Column, Layout};
use crate::query::{Query, Scope};

pub use find::find;
pub use lists::list;
pub use metric::metric;
pub use others::{cut, found_records, summary, survey};

/// The logs that are asked, and which of their records count.
///
/// ```
/// use flowagg::explain::{self, Logs};
/// use flowagg::lists::ListOptions;
/// use flowagg::Field;
/// let list = ListOptions::new().key(Field::SrcAddr.into(), "srcaddr").limit(3).top()?;
/// let text = explain::list(&list, &Logs::new(&["logs".to_owned()]).between(Some(60), None)?);
/// assert!(text.starts_with("reads     srcaddr, bytes, start, log-status\n"));
/// assert!(text.contains("\nwhere     start >= 60\n"));
/// assert!(text.ends_with("ORDER BY 2 DESC, 1\nLIMIT 3;\n"));
/// # Ok::<(), flowagg::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Logs<'a> {
    paths: &'a [String],
    layout: Option<&'a Layout>,
    expression: Option<Expression>,
}

impl<'a> Logs<'a> {
    /// The files and folders at these paths, all of their records.
    pub fn new(paths: &'a [String]) -> Self {
        Self { paths, layout: None, expression: None }
    }

    /// Logs with these columns.
    #[must_use]
    pub fn layout(self, layout: &'a Layout) -> Self {
        Self { layout: Some(layout), ..self }
    }

    /// Only the records of which this holds too.
    #[must_use]
    pub fn only(self, expression: Expression) -> Self {
        let expression = match self.expression {
            Some(other) => other.and(expression),
            None => expression,
        };
        Self { expression: Some(expression), ..self }
    }

    /// Only the records that start at `start` or later and before `end`, in seconds since 1970.
    ///
    /// # Errors
    /// As [`Expression::parse`]; none that two numbers make.
    pub fn between(self, start: Option<u64>, end: Option<u64>) -> Result<Self, crate::Error> {
        let limits = [(">=", start), ("<", end)];
        limits.into_iter().try_fold(self, |logs, (sign, limit)| {
            let Some(limit) = limit else { return Ok(logs) };
            let text = format!("start {sign} {limit}");
            Ok(logs.only(Expression::parse(&text, &mut |_| Ok(Vec::new()))?))
        })
    }

    /// The columns that the logs have, and what is to be said of them: those that were said, else
    /// the fewest of AWS's versions that have these fields.
    fn columns(&self, fields: &[Field]) -> (Layout, &'static str) {
        let has_all =
            |layout: &Layout| fields.iter().all(|&field| layout.position(field).is_some());
        if let Some(layout) = self.layout {
            let note = match has_all(layout) {
                true => "Text with the columns that --format says",
                false => "The columns that --format says, of which some are lacking",
            };
            return (layout.clone(), note);
        }
        const LATER: [(&str, &str); 9] = [
            ("v3", "Text in AWS's order of version 3"),
            ("v4", "Text in AWS's order of version 4"),
            ("v5", "Text in AWS's order of version 5"),
            ("v7", "Text in AWS's order of version 7"),
            ("v8", "Text in AWS's order of version 8"),
            ("v9", "Text in AWS's order of version 9"),
            ("v10", "Text in AWS's order of version 10"),
            ("v11", "Text in AWS's order of version 11"),
            ("tgw", "Text in the order of transit gateways"),
        ];
        let mut later = LATER.into_iter().filter_map(|(name, note)| {
            Layout::parse(name).ok().filter(&has_all).map(|layout| (layout, note))
        });
        let usual = (Layout::v2(), "Text in the default format, version 2");
        match fields.iter().all(|field| V2.contains(field)) {
            true => usual,
            false => later.next().unwrap_or(usual),
        }
    }
}

/// The fields that questions need, in AWS's order.
fn fields(queries: &[&Query], logs: &Logs<'_>) -> Vec<Field> {
    let of_columns = queries.iter().flat_map(|query| query.columns());
    let mut needed: Vec<Field> = of_columns.filter_map(field).collect();
    if queries.iter().any(|query| query.period().is_some()) {
        needed.push(Field::Start);
    }
    if queries.iter().any(|query| query.scope == Scope::Traffic) {
        needed.push(Field::LogStatus);
    }
    needed.extend(logs.expression.iter().flat_map(Expression::fields));
    in_order(needed)
}

fn field(column: &Column) -> Option<Field> {
    match column {
        Column::Field(field) => Some(*field),
        _ => None,
    }
}

/// These fields in AWS's order, each once.
fn in_order(needed: Vec<Field>) -> Vec<Field> {
    Field::ALL.iter().copied().filter(|field| needed.contains(field)).collect()
}

/// A plan in words, a line for each thing that is to be said.
#[derive(Debug, Default)]
struct Plan {
    text: String,
}

impl Plan {
    /// A plan that begins with the fields that are read, and which records count.
    fn new(fields: &[Field], scope: Scope, logs: &Logs<'_>) -> Self {
        let names: Vec<&str> = fields.iter().map(|field| field.name()).collect();
        let counts = match scope {
            Scope::Traffic => "records of traffic: their log-status is OK",
            Scope::All => "all records, also those without traffic",
        };
        let mut plan = Self::default();
        plan.say("reads", &if names.is_empty() { "lines".to_owned() } else { names.join(", ") });
        plan.say("counts", counts);
        if let Some(expression) = &logs.expression {
            plan.say("where", &expression.to_string());
        }
        plan
    }

    fn say(&mut self, word: &str, text: &str) {
        _ = writeln!(self.text, "{word:<9} {}", printable(text));
    }

    /// The plan, and the SQL below it.
    fn with(self, sql: &str) -> String {
        let note = match sql.contains("INET") {
            true => "-- Addresses of IPv6 take DuckDB's extension inet: INSTALL inet; LOAD inet;\n",
            false => "",
        };
        format!("{}\n{note}{sql}", self.text)
    }
}

/// How many are listed.
fn listed(top: usize) -> String {
    match top {
        0 => "all".to_owned(),
        top => format!("the first {top}"),
    }
}
