//! What a metric filter publishes, and whether CloudWatch takes it.

use std::collections::HashSet;

use super::value::Value;
use super::{FilterPattern, PatternKind};
use crate::dialect::findings::Findings;
use crate::dialect::json::{member, quoted};
use crate::nearest::nearest;

/// CloudWatch's limit of dimensions.
const DIMENSIONS_MAX: usize = 3;

/// The most characters of a metric's name, of its namespace, of a dimension's name and value.
const NAME_CHARACTERS_MAX: usize = 255;

/// Numbers of this magnitude and more are not added up.
const DEFAULT_MAX: f64 = 18_446_744_073_709_551_616.0;

/// The most characters of a metric value.
const VALUE_CHARACTERS_MAX: usize = 100;

/// The units of CloudWatch, as PutMetricFilter lists them.
const UNITS: [&str; 27] = [
    "Seconds",
    "Microseconds",
    "Milliseconds",
    "Bytes",
    "Kilobytes",
    "Megabytes",
    "Gigabytes",
    "Terabytes",
    "Bits",
    "Kilobits",
    "Megabits",
    "Gigabits",
    "Terabits",
    "Percent",
    "Count",
    "Bytes/Second",
    "Kilobytes/Second",
    "Megabytes/Second",
    "Gigabytes/Second",
    "Terabytes/Second",
    "Bits/Second",
    "Kilobits/Second",
    "Megabits/Second",
    "Gigabits/Second",
    "Terabits/Second",
    "Count/Second",
    "None",
];

/// What a metric filter publishes, as it is written.
///
/// ```
/// use flowagg::dialect::Transformation;
/// let bytes = Transformation::new("AcceptedBytes", "$bytes")
///     .namespace("VPCFlowLogs")
///     .unit("Bytes")
///     .default_value(0.0);
/// assert_eq!(bytes.metric_name, "AcceptedBytes");
/// assert_eq!(bytes.default, Some(0.0));
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Transformation {
    /// The name of the metric.
    pub metric_name: String,
    /// The namespace of the metric.
    pub namespace: Option<String>,
    /// What each event adds: a number, or a selector such as `$bytes` or `$.bytes`.
    pub value: String,
    /// What is published for events that do not match.
    pub default: Option<f64>,
    /// The unit; without one it is `None`, which is a unit of CloudWatch.
    pub unit: Option<String>,
    /// The dimensions: names, and selectors of their values.
    pub dimensions: Vec<(String, String)>,
}

impl Transformation {
    /// A metric of that name, to which each event that matches adds `value`.
    pub fn new(metric_name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            metric_name: metric_name.into(),
            namespace: None,
            value: value.into(),
            default: None,
            unit: None,
            dimensions: Vec::new(),
        }
    }

    /// The same in a namespace.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// The same with a value for events that do not match.
    pub fn default_value(mut self, default: f64) -> Self {
        self.default = Some(default);
        self
    }

    /// The same with a unit.
    pub fn unit(mut self, unit: impl Into<String>) -> Self {
        self.unit = Some(unit.into());
        self
    }

    /// The same with one more dimension: its name, and the selector of its value.
    pub fn dimension(mut self, name: impl Into<String>, selector: impl Into<String>) -> Self {
        self.dimensions.push((name.into(), selector.into()));
        self
    }
}

/// Where the members of something stand, and how they are spelled there.
#[derive(Debug, Clone)]
pub struct Place {
    /// The path of the object.
    pub path: String,
    /// Whether members begin with a capital, as in templates.
    pub is_template: bool,
}

impl Place {
    /// A member as it is spelled there.
    pub fn spelled(&self, name: &str) -> String {
        let mut characters = name.chars();
        match characters.next() {
            Some(first) if self.is_template => {
                first.to_ascii_uppercase().to_string() + characters.as_str()
            }
            _ => name.to_owned(),
        }
    }

    /// The path of a member.
    pub fn of(&self, name: &str) -> String {
        member(&self.path, &self.spelled(name))
    }
}

/// A transformation as far as it could be read.
#[derive(Debug, Default)]
pub struct Given {
    /// The name.
    pub metric_name: Option<String>,
    /// The namespace.
    pub namespace: Option<String>,
    /// What each event adds.
    pub value: Option<String>,
    /// What events add that do not match.
    pub default: Option<f64>,
    /// The unit.
    pub unit: Option<String>,
    /// The dimensions with the paths of their values.
    pub dimensions: Vec<(String, String, String)>,
}

/// What a transformation's selectors mean.
#[derive(Debug, Clone)]
pub struct Meaning {
    /// What each event adds.
    pub value: Value,
    /// The values of the dimensions, in their order.
    pub dimensions: Vec<Value>,
}

/// Checks a transformation against its pattern, which is none if that is not valid. What it means
/// is only whole if nothing was found to be wrong.
pub fn check(
    given: &Given,
    pattern: Option<&FilterPattern>,
    place: &Place,
    findings: &mut Findings,
) -> Option<Meaning> {
    if let Some(name) = &given.metric_name {
        check_name(name, place, "metricName", findings);
    }
    if let Some(name) = &given.namespace {
        check_name(name, place, "metricNamespace", findings);
    }
    if let Some(unit) = &given.unit {
        check_unit(unit, &place.of("unit"), findings);
    }
    if given.default.is_some_and(|default| !default.is_finite() || default.abs() >= DEFAULT_MAX) {
        let text = "expected a number of a magnitude below 2^64 such as 0";
        findings.error(&place.of("defaultValue"), text);
    }
    if let Some(surprise) = pattern.and_then(FilterPattern::surprise) {
        findings.warning(&place.of("filterPattern"), surprise);
    }
    let dimensions = check_dimensions(given, pattern, place, findings);
    let text = given.value.as_deref()?;
    let path = place.of("metricValue");
    let length = text.chars().count();
    if length > VALUE_CHARACTERS_MAX {
        let text = format!("{length} characters, CloudWatch takes at most {VALUE_CHARACTERS_MAX}");
        findings.violation(&path, &text);
    }
    let value = read(Value::read, text, pattern, &path, findings)?;
    Some(Meaning { value, dimensions })
}

/// Reads a selector, and says what is wrong with it or may surprise.
fn read(
    read: fn(&str, Option<PatternKind>) -> Result<Value, String>,
    text: &str,
    pattern: Option<&FilterPattern>,
    path: &str,
    findings: &mut Findings,
) -> Option<Value> {
    match read(text, pattern.map(FilterPattern::kind)) {
        Ok(value) => {
            if let Some(surprise) = pattern.and_then(|pattern| value.surprise(pattern)) {
                findings.warning(path, surprise);
            }
            Some(value)
        }
        Err(message) => {
            findings.error(path, message);
            None
        }
    }
}

/// Checks the name of a metric or its namespace.
fn check_name(name: &str, place: &Place, member: &str, findings: &mut Findings) {
    let path = &place.of(member);
    // A reference of a template stands in it: its value is not known.
    if place.is_template && name.contains("${") {
        return;
    }
    check_length(name, path, NAME_CHARACTERS_MAX, findings);
    if let Some(found) = name.chars().find(|character| matches!(character, ':' | '*' | '$')) {
        let text = format!("{} has {found:?}, CloudWatch takes no :, * and $", quoted(name));
        findings.violation(path, &text);
    }
}

/// Checks that a name is there and that CloudWatch takes its length.
pub fn check_length(name: &str, path: &str, most: usize, findings: &mut Findings) {
    if name.is_empty() {
        findings.error(path, format!("\"\", expected 1 to {most} characters"));
    }
    let length = name.chars().count();
    if length > most {
        findings.violation(path, &format!("{length} characters, CloudWatch takes at most {most}"));
    }
}

fn check_unit(unit: &str, path: &str, findings: &mut Findings) {
    if UNITS.contains(&unit) {
        return;
    }
    let advice = match nearest(unit, UNITS) {
        Some(near) => format!("did you mean {}?", quoted(near)),
        None => format!("the units are {}", UNITS.join(", ")),
    };
    findings.error(path, format!("{}, expected a unit of CloudWatch; {advice}", quoted(unit)));
}

fn check_dimensions(
    given: &Given,
    pattern: Option<&FilterPattern>,
    place: &Place,
    findings: &mut Findings,
) -> Vec<Value> {
    let path = place.of("dimensions");
    if given.dimensions.is_empty() {
        return Vec::new();
    }
    if given.default.is_some() {
        let default = place.spelled("defaultValue");
        findings.error(
            &path,
            format!(
                "beside {default}, expected one of the two; CloudWatch says: Invalid metric \
                 transformation: dimensions and default value are mutually exclusive properties"
            ),
        );
    }
    let count = given.dimensions.len();
    if count > DIMENSIONS_MAX {
        findings.error(&path, format!("{count} dimensions, expected at most {DIMENSIONS_MAX}"));
    }
    if let Some(PatternKind::Everything | PatternKind::Terms) = pattern.map(FilterPattern::kind) {
        let says = "CloudWatch says: The specified filter pattern does not support dimensions";
        let text = "the pattern has no fields, expected no dimensions, or one in [...] or {...}";
        findings.error(&path, format!("{text}; {says}"));
        return Vec::new();
    }
    let mut values = Vec::new();
    let mut seen = HashSet::new();
    for (name, text, path) in &given.dimensions {
        check_length(name, path, NAME_CHARACTERS_MAX, findings);
        check_length(text, path, NAME_CHARACTERS_MAX, findings);
        if !seen.insert(name) {
            findings.error(path, format!("dimension {} again, expected it once", quoted(name)));
        }
        values.extend(read(Value::read_dimension, text, pattern, path, findings));
    }
    values
}
