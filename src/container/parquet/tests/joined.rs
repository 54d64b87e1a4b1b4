//! Files one after the other.

use super::made::{self, Column, INT64, PLAIN, REQUIRED, leaf};
use super::{asked, fault, parquet, properties};
use crate::{Engine, Field, Measure, Query};

const SAID: &str = "Parquet files one after the other, expected one: give each by its own name";

/// A file of some rows, and a footer only.
fn file(rows: usize) -> Vec<u8> {
    let schema = [made::group("schema", REQUIRED, 1), leaf("bytes", INT64, REQUIRED)];
    let pages = made::page(rows, PLAIN, &made::longs(&vec![7; rows]));
    let path = vec!["bytes"];
    made::file(
        &schema,
        rows,
        &[Column { kind: INT64, path, pages, values: rows, ..Column::default() }],
    )
}

fn empty() -> Vec<u8> {
    let schema = [made::group("schema", REQUIRED, 1), leaf("bytes", INT64, REQUIRED)];
    let footer = made::Struct::default().int(1, 1).list(2, 12, &schema);
    made::end(b"PAR1".to_vec(), &footer.long(3, 0).list(4, 12, &[]).end())
}

#[test]
fn files_one_after_the_other_are_told() {
    let files = [file(1), file(2), file(90), empty(), parquet(false, properties(), 30)];
    for one in &files {
        assert!(!fault(one).contains(SAID));
        for other in &files {
            let two = fault(&[&one[..], other].concat());
            assert!(two.contains(SAID), "{two}");
            let three = fault(&[&one[..], other, one].concat());
            assert!(three.contains(SAID), "{three}");
        }
    }
}

#[test]
fn what_is_in_no_account_is_no_file() {
    let sum = Query::builder().measure(Measure::Sum(Field::Bytes.into())).build().unwrap();
    let whole = file(90);
    let length = u32::from_le_bytes(*whole[whole.len() - 8..].first_chunk().unwrap()) as usize;
    let (columns, footer) = whole.split_at(whole.len() - 8 - length);
    // Marks without a footer before them, and footers without a file after them.
    let marks = [&b"xxxx\x05\0\0\0PAR1PAR1"[..], &[0; 100]].concat();
    let end = [footer, &[0; 100]].concat();
    for more in [&[0; 4000][..], &b"PAR1".repeat(500), &marks, &end, &[9; 11]] {
        let file = [columns, more, footer].concat();
        let report = asked(&Engine::new(), &file, std::slice::from_ref(&sum));
        assert!(report.faults.is_empty(), "{:?}", report.faults);
        assert_eq!(report.answers[0].total().unwrap().to_string(), "630");
    }
}
