//! Records out: the engine's other product, made in the same pass as the answers.

use std::io::{self, Write};

use super::{Engine, Run};
use crate::container::Columns;
use crate::cut::{Cut, Output};
use crate::error::Error;
use crate::layout::Column;
use crate::query::Query;
use crate::report::Report;
use crate::source::Source;

/// What became of a [`Cut`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Cutting {
    /// The account of what was read, with the answers to all questions. The first is that of the
    /// cut's own query.
    pub report: Report,
    /// How many records were written.
    pub records: u64,
    /// Whether the run ended before all was read: as many records as were wanted are written, or
    /// writing failed. What the report counts is what was read until then.
    pub is_stopped: bool,
    /// Whether they could be written.
    pub result: io::Result<()>,
}

impl Engine {
    /// Writes the records that `cut` asks for to `out`, in the order of the sources and of their
    /// lines, and answers `others` in the same pass.
    ///
    /// Neither threads nor the size of blocks change a byte of it. A block that is done before
    /// those before it waits in memory, and beyond what a run may take of that in the temporary
    /// file.
    ///
    /// # Errors
    /// As [`run_all`](Self::run_all). That `out` failed is no error but ends the run.
    pub fn cut(
        &self,
        cut: &Cut,
        others: &[Query],
        sources: &[Source],
        out: &mut (dyn Write + Send),
    ) -> Result<Cutting, Error> {
        let queries = [std::slice::from_ref(&cut.query), others].concat();
        let (report, written) = self.pass(&queries, sources, Some((cut, out)))?;
        let written = written.expect("there is a cut");
        Ok(Cutting {
            report,
            records: written.records,
            is_stopped: written.stopped.is_some(),
            result: written.result,
        })
    }
}

/// The columns that are read for `cut` beside those that queries need.
pub fn columns(cut: Option<&Cut>, needed: Columns) -> Columns {
    let Some(cut) = cut else { return needed };
    match (cut.asked(), needed) {
        (Some(asked), Columns::Some { mut columns, .. }) => {
            for column in asked {
                match column {
                    Column::Field(_) | Column::Name(_) => columns.push(column.clone()),
                    _ => return Columns::All,
                }
            }
            Columns::Lines(columns)
        }
        _ => Columns::All,
    }
}

impl<'r> Run<'r> {
    pub(super) fn output(&self) -> Option<&Output<'r>> {
        self.cut.as_ref().map(|(_, output)| output)
    }

    /// Whether what is read from now on is for nothing.
    pub(super) fn is_stopped(&self) -> bool {
        self.spill.is_failed() || self.output().is_some_and(Output::is_over)
    }

    /// Whether it is better to wait for those who are behind.
    pub(super) fn is_ahead(&self) -> bool {
        self.output().is_some_and(Output::is_ahead) && !self.spill.is_failed()
    }
}
