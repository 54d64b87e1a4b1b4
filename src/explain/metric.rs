//! What a metric filter asks.

use super::sql::{Records, bin, column_at, named, sign};
use super::{Logs, Plan, fields, listed};
use crate::amount::Comparison;
use crate::batch::Form;
use crate::dialect::{MetricFilter, Value, quoted};
use crate::error::Error;
use crate::field::Kind;
use crate::filter::{MetricPredicate, Predicate, Test};
use crate::layout::{Column, Layout};
use crate::metric::{DefaultFor, Metric, MetricOptions};
use crate::pattern::{Condition, TextTest, Wildcard};
use crate::query::{Query, Scope};

/// How numbers are spelled, in regular expressions of every kind.
const NUMBER: &str = "[-+]?[0-9]+([.][0-9]+)?([eE][-+]?[0-9]+)?";

/// A metric filter in words, and where its pattern is one of fields in SQL: a row for each period
/// and combination of dimensions.
///
/// # Errors
/// As [`Metric::queries`].
pub fn metric(
    filter: &MetricFilter,
    options: MetricOptions,
    logs: &Logs<'_>,
) -> Result<String, Error> {
    let queries = Metric::new(filter, options).queries()?;
    let queries: Vec<&Query> = queries.iter().collect();
    let logs = logs.clone().between(options.start, options.end)?;
    let needed = fields(&queries, &logs);
    let mut plan = Plan::default();
    let events = match filter.form() {
        Form::Json => "JSON objects, also in envelopes of CloudWatch Logs",
        Form::Records => "lines: all records, also those without traffic",
    };
    plan.say("events", events);
    if let Some(expression) = &logs.expression {
        plan.say("where", &expression.to_string());
    }
    let pattern = filter.pattern().text();
    plan.say("matches", if pattern.is_empty() { "every event" } else { pattern });
    let transformation = filter.transformation();
    plan.say("adds", &transformation.value);
    for (name, value) in filter.dimensions() {
        plan.say("dimension", &format!("{name}: {value}"));
    }
    if let Some(default) = transformation.default {
        let each = match options.default_for {
            DefaultFor::Event => "every event that does not match",
            DefaultFor::Minute => "every minute with events of which none matches",
        };
        plan.say("default", &format!("{default} for {each}"));
    }
    plan.say("unit", transformation.unit.as_deref().unwrap_or("None"));
    match options.period {
        Some(seconds) => plan.say("periods", &format!("of {seconds} seconds, by start")),
        None => plan.say("periods", "none: all events are one point"),
    }
    plan.say("lists", &listed(options.top));
    let records = Records::new(&logs, &needed, Scope::All);
    let sql = statement(filter, options, &records);
    let none = "-- SQL has no columns for what this pattern looks at.\n".to_owned();
    Ok(plan.with(&sql.unwrap_or(none)))
}

fn statement(filter: &MetricFilter, options: MetricOptions, records: &Records) -> Option<String> {
    if filter.form() == Form::Json {
        return None;
    }
    let layout = &records.layout;
    let query = filter.to_query().ok()?;
    let tests = query.filter.tests.iter().map(|test| self::test(test, layout));
    let tests: Vec<String> = tests.collect::<Option<_>>()?;
    let matches = if tests.is_empty() { "true".to_owned() } else { tests.join("\n  AND ") };
    let value = match (filter.value(), filter.measured()) {
        (Value::Constant(amount), _) => amount.to_string(),
        (_, Some(column)) => number(&column, layout)?,
        (_, None) => return None,
    };
    let mut notes = String::new();
    let (value, wheres) = match (filter.transformation().default, options.default_for) {
        (None, _) => (value, matches),
        // Where a match has no number, nothing is added.
        (Some(default), DefaultFor::Event) => (
            format!("CASE WHEN coalesce({matches}, false) THEN {value} ELSE {default} END"),
            "true".to_owned(),
        ),
        (Some(default), DefaultFor::Minute) => {
            notes = format!("-- Minutes without a match, which add {default}, are left out.\n");
            (value, matches)
        }
    };
    let mut select = Vec::new();
    let (columns, places) = filter.keys();
    for ((name, _), place) in filter.dimensions().zip(places) {
        select.push(format!("{} AS {}", self::column(&columns[place], layout)?, named(name)));
    }
    select.extend(options.period.map(|seconds| format!("{} AS \"start\"", bin(seconds))));
    let groups = super::sql::ordinals(select.len());
    let column = |function: &str, name: &str| format!("{function}(value) AS {name}");
    let sums = [
        column("sum", "\"sum\""),
        column("count", "sample_count"),
        column("min", "minimum"),
        column("max", "maximum"),
    ];
    let keys: Vec<String> = select.iter().cloned().chain(sums).collect();
    let mut sql = format!(
        "{notes}{},\npoints AS (\n  SELECT *, {value} AS value\n  FROM records\n  WHERE {wheres}\n)\
         \nSELECT\n  {}\nFROM points\nWHERE value IS NOT NULL",
        records.with(),
        keys.join(",\n  "),
    );
    if options.period.is_some() {
        sql.push_str(" AND TRY_CAST(\"start\" AS BIGINT) IS NOT NULL");
    }
    if !select.is_empty() {
        sql.push_str(&format!("\nGROUP BY {groups}\nORDER BY {groups}"));
    }
    sql.push_str(";\n");
    Some(sql)
}

/// A column of an event in the table of records, if it has that.
fn column(of: &Column, layout: &Layout) -> Option<String> {
    let at = place(of, layout)?;
    column_at(layout, at)
}

fn place(of: &Column, layout: &Layout) -> Option<usize> {
    layout.resolve(of)?.stretch(layout.columns())?.one()
}

/// Its value as a number.
fn number(of: &Column, layout: &Layout) -> Option<String> {
    let (own, at) = (column(of, layout)?, place(of, layout)?);
    Some(match layout.kind(at) {
        Kind::Number(_) => format!("TRY_CAST({own} AS HUGEINT)"),
        _ => format!("TRY_CAST({own} AS DECIMAL(38, 12))"),
    })
}

fn test(test: &Test, layout: &Layout) -> Option<String> {
    if let (Predicate::Present(true), Column::Position(position)) = (&test.predicate, &test.column)
    {
        return Some((*position <= layout.columns()).to_string());
    }
    let own = column(&test.column, layout)?;
    let list = |values: &[Vec<u8>]| {
        let values: Vec<String> = values.iter().map(|value| text(value)).collect();
        values.join(", ")
    };
    Some(match &test.predicate {
        Predicate::In(values) => format!("{own} IN ({})", list(values)),
        Predicate::NotIn(values) => format!("{own} NOT IN ({})", list(values)),
        Predicate::StartsWith(values) => {
            let begins = |value: &Vec<u8>| format!("starts_with({own}, {})", text(value));
            format!("({})", values.iter().map(begins).collect::<Vec<_>>().join(" OR "))
        }
        Predicate::Number(comparison, amount) => {
            format!("{} {} {amount}", number(&test.column, layout)?, sign(*comparison))
        }
        Predicate::Present(true) => format!("{own} IS NOT NULL"),
        Predicate::Present(false) => format!("{own} IS NULL"),
        Predicate::Metric(MetricPredicate::Double(comparison, value)) => {
            compares(&own, *comparison, value.get())
        }
        Predicate::Metric(MetricPredicate::Value) => {
            format!("{} IS NOT NULL", number(&test.column, layout)?)
        }
        Predicate::Metric(MetricPredicate::Text(test)) => joined(&own, &test.0),
        Predicate::Metric(MetricPredicate::Terms(_) | MetricPredicate::Json(_))
        | Predicate::Where(_) => return None,
    })
}

fn text(bytes: &[u8]) -> String {
    quoted(&String::from_utf8_lossy(bytes))
}

fn joined(own: &str, test: &TextTest) -> String {
    let all = |tests: &[TextTest], word: &str| {
        let tests: Vec<String> = tests.iter().map(|test| joined(own, test)).collect();
        format!("({})", tests.join(word))
    };
    match test {
        TextTest::Is(condition) => self::condition(own, condition),
        TextTest::IsNot(condition) => {
            format!(
                "({own} IS NOT NULL AND NOT coalesce({}, false))",
                self::condition(own, condition)
            )
        }
        TextTest::All(tests) => all(tests, " AND "),
        TextTest::Any(tests) => all(tests, " OR "),
    }
}

fn condition(own: &str, condition: &Condition) -> String {
    match condition {
        Condition::Text(Wildcard::Exact(exact)) => format!("{own} = {}", text(exact)),
        Condition::Text(Wildcard::Prefix(prefix)) => {
            format!("starts_with({own}, {})", text(prefix))
        }
        Condition::Text(Wildcard::Suffix(suffix)) => format!("suffix({own}, {})", text(suffix)),
        Condition::Text(Wildcard::Contains(finder)) => {
            format!("contains({own}, {})", text(finder.needle()))
        }
        Condition::Number { text: written, value } => {
            format!("({own} = {} OR {})", text(written), compares(own, Comparison::Equal, *value))
        }
        Condition::Compare(comparison, value) => compares(own, *comparison, *value),
        Condition::Matches(regex) => {
            format!("regexp_matches({own}, {})", quoted(regex.as_str()))
        }
    }
}

/// A comparison of what is spelled as a number.
fn compares(own: &str, comparison: Comparison, value: f64) -> String {
    format!(
        "(regexp_full_match({own}, '{NUMBER}') AND TRY_CAST({own} AS DOUBLE) {} {value:?})",
        sign(comparison)
    )
}
