//! Which records count: tests on a record's values, all of which have to hold.
//!
//! Beside them a filter may have a tree of tests joined by and, or and not, which `--where` asks
//! for. Questions that share one share its evaluation, and go on with what passes. No test holds
//! of a value that is not there, but for the one that asks for that; `not` is the complement, so
//! that `not dstport = 22` holds where there is no port and `dstport != 22` does not.
//!
//! Texts are compared as text, as CloudWatch does: `In ["443"]` matches `443` and not `0443`.
//! Numbers are compared by value: of a column of numbers that is one range of words; of any other
//! text the number that it spells. What metric filters ask beyond that is tested on texts as it
//! stands in [`pattern`](crate::pattern), but where a plainer test says the same.

mod checks;
mod ranges;
mod tree;

use std::sync::Arc;

use regex::bytes::Regex;

use crate::amount::{Amount, Comparison};
use crate::layout::Column;
use crate::pattern::{Condition, JsonTest, Terms, TextTest, Wildcard};
use crate::prefixes::Prefixes;
pub use checks::{Columns, Scratch, Tests};
pub(crate) use ranges::Ranges;
pub use tree::Branches;
pub(crate) use tree::Tree;

/// Tests that all have to hold, and perhaps a tree of others; without any, every record counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub(crate) tests: Vec<Test>,
    pub(crate) tree: Option<Arc<Tree>>,
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
    Where(WherePredicate),
}

/// What only expressions ask; or with `negate`, that it is not so of a value that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WherePredicate {
    /// A whole number that is one of these.
    Ranges { ranges: Arc<Ranges>, negate: bool },
    /// A whole number with these bits: all of them, or else any.
    Bits { bits: u64, is_all: bool },
    /// An address, in any spelling, that lies in one of these prefixes.
    Lies { prefixes: Arc<Prefixes>, negate: bool },
    /// A text in which this matches somewhere.
    Matches { regex: Same<Regex>, negate: bool },
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
pub(crate) struct Same<T>(pub(crate) Arc<T>);

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

impl Double {
    /// The number.
    pub(crate) fn get(self) -> f64 {
        self.0
    }
}

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

    /// And the tree holds.
    pub(crate) fn and_tree(mut self, tree: Arc<Tree>) -> Self {
        self.tree = Some(match self.tree {
            None => tree,
            Some(own) => Arc::new(Tree::All(vec![own.as_ref().clone(), tree.as_ref().clone()])),
        });
        self
    }

    fn and(mut self, column: impl Into<Column>, predicate: Predicate) -> Self {
        self.tests.push(Test { column: column.into(), predicate });
        self
    }

    /// All tests, also those of the tree.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Test> {
        self.tests.iter().chain(self.tree.iter().flat_map(|tree| tree.leaves()))
    }

    /// The tests that hold of every record that passes.
    pub(crate) fn conjuncts(&self) -> impl Iterator<Item = &Test> {
        self.tests.iter().chain(self.tree.iter().flat_map(|tree| tree.conjuncts()))
    }

    /// The columns that are compared as numbers.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = &Column> {
        let is_number = |test: &&Test| {
            matches!(
                test.predicate,
                Predicate::Number(..)
                    | Predicate::Metric(MetricPredicate::Double(..))
                    | Predicate::Where(WherePredicate::Ranges { .. } | WherePredicate::Bits { .. })
            )
        };
        self.all().filter(is_number).map(|test| &test.column)
    }

    /// The columns that are tested otherwise, but for addresses that are decoded anyway, and
    /// whether they only have to hold a number.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&Column, bool)> {
        self.all().filter_map(|test| match test.predicate {
            Predicate::Number(..) | Predicate::Present(_) => None,
            Predicate::Metric(MetricPredicate::Double(..)) => None,
            Predicate::Where(WherePredicate::Matches { .. }) => Some((&test.column, false)),
            Predicate::Where(_) => None,
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
