//! Who reads what next.
//!
//! A plain file is a list of ranges claimed from a counter. A stream has one owner, who decodes
//! it and gives blocks away as long as somebody is idle, and otherwise works on them itself.
//! Blocks that were given away are taken first in, first out, before anything else: so a block
//! that waits for its turn waits only for blocks that somebody is working on. A Parquet file is a
//! list of row groups, each of which is read like a stream.
//!
//! Where what was read has to leave in order, somebody may get so far ahead that it is better to
//! wait. Whoever does holds nothing that others need, works on blocks that are given away, and
//! goes on where nobody else works: so the one who is behind is always at work.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::order::{Order, Turn};
use crate::container::{Decoded, Table};
use crate::layout::Layout;
use crate::source::RangedFile;

/// A plain file that workers share.
#[derive(Debug)]
pub struct SharedFile {
    /// Which input it is.
    pub input: usize,
    /// The open file.
    pub file: RangedFile,
    /// The order of its ranges.
    pub order: Arc<Order>,
}

/// A Parquet file that workers share.
#[derive(Debug)]
pub struct SharedTable {
    /// Which input it is.
    pub input: usize,
    /// The open file.
    pub table: Table,
}

/// A block of a stream, on its way from the owner to another worker.
#[derive(Debug)]
pub struct Parcel {
    /// Which input it is from.
    pub input: usize,
    /// The bytes and the padding.
    pub buffer: Vec<u8>,
    /// How many bytes are text.
    pub length: usize,
    /// Its place in the stream.
    pub turn: Turn,
    /// What comes before its first line.
    pub preface: Preface,
}

/// What comes before a block's first line.
#[derive(Debug, Default)]
pub struct Preface {
    /// Whether it is the input's first.
    pub is_first: bool,
    /// Lines right before it that were headers of a container.
    pub headers: u64,
    /// Its layout, if the container says so.
    pub layout: Option<Arc<Layout>>,
    /// Whether its lines are rows, none of which is a header.
    pub is_table: bool,
    /// Whether its lines are rows of a table, also if some of them may be headers.
    pub has_rows: bool,
    /// The first of those rows, if they are decoded.
    pub decoded: Option<Box<Decoded>>,
    /// The part of the input that it is in, and its number there.
    pub place: (usize, u64),
}

impl Preface {
    /// The preface of the `number`th block of a text, of which nothing else says anything.
    pub fn of_text(number: u64) -> Self {
        Self { is_first: number == 0, place: (0, number), ..Self::default() }
    }
}

/// The next piece of work.
#[derive(Debug)]
pub enum Task {
    /// Open the input of this number.
    Open(usize),
    /// Read a range of a file.
    Range {
        /// The file.
        file: Arc<SharedFile>,
        /// The number of the range.
        number: u64,
        /// Its place.
        turn: Turn,
    },
    /// Read a row group of a table, and say when that is done.
    Group(Arc<SharedTable>, usize),
    /// Work on a block.
    Parcel(Parcel),
}

/// The work that is left.
#[derive(Debug)]
pub struct Schedule {
    state: Mutex<State>,
    news: Condvar,
    inputs: usize,
    block_bytes: u64,
    threads: usize,
}

#[derive(Debug, Default)]
struct State {
    next_input: usize,
    /// Files with ranges that nobody has claimed, and the next one of each.
    files: VecDeque<(Arc<SharedFile>, u64)>,
    /// Tables with row groups that nobody has claimed, and the next one of each.
    tables: VecDeque<(Arc<SharedTable>, usize)>,
    parcels: VecDeque<Parcel>,
    /// Workers that have an input or a row group open and may still find work for others.
    opening: usize,
    idle: usize,
    /// Workers that are neither idle nor done.
    working: usize,
    buffers: Vec<Vec<u8>>,
    is_cancelled: bool,
}

impl State {
    /// Whether a table comes before all files: inputs are worked on in their order, as far as they
    /// are open, so that records can leave in it.
    fn is_table_next(&self) -> bool {
        let input = self.tables.front().map(|(table, _)| table.input);
        input.is_some_and(|input| self.files.front().is_none_or(|(file, _)| input < file.input))
    }
}

impl Schedule {
    /// The work of reading `inputs` inputs in ranges of `block_bytes`.
    pub fn new(inputs: usize, block_bytes: usize, threads: usize) -> Self {
        let state = State { working: threads, ..State::default() };
        Self {
            state: Mutex::new(state),
            news: Condvar::new(),
            inputs,
            block_bytes: block_bytes as u64,
            threads,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next piece of work, waiting for it if need be; none when all is done. Nothing new is
    /// begun while `is_ahead` and others work.
    pub fn next(&self, is_ahead: impl Fn() -> bool) -> Option<Task> {
        let mut state = self.rest();
        let task = loop {
            if state.is_cancelled {
                return None;
            }
            if let Some(parcel) = state.parcels.pop_front() {
                break Task::Parcel(parcel);
            }
            if state.working > 0 && is_ahead() {
                state = self.wait(state);
                continue;
            }
            let file = if state.is_table_next() { None } else { state.files.pop_front() };
            if let Some((file, number)) = file {
                if (number + 1) * self.block_bytes < file.file.bytes() {
                    state.files.push_front((Arc::clone(&file), number + 1));
                }
                let turn = file.order.turn(number);
                break Task::Range { file, number, turn };
            }
            if let Some((table, number)) = state.tables.pop_front() {
                if number + 1 < table.table.groups() {
                    state.tables.push_front((Arc::clone(&table), number + 1));
                }
                state.opening += 1;
                break Task::Group(table, number);
            }
            if state.next_input < self.inputs {
                state.next_input += 1;
                state.opening += 1;
                break Task::Open(state.next_input - 1);
            }
            if state.opening == 0 {
                return None;
            }
            state = self.wait(state);
        };
        state.working += 1;
        Some(task)
    }

    /// Waits between two blocks while `is_ahead` and others work. A block that was given away
    /// meanwhile is to be worked on, before asking again.
    pub fn pause(&self, is_ahead: impl Fn() -> bool) -> Option<Parcel> {
        if !is_ahead() {
            return None;
        }
        let mut state = self.rest();
        while state.working > 0 && state.parcels.is_empty() && !state.is_cancelled && is_ahead() {
            state = self.wait(state);
        }
        state.working += 1;
        state.parcels.pop_front()
    }

    /// Says that a worker is done with what it worked on. If it was the last, those who wait for
    /// others have none to wait for.
    fn rest(&self) -> MutexGuard<'_, State> {
        let mut state = self.state();
        state.working -= 1;
        if state.working == 0 && state.idle > 0 {
            self.news.notify_all();
        }
        state
    }

    fn wait<'s>(&self, mut state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        state.idle += 1;
        state = self.news.wait(state).unwrap_or_else(PoisonError::into_inner);
        state.idle -= 1;
        state
    }

    /// Tells those who are ahead that they may not be any more.
    pub fn wake(&self) {
        drop(self.state());
        self.news.notify_all();
    }

    /// Shares a plain file.
    pub fn share(&self, input: usize, file: RangedFile, layout: Arc<Layout>) {
        if file.bytes() > 0 {
            let file = Arc::new(SharedFile { input, file, order: Order::new(layout) });
            let mut state = self.state();
            let at = state.files.partition_point(|(other, _)| other.input < input);
            state.files.insert(at, (file, 0));
            drop(state);
            self.news.notify_all();
        }
    }

    /// Shares a table.
    pub fn share_table(&self, input: usize, table: Table) {
        if table.groups() > 0 {
            let table = Arc::new(SharedTable { input, table });
            let mut state = self.state();
            let at = state.tables.partition_point(|(other, _)| other.input < input);
            state.tables.insert(at, (table, 0));
            drop(state);
            self.news.notify_all();
        }
    }

    /// Says that an input or a row group that was opened gives no more work to others.
    pub fn close(&self) {
        let mut state = self.state();
        state.opening -= 1;
        // Telling nobody is a call to the system all the same, for each of very many files.
        if state.idle > 0 {
            self.news.notify_all();
        }
    }

    /// Gives a block away, or gives back what the owner has to work on itself: this block, or
    /// one that has waited longer.
    pub fn offer(&self, parcel: Parcel) -> Option<Parcel> {
        let mut state = self.state();
        if state.idle == 0 && state.parcels.is_empty() {
            return Some(parcel);
        }
        state.parcels.push_back(parcel);
        self.news.notify_one();
        if state.parcels.len() > self.threads { state.parcels.pop_front() } else { None }
    }

    /// A buffer for a block; those that were given back first.
    pub fn buffer(&self) -> Vec<u8> {
        self.state().buffers.pop().unwrap_or_default()
    }

    /// Gives a buffer back.
    pub fn recycle(&self, buffer: Vec<u8>) {
        self.state().buffers.push(buffer);
    }

    /// Begins nothing new, because there is no answer any more: what others wait for is still done.
    pub fn stop(&self) {
        let mut state = self.state();
        state.next_input = self.inputs;
        state.files.clear();
        state.tables.clear();
        self.news.notify_all();
    }

    /// Leaves the rest of the work undone, because a worker panicked.
    pub fn cancel(&self) {
        self.state().is_cancelled = true;
        self.news.notify_all();
    }
}
