//! The only threads: hands blocks to workers, merges what they found, and makes the report.
//!
//! One thread is the parallel path with one worker, one question a list of one, and standard
//! input a source like any other.

mod account;
mod answers;
mod cutting;
mod headers;
mod order;
mod periods;
mod progress;
mod ranks;
mod schedule;
mod worker;

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::batch::{Form, Lines, SPECIMENS_MAX, Specimen};
use crate::container::{Columns, Said, Wanted};
use crate::cut::{Cut, Output, Written};
use crate::error::{Error, ErrorKind};
use crate::field::Field;
use crate::group::{Fold, Groups, Seeds, Shared};
use crate::intern::Texts;
use crate::layout::{Column, Layout};
use crate::measure::Part;
use crate::memory;
use crate::query::Query;
use crate::report::{Answer, Fault, MalformedLine, Report};
use crate::scan::Level;
use crate::source::{Expansion, Input, LeftOut, Selection, Source, Span, expand};
use crate::spill::Spill;
use crate::tally::Tally;
use account::{check_tally, or_internal};
pub use cutting::Cutting;
pub use progress::Progress;
use schedule::Schedule;
use worker::{FileFindings, LAYOUTS_MAX, Worker};

/// Bytes of a block. Text and marks of one (about 1.5 times as much) fit a second-level cache of
/// 1 MiB; 128 KiB to 1 MiB measured alike, smaller blocks slower.
const BLOCK_BYTES: usize = 512 * 1024;

/// Answers questions over flow logs, with as many threads as there are cores.
///
/// ```
/// use flowagg::{Engine, Field, Filter, Measure, Query, Source};
/// let query = Query::builder()
///     .filter(Filter::new().and_in(Field::Action, ["ACCEPT"]))
///     .group_by([Field::SrcAddr])
///     .measure(Measure::Sum(Field::Bytes.into()))
///     .top(3)
///     .build()?;
/// let report = Engine::new().run(&query, &[Source::path("testdata/sample.log")])?;
/// for contributor in report.answers[0].contributors() {
///     println!("{:?} {}", contributor.keys, contributor.value);
/// }
/// # Ok::<(), flowagg::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Engine {
    threads: usize,
    level: Option<Level>,
    block_bytes: usize,
    layout: Option<Layout>,
    lines: Lines,
    selection: Selection,
    is_by_file: bool,
    memory: Option<u64>,
    temp_dir: Option<PathBuf>,
    progress: Arc<Progress>,
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine {
    /// An engine with all cores and the processor's widest instructions.
    pub fn new() -> Self {
        Self {
            threads: 0,
            level: None,
            block_bytes: BLOCK_BYTES,
            layout: None,
            lines: Lines::Records,
            selection: Selection::new(),
            is_by_file: false,
            memory: None,
            temp_dir: None,
            progress: Arc::default(),
        }
    }

    /// Uses this many threads; 0 for one per core. Answers do not depend on it.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Uses these instructions. Answers do not depend on it.
    #[must_use]
    pub fn level(mut self, level: Level) -> Self {
        self.level = Some(level);
        self
    }

    /// Reads about this many bytes at once. Answers do not depend on it.
    #[must_use]
    pub fn block_bytes(mut self, block_bytes: usize) -> Self {
        self.block_bytes = block_bytes.clamp(1, crate::scan::TEXT_BYTES_MAX / 4);
        self
    }

    /// Takes this layout where no header states one. Without this the first record shows its
    /// layout, if it is one that AWS writes by default; if it is not, that is a fault.
    #[must_use]
    pub fn layout(mut self, layout: Layout) -> Self {
        self.layout = Some(layout);
        self
    }

    /// Takes every line for an event of space-separated tokens, of whatever log, instead of
    /// checking it as a flow-log record. Then columns are known by position only, and events
    /// have no time.
    #[must_use]
    pub fn tokens(mut self, is_tokens: bool) -> Self {
        self.lines = if is_tokens { Lines::Tokens } else { Lines::Records };
        self
    }

    /// Reads only these files of folders.
    #[must_use]
    pub fn select(mut self, selection: Selection) -> Self {
        self.selection = selection;
        self
    }

    /// Also keeps an account of each input, for [`Report::files`].
    #[must_use]
    pub fn by_file(mut self, is_by_file: bool) -> Self {
        self.is_by_file = is_by_file;
        self
    }

    /// Takes about this many bytes of memory, instead of half of what the machine or its control
    /// group has. Contributors that outgrow them go to a temporary file; answers do not depend on
    /// it. Of few bytes fewer threads run.
    #[must_use]
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = Some(bytes);
        self
    }

    /// Makes temporary files in this folder, instead of in the system's own. They have no names
    /// and vanish with the program.
    #[must_use]
    pub fn temp_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.temp_dir = Some(folder.into());
        self
    }

    /// Bytes of the files that sources stand for, as they lie on disk; a pipe has none.
    pub fn bytes(&self, sources: &[Source]) -> u64 {
        expand(sources, &self.selection, Span::default()).bytes_total
    }

    /// How far the next run is, while it runs.
    pub fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }

    /// Answers one query.
    ///
    /// # Errors
    /// As [`run_all`](Self::run_all).
    pub fn run(&self, query: &Query, sources: &[Source]) -> Result<Report, Error> {
        self.run_all(std::slice::from_ref(query), sources)
    }

    /// Answers many queries in one pass over the sources.
    ///
    /// # Errors
    /// [`ErrorKind::Simd`] if the processor lacks the level that was set or that the environment
    /// asks for; [`ErrorKind::Memory`] if contributors outgrew the memory and could not be kept
    /// elsewhere; [`ErrorKind::Internal`] if a worker panicked or no thread could be started.
    /// What cannot be read is no error but one of the report's faults.
    pub fn run_all(&self, queries: &[Query], sources: &[Source]) -> Result<Report, Error> {
        self.pass(queries, sources, None).map(|(report, _)| report)
    }

    /// One pass over the sources: answers, and the records that are asked for.
    fn pass(
        &self,
        queries: &[Query],
        sources: &[Source],
        cut: Option<(&Cut, &mut (dyn Write + Send))>,
    ) -> Result<(Report, Option<Written>), Error> {
        let level = match self.level {
            Some(level) if !level.is_available() => {
                let message = format!("this processor cannot run {}", level.name());
                return Err(Error::new(ErrorKind::Simd, message));
            }
            Some(level) => level,
            None => Level::from_environment()?,
        };
        let Expansion { inputs, bytes_total, faults, left_out } =
            expand(sources, &self.selection, span(queries));
        self.progress.bytes.store(0, Ordering::Relaxed);
        self.progress.bytes_total.store(bytes_total, Ordering::Relaxed);
        let bytes = self.memory.unwrap_or_else(memory::default_bytes);
        let threads = match self.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        };
        let threads = memory::threads(bytes, threads);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;
        let bytes = memory::for_contributors(bytes, threads);
        let folder = self.temp_dir.clone().unwrap_or_else(std::env::temp_dir);
        let spill = Arc::new(Spill::new(bytes, threads, tables(queries), folder));
        let columns =
            cutting::columns(cut.as_ref().map(|(cut, _)| *cut), columns(queries, self.is_by_file));
        let cut = cut.map(|(cut, out)| (cut, Output::new(cut, out, Arc::clone(&spill), threads)));
        let run = Run {
            queries,
            inputs: &inputs,
            level,
            layout: self.layout.clone().map(Arc::new),
            version_2: Arc::new(Layout::v2()),
            lines: self.lines,
            is_by_file: self.is_by_file,
            wanted: self.wanted(queries),
            columns,
            cut,
            shared: shared(queries, &spill),
            texts: Arc::new(Texts::new(Arc::clone(spill.budget()), bytes / 8, threads)),
            spill,
            block_bytes: self.block_bytes,
            progress: &self.progress,
        };
        run.on(&pool, faults, left_out)
    }

    /// What is asked of events.
    fn wanted(&self, queries: &[Query]) -> Wanted {
        let asks = |form: Form| queries.iter().any(|query| query.form() == form);
        let records = asks(Form::Records);
        Wanted {
            records,
            json: asks(Form::Json),
            flow_logs: records && self.lines == Lines::Records,
            columns: self.layout.as_ref().map(Said::of),
        }
    }
}

/// The time outside of which no query asks for a record.
fn span(queries: &[Query]) -> Span {
    let starts = queries.iter().map(|query| query.span().0);
    let ends = queries.iter().map(|query| query.span().1);
    // None is less than any start, so one query from the beginning asks for all of it.
    let start = starts.min().flatten();
    let end = ends.reduce(|left, right| left.zip(right).map(|(l, r)| l.max(r))).flatten();
    (start, end)
}

/// The columns that are asked for, and for an account of each file their time. Positions count
/// all of a file's columns.
fn columns(queries: &[Query], is_by_file: bool) -> Columns {
    let (mut columns, mut texts) = (Vec::new(), Vec::new());
    if is_by_file {
        columns.push(Column::Field(Field::Start));
    }
    for query in queries.iter().filter(|query| query.form() == Form::Records) {
        let time = Column::Field(Field::Start);
        for column in query.columns().chain(query.period().map(|_| &time)) {
            match column {
                Column::Field(_) | Column::Name(_) => columns.push(column.clone()),
                _ => return Columns::All,
            }
        }
        texts.extend(query.texts().cloned());
    }
    Columns::Some { columns, texts }
}

/// How many tables each worker adds up: of questions without keys there is nothing to keep.
fn tables(queries: &[Query]) -> usize {
    let tables = queries.iter().map(|query| match query.labels().is_empty() {
        true => usize::from(query.period().is_some()),
        false => query.parts().len(),
    });
    tables.sum()
}

/// What workers share for each part of each query.
fn shared(queries: &[Query], spill: &Arc<Spill>) -> Vec<Arc<Shared>> {
    let seeds = Seeds::random();
    let parts = queries.iter().flat_map(Query::parts);
    let shared = |part: Part| Shared::new(Fold::of(&part), seeds, Arc::clone(spill));
    parts.map(shared).collect()
}

/// What all workers of a run share.
pub(crate) struct Run<'a> {
    queries: &'a [Query],
    inputs: &'a [Input],
    level: Level,
    /// The layout where no header states one, if that was said.
    layout: Option<Arc<Layout>>,
    /// What most logs have.
    version_2: Arc<Layout>,
    lines: Lines,
    is_by_file: bool,
    wanted: Wanted,
    columns: Columns,
    /// Which records are written, and where they are put in order.
    cut: Option<(&'a Cut, Output<'a>)>,
    /// One for each part of each query.
    shared: Vec<Arc<Shared>>,
    /// The memory for all of them, and where contributors go that outgrow it.
    spill: Arc<Spill>,
    texts: Arc<Texts>,
    block_bytes: usize,
    progress: &'a Progress,
}

/// A malformed line, and where it is.
pub(crate) struct SpecimenOf {
    input: usize,
    /// From 0.
    line: u64,
    specimen: Specimen,
}

/// What one worker found.
struct Findings {
    /// One for each part of each query.
    groups: Vec<Groups>,
    layouts: Vec<(usize, Arc<Layout>)>,
    tally: Tally,
    specimens: Vec<SpecimenOf>,
    faults: Vec<(usize, Error)>,
    files: HashMap<usize, FileFindings>,
}

impl Run<'_> {
    fn on(
        mut self,
        pool: &rayon::ThreadPool,
        unfound: Vec<(usize, String, Error)>,
        left_out: LeftOut,
    ) -> Result<(Report, Option<Written>), Error> {
        let schedule =
            Schedule::new(self.inputs.len(), self.block_bytes, pool.current_num_threads());
        let findings = pool.broadcast(|_| self.work(&schedule));
        self.check_memory()?;
        let findings: Vec<Findings> = findings.into_iter().collect::<Result<_, _>>()?;
        self.texts.finish();

        let mut tally = Tally::default();
        let (mut groups, mut specimens, mut faults) = (Vec::new(), Vec::new(), Vec::new());
        let mut layouts = Vec::new();
        let mut files: BTreeMap<usize, FileFindings> = BTreeMap::new();
        if self.is_by_file {
            files.extend((0..self.inputs.len()).map(|input| (input, FileFindings::default())));
        }
        for found in findings {
            tally += &found.tally;
            groups.push(found.groups);
            specimens.extend(found.specimens);
            faults.extend(found.faults);
            layouts.extend(found.layouts);
            for (input, found) in found.files {
                files.entry(input).or_default().merge(found);
            }
        }
        check_tally(&tally, &files)?;
        let is_read = tally.lines > 0 || unfound.is_empty() && faults.is_empty();
        let written = self.cut.take().map(|(_, output)| output.finish(is_read));
        if let Some(written) = &written {
            faults.extend(written.faults.iter().cloned());
            // Of what is read beyond the end it depends on chance what was found.
            let last = written.stopped.unwrap_or(usize::MAX);
            faults.retain(|(input, _)| *input <= last);
            specimens.retain(|specimen: &SpecimenOf| specimen.input <= last);
        }
        let answers = or_internal(|| pool.install(|| self.answers(groups)))?;
        self.check_memory()?;
        let files = account::files(self.inputs, files, &faults);
        let report = Report {
            answers,
            tally,
            faults: self.faults(unfound, faults),
            malformed: self.malformed(specimens),
            layouts: self.layouts(layouts),
            files,
            inputs: self.inputs.len(),
            unselected: left_out.unselected,
            skipped: left_out.skipped,
            passed_over: left_out.passed_over,
            bytes_read: self.progress.bytes(),
            spill: Arc::clone(&self.spill),
        };
        Ok((report, written))
    }

    /// Fails if contributors outgrew the memory and could not be kept elsewhere.
    fn check_memory(&self) -> Result<(), Error> {
        self.spill.fault().map_or(Ok(()), |fault| Err(fault.clone()))
    }

    /// One thread's work.
    fn work(&self, schedule: &Schedule) -> Result<Findings, Error> {
        let mut worker = Worker::new(self, schedule);
        or_internal(|| worker.work()).inspect_err(|_| schedule.cancel())?;
        let Worker { groups, notes, specimens, faults, layouts, files, .. } = worker;
        let files = files.unwrap_or_default();
        Ok(Findings { groups, layouts, tally: notes.tally, specimens, faults, files })
    }

    /// Merges what the workers found, question by question.
    fn answers(&self, workers: Vec<Vec<Groups>>) -> Vec<Answer> {
        let mut workers: Vec<_> = workers.into_iter().map(Vec::into_iter).collect();
        let mut of_part = || workers.iter_mut().filter_map(Iterator::next).collect();
        let answer = |query: &Query| {
            let groups = query.parts().iter().map(|_| of_part()).collect();
            answers::answer(query, groups, &self.spill)
        };
        self.queries.iter().map(answer).collect()
    }

    /// Whether lines may be headers.
    fn has_headers(&self) -> bool {
        self.lines == Lines::Records && self.wanted.records
    }

    fn layouts(&self, mut layouts: Vec<(usize, Arc<Layout>)>) -> Vec<(String, Layout)> {
        layouts.sort_by_key(|(input, _)| *input);
        let mut first: Vec<(String, Layout)> = Vec::new();
        for (input, layout) in layouts {
            let is_new = !first.iter().any(|(_, other)| *other == *layout);
            if is_new && first.len() < LAYOUTS_MAX {
                first.push((self.inputs[input].name(), layout.as_ref().clone()));
            }
        }
        first
    }

    fn faults(
        &self,
        unfound: Vec<(usize, String, Error)>,
        mut faults: Vec<(usize, Error)>,
    ) -> Vec<Fault> {
        faults.sort_by_key(|(input, error)| (*input, error.to_string()));
        faults.dedup_by(|l, r| l.0 == r.0 && l.1.to_string() == r.1.to_string());
        // A path that was not found stands where its files would.
        let mut all: BTreeMap<(usize, bool, usize), Fault> = BTreeMap::new();
        for (nth, (before, input, error)) in unfound.into_iter().enumerate() {
            all.insert((before, false, nth), Fault { input, error });
        }
        for (nth, (input, error)) in faults.into_iter().enumerate() {
            let fault = Fault { input: self.inputs[input].name(), error };
            all.insert((input, true, nth), fault);
        }
        all.into_values().collect()
    }

    fn malformed(&self, mut specimens: Vec<SpecimenOf>) -> Vec<MalformedLine> {
        specimens.sort_by_key(|specimen| (specimen.input, specimen.line));
        specimens.truncate(SPECIMENS_MAX);
        let shown = specimens.into_iter().map(|SpecimenOf { input, line, specimen }| {
            let Specimen { reason, text, .. } = specimen;
            MalformedLine { input: self.inputs[input].name(), line: line + 1, reason, text }
        });
        shown.collect()
    }
}
