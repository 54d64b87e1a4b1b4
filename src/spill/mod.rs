//! Where contributors go that outgrow the memory: one temporary file for all workers of a run.
//!
//! What is written there is written in runs: records of contributors in some order, one after the
//! other, each run at a place of its own. Runs are read again side by side, and merged. So what
//! is held in memory meanwhile is a small buffer of each, however many contributors there are.
//!
//! The file has no name, so it is gone with the program, however that ends. Nobody who writes to
//! it or reads from it is told what went wrong: the first fault is kept here, it stops the run,
//! and then there is no answer at all.

mod merge;
mod run;

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crate::error::{Error, ErrorKind};
use crate::memory::Budget;

pub use merge::{Merge, join_runs};
pub use run::{Borrowed, Keys, Record, Run, Values, Writer};

/// Bytes that each worker has of its own for each part of a question, at the most: twice what its
/// largest table takes while it grows.
const OWN_BYTES_MAX: usize = 16 << 20;

/// Bytes that are read of a run at once, at the least and at the most.
const BUFFER_BYTES_MIN: usize = if cfg!(debug_assertions) { 64 } else { 4 << 10 };
const BUFFER_BYTES_MAX: usize = 256 << 10;

/// Runs that are merged at once have buffers of this size, if there is memory for it.
const BUFFER_BYTES_USUAL: usize = 16 << 10;

/// Runs that are merged at once at the least, and at the most: a few in tests, so that they are
/// merged in more than one pass.
const FAN_IN: std::ops::RangeInclusive<usize> =
    if cfg!(debug_assertions) { 3..=6 } else { 16..=1024 };

/// What is put there that is no contributor.
const RECORDS: &str = "records that have to wait for others";

/// The memory of a run for contributors, and the file for those that outgrow it.
#[derive(Debug)]
pub struct Spill {
    budget: Arc<Budget>,
    bytes_own: usize,
    bytes_merging: usize,
    folder: PathBuf,
    file: OnceLock<File>,
    /// Where the next run begins.
    end: AtomicU64,
    fault: OnceLock<Error>,
}

impl Spill {
    /// For a run that has so many bytes for contributors and so many threads, of which each adds
    /// up `tables` tables of its own.
    pub fn new(bytes: usize, threads: usize, tables: usize, folder: PathBuf) -> Self {
        // A quarter at the most is for what each worker has of its own; when runs are merged, that
        // is free. An eighth is in reserve, for the answer.
        let (threads, tables) = (threads.max(1), tables.max(1));
        let own = (bytes / 4).min(OWN_BYTES_MAX.saturating_mul(threads * tables));
        let reserve = bytes / 8;
        Self {
            budget: Arc::new(Budget::new(bytes - own - reserve, reserve)),
            bytes_own: own / (threads * tables),
            bytes_merging: own / threads,
            folder,
            file: OnceLock::new(),
            end: AtomicU64::new(0),
            fault: OnceLock::new(),
        }
    }

    /// For a run whose contributors may take all the memory that there is.
    pub fn unlimited() -> Self {
        Self::new(usize::MAX, 1, 1, std::env::temp_dir())
    }

    /// What is left for contributors that workers share.
    pub fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }

    /// What each worker may have of its own for each part of a question.
    pub fn bytes_own(&self) -> usize {
        self.bytes_own
    }

    /// How many bytes were written.
    pub fn bytes_written(&self) -> u64 {
        self.end.load(Ordering::Relaxed)
    }

    /// Notes why there can be no answer; the first reason counts.
    pub fn fail(&self, error: Error) {
        let _ = self.fault.set(error);
    }

    /// Why there can be no answer, if something went wrong.
    pub fn fault(&self) -> Option<&Error> {
        self.fault.get()
    }

    /// Whether something went wrong.
    pub fn is_failed(&self) -> bool {
        self.fault.get().is_some()
    }

    /// How many runs one thread merges at once.
    pub fn fan_in(&self) -> usize {
        (self.bytes_merging / BUFFER_BYTES_USUAL).clamp(*FAN_IN.start(), *FAN_IN.end())
    }

    /// The size of the buffer for each of so many runs.
    fn buffer_bytes(&self, runs: usize) -> usize {
        (self.bytes_merging / runs.max(1)).clamp(BUFFER_BYTES_MIN, BUFFER_BYTES_MAX)
    }

    /// The file, made when it is first asked for.
    fn file(&self) -> io::Result<&File> {
        if self.file.get().is_none() {
            // Of two workers that make one at once, one does so for nothing.
            let _ = self.file.set(tempfile::tempfile_in(&self.folder)?);
        }
        self.file.get().ok_or_else(|| io::Error::other("was not made"))
    }

    /// A place for so many bytes that nobody else writes to.
    fn reserve(&self, bytes: u64) -> u64 {
        self.end.fetch_add(bytes, Ordering::Relaxed)
    }

    fn write_at(&self, bytes: &[u8], place: u64) {
        self.write_all(bytes, place, "contributors");
    }

    fn write_all(&self, bytes: &[u8], place: u64, what: &str) {
        if !self.is_failed()
            && let Err(error) = self.file().and_then(|file| file.write_all_at(bytes, place))
        {
            self.fail_with(error, what);
        }
    }

    /// Whether the bytes at `place` could be read.
    fn read_at(&self, bytes: &mut [u8], place: u64) -> bool {
        self.read_exact(bytes, place, "contributors")
    }

    fn read_exact(&self, bytes: &mut [u8], place: u64, what: &str) -> bool {
        if self.is_failed() {
            return false;
        }
        let result = self.file().and_then(|file| file.read_exact_at(bytes, place));
        result.map_err(|error| self.fail_with(error, what)).is_ok()
    }

    /// Puts records that wait to be written into the file; returns where they are.
    pub fn put(&self, records: &[u8]) -> u64 {
        let place = self.reserve(records.len() as u64);
        self.write_all(records, place, RECORDS);
        place
    }

    /// Fills `records` with the bytes that were put there; whether they could be read.
    pub fn get(&self, place: u64, bytes: usize, records: &mut Vec<u8>) -> bool {
        records.clear();
        records.resize(bytes, 0);
        self.read_exact(records, place, RECORDS)
    }

    fn fail_with(&self, error: io::Error, what: &str) {
        let folder = self.folder.display().to_string().escape_debug().to_string();
        let error = Error::from(error);
        self.fail(Error::new(
            ErrorKind::Memory,
            format!(
                "{what} outgrew the memory that they may take, and their temporary file in \
                 {folder} failed: {error}; name another folder with --temp-dir, or allow more with \
                 --memory"
            ),
        ));
    }
}
