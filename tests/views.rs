//! Keys that see prefixes of addresses and labels of values: what they add up to is what a plain
//! twin says, whatever the threads, the blocks, the spelling of lines and the width of keys.

#[path = "common/folder.rs"]
mod folder;
#[path = "common/records.rs"]
mod records;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use flowagg::{
    Amount, Answer, Column, Engine, Field, KeyColumn, Labels, Layout, Measure, Prefix, Query,
    QueryBuilder, Records, Source, Status, View,
};
use folder::Folder;
use records::made_up;

/// Made-up records of version 2 with odd ones between them, then some of other columns.
fn untidy(lines: u64, seed: u64) -> Vec<u8> {
    let mut untidy = Vec::new();
    for (nth, line) in made_up(lines, seed).split_inclusive(|&byte| byte == b'\n').enumerate() {
        untidy.extend_from_slice(match nth % 17 {
            1 => b"2 1 eni-1 010.0.0.1 10.0.0.2 0443 2 6 1 7 1 2 ACCEPT OK\n".as_slice(),
            3 => b"2 1 eni-1 2001:DB8::1 2001:db8:0:1::1 1 443 6 1 8 1 2 ACCEPT OK\n",
            5 => b"2 1 eni-2 - 10.0.0.2 - 22 17 1 9 1 2 REJECT OK x\n",
            7 => b"2 1 eni-1 ::ffff:10.0.0.1 ::1 1 22 6 1 10 1 2 ACCEPT OK\n",
            9 => b"2 1 eni-2 10.0.0.255 255.255.255.255 22 65535 - 1 11 1 2 ACCEPT OK\n",
            11 => b"2 1 - 0.0.0.0 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff 22 1 41 1 12 1 2 - OK\n",
            _ => b"",
        });
        untidy.extend_from_slice(line);
    }
    untidy.extend_from_slice(
        b"version pkt-srcaddr srcaddr dstaddr dstport srcport protocol bytes interface-id start\n\
          5 192.0.2.1 10.9.9.9 2001:db8::9 443 1024 6 100 eni-2 60\n\
          5 - 10.0.0.1 10.0.0.2 22 65535 17 200 eni-1 120\n\
          5 10.0.0.1 - - - - - 300 - 180\n",
    );
    untidy
}

fn prefix(text: &str) -> Prefix {
    Prefix::parse(text).unwrap()
}

const NAMED: [(&str, &str); 9] = [
    ("10.0.0.0/8", "inside"),
    ("10.0.0.0/24", "web"),
    ("10.0.0.2", "web-2"),
    ("172.31.0.0/16", "default"),
    ("0.0.0.0/1", "low"),
    ("128.0.0.0/2", "web"),
    ("2001:db8::/32", "documents"),
    ("2001:db8:0:1::/64", "web"),
    ("::1/128", "self"),
];

/// A view, and the same in plain words.
type Twin = (KeyColumn, Field, fn(&str) -> String);

fn named(text: &str) -> String {
    // An address is looked up by its value, whatever zeros its octets begin with.
    let octets: Option<Vec<String>> =
        text.split('.').map(|octet| Some(octet.parse::<u8>().ok()?.to_string())).collect();
    let text = octets.map_or(text.to_owned(), |octets| octets.join("."));
    let Ok(address) = text.parse::<IpAddr>() else { return "-".to_owned() };
    let covers = |name: &str| {
        let (first, bits) = name.split_once('/').unwrap_or((name, ""));
        match (first.parse::<IpAddr>().unwrap(), address) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                let bits: u32 = bits.parse().unwrap_or(32);
                let differ = (first.to_bits() ^ address.to_bits()).leading_zeros();
                (differ >= bits).then_some(bits)
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                let bits: u32 = bits.parse().unwrap_or(128);
                let differ = (first.to_bits() ^ address.to_bits()).leading_zeros();
                (differ >= bits).then_some(bits)
            }
            _ => None,
        }
    };
    let found = NAMED.iter().filter_map(|(prefix, name)| Some((covers(prefix)?, name)));
    found.max().map_or("-", |(_, name)| name).to_owned()
}

fn service(text: &str) -> String {
    let number = text.parse::<u64>();
    match number {
        Ok(22) => "ssh",
        Ok(443) => "https",
        Ok(65_535) => "last",
        _ => "-",
    }
    .to_owned()
}

fn interface(text: &str) -> String {
    match text {
        "eni-1" => "first",
        "eni-2" => "second",
        _ => "-",
    }
    .to_owned()
}

/// The prefix of an address in its usual spelling, the plain way: bit by bit.
fn prefix_of(text: &str, v4: usize, v6: usize) -> String {
    let kept = |bits: u128, all: usize, length: usize| {
        (0..length).fold(0, |kept, bit| kept | bits & 1 << (all - 1 - bit))
    };
    if let Some(address) = text.parse::<Ipv4Addr>().ok().filter(|a| a.to_string() == text) {
        let first = Ipv4Addr::from_bits(kept(address.to_bits().into(), 32, v4) as u32);
        return if v4 == 32 { first.to_string() } else { format!("{first}/{v4}") };
    }
    if let Some(address) = text.parse::<Ipv6Addr>().ok().filter(|a| a.to_string() == text) {
        let first = Ipv6Addr::from_bits(kept(address.to_bits(), 128, v6));
        return if v6 == 128 { first.to_string() } else { format!("{first}/{v6}") };
    }
    text.to_owned()
}

fn by_prefix(field: Field, v4: u8, v6: u8) -> KeyColumn {
    KeyColumn::new(field, View::Prefix { v4, v6 })
}

fn by_label(field: Field, labels: &Arc<Labels>) -> KeyColumn {
    KeyColumn::new(field, View::Label(Arc::clone(labels)))
}

fn keys() -> Vec<Vec<Twin>> {
    use Field::{Bytes, DstAddr, DstPort, InterfaceId, Protocol, SrcAddr, SrcPort};
    let names = Labels::of_prefixes(NAMED.map(|(text, name)| (prefix(text), name)));
    let services = Labels::of_numbers([(22, "ssh"), (443, "https"), (65_535, "last")]);
    let interfaces = Labels::of_texts([("eni-1", "first"), ("eni-2", "second")]);
    let (names, services, interfaces) = (Arc::new(names), Arc::new(services), Arc::new(interfaces));
    let whole = |field: Field| -> Twin { (field.into(), field, str::to_owned) };
    let src_24: Twin = (by_prefix(SrcAddr, 24, 64), SrcAddr, |text| prefix_of(text, 24, 64));
    let dst_16: Twin = (by_prefix(DstAddr, 16, 32), DstAddr, |text| prefix_of(text, 16, 32));
    let dst_v6: Twin = (by_prefix(DstAddr, 32, 48), DstAddr, |text| prefix_of(text, 32, 48));
    let all: Twin = (by_prefix(SrcAddr, 0, 0), SrcAddr, |text| prefix_of(text, 0, 0));
    let full: Twin = (by_prefix(SrcAddr, 32, 128), SrcAddr, str::to_owned);
    let source: Twin = (by_label(SrcAddr, &names), SrcAddr, named);
    let target: Twin = (by_label(DstAddr, &names), DstAddr, named);
    let port: Twin = (by_label(DstPort, &services), DstPort, service);
    let from: Twin = (by_label(SrcPort, &services), SrcPort, service);
    let name: Twin = (by_label(InterfaceId, &interfaces), InterfaceId, interface);
    vec![
        vec![src_24.clone()],
        vec![dst_16.clone()],
        vec![dst_v6.clone()],
        vec![all],
        vec![full],
        vec![src_24.clone(), dst_16.clone()],
        vec![src_24.clone(), whole(SrcAddr), dst_v6],
        vec![source.clone()],
        vec![source.clone(), target.clone()],
        vec![name.clone(), port.clone(), whole(Protocol)],
        vec![source.clone(), whole(SrcAddr), src_24.clone(), from.clone()],
        // As bytes, all of it.
        vec![src_24, dst_16, whole(SrcAddr), whole(DstAddr), source, target, port, name],
        vec![from, whole(Bytes), whole(InterfaceId)],
    ]
}

type Contributors = Vec<(Vec<Vec<u8>>, Amount)>;

fn contributors(answer: &Answer) -> Contributors {
    answer.contributors().map(|found| (found.keys, found.value)).collect()
}

fn twin(text: &[u8], key: &[Twin]) -> Contributors {
    let mut sums: BTreeMap<Vec<Vec<u8>>, Amount> = BTreeMap::new();
    let mut records = Records::new(text, Layout::v2());
    while let Some(record) = records.next_record() {
        let Ok(record) = record else { continue };
        let seen = |(_, field, view): &Twin| {
            let text = str::from_utf8(record.text(*field)?).unwrap();
            Some(view(text).into_bytes())
        };
        let keys: Option<Vec<Vec<u8>>> = key.iter().map(seen).collect();
        if let (Some(keys), Some(bytes)) = (keys, record.number(Field::Bytes))
            && record.status() == Status::Ok
        {
            *sums.entry(keys).or_default() += Amount::from(bytes);
        }
    }
    let mut sums: Contributors = sums.into_iter().collect();
    sums.sort_by(|l, r| r.1.cmp(&l.1).then_with(|| l.0.cmp(&r.0)));
    sums
}

fn by_bytes(key: &[Twin]) -> QueryBuilder {
    let columns = key.iter().map(|(column, ..)| column.clone());
    Query::builder().measure(Measure::Sum(Field::Bytes.into())).group_by(columns).top(0)
}

#[test]
fn views_are_what_a_plain_twin_says() {
    let folder = Folder::new("twin");
    let text = untidy(700, 3);
    let source = [Source::path(folder.file("a.log", &text))];
    let keys = keys();
    let queries: Vec<Query> = keys.iter().map(|key| by_bytes(key).build().unwrap()).collect();
    let expected: Vec<Contributors> = keys.iter().map(|key| twin(&text, key)).collect();
    let is_met = |name: &str| {
        let mut keys = expected.iter().flatten().flat_map(|(keys, _)| keys);
        keys.any(|key| key == name.as_bytes())
    };
    assert!(NAMED.iter().all(|(_, name)| is_met(name)), "all labels are met");
    for (threads, block_bytes) in [(1, 1 << 20), (1, 1), (2, 64), (3, 333), (4, 4096), (8, 1)] {
        let engine = Engine::new().threads(threads).block_bytes(block_bytes);
        let report = engine.run_all(&queries, &source).unwrap();
        for ((answer, expected), query) in report.answers.iter().zip(&expected).zip(&queries) {
            let found = contributors(answer);
            assert!(found == *expected, "{threads} {block_bytes} {:?}", query.labels());
        }
    }
    // Alone, each has texts with numbers of its own.
    for (query, expected) in queries.iter().zip(&expected) {
        let report = Engine::new().threads(2).run(query, &source).unwrap();
        assert!(contributors(&report.answers[0]) == *expected, "{:?}", query.labels());
    }
}

/// A view of a period is the same view, and columns by position are those of the layout.
#[test]
fn periods_and_positions_are_seen_alike() {
    let folder = Folder::new("periods");
    let text = made_up(500, 11);
    let source = [Source::path(folder.file("a.log", &text))];
    let view = || View::Prefix { v4: 16, v6: 48 };
    let by = |key: KeyColumn| {
        let query = Query::builder().group_by([key]).top(0).period(60).build().unwrap();
        let report = Engine::new().threads(3).run(&query, &source).unwrap();
        let answer = &report.answers[0];
        let points: Vec<_> = answer.contributors().map(|c| (c.keys, c.datapoints)).collect();
        (points, contributors(answer))
    };
    let (points, found) = by(KeyColumn::new(Field::DstAddr, view()));
    assert_eq!(by(KeyColumn::new(Column::Position(5), view())), (points.clone(), found));
    let sums = points.iter().map(|(_, points)| points.iter().map(|point| point.value));
    let sums: Vec<Amount> = sums.map(|values| values.fold(Amount::ZERO, |l, r| l + r)).collect();
    let expected = by(KeyColumn::new(Field::DstAddr, view())).1;
    assert_eq!(sums, expected.into_iter().map(|(_, value)| value).collect::<Vec<_>>());
    // A number has no prefix, and a text only if it is an address.
    let plain = |column: Column, view: View| by(KeyColumn::new(column, view)).1;
    for at in [3, 6, 8] {
        let whole = plain(Column::Position(at), View::Whole);
        assert_eq!(plain(Column::Position(at), view()), whole, "position {at}");
    }
}

/// Columns of a name that nobody knows are texts, which may well be addresses.
#[test]
fn addresses_in_unknown_columns_have_prefixes_and_labels() {
    let folder = Folder::new("unknown");
    let text = b"version srcaddr gateway bytes\n\
        2 10.0.0.1 10.1.2.3 1\n2 10.0.0.1 10.1.2.4 10\n2 10.0.0.1 2001:db8::1 100\n2 - - 1000\n";
    let source = [Source::path(folder.file("a.log", text))];
    let labels = Arc::new(Labels::of_prefixes([(prefix("10.0.0.0/8"), "inside")]));
    let column = || Column::Name("gateway".to_owned());
    let by = |view: View| {
        let query = Query::builder().group_by([KeyColumn::new(column(), view)]).top(0);
        let query = query.measure(Measure::Sum(Field::Bytes.into())).build().unwrap();
        let report = Engine::new().run(&query, &source).unwrap();
        contributors(&report.answers[0])
            .into_iter()
            .map(|(keys, value)| (String::from_utf8(keys[0].clone()).unwrap(), value.to_string()))
            .collect::<Vec<_>>()
    };
    let expected = |list: &[(&str, &str)]| {
        list.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect::<Vec<_>>()
    };
    let prefixes = [("-", "1000"), ("2001:db8::/64", "100"), ("10.1.2.0/24", "11")];
    assert_eq!(by(View::Prefix { v4: 24, v6: 64 }), expected(&prefixes));
    assert_eq!(by(View::Label(labels)), expected(&[("-", "1100"), ("inside", "11")]));
}

#[test]
fn what_cannot_be_seen_is_refused() {
    let error = |keys: &[KeyColumn]| {
        let query = Query::builder().group_by(keys.iter().cloned());
        query.build().unwrap_err().to_string()
    };
    let src = |v4, v6| by_prefix(Field::SrcAddr, v4, v6);
    assert_eq!(error(&[src(24, 64), src(24, 64)]), "key srcaddr/24 is there twice");
    assert_eq!(
        error(&[by_prefix(Field::Bytes, 24, 64)]),
        "prefixes of bytes, expected those of addresses, such as srcaddr"
    );
    assert_eq!(
        error(&[src(33, 64)]),
        "srcaddr by 33 bits of IPv4 and 64 of IPv6, expected at most 32 and 128"
    );
    let both = Query::builder().group_by([src(24, 64), src(16, 64), Field::SrcAddr.into()]);
    assert_eq!(both.build().unwrap().labels(), ["srcaddr/24", "srcaddr/16", "srcaddr"]);
}
