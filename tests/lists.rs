//! The verbs `top`, `sum`, `series`, `merge` and `find`, held against lines that are split and
//! added up plainly.

#[path = "common/flows.rs"]
mod flows;
#[path = "common/folder.rs"]
mod folder;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::net::IpAddr;
use std::process::Command;

use flows::{log, records, seconds_of, text, written};
use folder::Folder;

/// Where fields stand in a line.
const INTERFACE: usize = 2;
const SOURCE: usize = 3;
const TARGET: usize = 4;
const PORT: usize = 6;
const PROTOCOL: usize = 7;
const PACKETS: usize = 8;
const BYTES: usize = 9;
const START: usize = 10;
const END: usize = 11;
const ACTION: usize = 12;

/// What tells flows apart, and then the interface.
const FLOW: [usize; 6] = [SOURCE, TARGET, 5, PORT, PROTOCOL, ACTION];

fn number(record: &[&str], field: usize) -> u64 {
    record[field].parse().unwrap()
}

fn sum(records: &[&Vec<&str>], field: usize) -> u64 {
    records.iter().map(|record| number(record, field)).sum()
}

/// Records by key.
fn grouped<'r, 'l>(
    records: impl IntoIterator<Item = &'r Vec<&'l str>>,
    key: impl Fn(&[&str]) -> String,
) -> BTreeMap<String, Vec<&'r Vec<&'l str>>> {
    let mut groups: BTreeMap<String, Vec<&Vec<&str>>> = BTreeMap::new();
    for record in records {
        groups.entry(key(record)).or_default().push(record);
    }
    groups
}

/// A list in CSV: by the first of the values largest first, then by key.
fn listed(head: &str, mut rows: Vec<(u64, String)>) -> String {
    rows.sort_by(|left, right| right.0.cmp(&left.0).then_with(|| left.1.cmp(&right.1)));
    let rows: Vec<String> = rows.into_iter().map(|(_, row)| row).collect();
    format!("{head}\n{}\n", rows.join("\n"))
}

#[test]
fn tops_are_those_of_plain_addition() {
    let folder = Folder::new("top");
    let log = log(3_000);
    folder.file("a.log", &log);
    let records = records(&log);

    let passed: Vec<Vec<&str>> = records
        .iter()
        .filter(|record| number(record, BYTES) > 1_000_000 && record[ACTION] == "ACCEPT")
        .cloned()
        .collect();
    let rows = grouped(&passed, |record| record[SOURCE].to_owned()).into_iter();
    let rows = rows.map(|(key, group)| {
        let bytes = sum(&group, BYTES);
        (bytes, format!("{key},{bytes},{}", group.len()))
    });
    assert_eq!(
        text(
            &folder,
            "top src --where 'bytes > 1m and action accept' --by bytes,records -n 0 \
                       -o csv --columns srcaddr,bytes,records"
        ),
        listed("srcaddr,bytes,records", rows.collect())
    );

    let rows = grouped(&records, |record| format!("{},{}", record[SOURCE], record[ACTION]));
    let rows = rows.into_iter().map(|(key, group)| {
        let peers: BTreeSet<&str> = group.iter().map(|record| record[TARGET]).collect();
        let largest = group.iter().map(|record| number(record, BYTES)).max().unwrap();
        (peers.len() as u64, format!("{key},{},{largest}", peers.len()))
    });
    assert_eq!(
        text(&folder, "top src,action --by 'unique(dst),max(bytes)' -n 0 -o csv"),
        listed("srcaddr,action,unique(dstaddr),max(bytes)", rows.collect())
    );

    let rows = grouped(&records, |record| record[PORT].to_owned()).into_iter();
    let rows = rows.filter(|(_, group)| group.len() >= 100).map(|(key, group)| {
        let count = group.len() as u64;
        let millionths = (2_000_000 * sum(&group, BYTES) + count) / (2 * count);
        let mean = format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000);
        let mean = mean.trim_end_matches('0').trim_end_matches('.');
        (millionths, format!("{key},{mean},{count}"))
    });
    let rows: Vec<_> = rows.collect();
    assert!(rows.len() > 1);
    assert_eq!(
        text(&folder, "top dport --by 'avg(bytes)' --having 'records >= 100' -n 0 -o csv"),
        listed("dstport,avg(bytes),records", rows)
    );
}

#[test]
fn flows_that_count_once_are_those_of_plain_addition() {
    let folder = Folder::new("once");
    let log = log(3_000);
    folder.file("a.log", &log);
    let records = records(&log);
    let rows = grouped(&records, |record| record[SOURCE].to_owned());
    let rows = rows.into_iter().map(|(key, group)| {
        let flow = |record: &[&str]| FLOW.map(|at| record[at]).join(" ");
        let flows = grouped(group.iter().copied(), flow);
        let most = |value: &dyn Fn(&[&Vec<&str>]) -> u64| -> u64 {
            let of_flow = |flow: &Vec<&Vec<&str>>| {
                let at = grouped(flow.iter().copied(), |record| record[INTERFACE].to_owned());
                at.values().map(|records| value(records)).max().unwrap()
            };
            flows.values().map(of_flow).sum()
        };
        let (bytes, count) = (most(&|records| sum(records, BYTES)), most(&|all| all.len() as u64));
        assert!(bytes < sum(&group, BYTES) && count < group.len() as u64);
        (bytes, format!("{key},{bytes},{count}"))
    });
    assert_eq!(
        text(
            &folder,
            "top src --count once --by bytes,records -n 0 -o csv \
                       --columns srcaddr,bytes,records"
        ),
        listed("srcaddr,bytes,records", rows.collect())
    );
}

/// The first bits of an address.
fn prefix(address: &str, v4: u32, v6: u32) -> String {
    match address.parse().unwrap() {
        IpAddr::V4(address) => {
            let first = address.to_bits() >> (32 - v4) << (32 - v4);
            format!("{}/{v4}", std::net::Ipv4Addr::from_bits(first))
        }
        IpAddr::V6(address) => {
            let first = address.to_bits() >> (128 - v6) << (128 - v6);
            format!("{}/{v6}", std::net::Ipv6Addr::from_bits(first))
        }
    }
}

#[test]
fn sums_and_series_are_those_of_plain_addition() {
    let folder = Folder::new("sums");
    let log = log(3_000);
    folder.file("a.log", &log);
    let records = records(&log);
    let key = |record: &[&str]| format!("{},{}", prefix(record[TARGET], 20, 64), record[ACTION]);
    let mut expected = String::from("dstaddr/20,action,records,packets,bytes\n");
    for (key, group) in grouped(&records, key) {
        let (packets, bytes) = (sum(&group, PACKETS), sum(&group, BYTES));
        _ = writeln!(expected, "{key},{},{packets},{bytes}", group.len());
    }
    assert_eq!(text(&folder, "sum dst/20,action -o csv"), expected);

    for (command, seconds) in [("--bin 1h", 3_600), ("--bin 5m", 300), ("--bin 1d", 86_400)] {
        let bin = |record: &[&str]| format!("{:010}", number(record, START) / seconds * seconds);
        let found = text(&folder, &format!("series {command} -o csv"));
        let found: Vec<(String, u64)> = (found.lines().skip(1))
            .map(|line| {
                let (start, bytes) = line.split_once(',').unwrap();
                (format!("{:010}", seconds_of(start)), bytes.parse().unwrap())
            })
            .collect();
        let expected: Vec<(String, u64)> = grouped(&records, bin)
            .into_iter()
            .map(|(start, group)| (start, sum(&group, BYTES)))
            .collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn merged_records_are_flows_and_add_up_to_the_same() {
    let folder = Folder::new("merge");
    let log = log(3_000);
    folder.file("a.log", &log);
    let records = records(&log);
    let key = |record: &[&str]| {
        let mut words = vec![record[INTERFACE]];
        words.extend(FLOW.map(|at| record[at]));
        words.join(" ")
    };
    let flows = grouped(&records, key).into_iter().map(|(key, group)| {
        let of = |field: usize| group.iter().map(move |record| number(record, field));
        let (start, end) = (of(START).min().unwrap(), of(END).max().unwrap());
        let (packets, bytes) = (sum(&group, PACKETS), sum(&group, BYTES));
        (start, format!("{key} {packets} {bytes} {start} {end} {}", group.len()))
    });
    let mut flows: Vec<(u64, String)> = flows.collect();
    flows.sort_by_key(|flow| flow.0);
    assert!(flows.len() < records.len());
    let head = "interface-id srcaddr dstaddr srcport dstport protocol action packets bytes start \
                end records";
    let lines: Vec<String> = flows.into_iter().map(|(_, line)| line).collect();
    let merged = text(&folder, "merge");
    assert_eq!(merged, format!("{head}\n{}\n", lines.join("\n")));

    // They are a flow log again, in each format that has columns.
    let mut formats = vec!["text", "csv", "tsv", "json", "ndjson"];
    formats.extend(cfg!(feature = "parquet").then_some("parquet"));
    let sums = text(&folder, "sum action -o csv --columns action,packets,bytes");
    for format in formats {
        let again = Folder::new(&format!("merged-{format}"));
        again.file("a.log", written(&folder, &format!("merge -o {format}")));
        let found = text(&again, "sum action -o csv --columns action,packets,bytes");
        assert_eq!(found, sums, "{format}");
    }
}

const TARGETS: &str = "10.0.0.0/8 10.1.0.0/16 10.1.1.7 192.168.0.0/16 10.1.1.7/32 10.0.0.0/9";
const TARGETS_V6: &str = "2001:db8::/32 2001:db8:0:1::/64 2001:db8:0:1::10 198.51.100.0/24 ::/0";

#[test]
fn findings_are_those_of_plain_addition() {
    let folder = Folder::new("find");
    let log = log(3_000);
    folder.file("a.log", &log);
    let records = records(&log);
    let mut expected =
        String::from("target,direction,records,accepted,rejected,packets,bytes,peers,ports\n");
    let mut known = BTreeSet::new();
    for target in TARGETS.split(' ').chain(TARGETS_V6.split(' ')) {
        let (first, length) = target.split_once('/').unwrap_or((target, "32"));
        let lies = |address: &str| {
            let (length, is_v6) = (length.parse().unwrap(), first.contains(':'));
            let length = if is_v6 && !target.contains('/') { 128 } else { length };
            is_v6 == address.contains(':')
                && (length == 0
                    || prefix(address, length.min(32), length)
                        == prefix(first, length.min(32), length))
        };
        let sides =
            [("sent", SOURCE, TARGET), ("received", TARGET, SOURCE)].map(|(word, own, peer)| {
                let found: Vec<&Vec<&str>> =
                    records.iter().filter(|record| lies(record[own])).collect();
                let count = |action| found.iter().filter(|record| record[ACTION] == action).count();
                let different = |field: usize| {
                    found.iter().map(|record| record[field]).collect::<BTreeSet<_>>()
                };
                let line = format!(
                    "{target},{word},{},{},{},{},{},{},{}\n",
                    found.len(),
                    count("ACCEPT"),
                    count("REJECT"),
                    sum(&found, PACKETS),
                    sum(&found, BYTES),
                    different(peer).len(),
                    different(PORT).len()
                );
                (found.len(), line)
            });
        // One that is there twice, in another spelling, is told once.
        let is_new = known.insert((first, if length == "32" { "" } else { length }));
        if is_new && sides.iter().any(|(count, _)| *count > 0) {
            expected.extend(sides.map(|(_, line)| line));
        }
    }
    assert!(expected.contains("10.1.1.7,") && !expected.contains("198.51"), "{expected}");
    let columns = expected.lines().next().unwrap();
    let command = format!("find {TARGETS} {TARGETS_V6} -o csv --columns {columns}");
    assert_eq!(text(&folder, &command), expected);
    let lines = text(&folder, "find 10.1.0.0/16 2001:db8:0:1::/64 --records");
    let own = |address: &str| address.starts_with("10.1.") || address.starts_with("2001:db8:0:1:");
    let found = log.lines().filter(|line| {
        let words: Vec<&str> = line.split(' ').collect();
        own(words[SOURCE]) || own(words[TARGET])
    });
    assert!(lines.lines().eq(found));
}

/// Whatever is typed, what is told of it does nothing to a terminal.
#[test]
fn explanations_show_nothing_raw() {
    let hostile = "a\u{1b}[2J\u{7}it's.log";
    let expression = "vpc-id = 'it''s' or interface-id ~ 'e+'";
    for command in
        ["top src", "sum", "series", "merge", "find ::1 10.0.0.1", "cut srcaddr", "info", ""]
    {
        let output = Command::new(env!("CARGO_BIN_EXE_flowagg"))
            .args(command.split_ascii_whitespace())
            .args(["--explain", "--where", expression, &format!("./{hostile}")])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(text.starts_with("reads "), "{command}: {text} {said}");
        let raw = text.find(|character: char| character.is_control() && character != '\n');
        assert_eq!(raw, None, "{}", text.escape_debug());
        assert!(command == "info" || text.contains("'./a' || chr(27) || '[2J'"), "{text}");
    }
}
