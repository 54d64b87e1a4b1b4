//! What is typed for keys, measures and conditions: it is refused in words that can be shown, or
//! has one way to be typed again; and lists of it are the same however records are read.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use flowagg::dialect::Keys;
use flowagg::explain::{self, Logs};
use flowagg::lists::{Condition, List, ListOptions, NamedKey, NamedMeasure};
use flowagg::render::lists::sheet;
use flowagg::render::sheet::{self, SheetFormat, Style};
use flowagg::{Column, Counting, Engine, Error, ErrorKind, Layout, Naming, Query, Scope, Source};

use super::ask::{File, first_line, is_text, is_tried, shown, shows_nothing_raw};
use super::twin::{cut, each, seconds};

/// What is named, so that there are words for it.
const NAMES: &[u8] = b"10.0.0.0/8,inside\n10.0.0.1,web\n2001:db8::/32,documents\neni-1,first\n";
const RANGES: &[u8] = br#"{"prefixes": [{"ip_prefix": "10.0.0.0/9", "service": "S3"}],
    "ipv6_prefixes": []}"#;

/// Records for words that come without any.
const RECORDS: &[u8] = b"\
2 123456789010 eni-1 10.0.0.1 10.0.0.9 40000 443 6 10 1000 1600000000 1600000030 ACCEPT OK
2 123456789010 eni-2 10.0.0.1 10.0.0.9 40000 443 6 11 900 1600000000 1600000030 ACCEPT OK
2 123456789010 eni-2 2001:DB8::1 010.0.0.9 22 053 17 1 40 1600000000500 1600000030 REJECT OK
2 123456789010 eni-1 2001:db8::1 10.200.0.9 22 53 17 1 40 1600000061 1600000090 REJECT OK
2 123456789010 eni-1 - - - - - - - 1600000000 1600000030 - NODATA
2 123456789010 eni-1 ::ffff:10.0.0.1 - 0 - 1 1 1 1 2 - OK more
version srcaddr dstport tcp-flags bytes start end packets
5 192.0.2.7 3389 18 18446744073709551615 1600000100 1600000200 5
5 10.1.1.1 22 255 - 1600000100 1600000200 7
";

fn naming() -> &'static Naming {
    static NAMING: OnceLock<Naming> = OnceLock::new();
    NAMING.get_or_init(|| {
        let naming = Naming::new().with_names(NAMES);
        naming.and_then(|naming| naming.with_aws_ranges(RANGES)).unwrap()
    })
}

/// Takes the input's first line as keys, the second as measures, the third as a condition, and
/// the rest as records.
pub fn keys(input: &[u8]) {
    let (typed, rest) = first_line(input);
    let (by, rest) = first_line(rest);
    let (having, rest) = first_line(rest);
    let records = if rest.is_empty() { RECORDS } else { rest };
    let keys = accepted(Keys::parse(&typed, naming()));
    let measures = accepted(NamedMeasure::parse_list(&by, one_key));
    let condition = accepted(Condition::parse(&having));
    if let Some(keys) = &keys {
        let again = keys.labels().collect::<Vec<_>>().join(",");
        assert_eq!(&Keys::parse(&again, naming()).unwrap(), keys, "{again}");
    }
    for measure in measures.iter().flatten() {
        assert_eq!(&NamedMeasure::parse(&measure.name, one_key).unwrap(), measure);
    }
    if !is_text(records) {
        return;
    }
    let keys: Vec<NamedKey> = keys.into_iter().flatten().collect();
    let file = File::new(records);
    counted(&keys, records, &file);
    let mut options = ListOptions::new().keys(keys);
    if let Some(condition) = condition {
        match accepted(options.clone().having(condition, one_key)) {
            Some(narrowed) => options = narrowed,
            None => return,
        }
    }
    let once = options.clone().counting(Counting::Once);
    let merged = options.clone().merge();
    let by = |options: ListOptions| {
        measures.iter().flatten().cloned().fold(options, ListOptions::measure)
    };
    let (options, once) = (by(options), by(once));
    let lists = [
        options.clone().top(),
        options.clone().sum(),
        options.ascending(true).limit(2).top(),
        once.clone().limit(3).top(),
        once.series(60),
        merged,
    ];
    let lists = lists.into_iter().filter_map(accepted);
    let lists = lists.enumerate().filter(|(way, _)| is_tried(*way, input));
    written(&lists.map(|(_, list)| list).collect::<Vec<_>>(), &file);
}

fn accepted<T>(read: Result<T, Error>) -> Option<T> {
    if let Err(error) = &read {
        assert_eq!(error.kind(), ErrorKind::Query);
        shows_nothing_raw(&error.to_string());
    }
    read.ok()
}

/// The key that stands in `unique(...)`.
fn one_key(text: &str) -> Result<NamedKey, Error> {
    let mut keys: Vec<NamedKey> = Keys::parse(text, naming())?.into_iter().collect();
    match (keys.len(), keys.pop()) {
        (1, Some(key)) => Ok(key),
        _ => Err(Error::new(ErrorKind::Query, "expected one key")),
    }
}

/// The contributors by these keys are those that a twin counts, one record after the other.
fn counted(keys: &[NamedKey], text: &[u8], file: &File) {
    let columns = keys.iter().map(|(key, _)| key.clone());
    let query = Query::builder().scope(Scope::All).group_by(columns).top(0).build().unwrap();
    let engine = Engine::new().threads(1).layout(Layout::v2());
    let found = file.ask(engine.clone(), std::slice::from_ref(&query));
    file.ask(engine.block_bytes(1), &[query]).check(&found, "blocks of 1");
    if found.containers != ["text"] || keys.is_empty() {
        return;
    }
    let mut counts: BTreeMap<Vec<String>, u64> = BTreeMap::new();
    each(text, |_, _, record| {
        let texts = keys.iter().map(|(key, _)| {
            let Column::Field(field) = key.column() else { panic!("{key:?}") };
            let text = seconds(*field, record.text(*field)?);
            Some(cut(key.view().seen(text, &mut [0; 48])).to_vec())
        });
        if let Some(texts) = texts.collect::<Option<Vec<_>>>() {
            *counts.entry(shown(&texts)).or_default() += 1;
        }
    });
    let contributors = found.answers[0].contributors.iter();
    let contributors = contributors.map(|(keys, value)| (keys.clone(), value.to_string()));
    let counts = counts.into_iter().map(|(keys, count)| (keys, count.to_string()));
    assert_eq!(contributors.collect::<BTreeMap<_, _>>(), counts.collect());
}

/// Lists are written the same whatever reads the records, in every format; and what is told of
/// them shows nothing raw.
fn written(lists: &[List], file: &File) {
    for list in lists {
        shows_nothing_raw(&explain::list(list, &Logs::new(&[file.path()])));
    }
    let queries: Vec<Query> = lists.iter().map(|list| list.query().clone()).collect();
    if queries.is_empty() {
        return;
    }
    let run = |engine: Engine| {
        let engine = engine.layout(Layout::v2());
        let report = engine.run_all(&queries, &[Source::path(file.path())]).unwrap();
        assert!(report.tally.is_balanced(), "{:?}", report.tally);
        let mut all = Vec::new();
        for (list, answer) in lists.iter().zip(&report.answers) {
            for format in [
                SheetFormat::Table,
                SheetFormat::Json,
                SheetFormat::Ndjson,
                SheetFormat::Csv,
                SheetFormat::Tsv,
                SheetFormat::Markdown,
            ] {
                let mut text = Vec::new();
                let sheets = [sheet(list, answer, format)];
                sheet::write(&mut text, &sheets, format, &Style::default()).unwrap();
                let text = String::from_utf8(text).unwrap();
                if format == SheetFormat::Json {
                    serde_json::from_str::<serde_json::Value>(&text).unwrap();
                }
                if matches!(format, SheetFormat::Table | SheetFormat::Markdown) {
                    shows_nothing_raw(&text);
                }
                all.push(text);
            }
        }
        all
    };
    let expected = run(Engine::new().threads(1));
    let found = run(Engine::new().threads(2).block_bytes(1));
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found, expected);
    }
}
