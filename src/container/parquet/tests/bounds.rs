//! Files that are well-formed and yet cannot be read as they say of themselves.

use std::io::Write;

use parquet::basic::Encoding;

use super::super::header;
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
fn dictionaries_of_events_have_the_values_that_they_count() {
    for (count, is_sound) in [(1, true), (2, false), (i32::MAX as usize, false)] {
        let dictionary = made::dictionary(count, &4001_i32.to_le_bytes());
        let places = made::page(1, made::RLE_DICTIONARY, &[1, 1 << 1, 0]);
        let address = made::page(1, PLAIN, &made::texts(&["10.0.0.1"]));
        let endpoint = |name| Column {
            kind: BYTE_ARRAY,
            path: vec![name, "ip"],
            pages: address.clone(),
            values: 1,
            ..Column::default()
        };
        let class = Column {
            kind: INT32,
            path: vec!["class_uid"],
            dictionary: dictionary.len(),
            pages: [dictionary, places].concat(),
            values: 1,
            ..Column::default()
        };
        let ip = || made::leaf("ip", BYTE_ARRAY, REQUIRED);
        let schema = [
            made::group("schema", REQUIRED, 3),
            made::leaf("class_uid", INT32, REQUIRED),
            made::group("src_endpoint", REQUIRED, 1),
            ip(),
            made::group("dst_endpoint", REQUIRED, 1),
            ip(),
        ];
        let columns = [class, endpoint("src_endpoint"), endpoint("dst_endpoint")];
        let fault = fault(&made::file(&schema, 1, &columns), "srcaddr");
        assert_eq!(fault.is_none(), is_sound, "{count}: {fault:?}");
        assert!(is_sound || fault.unwrap().contains("without the values that it counts"));
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

/// A file of one column, so deep within others.
fn deep(depth: usize) -> Vec<u8> {
    let groups = (0..depth).map(|_| made::group("a", REQUIRED, 1));
    let schema: Vec<Vec<u8>> = [made::group("schema", REQUIRED, 1)]
        .into_iter()
        .chain(groups)
        .chain([made::leaf("bytes", INT64, REQUIRED)])
        .collect();
    let mut path = vec!["a"; depth];
    path.push("bytes");
    let pages = made::page(1, PLAIN, &made::longs(&[7]));
    made::file(&schema, 1, &[Column { kind: INT64, path, pages, values: 1, ..Column::default() }])
}

#[test]
fn schemas_are_walked_before_they_are_believed() {
    assert_eq!(fault(&deep(0), "bytes"), None);
    for (depth, said) in [
        (1, "nested columns (a)"),
        (63, "nested columns (a)"),
        (64, "columns more than 64 deep within others"),
        (100_000, "columns more than 64 deep within others"),
    ] {
        let fault = fault(&deep(depth), "bytes").unwrap();
        assert!(fault.contains(said), "{depth}: {fault}");
    }
    let leaf = || made::leaf("bytes", INT64, REQUIRED);
    let schema = |children: i64, within: i64| {
        let schema =
            [made::group("schema", REQUIRED, children), made::group("a", 0, within), leaf()];
        let footer = made::Struct::default().int(1, 1).list(2, 12, &schema);
        let footer = footer.long(3, 0).list(4, 12, &[]).end();
        fault(&made::end(b"PAR1".to_vec(), &footer), "bytes").unwrap()
    };
    assert!(schema(1, 1).contains("nested columns (a)"), "{}", schema(1, 1));
    let few = "a group of more columns than there are";
    for (children, within) in [(2, 1), (1, 2), (3, 0), (i32::MAX.into(), 1), (1, i32::MAX.into())] {
        assert!(schema(children, within).contains(few), "{children} {within}");
    }
    assert!(schema(-1, 1).contains(few) && schema(1, -1).contains(few));
    // A long name that all columns in its group have before theirs.
    let group = made::group(&"x".repeat(1 << 20), REQUIRED, 100);
    let schema = [vec![made::group("schema", REQUIRED, 1), group], vec![leaf(); 100]].concat();
    let footer = made::Struct::default().int(1, 1).list(2, 12, &schema).end();
    let fault = fault(&made::end(b"PAR1".to_vec(), &footer), "bytes").unwrap();
    assert!(fault.contains("names of columns of more than 64 MiB"), "{fault}");
}

#[test]
fn what_the_crate_would_take_for_something_else_is_refused() {
    use made::Struct;
    let root = || made::group("schema", REQUIRED, 1);
    let element = || Struct::default().int(1, INT64).int(3, REQUIRED).text(4, "bytes");
    let time = |unit: Struct| {
        let kind = Struct::default().field(1, 1, &[]).child(2, unit);
        element().child(10, Struct::default().child(8, kind)).end()
    };
    let read = |before: Struct, element: Vec<u8>| {
        let footer = before.list(2, 12, &[root(), element]).long(3, 0).list(4, 12, &[]).end();
        fault(&made::end(b"PAR1".to_vec(), &footer), "bytes")
    };
    let version = || Struct::default().int(1, 1);
    let millis = || Struct::default().child(1, Struct::default());
    for element in [element().end(), element().int(12, 5).end(), time(millis())] {
        assert_eq!(read(version(), element), None);
    }
    let odd = "its schema cannot be read";
    // Other kinds than the fields have, or fields that come before.
    for element in [
        Struct::default().field(1, 1, &[]).int(3, REQUIRED).text(4, "bytes").end(),
        Struct::default().int(1, INT64).text(3, "x").text(4, "bytes").end(),
        element().long(5, 0).end(),
        element().int(10, 0).end(),
        element().list(12, 1, &[vec![1]]).end(),
        time(Struct::default().field(1, 1, &[0])),
        time(Struct::default()),
    ] {
        assert!(read(version(), element).is_some_and(|fault| fault.contains(odd)));
    }
    for before in [Struct::default().long(1, 1), Struct::default().field(1, 2, &[])] {
        assert!(read(before, element().end()).is_some_and(|fault| fault.contains(odd)));
    }
}

#[test]
fn pages_have_a_size() {
    let limit = header::BYTES_MAX;
    let gzip = |text: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    };
    // One text that fills a page, as it is and in gzip, which may say that it has less.
    let text =
        |length: usize| [&(length as u32 - 4).to_le_bytes()[..], &vec![b'x'; length - 4]].concat();
    let read = |codec, length: usize, body: &[u8]| {
        let pages = made::packed_page(1, PLAIN, length, body);
        let path = vec!["tag"];
        let column =
            Column { kind: BYTE_ARRAY, path, codec, pages, values: 1, ..Column::default() };
        let schema = [made::group("schema", REQUIRED, 1), made::leaf("tag", BYTE_ARRAY, REQUIRED)];
        fault(&made::file(&schema, 1, &[column]), "tag").unwrap_or_default()
    };
    for (length, is_within) in [(limit - 1, true), (limit, true), (limit + 1, false)] {
        let text = text(length);
        for (codec, body) in [(0, text.clone()), (2, gzip(&text))] {
            let fault = read(codec, length, &body);
            assert_eq!(fault.is_empty(), is_within, "{length} {codec}: {fault}");
            assert!(is_within || fault.contains("a page of more than 256 MiB"), "{fault}");
        }
    }
    // So much gzip that it is looked at: blocks of it that are stored have nothing in common.
    let stored = |length: usize| {
        let noise: Vec<u8> =
            (0..8000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        gzip(&[&text(length)[..4], &noise[..], &text(length)[4 + noise.len()..]].concat())
    };
    assert!(stored(100_000).len() > 4 * limit / 1032);
    assert_eq!(read(2, 100_000, &stored(100_000)), "");
    for more in [1, 1000, 50 * limit] {
        let fault = read(2, 100_000, &stored(100_000 + more));
        assert!(fault.contains("a page that unpacks to more than it says"), "{more}: {fault}");
    }
    let fault = read(2, 100_001, &stored(100_000));
    assert!(fault.contains("size"), "{fault}");
}

#[test]
fn headers_of_pages_are_what_the_crate_takes_them_for() {
    use made::Struct;
    let page = |of_kind: Struct, sizes: Struct| {
        let body = made::longs(&[7]);
        let pages = [sizes.child(5, of_kind).end(), body].concat();
        let path = vec!["bytes"];
        let column = Column { kind: INT64, path, pages, values: 1, ..Column::default() };
        let schema = [made::group("schema", REQUIRED, 1), made::leaf("bytes", INT64, REQUIRED)];
        fault(&made::file(&schema, 1, &[column]), "bytes")
    };
    let sizes = || Struct::default().int(1, 0).int(2, 8).int(3, 8);
    let values = || Struct::default().int(1, 1).int(2, PLAIN).int(3, 3).int(4, 3);
    assert_eq!(page(values(), sizes()), None);
    assert_eq!(page(values().child(5, Struct::default().text(1, "x").long(3, 0)), sizes()), None);
    for (of_kind, sizes) in [
        (values().list(6, 1, &[vec![1]]), sizes()),
        (Struct::default().int(1, 1).int(2, PLAIN).text(3, "abc").int(4, 3), sizes()),
        (values(), Struct::default().int(1, 0).long(2, 8).int(3, 8)),
        (values(), Struct::default().int(1, 0).int(2, 8).field(3, 1, &[16])),
    ] {
        let fault = page(of_kind, sizes).unwrap();
        assert!(fault.contains("a page whose header cannot be read"), "{fault}");
    }
    let fault = page(values(), Struct::default().int(1, 0).int(2, -8).int(3, 8)).unwrap();
    assert!(fault.contains("below 0"), "{fault}");
}

#[test]
fn checksums_of_pages_are_held_against_them() {
    use made::Struct;
    let body = made::longs(&[7, 8]);
    let mut sum = flate2::Crc::new();
    sum.update(&body);
    let read = |sum: Option<u32>, encoding, body: &[u8]| {
        let head = Struct::default().int(1, 0).int(2, 16).int(3, 16);
        let head = sum.map(|sum| i64::from(sum as i32)).into_iter().fold(head, |h, s| h.int(4, s));
        let values = Struct::default().int(1, 2).int(2, PLAIN).int(3, 3).int(4, 3);
        let pages = [&head.child(5, values).end(), body].concat();
        let path = vec!["bytes"];
        let column = Column { kind: INT64, path, encoding, pages, values: 2, ..Column::default() };
        let schema = [made::group("schema", REQUIRED, 1), made::leaf("bytes", INT64, REQUIRED)];
        fault(&made::file(&schema, 2, &[column]), "bytes")
    };
    for encoding in [PLAIN, DELTA_BYTE_ARRAY] {
        assert_eq!(read(None, encoding, &body), None);
        assert_eq!(read(Some(sum.sum()), encoding, &body), None);
        for at in 0..body.len() {
            let mut flipped = body.clone();
            flipped[at] ^= 4;
            assert_eq!(read(None, encoding, &flipped), None);
            let fault = read(Some(sum.sum()), encoding, &flipped).unwrap();
            assert!(fault.contains("checksum mismatch; 2 rows of it are lost"), "{fault}");
        }
    }
}
