//! Which records count: tests on a record's values, all of which have to hold.
//!
//! Texts are compared as text, as CloudWatch does: `In ["443"]` matches `443` and not `0443`.
//! Numbers are compared by value: of a column of numbers that is one range of words; of any other
//! text the number that it spells. What metric filters ask beyond that is tested on texts as it
//! stands in [`pattern`](crate::pattern), but where a plainer test says the same.

use std::sync::Arc;

use hashbrown::HashSet;

use crate::amount::{Amount, Comparison};
use crate::batch::Batch;
use crate::layout::{Column, Place, Stretch};
use crate::pattern::{Condition, JsonTest, Terms, TextTest, Wildcard, compares, number, span};
use crate::scan::{Literal, Marks};

/// Tests that all have to hold; without any, every record counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub(crate) tests: Vec<Test>,
}

/// One test of one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Test {
    pub(crate) column: Column,
    pub(crate) predicate: Predicate,
}

/// What has to hold of a value. None holds of a value that is not there, but for `Present`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Predicate {
    In(Vec<Vec<u8>>),
    NotIn(Vec<Vec<u8>>),
    StartsWith(Vec<Vec<u8>>),
    Number(Comparison, Amount),
    Present(bool),
    Metric(MetricPredicate),
}

/// What only metric filters ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MetricPredicate {
    /// A number that compares so as a double.
    Double(Comparison, Double),
    /// A number that can be added up.
    Value,
    /// A text of which this holds.
    Text(Same<TextTest>),
    /// An event in which these are found, or not.
    Terms(Same<Terms>),
    /// An event that is a JSON object of which this holds.
    Json(Same<JsonTest>),
}

/// A test that is equal to itself only; queries that share it share its evaluation.
#[derive(Debug, Clone)]
pub(crate) struct Same<T>(Arc<T>);

impl<T> PartialEq for Same<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<T> Eq for Same<T> {}

/// A double that is a number, so that it equals itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Double(f64);

impl Eq for Double {}

impl Filter {
    /// A filter that every record passes.
    pub fn new() -> Self {
        Self::default()
    }

    /// And the column's text equals one of `values`.
    ///
    /// ```
    /// use flowagg::{Field, Filter};
    /// let filter = Filter::new()
    ///     .and_in(Field::Action, ["REJECT"])
    ///     .and_not_in(Field::DstPort, ["22", "3389"]);
    /// ```
    #[must_use]
    pub fn and_in<V: AsRef<[u8]>>(
        self,
        column: impl Into<Column>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        self.and(column, Predicate::In(texts(values)))
    }

    /// And the column has a text, which equals none of `values`. A column that is not there
    /// passes neither this test nor [`and_in`](Self::and_in).
    #[must_use]
    pub fn and_not_in<V: AsRef<[u8]>>(
        self,
        column: impl Into<Column>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        self.and(column, Predicate::NotIn(texts(values)))
    }

    /// And the column's text begins with one of `values`.
    #[must_use]
    pub fn and_starts_with<V: AsRef<[u8]>>(
        self,
        column: impl Into<Column>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        self.and(column, Predicate::StartsWith(texts(values)))
    }

    /// And the column holds a number that compares so with `amount`. What is no number passes no
    /// comparison.
    ///
    /// ```
    /// use flowagg::{Comparison, Field, Filter};
    /// let filter = Filter::new().and_number(Field::Bytes, Comparison::Greater, 1000u64.into());
    /// ```
    #[must_use]
    pub fn and_number(
        self,
        column: impl Into<Column>,
        comparison: Comparison,
        amount: Amount,
    ) -> Self {
        self.and(column, Predicate::Number(comparison, amount))
    }

    /// And the column is there, or with `false` is not.
    #[must_use]
    pub fn and_present(self, column: impl Into<Column>, is_present: bool) -> Self {
        self.and(column, Predicate::Present(is_present))
    }

    /// And the column holds a number that can be added up.
    pub(crate) fn and_value(self, column: impl Into<Column>) -> Self {
        self.and(column, Predicate::Metric(MetricPredicate::Value))
    }

    /// And the column's text passes the test of a metric filter.
    pub(crate) fn and_text(self, column: impl Into<Column>, test: &TextTest) -> Self {
        self.and(column, simplified(test))
    }

    /// And the terms are found in the event, or not, as they should.
    pub(crate) fn and_terms(self, terms: Terms) -> Self {
        self.and(Column::Line, Predicate::Metric(MetricPredicate::Terms(Same(Arc::new(terms)))))
    }

    /// And the event is a JSON object that passes the test.
    pub(crate) fn and_json(self, test: JsonTest) -> Self {
        self.and(Column::Line, Predicate::Metric(MetricPredicate::Json(Same(Arc::new(test)))))
    }

    fn and(mut self, column: impl Into<Column>, predicate: Predicate) -> Self {
        self.tests.push(Test { column: column.into(), predicate });
        self
    }

    /// The columns that are compared as numbers.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = &Column> {
        let is_number = |test: &&Test| {
            matches!(
                test.predicate,
                Predicate::Number(..) | Predicate::Metric(MetricPredicate::Double(..))
            )
        };
        self.tests.iter().filter(is_number).map(|test| &test.column)
    }

    /// The columns that are tested otherwise, and whether they only have to hold a number.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&Column, bool)> {
        self.tests.iter().filter_map(|test| match test.predicate {
            Predicate::Number(..) | Predicate::Present(_) => None,
            Predicate::Metric(MetricPredicate::Double(..)) => None,
            Predicate::Metric(MetricPredicate::Value) => Some((&test.column, true)),
            _ => Some((&test.column, false)),
        })
    }
}

fn texts<V: AsRef<[u8]>>(values: impl IntoIterator<Item = V>) -> Vec<Vec<u8>> {
    values.into_iter().map(|value| value.as_ref().to_vec()).collect()
}

/// The plainest predicate that says the same as a metric filter's test: one that columns are
/// tested by without reading their texts one by one, if there is such.
fn simplified(test: &TextTest) -> Predicate {
    let exact = |test: &TextTest| match test {
        TextTest::Is(Condition::Text(Wildcard::Exact(text))) => Some(text.to_vec()),
        _ => None,
    };
    let as_it_is =
        |test: &TextTest| Predicate::Metric(MetricPredicate::Text(Same(Arc::new(test.clone()))));
    match test {
        TextTest::Is(Condition::Text(Wildcard::Exact(text))) => Predicate::In(vec![text.to_vec()]),
        TextTest::IsNot(Condition::Text(Wildcard::Exact(text))) => {
            Predicate::NotIn(vec![text.to_vec()])
        }
        TextTest::Is(Condition::Text(Wildcard::Prefix(text))) => {
            Predicate::StartsWith(vec![text.to_vec()])
        }
        TextTest::Is(Condition::Compare(comparison, right)) => {
            Predicate::Metric(MetricPredicate::Double(*comparison, Double(*right)))
        }
        // The text is the spelling of a number, so what equals it has that number's value.
        TextTest::Is(Condition::Number { value, .. }) => {
            Predicate::Metric(MetricPredicate::Double(Comparison::Equal, Double(*value)))
        }
        TextTest::Any(tests) => match tests.iter().map(exact).collect::<Option<Vec<_>>>() {
            Some(texts) => Predicate::In(texts),
            None => as_it_is(test),
        },
        _ => as_it_is(test),
    }
}

/// A filter whose columns are resolved, with literals ready for comparing.
#[derive(Debug, Clone)]
pub struct Tests(Vec<ResolvedTest>);

#[derive(Debug, Clone)]
struct ResolvedTest {
    /// None if the layout has no such column, and no record can have it.
    place: Option<Place>,
    /// The fields that it is in regular rows, if they have it.
    stretch: Option<Stretch>,
    check: Check,
}

/// Texts that are compared one by one; more of them are looked up.
const LITERALS_MAX: usize = 16;

/// A [`Predicate`], ready.
#[derive(Debug, Clone)]
enum Check {
    In { literals: Vec<Literal>, negate: bool },
    Among { texts: HashSet<Vec<u8>>, negate: bool },
    StartsWith(Vec<Vec<u8>>),
    Number { comparison: Comparison, amount: Amount, decoded: Option<Span> },
    Present(bool),
    Double { comparison: Comparison, right: f64, decoded: Option<Span> },
    Value { is_decoded: bool },
    Text(Arc<TextTest>),
    Terms(Arc<Terms>),
    Json(Arc<JsonTest>),
}

/// A comparison of a decoded column: the place among the batch's numbers, and the numbers from
/// `first` to `last` that pass, or else all others.
#[derive(Debug, Clone, Copy)]
struct Span {
    place: usize,
    first: u64,
    last: u64,
    negate: bool,
}

impl Tests {
    /// Resolves a filter's columns; `columns` is how many regular rows have, and `number_at` gives
    /// the place of a column among the batch's numbers.
    pub fn new(
        filter: &Filter,
        columns: usize,
        resolve: impl Fn(&Column) -> Option<Place>,
        number_at: impl Fn(usize) -> Option<usize>,
    ) -> Self {
        let resolved = filter.tests.iter().map(|test| {
            let place = resolve(&test.column);
            let stretch = place.and_then(|place| place.stretch(columns));
            let column = stretch.and_then(Stretch::one);
            let among = |values: &[Vec<u8>], negate: bool| {
                if values.len() > LITERALS_MAX {
                    return Check::Among { texts: values.iter().cloned().collect(), negate };
                }
                Check::In { literals: values.iter().map(|v| Literal::new(v)).collect(), negate }
            };
            let check = match &test.predicate {
                Predicate::In(values) => among(values, false),
                Predicate::NotIn(values) => among(values, true),
                Predicate::StartsWith(values) => Check::StartsWith(values.clone()),
                Predicate::Present(is_present) => Check::Present(*is_present),
                &Predicate::Number(comparison, amount) => {
                    let (first, last, negate) = comparison.span(amount);
                    let place = column.and_then(&number_at);
                    let decoded = place.map(|place| Span { place, first, last, negate });
                    Check::Number { comparison, amount, decoded }
                }
                Predicate::Metric(predicate) => match predicate {
                    &MetricPredicate::Double(comparison, Double(right)) => {
                        let (first, last, negate) = span(comparison, right);
                        let place = column.and_then(&number_at);
                        let decoded = place.map(|place| Span { place, first, last, negate });
                        Check::Double { comparison, right, decoded }
                    }
                    MetricPredicate::Value => {
                        Check::Value { is_decoded: column.and_then(&number_at).is_some() }
                    }
                    MetricPredicate::Text(test) => Check::Text(Arc::clone(&test.0)),
                    MetricPredicate::Terms(terms) => Check::Terms(Arc::clone(&terms.0)),
                    MetricPredicate::Json(test) => Check::Json(Arc::clone(&test.0)),
                },
            };
            ResolvedTest { place, stretch, check }
        });
        Self(resolved.collect())
    }

    /// Puts the positions of the regular rows that pass into `selected`.
    pub fn select(
        &self,
        marks: &Marks<'_>,
        batch: &Batch,
        selected: &mut Vec<u32>,
        scratch: &mut Scratch,
    ) {
        selected.clear();
        let mut tests = self.0.as_slice();
        if let Some((first, rest)) = tests.split_first()
            && let Some(column) = first.stretch.and_then(Stretch::one)
            && let Check::In { literals, negate } = &first.check
        {
            marks.select(batch.rows(), column, literals, *negate, selected);
            tests = rest;
        } else {
            selected.extend(0..batch.rows().len() as u32);
        }
        for test in tests {
            test.narrow(marks, batch, selected, scratch);
        }
    }

    /// Whether a plain row passes.
    pub fn passes(&self, marks: &Marks<'_>, batch: &Batch, row: usize) -> bool {
        self.0.iter().all(|test| {
            let text = test.place.and_then(|place| batch.plain_text(marks, row, place));
            match (&test.check, text) {
                (Check::Present(is_present), text) => text.is_some() == *is_present,
                (_, None) => false,
                (check, Some(text)) => check.holds(text),
            }
        })
    }
}

impl Check {
    /// Whether it holds of a value that is there.
    fn holds(&self, text: &[u8]) -> bool {
        match self {
            Self::In { literals, negate } => is_in(text, literals) != *negate,
            Self::Among { texts, negate } => texts.contains(text) != *negate,
            Self::StartsWith(heads) => starts_with(text, heads),
            Self::Number { comparison, amount, .. } => {
                Amount::parse(text).is_some_and(|number| comparison.holds(number, *amount))
            }
            Self::Present(is_present) => *is_present,
            Self::Double { comparison, right, .. } => {
                number(text).is_some_and(|left| compares(left, *comparison, *right))
            }
            Self::Value { .. } => Amount::parse_value(text).is_some(),
            Self::Text(test) => test.holds(text),
            Self::Terms(terms) => terms.holds(text),
            Self::Json(test) => str::from_utf8(text).is_ok_and(|event| test.holds(event)),
        }
    }
}

fn is_in(text: &[u8], literals: &[Literal]) -> bool {
    literals.iter().any(|literal| literal.text() == text)
}

fn starts_with(text: &[u8], heads: &[Vec<u8>]) -> bool {
    heads.iter().any(|head| text.starts_with(head))
}

impl ResolvedTest {
    /// Keeps only the positions of regular rows that pass.
    fn narrow(
        &self,
        marks: &Marks<'_>,
        batch: &Batch,
        selected: &mut Vec<u32>,
        scratch: &mut Scratch,
    ) {
        let stretch = match (self.stretch, &self.check) {
            (stretch, Check::Present(is_present)) => {
                if stretch.is_some() != *is_present {
                    selected.clear();
                }
                return;
            }
            (Some(stretch), _) => stretch,
            (None, _) => return selected.clear(),
        };
        match (&self.check, stretch.one()) {
            (Check::In { literals, negate }, Some(column)) => {
                let Scratch { rows, passed } = scratch;
                rows.clear();
                rows.extend(selected.iter().map(|&at| batch.rows()[at as usize]));
                passed.clear();
                marks.select(rows, column, literals, *negate, passed);
                for (kept, &at) in passed.iter().enumerate() {
                    selected[kept] = selected[at as usize];
                }
                selected.truncate(passed.len());
            }
            (
                Check::Number { decoded: Some(span), .. }
                | Check::Double { decoded: Some(span), .. },
                _,
            ) => {
                let numbers = batch.numbers(span.place);
                keep(selected, |at| {
                    let number = numbers[at as usize];
                    (span.first <= number && number <= span.last) != span.negate
                });
            }
            // What was decoded is a number.
            (Check::Value { is_decoded: true }, _) => {}
            (check, _) => {
                keep(selected, |at| check.holds(batch.regular_text(marks, at as usize, stretch)));
            }
        }
    }
}

/// Keeps the values that pass, without a branch for each.
fn keep(values: &mut Vec<u32>, passes: impl Fn(u32) -> bool) {
    let mut kept = 0;
    for at in 0..values.len() {
        let value = values[at];
        values[kept] = value;
        kept += usize::from(passes(value));
    }
    values.truncate(kept);
}

/// Memory for evaluating filters, kept from batch to batch.
#[derive(Debug, Default)]
pub struct Scratch {
    rows: Vec<u32>,
    passed: Vec<u32>,
}
