//! Tests joined by and, or and not, on selections of positions.
//!
//! What is joined by and narrows a selection one after the other, the cheapest first. What is
//! joined by or is tried only on the positions that nothing before it let through, but for tests
//! of words. Selections are in order, so that taking away is a merge.

use super::Test;
use super::checks::{Columns, ResolvedTest, Scratch};
use crate::batch::Batch;
use crate::scan::Marks;

/// A tree of tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tree {
    /// One test.
    Test(Test),
    /// All of these hold; without any, that is so.
    All(Vec<Tree>),
    /// One of these holds.
    Any(Vec<Tree>),
    /// This does not hold.
    Not(Box<Tree>),
}

impl Tree {
    /// All its tests.
    pub fn leaves(&self) -> Vec<&Test> {
        let (mut leaves, mut rest) = (Vec::new(), vec![self]);
        while let Some(tree) = rest.pop() {
            match tree {
                Self::Test(test) => leaves.push(test),
                Self::All(trees) | Self::Any(trees) => rest.extend(trees.iter().rev()),
                Self::Not(tree) => rest.push(tree),
            }
        }
        leaves
    }

    /// The tests that hold wherever it holds.
    pub fn conjuncts(&self) -> Vec<&Test> {
        let (mut conjuncts, mut rest) = (Vec::new(), vec![self]);
        while let Some(tree) = rest.pop() {
            match tree {
                Self::Test(test) => conjuncts.push(test),
                Self::All(trees) => rest.extend(trees.iter().rev()),
                Self::Any(_) | Self::Not(_) => {}
            }
        }
        conjuncts
    }
}

/// A tree whose columns are resolved.
#[derive(Debug, Clone)]
pub struct Branches(Branch);

#[derive(Debug, Clone)]
enum Branch {
    Test(ResolvedTest),
    All(Vec<Branch>),
    /// Those of words stand first: each sweeps over all positions, which costs less than to
    /// leave out those that have passed.
    Any {
        words: Vec<ResolvedTest>,
        others: Vec<Branch>,
    },
    Not(Box<Branch>),
}

impl Branches {
    /// Resolves a tree's columns.
    pub(crate) fn new(tree: &Tree, columns: &Columns<'_>) -> Self {
        Self(Branch::new(tree, columns))
    }

    /// Puts the positions of the regular rows that pass into `selected`, in order.
    pub fn select(
        &self,
        marks: &Marks<'_>,
        batch: &Batch,
        selected: &mut Vec<u32>,
        scratch: &mut Scratch,
    ) {
        selected.clear();
        selected.extend(0..batch.rows().len() as u32);
        self.0.narrow(marks, batch, selected, scratch);
    }

    /// Whether a plain row passes.
    pub fn passes(&self, marks: &Marks<'_>, batch: &Batch, row: usize) -> bool {
        self.0.passes(marks, batch, row)
    }
}

impl Branch {
    fn new(tree: &Tree, columns: &Columns<'_>) -> Self {
        let sorted = |trees: &[Tree]| {
            let mut branches: Vec<Self> =
                trees.iter().map(|tree| Self::new(tree, columns)).collect();
            branches.sort_by_cached_key(Self::cost);
            branches
        };
        match tree {
            Tree::Test(test) => Self::Test(ResolvedTest::new(test, columns)),
            Tree::All(trees) => Self::All(sorted(trees)),
            Tree::Any(trees) => {
                let (mut words, mut others) = (Vec::new(), Vec::new());
                for branch in sorted(trees) {
                    match branch {
                        Self::Test(test) if test.is_of_words() => words.push(test),
                        branch => others.push(branch),
                    }
                }
                Self::Any { words, others }
            }
            Tree::Not(tree) => Self::Not(Box::new(Self::new(tree, columns))),
        }
    }

    /// What it costs, as tests reckon it.
    fn cost(&self) -> u32 {
        let sum = |costs: &mut dyn Iterator<Item = u32>| costs.fold(1, u32::saturating_add);
        match self {
            Self::Test(test) => test.cost(),
            Self::All(branches) => sum(&mut branches.iter().map(Self::cost)),
            Self::Any { words, others } => {
                let words = words.iter().map(ResolvedTest::cost);
                sum(&mut words.chain(others.iter().map(Self::cost)))
            }
            Self::Not(branch) => branch.cost().saturating_add(1),
        }
    }

    /// Keeps only the positions of regular rows that pass.
    fn narrow(
        &self,
        marks: &Marks<'_>,
        batch: &Batch,
        selected: &mut Vec<u32>,
        scratch: &mut Scratch,
    ) {
        if selected.is_empty() {
            return;
        }
        match self {
            Self::Test(test) => test.narrow(marks, batch, selected, scratch),
            Self::All(branches) => {
                for branch in branches {
                    branch.narrow(marks, batch, selected, scratch);
                }
            }
            Self::Any { words, others } => {
                let mut rest = scratch.taken();
                scratch.marks.clear();
                scratch.marks.resize(selected.len(), 0);
                for test in words {
                    test.mark(batch, selected, &mut scratch.marks);
                }
                if others.is_empty() {
                    copy_marked(selected, &scratch.marks, true, &mut rest);
                    std::mem::swap(selected, &mut rest);
                } else {
                    copy_marked(selected, &scratch.marks, false, &mut rest);
                    let mut tried = scratch.taken();
                    for branch in others {
                        tried.clear();
                        tried.extend_from_slice(&rest);
                        branch.narrow(marks, batch, &mut tried, scratch);
                        take_away(&mut rest, &tried);
                    }
                    take_away(selected, &rest);
                    scratch.spare.push(tried);
                }
                scratch.spare.push(rest);
            }
            Self::Not(branch) => {
                let mut tried = scratch.taken();
                tried.extend_from_slice(selected);
                branch.narrow(marks, batch, &mut tried, scratch);
                take_away(selected, &tried);
                scratch.spare.push(tried);
            }
        }
    }

    fn passes(&self, marks: &Marks<'_>, batch: &Batch, row: usize) -> bool {
        match self {
            Self::Test(test) => test.passes(marks, batch, row),
            Self::All(branches) => branches.iter().all(|b| b.passes(marks, batch, row)),
            Self::Any { words, others } => {
                words.iter().any(|test| test.passes(marks, batch, row))
                    || others.iter().any(|branch| branch.passes(marks, batch, row))
            }
            Self::Not(branch) => !branch.passes(marks, batch, row),
        }
    }
}

impl Scratch {
    /// An empty selection.
    fn taken(&mut self) -> Vec<u32> {
        let mut selection = self.spare.pop().unwrap_or_default();
        selection.clear();
        selection
    }
}

/// Puts the positions with a mark, or without one, into `copies`, without a branch for each.
fn copy_marked(positions: &[u32], marks: &[u8], is_marked: bool, copies: &mut Vec<u32>) {
    copies.resize(positions.len(), 0);
    let mut count = 0;
    for (&position, &mark) in positions.iter().zip(marks) {
        copies[count] = position;
        count += usize::from((mark != 0) == is_marked);
    }
    copies.truncate(count);
}

/// Removes the positions of `others` from those of `positions`, which have them all; both are in
/// order.
fn take_away(positions: &mut Vec<u32>, others: &[u32]) {
    if others.is_empty() {
        return;
    }
    let (mut kept, mut next) = (0, 0);
    for at in 0..positions.len() {
        let position = positions[at];
        let is_other = others.get(next) == Some(&position);
        positions[kept] = position;
        kept += usize::from(!is_other);
        next += usize::from(is_other);
    }
    positions.truncate(kept);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_away_is_gone() {
        let less = |others: &[u32]| {
            let mut positions = vec![1, 3, 5, 8];
            take_away(&mut positions, others);
            positions
        };
        assert_eq!(less(&[]), [1, 3, 5, 8]);
        assert_eq!(less(&[1]), [3, 5, 8]);
        assert_eq!(less(&[3, 8]), [1, 5]);
        assert_eq!(less(&[1, 3, 5, 8]), [0u32; 0]);
        let mut copies = vec![9; 9];
        copy_marked(&[1, 3, 5, 8], &[0, 1, 2, 0], true, &mut copies);
        assert_eq!(copies, [3, 5]);
        copy_marked(&[1, 3, 5, 8], &[0, 1, 2, 0], false, &mut copies);
        assert_eq!(copies, [1, 8]);
    }
}
