//! Batches agree with records that are read one by one.

use super::*;
use crate::field::Field;
use crate::layout::Layout;
use crate::record::Records;
use crate::scan::{Level, PAD, Padded, Scanner};

#[test]
fn removing_keeps_the_order() {
    let removed = |positions: &[u32]| {
        let mut values = vec![0, 1, 2, 3, 4];
        remove(&mut values, positions);
        values
    };
    assert_eq!(removed(&[]), [0, 1, 2, 3, 4]);
    assert_eq!(removed(&[0, 2, 4]), [1, 3]);
    assert_eq!(removed(&[0, 1, 2, 3, 4]), [0; 0]);
    assert_eq!(removed(&[3]), [0, 1, 2, 4]);
}

/// Each line of a text, regular or not, comes out as `Line::parse` has it.
#[test]
fn batches_agree_with_records_read_one_by_one() {
    let mut text = Vec::new();
    for i in 0..100 {
        let line = match i % 10 {
            0 => format!("10.0.0.{i} 0{i} 100 OK\n"),
            1 => "- - 5 NODATA\n".to_owned(),
            2 => "::1 80 5 OK x\n".to_owned(),
            3 => "10.0.0.1 65536 5 OK\n".to_owned(),
            4 => "\n".to_owned(),
            5 => "10.0.0.1 1 1 FINE\n".to_owned(),
            _ => format!("10.0.0.{i} {i} {i}000 OK\n"),
        };
        text.extend_from_slice(line.as_bytes());
    }
    let length = text.len();
    text.extend([0; PAD]);
    let layout = Layout::new(["srcaddr", "dstport", "bytes", "log-status"]).unwrap();
    let reading = Reading::new(&layout, vec![2], vec![1]);
    for level in Level::ALL.into_iter().filter(|level| level.is_available()) {
        let mut scanner = Scanner::new(level);
        let marks = scanner.scan(Padded::new(&text, length), 0);
        let (mut batch, mut notes, mut cursor) = (Batch::default(), Notes::default(), 0);
        let (mut regular, mut plain, mut bytes) = (0, 0, 0);
        while cursor < marks.end() {
            batch.fill(&reading, &marks, &mut cursor, marks.end(), &mut notes);
            regular += batch.rows().len();
            plain += batch.plain_rows();
            bytes += batch.numbers(0).iter().sum::<u64>();
        }
        let specimens = notes.take_specimens();
        // Line 0 is regular ("00" is padded, though), and "010" to "090" are padded too.
        assert_eq!((regular, plain), (40, 30));
        assert_eq!(bytes, (0..100).filter(|i| i % 10 > 5).map(|i| i * 1000).sum::<u64>());
        let tally = &notes.tally;
        assert_eq!((tally.lines, tally.ok, tally.no_data), (100, 60, 10));
        assert_eq!((tally.blank, tally.malformed, tally.extra_columns), (10, 20, 10));
        assert!(tally.is_balanced());
        assert_eq!(specimens.len(), SPECIMENS_MAX);
        assert_eq!(specimens[0].text, b"10.0.0.1 65536 5 OK");
        assert_eq!(specimens[1].text, b"10.0.0.1 1 1 FINE");
    }
}

/// `traffic-path` is `-` in half of the records, which are regular ones all the same, unless it
/// is decoded.
#[test]
fn fields_of_later_versions_may_be_absent() {
    let mut text = b"5 1 OK\n6 - OK\n7 x OK\n8 300 OK\n- 2 OK\n9 -- OK\n".to_vec();
    let layout = Layout::new(["bytes", "traffic-path", "log-status"]).unwrap();
    let length = text.len();
    text.extend([0; PAD]);
    let mut scanner = Scanner::new(Level::best());
    let marks = scanner.scan(Padded::new(&text, length), 0);
    for (decoded, expected) in [(vec![0], (2, 1)), (vec![0, 1], (1, 2))] {
        let reading = Reading::new(&layout, decoded, Vec::new());
        let (mut batch, mut notes, mut cursor) = (Batch::default(), Notes::default(), 0);
        let (mut regular, mut plain) = (0, 0);
        while cursor < marks.end() {
            batch.fill(&reading, &marks, &mut cursor, marks.end(), &mut notes);
            regular += batch.rows().len();
            plain += batch.plain_rows();
        }
        assert_eq!((regular, plain), expected);
        assert_eq!((notes.tally.ok, notes.tally.malformed), (3, 3));
    }
}

/// What begins with `#` is a comment and no value, wherever it stands, and what begins with an
/// object is no record.
#[test]
fn comments_and_objects_are_no_values() {
    let mut text = b"eni-1 5 ACCEPT\n#x 5 ACCEPT\neni-1 5 #x\neni#1 5 A#\n# 5 x\n{x 5 {\n".to_vec();
    let layout = Layout::new(["interface-id", "bytes", "action"]).unwrap();
    let length = text.len();
    text.extend([0; PAD]);
    let mut scanner = Scanner::new(Level::best());
    let marks = scanner.scan(Padded::new(&text, length), 0);
    let reading = Reading::new(&layout, vec![1], Vec::new());
    let (mut batch, mut notes, mut cursor) = (Batch::default(), Notes::default(), 0);
    while cursor < marks.end() {
        batch.fill(&reading, &marks, &mut cursor, marks.end(), &mut notes);
    }
    let tally = &notes.tally;
    assert_eq!((tally.ok, tally.blank, tally.malformed), (2, 2, 2));
}

/// Milliseconds are a thousandth wherever a value is asked for, as `Record::number` has it.
#[test]
fn milliseconds_are_seconds() {
    let mut text = b"1600000000 1600000030 5\n1600000000999 1600000030 6\n\
        0001600000000123 - 7\n1600000001 99999999999999 8\n099999999999 1 9\n"
        .to_vec();
    let layout = Layout::new(["start", "end", "bytes"]).unwrap();
    let mut records = Records::new(&text, layout.clone());
    let mut expected = Vec::new();
    while let Some(record) = records.next_record() {
        expected.push(record.unwrap().number(Field::Start).unwrap());
    }
    let length = text.len();
    text.extend([0; PAD]);
    let reading = Reading::new(&layout, vec![0], Vec::new());
    let mut scanner = Scanner::new(Level::Portable);
    let marks = scanner.scan(Padded::new(&text, length), 0);
    let (mut batch, mut notes, mut cursor) = (Batch::default(), Notes::default(), 0);
    batch.fill(&reading, &marks, &mut cursor, marks.end(), &mut notes);
    assert_eq!(notes.tally.milliseconds, 3);
    assert_eq!((batch.rows().len(), batch.plain_rows()), (1, 4));
    let mut found = batch.numbers(0).to_vec();
    let starts = (0..4).map(|row| batch.plain_text(&marks, row, Place::At(0)).unwrap());
    found.extend(starts.map(|text| Number::parse(text).value().unwrap()));
    assert_eq!(found, expected);
    assert_eq!(batch.plain_text(&marks, 1, Place::At(0)), Some(&b"0001600000000"[..]));
    assert_eq!(batch.plain_text(&marks, 2, Place::At(1)), Some(&b"99999999999"[..]));
}

#[test]
fn an_event_keeps_its_blanks() {
    for (line, length) in [("a b", 3), (" a b \t", 6), (" a\r", 2), ("a\r\r", 2), ("\r", 0)] {
        assert_eq!(event(7, line.as_bytes()), (7, 7 + length), "{line:?}");
    }
}
