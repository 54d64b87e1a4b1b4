//! The members of a metric filter, read strictly.

use std::collections::HashSet;

use super::NamedFilter;
use crate::amount::Amount;
use crate::dialect::findings::{Findings, unknown};
use crate::dialect::json::{Json, member, quoted};
use crate::dialect::metric_filter::{
    FilterPattern, Given, Meaning, MetricFilter, Place, Transformation, check, check_length,
};
use crate::dialect::wrapping::{Kind, template};
use crate::error::Error;

/// The members of a filter.
const FILTER: &[&str] = &[
    "logGroupName",
    "filterName",
    "filterPattern",
    "metricTransformations",
    "applyOnTransformedLogs",
    "emitSystemFieldDimensions",
    "fieldSelectionCriteria",
];

/// What `describe-metric-filters` adds to them.
const CREATED: &str = "creationTime";

/// The members of a transformation.
const TRANSFORMATION: &[&str] =
    &["metricName", "metricNamespace", "metricValue", "defaultValue", "dimensions", "unit"];

/// The most characters of a log group's name and of a filter's.
const NAME_CHARACTERS_MAX: usize = 512;

/// Reads a filter as a whole.
pub fn read(filter: &NamedFilter, findings: Findings) -> Result<MetricFilter, Error> {
    let mut reader = Reader { references: &filter.references, findings };
    let read = reader.filter(filter);
    MetricFilter::checked(read, reader.findings)
}

/// What a filter is read with.
struct Reader<'a> {
    references: &'a [String],
    findings: Findings,
}

/// What a filter says, and what that means.
type Read = ((FilterPattern, Transformation), Meaning);

impl Reader<'_> {
    fn filter(&mut self, filter: &NamedFilter) -> Option<Read> {
        let NamedFilter { json, place, is_described, .. } = filter;
        self.findings.check_duplicates(json, &place.path);
        let known = if *is_described { [FILTER, &[CREATED]].concat() } else { FILTER.to_vec() };
        let transformation = format!("{}[0]", place.of("metricTransformations"));
        self.object(json, place, &known, (TRANSFORMATION, &transformation))?;
        self.names(json, place);
        self.newer(json, place, *is_described);
        let pattern = self.pattern(json, place);
        let (given, place) = self.transformation(json, place)?;
        let meaning = check(&given, pattern.as_ref(), &place, &mut self.findings);
        let Given { metric_name, namespace, value, default, unit, dimensions } = given;
        let mut transformation = Transformation::new(metric_name?, value?);
        transformation.namespace = namespace;
        transformation.default = default;
        transformation.unit = unit;
        transformation.dimensions =
            dimensions.into_iter().map(|(name, selector, _)| (name, selector)).collect();
        Some((pattern?, transformation)).zip(meaning)
    }

    /// Checks that a value is an object, and reports members that are not known. Those of
    /// `elsewhere` belong to another place.
    fn object(
        &mut self,
        json: &Json,
        place: &Place,
        known: &[&str],
        elsewhere: (&[&str], &str),
    ) -> Option<()> {
        let Json::Object(members) = json else {
            self.findings.error(&place.path, format!("{}, expected an object", json.shown()));
            return None;
        };
        let spelled = |names: &[&str]| -> Vec<String> {
            names.iter().map(|name| place.spelled(name)).collect()
        };
        let (known, others) = (spelled(known), spelled(elsewhere.0));
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        for (name, _) in members.iter().filter(|(name, _)| !known.contains(&name.as_str())) {
            let text = match others.contains(name) {
                true => format!("misplaced, it belongs to {}", elsewhere.1),
                // Beyond a hundred mistakes none is shown, and advice would only cost time.
                false if self.findings.is_full() => String::new(),
                false => unknown(name, &known),
            };
            self.findings.error(&member(&place.path, name), text);
        }
        Some(())
    }

    /// Checks the names that mean nothing offline.
    fn names(&mut self, json: &Json, place: &Place) {
        let path = &place.of("logGroupName");
        match json.get(&place.spelled("logGroupName")) {
            None => self.findings.violation(path, "missing, CloudWatch expects a log group"),
            Some(json) => {
                let is_part =
                    |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/' | '#');
                let takes = "letters, digits, ., -, _, / and #";
                self.name(json, path, place, "the name of a log group", is_part, takes);
            }
        }
        let path = &place.of("filterName");
        match json.get(&place.spelled("filterName")) {
            // CloudFormation makes one up.
            None if place.is_template => {}
            None => self.findings.violation(path, "missing, CloudWatch expects a name"),
            Some(json) => {
                let is_part = |c: char| !matches!(c, ':' | '*');
                self.name(json, path, place, "a name", is_part, "no : and *");
            }
        }
    }

    fn name(
        &mut self,
        json: &Json,
        path: &str,
        place: &Place,
        expected: &str,
        is_part: impl Fn(char) -> bool,
        takes: &str,
    ) {
        let Some(name) = self.string(json, path, place, expected) else { return };
        if self.is_open(&name) {
            return;
        }
        check_length(&name, path, NAME_CHARACTERS_MAX, &mut self.findings);
        if let Some(found) = name.chars().find(|&character| !is_part(character)) {
            let text = format!("{} has {found:?}, CloudWatch takes {takes}", quoted(&name));
            self.findings.violation(path, &text);
        }
    }

    /// Checks the newer members, which may ask for nothing.
    fn newer(&mut self, json: &Json, place: &Place, is_described: bool) {
        let nothing = "so it asks for nothing; remove it";
        let member = |name: &str| Some((json.get(&place.spelled(name))?, place.of(name)));
        if let Some((json, path)) = member("applyOnTransformedLogs") {
            match json {
                // The command line prints it of every filter.
                Json::Bool(false) if is_described => {}
                Json::Bool(false) => self.findings.warning(&path, format!("false, {nothing}")),
                Json::Text(text) if place.is_template && text == "false" => {
                    self.findings.warning(&path, format!("false, {nothing}"));
                }
                other => {
                    let text = "expected false; files hold no transformed logs";
                    self.findings.error(&path, format!("{}, {text}", other.shown()));
                }
            }
        }
        if let Some((json, path)) = member("emitSystemFieldDimensions") {
            match json {
                Json::Array(fields) if fields.is_empty() => {
                    self.findings.warning(&path, format!("empty, {nothing}"));
                }
                other => {
                    let text = "expected no such member; files have no account, region and source";
                    self.findings.error(&path, format!("{}, {text}", other.shown()));
                }
            }
        }
        if let Some((json, path)) = member("fieldSelectionCriteria") {
            match json {
                Json::Text(text) if text.trim().is_empty() => {
                    self.findings.warning(&path, format!("empty, {nothing}"));
                }
                other => {
                    let text = "expected no such member; files have no account and region to \
                                select by";
                    self.findings.error(&path, format!("{}, {text}", other.shown()));
                }
            }
        }
    }

    fn pattern(&mut self, json: &Json, place: &Place) -> Option<FilterPattern> {
        let path = &place.of("filterPattern");
        let Some(json) = json.get(&place.spelled("filterPattern")) else {
            let text = "missing, expected a pattern; \"\" takes every event";
            self.findings.error(path, text);
            return None;
        };
        let text = self.text(json, path, place, "a pattern")?;
        match FilterPattern::parse(&text) {
            Ok(pattern) => Some(pattern),
            Err(error) => {
                self.findings.error(path, error.to_string());
                None
            }
        }
    }

    /// Reads the only transformation; also where it stands.
    fn transformation(&mut self, json: &Json, place: &Place) -> Option<(Given, Place)> {
        let path = &place.of("metricTransformations");
        let list = match json.get(&place.spelled("metricTransformations")) {
            Some(Json::Array(list)) => list,
            Some(other) => {
                let text = "expected an array of exactly one transformation";
                self.findings.error(path, format!("{}, {text}", other.shown()));
                return None;
            }
            None => {
                let text = "missing, expected an array of exactly one transformation";
                self.findings.error(path, text);
                return None;
            }
        };
        if list.len() != 1 {
            let text = "expected exactly one; write a filter for each";
            self.findings.error(path, format!("{} transformations, {text}", list.len()));
        }
        let json = list.first()?;
        let inner = Place { path: format!("{path}[0]"), is_template: place.is_template };
        self.object(json, &inner, TRANSFORMATION, (FILTER, &place.path))?;
        let given = Given {
            metric_name: self.label(json, &inner, "metricName"),
            namespace: self.label(json, &inner, "metricNamespace"),
            value: self.value(json, &inner),
            default: self.default(json, &inner),
            unit: match json.get(&inner.spelled("unit")) {
                Some(json) => self.text(json, &inner.of("unit"), &inner, "a unit such as Bytes"),
                None => None,
            },
            dimensions: self.dimensions(json, &inner),
        };
        Some((given, inner))
    }

    /// The name of a metric or its namespace, which may hold references.
    fn label(&mut self, json: &Json, place: &Place, name: &str) -> Option<String> {
        let path = &place.of(name);
        let Some(json) = json.get(&place.spelled(name)) else {
            match name {
                "metricName" => self.findings.error(path, "missing, expected a name"),
                _ => self.findings.violation(path, "missing, CloudWatch expects a namespace"),
            }
            return None;
        };
        let label = self.string(json, path, place, "a name")?;
        if self.is_open(&label) {
            let text = "refers to what only CloudFormation knows, and stays so in answers";
            self.findings.warning(path, format!("{} {text}", quoted(&label)));
        }
        Some(label)
    }

    fn value(&mut self, json: &Json, place: &Place) -> Option<String> {
        let path = &place.of("metricValue");
        let Some(json) = json.get(&place.spelled("metricValue")) else {
            let text = "missing, expected a number such as \"1\", or a selector such as \
                        \"$bytes\" or \"$.bytes\"";
            self.findings.error(path, text);
            return None;
        };
        self.text(json, path, place, "a number or a selector")
    }

    fn default(&mut self, json: &Json, place: &Place) -> Option<f64> {
        let path = &place.of("defaultValue");
        let json = json.get(&place.spelled("defaultValue"))?;
        let number = match json {
            Json::Number(number) => number.parse().ok(),
            Json::Text(text) if place.is_template && Amount::parse(text.as_bytes()).is_some() => {
                text.parse().ok()
            }
            _ => None,
        };
        if number.is_none() {
            let text = match json.text() {
                Some(text) => template::open(text, self.references, Kind::Filter),
                None => None,
            };
            let wrong = || format!("{}, expected a number such as 0", json.shown());
            self.findings.error(path, text.unwrap_or_else(wrong));
        }
        number
    }

    /// The dimensions with the paths of their values: an object, or in templates an array.
    fn dimensions(&mut self, json: &Json, place: &Place) -> Vec<(String, String, String)> {
        let path = &place.of("dimensions");
        let expected = match place.is_template {
            true => "expected an array such as [{\"Key\": \"action\", \"Value\": \"$action\"}]",
            false => "expected an object such as {\"action\": \"$action\"}",
        };
        let mut dimensions = Vec::new();
        match json.get(&place.spelled("dimensions")) {
            None => {}
            Some(Json::Object(members)) if !place.is_template => {
                // A member that is there twice is reported as that.
                let mut seen = HashSet::new();
                for (name, selector) in members.iter().filter(|(name, _)| seen.insert(name)) {
                    let path = member(path, name);
                    let selector = self.text(selector, &path, place, "a selector");
                    dimensions.extend(selector.map(|selector| (name.clone(), selector, path)));
                }
            }
            Some(Json::Array(list)) if place.is_template => {
                for (at, json) in list.iter().enumerate() {
                    let place = Place { path: format!("{path}[{at}]"), is_template: true };
                    if self.object(json, &place, &["key", "value"], (&[], "")).is_none() {
                        continue;
                    }
                    let mut part = |name: &str, expected: &str| {
                        let path = place.of(name);
                        match json.get(&place.spelled(name)) {
                            Some(json) => self.text(json, &path, &place, expected),
                            None => {
                                self.findings.error(&path, format!("missing, expected {expected}"));
                                None
                            }
                        }
                    };
                    let name = part("key", "a name");
                    let selector = part("value", "a selector");
                    let both = name.zip(selector);
                    let path = place.of("value");
                    dimensions.extend(both.map(|(name, selector)| (name, selector, path)));
                }
            }
            Some(other) => self.findings.error(path, format!("{}, {expected}", other.shown())),
        }
        dimensions
    }

    /// The text of a string on which the answer depends.
    fn text(&mut self, json: &Json, path: &str, place: &Place, expected: &str) -> Option<String> {
        let text = self.string(json, path, place, expected)?;
        match template::open(&text, self.references, Kind::Filter) {
            Some(open) => {
                self.findings.error(path, open);
                None
            }
            None => Some(text),
        }
    }

    /// The text of a string; CloudFormation makes one of a number.
    fn string(&mut self, json: &Json, path: &str, place: &Place, expected: &str) -> Option<String> {
        let advice = match json {
            Json::Text(text) => return Some(text.clone()),
            Json::Number(number) if place.is_template => return Some(number.clone()),
            Json::Number(number) => format!("; write \"{number}\""),
            _ => String::new(),
        };
        let found = json.shown();
        self.findings.error(path, format!("{found}, expected {expected}, a string{advice}"));
        None
    }

    /// Whether a text has something in it that only CloudFormation knows.
    fn is_open(&self, text: &str) -> bool {
        self.references.iter().any(|open| text.contains(open.as_str()))
    }
}
