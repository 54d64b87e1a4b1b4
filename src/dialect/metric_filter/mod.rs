//! The patterns of CloudWatch metric filters: terms, `[...]` over space-delimited messages and
//! `{...}` over JSON, read and refused as CloudWatch does.
//!
//! A pattern is text until here and tests from here on; `pattern` has those and knows no syntax.

mod compile;
mod expression;
pub(super) mod fault;
#[cfg(test)]
mod fault_tests;
mod fields;
mod filter;
mod json;
mod lexer;
mod parser;
mod terms;
#[cfg(test)]
mod tests;
mod transformation;
mod value;

use crate::error::{Error, ErrorKind};
use crate::pattern::{JsonTest, Terms};
pub(crate) use fields::Fields;
pub use filter::MetricFilter;
pub use transformation::{Given, Meaning, Place, Transformation, check, check_length};
pub use value::Value;

/// The longest pattern that CloudWatch takes.
const CHARACTERS_MAX: usize = 1024;

/// The pattern of a CloudWatch metric filter.
///
/// ```
/// use flowagg::dialect::{FilterPattern, PatternKind};
/// let pattern = FilterPattern::parse("[..., bytes > 1000, start, end, action=REJECT, status]")?;
/// assert_eq!(pattern.kind(), PatternKind::Fields);
/// assert!(pattern.has_field("bytes"));
/// let message = b"2 1 eni-1 10.0.0.1 10.0.0.2 443 50000 6 9 1534 1600000000 1600000060 REJECT OK";
/// let extracted = pattern.test(message).unwrap();
/// assert_eq!((extracted[8].name.as_str(), &extracted[8].value[..]), ("$9", &b"9"[..]));
/// assert_eq!((extracted[9].name.as_str(), &extracted[9].value[..]), ("$bytes", &b"1534"[..]));
/// assert_eq!(pattern.test(b"2 1 eni-1 - - - - - - - 1600000000 1600000060 - NODATA"), None);
/// # Ok::<(), flowagg::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct FilterPattern {
    text: String,
    parsed: Parsed,
}

/// Which of CloudWatch's languages a pattern is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PatternKind {
    /// The empty pattern, which every message matches.
    Everything,
    /// Terms such as `ERROR -timeout`, or a lone expression such as `%ERR.*%`.
    Terms,
    /// Fields of a space-delimited message, such as `[ip, status=4*, bytes]`.
    Fields,
    /// Tests of a JSON event, such as `{ $.status = 404 }`.
    Json,
}

/// A value of a message that matches a space-delimited pattern.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Extracted {
    /// `$` and the name of the field, or the position of the token counted from 1.
    pub name: String,
    /// The token without quotes or brackets around it, or the rest of the message as it is written.
    pub value: Vec<u8>,
}

/// A pattern as tests.
#[derive(Debug, Clone)]
pub(crate) enum Parsed {
    /// No test.
    Everything,
    /// Tests of the whole message.
    Terms(Terms),
    /// Tests of its tokens.
    Fields(Fields),
    /// Tests of the JSON object that it is.
    Json(JsonTest),
}

impl FilterPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`ErrorKind::Pattern`] with three lines: what CloudWatch says, the pattern with a caret
    /// under the place, and after the caret what was expected. Of a pattern that is too long, one.
    ///
    /// ```
    /// use flowagg::dialect::FilterPattern;
    /// let error = FilterPattern::parse("ERR*").unwrap_err();
    /// let lines = [
    ///     "Invalid character(s) in term '*'",
    ///     "  ERR*",
    ///     "     ^ expected letters, digits or _; quote anything else, such as \"ERR*\"",
    /// ];
    /// assert_eq!(error.to_string(), lines.join("\n"));
    /// ```
    pub fn parse(text: &str) -> Result<FilterPattern, Error> {
        // A text of many bytes is refused without a look at them.
        let characters = match text.len() {
            0..=CHARACTERS_MAX => text.len(),
            _ => text.chars().count(),
        };
        if characters > CHARACTERS_MAX {
            let message = format!("{characters} characters, a pattern has at most 1,024");
            return Err(Error::new(ErrorKind::Pattern, message));
        }
        let parsed = match text.trim_ascii_start().as_bytes().first() {
            None => Ok(Parsed::Everything),
            Some(b'[') => fields::parse(text).map(Parsed::Fields),
            Some(b'{') => json::parse(text).map(Parsed::Json),
            Some(_) => terms::parse(text).map(Parsed::Terms),
        };
        let parsed = parsed.map_err(|fault| fault.into_error(text))?;
        Ok(Self { text: text.to_owned(), parsed })
    }

    /// The pattern as it is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Which language it is in.
    pub fn kind(&self) -> PatternKind {
        match self.parsed() {
            Parsed::Everything => PatternKind::Everything,
            Parsed::Terms(_) => PatternKind::Terms,
            Parsed::Fields(_) => PatternKind::Fields,
            Parsed::Json(_) => PatternKind::Json,
        }
    }

    /// The pattern as tests.
    pub(crate) fn parsed(&self) -> &Parsed {
        &self.parsed
    }

    /// Whether it is a space-delimited pattern with a field of that name, written without `$`.
    pub fn has_field(&self, name: &str) -> bool {
        match self.parsed() {
            Parsed::Fields(fields) => {
                fields.iter().any(|field| field.name.as_deref() == Some(name))
            }
            _ => false,
        }
    }

    /// What may surprise about the pattern, though CloudWatch takes it.
    ///
    /// ```
    /// use flowagg::dialect::FilterPattern;
    /// let surprise = FilterPattern::parse("?ERROR ?WARN disk")?.surprise().unwrap();
    /// assert!(surprise.starts_with("the terms with ? are ignored"));
    /// assert_eq!(FilterPattern::parse("?ERROR ?WARN")?.surprise(), None);
    /// # Ok::<(), flowagg::Error>(())
    /// ```
    pub fn surprise(&self) -> Option<&'static str> {
        match self.parsed() {
            Parsed::Terms(Terms::Texts { ignores_optional: true, .. }) => Some(
                "the terms with ? are ignored, as CloudWatch does where not every term has one",
            ),
            _ => None,
        }
    }

    /// Whether it is a space-delimited pattern with an ellipsis, so that it takes tokens that it
    /// does not name.
    pub(crate) fn has_ellipsis(&self) -> bool {
        matches!(self.parsed(), Parsed::Fields(fields) if fields.after.is_some())
    }

    /// Tests a message: nothing if it does not match, else the values that CloudWatch shows, in
    /// the order of the tokens. Only space-delimited patterns show values.
    pub fn test(&self, message: &[u8]) -> Option<Vec<Extracted>> {
        let holds = match self.parsed() {
            Parsed::Everything => true,
            Parsed::Terms(terms) => terms.holds(message),
            Parsed::Fields(fields) => return fields.test(message),
            Parsed::Json(test) => str::from_utf8(message).is_ok_and(|event| test.holds(event)),
        };
        holds.then(Vec::new)
    }
}
