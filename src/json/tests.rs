//! Paths against a plain twin, and envelopes of every kind.

use std::fmt::Write;

use serde_json::Value;

use super::*;

/// What `paths` find in an event, each at most once; in the order of the paths.
fn read(event: &str, paths: &[&str]) -> Result<Vec<Option<String>>, JsonFault> {
    let parsed: Vec<JsonPath> = paths.iter().map(|path| JsonPath::parse(path).unwrap()).collect();
    let mut texts = vec![None; paths.len()];
    Paths::new(&parsed).read(event, &mut |index, text| {
        assert_eq!(texts[index], None, "{event} {}", paths[index]);
        texts[index] = Some(text.to_owned());
    })?;
    Ok(texts)
}

fn text(event: &str, path: &str) -> Option<String> {
    read(event, &[path]).unwrap().remove(0)
}

#[test]
fn leaves_have_texts() {
    let event = r#" {"s": "x\n\u0041é", "n": 200.0, "m": -1E+5, "t": true, "f": false, "z": null,
        "e": "", "o": {"a": 1}, "l": [1, [2, "3"]], "huge": 1e999, "lone": "\ud800"} "#;
    let found = |path: &str| text(event, path);
    assert_eq!(found("$.s").unwrap(), "x\nAé");
    assert_eq!(found("$.n").unwrap(), "200.0");
    assert_eq!(found("$.m").unwrap(), "-1E+5");
    assert_eq!(found("$.t").unwrap(), "true");
    assert_eq!(found("$.f").unwrap(), "false");
    assert_eq!(found("$.e").unwrap(), "");
    assert_eq!(found("$.o.a").unwrap(), "1");
    assert_eq!(found("$.l[0]").unwrap(), "1");
    assert_eq!(found("$.l[1][1]").unwrap(), "3");
    assert_eq!(found("$.huge").unwrap(), "1e999");
    for absent in ["$.z", "$.o", "$.l", "$.l[1]", "$.l[2]", "$.o.b", "$.s.a", "$.s[0]", "$.x.y"] {
        assert_eq!(found(absent), None, "{absent}");
    }
    assert_eq!(found("$.lone").unwrap(), "\u{fffd}");
    assert_eq!(found("$.o[0]"), None);
    assert_eq!(found("$.l.a"), None);
}

#[test]
fn the_last_of_equal_members_counts() {
    assert_eq!(text(r#"{"a": 1, "a": 2}"#, "$.a").unwrap(), "2");
    assert_eq!(text(r#"{"a": 1, "\u0061": 2}"#, "$.a").unwrap(), "2");
    assert_eq!(text(r#"{"a": 1, "a": null}"#, "$.a"), None);
    assert_eq!(text(r#"{"a": {"b": 1}, "a": {"c": 2}}"#, "$.a.b"), None);
    assert_eq!(text(r#"{"a": [{"b": 1, "b": 3}]}"#, "$.a[0].b").unwrap(), "3");
}

#[test]
fn one_path_may_lead_through_another_and_stand_twice() {
    let paths = ["$.a", "$.a.b", "$.a", "$.a[1]"];
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(read(r#"{"a": 1}"#, &paths), Ok(vec![some("1"), None, some("1"), None]));
    assert_eq!(read(r#"{"a": {"b": 2}}"#, &paths), Ok(vec![None, some("2"), None, None]));
    assert_eq!(read(r#"{"a": [0, 3]}"#, &paths), Ok(vec![None, None, None, some("3")]));
}

#[test]
fn what_is_no_object_is_no_event_whatever_is_asked() {
    for paths in [&[] as &[&str], &["$.a"], &["$.a.b[0]", "$.c"]] {
        let fault = |event: &str| read(event, paths).unwrap_err();
        for event in ["[]", "1", "\"{}\"", "null", "2 - - ACCEPT", "\u{feff}{}", "x"] {
            assert_eq!(fault(event), JsonFault::NotAnObject, "{event}");
        }
        for event in ["", " \n", "{", r#"{"a""#, r#"{"a": "#, r#"{"c": [{"d": 1}"#, r#"{"a": ""#] {
            assert_eq!(fault(event), JsonFault::Cut, "{event}");
        }
        for event in [
            "{}{}",
            "{} x",
            "{a: 1}",
            r#"{"a": 1,}"#,
            r#"{"a": 01}"#,
            r#"{"c": {"d": tru}}"#,
            "{\"c\": {\"\n\": 1}}",
            "{\"\n\": 1}",
            r#"{"a": {"b": [1,]}}"#,
            r#"{"x": "\q"}"#,
        ] {
            assert_eq!(fault(event), JsonFault::NotJson, "{event}");
        }
        assert!(read(r#"{"a": "\ud800", "\ud800": 1e999, "c": {"\ud800": 1}}"#, paths).is_ok());
    }
}

#[test]
fn no_depth_is_too_deep() {
    let depth = 200_000;
    let nested = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    let event = format!(r#"{{"a": {nested}, "b": 7}}"#);
    assert_eq!(text(&event, "$.b").unwrap(), "7");
    assert_eq!(text(&event, "$.a[0][0][0]"), None);
    let cut = &event[..depth];
    assert_eq!(read(cut, &["$.b"]), Err(JsonFault::Cut));
    assert_eq!(events(&event, |_| ()), Ok(1));
    assert_eq!(events(cut, |_| ()), Err(JsonFault::Cut));
    // Each step scans what is below it once more.
    let (path, depth) = (format!("$.a{}", "[0]".repeat(2000)), 2000);
    let nested = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(text(&format!(r#"{{"a": {nested}}}"#), &path).unwrap(), "1");
}

/// A number below `limit`, the next of a fixed sequence.
fn below(limit: u64, state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state % limit
}

const NAMES: [&str; 4] = ["a", "b", "c d", "é"];

fn push_blank(text: &mut String, state: &mut u64) {
    text.push_str(["", "", "", " ", "\t", "\r\n"][below(6, state) as usize]);
}

fn push_value(text: &mut String, depth: u64, state: &mut u64) {
    push_blank(text, state);
    match below(if depth > 3 { 7 } else { 12 }, state) {
        0 => text.push_str("null"),
        1 => text.push_str("true"),
        2 => write!(text, "{}", below(5, state)).unwrap(),
        3 => text.push_str(["-1.5", "200.0", "18446744073709551615"][below(3, state) as usize]),
        4 => text.push_str(r#""""#),
        5 => text.push_str(r#""x \"y\" \u00e9\\ {[""#),
        6 => write!(text, "\"{}\"", below(3, state)).unwrap(),
        7 | 8 => {
            let elements = below(4, state);
            text.push('[');
            for at in 0..elements {
                push_value(text, depth + 1, state);
                text.push_str(if at + 1 < elements { "," } else { "" });
            }
            push_blank(text, state);
            text.push(']');
        }
        _ => push_object(text, depth, state),
    }
    push_blank(text, state);
}

fn push_object(text: &mut String, depth: u64, state: &mut u64) {
    let members = below(5, state);
    text.push('{');
    for at in 0..members {
        push_blank(text, state);
        match (NAMES[below(4, state) as usize], below(3, state)) {
            ("a", 0) => text.push_str(r#""\u0061""#),
            (name, _) => write!(text, "\"{name}\"").unwrap(),
        }
        push_blank(text, state);
        text.push(':');
        push_value(text, depth + 1, state);
        text.push_str(if at + 1 < members { "," } else { "" });
    }
    push_blank(text, state);
    text.push('}');
}

fn made_up_path(state: &mut u64) -> String {
    let mut path = format!("$.{}", NAMES[below(4, state) as usize]);
    for _ in 0..below(4, state) {
        match below(3, state) {
            0 => write!(path, "[{}]", below(3, state)).unwrap(),
            _ => write!(path, ".{}", NAMES[below(4, state) as usize]).unwrap(),
        }
    }
    path
}

/// The text at a path, by a tree of the whole event.
fn twin(event: &Value, path: &JsonPath) -> Option<String> {
    let value = path.steps().iter().try_fold(event, |value, step| match step {
        Step::Name(name) => value.as_object()?.get(name),
        Step::Place(place) => value.as_array()?.get(*place),
    })?;
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[test]
fn paths_find_what_a_tree_of_the_event_holds() {
    let mut state = 0x9e37_79b9_7f4a_7c15;
    let (mut present, mut broken) = (0, 0);
    for _ in 0..5_000 {
        let mut event = String::new();
        push_object(&mut event, 0, &mut state);
        let paths: Vec<String> =
            (0..1 + below(8, &mut state)).map(|_| made_up_path(&mut state)).collect();
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        let tree: Value = serde_json::from_str(&event).unwrap();
        let expected: Vec<Option<String>> =
            paths.iter().map(|path| twin(&tree, &JsonPath::parse(path).unwrap())).collect();
        present += expected.iter().flatten().count();
        assert_eq!(read(&event, &paths), Ok(expected), "{event} {paths:?}");

        // With a byte changed it is an event for both or for neither.
        let at = below(event.len() as u64, &mut state) as usize;
        let by = ["", "}", "\"", ",", "1", "\\"][below(6, &mut state) as usize];
        if event.is_char_boundary(at) && event.is_char_boundary(at + 1) {
            event.replace_range(at..=at, by);
            let is_event = serde_json::from_str::<Value>(&event).is_ok_and(|tree| tree.is_object());
            broken += usize::from(!is_event);
            assert_eq!(read(&event, &paths).is_ok(), is_event, "{event}");
        }
    }
    assert!(present > 1_000, "{present}");
    assert!(broken > 1_000, "{broken}");
}

/// The events of a text, with their times.
fn found(text: &str) -> Result<Vec<(String, Option<u64>)>, JsonFault> {
    let mut found = Vec::new();
    let count = events(text, |event| found.push((event.text.to_owned(), event.time)))?;
    assert_eq!(count, found.len());
    Ok(found)
}

fn event(text: &str, time: Option<u64>) -> (String, Option<u64>) {
    (text.to_owned(), time)
}

#[test]
fn objects_are_events_and_start_is_their_time() {
    assert_eq!(found(" "), Ok(vec![]));
    assert_eq!(found(r#" {"a": 1} "#), Ok(vec![event(r#"{"a": 1}"#, None)]));
    for (start, time) in [
        ("1600000000", Some(1_600_000_000)),
        ("\"1600000000\"", None),
        ("-1", None),
        ("1600000000.9", Some(1_600_000_000)),
        ("16000000009e-1", Some(1_600_000_000)),
        ("1.6e9", Some(1_600_000_000)),
        ("0.5", Some(0)),
        ("-0.5", None),
        ("99999999999", Some(99_999_999_999)),
        ("1600000000123", Some(1_600_000_000)),
        ("99999999999999", Some(99_999_999_999)),
        ("100000000000000", None),
        ("1e999", None),
        ("null", None),
    ] {
        let text = format!(r#"{{"start": {start}, "timestamp": 5}}"#);
        assert_eq!(found(&text), Ok(vec![event(&text, time)]));
    }
    let nested = r#"{"detail": {"start": 5}}"#;
    assert_eq!(found(nested), Ok(vec![event(nested, None)]));
    let several = "{\"a\":1}{\"start\":7}\n{}";
    let expected =
        vec![event(r#"{"a":1}"#, None), event(r#"{"start":7}"#, Some(7)), event("{}", None)];
    assert_eq!(found(several), Ok(expected));
    for value in ["[1, {\"message\": \"\"}]", "1", "\"x\"", "null", "true", "-1.5"] {
        assert_eq!(found(value), Ok(vec![event(value, None)]));
    }
    for text in ["2 - - ACCEPT", r#"{"a": 1} x"#, "{a}", r#"{"a": 1}]"#] {
        assert_eq!(found(text), Err(JsonFault::NotJson), "{text}");
    }
    assert_eq!(found(r#"{"a": 1}{"b": "#), Err(JsonFault::Cut));
}

#[test]
fn subscriptions_are_unwrapped() {
    let payload = |kind: &str, events: &str| {
        format!(
            r#"{{"messageType": "{kind}", "owner": "123456789012", "logGroup": "g",
                "logStream": "s", "subscriptionFilters": ["f"], "logEvents": [{events}]}}"#
        )
    };
    let two = r#"{"id": "1", "timestamp": 1600000000999, "message": "{\"k\":\"x\\ny\"}"},
        {"id": "2", "message": "2 - -", "timestamp": 1600000001000,
         "extractedFields": {"message": "no"}}"#;
    let expected =
        vec![event(r#"{"k":"x\ny"}"#, Some(1_600_000_000)), event("2 - -", Some(1_600_000_001))];
    assert_eq!(found(&payload("DATA_MESSAGE", two)), Ok(expected));
    assert_eq!(found(&payload("DATA_MESSAGE", "")), Ok(vec![]));
    assert_eq!(found(&payload("CONTROL_MESSAGE", two)), Ok(vec![]));
    for other in [payload("OTHER", two), payload("DATA_MESSAGE", r#"{"message": 1}"#)] {
        assert_eq!(found(&other), Ok(vec![event(&other, None)]));
    }
}

#[test]
fn lists_of_events_are_unwrapped() {
    let list = r#"{"events": [{"logStreamName": "s", "timestamp": 1600000000000, "message":
        "{\"start\": 5}", "ingestionTime": 1600000000001, "eventId": "3"}],
        "searchedLogStreams": [], "nextToken": "t"}"#;
    assert_eq!(found(list), Ok(vec![event(r#"{"start": 5}"#, Some(1_600_000_000))]));
    let list = r#"{"events": [], "nextForwardToken": "f/1", "nextBackwardToken": "b/1"}"#;
    assert_eq!(found(list), Ok(vec![]));
    for own in [
        r#"{"events": [1]}"#,
        r#"{"events": [{"message": "x"}]}"#,
        r#"{"events": {}}"#,
        r#"{"events": [], "service": "s"}"#,
    ] {
        assert_eq!(found(own), Ok(vec![event(own, None)]));
    }
}

#[test]
fn a_single_event_is_unwrapped_and_an_application_s_is_not() {
    for single in [
        r#"{"timestamp": 1600000000000, "message": "{}"}"#,
        r#"{"message": "{}", "id": "1", "timestamp": 1600000000000, "extractedFields": {}}"#,
        r#"{"eventId": "1", "ingestionTime": 2, "timestamp": 1600000000000, "message": "\u007b}",
            "logStreamName": "s"}"#,
    ] {
        assert_eq!(found(single), Ok(vec![event("{}", Some(1_600_000_000))]), "{single}");
    }
    let early = r#"{"timestamp": -1, "message": "x"}"#;
    assert_eq!(found(early), Ok(vec![event("x", None)]));
    for own in [
        r#"{"message": "x"}"#,
        r#"{"timestamp": 1600000000000}"#,
        r#"{"timestamp": "2020-09-13", "message": "x"}"#,
        r#"{"timestamp": 1600000000000, "message": {"k": "x"}}"#,
        r#"{"timestamp": 1600000000000, "message": "x", "level": "info"}"#,
    ] {
        assert_eq!(found(own), Ok(vec![event(own, None)]));
    }
    let lone = r#"{"timestamp": 0, "message": "\ud800"}"#;
    assert_eq!(found(lone), Ok(vec![event("\u{fffd}", Some(0))]));
}
