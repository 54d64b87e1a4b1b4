//! One input, asked the same in many ways.

use std::fmt::Debug;
use std::fs;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::panic::{self, UnwindSafe};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use flowagg::{
    Amount, Engine, ErrorKind, Field, Filter, Layout, Level, Measure, Query, QueryBuilder, Reason,
    Report, Scope, Source, Tally, Uses,
};

/// What a pipe holds at least, so that nobody has to wait for its reader.
const PIPE_BYTES: usize = 4096;

/// What is measured.
#[derive(Debug, Clone, Copy)]
pub enum Of {
    Records,
    Sum(Field),
    Least(Field),
    Largest(Field),
}

/// A question that the twin can answer too.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    pub keys: &'static [Field],
    pub of: Of,
    /// Only what was accepted.
    pub is_accepted: bool,
    /// Records without traffic too.
    pub is_of_all: bool,
}

const fn by(keys: &'static [Field], of: Of) -> Question {
    Question { keys, of, is_accepted: false, is_of_all: false }
}

/// Keys in 64 bits, in 128, and as bytes; all kinds of columns.
pub const QUESTIONS: [Question; 6] = [
    Question { is_accepted: true, ..by(&[Field::SrcAddr], Of::Sum(Field::Bytes)) },
    by(&[Field::SrcAddr, Field::DstAddr, Field::SrcPort, Field::DstPort], Of::Sum(Field::Packets)),
    Question { is_of_all: true, ..by(&[Field::InterfaceId, Field::LogStatus], Of::Records) },
    by(&[Field::DstAddr, Field::Protocol], Of::Least(Field::Start)),
    by(&[], Of::Largest(Field::End)),
    by(
        &[Field::VpcId, Field::AccountId, Field::DstAddr, Field::SrcAddr, Field::Bytes],
        Of::Records,
    ),
];

impl Question {
    pub fn query(&self) -> Query {
        let measure = match self.of {
            Of::Records => Measure::Count,
            Of::Sum(field) => Measure::Sum(field.into()),
            Of::Least(field) => Measure::Min(field.into()),
            Of::Largest(field) => Measure::Max(field.into()),
        };
        let filter = match self.is_accepted {
            true => Filter::new().and_in(Field::Action, ["ACCEPT"]),
            false => Filter::new(),
        };
        let scope = if self.is_of_all { Scope::All } else { Scope::Traffic };
        let query: QueryBuilder = Query::builder().scope(scope).filter(filter);
        query.group_by(self.keys.iter().copied()).measure(measure).top(0).build().unwrap()
    }
}

/// All questions.
pub fn queries() -> Vec<Query> {
    QUESTIONS.iter().map(Question::query).collect()
}

/// An answer.
#[derive(Debug, PartialEq)]
pub struct Found {
    pub contributors: Vec<(Vec<String>, Amount)>,
    pub unique: u64,
    pub total: Option<Amount>,
    pub uses: Uses,
}

/// What a report on one input says, without names.
#[derive(Debug, PartialEq)]
pub struct Outcome {
    pub answers: Vec<Found>,
    pub tally: Tally,
    pub malformed: Vec<(u64, Reason, String)>,
    /// In no order.
    pub layouts: Vec<Layout>,
    pub faults: Vec<String>,
    pub containers: Vec<&'static str>,
}

impl Outcome {
    fn of(report: Report) -> Self {
        assert!(report.tally.is_balanced(), "{:?}", report.tally);
        for fault in &report.faults {
            let message = fault.error.to_string();
            assert!(!message.is_empty() && !message.contains(char::is_control), "{message:?}");
            assert_ne!(fault.error.kind(), ErrorKind::Internal, "{message}");
        }
        // An input that cannot be opened has no account.
        assert!(report.files.len() <= 1);
        let account = report.files.first();
        assert_eq!(account.map_or(&Tally::default(), |file| &file.tally), &report.tally);
        let found = |answer: &flowagg::Answer| Found {
            contributors: answer.contributors().map(|c| (shown(&c.keys), c.value)).collect(),
            unique: answer.unique(),
            total: answer.total(),
            uses: answer.uses(),
        };
        let malformed = |line: &flowagg::MalformedLine| {
            (line.line, line.reason, line.text.escape_ascii().to_string())
        };
        let mut layouts: Vec<Layout> = report.layouts.into_iter().map(|(_, one)| one).collect();
        layouts.sort_by_key(|layout| format!("{layout:?}"));
        Self {
            answers: report.answers.iter().map(found).collect(),
            containers: account.map(|file| file.containers.clone()).unwrap_or_default(),
            tally: report.tally,
            malformed: report.malformed.iter().map(malformed).collect(),
            layouts,
            faults: report.faults.into_iter().map(|fault| fault.error.to_string()).collect(),
        }
    }

    /// The first thing that is another than it should be.
    pub fn difference(&self, expected: &Self) -> Option<String> {
        let answers = self.answers.iter().zip(&expected.answers).zip(QUESTIONS);
        differs(&self.tally, &expected.tally)
            .or_else(|| differs(&self.malformed, &expected.malformed))
            .or_else(|| differs(&self.layouts, &expected.layouts))
            .or_else(|| differs(&self.faults, &expected.faults))
            .or_else(|| differs(&self.containers, &expected.containers))
            .or_else(|| differs(&self.answers.len(), &expected.answers.len()))
            .or_else(|| {
                let mut answers = answers.map(|((found, expected), question)| {
                    Some(format!("{question:?}: {}", differs(found, expected)?))
                });
                answers.find_map(|answer| answer)
            })
    }

    /// Panics if it is not as expected where it was found in some way.
    pub fn check(&self, expected: &Self, way: &str) {
        if let Some(difference) = self.difference(expected) {
            panic!("{way}: {difference}");
        }
    }

    /// Whether there were faults of this beginning.
    pub fn has_fault(&self, start: &str) -> bool {
        self.faults.iter().any(|fault| fault.starts_with(start))
    }
}

fn differs<T: PartialEq + Debug>(found: &T, expected: &T) -> Option<String> {
    (found != expected).then(|| format!("found {found:?}, expected {expected:?}"))
}

/// Texts that may hold any bytes, each as one that can be shown.
pub fn shown(texts: &[Vec<u8>]) -> Vec<String> {
    texts.iter().map(|text| text.escape_ascii().to_string()).collect()
}

/// What people are shown may hold line ends, but nothing that moves a terminal.
pub fn shows_nothing_raw(message: &str) {
    let is_raw = |char: char| char.is_control() && char != '\n';
    assert!(!message.contains(is_raw), "{message:?}");
}

/// The first line of an input, and the rest; what is no UTF-8 in the line is replaced.
pub fn first_line(input: &[u8]) -> (String, &[u8]) {
    let end = input.iter().position(|&byte| byte == b'\n').unwrap_or(input.len());
    let line = String::from_utf8_lossy(&input[..end]).into_owned();
    (line, input.get(end + 1..).unwrap_or_default())
}

/// Runs what uses a crate that panics here and there on damaged files, which is caught and told
/// as damage: so a panic counts only if it comes out, or begins in flowagg's own code.
pub fn with_caught_panics(run: impl FnOnce() + UnwindSafe) {
    let silenced = Arc::new(Mutex::new((String::new(), false)));
    let last = Arc::clone(&silenced);
    let hook = panic::take_hook();
    panic::set_hook(Box::new(move |panicked| {
        let is_own = panicked.location().is_some_and(|at| is_own(at.file()));
        let mut last = last.lock().unwrap();
        if !last.1 {
            *last = (panicked.to_string(), is_own);
        }
    }));
    let result = panic::catch_unwind(run);
    panic::set_hook(hook);
    let (text, is_own) = &*silenced.lock().unwrap();
    assert!(result.is_ok() && !is_own, "{text}");
}

/// Whether a source file is one of flowagg's, and not one of another crate.
fn is_own(file: &str) -> bool {
    let root = env!("CARGO_MANIFEST_DIR").trim_end_matches("/fuzz");
    let own = file.strip_prefix(root).unwrap_or(file);
    ["src/", "/src/", "tests/", "/tests/"].iter().any(|start| own.starts_with(start))
}

/// A file that is removed in the end.
pub struct File(PathBuf);

impl File {
    pub fn new(bytes: &[u8]) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("flowagg-fuzz-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, bytes).unwrap();
        Self(path)
    }

    pub fn path(&self) -> String {
        self.0.to_str().unwrap().to_owned()
    }

    pub fn ask(&self, engine: Engine, queries: &[Query]) -> Outcome {
        ask(engine, queries, Source::path(&self.0))
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn ask(engine: Engine, queries: &[Query], source: Source) -> Outcome {
    Outcome::of(engine.by_file(true).run_all(queries, &[source]).unwrap())
}

/// What comes of an input that is read from a pipe; none if it may not fit into one.
fn ask_pipe(engine: Engine, queries: &[Query], input: &[u8]) -> Option<Outcome> {
    if input.len() > PIPE_BYTES {
        return None;
    }
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(input).unwrap();
    drop(writer);
    let path = format!("/dev/fd/{}", reader.as_raw_fd());
    Some(ask(engine, queries, Source::path(path)))
}

pub fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// A small number that depends on an input, so that not every way has to be tried with each.
fn some(input: &[u8], limit: usize) -> usize {
    input.iter().fold(input.len(), |sum, &byte| sum + usize::from(byte)) % limit
}

/// Whether the way of this number is tried with an input: tests try all, a fuzzer has so many
/// inputs that a third of the ways is enough for each.
pub fn is_tried(way: usize, input: &[u8]) -> bool {
    cfg!(test) || way % 3 == some(input, 3)
}

/// Asks a file in blocks of several sizes, by one thread and by two, and a pipe: the answer has
/// to be the same.
pub fn ask_file(input: &[u8], engine: &Engine, queries: &[Query]) -> Outcome {
    let file = File::new(input);
    let expected = file.ask(engine.clone().threads(1), queries);
    for (way, (block_bytes, threads)) in [(1, 1), (2 + some(input, 120), 2)].into_iter().enumerate()
    {
        if !is_tried(way, input) {
            continue;
        }
        let engine = engine.clone().block_bytes(block_bytes).threads(threads);
        let found = file.ask(engine, queries);
        found.check(&expected, &format!("blocks of {block_bytes}, {threads} threads"));
    }
    // A Parquet file cannot be read from a pipe.
    if is_tried(2, input) && !input.starts_with(b"PAR1") {
        let engine = engine.clone().block_bytes(1 + some(input, 50)).threads(1);
        if let Some(found) = ask_pipe(engine, queries, input) {
            found.check(&expected, "a pipe");
        }
    }
    expected
}

/// Whether an input is text, by the first bytes of what is none.
pub fn is_text(input: &[u8]) -> bool {
    let others: [&[u8]; 7] = [
        b"\x1f\x8b",
        b"\x28\xb5\x2f\xfd",
        b"PAR1",
        b"PK\x03\x04",
        b"BZh",
        b"\xfd7zXZ\0",
        b"Obj\x01",
    ];
    let is_skippable = input.len() > 3 && input[1..].starts_with(b"\x2a\x4d\x18");
    let is_tar = input.get(257..).is_some_and(|rest| rest.starts_with(b"ustar"));
    let is_utf_16 = matches!(input, [0xff, 0xfe, 0, _, ..] | [0xff, 0xfe, _, 0, ..])
        || matches!(input, [0xfe, 0xff, 0, _, ..] | [0xfe, 0xff, _, 0, ..]);
    !others.iter().any(|other| input.starts_with(other)) && !is_skippable && !is_tar && !is_utf_16
}

/// Asks a text as a file and compressed, and with the instructions of every level.
pub fn ask_text(text: &[u8], engine: &Engine, queries: &[Query]) -> Outcome {
    let expected = ask_file(text, engine, queries);
    let file = File::new(text);
    let levels = Level::ALL.into_iter().filter(|level| level.is_available());
    for (way, level) in levels.enumerate().filter(|(way, _)| is_tried(*way, text)) {
        let block_bytes = if some(text, 2) == way % 2 { 3 + some(text, 97) } else { 1 << 19 };
        let engine = engine.clone().level(level).block_bytes(block_bytes).threads(1);
        let way = format!("{level:?}, blocks of {block_bytes}");
        file.ask(engine, queries).check(&expected, &way);
    }
    if !is_tried(1, text) {
        return expected;
    }
    let engine = engine.clone().block_bytes(1 + some(text, 70)).threads(1);
    let mut found = File::new(&gzip(text)).ask(engine, queries);
    assert_eq!(found.containers.remove(0), "gzip");
    found.check(&expected, "gzip");
    expected
}
