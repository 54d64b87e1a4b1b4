//! The checks of a rule's filters.

use super::Findings;
use super::check::{get, name, object};
use super::json::{Json, quoted};
use super::names::Names;
use crate::filter::Filter;
use crate::layout::Column;

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

/// Reads and checks `Contribution.Filters`.
pub fn read(filters: &Json, names: Option<&Names<'_>>, findings: &mut Findings) -> Filter {
    let path = "$.Contribution.Filters";
    let mut filter = Filter::new();
    let Json::Array(filters) = filters else {
        let expected = format!("expected an array of at most {FILTERS_MAX} filters");
        findings.error(path, format!("{}, {expected}", filters.shown()));
        return filter;
    };
    if filters.len() > FILTERS_MAX {
        let text = format!("{} filters, expected at most {FILTERS_MAX}", filters.len());
        findings.error(path, text);
    }
    for (at, test) in filters.iter().enumerate() {
        let path = &format!("{path}[{at}]");
        let Some(members) = object(test, path, MEMBERS, findings) else { continue };
        let column = match get(members, "Match") {
            Some(value) => name(value, &format!("{path}.Match"), names, findings),
            None => {
                findings.error(path, "no Match, expected the field to test");
                None
            }
        };
        let operators = &MEMBERS[1..];
        let used: Vec<_> =
            operators.iter().filter_map(|known| Some((*known, get(members, known)?))).collect();
        let is_field = |(name, _): &(String, Json)| name == "Match";
        match used.as_slice() {
            [] if members.iter().all(is_field) => {
                findings
                    .error(path, format!("no operator, expected one of {}", operators.join(", ")));
            }
            // An unknown operator, which is reported as that.
            [] => {}
            [(operator, operand)] => {
                let path = &format!("{path}.{operator}");
                let values = read_operand(operator, operand, path, findings);
                let (Some(column), Some(values)) = (column, values) else { continue };
                let column = Column::Position(column);
                filter = match *operator {
                    "In" => filter.and_in(column, values),
                    _ => filter.and_not_in(column, values),
                };
            }
            several => {
                let several: Vec<&str> = several.iter().map(|(operator, _)| *operator).collect();
                let text = format!(
                    "{} operators ({}), expected one; write a filter for each",
                    several.len(),
                    several.join(", ")
                );
                findings.error(path, text);
            }
        }
    }
    filter
}

/// The texts that `In` and `NotIn` compare with. Other operators are checked, and refused.
fn read_operand<'a>(
    operator: &str,
    operand: &'a Json,
    path: &str,
    findings: &mut Findings,
) -> Option<Vec<&'a str>> {
    let mut refuse = |advice: &str| {
        findings.error(path, format!("this version only does In and NotIn{advice}"));
    };
    match operator {
        "In" | "NotIn" => read_texts(operand, path, findings),
        "StartsWith" => {
            refuse("");
            read_texts(operand, path, findings);
            None
        }
        "IsPresent" => {
            refuse("");
            if !matches!(operand, Json::Bool(_)) {
                let advice = match operand {
                    Json::Text(text) if text == "true" || text == "false" => {
                        format!("; write {text}")
                    }
                    _ => String::new(),
                };
                let found = operand.shown();
                findings.error(path, format!("{found}, expected true or false{advice}"));
            }
            None
        }
        _ => {
            let instead = if operator == "EqualTo" { "In" } else { "NotIn" };
            match operand {
                Json::Number(number) if operator.ends_with("EqualTo") => {
                    refuse(&format!("; to compare as text write \"{instead}\": [\"{number}\"]"))
                }
                _ => refuse(""),
            };
            if !matches!(operand, Json::Number(_)) {
                let advice = match operand {
                    Json::Text(text) if text.parse::<serde_json::Number>().is_ok() => {
                        format!("; write {text}")
                    }
                    _ => String::new(),
                };
                findings.error(path, format!("{}, expected a number{advice}", operand.shown()));
            }
            None
        }
    }
}

/// One to ten strings.
fn read_texts<'a>(operand: &'a Json, path: &str, findings: &mut Findings) -> Option<Vec<&'a str>> {
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
            Json::Text(text) => texts.push(text.as_str()),
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
