//! Tables of every kind, in blocks and reads of any size.

use super::*;
use crate::container::Trickle;

const FLOW_LOGS: Wanted = Wanted { records: true, json: false, flow_logs: true, columns: None };

/// The lines of a table, headers as their layouts in brackets, and the sum of headers.
fn read(text: &str, block: usize, trickle: usize) -> (Vec<String>, u64, bool) {
    let bytes = text.as_bytes();
    let delimiter = delimiter(bytes, FLOW_LOGS).expect("a table");
    let mut table = Table::new(Box::new(Trickle(bytes, trickle)), delimiter, block);
    let (mut lines, mut headers_total, mut buffer) = (Vec::new(), 0, Vec::new());
    loop {
        match table.next(&mut buffer) {
            Piece::Block { length, headers, stated } => {
                assert!(buffer.len() >= length + crate::scan::PAD);
                if let Stated::Rows(layout) = stated {
                    let names = (0..layout.columns()).map(|at| layout.name(at).unwrap());
                    lines.push(format!("[{}]", names.collect::<Vec<_>>().join(" ")));
                }
                headers_total += headers;
                let text = str::from_utf8(&buffer[..length]).unwrap();
                lines.extend(text.lines().map(str::to_owned));
            }
            Piece::End { result, partial } => {
                assert_eq!(partial, result.is_err());
                return (lines, headers_total, result.is_ok());
            }
        }
    }
}

fn check(text: &str, lines: &[&str], headers: u64) {
    for block in [1, 20, 1 << 20] {
        for trickle in [1, 2, 3, 7, 50, 1 << 20] {
            let found = read(text, block, trickle);
            let lines = lines.iter().map(|&line| line.to_owned()).collect();
            assert_eq!(found, (lines, headers, true), "{text:?} {block} {trickle}");
        }
    }
}

#[test]
fn columns_become_a_layout() {
    check(
        "account_id,srcAddr,numbytes,my tag\n\"012\",\"10.0.0.1\",\"5\",\"a b#\"\n7,::1,6.0,\n",
        &["[account-id srcaddr bytes my-tag]", "012 10.0.0.1 5 a%20b#", "7 ::1 6 -"],
        1,
    );
    check(
        "srcaddr\tbytes\tend_time\r\n10.0.0.1\t12.50\t3\r\n10.0.0.2\t\t#4\r\n",
        &["[srcaddr bytes end]", "10.0.0.1 12.50 3", "10.0.0.2 - %234"],
        1,
    );
    // Whole numbers are made of numbers only, and a name of nothing is one.
    check(
        ",version,region,srcaddr\n0,2.0,1.0,10.0.0.1\n",
        &["[column-1 version region srcaddr]", "0 2 1.0 10.0.0.1"],
        1,
    );
}

#[test]
fn rows_keep_their_faults() {
    check(
        "srcaddr,bytes,action\n10.0.0.1,5\n10.0.0.1,5,ACCEPT,x\nx\n,,\n",
        &["[srcaddr bytes action]", "10.0.0.1 5", "10.0.0.1 5 ACCEPT x", "x", "- - -"],
        1,
    );
    check(
        "srcaddr,bytes\n10.0.0.1,\"5\n10.0.0.2,6\n\n10.0.0.3,7\"\n10.0.0.4,8\n",
        &["[srcaddr bytes]", "10.0.0.1,5", "10.0.0.2,6", "", "10.0.0.3,7", "10.0.0.4 8"],
        1,
    );
}

#[test]
fn messages_are_lines() {
    check("timestamp,message\n1742,2 1 eni-1 - NODATA\n", &["2 1 eni-1 - NODATA"], 1);
    check(
        "@timestamp,@message,@logStream\n2025-01-01 00:00:00.000,\"2 1\neni-1\",s\nx\n",
        &["2 1 eni-1", "x"],
        1,
    );
    check("time,message\n1,{\"a\":1, \"b\":2}\n", &["{\"a\":1, \"b\":2}"], 1);
    check("@message,@timestamp\n\"{\"\"a\"\":1,\"\"b\"\":2}\",1\n", &["{\"a\":1,\"b\":2}"], 1);
    check("@message\n2 1 eni-1\n\"2 2 \"\"eni-2\"\"\"\n", &["2 1 eni-1", "2 2 \"eni-2\""], 1);
}

#[test]
fn lines_are_counted_as_they_stand() {
    check(
        "\u{feff}# a, b\n\nsrcaddr,bytes\n\n10.0.0.1,5\n# c, d\n\n \n10.0.0.2,6\n\n",
        &["# a, b", "", "[srcaddr bytes]", "", "10.0.0.1 5", "# c, d", "", " ", "10.0.0.2 6", ""],
        1,
    );
    check(
        "\r\nsrcaddr,bytes\r\n\r\n10.0.0.1,5\r\n\r\n10.0.0.2,6",
        &["", "[srcaddr bytes]", "", "10.0.0.1 5", "", "10.0.0.2 6"],
        1,
    );
}

#[test]
fn another_header_is_another_layout() {
    check(
        "srcaddr,bytes\n10.0.0.1,5\nsrcaddr,bytes\nbytes,srcaddr,x\n6,10.0.0.2,y\n",
        &["[srcaddr bytes]", "10.0.0.1 5", "[bytes srcaddr x]", "6 10.0.0.2 y"],
        3,
    );
    check(
        "srcaddr,bytes\n10.0.0.1,5\nbytes,srcaddr\n6,10.0.0.2\n",
        &["[srcaddr bytes]", "10.0.0.1 5", "[bytes srcaddr]", "6 10.0.0.2"],
        2,
    );
    check("srcaddr,bytes\n", &["[srcaddr bytes]"], 1);
}

#[test]
fn what_is_no_table() {
    let is_table = |text: &str| delimiter(text.as_bytes(), FLOW_LOGS).is_some();
    assert!(is_table("srcaddr,x"));
    for text in [
        "",
        "srcaddr bytes\n10.0.0.1 5\n",
        "bytes\n5\n",
        "srcaddr\tbytes action\n",
        "srcaddr\tbytes\n10.0.0.1 5\n",
        "10.0.0.1,5\n",
        "a,b,bytes\n",
        "level,message\n",
        "2\t123\teni-1\n",
        "{\"srcaddr\":\"10.0.0.1\",\"bytes\":5}",
    ] {
        assert!(!is_table(text), "{text:?}");
    }
    let tokens = Wanted { flow_logs: false, ..FLOW_LOGS };
    assert_eq!(delimiter(b"srcaddr,bytes\n", tokens), None);
    assert_eq!(delimiter(b"timestamp,message\n", tokens), Some(b','));
    assert_eq!(delimiter(b"message\n", tokens), None);
}

#[test]
fn a_quote_that_stays_open_does_not_take_all_memory() {
    let text = format!("srcaddr,bytes\n10.0.0.1,\"{}", "5\n".repeat(20 << 20));
    let (lines, headers, is_ok) = read(&text, 1 << 20, 1 << 20);
    assert_eq!((lines.len(), headers, is_ok), (1, 1, false));
}

/// Whatever the bytes are, blocks and reads of any size give the same lines.
#[test]
fn sizes_do_not_matter() {
    let words = ["\"", ",", "\n", "\r\n", "x", "1.0", "#", " ", "srcaddr,bytes\n", "\"\"", "1,2\n"];
    let mut state = 1u64;
    for _ in 0..300 {
        let mut text = "srcaddr,bytes\n".to_owned();
        for _ in 0..40 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            text += words[(state >> 33) as usize % words.len()];
        }
        // The second row may be one that no table has.
        if delimiter(text.as_bytes(), FLOW_LOGS).is_some() {
            let (lines, headers, is_ok) = read(&text, 1 << 20, 1 << 20);
            assert!(is_ok);
            let (again, others, _) = read(&text, 1, 1);
            assert_eq!(headers, others, "{text:?}");
            let is_line = |line: &&String| !line.starts_with('[');
            assert!(lines.iter().filter(is_line).eq(again.iter().filter(is_line)), "{text:?}");
        }
    }
}
