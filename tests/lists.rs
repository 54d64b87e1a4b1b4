//! The verbs `top`, `sum`, `series`, `merge` and `find`, held against lines that are split and
//! added up plainly; and against DuckDB, where it is installed: it reads what they write, and
//! finds the same by the SQL that `--explain` tells.

#[path = "common/duckdb.rs"]
mod duckdb;
#[path = "common/folder.rs"]
mod folder;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::net::IpAddr;
use std::process::Command;

use duckdb::{duckdb, has_duckdb};
use flowagg::seconds_since_1970;
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

/// Flows over three days, some of IPv6, some recorded at two interfaces, with windows without
/// traffic between.
fn log(lines: u64) -> String {
    let mut text = String::new();
    let mut state = 7u64;
    let mut random = |below: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let address = |number: u64| match number % 5 {
        0 => format!("2001:db8:0:{:x}::{:x}", number % 3 + 1, number + 1),
        1 => format!("192.168.{}.{}", number % 4, number % 250),
        _ => format!("10.{}.{}.{}", number % 2, number % 3, number % 250),
    };
    for line in 0..lines {
        let start = 1_600_000_000 + random(3 * 86_400);
        if line % 23 == 0 {
            _ = writeln!(text, "2 1 eni-a - - - - - - - {start} {} - NODATA", start + 60);
            continue;
        }
        let (source, target) = (address(random(40)), address(random(60)));
        let port = [22, 53, 443, 3389, 50_000 + random(9)][random(5) as usize];
        let (packets, bytes) = (1 + random(900), 40 + random(2_000_000));
        let action = if random(4) == 0 { "REJECT" } else { "ACCEPT" };
        let flow =
            format!("{source} {target} {} {port} {}", 1024 + random(3), [6, 17][line as usize % 2]);
        let rest = format!("{start} {} {action} OK", start + random(600));
        let interface = ["eni-a", "eni-b"][random(2) as usize];
        _ = writeln!(text, "2 1 {interface} {flow} {packets} {bytes} {rest}");
        if line % 3 == 0 {
            let fewer = bytes - random(40);
            _ = writeln!(text, "2 1 eni-c {flow} {packets} {fewer} {rest}");
        }
    }
    text
}

/// The records of traffic, in words.
fn records(log: &str) -> Vec<Vec<&str>> {
    let lines = log.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    lines.filter(|words| words[13] == "OK").collect()
}

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

/// The words of a command; what stands in single quotes is one.
fn words(command: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for (at, part) in command.split('\'').enumerate() {
        match at % 2 {
            0 => words.extend(part.split_ascii_whitespace()),
            _ => words.push(part),
        }
    }
    words
}

/// What a command writes about `a.log`.
fn written(folder: &Folder, command: &str) -> Vec<u8> {
    let output = Command::new(env!("CARGO_BIN_EXE_flowagg"))
        .args(words(command))
        .args(["-q", "a.log"])
        .current_dir(&folder.0)
        .output()
        .unwrap();
    assert!(output.status.success(), "{command}: {output:?}");
    output.stdout
}

/// The same as text, which is the same with any number of threads.
fn text(folder: &Folder, command: &str) -> String {
    let texts = ["1", "4"].map(|threads| {
        let text = written(folder, &format!("{command} --threads {threads}"));
        String::from_utf8(text).unwrap()
    });
    assert_eq!(texts[0], texts[1], "{command}");
    texts[0].clone()
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

fn seconds_of(text: &str) -> u64 {
    seconds_since_1970(&text.replace("+00:00", "Z")).unwrap()
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

/// Rows as DuckDB's are told, whatever it was that wrote them: times in seconds, doubles rounded.
fn plain(cell: &str) -> String {
    match (cell, cell.parse::<f64>()) {
        ("" | "None", _) => String::new(),
        (_, Ok(value)) if cell.contains('.') => {
            format!("{value:.4}").trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ if cell.ends_with("+00:00") && cell.contains('T') => seconds_of(cell).to_string(),
        _ => cell.to_owned(),
    }
}

fn rows(csv: &str) -> Vec<Vec<String>> {
    csv.lines().skip(1).map(|line| line.split(',').map(plain).collect()).collect()
}

/// The SQL below the plan, and what flowagg answers with these columns: as CSV.
fn told(folder: &Folder, command: &str, columns: &str) -> (String, Vec<Vec<String>>) {
    let told = text(folder, &format!("{command} --explain"));
    let (_, sql) = told.split_once("\n\n").unwrap();
    let columns = if columns.is_empty() { String::new() } else { format!("--columns {columns}") };
    (sql.to_owned(), rows(&text(folder, &format!("{command} -o csv {columns}"))))
}

#[test]
fn duckdb_finds_the_same_by_the_sql_that_is_told() {
    if !has_duckdb() {
        return;
    }
    let folder = Folder::new("it's told");
    let header = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets \
                  bytes start end action log-status\n";
    folder.file("a.log", format!("{header}{}", log(3_000)));
    let ordered = [
        ("top src,dport -n 9", "srcaddr,dstport,bytes"),
        (
            "top src --asc -n 5 --where 'port 22 and not src net 10.0.0.0/8' --by packets",
            "srcaddr,packets",
        ),
        ("top dst/12/128 --by 'unique(src),records,max(bytes),min(start)' -n 0", ""),
        ("top sport --by 'avg(bytes)' --having 'records > 100' -n 0", ""),
        (
            "top src --count once --by 'bytes,records,avg(packets),max(end)' -n 6",
            "srcaddr,bytes,records,avg(packets),max(end)",
        ),
        ("sum action,proto --start 2020-09-14 --end 2020-09-15T12:00:00Z", ""),
        ("sum", ""),
        ("sum src --having 'bytes > 50m' --where 'bytes > 1m or dst net 192.168.0.0/16'", ""),
        ("merge --where 'action reject'", ""),
        ("merge src,dst -n 20 --count once", ""),
        ("series --bin 1h", ""),
        ("series --bin 5m --by 'unique(src)' --where tcp", ""),
        ("series --bin 1d --count once --by records", ""),
    ];
    // The rows are the same, in another order.
    let unordered = [
        ("series action,proto --bin 1d -n 0", ""),
        ("series src,dport --bin 1d -n 3 --having 'bytes > 1m'", ""),
        ("series src --bin 1d -n 4 --asc --by 'max(bytes)'", ""),
        ("find 10.0.0.0/8 10.1.0.0/16 10.1.1.7 192.168.0.0/16 --where 'bytes > 1k'", ""),
        ("find 10.1.1.7 --records", ""),
        ("cut srcaddr,bytes,start,action", ""),
        ("cut --where 'bytes > 1.9m' --start 2020-09-14", ""),
        ("-n 4", ""),
        ("--where 'port 443' -n 0", ""),
        (
            "metric --pattern '[..., action=REJECT, status]' --period 3600",
            "start,sum,sample_count,minimum,maximum",
        ),
        (
            "metric --pattern '[v, a, i, src=10.*, ..., packets, bytes>=1000000, start, end, action, status]' \
          --value '$bytes' --period 86400",
            "start,sum,sample_count,minimum,maximum",
        ),
        (
            "metric --pattern '[..., bytes, start, end, action=REJECT, status]' --value '$bytes' \
          --default 0 --period 86400",
            "start,sum,sample_count,minimum,maximum",
        ),
        (
            "metric --pattern '[..., bytes, start, end, action=*EJ*, status]' --value '$bytes' \
          --dimension 'End=$end' --period 86400 -n 0",
            "End,start,sum",
        ),
    ];
    let asked = || ordered.iter().chain(&unordered);
    let told: Vec<_> = asked().map(|(command, columns)| told(&folder, command, columns)).collect();
    let here = folder.0.to_str().unwrap().replace('\'', "''");
    let statements: Vec<String> =
        told.iter().map(|(sql, _)| sql.replace("'a.log'", &format!("'{here}/a.log'"))).collect();
    let found = duckdb(&statements);
    for (at, ((command, columns), found)) in asked().zip(found).enumerate() {
        let mut expected = told[at].1.clone();
        // A target has both directions, also the one that it was not found in.
        if command.starts_with("find") && !command.contains("--records") {
            expected.retain(|row| row[2] != "0");
        }
        // What became of lines SQL does not know.
        expected.retain(|row| row[0] != "tally");
        let width = if columns.is_empty() { usize::MAX } else { columns.split(',').count() };
        let mut found: Vec<Vec<String>> = (found.into_iter())
            .map(|row| row.iter().take(width).map(|cell| plain(cell)).collect())
            .collect();
        if at >= ordered.len() {
            found.sort();
            expected.sort();
        }
        assert!(!expected.is_empty(), "{command}");
        let differs = found.iter().zip(&expected).find(|(found, expected)| found != expected);
        assert!(found == expected, "{command}: {differs:?}\n{}", statements[at]);
    }
}

#[test]
fn duckdb_reads_what_the_verbs_write() {
    if !has_duckdb() {
        return;
    }
    let folder = Folder::new("read");
    folder.file("a.log", log(3_000));
    let verbs = [
        ("top src,dport -n 0 --by bytes,records", "srcaddr, dstport, bytes, records"),
        ("sum src/24,action", "\"srcaddr/24\", action, bytes, records"),
        ("series src --bin 1h -n 0", "srcaddr, epoch(start::TIMESTAMPTZ)::BIGINT, bytes"),
        ("find 10.0.0.0/8 2001:db8::/32", "target, direction, bytes, records"),
        ("merge", "srcaddr, \"end\", bytes, records"),
    ];
    let mut formats = vec!["csv", "tsv", "json", "ndjson"];
    formats.extend(cfg!(feature = "parquet").then_some("parquet"));
    let mut statements = Vec::new();
    for (command, columns) in verbs {
        for format in &formats {
            let name = format!("{}.{format}", statements.len());
            let file = folder.file(name, written(&folder, &format!("{command} -o {format}")));
            let from = match *format {
                "csv" | "tsv" => format!("read_csv('{}', all_varchar = true)", file.display()),
                "json" | "ndjson" => format!("read_json('{}')", file.display()),
                _ => format!("'{}'", file.display()),
            };
            statements.push(format!("SELECT {columns} FROM {from} ORDER BY ALL"));
        }
    }
    let sort = |mut rows: Vec<Vec<String>>| {
        rows.sort();
        rows
    };
    let found: Vec<_> = duckdb(&statements).into_iter().map(sort).collect();
    let total = sum(&records(&log(3_000)).iter().collect::<Vec<_>>(), BYTES);
    for (verb, (command, _)) in found.chunks(formats.len()).zip(verbs) {
        let bytes = |row: &Vec<String>| row[2].parse::<u64>();
        for (rows, format) in verb.iter().zip(&formats) {
            assert_eq!(*rows, verb[0], "{command} as {format}");
            let sum: u64 = rows.iter().map(|row| bytes(row).unwrap()).sum();
            assert!(sum == total || command.starts_with("find"), "{command} as {format}: {sum}");
        }
    }
}
