//! The whole job on a million made-up lines in memory-backed files: plain and gzip, few and many
//! groups, five keys, different values, each implementation. Every run's answer is checked against the first one's.

use std::io::Write;
use std::path::PathBuf;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flowagg::generate::{Generator, Options};
use flowagg::{Engine, Field, Filter, Level, Measure, Query, Source};

fn log() -> (PathBuf, PathBuf, u64) {
    let options = Options { lines: 1_000_000, seed: 1, ..Options::default() };
    let mut generator = Generator::new(options).expect("the default options are valid");
    let mut text = Vec::new();
    while generator.fill(&mut text) {}
    let folder = std::env::temp_dir();
    let plain = folder.join("flowagg-bench.log");
    let gzip = folder.join("flowagg-bench.log.gz");
    std::fs::write(&plain, &text).expect("the temporary folder is writable");
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(&text).expect("memory is writable");
    std::fs::write(&gzip, encoder.finish().expect("memory is writable")).expect("writable");
    (plain, gzip, text.len() as u64)
}

fn jobs(c: &mut Criterion) {
    let (plain, gzip, bytes) = log();
    let sum = || Query::builder().measure(Measure::Sum(Field::Bytes.into()));
    let accepted = Filter::new().and_in(Field::Action, ["ACCEPT"]);
    let accept = sum().filter(accepted).group_by([Field::SrcAddr]).build().expect("valid");
    let pairs = sum().group_by([Field::SrcAddr, Field::DstAddr]).build().expect("valid");
    let five = [Field::SrcAddr, Field::DstAddr, Field::DstPort, Field::Protocol, Field::Action];
    let five = sum().group_by(five).build().expect("valid");
    let peers = Query::builder().measure(Measure::Unique(Field::DstAddr.into()));
    let peers = peers.group_by([Field::SrcAddr]).build().expect("valid");
    let mut group = c.benchmark_group("job");
    group.throughput(Throughput::Bytes(bytes)).sample_size(10);
    let questions = [("accept", &accept), ("pairs", &pairs), ("five", &five), ("peers", &peers)];
    for (question, query) in questions {
        for (kind, path) in [("plain", &plain), ("gzip", &gzip)] {
            // What keys cost does not depend on how lines come.
            if kind == "gzip" && matches!(question, "five" | "peers") {
                continue;
            }
            let sources = [Source::path(path)];
            let run = |engine: &Engine| {
                let report = engine.run(query, &sources).expect("the processor has the level");
                let answer = &report.answers[0];
                // Numbers of different values have no total.
                let first = answer.contributors().next();
                (answer.total(), first, answer.unique(), report.tally)
            };
            let expected = run(&Engine::new().level(Level::Portable).threads(1));
            for level in Level::ALL.into_iter().filter(|level| level.is_available()) {
                let engine = Engine::new().level(level).threads(1);
                assert_eq!(run(&engine), expected);
                group.bench_function(format!("{question}/{kind}/{}", level.name()), |b| {
                    b.iter(|| assert_eq!(run(&engine), expected));
                });
            }
        }
    }
    group.finish();
    for path in [plain, gzip] {
        let _ = std::fs::remove_file(path);
    }
}

criterion_group!(benches, jobs);
criterion_main!(benches);
