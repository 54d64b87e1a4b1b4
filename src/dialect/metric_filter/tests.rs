//! Patterns and messages whose answers are known.

use super::{FilterPattern, Parsed, PatternKind};
use crate::pattern::{Condition, TextTest, Wildcard};

fn pattern(text: &str) -> FilterPattern {
    FilterPattern::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

fn matches(text: &str, message: &str) -> bool {
    pattern(text).test(message.as_bytes()).is_some()
}

/// The extracted values as `$name=value`, joined by `|`.
fn extracted(text: &str, message: &str) -> Option<String> {
    let extracted = pattern(text).test(message.as_bytes())?;
    let shown = |value: &super::Extracted| {
        format!("{}={}", value.name, String::from_utf8_lossy(&value.value))
    };
    Some(extracted.iter().map(shown).collect::<Vec<_>>().join("|"))
}

const APACHE: &str =
    "127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] \"GET /index.html HTTP/1.0\" 404 1534";

#[test]
fn the_first_character_says_which_language() {
    for (text, kind) in [
        ("", PatternKind::Everything),
        (" \n\t", PatternKind::Everything),
        ("ERROR", PatternKind::Terms),
        (" %ERR% ", PatternKind::Terms),
        ("\"\"", PatternKind::Terms),
        ("\n[]", PatternKind::Fields),
        (" { $.a = 1 } ", PatternKind::Json),
    ] {
        assert_eq!(pattern(text).kind(), kind, "{text}");
        assert_eq!(pattern(text).text(), text);
    }
    assert_eq!(pattern("").test(b"\xff"), Some(Vec::new()));
}

#[test]
fn terms_are_found_or_not() {
    for (text, yes, no) in [
        ("ERROR", &["TERROR", "ERROR-REQUEST", "[ERROR 400]"][..], &["error", ""][..]),
        ("A  B", &["B\nA", "AB"], &["A", "B"]),
        ("A\nB", &["B A"], &["A"]),
        ("\"a b\"", &["x a b"], &["a  b"]),
        ("-x", &["", "a"], &["axa"]),
        ("A -\"b c\"", &["A b", "A"], &["A b c", "b"]),
        ("?A ?B", &["xA", "xB"], &["C", ""]),
        ("?A ?B C", &["C"], &["A", "A B"]),
        ("C ?A", &["C"], &["A"]),
        ("?A ?B -C", &["plain", "A"], &["C", "A C"]),
        ("?\"foo\" \"bar\" ?\"baz\"", &["bar"], &["foo", "baz"]),
        ("\" \"", &["a b"], &["plain"]),
        ("\"\"", &["", "a"], &[]),
        ("-\"\"", &[], &["", "a"]),
        ("\"ERR*\"", &["ERR*"], &["ERROR"]),
        (r#""a\"b\\c\d""#, &[r#"a"b\c\d"#], &[r#"a\"b"#]),
        ("\"\u{e9}\"", &["caf\u{e9}"], &["cafe"]),
        ("%AUTHORIZED%", &["UNAUTHORIZED"], &["authorized"]),
        (r"%^ERROR\s[0-9]{3}$%", &["ERROR 500", "ERROR\n500"], &["ERROR 5000"]),
        (r"%10\.10\.0\.1%", &["10.10.0.1"], &["10010,051"]),
        ("%ERROR|WARN%", &["WARN 404"], &["INFO"]),
        ("%gra|ey%", &["grey"], &["gry"]),
    ] {
        yes.iter().for_each(|message| assert!(matches(text, message), "{text} {message}"));
        no.iter().for_each(|message| assert!(!matches(text, message), "{text} {message}"));
    }
    assert_eq!(pattern("a").test(b"\xffa\xfe"), Some(Vec::new()));
}

#[test]
fn the_last_field_takes_the_rest() {
    for (text, message, expected) in [
        ("[a, b]", "x", None),
        ("[a, b]", "x \"y z\"", Some("$a=x|$b=y z")),
        ("[a, b]", "x \"y z\" [w]  v \r\n", Some("$a=x|$b=\"y z\" [w]  v")),
        ("[a, b]", "x \"unterminated words", Some("$a=x|$b=\"unterminated words")),
        ("[a]", "", None),
        ("[a]", " \"\" ", Some("$a=")),
        ("[a, ]", "x y z", Some("$a=x|$2=y z")),
        ("[,]", "x y", Some("$1=x|$2=y")),
        ("[,,a]", "x y z", Some("$1=x|$2=y|$a=z")),
        ("[a,,b]", "x y z w", Some("$a=x|$2=y|$b=z w")),
        ("[w1=ERROR]", "ERROR 1", None),
        ("[w1=ERROR]", "ERROR", Some("$w1=ERROR")),
        ("[w1=ERROR, w2]", "ERROR request failed", Some("$w1=ERROR|$w2=request failed")),
        ("[a, b > 1000]", "x 1534 extra", None),
        ("[w1!=ERROR && w1!=WARNING, w2]", "INFO a b", Some("$w1=INFO|$w2=a b")),
        ("[kind = \"SPACE\", value]", "SPACE \"17.5\"", Some("$kind=SPACE|$value=17.5")),
        ("[SPACE]", "a", Some("$SPACE=a")),
    ] {
        assert_eq!(extracted(text, message).as_deref(), expected, "{text} on {message}");
    }
}

#[test]
fn an_ellipsis_takes_what_is_left() {
    for (text, message, expected) in [
        ("[]", "", Some("")),
        ("[ ]", "a \"b c\"", Some("$1=a|$2=b c")),
        ("[...]", "a \"b c", Some("$1=a|$2=\"b|$3=c")),
        ("[..., z]", "", None),
        ("[..., z]", "a", Some("$z=a")),
        ("[..., z]", "a b c", Some("$1=a|$2=b|$z=c")),
        ("[a, ...]", "x \"y z\" w", Some("$a=x|$2=y z|$3=w")),
        ("[a, ..., z]", "x", None),
        ("[a, ..., z]", "x y", Some("$a=x|$z=y")),
        ("[a, ..., y, ]", "1 2 3 4 5", Some("$a=1|$2=2|$3=3|$y=4|$5=5")),
        ("[..., z = c]", "a b c d", None),
    ] {
        assert_eq!(extracted(text, message).as_deref(), expected, "{text} on {message}");
    }
    let text = "[..., request=*.html*, status_code=4*,]";
    assert_eq!(
        extracted(text, APACHE).as_deref(),
        Some(
            "$1=127.0.0.1|$2=-|$3=frank|$4=10/Oct/2000:13:25:15 -0700|\
             $request=GET /index.html HTTP/1.0|$status_code=404|$7=1534"
        )
    );
    assert!(!matches("[..., request = *.html*, status = 4*, bytes]", &format!("{APACHE} extra")));
}

#[test]
fn conditions_of_a_field() {
    for (condition, yes, no) in [
        ("a=x", &["x"][..], &["X", "xx", "-"][..]),
        ("a != x", &["-", "X"], &["x"]),
        ("a=6", &["6", "6.0", "+6", "6e0"], &["-", "66"]),
        ("a=\"6\"", &["6"], &["6.0", "06"]),
        ("a!=6", &["-", "7"], &["6", "6.0"]),
        ("a!=\"6\"", &["6.0"], &["6"]),
        ("a>=1e3", &["1000", "1001"], &["999.9", "-", "1000x"]),
        ("a<-1", &["-2"], &["-1", "-", "0"]),
        ("a=10.0.0.*", &["10.0.0.1"], &["10.0.1.1"]),
        ("a=10.0.0.0/8", &["10.0.0.0/8"], &["10.0.0.1"]),
        ("a=fe80::1", &["fe80::1"], &["fe80::2"]),
        ("a=null", &["null"], &["-"]),
        ("a=%/service/[0-9]+$%", &["/service/67"], &["/service/67/part"]),
        ("a!=%^1%", &["21"], &["12"]),
        ("a=1 || a=2 && a=3", &["1"], &["2", "3"]),
        ("(a=1 || a=2) && a!=1", &["2"], &["1", "3"]),
        ("((a=1))", &["1"], &["2"]),
        ("a>1&&a<5||a=x", &["2", "x"], &["1", "5"]),
    ] {
        let text = format!("[{condition}]");
        yes.iter().for_each(|token| assert!(matches(&text, token), "{text} {token}"));
        no.iter().for_each(|token| assert!(!matches(&text, token), "{text} {token}"));
    }
}

#[test]
fn fields_are_open_to_the_engine() {
    let flow = pattern("[version, ..., bytes > 10, action = \"ACCEPT\", log-status]");
    assert!(flow.has_field("bytes") && flow.has_field("log-status") && flow.has_field("version"));
    assert!(!flow.has_field("$bytes") && !flow.has_field("...") && !flow.has_field(""));
    assert!(!pattern("bytes").has_field("bytes"));
    let Parsed::Fields(fields) = flow.parsed() else { panic!("{flow:?}") };
    assert_eq!(fields.before.len(), 1);
    let after = fields.after.as_ref().unwrap();
    let Some(TextTest::Is(Condition::Text(Wildcard::Exact(text)))) = &after[1].test else {
        panic!("{after:?}")
    };
    assert_eq!(**text, *b"ACCEPT");
    let everything = pattern("[]");
    let Parsed::Fields(fields) = everything.parsed() else { panic!("{everything:?}") };
    assert!(fields.before.is_empty() && fields.after.as_ref().is_some_and(Vec::is_empty));
    let Parsed::Fields(fields) = pattern("[,a]").parsed.clone() else { panic!("no fields") };
    assert!(fields.after.is_none() && fields.before[0].name.is_none());
}

#[test]
fn events_of_json() {
    let trail = r#"{"eventType":"UpdateTrail","sourceIPAddress":"111.111.111.111",
        "arrayKey":["value","another value"],"SomeObject":null,"cluster.name":"c",
        "user":{"id":1,"email":"a@b.c"},"flag":true,"coordinates":[[0,1],[4,5]]}"#;
    for (text, expected) in [
        ("{ $.eventType = \"UpdateTrail\" }", true),
        ("{$.eventType=UpdateTrail}", true),
        ("{ $.eventType = \"Trail\" }", false),
        ("{ $.sourceIPAddress != 123.123.* }", true),
        ("{ $.arrayKey[0] = \"value\" }", true),
        ("{ $.arrayKey[01] = \"another value\" }", true),
        ("{ $.arrayKey[99999999999999999999] NOT EXISTS }", true),
        ("{ $.eventType = %Trail% }", true),
        ("{ $.arrayKey[*] = %val.{2}% }", true),
        (r"{ $.* = %111\.111\.111\.1[0-9]{1,2}% }", true),
        ("{ $.['cluster.name'] = \"c\" }", true),
        ("{ $['cluster.name'] = c }", true),
        ("{ $.cluster.name NOT EXISTS }", true),
        ("{ $.SomeObject IS NULL }", true),
        ("{ $.SomeOtherObject NOT EXISTS }", true),
        ("{ $.flag IS TRUE && $.flag = true }", false),
        ("{ $.flag IS TRUE || $.flag IS FALSE }", true),
        ("{ $.user.id = 1 && $.coordinates[1][0] = 4 }", true),
        ("{ $.user.id = \"1.0\" || $.user.id != 1 }", false),
        ("{ $.user.email = \"a@b.c\" || $.x = 1 && $.y = 1 }", true),
        ("{ ($.user.email = \"a@b.c\" || $.x = 1) && $.y = 1 }", false),
        ("{ $.user.id > +0.5 && ($.user.id <= 1e0) }", true),
        ("{ $.missing != x }", false),
        ("{ $.eventType != null* }", true),
        ("{ $[*] = c }", true),
        ("{\n$.eventType\n=\n*\n}", true),
    ] {
        assert_eq!(matches(text, trail), expected, "{text}");
    }
    assert_eq!(pattern("{ $.a = 1 }").test(br#"{"a":1}"#), Some(Vec::new()));
    assert_eq!(pattern("{ $.a NOT EXISTS }").test(b"{\"b\":\"\xff\"}"), None);
    assert!(!matches("{ $.a NOT EXISTS }", "{broken"));
    assert!(matches("[a]", "{\"a\":1}"));
}
