//! Files that are well-formed and yet cannot be read as they say of themselves.

use parquet::basic::Encoding;

use super::made::{
    self, BYTE_ARRAY, Column, DELTA_BYTE_ARRAY, DOUBLE, FLOAT, INT32, INT64, INT96, OPTIONAL,
    PLAIN, REPEATED, REQUIRED,
};
use super::{Cells, asked, properties, written};
use crate::{Engine, Field, Measure, Query};

/// What is wrong with a file, if its rows are counted by a column.
fn fault(file: &[u8], column: &str) -> Option<String> {
    let by = Query::builder().group_by([crate::Column::Name(column.to_owned())]).build().unwrap();
    let report = asked(&Engine::new().threads(1), file, &[by]);
    assert!(report.tally.is_balanced());
    report.faults.first().map(|fault| fault.error.to_string())
}

#[test]
fn repeated_columns_are_refused_where_they_are_asked_for() {
    let schema = [
        made::group("schema", REQUIRED, 2),
        made::leaf("srcaddr", BYTE_ARRAY, REQUIRED),
        made::leaf("bytes", INT64, REPEATED),
    ];
    // The second row has two values, the third none.
    let levels = [made::levels(&[(2, 0), (1, 1), (1, 0)]), made::levels(&[(3, 1), (1, 0)])];
    let bytes = [levels.concat(), made::longs(&[1, 20, 300])].concat();
    let sources = made::texts(&["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
    let column = |kind, name, count, body: &[u8]| Column {
        kind,
        path: vec![name],
        pages: made::page(count, PLAIN, body),
        values: count,
        ..Column::default()
    };
    let columns = [column(BYTE_ARRAY, "srcaddr", 3, &sources), column(INT64, "bytes", 4, &bytes)];
    let file = made::file(&schema, 3, &columns);
    let by = || Query::builder().group_by([Field::SrcAddr]);
    let report = asked(&Engine::new(), &file, &[by().build().unwrap()]);
    assert!(report.faults.is_empty(), "{:?}", report.faults);
    assert_eq!((report.tally.lines, report.answers[0].unique()), (3, 3));
    let sum = by().measure(Measure::Sum(Field::Bytes.into())).build().unwrap();
    let position = Query::builder().group_by([crate::Column::Position(1)]).build().unwrap();
    for query in [sum, position] {
        let report = asked(&Engine::new(), &file, &[query]);
        assert_eq!(report.tally.lines, 0);
        let fault = report.faults[0].error.to_string();
        assert!(fault.contains("column bytes is repeated, expected one value"), "{fault}");
    }
}

#[test]
fn dictionaries_have_the_values_that_they_count() {
    for (kind, width) in
        [(INT32, 4), (INT64, 8), (INT96, 12), (FLOAT, 4), (DOUBLE, 8), (BYTE_ARRAY, 4)]
    {
        // The crate reads what is in an encoding that few writers use.
        for encoding in [PLAIN, DELTA_BYTE_ARRAY] {
            for (count, is_sound) in [(3, true), (4, false), (i32::MAX as usize, false)] {
                let dictionary = made::dictionary(count, &vec![0; 3 * width]);
                let places = made::page(8, made::RLE_DICTIONARY, &[1, 8 << 1, 1]);
                let column = Column {
                    kind,
                    path: vec!["tag"],
                    encoding,
                    dictionary: dictionary.len(),
                    pages: [dictionary, places].concat(),
                    values: 8,
                    ..Column::default()
                };
                let schema =
                    [made::group("schema", REQUIRED, 1), made::leaf("tag", kind, OPTIONAL - 1)];
                let fault = fault(&made::file(&schema, 8, &[column]), "tag");
                assert_eq!(fault.is_none(), is_sound, "{kind} {encoding} {count}: {fault:?}");
                let is_rare = encoding == DELTA_BYTE_ARRAY || kind == INT96;
                let said = "a dictionary without the values that it counts; 8 rows of it are lost";
                assert!(is_sound || !is_rare || fault.unwrap().contains(said));
            }
        }
    }
}

#[test]
fn texts_in_deltas_are_not_laid_out_without_end() {
    for (length, is_within) in [(500, true), (1000, false)] {
        let texts = (0..100).map(|row| Some(format!("{}{row}", "x".repeat(length))));
        let columns = [("tag", "optional binary (UTF8)", Cells::Text(texts.collect()))];
        let properties =
            properties().set_dictionary_enabled(false).set_encoding(Encoding::DELTA_BYTE_ARRAY);
        let fault = fault(&written(&columns, properties, 100), "tag");
        assert_eq!(fault.is_none(), is_within, "{fault:?}");
        assert!(is_within || fault.unwrap().contains("share more than 256 MiB"));
    }
}
