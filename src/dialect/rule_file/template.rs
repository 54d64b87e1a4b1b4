//! What CloudFormation's functions in a rule come to, as far as the template says it.
//!
//! A reference stays in the text as `${Name}`. In the names of log groups, where nearly all of
//! them are, it does no harm, since those mean nothing offline; anywhere else it is an error.

use crate::dialect::insight_rule::json::{Json, member, quoted};

/// The members of a rule that may hold references.
const LOG_GROUPS: [&str; 2] = ["LogGroupNames", "LogGroupARNs"];

/// A value with its functions replaced by what they give; what is left open is added to
/// `references`.
pub fn resolved(value: &Json, references: &mut Vec<String>) -> Json {
    match value {
        Json::Array(values) => {
            Json::Array(values.iter().map(|value| resolved(value, references)).collect())
        }
        Json::Object(members) => match members.as_slice() {
            [(name, argument)] if name == "Ref" || name.starts_with("Fn::") => {
                Json::Text(result(name, argument, references))
            }
            members => {
                let member =
                    |(name, value): &(String, Json)| (name.clone(), resolved(value, references));
                Json::Object(members.iter().map(member).collect())
            }
        },
        other => other.clone(),
    }
}

/// What a function gives.
fn result(name: &str, argument: &Json, references: &mut Vec<String>) -> String {
    let parts = if let Json::Array(parts) = argument { parts.as_slice() } else { &[] };
    match (name, argument, parts) {
        ("Ref" | "Fn::GetAtt", Json::Text(target), _) => reference(target, references),
        ("Fn::GetAtt", _, [Json::Text(target), Json::Text(attribute)]) => {
            reference(&format!("{target}.{attribute}"), references)
        }
        ("Fn::Sub", Json::Text(text), _) => substituted(text, &[], references),
        ("Fn::Sub", _, [Json::Text(text), Json::Object(values)]) => {
            substituted(text, values, references)
        }
        ("Fn::Join", _, [Json::Text(separator), Json::Array(texts)]) => {
            let texts: Vec<String> = texts.iter().map(|text| plain(text, references)).collect();
            texts.join(separator)
        }
        ("Fn::ToJsonString", _, _) => resolved(argument, references).to_string(),
        _ => reference(name, references),
    }
}

/// The text of a value within a text.
fn plain(value: &Json, references: &mut Vec<String>) -> String {
    match resolved(value, references) {
        Json::Text(text) => text,
        other => other.to_string(),
    }
}

/// Leaves a reference open.
fn reference(target: &str, references: &mut Vec<String>) -> String {
    let reference = format!("${{{target}}}");
    if !references.contains(&reference) {
        references.push(reference.clone());
    }
    reference
}

/// A text in which `${Name}` stands for a value, and `${!Name}` for `${Name}`.
fn substituted(text: &str, values: &[(String, Json)], references: &mut Vec<String>) -> String {
    let mut whole = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        whole += before;
        let Some((name, after)) = after.split_once('}') else {
            rest = &rest[before.len()..];
            break;
        };
        rest = after;
        whole += &match (name.strip_prefix('!'), values.iter().find(|(known, _)| known == name)) {
            (Some(literal), _) => format!("${{{literal}}}"),
            (None, Some((_, value))) => plain(value, references),
            (None, None) => reference(name, references),
        };
    }
    whole + rest
}

/// What to do about a reference.
const ADVICE: &str = "which only CloudFormation knows; write its value, or take the rule from \
                      `aws cloudwatch describe-insight-rules`";

/// The places in which a rule's text depends on a reference, each with what is wrong there.
pub fn open(text: &[u8], references: &[String]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    match Json::parse(text) {
        _ if references.is_empty() => {}
        Ok(rule) => find(&rule, "$", references, &mut found),
        Err(_) => {
            let references: Vec<String> = references.iter().map(|open| quoted(open)).collect();
            found.push(("$".to_owned(), format!("refers to {}, {ADVICE}", references.join(", "))));
        }
    }
    found
}

fn find(value: &Json, path: &str, references: &[String], found: &mut Vec<(String, String)>) {
    match value {
        Json::Text(text) => {
            if let Some(open) = references.iter().find(|open| text.contains(open.as_str())) {
                found.push((path.to_owned(), format!("refers to {}, {ADVICE}", quoted(open))));
            }
        }
        Json::Array(values) => {
            for (at, value) in values.iter().enumerate() {
                find(value, &format!("{path}[{at}]"), references, found);
            }
        }
        Json::Object(members) => {
            let is_group = |name: &str| path == "$" && LOG_GROUPS.contains(&name);
            for (name, value) in members.iter().filter(|(name, _)| !is_group(name)) {
                let path = member(path, name);
                find(&Json::Text(name.clone()), &path, references, found);
                find(value, &path, references, found);
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}
