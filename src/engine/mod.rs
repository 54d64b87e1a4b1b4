//! The only threads: hands blocks to workers, merges what they found, and makes the report.
//!
//! One thread is the parallel path with one worker, one question a list of one, and standard
//! input a source like any other.

mod order;
mod schedule;
mod worker;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use crate::batch::{SPECIMENS_MAX, Specimen};
use crate::error::{Error, ErrorKind};
use crate::group::{Fold, Groups, Seeds, Totals};
use crate::key::KeyShape;
use crate::layout::Layout;
use crate::query::Query;
use crate::rank::Best;
use crate::report::{Answer, Fault, MalformedLine, Report};
use crate::scan::Level;
use crate::source::{Expansion, Input, Source, expand};
use crate::tally::Tally;
use schedule::Schedule;
use worker::Worker;

/// Bytes of a block. Text and marks of one (about 1.5 times as much) fit a second-level cache of
/// 1 MiB; 128 KiB to 1 MiB measured alike, smaller blocks slower.
const BLOCK_BYTES: usize = 512 * 1024;

/// How far a run is; shared between the engine and whoever shows it.
#[derive(Debug, Default)]
pub struct Progress {
    bytes: AtomicU64,
    bytes_total: AtomicU64,
}

impl Progress {
    /// Bytes read so far, before decompression.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Bytes of all inputs whose size is known; 0 until they were found.
    pub fn bytes_total(&self) -> u64 {
        self.bytes_total.load(Ordering::Relaxed)
    }
}

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
    layout: Layout,
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
            layout: Layout::v2(),
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

    /// Takes this layout where no header states one, instead of version 2's.
    #[must_use]
    pub fn layout(mut self, layout: Layout) -> Self {
        self.layout = layout;
        self
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
    /// asks for; [`ErrorKind::Internal`] if a worker panicked or no thread could be started.
    /// What cannot be read is no error but one of the report's faults.
    pub fn run_all(&self, queries: &[Query], sources: &[Source]) -> Result<Report, Error> {
        let level = match self.level {
            Some(level) if !level.is_available() => {
                let message = format!("this processor cannot run {}", level.name());
                return Err(Error::new(ErrorKind::Simd, message));
            }
            Some(level) => level,
            None => Level::from_environment()?,
        };
        let Expansion { inputs, bytes_total, faults } = expand(sources);
        self.progress.bytes.store(0, Ordering::Relaxed);
        self.progress.bytes_total.store(bytes_total, Ordering::Relaxed);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(self.threads).build();
        let pool = pool.map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;
        let run = Run {
            queries,
            inputs: &inputs,
            level,
            layout: Arc::new(self.layout.clone()),
            seeds: Seeds::random(),
            block_bytes: self.block_bytes,
            progress: &self.progress,
        };
        run.on(&pool, faults)
    }
}

/// What all workers of a run share and none changes.
pub(crate) struct Run<'a> {
    queries: &'a [Query],
    inputs: &'a [Input],
    level: Level,
    layout: Arc<Layout>,
    seeds: Seeds,
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
    groups: Vec<Groups>,
    tally: Tally,
    specimens: Vec<SpecimenOf>,
    faults: Vec<(usize, Error)>,
}

impl Run<'_> {
    fn on(
        &self,
        pool: &rayon::ThreadPool,
        unfound: Vec<(usize, String, Error)>,
    ) -> Result<Report, Error> {
        let schedule =
            Schedule::new(self.inputs.len(), self.block_bytes, pool.current_num_threads());
        let findings = pool.broadcast(|_| self.work(&schedule));
        let findings: Vec<Findings> = findings.into_iter().collect::<Result<_, _>>()?;

        let mut tally = Tally::default();
        let (mut groups, mut specimens, mut faults) = (Vec::new(), Vec::new(), Vec::new());
        for found in findings {
            tally += &found.tally;
            groups.push(found.groups);
            specimens.extend(found.specimens);
            faults.extend(found.faults);
        }
        assert!(tally.is_balanced(), "lines are not accounted for: {tally:?}");
        Ok(Report {
            answers: pool.install(|| self.answers(groups)),
            tally,
            faults: self.faults(unfound, faults),
            malformed: self.malformed(specimens),
            inputs: self.inputs.len(),
            bytes_read: self.progress.bytes(),
        })
    }

    /// One thread's work.
    fn work(&self, schedule: &Schedule) -> Result<Findings, Error> {
        let mut worker = Worker::new(self, schedule);
        let result = catch_unwind(AssertUnwindSafe(|| worker.work()));
        if result.is_err() {
            schedule.cancel();
            let message = "a worker stopped in the middle of its work; no answer is given";
            return Err(Error::new(ErrorKind::Internal, message));
        }
        let Worker { groups, notes, specimens, faults, .. } = worker;
        Ok(Findings { groups, tally: notes.tally, specimens, faults })
    }

    /// Merges what the workers found, question by question.
    fn answers(&self, workers: Vec<Vec<Groups>>) -> Vec<Answer> {
        let mut by_query: Vec<Vec<Groups>> = self.queries.iter().map(|_| Vec::new()).collect();
        for worker in workers {
            for (groups, of_query) in worker.into_iter().zip(&mut by_query) {
                of_query.push(groups);
            }
        }
        let answer = |(query, groups)| answer(query, groups);
        self.queries.iter().zip(by_query).map(answer).collect()
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

/// The answer to one question.
fn answer(query: &Query, groups: Vec<Groups>) -> Answer {
    let totals = Totals::collect(groups).expect("there is at least one worker");
    let labels = query.labels().to_vec();
    let (shape, uses) = (totals.shape().clone(), totals.uses());
    if labels.is_empty() {
        let total = totals.total();
        let unique = u64::from(total.is_some());
        return Answer { labels, shape, ranked: Vec::new(), unique, total, uses };
    }
    let fold = Fold::of(query.measure());
    let parts_log2 = totals.parts_log2();
    let part = |part: usize| {
        let mut found = PartAnswer::none(&shape, query.top());
        totals.visit_part(part, parts_log2, |key, value| {
            found.unique += 1;
            found.total = Some(found.total.map_or(value, |total| fold.join(total, value)));
            found.best.push(key, value);
        });
        found
    };
    let parts = (0..1usize << parts_log2).into_par_iter().map(part);
    let none = || PartAnswer::none(&shape, query.top());
    let PartAnswer { best, unique, total } =
        parts.reduce(none, |left, right| left.join(right, fold));
    let ranked = best.finish();
    Answer { labels, ranked, unique, total, uses, shape }
}

/// What merging one part, or several, came to.
struct PartAnswer<'a> {
    best: Best<'a>,
    unique: u64,
    total: Option<u128>,
}

impl<'a> PartAnswer<'a> {
    fn none(shape: &'a KeyShape, wanted: usize) -> Self {
        Self { best: Best::new(shape, wanted), unique: 0, total: None }
    }

    fn join(self, other: Self, fold: Fold) -> Self {
        let total = match (self.total, other.total) {
            (Some(left), Some(right)) => Some(fold.join(left, right)),
            (total, None) | (None, total) => total,
        };
        Self { best: self.best.merge(other.best), unique: self.unique + other.unique, total }
    }
}
