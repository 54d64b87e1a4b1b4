//! What a worker notes of the lines that it reads.

use super::ROWS_MAX;
use crate::record::Reason;
use crate::tally::Tally;

/// A malformed line, for showing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Specimen {
    /// Where the line begins in its block.
    pub place: usize,
    /// Why it is malformed.
    pub reason: Reason,
    /// The beginning of its text.
    pub text: Vec<u8>,
}

/// Bytes of a malformed line that are kept.
const SPECIMEN_BYTES: usize = 200;

/// What a worker notes of the lines that it reads.
#[derive(Debug, Default)]
pub struct Notes {
    /// What became of them.
    pub tally: Tally,
    /// Malformed lines of the block, if they are still wanted.
    pub specimens: Vec<Specimen>,
    /// Whether malformed lines need only be counted.
    pub has_enough: bool,
}

/// Malformed lines that are shown.
pub const SPECIMENS_MAX: usize = 5;

impl Notes {
    pub(super) fn malformed(&mut self, place: usize, line: &[u8], reason: Reason) {
        self.tally.count_malformed(reason);
        // A batch finds malformed lines in two passes, each in text order: the first five are
        // among these.
        if !self.has_enough && self.specimens.len() < SPECIMENS_MAX + 2 * ROWS_MAX {
            let text = line[..line.len().min(SPECIMEN_BYTES)].to_vec();
            self.specimens.push(Specimen { place, reason, text });
        }
    }

    /// Takes the block's first malformed lines, in text order.
    pub fn take_specimens(&mut self) -> Vec<Specimen> {
        self.specimens.sort_by_key(|specimen| specimen.place);
        self.specimens.truncate(SPECIMENS_MAX);
        std::mem::take(&mut self.specimens)
    }
}
