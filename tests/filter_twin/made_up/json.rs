//! JSON events, and patterns made up about them.

use super::{Random, broken, comparison, gap, joined};
use crate::json::{Json, read};

const KEYS: &[&str] = &["v", "v", "a", "b", "items", "arr", "a-b", "c_d", "cluster.name", "0", "é"];

const LEAVES: &[&str] = &[
    "1",
    "1",
    "1.0",
    "1e0",
    "10E-1",
    "-1",
    "0",
    "-0",
    "2",
    "10",
    "1.5",
    "404",
    "1e400",
    "\"1\"",
    "\"1.0\"",
    "\"10\"",
    "\"hit\"",
    "\"hit\"",
    "\"miss\"",
    "\"\"",
    "\"Alpha\"",
    "\"alpha\"",
    "true",
    "false",
    "null",
    "null",
    "\"true\"",
    "\"null\"",
    "\"10.0.0.1\"",
    "\"a b\"",
    "\"a\\\"b\\n\"",
    "\"z\\u00fcrich\"",
    "\"\\ud83d\\ude00\"",
    "\"a*b\"",
    "\"a\\\\b\"",
    "9007199254740993",
    "9007199254740992",
    "\"/x:y\"",
];

/// What is not JSON, though nearly.
const WRONG: &[&str] = &[
    "01",
    "1.",
    ".5",
    "+1",
    "-",
    "1e",
    "\"\u{1}\"",
    "\"\n\"",
    "\"\\x41\"",
    "\"\\u00g0\"",
    "nul",
    "True",
    "'a'",
    "[1,]",
    "{,}",
    "",
    "0x1",
];

/// A JSON object, now and then something else.
pub fn event(random: &mut Random) -> String {
    let event = match random.below(30) {
        0 => format!("[{}]", object(random, 2)),
        1 => random.pick(LEAVES).to_owned(),
        _ => object(random, 3),
    };
    let (front, back) = random.pick(&[("", ""), ("", ""), ("", ""), (" ", ""), ("\n", "\t\r\n")]);
    let event = format!("{front}{event}{back}");
    if random.once_in(30) { broken(random, &event) } else { event }
}

fn value(random: &mut Random, depth: usize) -> String {
    match random.below(10) {
        0 | 1 if depth > 0 => object(random, depth - 1),
        2 | 3 if depth > 0 => {
            let elements: Vec<String> =
                (0..random.below(4)).map(|_| value(random, depth - 1)).collect();
            format!("[{}]", elements.join(random.pick(&[",", ", ", " ,\n"])))
        }
        _ if random.once_in(50) => random.pick(WRONG).to_owned(),
        _ => random.pick(LEAVES).to_owned(),
    }
}

fn object(random: &mut Random, depth: usize) -> String {
    let members: Vec<String> = (0..random.below(6))
        .map(|_| {
            let key = match random.below(20) {
                0 => "\\u0076",
                _ => random.pick(KEYS),
            };
            let blank = random.pick(&["", "", " "]);
            format!("\"{key}\"{blank}:{blank}{}", value(random, depth))
        })
        .collect();
    format!("{{{}}}", members.join(random.pick(&[",", ", ", "\n,"])))
}

/// A pattern about what stands in an event.
pub fn pattern(random: &mut Random, event: &str) -> String {
    let root = read(event);
    let mut regexes = 0;
    let mut wildcards = 0;
    let mut one = |random: &mut Random| {
        let (selector, node) = selector(random, root.as_ref(), &mut wildcards);
        let (left, right) = (gap(random), gap(random));
        let test = match (random.below(8), node) {
            (0, _) | (1..=3, Some(Json::Bool(_) | Json::Null | Json::Array(_)) | None) => {
                let tests = ["IS NULL", "IS TRUE", "IS FALSE", "NOT EXISTS", "NOT  EXISTS"];
                format!(" {}", random.pick(&tests))
            }
            (1, Some(Json::Object(_))) => " IS NULL".to_owned(),
            (_, Some(Json::Number(text) | Json::Text(text))) => {
                comparison(random, text, &mut regexes, "")
            }
            _ => {
                let other = random.pick(&["1", "hit", "Alpha", "10", "true", "null", "10.0.0.1"]);
                comparison(random, other, &mut regexes, "")
            }
        };
        format!("{selector}{left}{test}{right}")
    };
    let tests = joined(random, &mut one);
    let (front, back) = (gap(random), gap(random));
    format!("{{{front}{tests}{back}}}")
}

/// A selector, and where it leads if it leads anywhere.
fn selector<'a>(
    random: &mut Random,
    root: Option<&'a Json>,
    wildcards: &mut usize,
) -> (String, Option<&'a Json>) {
    let mut selector = "$".to_owned();
    let mut node = root;
    let mut has_wildcard = false;
    for depth in 0..4 {
        let may_have_wildcard = (!has_wildcard && *wildcards < 3) || random.once_in(40);
        let step = match node {
            Some(Json::Object(members)) if !members.is_empty() && !random.once_in(12) => {
                let (name, value) = &members[random.below(members.len())];
                node = Some(value);
                match random.below(9) {
                    0 | 1 if may_have_wildcard => random.pick(&[".*", "[*]"]).to_owned(),
                    2 => format!("['{name}']"),
                    _ if is_key(name) && !random.once_in(9) => format!(".{name}"),
                    _ => format!(".['{name}']"),
                }
            }
            Some(Json::Array(elements)) if !elements.is_empty() && !random.once_in(12) => {
                let place = random.below(elements.len());
                node = elements.get(place);
                match random.below(3) {
                    0 if may_have_wildcard => "[*]".to_owned(),
                    1 if random.once_in(12) => format!("[0{place}]"),
                    _ => format!("[{place}]"),
                }
            }
            _ if depth > 0 && !random.once_in(12) => break,
            _ => {
                node = None;
                let steps = [".v", ".a", "[0]", "[7]", ".['x y']", "['']", ".0", ".-", ".missing"];
                random.pick(&steps).to_owned()
            }
        };
        if step.contains('*') {
            has_wildcard = true;
            *wildcards += 1;
        }
        selector += &step;
        let is_leaf = !matches!(node, Some(Json::Object(_) | Json::Array(_)));
        if is_leaf && !random.once_in(20) || random.once_in(6) {
            break;
        }
    }
    (selector, node)
}

fn is_key(name: &str) -> bool {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "-_".contains(char);
    !name.is_empty() && name.chars().all(is_plain)
}
