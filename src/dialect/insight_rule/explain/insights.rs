//! The question of a rule in the query language of CloudWatch Logs Insights.

use super::sql::NUMBER;
use super::{beyond, field, position, printable, sign, texts, values};
use crate::batch::Form;
use crate::dialect::InsightRule;
use crate::error::is_obeyed;
use crate::filter::{Predicate, Test};
use crate::json::Step;
use crate::layout::Column;

/// The most rows that Logs Insights lists.
const ROWS_MAX: usize = 10_000;

impl InsightRule {
    /// The rule as a query for CloudWatch Logs Insights, to run over the rule's log groups.
    pub fn insights(&self, top: usize) -> String {
        let query = self.to_query(top);
        let mut lines = Vec::new();
        if query.form != Form::Json {
            let values = values(&query);
            if let Some(why) = beyond(values) {
                return format!("# {why}\n");
            }
            let names: Vec<String> = (1..=values).map(position_name).collect();
            lines.push(format!(
                "parse @message \"{}\" as {}",
                vec!["*"; values].join(" "),
                names.join(", ")
            ));
        }
        for test in &query.filter.tests {
            lines.push(format!("filter {}", condition(test)));
        }
        for key in &query.keys {
            lines.push(format!("filter ispresent({})", name(key.column())));
        }
        let keys: Vec<String> = query.keys.iter().map(|key| name(key.column())).collect();
        let keys = keys.join(", ");
        match query.measure().column() {
            Some(column) => {
                let column = name(column);
                lines.push(format!("filter {column} like /^{NUMBER}$/"));
                lines.push(format!("stats sum({column}) as total by {keys}"));
            }
            None => lines.push(format!("stats count(*) as total by {keys}")),
        }
        lines.push("sort total desc".to_owned());
        lines.push(format!("limit {}", if top == 0 { ROWS_MAX } else { top.min(ROWS_MAX) }));
        let notes = match query.form {
            Form::Json => "# Names are those that Logs Insights finds in JSON events.\n",
            Form::Records => {
                "# Names are those of version 2; events with fewer values are left out.\n"
            }
        };
        format!(
            "{notes}# Contributors with equal values come in any order.\n{}\n",
            lines.join("\n| ")
        )
    }
}

/// A test as a condition.
fn condition(test: &Test) -> String {
    let column = name(&test.column);
    let list = |values: &[Vec<u8>]| {
        let values: Vec<String> = texts(values).iter().map(|text| quoted(text)).collect();
        values.join(", ")
    };
    match &test.predicate {
        Predicate::In(values) => format!("{column} in [{}]", list(values)),
        Predicate::NotIn(values) => {
            format!("ispresent({column}) and {column} not in [{}]", list(values))
        }
        Predicate::StartsWith(values) => {
            let values: Vec<String> = texts(values).iter().map(|text| pattern(text)).collect();
            format!("{column} like /^({})/", values.join("|"))
        }
        Predicate::Number(comparison, operand) => {
            let sign = sign(*comparison);
            format!("{column} like /^{NUMBER}$/ and {column} {sign} {operand}")
        }
        Predicate::Present(true) => format!("ispresent({column})"),
        Predicate::Present(false) => format!("not ispresent({column})"),
        Predicate::Metric(_) | Predicate::Where(_) => {
            unreachable!("a rule tests values as rules do")
        }
    }
}

/// A column as a field of Logs Insights.
fn name(column: &Column) -> String {
    let name = match (column, position(column)) {
        // Objects in objects are fields with periods, elements of arrays are numbered.
        (Column::Path(path), _) => {
            let step = |step: &Step| match step {
                Step::Name(name) => name.clone(),
                Step::Place(place) => place.to_string(),
            };
            path.steps().iter().map(step).collect::<Vec<String>>().join(".")
        }
        (_, Some(position)) => position_name(position),
        (column, None) => column.label(),
    };
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "@.".contains(character);
    match name.chars().all(is_plain) {
        true => name,
        false => format!("`{}`", printable(&name)),
    }
}

/// The name of the value at a position: letters and digits alone need no quotes.
fn position_name(position: usize) -> String {
    match field(position) {
        Some(field) => field.name().replace('-', ""),
        None => format!("value{position}"),
    }
}

/// A text as a literal.
fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", printable(&text))
}

/// A text as a regular expression for it.
fn pattern(text: &str) -> String {
    let mut pattern = String::new();
    for character in text.chars() {
        if "\\/.*+?()[]{}|^$".contains(character) {
            pattern.push('\\');
        }
        match is_obeyed(character) {
            true => pattern += &format!("\\x{{{:x}}}", u32::from(character)),
            false => pattern.push(character),
        }
    }
    pattern
}
