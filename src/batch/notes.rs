//! What a worker notes of the lines that it reads.

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
    /// The first malformed lines of the block in text order, if they are still wanted.
    specimens: Vec<Specimen>,
    /// Whether malformed lines need only be counted.
    pub has_enough: bool,
    /// Whether the lines are rows of a table, so that none of them is an object of JSON.
    pub are_rows: bool,
}

/// Malformed lines that are shown.
pub const SPECIMENS_MAX: usize = 5;

impl Notes {
    pub(super) fn malformed(&mut self, place: usize, line: &[u8], reason: Reason) {
        self.tally.count_malformed(reason);
        if self.has_enough {
            return;
        }
        // A batch finds malformed lines in two passes, each in text order: some of the second
        // stand before those of the first.
        let at = self.specimens.partition_point(|specimen| specimen.place < place);
        if at < SPECIMENS_MAX {
            self.specimens.truncate(SPECIMENS_MAX - 1);
            let text = line[..line.len().min(SPECIMEN_BYTES)].to_vec();
            self.specimens.insert(at, Specimen { place, reason, text });
        }
    }

    /// Takes the block's first malformed lines, in text order.
    pub fn take_specimens(&mut self) -> Vec<Specimen> {
        std::mem::take(&mut self.specimens)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_lines_are_kept_whatever_comes_first() {
        let mut notes = Notes::default();
        for place in (10..100).chain([3, 200, 5, 1]) {
            notes.malformed(place, b"x", Reason::TooFewColumns);
        }
        let places = notes.take_specimens().into_iter().map(|specimen| specimen.place);
        assert_eq!(places.collect::<Vec<_>>(), [1, 3, 5, 10, 11]);
        notes.has_enough = true;
        notes.malformed(1, b"x", Reason::TooFewColumns);
        assert!(notes.take_specimens().is_empty());
        assert_eq!(notes.tally.malformed, 95);
    }
}
