//! A question: which records, grouped by what, measured how. Every dialect compiles to this.

use crate::amount::{Amount, Comparison};
use crate::batch::Form;
use crate::error::{Error, ErrorKind};
use crate::field::{Field, Kind};
use crate::filter::{Filter, Predicate};
use crate::layout::Column;
use crate::measure::{Counting, Having, Measure, Order, Part};
use crate::view::KeyColumn;

/// The most keys of a query: twice as many as CloudWatch Contributor Insights allows, enough for
/// the five that tell a flow, its interface, its time and what became of it.
pub const KEYS_MAX: usize = 8;

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

/// The least and the most seconds of a period: CloudWatch's resolution of rules, and a day.
pub const PERIOD_SECONDS: std::ops::RangeInclusive<u32> = 60..=86_400;

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
    pub(crate) form: Form,
    pub(crate) filter: Filter,
    pub(crate) period: Option<u32>,
    pub(crate) order: Order,
    pub(crate) keys: Vec<KeyColumn>,
    pub(crate) labels: Vec<String>,
    /// At least one.
    pub(crate) measures: Vec<Measure>,
    pub(crate) having: Vec<Having>,
    pub(crate) counting: Counting,
    pub(crate) top: usize,
    pub(crate) is_lenient: bool,
    pub(crate) is_timed: bool,
}

impl Query {
    /// A query that counts all records of traffic, to be refined.
    pub fn builder() -> QueryBuilder {
        QueryBuilder {
            query: Query {
                scope: Scope::Traffic,
                form: Form::Records,
                filter: Filter::new(),
                period: None,
                order: Order::Sum,
                keys: Vec::new(),
                labels: Vec::new(),
                measures: vec![Measure::Count],
                having: Vec::new(),
                counting: Counting::Every,
                top: 10,
                is_lenient: false,
                is_timed: false,
            },
        }
    }

    /// What its keys are called.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// What it measures, and ranks by.
    pub fn measure(&self) -> &Measure {
        &self.measures[0]
    }

    /// All that it measures, first what it ranks by.
    pub fn measures(&self) -> &[Measure] {
        &self.measures
    }

    /// What must hold of the contributors that are listed.
    pub fn having(&self) -> &[Having] {
        &self.having
    }

    /// How often a flow counts that more than one interface recorded.
    pub fn counting(&self) -> Counting {
        self.counting
    }

    /// How many contributors are listed; 0 for all.
    pub fn top(&self) -> usize {
        self.top
    }

    /// What it takes its events from.
    pub fn form(&self) -> Form {
        self.form
    }

    /// What contributors are ordered by.
    pub fn order(&self) -> Order {
        self.order
    }

    /// The seconds of a period, if it asks for any.
    pub fn period(&self) -> Option<u32> {
        self.period
    }

    /// Lists `top` contributors instead; 0 for all.
    #[must_use]
    pub fn with_top(mut self, top: usize) -> Self {
        self.top = top;
        self
    }

    /// The same question, to be refined.
    pub fn to_builder(&self) -> QueryBuilder {
        QueryBuilder { query: self.clone() }
    }

    /// The totals that its answer is made of; their order is that of their groups.
    pub(crate) fn parts(&self) -> Vec<Part> {
        Part::all(&self.keys, &self.measures, self.order, self.counting, self.period)
    }

    /// The first start of an event that may count, and the first that does not any more.
    pub(crate) fn span(&self) -> (Option<u64>, Option<u64>) {
        let limits = |wanted: Comparison| {
            self.filter.conjuncts().filter_map(move |test| match (&test.column, &test.predicate) {
                (Column::Field(Field::Start), Predicate::Number(comparison, limit)) => {
                    let limit = limit.whole().and_then(|limit| u64::try_from(limit).ok());
                    limit.filter(|_| *comparison == wanted)
                }
                _ => None,
            })
        };
        (limits(Comparison::GreaterOrEqual).max(), limits(Comparison::Less).min())
    }

    /// All columns that it names, but the time.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &Column> {
        let tested = self.filter.all().map(|test| &test.column);
        let measured = self.measures.iter().filter_map(Measure::column);
        let keys = self.keys.iter().map(KeyColumn::column);
        keys.chain(measured).chain(self.counting.columns()).chain(tested)
    }

    /// The columns of which it needs the text as it is, also where that is a number or an address.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &Column> {
        let is_number = |column: &Column| match column {
            Column::Field(field) => matches!(field.kind(), Kind::Number(_)),
            _ => false,
        };
        let measured = || self.measures.iter().filter_map(Measure::number);
        // Values of other columns may be numbers that are no words; such a record is added by the
        // texts of its keys.
        let keys = measured().any(|column| !is_number(column)).then_some(&self.keys);
        let tested = self.filter.texts().filter(move |(column, is_value)| {
            !(*is_value && measured().any(|other| other == *column) && is_number(column))
        });
        let keys = keys.into_iter().flatten().map(KeyColumn::column);
        keys.chain(tested.map(|(column, _)| column))
    }
}

/// Makes a [`Query`]; see [`Query::builder`].
#[derive(Debug, Clone)]
pub struct QueryBuilder {
    query: Query,
}

impl QueryBuilder {
    /// Takes it for an answer, and no fault, if a log lacks a column that is asked for.
    #[must_use]
    pub fn lenient(mut self) -> Self {
        self.query.is_lenient = true;
        self
    }

    /// Considers these records only.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.query.scope = scope;
        self
    }

    /// Takes its events from these; its columns are then [`Column::Path`], and
    /// [`Field::Start`] for the event's time.
    #[must_use]
    pub fn form(mut self, form: Form) -> Self {
        self.query.form = form;
        self
    }

    /// Answers by period too: what each listed contributor's value is in each period of so many
    /// seconds, and what all contributors together come to. A period begins at a multiple of its
    /// length since 1970; an event belongs to the one that its `start` lies in.
    #[must_use]
    pub fn period(mut self, seconds: u32) -> Self {
        self.query.period = Some(seconds);
        self
    }

    /// Has records that lie in no period add to no contributor, in the totals either.
    #[must_use]
    pub(crate) fn timed(mut self) -> Self {
        self.query.is_timed = true;
        self
    }

    /// Considers only events that start at `start` or later and before `end`, in seconds since
    /// 1970. Events without a time are left out then.
    #[must_use]
    pub fn between(mut self, start: Option<u64>, end: Option<u64>) -> Self {
        let mut filter = std::mem::take(&mut self.query.filter);
        for (comparison, limit) in [(Comparison::GreaterOrEqual, start), (Comparison::Less, end)] {
            if let Some(limit) = limit {
                filter = filter.and_number(Field::Start, comparison, Amount::from(limit));
            }
        }
        self.query.filter = filter;
        self
    }

    /// Changes which records it counts.
    #[must_use]
    pub(crate) fn refine(mut self, refined: impl FnOnce(Filter) -> Filter) -> Self {
        self.query.filter = refined(std::mem::take(&mut self.query.filter));
        self
    }

    /// And counts only records whose value in a column is a number that can be added up.
    #[must_use]
    pub(crate) fn and_value(mut self, column: &Column) -> Self {
        let filter = std::mem::take(&mut self.query.filter);
        self.query.filter = filter.and_value(column.clone());
        self
    }

    /// Orders contributors by this.
    #[must_use]
    pub fn order(mut self, order: Order) -> Self {
        self.query.order = order;
        self
    }

    /// Counts only records that pass.
    #[must_use]
    pub fn filter(mut self, filter: Filter) -> Self {
        self.query.filter = filter;
        self
    }

    /// A contributor is a distinct combination of these values. Without keys there is one
    /// contributor, which is everything. A column may be there more than once, each time in
    /// another view.
    #[must_use]
    pub fn group_by<K: Into<KeyColumn>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        self.query.keys = keys.into_iter().map(Into::into).collect();
        self.query.labels = self.query.keys.iter().map(KeyColumn::label).collect();
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
        self.query.measures = vec![measure];
        self
    }

    /// Also tells this of each contributor that is listed.
    #[must_use]
    pub fn and_measure(mut self, measure: Measure) -> Self {
        self.query.measures.push(measure);
        self
    }

    /// Lists only contributors of which this holds too. The total and the number of contributors
    /// stay those of all.
    #[must_use]
    pub fn having(mut self, having: Having) -> Self {
        self.query.having.push(having);
        self
    }

    /// Counts flows so.
    #[must_use]
    pub fn counting(mut self, counting: Counting) -> Self {
        self.query.counting = counting;
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
    /// [`ErrorKind::Query`] for more than eight keys, a key twice, labels that do not match the
    /// keys, prefixes of what is no address, position 0, the sum of a field that is text, a period
    /// that is no multiple of 60 seconds up to a day, or columns that events of this form do not
    /// have.
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
                return fail(format!("key {} is there twice", query.labels[at]));
            }
            if let Some(fault) = key.fault() {
                return fail(fault);
            }
        }
        for column in query.columns() {
            let is_path = matches!(column, Column::Path(_));
            let is_any = matches!(column, Column::Field(Field::Start) | Column::Line);
            match query.form {
                _ if *column == Column::Position(0) => {
                    return fail("position 0, expected positions from 1".to_owned());
                }
                Form::Json if !is_path && !is_any => {
                    let label = column.label();
                    return fail(format!(
                        "{label} in JSON events, expected a path such as $.{label}"
                    ));
                }
                Form::Records if is_path => {
                    return fail(format!("{} is a path of JSON events", column.label()));
                }
                Form::Json | Form::Records => {}
            }
        }
        if let Some(period) = query.period
            && (!PERIOD_SECONDS.contains(&period) || !period.is_multiple_of(60))
        {
            return fail(format!(
                "a period of {period} seconds, expected a multiple of 60 from 60 to 86400"
            ));
        }
        query.measures.iter().try_for_each(Measure::check)?;
        if let Some(having) = query.having.iter().find(|h| h.measure >= query.measures.len()) {
            let (at, count) = (having.measure, query.measures.len());
            return fail(format!("a condition on measure {at} of {count}"));
        }
        if query.period.is_some() && matches!(query.measure(), Measure::Average(_)) {
            return fail(
                "an average by period, expected a count, a sum, a smallest or largest value or a \
                 number of different values"
                    .to_owned(),
            );
        }
        if let Some(key) = query.keys.iter().find(|key| !query.counting.allows(key)) {
            return fail(format!(
                "{} as a key where flows count once: it may differ where a flow is recorded; \
                 expected srcaddr, dstaddr, srcport, dstport, protocol or action",
                key.label()
            ));
        }
        Ok(query)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::Field;

    #[test]
    fn spans_are_the_narrowest_that_is_asked_for() {
        let span = |builder: QueryBuilder| builder.build().unwrap().span();
        let builder = Query::builder();
        assert_eq!(span(builder.clone()), (None, None));
        assert_eq!(span(builder.clone().between(Some(5), None)), (Some(5), None));
        let twice = builder.between(Some(5), Some(90)).between(Some(7), Some(100));
        assert_eq!(span(twice), (Some(7), Some(90)));
        let other = Filter::new().and_number(Field::End, Comparison::Less, 9u64.into());
        assert_eq!(span(Query::builder().filter(other)), (None, None));
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let error = |builder: QueryBuilder| builder.build().unwrap_err().to_string();
        let by = |keys: &[usize]| {
            Query::builder().group_by(keys.iter().map(|&key| Column::Position(key)))
        };
        assert_eq!(error(by(&[1, 2, 3, 4, 5, 6, 7, 8, 9])), "9 keys, expected at most 8");
        assert_eq!(error(by(&[1, 2, 1])), "key 1 is there twice");
        assert_eq!(error(by(&[0])), "position 0, expected positions from 1");
        assert_eq!(error(by(&[1]).labels(["a", "b"])), "2 labels for 1 keys");
        let sum = Query::builder().measure(Measure::Sum(Field::Action.into()));
        assert_eq!(error(sum), "action is no number field, expected one such as bytes");
        assert!(by(&[1, 2, 3, 4, 5, 6, 7, 8]).build().is_ok());
    }
}
