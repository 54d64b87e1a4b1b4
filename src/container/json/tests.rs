//! Values in, lines out: every envelope, damage, and streams that come in pieces of any size.

use super::super::Trickle;
use super::rows::COLUMNS_MAX;
use super::*;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::layout::NAME_BYTES_MAX;

const RECORD: &str = "2 1 eni-1 10.0.0.1 10.0.0.9 1 2 6 3 40 1600000000 1600000030 ACCEPT OK";

/// What is said of a stream that lacks the rest of a value.
const CUT_SHORT: &str = "the JSON is cut short";

/// The lines of a text, with what is known of the columns before those that say it.
fn all_lines(text: &str, step: usize) -> Vec<String> {
    all_lines_of(Json::new(Box::new(Trickle(text.as_bytes(), step)), 50))
}

fn all_lines_of(mut json: Json<'_>) -> Vec<String> {
    let (mut found, mut buffer) = (Vec::new(), Vec::new());
    loop {
        match json.next(&mut buffer) {
            Piece::Block { length, stated, .. } => {
                match stated {
                    Stated::Layout(layout) | Stated::Rows(layout) => {
                        let names = (0..layout.columns()).filter_map(|column| layout.name(column));
                        found.push(format!("<{}>", names.collect::<Vec<_>>().join(" ")));
                    }
                    Stated::Text => found.push("<text>".to_owned()),
                    Stated::Nothing => {}
                }
                let text = str::from_utf8(&buffer[..length]).unwrap();
                assert!(text.ends_with('\n'));
                found.extend(text.lines().map(str::to_owned));
            }
            Piece::End { result, partial } => {
                found.extend(partial.then(|| "cut".to_owned()));
                found.extend(result.err().map(|error| error.to_string()));
                return found;
            }
        }
    }
}

/// The lines of a text whose objects of more than `page_bytes` are pages.
fn paged(text: &str, step: usize, page_bytes: usize) -> Vec<String> {
    let reader: Box<dyn Read + '_> = Box::new(Trickle(text.as_bytes(), step));
    let mut json = Json::new(Box::new(io::empty()), 50);
    json.splitter = Splitter::with_pages(reader, page_bytes);
    all_lines_of(json)
}

/// Those that are not blank.
fn lines(text: &str, step: usize) -> Vec<String> {
    all_lines(text, step).into_iter().filter(|line| !line.is_empty()).collect()
}

#[test]
fn envelopes_hold_messages() {
    let event = format!(r#"{{"id":"1","timestamp":1600000000000,"message":"{RECORD}"}}"#);
    let subscription =
        format!(r#"{{"messageType":"DATA_MESSAGE","owner":"1","logEvents":[{event},{event}]}}"#);
    let control = subscription.replace("DATA", "CONTROL");
    for step in [1, 7, 1000] {
        for (text, count) in [
            (event.clone(), 1),
            (format!("{event}\n{event}\n"), 2),
            (subscription.clone(), 2),
            (format!("{subscription}{control}{subscription}"), 4),
            (control.clone(), 0),
            (format!(r#"{{ "events": [ {event} ], "searchedLogStreams": [] }}"#), 1),
            (format!("[\n  \"{RECORD}\",\n  \"{RECORD}\\n\"\n]\n"), 2),
            (format!("\u{feff}{{\n\"message\": \"{RECORD}\"}}"), 1),
        ] {
            assert_eq!(lines(&text, step), vec![RECORD; count], "{text}");
        }
    }
}

#[test]
fn lines_of_a_message_are_lines() {
    let message = |text: &str| format!("{{\"message\":\"{text}\"}}");
    for step in [1, 7, 1000] {
        for text in [
            message(&format!("{RECORD}\\n{RECORD}\\n\\n{RECORD}\\r\\n")),
            message(&format!("{RECORD}\\r\\n{RECORD}\\n{RECORD}")),
            format!("\"{RECORD}\\n{RECORD}\" {}", message(&format!("\\n{RECORD}"))),
        ] {
            assert_eq!(lines(&text, step), vec![RECORD; 3], "{text}");
        }
        let header = message("srcaddr bytes\\n10.0.0.1 5");
        let row = "{\"srcaddr\":\"10.0.0.2\",\"bytes\":6}";
        let expected = ["srcaddr bytes", "10.0.0.1 5", "<srcaddr bytes>", "10.0.0.2 6"];
        assert_eq!(lines(&format!("{header}{row}"), step), expected);
        let expected = [&expected[..], &["<srcaddr bytes>"], &expected[..2]].concat();
        assert_eq!(lines(&format!("{header}{row}{header}"), step), expected);
        // What is no message stands on one line, and so does an object in one.
        for text in ["{\n\"a\":\n1}".to_owned(), message("{\\n\\\"a\\\":\\n1}\\n")] {
            assert_eq!(lines(&text, step), ["{ \"a\": 1}"], "{text}");
        }
    }
}

#[test]
fn long_pages_hold_what_short_ones_do() {
    let event = |at: usize| {
        let message = RECORD.replace(" 40 ", &format!(" {at} "));
        format!("{{\"timestamp\":1600000000000,\n\"message\":\"{message}\"}}")
    };
    let row = |at: usize| format!(r#"{{"srcaddr":"10.0.0.1","bytes":{at}}}"#);
    let data = |text: &str| format!(r#"{{"awslogs":{{"data":"{}"}}}}"#, STANDARD.encode(text));
    let list = |of: &dyn Fn(usize) -> String| (0..9).map(of).collect::<Vec<_>>().join(" ,\n ");
    let inner = format!(r#"{{"logEvents":[{}]}}"#, list(&event));
    for text in [
        format!(r#"{{"searchedLogStreams": [], "events": [ {} ] }}"#, list(&event)),
        format!("[{{\"events\":[{}],\"nextToken\":\"x\"}}\n,\n{}]", list(&event), event(9)),
        format!(r#"{{"messageType":"DATA_MESSAGE","logEvents":[{}]}}{inner}"#, list(&event)),
        format!(r#"{{"messageType":"CONTROL_MESSAGE","logEvents":[{}]}}"#, list(&event)),
        format!(r#"{{"Records":[{}]}}"#, list(&row)),
        format!(r#"{{"records":[{},"{RECORD}",7,[1],null,{}]}}"#, list(&row), list(&event)),
        format!(r#"{{"Records":[{},{inner}]}}"#, data(&inner)),
        format!(r#"{{"events":[{}],"a":[{{}}],"Records":[{}]}}"#, list(&event), list(&row)),
        format!(r#"{{"events":[{}],"events":[7,{}] }}"#, list(&event), list(&event)),
        format!(r#"{{"message":"{RECORD}","events":[{}]}}"#, list(&event)),
        format!(r#"{{"srcaddr":"10.0.0.1","bytes":7,"events":[{}]}}"#, list(&event)),
        format!(r#"{{"events":{{"Records":[{}]}}}}"#, list(&row)),
        format!("{}\n{}\n", data(&inner), list(&row)),
    ] {
        let whole = paged(&text, 1000, usize::MAX);
        for (step, page_bytes) in [(1, 60), (7, 60), (1000, 60), (1000, 100), (9, 300)] {
            assert_eq!(paged(&text, step, page_bytes), whole, "{page_bytes} {text}");
        }
    }
}

#[test]
fn a_page_that_is_cut_gives_the_events_before() {
    let text = format!(r#"{{"events":[{{"message":"{RECORD}"}},{{"message":"{RECORD}"}},{{"mess"#);
    for page_bytes in [20, usize::MAX] {
        assert_eq!(paged(&text, 10, page_bytes), [RECORD, RECORD, "cut", CUT_SHORT]);
    }
    let text = format!(r#"{{"srcaddr":"10.0.0.1","bytes":7,"events":[{{"message":"{RECORD}"}}"#);
    assert_eq!(paged(&text, 10, usize::MAX), ["cut", CUT_SHORT]);
}

#[test]
fn a_fault_costs_the_value_that_it_is_in() {
    struct Fault;
    impl Read for Fault {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("a fault"))
        }
    }
    let event = format!(r#"{{"message":"{RECORD}"}}"#);
    for (text, expected) in [
        (format!("{event}\n"), vec![RECORD, "a fault"]),
        (format!("{event}{}", &event[..30]), vec![RECORD, "cut", "a fault"]),
        (format!("{event}\n{RECORD}"), vec![RECORD, "cut", "a fault"]),
        (format!(r#"{{"events":[{event},{event}"#), vec![RECORD, RECORD, "cut", "a fault"]),
        (format!(r#"{{"events":[{event},{event}]}}"#), vec![RECORD, RECORD, "a fault"]),
    ] {
        for step in [1, 20, 1000] {
            let reader = Trickle(text.as_bytes(), step).chain(Fault);
            let found = all_lines_of(Json::new(Box::new(reader), 50));
            assert_eq!(found, expected, "{text}");
        }
    }
}

/// Data as an envelope has it.
fn gzip_data(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    io::Write::write_all(&mut encoder, text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn content_may_be_base64_of_gzip() {
    let payload =
        format!(r#"{{"messageType":"DATA_MESSAGE","logEvents":[{{"message":"{RECORD}"}}]}}"#);
    let content = STANDARD.encode(gzip_data(&payload));
    let plain = STANDARD.encode(format!("{RECORD}\n{RECORD}\n"));
    for (text, count) in [
        (format!(r#"{{"awslogs":{{"data":"{content}"}}}}"#), 1),
        (format!(r#"{{"Records":[{{"Data":"{content}"}},{{"Data":"{plain}"}}]}}"#), 3),
        (format!(r#"{{"Records":[{{"kinesis":{{"data":"{content}"}}}}]}}"#), 1),
    ] {
        assert_eq!(lines(&text, 100), vec![RECORD; count], "{text}");
    }
}

#[test]
fn content_that_is_damaged_stays_a_line() {
    let event = format!("{{\"message\":\"{RECORD}\"}}\n");
    let gzip = gzip_data(&event);
    let (cut, mut flipped) = (&gzip[..gzip.len() - 6], gzip.clone());
    *flipped.last_mut().unwrap() ^= 1;
    let open = format!("{event}{{\"message\":");
    let list = format!("{event}{{\"logEvents\":[");
    for (content, fault) in [
        (open.as_bytes(), CUT_SHORT),
        (list.as_bytes(), CUT_SHORT),
        (&gzip_data(&open), CUT_SHORT),
        (cut, "the gzip stream is cut short"),
        (&flipped, "the gzip stream is damaged"),
    ] {
        let inner = format!(r#"{{"data":"{}"}}"#, STANDARD.encode(content));
        let text = format!(r#"{{"awslogs":{inner}}}{event}"#);
        let found = lines(&text, 100);
        assert_eq!(found[..3], [RECORD, &inner, RECORD], "{text}");
        let said = format!("the data of an envelope: {fault}");
        assert!(found.len() == 4 && found[3].starts_with(&said), "{found:?}");
    }
}

#[test]
fn the_content_of_a_value_has_a_limit_in_sum() {
    let limit = 1 << 20;
    let data = |bytes: usize| {
        let event = format!("{{\"message\":\"{RECORD}\"}}");
        let text = format!("{event}{}", " ".repeat(bytes - event.len()));
        format!(r#"{{"data":"{}"}}"#, STANDARD.encode(gzip_data(&text)))
    };
    let deep = |text: String| {
        let text = format!("{text}{}", " ".repeat(20_000 - text.len()));
        format!(r#"{{"data":"{}"}}"#, STANDARD.encode(gzip_data(&text)))
    };
    let half = data(limit / 2);
    for over in [0, 1] {
        for text in [
            data(limit + over),
            // The values in a page have it each, but this is none.
            format!(r#"{{"kinesis":{{"Records":[{half},{}]}}}}"#, data(limit / 2 + over)),
            deep(data(limit - 20_000 + over)),
        ] {
            // Each value has the limit for itself.
            let text = format!("{text}{}", data(limit));
            let mut json = Json::new(Box::new(text.as_bytes()), 50);
            json.content_bytes_max = limit as u64;
            let found = all_lines_of(json);
            let records = found.iter().filter(|line| *line == RECORD).count();
            assert!(records >= 2);
            let is_told = found.last().unwrap().contains("MiB in one value");
            assert_eq!(is_told, over > 0, "{:?}", found.last());
        }
    }
}

#[test]
fn damage_in_an_object_costs_the_event_that_it_is_in() {
    let event = |at: usize| {
        let message = RECORD.replace(" 40 ", &format!(" {at} "));
        format!("{{\"message\":\"{message}\"}}")
    };
    let list = (0..5).map(event).collect::<Vec<_>>().join(",");
    let page = format!(r#"{{"nextToken":"x","events":[{list}],"searchedLogStreams":[]}}"#);
    let found = |text: &[u8]| {
        // What is no text is shown as it can be.
        let mut json = Json::new(Box::new(text), 50);
        let (mut found, mut buffer) = (Vec::new(), Vec::new());
        while let Piece::Block { length, .. } = json.next(&mut buffer) {
            let text = String::from_utf8_lossy(&buffer[..length]);
            found.extend(text.lines().map(str::to_owned));
        }
        found
    };
    for damage in [&b"\xe9"[..], b"\x01", b"\\x", b"\\u12"] {
        let at = page.find(" 6 3 2 ").unwrap();
        let damaged = [&page.as_bytes()[..at], damage, &page.as_bytes()[at..]].concat();
        let inner = [&b"{\"Records\":["[..], &damaged, b"]}"].concat();
        for text in [damaged, inner] {
            let lines = found(&text);
            assert_eq!(lines.len(), 5, "{lines:?}");
            assert_eq!(lines.iter().filter(|line| line.starts_with("2 1 ")).count(), 4);
        }
    }
    // A comma too many costs nothing.
    assert_eq!(found(page.replace("],\"s", ",],\"s").as_bytes()).len(), 5);
}

#[test]
fn names_of_columns_are_short() {
    for (length, is_told) in [(NAME_BYTES_MAX, false), (NAME_BYTES_MAX + 1, true)] {
        let name = "x".repeat(length);
        let text = format!(r#"{{"srcaddr":"10.0.0.1","bytes":7,"{name}":1}}"#);
        let found = lines(&text, 100);
        assert_eq!(found[1] == "10.0.0.1 7", is_told, "{found:?}");
        assert_eq!(found.len() > 2, is_told, "{found:?}");
    }
}

#[test]
fn a_record_may_have_a_message() {
    let text =
        r#"{"srcaddr":"10.0.0.1","dstaddr":"-","bytes":5,"action":"ACCEPT","message":"x y"}"#;
    assert_eq!(
        lines(text, 100),
        ["<srcaddr dstaddr bytes action message>", "10.0.0.1 - 5 ACCEPT x%20y",]
    );
}

#[test]
fn what_wraps_a_message_has_fields_of_its_own() {
    let wrapped = format!(r#"{{"message":"{RECORD}","account":"1","region":"us-east-1"}}"#);
    let more = wrapped.replace('}', r#","source":"lambda","type":"vpcflow","host":"h"}"#);
    let sent = wrapped.replace('}', r#","source":"10.0.0.7","type":"vpcflow","host":"h"}"#);
    for text in [wrapped, more, sent] {
        assert_eq!(lines(&text, 100), [RECORD]);
    }
    // Both are read.
    let text = format!(r#"{{"message":"{RECORD}","events":[{{"message":"{RECORD}"}}]}}"#);
    assert_eq!(lines(&text, 100), [RECORD, RECORD]);
}

#[test]
fn a_column_s_own_name_comes_first() {
    let found = |members: &str| lines(&format!(r#"{{{members},"bytes":5}}"#), 100)[1].clone();
    let own = r#""srcaddr":"10.0.0.1""#;
    for (members, expected) in [
        (format!(r#"{own},"source":"10.0.0.2""#), "10.0.0.1 5"),
        (format!(r#""source":"10.0.0.2",{own}"#), "10.0.0.1 5"),
        (format!(r#"{own},"source":null"#), "10.0.0.1 5"),
        (format!(r#"{own},{own}"#), "10.0.0.1 5"),
        (
            r#""source":null,"source_address":"10.0.0.2","SourceAddress":"10.0.0.3""#.to_owned(),
            "10.0.0.2 5",
        ),
        (r#""srcaddr":null,"source":"10.0.0.2""#.to_owned(), "- 5"),
        (r#""source":"10.0.0.2","srcaddr":null"#.to_owned(), "- 5"),
    ] {
        assert_eq!(found(&members), expected, "{members}");
    }
}

#[test]
fn values_that_are_not_one_are_no_values() {
    let text = r#"{"srcaddr":{"ip":"10.0.0.1"},"bytes":[7],"packets":1,"action":"ACCEPT","x":[1]}"#;
    let row = r#"{"ip":"10.0.0.1"} [7] 1 ACCEPT"#;
    assert_eq!(lines(text, 100), ["<srcaddr bytes packets action>", row]);
}

#[test]
fn two_objects_that_became_one_are_none() {
    let record = r#"{"srcaddr":"10.0.0.1","bytes":5,"srcaddr":"10.0.0.2","bytes":7}"#;
    let message = format!(r#"{{"message":"{RECORD}","message":"{RECORD}"}}"#);
    for text in [record, &message] {
        assert_eq!(lines(text, 100), [text]);
    }
}

#[test]
fn a_line_that_is_cut_takes_no_other_with_it() {
    let event =
        |at: usize| format!("{{\"message\":\"{}\"}}", RECORD.replace(" 40 ", &format!(" {at} ")));
    let cut = "{\"message\":\"x\",\"timestamp\":";
    let text = format!("{cut}\n{}\n{}\n{cut}\n{}\n", event(1), event(2), event(3));
    for step in [3, 1000] {
        let found = lines(&text, step);
        assert_eq!(found.iter().filter(|line| line.starts_with("2 1 ")).count(), 2, "{found:?}");
        assert_eq!((found[0].as_str(), found.last().unwrap().as_str()), (cut, CUT_SHORT));
    }
    // That may be how somebody writes JSON.
    let pretty = format!("{{\"events\":\n[\n{{\"a\":\n{{\n}},{}\n]}}\n", &event(1)[1..]);
    assert_eq!(lines(&pretty, 1000).len(), 1);
}

#[test]
fn values_that_are_lost_with_a_line_are_told() {
    let event = format!("{{\"message\":\"{RECORD}\"}}");
    let broken = format!("[{event},{},{event} , {event}]\n", event.replace("eni", "\n"));
    let found = lines(&broken, 100);
    assert!(found.last().unwrap().starts_with("damaged JSON: a malformed line holds"), "{found:?}");
    // One value is a line like others.
    let found = lines(&format!("{event}\n{}\n{event}\n", event.replace("eni", "\n")), 100);
    assert_eq!(found.len(), 4, "{found:?}");
}

#[test]
fn many_names_are_no_trap() {
    let text: String = (0..2_000)
        .map(|at| format!(r#"{{"srcaddr":"10.0.0.1","bytes":{at},"odd-{at}":1}}"#))
        .collect();
    let found = lines(&text, 4096);
    assert_eq!(found.iter().filter(|line| line.starts_with("10.0.0.1 ")).count(), 2_000);
    assert!(found.iter().filter(|line| line.starts_with('<')).count() <= COLUMNS_MAX);
    assert!(found.last().unwrap().contains("more than 256 names"), "{:?}", found.last());
    let few: String = (0..COLUMNS_MAX - 2)
        .map(|at| format!(r#"{{"srcaddr":"10.0.0.1","bytes":{at},"odd-{at}":1}}"#))
        .collect();
    assert!(lines(&few, 4096).last().unwrap().starts_with("10.0.0.1 "));
}

#[test]
fn rows_have_the_columns_of_their_neighbours() {
    let row = |at: usize| match at {
        3 => r#"{"srcaddr":"10.0.0.1","bytes":3,"end":9}"#.to_owned(),
        100 => "\n\n{\"srcaddr\":\"10.0.0.1\",\"bytes\":100,\"start\":8}\n".to_owned(),
        at => format!(r#"{{"srcaddr":"10.0.0.1","bytes":{at}}}"#),
    };
    let text: String = (0..4 * rows::ROWS_MAX).map(row).collect();
    let mut expected = vec!["<srcaddr bytes end>".to_owned()];
    for at in 0..4 * rows::ROWS_MAX {
        // The rows that are gathered with the hundredth one.
        let first = 100 / rows::ROWS_MAX * rows::ROWS_MAX;
        expected.extend((at == first).then(|| "<srcaddr bytes end start>".to_owned()));
        expected.extend((at == 100).then(String::new));
        let end = if at == 3 { "9" } else { "-" };
        let start = if at == 100 { " 8" } else { " -" };
        let start = if at < first { "" } else { start };
        expected.push(format!("10.0.0.1 {at} {end}{start}"));
    }
    for step in [100, 1000] {
        assert!(all_lines(&text, step) == expected, "in reads of {step}");
    }
}

#[test]
fn lines_without_a_value_are_blank() {
    let text = "\n[\n{\"message\":\"a\"},\n\n{\n\"message\":\n\"b\"},\n\
        {\"srcaddr\":\"10.0.0.1\",\"bytes\":5}\n,\n]\n{\"message\":\"c\"}\n[]";
    for step in [1, 5, 1000] {
        let expected =
            ["", "", "a", "", "b", "<srcaddr bytes>", "10.0.0.1 5", "<text>", "", "", "c", ""];
        assert_eq!(all_lines(text, step), expected);
    }
    assert_eq!(all_lines(&"\n".repeat(3 * BLANK_LINES_MAX), 4096).len(), 3 * BLANK_LINES_MAX);
}

#[test]
fn text_among_objects_has_its_own_columns() {
    let text = "10.0.0.1 5\n{\"srcaddr\":\"10.0.0.1\",\"bytes\":5}\n10.0.0.2 6\n\
        bytes srcaddr\n7 10.0.0.3\n{\"bytes\":8,\"srcaddr\":\"10.0.0.4\"}\n9 10.0.0.5\n";
    assert!(is_among_lines(text.as_bytes()) && !begins(text.as_bytes()));
    for step in [1, 5, 1000] {
        assert_eq!(
            lines(text, step),
            [
                "10.0.0.1 5",
                "<srcaddr bytes>",
                "10.0.0.1 5",
                "<text>",
                "10.0.0.2 6",
                "bytes srcaddr",
                "7 10.0.0.3",
                "<srcaddr bytes>",
                "10.0.0.4 8",
                "<bytes srcaddr>",
                "9 10.0.0.5",
            ]
        );
    }
}

#[test]
fn members_may_be_columns() {
    let text = r#"{"srcAddr":"10.0.0.1","bytes":40.0,"log_status":"OK","note":"a b"}
        {"bytes":"50","srcaddr":"10.0.0.2","dstaddr":null,"deep":{"x":1},"note":""}
        {"message":"2 1 eni-1 - - - - - - - 1 2 - NODATA"}
        {"srcaddr":"10.0.0.3","bytes":1}"#;
    for step in [1, 1000] {
        assert_eq!(
            lines(text, step),
            [
                "<srcaddr bytes log-status note dstaddr>",
                "10.0.0.1 40 OK a%20b -",
                "10.0.0.2 50 - - -",
                "<text>",
                "2 1 eni-1 - - - - - - - 1 2 - NODATA",
                "<srcaddr bytes log-status note dstaddr>",
                "10.0.0.3 1 - - -",
            ]
        );
    }
}

#[test]
fn what_is_no_record_stays_a_line() {
    let text = "{\"a\":1}\n{\"message\":5,\"b\":[{}]}\n{\"broken\": }\n{\"a\":\"x\n\
        {\"message\":\"m\"}\n{\"cut";
    for step in [1, 1000] {
        let found = lines(text, step);
        let expected = [
            "{\"a\":1}",
            "{\"message\":5,\"b\":[{}]}",
            "{\"broken\": }",
            "{\"a\":\"x",
            "m",
            "cut",
            CUT_SHORT,
        ];
        assert_eq!(found, expected);
    }
}

#[test]
fn beginnings() {
    for text in ["{\"a\"", " \n[ {", "[\"a", "{}", "\u{feff}{ \"", "{", "[]"] {
        assert!(begins(text.as_bytes()), "{text}");
    }
    for text in ["", "a{", "[2026-01-01] x", "{x}", "2 1 eni", "\"a\",\"b\""] {
        assert!(!begins(text.as_bytes()), "{text}");
    }
}
