//! The same records in every wrapping give the same answer as plain text, in blocks of
//! any size, with any number of threads, and compressed.

#[path = "common/folder.rs"]
mod folder;
#[path = "common/records.rs"]
mod records;

use std::fmt::Write as _;
use std::io::Write as _;

use flowagg::{Engine, Field, Filter, Layout, Measure, Query, Report, Source};
use folder::Folder;

/// Made-up records, one by one.
fn made_up(lines: u64, seed: u64) -> Vec<String> {
    let text = String::from_utf8(records::made_up(lines, seed)).unwrap();
    text.lines().map(str::to_owned).collect()
}

const V2: [&str; 14] = [
    "version",
    "account-id",
    "interface-id",
    "srcaddr",
    "dstaddr",
    "srcport",
    "dstport",
    "protocol",
    "packets",
    "bytes",
    "start",
    "end",
    "action",
    "log-status",
];

/// Each line as a wrapping has it.
fn lines(records: &[String], wrap: impl Fn(usize, &str) -> String) -> String {
    let mut text = String::new();
    for (nth, record) in records.iter().enumerate() {
        writeln!(text, "{}", wrap(nth, record)).unwrap();
    }
    text
}

/// The columns of records in the order of the alphabet, as query engines have them.
fn table(records: &[String], parting: &str, name: impl Fn(&str) -> String, quote: &str) -> String {
    let mut order: Vec<usize> = (0..V2.len()).collect();
    order.sort_by_key(|&at| V2[at]);
    let row = |values: Vec<String>| values.join(parting);
    let header = row(order.iter().map(|&at| name(V2[at])).collect());
    let rows = lines(records, |nth, record| {
        let values: Vec<&str> = record.split(' ').collect();
        row(order
            .iter()
            .filter(|at| **at < values.len())
            .map(|&at| match values[at] {
                // Nothing stands for a value that is not there, in some of the rows.
                "-" if nth % 2 == 0 => String::new(),
                value => format!("{quote}{value}{quote}"),
            })
            .collect())
    });
    format!("{header}\n{rows}")
}

/// Wrappings of the same records, each with how many headers and other lines it adds.
fn wrapped(records: &[String]) -> Vec<(&'static str, String, u64, u64)> {
    let time = "2025-02-25T12:25:04";
    let name = |at: usize| format!("eni-{:04x}-all", at % 7);
    let path = "./2025/1_vpcflowlogs_us-east-1_fl-1_20250225T1225Z_a.log";
    let id = "38".repeat(28);
    let events = lines(records, |at, record| {
        format!("EVENTS\t{id}\t1740486335000\t{}\t{record}\t1740486304000", name(at))
    });
    let camel = |name: &str| {
        let mut words = name.split('-');
        let first = words.next().unwrap().to_owned();
        words.fold(first, |all, word| all + &word[..1].to_uppercase() + &word[1..])
    };
    let joined: Vec<String> = records.chunks(50).map(|page| page.join("\t")).collect();
    vec![
        ("hyphens.csv", table(records, ",", str::to_owned, ""), 1, 0),
        ("quoted.csv", table(records, ",", |name| name.replace('-', "_"), "\""), 1, 0),
        ("crlf.csv", table(records, ",", camel, "").replace('\n', "\r\n"), 1, 0),
        ("table.tsv", table(records, "\t", |name| name.replace('-', "_"), ""), 1, 0),
        (
            "console.csv",
            "timestamp,message\n".to_owned()
                + &lines(records, |_, record| format!("1740486304000,{record}")),
            1,
            0,
        ),
        (
            "insights.csv",
            "\u{feff}@timestamp,@message,@logStream\n".to_owned()
                + &lines(records, |at, record| {
                    format!("2025-02-25 12:25:04.000,\"{record}\",{}", name(at))
                }),
            1,
            0,
        ),
        ("export.log", lines(records, |_, record| format!("{time}.000Z {record}")), 0, 0),
        ("short.log", lines(records, |_, record| format!("{time} {record}")), 0, 0),
        (
            "tail.log",
            lines(records, |at, record| format!("{time}+00:00 {} {record}", name(at))),
            0,
            0,
        ),
        (
            "colours.log",
            lines(records, |at, record| {
                let name = name(at);
                format!("\x1b[32m{time}+00:00\x1b[0m \x1b[36m{name}\x1b[0m {record}")
            }),
            0,
            0,
        ),
        ("events.txt", format!("{events}SEARCHEDLOGSTREAMS\teni-1-all\tTrue\n"), 0, 1),
        (
            "page.txt",
            lines(records, |_, record| format!("EVENTS\t1740486335000\t{record}\t1740486304000")),
            0,
            0,
        ),
        ("joined.txt", lines(&joined, |_, page| page.to_owned()), 0, 0),
        ("numbers.txt", lines(records, |at, record| format!("{path}:{}:{record}", at + 2)), 0, 0),
        ("paths.txt", lines(records, |_, record| format!("{path}.gz:{record}")), 0, 0),
        ("page.json", format!("{{\n\"events\": [\n{}]}}\n", events_of(records).join(",\n")), 0, 0),
        ("events.ndjson", lines(&events_of(records), |_, event| event.to_owned()), 0, 0),
        ("messages.json", format!("{records:#?}\n"), 0, 2),
        ("subscriptions.json", subscriptions(records), 0, 0),
        ("members.ndjson", members(records), 0, 0),
        ("mixed.log", mixed(records), 0, 0),
        ("ocsf.ndjson", activities(records), 0, 0),
        ("number.txt", lines(records, |at, record| format!("{}:{record}", at + 2)), 0, 0),
    ]
}

/// Records as events of `aws logs filter-log-events`.
fn events_of(records: &[String]) -> Vec<String> {
    let event = |(at, record): (usize, &String)| {
        format!(
            "{{\"logStreamName\": \"eni-1-all\", \"timestamp\": 1740486304000, \
             \"message\": \"{record}\", \"eventId\": \"{at}\"}}"
        )
    };
    records.iter().enumerate().map(event).collect()
}

/// Records as Firehose stores what a subscription sends: nothing between the objects.
fn subscriptions(records: &[String]) -> String {
    let control = "{\"messageType\":\"CONTROL_MESSAGE\",\"logEvents\":[{\"message\":\"check\"}]}";
    let pages = events_of(records);
    let pages = pages.chunks(20).map(|page| {
        format!("{{\"messageType\":\"DATA_MESSAGE\",\"logEvents\":[{}]}}", page.join(","))
    });
    control.to_owned() + &pages.collect::<String>()
}

/// Records as objects whose members are the fields: numbers as numbers, `-` as null.
fn members(records: &[String]) -> String {
    let member = |(name, value): (&str, &str)| {
        let name = name.replace('-', "_");
        match value {
            "-" => format!("\"{name}\":null"),
            value if value.bytes().all(|byte| byte.is_ascii_digit()) && !value.starts_with('0') => {
                format!("\"{name}\":{value}")
            }
            value => format!("\"{name}\":\"{value}\""),
        }
    };
    lines(records, |_, record| {
        let members: Vec<String> = V2.into_iter().zip(record.split(' ')).map(member).collect();
        format!("{{{}}}", members.join(","))
    })
}

/// Some records as objects among lines of text.
fn mixed(records: &[String]) -> String {
    let objects = members(records);
    let objects: Vec<&str> = objects.lines().collect();
    lines(records, |nth, record| {
        let is_object = nth % 7 > 2 && nth % 5 < 4;
        if is_object { objects[nth].to_owned() } else { record.to_owned() }
    })
}

/// Records as network activity of OCSF, with every second interface at the source.
fn activities(records: &[String]) -> String {
    lines(records, |nth, record| {
        let mut values: Vec<&str> = record.split(' ').collect();
        values.resize(V2.len(), "-");
        let number =
            |value: &str| if value == "-" { "null".to_owned() } else { format!("{value}.0") };
        let interface = format!("\"interface_uid\":\"{}\",", values[2]);
        let of = |is_own: bool| if is_own { interface.as_str() } else { "" };
        let is_inbound = nth % 2 == 0;
        let action = match values[12] {
            "ACCEPT" => "\"action_id\":1",
            "REJECT" => "\"disposition\":\"Blocked\"",
            _ => "\"action\":null",
        };
        format!(
            "{{\"class_uid\":4001,{action},\"cloud\":{{\"account\":{{\"uid\":\"{}\"}}}},\
             \"metadata\":{{\"product\":{{\"version\":\"{}\"}}}},\"connection_info\":{{\
             \"direction_id\":{},\"protocol_num\":{}}},\"src_endpoint\":{{{}\"ip\":\"{}\",\
             \"port\":{}}},\"dst_endpoint\":{{{}\"ip\":\"{}\",\"port\":{}}},\"traffic\":{{\
             \"packets\":{},\"bytes\":{}}},\"time\":{}000,\"end_time\":{}000,\
             \"status_code\":\"{}\"}}",
            values[1],
            values[0],
            if is_inbound { 1 } else { 2 },
            number(values[7]),
            of(!is_inbound),
            values[3],
            number(values[5]),
            of(is_inbound),
            values[4],
            number(values[6]),
            number(values[8]),
            number(values[9]),
            values[10],
            values[11],
            values[13],
        )
    })
}

fn query() -> Query {
    Query::builder()
        .filter(Filter::new().and_in(Field::Action, ["ACCEPT"]))
        .group_by([Field::SrcAddr, Field::DstPort])
        .measure(Measure::Sum(Field::Bytes.into()))
        .top(1000)
        .build()
        .unwrap()
}

fn ask(source: &Source, block: usize, threads: usize) -> Report {
    let engine = Engine::new().block_bytes(block).threads(threads);
    engine.run(&query(), std::slice::from_ref(source)).unwrap()
}

/// The contributors of a report, and its lines without those that a wrapping adds.
fn found(report: &Report, headers: u64, others: u64) -> (Vec<String>, [u64; 6]) {
    let faults: Vec<String> = report.faults.iter().map(|fault| format!("{fault:?}")).collect();
    assert!(faults.is_empty(), "{faults:?}");
    let contributors = report.answers[0].contributors();
    let shown = contributors.map(|c| format!("{:?} {:?}", c.keys, c.value));
    let tally = &report.tally;
    assert!(tally.is_balanced());
    assert_eq!((tally.headers, tally.blank), (headers, others));
    let lines = tally.lines - headers - others;
    let counts = [tally.ok, tally.no_data, tally.skip_data, tally.malformed, tally.extra_columns];
    (shown.collect(), [lines, counts[0], counts[1], counts[2], counts[3], counts[4]])
}

#[test]
fn every_wrapping_gives_the_same_answer() {
    let folder = Folder::new("same");
    let records = made_up(700, 11);
    let plain =
        Source::path(folder.file("plain.log", lines(&records, |_, r| r.to_owned()).as_bytes()));
    let expected = found(&ask(&plain, 1 << 19, 1), 0, 0);
    assert_eq!(expected.1[0], 700);
    assert!(expected.0.len() > 20);
    for (name, text, headers, others) in wrapped(&records) {
        let source = Source::path(folder.file(name, text.as_bytes()));
        for (block, threads) in [(1, 2), (333, 3), (1 << 19, 1)] {
            let report = ask(&source, block, threads);
            assert_eq!(found(&report, headers, others), expected, "{name} {block} {threads}");
        }
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        let source = Source::path(folder.file(format!("{name}.gz"), encoder.finish().unwrap()));
        assert_eq!(found(&ask(&source, 4096, 2), headers, others), expected, "{name}.gz");
    }
}

#[test]
fn wrappings_one_after_the_other() {
    let folder = Folder::new("twice");
    let records = made_up(60, 3);
    let plain = lines(&records, |_, r| r.to_owned());
    for (name, text, headers, others) in wrapped(&records) {
        let mark = if name.starts_with("insights") { "\u{feff}" } else { "" };
        let twice = format!("{text}{}", text.strip_prefix(mark).unwrap());
        let source = Source::path(folder.file(name, twice.as_bytes()));
        let expected = found(
            &ask(&Source::path(folder.file("plain.log", plain.repeat(2).as_bytes())), 99, 1),
            0,
            0,
        );
        let found = found(&ask(&source, 99, 2), 2 * headers, 2 * others);
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn records_of_a_layout_that_was_said() {
    let folder = Folder::new("said");
    let records: Vec<String> =
        (0..50).map(|at| format!("10.0.0.{} {at}00 - ACCEPT 443", at % 5)).collect();
    let layout = Layout::new(["srcaddr", "bytes", "region", "action", "dstport"]).unwrap();
    let ask = |name: &str, text: &str| {
        let source = Source::path(folder.file(name, text.as_bytes()));
        let engine = Engine::new().layout(layout.clone()).threads(2);
        let report = engine.run(&query(), &[source]).unwrap();
        let shown = report.answers[0].contributors().map(|c| format!("{:?} {:?}", c.keys, c.value));
        (shown.collect::<Vec<_>>(), report.tally.ok, report.tally.malformed)
    };
    let expected = ask("plain.log", &lines(&records, |_, r| r.to_owned()));
    assert_eq!((expected.0.len(), expected.1, expected.2), (5, 50, 0));
    for (name, text, ..) in wrapped(&records) {
        // Tables and members state their own columns, and a bare number before a record may be a value of it.
        let is_table = name.ends_with("sv") && !matches!(name, "console.csv" | "insights.csv");
        let states_columns = matches!(name, "members.ndjson" | "mixed.log" | "ocsf.ndjson");
        if !is_table && !states_columns && name != "number.txt" {
            assert_eq!(ask(name, &text), expected, "{name}");
        }
    }
}

/// What is damaged is counted, and counted alike in blocks of any size.
#[test]
fn damage_gives_one_answer() {
    let folder = Folder::new("damaged");
    let records = made_up(40, 5);
    let mut state = 7u64;
    let mut below = |limit: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize % limit
    };
    let marks = [b'{', b'}', b'"', b'\n', b'[', b']', b',', b'\\', b' ', b'#', b'-', 0xff];
    let mut malformed = 0;
    for (name, text, ..) in wrapped(&records) {
        for _ in 0..6 {
            let mut bytes = text.clone().into_bytes();
            for _ in 0..1 + below(5) {
                let at = below(bytes.len());
                match below(3) {
                    0 => bytes[at] = marks[below(marks.len())],
                    1 => bytes.insert(at, marks[below(marks.len())]),
                    _ => drop(bytes.remove(at)),
                }
            }
            let source = Source::path(folder.file(name, &bytes));
            let said = |block: usize, threads: usize| {
                let report = ask(&source, block, threads);
                assert!(report.tally.is_balanced());
                let faults: Vec<String> =
                    report.faults.iter().map(|fault| fault.error.to_string()).collect();
                let rows: Vec<_> = report.answers[0].contributors().collect();
                (format!("{rows:?} {:?} {faults:?}", report.tally), report.tally.malformed)
            };
            let whole = said(1 << 19, 1);
            malformed += whole.1;
            for (block, threads) in [(1, 2), (77, 3), (1000, 1)] {
                let shown = String::from_utf8_lossy(&bytes);
                assert_eq!(said(block, threads), whole, "{name} {block} {threads}:\n{shown}");
            }
        }
    }
    assert!(malformed > 100, "{malformed}");
}
