//! The answers in plain words: maps and loops over the records that were made up.

use std::collections::{BTreeMap, BTreeSet};

use crate::logs::{Logs, Record, V5};

/// What a line must print.
#[derive(Debug)]
pub enum Twin {
    /// These lines.
    Lines(Vec<String>),
    /// As CSV these rows after the header; each may have more columns.
    Rows(Vec<Vec<String>>),
}

/// How many questions there are.
pub const QUESTIONS: usize = 60;

/// The ports of administrative applications, as the cookbook takes them.
const ADMIN: [&str; 3] = ["8080", "8443", "10000"];

/// The answer to the question of this heading.
pub fn answer(heading: &str, logs: &Logs) -> Option<Twin> {
    let found = athena(heading, logs)
        .or_else(|| predefined(heading, logs))
        .or_else(|| logs_insights(heading, logs))
        .or_else(|| cloudwatch(heading, logs));
    found.or_else(|| lake(heading, logs))
}

/// Amazon Athena User Guide, "Query Amazon VPC flow logs".
fn athena(heading: &str, logs: &Logs) -> Option<Twin> {
    let of = |source: &'static str| logs.stored().filter(move |r| &r["srcaddr"] == source);
    let https = || logs.stored().filter(|r| &r["dstport"] == "443");
    let rejected = || logs.stored().filter(|r| &r["action"] == "REJECT" && is_tcp(r));
    let february = |r: &&Record| within(r, "2021-02-01", "2021-02-28");
    Some(match heading {
        "Flow logs of a date" => {
            whole(logs.stored().filter(|r| within(r, "2020-05-04", "2020-05-05")).take(100))
        }
        "Rejected TCP connections" => {
            let fields = ["start", "interface-id", "srcaddr", "action", "protocol"];
            cut(&fields, rejected().take(100))
        }
        "Servers that receive the most HTTPS packets" => {
            top(&["dstaddr"], "packets", 10, last_week(https(), logs))
        }
        "The first 100 entries of a period" => whole(logs.stored().filter(february).take(100)),
        "Servers that receive the most HTTPS packets in a period" => {
            let march = https().filter(|r| within(r, "2021-03-01", "2021-03-31"));
            top(&["dstaddr"], "packets", 10, march)
        }
        "Logs of a period" => {
            let fields = ["interface-id", "srcaddr", "action", "protocol", "start", "end"];
            cut(&fields, logs.stored().filter(|r| within(r, "2021-04-01", "2021-04-30")))
        }
        "Logs of a source address" => whole(of("10.117.1.22").filter(february)),
        "Rejected TCP connections of a period" => {
            let fields = ["start", "interface-id", "srcaddr", "action", "protocol"];
            cut(&fields, rejected().filter(february).take(10))
        }
        "Logs of a range of addresses" => {
            whole(logs.stored().filter(|r| r["srcaddr"].starts_with("10.117.")))
        }
        "Logs of a destination address" => {
            let own = logs.stored().filter(|r| &r["dstaddr"] == "10.0.1.14");
            whole(own.filter(|r| within(r, "2021-01-01", "2021-01-31")))
        }
        _ => return None,
    })
}

/// Amazon VPC User Guide, "Query flow logs using Amazon Athena".
fn predefined(heading: &str, logs: &Logs) -> Option<Twin> {
    let all = || logs.stored();
    let is_port = |r: &Record, name: &str| matches!(&r[name], "22" | "3389");
    Some(match heading {
        "VpcFlowLogsAcceptedTraffic" => {
            let accepted = all().filter(|r| &r["action"] == "ACCEPT" && is_tcp(r));
            top(&["srcaddr", "dstaddr"], "records", 25, accepted)
        }
        "VpcFlowLogsAdminPortTraffic" => {
            let admin = all().filter(|r| is_tcp(r) && ADMIN.contains(&&r["dstport"]));
            top(&["dstaddr"], "bytes", 10, admin)
        }
        "VpcFlowLogsIPv4Traffic" => {
            Twin::Rows(vec![vec![total(all().filter(|r| &r["type"] == "IPv4"), "bytes")]])
        }
        "VpcFlowLogsIPv6Traffic" => {
            Twin::Rows(vec![vec![total(all().filter(|r| r["srcaddr"].contains(':')), "bytes")]])
        }
        "VpcFlowLogsRejectedTCPTraffic" => {
            let rejected = all().filter(|r| &r["action"] == "REJECT" && is_tcp(r));
            top(&["srcaddr", "dstaddr"], "records", 25, rejected)
        }
        "VpcFlowLogsRejectedTraffic" => {
            let rejected = all().filter(|r| &r["action"] == "REJECT");
            top(&["srcaddr", "dstaddr"], "records", 25, rejected)
        }
        "VpcFlowLogsSshRdpTraffic" => {
            let found = all().filter(|r| is_port(r, "srcport") || is_port(r, "dstport"));
            let mut found: Vec<&Record> = found.collect();
            found.sort_by_key(|r| r.number("start"));
            Twin::Lines(found.iter().take(50).map(|r| r.line()).collect())
        }
        "VpcFlowLogsTopTalkers" => talkers(all(), "srcaddr", "dstaddr"),
        "VpcFlowLogsTopTalkersPacketLevel" => talkers(all(), "pkt-srcaddr", "pkt-dstaddr"),
        "VpcFlowLogsTopTalkingInstances" => {
            top(&["instance-id"], "bytes", 50, all().filter(|r| &r["instance-id"] != "-"))
        }
        "VpcFlowLogsTopTalkingSubnets" => top(&["subnet-id"], "bytes", 50, all()),
        "VpcFlowLogsTopTCPTraffic" => top(&["srcaddr"], "bytes", 50, all().filter(|r| is_tcp(r))),
        "VpcFlowLogsTotalBytesTransferred" => top(&["srcaddr", "dstaddr"], "bytes", 50, all()),
        "VpcFlowLogsTotalBytesTransferredPacketLevel" => {
            top(&["pkt-srcaddr", "pkt-dstaddr"], "bytes", 50, all())
        }
        "VpcFlowLogsTrafficFrmSrcAddr" => {
            whole(all().filter(|r| &r["srcaddr"] == "10.117.1.22").take(50))
        }
        "VpcFlowLogsTrafficToDstAddr" => {
            whole(all().filter(|r| &r["dstaddr"] == "10.0.1.14").take(50))
        }
        _ => return None,
    })
}

/// The sample queries of CloudWatch Logs Insights.
fn logs_insights(heading: &str, logs: &Logs) -> Option<Twin> {
    let all = || logs.events();
    let pair = ["srcaddr", "dstaddr"];
    let is_vpc = |r: &Record, name: &str| r[name].starts_with("10.0.");
    let is_nat = |r: &Record, name: &str| &r[name] == "10.0.0.5";
    Some(match heading {
        "Average, smallest and largest transfers by addresses" => {
            let mut pairs: BTreeMap<[&str; 2], Vec<u64>> = BTreeMap::new();
            for record in all().filter(|r| r.is_ok()) {
                let key = [&record["srcaddr"], &record["dstaddr"]];
                pairs.entry(key).or_default().push(record.number("bytes").unwrap());
            }
            let row = |(pair, bytes): (&[&str; 2], &Vec<u64>)| {
                let mean = bytes.iter().sum::<u64>() as f64 / bytes.len() as f64;
                // Six places, without the zeros at their end.
                let mean = (mean * 1e6).round() / 1e6;
                let (min, max) = (bytes.iter().min().unwrap(), bytes.iter().max().unwrap());
                [pair[0].to_owned(), pair[1].to_owned(), mean.to_string()]
                    .into_iter()
                    .chain([min.to_string(), max.to_string()])
                    .collect()
            };
            Twin::Rows(pairs.iter().map(row).collect())
        }
        "Addresses that use UDP" => {
            let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
            for record in all().filter(|r| &r["protocol"] == "17") {
                *counts.entry(&record["srcaddr"]).or_default() += 1;
            }
            let row =
                |(source, count): (&&str, &u64)| vec![(*source).to_owned(), count.to_string()];
            Twin::Rows(counts.iter().map(row).collect())
        }
        "The ten largest transfers by addresses" => top(&pair, "bytes", 10, all()),
        "The 20 sources with the most rejected requests" => {
            top(&["srcaddr"], "records", 20, all().filter(|r| &r["action"] == "REJECT"))
        }
        "The 15 largest transfers of packets across hosts" => top(&pair, "packets", 15, all()),
        "The 15 largest transfers of hosts on a subnet" => {
            let own = all().filter(|r| r["srcaddr"].starts_with("192.0.2."));
            top(&["dstaddr"], "bytes", 15, own)
        }
        "When records were skipped" => {
            let skipped = all().filter(|r| &r["log-status"] == "SKIPDATA");
            by_time(skipped, 3600)
        }
        "A record for each connection" => {
            let mut flows: BTreeMap<Vec<String>, (u64, u64)> = BTreeMap::new();
            for record in all().filter(|r| &r["interface-id"] == "eni-0123456789abcdef0") {
                let Some(bytes) = record.number("bytes") else { continue };
                let fields = ["srcaddr", "dstaddr", "srcport", "dstport", "protocol"];
                let key = fields.map(|field| record[field].to_owned()).to_vec();
                let flow = flows.entry(key).or_default();
                *flow = (flow.0.max(record.number("start").unwrap()), flow.1 + bytes);
            }
            let mut flows: Vec<_> = flows.into_iter().collect();
            flows.sort_by_key(|(_, (start, _))| std::cmp::Reverse(*start));
            let row = |(mut row, (start, bytes)): (Vec<String>, (u64, u64))| {
                row.extend([april(start), bytes.to_string()]);
                row
            };
            Twin::Rows(flows.into_iter().take(20).map(row).collect())
        }
        "Instances that send the most through a NAT gateway" => {
            let own = all().filter(|r| is_nat(r, "dstaddr") && is_vpc(r, "srcaddr"));
            top(&pair, "bytes", 10, own)
        }
        "Traffic between instances and a NAT gateway" => {
            let own = all().filter(|r| {
                is_nat(r, "dstaddr") && is_vpc(r, "srcaddr")
                    || is_nat(r, "srcaddr") && is_vpc(r, "dstaddr")
            });
            top(&pair, "bytes", 10, own)
        }
        "Destinations of uploads through a NAT gateway" => {
            let own = all().filter(|r| is_nat(r, "srcaddr") && !is_vpc(r, "dstaddr"));
            top(&pair, "bytes", 10, own)
        }
        "Sources of downloads through a NAT gateway" => {
            let own = all().filter(|r| is_nat(r, "dstaddr") && !is_vpc(r, "srcaddr"));
            top(&pair, "bytes", 10, own)
        }
        _ => return None,
    })
}

/// Contributor Insights' rules, and metric filters.
fn cloudwatch(heading: &str, logs: &Logs) -> Option<Twin> {
    let all = || logs.events();
    let is_web = |r: &Record| matches!(&r["dstport"], "80" | "8080");
    Some(match heading {
        "Byte transfers by source and destination" => {
            top(&["srcaddr", "dstaddr"], "bytes", 10, all())
        }
        "The highest number of HTTPS requests" => {
            top(&["dstaddr"], "packets", 10, all().filter(|r| &r["dstport"] == "443"))
        }
        "Rejected TCP connections by interface" => {
            let rejected = all().filter(|r| &r["action"] == "REJECT" && is_tcp(r));
            top(&["interface-id", "srcaddr"], "records", 10, rejected)
        }
        "Records by TCP flags" => {
            // A rule counts records without traffic too.
            let mut flags: BTreeMap<&str, u64> = BTreeMap::new();
            logs.stored().for_each(|r| *flags.entry(&r["tcp-flags"]).or_default() += 1);
            let mut flags: Vec<_> = flags.into_iter().collect();
            flags.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            let row = |(flags, count): (&str, u64)| vec![flags.to_owned(), count.to_string()];
            Twin::Rows(flags.into_iter().map(row).collect())
        }
        "Blocked requests by source address" => {
            top(&["srcaddr"], "records", 10, all().filter(|r| &r["action"] == "REJECT"))
        }
        "Blocked SSH requests by source address" => {
            let blocked = all().filter(|r| &r["action"] == "REJECT" && &r["dstport"] == "22");
            top(&["srcaddr"], "records", 10, blocked)
        }
        "Every flow log record" => by_time(all(), 3600),
        "Records of a source address" => matches(logs, |r| &r["srcaddr"] == "10.0.0.1"),
        "Records of source addresses that begin alike" => {
            matches(logs, |r| r["srcaddr"].starts_with("10.0.2."))
        }
        "Records to either of two ports" => matches(logs, is_web),
        "Rejected records to ports, of some size" => matches(logs, |r| {
            let is_large = r.number("bytes").is_some_and(|bytes| bytes >= 400);
            is_web(r) && is_large && &r["action"] == "REJECT"
        }),
        "An alarm for rejected SSH traffic" => by_time(
            all().filter(|r| &r["dstport"] == "22" && is_tcp(r) && &r["action"] == "REJECT"),
            3600,
        ),
        _ => return None,
    })
}

/// Amazon Security Lake User Guide, its queries for flow logs.
fn lake(heading: &str, logs: &Logs) -> Option<Twin> {
    let all = || last_week(logs.activities(), logs);
    let from = |r: &Record, address: &str| &r["pkt-srcaddr"] == address;
    let to = |r: &Record, address: &str| &r["pkt-dstaddr"] == address;
    let fields = ["start", "pkt-srcaddr", "srcport", "pkt-dstaddr", "dstport", "bytes", "action"];
    let largest = |keys: &[&str]| {
        let https = all().filter(|r| &r["dstport"] == "443");
        let found: BTreeSet<(u64, Vec<String>)> = https
            .map(|r| {
                (r.number("packets").unwrap(), keys.iter().map(|&key| r[key].into()).collect())
            })
            .collect();
        let mut found: Vec<_> = found.into_iter().collect();
        found.sort_by_key(|(packets, _)| std::cmp::Reverse(*packets));
        Twin::Rows(found.into_iter().take(25).map(|(_, row)| row).collect())
    };
    Some(match heading {
        "Traffic in some Regions" => {
            let own = all().filter(|r| &r["region"] != "eu-west-1");
            let fields = ["start", "region", "pkt-srcaddr", "pkt-dstaddr", "bytes"];
            cut(&fields, own.take(25))
        }
        "Activity of an address and source port" => {
            let own = all().filter(|r| from(r, "192.0.2.1") && &r["srcport"] == "22");
            cut(&fields, own.take(25))
        }
        "The number of destination addresses" => {
            let different: BTreeSet<&str> = all().map(|r| &r["pkt-dstaddr"]).collect();
            Twin::Rows(vec![vec![different.len().to_string()]])
        }
        "Traffic from a network" => {
            let own = all().filter(|r| r["pkt-srcaddr"].starts_with("198.51.100."));
            cut(&fields, own.take(25))
        }
        "All HTTPS traffic" => largest(&["pkt-dstaddr", "pkt-srcaddr", "packets"]),
        "Packet counts of connections to port 443" => largest(&["packets", "pkt-dstaddr"]),
        "Traffic between two addresses" => {
            let (one, other) = ("192.0.2.1", "192.0.2.2");
            let own =
                all().filter(|r| from(r, one) && to(r, other) || from(r, other) && to(r, one));
            let fields = ["start", "end", "interface-id", "flow-direction", "pkt-srcaddr"];
            let fields = fields.into_iter().chain(["pkt-dstaddr", "srcport", "dstport"]);
            let fields: Vec<&str> = fields.chain(["packets", "bytes"]).collect();
            let line = |r: &Record| {
                fields.iter().map(|&field| r[field].to_owned()).collect::<Vec<_>>().join(" ")
            };
            let mut lines: Vec<String> = own.map(line).collect();
            lines.sort();
            Twin::Lines(lines.into_iter().take(25).collect())
        }
        "All inbound traffic" => {
            cut(&fields, all().filter(|r| &r["flow-direction"] == "ingress").take(25))
        }
        "All outbound traffic" => {
            cut(&fields, all().filter(|r| &r["flow-direction"] == "egress").take(25))
        }
        "All rejected traffic" => cut(&fields, all().filter(|r| &r["action"] == "REJECT").take(25)),
        _ => return None,
    })
}

fn is_tcp(record: &Record) -> bool {
    &record["protocol"] == "6"
}

/// Whether a record starts from the beginning of one day on and before that of another.
fn within(record: &Record, from: &str, to: &str) -> bool {
    (midnight(from)..midnight(to)).contains(&record.number("start").unwrap())
}

/// The beginning of a day, in seconds since 1970.
fn midnight(date: &str) -> u64 {
    let mut parts = date.split('-').map(|part| part.parse::<u64>().unwrap());
    let [year, month, day] = std::array::from_fn(|_| parts.next().unwrap());
    // Years begin in March, so that a leap day is the last of its year.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let before = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5;
    (before + day - 1 - 719_468) * 86_400
}

/// A time in April 2021, as CSV has it.
fn april(seconds: u64) -> String {
    let within = seconds - midnight("2021-04-01");
    let (day, hour) = (within / 86_400 + 1, within / 3600 % 24);
    let (minute, second) = (within / 60 % 60, within % 60);
    format!("2021-04-{day:02}T{hour:02}:{minute:02}:{second:02}+00:00")
}

/// Records of the last seven days before the newest one.
fn last_week<'l>(
    records: impl Iterator<Item = &'l Record>,
    logs: &Logs,
) -> impl Iterator<Item = &'l Record> {
    let newest = logs.stored().filter_map(|r| r.number("start")).max().unwrap();
    records.filter(move |r| r.number("start").unwrap() >= newest - 7 * 86_400)
}

/// Whole records, with a header.
fn whole<'l>(records: impl Iterator<Item = &'l Record>) -> Twin {
    Twin::Lines([V5.join(" ")].into_iter().chain(records.map(Record::line)).collect())
}

/// Fields of records, with a header.
fn cut<'l>(fields: &[&str], records: impl Iterator<Item = &'l Record>) -> Twin {
    let mut lines = vec![fields.join(" ")];
    for record in records {
        let values: Vec<&str> = fields.iter().map(|&field| &record[field]).collect();
        lines.push(values.join(" "));
    }
    Twin::Lines(lines)
}

/// The largest by a sum, or by the number of records.
fn top<'l>(
    keys: &[&str],
    measure: &str,
    limit: usize,
    records: impl Iterator<Item = &'l Record>,
) -> Twin {
    let mut sums: BTreeMap<Vec<String>, u64> = BTreeMap::new();
    for record in records.filter(|r| r.is_ok()) {
        let value = if measure == "records" { 1 } else { record.number(measure).unwrap() };
        let key = keys.iter().map(|&key| record[key].to_owned()).collect();
        *sums.entry(key).or_default() += value;
    }
    ranked(sums, limit)
}

/// The largest; of equal ones, the first by the texts of their keys.
fn ranked(sums: BTreeMap<Vec<String>, u64>, limit: usize) -> Twin {
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by_key(|(_, sum)| std::cmp::Reverse(*sum));
    let row = |(mut row, sum): (Vec<String>, u64)| {
        row.push(sum.to_string());
        row
    };
    Twin::Rows(sums.into_iter().take(limit).map(row).collect())
}

/// The 50 addresses with the most bytes at either side.
fn talkers<'l>(records: impl Iterator<Item = &'l Record>, one: &str, other: &str) -> Twin {
    let mut sums: BTreeMap<Vec<String>, u64> = BTreeMap::new();
    for record in records.filter(|r| r.is_ok()) {
        for side in [one, other] {
            *sums.entry(vec![record[side].to_owned()]).or_default() +=
                record.number("bytes").unwrap();
        }
    }
    ranked(sums, 50)
}

/// The sum of all.
fn total<'l>(records: impl Iterator<Item = &'l Record>, name: &str) -> String {
    records.filter_map(|r| r.number(name)).sum::<u64>().to_string()
}

/// How many there are in each period.
fn by_time<'l>(records: impl Iterator<Item = &'l Record>, seconds: u64) -> Twin {
    let mut periods: BTreeMap<u64, u64> = BTreeMap::new();
    for record in records {
        let start = record.number("start").unwrap();
        *periods.entry(start - start % seconds).or_default() += 1;
    }
    Twin::Rows(periods.iter().map(|(&start, n)| vec![april(start), n.to_string()]).collect())
}

/// The events of which this holds: their numbers, and they themselves.
fn matches(logs: &Logs, test: impl Fn(&Record) -> bool) -> Twin {
    let events = (1..).zip(logs.events()).filter(|(_, record)| test(record));
    Twin::Rows(events.map(|(n, record): (u32, _)| vec![n.to_string(), record.short()]).collect())
}
