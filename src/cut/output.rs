//! Blocks in the order of the input, whoever is done first.
//!
//! Every block has a place, and is brought there once, be it empty. What is next leaves at once;
//! what comes early waits in memory, and beyond a share of the run's in its temporary file. One
//! worker at a time writes, and all others go on with their blocks meanwhile: nobody waits for
//! another here. A worker that asks first ([`Output::is_ahead`]) may choose to.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::row::{Chunk, Segment};
use super::{Cut, sink::Sink};
use crate::error::Error;
use crate::spill::Spill;

/// Bytes that may wait before workers had better not read on.
const AHEAD_BYTES_MAX: usize = if cfg!(debug_assertions) { 4 << 10 } else { 64 << 20 };

/// Where a block belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Spot {
    /// Its input.
    pub input: usize,
    /// The part of the input that it is in: most have one.
    pub part: usize,
    /// Its number there.
    pub block: u64,
}

/// What was written.
#[derive(Debug)]
pub struct Written {
    /// How many records.
    pub records: u64,
    /// Whether that ended before all was read, and the input at which it did.
    pub stopped: Option<usize>,
    /// What went wrong with writing.
    pub result: std::io::Result<()>,
    /// What could not be written of an input.
    pub faults: Vec<(usize, Error)>,
}

/// Puts blocks in order and writes them.
pub struct Output<'a> {
    state: Mutex<State>,
    /// Locked by the one who writes, while [`State::is_writing`].
    sink: Mutex<Sink<'a>>,
    spill: Arc<Spill>,
    ahead: AtomicUsize,
    ahead_max: usize,
    spare_max: usize,
    is_over: AtomicBool,
}

#[derive(Default)]
struct State {
    /// What is to be written next.
    head: Spot,
    waiting: BTreeMap<Spot, Waiting>,
    /// How many blocks the parts have of which that is known, and how many parts the inputs.
    blocks: BTreeMap<(usize, usize), u64>,
    parts: BTreeMap<usize, usize>,
    is_writing: bool,
    /// Memory of chunks that are written, no more than are filled at once.
    spare: Vec<Chunk>,
}

/// A chunk that came early.
enum Waiting {
    Empty,
    InMemory(Chunk),
    InFile { start: u64, bytes: usize, segments: Vec<Segment> },
}

impl State {
    /// Moves the head past all that has ended.
    fn settle(&mut self) {
        loop {
            let Spot { input, part, block } = self.head;
            if self.blocks.get(&(input, part)) == Some(&block) {
                self.blocks.remove(&(input, part));
                self.head = Spot { input, part: part + 1, block: 0 };
            } else if block == 0 && self.parts.get(&input) == Some(&part) {
                self.parts.remove(&input);
                self.head = Spot { input: input + 1, ..Spot::default() };
            } else {
                return;
            }
        }
    }

    /// What is at the head, if it is there; then the head is the next one.
    fn next(&mut self) -> Option<(usize, Waiting)> {
        self.settle();
        let waiting = self.waiting.remove(&self.head)?;
        let input = self.head.input;
        self.head.block += 1;
        Some((input, waiting))
    }
}

impl<'a> Output<'a> {
    /// Writes what `cut` asks for to `out`, in a run of so many threads.
    pub fn new(
        cut: &Cut,
        out: &'a mut (dyn Write + Send),
        spill: Arc<Spill>,
        threads: usize,
    ) -> Self {
        Self {
            state: Mutex::default(),
            sink: Mutex::new(Sink::new(cut, out)),
            ahead: AtomicUsize::new(0),
            ahead_max: AHEAD_BYTES_MAX,
            spare_max: threads,
            is_over: AtomicBool::new(cut.limit == Some(0)),
            spill,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nothing more will be written.
    pub fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// Whether so much waits that reading on only fills memory.
    pub fn is_ahead(&self) -> bool {
        self.ahead.load(Ordering::Relaxed) > self.ahead_max && !self.is_over()
    }

    /// A chunk to fill, in memory of one that is written.
    pub fn chunk(&self) -> Chunk {
        self.state().spare.pop().unwrap_or_default()
    }

    /// Says how many blocks a part of an input has, also after they were brought. All of these
    /// tell whether workers were ahead and are not any more.
    #[must_use]
    pub fn end_part(&self, input: usize, part: usize, blocks: u64) -> bool {
        let mut state = self.state();
        state.blocks.insert((input, part), blocks);
        self.drain(state)
    }

    /// Says how many parts an input has.
    #[must_use]
    pub fn end_input(&self, input: usize, parts: usize) -> bool {
        let mut state = self.state();
        state.parts.insert(input, parts);
        self.drain(state)
    }

    /// Brings what was written of a block to its place.
    #[must_use]
    pub fn push(&self, place: Spot, chunk: Chunk) -> bool {
        if self.is_over() {
            return true;
        }
        let mut state = self.state();
        state.settle();
        if state.head == place && !state.is_writing {
            state.head.block += 1;
            state.is_writing = true;
            drop(state);
            self.write(place.input, chunk);
            let mut state = self.state();
            state.is_writing = false;
            return self.drain(state);
        }
        drop(state);
        let waiting = self.keep(chunk);
        let mut state = self.state();
        state.waiting.insert(place, waiting);
        self.drain(state)
    }

    /// Keeps a chunk that came early.
    fn keep(&self, chunk: Chunk) -> Waiting {
        if chunk.bytes.is_empty() {
            self.recycle(chunk);
            return Waiting::Empty;
        }
        let bytes = chunk.bytes.len();
        self.ahead.fetch_add(bytes, Ordering::Relaxed);
        // What the chunk holds counts, not what it is filled with.
        if self.spill.budget().try_take(chunk.bytes.capacity()) {
            return Waiting::InMemory(chunk);
        }
        let start = self.spill.put(&chunk.bytes);
        let segments = chunk.segments.clone();
        self.recycle(chunk);
        Waiting::InFile { start, bytes, segments }
    }

    /// The chunk again.
    fn fetch(&self, waiting: Waiting) -> Option<Chunk> {
        match waiting {
            Waiting::Empty => None,
            Waiting::InMemory(chunk) => {
                self.spill.budget().give(chunk.bytes.capacity());
                Some(chunk)
            }
            Waiting::InFile { start, bytes, segments } => {
                let mut chunk = self.chunk();
                chunk.segments = segments;
                self.spill.get(start, bytes, &mut chunk.bytes).then_some(chunk)
            }
        }
    }

    /// Writes all that is next, unless somebody does already.
    fn drain<'s>(&'s self, mut state: MutexGuard<'s, State>) -> bool {
        if state.is_writing {
            return false;
        }
        let mut is_relieved = false;
        while let Some((input, waiting)) = state.next() {
            state.is_writing = true;
            drop(state);
            is_relieved |= self.relieve(&waiting);
            if let Some(chunk) = self.fetch(waiting) {
                self.write(input, chunk);
            }
            state = self.state();
            state.is_writing = false;
        }
        is_relieved || self.is_over()
    }

    /// Takes what waited off what is ahead; whether it was too much before, and is not any more.
    fn relieve(&self, waiting: &Waiting) -> bool {
        let bytes = match waiting {
            Waiting::Empty => 0,
            Waiting::InMemory(chunk) => chunk.bytes.len(),
            Waiting::InFile { bytes, .. } => *bytes,
        };
        let before = self.ahead.fetch_sub(bytes, Ordering::Relaxed);
        before > self.ahead_max && before - bytes <= self.ahead_max
    }

    fn write(&self, input: usize, chunk: Chunk) {
        if !chunk.bytes.is_empty() && !self.is_over() && !self.spill.is_failed() {
            let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
            if sink.write(input, &chunk).is_break() {
                self.is_over.store(true, Ordering::Relaxed);
            }
        }
        self.recycle(chunk);
    }

    fn recycle(&self, mut chunk: Chunk) {
        chunk.clear();
        let mut state = self.state();
        if state.spare.len() < self.spare_max {
            state.spare.push(chunk);
        }
    }

    /// Ends what is written, unless there is nothing because nothing could be read.
    pub fn finish(self, is_read: bool) -> Written {
        let sink = self.sink.into_inner().unwrap_or_else(PoisonError::into_inner);
        sink.finish(is_read)
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::layout::Layout;
    use crate::query::Query;

    fn cut() -> Cut {
        Cut::new(Query::builder().build().unwrap()).unwrap().header(false)
    }

    fn spill(bytes: usize) -> Arc<Spill> {
        Arc::new(Spill::new(bytes, 1, 1, std::env::temp_dir()))
    }

    fn chunk(text: &str) -> Chunk {
        let segment = Segment {
            layout: Arc::new(Layout::v2()),
            end: text.len(),
            records: text.matches('\n').count() as u64,
        };
        let segments = if text.is_empty() { Vec::new() } else { vec![segment] };
        Chunk { bytes: text.into(), segments, ..Chunk::default() }
    }

    /// Places of two inputs, one of them with parts, some of which are empty.
    fn places() -> Vec<Spot> {
        let place = |input, part, block| Spot { input, part, block };
        vec![
            place(0, 0, 0),
            place(0, 0, 1),
            place(0, 0, 2),
            place(2, 0, 0),
            place(2, 2, 0),
            place(2, 2, 1),
            place(3, 0, 0),
        ]
    }

    #[test]
    fn blocks_leave_in_order_whoever_comes_first() {
        let places = places();
        let expected: String = (0..places.len()).map(|nth| format!("{nth}\n")).collect();
        for (step, bytes) in (1..places.len()).flat_map(|step| [(step, 1 << 20), (step, 8)]) {
            let mut out = Vec::new();
            let spill = spill(bytes);
            let output = Output::new(&cut(), &mut out, Arc::clone(&spill), 2);
            for nth in 0..places.len() {
                // A step that has no divisor in common with seven visits all.
                let nth = (nth * step + 6) % places.len();
                let _ = output.push(places[nth], chunk(&format!("{nth}\n")));
            }
            for (input, parts) in [(3, 1), (1, 0), (0, 1), (2, 3)] {
                let _ = output.end_input(input, parts);
            }
            for (input, part, blocks) in [(2, 1, 0), (2, 0, 1), (0, 0, 3), (2, 2, 2), (3, 0, 1)] {
                let _ = output.end_part(input, part, blocks);
            }
            assert_eq!(output.ahead.load(Ordering::Relaxed), 0);
            let written = output.finish(true);
            assert_eq!((written.records, written.stopped), (7, None));
            assert_eq!(String::from_utf8(out).unwrap(), expected);
            assert_eq!(spill.bytes_written() > 0, bytes == 8, "what waits goes to the file");
        }
    }

    #[test]
    fn a_limit_ends_in_the_middle_of_a_block() {
        let mut out = Vec::new();
        let output = Output::new(&cut().limit(3), &mut out, spill(1 << 20), 2);
        let _ = output.push(Spot { input: 0, part: 0, block: 0 }, chunk("a\nb\n"));
        assert!(!output.is_over());
        let _ = output.push(Spot { input: 0, part: 0, block: 1 }, chunk("c\nd\n"));
        assert!(output.is_over());
        let _ = output.push(Spot { input: 0, part: 0, block: 2 }, chunk("e\n"));
        let written = output.finish(true);
        assert_eq!((written.records, written.stopped), (3, Some(0)));
        assert_eq!(out, b"a\nb\nc\n");
    }

    /// What breaks after some writes.
    struct Broken(usize);

    impl Write for Broken {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(1).ok_or(io::ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_has_seen_enough_ends_it() {
        let mut out = Broken(1);
        let output = Output::new(&cut(), &mut out, spill(1 << 20), 2);
        let _ = output.push(Spot { input: 0, part: 0, block: 0 }, chunk("a\n"));
        assert!(!output.is_over());
        let _ = output.push(Spot { input: 0, part: 0, block: 1 }, chunk("b\n"));
        assert!(output.is_over());
        let written = output.finish(true);
        assert_eq!(written.result.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
