//! What must not change an answer: threads, block sizes, compression, the order and the cutting
//! of files, and the implementation that scans. Held against a plain twin of the engine.

#[path = "common/folder.rs"]
mod folder;
#[path = "common/records.rs"]
mod records;

use std::collections::BTreeMap;
use std::io::Write;

use flowagg::{
    Amount, Answer, Engine, Field, Filter, Layout, Level, Measure, Query, Records, Report, Source,
    Status,
};
use folder::Folder;
use records::made_up;

/// Made-up records among headers, blanks, comments, malformed and oddly spelled lines.
fn untidy() -> Vec<u8> {
    let text = made_up(120, 5);
    let mut untidy = Vec::new();
    for (nth, line) in text.split_inclusive(|&byte| byte == b'\n').enumerate() {
        match nth % 13 {
            1 => untidy.extend_from_slice(b"\n# a comment\n"),
            3 => untidy.extend_from_slice(b"2 1 eni-1 10.0.0.1  10.0.0.2 1 2 6 1 100 1 2 ACCEPT OK\r\n"),
            5 => untidy.extend_from_slice(b"2 1 eni-1 010.0.0.1 10.0.0.2 1 2 6 1 7 1 2 ACCEPT OK x\n"),
            7 => untidy.extend_from_slice(b"2 1 eni-1 10.0.0.1 10.0.0.2 70000 2 6 1 1 1 2 ACCEPT OK\n"),
            9 => untidy.extend_from_slice(b"bytes action srcaddr\n55 ACCEPT 10.9.9.9\nx y z\n"),
            10 => untidy.extend_from_slice(
                b"version account-id interface-id srcaddr dstaddr srcport dstport protocol packets \
                  bytes start end action log-status\n",
            ),
            _ => {}
        }
        untidy.extend_from_slice(line);
    }
    untidy.pop();
    untidy
}

fn queries() -> Vec<Query> {
    let sum = || Query::builder().measure(Measure::Sum(Field::Bytes.into())).top(0);
    let accepted = || Filter::new().and_in(Field::Action, ["ACCEPT"]);
    vec![
        sum().filter(accepted()).group_by([Field::SrcAddr]).build().unwrap(),
        sum().group_by([Field::SrcAddr, Field::DstAddr]).build().unwrap(),
        Query::builder()
            .filter(accepted().and_not_in(Field::DstPort, ["443", "53"]))
            .group_by([Field::InterfaceId, Field::Protocol, Field::DstPort])
            .top(0)
            .build()
            .unwrap(),
        sum()
            .group_by([Field::SrcAddr, Field::DstAddr, Field::SrcPort, Field::DstPort])
            .build()
            .unwrap(),
        sum().build().unwrap(),
    ]
}

type Contributors = Vec<(Vec<Vec<u8>>, Amount)>;

fn contributors(answer: &Answer) -> Contributors {
    answer.contributors().map(|c| (c.keys, c.value)).collect()
}

fn summary(report: &Report) -> impl PartialEq + std::fmt::Debug + use<> {
    let answers: Vec<_> =
        report.answers.iter().map(|a| (contributors(a), a.total(), a.unique(), a.uses())).collect();
    let lines: Vec<_> =
        report.malformed.iter().map(|m| (m.line, m.reason, m.text.clone())).collect();
    (answers, report.tally.clone(), lines)
}

fn run(engine: Engine, sources: &[Source]) -> Report {
    engine.run_all(&queries(), sources).unwrap()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn threads_blocks_levels_and_compression_change_nothing() {
    let folder = Folder::new("same");
    let text = untidy();
    let plain = [Source::path(folder.file("plain.log", &text))];
    let expected = summary(&run(Engine::new().threads(1), &plain));
    for block_bytes in (1..=64).chain([100, 1000, 4096]) {
        let threads = 1 + block_bytes % 8;
        let found = run(Engine::new().threads(threads).block_bytes(block_bytes), &plain);
        assert_eq!(summary(&found), expected, "blocks of {block_bytes}, {threads} threads");
    }
    for level in Level::ALL.into_iter().filter(|level| level.is_available()) {
        for threads in 1..=8 {
            let found = run(Engine::new().level(level).threads(threads).block_bytes(777), &plain);
            assert_eq!(summary(&found), expected, "{level:?}, {threads} threads");
        }
    }
    let (front, back) = text.split_at(text.len() / 3);
    let members = [gzip(front), gzip(b""), gzip(back)].concat();
    let zstd = |text: &[u8]| zstd::encode_all(text, 1).unwrap();
    let frames = [zstd(front), zstd(b""), zstd(back)].concat();
    let gzip_of_zstd = gzip(&zstd(&text));
    for (name, bytes) in [
        ("one.gz", gzip(&text)),
        ("many.gz", members),
        ("one.zst", zstd(&text)),
        ("many.zst", frames),
        ("both.gz", gzip_of_zstd),
    ] {
        let compressed = [Source::path(folder.file(name, &bytes))];
        for block_bytes in [1, 7, 64, 1000, 1 << 20] {
            for threads in [1, 2, 5] {
                let engine = Engine::new().threads(threads).block_bytes(block_bytes);
                assert_eq!(summary(&run(engine, &compressed)), expected, "{name} {block_bytes}");
            }
        }
    }
}

#[test]
fn split_and_shuffled_files_answer_alike() {
    let folder = Folder::new("split");
    let text = made_up(3000, 9);
    let whole = run(Engine::new(), &[Source::path(folder.file("whole.log", &text))]);
    let lines: Vec<&[u8]> = text.split_inclusive(|&byte| byte == b'\n').collect();
    let mut parts: Vec<Source> = lines
        .chunks(700)
        .enumerate()
        .map(|(nth, lines)| Source::path(folder.file(format!("{nth}.log"), lines.concat())))
        .collect();
    for _ in 0..parts.len() {
        parts.rotate_left(1);
        let found = run(Engine::new().threads(3), &parts);
        assert_eq!(summary(&found), summary(&whole));
    }
}

/// The engine in thirty lines: read each record, add to a tree.
fn twin(text: &[u8], key: &[Field], accepted_only: bool) -> BTreeMap<Vec<Vec<u8>>, Amount> {
    let mut sums = BTreeMap::new();
    let mut records = Records::new(text, Layout::v2());
    while let Some(record) = records.next_record() {
        let Ok(record) = record else { continue };
        let keys: Option<Vec<Vec<u8>>> =
            key.iter().map(|&field| record.text(field).map(<[u8]>::to_vec)).collect();
        let passes = !accepted_only || record.text(Field::Action) == Some(b"ACCEPT");
        if let (Some(keys), Some(bytes)) = (keys, record.number(Field::Bytes))
            && passes
            && record.status() == Status::Ok
        {
            *sums.entry(keys).or_default() += Amount::from(bytes);
        }
    }
    sums
}

#[test]
fn the_plain_twin_agrees() {
    let folder = Folder::new("twin");
    for (name, text) in [("a.log", made_up(20_000, 3)), ("b.log", untidy())] {
        let report = run(Engine::new().threads(3), &[Source::path(folder.file(name, &text))]);
        let pair = [Field::SrcAddr, Field::DstAddr];
        let four = [Field::SrcAddr, Field::DstAddr, Field::SrcPort, Field::DstPort];
        for (nth, key, accepted_only) in
            [(0, &pair[..1], true), (1, &pair[..], false), (3, &four[..], false)]
        {
            let mut expected: Contributors = twin(&text, key, accepted_only).into_iter().collect();
            expected.sort_by(|l, r| r.1.cmp(&l.1).then_with(|| l.0.cmp(&r.0)));
            let found = contributors(&report.answers[nth]);
            assert_eq!(found.len(), expected.len());
            assert!(found == expected, "question {nth} of {name} differs");
        }
    }
}

/// A list of any length says what as many single values say: few are compared, many looked up.
#[test]
fn long_lists_of_values_are_lists() {
    let folder = Folder::new("lists");
    let source = Source::path(folder.file("a.log", made_up(5_000, 9)));
    let by_port = |filter: Filter| {
        let query = Query::builder().filter(filter).group_by([Field::SrcPort]).top(0);
        let report = Engine::new().run(&query.build().unwrap(), std::slice::from_ref(&source));
        contributors(&report.unwrap().answers[0])
    };
    let all = by_port(Filter::new());
    let is_listed = |(keys, _): &(Vec<Vec<u8>>, Amount)| {
        str::from_utf8(&keys[0]).unwrap().parse::<u32>().is_ok_and(|port| port % 64 == 0)
    };
    let ports = || (0..=65_535u32).step_by(64).map(|port| port.to_string());
    let (listed, others): (Vec<_>, Vec<_>) = all.into_iter().partition(is_listed);
    assert!(!listed.is_empty() && !others.is_empty());
    assert_eq!(by_port(Filter::new().and_in(Field::SrcPort, ports())), listed);
    assert_eq!(by_port(Filter::new().and_not_in(Field::SrcPort, ports())), others);
}
