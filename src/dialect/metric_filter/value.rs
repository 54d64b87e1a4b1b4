//! What a metric value or a dimension means: a number, a field of a pattern in `[...]`, or a value
//! of a JSON event.

use std::fmt;

use super::{Fields, FilterPattern, Parsed, PatternKind};
use crate::amount::Amount;
use crate::dialect::insight_rule::names::{known_position, position};
use crate::dialect::json::quoted;
use crate::json::JsonPath;

/// What CloudWatch says of a dimension that is no selector.
const NO_SELECTOR: &str = "Invalid metric transformation: dimension value must be valid selector";

/// What is published for an event that matches.
///
/// ```
/// use flowagg::dialect::{FilterPattern, MetricFilter, Transformation, Value};
/// let pattern = FilterPattern::parse("[..., bytes, start, end, action, status]")?;
/// let filter = MetricFilter::new(pattern, Transformation::new("Bytes", "$bytes"))?;
/// assert_eq!(filter.value(), &Value::Field("bytes".to_owned()));
/// assert_eq!(filter.value().to_string(), "$bytes");
/// # Ok::<(), flowagg::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Value {
    /// The same number for each event.
    Constant(Amount),
    /// The field of that name, without the `$`, of a pattern in `[...]`.
    Field(String),
    /// The token at this position of the event, counted from 1.
    Position(usize),
    /// A value of a JSON event.
    Path(JsonPath),
}

impl Value {
    /// Reads a metric value of a filter whose pattern is of that kind; none if the pattern is not
    /// valid, so that no selector is known to be of the wrong kind. The error says what was found
    /// and what was expected.
    pub(super) fn read(text: &str, kind: Option<PatternKind>) -> Result<Self, String> {
        if let Some(amount) = Amount::parse_value(text.as_bytes()) {
            return Ok(Self::Constant(amount));
        }
        let found = quoted(text);
        if Amount::parse(text.as_bytes()).is_some() {
            return Err(format!("{found}, expected a number of a magnitude below 2^64"));
        }
        let says = |found: String| {
            format!(
                "{found}; CloudWatch says: Invalid metric transformation: metric value {} must be \
                 a valid number",
                plain(text)
            )
        };
        let or = match kind {
            Some(PatternKind::Fields) => " or a field such as $bytes",
            Some(PatternKind::Json) => " or a value such as $.bytes",
            Some(_) => "",
            None => " or a selector such as $bytes or $.bytes",
        };
        match (text.starts_with('$'), kind) {
            (false, _) => Err(says(format!("{found}, expected a number such as 1{or}"))),
            (true, None | Some(PatternKind::Fields | PatternKind::Json)) => {
                Self::selector(text, kind).map_err(|wrong| match wrong {
                    Wrong::Kind(message) => message,
                    Wrong::Selector(message) => says(message),
                })
            }
            (true, Some(_)) => Err(format!(
                "{found}, expected a number such as 1; only patterns in [...] have fields, and \
                 only those in {{...}} values of JSON"
            )),
        }
    }

    /// Reads the value of a dimension, likewise.
    pub(super) fn read_dimension(text: &str, kind: Option<PatternKind>) -> Result<Self, String> {
        let says = |found: String| format!("{found}; CloudWatch says: {NO_SELECTOR}");
        if !text.starts_with('$') {
            let example = match kind {
                Some(PatternKind::Json) => "a selector such as $.action",
                Some(_) => "a selector such as $action",
                None => "a selector such as $action or $.action",
            };
            return Err(says(format!("{}, expected {example}", quoted(text))));
        }
        Self::selector(text, kind).map_err(|wrong| match wrong {
            Wrong::Kind(message) => message,
            Wrong::Selector(message) => says(message),
        })
    }

    fn selector(text: &str, kind: Option<PatternKind>) -> Result<Self, Wrong> {
        let is_path = text.starts_with("$.") || text.starts_with("$[");
        let is_json = kind.map_or(is_path, |kind| kind == PatternKind::Json);
        let name = text.trim_start_matches(['$', '.']);
        match (is_json, is_path) {
            (true, true) => JsonPath::parse_selector(text).map(Self::Path).map_err(Wrong::Selector),
            (false, false) => field(text).map_err(Wrong::Selector),
            (true, false) => Err(Wrong::Kind(format!(
                "{} is a field of a pattern in [...]; of one in {{...}} write {}",
                quoted(text),
                if is_name(name) { format!("$.{name}") } else { "a value such as $.bytes".into() }
            ))),
            (false, true) => Err(Wrong::Kind(format!(
                "{} is a value of a pattern in {{...}}; of one in [...] write {}",
                quoted(text),
                if is_name(name) { format!("${name}") } else { "a field such as $bytes".into() }
            ))),
        }
    }

    /// What may surprise: a value that no event has. It begins with the selector.
    pub(super) fn surprise(&self, pattern: &FilterPattern) -> Option<String> {
        match self {
            Self::Field(name) if !pattern.has_field(name) => {
                let found = format!("{self} is no field of the pattern, so no value is published");
                Some(match known_position(name) {
                    Some(position) if pattern.has_ellipsis() => {
                        format!(
                            "{found}; name it in the pattern, or write its position: ${position}"
                        )
                    }
                    _ => format!("{found}; name it in the pattern"),
                })
            }
            Self::Position(position) => match pattern.parsed() {
                Parsed::Fields(Fields { before, after: None }) if before.len() < *position => {
                    let fields = before.len();
                    Some(format!(
                        "{self} is beyond the pattern's {fields} fields, so no value is \
                         published; end the pattern with `, ...]`"
                    ))
                }
                _ => None,
            },
            _ => None,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant(amount) => amount.fmt(f),
            Self::Field(name) => write!(f, "${name}"),
            Self::Position(position) => write!(f, "${position}"),
            Self::Path(path) => path.fmt(f),
        }
    }
}

/// What is wrong with a selector.
enum Wrong {
    /// It is one of the other kind of pattern.
    Kind(String),
    /// It is none.
    Selector(String),
}

/// Reads `$name` or `$10`.
fn field(text: &str) -> Result<Value, String> {
    let name = &text[1..];
    if name.starts_with(|first: char| first.is_ascii_digit()) {
        let position = position(name).ok_or_else(|| {
            format!("{} is no position, expected one from $1 such as $10", quoted(text))
        })?;
        return Ok(Value::Position(position));
    }
    if is_name(name) {
        return Ok(Value::Field(name.to_owned()));
    }
    Err(format!("{} is no field, expected one such as $bytes or $10", quoted(text)))
}

/// Whether a text can be the name of a field.
fn is_name(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let first = text.as_bytes().first();
    first.is_some_and(|&first| first.is_ascii_alphabetic() || first == b'_')
        && text.bytes().all(is_part)
}

/// A text without quotes, as CloudWatch shows it, but short and on one line.
fn plain(text: &str) -> String {
    quoted(text).trim_matches('"').to_owned()
}
