//! A metric filter as a question: what its pattern tests, wherever the events have it.
//!
//! The fields of a space-delimited pattern are columns of a record, so that the common filters
//! run on columns as rules do. An event's tokens are the record's values then; flow logs hold no
//! quotes and brackets. Terms, expressions and JSON are tested on the event as it is written.

use super::fields::FieldTest;
use super::{Fields, MetricFilter, Parsed, Value};
use crate::batch::Form;
use crate::dialect::insight_rule::names::flow_field;
use crate::error::{Error, excerpt};
use crate::filter::Filter;
use crate::layout::{Column, Layout};
use crate::measure::Measure;
use crate::query::{Query, QueryBuilder, Scope};

/// A position that no event has: that of a field which the pattern does not name.
const NOWHERE: usize = u32::MAX as usize;

impl MetricFilter {
    /// What its events are: lines, or JSON objects.
    pub fn form(&self) -> Form {
        match self.pattern().parsed() {
            Parsed::Json(_) => Form::Json,
            Parsed::Everything | Parsed::Terms(_) | Parsed::Fields(_) => Form::Records,
        }
    }

    /// The filter with the names of fields as names of columns, wherever a log has them: a name
    /// that is one of a flow-log field means that field, any other the column of that name. How
    /// many columns there are does not matter then. Positions stay what they are.
    ///
    /// ```
    /// use flowagg::dialect::{FilterPattern, MetricFilter, Transformation};
    /// let pattern = FilterPattern::parse("[version, ..., action=ACCEPT, status]")?;
    /// let filter = MetricFilter::new(pattern, Transformation::new("Bytes", "$bytes"))?.by_name();
    /// // What the pattern does not name is a column all the same.
    /// assert!(filter.warnings().is_empty());
    /// # Ok::<(), flowagg::Error>(())
    /// ```
    #[must_use]
    pub fn by_name(mut self) -> MetricFilter {
        self.is_by_name = true;
        let is_of_names = |warning: &String| warning.contains("is no field of the pattern");
        self.warnings.retain(|warning| !is_of_names(warning));
        self
    }

    /// The events that match, by the values of the dimensions, and what they add.
    ///
    /// ```
    /// use flowagg::dialect::{FilterPattern, MetricFilter, Transformation};
    /// use flowagg::{Engine, Source};
    /// let pattern = FilterPattern::parse("[..., bytes, start, end, action=ACCEPT, status]")?;
    /// let filter = MetricFilter::new(pattern, Transformation::new("Bytes", "$bytes"))?;
    /// let log = [Source::path("testdata/sample.log")];
    /// let report = Engine::new().run(&filter.to_query()?, &log)?;
    /// assert_eq!(report.answers[0].total().unwrap().to_string(), "1857855483");
    /// # Ok::<(), flowagg::Error>(())
    /// ```
    ///
    /// # Errors
    /// None that a valid filter makes.
    pub fn to_query(&self) -> Result<Query, Error> {
        let value = self.measured();
        let (keys, _) = self.keys();
        self.matching().group_by(keys).measure(value.map_or(Measure::Count, Measure::Sum)).build()
    }

    /// The distinct columns of the dimensions, and for each dimension which of them it is.
    pub(crate) fn keys(&self) -> (Vec<Column>, Vec<usize>) {
        let mut keys: Vec<Column> = Vec::new();
        let places = self.dimensions().map(|(_, value)| {
            let column = self.column(value);
            let known = keys.iter().position(|key| *key == column);
            known.unwrap_or_else(|| {
                keys.push(column);
                keys.len() - 1
            })
        });
        let places = places.collect();
        (keys, places)
    }

    /// The column whose values are published; none if each event adds the same number.
    pub(crate) fn measured(&self) -> Option<Column> {
        match self.value() {
            Value::Constant(_) => None,
            value => Some(self.column(value)),
        }
    }

    /// The events that match, whatever they add; and all of them, for want of a filter.
    pub(crate) fn matching(&self) -> QueryBuilder {
        self.all().filter(self.tests())
    }

    /// All events.
    pub(crate) fn all(&self) -> QueryBuilder {
        Query::builder().form(self.form()).scope(Scope::All)
    }

    /// The tests of the pattern.
    fn tests(&self) -> Filter {
        let filter = Filter::new();
        match self.pattern().parsed() {
            Parsed::Everything => filter,
            Parsed::Terms(terms) => filter.and_terms(terms.clone()),
            Parsed::Json(test) => filter.and_json(test.clone()),
            Parsed::Fields(fields) => {
                let tested = bound(fields).filter_map(|(column, field)| {
                    let column = self.named(field).unwrap_or(column);
                    Some((column, field.test.as_ref()?))
                });
                let filter = tested.fold(filter, |f, (column, test)| f.and_text(column, test));
                let least = fields.iter().count();
                match self.is_by_name || least == 0 {
                    true => filter,
                    false => filter.and_present(Column::Position(least), true),
                }
            }
        }
    }

    /// Where a value stands in an event.
    fn column(&self, value: &Value) -> Column {
        let nowhere = || Column::Position(NOWHERE);
        match (value, self.pattern().parsed()) {
            (Value::Path(path), _) => Column::Path(path.clone()),
            (Value::Field(name), _) if self.is_by_name => by_name(name),
            (Value::Field(name), Parsed::Fields(fields)) => {
                let is_named =
                    |(_, field): &(Column, &FieldTest)| field.name.as_ref() == Some(name);
                bound(fields).find(is_named).map_or_else(nowhere, |(column, _)| column)
            }
            (Value::Position(position), Parsed::Fields(fields)) => {
                match (fields.after.is_some() || self.is_by_name, fields.before.len()) {
                    (false, last) if *position == last => Column::Rest(last),
                    (false, last) if *position > last => nowhere(),
                    _ => Column::Position(*position),
                }
            }
            _ => nowhere(),
        }
    }

    fn named(&self, field: &FieldTest) -> Option<Column> {
        field.name.as_deref().filter(|_| self.is_by_name).map(by_name)
    }

    /// What does not fit a log of this layout: a sentence for each name that the filter uses and
    /// that is the name of a flow-log field, but stands for another column; and one if the
    /// pattern's last field takes more than a column.
    ///
    /// ```
    /// use flowagg::dialect::{FilterPattern, MetricFilter, Transformation};
    /// use flowagg::Layout;
    /// let pattern = FilterPattern::parse("[..., action=ACCEPT, status]")?;
    /// let filter = MetricFilter::new(pattern, Transformation::new("Records", "1"))?;
    /// assert!(filter.misplaced(&Layout::v2()).is_empty());
    /// let layout = Layout::new(["action", "srcaddr", "bytes"])?;
    /// assert_eq!(
    ///     filter.misplaced(&layout)[0],
    ///     "field \"action\" is column 2, where srcaddr stands; action is at 1"
    /// );
    /// # Ok::<(), flowagg::Error>(())
    /// ```
    pub fn misplaced(&self, layout: &Layout) -> Vec<String> {
        let Parsed::Fields(fields) = self.pattern().parsed() else { return Vec::new() };
        if self.is_by_name {
            return Vec::new();
        }
        let columns = layout.columns();
        let is_used = |field: &FieldTest| {
            let is_meant =
                |value: &Value| matches!(value, Value::Field(n) if Some(n) == field.name.as_ref());
            field.test.is_some()
                || is_meant(self.value())
                || self.dimensions().any(|(_, value)| is_meant(value))
        };
        let sentence = |(column, field): (Column, &FieldTest)| {
            let name = field.name.as_deref().filter(|_| is_used(field))?;
            let known = flow_field(name)?;
            let at = layout.resolve(&column)?.stretch(columns)?.first;
            if layout.field(at) == Some(known) {
                return None;
            }
            let place = match layout.position(known) {
                Some(column) => format!("{known} is at {}", column + 1),
                None => format!("there is no {known}"),
            };
            let found = excerpt(layout.name(at).unwrap_or_default());
            Some(format!("field \"{name}\" is column {}, where {found} stands; {place}", at + 1))
        };
        let mut sentences: Vec<String> = bound(fields).filter_map(sentence).collect();
        let last = fields.before.len();
        let is_last_used = fields.before.last().is_some_and(is_used);
        if fields.after.is_none() && columns > last && is_last_used {
            sentences.push(format!(
                "the pattern's last field takes columns {last} to {columns} as one text; end the \
                 pattern with `, ...]`"
            ));
        }
        if columns < fields.iter().count() {
            sentences.push(format!(
                "records have {columns} columns, and the pattern wants {}: nothing matches",
                fields.iter().count()
            ));
        }
        sentences
    }
}

/// The fields of a pattern with the columns that they take.
fn bound(fields: &Fields) -> impl Iterator<Item = (Column, &FieldTest)> {
    let last = fields.before.len();
    let is_open = fields.after.is_some();
    let before = (1..).zip(&fields.before).map(move |(position, field)| {
        // Without an ellipsis the last field takes all that is left.
        let takes_rest = position == last && !is_open;
        (if takes_rest { Column::Rest(position) } else { Column::Position(position) }, field)
    });
    let after = fields.after.as_deref().unwrap_or_default();
    let after =
        after.iter().enumerate().map(move |(at, field)| (Column::Last(after.len() - at), field));
    before.chain(after)
}

fn by_name(name: &str) -> Column {
    flow_field(name).map_or_else(|| Column::Name(name.to_owned()), Column::Field)
}
