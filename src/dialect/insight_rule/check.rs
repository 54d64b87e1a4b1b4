//! The checks of a rule as a whole, member by member.

use std::collections::HashSet;

use super::Findings;
use super::filters;
use super::json::{Json, member, quoted};
use super::names::Names;
use crate::dialect::nearest::nearest;
use crate::filter::Filter;
use crate::layout::Column;
use crate::query::KEYS_MAX;

const RULE: &[&str] = &[
    "Schema",
    "LogGroupNames",
    "LogGroupARNs",
    "LogFormat",
    "Fields",
    "Contribution",
    "AggregateOn",
];
const SCHEMA: &[&str] = &["Name", "Version"];
const CONTRIBUTION: &[&str] = &["Keys", "ValueOf", "Filters"];

/// Which members stand where, to say where a misplaced one belongs.
const PLACES: &[(&str, &[&str])] = &[
    ("$", RULE),
    ("$.Schema", SCHEMA),
    ("$.Contribution", CONTRIBUTION),
    ("$.Contribution.Filters[0]", filters::MEMBERS),
];

/// What a rule says. Only whole if nothing was found to be wrong.
#[derive(Debug, Default)]
pub struct Draft {
    /// The keys.
    pub columns: Vec<Column>,
    /// The keys as written.
    pub labels: Vec<String>,
    /// What is summed; none if events are counted.
    pub value: Option<Column>,
    /// What is summed, as written.
    pub measured: Option<String>,
    /// Which events count.
    pub filter: Filter,
    /// `Sum` or `Count`.
    pub statistic: &'static str,
}

/// What the events are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Clf,
}

/// Checks a rule and drafts its question.
pub fn draft(rule: &Json, findings: &mut Findings) -> Draft {
    check_duplicates(rule, "$", findings);
    let mut draft = Draft::default();
    let Some(members) = object(rule, "$", RULE, findings) else { return draft };
    check_schema(get(members, "Schema"), findings);
    check_log_groups(members, findings);
    let format = read_format(get(members, "LogFormat"), findings);
    let names = match (format, get(members, "Fields")) {
        (Format::Clf, Some(fields)) => Some(Names::read(fields, findings)),
        (Format::Clf, None) => Some(Names::default()),
        (Format::Json, fields) => {
            if fields.is_some() {
                findings.error("$.Fields", "only CLF rules have this member; remove it");
            }
            None
        }
    };
    let path = "$.AggregateOn";
    let statistic = get(members, "AggregateOn");
    draft.statistic = word(statistic, path, &["Count", "Sum"], findings).unwrap_or_default();

    let path = "$.Contribution";
    let Some(contribution) = get(members, "Contribution") else {
        findings.error(path, "missing, expected an object with Keys");
        return draft;
    };
    let Some(members) = object(contribution, path, CONTRIBUTION, findings) else { return draft };
    read_keys(get(members, "Keys"), names.as_ref(), &mut draft, findings);
    let path = "$.Contribution.ValueOf";
    match (get(members, "ValueOf"), draft.statistic) {
        (Some(written), statistic) => {
            let value = name(written, path, names.as_ref(), findings).map(Column::Position);
            if statistic == "Count" {
                findings.warning(path, "ignored, only AggregateOn Sum adds values up");
            } else {
                draft.value = value;
                draft.measured = written.text().map(str::to_owned);
            }
        }
        (None, "Sum") => {
            findings.warning(path, "missing, AggregateOn Sum adds 1 for each event without it");
        }
        (None, _) => {}
    }
    if let Some(tests) = get(members, "Filters") {
        draft.filter = filters::read(tests, names.as_ref(), findings);
    }
    draft
}

/// Reports members that are there twice, anywhere.
fn check_duplicates(value: &Json, path: &str, findings: &mut Findings) {
    match value {
        Json::Object(members) => {
            let mut seen = HashSet::new();
            for (name, value) in members {
                let path = member(path, name);
                if !seen.insert(name) {
                    findings.error(&path, "the same member again, expected it once");
                }
                check_duplicates(value, &path, findings);
            }
        }
        Json::Array(values) => {
            for (at, value) in values.iter().enumerate() {
                // Paths of values without members are never needed.
                if matches!(value, Json::Object(_) | Json::Array(_)) {
                    check_duplicates(value, &format!("{path}[{at}]"), findings);
                }
            }
        }
        _ => {}
    }
}

/// The members of an object, of which unknown ones are reported.
pub fn object<'a>(
    value: &'a Json,
    path: &str,
    known: &[&'static str],
    findings: &mut Findings,
) -> Option<&'a [(String, Json)]> {
    let Json::Object(members) = value else {
        findings.error(path, format!("{}, expected an object", value.shown()));
        return None;
    };
    for (name, _) in members.iter().filter(|(name, _)| !known.contains(&name.as_str())) {
        let is_there = |(_, known): &&(&str, &[&str])| known.contains(&name.as_str());
        let elsewhere = PLACES.iter().find(is_there);
        let text = match (elsewhere, nearest(name, known.iter().copied())) {
            (Some((place, _)), _) => format!("misplaced, it belongs to {place}"),
            (None, Some(near)) => format!("unknown member; did you mean {}?", quoted(near)),
            (None, None) => format!("unknown member, expected one of {}", known.join(", ")),
        };
        findings.error(&member(path, name), text);
    }
    Some(members)
}

/// The first member of that name.
pub fn get<'a>(members: &'a [(String, Json)], name: &str) -> Option<&'a Json> {
    members.iter().find(|(other, _)| other == name).map(|(_, value)| value)
}

/// The position that a field name in a rule means. Without `names` it is only checked to be text.
pub fn name(
    value: &Json,
    path: &str,
    names: Option<&Names<'_>>,
    findings: &mut Findings,
) -> Option<usize> {
    let Json::Text(name) = value else {
        let advice = match value {
            Json::Number(number) => format!("; write \"{number}\""),
            _ => String::new(),
        };
        findings.error(path, format!("{}, expected a field name, a string{advice}", value.shown()));
        return None;
    };
    if findings.is_full() {
        findings.error(path, "");
        return None;
    }
    match names?.find(name) {
        Ok(position) => Some(position),
        Err(text) => {
            findings.error(path, text);
            None
        }
    }
}

/// One of two words, in exactly this spelling.
fn word(
    value: Option<&Json>,
    path: &str,
    words: &[&'static str; 2],
    findings: &mut Findings,
) -> Option<&'static str> {
    let expected = format!("expected \"{}\" or \"{}\"", words[0], words[1]);
    let Some(value) = value else {
        findings.error(path, format!("missing, {expected}"));
        return None;
    };
    let text = if let Json::Text(text) = value { text.as_str() } else { "" };
    let known = words.iter().copied().find(|&known| known == text);
    if known.is_none() {
        let near = words.iter().find(|known| known.eq_ignore_ascii_case(text));
        let advice = near.map_or(String::new(), |near| format!("; did you mean \"{near}\"?"));
        findings.error(path, format!("{}, {expected}{advice}", value.shown()));
    }
    known
}

fn check_schema(schema: Option<&Json>, findings: &mut Findings) {
    let path = "$.Schema";
    let Some(schema) = schema else {
        let expected = r#"expected {"Name": "CloudWatchLogRule", "Version": 1}"#;
        findings.error(path, format!("missing, {expected}"));
        return;
    };
    let Some(members) = object(schema, path, SCHEMA, findings) else { return };
    let path = "$.Schema.Name";
    match get(members, "Name") {
        Some(Json::Text(name)) if name == "CloudWatchLogRule" => {}
        Some(Json::Text(name)) if name == "ServiceLogRule" => findings.error(
            path,
            "\"ServiceLogRule\", expected \"CloudWatchLogRule\"; an AWS service makes and manages \
             such rules, and they read its own logs",
        ),
        Some(name) => {
            findings.error(path, format!("{}, expected \"CloudWatchLogRule\"", name.shown()));
        }
        None => findings.error(path, "missing, expected \"CloudWatchLogRule\""),
    }
    let path = "$.Schema.Version";
    match get(members, "Version") {
        Some(Json::Number(number)) if number.as_u64() == Some(1) => {}
        Some(Json::Text(text)) if text == "1" => {
            findings.error(path, "\"1\", expected the number 1; write it without quotes");
        }
        Some(version) => {
            findings.error(path, format!("{}, expected the number 1", version.shown()));
        }
        None => findings.error(path, "missing, expected the number 1"),
    }
}

/// Log groups are not needed offline, but a rule should be one that CloudWatch takes.
fn check_log_groups(members: &[(String, Json)], findings: &mut Findings) {
    let mut given = 0;
    for member in ["LogGroupNames", "LogGroupARNs"] {
        let Some(groups) = get(members, member) else { continue };
        let path = format!("$.{member}");
        let Json::Array(groups) = groups else {
            findings.error(&path, format!("{}, expected an array of strings", groups.shown()));
            given += 1;
            continue;
        };
        given += usize::from(!groups.is_empty());
        for (at, group) in groups.iter().enumerate() {
            let path = format!("{path}[{at}]");
            match group {
                Json::Text(group) if group.is_empty() => {
                    findings.error(&path, "\"\", expected the name of a log group");
                }
                Json::Text(group) => {
                    let before = group.strip_suffix('*').unwrap_or(group);
                    if member == "LogGroupNames" && before.contains('*') {
                        let text = format!("{}, expected * only at the end", quoted(group));
                        findings.error(&path, text);
                    }
                }
                other => {
                    findings.error(&path, format!("{}, expected a string", other.shown()));
                }
            }
        }
    }
    match given {
        0 => findings.warning(
            "$",
            "no LogGroupNames and no LogGroupARNs, CloudWatch expects one of the two",
        ),
        1 => {}
        _ => findings
            .warning("$", "both LogGroupNames and LogGroupARNs, CloudWatch expects one of the two"),
    }
}

/// The format; rules that do not say it are checked as CLF.
fn read_format(format: Option<&Json>, findings: &mut Findings) -> Format {
    let path = "$.LogFormat";
    match word(format, path, &["JSON", "CLF"], findings) {
        Some("JSON") => {
            findings.error(
                path,
                "\"JSON\", this version only does \"CLF\", rules for space-separated logs",
            );
            Format::Json
        }
        Some(_) => Format::Clf,
        None => match format {
            Some(Json::Text(text)) if text.eq_ignore_ascii_case("JSON") => Format::Json,
            _ => Format::Clf,
        },
    }
}

fn read_keys(
    keys: Option<&Json>,
    names: Option<&Names<'_>>,
    draft: &mut Draft,
    findings: &mut Findings,
) {
    let path = "$.Contribution.Keys";
    let expected = format!("expected 1 to {KEYS_MAX}");
    let keys = match keys {
        Some(Json::Array(keys)) => keys,
        Some(other) => {
            let advice = match other {
                Json::Text(key) => format!("; write [{}]", quoted(key)),
                _ => String::new(),
            };
            let found = other.shown();
            let text = format!("{found}, expected an array of 1 to {KEYS_MAX} field names{advice}");
            return findings.error(path, text);
        }
        None => return findings.error(path, format!("missing, {expected} field names")),
    };
    if !(1..=KEYS_MAX).contains(&keys.len()) {
        findings.error(path, format!("{} keys, {expected}", keys.len()));
    }
    for (at, key) in keys.iter().enumerate() {
        let path = &format!("{path}[{at}]");
        let Some(position) = name(key, path, names, findings) else { continue };
        let (column, label) = (Column::Position(position), key.shown());
        match draft.columns.iter().position(|other| *other == column) {
            Some(first) => {
                let first = quoted(&draft.labels[first]);
                let text = format!("{label} is the same field as the key {first}, expected others");
                findings.error(path, text);
            }
            None => {
                draft.columns.push(column);
                let Json::Text(label) = key else { continue };
                draft.labels.push(label.clone());
            }
        }
    }
}
