//! The checks of a rule's filters.

use super::check::{get, name, object};
use super::names::{Named, Names};
use crate::amount::{Amount, Comparison};
use crate::dialect::findings::Findings;
use crate::dialect::json::{Json, quoted};
use crate::filter::Filter;

/// CloudWatch's limit of filters.
const FILTERS_MAX: usize = 4;

/// CloudWatch's limit of texts that one filter compares with.
const VALUES_MAX: usize = 10;

/// The members of a filter: a field, and one of the operators.
pub const MEMBERS: &[&str] = &[
    "Match",
    "In",
    "NotIn",
    "StartsWith",
    "GreaterThan",
    "LessThan",
    "EqualTo",
    "NotEqualTo",
    "IsPresent",
];

/// A filter of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    /// The field.
    pub field: Named,
    /// What has to hold of it.
    pub operation: Operation,
}

/// An operator with its operand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// The text equals one of these.
    In(Vec<String>),
    /// There is a text, and it equals none of these.
    NotIn(Vec<String>),
    /// The text begins with one of these.
    StartsWith(Vec<String>),
    /// The number compares so.
    Number(Comparison, Amount),
    /// There is a text, or there is none.
    IsPresent(bool),
}

impl Test {
    /// `filter`, and this.
    pub fn and(&self, filter: Filter) -> Filter {
        let column = self.field.column.clone();
        match &self.operation {
            Operation::In(texts) => filter.and_in(column, texts),
            Operation::NotIn(texts) => filter.and_not_in(column, texts),
            Operation::StartsWith(texts) => filter.and_starts_with(column, texts),
            Operation::Number(comparison, number) => {
                filter.and_number(column, *comparison, *number)
            }
            Operation::IsPresent(is_present) => filter.and_present(column, *is_present),
        }
    }
}

/// Reads and checks `Contribution.Filters`.
pub fn read(filters: &Json, names: &Names<'_>, findings: &mut Findings) -> Vec<Test> {
    let path = "$.Contribution.Filters";
    let Json::Array(filters) = filters else {
        let expected = format!("expected an array of at most {FILTERS_MAX} filters");
        findings.error(path, format!("{}, {expected}", filters.shown()));
        return Vec::new();
    };
    if filters.len() > FILTERS_MAX {
        let text = format!("{} filters, expected at most {FILTERS_MAX}", filters.len());
        findings.error(path, text);
    }
    let mut tests = Vec::new();
    for (at, test) in filters.iter().enumerate() {
        let path = &format!("{path}[{at}]");
        let Some(members) = object(test, path, MEMBERS, findings) else { continue };
        let field = match get(members, "Match") {
            Some(value) => name(value, &format!("{path}.Match"), names, findings),
            None => {
                findings.error(path, "no Match, expected the field to test");
                None
            }
        };
        let operation = read_operation(members, path, findings);
        if let (Some(field), Some(operation)) = (field, operation) {
            tests.push(Test { field, operation });
        }
    }
    tests
}

/// The one operator of a filter, with its operand.
fn read_operation(
    members: &[(String, Json)],
    path: &str,
    findings: &mut Findings,
) -> Option<Operation> {
    let operators = &MEMBERS[1..];
    let used: Vec<_> =
        operators.iter().filter_map(|known| Some((*known, get(members, known)?))).collect();
    let is_field = |(name, _): &(String, Json)| name == "Match";
    match used.as_slice() {
        [] if members.iter().all(is_field) => {
            let text = format!("no operator, expected one of {}", operators.join(", "));
            findings.error(path, text);
            None
        }
        // An unknown operator, which is reported as that.
        [] => None,
        [(operator, operand)] => {
            read_operand(operator, operand, &format!("{path}.{operator}"), findings)
        }
        several => {
            let several: Vec<&str> = several.iter().map(|(operator, _)| *operator).collect();
            let text = format!(
                "{} operators ({}), expected one; write a filter for each",
                several.len(),
                several.join(", ")
            );
            findings.error(path, text);
            None
        }
    }
}

fn read_operand(
    operator: &str,
    operand: &Json,
    path: &str,
    findings: &mut Findings,
) -> Option<Operation> {
    let comparison = match operator {
        "In" => return read_texts(operand, path, findings).map(Operation::In),
        "NotIn" => return read_texts(operand, path, findings).map(Operation::NotIn),
        "StartsWith" => return read_texts(operand, path, findings).map(Operation::StartsWith),
        "IsPresent" => return read_flag(operand, path, findings).map(Operation::IsPresent),
        "GreaterThan" => Comparison::Greater,
        "LessThan" => Comparison::Less,
        "EqualTo" => Comparison::Equal,
        _ => Comparison::NotEqual,
    };
    let number = match operand {
        Json::Number(number) => Amount::parse(number.as_bytes()),
        _ => None,
    };
    if number.is_none() {
        let advice = instead_of_number(operator, operand);
        findings.error(path, format!("{}, expected a number{advice}", operand.shown()));
    }
    Some(Operation::Number(comparison, number?))
}

/// What to write where a number should stand.
fn instead_of_number(operator: &str, operand: &Json) -> String {
    let as_text = match operator {
        "EqualTo" => "In",
        "NotEqualTo" => "NotIn",
        _ => "",
    };
    match operand {
        Json::Text(text) if text.parse::<serde_json::Number>().is_ok() => format!("; write {text}"),
        Json::Text(_) | Json::Bool(_) if !as_text.is_empty() => {
            let text = operand.text().map_or_else(|| quoted(&operand.shown()), quoted);
            format!("; to compare text write \"{as_text}\": [{text}]")
        }
        Json::Array(values) => match values.as_slice() {
            [Json::Number(number)] => format!("; write {number}"),
            _ => String::new(),
        },
        _ => String::new(),
    }
}

/// `true` or `false`.
fn read_flag(operand: &Json, path: &str, findings: &mut Findings) -> Option<bool> {
    if let Json::Bool(flag) = operand {
        return Some(*flag);
    }
    let advice = match operand {
        Json::Text(text) if text == "true" || text == "false" => format!("; write {text}"),
        _ => String::new(),
    };
    findings.error(path, format!("{}, expected true or false{advice}", operand.shown()));
    None
}

/// One to ten strings.
fn read_texts(operand: &Json, path: &str, findings: &mut Findings) -> Option<Vec<String>> {
    let Json::Array(values) = operand else {
        let advice = match operand {
            Json::Text(text) => format!("; write [{}]", quoted(text)),
            Json::Number(number) => format!("; write [\"{number}\"]"),
            _ => String::new(),
        };
        let expected = format!("expected an array of 1 to {VALUES_MAX} strings");
        findings.error(path, format!("{}, {expected}{advice}", operand.shown()));
        return None;
    };
    if !(1..=VALUES_MAX).contains(&values.len()) {
        findings.error(path, format!("{} values, expected 1 to {VALUES_MAX}", values.len()));
    }
    let mut texts = Vec::new();
    for (at, value) in values.iter().enumerate() {
        match value {
            Json::Text(text) => texts.push(text.clone()),
            other => {
                let advice = match other {
                    Json::Number(_) | Json::Bool(_) => format!("; write \"{}\"", other.shown()),
                    _ => String::new(),
                };
                let text = format!("{}, expected a string{advice}", other.shown());
                findings.error(&format!("{path}[{at}]"), text);
            }
        }
    }
    Some(texts)
}
