//! Metric filter patterns, slowly: a pattern is read anew for each event, and tried on it without
//! any preparation. What it says is what the specification says.

use super::json::{self, Json};
pub use super::pattern::Invalid;
use super::pattern::{
    Condition, Field, JsonTest, Pattern, Step, Term, Test, Value, is_blank, is_number, parse,
};

/// Names and values in the order of the tokens, empty unless the pattern names fields.
pub type Extracted = Vec<(String, String)>;

/// What an event gives under a pattern: nothing if it does not match.
pub fn test(pattern: &str, event: &str) -> Result<Option<Extracted>, Invalid> {
    Ok(match parse(pattern)? {
        Pattern::Everything => Some(Vec::new()),
        Pattern::Terms(terms) => terms_match(&terms, event).then(Vec::new),
        Pattern::Regex(regex) => regex.is_in(event).then(Vec::new),
        Pattern::Fields(fields) => fields_match(&fields, event),
        Pattern::Json(tree) => {
            let root = json::read(event).filter(|root| matches!(root, Json::Object(_)));
            root.filter(|root| tree.holds(&|test| json_holds(test, root))).map(|_| Vec::new())
        }
    })
}

fn number(text: &str) -> Option<f64> {
    if is_number(text) { text.parse().ok() } else { None }
}

fn terms_match(terms: &[Term], event: &str) -> bool {
    let has = |term: &Term| event.contains(&term.text);
    if terms.iter().all(|term| term.sign == Some('?')) {
        return terms.iter().any(has);
    }
    terms.iter().all(|term| match term.sign {
        Some('?') => true,
        Some(_) => !has(term),
        None => has(term),
    })
}

/// A token's value and the place where the token begins, delimiters included.
pub struct Token {
    pub value: String,
    start: usize,
}

/// What stands between tokens: blanks and tabs, and other white space of ASCII the same.
pub fn is_separator(char: char) -> bool {
    is_blank(char) || char == '\u{b}'
}

/// Splits an event at blanks, but for what stands in quotes or brackets.
pub fn tokens(event: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut start = 0;
    while let Some(first) = event[start..].chars().next() {
        if is_separator(first) {
            start += 1;
            continue;
        }
        let rest = &event[start..];
        let closing = match first {
            '"' => rest[1..].find('"'),
            '[' => rest[1..].find(']'),
            _ => None,
        };
        let (value, length) = match closing {
            Some(length) => (&rest[1..=length], length + 2),
            None => {
                let length = rest.find(is_separator).unwrap_or(rest.len());
                (&rest[..length], length)
            }
        };
        tokens.push(Token { value: value.to_owned(), start });
        start += length;
    }
    tokens
}

fn fields_match(fields: &[Field], event: &str) -> Option<Extracted> {
    let tokens = tokens(event);
    let mut values: Vec<String> = tokens.iter().map(|token| token.value.clone()).collect();
    // The field of each token: none if the ellipsis takes it.
    let mut bound: Vec<Option<&Field>> = Vec::new();
    match fields.iter().position(|field| matches!(field, Field::Ellipsis)) {
        Some(before) => {
            let after = fields.len() - before - 1;
            let taken = tokens.len().checked_sub(before + after)?;
            bound.extend(fields[..before].iter().map(Some));
            bound.extend((0..taken).map(|_| None));
            bound.extend(fields[before + 1..].iter().map(Some));
        }
        None => {
            if tokens.len() < fields.len() {
                return None;
            }
            bound.extend(fields.iter().map(Some));
            if tokens.len() > fields.len() {
                let last = fields.len() - 1;
                values.truncate(last);
                values.push(event[tokens[last].start..].trim_end_matches(is_separator).to_owned());
            }
        }
    }
    let mut extracted = Vec::new();
    for (at, (field, value)) in bound.iter().zip(values).enumerate() {
        let mut own_name = None;
        if let Some(Field::One { name, conditions }) = field {
            let holds = |condition: &Condition| token_holds(condition, &value);
            if conditions.as_ref().is_some_and(|tree| !tree.holds(&holds)) {
                return None;
            }
            own_name = name.clone();
        }
        let name = own_name.unwrap_or_else(|| (at + 1).to_string());
        extracted.push((format!("${name}"), value));
    }
    Some(extracted)
}

fn token_holds(condition: &Condition, token: &str) -> bool {
    let is_equal = match &condition.value {
        Value::Text(text) => is_like(text, token),
        Value::Regex(regex) => regex.is_in(token),
        Value::Number(text) => text == token || compare("=", token, text),
    };
    match condition.operator {
        "=" => is_equal,
        "!=" => !is_equal,
        operator => {
            matches!(&condition.value, Value::Number(text) if compare(operator, token, text))
        }
    }
}

/// Compares two numbers; false if one of the texts is none.
fn compare(operator: &str, left: &str, right: &str) -> bool {
    let (Some(left), Some(right)) = (number(left), number(right)) else { return false };
    match operator {
        "=" => left == right,
        "<" => left < right,
        "<=" => left <= right,
        ">" => left > right,
        _ => left >= right,
    }
}

/// Whether a text is what a value says, in which `*` at either end is anything.
fn is_like(value: &str, text: &str) -> bool {
    let (begin, value) = match value.strip_prefix('*') {
        Some(rest) => (true, rest),
        None => (false, value),
    };
    let (end, value) = match value.strip_suffix('*') {
        Some(rest) => (true, rest),
        None => (false, value),
    };
    match (begin, end) {
        (false, false) => text == value,
        (true, false) => text.ends_with(value),
        (false, true) => text.starts_with(value),
        (true, true) => text.contains(value),
    }
}

fn json_holds(test: &JsonTest, root: &Json) -> bool {
    let mut nodes = vec![root];
    for step in &test.steps {
        nodes = nodes.into_iter().flat_map(|node| inside(node, step)).collect();
    }
    match &test.test {
        Test::NotExists => nodes.is_empty(),
        Test::IsNull => nodes.iter().any(|node| match node {
            Json::Array(elements) => elements.contains(&Json::Null),
            node => **node == Json::Null,
        }),
        Test::Is(truth) => nodes.iter().any(|node| **node == Json::Bool(*truth)),
        Test::Compare(condition) => nodes.iter().any(|node| node_holds(condition, node)),
    }
}

fn inside<'a>(node: &'a Json, step: &Step) -> Vec<&'a Json> {
    match (node, step) {
        (Json::Object(members), Step::Key(key)) => {
            members.iter().filter(|(name, _)| name == key).map(|(_, value)| value).collect()
        }
        (Json::Object(members), Step::EveryMember | Step::EveryElement) => {
            members.iter().map(|(_, value)| value).collect()
        }
        (Json::Array(elements), Step::Element(place)) => elements.get(*place).into_iter().collect(),
        (Json::Array(elements), Step::EveryElement) => elements.iter().collect(),
        _ => Vec::new(),
    }
}

fn node_holds(condition: &Condition, node: &Json) -> bool {
    let (text, is_a_number) = match node {
        Json::Number(text) => (text, true),
        Json::Text(text) => (text, false),
        _ => return false,
    };
    let is_equal = match &condition.value {
        Value::Number(number) if is_a_number => compare("=", text, number),
        Value::Number(number) => text == number,
        Value::Text(value) => is_like(value, text),
        Value::Regex(regex) => regex.is_in(text),
    };
    match condition.operator {
        "=" => is_equal,
        "!=" => !is_equal,
        operator => match &condition.value {
            Value::Number(number) => is_a_number && compare(operator, text, number),
            _ => false,
        },
    }
}
