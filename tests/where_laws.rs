//! What `--where` counts is what its slow twin holds of, record by record: for expressions made
//! up at random, whatever the threads, blocks and instructions.

#[path = "common/folder.rs"]
mod folder;
#[path = "common/records.rs"]
mod records;

use flowagg::dialect::Expression;
use flowagg::{
    Engine, Field, Filter, Layout, Level, Measure, Query, Record, Records, Scope, Source, Status,
};
use folder::Folder;
use records::made_up;

/// Numbers that look random.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        (self.0 >> 33) as usize % limit
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

/// Records of version 2, some spelled oddly, among lines that are none.
fn version_2(random: &mut Random) -> Vec<u8> {
    let text = String::from_utf8(made_up(700, 11)).unwrap();
    let mut lines = String::new();
    for line in text.lines() {
        let mut values: Vec<String> = line.split(' ').map(str::to_owned).collect();
        match random.below(14) {
            0 => values[3] = "010.0.000.9".to_owned(),
            1 => values[4] = "2001:0DB8:0::0007".to_owned(),
            2 => values[6] = format!("0{}", values[6]),
            3 => values[9] = "-".to_owned(),
            4 => values[5] = "-".to_owned(),
            5 => values[10] = format!("{}123", values[10]),
            6 => values[3] = "::ffff:10.0.0.1".to_owned(),
            7 => values.push("more".to_owned()),
            8 => values[12] = "-".to_owned(),
            9 => values[6] = "70000".to_owned(),
            _ => {}
        }
        let blank = random.one(&[" ", " ", " ", "  ", "\t"]);
        lines += &values.join(blank);
        lines += random.one(&["\n", "\n", "\n", "\r\n", " \n", "\n\n", "\n# a comment\n"]);
    }
    lines += "bytes srcaddr action\n5 10.0.0.1 ACCEPT\n- 10.0.0.2 REJECT\n";
    lines.into_bytes()
}

/// Records of versions 2 to 5 under a header.
fn version_5(random: &mut Random) -> Vec<u8> {
    let names: Vec<&str> = Field::ALL[..29].iter().map(|field| field.name()).collect();
    let mut text = names.join(" ") + "\n";
    for line in String::from_utf8(made_up(700, 12)).unwrap().lines() {
        let values: Vec<&str> = line.split(' ').collect();
        let flags = ["0", "1", "2", "3", "18", "19", "-", "255", "194", "018"];
        let more = [
            random.one(&["vpc-1", "vpc-2", "-"]),
            random.one(&["subnet-a", "subnet-b"]),
            random.one(&["i-01", "i-02", "-"]),
            random.one(&flags),
            random.one(&["IPv4", "IPv6", "-"]),
            random.one(&[values[3], values[3], "-", "10.0.0.7", "fd00::1"]),
            random.one(&[values[4], "10.0.0.8", "2001:DB8::5"]),
            "eu-west-1",
            "euw1-az1",
            "-",
            "-",
            random.one(&["-", "-", "S3", "EC2"]),
            random.one(&["-", "AMAZON"]),
            random.one(&["ingress", "egress", "-"]),
            random.one(&["-", "1", "8"]),
        ];
        text += &format!("{line} {}\n", more.join(" "));
    }
    text.into_bytes()
}

/// A value of a field in one of the records; a plain one if it has none there.
fn value(random: &mut Random, lines: &[Vec<String>], field: Field) -> String {
    let record = &lines[random.below(lines.len())];
    let at = Field::ALL.iter().position(|&other| other == field).unwrap();
    record.get(at).filter(|value| *value != "-").cloned().unwrap_or_else(|| "1".to_owned())
}

fn address(random: &mut Random, lines: &[Vec<String>], field: Field) -> String {
    let address = value(random, lines, field);
    let address = if address.contains(['.', ':']) { address } else { "10.0.0.1".to_owned() };
    let bits = if address.contains(':') { 128 } else { 32 };
    match random.below(3) {
        // A prefix has no zeros before its numbers.
        _ if address.starts_with('0') => "10.0.0.0/16".to_owned(),
        0 => address,
        _ => format!("{address}/{}", random.below(bits + 1)),
    }
}

fn number(random: &mut Random, lines: &[Vec<String>], field: Field) -> String {
    let number = value(random, lines, field);
    let number: u64 = number.parse().unwrap_or(1);
    let limit = match field {
        Field::SrcPort | Field::DstPort => 65_535,
        Field::Protocol | Field::TcpFlags => 255,
        _ => 99_999_999_999,
    };
    (number.saturating_add(random.below(3) as u64)).min(limit).to_string()
}

/// A test of one field, or of either side.
fn test(random: &mut Random, lines: &[Vec<String>]) -> String {
    let values = |random: &mut Random, one: &dyn Fn(&mut Random) -> String| {
        let count = random.one(&[1, 2, 3, 12, 40]);
        let values: Vec<String> = (0..count).map(|_| one(random)).collect();
        let is_in = random.one(&["in", "not in"]);
        format!("{is_in} [{}]", values.join(random.one(&[" ", ", ", ","])))
    };
    match random.below(9) {
        0 | 1 => {
            let fields = [Field::SrcAddr, Field::DstAddr, Field::PktSrcAddr, Field::PktDstAddr];
            let field = random.one(&fields);
            match random.below(3) {
                0 => format!("{field} {}", values(random, &|r| address(r, lines, field))),
                1 => format!("{field} != {}", address(random, lines, field)),
                _ => format!("{field} = {}", address(random, lines, field)),
            }
        }
        2 => {
            let side = random.one(&["", "src ", "dst ", "either "]);
            let prefix = address(random, lines, Field::DstAddr);
            format!("{side}{} {prefix}", random.one(&["net", "host", "ip"]))
        }
        3 => {
            let side = random.one(&["", "src ", "dst "]);
            let one = |r: &mut Random| {
                let low = number(r, lines, Field::DstPort);
                let high = low.parse::<u32>().unwrap() + r.below(3000) as u32;
                r.one(&[&low, &format!("{low}-{}", high.min(65_535))]).to_owned()
            };
            let list = values(random, &one);
            format!("{side}port {list}")
        }
        4 | 5 => {
            let field = random.one(&[
                Field::Bytes,
                Field::Packets,
                Field::SrcPort,
                Field::Start,
                Field::Protocol,
                Field::TcpFlags,
            ]);
            let sign = random.one(&["=", "!=", "<", "<=", ">", ">="]);
            format!("{field} {sign} {}", number(random, lines, field))
        }
        6 => format!("tcp-flags has {}", random.one(&["syn", "syn,ack", "fin|rst", "192", "psh"])),
        7 => {
            let field = random.one(&[
                Field::InterfaceId,
                Field::VpcId,
                Field::InstanceId,
                Field::AccountId,
            ]);
            let text = value(random, lines, field);
            let tail = &text[text.len() / 2..];
            match random.below(4) {
                0 => format!("{field} ~ '{tail}$'"),
                1 => format!("{field} !~ '^.*{tail}'"),
                2 => format!("{field} {}", values(random, &|r| value(r, lines, field))),
                _ => format!("{field} = {text}"),
            }
        }
        _ => random
            .one(&[
                "action accept",
                "action != reject",
                "action = -",
                "inbound",
                "tcp",
                "type ipv6",
            ])
            .to_owned(),
    }
}

fn expression(random: &mut Random, lines: &[Vec<String>], depth: usize) -> String {
    if depth == 0 || random.below(4) == 0 {
        return test(random, lines);
    }
    let mut next = || expression(random, lines, depth - 1);
    let (left, right) = (next(), next());
    match random.below(5) {
        0 | 1 => format!("({left}) or {right}"),
        2 | 3 => format!("({left}) and ({right})"),
        _ => format!("not ({left})"),
    }
}

/// What the twin finds: how many records, how many accepted ones of traffic, and their bytes.
fn twin(text: &[u8], expression: &Expression) -> (u64, u64, u128) {
    let (mut all, mut accepted, mut bytes) = (0, 0, 0);
    let mut records = Records::new(text, Layout::v2());
    while let Some(record) = records.next_record() {
        let Ok(record) = record else { continue };
        if !expression.holds(&record) {
            continue;
        }
        all += 1;
        let is_accepted = |record: &Record<'_>| record.text(Field::Action) == Some(b"ACCEPT");
        if record.status() == Status::Ok && is_accepted(&record) {
            accepted += 1;
            bytes += u128::from(record.number(Field::Bytes).unwrap_or(0));
        }
    }
    (all, accepted, bytes)
}

fn queries(expression: &Expression) -> [Query; 3] {
    let accepted = || {
        let filter = Filter::new().and_in(Field::Action, ["ACCEPT"]);
        Query::builder().filter(filter).and_where(expression)
    };
    let all = Query::builder().scope(Scope::All).and_where(expression);
    let bytes = accepted().measure(Measure::Sum(Field::Bytes.into())).group_by([Field::SrcAddr]);
    [all, accepted(), bytes.top(0)].map(|query| query.build().unwrap())
}

#[test]
fn the_engine_counts_what_the_twin_holds_of() {
    let folder = Folder::new("where");
    let mut random = Random(5);
    let logs = [version_2(&mut random), version_5(&mut random)];
    let (mut some, mut total) = (0, 0);
    for (nth, text) in logs.iter().enumerate() {
        let source = [Source::path(folder.file(format!("{nth}.log"), text))];
        let lines: Vec<Vec<String>> = String::from_utf8_lossy(text)
            .lines()
            .skip(1)
            .map(|line| line.split_whitespace().map(str::to_owned).collect())
            .collect();
        let lines: Vec<Vec<String>> = lines.into_iter().filter(|v| v.len() >= 14).collect();
        let texts: Vec<String> =
            (0..70).map(|at| expression(&mut random, &lines, at % 5)).collect();
        let parse = |text: &String| {
            Expression::parse(text, &mut |_| unreachable!("no file is named"))
                .unwrap_or_else(|error| panic!("{error}"))
        };
        let expressions: Vec<Expression> = texts.iter().map(parse).collect();
        let expected: Vec<_> = expressions.iter().map(|one| twin(text, one)).collect();
        let records = twin(text, &parse(&"tcp or not tcp".to_owned())).0;
        some += expected.iter().filter(|(all, ..)| 0 < *all && *all < records).count();
        total += expected.len();
        let queries: Vec<Query> = expressions.iter().flat_map(queries).collect();
        let levels: Vec<Level> = Level::ALL.into_iter().filter(|l| l.is_available()).collect();
        for (way, block_bytes) in [1 << 19, 1, 64, 777, 5000].into_iter().enumerate() {
            let engine = Engine::new().layout(Layout::v2()).level(levels[way % levels.len()]);
            let engine = engine.threads(1 + way).block_bytes(block_bytes);
            let report = engine.run_all(&queries, &source).unwrap();
            for (at, (expected, text)) in expected.iter().zip(&texts).enumerate() {
                let answers = &report.answers[3 * at..3 * at + 3];
                let total = |nth: usize| answers[nth].total().map_or(0, |total| total.floor());
                let found = (total(0) as u64, total(1) as u64, total(2) as u128);
                assert_eq!(found, *expected, "{text}\nlog {nth}, blocks of {block_bytes}");
            }
        }
        for (one, expected) in expressions.iter().zip(&expected) {
            let canonical = one.to_string();
            let again = parse(&canonical);
            assert_eq!(again.to_string(), canonical);
            assert_eq!(twin(text, &again), *expected, "{canonical}");
        }
    }
    assert!(some * 2 > total, "{some} of {total} expressions tell records apart");
}

/// Very many prefixes, some within others, cost no exactness.
#[test]
fn a_hundred_thousand_prefixes_are_exact() {
    let folder = Folder::new("many");
    let text = made_up(4000, 21);
    let source = [Source::path(folder.file("a.log", &text))];
    let mut random = Random(9);
    let mut prefixes = String::from("# many\n");
    for _ in 0..100_000 {
        let bits = random.below(u32::MAX as usize) as u32;
        let address = std::net::Ipv4Addr::from_bits(bits);
        prefixes += &format!("{address}/{} note\n", 14 + random.below(19));
        prefixes += &format!("2600:{:x}::/{}\n", bits >> 16, 20 + random.below(20));
    }
    for text in ["src in @list", "not (host in @list) and dst port < 1024", "dst not in @list"] {
        let mut read = |_: &str| Ok(prefixes.clone().into_bytes());
        let one = Expression::parse(text, &mut read).unwrap();
        let report = Engine::new().run_all(&queries(&one), &source).unwrap();
        let found = report.answers[0].total().map_or(0, |total| total.floor());
        // The twin takes a second for so many; a few records in ten are enough.
        let (all, ..) = twin(&text_head(&made_up(4000, 21), 300), &one);
        let head = [Source::path(folder.file("head.log", text_head(&made_up(4000, 21), 300)))];
        let report = Engine::new().run_all(&queries(&one), &head).unwrap();
        assert_eq!(report.answers[0].total().map_or(0, |total| total.floor()) as u64, all);
        assert!(0 < found && found < 4000, "{text}: {found}");
    }
}

/// The first lines of a text.
fn text_head(text: &[u8], lines: usize) -> Vec<u8> {
    text.split_inclusive(|&byte| byte == b'\n').take(lines).collect::<Vec<_>>().concat()
}
