//! Tables of every kind, in blocks and reads of any size.

use super::*;
use crate::container::Trickle;

const FLOW_LOGS: Wanted = Wanted { records: true, json: false, flow_logs: true, columns: None };

/// The lines of a table, headers as their layouts in brackets, the sum of headers, and a fault.
fn read(text: &str, wanted: Wanted, block: usize, trickle: usize) -> (Vec<String>, u64, String) {
    let bytes = text.as_bytes();
    let delimiter = delimiter(bytes, wanted).expect("a table");
    let mut table = Table::new(Box::new(Trickle(bytes, trickle)), delimiter, wanted, block);
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
                let fault = result.err().map(|error| error.to_string()).unwrap_or_default();
                assert_eq!(partial, fault.contains("a row of more than"));
                return (lines, headers_total, fault);
            }
        }
    }
}

fn check(text: &str, lines: &[&str], headers: u64) {
    check_as(text, FLOW_LOGS, lines, headers, "");
}

fn check_as(text: &str, wanted: Wanted, lines: &[&str], headers: u64, fault: &str) {
    for block in [1, 20, 1 << 20] {
        for trickle in [1, 2, 3, 7, 50, 1 << 20] {
            let found = read(text, wanted, block, trickle);
            let lines = lines.iter().map(|&line| line.to_owned()).collect();
            let expected = (lines, headers, fault.to_owned());
            assert_eq!(found, expected, "{text:?} {block} {trickle}");
        }
    }
}

#[test]
fn columns_become_a_layout() {
    check(
        "account_id,srcAddr,numbytes,my tag\n\"012\",\"10.0.0.1\",\"5\",\"a b#\"\n7,::1,6.0,\n",
        &["[account-id srcaddr bytes my%20tag]", "012 10.0.0.1 5 a%20b#", "7 ::1 6 -"],
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
fn a_message_in_the_middle_has_no_values_after_the_last_column() {
    let text = "@timestamp,@message,@logStream\n1,2 1 eni-1,eni\n1,2 1 eni-2,eni,1,2 1 eni-3,eni\n";
    check(text, &["2 1 eni-1", "1,2%201%20eni-2,eni,1,2%201%20eni-3,eni"], 1);
    // Nothing is lost with values that are empty.
    check("@timestamp,@message,@logStream\n1,2 1 eni-1,eni, ,\n", &["2 1 eni-1"], 1);
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
        &["2 1", "eni-1", "x"],
        1,
    );
    check("time,message\n1,{\"a\":1, \"b\":2}\n", &["{\"a\":1, \"b\":2}"], 1);
    check("@message,@timestamp\n\"{\"\"a\"\":1,\"\"b\"\":2}\",1\n", &["{\"a\":1,\"b\":2}"], 1);
    check("@message\n2 1 eni-1\n\"2 2 \"\"eni-2\"\"\"\n", &["2 1 eni-1", "2 2 \"eni-2\""], 1);
}

#[test]
fn lines_of_a_message_are_lines() {
    let head = "@timestamp,@message,@logStream\n";
    check(
        &format!("{head}t,\"2 1\n2 2\r\n\r\n2 3\n\",s\nt,\"2 4\n\n\",s\nt,\"\",s\n"),
        &["2 1", "2 2", "", "2 3", "2 4", ""],
        1,
    );
    // An object is one, however it is spelled.
    check(&format!("{head}t,\"{{\n\"\"a\"\": 1\n}}\",s\n"), &["{ \"a\": 1 }"], 1);
    // An event that is no record of a flow log is one too.
    let tokens = Wanted { flow_logs: false, ..FLOW_LOGS };
    check_as(&format!("{head}t,\"ERROR\n at x\n\",s\n"), tokens, &["ERROR  at x "], 1, "");
}

#[test]
fn a_quote_that_is_left_open_hides_no_rows() {
    let head = "@timestamp,@message\n";
    // It closes where no value ends: no line may be taken for a record, the first one neither.
    check(
        &format!("{head}t,\"2 1\nt,2 2\nt,\"2 3\"\nt,2 4\n"),
        &["t,2%201", "t,2%202", "t,2%203\"", "2 4"],
        1,
    );
    // It seems to close where it should: all of it is the message.
    check(&format!("{head}t,\"2 1\nt,2 2\"\nt,2 3\n"), &["2 1", "t,2 2", "2 3"], 1);
    // What stands beside a message is on one line.
    check("@message,@log\n2 1,\"x\n2 2,\"\n2 3,x\n", &["2%201,x", "2%202,", "2 3"], 1);
    // Values parted by tabs are no records either.
    check(
        "srcaddr\tbytes\n10.0.0.1\t\"12\n10.0.0.2\t\"6\"\n10.0.0.3\t7\n",
        &["[srcaddr bytes]", "10.0.0.1%0912", "10.0.0.2%096\"", "10.0.0.3 7"],
        1,
    );
    // One text after another that was cut: what it adds to is not known.
    check(
        "srcaddr,action\n10.0.0.1,\"ACC\"srcaddr\",\"action\"\n10.0.0.2,\"ACCEPT\" \n",
        &["[srcaddr action]", "10.0.0.1,ACCsrcaddr\",action", "10.0.0.2 ACCEPT"],
        1,
    );
    // A header is on one line.
    check(
        "srcaddr,bytes\n10.0.0.1,5\nsrcaddr,\"bytes\n10.0.0.2,6\nsrcaddr,\"\n",
        &["[srcaddr bytes]", "10.0.0.1 5", "srcaddr,bytes", "10.0.0.2,6", "srcaddr,"],
        1,
    );
    // Events are lines again where nobody sums them.
    let tokens = Wanted { flow_logs: false, ..FLOW_LOGS };
    let lines = ["t,ERROR a", "t,ERROR b", "t,ERROR c\"", "ERROR \"d"];
    let text = format!("{head}t,\"ERROR a\nt,ERROR b\nt,\"ERROR c\"\nt,ERROR \"d\n");
    check_as(&text, tokens, &lines, 1, "");
}

#[test]
fn a_quote_that_is_open_at_the_end() {
    let said = |name: &str, line: usize| {
        format!("the {name} is cut short: its last row, from line {line} on, leaves a quote open")
    };
    let check = |text: &str, lines: &[&str], fault: String| {
        check_as(text, FLOW_LOGS, lines, 1, &fault);
        check_as(&text.replace('\n', "\r\n"), FLOW_LOGS, lines, 1, &fault);
    };
    check(
        "srcaddr,bytes\n\"10.0.0.1\",\"5\"\n\n\"10.0.0.2\",\"12",
        &["[srcaddr bytes]", "10.0.0.1 5", "", "10.0.0.2,12"],
        said("CSV", 4),
    );
    check(
        "@timestamp\t@message\nt\t\"2 1\nt\t2 2\nt\t2 3\n",
        &["t%092%201", "t%092%202", "t%092%203"],
        said("TSV", 2),
    );
    // Two quotes stand for one; it may be cut between them, too.
    let text = "srcaddr,bytes\n10.0.0.1,\"5\"\"\"";
    check(text, &["[srcaddr bytes]", "10.0.0.1 5\""], String::new());
    let text = &text[..text.len() - 1];
    check(text, &["[srcaddr bytes]", "10.0.0.1,5\""], said("CSV", 2));
    let text = "srcaddr,bytes\n10.0.0.1,\"";
    check(text, &["[srcaddr bytes]", "10.0.0.1,"], said("CSV", 2));
    // A quote within a value is none.
    check(
        "srcaddr,bytes\n10.0.0.1,5\"\n10.0.0.2, \"6",
        &["[srcaddr bytes]", "10.0.0.1 5\"", "10.0.0.2 \"6"],
        String::new(),
    );
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
    check("srcaddr,bytes\n\n10.0.0.1,5", &["[srcaddr bytes]", "", "10.0.0.1 5"], 1);
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
fn a_single_word_is_no_header() {
    check(
        "srcaddr,bytes\n10.0.0.1,5\naction\n10.0.0.2,6\n",
        &["[srcaddr bytes]", "10.0.0.1 5", "\"action\"", "10.0.0.2 6"],
        1,
    );
    // Neither here, nor where the lines are read.
    check(
        "srcaddr,bytes\n10.0.0.1,\"5\naction\n\"x\n10.0.0.2,6\n",
        &["[srcaddr bytes]", "10.0.0.1,5", "\"action\"", "x", "10.0.0.2 6"],
        1,
    );
    check("message\n2 1\nstart\n2 2\n", &["2 1", "start", "2 2"], 1);
    let tokens = Wanted { flow_logs: false, ..FLOW_LOGS };
    let text = "@message\nERROR a\nstart\nmessage\nstart,end\nERROR b\n";
    let lines = ["ERROR a", "start", "message", "start,end", "ERROR b"];
    check_as(text, tokens, &lines, 1, "");
}

#[test]
fn a_quoted_value_is_no_comment() {
    check(
        "tag,srcaddr,bytes\n\"#1\",10.0.0.1,5\n#2,10.0.0.2,6\n\n\"# 3\",10.0.0.3,\"7\"\n",
        &["[tag srcaddr bytes]", "%231 10.0.0.1 5", "#2,10.0.0.2,6", "", "%23%203 10.0.0.3 7"],
        1,
    );
    check("@log,@message\n\"#\",2 1\n#,2 2\n", &["2 1", "#,2 2"], 1);
    // Nor is it one where its row is none.
    check("srcaddr,bytes\n\"#1\"x,5\n", &["[srcaddr bytes]", "%231x,5"], 1);
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
    let (lines, headers, fault) = read(&text, FLOW_LOGS, 1 << 20, 1 << 20);
    let said = "a row of more than 4 MiB; is a quote left open?";
    assert_eq!((lines.len(), headers, &*fault), (1, 1, said));
}

/// A quote is open at the end for whoever watches if it is for whoever reads rows.
#[test]
fn quotes_are_taken_as_the_reader_takes_them() {
    let words = ["\"", "\"\"", ",", "\n", "\r\n", "\r", "x", " ", "#"];
    let mut state = 1u64;
    for _ in 0..2000 {
        let mut text = String::new();
        for _ in 0..12 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            text += words[(state >> 33) as usize % words.len()];
        }
        let more = format!("{text}\nlast\n");
        let mut reader =
            ReaderBuilder::new().flexible(true).has_headers(false).from_reader(more.as_bytes());
        let last = reader.byte_records().last().expect("a row").expect("no fault");
        for trickle in [1, 2, 1 << 20] {
            let mut watched = Watched::new(Box::new(Trickle(text.as_bytes(), trickle)), b',');
            std::io::copy(&mut watched, &mut std::io::sink()).expect("no fault");
            assert_eq!(watched.is_cut(), last != vec!["last"], "{text:?}");
        }
    }
}

/// Whatever the bytes are, blocks and reads of any size give the same lines, and of values nothing
/// is lost.
#[test]
fn sizes_do_not_matter() {
    let words = ["\"", ",", "\n", "\r\n", "x", "1.0", "#", " ", "\"\"", "1,2\n"];
    let mut state = 1u64;
    for head in ["srcaddr,bytes\n", "@log,@message,@ptr\n", "@message\n"] {
        for _ in 0..300 {
            let mut text = head.to_owned();
            for _ in 0..40 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let word = (state >> 33) as usize % (words.len() + 1);
                text += words.get(word).unwrap_or(&head);
            }
            // The second row may be one that no table has.
            if delimiter(text.as_bytes(), FLOW_LOGS).is_none() {
                continue;
            }
            let (lines, headers, fault) = read(&text, FLOW_LOGS, 1 << 20, 1 << 20);
            let (again, others, other_fault) = read(&text, FLOW_LOGS, 1, 1);
            assert_eq!((headers, fault), (others, other_fault), "{text:?}");
            let is_line = |line: &&String| !line.starts_with('[');
            assert!(lines.iter().filter(is_line).eq(again.iter().filter(is_line)), "{text:?}");
            if headers == 1 && !head.contains("@log") {
                let found: usize = lines.iter().map(|line| line.matches('x').count()).sum();
                assert_eq!(found, text.matches('x').count(), "{text:?}");
            }
        }
    }
}
