//! JSON as it stands in the rule: members in order, duplicates kept.
//!
//! A map would keep the last of two `Keys` and never say so; CloudWatch and we might then answer
//! different questions.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

/// Larger texts are refused unread: CloudWatch takes 8,192 characters, and 32 times that leaves
/// room for any indentation.
const RULE_BYTES_MAX: usize = 256 * 1024;

/// The most bytes of a text that a message quotes.
const QUOTE_BYTES_MAX: usize = 80;

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    Text(String),
    /// An array.
    Array(Vec<Json>),
    /// An object, its members in the order and number in which they are written.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads a rule's text; the error is a message that begins with the JSON path.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        if text.len() > RULE_BYTES_MAX {
            return Err(format!("$: {} bytes, a rule has at most 8,192 characters", text.len()));
        }
        if text.starts_with(b"\xef\xbb\xbf") {
            return Err("$: a byte order mark, expected {; save the rule as plain text".to_owned());
        }
        if text.trim_ascii().is_empty() {
            return Err("$: nothing, expected the JSON object of a rule".to_owned());
        }
        serde_json::from_slice(text).map_err(|error| not_json(&error))
    }

    /// The text of a string.
    pub fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The value as a message shows it: short, and on one line.
    pub fn shown(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => quoted(text),
            Self::Array(_) => "an array".to_owned(),
            Self::Object(_) => "an object".to_owned(),
        }
    }
}

/// Says where a text stops being JSON, and why.
fn not_json(error: &serde_json::Error) -> String {
    let place = format!(" at line {} column {}", error.line(), error.column());
    let reason = error.to_string();
    let reason = reason.strip_suffix(&place).unwrap_or(&reason).to_lowercase();
    if reason == "recursion limit exceeded" {
        return format!("$: nested too deeply{place}, a rule has 5 levels");
    }
    let advice = match reason.as_str() {
        "trailing comma" => "; remove the comma before this place",
        "trailing characters" => "; one file holds one rule",
        _ => "",
    };
    format!("$: not JSON{place}: {reason}{advice}")
}

/// A text in quotes, cut if it is long, with control characters escaped.
pub fn quoted(text: &str) -> String {
    let starts = text.char_indices().map(|(start, _)| start).chain([text.len()]);
    let cut = starts.take_while(|&start| start <= QUOTE_BYTES_MAX).last().unwrap_or(0);
    let dots = if cut < text.len() { "..." } else { "" };
    let mut quoted = String::from("\"");
    for character in text[..cut].chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            _ if character.is_control() => quoted.extend(character.escape_default()),
            _ => quoted.push(character),
        }
    }
    quoted + dots + "\""
}

/// The path of an object's member.
pub fn member(path: &str, name: &str) -> String {
    let starts = name.starts_with(|first: char| first.is_ascii_alphabetic());
    if starts && name.len() <= QUOTE_BYTES_MAX && name.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return format!("{path}.{name}");
    }
    format!("{path}[{}]", quoted(name))
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        // JSON has no spelling for what is not finite, so null never stands for a number here.
        Ok(Number::from_f64(value).map_or(Json::Null, Json::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = access.next_element()? {
            values.push(value);
        }
        Ok(Json::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = access.next_entry()? {
            members.push(member);
        }
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value_is_kept_in_order() {
        let text = br#"{"b": null, "a": [true, 1, -1, 1.5, "\u0041"], "b": {}}"#;
        let Ok(Json::Object(members)) = Json::parse(text) else { panic!("no object") };
        let names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["b", "a", "b"]);
        let Json::Array(values) = &members[1].1 else { panic!("no array") };
        let shown: Vec<String> = values.iter().map(Json::shown).collect();
        assert_eq!(shown, ["true", "1", "-1", "1.5", "\"A\""]);
        assert_eq!(members[0].1, Json::Null);
        assert_eq!(members[2].1.shown(), "an object");
    }

    #[test]
    fn what_is_quoted_stays_short_and_on_one_line() {
        assert_eq!(quoted("a\"b\\c\n\u{1b}é"), "\"a\\\"b\\\\c\\n\\u{1b}é\"");
        assert_eq!(quoted(&"é".repeat(100)).chars().count(), 45);
        assert_eq!(member("$", "Keys"), "$.Keys");
        assert_eq!(member("$.Fields", "4"), "$.Fields[\"4\"]");
        assert_eq!(member("$", "a b"), "$[\"a b\"]");
    }
}
