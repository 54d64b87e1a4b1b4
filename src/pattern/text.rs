//! The test of one text: of a token, or of a string or number in JSON.

use memchr::memmem::Finder;
use regex::bytes::Regex;

use crate::amount::Comparison;

/// What a text has to be.
#[derive(Debug, Clone)]
pub enum TextTest {
    /// The condition holds.
    Is(Condition),
    /// The condition does not hold.
    IsNot(Condition),
    /// All of these hold.
    All(Vec<TextTest>),
    /// One of these holds.
    Any(Vec<TextTest>),
}

/// One comparison of a text.
#[derive(Debug, Clone)]
pub enum Condition {
    /// The text, with wildcards.
    Text(Wildcard),
    /// This text, or another spelling of the same number.
    Number {
        /// The number as it is written.
        text: Box<[u8]>,
        /// Its value.
        value: f64,
    },
    /// A number that compares so with this one.
    Compare(Comparison, f64),
    /// A text in which the expression is found.
    Matches(Regex),
}

/// A text of which the beginning or the end may be left open.
#[derive(Debug, Clone)]
pub enum Wildcard {
    /// This text.
    Exact(Box<[u8]>),
    /// What begins so: `text*`. With an empty text it is everything: `*`.
    Prefix(Box<[u8]>),
    /// What ends so: `*text`.
    Suffix(Box<[u8]>),
    /// What has this in it: `*text*`.
    Contains(Box<Finder<'static>>),
}

impl TextTest {
    /// Whether a text is so.
    pub fn holds(&self, text: &[u8]) -> bool {
        match self {
            Self::Is(condition) => condition.holds(text),
            Self::IsNot(condition) => !condition.holds(text),
            Self::All(tests) => tests.iter().all(|test| test.holds(text)),
            Self::Any(tests) => tests.iter().any(|test| test.holds(text)),
        }
    }
}

impl Condition {
    /// Whether a text is so.
    pub fn holds(&self, text: &[u8]) -> bool {
        match self {
            Self::Text(wildcard) => wildcard.holds(text),
            Self::Number { text: written, value } => {
                **written == *text || number(text) == Some(*value)
            }
            Self::Compare(comparison, right) => {
                number(text).is_some_and(|left| compares(left, *comparison, *right))
            }
            Self::Matches(regex) => regex.is_match(text),
        }
    }
}

impl Wildcard {
    /// Reads a text whose first and last `*` are wildcards; others stand for themselves.
    pub fn new(text: &str) -> Self {
        let (is_open_before, rest) = match text.strip_prefix('*') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (is_open_after, rest) = match rest.strip_suffix('*') {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let bytes = || Box::from(rest.as_bytes());
        match (is_open_before, is_open_after) {
            (false, false) => Self::Exact(bytes()),
            (true, _) if rest.is_empty() => Self::Prefix(bytes()),
            (false, true) => Self::Prefix(bytes()),
            (true, false) => Self::Suffix(bytes()),
            (true, true) => Self::Contains(Box::new(Finder::new(rest).into_owned())),
        }
    }

    /// Whether a text is so.
    pub fn holds(&self, text: &[u8]) -> bool {
        match self {
            Self::Exact(exact) => **exact == *text,
            Self::Prefix(prefix) => text.starts_with(prefix),
            Self::Suffix(suffix) => text.ends_with(suffix),
            Self::Contains(finder) => finder.find(text).is_some(),
        }
    }
}

/// The value of a number: a sign or none, digits, a fraction or none, an exponent or none.
///
/// Other spellings that a double has, such as `inf`, `.5` and `1.`, are no numbers.
pub fn number(text: &[u8]) -> Option<f64> {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let unsigned = match text {
        [b'+' | b'-', unsigned @ ..] => unsigned,
        unsigned => unsigned,
    };
    let mut end = digits(unsigned);
    if end == 0 {
        return None;
    }
    if let [b'.', fraction @ ..] = &unsigned[end..] {
        match digits(fraction) {
            0 => return None,
            length => end += 1 + length,
        }
    }
    match &unsigned[end..] {
        [] => {}
        [b'e' | b'E', b'+' | b'-', exponent @ ..] | [b'e' | b'E', exponent @ ..]
            if !exponent.is_empty() && digits(exponent) == exponent.len() => {}
        _ => return None,
    }
    str::from_utf8(text).ok()?.parse().ok()
}

/// Whether two numbers compare so.
pub fn compares(left: f64, comparison: Comparison, right: f64) -> bool {
    match comparison {
        Comparison::Less => left < right,
        Comparison::LessOrEqual => left <= right,
        Comparison::Equal => left == right,
        Comparison::NotEqual => left != right,
        Comparison::GreaterOrEqual => left >= right,
        Comparison::Greater => left > right,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_grammar() {
        for (text, value) in [
            ("0", 0.0),
            ("-0", 0.0),
            ("+1000", 1000.0),
            ("007", 7.0),
            ("55.5", 55.5),
            ("-1.25", -1.25),
            ("10e3", 10_000.0),
            ("10E-3", 0.01),
            ("1.5e+2", 150.0),
        ] {
            assert_eq!(number(text.as_bytes()), Some(value), "{text}");
        }
        for text in [
            "", "-", "+", "--1", "+-1", ".5", "1.", "1.e3", "e3", "1e", "1e+", "1e1.5", "0x1F",
            "inf", "-inf", "NaN", " 1", "1 ", "1_000", "1,5", "1 2", "1e5 ", "1f", "\u{661}",
        ] {
            assert_eq!(number(text.as_bytes()), None, "{text}");
        }
        assert_eq!(number(b"1\xff"), None);
        assert_eq!(number(&[b'9'; 10_000]), Some(f64::INFINITY));
    }

    #[test]
    fn wildcards_stand_at_the_ends() {
        for (pattern, yes, no) in [
            ("", &[""][..], &["a", "*"][..]),
            ("*", &["", "a", "*"], &[]),
            ("**", &["", "a", "*"], &[]),
            ("***", &["*", "a*b"], &["", "a"]),
            ("4*", &["4", "404", "4*"], &["", "04"]),
            ("*4", &["4", "404"], &["", "40"]),
            ("*.html*", &[".html", "GET /a.html HTTP"], &["html", ""]),
            ("Ev*ent", &["Ev*ent"], &["Event", "Ev ent", "Ev*ent "]),
            ("*a*b*", &["a*b", "xa*by"], &["ab", "a b"]),
            ("?", &["?"], &["a"]),
        ] {
            let wildcard = Wildcard::new(pattern);
            yes.iter()
                .for_each(|text| assert!(wildcard.holds(text.as_bytes()), "{pattern} {text}"));
            no.iter()
                .for_each(|text| assert!(!wildcard.holds(text.as_bytes()), "{pattern} {text}"));
        }
        assert!(matches!(Wildcard::new("a"), Wildcard::Exact(_)));
        assert!(matches!(Wildcard::new("*"), Wildcard::Prefix(_)));
        assert!(matches!(Wildcard::new("*a"), Wildcard::Suffix(_)));
        assert!(matches!(Wildcard::new("*a*"), Wildcard::Contains(_)));
    }

    #[test]
    fn conditions_on_a_token() {
        let six = || Condition::Number { text: b"6".as_slice().into(), value: 6.0 };
        let is = |condition, text: &str| TextTest::Is(condition).holds(text.as_bytes());
        let is_not = |condition, text: &str| TextTest::IsNot(condition).holds(text.as_bytes());
        for text in ["6", "6.0", "+6", "0.6e1", "06"] {
            assert!(is(six(), text) && !is_not(six(), text), "{text}");
        }
        for text in ["", "-", "6x", " 6", "7"] {
            assert!(!is(six(), text) && is_not(six(), text), "{text}");
        }
        for (comparison, holds) in [
            (Comparison::Less, [true, false, false]),
            (Comparison::LessOrEqual, [true, true, false]),
            (Comparison::GreaterOrEqual, [false, true, true]),
            (Comparison::Greater, [false, false, true]),
        ] {
            let test = |text| is(Condition::Compare(comparison, 10.0), text);
            assert_eq!(["9.99", "1e1", "11"].map(test), holds, "{comparison:?}");
            assert_eq!(["", "-", "1534 extra"].map(test), [false; 3], "{comparison:?}");
        }
        let regex = || Condition::Matches(Regex::new("(?-u)b+$").unwrap());
        assert!(is(regex(), "abb") && !is(regex(), "abc") && is_not(regex(), "abc"));
    }

    #[test]
    fn conditions_are_joined() {
        let is = |text| TextTest::Is(Condition::Text(Wildcard::new(text)));
        let is_not = |text| TextTest::IsNot(Condition::Text(Wildcard::new(text)));
        let test = TextTest::Any(vec![TextTest::All(vec![is("4*"), is_not("404")]), is("500")]);
        assert_eq!(
            ["400", "404", "500", ""].map(|t| test.holds(t.as_bytes())),
            [true, false, true, false]
        );
    }
}
