//! Rules and logs made up at random: few different values, so that filters hit and contributors
//! meet, and every odd spelling that a log may have.

use super::twin::Request;

/// Random numbers that are the same everywhere (splitmix64).
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    /// True once in `times`.
    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn pick<T: Clone>(&mut self, among: &[T]) -> T {
        among[self.below(among.len())].clone()
    }

    /// `count` different ones, in any order.
    fn pick_some<T: Clone>(&mut self, among: &[T], count: usize) -> Vec<T> {
        let mut left = among.to_vec();
        (0..count.min(left.len())).map(|_| left.swap_remove(self.below(left.len()))).collect()
    }
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

const ADDRESSES: &[&str] = &[
    "10.0.0.1",
    "10.0.0.1",
    "10.0.0.2",
    "10.0.0.10",
    "010.0.0.1",
    "192.168.1.255",
    "2001:db8::1",
    "2001:DB8::1",
    "2001:db8:0::1",
    "::ffff:10.0.0.1",
    "fe80::1",
    "-",
];
const PORTS: &[&str] = &["443", "443", "0443", "22", "53", "0", "65535", "-"];
const COUNTS: &[&str] = &[
    "0",
    "1",
    "40",
    "040",
    "500",
    "1000",
    "123456",
    "9007199254740993",
    "18446744073709551614",
    "18446744073709551615",
    "-",
];
const TEXTS: &[&str] =
    &["x", "OK", "-", "1.5", "-2", "1e3", "+7", "0.25", "1.", ".5", "6", "6.0", "zürich", "--"];
/// Values that make a line malformed in an address, number or status column.
const WRONG: &[&str] =
    &["10.0.0.300", "65536", "-1", "18446744073709551616", "1.5", "okay", "1:2", "x"];

/// Values as they stand in the column of this name.
fn values(name: &str) -> &'static [&'static str] {
    match name {
        "version" => &["2", "2", "2", "5", "02"],
        "account-id" => &["123456789010", "123456789010", "000000000001", "-"],
        "interface-id" | "vpc-id" => &["eni-1", "eni-1", "eni-2", "eni-20", "-"],
        "srcaddr" | "dstaddr" | "pkt-srcaddr" => ADDRESSES,
        "srcport" | "dstport" => PORTS,
        "protocol" => &["6", "6", "06", "17", "1", "58", "-"],
        "packets" | "bytes" => COUNTS,
        "start" | "end" => &[
            "1600000000",
            "1600000010",
            "1600000019",
            "1600000020",
            "1600000070",
            "1600000079",
            "1600000080",
            "1600000300",
            "1600007200",
            "01600000000",
            "-",
        ],
        "action" => &["ACCEPT", "ACCEPT", "REJECT", "-", "accept"],
        "log-status" => &["OK", "OK", "OK", "NODATA", "SKIPDATA", "-"],
        "tcp-flags" => &["0", "2", "18", "-"],
        _ => TEXTS,
    }
}

/// A value longer than a key may be. All begin alike, and differ before or after the limit; in
/// some, a character of two bytes lies across it.
fn long_value(random: &mut Random) -> String {
    let filling = random.pick(&["x".repeat(1023), "x".repeat(1024), "ä".repeat(512)]);
    filling + random.pick(&["", "y", "é", "yz", "yzz", "éz"])
}

/// A flow log: version 2 or what headers say, with all that stands between records.
pub fn flow_log(random: &mut Random) -> Vec<u8> {
    let mut layout: Vec<String> = V2.map(str::to_owned).to_vec();
    let mut log = String::new();
    for _ in 0..10 + random.below(90) {
        match random.below(40) {
            0 => log += "\n",
            1 => log += "# srcaddr bytes\n",
            2 => {
                layout = header(random);
                log += &(layout.join(" ") + "\n");
            }
            _ => log += &line(random, &layout),
        }
    }
    if random.once_in(3) {
        log.truncate(log.trim_end().len());
    }
    log.into_bytes()
}

/// Some of the columns in any order, and sometimes one that nobody knows.
fn header(random: &mut Random) -> Vec<String> {
    if random.once_in(4) {
        return V2.map(str::to_owned).to_vec();
    }
    let count = 2 + random.below(13);
    let mut names = random.pick_some(&V2, count);
    names.extend(random.pick_some(&["vpc-id", "tcp-flags", "pkt-srcaddr"], count % 4));
    if random.once_in(3) {
        names.insert(random.below(names.len()), "a-new-field");
    }
    let hyphens = !random.once_in(4);
    names
        .into_iter()
        .map(|name| if hyphens { name.into() } else { name.replace('-', "_") })
        .collect()
}

/// A line for this layout, which may be malformed.
fn line(random: &mut Random, layout: &[String]) -> String {
    let mut tokens: Vec<String> =
        layout.iter().map(|name| random.pick(values(&name.replace('_', "-"))).to_owned()).collect();
    match random.below(24) {
        0 => {
            let at = random.below(tokens.len());
            tokens[at] = random.pick(WRONG).to_owned();
        }
        1 => {
            tokens.pop();
        }
        2 => {
            let text = |name: &&String| matches!(name.as_str(), "interface-id" | "a-new-field");
            if let Some(at) = layout.iter().position(|name| text(&name)) {
                tokens[at] = long_value(random);
            }
        }
        3..=14 => tokens.extend((0..1 + random.below(3)).map(|_| random.pick(TEXTS).to_owned())),
        _ => {}
    }
    let blank = random.pick(&[" ", " ", " ", " ", "  ", "\t", " \t "]);
    let end = random.pick(&["\n", "\n", "\n", "\n", "\r\n", " \n", " # note\n"]);
    let front = random.pick(&["", "", "", "", " "]);
    front.to_owned() + &tokens.join(blank) + end
}

/// A log of values, quotes and brackets between blanks, such as web servers write.
pub fn clf_log(random: &mut Random) -> Vec<u8> {
    let values = [
        "10.0.0.1",
        "443",
        "eni-1",
        "ACCEPT",
        "1000",
        "-",
        "6",
        "6.0",
        "1e3",
        "-2.5",
        "200",
        "\"GET /a b\"",
        "\"\"",
        "\"6\"",
        "[x y]",
        "[6]",
        "\"open",
        "[open",
        "a\"b",
        "#x",
        "zürich",
        "srcaddr",
        "bytes",
    ];
    let mut log = String::new();
    for _ in 0..random.below(40) {
        let tokens: Vec<&str> = (0..random.below(22)).map(|_| random.pick(&values)).collect();
        log += &tokens.join(random.pick(&[" ", "  ", "\t", "\u{b}", "\u{c}"]));
        log += random.pick(&["\n", "\n", "\r\n"]);
    }
    log.into_bytes()
}

/// An object in each line, or an envelope around one, or something else.
pub fn json_log(random: &mut Random) -> Vec<u8> {
    let mut log = String::new();
    for _ in 0..10 + random.below(60) {
        let event = event(random);
        log += &match random.below(24) {
            0 => random.pick(&["[]", "5", "\"x\"", "{\"k\": }", "{", "null"]).to_owned(),
            1 => String::new(),
            2 => "{\"timestamp\": 1600000000000, \"message\": \"no object\"}".to_owned(),
            3..=6 => {
                let message = serde_json::to_string(&event).unwrap();
                let time = 1_600_000_000_000u64 + random.below(200_000) as u64;
                format!("{{\"timestamp\": {time}, \"message\": {message}}}")
            }
            _ => event,
        };
        log += random.pick(&["\n", "\n", "\r\n", " \n"]);
    }
    log.into_bytes()
}

/// Lines of two logs among each other.
pub fn mixed<'a>(random: &mut Random, mut one: &'a [u8], mut other: &'a [u8]) -> Vec<u8> {
    let mut mixed = Vec::new();
    while !one.is_empty() || !other.is_empty() {
        let from = if other.is_empty() || random.once_in(2) { &mut one } else { &mut other };
        let end = from.iter().position(|&byte| byte == b'\n').map_or(from.len(), |at| at + 1);
        mixed.extend_from_slice(&from[..end]);
        if !mixed.ends_with(b"\n") {
            mixed.push(b'\n');
        }
        *from = &from[end..];
    }
    mixed
}

const LEAVES: &[&str] = &[
    "\"a\"",
    "\"a\"",
    "\"b\"",
    "\"443\"",
    "443",
    "443.0",
    "4.43e2",
    "\"4.43e2\"",
    "1.5",
    "\"1.5\"",
    "-2",
    "0",
    "-0",
    "0.1",
    "18446744073709551615",
    "18446744073709551616",
    "true",
    "false",
    "null",
    "\"\"",
    "\"-\"",
    "\" 7\"",
    "\"z\\u00fcrich\"",
    "\"a\\\"b\\n\"",
];

fn event(random: &mut Random) -> String {
    let mut members = Vec::new();
    for name in ["k", "n", "s", "u", "a", "start"] {
        if random.once_in(6) {
            continue;
        }
        let value = match name {
            "u" => {
                let users = (0..random.below(3)).map(|_| match random.below(4) {
                    0 => random.pick(LEAVES).to_owned(),
                    _ => format!("{{\"name\": {}}}", random.pick(LEAVES)),
                });
                format!("[{}]", users.collect::<Vec<_>>().join(","))
            }
            "a" if random.once_in(2) => format!("{{\"b\": {}, \"c\": [1]}}", random.pick(LEAVES)),
            "n" if random.once_in(2) => random.pick(&["1", "2.5", "1000", "-1", "1e2"]).to_owned(),
            "start" => {
                let seconds = 1_600_000_000 + random.below(200);
                match seconds % 8 {
                    0 => format!("{seconds}.75"),
                    1 => format!("{}e-1", seconds * 10 + 9),
                    2 => format!("{seconds}123"),
                    3 => format!("{seconds}123456"),
                    _ => seconds.to_string(),
                }
            }
            "k" if random.once_in(30) => format!("\"{}\"", long_value(random)),
            _ => random.pick(LEAVES).to_owned(),
        };
        members.push(format!("\"{name}\": {value}"));
        if name == "s" && random.once_in(10) {
            members.push("\"s\": \"again\"".to_owned());
        }
    }
    let blank = random.pick(&["", " ", "  "]);
    format!("{{{}}}", members.join(&format!(",{blank}")))
}

const NUMBERS: &[&str] =
    &["6", "6.0", "60e-1", "0", "1.5", "-2", "443", "40.5", "1600000019", "18446744073709551615"];

/// A filter of the value called `name`, most of whose operands are among `values`.
fn filter(random: &mut Random, name: &str, values: &[&str]) -> String {
    let operator = random.pick(&[
        "In",
        "In",
        "NotIn",
        "StartsWith",
        "GreaterThan",
        "LessThan",
        "EqualTo",
        "NotEqualTo",
        "IsPresent",
    ]);
    let operand = match operator {
        "In" | "NotIn" | "StartsWith" => {
            let texts = (0..1 + random.below(10)).map(|_| {
                let mut text = random.pick(values);
                if operator == "StartsWith" {
                    let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
                    text = &text[..ends.get(1 + random.below(5)).copied().unwrap_or(text.len())];
                }
                serde_json::to_string(text).unwrap()
            });
            format!("[{}]", texts.collect::<Vec<_>>().join(", "))
        }
        "IsPresent" => (!random.once_in(3)).to_string(),
        _ => {
            let own: Vec<&str> =
                values.iter().copied().filter(|text| is_json_number(text)).collect();
            match own.is_empty() || random.once_in(3) {
                true => random.pick(NUMBERS).to_owned(),
                false => random.pick(&own).to_owned(),
            }
        }
    };
    format!("{{\"Match\": {}, \"{operator}\": {operand}}}", serde_json::to_string(name).unwrap())
}

fn is_json_number(text: &str) -> bool {
    serde_json::from_str::<serde_json::Number>(text).is_ok()
}

/// What is summed, if anything is, and how the rule says so.
fn aggregate(random: &mut Random, names: &[String]) -> (String, &'static str) {
    match random.below(4) {
        0 => (String::new(), "Count"),
        1 if random.once_in(3) => (String::new(), "Sum"),
        _ => {
            let name = serde_json::to_string(&random.pick(names)).unwrap();
            (format!("\"ValueOf\": {name}, "), "Sum")
        }
    }
}

/// A name in a rule, and values that stand there.
type Named = (String, &'static [&'static str]);

fn rule(
    random: &mut Random,
    format: &str,
    fields: &str,
    names: &[Named],
    sums: &[String],
) -> String {
    let count = random.pick(&[1, 1, 2, 2, 3, 4]);
    let keys: Vec<String> =
        random.pick_some(names, count).into_iter().map(|named| named.0).collect();
    let filters: Vec<String> = (0..[0, 0, 0, 0, 1, 1, 1, 2, 3, 4][random.below(10)])
        .map(|_| {
            let (name, values) = random.pick(names);
            filter(random, &name, values)
        })
        .collect();
    let (value, aggregate_on) = aggregate(random, sums);
    let keys = serde_json::to_string(&keys).unwrap();
    format!(
        "{{\"Schema\": {{\"Name\": \"CloudWatchLogRule\", \"Version\": 1}}, \
         \"LogGroupNames\": [\"logs\"], \"LogFormat\": \"{format}\", {fields}\"Contribution\": \
         {{\"Keys\": {keys}, {value}\"Filters\": [{}]}}, \"AggregateOn\": \"{aggregate_on}\"}}",
        filters.join(", ")
    )
}

/// A rule for lines of values: positions, aliases, and aliases that look like positions.
pub fn clf_rule(random: &mut Random) -> String {
    let positions: Vec<usize> = (1..=17).collect();
    let count = random.below(17);
    let named = random.pick_some(&positions, count);
    let mut fields = Vec::new();
    let mut names: Vec<Named> = Vec::new();
    for position in positions {
        let field = V2.get(position - 1).copied();
        let values = values(field.unwrap_or("a-new-field"));
        let name = match field {
            _ if !named.contains(&position) => position.to_string(),
            Some(field) if !random.once_in(3) => field.to_owned(),
            None if position == 15 && random.once_in(2) => "a-new-field".to_owned(),
            _ => format!("value {position}"),
        };
        if named.contains(&position) {
            fields.push(format!("\"{position}\": \"{name}\""));
        }
        names.push((name, values));
    }
    // Two positions, each called as the other is counted.
    if random.once_in(8) && !named.contains(&4) && !named.contains(&10) {
        fields.extend(["\"4\": \"10\"".to_owned(), "\"10\": \"4\"".to_owned()]);
        (names[3].0, names[9].0) = ("10".to_owned(), "4".to_owned());
    }
    let sums: Vec<String> = [8, 9, 9, 9, 5, 2, 14].map(|at: usize| names[at].0.clone()).to_vec();
    let fields = match random.once_in(4) && fields.is_empty() {
        true => String::new(),
        false => format!("\"Fields\": {{{}}}, ", fields.join(", ")),
    };
    rule(random, "CLF", &fields, &names, &sums)
}

/// A rule for JSON objects.
pub fn json_rule(random: &mut Random) -> String {
    let values: &[&str] = &["a", "b", "443", "443.0", "1.5", "", "true", "zürich", "-2", "again"];
    let paths =
        ["$.k", "$.n", "$.s", "$.a", "$.a.b", "$.u[0]", "$.u[0].name", "$.u[1].name", "$.start"];
    let names = paths.map(|path| (path.to_owned(), values));
    let sums = ["$.n", "$.n", "$.n", "$.a", "$.u[0].name"].map(str::to_owned);
    rule(random, "JSON", "", &names, &sums)
}

/// How many are listed, in which order, by which periods, from when to when.
pub fn request(random: &mut Random) -> Request {
    let time = |random: &mut Random| {
        random.once_in(7).then(|| 1_600_000_000 + random.pick(&[0, 10, 20, 70, 80, 300]))
    };
    Request {
        top: random.pick(&[0, 0, 1, 3, 10]),
        period: random.once_in(2).then(|| random.pick(&[60, 60, 300, 3600])),
        start: time(random),
        end: time(random),
        by_maximum: random.once_in(4),
        by_name: random.once_in(3),
    }
}
