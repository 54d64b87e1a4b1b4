//! Records out again: the same bytes however they are read, and those of a plain twin.

use flowagg::{
    Column, Cut, CutStyle, Cutting, Engine, Field, Filter, Layout, Query, Scope, Source,
};

use super::ask::{File, first_line, is_text, is_tried};
use super::twin::{each, seconds};

/// The styles, by the first byte of an input.
const STYLES: [CutStyle; 5] =
    [CutStyle::Text, CutStyle::Csv, CutStyle::Tsv, CutStyle::Ndjson, CutStyle::Json];

/// Which records are written, and how.
struct Asked {
    cut: Cut,
    style: CutStyle,
    columns: Vec<Field>,
    is_all: bool,
    has_header: bool,
    is_accepted: bool,
    limit: Option<u64>,
}

impl Asked {
    /// The first byte is the style; the bits of the second say what else there is; the rest are
    /// columns.
    fn new(line: &[u8]) -> Self {
        let byte = |at: usize| line.get(at).copied().unwrap_or_default();
        let has = |bit: u8| byte(1) >> bit & 1 == 1;
        let style = STYLES[usize::from(byte(0)) % STYLES.len()];
        let (is_accepted, is_all, has_header) = (has(0), has(1), !has(2));
        let filter = match is_accepted {
            true => Filter::new().and_in(Field::Action, ["ACCEPT"]),
            false => Filter::new(),
        };
        let query = Query::builder().scope(Scope::All).filter(filter).build().unwrap();
        let mut columns: Vec<Field> = Vec::new();
        for byte in line.iter().skip(2) {
            let field = Field::ALL[usize::from(*byte) % Field::ALL.len()];
            if !columns.contains(&field) {
                columns.push(field);
            }
        }
        let limit = has(4).then_some(u64::from(byte(1) >> 5));
        let mut cut = Cut::new(query).unwrap().style(style).header(has_header).csv_safe(has(3));
        if is_all {
            cut = cut.all_columns();
        }
        if !columns.is_empty() {
            cut = cut.columns(columns.iter().copied());
        }
        if let Some(limit) = limit {
            cut = cut.limit(limit);
        }
        Self { cut, style, columns, is_all, has_header, is_accepted, limit }
    }
}

/// Takes the input's first line as what is asked for, and the rest as records, of which the first
/// have the columns of version 2.
pub fn cut(input: &[u8]) {
    let end = input.iter().position(|&byte| byte == b'\n').unwrap_or(input.len());
    let (_, rest) = first_line(input);
    let asked = Asked::new(&input[..end]);
    let file = File::new(rest);
    let (expected, first) = run(Engine::new().threads(1), &asked.cut, &file);
    let some = rest.iter().fold(0usize, |sum, &byte| sum + usize::from(byte)) % 130;
    let ways = [(1, 1, 1 << 30), (3, 2 + some, 2000), (3, 1, 1 << 30)];
    for (way, (threads, block_bytes, memory)) in ways.into_iter().enumerate() {
        if !is_tried(way, rest) {
            continue;
        }
        let engine = Engine::new().threads(threads).block_bytes(block_bytes).memory(memory);
        let (found, cutting) = run(engine, &asked.cut, &file);
        let way = format!("{threads} threads, blocks of {block_bytes}");
        same(&found, &expected, &way);
        assert_eq!(cutting.records, first.records, "{way}");
        assert_eq!(cutting.is_stopped, first.is_stopped, "{way}");
        // Of a run that ended early it tells what was read until then.
        if !cutting.is_stopped {
            assert_eq!(faults(&cutting), faults(&first), "{way}");
            assert_eq!(cutting.report.tally, first.report.tally, "{way}");
        }
    }
    if expected.is_empty() && first.report.tally.lines == 0 && !first.report.faults.is_empty() {
        // Nothing is written where nothing could be read, not even an empty list.
        return;
    }
    well_formed(&asked, &expected, first.records);
    let is_bare = first.report.files.iter().all(|file| file.containers == ["text"]);
    if is_bare && is_text(rest) && asked.style == CutStyle::Text {
        twin(&asked, rest, &expected);
    }
}

fn run(engine: Engine, cut: &Cut, file: &File) -> (Vec<u8>, Cutting) {
    let mut out = Vec::new();
    let engine = engine.layout(Layout::v2()).by_file(true);
    let cutting = engine.cut(cut, &[], &[Source::path(file.path())], &mut out).unwrap();
    assert!(cutting.result.is_ok());
    assert!(cutting.report.tally.is_balanced(), "{:?}", cutting.report.tally);
    (out, cutting)
}

fn faults(cutting: &Cutting) -> Vec<String> {
    let faults: Vec<String> = cutting.report.faults.iter().map(ToString::to_string).collect();
    for fault in &faults {
        assert!(!fault.contains(char::is_control), "{fault:?}");
    }
    faults
}

fn same(found: &[u8], expected: &[u8], way: &str) {
    let (found, expected) = (found.escape_ascii().to_string(), expected.escape_ascii().to_string());
    assert_eq!(found, expected, "{way}");
}

/// JSON is JSON, with an object for each record; of other styles each record is a line.
fn well_formed(asked: &Asked, text: &[u8], records: u64) {
    let objects: Vec<serde_json::Value> = match asked.style {
        CutStyle::Json => serde_json::from_slice(text).unwrap(),
        CutStyle::Ndjson => {
            let lines = text.split_inclusive(|&byte| byte == b'\n');
            lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
        }
        _ => {
            let lines = text.iter().filter(|&&byte| byte == b'\n').count() as u64;
            assert!(text.is_empty() || text.ends_with(b"\n"));
            if !asked.has_header {
                assert_eq!(lines, records);
            }
            return;
        }
    };
    assert_eq!(objects.len() as u64, records);
    assert!(objects.iter().all(|object| object.is_object()));
}

/// One record after the other, as the flow log's own text.
fn twin(asked: &Asked, text: &[u8], found: &[u8]) {
    if asked.is_all && asked.columns.is_empty() {
        return;
    }
    let mut expected: Vec<u8> = Vec::new();
    let names = |names: &[&str]| (names.join(" ") + "\n").into_bytes();
    if !asked.columns.is_empty() && asked.has_header {
        let columns = asked.columns.iter().map(|field| Column::Field(*field).label());
        let columns: Vec<String> = columns.collect();
        expected = names(&columns.iter().map(String::as_str).collect::<Vec<_>>());
    }
    let (mut last, mut records) = (None, 0);
    let limit = asked.limit.unwrap_or(u64::MAX);
    each(text, |line, layout, record| {
        let is_wanted = !asked.is_accepted || record.text(Field::Action) == Some(b"ACCEPT");
        if !is_wanted || records == limit {
            return;
        }
        records += 1;
        if asked.columns.is_empty() {
            if asked.has_header && last.as_ref() != Some(layout) {
                let own = (0..layout.columns()).map(|column| layout.name(column).unwrap());
                expected.extend(names(&own.collect::<Vec<_>>()));
                last = Some(layout.clone());
            }
            expected.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        } else {
            let text = |field: Field| record.text(field).map(|text| seconds(field, text));
            let texts = asked.columns.iter().map(|field| text(*field).unwrap_or(b"-"));
            expected.extend(texts.collect::<Vec<_>>().join(&b' '));
        }
        expected.push(b'\n');
    });
    same(found, &expected, "the twin");
}
