//! However little memory a run may take, its answers are those of a run that may take all of it.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use flowagg::generate::{Generator, Options};
use flowagg::render::account::tally;
use flowagg::{
    Answer, Column, Contributor, Engine, ErrorKind, Field, Filter, Form, JsonPath, Measure, Order,
    PeriodMetrics, Query, QueryBuilder, Report, Scope, Source,
};

/// A folder of a test's own, removed when it ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("flowagg-memory-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> Source {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        Source::path(path)
    }

    fn spills(&self) -> PathBuf {
        let path = self.0.join("spills");
        std::fs::create_dir_all(&path).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn made_up(lines: u64, seed: u64) -> Vec<u8> {
    let options = Options { lines, seed, ipv6: 0.2, no_data: 0.05, ..Options::default() };
    let mut generator = Generator::new(options).unwrap();
    let mut text = Vec::new();
    while generator.fill(&mut text) {}
    text
}

/// All that an answer says.
type Said = (Vec<Contributor>, Vec<PeriodMetrics>, u64, String, flowagg::Uses);

fn said(answer: &Answer) -> Said {
    let listed = answer.contributors();
    let count = listed.len();
    let listed: Vec<Contributor> = listed.collect();
    assert_eq!(listed.len(), count);
    let total = format!("{:?}", answer.total());
    (listed, answer.periods().to_vec(), answer.unique(), total, answer.uses())
}

fn all_said(report: &Report) -> Vec<Said> {
    assert!(report.listing_fault().is_none());
    report.answers.iter().map(said).collect()
}

const FIVE: [Field; 5] =
    [Field::SrcAddr, Field::DstAddr, Field::SrcPort, Field::DstPort, Field::Protocol];

/// Keys of every lane: one word, two words, bytes, texts with numbers and without.
fn keys() -> Vec<Vec<Field>> {
    let mut wide = FIVE.to_vec();
    wide.extend([Field::InterfaceId, Field::Start]);
    vec![
        vec![Field::SrcAddr],
        vec![Field::SrcAddr, Field::DstAddr],
        FIVE.to_vec(),
        vec![Field::InterfaceId],
        vec![Field::InterfaceId, Field::SrcPort],
        wide,
    ]
}

fn measures() -> Vec<Measure> {
    let bytes = || Column::from(Field::Bytes);
    vec![Measure::Count, Measure::Sum(bytes()), Measure::Min(bytes()), Measure::Max(bytes())]
}

/// Every lane with every measure, listed in full and in part.
fn queries() -> Vec<Query> {
    let mut queries = Vec::new();
    for (nth, keys) in keys().iter().enumerate() {
        for (at, measure) in measures().into_iter().enumerate() {
            let query = Query::builder().group_by(keys.iter().copied()).measure(measure);
            let top = [0, 10, 1500][(nth + at) % 3];
            queries.push(query.top(top).build().unwrap());
        }
    }
    queries
}

fn check(queries: &[Query], sources: &[Source], memory: &[u64], folder: &Folder) {
    let engine = Engine::new().temp_dir(folder.spills());
    let run = |engine: Engine| engine.run_all(queries, sources).unwrap();
    let all = run(engine.clone().memory(u64::MAX));
    assert_eq!(all.bytes_spilled(), 0);
    assert!(!tally(&all, Duration::ZERO).contains("memory"));
    let expected = all_said(&all);
    for (nth, &memory) in memory.iter().enumerate() {
        for threads in [1 + nth % 2, 3 + nth] {
            let block_bytes = [1 << 20, 5_000, 700][(nth + threads) % 3];
            let engine = engine.clone().threads(threads).block_bytes(block_bytes);
            let found = run(engine.memory(memory));
            assert!(found.bytes_spilled() > 0, "{memory} bytes hold all");
            assert!(
                tally(&found, Duration::ZERO).contains(" of contributors outgrew the memory; ")
            );
            let said = all_said(&found);
            for (at, (found, expected)) in said.iter().zip(&expected).enumerate() {
                assert!(found == expected, "{memory} bytes, {threads} threads, question {at}");
            }
            assert_eq!(found.tally, all.tally);
        }
    }
    // Its files have no names.
    assert_eq!(std::fs::read_dir(folder.spills()).unwrap().count(), 0);
}

#[test]
fn any_budget_answers_alike() {
    let folder = Folder::new("any");
    let log = folder.file("a.log", &made_up(1_500, 3));
    // What is decoded whole takes memory too, and is read as a stream where there is none.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&made_up(500, 8)).unwrap();
    let compressed = folder.file("b.log.gz", &encoder.finish().unwrap());
    check(&queries(), &[log, compressed], &[0, 1_000, 30_000, 500_000], &folder);
}

/// One question at a time, so that each has all the memory.
#[test]
fn one_question_alone_answers_alike() {
    let folder = Folder::new("alone");
    let log = [folder.file("a.log", &made_up(1_200, 4))];
    for query in queries().iter().filter(|query| query.labels().len() > 1) {
        check(std::slice::from_ref(query), &log, &[0, 5_000, 20_000], &folder);
    }
}

#[test]
fn periods_and_maxima_answer_alike() {
    let folder = Folder::new("periods");
    let log = folder.file("a.log", &made_up(2_000, 5));
    let sum = || Query::builder().scope(Scope::All).measure(Measure::Sum(Field::Bytes.into()));
    let by = |query: QueryBuilder, keys: &[Field]| query.group_by(keys.iter().copied()).top(5);
    let queries: Vec<Query> = keys()
        .iter()
        .flat_map(|keys| {
            [
                by(sum(), keys).period(60),
                by(sum(), keys).order(Order::Maximum),
                by(sum(), keys).order(Order::Maximum).period(300),
            ]
        })
        .chain([sum().period(60)])
        .map(|query| query.build().unwrap())
        .collect();
    check(&queries, &[log], &[400_000, 1_000_000], &folder);
}

/// Where files differ in the kinds of their columns, all is joined as text.
#[test]
fn columns_of_different_kinds_answer_alike() {
    let folder = Folder::new("kinds");
    let log = made_up(2_000, 6);
    let mut other = b"srcport bytes srcaddr start end log-status dstaddr\n".to_vec();
    for nth in 0..2_000u32 {
        let (port, start) = (nth % 700, 1_700_000_000 + nth);
        let line = format!("{port} {nth} 10.0.{}.1 {start} {start} OK 10.0.0.9\n", nth % 250);
        other.extend(line.into_bytes());
    }
    let sources = [folder.file("a.log", &log), folder.file("b.log", &other)];
    let by = |positions: &[usize]| {
        let keys = positions.iter().map(|&at| Column::Position(at));
        Query::builder().group_by(keys).measure(Measure::Count).top(0).build().unwrap()
    };
    let queries = [by(&[4]), by(&[1, 3]), by(&[2, 3, 4]), by(&[6])];
    check(&queries, &sources, &[0, 2_000, 100_000], &folder);
}

/// Sums of the largest words, which outgrow a word with each record, and amounts that are none.
#[test]
fn sums_beyond_words_and_fractions_answer_alike() {
    let folder = Folder::new("sums");
    let mut text = b"srcaddr dstport bytes start end log-status\n".to_vec();
    for nth in 0..6_000u32 {
        let (address, port) = (nth % 97, nth % 1_500);
        let bytes = if nth % 5 == 0 { u64::from(nth) } else { u64::MAX };
        text.extend(format!("10.0.0.{address} {port} {bytes} 1 2 OK\n").into_bytes());
    }
    let log = folder.file("a.log", &text);
    let by = |keys: &[Field], measure: fn(Column) -> Measure| {
        let query = Query::builder().group_by(keys.iter().copied()).top(0);
        query.measure(measure(Field::Bytes.into())).build().unwrap()
    };
    let (one, two) = ([Field::SrcAddr], [Field::DstPort, Field::SrcAddr]);
    let queries = [by(&one, Measure::Sum), by(&two, Measure::Sum), by(&two, Measure::Max)];
    check(&queries, std::slice::from_ref(&log), &[0, 10_000, 100_000], &folder);
    let report = Engine::new().memory(0).run(&queries[0], &[log]).unwrap();
    let values = (0..6_000u128).map(|n| if n % 5 == 0 { n } else { u128::from(u64::MAX) });
    let total: u128 = values.sum();
    assert_eq!(report.answers[0].total(), Some(total.into()));

    let mut events = Vec::new();
    for nth in 0..3_000i64 {
        let value = match nth % 3 {
            0 => format!("{}.25", nth % 11),
            1 => format!("-{nth}"),
            _ => "18446744073709551615".to_owned(),
        };
        let event =
            format!("{{\"name\": \"n{}\", \"at\": {}, \"value\": {value}}}\n", nth % 900, nth);
        events.extend(event.into_bytes());
    }
    let events = folder.file("a.json", &events);
    let path = |text: &str| Column::Path(JsonPath::parse(text).unwrap());
    let by = |key: &str, measure: fn(Column) -> Measure| {
        let query = Query::builder().form(Form::Json).scope(Scope::All).group_by([path(key)]);
        query.measure(measure(path("$.value"))).top(0).build().unwrap()
    };
    let measures: [fn(Column) -> Measure; 3] = [Measure::Sum, Measure::Min, Measure::Max];
    let queries: Vec<Query> = measures
        .into_iter()
        .flat_map(|measure| [by("$.name", measure), by("$.at", measure)])
        .collect();
    check(&queries, &[events], &[0, 10_000, 100_000], &folder);
}

#[test]
fn what_cannot_be_kept_anywhere_is_an_error() {
    let folder = Folder::new("error");
    let log = [folder.file("a.log", &made_up(3_000, 7))];
    let missing = folder.0.join("missing");
    let by = |keys: &[Field]| Query::builder().group_by(keys.iter().copied()).top(0);
    let flows = by(&FIVE).build().unwrap();
    for threads in [1, 4] {
        let engine = Engine::new().threads(threads).block_bytes(1_000);
        let error = engine.clone().memory(1_000).temp_dir(&missing).run(&flows, &log).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Memory);
        let text = error.to_string();
        assert!(text.contains("missing failed: no such file or directory; "), "{text}");
        // What needs no file does not ask for the folder.
        let all = engine.clone().temp_dir(&missing).run(&flows, &log).unwrap();
        assert!(all.answers[0].unique() > 1_000);

        let fails = |query: QueryBuilder, memory: u64| {
            let engine = engine.clone().memory(memory).temp_dir(folder.spills());
            let error = engine.run(&query.build().unwrap(), &log).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Memory);
            error.to_string()
        };
        let text = fails(by(&FIVE).order(Order::Maximum), 10_000);
        assert!(text.contains("maximum, several values or periods is too long"), "{text}");
        let text = fails(by(&FIVE).period(60), 200_000);
        assert!(text.contains("list fewer with -n"), "{text}");
        let text = fails(by(&[]).period(60), 0);
        assert!(text.contains("periods and more are too many for the memory"), "{text}");
    }
    let filter = Filter::new().and_in(Field::SrcAddr, ["203.0.113.1"]);
    let none = by(&FIVE).filter(filter).build().unwrap();
    let engine = Engine::new().memory(0).temp_dir(missing);
    assert_eq!(engine.run(&none, &log).unwrap().bytes_spilled(), 0);
}
