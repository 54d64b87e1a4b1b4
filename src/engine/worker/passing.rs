//! Lines of a block, batch by batch, through the plan: to the groups, and out again.

use crate::batch::{Batch, Form, Notes, Reading};
use crate::container::Decoded;
use crate::cut::{Chunk, Writing};
use crate::filter::Scratch as FilterScratch;
use crate::group::{Groups, Scratch};
use crate::plan::Plan;
use crate::query::Scope;
use crate::scan::Marks;
use crate::value::Status;

/// Memory for batches, kept from block to block.
#[derive(Default)]
pub struct Memory {
    pub batch: Batch,
    scratch: Scratch,
    filter_scratch: FilterScratch,
    /// What passes each tree: the positions of regular rows, and whether a plain row does.
    bases: Vec<Vec<u32>>,
    passed: Vec<bool>,
    selected: Vec<Vec<u32>>,
    /// What is written of a block, if records are, and which plain rows of a batch are.
    pub chunk: Chunk,
    written: Vec<u32>,
}

/// Lines of a block that have one layout, none of them a header.
pub enum Portion<'a> {
    /// From one mark to another.
    Marked(usize, usize),
    /// Decoded rows, from this one on.
    Decoded(&'a Decoded, usize),
}

impl Portion<'_> {
    /// Whether none is left.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Marked(from, to) => from >= to,
            Self::Decoded(decoded, next) => *next >= decoded.rows,
        }
    }

    pub fn decoded(&self) -> Option<&Decoded> {
        match self {
            Self::Marked(..) => None,
            Self::Decoded(decoded, _) => Some(decoded),
        }
    }

    /// Fills a batch with the next of them; whether there were any.
    pub fn fill(
        &mut self,
        batch: &mut Batch,
        reading: &Reading,
        marks: &Marks<'_>,
        notes: &mut Notes,
    ) -> bool {
        if self.is_empty() {
            return false;
        }
        match self {
            Self::Marked(from, to) => batch.fill(reading, marks, from, *to, notes),
            Self::Decoded(decoded, next) => batch.fill_decoded(reading, decoded, next, notes),
        }
        true
    }
}

impl Memory {
    /// Runs a batch through the plan.
    pub fn observe(
        &mut self,
        plan: &Plan,
        marks: &Marks<'_>,
        groups: &mut [Groups],
        writing: Option<&Writing>,
    ) {
        let Self { batch, scratch, filter_scratch, bases, passed, selected, chunk, written } = self;
        // The records that are written are those of the first query.
        let written_of = writing.map(|_| plan.steps[0].selection);
        written.clear();
        bases.resize_with(plan.trees.len(), Vec::new);
        for (tree, base) in plan.trees.iter().zip(&mut *bases) {
            tree.select(marks, batch, base, filter_scratch);
        }
        selected.resize_with(plan.selections.len(), Vec::new);
        for (selection, selected) in plan.selections.iter().zip(&mut *selected) {
            if selection.form == Form::Records {
                let base = selection.tree.map(|tree| bases[tree].as_slice());
                selection.tests.select(base, marks, batch, selected, filter_scratch);
            }
        }
        for (step, groups) in plan.steps.iter().zip(&mut *groups) {
            if plan.selections[step.selection].form != Form::Records {
                continue;
            }
            let selected = &selected[step.selection];
            groups.filter_out(batch.rows().len() - selected.len());
            groups.observe_regular(step, marks, batch, selected, scratch);
        }
        for row in 0..batch.plain_rows() {
            passed.clear();
            passed.extend(plan.trees.iter().map(|tree| tree.passes(marks, batch, row)));
            for (at, selection) in plan.selections.iter().enumerate() {
                let is_traffic = batch.plain_status(row) == Status::Ok;
                if selection.form != batch.plain_form(row)
                    || selection.scope == Scope::Traffic && !is_traffic
                {
                    continue;
                }
                let passes = selection.tree.is_none_or(|tree| passed[tree])
                    && selection.tests.passes(marks, batch, row);
                if passes && written_of == Some(at) {
                    written.push(row as u32);
                }
                let steps = plan.steps.iter().zip(&mut *groups);
                for (step, groups) in steps.filter(|(step, _)| step.selection == at) {
                    if passes {
                        groups.observe_plain(step, marks, batch, row, scratch);
                    } else {
                        groups.filter_out(1);
                    }
                }
            }
        }
        if let Some(writing) = writing {
            // Those that only looked regular come last in a batch.
            written.sort_by_key(|&row| batch.plain_place(row as usize));
            let selected = &selected[plan.steps[0].selection];
            writing.write(marks, batch, selected, written, chunk);
        }
    }
}
