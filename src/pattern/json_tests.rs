//! Tests of JSON events: each test on each kind of node, and what selectors reach.

use super::*;
use crate::amount::Comparison;

fn name(name: &str) -> Step {
    Step::Name(name.to_owned())
}

/// The one test of what one selector selects.
fn holds(steps: &[Step], test: NodeTest, event: &str) -> bool {
    JsonTest::new(vec![(steps.to_vec(), test)], Tree::Leaf(0)).holds(event)
}

fn is(text: &str) -> NodeTest {
    NodeTest::Text(TextTest::Is(Condition::Text(Wildcard::new(text))))
}

fn is_not(text: &str) -> NodeTest {
    NodeTest::Text(TextTest::IsNot(Condition::Text(Wildcard::new(text))))
}

fn regex(text: &str) -> Condition {
    Condition::Matches(regex::bytes::Regex::new(text).unwrap())
}

#[test]
fn each_test_on_each_kind_of_node() {
    const NODES: [&str; 18] = [
        "1",
        "1.0",
        "1e0",
        "2",
        "-1",
        "10",
        "\"1\"",
        "\"1.0\"",
        "\"10\"",
        "\"\"",
        "\"true\"",
        "\"null\"",
        "true",
        "false",
        "null",
        "[1,\"Alpha\",null]",
        "[1,[null]]",
        "{\"v\":null}",
    ];
    let one = || (b"1".as_slice().into(), 1.0);
    let (equal, not_equal) = (one(), one());
    let table: [(&str, NodeTest, &[&str]); 15] = [
        ("= 1", NodeTest::Equal { text: equal.0, value: equal.1 }, &["1", "1.0", "1e0", "\"1\""]),
        (
            "!= 1",
            NodeTest::NotEqual { text: not_equal.0, value: not_equal.1 },
            &["2", "-1", "10", "\"1.0\"", "\"10\"", "\"\"", "\"true\"", "\"null\""],
        ),
        ("= \"1\"", is("1"), &["1", "\"1\""]),
        (
            "!= \"1\"",
            is_not("1"),
            &["1.0", "1e0", "2", "-1", "10", "\"1.0\"", "\"10\"", "\"\"", "\"true\"", "\"null\""],
        ),
        ("= 1*", is("1*"), &["1", "1.0", "1e0", "10", "\"1\"", "\"1.0\"", "\"10\""]),
        ("> 1", NodeTest::Compare(Comparison::Greater, 1.0), &["2", "10"]),
        ("<= 1", NodeTest::Compare(Comparison::LessOrEqual, 1.0), &["1", "1.0", "1e0", "-1"]),
        (
            "= %^1%",
            NodeTest::Text(TextTest::Is(regex("^1"))),
            &["1", "1.0", "1e0", "10", "\"1\"", "\"1.0\"", "\"10\""],
        ),
        (
            "!= %[0-9]%",
            NodeTest::Text(TextTest::IsNot(regex("[0-9]"))),
            &["\"\"", "\"true\"", "\"null\""],
        ),
        ("= *", is("*"), &NODES[..12]),
        ("= true", is("true"), &["\"true\""]),
        ("IS TRUE", NodeTest::Is(true), &["true"]),
        ("IS FALSE", NodeTest::Is(false), &["false"]),
        ("IS NULL", NodeTest::IsNull, &["null", "[1,\"Alpha\",null]"]),
        ("NOT EXISTS", NodeTest::NotExists, &[]),
    ];
    for (written, test, expected) in table {
        for node in NODES {
            let event = format!("{{\"v\": {node} }}");
            let found = holds(&[name("v")], test.clone(), &event);
            assert_eq!(found, expected.contains(&node), "{written} on {node}");
        }
        let on_missing = holds(&[name("v")], test, "{}");
        assert_eq!(on_missing, written == "NOT EXISTS", "{written} on nothing");
    }
}

#[test]
fn events_are_objects_of_json() {
    let absent = |event: &str| holds(&[name("v")], NodeTest::NotExists, event);
    for event in ["{}", " \t\r\n{} \n", "{\"a\": [{}, \"\\u00e9\", -1.5e+3, true, null]}"] {
        assert!(absent(event), "{event}");
    }
    for event in [
        "",
        " ",
        "1",
        "[]",
        "[{\"v\":1}]",
        "{broken",
        "{",
        "{\"a\":1,}",
        "{\"a\":1} x",
        "{}{}",
        "{\"a\":01}",
        "{\"a\":nul}",
        "{\"a\":\"\n\"}",
        "{\"a\":[1,]}",
        "\u{feff}{}",
        "{'a':1}",
        "{\"a\":NaN}",
        "{\"a\":\"\\x\"}",
    ] {
        assert!(!absent(event), "{event}");
    }
}

#[test]
fn selectors_reach_what_they_name() {
    let hit = |steps: &[Step], event: &str| holds(steps, is("hit"), event);
    let [a, b] = [name("a"), name("b")];
    assert!(hit(&[a.clone(), b.clone()], r#"{"a":{"b":"hit"}}"#));
    assert!(!hit(&[a.clone(), b.clone()], r#"{"a.b":"hit","a":1}"#));
    assert!(hit(&[name("a.b")], r#"{"a.b":"hit"}"#));
    assert!(hit(&[name("")], r#"{"":"hit"}"#));
    assert!(hit(&[a.clone(), Step::Place(1)], r#"{"a":[0,"hit"]}"#));
    assert!(!hit(&[a.clone(), Step::Place(2)], r#"{"a":[0,"hit"]}"#));
    assert!(!hit(&[a.clone(), Step::Place(0)], r#"{"a":{"0":"hit"}}"#));
    assert!(!hit(&[a.clone(), Step::Place(0)], r#"{"a":"hit"}"#));
    for event in [r#"{"a":[1,"hit"]}"#, r#"{"a":{"0":1,"x":"hit"}}"#] {
        assert!(hit(&[a.clone(), Step::Values], event), "{event}");
    }
    assert!(!hit(&[a.clone(), Step::Values], r#"{"a":[["hit"]]}"#));
    assert!(!hit(&[a.clone(), Step::Members], r#"{"a":["hit"]}"#));
    assert!(hit(&[Step::Members], r#"{"x":{},"y":"hit"}"#));
    assert!(!hit(&[Step::Members], r#"{"x":{"y":"hit"}}"#));
    assert!(hit(&[Step::Members, b.clone()], r#"{"x":{"b":1},"y":{"b":"hit"}}"#));
    assert!(hit(&[Step::Values, b.clone()], r#"{"x":{"b":1},"y":{"b":"hit"}}"#));
    let absent = |steps: &[Step], event: &str| holds(steps, NodeTest::NotExists, event);
    for event in [r#"{"a":null}"#, r#"{"a":{}}"#, r#"{"a":[{"b":1}]}"#, "{}", r#"{"a":"b"}"#] {
        assert!(absent(&[a.clone(), b.clone()], event), "{event}");
    }
    assert!(absent(&[a.clone(), Step::Values], r#"{"a":[]}"#));
    assert!(!absent(&[a.clone(), Step::Values], r#"{"a":[null]}"#));
    assert!(holds(&[a, Step::Values], NodeTest::IsNull, r#"{"a":[1,[null]]}"#));
}

#[test]
fn the_last_of_equal_names_counts() {
    for steps in [vec![name("v")], vec![Step::Members], vec![Step::Values]] {
        for event in [r#"{"v":2,"v":1}"#, r#"{"v":null,"\u0076":1}"#, r#"{"\u0076":{},"v":1}"#] {
            assert!(holds(&steps, is("1"), event), "{event}");
            assert!(!holds(&steps, is("2"), event), "{event}");
            assert!(!holds(&steps, NodeTest::IsNull, event), "{event}");
        }
    }
}

#[test]
fn strings_are_what_they_mean() {
    let v = [name("v")];
    assert!(holds(&v, is("a\"\u{e9}\n\u{1f600}"), r#"{"v":"a\"\u00e9\n\ud83d\ude00"}"#));
    assert!(!holds(&v, is(r"\n"), r#"{"v":"\n"}"#));
    // Half of a pair of surrogates is no text, and so is no text that can be asked for.
    assert!(holds(&v, is_not("?"), r#"{"v":"\ud83d"}"#));
    assert!(holds(&v, is("a*"), r#"{"v":"a\ud83d"}"#));
}

#[test]
fn one_walk_for_all_tests() {
    let [a, b, c] = ["a", "b", "c"].map(|key| (vec![name("x"), name(key)], is("1")));
    let any = Tree::Any(vec![
        Tree::Leaf(0),
        Tree::All(vec![Tree::Leaf(1), Tree::Leaf(2), Tree::Leaf(3)]),
    ]);
    let absent = (vec![name("x"), Step::Place(0)], NodeTest::NotExists);
    let test = JsonTest::new(vec![a, b, c, absent], any);
    assert!(test.holds(r#"{"x":{"a":1}}"#));
    assert!(test.holds(r#"{"x":{"c":1,"b":1}}"#));
    assert!(!test.holds(r#"{"x":{"c":1,"b":2}}"#));
    // Each test picks an element of its own.
    let steps = |key| vec![name("items"), Step::Values, name(key)];
    let both = Tree::All(vec![Tree::Leaf(0), Tree::Leaf(1)]);
    let test = JsonTest::new(vec![(steps("a"), is("1")), (steps("b"), is("2"))], both);
    assert!(test.holds(r#"{"items":[{"a":1,"b":0},{"a":0,"b":2}]}"#));
}

#[test]
fn deep_and_wide_events_are_no_trap() {
    let deep = format!("{{\"v\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(!holds(&[name("v")], is("1"), &deep));
    assert!(!holds(&[name("v")], NodeTest::IsNull, &deep));
    let steps: Vec<Step> = [name("v")].into_iter().chain(vec![Step::Place(0); 200]).collect();
    let deep = format!("{{\"v\":{}\"hit\"{}}}", "[".repeat(200), "]".repeat(200));
    assert!(holds(&steps, is("hit"), &deep));
    assert!(!holds(&[name("v")], NodeTest::NotExists, &"{\"v\":".repeat(100_000)));
    let members: Vec<String> = (0..50_000).map(|at| format!("\"k{at}\":{at}")).collect();
    let wide = format!("{{{}}}", members.join(","));
    assert!(holds(&[Step::Members], is("49999"), &wide));
    let twice = format!("{{{0},{0}}}", members.join(","));
    assert!(!holds(&[Step::Values], is("50000"), &twice));
}
