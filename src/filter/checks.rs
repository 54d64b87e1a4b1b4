//! Tests whose columns are resolved, with literals ready for comparing: on regular rows a
//! selection of positions is narrowed test by test, plain rows are read one by one.

use std::sync::Arc;

use hashbrown::HashSet;
use regex::bytes::Regex;

use super::{Double, Filter, MetricPredicate, Predicate, Ranges, Test, WherePredicate};
use crate::amount::{Amount, Comparison};
use crate::batch::Batch;
use crate::layout::{Column, Place, Stretch};
use crate::pattern::{JsonTest, Terms, TextTest, compares, number, span};
use crate::prefixes::Prefixes;
use crate::record::spelled;
use crate::scan::{Literal, Marks};
use crate::value::Number;

/// Where columns are found.
pub struct Columns<'a> {
    /// How many regular rows have.
    pub count: usize,
    /// Where a column stands in a line.
    pub resolve: &'a dyn Fn(&Column) -> Option<Place>,
    /// Whether values are those of flow-log records: words of a line.
    pub are_words: bool,
    /// The place of a column among the batch's numbers.
    pub number: &'a dyn Fn(usize) -> Option<usize>,
    /// The place of a column among the batch's addresses.
    pub address: &'a dyn Fn(usize) -> Option<usize>,
}

impl std::fmt::Debug for Columns<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Columns").field("count", &self.count).finish_non_exhaustive()
    }
}

/// A filter whose columns are resolved, with literals ready for comparing.
#[derive(Debug, Clone)]
pub struct Tests(Vec<ResolvedTest>);

#[derive(Debug, Clone)]
pub struct ResolvedTest {
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
    Ranges { ranges: Arc<Ranges>, negate: bool, decoded: Option<usize> },
    Bits { bits: u64, is_all: bool, decoded: Option<usize> },
    Lies { prefixes: Arc<Prefixes>, negate: bool, decoded: Option<usize> },
    Matches { regex: Arc<Regex>, negate: bool },
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
    /// Resolves the columns of a filter's tests, but for its tree.
    pub fn new(filter: &Filter, columns: &Columns<'_>) -> Self {
        Self(filter.tests.iter().map(|test| ResolvedTest::new(test, columns)).collect())
    }

    /// Puts the positions of the regular rows that pass into `selected`; with `base`, of those.
    pub fn select(
        &self,
        base: Option<&[u32]>,
        marks: &Marks<'_>,
        batch: &Batch,
        selected: &mut Vec<u32>,
        scratch: &mut Scratch,
    ) {
        selected.clear();
        let mut tests = self.0.as_slice();
        if let Some(base) = base {
            selected.extend_from_slice(base);
        } else if let Some((first, rest)) = tests.split_first()
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
        self.0.iter().all(|test| test.passes(marks, batch, row))
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
            Self::Ranges { ranges, negate, .. } => {
                Number::parse(text).value().is_some_and(|number| ranges.has(number) != *negate)
            }
            &Self::Bits { bits, is_all, .. } => {
                let number = Number::parse(text).value();
                number.is_some_and(|number| has_bits(number, bits, is_all))
            }
            // Of a well-formed record it is an address or `-`.
            Self::Lies { prefixes, negate, .. } => {
                text != b"-" && prefixes.find(text).is_some() != *negate
            }
            Self::Matches { regex, negate } => regex.is_match(text) != *negate,
        }
    }
}

fn has_bits(number: u64, bits: u64, is_all: bool) -> bool {
    let found = number & bits;
    if is_all { found == bits } else { found != 0 }
}

fn is_in(text: &[u8], literals: &[Literal]) -> bool {
    literals.iter().any(|literal| literal.text() == text)
}

fn starts_with(text: &[u8], heads: &[Vec<u8>]) -> bool {
    heads.iter().any(|head| text.starts_with(head))
}

impl ResolvedTest {
    /// Resolves a test's column.
    pub fn new(test: &Test, columns: &Columns<'_>) -> Self {
        let place = (columns.resolve)(&test.column);
        let stretch = place.and_then(|place| place.stretch(columns.count));
        let column = stretch.and_then(Stretch::one);
        let decoded = column.and_then(columns.number);
        // A value of JSON or a table is compared as it stands in its line, and so is a literal.
        let is_word = columns.are_words && matches!(place, Some(Place::At(_) | Place::Last(_)));
        let literal = |text: &Vec<u8>| match is_word && !text.is_empty() {
            true => spelled(text).into_owned(),
            false => text.clone(),
        };
        let among = |values: &[Vec<u8>], negate: bool| {
            let texts = values.iter().map(literal);
            if values.len() > LITERALS_MAX {
                return Check::Among { texts: texts.collect(), negate };
            }
            Check::In { literals: texts.map(|text| Literal::new(&text)).collect(), negate }
        };
        let check = match &test.predicate {
            Predicate::In(values) => among(values, false),
            Predicate::NotIn(values) => among(values, true),
            Predicate::StartsWith(values) => {
                Check::StartsWith(values.iter().map(literal).collect())
            }
            Predicate::Present(is_present) => Check::Present(*is_present),
            &Predicate::Number(comparison, amount) => {
                let (first, last, negate) = comparison.span(amount);
                let decoded = decoded.map(|place| Span { place, first, last, negate });
                Check::Number { comparison, amount, decoded }
            }
            Predicate::Metric(predicate) => match predicate {
                &MetricPredicate::Double(comparison, Double(right)) => {
                    let (first, last, negate) = span(comparison, right);
                    let decoded = decoded.map(|place| Span { place, first, last, negate });
                    Check::Double { comparison, right, decoded }
                }
                MetricPredicate::Value => Check::Value { is_decoded: decoded.is_some() },
                MetricPredicate::Text(test) => Check::Text(Arc::clone(&test.0)),
                MetricPredicate::Terms(terms) => Check::Terms(Arc::clone(&terms.0)),
                MetricPredicate::Json(test) => Check::Json(Arc::clone(&test.0)),
            },
            Predicate::Where(predicate) => match predicate {
                WherePredicate::Ranges { ranges, negate } => {
                    Check::Ranges { ranges: Arc::clone(ranges), negate: *negate, decoded }
                }
                &WherePredicate::Bits { bits, is_all } => Check::Bits { bits, is_all, decoded },
                WherePredicate::Lies { prefixes, negate } => {
                    let decoded = column.and_then(columns.address);
                    Check::Lies { prefixes: Arc::clone(prefixes), negate: *negate, decoded }
                }
                WherePredicate::Matches { regex, negate } => {
                    Check::Matches { regex: Arc::clone(&regex.0), negate: *negate }
                }
            },
        };
        Self { place, stretch, check }
    }

    /// What it costs to narrow a selection, as far as tests are tried in that order: numbers are
    /// words already, so are addresses, but they may be looked for among many; texts are not.
    pub fn cost(&self) -> u32 {
        match self.check {
            _ if self.stretch.is_none() => 0,
            Check::Present(_) => 0,
            Check::Number { .. } | Check::Bits { .. } => 1,
            Check::Ranges { .. } => 2,
            Check::Lies { .. } => 3,
            Check::Double { .. } | Check::Value { .. } => 4,
            Check::In { .. } => 5,
            Check::Among { .. } | Check::StartsWith(_) => 8,
            Check::Text(_) | Check::Matches { .. } => 40,
            Check::Terms(_) | Check::Json(_) => 80,
        }
    }

    /// Whether a plain row passes.
    pub fn passes(&self, marks: &Marks<'_>, batch: &Batch, row: usize) -> bool {
        let text = self.place.and_then(|place| batch.plain_text(marks, row, place));
        match (&self.check, text) {
            (Check::Present(is_present), text) => text.is_some() == *is_present,
            (_, None) => false,
            (check, Some(text)) => check.holds(text),
        }
    }

    /// Whether it looks at words only: numbers and addresses that are decoded.
    pub fn is_of_words(&self) -> bool {
        match &self.check {
            Check::Number { decoded, .. } | Check::Double { decoded, .. } => decoded.is_some(),
            Check::Ranges { decoded, .. }
            | Check::Bits { decoded, .. }
            | Check::Lies { decoded, .. } => decoded.is_some(),
            _ => false,
        }
    }

    /// Marks the positions of regular rows that pass, of a test of words.
    pub fn mark(&self, batch: &Batch, positions: &[u32], marks: &mut [u8]) {
        self.sweep(batch, Mark(positions, marks));
    }

    /// Sweeps over positions of regular rows by a test of words.
    fn sweep(&self, batch: &Batch, sweep: impl Sweep) {
        let is_in = |number: u64, first: u64, last: u64| (first <= number) & (number <= last);
        match &self.check {
            Check::Number { decoded: Some(span), .. }
            | Check::Double { decoded: Some(span), .. } => {
                let &Span { place, first, last, negate } = span;
                let numbers = batch.numbers(place);
                sweep.sweep(|at| is_in(numbers[at as usize], first, last) != negate);
            }
            Check::Ranges { ranges, negate, decoded: Some(place) } => {
                let numbers = batch.numbers(*place);
                match *ranges.spans() {
                    [(a, b), (c, d)] => sweep.sweep(|at| {
                        let number = numbers[at as usize];
                        (is_in(number, a, b) | is_in(number, c, d)) != *negate
                    }),
                    _ => sweep.sweep(|at| ranges.has(numbers[at as usize]) != *negate),
                }
            }
            &Check::Bits { bits, is_all, decoded: Some(place) } => {
                let numbers = batch.numbers(place);
                sweep.sweep(|at| has_bits(numbers[at as usize], bits, is_all));
            }
            Check::Lies { prefixes, negate, decoded: Some(place) } => {
                let addresses = batch.addresses(*place);
                match prefixes.only_v4() {
                    Some((first, last)) => {
                        let width = last - first;
                        sweep.sweep(|at| {
                            (addresses[at as usize].wrapping_sub(first) <= width) != *negate
                        });
                    }
                    None => {
                        sweep.sweep(|at| prefixes.v4(addresses[at as usize]).is_some() != *negate)
                    }
                }
            }
            _ => unreachable!("a test of words"),
        }
    }

    /// Keeps only the positions of regular rows that pass.
    pub fn narrow(
        &self,
        marks: &Marks<'_>,
        batch: &Batch,
        selected: &mut Vec<u32>,
        scratch: &mut Scratch,
    ) {
        if self.is_of_words() {
            return self.sweep(batch, Keep(selected));
        }
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
                let Scratch { rows, passed, .. } = scratch;
                rows.clear();
                rows.extend(selected.iter().map(|&at| batch.rows()[at as usize]));
                passed.clear();
                marks.select(rows, column, literals, *negate, passed);
                for (kept, &at) in passed.iter().enumerate() {
                    selected[kept] = selected[at as usize];
                }
                selected.truncate(passed.len());
            }
            // What was decoded is a number.
            (Check::Value { is_decoded: true }, _) => {}
            (check, _) => {
                keep(selected, |at| check.holds(batch.regular_text(marks, at as usize, stretch)));
            }
        }
    }
}

/// What is done with positions of which some pass.
trait Sweep {
    fn sweep(self, passes: impl Fn(u32) -> bool);
}

/// Only those that pass are kept.
struct Keep<'a>(&'a mut Vec<u32>);

/// Those that pass get a mark, one for each position.
struct Mark<'a>(&'a [u32], &'a mut [u8]);

impl Sweep for Keep<'_> {
    fn sweep(self, passes: impl Fn(u32) -> bool) {
        keep(self.0, passes);
    }
}

impl Sweep for Mark<'_> {
    fn sweep(self, passes: impl Fn(u32) -> bool) {
        for (&position, mark) in self.0.iter().zip(self.1) {
            *mark |= u8::from(passes(position));
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
    /// Selections that nobody needs now.
    pub(super) spare: Vec<Vec<u32>>,
    /// A mark for each position.
    pub(super) marks: Vec<u8>,
}
