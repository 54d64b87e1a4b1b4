//! A question: which records, grouped by what, measured how. Every dialect compiles to this.

use crate::error::{Error, ErrorKind};
use crate::field::Kind;
use crate::filter::Filter;
use crate::layout::Column;

/// The most keys of a query: CloudWatch Contributor Insights allows four.
pub const KEYS_MAX: usize = 4;

/// What is added up for each contributor.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Measure {
    /// The number of records.
    Count,
    /// The sum of a number column; records in which it is no number add nothing.
    Sum(Column),
    /// The smallest value of a number column.
    Min(Column),
    /// The largest value of a number column.
    Max(Column),
}

impl Measure {
    /// The measured column, if there is one.
    pub fn column(&self) -> Option<&Column> {
        match self {
            Self::Count => None,
            Self::Sum(column) | Self::Min(column) | Self::Max(column) => Some(column),
        }
    }
}

/// Which records are considered at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Scope {
    /// Those of traffic: NODATA and SKIPDATA are counted in the tally, but never summed.
    #[default]
    Traffic,
    /// All records, as CloudWatch sees them: their `-` is text like any other.
    All,
}

/// A question to ask of flow logs.
///
/// ```
/// use flowagg::{Field, Filter, Measure, Query};
/// let query = Query::builder()
///     .filter(Filter::new().and_in(Field::Action, ["ACCEPT"]))
///     .group_by([Field::SrcAddr, Field::DstAddr])
///     .measure(Measure::Sum(Field::Bytes.into()))
///     .top(10)
///     .build()?;
/// # Ok::<(), flowagg::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    pub(crate) scope: Scope,
    pub(crate) filter: Filter,
    pub(crate) keys: Vec<Column>,
    pub(crate) labels: Vec<String>,
    pub(crate) measure: Measure,
    pub(crate) top: usize,
}

impl Query {
    /// A query that counts all records of traffic, to be refined.
    pub fn builder() -> QueryBuilder {
        QueryBuilder {
            query: Query {
                scope: Scope::Traffic,
                filter: Filter::new(),
                keys: Vec::new(),
                labels: Vec::new(),
                measure: Measure::Count,
                top: 10,
            },
        }
    }

    /// What its keys are called.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// What it measures.
    pub fn measure(&self) -> &Measure {
        &self.measure
    }

    /// How many contributors are listed; 0 for all.
    pub fn top(&self) -> usize {
        self.top
    }

    /// Lists `top` contributors instead; 0 for all.
    #[must_use]
    pub fn with_top(mut self, top: usize) -> Self {
        self.top = top;
        self
    }
}

/// Makes a [`Query`]; see [`Query::builder`].
#[derive(Debug, Clone)]
pub struct QueryBuilder {
    query: Query,
}

impl QueryBuilder {
    /// Considers these records only.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.query.scope = scope;
        self
    }

    /// Counts only records that pass.
    #[must_use]
    pub fn filter(mut self, filter: Filter) -> Self {
        self.query.filter = filter;
        self
    }

    /// A contributor is a distinct combination of these values. Without keys there is one
    /// contributor, which is everything.
    #[must_use]
    pub fn group_by<C: Into<Column>>(mut self, keys: impl IntoIterator<Item = C>) -> Self {
        self.query.keys = keys.into_iter().map(Into::into).collect();
        self.query.labels = self.query.keys.iter().map(Column::label).collect();
        self
    }

    /// Names the keys in answers, instead of by their columns.
    #[must_use]
    pub fn labels<S: Into<String>>(mut self, labels: impl IntoIterator<Item = S>) -> Self {
        self.query.labels = labels.into_iter().map(Into::into).collect();
        self
    }

    /// Measures this.
    #[must_use]
    pub fn measure(mut self, measure: Measure) -> Self {
        self.query.measure = measure;
        self
    }

    /// Lists this many contributors; 0 for all.
    #[must_use]
    pub fn top(mut self, top: usize) -> Self {
        self.query.top = top;
        self
    }

    /// The query.
    ///
    /// # Errors
    /// [`ErrorKind::Query`] for more than four keys, a key twice, labels that do not match the
    /// keys, position 0, or the sum of a field that is text.
    pub fn build(self) -> Result<Query, Error> {
        let query = self.query;
        let fail = |message: String| Err(Error::new(ErrorKind::Query, message));
        if query.keys.len() > KEYS_MAX {
            return fail(format!("{} keys, expected at most {KEYS_MAX}", query.keys.len()));
        }
        if query.labels.len() != query.keys.len() {
            return fail(format!("{} labels for {} keys", query.labels.len(), query.keys.len()));
        }
        for (at, key) in query.keys.iter().enumerate() {
            if query.keys[..at].contains(key) {
                return fail(format!("key {} is there twice", key.label()));
            }
        }
        let tested = query.filter.tests.iter().map(|test| &test.column);
        let mut columns = query.keys.iter().chain(query.measure.column()).chain(tested);
        if columns.any(|column| *column == Column::Position(0)) {
            return fail("position 0, expected positions from 1".to_owned());
        }
        if let Some(Column::Field(field)) = query.measure.column()
            && !matches!(field.kind(), Kind::Number(_))
        {
            return fail(format!("{field} is no number field, expected one such as bytes"));
        }
        Ok(query)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::Field;

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let error = |builder: QueryBuilder| builder.build().unwrap_err().to_string();
        let by = |keys: &[usize]| {
            Query::builder().group_by(keys.iter().map(|&key| Column::Position(key)))
        };
        assert_eq!(error(by(&[1, 2, 3, 4, 5])), "5 keys, expected at most 4");
        assert_eq!(error(by(&[1, 2, 1])), "key 1 is there twice");
        assert_eq!(error(by(&[0])), "position 0, expected positions from 1");
        assert_eq!(error(by(&[1]).labels(["a", "b"])), "2 labels for 1 keys");
        let sum = Query::builder().measure(Measure::Sum(Field::Action.into()));
        assert_eq!(error(sum), "action is no number field, expected one such as bytes");
        assert!(by(&[1, 2, 3, 4]).build().is_ok());
    }
}
