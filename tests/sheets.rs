//! What sheets are written as, DuckDB reads back, where it is installed. `FLOWAGG_PYTHON` names a
//! Python that has it; else `python3` is asked.

#[path = "common/duckdb.rs"]
mod duckdb;
#[path = "common/folder.rs"]
mod folder;

use duckdb::{duckdb, has_duckdb};
use flowagg::Amount;
use flowagg::render::sheet::{self, Cell, CellKind, Sheet, SheetColumn, SheetFormat, Style, Unit};
use folder::Folder;

/// Rows with all that a reader may stumble over.
fn rows() -> Vec<Vec<Cell>> {
    let words = [
        "10.0.0.1",
        "a,b;c|d",
        "\"quoted\" 'twice'",
        "two\nlines\r\n",
        "tab\there",
        "caf\u{e9}",
        "=1+1",
        "-",
        "\\n",
        "NULL",
        "# no comment",
    ];
    let sums = ["0", "1", "18446744073709551615", "85070591730234615865843651857942052863", "-7"];
    let row = |at: usize| {
        let sum = Amount::parse(sums[at % sums.len()].as_bytes()).unwrap();
        vec![
            Cell::text(words[at % words.len()]),
            if at % 4 == 3 { Cell::Missing } else { Cell::Time(1_600_000_000 + at as u64) },
            Cell::Number(sum),
            Cell::from(at as u64 * 1_000_003),
            Cell::Share(at as f64 / 64.0),
        ]
    };
    (0..2_000).map(row).collect()
}

/// What DuckDB has to find.
fn expected() -> Vec<Vec<String>> {
    let text = |cell: &Cell| match cell {
        Cell::Text(text) => String::from_utf8(text.clone()).unwrap(),
        Cell::Number(amount) => amount.to_string(),
        Cell::Time(seconds) => seconds.to_string(),
        Cell::Share(share) => format!("{share:.4}"),
        _ => "none".to_owned(),
    };
    rows().iter().map(|row| row.iter().map(text).collect()).collect()
}

#[test]
fn duckdb_reads_what_is_written() {
    if !has_duckdb() {
        return;
    }
    let folder = Folder::new("formats");
    let columns = vec![
        SheetColumn::new("name", CellKind::Text),
        SheetColumn::new("start", CellKind::Time),
        SheetColumn::new("sum", CellKind::Number(Unit::Bytes)),
        SheetColumn::new("bytes", CellKind::Number(Unit::Bytes)),
        SheetColumn::new("share", CellKind::Share),
    ];
    let rows = rows();
    let types = "columns = {name: 'VARCHAR', start: 'TIMESTAMPTZ', sum: 'HUGEINT', \
                 bytes: 'BIGINT', share: 'DOUBLE'}";
    let csv = "header = true, quote = '\"', escape = '\"', nullstr = '', comment = ''";
    let mut formats = vec![
        (SheetFormat::Json, "json", format!("read_json('PATH', {types}, format = 'array')")),
        (SheetFormat::Ndjson, "ndjson", format!("read_json('PATH', {types}, format = 'nd')")),
        (SheetFormat::Csv, "csv", format!("read_csv('PATH', {types}, {csv})")),
        (SheetFormat::Tsv, "tsv", format!("read_csv('PATH', {types}, {csv}, delim = '\t')")),
    ];
    if cfg!(feature = "parquet") {
        formats.push((SheetFormat::Parquet, "parquet", "read_parquet('PATH')".to_owned()));
    }
    let statements: Vec<String> = (formats.iter())
        .map(|(format, name, table)| {
            let sheet = Sheet::new(columns.clone(), || rows.iter().cloned());
            let mut text = Vec::new();
            sheet::write(&mut text, &[sheet], *format, &Style::default()).unwrap();
            let path = folder.file(name, text);
            let table = table.replace("PATH", path.to_str().unwrap());
            format!(
                "select name, coalesce(cast(cast(epoch(start) as bigint) as varchar), 'none'), \
                 cast(sum as varchar), cast(bytes as varchar), \
                 format('{{:.4f}}', cast(share as double)) from {table}"
            )
        })
        .collect();
    let expected = expected();
    for (found, statement) in duckdb(&statements).iter().zip(&statements) {
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found, expected, "{statement}");
        }
        assert_eq!(found.len(), expected.len(), "{statement}");
    }
}

#[test]
#[cfg(feature = "parquet")]
fn duckdb_finds_these_types() {
    if !has_duckdb() {
        return;
    }
    use flowagg::render::parquet_out::{ParquetKind, ParquetRows, Value};
    let folder = Folder::new("types");
    let mut file = Vec::new();
    let columns = [
        ("text", ParquetKind::Text),
        ("whole", ParquetKind::Whole),
        ("unsigned", ParquetKind::Unsigned),
        ("decimal", ParquetKind::Decimal),
        ("double", ParquetKind::Double),
        ("time", ParquetKind::Time),
    ];
    let mut rows = ParquetRows::new(&mut file, &columns).unwrap();
    rows.push([
        Value::Text(b"a"),
        Value::Number(1u64.into()),
        Value::Number(u64::MAX.into()),
        Value::Number(2u64.into()),
        Value::Double(0.5),
        Value::Number(3u64.into()),
    ])
    .unwrap();
    rows.finish().unwrap();
    let path = folder.file("kinds.parquet", file);
    let path = path.display();
    let found = duckdb(&[
        format!("select column_type from (describe from '{path}')"),
        format!("select \"unsigned\" from '{path}'"),
    ]);
    let types: Vec<&str> = found[0].iter().map(|row| row[0].as_str()).collect();
    let time = "TIMESTAMP WITH TIME ZONE";
    assert_eq!(types, ["VARCHAR", "BIGINT", "UBIGINT", "DECIMAL(38,0)", "DOUBLE", time]);
    assert_eq!(found[1], [[u64::MAX.to_string()]]);
}
