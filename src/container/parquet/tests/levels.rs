//! Levels, values and counts that do not fit together: whatever bit of them changes, an answer is
//! the same, or it is not whole.

use super::made::{
    self, BYTE_ARRAY, Column, DELTA_BYTE_ARRAY, INT64, OPTIONAL, PLAIN, REQUIRED, RLE_DICTIONARY,
    file, leaf,
};
use super::{asked, said};
use crate::{Engine, Field, Measure, Query, Scope};

const ROWS: usize = 23;

/// Rows with a value and rows without, in runs, as they are and packed.
const RUNS: &[(usize, u8)] = &[(6, 1), (5, 0), (12, 1)];
const PACKED: [u8; 4] = [3 << 1 | 1, 0b0011_1111, 0b1111_1000, 0b0111_1111];
const NULLS: usize = 5;

/// A column of numbers, whose page is given.
fn bytes_file(dictionary: &[u8], page: &[u8], is_rare: bool, nulls: Option<usize>) -> Vec<u8> {
    let sources: Vec<String> = (0..ROWS).map(|row| format!("10.0.0.{row}")).collect();
    let sources: Vec<&str> = sources.iter().map(String::as_str).collect();
    let first = Column {
        kind: BYTE_ARRAY,
        path: vec!["srcaddr"],
        pages: made::page(ROWS, PLAIN, &made::texts(&sources)),
        values: ROWS,
        ..Column::default()
    };
    let second = Column {
        kind: INT64,
        path: vec!["bytes"],
        encoding: if is_rare { DELTA_BYTE_ARRAY } else { PLAIN },
        dictionary: dictionary.len(),
        pages: [dictionary, page].concat(),
        values: ROWS,
        nulls,
        ..Column::default()
    };
    let schema = [
        made::group("schema", REQUIRED, 2),
        leaf("srcaddr", BYTE_ARRAY, REQUIRED),
        leaf("bytes", INT64, OPTIONAL),
    ];
    file(&schema, ROWS, &[first, second])
}

/// What is said of a file and what is wrong with it: values, and texts of a key.
fn answers(file: &[u8]) -> Vec<(String, String)> {
    let query = || Query::builder().scope(Scope::All).top(0);
    let sum = query().group_by([Field::SrcAddr]).measure(Measure::Sum(Field::Bytes.into()));
    let texts = query().group_by([Field::SrcAddr, Field::Bytes]);
    let ask = |query: Query| {
        let report = asked(&Engine::new().threads(1), file, std::slice::from_ref(&query));
        let faults: Vec<String> = report.faults.iter().map(|f| f.error.to_string()).collect();
        (format!("{} {:?}", said(&report), report.tally), faults.join("\n"))
    };
    [sum, texts].map(|query| ask(query.build().unwrap())).into()
}

/// Pages of the same values: their name, the dictionary, the page, and where its values begin.
fn pages() -> Vec<(String, Vec<u8>, Vec<u8>, usize)> {
    let numbers: Vec<i64> = (0..(ROWS - NULLS) as i64).map(|number| 1_000 + number % 3).collect();
    let places: Vec<(usize, u8)> = (0..ROWS - NULLS).map(|nth| (1, nth as u8 % 3)).collect();
    let places = [vec![2], made::runs(&places)].concat();
    let known = made::dictionary(3, &made::longs(&[1_000, 1_001, 1_002]));
    let mut pages = Vec::new();
    for (shape, levels) in [("runs", made::runs(RUNS)), ("packed", PACKED.to_vec())] {
        for (encoding, dictionary, body) in [
            (PLAIN, vec![], made::longs(&numbers)),
            (RLE_DICTIONARY, known.clone(), places.clone()),
        ] {
            let length = (levels.len() as u32).to_le_bytes();
            let one = made::page(ROWS, encoding, &[&length[..], &levels, &body].concat());
            let two = made::page_2(ROWS, NULLS, encoding, &levels, &body);
            for (version, page) in [(1, one), (2, two)] {
                let values = page.len() - body.len();
                pages.push((
                    format!("{shape} {encoding} {version}"),
                    dictionary.clone(),
                    page,
                    values,
                ));
            }
        }
    }
    pages
}

#[test]
fn a_flipped_bit_is_told_or_changes_nothing() {
    let mut expected = None;
    for (name, dictionary, page, values) in pages() {
        for is_rare in [false, true] {
            let sound = answers(&bytes_file(&dictionary, &page, is_rare, None));
            assert!(sound.iter().all(|(_, fault)| fault.is_empty()), "{name}: {sound:?}");
            assert_eq!(expected.get_or_insert_with(|| sound.clone()), &sound, "{name}");
            for bit in 0..values * 8 {
                let mut page = page.clone();
                page[bit / 8] ^= 1 << (bit % 8);
                let file = bytes_file(&dictionary, &page, is_rare, None);
                for (found, sound) in answers(&file).iter().zip(&sound) {
                    let is_told = found.1.contains("a damaged Parquet file");
                    assert!(is_told || found == sound, "{name} {is_rare} {bit}: {found:?}");
                }
            }
        }
    }
}

/// What is wrong with a page of these rows.
fn fault(page: &[u8], is_rare: bool, nulls: Option<usize>) -> String {
    let dictionary = made::dictionary(3, &made::longs(&[1_000, 1_001, 1_002]));
    answers(&bytes_file(&dictionary, page, is_rare, nulls)).swap_remove(0).1
}

#[test]
fn places_that_fill_a_group_are_told_by_the_nulls() {
    // 18 places in three groups: one more or less is there, too.
    let places = [&[2, 3 << 1 | 1][..], &[0b1001_0010; 6]].concat();
    let mut few = PACKED;
    few[1] ^= 1;
    for (levels, is_sound) in [(PACKED, true), (few, false)] {
        let length = 4_u32.to_le_bytes();
        let one = made::page(ROWS, RLE_DICTIONARY, &[&length[..], &levels, &places].concat());
        assert_eq!(fault(&one, false, Some(NULLS)).is_empty(), is_sound);
        // Some writers say 0 of what they do not count.
        assert_eq!(fault(&one, false, None), "");
        assert_eq!(fault(&one, false, Some(0)), "");
        for is_rare in [false, true] {
            let two = |nulls| made::page_2(ROWS, nulls, RLE_DICTIONARY, &levels, &places);
            assert_eq!(fault(&two(NULLS), is_rare, None).is_empty(), is_sound);
            assert_eq!(fault(&two(0), is_rare, None), "");
            assert!(fault(&two(NULLS + 2), is_rare, None).contains("do not fit"));
        }
        assert!(
            fault(&made::page_2(ROWS, 0, RLE_DICTIONARY, &levels, &places), false, Some(NULLS))
                .contains("do not fit")
        );
    }
}

#[test]
fn columns_that_have_a_value_always_may_have_levels_of_no_bits() {
    let body = made::longs(&[7; ROWS]);
    let read = |levels: &[u8], is_rare| {
        let column = Column {
            kind: INT64,
            path: vec!["bytes"],
            encoding: if is_rare { DELTA_BYTE_ARRAY } else { PLAIN },
            pages: made::page_2(ROWS, 0, PLAIN, levels, &body),
            values: ROWS,
            ..Column::default()
        };
        let schema = [made::group("schema", REQUIRED, 1), leaf("bytes", INT64, REQUIRED)];
        let query = Query::builder().measure(Measure::Sum(Field::Bytes.into())).build().unwrap();
        let file = file(&schema, ROWS, &[column]);
        let report = asked(&Engine::new(), &file, &[query]);
        report.faults.first().map(|fault| fault.error.to_string())
    };
    for is_rare in [false, true] {
        for levels in [&[][..], &[ROWS as u8 * 2], &[3 << 1 | 1]] {
            assert_eq!(read(levels, is_rare), None, "{levels:?}");
        }
        for levels in [&[ROWS as u8 * 2 + 2][..], &[ROWS as u8 * 2 - 2], &[3 << 1 | 1, 1]] {
            let fault = read(levels, is_rare).unwrap();
            assert!(fault.contains("levels and counts of a page do not fit"), "{fault}");
        }
    }
}
