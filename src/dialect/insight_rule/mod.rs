//! CloudWatch Contributor Insights rules: JSON in, a [`Query`] out.
//!
//! A rule is checked as a whole before a byte of a log is read, and all that is wrong with it is
//! said at once: whoever writes rules should not need a run per mistake. What CloudWatch knows
//! and this version does not is an error too; a filter that is silently left out would give an
//! answer that looks right.
//!
//! An event is a record's values in order, whatever its log-status: CloudWatch sees text and
//! knows nothing of flow logs.

mod check;
mod filters;
mod json;
mod names;
#[cfg(test)]
mod tests;

use crate::error::{Error, ErrorKind};
use crate::query::{Measure, Query, Scope};
use check::Draft;
use json::Json;

/// The longest rule that CloudWatch takes.
const RULE_CHARACTERS_MAX: usize = 8192;

/// Mistakes beyond these are only counted; a text with more is hardly meant as a rule.
const ERRORS_MAX: usize = 100;

/// A Contributor Insights rule for space-separated logs (`"LogFormat": "CLF"`).
///
/// ```
/// use flowagg::dialect::InsightRule;
/// let rule = InsightRule::parse(br#"{
///     "Schema": {"Name": "CloudWatchLogRule", "Version": 1},
///     "LogGroupNames": ["/vpc/flow-logs"],
///     "LogFormat": "CLF",
///     "Fields": {"4": "srcaddr", "10": "bytes", "13": "action"},
///     "Contribution": {
///         "Keys": ["srcaddr"],
///         "ValueOf": "bytes",
///         "Filters": [{"Match": "action", "In": ["ACCEPT"]}]
///     },
///     "AggregateOn": "Sum"
/// }"#)?;
/// assert_eq!(rule.key_labels(), ["srcaddr"]);
/// assert_eq!(rule.statistic(), "Sum");
/// assert_eq!(rule.measured(), Some("bytes"));
/// assert!(rule.warnings().is_empty());
/// let query = rule.to_query(10);
/// assert_eq!(query.top(), 10);
/// # Ok::<(), flowagg::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct InsightRule {
    query: Query,
    statistic: &'static str,
    measured: Option<String>,
    warnings: Vec<String>,
}

impl InsightRule {
    /// Reads and checks a rule.
    ///
    /// # Errors
    /// [`ErrorKind::Rule`] with a line for each thing that is wrong, or that this version does
    /// not do: the JSON path, what was found there and what was expected.
    ///
    /// ```
    /// use flowagg::dialect::InsightRule;
    /// let error = InsightRule::parse(b"[]").unwrap_err();
    /// assert_eq!(error.to_string(), "$: an array, expected an object");
    /// ```
    pub fn parse(text: &[u8]) -> Result<InsightRule, Error> {
        let mut findings = Findings::default();
        let draft = match Json::parse(text) {
            Ok(rule) => {
                check_characters(text, &mut findings);
                check::draft(&rule, &mut findings)
            }
            Err(message) => return Err(Error::new(ErrorKind::Rule, message)),
        };
        let warnings = findings.into_warnings()?;
        let Draft { columns, labels, value, measured, filter, statistic } = draft;
        let query = Query::builder()
            .scope(Scope::All)
            .filter(filter)
            .group_by(columns)
            .labels(labels)
            .measure(value.map_or(Measure::Count, Measure::Sum))
            .build()?;
        Ok(Self { query, statistic, measured, warnings })
    }

    /// What CloudWatch would refuse or what may surprise, each beginning with the JSON path; none
    /// of it keeps the rule from running here.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The names of the keys, as the rule spells them.
    pub fn key_labels(&self) -> &[String] {
        self.query.labels()
    }

    /// What is aggregated, in the rule's own word: `Sum` or `Count`.
    pub fn statistic(&self) -> &str {
        self.statistic
    }

    /// The name of what is summed, as the rule spells it; none where events are counted.
    pub fn measured(&self) -> Option<&str> {
        self.measured.as_deref()
    }

    /// The question that the rule asks, for `top` contributors; 0 for all.
    pub fn to_query(&self, top: usize) -> Query {
        self.query.clone().with_top(top)
    }
}

/// What was found while checking: errors and warnings, each a line that begins with its place.
#[derive(Debug, Default)]
struct Findings {
    errors: Vec<String>,
    more: usize,
    warnings: Vec<String>,
}

impl Findings {
    fn error(&mut self, path: &str, text: impl AsRef<str>) {
        if self.is_full() {
            self.more += 1;
        } else {
            self.errors.push(format!("{path}: {}", text.as_ref()));
        }
    }

    fn warning(&mut self, path: &str, text: &str) {
        self.warnings.push(format!("{path}: {text}"));
    }

    /// Whether further errors are only counted, and need no costly advice.
    fn is_full(&self) -> bool {
        self.errors.len() >= ERRORS_MAX
    }

    fn into_warnings(mut self) -> Result<Vec<String>, Error> {
        if self.errors.is_empty() {
            return Ok(self.warnings);
        }
        if self.more > 0 {
            self.errors.push(format!("$: {} more errors", self.more));
        }
        Err(Error::new(ErrorKind::Rule, self.errors.join("\n")))
    }
}

/// Warns of texts that CloudWatch refuses for their length or their characters.
fn check_characters(text: &[u8], findings: &mut Findings) {
    let characters = text.iter().filter(|&&byte| byte & 0xc0 != 0x80).count();
    if characters > RULE_CHARACTERS_MAX {
        let text = format!("{characters} characters, CloudWatch takes at most 8,192");
        findings.warning("$", &text);
    }
    if let Some(at) = text.iter().position(|byte| !byte.is_ascii()) {
        let line = text[..at].iter().filter(|&&byte| byte == b'\n').count() + 1;
        let text = format!("a character beyond ASCII at line {line}, CloudWatch takes only ASCII");
        findings.warning("$", &text);
    }
}
