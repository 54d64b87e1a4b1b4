//! The `$` notation in which rules name a value of a JSON event.

use std::fmt;

/// The most characters of a path that a message shows.
const SHOWN_MAX: usize = 80;

/// A place in a JSON event: `$.a`, `$.a.b`, `$.users[1].name`.
///
/// A name is any run of characters but `.`, `[` and `]`; elements count from 0.
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

    /// The steps from the event to the value.
    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }
}

impl fmt::Display for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("$")?;
        self.steps.iter().try_for_each(|step| match step {
            Step::Name(name) => write!(f, ".{name}"),
            Step::Place(place) => write!(f, "[{place}]"),
        })
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
