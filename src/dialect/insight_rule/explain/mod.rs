//! A rule in other words: its plan in English, and its question in other languages.
//!
//! Whoever doubts an answer can put the same question to DuckDB, which a test does, or to the
//! services of AWS. Their languages see a log in their own way; each text says in a comment where
//! that differs from the rule.

mod insights;
mod sql;

use std::fmt::Write;

use super::InsightRule;
use std::sync::Arc;

use crate::amount::Comparison;
use crate::batch::Form;
use crate::error::is_obeyed;
use crate::field::{Field, V2};
use crate::filter::{Predicate, Test};
use crate::key::{KeyShape, Lane, Part};
use crate::layout::{COLUMNS_MAX, Column, Layout, Place};
use crate::query::Query;
pub(crate) use sql::{files, quoted};

impl InsightRule {
    /// The rule in words and in other languages: how `top` contributors of the logs at `paths`
    /// are found, in sections with headings. See [`plan`](Self::plan), [`duckdb`](Self::duckdb),
    /// [`insights`](Self::insights) and [`athena`](Self::athena).
    pub fn explain(&self, top: usize, paths: &[String]) -> String {
        let sections = [
            ("Plan", self.plan(top)),
            ("DuckDB", self.duckdb(top, paths)),
            ("CloudWatch Logs Insights", self.insights(top)),
            ("Athena", self.athena(top)),
        ];
        let sections = sections.map(|(heading, text)| {
            let line = "-".repeat(heading.len());
            format!("{heading}\n{line}\n{text}")
        });
        sections.join("\n")
    }

    /// What is read, tested, added up and listed, in words; 0 lists all contributors.
    ///
    /// ```
    /// use flowagg::dialect::InsightRule;
    /// let rule = InsightRule::parse(br#"{"Schema": {"Name": "CloudWatchLogRule", "Version": 1},
    ///     "LogFormat": "CLF", "Fields": {"4": "source"}, "AggregateOn": "Count",
    ///     "Contribution": {"Keys": ["source"],
    ///         "Filters": [{"Match": "13", "In": ["ACCEPT"]}]}}"#)?;
    /// let plan = rule.plan(3);
    /// assert!(plan.contains("action (13) is \"ACCEPT\""));
    /// assert!(plan.contains("srcaddr (4), in 64 bits"));
    /// # Ok::<(), flowagg::Error>(())
    /// ```
    pub fn plan(&self, top: usize) -> String {
        let query = self.to_query(top);
        let mut plan = String::new();
        let mut say = |name: &str, text: &str| {
            _ = writeln!(plan, "{name:<8} {text}");
        };
        match query.form {
            Form::Json => say("events", "JSON objects, also in envelopes of CloudWatch Logs"),
            Form::Records => {
                say("events", "values between blanks; positions are named as in version 2")
            }
        }
        let mut columns = columns(&query);
        columns.sort_by_key(|column| position(column));
        let columns: Vec<String> = columns.into_iter().map(shown).collect();
        say("reads", &columns.join(", "));
        for (at, test) in query.filter.tests.iter().enumerate() {
            say(if at == 0 { "keeps" } else { "and" }, &in_words(test));
        }
        let keys: Vec<String> = query.keys.iter().map(|key| shown(key.column())).collect();
        say("keys", &format!("{}, {}", keys.join(", "), lane(&query)));
        match query.measure().column() {
            Some(column) => say("value", &format!("the sum of {}", shown(column))),
            None => say("value", "the number of events"),
        }
        let listed = if top == 0 { "all".to_owned() } else { format!("the first {top}") };
        let order = "largest value first, equal values by the bytes of their keys";
        say("lists", &format!("{listed}, {order}"));
        plan
    }
}

/// The columns that a query reads, each once: its keys, its value, and what it tests.
fn columns(query: &Query) -> Vec<&Column> {
    let mut columns: Vec<&Column> = Vec::new();
    for column in query.columns() {
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    columns
}

/// The values that an event needs for a query, at least those of version 2.
fn values(query: &Query) -> usize {
    let last = columns(query).into_iter().filter_map(position).max().unwrap_or(0);
    last.max(V2.len())
}

/// What to say of a query that needs more values than can be named one by one.
fn beyond(values: usize) -> Option<String> {
    let is_beyond = values > COLUMNS_MAX;
    is_beyond.then(|| format!("position {values}: no more than {COLUMNS_MAX} are written out"))
}

/// Where a column stands in records of version 2, counted from 1.
fn position(column: &Column) -> Option<usize> {
    match Layout::v2().resolve(column)? {
        Place::At(column) => Some(column + 1),
        Place::Last(_) | Place::Rest(_) | Place::Line => None,
    }
}

/// The field of version 2 at a position, if there is one.
fn field(position: usize) -> Option<Field> {
    V2.get(position.checked_sub(1)?).copied()
}

/// A column as the plan names it.
fn shown(column: &Column) -> String {
    match (column, position(column)) {
        (_, Some(position)) => match field(position) {
            Some(field) => format!("{field} ({position})"),
            None => format!("position {position}"),
        },
        (column, None) => printable(&column.label()),
    }
}

/// How contributors are kept.
fn lane(query: &Query) -> &'static str {
    let layout = Layout::v2();
    let part = |column: &Column| match position(column) {
        Some(position) => Part::of(layout.kind(position - 1)),
        None => Part::Text,
    };
    let parts = query.keys.iter().map(|key| part(key.column())).collect();
    match KeyShape::with_texts(parts, &Arc::default()).lane() {
        Lane::Narrow => "in 64 bits",
        Lane::Packed => "in 128 bits",
        Lane::Wide => "as bytes",
    }
}

fn in_words(test: &Test) -> String {
    let column = shown(&test.column);
    let list = |values: &[Vec<u8>], before: &str| {
        let values: Vec<String> = texts(values).iter().map(|text| format!("{text:?}")).collect();
        format!("{column} {before}{}", values.join(" or "))
    };
    match &test.predicate {
        Predicate::In(values) => list(values, "is "),
        Predicate::NotIn(values) => list(values, "is there and not "),
        Predicate::StartsWith(values) => list(values, "begins with "),
        Predicate::Number(comparison, number) => {
            let comparison = match comparison {
                Comparison::Less => "less than",
                Comparison::LessOrEqual => "at most",
                Comparison::Equal => "equal to",
                Comparison::NotEqual => "not equal to",
                Comparison::GreaterOrEqual => "at least",
                Comparison::Greater => "greater than",
            };
            format!("{column} is a number, {comparison} {number}")
        }
        Predicate::Present(true) => format!("{column} is there"),
        Predicate::Present(false) => format!("{column} is not there"),
        Predicate::Metric(_) | Predicate::Where(_) => {
            unreachable!("a rule tests values as rules do")
        }
    }
}

/// A comparison as all of the languages spell it.
fn sign(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Less => "<",
        Comparison::LessOrEqual => "<=",
        Comparison::Equal => "=",
        Comparison::NotEqual => "!=",
        Comparison::GreaterOrEqual => ">=",
        Comparison::Greater => ">",
    }
}

/// A text without characters that a terminal would obey: they become escapes.
pub(crate) fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match is_obeyed(character) {
            true => safe.extend(character.escape_default()),
            false => safe.push(character),
        }
    }
    safe
}

/// What a filter compares with; rules are text, so nothing is lost.
fn texts(values: &[Vec<u8>]) -> Vec<String> {
    values.iter().map(|value| String::from_utf8_lossy(value).into_owned()).collect()
}
