//! Metric filter patterns against events whose answer is known, and patterns that are not valid.
//! The cases are those that the language is specified by; `evidence` says where each comes from:
//! documented, observed, from an implementation, or inferred.

use std::collections::BTreeMap;
use std::fmt::Debug;

use flowagg::ErrorKind;
use flowagg::dialect::{FilterPattern, PatternKind};
use serde::Deserialize;

/// The most characters of a pattern.
const CHARS_MAX: usize = 1024;

/// A pattern, an event and the answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    n: usize,
    pattern: String,
    event: String,
    r#match: bool,
    extracted: Option<BTreeMap<String, String>>,
    evidence: String,
}

/// A pattern that is refused, and AWS's own words for it where they are known.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Invalid {
    pattern: String,
    message: Option<String>,
}

fn read<'a, T: Deserialize<'a>>(lines: &'a str) -> Vec<T> {
    let case = |line: &'a str| {
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}\n{error}"))
    };
    lines.lines().map(case).collect()
}

fn vectors() -> Vec<Vector> {
    read(include_str!("vectors/metric_filters.jsonl"))
}

fn invalid_patterns() -> Vec<Invalid> {
    read(include_str!("vectors/invalid_patterns.jsonl"))
}

/// What is wrong with the answer to a vector, if anything is.
fn fault(vector: &Vector, kind: PatternKind) -> Result<(), String> {
    let pattern = FilterPattern::parse(&vector.pattern).map_err(|error| error.to_string())?;
    same("text", pattern.text(), vector.pattern.as_str())?;
    same("kind", pattern.kind(), kind)?;
    let found = pattern.test(vector.event.as_bytes());
    same("match", found.is_some(), vector.r#match)?;
    let Some(found) = found else { return Ok(()) };
    let count = found.len();
    let text = |value: Vec<u8>| String::from_utf8(value).unwrap();
    let found = found.into_iter().map(|one| (one.name, text(one.value)));
    let found: BTreeMap<String, String> = found.collect();
    same("number of names", found.len(), count)?;
    for name in found.keys().filter(|name| name[1..].parse::<usize>().is_err()) {
        same("field", pattern.has_field(&name[1..]), true)?;
    }
    same("extracted values", Some(&found), vector.extracted.as_ref())
}

fn same<T: PartialEq + Debug>(what: &str, found: T, expected: T) -> Result<(), String> {
    match found == expected {
        true => Ok(()),
        false => Err(format!("{what}: found {found:?}, expected {expected:?}")),
    }
}

/// Checks the vectors of one language, `count` in number, and lists all that fail.
fn check(of: fn(&Vector) -> Option<PatternKind>, count: usize) {
    let mut faults = Vec::new();
    let mut checked = 0;
    for vector in vectors() {
        let Some(kind) = of(&vector) else { continue };
        checked += 1;
        if let Err(fault) = fault(&vector, kind) {
            let Vector { n, pattern, event, evidence, .. } = vector;
            faults.push(format!("{n} [{evidence}]\n  {pattern}\n  {event}\n  {fault}"));
        }
    }
    assert!(faults.is_empty(), "{} of {checked} fail\n{}", faults.len(), faults.join("\n"));
    assert_eq!(checked, count);
}

#[test]
fn no_vector_is_lost() {
    let numbers: Vec<usize> = vectors().iter().map(|vector| vector.n).collect();
    assert_eq!(numbers, (1..=93).collect::<Vec<_>>());
    for vector in vectors() {
        assert_eq!(vector.r#match, vector.extracted.is_some(), "{}", vector.n);
    }
    let invalid = invalid_patterns();
    assert_eq!(invalid.len(), 69);
    assert_eq!(invalid.iter().filter(|case| case.message.is_some()).count(), 27);
}

#[test]
fn terms_match_as_specified() {
    let of = |vector: &Vector| match vector.pattern.chars().next() {
        None => Some(PatternKind::Everything),
        Some('[' | '{') => None,
        Some(_) => Some(PatternKind::Terms),
    };
    check(of, 23);
}

#[test]
fn fields_match_as_specified() {
    check(|vector| vector.pattern.starts_with('[').then_some(PatternKind::Fields), 25);
}

#[test]
fn json_matches_as_specified() {
    check(|vector| vector.pattern.starts_with('{').then_some(PatternKind::Json), 45);
}

/// Why an invalid pattern is not refused as it should be, if it is not.
fn refusal_fault(pattern: &str, expected: Option<&str>) -> Option<String> {
    let error = match FilterPattern::parse(pattern) {
        Ok(_) => return Some("is valid".to_owned()),
        Err(error) => error,
    };
    if error.kind() != ErrorKind::Pattern {
        return Some(format!("an error of the kind {:?}", error.kind()));
    }
    let message = error.to_string();
    let lines: Vec<&str> = message.lines().collect();
    if expected.is_some_and(|expected| expected != lines[0]) {
        return Some(format!("{message}\n  expected {expected:?}"));
    }
    // The caret stands under the pattern or just behind it.
    let caret = lines.iter().skip(2).position(|line| line.trim_start().starts_with('^'));
    let Some(at) = caret.map(|at| at + 2) else {
        return Some(format!("no caret:\n{message}"));
    };
    let column = lines[at].find('^').unwrap();
    if column < 2 || column > lines[at - 1].chars().count() {
        return Some(format!("the caret is off:\n{message}"));
    }
    None
}

#[test]
fn invalid_patterns_are_refused_in_the_words_of_aws() {
    let faults: Vec<String> = invalid_patterns()
        .iter()
        .filter_map(|case| {
            let fault = refusal_fault(&case.pattern, case.message.as_deref())?;
            Some(format!("{}\n  {fault}", case.pattern))
        })
        .collect();
    assert!(faults.is_empty(), "{} fail\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn patterns_have_a_limit_of_characters() {
    // Characters and not bytes.
    for (unit, quote) in [("a", ""), ("a", "\""), ("é", "\""), ("x y z ", "\"")] {
        let filling = unit.repeat(CHARS_MAX + 1);
        let inner = CHARS_MAX - 2 * quote.len();
        let pattern = |chars: usize| {
            let filling: String = filling.chars().take(chars).collect();
            format!("{quote}{filling}{quote}")
        };
        assert!(FilterPattern::parse(&pattern(inner)).is_ok(), "{unit}");
        // There is no place that is to blame.
        let error = FilterPattern::parse(&pattern(inner + 1)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Pattern);
        assert_eq!(error.to_string(), "1025 characters, a pattern has at most 1,024");
    }
}
