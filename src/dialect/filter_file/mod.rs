//! The metric filters in a file: one as the AWS command line takes it, or those of a template or
//! of what the command line prints.
//!
//! As with rules, what filters are wrapped in is read leniently and the filters are read strictly.
//! Unlike a rule, a filter has no text of its own: its paths are those of the file.

mod members;
#[cfg(test)]
mod tests;

use super::findings::Findings;
use super::json::{Json, member};
use super::metric_filter::{MetricFilter, Place};
use super::wrapping::{self, Kind, Wrapping, template};
use crate::error::{Error, ErrorKind};

/// The metric filters of one file.
///
/// ```
/// use flowagg::dialect::FilterFile;
/// let text = br#"{"metricFilters": [{"filterName": "all", "filterPattern": "",
///     "logGroupName": "flow-logs", "metricTransformations": [
///         {"metricName": "Events", "metricNamespace": "Mine", "metricValue": "1"}]}]}"#;
/// let file = FilterFile::read(text, "dump")?;
/// assert_eq!(file.filters[0].name(), "all");
/// assert_eq!(file.filters[0].parse()?.transformation().value, "1");
/// # Ok::<(), flowagg::Error>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct FilterFile {
    /// The filters, in the order of the file.
    pub filters: Vec<NamedFilter>,
    /// What may surprise: rules among them, which are left out.
    pub notes: Vec<String>,
}

/// A metric filter with its name, not yet checked.
#[derive(Debug, Clone)]
pub struct NamedFilter {
    name: String,
    is_alone: bool,
    /// Whether it is one that the AWS command line printed.
    is_described: bool,
    json: Json,
    place: Place,
    /// What a template leaves open, as it stands in the filter: `${FlowLogs}`.
    references: Vec<String>,
}

impl FilterFile {
    /// Finds the metric filters in the text of a file:
    ///
    /// - one as `aws logs put-metric-filter` takes it with `--cli-input-json`, or several in an
    ///   array; `name` is for those without one;
    /// - a CloudFormation template, as CDK writes it too: its resources of type
    ///   `AWS::Logs::MetricFilter`;
    /// - what `aws logs describe-metric-filters` prints.
    ///
    /// # Errors
    /// [`ErrorKind::Filter`] if it is no JSON, or if there is no filter in it. What is wrong with
    /// a single filter is told when that is parsed.
    pub fn read(text: &[u8], name: &str) -> Result<FilterFile, Error> {
        let fail = |message: String| Error::new(ErrorKind::Filter, message);
        let json = wrapping::parse(text, Kind::Filter).map_err(fail)?;
        let mut file = FilterFile { filters: Vec::new(), notes: Vec::new() };
        match Wrapping::of(&json) {
            Wrapping::List(..) | Wrapping::Template(_) => file.unwrap(&json, "$", name, false),
            Wrapping::Filter | Wrapping::FilterProperties | Wrapping::None => {
                file.unwrap(&json, "$", name, false);
                file.filters.iter_mut().for_each(|filter| filter.is_alone = true);
            }
            Wrapping::Properties | Wrapping::Described | Wrapping::Put | Wrapping::Rule => {}
        }
        match file.filters.is_empty() {
            true => Err(fail(wrapping::none_in(&json, Kind::Filter, &file.notes))),
            false => Ok(file),
        }
    }

    /// Whether a text holds metric filters, by the names of its members; whatever is wrong with
    /// them.
    pub fn has_filters(text: &[u8]) -> bool {
        wrapping::parse(text, Kind::Filter).is_ok_and(|json| wrapping::holds(&json, Kind::Filter))
    }

    /// Adds the filters that a value holds.
    fn unwrap(&mut self, json: &Json, path: &str, name: &str, is_described: bool) {
        match Wrapping::of(json) {
            Wrapping::List(member, list) => {
                let is_described = !member.is_empty();
                for (at, json) in list.iter().enumerate() {
                    let path = format!("{path}{member}[{at}]");
                    self.unwrap(json, &path, &format!("{name}[{at}]"), is_described);
                }
            }
            Wrapping::Template(resources) => {
                for (id, resource) in wrapping::of_kind(resources, Kind::Filter) {
                    let path = format!("{}.Properties", member(&format!("{path}.Resources"), id));
                    let none = Json::Object(Vec::new());
                    self.add_properties(resource.get("Properties").unwrap_or(&none), path, id);
                }
            }
            Wrapping::FilterProperties => self.add_properties(json, path.to_owned(), name),
            Wrapping::Filter | Wrapping::None => {
                let place = Place { path: path.to_owned(), is_template: false };
                self.add(json.clone(), place, name, Vec::new(), is_described);
            }
            Wrapping::Properties | Wrapping::Described | Wrapping::Put | Wrapping::Rule => {
                let what = format!("left out, {}", Kind::Rule.misplaced());
                self.notes.push(wrapping::note(name, &what));
            }
        }
    }

    fn add_properties(&mut self, json: &Json, path: String, name: &str) {
        let mut references = Vec::new();
        let json = template::resolved(json, &mut references);
        self.add(json, Place { path, is_template: true }, name, references, false);
    }

    fn add(
        &mut self,
        json: Json,
        place: Place,
        name: &str,
        references: Vec<String>,
        is_described: bool,
    ) {
        let name = match json.get(&place.spelled("filterName")) {
            Some(Json::Text(name)) if !name.is_empty() => name.clone(),
            _ => name.to_owned(),
        };
        let is_alone = false;
        self.filters.push(NamedFilter { name, is_alone, is_described, json, place, references });
    }
}

impl NamedFilter {
    /// What it is called: its name in CloudWatch, or else the name of its file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is its file.
    pub fn is_alone(&self) -> bool {
        self.is_alone
    }

    /// Reads the filter, to run it: what CloudWatch refuses for reasons that mean nothing offline
    /// (lengths and characters of names, a missing log group) is a warning.
    ///
    /// # Errors
    /// [`ErrorKind::Filter`] with a line for each thing that is wrong: the JSON path, what was
    /// found there and what was expected. What is wrong with a pattern takes three lines.
    pub fn parse(&self) -> Result<MetricFilter, Error> {
        members::read(self, Findings::default())
    }

    /// Reads the filter as strictly as CloudWatch.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn check(&self) -> Result<MetricFilter, Error> {
        members::read(self, Findings::of_check())
    }
}
