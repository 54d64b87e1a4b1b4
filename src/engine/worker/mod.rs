//! What one thread does: read or decode a block, scan it, and run its records through the plan.

mod opening;
mod passing;
mod ranges;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::headers::Headers;
use super::order::Turn;
use super::schedule::{Parcel, Preface, Schedule, Task};
use super::{Run, SpecimenOf};
use crate::batch::{Notes, SPECIMENS_MAX};
use crate::cut::{Output, Spot, Writing};
use crate::error::{Error, ErrorKind};
use crate::group::Groups;
use crate::layout::Layout;
use crate::plan::Plan;
use crate::scan::{Marks, Padded, Scanner};
use crate::source::{Inflater, Stamp};
use crate::tally::Tally;
use passing::{Memory, Portion};

/// How many of the latest faults are searched for one that is to be told again.
const FAULTS_SEARCHED: usize = 16;
/// Plans that are kept: logs have a few layouts, and one that comes again is planned again.
const PLANS_MAX: usize = 32;
/// Layouts that are told of all inputs, and of each. Whoever makes files up may give each line
/// another one.
pub const LAYOUTS_MAX: usize = 256;
/// The byte order mark that some editors put before a text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One thread's state: everything that grows, and memory kept from block to block.
pub struct Worker<'a, 'r> {
    run: &'a Run<'r>,
    schedule: &'a Schedule,
    /// One for each query.
    pub groups: Vec<Groups>,
    /// Lines that were read.
    pub notes: Notes,
    /// The first malformed lines that this worker saw.
    pub specimens: Vec<SpecimenOf>,
    /// What could not be read or used, with the number of its input.
    pub faults: Vec<(usize, Error)>,
    plans: Vec<(Arc<Layout>, Plan, Option<Writing>)>,
    headers: Headers,
    /// The layouts that records had, each with the first input that this worker met it in.
    pub layouts: Vec<(usize, Arc<Layout>)>,
    /// An account of each input, if that is wanted.
    pub files: Option<HashMap<usize, FileFindings>>,
    scanner: Option<Scanner>,
    inflater: Option<Inflater>,
    /// Bytes of the largest file that was decoded whole, and of its text.
    whole_bytes: [usize; 2],
    compressed: Vec<u8>,
    buffer: Vec<u8>,
    memory: Memory,
    /// Blocks of the input or the part of it that this worker reads as their owner.
    blocks: u64,
}

/// What one worker found in one input.
#[derive(Debug, Default)]
pub struct FileFindings {
    /// What its lines were wrapped in, outermost first.
    pub containers: Vec<&'static str>,
    /// The layouts that its records had.
    pub layouts: Vec<Arc<Layout>>,
    /// The one that they would have had if all columns were read, where only some are.
    pub whole: Option<Arc<Layout>>,
    /// What became of its lines.
    pub tally: Tally,
    /// Its bytes as they lie.
    pub bytes: u64,
    /// Which file it was when it was opened.
    pub stamp: Option<Stamp>,
    /// The smallest and the largest `start` of its records.
    pub start: Option<(u64, u64)>,
}

impl FileFindings {
    /// Joins what another worker found in the same input.
    pub fn merge(&mut self, other: Self) {
        if self.containers.is_empty() {
            self.containers = other.containers;
        }
        self.whole = self.whole.take().or(other.whole);
        let new = other.layouts.into_iter().filter(|layout| !self.layouts.contains(layout));
        self.layouts.extend(new.collect::<Vec<_>>());
        self.layouts.truncate(LAYOUTS_MAX);
        self.tally += &other.tally;
        self.bytes = self.bytes.max(other.bytes);
        self.stamp = self.stamp.or(other.stamp);
        self.spread(other.start);
    }

    /// Takes the time of more records in.
    fn spread(&mut self, start: Option<(u64, u64)>) {
        let both = self.start.zip(start);
        let joined = both.map(|((first, last), other)| (first.min(other.0), last.max(other.1)));
        self.start = joined.or(self.start).or(start);
    }
}

impl<'a, 'r> Worker<'a, 'r> {
    pub fn new(run: &'a Run<'r>, schedule: &'a Schedule) -> Self {
        let groups = run.shared.iter().map(|shared| Groups::new(Arc::clone(shared)));
        Self {
            run,
            schedule,
            groups: groups.collect(),
            notes: Notes::default(),
            specimens: Vec::new(),
            faults: Vec::new(),
            plans: Vec::new(),
            headers: Headers::default(),
            layouts: Vec::new(),
            files: run.is_by_file.then(HashMap::new),
            scanner: Some(Scanner::new(run.level)),
            inflater: None,
            whole_bytes: [0; 2],
            compressed: Vec::new(),
            buffer: Vec::new(),
            memory: Memory::default(),
            blocks: 0,
        }
    }

    /// Works until there is nothing left.
    pub fn work(&mut self) {
        while let Some(task) = self.schedule.next(|| self.run.is_ahead()) {
            self.blocks = 0;
            if self.run.is_stopped() {
                self.schedule.stop();
                if matches!(task, Task::Open(_) | Task::Group(..)) {
                    self.schedule.close();
                    continue;
                }
            }
            match task {
                Task::Open(input) => {
                    match self.open(input) {
                        Ok(true) => {}
                        Ok(false) => self.end(input),
                        Err(error) => {
                            self.end(input);
                            self.faults.push((input, error));
                        }
                    }
                    self.schedule.close();
                }
                Task::Range { file, number, turn } => self.range(&file, number, turn),
                Task::Group(shared, number) => {
                    if let Err(error) = self.group(&shared, number) {
                        self.faults.push((shared.input, error));
                    }
                    self.put(|output| output.end_part(shared.input, number, self.blocks));
                    self.schedule.close();
                }
                Task::Parcel(parcel) => self.parcel(parcel),
            }
        }
        self.groups.iter_mut().for_each(Groups::finish);
        self.give_room_back();
    }

    /// Tells the output something, if there is one, and those who wait for that.
    fn put(&self, tell: impl FnOnce(&Output<'_>) -> bool) {
        if self.run.output().is_some_and(tell) {
            self.schedule.wake();
        }
    }

    /// Says that an input has one part, of the blocks that were read of it.
    fn end(&self, input: usize) {
        self.put(|output| output.end_part(input, 0, self.blocks));
        self.put(|output| output.end_input(input, 1));
    }

    /// Waits for those who are behind, and helps them.
    fn pause(&mut self) {
        while let Some(parcel) = self.schedule.pause(|| self.run.is_ahead()) {
            self.parcel(parcel);
        }
    }

    fn count_bytes(&self, bytes: usize) {
        self.run.progress.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Notes what an input is wrapped in.
    fn note_containers(&mut self, input: usize, containers: &[&'static str]) {
        if let Some(files) = &mut self.files {
            files.entry(input).or_default().containers = containers.to_vec();
        }
    }

    /// Notes how long an input is, and which file it is.
    fn note_bytes(&mut self, input: usize, bytes: u64, stamp: Option<Stamp>) {
        if let Some(files) = &mut self.files {
            let found = files.entry(input).or_default();
            (found.bytes, found.stamp) = (bytes, stamp);
        }
    }

    /// Adds what was counted since `before` was taken out to what it says, and to its input's own
    /// account.
    fn close_tally(&mut self, input: usize, mut before: Tally) {
        before += &self.notes.tally;
        let own = std::mem::replace(&mut self.notes.tally, before);
        if let Some(files) = &mut self.files {
            files.entry(input).or_default().tally += &own;
        }
    }

    fn parcel(&mut self, parcel: Parcel) {
        let Parcel { input, buffer, length, turn, preface } = parcel;
        self.block(input, Padded::new(&buffer, length), turn, preface);
        self.schedule.recycle(buffer);
    }

    /// One block of whole lines.
    fn block(&mut self, input: usize, block: Padded<'_>, turn: Turn, preface: Preface) {
        let mut scanner = self.scanner.take().expect("the scanner is put back after each block");
        let starts_with_mark = preface.is_first && block.text().starts_with(BYTE_ORDER_MARK);
        let start = if starts_with_mark { BYTE_ORDER_MARK.len() } else { 0 };
        let marks = scanner.scan(block, start);
        let headers = match self.run.has_headers() && !preface.is_table {
            true => self.headers.find(&marks),
            false => Vec::new(),
        };
        let stated = headers.last().map(|(_, layout)| Arc::clone(layout));
        let stated = stated.or_else(|| preface.layout.clone());
        let before = turn.take(marks.lines() as u64 + preface.headers, stated);

        if let Some(output) = self.run.output() {
            self.memory.chunk = output.chunk();
        }
        let tally = std::mem::take(&mut self.notes.tally);
        // Blocks of an input before those of a later one may come after them.
        let last = self.specimens.get(SPECIMENS_MAX - 1);
        self.notes.has_enough =
            last.is_some_and(|last| (last.input, last.line) < (input, before.lines));
        self.notes.are_rows = preface.has_rows;
        self.notes.tally.lines += preface.headers;
        self.notes.tally.headers += preface.headers;
        let mut layout = preface.layout.unwrap_or(before.layout);
        let mut from = preface.decoded.as_deref().map_or(0, |decoded| {
            self.segment(input, &marks, Portion::Decoded(decoded, 0), &layout);
            decoded.rows * layout.columns()
        });
        for (mark, next_layout) in headers {
            self.segment(input, &marks, Portion::Marked(from, mark), &layout);
            self.notes.tally.lines += 1;
            self.notes.tally.headers += 1;
            from = marks.line_end(mark);
            layout = next_layout;
        }
        self.segment(input, &marks, Portion::Marked(from, marks.end()), &layout);
        self.close_tally(input, tally);
        for specimen in self.notes.take_specimens() {
            let text = &marks.text()[..specimen.place];
            let nth = memchr::memchr_iter(b'\n', text).count();
            let nth = preface.decoded.as_deref().map_or(nth as u64, |decoded| {
                // Only lines that are not decoded can be malformed.
                u64::from(decoded.others[nth - decoded.rows])
            });
            let line = before.lines + preface.headers + nth;
            self.specimens.push(SpecimenOf { input, line, specimen });
        }
        self.specimens.sort_by_key(|specimen| (specimen.input, specimen.line));
        self.specimens.truncate(SPECIMENS_MAX);
        self.scanner = Some(scanner);
        let (part, number) = preface.place;
        let chunk = std::mem::take(&mut self.memory.chunk);
        self.put(|output| output.push(Spot { input, part, block: number }, chunk));
    }

    /// Lines of one layout, none of them a header.
    fn segment(
        &mut self,
        input: usize,
        marks: &Marks<'_>,
        mut portion: Portion<'_>,
        layout: &Arc<Layout>,
    ) {
        if portion.is_empty() {
            return;
        }
        let is_known = |other: &Arc<Layout>| Arc::ptr_eq(other, layout) || other == layout;
        let known = self.plans.iter().position(|(other, ..)| is_known(other));
        let at = known.unwrap_or_else(|| {
            let plan = Plan::new(self.run.queries, layout, self.run.lines, &self.run.texts);
            let writing = self.run.cut.as_ref().map(|(cut, _)| Writing::new(cut, layout));
            if self.plans.len() == PLANS_MAX {
                self.plans.remove(0);
            }
            self.plans.push((Arc::clone(layout), plan, writing));
            self.plans.len() - 1
        });
        let (_, plan, writing) = &self.plans[at];
        let records_before = self.notes.tally.records();
        while portion.fill(&mut self.memory.batch, &plan.reading, marks, &mut self.notes) {
            if let Some(files) = &mut self.files {
                let start = self.memory.batch.start_span(&plan.reading, marks, portion.decoded());
                files.entry(input).or_default().spread(start);
            }
            self.memory.observe(plan, marks, &mut self.groups, writing.as_ref());
        }
        if self.notes.tally.records() == records_before {
            return;
        }
        if let Some(files) = &mut self.files {
            let layouts = &mut files.entry(input).or_default().layouts;
            if !layouts.iter().any(is_known) && layouts.len() < LAYOUTS_MAX {
                layouts.push(Arc::clone(layout));
            }
        }
        let is_full = self.layouts.len() == LAYOUTS_MAX;
        match self.layouts.iter_mut().find(|(_, other)| is_known(other)) {
            Some((first, _)) => *first = input.min(*first),
            None if is_full => {}
            None => self.layouts.push((input, Arc::clone(layout))),
        }
        if !plan.lacking.is_empty() {
            // Names may be those of a rule, which hold any characters.
            let lacking = plan.lacking.join(", ");
            let lacking = lacking.escape_debug();
            let error = Error::new(
                ErrorKind::Query,
                format!("has no column {lacking}; its records add nothing where that is asked for"),
            );
            self.fault_once(input, error);
        }
    }

    /// Notes what is wrong with an input, if nothing of its kind is noted. Once for each input is
    /// enough; but what each of its layouts lacks is told, as another worker may meet those. What
    /// was found long ago is not searched, as very many files may have it; what is there twice is
    /// told once.
    fn fault_once(&mut self, input: usize, error: Error) {
        let is_told = |(other, fault): &(usize, Error)| {
            let is_same = || fault.to_string() == error.to_string();
            let is_of_kind = *other == input && fault.kind() == error.kind();
            is_of_kind && (error.kind() != ErrorKind::Query || is_same())
        };
        let mut latest = self.faults.iter().rev().take(FAULTS_SEARCHED);
        if !latest.any(is_told) {
            self.faults.push((input, error));
        }
    }
}
