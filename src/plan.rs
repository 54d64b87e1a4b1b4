//! The treaty between questions and a layout: made once for each layout, before its first record.

use crate::batch::Reading;
use crate::field::Kind;
use crate::filter::{Filter, Tests};
use crate::key::{KeyShape, Lane, Part};
use crate::layout::{Column, Layout};
use crate::query::{Measure, Query, Scope};

/// How to answer all queries over records of one layout.
#[derive(Debug)]
pub struct Plan {
    /// What to check and decode.
    pub reading: Reading,
    /// The distinct filters: queries with equal ones share their evaluation.
    pub selections: Vec<Selection>,
    /// One for each query.
    pub steps: Vec<Step>,
    /// Columns that queries name and the layout lacks.
    pub lacking: Vec<String>,
}

/// Which records a query considers and which of them pass.
#[derive(Debug)]
pub struct Selection {
    /// Which are considered.
    pub scope: Scope,
    /// Which of those pass.
    pub tests: Tests,
}

/// What to do with the records that pass.
#[derive(Debug)]
pub struct Step {
    /// The selection, as an index into the plan's.
    pub selection: usize,
    /// The kinds of the keys.
    pub shape: KeyShape,
    /// Where each key is found.
    pub keys: Vec<Source>,
    /// How regular records' keys are kept; none if they lack a key.
    pub lane: Option<Lane>,
    /// Where the value is found; none for a count.
    pub value: Option<Source>,
}

/// Where a value is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// The column, counted from 0; none if the layout lacks it.
    pub column: Option<usize>,
    /// In regular rows.
    pub regular: Regular,
}

/// Where a value is found in regular rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Regular {
    /// Among the decoded addresses.
    Address(usize),
    /// Among the decoded numbers; with its bits when it is a key.
    Number(usize, u32),
    /// As text in the column.
    Text,
    /// Nowhere.
    Missing,
}

impl Plan {
    /// Plans `queries` over records of `layout`.
    pub fn new(queries: &[Query], layout: &Layout) -> Self {
        let number = |column: &Column| {
            let column = layout.resolve(column)?;
            matches!(layout.kind(column), Kind::Number(_)).then_some(column)
        };
        let keys = queries.iter().flat_map(|query| &query.keys).filter_map(number);
        let mut unpadded: Vec<usize> = keys.collect();
        unpadded.sort_unstable();
        unpadded.dedup();
        let measured = queries.iter().filter_map(|query| query.measure.column());
        let mut numbers: Vec<usize> = measured.filter_map(number).collect();
        numbers.extend(&unpadded);
        numbers.sort_unstable();
        numbers.dedup();
        let reading = Reading::new(layout, numbers, unpadded);

        let mut distinct: Vec<(Scope, &Filter)> = Vec::new();
        let mut steps = Vec::new();
        for query in queries {
            let wanted = (query.scope, &query.filter);
            let selection = distinct.iter().position(|other| *other == wanted);
            let selection = selection.unwrap_or_else(|| {
                distinct.push(wanted);
                distinct.len() - 1
            });
            steps.push(Step::new(query, selection, &reading));
        }
        let selection = |(scope, filter): (Scope, &Filter)| Selection {
            scope,
            tests: Tests::new(filter, layout.columns(), |column| layout.resolve(column)),
        };
        let selections = distinct.into_iter().map(selection).collect();
        Self { selections, steps, lacking: lacking(queries, layout), reading }
    }
}

impl Step {
    fn new(query: &Query, selection: usize, reading: &Reading) -> Self {
        let keys: Vec<Source> = query.keys.iter().map(|key| Source::new(key, reading)).collect();
        let part = |key: &Source| {
            key.column.map_or(Part::Text, |column| Part::of(reading.layout().kind(column)))
        };
        let shape = KeyShape::new(keys.iter().map(part).collect());
        let is_regular = keys.iter().all(|key| key.regular != Regular::Missing);
        let value = match &query.measure {
            Measure::Count => None,
            Measure::Sum(column) | Measure::Min(column) | Measure::Max(column) => {
                Some(Source::new(column, reading))
            }
        };
        Self { selection, lane: is_regular.then(|| shape.lane()), shape, keys, value }
    }
}

impl Source {
    fn new(column: &Column, reading: &Reading) -> Self {
        let layout = reading.layout();
        let column = layout.resolve(column);
        let regular = match column {
            None => Regular::Missing,
            Some(column) if column >= layout.columns() => Regular::Missing,
            Some(column) => match (reading.address(column), reading.number(column)) {
                (Some(place), _) => Regular::Address(place),
                (_, Some(place)) => {
                    let bits = match layout.kind(column) {
                        Kind::Number(limit) => u64::BITS - limit.leading_zeros(),
                        _ => u64::BITS,
                    };
                    Regular::Number(place, bits)
                }
                (None, None) => Regular::Text,
            },
        };
        Self { column, regular }
    }
}

/// The named columns that the layout lacks. Positions beyond it are no lack: CloudWatch's reading
/// of an event as an array of values lets them be absent.
fn lacking(queries: &[Query], layout: &Layout) -> Vec<String> {
    let mut names = Vec::new();
    for query in queries {
        let tested = query.filter.tests.iter().map(|test| &test.column);
        for column in query.keys.iter().chain(query.measure.column()).chain(tested) {
            if layout.resolve(column).is_none() && !names.contains(&column.label()) {
                names.push(column.label());
            }
        }
    }
    names
}
