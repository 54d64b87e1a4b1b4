//! Contributor Insights, slowly: a rule's JSON and plain lists, line by line, without anything of
//! flowagg. What it says is what the specification says.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::rc::Rc;

use serde_json::Value;
use serde_json::value::RawValue;

use super::decimal::Decimal;

/// A key's text beyond this is cut.
const KEY_BYTES_MAX: usize = 1024;

/// What is asked of a rule.
#[derive(Debug, Clone, Default)]
pub struct Request {
    pub top: usize,
    pub period: Option<u64>,
    pub start: Option<u64>,
    pub end: Option<u64>,
    pub by_maximum: bool,
    /// Aliases are the names in headers.
    pub by_name: bool,
}

/// What a rule looks at.
#[derive(Debug, Clone)]
pub struct Event {
    pub time: Option<u64>,
    pub body: Body,
}

#[derive(Debug, Clone)]
pub enum Body {
    /// The values of a line, and the names of its columns if it has any.
    Tokens(Vec<Vec<u8>>, Rc<Vec<String>>),
    /// The text of a JSON object.
    Json(String),
}

/// The events of a log, and how many lines are none though they are not blank.
#[derive(Debug, Default)]
pub struct Log {
    pub events: Vec<Event>,
    pub malformed: u64,
}

// ---- events ----

/// The known names of made-up headers, and the largest number if they are numbers.
const NAMES: [(&str, Option<u64>); 20] = [
    ("version", Some(255)),
    ("account-id", None),
    ("interface-id", None),
    ("srcaddr", None),
    ("dstaddr", None),
    ("srcport", Some(65535)),
    ("dstport", Some(65535)),
    ("protocol", Some(255)),
    ("packets", Some(u64::MAX)),
    ("bytes", Some(u64::MAX)),
    ("start", Some(u64::MAX)),
    ("end", Some(u64::MAX)),
    ("action", None),
    ("log-status", None),
    ("vpc-id", None),
    ("tcp-flags", Some(255)),
    ("pkt-srcaddr", None),
    ("pkt-dstaddr", None),
    ("region", None),
    ("traffic-path", Some(255)),
];

/// The events of flow logs: what the last header said, or else version 2, is how a line has to
/// be; what is not so is no event.
pub fn flow_log(text: &[u8]) -> Log {
    let v2 = NAMES[..14].iter().map(|(name, _)| name.to_string());
    let mut layout: Rc<Vec<String>> = Rc::new(v2.collect());
    let mut log = Log::default();
    for line in text.split(|&byte| byte == b'\n') {
        let mut tokens: Vec<Vec<u8>> = line
            .split(|&byte| byte.is_ascii_whitespace() || byte == 0x0b)
            .filter(|token| !token.is_empty())
            .map(<[u8]>::to_vec)
            .collect();
        if let Some(comment) = tokens.iter().position(|token| token[0] == b'#') {
            tokens.truncate(comment);
        }
        if tokens.is_empty() {
            continue;
        }
        if let Some(names) = header(&tokens) {
            layout = Rc::new(names);
        } else if is_well_formed(&tokens, &layout) {
            let start = layout.iter().position(|name| name == "start");
            let start = start.and_then(|at| str::from_utf8(&tokens[at]).unwrap().parse().ok());
            let body = Body::Tokens(tokens, Rc::clone(&layout));
            log.events.push(Event { time: start, body });
        } else {
            log.malformed += 1;
        }
    }
    log
}

/// Field names: all lower case, at least half of them known.
fn header(tokens: &[Vec<u8>]) -> Option<Vec<String>> {
    let names: Vec<&str> = tokens.iter().map(|token| str::from_utf8(token).unwrap()).collect();
    let is_name = |name: &&str| {
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '-' | '_'))
    };
    // Underscores are another spelling of names that are known, and of no others.
    let is_known = |name: &str| NAMES.iter().any(|(known, _)| *known == name);
    let spelled = |name: &&str| Some(name.replace('_', "-")).filter(|name| is_known(name));
    let names: Vec<String> =
        names.iter().map(|name| spelled(name).unwrap_or_else(|| name.to_string())).collect();
    let known = names.iter().filter(|name| is_known(name)).count();
    let is_header = names.iter().all(|name| is_name(&name.as_str()));
    (is_header && known > 0 && known * 2 >= names.len()).then_some(names)
}

fn is_well_formed(tokens: &[Vec<u8>], layout: &[String]) -> bool {
    let fits = |(token, name): (&Vec<u8>, &String)| {
        let token = str::from_utf8(token).unwrap();
        let known = NAMES.iter().find(|(known, _)| known == name);
        match known {
            Some((_, Some(limit))) => token == "-" || is_number(token, *limit),
            Some((name, None)) if name.ends_with("addr") => token == "-" || is_address(token),
            Some(("log-status", None)) => matches!(token, "OK" | "NODATA" | "SKIPDATA" | "-"),
            _ => true,
        }
    };
    tokens.len() >= layout.len() && tokens.iter().zip(layout).all(fits)
}

fn is_number(token: &str, limit: u64) -> bool {
    token.bytes().all(|byte| byte.is_ascii_digit())
        && token.parse::<u64>().is_ok_and(|number| number <= limit)
}

/// An address, also one with leading zeros.
fn is_address(token: &str) -> bool {
    let octets: Vec<&str> = token.split('.').collect();
    let is_padded = octets.len() == 4
        && octets.iter().all(|octet| octet.len() <= 3 && is_number(octet, 255) && octet != &"");
    token.parse::<Ipv4Addr>().is_ok() || token.parse::<Ipv6Addr>().is_ok() || is_padded
}

/// What stands between values of a line.
const BLANKS: [char; 5] = [' ', '\t', '\u{b}', '\u{c}', '\r'];

/// The events of any log of values between blanks: every line that is not blank. A value in
/// quotes or brackets may hold blanks.
pub fn clf(text: &[u8]) -> Log {
    let mut log = Log::default();
    for line in str::from_utf8(text).unwrap().split('\n') {
        let mut tokens = Vec::new();
        let mut rest = line.trim_matches(BLANKS);
        while !rest.is_empty() {
            let partner = match rest.as_bytes()[0] {
                b'"' => rest[1..].find('"'),
                b'[' => rest[1..].find(']'),
                _ => None,
            };
            let (token, after) = match partner {
                Some(end) => (&rest[1..1 + end], &rest[end + 2..]),
                None => rest.split_at(rest.find(BLANKS).unwrap_or(rest.len())),
            };
            tokens.push(token.as_bytes().to_vec());
            rest = after.trim_start_matches(BLANKS);
        }
        if !tokens.is_empty() {
            log.events.push(Event { time: None, body: Body::Tokens(tokens, Rc::default()) });
        }
    }
    log
}

/// The whole part of a number that is not below 0.
fn floor(time: &Value) -> Option<u64> {
    time.as_f64().filter(|time| *time >= 0.0).map(|time| time as u64)
}

/// A time of up to eleven digits is in seconds, one of up to fourteen in milliseconds.
fn seconds(time: u64) -> Option<u64> {
    match time.to_string().len() {
        ..=11 => Some(time),
        12..=14 => Some(time / 1000),
        _ => None,
    }
}

/// The events of a JSON log, an object in each line: itself, or the message in an envelope.
pub fn json(text: &[u8]) -> Log {
    let mut log = Log::default();
    let lines = str::from_utf8(text).unwrap().split('\n');
    for line in lines.map(str::trim).filter(|line| !line.is_empty()) {
        let value = serde_json::from_str::<Value>(line);
        let (time, text) = match &value {
            Ok(Value::Object(event)) => match (event.get("timestamp"), event.get("message")) {
                (Some(time), Some(Value::String(message))) => {
                    (floor(time).map(|milliseconds| milliseconds / 1000), message.as_str())
                }
                _ => (event.get("start").and_then(floor).and_then(seconds), line),
            },
            _ => {
                log.malformed += 1;
                continue;
            }
        };
        // A message that is no object is no event; its line is an envelope all the same.
        if let Ok(Value::Object(_)) = serde_json::from_str::<Value>(text) {
            log.events.push(Event { time, body: Body::Json(text.to_owned()) });
        }
    }
    log
}

impl Event {
    /// The text of the value that a rule calls `name`.
    fn text(&self, rule: &Value, name: &str, by_name: bool) -> Option<Vec<u8>> {
        let (tokens, names) = match &self.body {
            Body::Tokens(tokens, names) => (tokens, names),
            Body::Json(text) => return leaf(text, name.strip_prefix('$').unwrap()),
        };
        let mut fields = rule["Fields"].as_object().into_iter().flatten();
        let at = match fields.find(|(_, alias)| alias.as_str() == Some(name)) {
            Some(_) if by_name => names.iter().position(|other| other == name)?,
            Some((position, _)) => position.parse::<usize>().unwrap() - 1,
            None => name.parse::<usize>().unwrap() - 1,
        };
        tokens.get(at).cloned()
    }
}

/// The text of what stands at the end of a path such as `.users[1].name`, if it is a leaf.
fn leaf(json: &str, path: &str) -> Option<Vec<u8>> {
    let json = json.trim();
    if path.is_empty() {
        return match json.as_bytes()[0] {
            b'"' => Some(serde_json::from_str::<String>(json).unwrap().into_bytes()),
            b'{' | b'[' | b'n' => None,
            _ => Some(json.as_bytes().to_vec()),
        };
    }
    if let Some(path) = path.strip_prefix('[') {
        let (index, path) = path.split_once(']').unwrap();
        let array: Vec<Box<RawValue>> = serde_json::from_str(json).ok()?;
        return leaf(array.get(index.parse::<usize>().unwrap())?.get(), path);
    }
    let path = path.strip_prefix('.').unwrap();
    let (name, path) = path.split_at(path.find(['.', '[']).unwrap_or(path.len()));
    let object: BTreeMap<String, Box<RawValue>> = serde_json::from_str(json).ok()?;
    leaf(object.get(name)?.get(), path)
}

// ---- filters ----

/// Whether a filter holds for a value's text.
fn holds(filter: &Value, text: Option<&[u8]>) -> bool {
    if let Some(expected) = filter.get("IsPresent") {
        return expected.as_bool().unwrap() == text.is_some();
    }
    let Some(text) = text else { return false };
    let any = |operator: &str, test: &dyn Fn(&str) -> bool| {
        let values = filter.get(operator)?.as_array().unwrap();
        Some(values.iter().any(|value| test(value.as_str().unwrap())))
    };
    let number = |operator: &str, test: &dyn Fn(Decimal, Decimal) -> bool| {
        let operand = filter.get(operator)?.to_string();
        let operand = Decimal::parse(operand.as_bytes()).unwrap();
        Some(Decimal::parse(text).is_some_and(|value| test(value, operand)))
    };
    any("In", &|value| value.as_bytes() == text)
        .or_else(|| any("NotIn", &|value| value.as_bytes() == text).map(|is_in| !is_in))
        .or_else(|| any("StartsWith", &|value| text.starts_with(value.as_bytes())))
        .or_else(|| number("GreaterThan", &|value, operand| value > operand))
        .or_else(|| number("LessThan", &|value, operand| value < operand))
        .or_else(|| number("EqualTo", &|value, operand| value == operand))
        .or_else(|| number("NotEqualTo", &|value, operand| value != operand))
        .unwrap()
}

// ---- totals ----

type Keys = Vec<Vec<u8>>;

/// A key, cut to 1 KB without cutting a character.
fn cut(mut key: Vec<u8>) -> Vec<u8> {
    if key.len() > KEY_BYTES_MAX {
        let text = String::from_utf8(key).unwrap();
        let mut end = KEY_BYTES_MAX;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        key = text.as_bytes()[..end].to_vec();
    }
    key
}

/// What became of the events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Uses {
    pub added: u64,
    pub filtered_out: u64,
    pub no_key: u64,
    pub no_value: u64,
    pub no_time: u64,
}

/// A rule's answer: what became of the events, and the report as text to compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub uses: Uses,
    pub text: String,
}

/// An event that adds: to whom, what, and when.
struct Addition {
    keys: Keys,
    value: Decimal,
    time: Option<u64>,
}

pub fn answer(rule: &str, events: &[Event], request: &Request) -> Answer {
    let rule: Value = serde_json::from_str(rule).unwrap();
    let mut uses = Uses::default();
    let mut additions = Vec::new();
    for event in events {
        match addition(&rule, event, request) {
            Ok(addition) => {
                uses.added += 1;
                uses.no_time += u64::from(request.period.is_some() && addition.time.is_none());
                additions.push(addition);
            }
            Err(Reason::Filtered) => uses.filtered_out += 1,
            Err(Reason::NoKey) => uses.no_key += 1,
            Err(Reason::NoValue) => uses.no_value += 1,
        }
    }
    let text = report(&additions, request);
    Answer { uses, text }
}

/// Why an event adds nothing.
enum Reason {
    Filtered,
    NoKey,
    NoValue,
}

fn addition(rule: &Value, event: &Event, request: &Request) -> Result<Addition, Reason> {
    if request.start.is_some() || request.end.is_some() {
        let time = event.time.ok_or(Reason::Filtered)?;
        let is_within = request.start.is_none_or(|start| start <= time)
            && request.end.is_none_or(|end| time < end);
        if !is_within {
            return Err(Reason::Filtered);
        }
    }
    let contribution = &rule["Contribution"];
    let name = |value: &Value| value.as_str().unwrap().to_owned();
    let text = |name: &str| event.text(rule, name, request.by_name);
    for filter in contribution["Filters"].as_array().into_iter().flatten() {
        if !holds(filter, text(&name(&filter["Match"])).as_deref()) {
            return Err(Reason::Filtered);
        }
    }
    let mut keys = Vec::new();
    for key in contribution["Keys"].as_array().unwrap() {
        keys.push(cut(text(&name(key)).ok_or(Reason::NoKey)?));
    }
    let value = match (rule["AggregateOn"].as_str().unwrap(), &contribution["ValueOf"]) {
        ("Sum", Value::String(name)) => {
            let text = text(name).ok_or(Reason::NoValue)?;
            // Beyond these a number is none that can be added up.
            let limit = Decimal::parse(b"18446744073709551616").unwrap();
            let is_addable = |value: &Decimal| *value < limit && -*value < limit;
            Decimal::parse(&text).filter(is_addable).ok_or(Reason::NoValue)?
        }
        _ => Decimal::ONE,
    };
    Ok(Addition { keys, value, time: event.time })
}

fn sum<'a>(additions: impl Iterator<Item = &'a Addition>) -> Decimal {
    additions.fold(Decimal::default(), |sum, addition| sum + addition.value)
}

fn report(additions: &[Addition], request: &Request) -> String {
    let mut contributors: BTreeMap<&Keys, Vec<&Addition>> = BTreeMap::new();
    for addition in additions {
        contributors.entry(&addition.keys).or_default().push(addition);
    }
    let mut text = format!("{} contributors, total ", contributors.len());
    match additions {
        [] => text += "none\n",
        _ => writeln!(text, "{}", sum(additions.iter())).unwrap(),
    }
    // A tree is in the order of keys, and sorting leaves equals as they are.
    let mut ranked: Vec<(&Keys, Decimal, Decimal, &[&Addition])> = contributors
        .iter()
        .map(|(keys, own)| {
            let maximum = own.iter().map(|addition| addition.value).max().unwrap();
            (*keys, sum(own.iter().copied()), maximum, own.as_slice())
        })
        .collect();
    ranked.sort_by_key(|&(_, sum, maximum, _)| {
        std::cmp::Reverse(if request.by_maximum { maximum } else { sum })
    });
    let listed = if request.top == 0 { ranked.len() } else { request.top };
    for (keys, sum, maximum, own) in ranked.into_iter().take(listed) {
        text += &line(keys, &sum, request.by_maximum.then_some(&maximum));
        let mut points: BTreeMap<u64, Decimal> = BTreeMap::new();
        for addition in own {
            if let Some(start) = period_of(addition, request) {
                let point = points.entry(start).or_default();
                *point = *point + addition.value;
            }
        }
        for (start, value) in points {
            text += &datapoint(start, &value);
        }
    }
    let starts: BTreeSet<u64> =
        additions.iter().filter_map(|addition| period_of(addition, request)).collect();
    for start in starts {
        text += &metrics(start, additions, request);
    }
    text
}

/// When the period of an event begins, if periods are asked for and it has a time.
fn period_of(addition: &Addition, request: &Request) -> Option<u64> {
    let time = addition.time?;
    request.period.map(|period| time - time % period)
}

fn metrics(start: u64, additions: &[Addition], request: &Request) -> String {
    let own: Vec<&Addition> =
        additions.iter().filter(|addition| period_of(addition, request) == Some(start)).collect();
    let mut sums: BTreeMap<&Keys, Decimal> = BTreeMap::new();
    for addition in &own {
        let sum = sums.entry(&addition.keys).or_default();
        *sum = *sum + addition.value;
    }
    period(Metrics {
        start,
        unique: sums.len() as u64,
        of_one: sums.values().max().unwrap(),
        samples: own.len() as u64,
        sum: &sum(own.iter().copied()),
        minimum: &own.iter().map(|addition| addition.value).min().unwrap(),
        maximum: &own.iter().map(|addition| addition.value).max().unwrap(),
    })
}

// ---- text: also what the other side's answer is written with ----

/// A listed contributor.
pub fn line(
    keys: &[Vec<u8>],
    value: &impl std::fmt::Display,
    maximum: Option<&impl std::fmt::Display>,
) -> String {
    let keys: Vec<String> = keys.iter().map(|key| format!("\"{}\"", key.escape_ascii())).collect();
    let maximum = maximum.map(|maximum| format!(", at most {maximum}")).unwrap_or_default();
    format!("{} {value}{maximum}\n", keys.join(","))
}

/// A contributor's value in a period.
pub fn datapoint(start: u64, value: &impl std::fmt::Display) -> String {
    format!("    {start} {value}\n")
}

/// What is told of a period.
pub struct Metrics<'a, N> {
    pub start: u64,
    pub unique: u64,
    pub of_one: &'a N,
    pub samples: u64,
    pub sum: &'a N,
    pub minimum: &'a N,
    pub maximum: &'a N,
}

/// A period.
pub fn period<N: std::fmt::Display>(metrics: Metrics<'_, N>) -> String {
    let Metrics { start, unique, of_one, samples, sum, minimum, maximum } = metrics;
    format!(
        "{start}: {unique} contributors, at most {of_one}; {samples} samples, sum {sum}, \
         from {minimum} to {maximum}\n"
    )
}
