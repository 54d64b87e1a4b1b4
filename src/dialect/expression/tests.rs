//! Expressions: what they mean, how they are written, and what is wrong with others.

use super::*;
use crate::layout::Layout;
use crate::record::Record;

const FILES: [(&str, &str); 6] = [
    (
        "nets.txt",
        "\u{feff}# made by hand\n10.0.0.0/8 ours\n\n 192.0.2.7\t# a host\r\n2001:db8::/32#x\n",
    ),
    ("ports", "22\n80 web\n1024-2048\nhttps\n"),
    ("enis", "eni-1\neni-2 the second\n"),
    ("bad", "10.0.0.1\n# fine\n10.0.0.0/33\n"),
    ("empty", "# nothing\n\n"),
    ("it's raw", "10.0.0.1\n"),
];

fn read(name: &str) -> Result<Vec<u8>, Error> {
    let found = FILES.iter().find(|(known, _)| *known == name);
    let none = || Error::new(ErrorKind::Io, "no such file or directory");
    found.map(|(_, text)| text.as_bytes().to_vec()).ok_or_else(none)
}

fn parse(text: &str) -> Expression {
    Expression::parse(text, &mut read).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

fn fault(text: &str) -> String {
    let error = Expression::parse(text, &mut read).expect_err(text);
    assert_eq!(error.kind(), ErrorKind::Expression);
    error.to_string()
}

#[test]
fn canonical_forms() {
    for (text, canonical) in [
        (
            "src net 10.0.0.0/8 and dst port in [22 3389] and action reject and bytes > 1m and \
             not proto icmp",
            "srcaddr = 10.0.0.0/8 and dstport in [22 3389] and action = 'REJECT' and \
             bytes > 1000000 and not protocol = 1",
        ),
        ("host 203.0.113.7", "srcaddr = 203.0.113.7 or dstaddr = 203.0.113.7"),
        ("2001:DB8::1/32", "srcaddr = 2001:db8::/32 or dstaddr = 2001:db8::/32"),
        ("10.1.2.3/8", "srcaddr = 10.0.0.0/8 or dstaddr = 10.0.0.0/8"),
        ("either port https", "srcport = 443 or dstport = 443"),
        ("port != 22", "srcport != 22 and dstport != 22"),
        ("host not in @nets.txt", "srcaddr not in @'nets.txt' and dstaddr not in @'nets.txt'"),
        ("src 10.0.0.1", "srcaddr = 10.0.0.1"),
        ("dst ip in [10.0.0.1, 10.0.0.2]", "dstaddr in [10.0.0.1 10.0.0.2]"),
        ("src host @\"it's raw\"", "srcaddr in @'it''s raw'"),
        ("src port 1024-65535", "srcport = 1024-65535"),
        ("dst port [ssh,1k-2k @ports]", "dstport in [22 1000-2000 @'ports']"),
        ("tcp && !udp", "protocol = 6 and not protocol = 17"),
        ("a or b", ""),
        (
            "port 1 or port 2 and tcp",
            "srcport = 1 or dstport = 1 or (srcport = 2 or dstport = 2) and protocol = 6",
        ),
        (
            "(inbound or outbound) and tcp",
            "(flow-direction = 'ingress' or flow-direction = 'egress') and protocol = 6",
        ),
        ("not (tcp and inbound)", "not (protocol = 6 and flow-direction = 'ingress')"),
        ("NOT not TCP", "not not protocol = 6"),
        ("((tcp))", "protocol = 6"),
        ("tcp-flags has syn,ack", "tcp-flags has syn,ack"),
        ("sport 443 or DPORT in [22 ssh]", "srcport = 443 or dstport in [22 22]"),
        ("account 123456789010", "account-id = '123456789010'"),
        ("interface ~ ^eni-0 and vpc vpc-1", "interface-id ~ '^eni-0' and vpc-id = 'vpc-1'"),
        ("pkt_src 10.0.0.0/8", "pkt-srcaddr = 10.0.0.0/8"),
        ("flags has [SYN 16]", "tcp-flags has syn,ack"),
        ("tcpFlags has fin|rst", "tcp-flags has fin|rst"),
        ("tcp_flags = syn", "tcp-flags = 2"),
        ("interface-id ~ 'eni-0[12]$'", "interface-id ~ 'eni-0[12]$'"),
        ("vpcId !~ it", "vpc-id !~ 'it'"),
        ("instance-tag = 'it''s'", "instance-tag = 'it''s'"),
        ("pkt-src-aws-service in [S3 EC2]", "pkt-src-aws-service in ['S3' 'EC2']"),
        ("action == accept", "action = 'ACCEPT'"),
        ("action -", "action = '-'"),
        ("status nodata", ""),
        ("log_status != ok", "log-status != 'OK'"),
        ("type ipv6", "type = 'IPv6'"),
        ("start >= 2026-01-31T12:00:00Z", "start >= 1769860800"),
        ("end<1769860800", "end < 1769860800"),
        // Not the date.
        ("start > 1970-08-23T03:45:14Z", "start > 020231114"),
        ("end in [020231114-20231314 5]", "end in [020231114-20231314 5]"),
        ("bytes = 20231114", "bytes = 20231114"),
        ("bytes >= 1.5ki", "bytes >= 1536"),
        ("bytes > 1.5KiB or packets <= 2G", "bytes > 1536 or packets <= 2000000000"),
        ("bytes = 0.5", "bytes = 0.5"),
        ("bytes > -1", "bytes > -1"),
        ("numbytes > 1e3", "bytes > 1000"),
        ("bytes not in [1 2-3]", "bytes not in [1 2-3]"),
    ] {
        if canonical.is_empty() {
            fault(text);
            continue;
        }
        let expression = parse(text);
        assert_eq!(expression.to_string(), canonical, "{text}");
        let again = parse(canonical);
        assert_eq!(again.to_string(), canonical);
        assert_eq!(again.to_sql(), expression.to_sql());
    }
}

/// Keys and expressions know the same words, and none of them is a protocol too.
#[test]
fn short_words_are_those_of_keys() {
    for word in crate::dialect::keys::short_words() {
        let field = crate::dialect::keys::field_of(word).unwrap();
        assert!(words::protocol(word).is_none(), "{word}");
        let value = match field.kind() {
            crate::field::Kind::Address => "10.0.0.1",
            crate::field::Kind::Number(_) => "6",
            _ if field == Field::FlowDirection => "ingress",
            _ => "x-1",
        };
        assert_eq!(parse(&format!("{word} {value}")).fields(), [field], "{word}");
    }
}

#[test]
fn what_holds_of_a_record() {
    let line = "2 123456789010 eni-1 10.1.2.3 2001:db8::9 40000 443 6 10 1500 1600000000 \
                1600000030 ACCEPT OK";
    let no_data = "2 123456789010 eni-1 - - - - - - - 1600000000 1600000030 - NODATA";
    let odd = "2 123456789010 eni-1 010.1.2.003 2001:0DB8::9 0022 443 006 10 1500 1600000000500 \
               1600000030000 ACCEPT OK";
    let mapped = "2 123456789010 eni-1 ::ffff:10.1.2.3 10.0.0.1 1 2 6 1 1 1 2 REJECT OK";
    let layout = Layout::v2();
    let holds = |text: &str, line: &str| {
        parse(text).holds(&Record::parse(line.as_bytes(), &layout).unwrap())
    };
    for (text, expected) in [
        ("src net 10.0.0.0/8", [true, false, true, false]),
        ("not src net 10.0.0.0/8", [false, true, false, true]),
        ("srcaddr != 10.0.0.0/8", [false, false, false, true]),
        ("dst net 2001:db8::/32", [true, false, true, false]),
        ("net ::/0", [true, false, true, true]),
        ("host in @nets.txt", [true, false, true, true]),
        ("src port 22", [false, false, true, false]),
        ("not dst port 443", [false, true, false, true]),
        ("port != 443", [false, false, false, true]),
        ("action = -", [false, true, false, false]),
        ("action != accept", [false, true, false, true]),
        ("bytes > 1k and bytes < 1.5k", [false; 4]),
        ("bytes > 1k and bytes <= 1.5k", [true, false, true, false]),
        ("start >= 1600000000 and start < 1600000001", [true, true, true, false]),
        ("tcp", [true, false, true, true]),
        ("log-status nodata", [false, true, false, false]),
        ("vpc-id = vpc-1 or vpc-id != vpc-1 or tcp-flags has syn", [false; 4]),
        ("not vpc-id = vpc-1", [true; 4]),
        ("interface-id ~ '^eni-.$' and account-id !~ '9{3}'", [true; 4]),
        ("interface-id in @enis", [true; 4]),
        ("port in @ports", [true, false, true, false]),
    ] {
        let found = [line, no_data, odd, mapped].map(|line| holds(text, line));
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn faults_show_the_place_and_what_to_write() {
    for (text, message) in [
        ("", "the end, and no test\n  \n  ^ expected a test such as"),
        ("dstprt = 22", "no field is called \"dstprt\"\n  dstprt = 22\n  ^ did you mean dstport?"),
        ("prot tcp", "did you mean proto?"),
        ("tcp and 22", "  tcp and 22\n          ^ expected what it is first, as in `port 443`"),
        ("zzzzzz", "expected a field such as dstport, or src, dst, host, net or port"),
        ("port 22 port 23", "\"port\" after a whole test\n  port 22 port 23\n          ^"),
        (
            "port 22, 23",
            "\",\" after a whole test\n  port 22, 23\n         ^ expected several values",
        ),
        (
            "interface-id = eni-*",
            "a * in a text\n  interface-id = eni-*\n                 ^ expected",
        ),
        ("(tcp", "a ( without its )\n  (tcp\n  ^"),
        ("(tcp udp)", "expected `and`, `or` or )"),
        ("tcp)", "a ) too many"),
        ("tcp and", "the end, and no test\n  tcp and\n         ^"),
        ("@nets.txt", "the file \"nets.txt\", and no test"),
        ("'x' = 1", "the text \"x\", and no test"),
        ("port and tcp", "\"and\" instead of a value of srcport"),
        ("bytes >", "expected a number such as 1500, 10k or 1.5Mi"),
        ("bytes > [1 2]", "\"[\" instead of a value of bytes"),
        ("bytes > @ports", "the file \"ports\" instead of a value of bytes"),
        ("bytes = ten", "\"ten\" is no value of bytes\n  bytes = ten\n          ^"),
        ("bytes > 1x", "\"1x\" is no value of bytes"),
        ("port htps", "did you mean https?"),
        (
            "port 70000",
            "\"70000\" is beyond what srcport can be\n  port 70000\n       ^ expected at most \
             65535",
        ),
        ("port 9-3", "ends before it begins"),
        ("port 1.5-3", "\"1.5-3\" is no value of srcport"),
        ("port []", "an empty list"),
        ("port [1 2", "a [ without its ]\n  port [1 2\n       ^"),
        ("port [1 and 2]", "\"and\" is no value of srcport"),
        ("proto tcpp", "did you mean tcp?"),
        ("proto 256", "expected at most 255"),
        ("action acept", "did you mean ACCEPT?"),
        ("action drop", "expected one of ACCEPT, REJECT, -"),
        ("host 10.0.0.256", "\"10.0.0.256\" is no value of srcaddr"),
        ("net 10.0.0.0/33", "expected an address, a prefix such as 10.0.0.0/8, or @FILE"),
        ("srcaddr > 10.0.0.1", "srcaddr is no number"),
        ("action < reject", "action is no number"),
        ("srcaddr ~ '^10'", "srcaddr is no text, which ~ is for"),
        ("bytes ~ '^10'", "expected =, !=, <, <=, >, >=, in or not in"),
        (
            "action ~ '('",
            "a regular expression that makes no sense\n  action ~ '('\n           ^ unclosed group",
        ),
        ("action ~ 'x{9999}{999}'", "a regular expression that is too large"),
        ("bytes has syn", "bytes has no flags, which `has` is for"),
        ("tcp-flags has syn,akk", "did you mean ack?"),
        ("tcp-flags has syn ack", "one more flag, \"ack\""),
        ("tcp-flags has syn,ack|rst", "`|` and `,` together"),
        ("tcp-flags has 0", "no flag"),
        ("start > 1769860800000", "these look like milliseconds"),
        ("start > 20231114", "\"20231114\" is no value of start"),
        ("start > 20231114", "did you mean the date 2023-11-14?"),
        ("end in [20231114-20231115]", "did you mean the date 2023-11-14?"),
        ("start < 9999-12-31", "expected a time before 5138-11-16T09:46:40Z"),
        ("start > noon", "expected a time such as 2026-01-31T12:00:00Z"),
        ("host in @none", "\"none\": no such file or directory"),
        (
            "host in @bad",
            "\"bad\" line 3: \"10.0.0.0/33\" is no value of srcaddr\n  host in @bad\n          ^",
        ),
        ("host in @empty", "\"empty\" holds no value"),
        ("port in @enis", "\"enis\" line 1: \"eni-1\" is no value of srcport"),
        ("tcp & udp", "a single &"),
        ("tcp | udp", "\"|\" after a whole test"),
        ("action = 'x", "a text without an end\n  action = 'x\n           ^ expected a second '"),
        ("action = \u{1b}[2J", "a control character"),
        ("not", "the end, and no test"),
        ("srcaddr not 10.0.0.1", "\"not\" instead of a value of srcaddr"),
    ] {
        let found = fault(text);
        assert!(found.contains(message), "{text}\n{found}\n{message}");
        assert!(!found.contains(|c: char| c.is_control() && c != '\n'), "{found:?}");
    }
}

#[test]
fn limits_below_at_and_above() {
    let nested = |open: &str, depth: usize, close: &str| {
        format!("{}tcp{}", open.repeat(depth), close.repeat(depth))
    };
    for (open, close) in [("(", ")"), ("not ", ""), ("!", "")] {
        for depth in [DEPTH_MAX - 1, DEPTH_MAX] {
            parse(&nested(open, depth, close));
        }
        for depth in [DEPTH_MAX + 1, 20_000] {
            let found = fault(&nested(open, depth, close)[..]);
            let is_long = depth > DEPTH_MAX + 1 && open == "not ";
            let expected = if is_long { "longer than 64 KiB" } else { "nested more than 100 deep" };
            assert!(found.contains(expected), "{found}");
        }
    }
    let long = |bytes: usize| format!("tcp{}", " ".repeat(bytes - 3));
    parse(&long(TEXT_BYTES_MAX - 1));
    parse(&long(TEXT_BYTES_MAX));
    assert!(fault(&long(TEXT_BYTES_MAX + 1)).contains("longer than 64 KiB"));
    // Alternatives nest nowhere, however many there are.
    let flat = vec!["tcp"; 7000].join(" or ");
    assert_eq!(parse(&flat).to_string().len(), 7000 * 12 + 6999 * 4);

    let of_bytes = |bytes: usize| {
        let mut read = |_: &str| {
            let mut text = b"10.0.0.1 and a long comment ".to_vec();
            text.resize(bytes, b'x');
            Ok(text)
        };
        Expression::parse("host in @x", &mut read)
    };
    assert!(of_bytes(FILE_BYTES_MAX - 1).is_ok() && of_bytes(FILE_BYTES_MAX).is_ok());
    let error = of_bytes(FILE_BYTES_MAX + 1).unwrap_err().to_string();
    assert!(error.contains("\"x\" is too long") && error.contains("at most 64 MiB"), "{error}");

    let repeated = |times: usize| format!("action ~ '[a-z]{{{times}}}'");
    parse(&repeated(1000));
    assert!(fault(&repeated(1_000_000)).contains("too large"));
}

#[test]
fn a_file_is_read_once() {
    let mut reads = Vec::new();
    let mut read = |name: &str| {
        reads.push(name.to_owned());
        read(name)
    };
    Expression::parse("src in @nets.txt or dst in @nets.txt or port @ports", &mut read).unwrap();
    assert_eq!(reads, ["nets.txt", "ports"]);
}

/// Objects of AWS are skipped by the time in their names where no record of theirs can pass.
#[test]
fn times_that_have_to_hold_are_known() {
    let span = |text: &str| {
        let query = crate::Query::builder().between(None, Some(90));
        query.and_where(&parse(text)).build().unwrap().span()
    };
    assert_eq!(span("start >= 5 and tcp"), (Some(5), Some(90)));
    assert_eq!(span("tcp and (start >= 5 and (start < 80 and udp))"), (Some(5), Some(80)));
    assert_eq!(span("start >= 5 or tcp"), (None, Some(90)));
    assert_eq!(span("not start < 5"), (None, Some(90)));
    assert_eq!(span("end >= 5"), (None, Some(90)));
}

#[test]
fn sql_conditions() {
    for (text, sql) in [
        (
            "dst port in [22 80-90]",
            "(TRY_CAST(\"dstport\" AS HUGEINT) IN (22) OR \
          TRY_CAST(\"dstport\" AS HUGEINT) BETWEEN 80 AND 90)",
        ),
        ("dstport != 22", "NOT (TRY_CAST(\"dstport\" AS HUGEINT) IN (22))"),
        (
            "src net 10.0.0.0/8",
            "TRY_CAST(split_part(\"srcaddr\", '.', 1) AS UBIGINT) * 16777216 + \
          TRY_CAST(split_part(\"srcaddr\", '.', 2) AS UBIGINT) * 65536 + \
          TRY_CAST(split_part(\"srcaddr\", '.', 3) AS UBIGINT) * 256 + \
          TRY_CAST(split_part(\"srcaddr\", '.', 4) AS UBIGINT) * 1 BETWEEN 167772160 AND 184549375",
        ),
        (
            "srcaddr != 2001:db8::/32",
            "\"srcaddr\" <> '-' AND NOT coalesce(TRY_CAST(\"srcaddr\" AS INET) \
          <<= INET '2001:db8::/32', false)",
        ),
        ("flags has syn,ack", "(TRY_CAST(\"tcp_flags\" AS INTEGER) & 18) = 18"),
        ("flags has syn|ack", "(TRY_CAST(\"tcp_flags\" AS INTEGER) & 18) <> 0"),
        (
            "vpc-id ~ 'it''s' and not (tcp or inbound)",
            "regexp_matches(\"vpc_id\", 'it''s') AND \
          NOT coalesce(TRY_CAST(\"protocol\" AS HUGEINT) IN (6) OR \"flow_direction\" \
             = 'ingress', false)",
        ),
        ("vpc-id not in [a b]", "\"vpc_id\" NOT IN ('a', 'b')"),
    ] {
        assert_eq!(parse(text).to_sql(), sql, "{text}");
    }
}
