//! CloudWatch Contributor Insights rules: JSON in, a [`Query`] out.
//!
//! A rule is checked as a whole before a byte of a log is read, and all that is wrong with it is
//! said at once: whoever writes rules should not need a run per mistake. What CloudWatch refuses
//! for reasons that mean nothing offline (length, characters, log groups) is a warning where a
//! rule is run, and an error where it is only checked.
//!
//! An event of a CLF rule is a record's values in order, whatever its log-status: CloudWatch sees
//! text and knows nothing of flow logs. `by_name` turns that around, for logs in other layouts.

mod check;
pub(super) mod explain;
mod filters;
pub(super) mod names;

#[cfg(test)]
mod filter_tests;
#[cfg(test)]
mod sample_tests;
#[cfg(test)]
mod tests;

use super::findings::Findings;
use super::json::{Json, quoted};
use crate::batch::Form;
use crate::error::{Error, ErrorKind, excerpt};
use crate::field::Kind;
use crate::filter::Filter;
use crate::layout::{Column, Layout};
use crate::measure::Measure;
use crate::query::{Query, Scope};
use check::Draft;
use names::{Named, flow_field};

/// The longest rule that CloudWatch takes.
const RULE_CHARACTERS_MAX: usize = 8192;

/// Larger texts are refused unread: 32 times CloudWatch's limit leaves room for any indentation.
const RULE_BYTES_MAX: usize = 256 * 1024;

/// A Contributor Insights rule, for space-separated logs (`"LogFormat": "CLF"`) or for events that
/// are JSON objects (`"LogFormat": "JSON"`).
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
    draft: Draft,
    query: Query,
    warnings: Vec<String>,
}

impl InsightRule {
    /// Reads a rule that is to be run.
    ///
    /// # Errors
    /// [`ErrorKind::Rule`] with a line for each thing that is wrong: the JSON path, what was found
    /// there and what was expected.
    ///
    /// ```
    /// use flowagg::dialect::InsightRule;
    /// let error = InsightRule::parse(b"[]").unwrap_err();
    /// assert_eq!(error.to_string(), "$: an array, expected an object");
    /// ```
    pub fn parse(text: &[u8]) -> Result<InsightRule, Error> {
        Self::read(text, Findings::default())
    }

    /// Reads a rule that is to be created in CloudWatch, so that what CloudWatch refuses is wrong
    /// even where it means nothing offline: the length, characters, log groups.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    ///
    /// ```
    /// use flowagg::dialect::InsightRule;
    /// let rule = br#"{"Schema": {"Name": "CloudWatchLogRule", "Version": 1}, "LogFormat": "JSON",
    ///     "Contribution": {"Keys": ["$.ip"]}, "AggregateOn": "Count"}"#;
    /// assert_eq!(InsightRule::parse(rule)?.warnings().len(), 1);
    /// let error = InsightRule::check(rule).unwrap_err().to_string();
    /// assert!(error.starts_with("$: no LogGroupNames and no LogGroupARNs"));
    /// # Ok::<(), flowagg::Error>(())
    /// ```
    pub fn check(text: &[u8]) -> Result<InsightRule, Error> {
        Self::read(text, Findings::of_check())
    }

    fn read(text: &[u8], mut findings: Findings) -> Result<InsightRule, Error> {
        let fail = |message: String| Err(Error::new(ErrorKind::Rule, message));
        if text.len() > RULE_BYTES_MAX {
            return fail(format!("$: {} bytes, a rule has at most 8,192 characters", text.len()));
        }
        let draft = match Json::parse(text, "rule") {
            Ok(rule) => {
                check_characters(text, &mut findings);
                check::draft(&rule, &mut findings)
            }
            Err(message) => return fail(message),
        };
        let warnings = findings.into_warnings(ErrorKind::Rule)?;
        let query = query(&draft)?;
        Ok(Self { draft, query, warnings })
    }

    /// The rule with its aliases as names of fields, wherever a log has them: an alias that is
    /// the name of a flow-log field means that field, any other the column of that name.
    /// Positions and the paths of JSON rules stay what they are.
    ///
    /// # Errors
    /// [`ErrorKind::Rule`] if two keys are one field, or if what is summed is no number field.
    ///
    /// ```
    /// # let text = std::fs::read("rules/top_srcaddr_rule.json").unwrap();
    /// use flowagg::dialect::InsightRule;
    /// let rule = InsightRule::parse(&text)?.by_name()?;
    /// assert_eq!(rule.key_labels(), ["srcaddr"]);
    /// # Ok::<(), flowagg::Error>(())
    /// ```
    pub fn by_name(mut self) -> Result<InsightRule, Error> {
        let draft = &mut self.draft;
        let tested = draft.tests.iter_mut().map(|test| &mut test.field);
        for field in draft.keys.iter_mut().chain(&mut draft.value).chain(tested) {
            if field.is_alias {
                field.column = match flow_field(&field.written) {
                    Some(known) => Column::Field(known),
                    None => Column::Name(field.written.clone()),
                };
            }
        }
        let mut findings = Findings::default();
        for (at, key) in draft.keys.iter().enumerate() {
            if let Some(first) = draft.keys[..at].iter().find(|other| other.column == key.column) {
                let (first, key) = (quoted(&first.written), quoted(&key.written));
                let text = format!("by name {key} is the same field as {first}, expected others");
                findings.error(&format!("$.Contribution.Keys[{at}]"), text);
            }
        }
        if let Some(Named { column: Column::Field(field), .. }) = &draft.value
            && !matches!(field.kind(), Kind::Number(_))
        {
            let text = format!("by name this is {field}, expected a number field such as bytes");
            findings.error("$.Contribution.ValueOf", text);
        }
        findings.into_warnings(ErrorKind::Rule)?;
        self.query = query(draft)?;
        Ok(self)
    }

    /// What does not fit a log of this layout: a sentence for each alias that the rule uses and
    /// that is the name of a flow-log field, but stands for another column.
    ///
    /// ```
    /// # let text = std::fs::read("rules/top_srcaddr_rule.json").unwrap();
    /// use flowagg::{Layout, dialect::InsightRule};
    /// let rule = InsightRule::parse(&text)?;
    /// assert!(rule.misplaced(&Layout::v2()).is_empty());
    /// let layout = Layout::new(["srcaddr", "dstaddr", "bytes"])?;
    /// assert_eq!(
    ///     rule.misplaced(&layout)[0],
    ///     "alias \"srcaddr\" is position 4, where nothing stands; srcaddr is at 1"
    /// );
    /// # Ok::<(), flowagg::Error>(())
    /// ```
    pub fn misplaced(&self, layout: &Layout) -> Vec<String> {
        let sentence = |(position, alias): &(usize, String)| {
            let field = flow_field(alias)?;
            let means = |used: &Named| {
                used.is_alias
                    && used.written == *alias
                    && used.column == Column::Position(*position)
            };
            let column = position - 1;
            if layout.field(column) == Some(field) || !self.fields().any(means) {
                return None;
            }
            let found = match layout.name(column) {
                Some(name) => format!("{} stands", excerpt(name)),
                None => "nothing stands".to_owned(),
            };
            let place = match layout.position(field) {
                Some(column) => format!("{field} is at {}", column + 1),
                None => format!("there is no {field}"),
            };
            Some(format!("alias {} is position {position}, where {found}; {place}", quoted(alias)))
        };
        self.draft.aliases.iter().filter_map(sentence).collect()
    }

    /// All fields that the rule uses.
    fn fields(&self) -> impl Iterator<Item = &Named> {
        let draft = &self.draft;
        let tested = draft.tests.iter().map(|test| &test.field);
        draft.keys.iter().chain(&draft.value).chain(tested)
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
        self.draft.statistic
    }

    /// The name of what is summed, as the rule spells it; none where events are counted.
    pub fn measured(&self) -> Option<&str> {
        self.draft.value.as_ref().map(|value| value.written.as_str())
    }

    /// What its events are: records of values in order, or JSON objects.
    pub fn form(&self) -> Form {
        self.draft.form
    }

    /// The question that the rule asks, for `top` contributors; 0 for all.
    pub fn to_query(&self, top: usize) -> Query {
        self.query.clone().with_top(top)
    }
}

/// The question that a draft asks.
fn query(draft: &Draft) -> Result<Query, Error> {
    let tests = draft.tests.iter();
    let measure = draft.value.as_ref().map(|value| Measure::Sum(value.column.clone()));
    Query::builder()
        .form(draft.form)
        .scope(Scope::All)
        .filter(tests.fold(Filter::new(), |filter, test| test.and(filter)))
        .group_by(draft.keys.iter().map(|key| key.column.clone()))
        .labels(draft.keys.iter().map(|key| key.written.as_str()))
        .measure(measure.unwrap_or(Measure::Count))
        .build()
}

/// Finds texts that CloudWatch refuses for their length or their characters.
fn check_characters(text: &[u8], findings: &mut Findings) {
    let characters = text.iter().filter(|&&byte| byte & 0xc0 != 0x80).count();
    if characters > RULE_CHARACTERS_MAX {
        let text = format!("{characters} characters, CloudWatch takes at most 8,192");
        findings.violation("$", &text);
    }
    if let Some(at) = text.iter().position(|byte| !byte.is_ascii()) {
        let line = text[..at].iter().filter(|&&byte| byte == b'\n').count() + 1;
        let text = format!("a character beyond ASCII at line {line}, CloudWatch takes only ASCII");
        findings.violation("$", &text);
    }
}
