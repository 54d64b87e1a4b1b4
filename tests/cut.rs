//! Records out again: the same bytes whatever threads, blocks, compression and containers do,
//! held against a plain twin that reads one line after the other.

#[path = "common/folder.rs"]
mod folder;
#[path = "common/records.rs"]
mod records;

use std::fmt::Write as _;
use std::io::{self, Write};

use flowagg::{
    Column, Cut, CutStyle, Cutting, Engine, ErrorKind, Field, Filter, Layout, Line, Query, Record,
    Scope, Source,
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
            3 => untidy.extend_from_slice(
                b"2 1 eni-1 10.0.0.1  10.0.0.2 1 2 6 1 100 1 2 ACCEPT OK\r\n",
            ),
            5 => untidy.extend_from_slice(
                b"2 1 eni-\"1 010.0.0.1 10.0.0.2 1 2 6 1 007 1 2 ACC,EPT OK x # y\n",
            ),
            7 => untidy
                .extend_from_slice(b"2 1 eni-1 10.0.0.1 10.0.0.2 70000 2 6 1 1 1 2 ACCEPT OK\n"),
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

fn rejected() -> Filter {
    Filter::new().and_in(Field::Action, ["REJECT"])
}

fn cut_of(filter: Filter) -> Cut {
    Cut::new(Query::builder().scope(Scope::All).filter(filter).build().unwrap()).unwrap()
}

const COLUMNS: [Field; 5] =
    [Field::SrcAddr, Field::Bytes, Field::InterfaceId, Field::Action, Field::DstPort];

/// All kinds of cuts.
fn cuts() -> Vec<(&'static str, Cut)> {
    let all = || cut_of(Filter::new());
    vec![
        ("whole", all()),
        ("whole, rejected", cut_of(rejected())),
        ("whole, no header", all().header(false)),
        ("text", all().columns(COLUMNS)),
        ("text, all columns", all().all_columns()),
        ("csv", all().style(CutStyle::Csv).columns(COLUMNS)),
        ("csv, all columns, rejected", cut_of(rejected()).style(CutStyle::Csv)),
        ("tsv, no header", all().style(CutStyle::Tsv).columns(COLUMNS).header(false)),
        ("ndjson", all().style(CutStyle::Ndjson)),
        ("ndjson, columns", all().style(CutStyle::Ndjson).columns(COLUMNS)),
        ("json", cut_of(rejected()).style(CutStyle::Json)),
        ("limit", all().limit(37)),
        ("json, limit", all().style(CutStyle::Json).limit(11)),
        ("csv, limit", all().style(CutStyle::Csv).columns(COLUMNS).limit(2)),
        ("limit 0", all().columns(COLUMNS).limit(0)),
    ]
}

fn run(engine: Engine, cut: &Cut, sources: &[Source]) -> (String, Cutting) {
    let mut out = Vec::new();
    let cutting = engine.cut(cut, &[], sources, &mut out).unwrap();
    assert!(cutting.result.is_ok());
    (String::from_utf8(out).unwrap(), cutting)
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// Each record that passes, with its line and its layout.
fn each(text: &[u8], rejected: bool, mut visit: impl FnMut(&str, &Layout, &Record<'_>)) {
    let mut layout = Layout::v2();
    for line in text.split(|&byte| byte == b'\n') {
        match Line::parse(line, &layout.clone()) {
            Line::Header(stated) => layout = stated,
            Line::Record(record) if !rejected || record.text(Field::Action) == Some(b"REJECT") => {
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                visit(str::from_utf8(line).unwrap(), &layout, &record);
            }
            Line::Record(_) | Line::Blank | Line::Malformed(_) => {}
        }
    }
}

fn header(layout: &Layout) -> String {
    (0..layout.columns()).map(|at| layout.name(at).unwrap()).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_plain_twin_agrees() {
    let folder = Folder::new("twin");
    for (name, text) in [("a.log", untidy()), ("b.log", made_up(5_000, 3))] {
        let source = [Source::path(folder.file(name, &text))];
        for is_rejected in [false, true] {
            let filter = if is_rejected { rejected() } else { Filter::new() };
            let (mut whole, mut last) = (String::new(), None);
            let (mut values, mut csv) = (String::new(), String::new());
            let mut objects = String::new();
            each(&text, is_rejected, |line, layout, record| {
                if last.as_ref() != Some(layout) {
                    writeln!(whole, "{}", header(layout)).unwrap();
                    last = Some(layout.clone());
                }
                writeln!(whole, "{line}").unwrap();
                let text = |field| str::from_utf8(record.text(field).unwrap_or(b"-")).unwrap();
                let texts = COLUMNS.map(text);
                writeln!(values, "{}", texts.join(" ")).unwrap();
                let quoted = texts.map(|text| match text {
                    "-" => String::new(),
                    _ if text.contains([',', '"']) => format!("\"{}\"", text.replace('"', "\"\"")),
                    _ => text.to_owned(),
                });
                writeln!(csv, "{}", quoted.join(",")).unwrap();
                let quoted = |field| match text(field) {
                    "-" => "null".to_owned(),
                    text => format!("{text:?}"),
                };
                let bytes =
                    record.number(Field::Bytes).map_or("null".to_owned(), |b| b.to_string());
                let [srcaddr, action] = [Field::SrcAddr, Field::Action].map(quoted);
                writeln!(
                    objects,
                    "{{\"srcaddr\":{srcaddr},\"bytes\":{bytes},\"action\":{action}}}"
                )
                .unwrap();
            });
            let found = |cut: Cut| run(Engine::new().threads(3).block_bytes(900), &cut, &source).0;
            assert_equal(&found(cut_of(filter.clone())), &whole, "whole");
            let columns = || cut_of(filter.clone()).columns(COLUMNS);
            let header = COLUMNS.map(Field::name);
            assert_equal(&found(columns()), &(header.join(" ") + "\n" + &values), "values");
            let style = |style| columns().style(style);
            assert_equal(&found(style(CutStyle::Csv)), &(header.join(",") + "\n" + &csv), "csv");
            assert_eq!(
                found(style(CutStyle::Tsv).header(false)).lines().count(),
                csv.lines().count()
            );
            let three = [Field::SrcAddr, Field::Bytes, Field::Action];
            let ndjson = cut_of(filter.clone()).columns(three).style(CutStyle::Ndjson);
            assert_equal(&found(ndjson.clone()), &objects, "objects");
            let array = found(ndjson.style(CutStyle::Json));
            let array: Vec<serde_json::Value> = serde_json::from_str(&array).unwrap();
            let lines = objects.lines().map(|line| serde_json::from_str(line).unwrap());
            assert_eq!(array, lines.collect::<Vec<serde_json::Value>>());
        }
    }
}

/// No value and no name is a formula where that is wanted, also with a sign in full width.
#[test]
fn no_formula_leaves_where_none_is_wanted() {
    let folder = Folder::new("formulas");
    let log = "${version} ${bytes} ${vpc-id} ${=cmd|x}\n5 7 @a b\n5 - -1 \u{ff0b}1\n";
    let source = [Source::path(folder.file("a.log", log))];
    let cut = || cut_of(Filter::new()).style(CutStyle::Csv);
    let safe = "version,bytes,vpc-id,'=cmd|x\n5,7,'@a,b\n5,,'-1,'\u{ff0b}1\n";
    assert_equal(&run(Engine::new(), &cut().csv_safe(true), &source).0, safe, "safe");
    let bare = safe.replace('\'', "");
    assert_equal(&run(Engine::new(), &cut(), &source).0, &bare, "bare");
}

/// Fails with the first line that is another one.
fn assert_equal(found: &str, expected: &str, how: &str) {
    let differs = found.lines().zip(expected.lines()).find(|(found, expected)| found != expected);
    assert!(found == expected, "{how}: (found, expected) {differs:?}");
}

/// Runs a cut in many ways; all have to write the same.
fn assert_same(name: &str, cut: &Cut, sources: &[Source]) -> String {
    let (expected, first) = run(Engine::new().threads(1), cut, sources);
    // Little memory, so that what comes early goes to the file.
    let memories = [2_000, 1 << 30];
    for (nth, block_bytes) in [1, 7, 64, 777, 4096, 1 << 20].into_iter().enumerate() {
        let (threads, memory) = ([3, 8, 2, 5, 1, 4][nth], memories[nth % 2]);
        let engine = Engine::new().threads(threads).block_bytes(block_bytes).memory(memory);
        let (found, cutting) = run(engine, cut, sources);
        let how = format!("{name}: blocks of {block_bytes}, {threads} threads, {memory}");
        assert_equal(&found, &expected, &how);
        assert_eq!(cutting.records, first.records, "{how}");
        let faults = |cutting: &Cutting| {
            cutting.report.faults.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(faults(&cutting), faults(&first), "{how}");
        if !cutting.is_stopped {
            assert_eq!(cutting.report.tally, first.report.tally, "{how}");
            let uses = cutting.report.answers[0].uses();
            assert_eq!(uses, first.report.answers[0].uses(), "{how}");
        }
    }
    expected
}

#[test]
fn threads_blocks_memory_and_compression_change_nothing() {
    let folder = Folder::new("same");
    let text = untidy();
    let plain = [Source::path(folder.file("plain.log", &text))];
    let (front, back) = text.split_at(text.len() / 3);
    let compressed = [
        ("one.gz", gzip(&text)),
        ("many.gz", [gzip(front), gzip(b""), gzip(back)].concat()),
        ("one.zst", zstd::encode_all(&*text, 1).unwrap()),
    ]
    .map(|(name, bytes)| (name, [Source::path(folder.file(name, bytes))]));
    for (name, cut) in cuts() {
        let expected = assert_same(name, &cut, &plain);
        for (file, source) in &compressed {
            for (threads, block_bytes) in [(1, 1 << 20), (2, 100), (5, 7)] {
                let engine = Engine::new().threads(threads).block_bytes(block_bytes);
                let (found, _) = run(engine, &cut, source);
                // A header of a text says who is told of a fault, and no more than that.
                assert_equal(&found, &expected, &format!("{name} of {file}"));
            }
        }
    }
}

/// Files of all kinds in one run, some empty, some broken, in the order in which they are named.
#[test]
fn many_inputs_are_written_one_after_the_other() {
    let folder = Folder::new("many");
    let text = made_up(260, 11);
    let lines: Vec<&[u8]> = text.split_inclusive(|&byte| byte == b'\n').collect();
    let mut sources = Vec::new();
    for (nth, lines) in lines.chunks(13).enumerate() {
        let text = lines.concat();
        let (name, bytes) = match nth % 5 {
            0 => (format!("{nth}.log"), text),
            1 => (format!("{nth}.gz"), gzip(&text)),
            2 => (format!("{nth}.zst"), zstd::encode_all(&*text, 1).unwrap()),
            3 => (format!("{nth}.csv"), table(&text, ",")),
            _ => (format!("{nth}.json"), objects(&text)),
        };
        sources.push(Source::path(folder.file(name, bytes)));
        if nth % 7 == 3 {
            sources.push(Source::path(folder.file(format!("{nth}.none.log"), b"")));
            sources.push(Source::path(folder.file(format!("{nth}.bad.gz"), &gzip(b"x")[..9])));
            sources.push(Source::path(folder.file(format!("{nth}.bad.parquet"), b"PAR1PAR1")));
            sources.push(Source::path(folder.0.join("is-not-there")));
        }
    }
    for (name, cut) in cuts().into_iter().step_by(2) {
        let found = assert_same(name, &cut, &sources);
        if name == "whole, no header" {
            // JSON leaves out what is not there, and tables have it again.
            assert_eq!(found, String::from_utf8(text.clone()).unwrap());
        }
    }
}

const V2: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets \
                  bytes start end action log-status";

fn table(text: &[u8], separator: &str) -> Vec<u8> {
    format!("{V2}\n{}", str::from_utf8(text).unwrap()).replace(' ', separator).into_bytes()
}

/// Records as objects, with all members.
fn objects(text: &[u8]) -> Vec<u8> {
    let mut objects = String::new();
    for line in str::from_utf8(text).unwrap().lines() {
        let members = V2.split(' ').zip(line.split(' '));
        let members: Vec<String> =
            members.map(|(name, text)| format!("{name:?}:{text:?}")).collect();
        writeln!(objects, "{{{}}}", members.join(",")).unwrap();
    }
    objects.into_bytes()
}

#[test]
fn containers_write_what_their_text_would() {
    let folder = Folder::new("containers");
    let text = made_up(400, 7);
    let plain = [Source::path(folder.file("plain.log", [V2.as_bytes(), b"\n", &text].concat()))];
    let containers = [
        ("a.csv", table(&text, ",")),
        ("a.tsv", table(&text, "\t")),
        ("a.json", objects(&text)),
        ("a.json.gz", gzip(&objects(&text))),
    ]
    .map(|(name, bytes)| [Source::path(folder.file(name, bytes))]);
    for (name, cut) in cuts() {
        let (expected, _) = run(Engine::new(), &cut, &plain);
        for source in &containers {
            let found = assert_same(name, &cut, source);
            assert_equal(&found, &expected, &format!("{name} {source:?}"));
        }
    }
}

/// What is written is read again: the same records, whatever it is written as.
#[test]
fn what_is_written_can_be_read_again() {
    let folder = Folder::new("again");
    let plain = [Source::path(folder.file("a.log", made_up(900, 2)))];
    let (expected, _) = run(Engine::new(), &cut_of(Filter::new()), &plain);
    for (nth, style) in
        [CutStyle::Text, CutStyle::Csv, CutStyle::Tsv, CutStyle::Ndjson, CutStyle::Json]
            .into_iter()
            .enumerate()
    {
        let (written, _) = run(Engine::new(), &cut_of(Filter::new()).style(style), &plain);
        let again = [Source::path(folder.file(format!("{nth}.out"), written))];
        let (found, cutting) = run(Engine::new(), &cut_of(Filter::new()), &again);
        assert!(cutting.report.faults.is_empty(), "{:?}", cutting.report.faults);
        assert_equal(&found, &expected, &format!("{style:?}"));
    }
}

#[test]
fn what_a_layout_lacks_is_told_and_left_empty() {
    let folder = Folder::new("lacks");
    let one = folder.file("1.log", b"srcaddr bytes\n10.0.0.1 5\n");
    let two = folder.file("2.log", b"bytes dstport srcaddr\n7 443 10.0.0.2\n");
    let sources = [Source::path(&one), Source::path(&two)];
    let columns = [Field::DstPort, Field::SrcAddr];
    let (found, cutting) = run(Engine::new(), &cut_of(Filter::new()).columns(columns), &sources);
    assert_eq!(found, "dstport srcaddr\n- 10.0.0.1\n443 10.0.0.2\n");
    let faults: Vec<String> = cutting.report.faults.iter().map(ToString::to_string).collect();
    let expected = format!("{}: has no column dstport; no value is written there", one.display());
    assert_eq!(faults, [expected]);

    // A table has the columns of the first record; others' come under their names.
    let csv = cut_of(Filter::new()).style(CutStyle::Csv);
    let (found, cutting) = run(Engine::new(), &csv, &sources);
    assert_eq!(found, "srcaddr,bytes\n10.0.0.1,5\n10.0.0.2,7\n");
    let [fault] = &cutting.report.faults[..] else { panic!("{:?}", cutting.report.faults) };
    assert!(fault.error.to_string().contains("left out: dstport;"), "{fault}");
    let (found, cutting) = run(Engine::new(), &csv, &[sources[1].clone(), sources[0].clone()]);
    assert_eq!(found, "bytes,dstport,srcaddr\n7,443,10.0.0.2\n5,,10.0.0.1\n");
    assert!(cutting.report.faults.is_empty());

    let ndjson = cut_of(Filter::new()).style(CutStyle::Ndjson);
    let (found, cutting) = run(Engine::new(), &ndjson, &sources);
    assert!(cutting.report.faults.is_empty());
    let expected = "{\"srcaddr\":\"10.0.0.1\",\"bytes\":5}\n\
                    {\"bytes\":7,\"dstport\":443,\"srcaddr\":\"10.0.0.2\"}\n";
    assert_eq!(found, expected);
}

#[test]
fn columns_are_called_by_name_too() {
    let folder = Folder::new("names");
    let log = [Source::path(folder.file("a.log", b"srcaddr x-new bytes\n10.0.0.1 {} 5\n"))];
    let columns = [Column::Name("x-new".to_owned()), Column::Field(Field::Bytes)];
    let (found, _) = run(Engine::new(), &cut_of(Filter::new()).columns(columns), &log);
    assert_eq!(found, "x-new bytes\n{} 5\n");
}

#[test]
fn scope_and_other_questions_are_those_of_queries() {
    let folder = Folder::new("scope");
    let text = made_up(2_000, 4);
    let source = [Source::path(folder.file("a.log", &text))];
    let count = |status: &str| {
        let lines = str::from_utf8(&text).unwrap().lines();
        lines.filter(|line| line.ends_with(status)).count() as u64
    };
    let traffic = Cut::new(Query::builder().build().unwrap()).unwrap().header(false);
    let mut out = Vec::new();
    let by_action = Query::builder().group_by([Field::Action]).build().unwrap();
    let cutting = Engine::new().cut(&traffic, &[by_action], &source, &mut out).unwrap();
    assert_eq!(cutting.records, count(" OK"));
    assert!(count(" NODATA") > 0);
    assert_eq!(out.iter().filter(|&&byte| byte == b'\n').count() as u64, cutting.records);
    let [own, by_action] = &cutting.report.answers[..] else { panic!("two questions") };
    assert_eq!(own.total(), Some(cutting.records.into()));
    assert_eq!(by_action.unique(), 2);
    let json = Query::builder().form(flowagg::Form::Json).build().unwrap();
    assert_eq!(Cut::new(json).unwrap_err().kind(), ErrorKind::Query);
}

/// What takes so many bytes, and then is full.
struct Full {
    left: usize,
    kind: io::ErrorKind,
}

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = bytes.len().min(self.left);
        self.left -= count;
        if count == 0 { Err(self.kind.into()) } else { Ok(count) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_run_ends_when_nobody_reads_on() {
    let folder = Folder::new("ends");
    let text = made_up(50_000, 6);
    let files = ["a.log", "b.log"].map(|name| folder.file(name, &text));
    let packed = folder.file("c.gz", gzip(&text));
    for sources in [files.map(Source::path).to_vec(), vec![Source::path(packed)]] {
        for kind in [io::ErrorKind::BrokenPipe, io::ErrorKind::StorageFull] {
            let engine = Engine::new().threads(3).block_bytes(4096);
            let mut out = Full { left: 10_000, kind };
            let cutting = engine.cut(&cut_of(Filter::new()), &[], &sources, &mut out).unwrap();
            assert_eq!(cutting.result.unwrap_err().kind(), kind);
            assert!(cutting.is_stopped);
            let lines = cutting.report.tally.lines;
            assert!(lines < 45_000, "{lines} lines were read");
        }
        let engine = Engine::new().threads(3).block_bytes(4096);
        let (found, cutting) = run(engine, &cut_of(Filter::new()).limit(10), &sources);
        assert_eq!(found.lines().count(), 11);
        assert!(cutting.is_stopped && cutting.report.tally.lines < 45_000);
    }
}

/// What is slow to read: workers get ahead, and then wait.
struct Slow(Vec<u8>);

impl Write for Slow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        std::thread::sleep(std::time::Duration::from_micros(200));
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_slow_reader_gets_all() {
    let folder = Folder::new("slow");
    let text = made_up(4_000, 8);
    let packed = [Source::path(folder.file("a.gz", gzip(&text)))];
    let mut sources: Vec<Source> = packed.to_vec();
    let parts = text.chunks(text.len() / 20 + 1).enumerate();
    sources.extend(parts.map(|(nth, part)| Source::path(folder.file(format!("{nth}.log"), part))));
    for sources in [&packed[..], &sources[..]] {
        let cut = cut_of(Filter::new()).header(false);
        let (expected, _) = run(Engine::new().threads(1), &cut, sources);
        for threads in [2, 4, 9] {
            for memory in [1 << 30, 20_000] {
                let engine = Engine::new().threads(threads).block_bytes(2_000).memory(memory);
                let mut out = Slow(Vec::new());
                let cutting = engine.cut(&cut, &[], sources, &mut out).unwrap();
                assert!(cutting.result.is_ok() && out.0 == expected.as_bytes());
            }
        }
    }
}

#[cfg(feature = "parquet")]
mod tables {
    use std::sync::Arc;

    use flowagg::render::records::ParquetRecords;
    use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;

    use super::*;

    /// Records as a Parquet file, with so many rows in each group.
    fn parquet(text: &[u8], group_rows: usize) -> Vec<u8> {
        let lines: Vec<Vec<&str>> =
            str::from_utf8(text).unwrap().lines().map(|line| line.split(' ').collect()).collect();
        let names: Vec<String> = V2.split(' ').map(|name| name.replace('-', "_")).collect();
        let is_number = |name: &str| {
            Field::parse(name).is_some_and(|f| matches!(f.kind(), flowagg::Kind::Number(_)))
        };
        let column = |name: &String| match is_number(name) {
            true => format!("optional int64 {name};"),
            false => format!("optional binary {name} (utf8);"),
        };
        let columns: String = names.iter().map(column).collect();
        let schema = Arc::new(parse_message_type(&format!("message log {{ {columns} }}")).unwrap());
        let properties = Arc::new(WriterProperties::builder().build());
        let mut writer = SerializedFileWriter::new(Vec::new(), schema, properties).unwrap();
        for rows in lines.chunks(group_rows) {
            let mut group = writer.next_row_group().unwrap();
            for (at, name) in names.iter().enumerate() {
                let mut column = group.next_column().unwrap().unwrap();
                let texts = || rows.iter().map(|row| row[at]).filter(|text| *text != "-");
                let levels: Vec<i16> = rows.iter().map(|row| i16::from(row[at] != "-")).collect();
                if is_number(name) {
                    let values: Vec<i64> = texts().map(|text| text.parse().unwrap()).collect();
                    let typed = column.typed::<Int64Type>();
                    typed.write_batch(&values, Some(&levels), None).unwrap();
                } else {
                    let values: Vec<ByteArray> = texts().map(ByteArray::from).collect();
                    let typed = column.typed::<ByteArrayType>();
                    typed.write_batch(&values, Some(&levels), None).unwrap();
                }
                column.close().unwrap();
            }
            group.close().unwrap();
        }
        writer.into_inner().unwrap()
    }

    #[test]
    fn tables_write_what_their_text_would() {
        let folder = Folder::new("parquet");
        let text = made_up(300, 7);
        let log = [V2.as_bytes(), b"\n", &text].concat();
        let plain = [Source::path(folder.file("plain.log", log))];
        let whole = [Source::path(folder.file("a.parquet", parquet(&text, 1000)))];
        let parts = [Source::path(folder.file("b.parquet", parquet(&text, 37)))];
        for (name, cut) in cuts() {
            let (expected, _) = run(Engine::new(), &cut, &plain);
            for source in [&whole, &parts] {
                let found = assert_same(name, &cut, source);
                assert_equal(&found, &expected, name);
            }
        }
    }

    /// Records that leave as Parquet, and come again.
    #[test]
    fn tables_that_are_written_are_read_again() {
        let folder = Folder::new("parquet-again");
        let plain = [Source::path(folder.file("a.log", made_up(3_000, 12)))];
        let columns = [Field::Start, Field::SrcAddr, Field::Bytes, Field::LogStatus];
        for cut in [cut_of(Filter::new()), cut_of(rejected()).columns(columns)] {
            let (expected, _) = run(Engine::new(), &cut, &plain);
            let cut = if expected.starts_with("start") { cut } else { cut.all_columns() };
            let file = |threads: usize| {
                let mut file = Vec::new();
                let mut records = ParquetRecords::new(&mut file);
                let engine = Engine::new().threads(threads).block_bytes(10_000);
                let cutting = engine.cut(&cut, &[], &plain, &mut records).unwrap();
                assert!(cutting.result.is_ok());
                records.finish().unwrap();
                file
            };
            let written = file(3);
            assert!(written == file(1), "threads change nothing");
            let again = [Source::path(folder.file("a.parquet", written))];
            let (found, cutting) = run(Engine::new(), &cut_of(Filter::new()), &again);
            assert!(cutting.report.faults.is_empty());
            assert_equal(&found, &expected, "Parquet");
        }
    }
}
