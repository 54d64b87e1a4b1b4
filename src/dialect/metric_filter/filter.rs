//! A metric filter: a pattern and what it publishes, checked against each other.

use super::FilterPattern;
use super::transformation::{Given, Meaning, Place, Transformation, check};
use super::value::Value;
use crate::dialect::findings::Findings;
use crate::dialect::json::member;
use crate::error::{Error, ErrorKind};

/// A metric filter that is valid.
///
/// ```
/// use flowagg::dialect::{FilterPattern, MetricFilter, Transformation};
/// let pattern = FilterPattern::parse("[..., action=ACCEPT, status]")?;
/// let filter = MetricFilter::new(pattern, Transformation::new("Bytes", "$bytes"))?;
/// assert_eq!(
///     filter.warnings(),
///     ["$.metricValue: $bytes is no field of the pattern, so no value is published; name it in \
///       the pattern, or write its position: $10"]
/// );
/// # Ok::<(), flowagg::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct MetricFilter {
    pattern: FilterPattern,
    transformation: Transformation,
    meaning: Meaning,
    pub(super) warnings: Vec<String>,
    /// Whether names of fields are names of columns.
    pub(super) is_by_name: bool,
}

impl MetricFilter {
    /// Checks what is to be published against the pattern.
    ///
    /// # Errors
    /// [`ErrorKind::Filter`] with a line for each thing that is wrong: what CloudWatch calls it,
    /// as a JSON path, what was found there and what was expected.
    ///
    /// ```
    /// use flowagg::dialect::{FilterPattern, MetricFilter, Transformation};
    /// let pattern = FilterPattern::parse("[]")?;
    /// let error = MetricFilter::new(pattern, Transformation::new("Bytes", "$.b")).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "$.metricValue: \"$.b\" is a value of a pattern in {...}; of one in [...] write $b"
    /// );
    /// # Ok::<(), flowagg::Error>(())
    /// ```
    pub fn new(
        pattern: FilterPattern,
        transformation: Transformation,
    ) -> Result<MetricFilter, Error> {
        let place = Place { path: "$".to_owned(), is_template: false };
        let path = place.of("dimensions");
        let dimension =
            |(name, text): &(String, String)| (name.clone(), text.clone(), member(&path, name));
        let given = Given {
            metric_name: Some(transformation.metric_name.clone()),
            namespace: transformation.namespace.clone(),
            value: Some(transformation.value.clone()),
            default: transformation.default,
            unit: transformation.unit.clone(),
            dimensions: transformation.dimensions.iter().map(dimension).collect(),
        };
        let mut findings = Findings::default();
        let meaning = check(&given, Some(&pattern), &place, &mut findings);
        Self::checked(Some((pattern, transformation)).zip(meaning), findings)
    }

    /// The filter, if all of it was read and nothing is wrong.
    pub(in crate::dialect) fn checked(
        read: Option<((FilterPattern, Transformation), Meaning)>,
        findings: Findings,
    ) -> Result<MetricFilter, Error> {
        let warnings = findings.into_warnings(ErrorKind::Filter)?;
        let nothing =
            || Error::new(ErrorKind::Internal, "a filter was not read, and nobody said why");
        let ((pattern, transformation), meaning) = read.ok_or_else(nothing)?;
        Ok(Self { pattern, transformation, meaning, warnings, is_by_name: false })
    }

    /// Which events count.
    pub fn pattern(&self) -> &FilterPattern {
        &self.pattern
    }

    /// What is published, as it is written.
    pub fn transformation(&self) -> &Transformation {
        &self.transformation
    }

    /// What each event that matches adds.
    pub fn value(&self) -> &Value {
        &self.meaning.value
    }

    /// The dimensions: their names, and what their values are.
    pub fn dimensions(&self) -> impl Iterator<Item = (&str, &Value)> {
        let names = self.transformation.dimensions.iter().map(|(name, _)| name.as_str());
        names.zip(&self.meaning.dimensions)
    }

    /// What CloudWatch would refuse or what may surprise, each beginning with the JSON path; none
    /// of it keeps the filter from running here.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amount::Amount;
    use crate::json::JsonPath;

    const NAMES: &str = "[version, accountid, interfaceid, srcaddr, dstaddr, srcport, dstport, \
                         protocol, packets, bytes, start, end, action, logstatus]";

    fn filter(pattern: &str, transformation: Transformation) -> Result<MetricFilter, String> {
        let pattern = FilterPattern::parse(pattern).unwrap();
        MetricFilter::new(pattern, transformation).map_err(|error| error.to_string())
    }

    fn value(pattern: &str, value: &str) -> Result<Value, String> {
        filter(pattern, Transformation::new("m", value)).map(|filter| filter.value().clone())
    }

    fn wrong(pattern: &str, text: &str) -> String {
        let error = value(pattern, text).expect_err(text);
        error.strip_prefix("$.metricValue: ").unwrap_or_else(|| panic!("{error}")).to_owned()
    }

    #[test]
    fn values_of_every_kind() {
        for (text, number) in [("1", "1"), ("-2.50", "-2.5"), ("1e3", "1000"), ("+0", "0")] {
            let number = Amount::parse(number.as_bytes()).unwrap();
            for pattern in ["", "ERROR", NAMES, "{ $.a = 1 }"] {
                assert_eq!(value(pattern, text), Ok(Value::Constant(number)), "{pattern} {text}");
            }
        }
        assert_eq!(value(NAMES, "$bytes"), Ok(Value::Field("bytes".to_owned())));
        assert_eq!(value(NAMES, "$10"), Ok(Value::Position(10)));
        assert_eq!(value("[]", "$log-status"), Ok(Value::Field("log-status".to_owned())));
        for (text, written) in [("$.a.b[0]", "$.a.b[0]"), ("$['a.b']", "$.['a.b']")] {
            let path = JsonPath::parse_selector(text).unwrap();
            let value = value("{ $.a = 1 }", text).unwrap();
            assert_eq!(value.to_string(), written);
            assert_eq!(value, Value::Path(path));
        }
    }

    #[test]
    fn what_is_no_value_is_told_with_what_to_write() {
        let says = |value: &str| {
            format!(
                "; CloudWatch says: Invalid metric transformation: metric value {value} must be a \
                 valid number"
            )
        };
        let json = "{ $.items[*].value = 1 }";
        for (pattern, text, expected) in [
            ("ERROR", "one", "\"one\", expected a number such as 1"),
            (NAMES, "bytes", "\"bytes\", expected a number such as 1 or a field such as $bytes"),
            (json, "NaN", "\"NaN\", expected a number such as 1 or a value such as $.bytes"),
            ("", "0x10", "\"0x10\", expected a number such as 1"),
            ("", "", "\"\", expected a number such as 1"),
            (NAMES, "$0", "\"$0\" is no position, expected one from $1 such as $10"),
            (NAMES, "$01", "\"$01\" is no position, expected one from $1 such as $10"),
            (NAMES, "$", "\"$\" is no field, expected one such as $bytes or $10"),
            (NAMES, "$a b", "\"$a b\" is no field, expected one such as $bytes or $10"),
            (NAMES, "$*", "\"$*\" is no field, expected one such as $bytes or $10"),
            (
                json,
                "$.items[*].value",
                "\"$.items[*].value\" has the wildcard [*], expected a place such as [0]",
            ),
            (json, "$.*", "\"$.*\" has the wildcard .*, expected a name such as .a"),
        ] {
            assert_eq!(wrong(pattern, text), format!("{expected}{}", says(text)));
        }
        for (pattern, text, expected) in [
            (
                json,
                "$bytes",
                "\"$bytes\" is a field of a pattern in [...]; of one in {...} write $.bytes",
            ),
            (
                NAMES,
                "$.bytes",
                "\"$.bytes\" is a value of a pattern in {...}; of one in [...] write $bytes",
            ),
            (
                NAMES,
                "$['a.b']",
                "\"$['a.b']\" is a value of a pattern in {...}; of one in [...] write a field \
                 such as $bytes",
            ),
            (
                "ERROR",
                "$bytes",
                "\"$bytes\", expected a number such as 1; only patterns in [...] have fields, and \
                 only those in {...} values of JSON",
            ),
            ("", "1e30", "\"1e30\", expected a number of a magnitude below 2^64"),
        ] {
            assert_eq!(wrong(pattern, text), expected);
        }
        let hostile = wrong("", &format!("\u{1b}[31m{}", "x".repeat(90)));
        assert!(!hostile.contains(char::is_control) && hostile.len() < 400, "{hostile}");
    }

    #[test]
    fn a_field_that_is_not_there_publishes_nothing() {
        let warnings = |pattern: &str, value: &str| {
            let transformation = Transformation::new("m", value);
            filter(pattern, transformation).unwrap().warnings().to_vec()
        };
        let nothing = |field: &str| {
            format!("$.metricValue: {field} is no field of the pattern, so no value is published")
        };
        assert_eq!(
            warnings("[..., action, status]", "$bytes"),
            [nothing("$bytes") + "; name it in the pattern, or write its position: $10"]
        );
        assert_eq!(
            warnings("[]", "$log-status"),
            [nothing("$log-status") + "; name it in the pattern, or write its position: $14"]
        );
        assert_eq!(
            warnings("[..., size]", "$nothing"),
            [nothing("$nothing") + "; name it in the pattern"]
        );
        for value in ["$bytes", "$10", "$1"] {
            assert!(warnings(NAMES, value).is_empty(), "{value}");
        }
        assert!(warnings("[]", "$99").is_empty());
        let dimension = Transformation::new("m", "1").dimension("Action", "$act");
        assert_eq!(
            filter(NAMES, dimension).unwrap().warnings()[0],
            "$.dimensions.Action: $act is no field of the pattern, so no value is published; name \
             it in the pattern"
        );
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let transformation = Transformation::new("a:b", "x")
            .namespace("n$")
            .unit("bytes/second")
            .default_value(f64::NAN)
            .dimension("A", "$a")
            .dimension("B", "b")
            .dimension("C", "$c*")
            .dimension("C", "$.c");
        assert_eq!(
            filter(NAMES, transformation).unwrap_err().lines().collect::<Vec<_>>(),
            [
                "$.unit: \"bytes/second\", expected a unit of CloudWatch; did you mean \
                 \"Bytes/Second\"?",
                "$.defaultValue: expected a number of a magnitude below 2^64 such as 0",
                "$.dimensions: beside defaultValue, expected one of the two; CloudWatch says: \
                 Invalid metric transformation: dimensions and default value are mutually \
                 exclusive properties",
                "$.dimensions: 4 dimensions, expected at most 3",
                "$.dimensions.B: \"b\", expected a selector such as $action; CloudWatch says: \
                 Invalid metric transformation: dimension value must be valid selector",
                "$.dimensions.C: \"$c*\" is no field, expected one such as $bytes or $10; \
                 CloudWatch says: Invalid metric transformation: dimension value must be valid \
                 selector",
                "$.dimensions.C: dimension \"C\" again, expected it once",
                "$.dimensions.C: \"$.c\" is a value of a pattern in {...}; of one in [...] write \
                 $c",
                "$.metricValue: \"x\", expected a number such as 1 or a field such as $bytes; \
                 CloudWatch says: Invalid metric transformation: metric value x must be a valid \
                 number",
            ]
        );
        for pattern in ["", "ERROR"] {
            let transformation = Transformation::new("m", "1").dimension("A", "$a");
            assert_eq!(
                filter(pattern, transformation).unwrap_err(),
                "$.dimensions: the pattern has no fields, expected no dimensions, or one in [...] \
                 or {...}; CloudWatch says: The specified filter pattern does not support \
                 dimensions"
            );
        }
        let unit = Transformation::new("m", "1").unit("Furlongs");
        let error = filter("", unit).unwrap_err();
        assert!(error.contains("; the units are Seconds, ") && error.ends_with(", None"));
    }

    #[test]
    fn names_that_only_cloudwatch_minds() {
        let transformation = Transformation::new("a*", "1").namespace("n".repeat(256));
        let filter = filter("", transformation).unwrap();
        assert_eq!(
            filter.warnings(),
            [
                "$.metricName: \"a*\" has '*', CloudWatch takes no :, * and $",
                "$.metricNamespace: 256 characters, CloudWatch takes at most 255",
            ]
        );
        assert_eq!(
            value("", &format!("1{}", "0".repeat(100))).unwrap_err().lines().count(),
            1,
            "too large"
        );
        let long = Transformation::new("m", format!("0.{}", "0".repeat(100)));
        assert_eq!(
            self::filter("", long).unwrap().warnings(),
            ["$.metricValue: 102 characters, CloudWatch takes at most 100"]
        );
        let nameless = self::filter("", Transformation::new("", "1"));
        assert_eq!(nameless.unwrap_err(), "$.metricName: \"\", expected 1 to 255 characters");
    }

    #[test]
    fn the_parts_of_a_filter() {
        let transformation = Transformation::new("Bytes", "$bytes")
            .namespace("VPCFlowLogs")
            .unit("Bytes")
            .dimension("Action", "$action")
            .dimension("Port", "$7");
        let filter = filter(NAMES, transformation.clone()).unwrap();
        assert_eq!(filter.transformation(), &transformation);
        assert_eq!(filter.pattern().text(), NAMES);
        let dimensions: Vec<String> =
            filter.dimensions().map(|(name, value)| format!("{name} {value}")).collect();
        assert_eq!(dimensions, ["Action $action", "Port $7"]);
        assert!(filter.warnings().is_empty());
    }
}
