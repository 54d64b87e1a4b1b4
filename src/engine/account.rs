//! What became of every line, by input; and that no run ends without knowing it.

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::worker::FileFindings;
use crate::error::{Error, ErrorKind};
use crate::report::FileAccount;
use crate::source::Input;
use crate::tally::Tally;

/// Does a part of the work. A panic there is a bug; then there is no answer, and all the rest of
/// the program goes on.
pub fn or_internal<T>(work: impl FnOnce() -> T) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| {
        let message = "a worker stopped in the middle of its work; no answer is given";
        Error::new(ErrorKind::Internal, message)
    })
}

/// Fails if a line is not accounted for, in all or in a file.
pub fn check_tally(tally: &Tally, files: &BTreeMap<usize, FileFindings>) -> Result<(), Error> {
    let mut sum = Tally::default();
    files.values().for_each(|found| sum += &found.tally);
    let is_whole = tally.is_balanced() && files.values().all(|found| found.tally.is_balanced());
    if is_whole && (files.is_empty() || sum == *tally) {
        return Ok(());
    }
    let message = format!("lines are not accounted for; no answer is given: {tally:?}");
    Err(Error::new(ErrorKind::Internal, message))
}

/// The account of each input.
pub fn files(
    inputs: &[Input],
    files: BTreeMap<usize, FileFindings>,
    faults: &[(usize, Error)],
) -> Vec<FileAccount> {
    let mut by_input: HashMap<usize, Vec<Error>> = HashMap::new();
    for (input, fault) in faults {
        by_input.entry(*input).or_default().push(fault.clone());
    }
    let file = |(at, found): (usize, FileFindings)| {
        let FileFindings { containers, mut layouts, whole, tally, bytes, stamp, start } = found;
        if let Some(whole) = whole.filter(|_| !layouts.is_empty()) {
            layouts = vec![whole];
        }
        let layouts = layouts.iter().map(|layout| layout.as_ref().clone()).collect();
        let mut faults = by_input.remove(&at).unwrap_or_default();
        faults.sort_by_cached_key(Error::to_string);
        faults.dedup_by_key(|fault| fault.to_string());
        let (input, path) = (inputs[at].name(), inputs[at].path().cloned());
        FileAccount { input, path, bytes, stamp, containers, layouts, tally, start, faults }
    };
    files.into_iter().map(file).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Engine, Query, Source};

    fn tally(lines: u64, ok: u64) -> Tally {
        Tally { lines, ok, headers: 1, ..Tally::default() }
    }

    #[test]
    fn lines_that_are_not_accounted_for_are_an_error() {
        let file = |tally: Tally| FileFindings { tally, ..FileFindings::default() };
        let files = |tallies: Vec<Tally>| tallies.into_iter().map(file).enumerate().collect();
        let kind =
            |all: &Tally, tallies| check_tally(all, &files(tallies)).map_err(|error| error.kind());
        assert_eq!(kind(&tally(3, 2), Vec::new()), Ok(()));
        let error = check_tally(&tally(4, 2), &BTreeMap::new()).unwrap_err().to_string();
        assert!(error.contains("not accounted for") && error.contains("lines: 4"), "{error}");
        let sum = Tally { lines: 7, ok: 5, headers: 2, ..Tally::default() };
        assert_eq!(kind(&sum, vec![tally(3, 2), tally(4, 3)]), Ok(()));
        // One file lacks what another has too many.
        assert_eq!(kind(&sum, vec![tally(3, 3), tally(4, 2)]), Err(ErrorKind::Internal));
        assert_eq!(kind(&sum, vec![tally(3, 2)]), Err(ErrorKind::Internal));
        let mut odd = tally(3, 1);
        odd.malformed = 1;
        assert_eq!(kind(&odd, Vec::new()), Err(ErrorKind::Internal));
    }

    #[test]
    fn a_panic_is_an_error_and_no_answer() {
        let query = Query::builder().build().unwrap();
        let sample = [Source::path("testdata/sample.log")];
        for threads in [1, 2, 8] {
            // Blocks of no bytes are what no caller can ask for: the first that is read panics.
            let mut broken = Engine::new().threads(threads);
            broken.block_bytes = 0;
            let error = broken.run(&query, &sample).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Internal);
            assert!(error.to_string().contains("no answer is given"));
        }
        assert_eq!(or_internal(|| 5).unwrap(), 5);
        assert!(Engine::new().run(&query, &sample).is_ok());
    }
}
