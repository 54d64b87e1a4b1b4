//! What CloudFormation's functions come to, as far as the template says it.
//!
//! A reference stays in the text as `${Name}`.

use super::Kind;
use crate::dialect::json::{Json, quoted};

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

/// What to do about the reference among these that a text depends on, if it does.
pub fn open(text: &str, references: &[String], kind: Kind) -> Option<String> {
    let open = references.iter().find(|open| text.contains(open.as_str()))?;
    Some(refers(&quoted(open), kind))
}

/// What to do about references, which are listed.
pub fn refers(references: &str, kind: Kind) -> String {
    let (word, command) = (kind.word(), kind.list_command());
    format!(
        "refers to {references}, which only CloudFormation knows; write its value, or take the \
         {word} from `{command}`"
    )
}
