//! The `$` notation in which rules name a value of a JSON event.

use std::fmt;

/// The most characters of a path that a message shows.
const SHOWN_MAX: usize = 80;

/// A place in a JSON event: `$.a`, `$.a.b`, `$.users[1].name`.
///
/// In rules a name is any run of characters but `.`, `[` and `]`, and not `*` alone. In metric
/// filters it is made of letters, digits, `-` and `_`, and any other is written `['a.b']`. Elements
/// count from 0.
///
/// ```
/// use flowagg::JsonPath;
/// let path = JsonPath::parse("$.users[1].name").unwrap();
/// assert_eq!(path.to_string(), "$.users[1].name");
/// let error = JsonPath::parse("users").unwrap_err();
/// assert_eq!(error, "\"users\" does not begin with $., expected a path such as \"$.users\"");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JsonPath {
    steps: Vec<Step>,
}

/// A step from a value to one inside it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// To the member of this name.
    Name(String),
    /// To the element at this place, counted from 0.
    Place(usize),
}

impl JsonPath {
    /// Reads a path.
    ///
    /// # Errors
    /// A line that says what was found and what was expected.
    pub fn parse(text: &str) -> Result<JsonPath, String> {
        let whole = shown(text);
        if !text.starts_with("$.") {
            let plain = text.trim_start_matches(['$', '.']);
            let is_name = !plain.is_empty() && !plain.contains(['[', ']']);
            let example = if is_name { shown(&format!("$.{plain}")) } else { "\"$.a\"".to_owned() };
            return Err(format!(
                "{whole} does not begin with $., expected a path such as {example}"
            ));
        }
        let mut steps = Vec::new();
        let mut rest = &text[1..];
        while let Some(first) = rest.chars().next() {
            let before = &text[..text.len() - rest.len()];
            rest = match first {
                '.' => {
                    let end = rest[1..].find(['.', '[', ']']).map_or(rest.len(), |end| end + 1);
                    if end == 1 {
                        let found = found(&rest[1..]);
                        return Err(format!(
                            "{whole} has {found} after {}, expected a name",
                            shown(&format!("{before}."))
                        ));
                    }
                    if &rest[1..end] == "*" {
                        return Err(format!("{whole} has the wildcard *, expected a name"));
                    }
                    steps.push(Step::Name(rest[1..end].to_owned()));
                    &rest[end..]
                }
                '[' => {
                    let Some(end) = rest.find(']') else {
                        return Err(format!(
                            "{whole} has a [ without a ], expected one such as [0]"
                        ));
                    };
                    let Some(place) = place(&rest[1..end]) else {
                        return Err(format!(
                            "{whole} has {}, expected a place counted from 0 such as [0]",
                            shown(&rest[..=end])
                        ));
                    };
                    steps.push(Step::Place(place));
                    &rest[end + 1..]
                }
                _ => {
                    let found = found(rest);
                    let before = shown(before);
                    return Err(format!("{whole} has {found} after {before}, expected . or ["));
                }
            };
        }
        Ok(Self { steps })
    }

    /// Reads a selector of a metric filter that leads to one value: `$.a`, `$.users[1].name`,
    /// `$.['cluster.name']`.
    ///
    /// # Errors
    /// A line that says what was found and what was expected.
    ///
    /// ```
    /// use flowagg::JsonPath;
    /// let path = JsonPath::parse_selector("$['cluster.name'].id").unwrap();
    /// assert_eq!(path.to_string(), "$.['cluster.name'].id");
    /// let error = JsonPath::parse_selector("$.users[*]").unwrap_err();
    /// assert_eq!(error, "\"$.users[*]\" has the wildcard [*], expected a place such as [0]");
    /// ```
    pub fn parse_selector(text: &str) -> Result<JsonPath, String> {
        let whole = shown(text);
        let Some(mut rest) = text.strip_prefix('$') else {
            return Err(format!("{whole} does not begin with $, expected one such as \"$.a\""));
        };
        let mut steps = Vec::new();
        while !rest.is_empty() || steps.is_empty() {
            let before = shown(&text[..text.len() - rest.len()]);
            let (step, after) =
                selector_step(rest).map_err(|(found, expected)| match found.is_empty() {
                    true => format!("{whole} has {} after {before}, {expected}", self::found(rest)),
                    false => format!("{whole} has {found}, {expected}"),
                })?;
            steps.push(step);
            rest = after;
        }
        Ok(Self { steps })
    }

    /// The steps from the event to the value.
    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }
}

impl fmt::Display for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("$")?;
        self.steps.iter().try_for_each(|step| match step {
            Step::Name(name) if is_bare(name) => write!(f, ".{name}"),
            Step::Name(name) => write!(f, ".['{name}']"),
            Step::Place(place) => write!(f, "[{place}]"),
        })
    }
}

/// Whether a name can be written without brackets.
fn is_bare(name: &str) -> bool {
    !name.is_empty() && !name.contains(['.', '[', ']'])
}

/// The step at the beginning of a selector's rest, and what comes after it. The error is what was
/// found, or nothing if that is the first character, and what was expected.
fn selector_step(rest: &str) -> Result<(Step, &str), (String, &'static str)> {
    let quoted = rest.strip_prefix(".['").or_else(|| rest.strip_prefix("['"));
    if let Some(quoted) = quoted {
        let Some((name, after)) = quoted.split_once("']") else {
            return Err(("a [' without a ']".to_owned(), "expected one such as ['a.b']"));
        };
        return Ok((Step::Name(name.to_owned()), after));
    }
    if let Some(name) = rest.strip_prefix('.') {
        if name.starts_with('*') {
            return Err(("the wildcard .*".to_owned(), "expected a name such as .a"));
        }
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let end = name.find(|c| !is_part(c)).unwrap_or(name.len());
        let (name, after) = name.split_at(end);
        return match (name, after.chars().next()) {
            ("", _) => Err((
                format!("{} after a .", found(after)),
                "expected a name of letters, digits, - and _; write any other as ['a.b']",
            )),
            (name, None | Some('.' | '[')) => Ok((Step::Name(name.to_owned()), after)),
            (_, Some(other)) => Err((
                format!("{other:?} in a name"),
                "expected letters, digits, - and _; write any other name as ['a.b']",
            )),
        };
    }
    let Some((inner, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) else {
        return Err(match rest.starts_with('[') {
            true => ("a [ without a ]".to_owned(), "expected one such as [0]"),
            false => (String::new(), "expected . or ["),
        });
    };
    if inner == "*" {
        return Err(("the wildcard [*]".to_owned(), "expected a place such as [0]"));
    }
    let expected = "expected a place counted from 0 such as [0], or a name such as ['a.b']";
    match place(inner) {
        Some(place) => Ok((Step::Place(place), after)),
        None => Err((shown(&format!("[{inner}]")), expected)),
    }
}

/// The place that decimal digits without leading zeros spell.
fn place(digits: &str) -> Option<usize> {
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_plain || digits.len() > 1 && digits.starts_with('0') {
        return None;
    }
    // No array that fits in memory has more than 32 bits of places.
    usize::try_from(digits.parse::<u32>().ok()?).ok()
}

/// What stands at the beginning of a text.
fn found(rest: &str) -> String {
    rest.chars().next().map_or("nothing".to_owned(), |first| format!("{first:?}"))
}

/// A text in quotes, on one line and cut if it is long.
fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{:?}", format!("{}...", &text[..end])),
        None => format!("{text:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_and_written_back() {
        for text in [
            "$.a",
            "$.a.b",
            "$.a[0]",
            "$.users[1].name",
            "$.a[1][20].b",
            "$.a b.c-d.$.é",
            "$.4294967295[4294967295]",
        ] {
            assert_eq!(JsonPath::parse(text).unwrap().to_string(), text);
        }
        let path = JsonPath::parse("$.a[7].b").unwrap();
        let name = |name: &str| Step::Name(name.to_owned());
        assert_eq!(path.steps(), [name("a"), Step::Place(7), name("b")]);
    }

    #[test]
    fn selectors_are_read_and_written_back() {
        let name = |name: &str| Step::Name(name.to_owned());
        for (text, written, steps) in [
            ("$.a", "$.a", vec![name("a")]),
            ("$.a-b_c.0", "$.a-b_c.0", vec![name("a-b_c"), name("0")]),
            ("$.a[7].b", "$.a[7].b", vec![name("a"), Step::Place(7), name("b")]),
            ("$[0]", "$[0]", vec![Step::Place(0)]),
            ("$.['a.b']", "$.['a.b']", vec![name("a.b")]),
            ("$['a.b'].c", "$.['a.b'].c", vec![name("a.b"), name("c")]),
            ("$.x['a [0]'][1]", "$.x.['a [0]'][1]", vec![name("x"), name("a [0]"), Step::Place(1)]),
            ("$.['it's']", "$.it's", vec![name("it's")]),
            ("$['']", "$.['']", vec![name("")]),
            ("$.['é']", "$.é", vec![name("é")]),
        ] {
            let path = JsonPath::parse_selector(text).unwrap();
            assert_eq!(path.steps(), steps, "{text}");
            assert_eq!(path.to_string(), written);
        }
    }

    #[test]
    fn what_is_wrong_with_a_selector_is_said() {
        for (text, expected) in [
            ("", "does not begin with $, expected one such as \"$.a\""),
            ("a", "does not begin with $, expected one such as \"$.a\""),
            ("$", "has nothing after \"$\", expected . or ["),
            ("$a", "has 'a' after \"$\", expected . or ["),
            ("$.a[0]b", "has 'b' after \"$.a[0]\", expected . or ["),
            ("$.a.*", "has the wildcard .*, expected a name such as .a"),
            ("$.a[*].b", "has the wildcard [*], expected a place such as [0]"),
            (
                "$..a",
                "has '.' after a ., expected a name of letters, digits, - and _; write any other \
                 as ['a.b']",
            ),
            (
                "$.a b",
                "has ' ' in a name, expected letters, digits, - and _; write any other name as \
                 ['a.b']",
            ),
            ("$.a[0", "has a [ without a ], expected one such as [0]"),
            ("$.['a", "has a [' without a '], expected one such as ['a.b']"),
            (
                "$.a[-1]",
                "has \"[-1]\", expected a place counted from 0 such as [0], or a name such as \
                 ['a.b']",
            ),
        ] {
            let error = JsonPath::parse_selector(text).unwrap_err();
            assert_eq!(error, format!("\"{text}\" {expected}"));
        }
        assert!(JsonPath::parse_selector(&format!("$.{}[x]", "é".repeat(9999))).is_err());
        for text in ["\n", "$.a\u{1b}", "$\n"] {
            assert!(!JsonPath::parse_selector(text).unwrap_err().contains(char::is_control));
        }
    }

    #[test]
    fn what_is_wrong_with_a_path_is_said() {
        let error = |text: &str| JsonPath::parse(text).unwrap_err();
        let begin = "does not begin with $., expected a path such as";
        assert_eq!(error(""), format!("\"\" {begin} \"$.a\""));
        assert_eq!(error("$"), format!("\"$\" {begin} \"$.a\""));
        assert_eq!(error("$[0]"), format!("\"$[0]\" {begin} \"$.a\""));
        assert_eq!(error("srcaddr"), format!("\"srcaddr\" {begin} \"$.srcaddr\""));
        assert_eq!(error("$srcaddr"), format!("\"$srcaddr\" {begin} \"$.srcaddr\""));
        assert_eq!(error("$."), "\"$.\" has nothing after \"$.\", expected a name");
        assert_eq!(error("$.a."), "\"$.a.\" has nothing after \"$.a.\", expected a name");
        assert_eq!(error("$.a..b"), "\"$.a..b\" has '.' after \"$.a.\", expected a name");
        assert_eq!(error("$.[0]"), "\"$.[0]\" has '[' after \"$.\", expected a name");
        assert_eq!(error("$.a]"), "\"$.a]\" has ']' after \"$.a\", expected . or [");
        assert_eq!(error("$.a[0]b"), "\"$.a[0]b\" has 'b' after \"$.a[0]\", expected . or [");
        assert_eq!(error("$.a[0"), "\"$.a[0\" has a [ without a ], expected one such as [0]");
        for index in ["", "x", "-1", "+1", "01", "*", "1.0", " 1", "4294967296", "'b'"] {
            let text = format!("$.a[{index}]");
            let expected = "expected a place counted from 0 such as [0]";
            assert_eq!(error(&text), format!("\"{text}\" has \"[{index}]\", {expected}"));
        }
        assert!(error(&"é".repeat(10_000)).len() < 500);
        assert!(!error("a\nb").contains('\n'));
    }
}
