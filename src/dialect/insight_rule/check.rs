//! The checks of a rule as a whole, member by member.

use super::filters::{self, Test};
use super::names::{Aliases, Named, Names};
use crate::batch::Form;
use crate::dialect::findings::{Findings, unknown};
use crate::dialect::json::{Json, member, quoted};

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
#[derive(Debug, Clone)]
pub struct Draft {
    /// What the events are.
    pub form: Form,
    /// The aliases of `Fields`, by position.
    pub aliases: Vec<(usize, String)>,
    /// The keys.
    pub keys: Vec<Named>,
    /// What is summed; none if events are counted.
    pub value: Option<Named>,
    /// Which events count.
    pub tests: Vec<Test>,
    /// `Sum` or `Count`.
    pub statistic: &'static str,
}

/// Checks a rule and drafts its question.
pub fn draft(rule: &Json, findings: &mut Findings) -> Draft {
    findings.check_duplicates(rule, "$");
    let mut draft = Draft {
        form: Form::Records,
        aliases: Vec::new(),
        keys: Vec::new(),
        value: None,
        tests: Vec::new(),
        statistic: "",
    };
    let Some(members) = object(rule, "$", RULE, findings) else { return draft };
    check_schema(get(members, "Schema"), findings);
    check_log_groups(members, findings);
    let format = read_format(get(members, "LogFormat"), findings);
    let names = match (format, get(members, "Fields")) {
        (Some(Form::Json), fields) => {
            draft.form = Form::Json;
            if fields.is_some() {
                findings.error("$.Fields", "only CLF rules have this member; remove it");
            }
            Names::Json
        }
        (_, Some(fields)) => Names::Clf(Aliases::read(fields, findings)),
        (Some(_), None) => Names::Clf(Aliases::default()),
        (None, None) => Names::Unknown,
    };
    if let Names::Clf(aliases) = &names {
        let aliases = aliases.by_position().into_iter();
        draft.aliases = aliases.map(|(position, alias)| (position, alias.to_owned())).collect();
    }
    let path = "$.AggregateOn";
    let statistic = get(members, "AggregateOn");
    draft.statistic = word(statistic, path, &["Count", "Sum"], findings).unwrap_or_default();

    let path = "$.Contribution";
    let Some(contribution) = get(members, "Contribution") else {
        findings.error(path, "missing, expected an object with Keys");
        return draft;
    };
    let Some(members) = object(contribution, path, CONTRIBUTION, findings) else { return draft };
    draft.keys = read_keys(get(members, "Keys"), &names, findings);
    let path = "$.Contribution.ValueOf";
    match (get(members, "ValueOf"), draft.statistic) {
        (Some(written), statistic) => {
            let value = name(written, path, &names, findings);
            if statistic == "Count" {
                findings.warning(path, "ignored, only AggregateOn Sum adds values up");
            } else {
                draft.value = value;
            }
        }
        (None, "Sum") => {
            findings.warning(path, "missing, AggregateOn Sum adds 1 for each event without it");
        }
        (None, _) => {}
    }
    if let Some(tests) = get(members, "Filters") {
        draft.tests = filters::read(tests, &names, findings);
    }
    draft
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
        let text = match elsewhere {
            Some((place, _)) => format!("misplaced, it belongs to {place}"),
            None => unknown(name, known),
        };
        findings.error(&member(path, name), text);
    }
    Some(members)
}

/// The first member of that name.
pub fn get<'a>(members: &'a [(String, Json)], name: &str) -> Option<&'a Json> {
    members.iter().find(|(other, _)| other == name).map(|(_, value)| value)
}

/// What a field name in a rule means, if that can be known.
pub fn name(value: &Json, path: &str, names: &Names<'_>, findings: &mut Findings) -> Option<Named> {
    let Json::Text(name) = value else {
        let advice = match value {
            Json::Number(number) if !matches!(names, Names::Json) => {
                format!("; write \"{number}\"")
            }
            _ => String::new(),
        };
        findings.error(path, format!("{}, expected a field name, a string{advice}", value.shown()));
        return None;
    };
    if findings.is_full() {
        findings.error(path, "");
        return None;
    }
    names.find(name).unwrap_or_else(|text| {
        findings.error(path, text);
        None
    })
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
        Some(Json::Number(number)) if number == "1" => {}
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
    let expected = "CloudWatch expects one of the two";
    match given {
        0 => findings.violation("$", &format!("no LogGroupNames and no LogGroupARNs, {expected}")),
        1 => {}
        _ => findings.violation("$", &format!("both LogGroupNames and LogGroupARNs, {expected}")),
    }
}

/// What the events are, in the case of letters that is expected or in another.
fn read_format(format: Option<&Json>, findings: &mut Findings) -> Option<Form> {
    let _ = word(format, "$.LogFormat", &["JSON", "CLF"], findings);
    match format?.text()?.to_ascii_uppercase().as_str() {
        "JSON" => Some(Form::Json),
        "CLF" => Some(Form::Records),
        _ => None,
    }
}

/// The most keys of a rule.
const KEYS_MAX: usize = 4;

fn read_keys(keys: Option<&Json>, names: &Names<'_>, findings: &mut Findings) -> Vec<Named> {
    let path = "$.Contribution.Keys";
    let expected = format!("expected 1 to {KEYS_MAX}");
    let mut read: Vec<Named> = Vec::new();
    let keys = match keys {
        Some(Json::Array(keys)) => keys,
        Some(other) => {
            let advice = match other {
                Json::Text(key) => format!("; write [{}]", quoted(key)),
                _ => String::new(),
            };
            let found = other.shown();
            let text = format!("{found}, expected an array of 1 to {KEYS_MAX} field names{advice}");
            findings.error(path, text);
            return read;
        }
        None => {
            findings.error(path, format!("missing, {expected} field names"));
            return read;
        }
    };
    if !(1..=KEYS_MAX).contains(&keys.len()) {
        findings.error(path, format!("{} keys, {expected}", keys.len()));
    }
    for (at, key) in keys.iter().enumerate() {
        let path = &format!("{path}[{at}]");
        let Some(key) = name(key, path, names, findings) else { continue };
        match read.iter().find(|other| other.column == key.column) {
            Some(first) => {
                let (first, key) = (quoted(&first.written), quoted(&key.written));
                let text = format!("{key} is the same field as the key {first}, expected others");
                findings.error(path, text);
            }
            None => read.push(key),
        }
    }
    read
}
