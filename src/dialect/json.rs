//! JSON as it stands in a file: members in order, duplicates kept, numbers as they are spelled.
//!
//! A map would keep the last of two `Keys` and never say so; CloudWatch and we might then answer
//! different questions. So it is with numbers beyond 2^53 that pass through a double.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::error::{is_obeyed, utf_16};

/// The most bytes of a text that a message quotes.
const QUOTE_BYTES_MAX: usize = 80;

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, in its own spelling.
    Number(String),
    /// A string.
    Text(String),
    /// An array.
    Array(Vec<Json>),
    /// An object, its members in the order and number in which they are written.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads a text that is meant to hold a `what`, such as a `rule`; the error is a message that
    /// begins with the JSON path.
    pub fn parse(text: &[u8], what: &str) -> Result<Self, String> {
        if text.starts_with(b"\xef\xbb\xbf") {
            return Err(format!(
                "$: a byte order mark, expected {{; save the {what} as plain text"
            ));
        }
        if let Some(message) = utf_16(text) {
            return Err(format!("$: {message}"));
        }
        if text.trim_ascii().is_empty() {
            return Err(format!("$: nothing, expected the JSON object of a {what}"));
        }
        let mut json: Self =
            serde_json::from_slice(text).map_err(|error| not_json(&error, what))?;
        json.respell(&mut spellings(text));
        Ok(json)
    }

    /// Gives numbers the spellings of the text, which has them in the same order.
    fn respell<'a>(&mut self, spellings: &mut impl Iterator<Item = &'a str>) {
        match self {
            Self::Number(number) => {
                if let Some(spelling) = spellings.next() {
                    spelling.clone_into(number);
                }
            }
            Self::Array(values) => values.iter_mut().for_each(|value| value.respell(spellings)),
            Self::Object(members) => {
                members.iter_mut().for_each(|(_, value)| value.respell(spellings));
            }
            Self::Null | Self::Bool(_) | Self::Text(_) => {}
        }
    }

    /// The member of that name of an object; the first, if there are several.
    pub fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.iter().find(|(other, _)| other == name).map(|(_, value)| value)
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
            Self::Number(number) => {
                // Nobody means a number of hundreds of digits, and a message has to stay short.
                number.chars().take(QUOTE_BYTES_MAX).collect()
            }
            Self::Text(text) => quoted(text),
            Self::Array(_) => "an array".to_owned(),
            Self::Object(_) => "an object".to_owned(),
        }
    }
}

/// Written without blanks, as CloudFormation passes an object on.
impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let string = |text: &str| serde_json::Value::from(text).to_string();
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(number) => f.write_str(number),
            Self::Text(text) => f.write_str(&string(text)),
            Self::Array(values) => {
                f.write_str("[")?;
                for (at, value) in values.iter().enumerate() {
                    write!(f, "{}{value}", if at > 0 { "," } else { "" })?;
                }
                f.write_str("]")
            }
            Self::Object(members) => {
                f.write_str("{")?;
                for (at, (name, value)) in members.iter().enumerate() {
                    let comma = if at > 0 { "," } else { "" };
                    write!(f, "{comma}{}:{value}", string(name))?;
                }
                f.write_str("}")
            }
        }
    }
}

/// The numbers of a text that is JSON, as they are spelled, in their order.
fn spellings(text: &[u8]) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            match rest {
                [b'"', after @ ..] => rest = after_string(after),
                [b'-' | b'0'..=b'9', ..] => {
                    let is_part = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
                    let end = rest.iter().position(|byte| !is_part(byte)).unwrap_or(rest.len());
                    let (number, after) = rest.split_at(end);
                    rest = after;
                    return str::from_utf8(number).ok();
                }
                [_, after @ ..] => rest = after,
                [] => return None,
            }
        }
    })
}

/// What comes after a string whose opening quote is gone.
fn after_string(mut text: &[u8]) -> &[u8] {
    loop {
        match text {
            [b'\\', _, after @ ..] => text = after,
            [b'"', after @ ..] => return after,
            [_, after @ ..] => text = after,
            [] => return text,
        }
    }
}

/// Says where a text stops being JSON, and why.
fn not_json(error: &serde_json::Error, what: &str) -> String {
    let place = format!(" at line {} column {}", error.line(), error.column());
    let reason = error.to_string();
    let reason = reason.strip_suffix(&place).unwrap_or(&reason).to_lowercase();
    if reason == "recursion limit exceeded" {
        return format!("$: nested too deeply{place}, a {what} has a few levels");
    }
    let advice = match reason.as_str() {
        "trailing comma" => "; remove the comma before this place".to_owned(),
        "trailing characters" => {
            format!("; one file holds one JSON value, for several {what}s write an array")
        }
        _ => String::new(),
    };
    format!("$: not JSON{place}: {reason}{advice}")
}

/// A text in quotes, cut if it is long, with what a terminal would obey escaped.
pub fn quoted(text: &str) -> String {
    let starts = text.char_indices().map(|(start, _)| start).chain([text.len()]);
    let cut = starts.take_while(|&start| start <= QUOTE_BYTES_MAX).last().unwrap_or(0);
    let dots = if cut < text.len() { "..." } else { "" };
    let mut quoted = String::from("\"");
    for character in text[..cut].chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            _ if is_obeyed(character) => quoted.extend(character.escape_default()),
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
        Ok(Json::Number(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Number(value.to_string()))
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
        let text = br#"{"b": null, "a": [true, 1, -1, 1.50, "\u0041"], "b": {}}"#;
        let Ok(Json::Object(members)) = Json::parse(text, "rule") else { panic!("no object") };
        let names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["b", "a", "b"]);
        let Json::Array(values) = &members[1].1 else { panic!("no array") };
        let shown: Vec<String> = values.iter().map(Json::shown).collect();
        assert_eq!(shown, ["true", "1", "-1", "1.50", "\"A\""]);
        assert_eq!(members[0].1, Json::Null);
        assert_eq!(members[2].1.shown(), "an object");
    }

    #[test]
    fn numbers_keep_their_spelling_among_strings_with_digits() {
        let text = r#"{"4": "7 \" 8", "\\": [9007199254740993, -0.50e+1], "x": {"5": 1E2}}"#;
        let json = Json::parse(text.as_bytes(), "rule").unwrap();
        let compact = r#"{"4":"7 \" 8","\\":[9007199254740993,-0.50e+1],"x":{"5":1E2}}"#;
        assert_eq!(json.to_string(), compact);
        assert_eq!(Json::parse(compact.as_bytes(), "rule").unwrap(), json);
        let found: Vec<&str> = spellings(text.as_bytes()).collect();
        assert_eq!(found, ["9007199254740993", "-0.50e+1", "1E2"]);
    }

    #[test]
    fn what_is_quoted_stays_short_and_on_one_line() {
        assert_eq!(quoted("a\"b\\c\n\u{1b}é"), "\"a\\\"b\\\\c\\n\\u{1b}é\"");
        assert_eq!(quoted("a\u{202e}\u{2028}"), "\"a\\u{202e}\\u{2028}\"");
        assert_eq!(quoted(&"é".repeat(100)).chars().count(), 45);
        assert_eq!(member("$", "Keys"), "$.Keys");
        assert_eq!(member("$.Fields", "4"), "$.Fields[\"4\"]");
        assert_eq!(member("$", "a b"), "$[\"a b\"]");
    }
}
