//! Every form of prefix, alone and by its text, in blocks and reads of any size.

use super::*;
use crate::container::Trickle;

const FLOW_LOGS: Wanted = Wanted { records: true, json: false, flow_logs: true, columns: None };
const RECORD: &str = "2 123456789010 eni-1 10.0.0.1 10.0.0.9 40000 443 6 10 1000 \
    1600000000 1600000030 ACCEPT OK";
const NO_DATA: &str = "2 123456789010 eni-2 - - - - - - - 1600000000 1600000030 - NODATA";
const HEADER: &str = "version srcaddr bytes";

fn stripped(text: &str, form: Form, block: usize, trickle: usize) -> String {
    let text = Box::new(Trickle(text.as_bytes(), trickle));
    let mut pieces = pieces(text, form, FLOW_LOGS, block);
    let (mut found, mut buffer) = (String::new(), Vec::new());
    loop {
        match pieces.next(&mut buffer) {
            Piece::Block { length, .. } => {
                found += str::from_utf8(&buffer[..length]).unwrap();
            }
            Piece::End { result, partial } => {
                assert!(result.is_ok() && !partial);
                return found;
            }
        }
    }
}

/// Lines of a form, each around a text, leave as these texts.
fn check(form: Form, lines: &[(&str, &str)]) {
    let whole: String = lines.iter().map(|(line, _)| format!("{line}\n")).collect();
    let kept: String = lines.iter().map(|(_, kept)| format!("{kept}\n")).collect();
    assert_eq!(self::form(whole.as_bytes(), FLOW_LOGS), Some(form), "{whole}");
    for block in [1, 30, 200, 1 << 16] {
        for trickle in [1, 7, 100, 1 << 16] {
            assert_eq!(stripped(&whole, form, block, trickle), kept, "{block} {trickle}");
        }
    }
    let marked = format!("\u{feff}{whole}");
    assert_eq!(self::form(marked.as_bytes(), FLOW_LOGS), Some(form));
    let mark = if form == Form::Joined { "\u{feff}" } else { "" };
    assert_eq!(stripped(&marked, form, 50, 100), format!("{mark}{kept}"));
}

fn check_all(form: Form, prefix: &str) {
    let lines = [
        ("", String::new()),
        ("# note", "# note".to_owned()),
        (RECORD, format!("{prefix}{RECORD}")),
        (NO_DATA, format!("{prefix}{NO_DATA}\r")),
        (HEADER, format!("{prefix}{HEADER}")),
        ("as it is", "as it is".to_owned()),
        ("", String::new()),
    ];
    let no_data = format!("{NO_DATA}\r");
    let lines: Vec<(&str, &str)> = lines
        .iter()
        .map(|(kept, line)| (&**line, if *kept == NO_DATA { &*no_data } else { *kept }))
        .collect();
    check(form, &lines);
}

#[test]
fn times_and_streams() {
    check_all(Form::Time, "2020-09-13T12:26:40.000Z ");
    check_all(Form::Time, "2020-09-13T12:26:40 ");
    check_all(Form::Time, "2020-09-13T12:26:40Z\t");
    check_all(Form::Stream, "2020-09-13T12:26:40+00:00 eni-1-all ");
    check_all(Form::Stream, "2020-09-13T12:26:40.120000+00:00 a/b[$LATEST] ");
    check_all(Form::Stream, "\x1b[32m2020-09-13T12:26:40+00:00\x1b[0m \x1b[36ms\x1b[0m ");
    check_all(Form::Time, "\x1b[32m2020-09-13T12:26:40\x1b[0m ");
}

#[test]
fn names_of_files() {
    check_all(Form::NumberedPath, "./1_vpcflowlogs_r_fl-1_20200913T1225Z_a.log:7:");
    check_all(Form::NumberedPath, "flows:12:");
    check_all(Form::Path, "logs/a.log:");
    check_all(Form::Path, "./logs/a:b.log.gz:");
    check_all(Form::Number, "31:");
    check_all(Form::NumberedPath, "\x1b[35m\x1b[Ka.log\x1b[m\x1b[K:\x1b[32m7\x1b[m:");
    let coloured = RECORD.replace("ACCEPT", "\x1b[01;31m\x1b[KACCEPT\x1b[m\x1b[K");
    check(Form::Colours, &[(&coloured, RECORD), (NO_DATA, NO_DATA)]);
    // A file's first line may be its header.
    let header = format!("a.log:1:{HEADER}");
    check(Form::NumberedPath, &[(&header, HEADER), ("a.log:2:2 ::1:2 5", "2 ::1:2 5")]);
    check(Form::Path, &[(&header.replace(":1", ""), HEADER), ("a.log:2 ::1 5", "2 ::1 5")]);
}

#[test]
fn rows_of_events() {
    let id = "36000000000000000000000000000000000000000000000000000001";
    let row = |record: &str| format!("EVENTS\t{id}\t1600000090000\teni-1-all\t{record}\t16");
    let (first, second) = (row(RECORD), row(NO_DATA));
    let short = format!("EVENTS\t1600000090000\t{RECORD}\t1600000000000");
    let token = "b/36000000000000000000000/s\tf/36000000000000000000001/s";
    check(
        Form::Events,
        &[
            (token, &format!("#{}", &token[1..])),
            (&first, RECORD),
            (&second, NO_DATA),
            (&short, RECORD),
            ("EVENTS\tx", "EVENTS\tx"),
            ("SEARCHEDLOGSTREAMS\teni-1-all\tTrue", "#EARCHEDLOGSTREAMS\teni-1-all\tTrue"),
            (RECORD, RECORD),
        ],
    );
}

#[test]
fn records_on_one_line() {
    let joined = [RECORD, NO_DATA, RECORD].join("\t");
    let lines = [RECORD, NO_DATA, RECORD].join("\n");
    let form = Form::Joined;
    let tabs = RECORD.replace(' ', "\t");
    check(form, &[(&joined, &lines), (NO_DATA, NO_DATA), (&tabs, &tabs), ("", "")]);
    // What is damaged takes no record with it, wherever it stands.
    let cut = &RECORD[..RECORD.len() / 2];
    for parts in [[RECORD, cut, RECORD], [cut, RECORD, RECORD], ["as it is", RECORD, RECORD]] {
        let parts = [&parts[..], &[cut, RECORD]].concat();
        check(form, &[(&parts.join("\t"), &parts.join("\n"))]);
    }
    let one = format!("{RECORD}\tand\tmore of it");
    assert_eq!(self::form(one.as_bytes(), FLOW_LOGS), None);
    let long = [RECORD; 1000].join("\t");
    check(form, &[(&long, &long.replace('\t', "\n"))]);
}

#[test]
fn plain_text_stays_plain() {
    for text in [
        "",
        "\n\n",
        RECORD,
        HEADER,
        &RECORD.replace(' ', "\t"),
        &RECORD.replacen(' ', "\t", 3),
        &format!("{RECORD}\tvpc-1"),
        &RECORD.replace("10.0.0.1", "::1"),
        "2020-09-13T12:26:40.000Z",
        "2020-09-13T12:26:40.000Z a b c\nd e f\n",
        "srcaddr x\n2020-09-13T12:26:40.000Z a\n",
        "a.log:7:hello\n",
        "2001:10:: 2001:db8:: 5\n",
        "EVENTS\tlater",
        "\x1b[1mhello\x1b[m",
        &RECORD.replace("eni-1", "\x1b[1meni\x1b[m"),
        "srcaddr bytes\n2001:db8::1 5\n",
    ] {
        assert_eq!(form(text.as_bytes(), FLOW_LOGS), None, "{text}");
    }
    let records = RECORD.as_bytes();
    let tokens = Wanted { flow_logs: false, ..FLOW_LOGS };
    assert_eq!(form(&[b"2020-09-13T12:26:40Z ", records].concat(), tokens), None);
    let json = Wanted { json: true, ..tokens };
    let text = b"2020-09-13T12:26:40Z {\"a\":1}";
    assert_eq!((form(text, json), form(text, FLOW_LOGS)), (Some(Form::Time), None));
}

#[test]
fn a_time_before_all_lines_is_no_value_of_them() {
    for (text, expected) in [
        ("2020-09-13T12:26:40.000Z a b c\n\n2020-09-13T12:26:41.000Z d e f\n", Form::Time),
        ("# note\n2020-09-13T12:26:40.000Z hello\n", Form::Time),
        ("2020-09-13T12:26:40 a b c\n", Form::Time),
        ("2020-09-13T12:26:40+00:00 eni-1-all a b c\n", Form::Stream),
    ] {
        assert_eq!(form(text.as_bytes(), FLOW_LOGS), Some(expected), "{text}");
    }
    let found = stripped("2020-09-13T12:26:40+00:00 eni-1-all a b c\n", Form::Stream, 9, 9);
    assert_eq!(found, "a b c\n");
}

/// These columns were said.
fn said(names: &str) -> Wanted {
    let layout = Layout::new(names.split(' ')).unwrap();
    Wanted { columns: Some(Said::of(&layout)), ..FLOW_LOGS }
}

#[test]
fn columns_that_were_said_tell_numbers_from_addresses() {
    let addresses = said("srcaddr dstaddr bytes");
    let texts = said("action srcaddr bytes");
    let numbers = said("bytes srcaddr");
    for (said, text, expected) in [
        // The first group of an address, before which no number stands.
        (addresses, "v6.log:2001:db8::1 ::1 5\n", Some(Form::Path)),
        (addresses, "v6.log:2001:db8::1 ::1 5\nv6.log:2001:db8::2 ::1 5\n", Some(Form::Path)),
        (addresses, "v6.log:2001:db8::2 ::1 5\nb.log:2001:db8::1 ::1 5\n", Some(Form::Path)),
        (addresses, "v6.log:2001:db8::1 ::1 5\nv6.log:- - -\n", Some(Form::Path)),
        (addresses, "v6.log:2600:1f18::1 ::1 5\nv6.log:2606:4700::1 ::1 5\n", Some(Form::Path)),
        (addresses, "2001:db8::1 ::1 5\n2002:db8::1 ::1 5\n", None),
        (addresses, "2001:10:: 2001:db8:: 5\n", None),
        (addresses, "10:: 2001:db8:: 5\n", None),
        // Numbers of lines.
        (addresses, "a.log:12:2001:db8::1 ::1 5\n", Some(Form::NumberedPath)),
        (
            addresses,
            "a.log:12:2001:db8::1 ::1 5\na.log:14:2001:db8::1 ::1 5\n",
            Some(Form::NumberedPath),
        ),
        (addresses, "a.log:2345:10.0.0.1 ::1 5\n", Some(Form::NumberedPath)),
        (addresses, "flows:1:10.0.0.1 ::1 5\nflows:2:- ::1 5\n", Some(Form::NumberedPath)),
        (addresses, "7:10.0.0.1 ::1 5\n", Some(Form::Number)),
        (addresses, "7:2001:db8::1 ::1 5\n9:2001:db8::1 ::1 5\n", Some(Form::Number)),
        (addresses, "# note\n7:10.0.0.1 ::1 5\n", Some(Form::Number)),
        (addresses, "7:10.0.0.1 ::1 5\n3:10.0.0.2 ::1 5\n", Some(Form::Number)),
        (addresses, "a.log:7:10.0.0.1 ::1 5\na.log:3:- ::1 5\n", Some(Form::NumberedPath)),
        (texts, "a.log:7:ACCEPT ::1 5\na.log:3:ACCEPT ::1 5\n", Some(Form::NumberedPath)),
        (numbers, "7:5 ::1\n", Some(Form::Number)),
        (numbers, "a.log:7:5 ::1\n", Some(Form::NumberedPath)),
        // Before a text they rise.
        (texts, "1:ACCEPT 10.0.0.1 5\n2:REJECT 10.0.0.1 5\n", Some(Form::Number)),
        (texts, "1:ACCEPT 10.0.0.1 5\n", None),
        (texts, "1:ACCEPT 10.0.0.1 5\n1:REJECT 10.0.0.1 5\n", None),
        (texts, "2:ACCEPT 10.0.0.1 5\n1:REJECT 10.0.0.1 5\n", None),
        (texts, "1:ACCEPT 10.0.0.1 5\n2:REJECT - -\nREJECT - -\n", None),
        (texts, "a.log:1:ACCEPT 10.0.0.1 5\n", Some(Form::NumberedPath)),
        (texts, "a.log:ACCEPT 10.0.0.1 5\n", Some(Form::Path)),
        (texts, "1:ACCEPT x 5\n2:REJECT x 5\n", None),
        (
            texts,
            "\x1b[32m1\x1b[m:ACCEPT 10.0.0.1 5\n\x1b[32m4\x1b[m:ACCEPT 10.0.0.1 5\n",
            Some(Form::Number),
        ),
    ] {
        assert_eq!(form(text.as_bytes(), said), expected, "{text}");
    }
}

#[test]
fn a_time_has_all_columns_behind_it_that_were_said() {
    let line = format!("2020-09-13T12:26:40.000Z ingress {RECORD}\n");
    let names = "flow-direction version account-id interface-id srcaddr dstaddr srcport dstport \
        protocol packets bytes start end action log-status";
    assert_eq!(form(line.as_bytes(), said(names)), Some(Form::Time));
    assert_eq!(form(line.as_bytes(), FLOW_LOGS), Some(Form::Stream));
    let less = names.strip_prefix("flow-direction ").unwrap();
    assert_eq!(form(line.as_bytes(), said(less)), Some(Form::Stream));
}

#[test]
fn a_layout_that_was_said_decides() {
    let said = said("x y z");
    for (text, expected) in [
        ("2020-09-13T12:26:40.000Z a b c", Some(Form::Time)),
        ("2020-09-13T12:26:40 a b c", Some(Form::Time)),
        ("2020-09-13T12:26:40+00:00 s a b c", Some(Form::Stream)),
        ("2020-09-13T12:26:40+00:00 a b", None),
        ("2020-09-13T12:26:40Z b c", None),
        ("EVENTS\t1\ta b c\t2", Some(Form::Events)),
        ("x.log:7:a b c", Some(Form::NumberedPath)),
        ("x.log:7:# a b c", None),
        ("x.log:7:# a b c\nx.log:8:a b c\n", Some(Form::NumberedPath)),
        ("x.log:a b c", Some(Form::Path)),
        ("x:7:a b c", None),
        ("a b c\td e f", Some(Form::Joined)),
        ("a\tb\tc", None),
        ("a b c", None),
    ] {
        assert_eq!(form(text.as_bytes(), said), expected, "{text}");
    }
}

#[test]
fn lines_that_are_too_long_stay_too_long() {
    let long = format!("2020-09-13T12:26:40Z {RECORD} {}", "x".repeat(LINE_BYTES_MAX));
    let text = format!("2020-09-13T12:26:40Z {RECORD}\n{long}\n");
    let found = stripped(&text, Form::Time, 100, 1 << 16);
    let lines: Vec<&str> = found.lines().collect();
    assert_eq!((lines.len(), lines[0]), (2, RECORD));
    assert!(lines[1].len() >= LINE_BYTES_MAX);
}

#[test]
fn only_colours_are_taken_away() {
    let shown = |text: &str| String::from_utf8(colourless(text.as_bytes())).unwrap();
    assert_eq!(shown("a\x1b[0mb\x1b[1;31mc\x1b[K"), "abc");
    for text in ["\x1b", "a\x1b[", "\x1b[12", "\x1b]0m", "\x1b[2Jx"] {
        assert_eq!(shown(text), text);
    }
}

/// Whatever the bytes are, each line stays a line.
#[test]
fn no_line_is_lost_or_made() {
    let words = [
        "EVENTS\t",
        "\t",
        " ",
        ":",
        "a.log:",
        "7:",
        "\n",
        "\x1b[",
        "\x1b[0m",
        "\x1b[K",
        "b/",
        "\r",
        "2020-09-13T12:26:40",
        ".000",
        "Z",
        "+00:00",
        "SEARCHEDLOGSTREAMS\t",
        "2",
        "#",
        "\u{feff}",
    ];
    let mut state = 1u64;
    for _ in 0..300 {
        let mut text = String::new();
        for _ in 0..60 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            text += words[(state >> 33) as usize % words.len()];
        }
        text += "\n";
        for form in [
            Form::Time,
            Form::Stream,
            Form::Events,
            Form::Path,
            Form::NumberedPath,
            Form::Number,
            Form::Colours,
        ] {
            let found = stripped(&text, form, 10, 7);
            assert_eq!(found.matches('\n').count(), text.matches('\n').count(), "{text:?}");
            assert_eq!(found, stripped(&text, form, 1 << 16, 1 << 16), "{text:?}");
        }
        let joined = Form::Joined;
        let found = stripped(&text, joined, 10, 3);
        assert_eq!(found, stripped(&text, joined, 1 << 16, 1 << 16));
        assert_eq!(found.replace('\n', "\t"), text.replace('\n', "\t"));
    }
}
