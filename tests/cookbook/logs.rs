//! The logs of which the cookbook asks: made-up records of some days, and a few by hand so that
//! every question has an answer.

use std::io::Write;
use std::ops::Index;

use flate2::Compression;
use flate2::write::GzEncoder;
use flowagg::generate::{Generator, Options};

use crate::folder::Folder;

/// The columns of version 5, in AWS's order.
pub const V5: [&str; 29] = [
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
    "vpc-id",
    "subnet-id",
    "instance-id",
    "tcp-flags",
    "type",
    "pkt-srcaddr",
    "pkt-dstaddr",
    "region",
    "az-id",
    "sublocation-type",
    "sublocation-id",
    "pkt-src-aws-service",
    "pkt-dst-aws-service",
    "flow-direction",
    "traffic-path",
];

/// When objects were made: in seconds, as a folder, and as in their names.
const SLOTS: [(u64, &str, &str); 13] = [
    (1_588_593_600, "2020/05/04", "20200504T1200Z"),
    (1_610_712_000, "2021/01/15", "20210115T1200Z"),
    (1_612_353_600, "2021/02/03", "20210203T1200Z"),
    (1_614_427_200, "2021/02/27", "20210227T1200Z"),
    (1_614_513_600, "2021/02/28", "20210228T1200Z"),
    (1_615_809_600, "2021/03/15", "20210315T1200Z"),
    (1_617_105_600, "2021/03/30", "20210330T1200Z"),
    (1_617_192_000, "2021/03/31", "20210331T1200Z"),
    (1_617_278_400, "2021/04/01", "20210401T1200Z"),
    (1_619_438_400, "2021/04/26", "20210426T1200Z"),
    (1_619_697_600, "2021/04/29", "20210429T1200Z"),
    (1_619_776_800, "2021/04/30", "20210430T1000Z"),
    (1_619_784_000, "2021/04/30", "20210430T1200Z"),
];

/// The first slot that CloudWatch Logs still has.
const CLOUDWATCH: usize = 9;

/// The first slot that the lake has.
const LAKE: usize = 7;

/// Made-up records of a slot.
const LINES: usize = 120;

/// Records by hand: their slot, then addresses, ports, protocol, packets, bytes and action, all of
/// `eni-0123456789abcdef0`.
const BY_HAND: &[(usize, &str)] = &[
    (1, "10.0.0.9 10.0.1.14 41000 443 6 10 5200 ACCEPT"),
    (1, "10.0.0.8 10.0.1.14 41001 22 6 2 120 REJECT"),
    (2, "10.117.1.22 10.0.0.20 51000 443 6 14 9100 ACCEPT"),
    (2, "10.117.1.22 10.0.0.21 51001 3306 6 3 180 REJECT"),
    (3, "10.117.1.22 10.0.0.20 51002 443 6 20 12000 ACCEPT"),
    (3, "10.117.9.1 10.0.0.20 51003 443 6 8 4100 ACCEPT"),
    (3, "10.11.7.1 10.0.0.20 51004 443 6 8 4100 ACCEPT"),
    (4, "10.117.1.22 10.0.0.20 51005 443 6 9 4400 ACCEPT"),
    (5, "10.117.2.3 10.0.0.20 51010 53 17 1 76 ACCEPT"),
    (6, "10.0.1.14 10.0.0.9 443 41000 6 9 88000 ACCEPT"),
    (9, "192.0.2.44 10.0.2.7 44000 443 6 30 41000 ACCEPT"),
    (9, "192.0.2.45 10.0.2.8 44001 443 6 31 43000 ACCEPT"),
    (7, "192.0.2.2 192.0.2.1 47009 22 6 12 1900 ACCEPT"),
    (10, "192.0.2.2 192.0.2.1 47000 22 6 40 6200 ACCEPT"),
    (10, "192.0.2.1 192.0.2.2 22 47000 6 38 9100 ACCEPT"),
    (10, "198.51.7.7 10.0.2.7 44100 443 6 5 900 ACCEPT"),
    (11, "192.0.2.1 192.0.2.2 22 47000 6 12 2300 ACCEPT"),
    (11, "10.0.2.7 10.0.0.5 51500 443 6 300 380000 ACCEPT"),
    (11, "10.0.0.5 203.0.113.80 61500 443 6 300 380000 ACCEPT"),
    (11, "203.0.113.80 10.0.0.5 443 61500 6 900 1260000 ACCEPT"),
    (11, "10.0.0.5 10.0.2.7 443 51500 6 900 1260000 ACCEPT"),
    (11, "10.0.2.71 10.0.0.5 51501 443 6 44 52000 ACCEPT"),
    (11, "10.0.0.5 203.0.113.81 61501 443 6 44 52000 ACCEPT"),
    (12, "203.0.113.5 10.0.2.7 50000 80 6 9 1200 REJECT"),
    (12, "203.0.113.5 10.0.2.7 50001 8080 6 5 640 REJECT"),
    (12, "203.0.113.6 10.0.2.7 50002 8080 6 2 120 REJECT"),
    (12, "203.0.113.6 10.0.2.8 50003 80 6 20 9000 ACCEPT"),
    (12, "10.0.0.1 10.0.2.7 50010 8080 6 4 320 ACCEPT"),
    (12, "10.0.0.1 10.0.2.8 50011 443 6 6 900 ACCEPT"),
    (12, "10.0.0.10 10.0.2.8 50012 443 6 6 900 ACCEPT"),
    (12, "203.0.113.9 10.0.2.9 51999 3389 6 4 208 REJECT"),
    (12, "203.0.113.10 10.0.3.3 52000 8443 6 40 52000 ACCEPT"),
    (12, "203.0.113.11 10.0.3.4 52001 8443 6 40 51000 ACCEPT"),
    (12, "198.51.100.23 10.0.2.1 40001 22 6 1 44 REJECT"),
    (12, "198.51.100.23 10.0.2.2 40002 22 6 1 44 REJECT"),
    (12, "198.51.100.23 10.0.2.3 40003 22 6 1 44 REJECT"),
    (12, "198.51.100.23 10.0.2.4 40004 22 6 1 44 REJECT"),
    (12, "198.51.100.24 10.0.2.5 40005 22 6 1 44 REJECT"),
    (12, "198.51.100.24 10.0.2.6 40006 22 6 1 44 REJECT"),
    (12, "198.51.100.24 10.0.2.7 40007 22 6 1 44 REJECT"),
    (12, "198.51.100.23 10.0.2.8 40008 22 6 1 44 REJECT"),
    (12, "198.51.100.23 10.0.2.9 40009 22 6 1 44 REJECT"),
    (12, "198.51.100.23 10.0.2.10 40010 22 6 1 44 REJECT"),
    (12, "198.51.100.23 10.0.2.11 40011 22 17 1 44 REJECT"),
    (12, "10.0.2.7 10.0.0.5 51500 443 6 12 9000 ACCEPT"),
    (10, "- - - - - - - -"),
    (12, "- - - - - - - -"),
    (12, "- - - - - - - -"),
];

/// A record, by the names of its fields.
#[derive(Debug, Clone)]
pub struct Record {
    values: Vec<String>,
    slot: usize,
}

impl Index<&str> for Record {
    type Output = str;

    fn index(&self, name: &str) -> &str {
        let at = V5.iter().position(|field| *field == name).expect(name);
        &self.values[at]
    }
}

impl Record {
    /// A field that is a number, if it is there.
    pub fn number(&self, name: &str) -> Option<u64> {
        self[name].parse().ok()
    }

    /// Whether it tells of traffic.
    pub fn is_ok(&self) -> bool {
        &self["log-status"] == "OK"
    }

    /// As a line of version 5.
    pub fn line(&self) -> String {
        self.values.join(" ")
    }

    /// As a line of version 2, as CloudWatch Logs has it.
    pub fn short(&self) -> String {
        format!("2 {}", self.values[1..14].join(" "))
    }

    /// As network activity of OCSF, as Security Lake has it.
    fn activity(&self) -> String {
        let number = |name: &str| self.number(name).map_or("null".to_owned(), |n| n.to_string());
        let is_inbound = &self["flow-direction"] == "ingress";
        let endpoint = |side: &str, is_own: bool| {
            let (address, packet) =
                (&self[&*format!("{side}addr")], &self[&*format!("pkt-{side}addr")]);
            let own = match is_own {
                true => format!(r#""interface_uid":"{}","#, &self["interface-id"]),
                false => String::new(),
            };
            let between = match address == packet {
                true => String::new(),
                false => format!(r#""intermediate_ips":["{address}"],"#),
            };
            let port = number(&format!("{side}port"));
            format!(r#"{{{own}{between}"ip":"{packet}","port":{port}}}"#)
        };
        let action = match &self["action"] {
            "ACCEPT" => r#""action_id":1,"action":"Allowed""#,
            _ => r#""action_id":2,"action":"Denied""#,
        };
        format!(
            r#"{{"class_uid":4001,{action},"cloud":{{"account":{{"uid":"{}"}},"region":"{}"}},"#,
            &self["account-id"], &self["region"]
        ) + &format!(
            r#""metadata":{{"product":{{"version":"5"}}}},"src_endpoint":{},"dst_endpoint":{},"#,
            endpoint("src", !is_inbound),
            endpoint("dst", is_inbound)
        ) + &format!(
            r#""connection_info":{{"direction":"{}","protocol_num":{},"tcp_flags":{}}},"#,
            if is_inbound { "Inbound" } else { "Outbound" },
            number("protocol"),
            number("tcp-flags")
        ) + &format!(
            r#""traffic":{{"packets":{},"bytes":{}}},"time":{}000,"end_time":{}000,"#,
            number("packets"),
            number("bytes"),
            &self["start"],
            &self["end"]
        ) + r#""status_code":"OK"}"#
    }
}

/// All that was made up, in the order of the files.
#[derive(Debug)]
pub struct Logs(Vec<Record>);

impl Logs {
    /// Makes them up.
    pub fn made_up() -> Self {
        let lines = (LINES * SLOTS.len()) as u64;
        let made = Options { lines, seed: 5, ipv6: 0.05, contributors: 200, ..Options::default() };
        let mut generator = Generator::new(made).unwrap();
        let mut text = Vec::new();
        while generator.fill(&mut text) {}
        let text = String::from_utf8(text).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let mut records = Vec::new();
        for (slot, lines) in lines.chunks(LINES).enumerate() {
            let begin = SLOTS[slot].0;
            for (nth, line) in lines.iter().enumerate() {
                let mut values: Vec<String> = line.split(' ').map(str::to_owned).collect();
                let lasts = values[11].parse::<u64>().unwrap() - values[10].parse::<u64>().unwrap();
                let start = begin + nth as u64;
                values[10] = start.to_string();
                values[11] = (start + lasts).to_string();
                records.push(whole(values, slot, nth));
            }
            let own = BY_HAND.iter().filter(|(of, _)| *of == slot);
            for (nth, (_, text)) in own.enumerate() {
                let mut values = vec!["2", "123456789010", "eni-0123456789abcdef0"];
                values.extend(text.split(' '));
                let action = values.pop().unwrap();
                let start = begin + (LINES + 2 * nth) as u64;
                let (start, end) = (start.to_string(), (start + 30).to_string());
                let status = if action == "-" { "SKIPDATA" } else { "OK" };
                values.extend([start.as_str(), end.as_str(), action, status]);
                let values = values.into_iter().map(str::to_owned).collect();
                records.push(whole(values, slot, nth));
            }
        }
        Self(records)
    }

    /// The records of objects in S3.
    pub fn stored(&self) -> impl Iterator<Item = &Record> + Clone {
        self.0.iter()
    }

    /// The events of CloudWatch Logs.
    pub fn events(&self) -> impl Iterator<Item = &Record> + Clone {
        self.0.iter().filter(|record| record.slot >= CLOUDWATCH)
    }

    /// The network activity of the lake.
    pub fn activities(&self) -> impl Iterator<Item = &Record> + Clone {
        self.0.iter().filter(|record| record.slot >= LAKE && record.is_ok())
    }

    /// Writes all of it into a folder: `logs`, `cloudwatch.log` and `lake`.
    pub fn write(&self, folder: &Folder) {
        for (slot, (_, day, time)) in SLOTS.iter().enumerate() {
            let name = format!(
                "logs/AWSLogs/123456789010/vpcflowlogs/us-east-1/{day}/123456789010_vpcflowlogs_\
                 us-east-1_fl-0123456789abcdef0_{time}_5bd2e7c8.log.gz"
            );
            let mut zip = GzEncoder::new(Vec::new(), Compression::fast());
            writeln!(zip, "{}", V5.join(" ")).unwrap();
            for record in self.0.iter().filter(|record| record.slot == slot) {
                writeln!(zip, "{}", record.line()).unwrap();
            }
            folder.file(name, zip.finish().unwrap());
        }
        let lines =
            |of: &mut dyn Iterator<Item = String>| of.map(|line| line + "\n").collect::<String>();
        folder.file("cloudwatch.log", lines(&mut self.events().map(Record::short)));
        folder.file("lake/vpc_flow.ndjson", lines(&mut self.activities().map(Record::activity)));
    }
}

/// A record of version 2 with what version 5 has more.
fn whole(mut values: Vec<String>, slot: usize, nth: usize) -> Record {
    "5".clone_into(&mut values[0]);
    let has_traffic = values[13] == "OK";
    let is_tcp = values[7] == "6";
    let is_own = ["10.", "172.", "192.168.", "192.0.2.1"].iter().any(|p| values[3].starts_with(p));
    let is_v6 = values[3].contains(':');
    let packet = match nth % 7 {
        3 if !is_v6 => format!("172.20.{}.{}", nth % 2, nth % 3),
        _ => values[3].clone(),
    };
    let or_none = |is_there: bool, text: String| if is_there { text } else { "-".to_owned() };
    let more = [
        "vpc-0a1b2c3d4e5f60718".to_owned(),
        format!("subnet-{}", &values[2][values[2].len() - 1..]),
        or_none(!nth.is_multiple_of(11), format!("i-{}", &values[2][4..])),
        or_none(has_traffic, if is_tcp { ["2", "18", "3", "19"][nth % 4] } else { "0" }.to_owned()),
        or_none(has_traffic, if is_v6 { "IPv6" } else { "IPv4" }.to_owned()),
        packet,
        values[4].clone(),
        ["us-east-1", "us-west-2", "eu-west-1"][nth % 3].to_owned(),
        "use1-az1".to_owned(),
        "-".to_owned(),
        "-".to_owned(),
        "-".to_owned(),
        "-".to_owned(),
        or_none(has_traffic, if is_own { "egress" } else { "ingress" }.to_owned()),
        or_none(has_traffic && is_own, "8".to_owned()),
    ];
    values.extend(more);
    let packet = if has_traffic { values[19].clone() } else { "-".to_owned() };
    values[19] = packet;
    assert_eq!(values.len(), V5.len());
    Record { values, slot }
}
