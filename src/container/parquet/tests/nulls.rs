//! Columns that have no value in many rows: pages of nulls alone, with a dictionary and without.

use super::super::{Table, rows};
use super::made::{
    self, BYTE_ARRAY, Column as Chunk, DELTA_BYTE_ARRAY, INT64, OPTIONAL, PLAIN, REQUIRED,
    RLE_DICTIONARY, file, leaf,
};
use super::{Temporary, asked, queries, said};
use crate::container::Columns;
use crate::source::{Input, Opened};
use crate::{Column, Engine, Field, KeyColumn, Measure, Query, Report, Scope};

/// A column that may have no value: its name, how its values are stored, and three of them.
const COLUMNS: [(&str, i64, [&str; 3]); 4] = [
    ("bytes", INT64, ["100", "2000", "30000"]),
    ("dstaddr", BYTE_ARRAY, ["10.1.0.1", "10.1.0.2", "2001:db8::1"]),
    ("vpc-id", BYTE_ARRAY, ["vpc-1", "vpc-2", "vpc-3"]),
    ("log-status", BYTE_ARRAY, ["OK", "OK", "NODATA"]),
];

/// Which rows have a value, in runs; each row group has [`ROWS`].
const PATTERNS: [&[(usize, u8)]; 5] = [
    &[(ROWS, 0)],
    &[(ROWS, 1)],
    &[(1, 0), (ROWS - 1, 1)],
    &[(5, 1), (5, 0), (ROWS - 10, 1)],
    &[(7, 1), (ROWS - 8, 0), (1, 1)],
];
const ROWS: usize = 23;

/// How the values of a column are kept.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kept {
    Plain,
    Dictionary,
    /// Places in a dictionary that is not there, as nothing needs it.
    NoDictionary,
    /// The same, without even the width of places.
    Nothing,
}

fn plain(kind: i64, values: &[&str]) -> Vec<u8> {
    match kind {
        INT64 => {
            made::longs(&values.iter().map(|value| value.parse().unwrap()).collect::<Vec<_>>())
        }
        _ => made::texts(values),
    }
}

/// The chunk of a column, and its texts. If it is `rare`, the crate reads it.
fn chunk(
    at: usize,
    pattern: &[(usize, u8)],
    kept: Kept,
    is_rare: bool,
) -> (Chunk, Vec<&'static str>) {
    let (name, kind, values) = COLUMNS[at];
    let present = pattern.iter().flat_map(|&(count, level)| vec![level == 1; count]);
    let texts: Vec<&str> =
        present.enumerate().map(|(row, is)| if is { values[row % 3] } else { "-" }).collect();
    let there: Vec<&str> = texts.iter().copied().filter(|text| *text != "-").collect();
    let levels = made::levels(pattern);
    let dictionary = match kept {
        Kept::Dictionary => made::dictionary(3, &plain(kind, &values)),
        _ => Vec::new(),
    };
    let (encoding, body) = match kept {
        Kept::Plain => (PLAIN, plain(kind, &there)),
        Kept::Dictionary => {
            let place = |text: &&str| values.iter().position(|value| value == text).unwrap();
            let places: Vec<(usize, u8)> = there.iter().map(|t| (1, place(t) as u8)).collect();
            (RLE_DICTIONARY, [vec![2], made::runs(&places)].concat())
        }
        Kept::NoDictionary => (RLE_DICTIONARY, vec![0]),
        Kept::Nothing => (RLE_DICTIONARY, Vec::new()),
    };
    let page = made::page(ROWS, encoding, &[levels, body].concat());
    let name = name.to_owned().replace('-', "_");
    let chunk = Chunk {
        kind,
        path: vec![Box::leak(name.into_boxed_str())],
        encoding: if is_rare { DELTA_BYTE_ARRAY } else { encoding },
        dictionary: dictionary.len(),
        pages: [dictionary, page].concat(),
        values: ROWS,
        ..Chunk::default()
    };
    (chunk, texts)
}

/// A file of addresses and the column, and the same as text.
fn both(at: usize, pattern: &[(usize, u8)], kept: Kept, is_rare: bool) -> (Vec<u8>, String) {
    let (chunk, texts) = chunk(at, pattern, kept, is_rare);
    let sources: Vec<String> = (0..ROWS).map(|row| format!("10.0.0.{}", row % 4)).collect();
    let plain: Vec<&str> = sources.iter().map(String::as_str).collect();
    let first = Chunk {
        kind: BYTE_ARRAY,
        path: vec!["srcaddr"],
        encoding: PLAIN,
        pages: made::page(ROWS, PLAIN, &made::texts(&plain)),
        values: ROWS,
        ..Chunk::default()
    };
    let schema = [
        made::group("schema", REQUIRED, 2),
        leaf("srcaddr", BYTE_ARRAY, REQUIRED),
        leaf(chunk.path[0], chunk.kind, OPTIONAL),
    ];
    let lines = sources.iter().zip(&texts).map(|(source, text)| format!("{source} {text}\n"));
    let text = format!("srcaddr {}\n{}", COLUMNS[at].0, lines.collect::<String>());
    (file(&schema, ROWS, &[first, chunk]), text)
}

/// All files that can be.
fn files() -> Vec<(String, Vec<u8>, String)> {
    let mut files = Vec::new();
    for (at, (column, ..)) in COLUMNS.into_iter().enumerate() {
        for (nth, pattern) in PATTERNS.into_iter().enumerate() {
            for kept in [Kept::Plain, Kept::Dictionary, Kept::NoDictionary, Kept::Nothing] {
                let has_values = pattern != [(ROWS, 0)];
                if has_values && matches!(kept, Kept::NoDictionary | Kept::Nothing) {
                    continue;
                }
                for is_rare in [false, true] {
                    let (file, text) = both(at, pattern, kept, is_rare);
                    files.push((format!("{column} {nth} {kept:?} {is_rare}"), file, text));
                }
            }
        }
    }
    files
}

/// Questions that want values, texts, or both.
fn asking() -> Vec<Query> {
    let keys = [Field::DstAddr, Field::VpcId, Field::LogStatus].map(|field| {
        Query::builder()
            .scope(Scope::All)
            .group_by([KeyColumn::from(Field::SrcAddr), KeyColumn::from(field)])
            .top(0)
    });
    let sum = Query::builder()
        .scope(Scope::All)
        .group_by([Field::SrcAddr])
        .measure(Measure::Sum(Field::Bytes.into()))
        .top(0);
    let position = Query::builder().scope(Scope::All).group_by([Column::Position(2)]).top(0);
    let asking = keys.into_iter().chain([sum, position]);
    asking.map(|query| query.build().unwrap()).collect()
}

#[test]
fn pages_of_nulls_alone_are_rows() {
    for (name, file, text) in files() {
        for query in asking() {
            let ask = |bytes: &[u8]| {
                asked(&Engine::new().threads(1), bytes, std::slice::from_ref(&query))
            };
            let (found, expected) = (ask(&file), ask(text.as_bytes()));
            assert!(found.faults.len() == expected.faults.len(), "{name}: {:?}", found.faults);
            assert_eq!(found.tally.lines + 1, expected.tally.lines, "{name}");
            let counts =
                |report: &Report| (report.tally.ok, report.tally.no_data, report.tally.malformed);
            assert_eq!(counts(&found), counts(&expected), "{name}");
            let answer = |report: &Report| said(report).split(" [").next().unwrap().to_owned();
            assert_eq!(answer(&found), answer(&expected), "{name}");
        }
        // Whatever else is asked for, nothing is damaged.
        let report = asked(&Engine::new().threads(1), &file, &queries());
        let damaged = report.faults.iter().filter(|f| f.error.to_string().contains("damaged"));
        assert_eq!(damaged.count(), 0, "{name}: {:?}", report.faults);
    }
}

#[test]
fn pages_of_nulls_alone_are_lines() {
    for (name, file, text) in files() {
        let file = Temporary::new(&file);
        let Opened::Parquet(file) = Input::File(file.0.clone()).open().unwrap() else {
            panic!("no Parquet");
        };
        let table = Table::open(file, &Columns::All).unwrap();
        let mut group = table.group(0, 100, crate::scan::Level::best());
        let (mut lines, mut buffer) = (Vec::new(), Vec::new());
        while let Some(rows::Rows { length, .. }) = group.next(&mut buffer).expect(&name) {
            lines.extend_from_slice(&buffer[..length]);
        }
        let expected = text.split_once('\n').unwrap().1;
        assert_eq!(str::from_utf8(&lines).unwrap(), expected, "{name}");
    }
}
