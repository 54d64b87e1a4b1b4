//! What `cut` writes is what DuckDB reads: the same records in every format.

#[path = "common/duckdb.rs"]
mod duckdb;
#[path = "common/folder.rs"]
mod folder;
#[path = "common/records.rs"]
mod records;

use std::process::Command;

use duckdb::{duckdb, has_duckdb};
use flowagg::{Field, Layout, Records};
use folder::Folder;
use records::made_up;

#[test]
fn duckdb_reads_what_cut_writes() {
    if !has_duckdb() {
        return;
    }
    let folder = Folder::new("read");
    let text = made_up(4_000, 21);
    let log = folder.file("a.log", &text);
    let mut formats = vec!["csv", "tsv", "json", "ndjson"];
    formats.extend(cfg!(feature = "parquet").then_some("parquet"));
    let mut statements = Vec::new();
    for format in formats {
        let cut = Command::new(env!("CARGO_BIN_EXE_flowagg"))
            .args(["cut", "-q", "-o", format])
            .arg(&log)
            .output()
            .unwrap();
        assert!(cut.status.success(), "{format}: {cut:?}");
        let file = folder.file(format!("a.{format}"), cut.stdout);
        let from = match format {
            "csv" | "tsv" => format!("read_csv('{}')", file.display()),
            "json" | "ndjson" => format!("read_json('{}')", file.display()),
            _ => format!("'{}'", file.display()),
        };
        let seconds = if format == "parquet" { "epoch(start)::BIGINT" } else { "start" };
        statements.push(format!(
            "SELECT srcaddr, bytes, {seconds}, \"log-status\" FROM {from} \
             ORDER BY ALL NULLS FIRST"
        ));
    }
    let mut expected = Vec::new();
    let mut records = Records::new(&text, Layout::v2());
    while let Some(record) = records.next_record() {
        let record = record.unwrap();
        let text = |field| match record.text(field).unwrap() {
            b"-" => "None".to_owned(),
            text => String::from_utf8(text.to_vec()).unwrap(),
        };
        let fields = [Field::SrcAddr, Field::Bytes, Field::Start, Field::LogStatus];
        expected.push(fields.map(text).to_vec());
    }
    let number = |row: &[String], at: usize| row[at].parse::<u64>().ok();
    expected.sort_by_key(|row| {
        let address = Some(row[0].clone()).filter(|address| address != "None");
        (address, number(row, 1), number(row, 2), row[3].clone())
    });
    for (statement, found) in statements.iter().zip(duckdb(&statements)) {
        let differs = found.iter().zip(&expected).find(|(found, expected)| found != expected);
        assert!(found == expected, "{statement}: {differs:?}");
    }
}
