//! Every kernel of every level against plain Rust, shifted through the offsets of two vectors; and
//! with a page behind the padding that may not be touched.

use std::cell::RefCell;

use super::guard::{BYTES_MAX, Guarded};
use super::*;
use crate::value::{Address, Number};

/// Texts whose edges matter; each is tried at every offset of two vectors.
const SEEDS: &[&str] = &[
    "",
    "\n",
    "\n\n\n",
    "a\n",
    "1\n",
    " 1 2\n",
    "1  2 \n",
    "1 2\r\n3 4\r\n",
    "\t1\t2\x0b3\x0c4\n",
    "2 123456789010 eni-1 10.0.0.1 10.0.0.9 40000 443 6 10 1000 1600000000 1600000030 ACCEPT OK\n",
    "2 1 eni-2 - - - - - - - 1600000000 1600000060 - NODATA\nversion account-id x\n#c\n2 a\n",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 1\n",
    "1111111111111111111111111111111111111111111111111111111111111111111111111111111111 a1 1\n",
    "          \n                                                                            \n",
    "1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n",
];

fn levels() -> impl Iterator<Item = Level> {
    Level::ALL.into_iter().filter(|level| level.is_available())
}

/// A splitmix64 stream: tests need no crate for this.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ *state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

fn random_text(state: &mut u64, length: usize) -> Vec<u8> {
    const BYTES: &[u8] = b"0123456789 \n.-a:\t\r";
    let mut text: Vec<u8> =
        (0..length).map(|_| BYTES[random(state) as usize % BYTES.len()]).collect();
    text.push(b'\n');
    text
}

thread_local! {
    static GUARDED: RefCell<Guarded> = RefCell::new(Guarded::new());
}

/// The text at an offset in a padded buffer whose other bytes would be noticed. Not one byte may be
/// read after it.
fn with_padded<T>(text: &[u8], offset: usize, run: impl FnOnce(Padded<'_>, usize) -> T) -> T {
    let length = offset + text.len() + PAD;
    assert!(length <= BYTES_MAX, "a text of a test fits");
    GUARDED.with_borrow_mut(|guarded| {
        let buffer = guarded.last(length);
        buffer[..offset].fill(b' ');
        buffer[offset..length - PAD].copy_from_slice(text);
        buffer[length - PAD..].fill(b'\n');
        run(Padded::new(buffer, length - PAD), offset)
    })
}

/// The marks as a list of (place, newline, wide), made the obvious way.
fn plain_marks(text: &[u8], start: usize) -> Vec<(usize, bool, bool)> {
    let mut marks = vec![(start, true, false)];
    let mut wide = false;
    for (place, &byte) in text.iter().enumerate().skip(start) {
        if matches!(byte, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r') {
            marks.push((place + 1, byte == b'\n', wide));
            wide = false;
        } else {
            wide |= !byte.is_ascii_digit();
        }
    }
    marks
}

fn check_scan(text: &[u8], offset: usize) {
    with_padded(text, offset, |padded, start| {
        let expected = plain_marks(padded.text(), start);
        let opens = |&&(place, newline, _): &&(usize, bool, bool)| {
            newline && text.get(place - start).is_some_and(|b| !b"\n0123456789".contains(b))
        };
        let openings: Vec<u32> = expected.iter().filter(opens).map(|mark| mark.0 as u32).collect();
        for level in levels() {
            let mut scanner = Scanner::new(level);
            let marks = scanner.scan(padded, start);
            let found: Vec<_> = marks
                .marks
                .iter()
                .map(|&mark| ((mark & PLACE) as usize, mark & NEWLINE != 0, mark & WIDE != 0))
                .collect();
            assert_eq!(found, expected, "{level:?} at {offset}: {:?}", text.escape_ascii());
            assert_eq!(marks.lines(), text.iter().filter(|&&byte| byte == b'\n').count());
            assert_eq!(marks.openings(), openings, "{level:?} at {offset}");
        }
    });
}

#[test]
fn scan_agrees_at_every_offset() {
    for seed in SEEDS {
        for offset in 0..130 {
            check_scan(seed.as_bytes(), offset);
        }
    }
}

#[test]
fn scan_agrees_on_random_texts() {
    let mut state = 1;
    for round in 0..400 {
        let text = random_text(&mut state, round * 3 % 700);
        check_scan(&text, round % 67);
    }
}

#[test]
fn a_scanner_forgets_the_text_before() {
    for level in levels() {
        let mut scanner = Scanner::new(level);
        with_padded(b"abc def ghi jkl mno pqr\nx\n", 0, |text, _| {
            assert_eq!(scanner.scan(text, 0).end(), 7);
        });
        with_padded(b"1 2\n", 0, |text, _| {
            let marks = scanner.scan(text, 0);
            assert_eq!((marks.end(), marks.lines(), marks.openings().len()), (2, 1, 0));
        });
    }
}

const SHAPE: [ColumnShape; 3] = [
    ColumnShape { digits: true, length_max: 3 },
    ColumnShape { digits: false, length_max: 5 },
    ColumnShape { digits: true, length_max: 19 },
];

#[test]
fn regular_rows_are_just_those_of_the_shape() {
    let lines: &[(&str, bool)] = &[
        ("123 ab 7", true),
        ("1 a 1", true),
        ("1234 a 1", false),
        ("1 abcdef 1", false),
        ("x a 1", false),
        ("1 a -", false),
        ("1  1", false),
        ("1 a", false),
        ("1 a 1 1", false),
        ("1 a 1\r", false),
        ("", false),
        (" 1 a 1", false),
    ];
    let shape = Shape::new(&SHAPE);
    for level in levels() {
        for &(line, regular) in lines {
            let text = format!("9 z 9\n{line}\n9 z 9\n");
            with_padded(text.as_bytes(), 0, |text, _| {
                let mut scanner = Scanner::new(level);
                let marks = scanner.scan(text, 0);
                let (mut cursor, mut rows) = (0, Vec::new());
                marks.rows(&shape, &mut cursor, marks.end(), 9, &mut rows);
                assert_eq!(rows.len(), if regular { 3 } else { 1 }, "{level:?} {line:?}");
                assert_eq!(cursor, if regular { 9 } else { 3 });
                cursor = 0;
                rows.clear();
                marks.rows(&shape, &mut cursor, marks.end(), 1, &mut rows);
                assert_eq!((cursor, rows.as_slice()), (3, &[0][..]));
            });
        }
    }
}

#[test]
fn wide_layouts_are_checked_chunk_by_chunk() {
    for columns in [15, 16, 17, 29, 32, 33, 64] {
        let shape = Shape::new(&vec![ColumnShape { digits: true, length_max: 2 }; columns]);
        for broken in 0..columns {
            let line = |bad: bool| {
                let field = |i| if bad && i == broken { "x" } else { "42" };
                (0..columns).map(field).collect::<Vec<_>>().join(" ") + "\n"
            };
            let text = line(false) + &line(true) + &line(false);
            for level in levels() {
                with_padded(text.as_bytes(), 3, |text, start| {
                    let mut scanner = Scanner::new(level);
                    let marks = scanner.scan(text, start);
                    let (mut cursor, mut rows) = (0, Vec::new());
                    marks.rows(&shape, &mut cursor, marks.end(), 9, &mut rows);
                    assert_eq!(rows.len(), 1, "{level:?} {columns} {broken}");
                    cursor = marks.line_end(cursor);
                    marks.rows(&shape, &mut cursor, marks.end(), 9, &mut rows);
                    assert_eq!(rows.len(), 2);
                    assert_eq!(cursor, marks.end());
                });
            }
        }
    }
}

/// One field a line, each line a row.
fn with_column(fields: &[String], run: impl Fn(&Marks<'_>, &[u32])) {
    let text: String = fields.iter().map(|field| format!("{field}\n")).collect();
    let rows: Vec<u32> = (0..fields.len() as u32).collect();
    for level in levels() {
        for offset in [0, 1, 31, 63] {
            with_padded(text.as_bytes(), offset, |text, start| {
                run(&Scanner::new(level).scan(text, start), &rows);
            });
        }
    }
}

#[test]
fn numbers_of_every_length() {
    let mut state = 2;
    let mut fields: Vec<String> = (1..=DIGITS_MAX)
        .flat_map(|length| ["1", "9", "0"].map(|digit| digit.repeat(length)))
        .collect();
    fields.extend((0..500).map(|i| (random(&mut state) >> (1 + i % 63)).to_string()));
    with_column(&fields, |marks, rows| {
        let mut values = Vec::new();
        marks.numbers(rows, 0, &mut values);
        for (field, value) in fields.iter().zip(values) {
            let expected = Number::parse(field.as_bytes()).value().unwrap();
            if field.len() <= DIGITS_MAX {
                assert_eq!(value, expected, "{:?} {field}", marks.level);
            }
        }
    });
}

#[test]
fn limits_compare_numbers() {
    let fields: Vec<String> =
        ["0", "7", "10", "99", "254", "255", "256", "999", "6553", "65534", "65535", "65536"]
            .into_iter()
            .map(String::from)
            .collect();
    for limit in [255u64, 65_535] {
        with_column(&fields, |marks, rows| {
            let mut over = Vec::new();
            marks.numbers_over(rows, 0, Limit::new(limit).unwrap(), &mut over);
            let is_over = |row: &&u32| fields[**row as usize].parse::<u64>().unwrap() > limit;
            assert_eq!(over, rows.iter().filter(is_over).copied().collect::<Vec<_>>());
        });
    }
    assert!(Limit::new(u64::MAX).is_none());
}

#[test]
fn what_is_no_number_nor_absent() {
    let fields = ["0", "7", "-", "x", "--", "-1", "12", "1-", "1x", "-"].map(String::from);
    with_column(&fields, |marks, rows| {
        let mut others = Vec::new();
        marks.no_numbers(rows, 0, &mut others);
        assert_eq!(others, [3, 4, 5, 7, 8], "{:?}", marks.level);
    });
}

#[test]
fn ipv4_addresses_and_all_else() {
    let mut state = 3;
    let mut fields: Vec<String> = [
        "0.0.0.0",
        "1.2.3.4",
        "255.255.255.255",
        "10.0.0.256",
        "10.0.0.01",
        "00.0.0.0",
        "-",
        "1.2.3",
        "1.2.3.4.5",
        "1..2.3",
        ".1.2.3",
        "1.2.3.",
        "a.b.c.d",
        "1.2.3.4a",
        "1,2.3.4",
        "2001:db8::1",
        "::",
        "12345678",
        "1.2.3.4444",
        "100.200.300.4",
        "1a.2.3.4",
        "1.2.3./",
        "999.999.999.999",
        "1.2.3.4.",
        "123.123.123.1234",
        "....",
        "1.2.3.4567890123456789",
    ]
    .map(String::from)
    .to_vec();
    let octet = |state: &mut u64| random(state) >> (56 + random(state) % 8);
    fields.extend((0..2000).map(|_| {
        let octets = [0; 4].map(|_| octet(&mut state).to_string());
        octets.join(".")
    }));
    with_column(&fields, |marks, rows| {
        let (mut values, mut others) = (Vec::new(), Vec::new());
        marks.ipv4s(rows, 0, &mut values, &mut others);
        assert_eq!(values.len(), rows.len());
        for (row, field) in fields.iter().enumerate() {
            let packed = (!others.contains(&(row as u32))).then(|| values[row]);
            let expected = match Address::parse(field.as_bytes()) {
                Address::V4(value) => Some(value),
                _ => None,
            };
            assert_eq!(packed, expected, "{:?} {field}", marks.level);
        }
    });
}

#[test]
fn selection_compares_whole_texts() {
    let texts = [
        "A",
        "AC",
        "ACCEPT",
        "ACCEPTS",
        "accept",
        "REJECT",
        "12345678",
        "123456789",
        "1234567812345678",
        "12345678123456789",
        "12345678123456780",
        "x",
    ];
    let fields: Vec<String> = texts.map(String::from).to_vec();
    for wanted in [vec!["ACCEPT"], vec!["ACCEPT", "x"], vec!["12345678"], vec!["12345678123456789"]]
    {
        let literals: Vec<Literal> =
            wanted.iter().map(|text| Literal::new(text.as_bytes())).collect();
        for negate in [false, true] {
            with_column(&fields, |marks, rows| {
                let mut selected = Vec::new();
                marks.select(rows, 0, &literals, negate, &mut selected);
                let matches =
                    |row: &&u32| wanted.contains(&fields[**row as usize].as_str()) != negate;
                let expected: Vec<u32> = rows.iter().filter(matches).copied().collect();
                assert_eq!(selected, expected, "{:?} {wanted:?} {negate}", marks.level);
            });
        }
    }
}

/// All kernels over lines whose last field is of each kind and each length, at the end of what may
/// be read: of one line and of more than a vector has rows.
#[test]
fn nothing_is_read_beyond_the_padding() {
    let mut state = 4;
    let mut number = |digits: usize| {
        let text = random(&mut state).to_string().repeat(2);
        text[..digits].replace('0', "1")
    };
    let address = |length: usize| {
        let octet = |nth: usize| "1".repeat(1 + (length - 7).saturating_sub(2 * nth).min(2));
        [0, 1, 2, 3].map(octet).join(".")
    };
    let word = |length: usize| "x".repeat(length);
    let literals = [word(6), word(17)].map(|text| Literal::new(text.as_bytes()));
    for lines in [1, 2, 7, 8, 9, 16, 17, 40] {
        for length in 1..=DIGITS_MAX {
            // Which of the three stands last, before the newline.
            for turn in 0..3 {
                let mut text = String::new();
                for _ in 0..lines {
                    let mut fields = [number(length), address(7 + length % 9), word(length)];
                    fields.rotate_left(turn);
                    text += &(fields.join(" ") + "\n");
                }
                let at = |nth: usize| (nth + 3 - turn) % 3;
                let mut columns = [ColumnShape { digits: false, length_max: 20 }; 3];
                columns[at(0)].digits = true;
                let shape = Shape::new(&columns);
                for level in levels() {
                    with_padded(text.as_bytes(), length % 5, |padded, start| {
                        let mut scanner = Scanner::new(level);
                        let marks = scanner.scan(padded, start);
                        let (mut cursor, mut rows) = (0, Vec::new());
                        marks.rows(&shape, &mut cursor, marks.end(), 99, &mut rows);
                        assert_eq!(rows.len(), lines, "{level:?} {text:?}");
                        let (mut numbers, mut over) = (Vec::new(), Vec::new());
                        marks.numbers(&rows, at(0), &mut numbers);
                        let texts = rows.iter().map(|&row| marks.field(row as usize + at(0)));
                        let expected = texts.map(|text| Number::parse(text).value().unwrap());
                        assert_eq!(numbers, expected.collect::<Vec<_>>(), "{level:?}");
                        let limit = 99_999;
                        marks.numbers_over(&rows, at(0), Limit::new(limit).unwrap(), &mut over);
                        assert_eq!(over.len(), numbers.iter().filter(|n| **n > limit).count());
                        // Each of them also where its field stands last, whatever that holds.
                        for column in 0..3 {
                            let (mut found, mut others) = (Vec::new(), Vec::new());
                            marks.no_numbers(&rows, column, &mut others);
                            let count = if column == at(0) { 0 } else { lines };
                            assert_eq!(others.len(), count, "{level:?} {text:?}");
                            others.clear();
                            marks.ipv4s(&rows, column, &mut found, &mut others);
                            let count = if column == at(1) { 0 } else { lines };
                            assert_eq!(others.len(), count, "{level:?} {text:?}");
                            found.clear();
                            marks.select(&rows, column, &literals, false, &mut found);
                            marks.select(&rows, column, &literals[..1], true, &mut found);
                            marks.numbers_over(&rows, column, Limit::new(9).unwrap(), &mut found);
                        }
                    });
                }
            }
        }
    }
}

#[test]
fn environment_names_are_the_levels() {
    assert!(Level::best().is_available());
    assert!(Level::Portable.is_available());
    assert_eq!(Level::ALL.map(Level::name), ["portable", "neon", "avx2", "avx512"]);
}
