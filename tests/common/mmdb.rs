//! Makes small databases in MaxMind's format: <https://maxmind.github.io/MaxMind-DB/>.

use std::net::IpAddr;

/// What a record holds.
#[derive(Debug, Clone)]
pub enum Value {
    Text(&'static str),
    /// Another value, by its place among all of them, below 2,048.
    #[allow(dead_code, reason = "not every test has values that are shared")]
    Pointer(u16),
    Number(u64),
    Map(Vec<(&'static str, Value)>),
    List(Vec<Value>),
}

impl Value {
    fn encode(&self, to: &mut Vec<u8>) {
        match self {
            Self::Text(text) => {
                control(2, text.len(), to);
                to.extend_from_slice(text.as_bytes());
            }
            Self::Pointer(place) => {
                let [upper, lower] = place.to_be_bytes();
                to.extend([1 << 5 | upper, lower]);
            }
            Self::Number(number) => {
                let bytes: Vec<u8> =
                    number.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
                // 64 bits where 32 are not enough; readers take either.
                control(if bytes.len() > 4 { 9 } else { 6 }, bytes.len(), to);
                to.extend_from_slice(&bytes);
            }
            Self::Map(members) => {
                control(7, members.len(), to);
                for (key, value) in members {
                    Self::Text(key).encode(to);
                    value.encode(to);
                }
            }
            Self::List(values) => {
                control(11, values.len(), to);
                values.iter().for_each(|value| value.encode(to));
            }
        }
    }
}

/// The type and the size of a value.
fn control(kind: u8, size: usize, to: &mut Vec<u8>) {
    let (size, more) = match size {
        ..29 => (size as u8, vec![]),
        29..285 => (29, vec![(size - 29) as u8]),
        _ => (30, u16::try_from(size - 285).unwrap().to_be_bytes().to_vec()),
    };
    if kind > 7 {
        to.extend([size, kind - 7]);
    } else {
        to.push(kind << 5 | size);
    }
    to.extend(more);
}

/// What a side of a node leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Nothing,
    Node(usize),
    Record(usize),
}

/// A database: `networks` are prefixes, none within another, and each one's place among `records`.
/// Of IPv6 it also says, at 2002::/16, that addresses of IPv4 are there too.
pub fn database(
    kind: &'static str,
    is_v6: bool,
    record_bits: u16,
    networks: &[(&str, usize)],
    records: &[Value],
) -> Vec<u8> {
    let mut nodes = vec![[Side::Nothing; 2]];
    let mut insert = |bits: &[bool], side: Side| {
        let (last, path) = bits.split_last().unwrap();
        let mut at = 0;
        for &bit in path {
            at = match nodes[at][usize::from(bit)] {
                Side::Node(next) => next,
                found => {
                    assert_eq!(found, Side::Nothing, "a network lies in another");
                    nodes.push([Side::Nothing; 2]);
                    let next = nodes.len() - 1;
                    nodes[at][usize::from(bit)] = Side::Node(next);
                    next
                }
            };
        }
        if let (Side::Node(_), Side::Node(inner)) = (side, nodes[at][usize::from(*last)]) {
            return inner;
        }
        nodes[at][usize::from(*last)] = side;
        0
    };
    let top = |value: u128, all: u32, length: usize| -> Vec<bool> {
        (0..length).map(|bit| value >> (all - 1 - bit as u32) & 1 == 1).collect()
    };
    for &(network, record) in networks {
        let (address, length) = network.split_once('/').unwrap();
        let length: usize = length.parse().unwrap();
        let bits = match address.parse().unwrap() {
            IpAddr::V4(address) if is_v6 => {
                [vec![false; 96], top(address.to_bits().into(), 32, length)].concat()
            }
            IpAddr::V4(address) => top(address.to_bits().into(), 32, length),
            IpAddr::V6(address) => top(address.to_bits(), 128, length),
        };
        insert(&bits, Side::Record(record));
    }
    let has_v4 = networks.iter().any(|(network, _)| !network.contains(':'));
    if is_v6 && has_v4 {
        let ipv4 = insert(&[false; 96], Side::Node(usize::MAX));
        insert(&top(0x2002 << 112, 128, 16), Side::Node(ipv4));
    }

    let (mut texts, mut places) = (Vec::new(), Vec::new());
    for record in records {
        places.push(texts.len());
        record.encode(&mut texts);
    }
    let mut file = Vec::new();
    for node in &nodes {
        let [left, right] = node.map(|side| match side {
            Side::Nothing => nodes.len(),
            Side::Node(node) => node,
            Side::Record(record) => nodes.len() + 16 + places[record],
        } as u32);
        let (l, r) = (left.to_be_bytes(), right.to_be_bytes());
        match record_bits {
            24 => file.extend([l[1], l[2], l[3], r[1], r[2], r[3]]),
            28 => file.extend([l[1], l[2], l[3], l[0] << 4 | r[0] & 15, r[1], r[2], r[3]]),
            _ => file.extend([l, r].concat()),
        }
    }
    file.extend([0; 16]);
    file.extend(texts);
    file.extend(b"\xab\xcd\xefMaxMind.com");
    Value::Map(vec![
        ("binary_format_major_version", Value::Number(2)),
        ("binary_format_minor_version", Value::Number(0)),
        ("build_epoch", Value::Number(1_767_225_600)),
        ("database_type", Value::Text(kind)),
        ("description", Value::Map(vec![("en", Value::Text("made up for tests"))])),
        ("ip_version", Value::Number(if is_v6 { 6 } else { 4 })),
        ("languages", Value::List(vec![Value::Text("en")])),
        ("node_count", Value::Number(nodes.len() as u64)),
        ("record_size", Value::Number(record_bits.into())),
    ])
    .encode(&mut file);
    file
}

/// The countries of some addresses that are kept for documents, and of some others.
pub fn countries(is_v6: bool, record_bits: u16) -> Vec<u8> {
    let country = |code: &'static str| {
        Value::Map(vec![
            ("continent", Value::Map(vec![("code", Value::Text("XX"))])),
            (
                "country",
                Value::Map(vec![
                    ("geoname_id", Value::Number(6_252_001)),
                    ("iso_code", Value::Text(code)),
                    ("names", Value::Map(vec![("en", Value::Text("a country"))])),
                ]),
            ),
        ])
    };
    let unknown = Value::Map(vec![("continent", Value::Map(vec![("code", Value::Text("XX"))]))]);
    let records = [country("NZ"), country("IS"), unknown];
    let networks = [
        ("192.0.2.0/25", 0),
        ("192.0.2.128/25", 1),
        ("198.51.100.0/24", 1),
        ("203.0.113.7/32", 0),
        ("203.0.113.8/29", 2),
        ("2001:db8::/33", 1),
        ("2001:db8:8000::/33", 0),
        ("2a00::/12", 1),
    ];
    let networks: Vec<_> =
        networks.into_iter().filter(|(network, _)| is_v6 || !network.contains(':')).collect();
    database("Made-up-Country", is_v6, record_bits, &networks, &records)
}

/// The autonomous systems of some addresses.
pub fn systems(is_v6: bool, record_bits: u16) -> Vec<u8> {
    let records = [
        Value::Map(vec![
            ("autonomous_system_number", Value::Number(64_496)),
            ("autonomous_system_organization", Value::Text("Example, Inc.")),
        ]),
        Value::Map(vec![("autonomous_system_number", Value::Number(4_200_000_001))]),
        Value::Map(vec![("asn", Value::Text("AS64511")), ("as_name", Value::Text("Other"))]),
    ];
    let networks =
        [("192.0.2.0/24", 0), ("198.51.100.0/25", 1), ("203.0.113.0/24", 2), ("2001:db8::/32", 0)];
    let networks: Vec<_> =
        networks.into_iter().filter(|(network, _)| is_v6 || !network.contains(':')).collect();
    database("Made-up-ASN", is_v6, record_bits, &networks, &records)
}
