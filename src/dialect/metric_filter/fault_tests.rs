//! Patterns that CloudWatch refuses, and what is said of them.

use super::FilterPattern;
use crate::error::ErrorKind;

fn error(pattern: &str) -> String {
    match FilterPattern::parse(pattern) {
        Ok(parsed) => panic!("{pattern} is read as {parsed:?}"),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Pattern);
            error.to_string()
        }
    }
}

fn first_line(pattern: &str) -> String {
    error(pattern).lines().next().unwrap().to_owned()
}

const INVALID: &str = "Invalid metric filter pattern";
const UNCOMPILED: &str = "Failed to compile regular expression.";

#[test]
fn characters_that_belong_nowhere() {
    for (pattern, term) in [
        // Observed.
        ("\"ERROR", "\"ERROR"),
        ("ERR*", "*"),
        ("%^(ERROR|WARN)%", "%^("),
        ("{ $.v = %(Alpha|Beta)% }", "%("),
        ("%hello!%", "%hello!"),
        ("%caf\u{e9}%", "%caf\u{e9}"),
        ("{ $.v IS NOT NULL }", "NOT"),
        ("{ !($.v = 1) }", "!("),
        ("{ \"v\": [1] }", ":"),
        ("{ $.v > \"Alpha\" }", "\"Alpha\""),
        ("{ $..value = \"hit\" }", "$.."),
        ("{ $.arr[-1] = \"hit\" }", "[-"),
        ("{ $.arr[0:2] = \"hit\" }", "[0:"),
        // By the rule.
        ("  \"ERROR ", "\"ERROR"),
        ("A -\"open", "-\"open"),
        ("ERROR-REQUEST", "-"),
        ("\"a\"b", "b"),
        ("a\"b\"", "\""),
        ("caf\u{e9}", "\u{e9}"),
        ("status = \"401\"", "="),
        ("-", "-"),
        ("? a", "? "),
        ("--a", "--"),
        ("-%a%", "-%"),
        ("?%a%", "?%"),
        ("%abc", "%abc"),
        ("%a%b", "b"),
        ("%a\tb%", "%a "),
        ("a\u{1b}[2J", "\\u{1b}"),
        ("{ $.a[x] = 1 }", "[x"),
        ("{ $.a = \"open }", "\"open }"),
        ("{ $.a['b = 1 }", "['b = 1 }"),
        ("{ $.a['b'x] = 1 }", "['b'x"),
        ("{ $.a.[0] = 1 }", ".[0"),
        ("{ $.a..b = 1 }", ".."),
        ("{ $a = 1 }", "$a"),
        ("{ $ = 1 }", "$ "),
        ("{ $.a = 1 & $.b = 2 }", "& "),
        ("{ $.a = 1 |", "|"),
        ("{ $.a = a/b }", "/"),
        ("{ $.a = 'b' }", "'"),
        ("{ $.a = 1, $.b = 2 }", ","),
        ("[a = b@c]", "@"),
        ("[a ! b]", "! "),
        ("[{a}]", "{"),
        ("[a > \"1\"]", "\"1\""),
        ("[a = \"open]", "\"open]"),
        ("[a = %b]", "%b]"),
        ("[a, \u{e9}]", "\u{e9}"),
    ] {
        let expected = format!("Invalid character(s) in term '{term}'");
        assert_eq!(first_line(pattern), expected, "{pattern}");
    }
}

#[test]
fn tokens_in_a_wrong_order() {
    for pattern in [
        // Observed.
        "{ $.v EXISTS }",
        "{ $.v == 1 }",
        "{ $.v = null }",
        "{ $.v > 0 AND $.v < 2 }",
        "{ $.broken = }",
        "[kind = SPACE, value, bucket]",
        "[w1=SPACE, w2, w3]",
        // By the rule.
        "{ status = \"401\" }",
        "{ $.a }",
        "{ $.a = 1",
        "{ $.a = 1 } x",
        "{ ($.a = 1 }",
        "{ $.a = 1) }",
        "{ $.a = 1 && }",
        "{ $.a = 1 || || $.b = 1 }",
        "{ $.a IS MAYBE }",
        "{ $.a IS null }",
        "{ $.a NOT NULL }",
        "{ $.a is NULL }",
        "{ $.a != null }",
        "{ $.a < abc }",
        "{ $.a < = 1 }",
        "{ $.a => 1 }",
        "{ $.a < %b% }",
        "{ $.a > 0x10 }",
        "{ $.a > 1. }",
        "{ $.a = [1] }",
        "{ $.a [0] = 1 }",
        "{ $.a .b = 1 }",
        "{ $.a* = 1 }",
        "{ $.a = \"b\"c }",
        "{ $.a = 1 $.b = 2 }",
        "{ }",
        "{",
        "{}",
        "{()}",
        "{ 1 = $.a }",
        "{ $.a = $.b }",
        "[a, b",
        "[a, b] x",
        "[a = ]",
        "[a = 1 ||]",
        "[a, b=x || c=y]",
        "[1a]",
        "[-a]",
        "[a b]",
        "[a.b]",
        "[\"a\"]",
        "[",
        "[a,",
        "[(a=1]",
        "[a=1)]",
        "[(a)]",
        "[= 1]",
        "[a=b=c]",
        "[a == b]",
        "[a > b]",
        "[a > %b%]",
        "[a = (1)]",
        "[a, [b]]",
        "[....]",
        "[..., a=1 && ...]",
        "[a=1 && b=1]",
        "%a% b",
        "b %a%",
        "%a% %b%",
    ] {
        assert_eq!(first_line(pattern), INVALID, "{pattern}");
    }
}

#[test]
fn faults_with_words_of_their_own() {
    for (pattern, expected) in [
        ("%[abc%", UNCOMPILED),
        ("%%", UNCOMPILED),
        ("%a{3,%", UNCOMPILED),
        ("%a**%", UNCOMPILED),
        ("%a\\%b%", "Invalid character(s) in term 'b'"),
        ("{ $.a = %% }", UNCOMPILED),
        ("[a != %\\q%]", UNCOMPILED),
        ("[..., status, ...]", "Duplicate field '...'"),
        ("[word, word]", "Duplicate field 'word'"),
        ("[word = 1, ..., word]", "Duplicate field 'word'"),
        (
            "{ $.items[*].* = 1 }",
            "Your filter pattern has a JSON path selector that exceeds the maximum of 1 wildcard \
             allowed per json selector.",
        ),
        (
            "{ $.a[*] = 1 || $.b.* = 1 || $.c[*].d = 1 || $.*.e NOT EXISTS }",
            "Your input has exceeded the maximum of 3 JSON wildcard selectors allowed per filter \
             pattern.",
        ),
        (
            "[a = %x%, b = %y% || b = %z%]",
            "Your input has exceeded the maximum of 2 regular expressions per filter pattern.",
        ),
        (
            "{ $.a = %x% || $.b = %y% || $.c != %z% }",
            "Your input has exceeded the maximum of 2 regular expressions per filter pattern.",
        ),
    ] {
        assert_eq!(first_line(pattern), expected, "{pattern}");
    }
    let long = "a".repeat(1025);
    assert_eq!(error(&long), "1025 characters, a pattern has at most 1,024");
    assert!(FilterPattern::parse(&format!("\"{}\"", "\u{e9}".repeat(1022))).is_ok());
    assert!(FilterPattern::parse(&"a".repeat(1024)).is_ok());
}

#[test]
fn the_place_is_shown_and_what_to_write() {
    for (pattern, expected) in [
        (
            "A ERR*",
            "Invalid character(s) in term '*'\n  A ERR*\n       ^ expected letters, digits or _; \
             quote anything else, such as \"ERR*\"",
        ),
        (
            "-a.b c",
            "Invalid character(s) in term '.'\n  -a.b c\n    ^ expected letters, digits or _; \
             quote anything else, such as -\"a.b\"",
        ),
        (
            "%(a)%",
            "Invalid character(s) in term '%('\n  %(a)%\n   ^ expected no groups; write \\x28 for \
             the character (",
        ),
        (
            "{ $.a = 1\n  AND\t$.b = 2 }",
            "Invalid metric filter pattern\n  { $.a = 1   AND $.b = 2 }\n              ^ \
             expected && instead",
        ),
        (
            "{ $.a = 1 ",
            "Invalid metric filter pattern\n  { $.a = 1\n           ^ expected &&, || or }",
        ),
        (
            "[a=\"\u{202e}\u{1b}\", a]",
            "Duplicate field 'a'\n  [a=\"\\u{202e}\\u{1b}\", a]\n                       ^ \
             expected another name; join the tests of one field with && or ||",
        ),
        (
            "{ $.v IS NOT NULL }",
            "Invalid character(s) in term 'NOT'\n  { $.v IS NOT NULL }\n           ^ \
             expected NULL, TRUE or FALSE; that there is a string or number is written = *",
        ),
        (
            "%ab[c%",
            "Failed to compile regular expression.\n  %ab[c%\n     ^ expected a ] after this",
        ),
    ] {
        assert_eq!(error(pattern), expected, "{pattern}");
    }
}

#[test]
fn long_patterns_are_shown_around_the_place() {
    let pattern = format!("{} b* {}", "a ".repeat(100), "c ".repeat(100));
    let text = error(&pattern);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[1].starts_with("  ...") && lines[1].ends_with("..."), "{text}");
    assert!(lines[1].chars().count() <= 82, "{text}");
    let caret = lines[2].find('^').unwrap();
    assert_eq!(&lines[1][caret - 1..=caret], "b*", "{text}");
    // A quote that is open to the end is cut in the first line.
    let text = error(&format!("\"{}", "\u{1b}".repeat(1000)));
    assert!(text.lines().all(|line| line.len() < 500) && text.lines().count() == 3, "{text}");
    assert!(!text.contains('\u{1b}'));
}

#[test]
fn a_thousand_characters_of_anything_are_read_or_refused() {
    for part in ["(", "(a=1&&", "(a=1||(", "[", "{", "\"", "%", "$.", "$.a", "!", "&&", ".a", "..."]
    {
        for (before, after) in [("", ""), ("[", "]"), ("{", "}"), ("{ $.a", " = 1 }")] {
            let count = (1024 - before.len() - after.len()) / part.len();
            _ = FilterPattern::parse(&format!("{before}{}{after}", part.repeat(count)));
        }
    }
    let nested = format!("[{}a=1{}]", "(".repeat(500), ")".repeat(500));
    assert!(FilterPattern::parse(&nested).unwrap().test(b"1").is_some());
    let deep = format!("[{}a=1{}]", "(a=2||(a=1&&".repeat(70), "))".repeat(70));
    assert!(FilterPattern::parse(&deep).unwrap().test(b"1").is_some());
    let steps = format!("{{ $.a{} NOT EXISTS }}", ".a".repeat(500));
    assert!(FilterPattern::parse(&steps).unwrap().test(b"{}").is_some());
}
