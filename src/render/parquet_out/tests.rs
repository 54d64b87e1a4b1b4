//! What is written is read back by the crate's reader.

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

use super::*;

const COLUMNS: [(&str, ParquetKind); 6] = [
    ("name", ParquetKind::Text),
    ("whole", ParquetKind::Whole),
    ("unsigned", ParquetKind::Unsigned),
    ("sum", ParquetKind::Decimal),
    ("share", ParquetKind::Double),
    ("start", ParquetKind::Time),
];

/// The largest amount.
const SUM: &str = "85070591730234615865843651857942052864";

const WRITER: &str = concat!("flowagg ", env!("CARGO_PKG_VERSION"));

fn amount(text: &str) -> Amount {
    Amount::parse(text.as_bytes()).unwrap()
}

/// A file of so many rows; of each third one nothing is there but the number.
fn written(rows: u64) -> Vec<u8> {
    let mut file = Vec::new();
    let mut out = ParquetRows::new(&mut file, &COLUMNS).unwrap();
    for row in 0..rows {
        let number = Value::Number(row.into());
        if row % 3 == 2 {
            out.push([Value::Missing, number]).unwrap();
            continue;
        }
        out.push([
            Value::Text(format!("10.0.0.{}", row % 256).as_bytes()),
            number,
            Value::Number((u64::MAX - row).into()),
            Value::Number(amount(SUM)),
            Value::Double(row as f64 / 4.0),
            Value::Number((1_600_000_000 + row).into()),
        ])
        .unwrap();
    }
    out.finish().unwrap();
    file
}

#[test]
fn rows_come_back_in_groups() {
    let reader = SerializedFileReader::new(bytes::Bytes::from(written(2_500))).unwrap();
    assert_eq!(reader.num_row_groups(), 3);
    assert_eq!(reader.metadata().file_metadata().created_by(), Some(WRITER));
    let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(|row| row.unwrap()).collect();
    assert_eq!(rows.len(), 2_500);
    for (at, row) in rows.into_iter().enumerate() {
        let cells: Vec<Field> = row.into_columns().into_iter().map(|(_, cell)| cell).collect();
        assert_eq!(cells[1], Field::Long(at as i64));
        if at % 3 == 2 {
            assert!([0, 2, 3, 4, 5].iter().all(|&column| cells[column] == Field::Null), "{at}");
            continue;
        }
        assert_eq!(cells[0], Field::Str(format!("10.0.0.{}", at % 256)));
        assert_eq!(cells[2], Field::ULong(u64::MAX - at as u64));
        assert_eq!(cells[3].to_string().trim_end_matches('.'), SUM);
        assert_eq!(cells[4], Field::Double(at as f64 / 4.0));
        assert_eq!(cells[5], Field::TimestampMillis((1_600_000_000 + at as i64) * 1000));
    }
}

#[test]
fn a_file_without_rows_has_its_columns() {
    let reader = SerializedFileReader::new(bytes::Bytes::from(written(0))).unwrap();
    let metadata = reader.metadata().file_metadata();
    assert_eq!((metadata.num_rows(), metadata.schema_descr().num_columns()), (0, 6));
}

#[test]
fn texts_are_utf8() {
    let mut file = Vec::new();
    let mut out = ParquetRows::new(&mut file, &COLUMNS[..1]).unwrap();
    for text in [&b"caf\xc3\xa9"[..], b"a\xffb", b"", b"-"] {
        out.push([Value::Text(text)]).unwrap();
    }
    out.finish().unwrap();
    let reader = SerializedFileReader::new(bytes::Bytes::from(file)).unwrap();
    let rows = reader.get_row_iter(None).unwrap().map(|row| row.unwrap());
    let texts: Vec<_> = rows.map(|row| row.into_columns().remove(0).1).collect();
    assert_eq!(texts, ["café", "a\u{fffd}b", "", "-"].map(|text| Field::Str(text.to_owned())));
}

#[test]
fn what_does_not_fit_is_an_error() {
    for (column, value) in [
        (1, Value::Number(amount("9223372036854775808"))),
        (1, Value::Number(amount("0.5"))),
        (1, Value::Double(1.0)),
        (2, Value::Number(amount("-1"))),
        (2, Value::Number(amount("18446744073709551616"))),
        (3, Value::Number(amount("1.5"))),
        (4, Value::Text(b"1")),
        (5, Value::Number(amount("9223372036854776"))),
        (5, Value::Text(b"2020-09-13")),
    ] {
        let mut file = Vec::new();
        let mut out = ParquetRows::new(&mut file, &COLUMNS[column..]).unwrap();
        let error = out.push([value]).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidData, "{value:?}");
        assert!(error.to_string().starts_with(COLUMNS[column].0), "{error}");
    }
}

#[test]
fn what_the_writer_says_is_told() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut full = Full;
    let mut out = ParquetRows::new(&mut full, &COLUMNS).unwrap();
    out.push([Value::Text(b"a")]).unwrap();
    assert_eq!(out.finish().unwrap_err().kind(), std::io::ErrorKind::StorageFull);
}
