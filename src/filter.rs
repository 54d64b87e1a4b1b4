//! Which records count: tests on a record's values, all of which have to hold.
//!
//! Values are compared as text, as CloudWatch does: `In ["443"]` matches `443` and not `0443`.

use crate::batch::Batch;
use crate::layout::Column;
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
    pub(crate) values: Vec<Vec<u8>>,
    pub(crate) negate: bool,
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
        self.and(column.into(), values, false)
    }

    /// And the column has a text, which equals none of `values`. A column that is not there
    /// passes neither this test nor [`and_in`](Self::and_in).
    #[must_use]
    pub fn and_not_in<V: AsRef<[u8]>>(
        self,
        column: impl Into<Column>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        self.and(column.into(), values, true)
    }

    fn and<V: AsRef<[u8]>>(
        mut self,
        column: Column,
        values: impl IntoIterator<Item = V>,
        negate: bool,
    ) -> Self {
        let values = values.into_iter().map(|value| value.as_ref().to_vec()).collect();
        self.tests.push(Test { column, values, negate });
        self
    }
}

/// A filter whose columns are resolved, with literals ready for comparing.
#[derive(Debug, Clone)]
pub struct Tests(Vec<ResolvedTest>);

#[derive(Debug, Clone)]
struct ResolvedTest {
    /// None if the layout has no such column, and no record can have it.
    column: Option<usize>,
    /// Whether regular rows have the column.
    is_regular: bool,
    literals: Vec<Literal>,
    negate: bool,
}

impl Tests {
    /// Resolves a filter's columns; `columns` is how many the layout has.
    pub fn new(
        filter: &Filter,
        columns: usize,
        resolve: impl Fn(&Column) -> Option<usize>,
    ) -> Self {
        let resolved = filter.tests.iter().map(|test| {
            let column = resolve(&test.column);
            ResolvedTest {
                column,
                is_regular: column.is_some_and(|column| column < columns),
                literals: test.values.iter().map(|value| Literal::new(value)).collect(),
                negate: test.negate,
            }
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
        let Some((first, rest)) = self.0.split_first() else {
            selected.extend(0..batch.rows().len() as u32);
            return;
        };
        if !self.0.iter().all(|test| test.is_regular) {
            return;
        }
        let run = |test: &ResolvedTest, rows: &[u32], passed: &mut Vec<u32>| {
            passed.clear();
            if let Some(column) = test.column {
                marks.select(rows, column, &test.literals, test.negate, passed);
            }
        };
        run(first, batch.rows(), selected);
        for test in rest {
            let Scratch { rows, passed } = scratch;
            rows.clear();
            rows.extend(selected.iter().map(|&at| batch.rows()[at as usize]));
            run(test, rows, passed);
            for (kept, &at) in passed.iter().enumerate() {
                selected[kept] = selected[at as usize];
            }
            selected.truncate(passed.len());
        }
    }

    /// Whether a plain row passes.
    pub fn passes(&self, marks: &Marks<'_>, batch: &Batch, row: usize) -> bool {
        self.0.iter().all(|test| {
            let text = test.column.and_then(|column| batch.plain_text(marks, row, column));
            let is_one = |text: &[u8]| test.literals.iter().any(|literal| literal.text() == text);
            text.is_some_and(|text| is_one(text) != test.negate)
        })
    }
}

/// Memory for evaluating filters, kept from batch to batch.
#[derive(Debug, Default)]
pub struct Scratch {
    rows: Vec<u32>,
    passed: Vec<u32>,
}
