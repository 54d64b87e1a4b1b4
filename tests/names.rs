//! Names from files, through keys as they are typed, to contributors.

#[path = "common/folder.rs"]
mod folder;
#[path = "common/mmdb.rs"]
mod mmdb;

use flowagg::dialect::Keys;
use flowagg::{Engine, Field, Measure, Naming, Query, Source};
use folder::Folder;

const LOG: &str = "\
version interface-id srcaddr dstaddr srcport dstport protocol bytes pkt-srcaddr
5 eni-1 192.0.2.7 10.0.0.1 60001 443 6 1 10.9.9.9
5 eni-1 192.0.2.200 10.0.0.2 60003 443 6 10 10.9.9.9
5 eni-2 198.51.100.7 10.0.0.1 53 60005 17 100 -
5 eni-3 2001:db8::7 2001:db8:8000::1 0 0 58 1000 2001:db8::7
5 - - - - - - 10000 -
5 eni-2 3.0.5.33 52.0.0.1 514 80 6 100000 3.0.5.33
";

fn naming() -> Naming {
    let interfaces = br#"{"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1",
        "PrivateIpAddress": "10.0.0.1", "TagSet": [{"Key": "Name", "Value": "web"}],
        "Ipv6Addresses": [{"Ipv6Address": "2001:db8:8000::1"}]}]}"#;
    let ranges = br#"{"prefixes": [{"ip_prefix": "3.0.0.0/15", "service": "AMAZON"},
        {"ip_prefix": "3.0.5.0/24", "service": "EC2"},
        {"ip_prefix": "52.0.0.0/8", "service": "AMAZON"}],
        "ipv6_prefixes": [{"ipv6_prefix": "2001:db8:8000::/33", "service": "S3"}]}"#;
    Naming::new()
        .with_names(interfaces)
        .and_then(|naming| naming.with_names(b"# ours\n10.0.0.0/8,inside\neni-2,nat\n"))
        .and_then(|naming| naming.with_aws_ranges(ranges))
        .and_then(|naming| naming.with_countries(&mmdb::countries(true, 28)))
        .and_then(|naming| naming.with_asns(&mmdb::systems(true, 24)))
        .unwrap()
}

#[test]
fn keys_that_are_typed_lead_to_contributors() {
    let folder = Folder::new("keys");
    let source = [Source::path(folder.file("a.log", LOG))];
    let naming = naming();
    assert!(naming.warnings().is_empty());
    let check = |text: &str, expected: &[(&str, u64)]| {
        let (columns, labels): (Vec<_>, Vec<_>) =
            Keys::parse(text, &naming).unwrap().into_iter().unzip();
        let query = Query::builder().group_by(columns).labels(labels).top(0);
        let query = query.measure(Measure::Sum(Field::Bytes.into())).build().unwrap();
        for threads in [1, 3] {
            let engine = Engine::new().threads(threads).block_bytes(50);
            let report = engine.run(&query, &source).unwrap();
            let found = report.answers[0].contributors().map(|found| {
                let keys: Vec<String> =
                    found.keys.iter().map(|key| String::from_utf8_lossy(key).into()).collect();
                (keys.join(" "), found.value.to_string().parse().unwrap())
            });
            let found: Vec<(String, u64)> = found.collect();
            let expected: Vec<_> =
                expected.iter().map(|(key, value)| (key.to_string(), *value)).collect();
            assert_eq!(found, expected, "{text}");
        }
    };
    check("src-country", &[("-", 110_000), ("IS", 1_110), ("NZ", 1)]);
    check("dst-country", &[("-", 110_111), ("NZ", 1_000)]);
    check("src-asn", &[("-", 110_000), ("AS64496 Example, Inc.", 1_011), ("AS4200000001", 100)]);
    check("dst-name", &[("-", 110_000), ("web", 1_101), ("inside", 10)]);
    check("pkt-src-name", &[("-", 111_100), ("inside", 11)]);
    check("interface-name", &[("nat", 100_100), ("-", 11_000), ("web", 11)]);
    check("src-aws-service", &[("EC2", 100_000), ("-", 11_111)]);
    check("dst-aws-service", &[("AMAZON", 100_000), ("-", 10_111), ("S3", 1_000)]);
    check("protocol-name", &[("tcp", 100_011), ("-", 10_000), ("ipv6-icmp", 1_000), ("udp", 100)]);
    check(
        "srcport-name,dstport-name",
        &[("shell/syslog http", 100_000), ("- -", 11_000), ("domain -", 100), ("- https", 11)],
    );
    check(
        "svc",
        &[
            ("tcp 80", 100_000),
            ("- -", 10_000),
            ("ipv6-icmp 0", 1_000),
            ("udp 60005", 100),
            ("tcp 443", 11),
        ],
    );
    check(
        "src/25,src-country",
        &[
            ("3.0.5.0/25 -", 100_000),
            ("- -", 10_000),
            ("2001:db8::/64 IS", 1_000),
            ("198.51.100.0/25 IS", 100),
            ("192.0.2.128/25 IS", 10),
            ("192.0.2.0/25 NZ", 1),
        ],
    );
}
