//! Small files, written by the crate's own writer, are the text that they were made of.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder, WriterVersion};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use crate::dialect::Expression;
use crate::{
    Comparison, Engine, Field, Filter, Form, KeyColumn, Labels, Measure, Query, Report, Scope,
    Source, View,
};

mod bounds;
mod joined;
mod levels;
#[path = "../../../tests/common/parquet.rs"]
mod made;
mod nulls;

/// A column: its type and its values; none is null.
enum Cells {
    Text(Vec<Option<String>>),
    Int32(Vec<Option<i32>>),
    Int64(Vec<Option<i64>>),
    Double(Vec<Option<f64>>),
}

/// A file that is removed in the end.
pub(super) struct Temporary(pub PathBuf);

impl Temporary {
    pub fn new(bytes: &[u8]) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("flowagg-parquet-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::File::create(&path).unwrap().write_all(bytes).unwrap();
        Self(path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Writes row groups of at most `group` rows.
fn written(
    columns: &[(&str, &str, Cells)],
    properties: WriterPropertiesBuilder,
    group: usize,
) -> Vec<u8> {
    let lines: String = columns.iter().map(|(name, kind, _)| field(name, kind)).collect();
    let schema = Arc::new(parse_message_type(&format!("message flow {{ {lines} }}")).unwrap());
    let is_optional = |at: usize| columns[at].1.starts_with("optional");
    let rows = columns[0].2.len();
    let mut file = Vec::new();
    let mut writer =
        SerializedFileWriter::new(&mut file, schema, Arc::new(properties.build())).unwrap();
    for start in (0..rows).step_by(group) {
        let end = (start + group).min(rows);
        let mut next = writer.next_row_group().unwrap();
        let mut at = 0;
        while let Some(mut column) = next.next_column().unwrap() {
            let levels = columns[at].2.levels(start, end);
            let levels = is_optional(at).then_some(&levels[..]);
            match (column.untyped(), &columns[at].2) {
                (ColumnWriter::ByteArrayColumnWriter(writer), Cells::Text(values)) => {
                    let values: Vec<ByteArray> = values[start..end]
                        .iter()
                        .flatten()
                        .map(|text| ByteArray::from(text.as_str()))
                        .collect();
                    writer.write_batch(&values, levels, None).unwrap();
                }
                (ColumnWriter::Int32ColumnWriter(writer), Cells::Int32(values)) => {
                    let values: Vec<i32> = values[start..end].iter().flatten().copied().collect();
                    writer.write_batch(&values, levels, None).unwrap();
                }
                (ColumnWriter::Int64ColumnWriter(writer), Cells::Int64(values)) => {
                    let values: Vec<i64> = values[start..end].iter().flatten().copied().collect();
                    writer.write_batch(&values, levels, None).unwrap();
                }
                (ColumnWriter::DoubleColumnWriter(writer), Cells::Double(values)) => {
                    let values: Vec<f64> = values[start..end].iter().flatten().copied().collect();
                    writer.write_batch(&values, levels, None).unwrap();
                }
                _ => panic!("the type of column {at} is another"),
            }
            column.close().unwrap();
            at += 1;
        }
        next.close().unwrap();
    }
    writer.close().unwrap();
    file
}

/// A line of a schema: `optional int64 (TIMESTAMP(MILLIS,true))` takes its name in the middle.
fn field(name: &str, kind: &str) -> String {
    match kind.split_once(" (") {
        Some((kind, logical)) => format!("{kind} {name} ({logical};"),
        None => format!("{kind} {name};"),
    }
}

impl Cells {
    fn len(&self) -> usize {
        match self {
            Self::Text(values) => values.len(),
            Self::Int32(values) => values.len(),
            Self::Int64(values) => values.len(),
            Self::Double(values) => values.len(),
        }
    }

    fn levels(&self, start: usize, end: usize) -> Vec<i16> {
        let level = |is_there: bool| i16::from(is_there);
        match self {
            Self::Text(values) => values[start..end].iter().map(|v| level(v.is_some())).collect(),
            Self::Int32(values) => values[start..end].iter().map(|v| level(v.is_some())).collect(),
            Self::Int64(values) => values[start..end].iter().map(|v| level(v.is_some())).collect(),
            Self::Double(values) => values[start..end].iter().map(|v| level(v.is_some())).collect(),
        }
    }
}

const ROWS: usize = 97;

/// A made-up flow log, as AWS writes it in text.
fn text() -> String {
    let mut text =
        "version account-id srcaddr dstport protocol bytes start end action log-status ratio\n"
            .to_owned();
    for row in 0..ROWS as u64 {
        let line = match row % 16 {
            7 => format!("2 009876543210 - - - - {row} {row} - NODATA -\n"),
            11 => format!("2 009876543210 2001:db8::{row} 0 58 77 {row} {row} ACCEPT OK {row}.5\n"),
            12 => format!("2 009876543210 198.51.100.7 80 6 9 1650000000123 {row} - OK {row}.5\n"),
            13 => format!("2 009876543210 198.51.100.9 70000 6 5 {row} {row} REJECT OK {row}.5\n"),
            _ => format!(
                "2 009876543210 198.51.100.{} {} 6 {} {} {} {} OK {row}.5\n",
                row % 5,
                20 + row,
                row * 1_000_003,
                1_650_000_000 + row * 20,
                1_650_000_060 + row * 20,
                if row % 3 == 0 { "REJECT" } else { "ACCEPT" },
            ),
        };
        text += &line;
    }
    text
}

/// The same as columns with AWS's names. Numbers of `wide` have 64 bits.
fn columns(is_wide: bool, kind: &str) -> Vec<(&'static str, String, Cells)> {
    let text = text();
    let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|l| l.split(' ').collect()).collect();
    let names = text.lines().next().unwrap().split(' ');
    let of_column = |(at, name): (usize, &str)| {
        let values = rows.iter().map(|row| row[at]);
        let number = |value: &str| value.parse::<i64>().ok();
        let is_number = rows.iter().any(|row| number(row[at]).is_some());
        let (physical, cells) = match name {
            "account-id" if is_wide => ("int64", Cells::Int64(values.map(number).collect())),
            "dstport" if is_wide => {
                ("double", Cells::Double(values.map(|v| v.parse().ok()).collect()))
            }
            "version" | "protocol" | "dstport" if !is_wide => {
                ("int32", Cells::Int32(values.map(|v| v.parse().ok()).collect()))
            }
            "account-id" => ("binary (UTF8)", Cells::Text(values.map(texts).collect())),
            _ if is_number => ("int64", Cells::Int64(values.map(number).collect())),
            _ => ("binary (UTF8)", Cells::Text(values.map(texts).collect())),
        };
        let name = Field::parse(name).map_or("ratio", Field::name);
        (name, format!("{kind} {physical}"), cells)
    };
    names.enumerate().map(of_column).collect()
}

/// A text that is not there comes as AWS's dash, as nothing, or as null.
fn texts(value: &str) -> Option<String> {
    (value != "-").then(|| value.to_owned())
}

fn parquet(is_wide: bool, properties: WriterPropertiesBuilder, group: usize) -> Vec<u8> {
    let columns = columns(is_wide, "optional");
    let names: Vec<String> = columns.iter().map(|(name, ..)| name.replace('-', "_")).collect();
    let columns: Vec<(&str, &str, Cells)> = names
        .iter()
        .zip(columns)
        .map(|(name, (_, kind, cells))| {
            (name.as_str(), Box::leak(kind.into_boxed_str()) as &str, cells)
        })
        .collect();
    written(&columns, properties, group)
}

fn properties() -> WriterPropertiesBuilder {
    WriterProperties::builder()
}

fn queries() -> Vec<Query> {
    let accepted = || Filter::new().and_in(Field::Action, ["ACCEPT"]);
    let bytes = || Measure::Sum(Field::Bytes.into());
    let ratio = || crate::Column::Name("ratio".to_owned());
    let prefix = |field: Field, v4| KeyColumn::new(field, View::Prefix { v4, v6: 64 });
    let ports = (0..50).map(|port| (port, format!("of {}", port % 7)));
    let ports = Arc::new(Labels::of_numbers(ports));
    let labelled = || KeyColumn::new(Field::DstPort, View::Label(Arc::clone(&ports)));
    let passing = |text: &str| {
        let expression = Expression::parse(text, &mut |_| unreachable!("no file is named"));
        Query::builder().and_where(&expression.unwrap()).group_by([Field::Start]).top(0)
    };
    vec![
        Query::builder().filter(accepted()).group_by([Field::SrcAddr]).measure(bytes()),
        Query::builder().group_by([Field::AccountId, Field::DstPort]).top(0).period(60),
        Query::builder(),
        // Texts of addresses and numbers, beside their values.
        Query::builder()
            .filter(
                Filter::new()
                    .and_starts_with(Field::SrcAddr, ["198.51.100.", "2001:"])
                    .and_not_in(Field::SrcAddr, ["198.51.100.3"])
                    .and_not_in(Field::Protocol, ["58"])
                    .and_number(Field::DstPort, Comparison::Greater, 30u64.into()),
            )
            .group_by([Field::SrcAddr, Field::DstPort, Field::Protocol])
            .measure(bytes()),
        // Keys of more than 128 bits, and a value that is no word everywhere.
        Query::builder()
            .group_by([Field::SrcAddr, Field::AccountId, Field::Start, Field::Action])
            .measure(Measure::Max(Field::End.into())),
        Query::builder().group_by([Field::DstPort]).measure(Measure::Min(ratio())),
        // Keys that see prefixes and labels, of values that are words and of those that are none.
        Query::builder().group_by([prefix(Field::SrcAddr, 24), prefix(Field::SrcAddr, 28)]),
        Query::builder().group_by([labelled()]).measure(bytes()).period(60),
        Query::builder()
            .group_by([labelled(), prefix(Field::SrcAddr, 26), KeyColumn::from(Field::Action)])
            .measure(Measure::Sum(ratio())),
        // Numbers and addresses as words, texts beside them.
        passing("src net 198.51.100.0/29 and not (dst port in [22 80 443 1000-2000] or proto 17)"),
        passing("srcaddr not in [198.51.100.0/24 ::/0] or account-id ~ '^0' and bytes > 1k"),
        passing("action != accept or srcaddr in [2001:db8::/32 198.51.100.3]").scope(Scope::All),
    ]
    .into_iter()
    .map(|query| query.build().unwrap())
    .collect()
}

fn asked(engine: &Engine, file: &[u8], queries: &[Query]) -> Report {
    let file = Temporary::new(file);
    engine.run_all(queries, &[Source::path(&file.0)]).unwrap()
}

/// What a report says, without the name of its file.
fn said(report: &Report) -> String {
    let answers: Vec<String> = report
        .answers
        .iter()
        .map(|answer| {
            let rows: Vec<_> = answer.contributors().collect();
            format!("{rows:?} {} {:?} {:?}", answer.unique(), answer.total(), answer.periods())
        })
        .collect();
    let malformed: Vec<_> = report.malformed.iter().map(|line| (line.line, line.reason)).collect();
    format!("{answers:?} {malformed:?}")
}

fn fault(file: &[u8]) -> String {
    let report = asked(&Engine::new().threads(1), file, &queries());
    report.faults.iter().map(|fault| fault.error.to_string()).collect::<Vec<_>>().join("\n")
}

#[test]
fn answers_are_those_of_the_text() {
    let text = text();
    // Row numbers are lines without the header.
    let text = asked(&Engine::new(), text.as_bytes(), &queries());
    let compressions = [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(Default::default()),
        Compression::ZSTD(ZstdLevel::default()),
    ];
    let mut number = 0;
    for compression in compressions {
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            for has_dictionary in [true, false] {
                let properties = properties()
                    .set_compression(compression)
                    .set_writer_version(version)
                    .set_dictionary_enabled(has_dictionary)
                    .set_data_page_row_count_limit(11)
                    .set_write_batch_size(3);
                number += 1;
                let file = parquet(number % 2 == 0, properties, [1000, 30, 7][number % 3]);
                for (threads, block_bytes) in [(1, 1), (2, 200), (3, 1 << 20)] {
                    let engine = Engine::new().threads(threads).block_bytes(block_bytes);
                    let found = asked(&engine, &file, &queries());
                    assert!(found.faults.is_empty(), "{:?}", found.faults);
                    assert_eq!(found.tally.lines + 1, text.tally.lines);
                    assert_eq!(found.tally.malformed, text.tally.malformed);
                    assert_eq!(found.tally.no_data, text.tally.no_data);
                    let lines = |report: &Report, less| -> Vec<u64> {
                        report.malformed.iter().map(|line| line.line - less).collect()
                    };
                    assert_eq!(lines(&found, 0), lines(&text, 1));
                    let answers = |report: &Report| {
                        let said = said(report);
                        said[..said.rfind('[').unwrap()].to_owned()
                    };
                    assert_eq!(answers(&found), answers(&text));
                }
            }
        }
    }
}

#[test]
fn only_columns_that_are_asked_for_are_checked() {
    let file = parquet(false, properties(), 1000);
    let queries = queries();
    let report = asked(&Engine::new(), &file, &queries[..1]);
    assert_eq!(report.tally.malformed, 0);
    let names: Vec<&str> = (0..4).map_while(|at| report.layouts[0].1.name(at)).collect();
    assert_eq!(names, ["action", "srcaddr", "bytes", "log-status"]);
    assert!(report.bytes_read < file.len() as u64);
    // A position counts all columns.
    let by = Query::builder().group_by([crate::Column::Position(2)]).build().unwrap();
    let report = asked(&Engine::new(), &file, &[by]);
    assert_eq!(report.layouts[0].1.columns(), 11);
    assert_eq!(report.answers[0].contributors().next().unwrap().keys, [b"009876543210"]);
    let json = Query::builder().form(Form::Json).build().unwrap();
    let report = asked(&Engine::new(), &file, &[json]);
    assert!(report.faults[0].error.to_string().contains("only JSON events"));
}

#[test]
fn values_of_other_writers_are_understood() {
    let some = |texts: &[&str]| Cells::Text(texts.iter().map(|t| Some((*t).to_owned())).collect());
    let columns = [
        ("vpc_id", "required binary (UTF8)", some(&["None", "", "a b", "#x", "-"])),
        (
            "bytes",
            "optional binary (UTF8)",
            Cells::Text(
                [Some("1"), Some("20"), None, Some("3"), Some("x")]
                    .map(|v| v.map(str::to_owned))
                    .to_vec(),
            ),
        ),
        (
            "start",
            "required int64 (TIMESTAMP(MILLIS,true))",
            Cells::Int64(vec![Some(1_650_000_000_123); 5]),
        ),
    ];
    let file = written(&columns, properties(), 9);
    let query = Query::builder()
        .group_by([Field::VpcId, Field::Start])
        .measure(Measure::Sum(Field::Bytes.into()))
        .build()
        .unwrap();
    let report = asked(&Engine::new(), &file, &[query]);
    assert_eq!((report.tally.lines, report.tally.malformed), (5, 1));
    let found: Vec<(Vec<Vec<u8>>, String)> = report.answers[0]
        .contributors()
        .map(|found| (found.keys.clone(), found.value.to_string()))
        .collect();
    let expected = [(&b"-"[..], "21"), (b"%23x", "3")];
    assert_eq!(found.len(), expected.len());
    for ((keys, value), (key, sum)) in found.iter().zip(expected) {
        assert_eq!((&keys[0][..], &keys[1][..], &value[..]), (key, &b"1650000000"[..], sum));
    }
}

#[test]
fn days_are_seconds_and_times_of_no_day_are_refused() {
    let read = |start: &str, physical: Cells| {
        let columns = [
            (
                "srcaddr",
                "required binary (UTF8)",
                Cells::Text(vec![Some("10.0.0.1".to_owned()); 2]),
            ),
            ("start", start, physical),
        ];
        let by = || Query::builder().group_by([Field::SrcAddr]);
        let by_start = Query::builder().group_by([Field::Start]).build().unwrap();
        let least = by().measure(Measure::Min(Field::Start.into())).build().unwrap();
        let file = written(&columns, properties(), 9);
        let report = asked(&Engine::new(), &file, &[by_start, least]);
        let untouched = asked(&Engine::new(), &file, &[by().build().unwrap()]);
        assert!(untouched.faults.is_empty(), "{:?}", untouched.faults);
        let faults: Vec<String> = report.faults.iter().map(|f| f.error.to_string()).collect();
        let keys = |answer: &crate::Answer| {
            answer
                .contributors()
                .map(|c| (c.keys[0].clone(), c.value.to_string()))
                .collect::<Vec<_>>()
        };
        (report.answers.iter().flat_map(keys).collect::<Vec<_>>(), faults.join("\n"))
    };
    let days = || Cells::Int32(vec![Some(18_518); 2]);
    let (found, faults) = read("optional int32 (DATE)", days());
    let expected = [(&b"1599955200"[..], "2"), (b"10.0.0.1", "1599955200")];
    assert_eq!(faults, "");
    assert_eq!(found, expected.map(|(key, value)| (key.to_vec(), value.to_owned())));
    let long = || Cells::Int64(vec![Some(5); 2]);
    for (kind, cells) in [
        ("optional int32 (TIME(MILLIS,true))", days()),
        ("optional int32 (TIME_MILLIS)", days()),
        ("optional int64 (TIME(MICROS,false))", long()),
        ("optional int64 (TIME_MICROS)", long()),
    ] {
        let (found, faults) = read(kind, cells);
        assert!(found.is_empty());
        assert!(
            faults.contains("column start is of type TIME, expected a text or a number"),
            "{faults}"
        );
    }
}

#[test]
fn nested_columns_are_refused() {
    let schema = "message event { optional group endpoint { optional binary ip (UTF8); } }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut file = Vec::new();
    let writer = SerializedFileWriter::new(&mut file, schema, Arc::default()).unwrap();
    writer.close().unwrap();
    let fault = fault(&file);
    assert!(fault.contains("nested columns (endpoint)"), "{fault}");
}

#[test]
fn damaged_files_are_named_and_nothing_panics() {
    // Which records pass is no matter here.
    let queries = &queries()[..6];
    let compression = Compression::ZSTD(ZstdLevel::default());
    for encoding in [Encoding::PLAIN, Encoding::DELTA_BYTE_ARRAY] {
        let properties = properties()
            .set_compression(compression)
            .set_column_encoding("srcaddr".into(), encoding)
            .set_column_dictionary_enabled("srcaddr".into(), encoding == Encoding::PLAIN);
        let file = parquet(false, properties, 40);
        assert_eq!(fault(&file), "");
        for tenth in 1..10 {
            let fault = fault(&file[..file.len() * tenth / 10]);
            assert!(fault.contains("the file is cut short"), "{fault}");
        }
        for at in (4..file.len()).step_by(13) {
            let mut flipped = file.clone();
            flipped[at] ^= 1 << (at % 8) | 0x80;
            let report = asked(&Engine::new().threads(1), &flipped, queries);
            assert!(report.tally.is_balanced());
            let faults = report.faults.iter().map(|fault| fault.error.to_string());
            assert!(faults.clone().all(|fault| !fault.is_empty() && !fault.contains('\n')));
        }
    }
    let mut locked = parquet(false, properties(), 40);
    let end = locked.len();
    locked[end - 4..].copy_from_slice(b"PARE");
    assert!(fault(&locked).contains("encrypted"));
}
